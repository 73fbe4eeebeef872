/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real x87 of the build machine as an oracle: runs any one x87 instruction
 * between FRSTOR and FNSAVE. Not part of Loam's image; x86-64 Linux only.
 * Invariant: no waiting instruction ever meets a pending unmasked exception,
 * so there is no SIGFPE: the caller hands in states with ES = 0, and FNSAVE
 * masks everything before the host's own code goes on.
 */
#ifndef QEMU_TEST_FUZZ_SOFTFP_ORACLE_H
#define QEMU_TEST_FUZZ_SOFTFP_ORACLE_H

#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/lib/types.h"

/* The 108-byte FSAVE image, 32-bit protected mode format (SDM vol. 1, 8.1.10). */
struct oracle_image {
	u32 cw, sw, tw, fip, fcs_fop, fdp, fds;
	u8 st[8][10];			/* ST(0) first */
} __attribute__((packed));

struct oracle_regs {
	u64 flags, ax;			/* EFLAGS and AX: in, and out */
};

typedef void (*oracle_fn)(const struct oracle_image *in, struct oracle_image *out, void *mem,
			  struct oracle_regs *regs);

/*
 * A stub for one instruction of up to 8 bytes. For a memory form the ModRM byte has mod = 0
 * and rm = 2: the operand is at [rdx].
 */
static oracle_fn oracle_make(const u8 *insn, unsigned length)
{
	static u8 *page;
	static unsigned used, size = 1u << 20;
	static const u8 head[] = {
		0x31, 0xc0,			/* xor eax, eax */
		0xff, 0x31, 0x9d,		/* push [rcx]; popfq */
		0x48, 0x8b, 0x41, 0x08,		/* mov rax, [rcx+8] */
		0xdd, 0x27,			/* frstor [rdi] */
	};
	static const u8 tail[] = {
		0x9c, 0x8f, 0x01,		/* pushfq; pop [rcx] */
		0xdd, 0x36,			/* fnsave [rsi] */
		0x48, 0x89, 0x41, 0x08,		/* mov [rcx+8], rax */
		0xc3,
	};
	if (!page) {
		page = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			abort();
	}
	if (used + 64 > size)
		abort();
	u8 *p = page + used;
	used += 64;
	memcpy(p, head, sizeof(head));
	memcpy(p + sizeof(head), insn, length);
	memcpy(p + sizeof(head) + length, tail, sizeof(tail));
	oracle_fn fn;
	memcpy(&fn, &p, sizeof(fn));
	return fn;
}

/* The same from a cache, for two-byte instructions D8..DF. */
static inline oracle_fn oracle_get(u8 op0, u8 op1)
{
	const u8 insn[] = { op0, op1 };
	static oracle_fn cache[8][256];
	oracle_fn *slot = &cache[op0 & 7][op1];
	if (!*slot)
		*slot = oracle_make(insn, 2);
	return *slot;
}

/*
 * Name the CPU that the expectations come from. Where the manuals leave a result undefined
 * our code follows AMD family 25; differences seen on another CPU may be that CPU's.
 */
static void oracle_print_cpu(void)
{
	unsigned a, b, c, d, family;
	char vendor[13] = "";
	if (!__get_cpuid(0, &a, &b, &c, &d))
		return;
	memcpy(vendor, &b, 4);
	memcpy(vendor + 4, &d, 4);
	memcpy(vendor + 8, &c, 4);
	__get_cpuid(1, &a, &b, &c, &d);
	family = (a >> 8 & 15) + ((a >> 8 & 15) == 15 ? a >> 20 & 255 : 0);
	printf("oracle: %s family %u model %u\n", vendor, family, (a >> 4 & 15) | (a >> 12 & 240));
}

/* xorshift64*; deterministic test data. */
static u64 oracle_seed = 0x9e3779b97f4a7c15ull;

static inline u64 oracle_rand(void)
{
	oracle_seed ^= oracle_seed >> 12;
	oracle_seed ^= oracle_seed << 25;
	oracle_seed ^= oracle_seed >> 27;
	return oracle_seed * 0x2545f4914f6cdd1dull;
}

#endif
