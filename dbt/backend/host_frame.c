/* SPDX-License-Identifier: BSD-2-Clause */
/* See host_frame.h. A register of translated code is where the host's regs.h says. */
#include "dbt/backend/host_frame.h"

#include "dbt/backend/glue.h"
#include "dbt/backend/host.h"
#include "dbt/x86/cc.h"

struct host_flags host_frame_flags(const struct trap_frame *f)
{
	return (struct host_flags){ (u32)f->gpr[R_CCOP], f->gpr[R_CCA], f->gpr[R_CCB] };
}

_Static_assert(R_GPR(7) == R_GPR(0) + 7 && R_GPR(15) == R_GPR(8) + 7, "host_frame_save_gprs");

u64 host_frame_reg(const struct trap_frame *f, unsigned n) { return f->gpr[n]; }

u64 host_frame_page(const struct trap_frame *f) { return f->gpr[R_PAGE]; }

void host_frame_set_reg(struct trap_frame *f, unsigned n, u64 v)
{
	if (n != R_ZERO)
		f->gpr[n] = v;
}

void host_frame_save_gprs(const struct trap_frame *f, struct vcpu *c, bool wide)
{
	if (wide) {
		__builtin_memcpy(&c->gpr[0], &f->gpr[R_GPR(0)], 64);
		__builtin_memcpy(&c->gpr[8], &f->gpr[R_GPR(8)], 64);
		return;
	}
#pragma GCC unroll 8
	for (unsigned g = 0; g < 8; g++)
		__builtin_memcpy(&c->gpr[g], &f->gpr[R_GPR(g)], 4);
}

void host_frame_skip(struct trap_frame *f) { f->pc += HOST_INSN_SIZE; }

void host_frame_leave(struct trap_frame *f, u32 why, bool lma)
{
	void (*fault)(void) = lma ? glue_fault_long : glue_fault;
	void (*door)(void) = why == EXIT_FAULT ? fault : glue_leave_written;

	f->gpr[R_ARG(0)] = why;
	f->pc = (u64)(uintptr_t)door;
}

void host_frame_fault(struct trap_frame *f, u64 eip, u32 flags, bool wide)
{
	f->gpr[R_ARG(0)] = wide ? eip : (u64)(s64)(s32)eip;
	f->gpr[R_CCOP] = CC_OP(CC_EFLAGS, 2);
	f->gpr[R_CCA] = flags;
	f->gpr[R_CCB] = 0;
	f->pc = (u64)(uintptr_t)(wide ? glue64_fault : glue_fault_pinned);
}

void host_frame_add(struct trap_frame *f, unsigned g, s64 k, bool wide)
{
	u64 sum = f->gpr[R_GPR(g)] + (u64)k;

	f->gpr[R_GPR(g)] = wide ? sum : (u64)(s64)(s32)sum;
}
