/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the CPU that serves as oracle may differ from AMD family 25, which Loam follows where the
 * manuals leave a choice. Not what is done about it (qemu-test/insn/vendor.h for instruction
 * cases; decode_hw.c, softfp_vendor.h, guestimg/tests for theirs). Invariant: on any other
 * vendor's CPU than Intel's no rule holds, and everything is compared as it is.
 */
#ifndef QEMU_TEST_VENDOR_H
#define QEMU_TEST_VENDOR_H

#include <cpuid.h>

enum vendor_rule {
	/* FCS and FDS are stored as 0. CPUID.(7,0):EBX[13]; SDM vol. 1, 8.1.8. */
	VENDOR_NO_FCS_FDS = 1u << 0,
	/* FDP is noted only by an instruction with an unmasked exception. CPUID.(7,0):EBX[6]. */
	VENDOR_FDP_ON_ERROR = 1u << 1,
	/* So is FOP, since the Pentium 4. SDM vol. 1, 8.1.9 (IA32_MISC_ENABLE[2]). */
	VENDOR_FOP_ON_ERROR = 1u << 2,
	/* A 32-bit PUSH or POP of a segment register is a 16-bit access. SDM vol. 2, PUSH. */
	VENDOR_SREG_16BIT = 1u << 3,
	/* BOUND compares with the lower bound before it reads the upper. SDM vol. 2, BOUND. */
	VENDOR_BOUND_LOWER_FIRST = 1u << 4,
	/*
	 * An x87 store with an unmasked exception accesses no memory, so that it cannot fault there
	 * (SDM vol. 1, 8.5: the destination is left alone; the order of the two is not defined).
	 */
	VENDOR_STORE_ERROR_FIRST = 1u << 5,
	/* Ten bytes are stored as 8 and 2, and a fault at the 2 leaves the 8. SDM vol. 3, 8.1.1. */
	VENDOR_STORE_80_SPLIT = 1u << 6,
	/* An MMX store that faults has set TOP to 0 already. SDM vol. 3, 12.2. */
	VENDOR_MMX_FAULT_TOP = 1u << 7,
	/* UD0, UD1 and reserved opcodes have ModR/M: see decode_hw.c. SDM vol. 2, UD. */
	VENDOR_UD_MODRM = 1u << 8,
	/* Numbers that x87 microcode makes: see qemu-test/fuzz/softfp_vendor.h. */
	VENDOR_X87_NUMBERS = 1u << 9,
	/* MASKMOVDQU accesses its upper eight bytes first. SDM vol. 2: implementation dependent. */
	VENDOR_MASKMOV_UPPER = 1u << 10,
	/* XBEGIN and XABORT exist: CPUID.(7,0):EBX[11]. SDM vol. 1, 16.3. */
	VENDOR_HAS_RTM = 1u << 11,
	/*
	 * REP MOVS and STOS of many elements report a data breakpoint at the end of the 64 bytes
	 * that they move at once. SDM vol. 1, 7.3.9.3 (fast strings); vol. 3, 17.3.1.2.
	 */
	VENDOR_FAST_STRING_GROUPS = 1u << 12,

	VENDOR_INTEL = (1u << 13) - 1,
};

/* By bit, for reports; those after MMX are about other tests than the instruction cases. */
#define VENDOR_NAMES { \
	"FCS and FDS are 0", "FDP only of exceptions", "FOP only of exceptions", \
	"PUSH and POP of a segment register have 16 bits", "BOUND's lower bound first", \
	"no access by an x87 store with an exception", "ten bytes stored as 8 and 2", \
	"TOP is 0 at an MMX store's fault", \
}

/* The rules that hold on this CPU: bits of enum vendor_rule. */
static inline unsigned vendor_rules(void)
{
	unsigned a, b, c, d, rules = VENDOR_INTEL;

	if (!__get_cpuid(0, &a, &b, &c, &d) || b != signature_INTEL_ebx ||
	    c != signature_INTEL_ecx || d != signature_INTEL_edx)
		return 0;
	b = 0;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
		b = 0;
	if (!(b >> 13 & 1))
		rules &= ~(unsigned)VENDOR_NO_FCS_FDS;
	if (!(b >> 11 & 1))
		rules &= ~(unsigned)VENDOR_HAS_RTM;
	if (!(b >> 6 & 1))
		rules &= ~(unsigned)VENDOR_FDP_ON_ERROR;
	return rules;
}

#endif
