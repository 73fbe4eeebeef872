/* SPDX-License-Identifier: BSD-2-Clause */
/* See disk_lib.h. Not a driver: those are in the programs. */
#include "guestimg/tests/disk_lib.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc, COUNTERS_PRINT = 0x403 };
enum { STATUS_CAPABILITIES = 0x100000, BAR_FLAGS = 15, MAPPED = 0x4000 };

volatile u32 message_count;

/* -- PCI ------------------------------------------------------------------------- */

u32 pci_get(u32 devfn, u32 at)
{
	outl(CONFIG_ADDRESS, 0x80000000 | devfn << 8 | at);
	return inl(CONFIG_DATA);
}

void pci_set(u32 devfn, u32 at, u32 v)
{
	outl(CONFIG_ADDRESS, 0x80000000 | devfn << 8 | at);
	outl(CONFIG_DATA, v);
}

u32 pci_capability(u32 devfn, u8 id, u32 after)
{
	u32 at = after ? pci_get(devfn, after) >> 8 & 0xfc : pci_get(devfn, PCI_CAPS) & 0xfc;

	if (!(pci_get(devfn, PCI_COMMAND) & STATUS_CAPABILITIES))
		return 0;
	for (u32 n = 0; at && n < 48; n++, at = pci_get(devfn, at) >> 8 & 0xfc)
		if ((u8)pci_get(devfn, at) == id)
			return at;
	return 0;
}

u32 pci_place(u32 devfn, u32 bar, u32 at)
{
	u32 size;

	pci_set(devfn, PCI_BAR + 4 * bar, ~0u);
	size = -(pci_get(devfn, PCI_BAR + 4 * bar) & ~BAR_FLAGS);
	pci_set(devfn, PCI_BAR + 4 * bar, at);
	for (u32 page = 0; page < size && page < MAPPED; page += PAGE) {
		map(kernel_pd, at + page, at + page, P | W | PCD);
		invlpg(at + page);
	}
	return size;
}

/* -- The disk ---------------------------------------------------------------------- */

u64 disk_word(u32 lba, u32 n) { return ((u64)lba * 64 + n + 1) * 0x9e3779b97f4a7c15ull; }

void expect_sector(const void *at, u32 lba)
{
	const u64 *p = at;

	for (u32 k = 0; k < 64; k++)
		if (!expect("low word", (u32)p[k], (u32)disk_word(lba, k)) ||
		    !expect("high word", (u32)(p[k] >> 32), (u32)(disk_word(lba, k) >> 32)))
			return;
}

void expect_sectors(u32 at, u32 lba, u32 count)
{
	for (u32 k = 0; k < count; k++)
		expect_sector((void *)(at + k * SECTOR), lba + k);
}

/* -- Interrupts by message ----------------------------------------------------------- */

static bool on_message(struct trap *t)
{
	(void)t;
	message_count++;
	timer_eoi(TIMER_LAPIC);
	return true;
}

static bool on_timer(struct trap *t)
{
	(void)t;
	timer_eoi(TIMER_LAPIC);
	return true;
}

void message_init(void)
{
	on_trap[VEC_DISK] = on_message;
	on_trap[VEC_LAPIC] = on_timer;
}

void message_sleep(u32 count)
{
	while (message_count == count)
		__asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
}

void message_wait(u32 count)
{
	timer_once(TIMER_LAPIC, 2000000);
	for (u32 since = tsc(); message_count == count && tsc() - since < 2000 * MS;)
		__asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
	timer_stop();
}

/* -- Costs --------------------------------------------------------------------------- */

static u32 loop(void)
{
	u32 since = tsc();

	for (volatile u32 k = 0; k < 20000; k++)
		;
	return tsc() - since;
}

/*
 * But for the counter's own steps and now and then an interrupt. A clock that counts time never
 * measures so long a loop the same so often, on a quiet machine either.
 */
bool counts_instructions(void)
{
	u32 least = ~0u, same = 0, took[16];

	for (u32 k = 0; k < 8; k++)	/* until it is translated for good */
		loop();
	for (u32 k = 0; k < COUNT(took); k++) {
		took[k] = loop();
		least = took[k] < least ? took[k] : least;
	}
	for (u32 k = 0; k < COUNT(took); k++)
		same += took[k] - least <= 20;
	return same >= COUNT(took) - 2;
}

void mark(u8 row)
{
	if (row)
		outb(COUNTERS_PRINT, row);
	*(volatile u32 *)MARK_AT = row;
	if (!row)
		outb(COUNTERS_PRINT, 0);
}

void cost(const char *name, u32 took, u32 most)
{
	print(name), print(": "), print_dec(took), print(" host instructions\n");
	expect(name, !most || took <= most, 1);
}
