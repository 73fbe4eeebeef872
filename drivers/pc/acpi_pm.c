/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 82371AB (PIIX4, order 290562) function 3: PM1 block, 24-bit PM timer, global and
 * device registers at PMBASE, APM ports 0xb2 and 0xb3; and an empty GPE block at 0xafe0.
 * Deviations: there is no SMM. So DEVACTB (0x58) powers up with APMC_EN (bit 25) set, which
 * tells SeaBIOS that SMM is set up already; a write of ACPI_ENABLE or ACPI_DISABLE to APMC
 * does at once what an SMI handler would, and any other value is counted and logged. The
 * SMBus controller is hard-wired off. Only SLP_TYP 0 (soft off) does anything.
 * Invariant: SCI is up exactly while SCI_EN and an enabled PM1 status bit are set.
 */
#include "drivers/pc/acpi_pm.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/clock.h"
#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/timer.h"

enum { CONF_PMBASE = 0x40, CONF_DEVACTB = 0x58, CONF_PMREGMISC = 0x80, CONF_SMBBA = 0x90 };
enum { PM_SIZE = 64, PM1_STS = 0, PM1_EN = 2, PM1_CNT = 4, PM_TMR = 8, PM_GLBCTL = 0x28 };
enum { TMR_STS = 0x0001, GBL_STS = 0x0020, PWRBTN_STS = 0x0100, RTC_STS = 0x0400,
	STS_ALL = 0x8d31, EN_ALL = 0x0521 };
enum { SCI_EN = 0x0001, SLP_EN = 0x2000, CNT_ALL = 0x1c07 };
enum { TIMER_BITS = 24, PORT_APM = 0xb2, GPE_HALF = ACPI_GPE_LEN / 2 };

struct acpi_pm {
	struct lock lock;
	struct bus *bus;
	struct pci_func f;
	u16 sts, en, cnt;
	u8 storage[PM_SIZE];	/* registers past the PM timer: kept, without effect */
	u64 seen;		/* half-cycles of the PM timer that TMR_STS was told of */
	u8 apmc, apms;
	u64 unknown_smi, sleeps;
	u8 gpe[ACPI_GPE_LEN];
	struct irq_line sci;
	struct power power;
	struct timer timer;
	struct bus_region pm_region, apm_region, gpe_region;
};

/* -- Timer and SCI --------------------------------------------------------- */

/* TMR_STS is set whenever bit 23 of the timer changes. */
static u64 half_cycles(void)
{
	return pmtimer_ticks(clock_ns()) >> (TIMER_BITS - 1);
}

static void update(struct acpi_pm *a)
{
	u64 now = half_cycles();

	if (now != a->seen)
		a->sts |= TMR_STS;
	a->seen = now;
	irq_set(&a->sci, a->cnt & SCI_EN && a->sts & a->en);
	if (a->en & TMR_STS && !(a->sts & TMR_STS))
		timer_set(&a->timer, pmtimer_ns((now + 1) << (TIMER_BITS - 1)));
	else
		timer_cancel(&a->timer);
}

static void pm_timer(void *opaque)
{
	struct acpi_pm *a = opaque;

	lock_take(&a->lock);
	update(a);
	lock_drop(&a->lock);
}

void acpi_pm_power_button(struct acpi_pm *a)
{
	lock_take(&a->lock);
	a->sts |= PWRBTN_STS;
	update(a);
	lock_drop(&a->lock);
}

/* -- PM block -------------------------------------------------------------- */

static u32 timer_value(void)
{
	return (u32)pmtimer_ticks(clock_ns()) & (BIT(TIMER_BITS) - 1);
}

static u8 pm_byte(const struct acpi_pm *a, u32 off)
{
	switch (off) {
	case PM1_STS:
	case PM1_STS + 1: return (u8)(a->sts >> 8 * (off - PM1_STS));
	case PM1_EN:
	case PM1_EN + 1: return (u8)(a->en >> 8 * (off - PM1_EN));
	case PM1_CNT:
	case PM1_CNT + 1: return (u8)(a->cnt >> 8 * (off - PM1_CNT));
	default: return off < PM_SIZE ? a->storage[off] : 0xff;
	}
}

