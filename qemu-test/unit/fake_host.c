/* SPDX-License-Identifier: BSD-2-Clause */
/* See fake_host.h. Invariant: an access outside configuration space and BARs fails the test. */
#include "qemu-test/unit/fake_host.h"

#include <stdlib.h>
#include <string.h>

#include "boot/host_board.h"
#include "drivers/host/dma.h"
#include "drivers/host/mmio.h"
#include "kernel/irq.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "qemu-test/unit/native.h"

static struct { void *memory[64]; size_t size[64]; unsigned count; } dma;
static u8 config[4096];
static unsigned bar_mask;
static struct fake_device device;
static void (*handler)(void *opaque);
static void *handler_opaque;
bool fake_no_memory, fake_pulled;

/* Drivers of the host give nothing back, and one that finds no use for its device leaves it all. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

void *dma_alloc(size_t size)
{
	void *p = fake_no_memory ? NULL : aligned_alloc(4096, (size + 4095) / 4096 * 4096);

	must(dma.count < 64);
	if (!p)
		return NULL;
	dma.size[dma.count] = size;
	return dma.memory[dma.count++] = memset(p, 0, (size + 4095) / 4096 * 4096);
}

u8 *fake_dma(unsigned n, size_t *size)
{
	*size = n < dma.count ? dma.size[n] : 0;
	return n < dma.count ? dma.memory[n] : NULL;
}

void irq_connect(unsigned input, void (*fn)(void *opaque), void *opaque)
{
	must(input < 64);
	handler = fn;
	handler_opaque = opaque;
}

int irq_connect_message(void (*fn)(void *opaque), void *opaque, struct irq_message *m)
{
	(void)fn, (void)opaque, (void)m;
	return -ERR_NOENT;
}

bool fake_interrupt(void)
{
	if (!handler || config[5] & 4)		/* INTx is disabled */
		return false;
	handler(handler_opaque);
	return true;
}

struct pci_function fake_pci(u16 vendor, u16 id, u32 class, unsigned bars,
			     const struct fake_device *d)
{
	while (dma.count)
		free(dma.memory[--dma.count]);
	memset(config, 0, sizeof(config));
	memcpy(config, &vendor, 2);
	memcpy(config + 2, &id, 2);
	config[9] = (u8)class;
	config[10] = (u8)(class >> 8);
	config[11] = (u8)(class >> 16);
	config[0x3d] = 1;
	bar_mask = bars;
	device = *d;
	handler = NULL;
	for (unsigned n = 0; n < 6; n++)
		if (bars >> n & 1)
			config[0x10 + 4 * n] = 4;
	return (struct pci_function){
		.config = hpa(BOARD_ECAM + (1 << 15)), .vendor = vendor, .device = id,
		.class = class, .slot = 1,
	};
}

void fake_config(unsigned offset, u8 v) { config[offset] = v; }
u8 fake_config_read(unsigned offset) { return config[offset]; }

/* A BAR keeps the address bits above its size. */
static void write_bar(unsigned n, u32 v)
{
	u32 kept = bar_mask >> n & 1 ? (v & ~(FAKE_BAR_SIZE - 1)) | 4 :
		   n && bar_mask >> (n - 1) & 1 ? v : 0;

	memcpy(config + 0x10 + 4 * n, &kept, 4);
}

/* Which BAR decodes this address; -1: none. */
static int bar_at(u64 a, u32 *offset)
{
	for (unsigned n = 0; n < 6 && config[4] & 2; n++) {
		u64 base;

		if (!(bar_mask >> n & 1))
			continue;
		memcpy(&base, config + 0x10 + 4 * n, 8);
		base &= ~15ull;
		if (a >= base && a - base < FAKE_BAR_SIZE) {
			*offset = (u32)(a - base);
			return (int)n;
		}
	}
	return -1;
}

static u32 read(hpa_t at, unsigned width)
{
	u64 in = at.a - BOARD_ECAM;
	u32 v = ~0u, offset;
	int bar;

	if (fake_pulled) {
		fake_advance(1000);	/* whoever waits for it sees time pass */
		return v;
	}
	if (in < 256ull << 20) {
		if (in >> 12 == 1 << 3)
			memcpy(&v, config + (in & 4095), width);
		return v;
	}
	bar = bar_at(at.a, &offset);
	if (bar < 0)
		panic("read of nothing at %lx", (unsigned long)at.a);
	return device.read((unsigned)bar, offset, width);
}

static void write(hpa_t at, unsigned width, u32 v)
{
	u64 in = at.a - BOARD_ECAM;
	u32 offset;
	int bar;

	if (fake_pulled)
		return;
	if (in < 256ull << 20) {
		in &= 4095;
		if (in >= 0x10 && in < 0x28)
			write_bar((unsigned)(in - 0x10) / 4, v);
		else
			memcpy(config + in, &v, width);
		return;
	}
	bar = bar_at(at.a, &offset);
	if (bar < 0)
		panic("write of nothing at %lx", (unsigned long)at.a);
	device.write((unsigned)bar, offset, width, v);
}

u8 mmio_read8(hpa_t at) { return (u8)read(at, 1); }
u16 mmio_read16(hpa_t at) { return (u16)read(at, 2); }
u32 mmio_read32(hpa_t at) { return read(at, 4); }
void mmio_write8(hpa_t at, u8 v) { write(at, 1, v); }
void mmio_write16(hpa_t at, u16 v) { write(at, 2, v); }
void mmio_write32(hpa_t at, u32 v) { write(at, 4, v); }

bool fake_filled(const u8 *medium, u64 lba, u32 count, u8 what)
{
	for (u64 k = lba * 512; k < (lba + count) * 512; k++)
		if (medium[k] != what)
			return false;
	return medium[lba * 512 - 1] == 1 && medium[(lba + count) * 512] == 1;
}
