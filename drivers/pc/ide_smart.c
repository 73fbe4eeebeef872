/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMART (ATA/ATAPI-6, T13 1410D, 8.41, and for the attributes, which the standard leaves to the
 * vendor, SFF-8035i): what smartctl asks for. The disk's health is known by its end's errors only.
 * Deviations: a self-test is over at once and has found what is known; its log and the error log
 * are empty; logs are not written.
 * Invariant: the last byte of each structure makes its sum 0.
 */
#include "drivers/pc/ide_drive.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/printk.h"

enum { SMART_DATA = 0xd0, SMART_THRESHOLDS = 0xd1, SMART_AUTOSAVE = 0xd2, SMART_TEST = 0xd4,
	SMART_READ_LOG = 0xd5, SMART_ENABLE = 0xd8, SMART_DISABLE = 0xd9, SMART_STATUS = 0xda };
enum { LOG_DIRECTORY = 0, LOG_ERRORS = 1, LOG_TESTS = 6 };
#define HOUR_NS 3600000000000ull

static u64 hours(const struct ide_drive *d) { (void)d; return clock_ns() / HOUR_NS; }
static u64 errors(const struct ide_drive *d) { return d->io_errors; }
static u64 once(const struct ide_drive *d) { (void)d; return 1; }

static const struct attribute {
	u8 id, flags, threshold;
	u64 (*raw)(const struct ide_drive *d);
} attributes[] = {
	{ 9, 0x32, 0, hours },		/* power-on hours */
	{ 12, 0x32, 0, once },		/* power cycles */
	{ 187, 0x33, 1, errors },	/* uncorrectable errors that were reported */
};

/* The normalised value, 100 at best, 1 at worst. */
static u8 value(const struct ide_drive *d, const struct attribute *a)
{
	u64 bad = a->threshold ? a->raw(d) : 0;

	return bad < 99 ? (u8)(100 - bad) : 1;
}

static bool healthy(const struct ide_drive *d)
{
	for (unsigned k = 0; k < ARRAY_LEN(attributes); k++)
		if (attributes[k].threshold && value(d, &attributes[k]) <= attributes[k].threshold)
			return false;
	return true;
}

static void no_more(struct ide_drive *d) { (void)d; }

/* Give buf, one sector, with its sum. */
static void give(struct ide_drive *d)
{
	u8 sum = 0;

	for (unsigned k = 0; k < IDE_SECTOR - 1; k++)
		sum = (u8)(sum + d->buf[k]);
	d->buf[IDE_SECTOR - 1] = (u8)-sum;
	ide_data_in(d, IDE_SECTOR, no_more);
}

static void read_data(struct ide_drive *d)
{
	u8 *p = d->buf;

	p[0] = 16;			/* revision */
	for (unsigned k = 0; k < ARRAY_LEN(attributes); k++) {
		const struct attribute *a = &attributes[k];
		u8 *to = p + 2 + 12 * k;
		u64 raw = a->raw(d);

		to[0] = a->id;
		to[1] = a->flags;
		to[3] = to[4] = value(d, a);	/* now, and at worst */
		for (unsigned b = 0; b < 6; b++)
			to[5 + b] = (u8)(raw >> 8 * b);
	}
	p[367] = 0x11;			/* off-line: at once, and self-tests */
	p[368] = 0x03;			/* attributes are kept */
	p[370] = 0x01;			/* there is an error log */
	p[372] = p[373] = 1;		/* minutes that a self-test takes */
	give(d);
}

static void read_thresholds(struct ide_drive *d)
{
	d->buf[0] = 16;
	for (unsigned k = 0; k < ARRAY_LEN(attributes); k++) {
		d->buf[2 + 12 * k] = attributes[k].id;
		d->buf[3 + 12 * k] = attributes[k].threshold;
	}
	give(d);
}

static void read_log(struct ide_drive *d)
{
	u8 *p = d->buf;

	if (d->count[0] != 1) {
		ide_fail(d, ERR_BIT_ABRT);
		return;
	}
	switch (d->lba_low[0]) {
	case LOG_DIRECTORY:		/* a version, then each log's sectors; it has no sum */
		p[0] = 1;
		p[2 * LOG_ERRORS] = p[2 * LOG_TESTS] = 1;
		ide_data_in(d, IDE_SECTOR, no_more);
		break;
	case LOG_ERRORS: p[0] = 1; give(d); break;
	case LOG_TESTS: p[0] = 1; give(d); break;
	default: ide_fail(d, ERR_BIT_ABRT);
	}
}

static void return_status(struct ide_drive *d)
{
	bool good = healthy(d);

	d->lba_mid[0] = good ? 0x4f : 0xf4;
	d->lba_high[0] = good ? 0xc2 : 0x2c;
	ide_done(d);
}

static void enable(struct ide_drive *d, bool on)
{
	d->smart = on;
	ide_done(d);
}

void ide_smart(struct ide_drive *d)
{
	bool key = d->lba_mid[0] == 0x4f && d->lba_high[0] == 0xc2;

	if (!key || (!d->smart && d->feature != SMART_ENABLE)) {
		ide_fail(d, ERR_BIT_ABRT);
		return;
	}
	memset(d->buf, 0, IDE_SECTOR);
	switch (d->feature) {
	case SMART_DATA: read_data(d); break;
	case SMART_THRESHOLDS: read_thresholds(d); break;
	case SMART_AUTOSAVE:
		d->smart_autosave = d->count[0] == 0xf1;
		ide_done(d);
		break;
	case SMART_TEST: ide_done(d); break;
	case SMART_READ_LOG: read_log(d); break;
	case SMART_ENABLE: enable(d, true); break;
	case SMART_DISABLE: enable(d, false); break;
	case SMART_STATUS: return_status(d); break;
	default: ide_fail(d, ERR_BIT_ABRT);
	}
}
