/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 82441FX PMC, function 0 (datasheet order 290549): ids, PAM0-PAM6 handed to
 * mm/gpa, SMRAMC. The subsystem ids are those by which SeaBIOS knows a QEMU board and
 * looks for fw_cfg. Not the configuration mechanism: pci.c.
 * Deviations: there is no SMM, so SMRAM is stored (with D_LCK's effect) but never opened.
 * DRAM timing registers are plain storage.
 * Invariant: mm/gpa has been told of every PAM nibble that conf[] shows, or a core that has written
 * one waits to be alone and tells it.
 */
#include "drivers/pc/pci_host.h"

#include <stdlib.h>

#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/gpa.h"

enum { REG_PMCCFG = 0x50, REG_DRAMC = 0x57, REG_DRAMT = 0x58, REG_PAM0 = 0x59, REG_PAM6 = 0x5f,
	REG_DRB = 0x60, REG_FDHC = 0x68, REG_SMRAMC = 0x72 };
enum { SMRAM_OPEN = 0x40, SMRAM_CLOSED = 0x20, SMRAM_LOCK = 0x10, SMRAM_ENABLE = 0x08 };
enum { PAM_BITS = PAM_READ_RAM | PAM_WRITE_RAM };

struct pci_host {
	struct pci_func f;
	u8 pam[7];		/* as last handed to gpa, alone */
	bool smram_logged;
};

static bool pam_due(void *opaque)
{
	const struct pci_host *h = opaque;
	bool due = false;

	for (unsigned n = 0; n < 7; n++)
		due |= pci_get8(&h->f, REG_PAM0 + n) != h->pam[n];
	return due;
}

/* PAM0 bits 5:4 map 0xf0000-0xfffff; PAMn nibbles map 16 KiB each from 0xc0000 (§3.2.18). */
static void update_pam(void *opaque)
{
	struct pci_host *h = opaque;

	for (unsigned n = 0; n < 7; n++) {
		u8 now = pci_get8(&h->f, REG_PAM0 + n), diff = now ^ h->pam[n];
		u64 base = 0xc0000 + (n - 1) * 0x8000ull;

		h->pam[n] = now;
		if (n == 0) {
			if (diff >> 4 & PAM_BITS)
				gpa_set_pam(gpa(0xf0000), 0x10000, now >> 4 & PAM_BITS);
			continue;
		}
		if (diff & PAM_BITS)
			gpa_set_pam(gpa(base), 0x4000, now & PAM_BITS);
		if (diff >> 4 & PAM_BITS)
			gpa_set_pam(gpa(base + 0x4000), 0x4000, now >> 4 & PAM_BITS);
	}
}

static void update_smram(struct pci_host *h)
{
	u8 v = pci_get8(&h->f, REG_SMRAMC);

	if (v & SMRAM_LOCK) {
		v &= (u8)~SMRAM_OPEN;
		h->f.conf[REG_SMRAMC] = v;
		h->f.wmask[REG_SMRAMC] = SMRAM_CLOSED;
	} else {
		h->f.wmask[REG_SMRAMC] = SMRAM_OPEN | SMRAM_CLOSED | SMRAM_LOCK | SMRAM_ENABLE;
	}
	if (v & SMRAM_OPEN && !h->smram_logged) {
		h->smram_logged = true;
		printk("pci_host: guest opens SMRAM: there is no SMM\n");
	}
}

static void host_written(void *opaque, u32 off, unsigned size)
{
	struct pci_host *h = opaque;

	if (off <= REG_SMRAMC && off + size > REG_SMRAMC)
		update_smram(h);
}

struct pci_host *pci_host_create(struct pci *pci, u64 ram_below_4g)
{
	struct pci_host *h = calloc(1, sizeof(*h));
	u64 rows = ram_below_4g >> 23;	/* DRB counts 8 MiB units */

	must(h);
	pci_func_init(&h->f, 0x8086, 0x1237, 0x060000, 2);
	pci_put16(&h->f, PCI_COMMAND, 0x0006);
	pci_put16(&h->f, PCI_STATUS, 0x0280);
	pci_put16(&h->f, PCI_SUBSYSTEM_VENDOR, 0x1af4);
	pci_put16(&h->f, PCI_SUBSYSTEM, 0x1100);
	h->f.wmask[PCI_COMMAND] = 0x02;
	h->f.conf[REG_DRAMC] = 0x01;
	for (unsigned k = 0; k < 8; k++) {
		h->f.conf[REG_DRB + k] = (u8)(rows > 255 ? 255 : rows);
		h->f.wmask[REG_DRB + k] = 0xff;
	}
	for (unsigned r = REG_PMCCFG; r <= REG_DRAMT; r++)
		h->f.wmask[r] = 0xff;
	h->f.wmask[REG_PAM0] = 0x30;
	for (unsigned r = REG_PAM0 + 1; r <= REG_PAM6; r++)
		h->f.wmask[r] = 0x33;
	h->f.wmask[REG_FDHC] = 0xc0;
	h->f.conf[REG_SMRAMC] = 0x02;
	h->f.written = host_written;
	h->f.map_due = pam_due;
	h->f.map = update_pam;
	h->f.opaque = h;
	update_smram(h);
	pci_add(pci, PCI_DEVFN(0, 0), &h->f);
	return h;
}
