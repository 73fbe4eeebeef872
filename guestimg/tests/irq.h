/* SPDX-License-Identifier: BSD-2-Clause */
/* Code of irq.S that irq.c runs: X and X_end bound what may be interrupted. */
#ifndef GUESTIMG_TESTS_IRQ_H
#define GUESTIMG_TESTS_IRQ_H

#include "guestimg/tests/lib.h"

#define IRQ_LOOPS(X) \
	X(jmp_self) X(jmp_reg) X(jmp_mem) X(jcc_self) X(loop_self) X(dec_jnz) X(calls) X(forward) \
	X(two_pages) X(ret_ring) X(ret3_ring) X(call_self) X(call_reg) X(far_jmp) X(int_loop) \
	X(iret_loop) X(fsts) X(fsin_jmp) X(mul_loop) X(hlt_loop) X(xlat_loop) X(in_loop)

#define IRQ_CODE(X) \
	IRQ_LOOPS(X) X(add_flags) X(sub_flags) X(inc_flags) X(triple) \
	X(rep_stosl) X(rep_stosb_down) X(rep_movsb) X(rep_lodsb) X(rep_scasb) X(rep_cmpsb) \
	X(sti_inc) X(sti_hlt) X(sti_cli) X(sti_sti) X(popf_inc) X(iret_inc) X(sti_nop_cli) \
	X(popf_cli) X(mov_ss) X(pop_ss) X(mov_ss_tf) X(sum) X(spin)

#define X(name) extern char name[], name##_end[];
IRQ_CODE(X)
#undef X

void test_rings(enum timer t);		/* irq_ring.c */
void test_gates(void);		/* irq_gates.c */

extern char sti_cli_in[], sti_nop_cli_in[], popf_cli_in[], mov_ss_in[],
	pop_ss_in[], triple_1[], triple_2[],
	triple_3[], calls_leaf[];

#endif