static u64 pm_read(void *opaque, u32 off, unsigned size)
{
	struct acpi_pm *a = opaque;
	u64 v = 0;

	lock_take(&a->lock);
	update(a);
	if (off >= PM_TMR && off < PM_TMR + 4)
		v = timer_value() >> 8 * (off - PM_TMR);
	else
		for (unsigned k = 0; k < size; k++)
			v |= (u64)pm_byte(a, off + k) << 8 * k;
	lock_drop(&a->lock);
	return v;
}

/* SLP_EN was written with SLP_TYP. Returns true for soft off, which the caller then does. */
static bool sleep(struct acpi_pm *a, unsigned type)
{
	if (type == 0)
		return true;
	if (printk_due(&a->sleeps))
		printk("acpi_pm: guest asks for sleep type %u: not supported, ignored (%lu so "
		       "far)\n", type, (unsigned long)a->sleeps);
	return false;
}

/* Returns true if the machine is to be switched off. */
static bool write_byte(struct acpi_pm *a, u32 off, u8 v)
{
	unsigned shift = 8 * (off & 1);
	u16 mask = (u16)(0xff << shift), w = (u16)(v << shift);

	switch (off) {
	case PM1_STS:
	case PM1_STS + 1: a->sts &= (u16)~(w & STS_ALL); return false;
	case PM1_EN:
	case PM1_EN + 1: a->en = (u16)((a->en & ~mask) | (w & EN_ALL)); return false;
	case PM1_CNT:
	case PM1_CNT + 1:
		a->cnt = (u16)((a->cnt & ~mask) | (w & CNT_ALL));
		return w & SLP_EN && sleep(a, (unsigned)bits(a->cnt, 12, 10));
	}
	if (off >= PM_TMR + 4 && off < PM_SIZE)
		a->storage[off] = v;
	return false;
}

static void pm_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct acpi_pm *a = opaque;
	bool off_now = false;

	lock_take(&a->lock);
	update(a);
	for (unsigned k = 0; k < size; k++)
		off_now |= write_byte(a, off + k, (u8)(v >> 8 * k));
	update(a);
	lock_drop(&a->lock);
	if (off_now) {
		printk_shown("acpi_pm: soft off\n");
		if (a->power.off)
			a->power.off(a->power.opaque, 0);
	}
}

/* -- APM and GPE ports ----------------------------------------------------- */

static void smi_command(struct acpi_pm *a, u8 v)
{
	a->apmc = v;
	switch (v) {
	case ACPI_ENABLE: a->cnt |= SCI_EN; break;
	case ACPI_DISABLE: a->cnt &= (u16)~SCI_EN; break;
	default:
		if (!a->unknown_smi++)
			printk("acpi_pm: SMI command 0x%02x: there is no SMM\n", v);
	}
	update(a);
}

static u64 apm_read(void *opaque, u32 off, unsigned size)
{
	struct acpi_pm *a = opaque;
	u8 v;

	(void)size;
	lock_take(&a->lock);
	v = off ? a->apms : a->apmc;
	lock_drop(&a->lock);
	return v;
}

static void apm_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct acpi_pm *a = opaque;

	(void)size;
	lock_take(&a->lock);
	if (off)
		a->apms = (u8)v;
	else
		smi_command(a, (u8)v);
	lock_drop(&a->lock);
}

/* No general-purpose event ever happens: status reads 0, enables are kept. */
static u64 gpe_read(void *opaque, u32 off, unsigned size)
{
	struct acpi_pm *a = opaque;
	u8 v;

	(void)size;
	lock_take(&a->lock);
	v = a->gpe[off];
	lock_drop(&a->lock);
	return v;
}

static void gpe_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct acpi_pm *a = opaque;

	(void)size;
	lock_take(&a->lock);
	if (off >= GPE_HALF)
		a->gpe[off] = (u8)v;
	lock_drop(&a->lock);
}

