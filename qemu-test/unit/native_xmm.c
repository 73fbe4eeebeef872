/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dbt/backend/host_fp.h for native programs: the registers, and all flags, are in struct vcpu.
 */
#include "dbt/backend/host_fp.h"

void host_xmm_save(union xmm xmm[HOST_XMMS]) { (void)xmm; }
void host_xmm_load(const union xmm xmm[HOST_XMMS]) { (void)xmm; }
void host_xmm_place(const u32 *map) { (void)map; }
u32 host_fp_take_flags(void) { return 0; }
void host_fp_set_rounding(unsigned rc) { (void)rc; }

bool host_fp_decode(const struct trap_frame *f, struct host_fp_op *op)
{
	(void)f, (void)op;
	return false;
}

void host_fp_operand(unsigned reg, union xmm *v) { (void)reg, (void)v; }
void host_fp_result(const struct host_fp_op *op, const union xmm *v) { (void)op, (void)v; }
