/* SPDX-License-Identifier: BSD-2-Clause */
/* From the running core to its translator: the per-core area has the CPU, which knows its owner. */
#ifndef DBT_CORE_THIS_H
#define DBT_CORE_THIS_H

#include "dbt/core/core.h"
#include "kernel/cpu.h"
#include "kernel/host_cpu.h"

static inline struct dbt *dbt_this(void)
{
	return ((struct vcpu *)cpu_vcpu_area(cpu_self()))->owner;
}

#endif
