/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For a host that is being written: a weak function for each primitive of prims.def, which fails
 * by its name. The host's own takes its place. A host that has all does not link this file.
 */
#include "dbt/backend/prims.h"
#include "kernel/panic.h"

/* They use no argument. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define PRIM(type, name, args) \
	__attribute__((weak)) type name args \
	{ panic("backend: this host has no " #name " yet"); }
#define DOOR(name) PRIM(void, name, (void))
#include "dbt/backend/prims.def"
