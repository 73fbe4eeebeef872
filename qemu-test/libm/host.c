/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newlib's long double functions on the host: prints operands and results as hexadecimal
 * binary128, for compare.c to judge. Decides nothing itself. The operands are fixed.
 */
#include <math.h>

#include "kernel/lib/types.h"
#include "qemu-test/libm/cases.h"

#define UART ((volatile u8 *)0x1fe001e0ul)
#define UART_LSR 5
#define LSR_THRE 0x20
#define POWER ((volatile u8 *)0x100e001cul)
#define POWER_OFF 0x34

union quad {
	long double value;
	u64 word[2];
};

enum range { ANY, POS, SMALL };

void libm_main(void);

int *__errno(void)
{
	static int number;
	return &number;
}

static void put(char c)
{
	while (!(UART[UART_LSR] & LSR_THRE))
		;
	UART[0] = (u8)c;
}

static void put_quad(long double value)
{
	union quad q = { value };

	put(' ');
	for (int word = 1; word >= 0; word--)
		for (int shift = 60; shift >= 0; shift -= 4)
			put("0123456789abcdef"[q.word[word] >> shift & 15]);
}

static void put_case(const char *name, long double x, long double y, long double result)
{
	while (*name)
		put(*name++);
	put_quad(x);
	put_quad(y);
	put_quad(result);
	put('\n');
}

/* Marsaglia's xorshift: the same operands in each run. */
static u64 random64(void)
{
	static u64 state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static long double operand(enum range range)
{
	unsigned span = range == SMALL ? 8 : random64() % 4 ? 8 : 60;
	u64 exponent = 16383 - span + random64() % (2 * span);
	u64 sign = range == POS ? 0 : random64() & 1;
	union quad q;

	q.word[0] = random64();
	q.word[1] = sign << 63 | exponent << 48 | random64() >> 16;
	return q.value;
}

#define CASE1(name, range, ulp) x = operand(range), put_case(#name, x, 0, name##l(x));
#define CASE2(name, ulp) \
	x = operand(ANY), y = operand(SMALL), put_case(#name, x, y, name##l(x, y));

void libm_main(void)
{
	long double x, y;

	for (int round = 0; round < LIBM_ROUNDS; round++) {
		LIBM_CASES(CASE1, CASE2)
	}
	*POWER = POWER_OFF;
	for (;;)
		;
}
