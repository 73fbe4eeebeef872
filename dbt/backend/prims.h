/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types of the host's primitives: NAME_fn is the type of function NAME of prims.def, doors are
 * declared. Not the choice of a host (host.h): a host's own files include this one.
 */
#ifndef DBT_BACKEND_PRIMS_H
#define DBT_BACKEND_PRIMS_H

#include "dbt/backend/emit.h"
#include "dbt/backend/host_access.h"
#include "dbt/backend/host_fp.h"

#define PRIM(type, name, args) typedef type name##_fn args;
#define DOOR(name) void name(void);
#include "dbt/backend/prims.def"
#undef PRIM
#undef DOOR

#endif
