/* SPDX-License-Identifier: BSD-2-Clause */
/* What debug*.c share: breakpoints, and a record of the #DB that came. */
#ifndef GUESTIMG_TESTS_DEBUG_H
#define GUESTIMG_TESTS_DEBUG_H

#include "guestimg/tests/lib.h"

#define DATA (FREE + 0x100000)		/* the page in question; its neighbours are free */

enum { RW_EXEC = 0, RW_WRITE = 1, RW_IO = 2, RW_ALL = 3 };	/* DR7.R/Wn */
enum { B0 = 1, B1 = 2, B2 = 4, B3 = 8, BD = 1 << 13, BS = 1 << 14 };
enum { DR7_GD = 1 << 13 };

struct hit { u32 eip, dr6, eflags, ecx, cs; };	/* dr6: B0-B3, BD, BS */
struct record { u32 hits, faults; struct hit hit[64]; };
extern struct record got;

/* What the handler does besides recording; NULL: nothing. */
extern void (*on_hit)(struct trap *t);
/* Shall the handler leave RF alone after an instruction breakpoint? */
extern bool no_rf;

enum { CPUID_DE = 1 << 2, CPUID_PGE = 1 << 13, CPUID_FXSR = 1 << 24 };
bool has(u32 feature);

void set_dr7(u32 v);
u32 get_dr7(void);
u32 get_dr6(void);
/* Enable breakpoint n, locally; len: 1, 2, 4. Others stay. */
void break_at(u32 n, u32 at, u32 rw, u32 len);
void break_clear(void);
/* Forget the record, run the code. */
void go(const struct regs *r);
/* The n-th #DB. */
void want(u32 n, u32 eip, u32 dr6);
/* That many #DB came, and the code ended by INT VEC_EXIT. */
void want_count(u32 hits);

/* May long REP MOVS and STOS trap only at the end of 64 bytes? VENDOR_FAST_STRING_GROUPS. */
bool strings_in_groups(void);

void test_exec(void);
void test_data(void);
void test_strings(void);
void test_other(void);

#define LABEL(name) extern char name[];
#define LABELS(X) X(sled) X(sled_end) X(sled_in) X(count) X(count_dec) X(count_jnz) \
	X(rep_loop) X(rep_loop_at) \
	X(jumps) X(jumps_call) X(jumps_back) X(jumps_leaf) X(jumps_jcc) X(jumps_end) \
	X(store_b) X(store_b1) X(store_w) X(store_w1) X(store_l) X(store_l1) \
	X(load_b) X(load_b1) X(load_w) X(load_w1) X(load_l) X(load_l1) X(rmw) X(rmw1) \
	X(bump) X(bump1) X(xchg_m) X(xchg_m1) X(push_r) X(push_r1) X(pop_m) X(pop_m1) \
	X(enter_far) X(enter_far1) X(shl_0) X(shl_01) X(cmpxchg_m) X(cmpxchg_m1) \
	X(call_m) X(call_m1) X(pusha_r) X(pusha_r1) X(enter_r) X(enter_r1) \
	X(fst_l) X(fst_l1) X(fst_t) X(fst_t1) X(fld_t) X(fld_t1) X(sse_st) X(sse_st1) \
	X(sse_ld) X(sse_ld1) X(movs_1) X(movs_11) \
	X(rep_stos) X(rep_stos1) X(rep_movs) X(rep_movs1) \
	X(repe_cmps) X(repe_cmps1) X(repne_scas) X(repne_scas1) \
	X(rep_lods) X(rep_lods1) \
	X(out_b) X(out_b1) X(in_w) X(in_w1) X(rep_outs) X(rep_outs1) X(mov_ss) X(mov_ss1) \
	X(mov_ss2) X(read_dr) X(read_dr1) X(mixed) X(mixed_at) X(mixed_data) X(mixed1) \
	X(own) X(own_at) X(own1) X(int_pass) X(int_pass1) X(touch) X(touch1) X(touch2) \
	X(switch_there) X(switch_back) X(task_code)
LABELS(LABEL)

#endif
