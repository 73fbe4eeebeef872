/* SPDX-License-Identifier: BSD-2-Clause */
/* See host_frame.h. Also checks that glue.S and C agree on the layout of the state. */
#include "dbt/backend/host_frame.h"

#include "dbt/backend/loongarch64/glue.h"
#include "dbt/backend/loongarch64/regs.h"
#include "dbt/x86/cc.h"
#include "kernel/cpu.h"

#include <stddef.h>

#define CHECK(offset, field) \
	_Static_assert((offset) == CPU_VCPU_OFFSET + offsetof(struct vcpu, field), "glue.h")
CHECK(ST_GPR(0), gpr);
CHECK(ST_CCOP, cc_op);
CHECK(ST_CCA, cc_a);
CHECK(ST_CCB, cc_b);
CHECK(ST_EIP, eip);
CHECK(ST_NEXT_EIP, next_eip);
CHECK(ST_CTX, ctx);
CHECK(ST_EXIT_ARG, exit_arg);
CHECK(ST_HELP7, help[7]);
_Static_assert(CC_KIND_ADD == CC_ADD && CC_KIND_SUB == CC_SUB && CC_KIND_CMP == CC_CMP &&
	       CC_KIND_LOGIC == CC_LOGIC && CC_KIND_INC == CC_INC && CC_DEC == CC_INC + 1 &&
	       CC_KIND_MUL == CC_MUL && CC_KIND_SHL == CC_SHL && CC_KIND_SHR == CC_SHR &&
	       CC_KIND_SAR == CC_SAR, "glue.h");

struct host_flags host_frame_flags(const struct trap_frame *f)
{
	return (struct host_flags){ (u32)f->gpr[R_CCOP], f->gpr[R_CCA], f->gpr[R_CCB] };
}

u64 host_frame_reg(const struct trap_frame *f, unsigned n) { return f->gpr[n]; }

void host_frame_save_gprs(const struct trap_frame *f, struct vcpu *c)
{
	for (unsigned g = 0; g < 8; g++)
		c->gpr[g] = f->gpr[R_GPR(g)];
}

void host_frame_skip(struct trap_frame *f) { f->pc += 4; }

void host_frame_leave(struct trap_frame *f, u32 why)
{
	f->gpr[R_T0] = why;			/* a0: the function's result */
	f->pc = (u64)(uintptr_t)&glue_leave_written;
}

void host_frame_kick(struct trap_frame *f) { f->gpr[R_KICK] = 1; }
