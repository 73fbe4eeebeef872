/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LoongArch's causes, as kernel/trap.c wants them: kinds and names; and the end
 * after a machine error. Invariant: the frame is laid out as vectors.S fills it.
 */
#include "kernel/trap_host.h"

#include "kernel/arch/loongarch64/cpu.h"
#include "kernel/arch/loongarch64/csr.h"
#include "kernel/panic.h"

_Static_assert(offsetof(struct trap_frame, pc) == TF_PC, "frame layout");
_Static_assert(offsetof(struct trap_frame, badv) == TF_BADV, "frame layout");
_Static_assert(offsetof(struct trap_frame, cause) == TF_CAUSE, "frame layout");
_Static_assert(offsetof(struct trap_frame, status) == TF_STATUS, "frame layout");
_Static_assert(offsetof(struct trap_frame, insn) == TF_INSN, "frame layout");
_Static_assert(sizeof(struct trap_frame) <= TF_SIZE, "frame layout");

/* Exception codes of ESTAT.Ecode (7.4.6, table 21). */
const struct trap_cause arch_trap_causes[TRAP_CODES] = {
	[0x01] = { "PIL load page invalid", TRAP_LOAD_INVALID },
	[0x02] = { "PIS store page invalid", TRAP_STORE_INVALID },
	[0x03] = { "PIF fetch page invalid", TRAP_FETCH_INVALID },
	[0x04] = { "PME page modification", TRAP_STORE_READONLY },
	[0x05] = { "PNR page not readable", TRAP_NO_RIGHTS },
	[0x06] = { "PNX page not executable", TRAP_NO_RIGHTS },
	[0x07] = { "PPI page privilege", TRAP_NO_RIGHTS },
	[0x08] = { "ADE address error", TRAP_ADDRESS },
	[0x09] = { "ALE alignment", TRAP_ALIGN },
	[0x0b] = { "SYS syscall", TRAP_SYSCALL },
	[0x0c] = { "BRK break", TRAP_BREAK },
	[0x0d] = { "INE instruction not defined", TRAP_ILLEGAL },
	[0x0e] = { "IPE instruction privilege", TRAP_ILLEGAL },
	[0x0f] = { "FPD FP disabled", TRAP_ILLEGAL },
	[0x10] = { "SXD LSX disabled", TRAP_ILLEGAL },
	[0x11] = { "ASXD LASX disabled", TRAP_ILLEGAL },
	[0x12] = { "FPE floating point", TRAP_FP },
};

const char arch_register_names[32][4] = {
	"0", "ra", "tp", "sp", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2",
	"t3", "t4", "t5", "t6", "t7", "t8", "r21", "fp", "s0", "s1", "s2", "s3", "s4", "s5", "s6",
	"s7", "s8",
};

/* Called by vectors.S: a machine error can happen anywhere, and nothing can be resumed. */
_Noreturn void machine_error(void);
_Noreturn void machine_error(void)
{
	panic("machine error: merrctl %#lx info %#lx %#lx era %#lx", csr_read(CSR_MERRCTL),
	      csr_read(CSR_MERRINFO1), csr_read(CSR_MERRINFO2), csr_read(CSR_MERRERA));
}
