/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fw_cfg with its DMA interface: selector 0x510, data 0x511, DMA address 0x514. Read-only
 * items: DMA writes are refused with the error bit. Not a policy: machine.c says what
 * is in it.
 * Invariant: every offset that the guest can move is checked against the item's size
 * before a byte is touched; past the end there are zeros.
 */
#include "drivers/pc/fw_cfg.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/gpa.h"

enum { PORT_CTL = 0x510, PORT_DMA = 0x514 };
enum { KEYS = 0x60, FILES = KEYS - FWCFG_FILE_FIRST, ARCH_KEYS = 8, ARCH_BIT = 0x8000,
	KEY_MASK = 0xbfff };
enum { ID_TRADITIONAL = 1, ID_DMA = 2 };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 0x10 };

struct item {
	const u8 *data;
	u32 size;
	u8 small[8];
	void (*selected)(void *opaque);		/* may be NULL */
	void *opaque;
};

struct file_entry {		/* one row of the directory; numbers are big-endian */
	u8 size[4], key[2], reserved[2];
	char name[56];
};

struct fw_cfg {
	struct lock lock;
	struct item item[KEYS], arch[ARCH_KEYS];
	struct { u8 count[4]; struct file_entry file[FILES]; } dir;
	unsigned files;
	u16 key;
	u32 at;			/* offset in the selected item */
	u64 dma_addr;
	u64 refused, lost;	/* DMA: writes; descriptors that are not in RAM */
	struct bus_region ctl_region, dma_region;
};

static void put_be(u8 *p, u64 v, unsigned size)
{
	for (unsigned k = 0; k < size; k++)
		p[k] = (u8)(v >> 8 * (size - 1 - k));
}

static u64 get_be(const u8 *p, unsigned size)
{
	u64 v = 0;

	for (unsigned k = 0; k < size; k++)
		v = v << 8 | p[k];
	return v;
}

/* The item of a key, or NULL if there can be none. */
static struct item *item_of(struct fw_cfg *f, u16 key)
{
	key &= KEY_MASK;
	if (key & ARCH_BIT)
		return (key & ~ARCH_BIT) < ARCH_KEYS ? &f->arch[key & ~ARCH_BIT] : NULL;
	return key < KEYS ? &f->item[key] : NULL;
}

static void select_key(struct fw_cfg *f, u16 key)
{
	const struct item *i = item_of(f, key);

	f->key = key;
	f->at = 0;
	if (i && i->selected)
		i->selected(i->opaque);
}

/* Copy n bytes from the present offset, zeros past the end, and move on. */
static void take(struct fw_cfg *f, u8 *buf, u32 n)
{
	const struct item *i = item_of(f, f->key);
	u32 left = i && f->at < i->size ? i->size - f->at : 0;
	u32 part = n < left ? n : left;

	if (part)
		memcpy(buf, i->data + f->at, part);
	memset(buf + part, 0, n - part);
	f->at += part;
}

/* -- DMA ------------------------------------------------------------------- */

/* Read `length` bytes of the item to guest memory. Returns false if that is not all RAM. */
static bool dma_read(struct fw_cfg *f, u64 address, u32 length)
{
	u8 buf[4096];

	while (length) {
		u32 n = length < sizeof(buf) ? length : sizeof(buf);

		take(f, buf, n);
		if (gpa_write(gpa(address), buf, n) != n)
			return false;
		address += n;
		length -= n;
	}
	return true;
}

static void skip(struct fw_cfg *f, u32 length)
{
	const struct item *i = item_of(f, f->key);
	u32 left = i && f->at < i->size ? i->size - f->at : 0;

	f->at += length < left ? length : left;
}

/* Do what the 16-byte descriptor at dma_addr says: control, length, address, big-endian. */
static void dma(struct fw_cfg *f)
{
	u64 at = f->dma_addr;
	u8 desc[16], status[4];
	bool ok = true;

	f->dma_addr = 0;
	if (gpa_read(gpa(at), desc, sizeof(desc)) != sizeof(desc)) {
		if (printk_due(&f->lost))
			printk("fw_cfg: DMA descriptor at 0x%llx is not in RAM (%lu so far)\n",
			       (unsigned long long)at, (unsigned long)f->lost);
		return;
	}
	u32 control = (u32)get_be(desc, 4), length = (u32)get_be(desc + 4, 4);
	u64 address = get_be(desc + 8, 8);
	trace(FWCFG, "fw_cfg: dma %x, %u bytes, %llx\n", control, length,
	      (unsigned long long)address);
	if (control & DMA_SELECT)
		select_key(f, (u16)(control >> 16));
	if (control & DMA_READ) {
		ok = dma_read(f, address, length);
	} else if (control & DMA_WRITE) {
		ok = false;
		if (!f->refused++)
			printk("fw_cfg: write to key 0x%x refused\n", f->key);
	} else if (control & DMA_SKIP) {
		skip(f, length);
	}
	put_be(status, ok ? 0 : DMA_ERROR, 4);
	gpa_write(gpa(at), status, 4);
}

