/* SPDX-License-Identifier: BSD-2-Clause */
/* What access.def says of a form of access. */
#ifndef GUESTIMG_TESTS64_ACCESS_H
#define GUESTIMG_TESTS64_ACCESS_H

#include "guestimg/tests64/lib.h"

enum { WR = 1, ST = 2, AL = 4, KE = 8, NO = 16, PI = 32, EN = 64, PI4 = 128,
	PI2 = 256, RX = 512 };
enum { RAX, RCX, RDX, RBX, RBP, RSI, RDI, RSP = 15 };	/* of struct regs */
struct access { const char *name, *code; u8 reg; signed char offset; u16 size, flags; };

#endif
