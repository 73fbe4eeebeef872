/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 32-bit program: what differs from width64.h. Given to each file by compat.mk (-include).
 * Invariant: both define the same names.
 */
#ifndef GUESTIMG_COMPAT_WIDTH32_H
#define GUESTIMG_COMPAT_WIDTH32_H

#define PROGRAM "compat32"
#define CTX_PC REG_EIP
#define CTX_SP REG_ESP
#define USER_PC eip

#endif
