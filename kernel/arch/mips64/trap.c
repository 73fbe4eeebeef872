/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MIPS's causes, as kernel/trap.c wants them: kinds and names; and the end
 * after a cache error. Invariant: the frame is laid out as vectors.S fills it.
 */
#include "kernel/trap_host.h"

#include "kernel/arch/mips64/cp0.h"
#include "kernel/arch/mips64/cpu.h"
#include "kernel/panic.h"

_Static_assert(offsetof(struct trap_frame, pc) == TF_PC, "frame layout");
_Static_assert(offsetof(struct trap_frame, badv) == TF_BADV, "frame layout");
_Static_assert(offsetof(struct trap_frame, cause) == TF_CAUSE, "frame layout");
_Static_assert(offsetof(struct trap_frame, status) == TF_STATUS, "frame layout");
_Static_assert(offsetof(struct trap_frame, insn) == TF_INSN, "frame layout");
_Static_assert(offsetof(struct trap_frame, pad) + sizeof(u32) <= TF_HI, "frame layout");

/* Cause.ExcCode (chapter 9.26). */
const struct trap_cause arch_trap_causes[TRAP_CODES] = {
	[1] = { "Mod TLB modification", TRAP_STORE_READONLY },
	[2] = { "TLBL page invalid, load or fetch", TRAP_LOAD_INVALID },
	[3] = { "TLBS page invalid, store", TRAP_STORE_INVALID },
	[4] = { "AdEL address error, load or fetch", TRAP_ADDRESS },
	[5] = { "AdES address error, store", TRAP_ADDRESS },
	[6] = { "IBE bus error, fetch", TRAP_OTHER },
	[7] = { "DBE bus error, data", TRAP_OTHER },
	[8] = { "Sys syscall", TRAP_SYSCALL },
	[9] = { "Bp break", TRAP_BREAK },
	[10] = { "RI reserved instruction", TRAP_ILLEGAL },
	[11] = { "CpU coprocessor unusable", TRAP_ILLEGAL },
	[12] = { "Ov overflow", TRAP_OTHER },
	[13] = { "Tr trap", TRAP_OTHER },
	[14] = { "MSAFPE vector floating point", TRAP_FP },
	[15] = { "FPE floating point", TRAP_FP },
	[16] = { "GSExc Loongson's own", TRAP_ILLEGAL },
	[19] = { "TLBRI read inhibit", TRAP_NO_RIGHTS },
	[20] = { "TLBXI execute inhibit", TRAP_NO_RIGHTS },
	[21] = { "MSADis vectors disabled", TRAP_ILLEGAL },
	[23] = { "WATCH", TRAP_OTHER },
	[24] = { "MCheck machine check", TRAP_OTHER },
};

const char arch_register_names[32][4] = {
	"0", "at", "v0", "v1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2",
	"t3", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp",
	"fp", "ra",
};

/* Called by vectors.S: a cache error can happen anywhere, and nothing can be resumed. */
_Noreturn void machine_error(void);
_Noreturn void machine_error(void)
{
	panic("machine error: cacheerr %#lx errorepc %#lx", cp0_read(CP0_CACHEERR),
	      cp0_read(CP0_ERROREPC));
}
