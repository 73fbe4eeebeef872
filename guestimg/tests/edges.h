/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops of edges.S, each with an edge between two pieces of code: flags are set before it and
 * overwritten behind it. ROW(name, what its head does)
 */
#ifndef GUESTIMG_TESTS_EDGES_H
#define GUESTIMG_TESTS_EDGES_H

enum edge_does { NOTHING, FAULTS, NMI };

#define EDGES(X) \
	X(back_cmp, FAULTS) X(back_cmp_imm, FAULTS) X(back_cmp_far_imm, FAULTS) \
	X(back_sub, FAULTS) X(back_add, FAULTS) X(back_test, FAULTS) X(back_and8, FAULTS) \
	X(back_cmp16, FAULTS) X(back_dec, FAULTS) X(back_inc, FAULTS) \
	X(back_dec_alone, FAULTS) X(back_store, FAULTS) X(back_changed, FAULTS) \
	X(back_changed_jcc, FAULTS) X(back_changed_first, FAULTS) X(back_icr, NMI) \
	X(back_shift, FAULTS) X(back_mem, FAULTS) X(back_mem_first, FAULTS) \
	X(back_mem_bit, FAULTS) X(back_none, NOTHING) X(back_bsf, FAULTS) X(back_jcc, FAULTS) \
	X(back_jcc_store, FAULTS) X(back_reads, FAULTS) X(back_pop, FAULTS) X(on_cmp, FAULTS) \
	X(on_dec, FAULTS) X(on_mem, FAULTS) X(on_store, FAULTS) X(on_none, NOTHING) \
	X(on_call, FAULTS) X(on_icr, NMI) X(on_page, FAULTS) X(on_page_store, FAULTS)

/*
 * X the head, X_set what overwrites the flags, X_pre where a round begins, X_one what sets them,
 * X_jump the edge; X_f1, X_f2 code that tells in EAX what each leaves.
 */
#define X(name, does) \
	extern char name[], name##_set[], name##_pre[], name##_one[], name##_jump[], \
		name##_f1[], name##_f2[];
EDGES(X)
#undef X

#endif
