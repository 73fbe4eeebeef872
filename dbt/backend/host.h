/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's half of the back end, for the neutral files: its registers (regs.h), limits
 * (limits.h) and primitives (prims.def, which has their contracts). Not for hosts' own files,
 * which include theirs. Natively built tests have LoongArch64's; BACKEND_MIPS64 asks for the other.
 */
#ifndef DBT_BACKEND_HOST_H
#define DBT_BACKEND_HOST_H

#if defined(__mips64) || defined(BACKEND_MIPS64)
#include "dbt/backend/mips64/prims.h"
#else
#include "dbt/backend/loongarch64/prims.h"
#endif

/* Each primitive is there, with the type that its contract says. */
#define PRIM(type, name, args) \
	_Static_assert(__builtin_types_compatible_p(__typeof__(name), name##_fn), #name);
#define DOOR(name)
#include "dbt/backend/prims.def"
#undef PRIM
#undef DOOR

#endif