static const struct io_ops pm_ops = { .read = pm_read, .write = pm_write, .min = 1, .max = 4 };
static const struct io_ops apm_ops = { .read = apm_read, .write = apm_write, .min = 1, .max = 1 };
static const struct io_ops gpe_ops = { .read = gpe_read, .write = gpe_write, .min = 1, .max = 1 };

/* -- Configuration --------------------------------------------------------- */

u16 acpi_pm_base(const struct acpi_pm *a)
{
	return (u16)(pci_get32(&a->f, CONF_PMBASE) & 0xffc0);
}

/* PMIOSE (PMREGMISC bit 0) lets the PM block at PMBASE answer. */
static bool pm_answers(const struct acpi_pm *a, u16 base)
{
	return base && pci_get8(&a->f, CONF_PMREGMISC) & 1;
}

static bool pm_due(void *opaque)
{
	const struct acpi_pm *a = opaque;
	u16 base = acpi_pm_base(a);
	bool on = pm_answers(a, base);

	return on != a->pm_region.enabled || (on && base != a->pm_region.start);
}

static void pm_map(void *opaque)
{
	struct acpi_pm *a = opaque;
	u16 base = acpi_pm_base(a);

	bus_move(a->bus, BUS_IO, &a->pm_region, base, PM_SIZE, pm_answers(a, base));
}

void acpi_pm_reset(struct acpi_pm *a)
{
	lock_take(&a->lock);
	a->sts = a->en = a->cnt = 0;
	a->apmc = a->apms = 0;
	memset(a->storage, 0, sizeof(a->storage));
	memset(a->gpe, 0, sizeof(a->gpe));
	a->seen = half_cycles();
	update(a);
	lock_drop(&a->lock);
}

static void init_conf(struct acpi_pm *a)
{
	struct pci_func *f = &a->f;

	pci_func_init(f, 0x8086, 0x7113, 0x068000, 3);
	pci_put16(f, PCI_STATUS, 0x0280);
	f->wmask[PCI_COMMAND] = 0x01;
	f->conf[PCI_INT_PIN] = 1;
	f->conf[PCI_INT_LINE] = ACPI_SCI_IRQ;
	f->conf[CONF_PMBASE] = 1;
	f->wmask[CONF_PMBASE] = 0xc0;
	f->wmask[CONF_PMBASE + 1] = 0xff;
	for (unsigned r = 0x44; r < CONF_PMREGMISC; r++)
		f->wmask[r] = 0xff;
	f->conf[CONF_DEVACTB + 3] = 0x02;
	f->wmask[CONF_PMREGMISC] = 1;
	f->conf[CONF_SMBBA] = 1;
	f->map_due = pm_due;
	f->map = pm_map;
	f->opaque = a;
}

struct acpi_pm *acpi_pm_create(struct bus *bus, struct pci *pci, const struct irq_line *sci,
			       const struct power *power)
{
	struct acpi_pm *a = calloc(1, sizeof(*a));

	must(a);
	a->bus = bus;
	a->sci = *sci;
	a->power = *power;
	a->timer.fn = pm_timer;
	a->timer.opaque = a;
	timer_of_device(&a->timer);
	a->pm_region = (struct bus_region){ "acpi pm", 0, PM_SIZE, &pm_ops, a, 0, false, NULL };
	a->apm_region = (struct bus_region){ "apm", PORT_APM, 2, &apm_ops, a, 0, true, NULL };
	a->gpe_region = (struct bus_region){
		"acpi gpe", ACPI_GPE_PORT, ACPI_GPE_LEN, &gpe_ops, a, 0, true, NULL,
	};
	bus_add(bus, BUS_IO, &a->pm_region);
	bus_add(bus, BUS_IO, &a->apm_region);
	bus_add(bus, BUS_IO, &a->gpe_region);
	init_conf(a);
	pci_add(pci, PCI_DEVFN(1, 3), &a->f);
	acpi_pm_reset(a);
	return a;
}
