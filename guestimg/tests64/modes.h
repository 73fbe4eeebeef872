/* SPDX-License-Identifier: BSD-2-Clause */
/* What modes.c and modes_tour.c run: the code of modes.code.S, and the tours' results. */
#ifndef GUESTIMG_TESTS64_MODES_H
#define GUESTIMG_TESTS64_MODES_H

#include "guestimg/tests64/lib.h"

extern char compat_basic[], compat_push[], compat_old[], compat_load[], compat_load_ss[],
	compat_load_seg[], compat_to_64[], compat_gate[], compat_kernel[], compat_arpl[],
	compat16[], compat16_end[], gate_landing[];

struct tour {
	u32 efer_compat, efer_off, efer_before, efer_after;	/* at each change of CR0.PG */
	u32 found[4];
};

/* Out of long mode, the piece, and back. */
void tour_run(struct tour *t, const void *piece);
extern char piece_legacy[], piece_pae[], piece_two[], piece_refused[], piece_real[], piece_tss16[];
extern char on_60[], on_gp[];
extern u32 tour_value, on_60_count, on_gp_count, on_gp_error;

void test_tours(void);			/* modes_tour.c */

#endif
