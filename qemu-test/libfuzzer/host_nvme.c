/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: the driver of NVMe disks over a controller that lies (host.h). */
#include <string.h>

#include "drivers/host/nvme.h"
#include "kernel/panic.h"
#include "qemu-test/libfuzzer/host.h"

enum { SHIFT = 9, BLOCKS = HOST_SECTORS };

static struct {
	u64 cap, asq, acq, cq, sq;
	u32 cc, aqa;
	u16 cq_size, sq_size, tail[2], head[2], rung[2];
	bool phase[2];
	u8 mdts, vwc, oncs, shift;
	u8 told;		/* the shift that the driver was told of at last */
} c;

static u32 get32(u64 at) { u32 v; memcpy(&v, (void *)(uintptr_t)at, 4); return v; }
static u64 get64(u64 at) { u64 v; memcpy(&v, (void *)(uintptr_t)at, 8); return v; }

static void complete(unsigned q, u16 id, u16 status)
{
	u64 base = q ? c.cq : c.acq;
	u16 size = q ? c.cq_size : (u16)((c.aqa >> 16) + 1);
	u32 e[4] = { 0, 0, c.head[q], id | (u32)(c.phase[q] | status << 1) << 16 };

	if (!base || !size)
		return;
	memcpy((void *)(uintptr_t)(base + c.tail[q] * 16u), e, 16);
	c.tail[q] = (u16)((c.tail[q] + 1) % size);
	c.phase[q] ^= !c.tail[q];
}

/* The input may have its say about each byte that the driver looks at. */
static void identify(u64 sqe)
{
	static u8 data[4096];
	u64 blocks = (u64)BLOCKS * 512 >> c.shift;
	u32 lbaf = (u32)c.shift << 16, one = 1;

	memset(data, 0, sizeof(data));
	switch (get32(sqe + 40) & 0xff) {
	case 0:
		memcpy(data, &blocks, 8);
		memcpy(data + 128, &lbaf, 4);
		break;
	case 1: data[77] = c.mdts, data[520] = c.oncs, data[525] = c.vwc; break;
	case 2: memcpy(data, &one, 4); break;
	}
	for (u8 n = feed8(&host_feed); n >= 0xe0; n = feed8(&host_feed)) {
		u16 at = feed16(&host_feed) & 4095;

		data[at] = feed8(&host_feed);
	}
	if ((get32(sqe + 40) & 0xff) == 0)
		c.told = data[128 + 4 * (data[26] & 15) + 2];
	memcpy((void *)(uintptr_t)get64(sqe + 24), data, sizeof(data));
}

static void admin(u64 sqe)
{
	u16 status = host_twist(0) & 0x7fff, id = (u16)(get32(sqe) >> 16);

	if (host_wrote)			/* the queue's entries may be the input's */
		return complete(0, id, status);
	switch (get32(sqe) & 0xff) {
	case 6: identify(sqe); break;
	case 5:
		c.cq = get64(sqe + 24);
		c.cq_size = (u16)((get32(sqe + 40) >> 16) + 1);
		break;
	case 1:
		c.sq = get64(sqe + 24);
		c.sq_size = (u16)((get32(sqe + 40) >> 16) + 1);
		break;
	}
	complete(0, (u16)host_twist(id), status);
}

static u64 page(u64 sqe, unsigned k, u64 bytes)
{
	u64 prp1 = get64(sqe + 24), prp2 = get64(sqe + 32), first = 4096 - (prp1 & 4095);

	return !k ? prp1 : bytes <= first + 4096 ? prp2 : get64(prp2 + 8 * (k - 1));
}

/*
 * The driver's own addresses, as long as they are its own: sanitizers look at each. Of blocks that
 * are of another size than it was told it has made no list.
 */
static void transfer(u64 sqe, bool write)
{
	u64 lba = get64(sqe + 40), bytes = (u64)((get32(sqe + 48) & 0xffff) + 1) << c.shift;

	if (c.told != c.shift || lba << c.shift >= sizeof(host_medium) ||
	    bytes > sizeof(host_medium) - (lba << c.shift))
		return;
	for (u64 done = 0, n, k = 0; done < bytes; done += n, k++) {
		u64 at = page(sqe, (unsigned)k, bytes);
		u8 *m = host_medium + (lba << c.shift) + done;

		n = 4096 - (at & 4095);
		n = n < bytes - done ? n : bytes - done;
		memcpy(write ? m : (void *)(uintptr_t)at, write ? (void *)(uintptr_t)at : m, n);
	}
}

