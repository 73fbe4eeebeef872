/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_rows from a host's insns.def. Included once by rows_HOST.c, which defines before:
 * ENC(n), the encoder's name; ENC_T(K), an operand's type; ENC_LIST, the list's path; and has a
 * `struct operand kind_K` for each operand kind.
 */
#define CALL(n, ...) \
	static unsigned call_##n(u32 words[MAX_WORDS], const s64 *v) \
	{ \
		struct code c = { .p = words, .end = words + MAX_WORDS }; \
		(void)v; \
		ENC(n)(__VA_ARGS__); \
		return c.overflow ? 0 : (unsigned)(c.p - words); \
	}
#define ARG(n, K) (ENC_T(K))v[n]
#define INSN0(n, op) CALL(n, &c)
#define INSN1(n, op, A) CALL(n, &c, ARG(0, A))
#define INSN2(n, op, A, B) CALL(n, &c, ARG(0, A), ARG(1, B))
#define INSN3(n, op, A, B, C) CALL(n, &c, ARG(0, A), ARG(1, B), ARG(2, C))
#define INSN4(n, op, A, B, C, D) CALL(n, &c, ARG(0, A), ARG(1, B), ARG(2, C), ARG(3, D))
#define INSN3_IF(cond, n, op, A, B, C) INSN3(n, op, A, B, C)
#define INSN4_IF(cond, n, op, A, B, C, D) INSN4(n, op, A, B, C, D)
#define BRANCH1(n, op, A) INSN1(n, op, A)
#define BRANCH2(n, op, A, B) INSN2(n, op, A, B)
#define BRANCH2_IF(cond, n, op, A, B) INSN2(n, op, A, B)
#define BRANCH3(n, op, A, B, C) INSN3(n, op, A, B, C)
#include ENC_LIST
#undef INSN0
#undef INSN1
#undef INSN2
#undef INSN3
#undef INSN4
#undef INSN3_IF
#undef INSN4_IF
#undef BRANCH1
#undef BRANCH2
#undef BRANCH2_IF
#undef BRANCH3

#define ROW(n, words, count, cond, ...) { #n, call_##n, words, count, { __VA_ARGS__ }, cond },
#define INSN0(n, op) ROW(n, 1, 0, false, NULL)
#define INSN1(n, op, A) ROW(n, 1, 1, false, &kind_##A)
#define INSN2(n, op, A, B) ROW(n, 1, 2, false, &kind_##A, &kind_##B)
#define INSN3(n, op, A, B, C) ROW(n, 1, 3, false, &kind_##A, &kind_##B, &kind_##C)
#define INSN4(n, op, A, B, C, D) \
	ROW(n, 1, 4, false, &kind_##A, &kind_##B, &kind_##C, &kind_##D)
#define INSN3_IF(c, n, op, A, B, C) ROW(n, 1, 3, true, &kind_##A, &kind_##B, &kind_##C)
#define INSN4_IF(c, n, op, A, B, C, D) \
	ROW(n, 1, 4, true, &kind_##A, &kind_##B, &kind_##C, &kind_##D)
#define BRANCH1(n, op, A) ROW(n, 2, 1, false, &kind_##A)
#define BRANCH2(n, op, A, B) ROW(n, 2, 2, false, &kind_##A, &kind_##B)
#define BRANCH2_IF(c, n, op, A, B) ROW(n, 2, 2, true, &kind_##A, &kind_##B)
#define BRANCH3(n, op, A, B, C) ROW(n, 2, 3, false, &kind_##A, &kind_##B, &kind_##C)
const struct row host_rows[] = {
#include ENC_LIST
};

const unsigned host_rows_count = sizeof(host_rows) / sizeof(host_rows[0]);
