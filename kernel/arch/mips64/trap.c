/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MIPS's causes, as kernel/trap.c wants them: which are interrupts, kinds, names; and the end
 * after a cache error. Invariant: the frame is laid out as vectors.S fills it.
 *
 * A TLB exception is one code for loads and fetches (TLBL, XI apart): it is a fetch where the bad
 * address is the PC. Address errors and reserved instructions likewise.
 */
#include "kernel/trap_host.h"

#include "kernel/arch/mips64/cp0.h"
#include "kernel/arch/mips64/cpu.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

_Static_assert(offsetof(struct trap_frame, pc) == TF_PC, "frame layout");
_Static_assert(offsetof(struct trap_frame, badv) == TF_BADV, "frame layout");
_Static_assert(offsetof(struct trap_frame, cause) == TF_CAUSE, "frame layout");
_Static_assert(offsetof(struct trap_frame, status) == TF_STATUS, "frame layout");
_Static_assert(offsetof(struct trap_frame, insn) == TF_INSN, "frame layout");
_Static_assert(offsetof(struct trap_frame, pad) + sizeof(u32) <= TF_HI, "frame layout");

enum { CODE_INT = 0, CODE_TLBL = 2 };

/* Cause.ExcCode (chapter 9.26). */
static const struct {
	const char *name;
	enum trap_kind kind;
} causes[32] = {
	[1] = { "Mod TLB modification", TRAP_STORE_READONLY },
	[CODE_TLBL] = { "TLBL page invalid, load or fetch", TRAP_LOAD_INVALID },
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

static unsigned cause_code(const struct trap_frame *f) { return bits(f->cause, 6, 2); }

bool arch_trap_is_irq(const struct trap_frame *f) { return cause_code(f) == CODE_INT; }

const char *arch_trap_name(const struct trap_frame *f)
{
	const char *name = causes[cause_code(f)].name;

	return name ? name : "unknown";
}

enum trap_kind arch_trap_kind(const struct trap_frame *f)
{
	unsigned code = cause_code(f);

	if (code == CODE_TLBL && f->badv == f->pc)
		return TRAP_FETCH_INVALID;
	return causes[code].name ? causes[code].kind : TRAP_OTHER;
}

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
