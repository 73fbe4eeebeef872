/* SPDX-License-Identifier: BSD-2-Clause */
/* The running core's part of the cache, for dbt/cache; others have it in the core's struct dbt. */
#ifndef DBT_CACHE_THIS_H
#define DBT_CACHE_THIS_H

#include "dbt/cache/cache.h"
#include "kernel/host_cpu.h"

static inline struct cache_core *cache_this(void) { return cpu_self()->cache; }

#endif
