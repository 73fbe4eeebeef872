/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/paging.h for natively built unit tests: a model of LoongArch's TLB as facts say it
 * behaves (even/odd pairs tagged with ASID and all virtual address bits, V = 0 leaves cached,
 * nothing dropped by itself), one for each thread. Not a performance model. It never forgets an
 * entry unless told to, so that a missing invalidation shows.
 */
#ifndef UNIT_FAKE_PAGING_H
#define UNIT_FAKE_PAGING_H

#include "kernel/paging.h"

enum fake_result { FAKE_OK, FAKE_INVALID, FAKE_READONLY };

void fake_paging_reset(void);

/*
 * An access to host virtual address `va` (in the narrow form bits 63:32 are all equal to bit 31 or
 * all its complement: the two forms of design 1.1; in the wide form it is canonical) under the
 * current root and ASID, refilling from the tables.
 * *out is the host physical address if FAKE_OK.
 */
enum fake_result fake_access(u64 va, bool write, hpa_t *out);

/* Entries of `asid` that allow more than the tables at `root` do: must be 0 at rest. */
unsigned fake_disagreements(unsigned asid, enum paging_form form, hpa_t root);

/* Evict pseudo-random entries, as a small TLB would: about one in `n`. */
void fake_evict(unsigned n, u32 random);

/* What happened so far. */
extern __thread struct fake_counts {
	u64 refills, activations, forms, drop_page, drop_asid, drop_all, upgrades;
} fake_counts;
extern __thread unsigned fake_asid;
extern __thread hpa_t fake_root;
extern __thread enum paging_form fake_form;

#endif
