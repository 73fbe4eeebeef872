/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory by linear address, as helpers use it: descriptors, TSS,
 * interrupt frames, FXSAVE. Not for devices (mm/gpa.h). In Loam these are
 * direct accesses with an exception table, in the view of the asked privilege;
 * natively qemu-test/unit/fake_guestmem.c. The rule of all callers: probe
 * everything, then commit, so that a fault leaves no partial change.
 *
 * `linear` is any address of the mode (vcpu_linear), aligned or not; ranges wrap as those do.
 * A fault is always #PF with CR2 and error code filled in, or #GP(0) for an address that is not
 * canonical, and nothing was accessed.
 */
#ifndef DBT_SYS_GUESTMEM_H
#define DBT_SYS_GUESTMEM_H

#include "dbt/x86/cpu.h"

/* With whose rights (SDM vol. 3, 4.6). */
enum g_rights {
	G_USER,		/* explicit accesses with CPL 3 */
	G_SUPER,	/* with CPL < 3: under CR4.SMAP EFLAGS.AC counts, as c->eflags has it */
	G_SYSTEM,	/* implicit ones, of system structures, at any CPL: AC does not count */
};

/* What the code that runs has. */
static inline enum g_rights g_own(const struct vcpu *c) { return c->cpl == 3 ? G_USER : G_SUPER; }

/* Load or store 1, 2, 4 or 8 bytes, zero-extended into *out. */
struct fault g_ld(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 *out);
struct fault g_st(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 value);

/*
 * The same with the rights of the code that runs, without any effect that the guest could see: only
 * what it could load itself without a fault of the host. False: it cannot be told.
 */
bool g_peek(struct vcpu *c, gva_t linear, unsigned size, u64 *out);

/* Would an access to every byte of [linear, linear+size) succeed? size 1 … 4096; 0 succeeds. */
struct fault g_probe(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write);
/* The same with the rights of the code that runs, but quick; false says nothing. */
bool g_allowed(const struct vcpu *c, gva_t linear, u32 size, bool write);

/*
 * The same, size at least 1. *ram: it is all RAM on one page, from *at on in guest physical memory;
 * then the two below move the bytes as a device would, within that page.
 */
struct fault g_find(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write,
		    bool *ram, gpa_t *at);
void g_ram_read(gpa_t at, void *buf, u32 size);
void g_ram_write(gpa_t at, const void *buf, u32 size);

/*
 * Accesses only to try: from begin to end all are made with these rights; a value that faulted
 * means nothing; end says whether all went well. What faulted is done again by the functions above,
 * which say how. Between begin and end nothing else of this file. G_SUPER is tried as G_SYSTEM.
 */
void g_try_begin(struct vcpu *c, enum g_rights rights);
u64 g_try_ld8(gva_t linear);
u32 g_try_ld4(gva_t linear);
void g_try_st4(gva_t linear, u32 v);
/* The same in long mode. */
u64 g_try_ld8_wide(gva_t linear);
void g_try_st8_wide(gva_t linear, u64 v);
bool g_try_end(const struct vcpu *c);

/*
 * In long mode, between begin and end, without any: have these places still these values? And five
 * words from `linear` on, canonical and all on one page: loaded; stored if the answer is true.
 */
bool g_try_same(const struct seen_word w[3]);
bool g_try_ld_frame(gva_t linear, u64 v[5]);
bool g_try_st_frame(gva_t linear, u64 v0, u64 v1, u64 v2, u64 v3, u64 v4);

/* In any mode, between begin and end: a multiple of 32 bytes, all on one page. */
void g_try_ld_bytes(const struct vcpu *c, gva_t linear, void *out, u32 size);
void g_try_st_bytes(const struct vcpu *c, gva_t linear, const void *in, u32 size);

/*
 * Atomically: *linear = (*linear & ~clear) | set, one byte, G_SYSTEM; the old
 * value to *old if that is not NULL. For accessed and busy bits of descriptors.
 */
struct fault g_rmw8(struct vcpu *c, gva_t linear, u8 clear, u8 set, u8 *old);

#endif
