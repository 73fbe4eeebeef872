/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSI-X (PCI 3.0, 6.8.2): the capability, the table and the pending bits, in a BAR of their own.
 * A message is a write of 32 bits by the function; those to FEEx xxxxh are the LAPICs'.
 * Invariant: a vector is pending only while it, the function, or bus mastering is masked.
 */
#include "drivers/pc/pci.h"

#include <stdlib.h>

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"

enum { CAP_MSIX = 0x11, CAP_SIZE = 12, CONTROL = 2, TABLE = 4, PENDING = 8 };
enum { CONTROL_ENABLE = 0x80, CONTROL_MASK = 0x40 };		/* in its upper byte */
enum { BAR_SIZE = 4096, PENDING_AT = 2048, ENTRY = 16, VECTORS = 64, ENTRY_MASK = 1 };

struct pci_msix {
	struct lock lock;
	struct pci_func *f;
	struct bus_region region;
	unsigned count;
	u8 cap;
	u64 pending;
	u32 entry[VECTORS][4];		/* address, upper address, data, control */
};

static u8 control(const struct pci_msix *m) { return pci_get8(m->f, m->cap + CONTROL + 1); }

bool pci_msix_on(const struct pci_func *f)
{
	return f->msix && control(f->msix) & CONTROL_ENABLE;
}

unsigned pci_msix_count(const struct pci_func *f) { return f->msix ? f->msix->count : 0; }

/* Send what is pending and may be sent. */
static void flush(struct pci_msix *m)
{
	const struct pci_func *f = m->f;

	if ((control(m) & (CONTROL_ENABLE | CONTROL_MASK)) != CONTROL_ENABLE ||
	    !(pci_get8(f, PCI_COMMAND) & PCI_CMD_MASTER))
		return;
	for (unsigned k = 0; k < m->count; k++) {
		const u32 *e = m->entry[k];

		if (!(m->pending >> k & 1) || e[3] & ENTRY_MASK)
			continue;
		m->pending &= ~BIT64(k);
		pci_message(f, (u64)e[1] << 32 | e[0], e[2]);
	}
}

void pci_msix_send(struct pci_func *f, unsigned vector)
{
	struct pci_msix *m = f->msix;

	if (vector >= m->count)
		return;			/* the driver wants none */
	lock_take(&m->lock);
	m->pending |= BIT64(vector);
	flush(m);
	lock_drop(&m->lock);
}

void pci_msix_changed(struct pci_func *f)
{
	struct pci_msix *m = f->msix;

	if (!m)
		return;
	lock_take(&m->lock);
	if (!(control(m) & CONTROL_ENABLE))
		m->pending = 0;
	flush(m);
	lock_drop(&m->lock);
}

/* Back to power-up: all masked. */
void pci_msix_reset(struct pci_func *f)
{
	struct pci_msix *m = f->msix;

	if (!m)
		return;
	lock_take(&m->lock);
	m->pending = 0;
	for (unsigned k = 0; k < m->count; k++) {
		m->entry[k][0] = m->entry[k][1] = m->entry[k][2] = 0;
		m->entry[k][3] = ENTRY_MASK;
	}
	lock_drop(&m->lock);
}

static u64 table_read(void *opaque, u32 off, unsigned size)
{
	struct pci_msix *m = opaque;
	u64 v = 0;

	(void)size;
	lock_take(&m->lock);
	if (off < m->count * ENTRY)
		v = m->entry[off / ENTRY][off / 4 % 4];
	else if (off == PENDING_AT || off == PENDING_AT + 4)
		v = (u32)(m->pending >> 8 * (off - PENDING_AT));
	lock_drop(&m->lock);
	return v;
}

static void table_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct pci_msix *m = opaque;
	u32 x = (u32)v;

	(void)size;
	if (off >= m->count * ENTRY)
		return;
	if (off / 4 % 4 == 0)
		x &= ~3u;
	if (off / 4 % 4 == 3)
		x &= ENTRY_MASK;
	lock_take(&m->lock);
	m->entry[off / ENTRY][off / 4 % 4] = x;
	flush(m);
	lock_drop(&m->lock);
}

static const struct io_ops table_ops = {
	.read = table_read, .write = table_write, .min = 4, .max = 4,
};

void pci_msix_add(struct pci_func *f, unsigned bar, unsigned count)
{
	struct pci_msix *m = calloc(1, sizeof(*m));

	must(m && count && count <= VECTORS);
	m->f = f;
	m->count = count;
	m->region = (struct bus_region){ "msi-x", 0, BAR_SIZE, &table_ops, m, 0, false, NULL };
	pci_set_bar(f, bar, BUS_MMIO, BAR_SIZE, &m->region);
	m->cap = (u8)pci_add_capability(f, CAP_MSIX, CAP_SIZE);
	pci_put16(f, m->cap + CONTROL, (u16)(count - 1));
	f->wmask[m->cap + CONTROL + 1] = CONTROL_ENABLE | CONTROL_MASK;
	pci_put32(f, m->cap + TABLE, bar);
	pci_put32(f, m->cap + PENDING, PENDING_AT | bar);
	f->msix = m;
	pci_msix_reset(f);
}
