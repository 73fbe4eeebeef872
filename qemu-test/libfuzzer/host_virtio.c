/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: the driver of virtio disks over a device that lies (host.h), capabilities too. */
#include <string.h>

#include "drivers/host/virtio_blk.h"
#include "kernel/panic.h"
#include "qemu-test/libfuzzer/host.h"

enum { COMMON = 0x1000, ISR = 0x2000, NOTIFY = 0x3000, CONFIG = 0x4000 };

static struct {
	u64 features, agreed, desc, driver, device;
	u32 dselect, gselect;
	u16 size, seen;
	u8 status, isr;
} v;

static u64 le(u64 at, unsigned n)
{
	u64 x = 0;

	memcpy(&x, (void *)(uintptr_t)at, n);
	return x;
}

/* Registers may lie over each other: then the used ring is where nothing is. */
static bool is_shared(u64 at, u64 bytes)
{
	size_t size;
	u8 *m;

	for (unsigned n = 0; (m = fake_dma(n, &size)); n++)
		if (at >= (uintptr_t)m && bytes <= size && at - (uintptr_t)m <= size - bytes)
			return true;
	return false;
}

static void put_used(u32 id)
{
	u16 idx;

	if (!v.size || v.size > 128 || !is_shared(v.device, 4 + 8u * v.size))
		return;
	idx = (u16)le(v.device + 2, 2);
	memcpy((void *)(uintptr_t)(v.device + 4 + idx % v.size * 8), &id, 4);
	idx++;
	memcpy((void *)(uintptr_t)(v.device + 2), &idx, 2);
	v.isr = 1;
}

/* Header, data in pieces, status: sanitizers look at each address. */
static void serve_one(u64 table, u16 k)
{
	u64 sector = 0;
	u32 type = 0;
	u8 ok = (u8)host_twist(0);

	for (unsigned n = 0;; n++, k = (u16)le(table + k * 16 + 14, 2)) {
		u64 at = le(table + k * 16, 8), bytes = le(table + k * 16 + 8, 4);
		bool last = !(le(table + k * 16 + 12, 2) & 1);

		if (!n) {
			type = (u32)le(at, 4), sector = le(at + 8, 8);
		} else if (last) {
			memcpy((void *)(uintptr_t)at, &ok, 1);
			return;
		} else {
			must(bytes % 512 == 0 || bytes < (1 << 20));
			if (type < 2 && sector < HOST_SECTORS &&
			    bytes <= (HOST_SECTORS - sector) * 512) {
				u8 *m = host_medium + sector * 512;

				memcpy(type ? m : (void *)(uintptr_t)at,
				       type ? (void *)(uintptr_t)at : m, bytes);
			}
			sector += bytes / 512;
		}
	}
}

static void serve(void)
{
	if (host_mute || !(v.status & 4) || !v.driver || !v.size || v.size > 128)
		return;
	if (host_wrote) {		/* believe nothing: all that there may be has ended */
		for (u32 k = 0; k < v.size; k++)
			put_used(k);
		return;
	}
	for (; v.seen != (u16)le(v.driver + 2, 2); v.seen++) {
		u16 head = (u16)le(v.driver + 4 + v.seen % v.size * 2, 2);
		u64 d = v.desc + head * 16;

		if (le(d + 12, 2) & 4)
			serve_one(le(d, 8), 0);
		else
			serve_one(v.desc, head);
		put_used(host_twist(head));
	}
}

static u32 dev_read(unsigned bar, u32 offset, unsigned width)
{
	u8 was = v.isr;

	(void)bar, (void)width;
	switch (offset) {
	case COMMON + 4: return host_twist((u32)(v.features >> 32 * (v.dselect & 1)));
	case COMMON + 0x14: return host_twist(host_mute ? 0xff : v.status);
	case COMMON + 0x18:
		v.size = (u16)host_twist(v.size);
		return v.size;
	case COMMON + 0x1e: return host_twist(3);
	case ISR: v.isr = 0; return host_twist(was);
	case CONFIG: return host_twist(HOST_SECTORS);
	case CONFIG + 4: return host_twist(0);
	case CONFIG + 8: return host_twist(8192);
	case CONFIG + 12: return host_twist(16);
	case CONFIG + 20: return host_twist(512);
	case CONFIG + 36: case CONFIG + 48: return host_twist(40);
	}
	return host_twist(0);
}