/* -- Ports ----------------------------------------------------------------- */

static u64 ctl_read(void *opaque, u32 off, unsigned size)
{
	struct fw_cfg *f = opaque;
	u8 v = 0;

	if (off == 0 || size != 1)
		return 0;
	lock_take(&f->lock);
	take(f, &v, 1);
	lock_drop(&f->lock);
	return v;
}

static void ctl_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct fw_cfg *f = opaque;

	if (off || size != 2)
		return;
	lock_take(&f->lock);
	select_key(f, (u16)v);
	lock_drop(&f->lock);
}

static void ctl_read_block(void *opaque, u32 off, void *buf, unsigned size, u32 count)
{
	struct fw_cfg *f = opaque;

	if (off == 0 || size != 1) {
		memset(buf, 0, (size_t)size * count);
		return;
	}
	lock_take(&f->lock);
	take(f, buf, count);
	lock_drop(&f->lock);
}

/* The DMA register is big-endian, so each half is byte-swapped on this little-endian bus. */
static u64 dma_reg_read(void *opaque, u32 off, unsigned size)
{
	(void)opaque, (void)size;
	return __builtin_bswap32(off ? 0x20434647 : 0x51454d55);	/* "QEMU CFG" */
}

static void dma_reg_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct fw_cfg *f = opaque;
	u32 half = __builtin_bswap32((u32)v);

	(void)size;
	lock_take(&f->lock);
	if (off == 0) {
		f->dma_addr = (u64)half << 32;
	} else {
		f->dma_addr = (f->dma_addr & ~0xffffffffull) | half;
		dma(f);
	}
	lock_drop(&f->lock);
}

static const struct io_ops ctl_ops = {
	.read = ctl_read, .write = ctl_write, .read_block = ctl_read_block, .min = 1, .max = 2,
};
static const struct io_ops dma_ops = {
	.read = dma_reg_read, .write = dma_reg_write, .min = 4, .max = 4,
};

/* -- Contents -------------------------------------------------------------- */

void fwcfg_add_key(struct fw_cfg *f, u16 key, const void *data, u32 size)
{
	struct item *i = item_of(f, key);

	must(i);
	i->data = data;
	i->size = size;
}

void fwcfg_add_key_int(struct fw_cfg *f, u16 key, u64 value, unsigned size)
{
	struct item *i = item_of(f, key);

	must(i && size <= sizeof(i->small));
	for (unsigned k = 0; k < size; k++)
		i->small[k] = (u8)(value >> 8 * k);
	i->data = i->small;
	i->size = size;
}

/* A new row of the directory; returns its key. */
static u16 add_row(struct fw_cfg *f, const char *name, u32 size)
{
	must(f->files < FILES && strlen(name) < sizeof(f->dir.file[0].name));
	struct file_entry *e = &f->dir.file[f->files];
	u16 key = (u16)(FWCFG_FILE_FIRST + f->files++);

	put_be(e->size, size, 4);
	put_be(e->key, key, 2);
	strcpy(e->name, name);
	put_be(f->dir.count, f->files, 4);
	return key;
}

void fwcfg_add_file(struct fw_cfg *f, const char *name, const void *data, u32 size)
{
	fwcfg_add_key(f, add_row(f, name, size), data, size);
}

void fwcfg_add_file_int(struct fw_cfg *f, const char *name, u64 value, unsigned size)
{
	fwcfg_add_key_int(f, add_row(f, name, size), value, size);
}

void fwcfg_on_select(struct fw_cfg *f, const char *name, void (*fn)(void *opaque), void *opaque)
{
	unsigned k = 0;

	while (k < f->files && strcmp(f->dir.file[k].name, name))
		k++;
	must(k < f->files);
	f->item[FWCFG_FILE_FIRST + k].selected = fn;
	f->item[FWCFG_FILE_FIRST + k].opaque = opaque;
}

void fwcfg_reset(struct fw_cfg *f)
{
	lock_take(&f->lock);
	f->key = 0;
	f->at = 0;
	f->dma_addr = 0;
	lock_drop(&f->lock);
}

struct fw_cfg *fwcfg_create(struct bus *bus)
{
	struct fw_cfg *f = calloc(1, sizeof(*f));

	must(f);
	f->ctl_region = (struct bus_region){ "fw_cfg", PORT_CTL, 2, &ctl_ops, f, 0, true, NULL };
	f->dma_region = (struct bus_region){
		"fw_cfg dma", PORT_DMA, 8, &dma_ops, f, 0, true, NULL,
	};
	bus_add(bus, BUS_IO, &f->ctl_region);
	bus_add(bus, BUS_IO, &f->dma_region);
	fwcfg_add_key(f, FWCFG_SIGNATURE, "QEMU", 4);
	fwcfg_add_key_int(f, FWCFG_ID, ID_TRADITIONAL | ID_DMA, 4);
	fwcfg_add_key(f, FWCFG_FILE_DIR, &f->dir, sizeof(f->dir));
	return f;
}
