/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory by linear address, as helpers use it: descriptors, TSS,
 * interrupt frames, FXSAVE. Not for devices (mm/gpa.h). In Loam these are
 * direct accesses with an exception table, in the view of the asked privilege;
 * natively qemu-test/unit/fake_guestmem.c. The rule of all callers: probe
 * everything, then commit, so that a fault leaves no partial change.
 *
 * `linear` is any address of the mode (vcpu_linear), aligned or not; ranges wrap as those do.
 * `super` chooses supervisor rights (implicit accesses to system structures at any
 * CPL, SDM vol. 3, 4.6) instead of user rights. A fault is always #PF with CR2 and
 * error code filled in, and nothing was accessed.
 */
#ifndef DBT_SYS_GUESTMEM_H
#define DBT_SYS_GUESTMEM_H

#include "dbt/x86/cpu.h"

/* Load or store 1, 2, 4 or 8 bytes, zero-extended into *out. */
struct fault g_ld(struct vcpu *c, gva_t linear, unsigned size, bool super, u64 *out);
struct fault g_st(struct vcpu *c, gva_t linear, unsigned size, bool super, u64 value);

/* Would an access to every byte of [linear, linear+size) succeed? size 1 … 4096; 0 succeeds. */
struct fault g_probe(struct vcpu *c, gva_t linear, u32 size, bool super, bool write);

/*
 * The same for descriptors and frames, and only to try: false if an access faults, or if words are
 * not all on one page; the caller then does it again by the functions above. What was stored by
 * then stays stored. Words have 4 bytes; push: v[0] at top - 4, v[1] below it.
 */
bool g_try_ld8(struct vcpu *c, gva_t linear, bool super, u64 *out);
bool g_try_words(struct vcpu *c, gva_t linear, unsigned n, bool super, u32 *out);
bool g_try_push(struct vcpu *c, gva_t top, unsigned n, bool super, const u32 *v);

/*
 * Atomically: *linear = (*linear & ~clear) | set, one byte, supervisor rights; the old
 * value to *old if that is not NULL. For accessed and busy bits of descriptors.
 */
struct fault g_rmw8(struct vcpu *c, gva_t linear, u8 clear, u8 set, u8 *old);

#endif
