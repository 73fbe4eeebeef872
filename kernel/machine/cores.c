/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board's other cores: memory for those that boot_info names, their start, what is told of
 * them, and what they do for the guest's start. No policy of what they do then.
 */
#include "kernel/machine/cores.h"

#include "boot/demand.h"
#include "kernel/cores.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/clear.h"
#include "kernel/machine/console.h"
#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "kernel/work.h"
#include "mm/page.h"

#define CORE_MEMORY (CPU_AREA_SIZE + CPU_STACK_SIZE)
#define START_LIMIT_NS 5000000000ull

_Static_assert(BOOT_CORES_MAX == CORES_MAX, "boot/boot_info.h names as many as can run");
_Static_assert(CORE_MEMORY == DEMAND_CORE, "boot/demand.h");

/* For good: one that does not come in time may still come. */
static void *core_memory(void)
{
	hpa_t at = page_alloc_run(CORE_MEMORY / PAGE_SIZE, PAGE_SIZE, PAGE_ANYWHERE);

	if (!at.a)
		panic("not enough memory for another core (%u KiB)", CORE_MEMORY / 1024);
	host_clear(phys_to_ptr(at), CORE_MEMORY);
	return phys_to_ptr(at);
}

void machine_cores(const struct boot_info *info)
{
	struct core_start s[BOOT_CORES_MAX];
	unsigned n = 0;

	for (unsigned k = 0; k < info->core_count; k++)
		if (info->core[k] != this_cpu()->hw_id && n < CORES_MAX - 1)
			s[n++] = (struct core_start){ info->core[k], core_memory(), false };
	cores_start(s, n, START_LIMIT_NS);
	if (cores_count() > 1)
		console_share();
	for (unsigned k = 0; k < n; k++)
		if (!s[k].runs)
			printk("Loam: core %u did not start within %u s: the others go on\n",
			       s[k].hw_id, (unsigned)(START_LIMIT_NS / 1000000000));
	if (n)
		printk("Loam: %u of %u cores run\n", cores_count(), n + 1);
}

/* -- The guest's RAM is cleared by all -- */

struct part {
	struct work w;
	char *at;
	u64 size;
};

static void clear(void *opaque)
{
	const struct part *p = opaque;

	if (p->size)
		host_clear(p->at, p->size);
}

void machine_clear(void *p, u64 size)
{
	struct part part[CORES_MAX];
	unsigned n = cores_count();
	u64 share = align_down(size / n, CLEAR_UNIT), at = 0;

	for (unsigned k = 1; k < n; k++, at += share) {
		part[k] = (struct part){ { .fn = clear, .opaque = &part[k] }, (char *)p + at,
					 share };
		work_post(k, &part[k].w);
	}
	host_clear((char *)p + at, size - at);
	for (unsigned k = 1; k < n; k++)
		work_wait(&part[k].w);
}
