/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: the driver of AHCI over a controller that lies (host.h), with a disk or a CD-ROM. */
#include <string.h>

#include "drivers/host/ahci.h"
#include "kernel/panic.h"
#include "qemu-test/libfuzzer/host.h"

enum { CLB = 0, FB = 2, IS = 4, IE = 5, CMD = 6, TFD = 8, SIG = 9, SSTS = 10, SCTL = 11, SACT = 13,
	CI = 14, REGISTERS = 32 };

static u32 port[REGISTERS], ghc, is, cap;
static bool cd;
static u8 identity[512];
static struct disk *first;

static u64 get64(const void *at) { u64 v; memcpy(&v, at, 8); return v; }
static u32 get32(const void *at) { u32 v; memcpy(&v, at, 4); return v; }

static void raise_is(u32 bits)
{
	port[IS] |= bits;
	if (port[IE] & bits)
		is |= 1;
}

/* Data to or from what the table names, as long as the driver's tables are its own. */
static void move(const u8 *header, const u8 *table, u8 *data, u64 size, bool write)
{
	u32 count = get32(header) >> 16;

	for (u32 k = 0; k < count && k < 256; k++) {
		const u8 *prd = table + 128 + 16 * k;
		u64 n = (get32(prd + 12) & 0x3fffff) + 1;
		void *at = (void *)(uintptr_t)get64(prd);

		n = n < size ? n : size;
		memcpy(write ? data : at, write ? at : data, n);
		data += n;
		size -= n;
	}
}

static void disk_command(const u8 *header, const u8 *table)
{
	bool queued = table[2] == 0x60 || table[2] == 0x61;
	u64 lba = table[4] | table[5] << 8 | table[6] << 16 | (u64)table[8] << 24;
	u64 bytes = (queued ? table[3] | table[11] << 8 : table[12] | table[13] << 8) * 512ull;

	if (table[2] == 0xec)
		move(header, table, identity, 512, false);
	else if (table[2] != 0xea && table[2] != 6 && lba < HOST_SECTORS &&
		 bytes <= (HOST_SECTORS - lba) * 512)
		move(header, table, host_medium + lba * 512, bytes,
		     table[2] == 0x61 || table[2] == 0x35);
}

static void packet(const u8 *header, const u8 *table)
{
	const u8 *p = table + 64;
	u64 lba = (u64)p[2] << 24 | p[3] << 16 | p[4] << 8 | p[5], count = p[7] << 8 | p[8];
	u32 last = HOST_SECTORS / 4 - 1;
	u8 size[8] = { 0, 0, (u8)(last >> 8), (u8)last, 0, 0, 8, 0 };

	for (unsigned k = 0; k < 8; k++)
		size[k] = (u8)host_twist(size[k]);
	if (p[0] == 0x25)
		move(header, table, size, 8, false);
	else if (lba < HOST_SECTORS / 4 && count <= HOST_SECTORS / 4 - lba)
		move(header, table, host_medium + lba * 2048, count * 2048, false);
}

static void serve(void)
{
	for (unsigned k = 0; k < 32 && !host_mute && port[CMD] & 1; k++) {
		const u8 *header, *table;

		if (!(port[CI] >> k & 1))
			continue;
		if (!host_wrote && get64(&port[CLB])) {
			header = (u8 *)(uintptr_t)get64(&port[CLB]) + 32 * k;
			table = (u8 *)(uintptr_t)get64(header + 8);
			(cd ? packet : disk_command)(header, table);
		}
		port[TFD] = host_twist(0x50);
		if (port[TFD] & 1) {
			raise_is(0x40000001);
			return;
		}
		port[CI] &= ~(1u << k);
		port[SACT] &= ~(1u << k);
		raise_is(1);
	}
}

