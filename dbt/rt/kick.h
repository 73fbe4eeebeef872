/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is to leave translated code for the run loop gets the kick register set. Backward direct
 * exits test it. Exits that look in the jump cache do not: R_CTX is changed, too, to one that has
 * nothing; their way on when nothing is found tests it.
 *
 * Law: where R_CTX holds the context's jump cache (translated code, doors, leaves: section
 * .text.glue) a trap may change it; C has other things there, and code that loads it anew behind C
 * looks at the kick register after that.
 */
#ifndef DBT_RT_KICK_H
#define DBT_RT_KICK_H

#include "kernel/trap.h"

extern const char glue_text_start[], glue_text_end[];	/* linker.ld */

/* Kick what the trap returns to. */
void kick_frame(struct trap_frame *f);

#endif
