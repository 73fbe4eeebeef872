/* SPDX-License-Identifier: BSD-2-Clause */
/* See eval_ops.h. The laws are those of ops.def, written as plainly as C allows. */
#include "dbt/ir/eval_ops.h"

#include "kernel/lib/bits.h"
#include "kernel/panic.h"

static u64 clz(u64 a, bool is64) { return is64 ? (a ? __builtin_clzll(a) : 64)
					       : ((u32)a ? __builtin_clz((u32)a) : 32); }
static u64 ctz(u64 a, bool is64) { return is64 ? (a ? __builtin_ctzll(a) : 64)
					       : ((u32)a ? __builtin_ctz((u32)a) : 32); }

static u64 divide(unsigned op, u64 a, u64 b, bool is64)
{
	s64 sa = is64 ? (s64)a : (s32)a, sb = is64 ? (s64)b : (s32)b;

	if (!b || (sb == -1 && op != IR_DIVU && op != IR_REMU))
		return op == IR_DIVS ? 0 - a : 0;
	if (!is64 && (op == IR_DIVU || op == IR_REMU))
		return op == IR_DIVU ? (u32)a / (u32)b : (u32)a % (u32)b;
	switch (op) {
	case IR_DIVU: return a / b;
	case IR_REMU: return a % b;
	case IR_DIVS: return (u64)(sa / sb);
	default: return (u64)(sa % sb);
	}
}

static u64 mul_high(unsigned op, u64 a, u64 b, bool is64)
{
	if (op == IR_MULHU)
		return is64 ? (u64)((unsigned __int128)a * b >> 64)
			    : ((u64)(u32)a * (u32)b) >> 32;
	return is64 ? (u64)((__int128)(s64)a * (s64)b >> 64) : (u64)((s64)(s32)a * (s32)b) >> 32;
}

static u64 shift(unsigned op, u64 a, u64 b, bool is64)
{
	unsigned width = is64 ? 64 : 32, n = b & (width - 1);

	if (!is64 && op != IR_SAR)
		a = (u32)a;
	switch (op) {
	case IR_SHL: return a << n;
	case IR_SHR: return a >> n;
	case IR_SAR: return (u64)((is64 ? (s64)a : (s32)a) >> n);
	default: return n ? a >> n | a << (width - n) : a;
	}
}

/* Bit by bit, the lowest first; the polynomial reversed (SDM vol. 2, CRC32). */
static u64 crc(u32 sum, u64 b, unsigned bytes)
{
	for (unsigned i = 0; i < 8 * bytes; i++)
		sum = sum >> 1 ^ ((sum ^ (u32)(b >> i)) & 1 ? 0x82f63b78 : 0);
	return sum;
}

u64 eval_binary(const struct ir_insn *in, u64 a, u64 b)
{
	bool is64 = in->type == T_I64;
	u64 m;

	switch (in->op) {
	case IR_ADD: return a + b;
	case IR_SUB: return a - b;
	case IR_MUL: return a * b;
	case IR_MULHU: case IR_MULHS: return mul_high(in->op, a, b, is64);
	case IR_DIVU: case IR_DIVS: case IR_REMU: case IR_REMS: return divide(in->op, a, b, is64);
	case IR_AND: return a & b;
	case IR_OR: return a | b;
	case IR_XOR: return a ^ b;
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROTR: return shift(in->op, a, b, is64);
	case IR_CRC: return crc((u32)a, b, in->y);
	case IR_DEPOSIT:
		m = (in->y == 64 ? ~0ull : (1ull << in->y) - 1) << in->x;
		return (a & ~m) | (b << in->x & m);
	}
	panic("eval: op %u", in->op);
}

u64 eval_unary(const struct ir_insn *in, u64 a, unsigned from)
{
	bool is64 = in->type == T_I64;

	switch (in->op) {
	case IR_CLZ: return clz(a, is64);
	case IR_CTZ: return ctz(a, is64);
	case IR_BSWAP: return is64 ? __builtin_bswap64(a) : __builtin_bswap32((u32)a);
	case IR_SEXT: return (u64)sign_extend(a, in->k);
	case IR_ZEXT: return in->k == 64 ? a : a & ((1ull << in->k) - 1);
	case IR_TRUNC: return (u64)(s32)a;
	case IR_EXTRACT:
		a = from == T_I32 ? (u32)a : a;
		return bits(a, in->x + in->y - 1, in->x);
	}
	panic("eval: op %u", in->op);
}

u64 eval_loaded(unsigned mem, u64 v)
{
	switch (mem) {
	case M_U8: return (u8)v;
	case M_S8: return (u64)(s8)v;
	case M_U16: return (u16)v;
	case M_S16: return (u64)(s16)v;
	case M_32: return (u64)(s32)v;
	case M_U32: return (u32)v;
	default: return v;
	}
}
