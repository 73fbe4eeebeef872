/* SPDX-License-Identifier: BSD-2-Clause */
/* The x87's state between translated code, its helpers and its images (dbt/rt/x87state.c). */
#ifndef DBT_RT_X87STATE_H
#define DBT_RT_X87STATE_H

#include "dbt/x86/cpu.h"

/* What leaves have noted of instruction and operand goes to x87's own fields. */
void x87_settle(struct vcpu *c);

#endif