static void half(u64 *to, unsigned high, u32 x)
{
	*to = high ? (*to & 0xffffffff) | (u64)x << 32 : (*to & ~0xffffffffull) | x;
}

static void dev_write(unsigned bar, u32 offset, unsigned width, u32 x)
{
	(void)bar, (void)width;
	switch (offset) {
	case COMMON + 0: v.dselect = x; break;
	case COMMON + 8: v.gselect = x; break;
	case COMMON + 0xc: half(&v.agreed, v.gselect & 1, x); break;
	case COMMON + 0x14:
		v.status = (u8)x;
		v.seen = x ? v.seen : 0;
		break;
	case COMMON + 0x18: v.size = (u16)x; break;
	case COMMON + 0x20: case COMMON + 0x24: half(&v.desc, offset & 4, x); break;
	case COMMON + 0x28: case COMMON + 0x2c: half(&v.driver, offset & 4, x); break;
	case COMMON + 0x30: case COMMON + 0x34: half(&v.device, offset & 4, x); break;
	}
}

static void capability(unsigned at, unsigned next, u8 type, u32 offset, u32 size)
{
	const u8 c[] = { 9, (u8)next, 20, type, 4, 0, 0, 0, (u8)offset, (u8)(offset >> 8), 0, 0,
			 (u8)size, (u8)(size >> 8), 0, 0, 8, 0, 0, 0 };

	for (unsigned k = 0; k < sizeof(c); k++)
		fake_config(at + k, c[k]);
}

static void power_up(struct feed *f)
{
	memset(&v, 0, sizeof(v));
	v.features = 1ull << 32 | (u64)feed8(f) << 24 | feed16(f);
	v.size = 1 << feed8(f) % 9;
	fake_config(6, 0x10);
	fake_config(0x34, 0x40);
	capability(0x40, 0x60, 1, COMMON, 0x38);
	capability(0x60, 0x80, 3, ISR, 1);
	capability(0x80, 0xa0, 4, CONFIG, 64);
	capability(0xa0, 0, 2, NOTIFY, 0x100);
	for (u8 n = feed8(f); n >= 0xe0; n = feed8(f)) {
		u8 at = feed8(f);

		if (at >= 0x28) {
			fake_config(at, feed8(f));
			host_wrote = true;
		}
	}
}

/* An end of nothing, or of another; a ring that runs ahead. */
static void lie(struct feed *f)
{
	u16 idx;

	if (feed8(f) & 1) {
		put_used(feed32(f));
	} else if (is_shared(v.device, 4)) {
		idx = feed16(f);
		memcpy((void *)(uintptr_t)(v.device + 2), &idx, 2);
	}
}

static struct disk *create(struct pci *p, const struct pci_function *f)
{
	return virtio_blk_create(p, f, "virtio0");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct host_target t = {
		0x1af4, 0x1042, 0x010000, 1 << 4, { dev_read, dev_write }, power_up, create, serve,
		lie,
	};

	host_run(&t, data, size);
	return 0;
}


void fuzz_seeds(void (*put)(const char *name, const struct seed *s))
{
	struct seed s = { .size = 0 };

	seed8(&s, 0x10), seed_n(&s, 3 << 13 | 1 << 9 | 1 << 6 | 1 << 2 | 1 << 1, 2), seed8(&s, 7);
	seed_n(&s, 0, 24);
	host_seeds(put, &s);
}

const char *fuzz_missed(void) { return host_good ? NULL : "a request that goes well"; }
