/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compute rows written in x86 instructions: flags and strings. Not compiled C loops (kernels.c).
 * Guest instructions per repetition are those that stand here.
 */
#include "guestimg/bench/bench.h"

__attribute__((noinline)) u32 row_flags(u32 n)
{
	u32 a = 1, b = 2, c = 3, d = n;

	asm volatile("1:\n"
		"	addl %1, %0\n"
		"	adcl %2, %1\n"
		"	sbbl $0, %2\n"
		"	cmpl %0, %1\n"
		"	setb %b2\n"
		"	cmovgl %0, %1\n"
		"	rcll $1, %0\n"
		"	incl %2\n"
		"	testl %2, %2\n"
		"	js 2f\n"
		"	xorl $0x55, %1\n"
		"2:\n"
		"	decl %3\n"
		"	jnz 1b"
		: "+r"(a), "+r"(b), "+q"(c), "+r"(d) : : "cc");
	return a + b + c;
}

__attribute__((noinline)) u32 row_repmovs(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		void *s = buf_a + (i & 15) * 16384, *d = buf_b + (i & 15) * 16384;
		unsigned long c = 16384;

		asm volatile("cld; rep movsl" : "+S"(s), "+D"(d), "+c"(c) : : "memory");
	}
	return buf_b[5];
}

__attribute__((noinline)) u32 row_repstos(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		void *d = buf_b + (i & 15) * 16384;
		unsigned long c = 16384;

		asm volatile("cld; rep stosl" : "+D"(d), "+c"(c) : "a"(i) : "memory");
	}
	return buf_b[5];
}

__attribute__((noinline)) u32 row_movsb24(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		void *s = (char *)buf_a + (i & 1023) * 24, *d = (char *)buf_b + (i & 1023) * 24;
		unsigned long c = 24;

		asm volatile("cld; rep movsb" : "+S"(s), "+D"(d), "+c"(c) : : "memory");
	}
	return buf_b[5];
}
