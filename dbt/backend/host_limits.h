/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's limits.h, for neutral code: HOST_INSN_SIZE, HOST_DISP_BITS, HOST_VDISP_BITS,
 * HOST_BASE_WORDS, HOST_JUMP_REACH, HOST_JUMP_WORDS, HOST_ENTRY_WORDS, HOST_CLOSED,
 * HOST_PROBES_FIRST, HOST_MANY_CPUS. Not its registers and primitives (host.h, which chooses the
 * same host).
 */
#ifndef DBT_BACKEND_HOST_LIMITS_H
#define DBT_BACKEND_HOST_LIMITS_H

#if defined(__mips64) || defined(BACKEND_MIPS64)
#include "dbt/backend/mips64/limits.h"
#else
#include "dbt/backend/loongarch64/limits.h"
#endif

/* What the lifter relies on: a displacement of an IR access is within 12 bits, signed. */
_Static_assert(HOST_DISP_BITS >= 12, "displacements");

#endif