static u32 dev_read(unsigned bar, u32 offset, unsigned width)
{
	u32 r = (offset - 0x100) / 4;

	must(bar == 5 && width == 4);
	switch (offset) {
	case 0: return host_twist(cap);
	case 4: return host_twist(ghc);
	case 8: return host_twist(is);
	case 0xc: return host_twist(1);
	}
	if (offset < 0x100 || r >= REGISTERS)
		return host_twist(0);
	if (r == CI)
		serve();
	if (r == SSTS)
		return host_twist(0x123);
	return host_twist(port[r]);
}

static void write_port(u32 r, u32 x)
{
	switch (r) {
	case IS: port[IS] &= ~x; break;
	case CMD:
		port[CMD] = (x & 0xffff3fff) | (x & 1) << 15 | (x & 0x10) << 10;
		if (!(x & 1))
			port[CI] = port[SACT] = 0;
		break;
	case SCTL:
		if (port[SCTL] & 1 && !(x & 1)) {
			port[SIG] = cd ? 0xeb140101 : 0x101;
			port[TFD] = 0x50;
			port[CI] = port[SACT] = 0;
		}
		port[SCTL] = x;
		break;
	case SACT: port[SACT] |= x; break;
	case CI:
		port[CI] |= x;
		break;
	default: port[r] = x;
	}
}

static void dev_write(unsigned bar, u32 offset, unsigned width, u32 x)
{
	must(bar == 5 && width == 4);
	if (offset == 4)
		ghc = x;
	else if (offset == 8)
		is &= ~x;
	else if (offset >= 0x100 && (offset - 0x100) / 4 < REGISTERS)
		write_port((offset - 0x100) / 4, x);
}

static void power_up(struct feed *f)
{
	u8 how = feed8(f);
	u16 words[][2] = {
		{ 75, feed8(f) }, { 76, how & 2 ? 0 : 1 << 8 }, { 83, 1 << 10 }, { 85, 1 << 5 },
		{ 100, HOST_SECTORS }, { 106, how & 4 ? 0x5000 : 0 }, { 117, how & 4 ? 2048 : 0 },
		{ 169, how >> 3 & 1 },
	};

	memset(port, 0, sizeof(port));
	memset(identity, 0, sizeof(identity));
	ghc = is = 0;
	cap = 1u << 31 | 1 << 30 | 31 << 8 | 3;
	cd = how & 1;
	for (unsigned k = 0; k < sizeof(words) / sizeof(words[0]); k++)
		memcpy(identity + 2 * words[k][0], &words[k][1], 2);
	for (u8 n = feed8(f); n >= 0xe0; n = feed8(f)) {
		u16 at = feed16(f) & 511;

		identity[at] = feed8(f);
	}
}

static void lie(struct feed *f)
{
	u32 r = feed8(f) % REGISTERS, bits = feed32(f);

	if (r != CLB && r != CLB + 1)
		port[r] = bits;
	raise_is(feed32(f));
}

static void add(struct disk *d)
{
	if (!first)
		first = d;
}

static struct disk *create(struct pci *p, const struct pci_function *f)
{
	unsigned names = 0;

	first = NULL;
	ahci_create(p, f, &names, add);
	return first;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct host_target t = {
		0x8086, 0x2922, 0x010601, 1 << 5, { dev_read, dev_write }, power_up, create, serve,
		lie,
	};

	host_run(&t, data, size);
	return 0;
}

static void (*put_on)(const char *name, const struct seed *s);

static void put_cd(const char *name, const struct seed *s)
{
	char named[32] = "cd-";

	strncat(named, name, sizeof(named) - 4);
	put_on(named, s);
}

void fuzz_seeds(void (*put)(const char *name, const struct seed *s))
{
	struct seed s = { .size = 0 };

	seed8(&s, 8), seed8(&s, 31), seed8(&s, 0);
	seed_n(&s, 0, 40);
	host_seeds(put, &s);
	s.bytes[0] = 9;
	put_on = put;
	host_seeds(put_cd, &s);
}

const char *fuzz_missed(void) { return host_good ? NULL : "a request that goes well"; }
