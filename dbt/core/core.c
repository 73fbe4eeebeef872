/* SPDX-License-Identifier: BSD-2-Clause */
/* The way from a core to its translator: the per-core area has the CPU, which knows its owner. */
#include "dbt/core/core.h"

#include "dbt/backend/glue.h"
#include "kernel/host_cpu.h"

_Static_assert(CPU_VCPU_OFFSET + sizeof(struct vcpu) <= JUMP_CACHE_OFFSET, "per-core area");

struct dbt *dbt_this(void)
{
	return ((struct vcpu *)cpu_vcpu_area(cpu_self()))->owner;
}
