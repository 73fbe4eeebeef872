/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 64-bit program: what differs from width32.h. Given to each file by compat.mk (-include).
 * Invariant: both define the same names.
 */
#ifndef GUESTIMG_COMPAT_WIDTH64_H
#define GUESTIMG_COMPAT_WIDTH64_H

#define PROGRAM "compat64"
#define CTX_PC REG_RIP
#define CTX_SP REG_RSP
#define USER_PC rip

#endif
