/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one core's translator: what the run loop (dbt/), the fault path and what generated
 * code calls (dbt/rt) share. Not the guest CPU itself (struct vcpu, dbt/x86/cpu.h), and nothing
 * that two cores share. Invariant: reached through the core, by dbt_this() (this.h) or vcpu.owner.
 */
#ifndef DBT_CORE_CORE_H
#define DBT_CORE_CORE_H

#include "dbt/cache/cache.h"
#include "dbt/x86/cpu.h"
#include "dbt/x86/decode.h"
#include "dbt/x86/ir1.h"
#include "mm/arena.h"
#include "mm/shadow.h"

struct bus;

/* What a CPU is to do after INIT or a SIPI (SDM vol. 3, 9.4). */
enum dbt_start {
	DBT_START_NONE,
	DBT_START_INIT,			/* begin at the reset vector */
	DBT_START_WAIT,			/* as after INIT, and wait for a SIPI */
	DBT_START_SIPI,			/* begin at the page of its vector */
};

/*
 * What the machine does for a CPU, of which `opaque` tells which it is. All are called from its run
 * loop, never from a trap.
 */
struct dbt_platform {
	void *opaque;
	struct bus *bus;
	bool (*intr_pending)(void *opaque);	/* is an interrupt waiting? cheap */
	int (*intr_ack)(void *opaque);		/* take it: vector, or -1 */
	void (*host_events)(void *opaque, u32 events);	/* enum cpu_event bits (kernel/irq.h) */
	/* all devices are reset, as the CPU asked (triple fault); no other CPU runs meanwhile */
	void (*reset)(void *opaque);
	bool (*busy)(void *opaque);		/* may a device still write the guest's memory? */
	/* after PENDING_START, until there is nothing more; *vector: the SIPI's */
	enum dbt_start (*start)(void *opaque, u8 *vector);
	void (*ferr)(void *opaque);		/* FERR#: an x87 error with CR0.NE = 0 */
	bool (*set_apic_base)(void *opaque, u64 base);	/* false: #GP */
	/* the local APIC's registers as MSRs 0x800 + n (x2APIC mode); false: #GP */
	bool (*x2apic_read)(void *opaque, u32 n, u64 *v);
	bool (*x2apic_write)(void *opaque, u32 n, u64 v);
	/* its TSC deadline: 0 if none is set; `ns`: when the guest's TSC is that, on clock_ns() */
	u64 (*get_deadline)(void *opaque);
	void (*set_deadline)(void *opaque, u64 tsc, u64 ns);
	u8 (*get_tpr)(void *opaque);		/* the local APIC's task priority */
	void (*set_tpr)(void *opaque, u8 tpr);
};

struct dbt_counters {
	u64 exits[10];			/* by reason (dbt/backend/glue.h) */
	u64 faults_filled, faults_guest, faults_mmio, faults_watched, faults_debug;
	u64 leaf_misses;		/* string leaves that met no plain memory */
	u64 interrupts, eval_steps_smc, eval_steps_debug, eval_steps_form,
		eval_steps_alone, eval_steps_segment;
	u64 ferr;
	u64 unimplemented;
	u64 refused;			/* instructions that fitted nowhere: none can */
	u64 fetch_nowhere;		/* fetches from where no memory is */
	u64 triple_faults, apic_base_refused;
	u64 jump_cache_fills;
	u64 translate_ticks;		/* clock_ticks() spent in translate() */
	u64 idle_ticks;			/* clock_ticks() that the halted CPU waited */
	u64 fp_traps, vec_helpers;	/* SSE in C: invalid operations that trapped; rows called */
};

/* A page of the guest's on which an access of this kind met no memory (dbt/rt/fault.c). */
struct device_page {
	u64 page;		/* linear, va >> 12 */
	gpa_t at;		/* its guest physical address */
	u32 generation;		/* of the mappings */
	bool write, valid;
	u8 rights;		/* enum x86_rights */
};

enum { DEVICE_PAGES = 8 };

/* One guest CPU; the struct vcpu it drives is in the per-core area. */
struct dbt {
	struct vcpu *c;
	struct shadow *shadow;
	struct dbt_platform platform;
	struct arena arena;
	u32 passes_off;			/* as in struct dbt_config */
	bool verify;
	bool ordered, relaxed;		/* as in struct ir, of what is translated from now on */
	bool mode_dirty;		/* key_flags and segment checks are to be computed again */
	struct link *link;		/* the exit that the next block may be chained to */
	bool after_sti;			/* that exit is into STI's shadow */
	bool gave_way;			/* translate() gave up what it began last */
	bool in_global[2];		/* was code of the kernel, of programs last found there? */
	u8 helper_rights;		/* enum g_rights of the helper access under way */
	bool peeks;			/* it is g_peek's */
	struct fault helper_fault;
	const struct block *step_in;	/* EXIT_STEP: it holds the instruction */
	u64 *step_count;		/* which of the counters it is counted in */
	bool step_alone;		/* while no other CPU runs */
	u32 busy_page;			/* with PENDING_BUSY_PAGE */
	u64 hurried;			/* clock_ns, when it last hurried others (find.c) */
	struct device_page device_page[DEVICE_PAGES];
	struct dbt_counters count;
	u32 mail;			/* what other cores raise (enum vcpu_pending); atomic */
	u64 stood;			/* longest at a quiet point, or without a region; ticks */
	struct decoder decoder;
	struct cache_core cache;		/* large: what is often used stands before it */
	u32 unimplemented[X86_OP_COUNT];	/* so often each instruction was met */
};

/* Does somebody want the run loop? Helpers that can stop in the middle ask (dbt/events.c). */
bool dbt_wanted(void);

#endif