static void io(u64 sqe)
{
	u16 id = (u16)(get32(sqe) >> 16);
	u8 code = get32(sqe) & 0xff;

	if ((code == 1 || code == 2) && !host_wrote)
		transfer(sqe, code == 1);
	complete(1, (u16)host_twist(id), host_twist(0) & 0x7fff);
}

static void serve(void)
{
	for (unsigned q = 0; q < 2 && !host_mute; q++) {
		u16 size = q ? c.sq_size : (u16)((c.aqa & 0xfff) + 1);

		for (; (q ? c.sq : c.asq) && c.head[q] != c.rung[q];) {
			u64 sqe = (q ? c.sq : c.asq) + c.head[q] * 64u;

			c.head[q] = (u16)((c.head[q] + 1) % size);
			(q ? io : admin)(sqe);
		}
	}
}

/* Where bells are is in it: it is then as it was told. */
static u32 told_cap(void)
{
	u32 high = host_twist((u32)(c.cap >> 32));

	c.cap = (u64)high << 32 | (u32)c.cap;
	return high;
}

static u32 dev_read(unsigned bar, u32 offset, unsigned width)
{
	must(!bar && width == 4);
	switch (offset) {
	case 0: return host_twist((u32)c.cap);
	case 4: return told_cap();
	case 0x14: return host_twist(c.cc);
	case 0x1c:
		serve();
		return host_twist(host_mute ? 0 : c.cc & 1);
	}
	return host_twist(0);
}

static void half(u64 *to, unsigned high, u32 x)
{
	*to = high ? (*to & 0xffffffff) | (u64)x << 32 : (*to & ~0xffffffffull) | x;
}

static void control(u32 x)
{
	if (!(x & 1) || !(c.cc & 1)) {
		c.cq = c.sq = 0;
		memset(c.tail, 0, sizeof(c.tail));
		memset(c.head, 0, sizeof(c.head));
		memset(c.rung, 0, sizeof(c.rung));
		c.phase[0] = c.phase[1] = true;
	}
	c.cc = x;
}

static void dev_write(unsigned bar, u32 offset, unsigned width, u32 x)
{
	u32 stride = 4u << (c.cap >> 32 & 15), bell = (offset - 0x1000) / stride;

	must(!bar && width == 4);
	switch (offset) {
	case 0x14: control(x); return;
	case 0x24: c.aqa = x; return;
	case 0x28: case 0x2c: half(&c.asq, offset & 4, x); return;
	case 0x30: case 0x34: half(&c.acq, offset & 4, x); return;
	}
	if (offset >= 0x1000 && bell < 4 && !(bell & 1))
		c.rung[bell / 2] = (u16)(x % (bell ? c.sq_size ? c.sq_size : 1 :
					      (c.aqa & 0xfff) + 1));
}

static void power_up(struct feed *f)
{
	memset(&c, 0, sizeof(c));
	c.cap = 1ull << 37 | (u64)20 << 24 | feed8(f);
	c.mdts = feed8(f) & 15;
	c.vwc = feed8(f);
	c.oncs = c.vwc & 12;
	c.shift = SHIFT + feed8(f) % 4;
}

/* A completion of nothing, or of another. */
static void lie(struct feed *f)
{
	u16 id = feed16(f), status = feed16(f) & 0x7fff;

	complete(feed8(f) & 1, id, status);
}

static struct disk *create(struct pci *p, const struct pci_function *f)
{
	return nvme_create(p, f, "nvme0");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct host_target t = {
		0x1b36, 0x10, 0x010802, 1, { dev_read, dev_write }, power_up, create, serve, lie,
	};

	host_run(&t, data, size);
	return 0;
}

void fuzz_seeds(void (*put)(const char *name, const struct seed *s))
{
	struct seed s = { .size = 0 };

	seed_n(&s, 63 | 13 << 16, 4);
	seed_n(&s, 0, 60);
	host_seeds(put, &s);
}

const char *fuzz_missed(void) { return host_good ? NULL : "a request that goes well"; }
