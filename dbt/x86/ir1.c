/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of the rows and a printer for struct ir1, for traces and tests. Not on
 * any path that runs guest code. Output is Intel syntax, close to the SDM's.
 */
#include "dbt/x86/ir1.h"

#include <stdarg.h>
#include <stdio.h>

#include "dbt/x86/cpu.h"
#include "kernel/lib/bits.h"

const struct x86_row x86_rows[X86_OP_COUNT] = {
	[X86_INVALID] = { "INVALID", 0, FEAT_386 },
#define INS(name, lift, flags, feature) [X86_##name] = { #name, flags, feature },
#include "dbt/x86/insns.def"
#undef INS
};

enum x86_feature ir1_feature(const struct ir1 *i)
{
	const struct x86_row *row = &x86_rows[i->op];

	if ((row->flags & ROW_MMX) && row->feature < FEAT_SSE2 &&
	    (i->ops[0].kind == IR1_XMM || i->ops[1].kind == IR1_XMM) && !(row->flags & ROW_SSE))
		return FEAT_SSE2;
	return row->feature;
}

struct text {
	char *buf;
	size_t size, len;
};

static void put(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	if (t->len + 1 >= t->size)
		return;
	va_start(ap, format);
	n = vsnprintf(t->buf + t->len, t->size - t->len, format, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

static const char *const gpr_names[4][17] = {
	{ "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil",
	  "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b", "?" },
	{ "ax", "cx", "dx", "bx", "sp", "bp", "si", "di",
	  "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w", "?" },
	{ "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
	  "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d", "eip" },
	{ "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	  "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip" },
};

static const char *gpr_name(unsigned reg, unsigned size, bool high)
{
	static const char *const highs[4] = { "ah", "ch", "dh", "bh" };

	if (high)
		return highs[reg & 3];
	return gpr_names[size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3][reg < 17 ? reg : 0];
}

static const char *const sreg_names[8] = { "es", "cs", "ss", "ds", "fs", "gs", "?", "?" };

static const char *size_name(unsigned size)
{
	switch (size) {
	case 1: return "byte ";
	case 2: return "word ";
	case 4: return "dword ";
	case 6: return "fword ";
	case 8: return "qword ";
	case 10: return "tbyte ";
	case 16: return "xmmword ";
	default: return "";
	}
}

static void put_mem(struct text *t, const struct ir1_op *o, unsigned addrsize)
{
	u64 mask = addrsize == 8 ? ~0ull : BIT64(8 * addrsize) - 1, disp = (u64)o->disp & mask;
	bool plus = false;

	put(t, "%s%s:[", size_name(o->size), sreg_names[o->seg & 7]);
	if (o->base != IR1_NOREG) {
		put(t, "%s", gpr_name(o->base, addrsize, false));
		plus = true;
	}
	if (o->index != IR1_NOREG) {
		put(t, "%s%s", plus ? "+" : "", gpr_name(o->index, addrsize, false));
		if (o->scale > 1)
			put(t, "*%u", o->scale);
		plus = true;
	}
	if (!plus)
		put(t, "%#llx", (unsigned long long)disp);
	else if (o->disp < 0)
		put(t, "-%#llx", 0ull - (unsigned long long)o->disp);
	else if (o->disp > 0)
		put(t, "+%#llx", (unsigned long long)o->disp);
	put(t, "]");
}

static void put_op(struct text *t, const struct ir1 *i, const struct ir1_op *o)
{
	u64 mask = o->size >= 8 || o->size == 0 ? ~0ull : BIT64(8 * o->size) - 1;

	switch (o->kind) {
	case IR1_GPR: put(t, "%s", gpr_name(o->reg, o->size, o->high)); break;
	case IR1_IMM: put(t, "%#llx", (unsigned long long)((u64)o->imm & mask)); break;
	case IR1_MEM: put_mem(t, o, i->addrsize); break;
	case IR1_SREG: put(t, "%s", sreg_names[o->reg & 7]); break;
	case IR1_CR: put(t, "cr%u", o->reg); break;
	case IR1_DR: put(t, "dr%u", o->reg); break;
	case IR1_ST: put(t, "st(%u)", o->reg); break;
	case IR1_MM: put(t, "mm%u", o->reg); break;
	case IR1_XMM: put(t, "xmm%u", o->reg); break;
	case IR1_REL: put(t, "%#llx", (unsigned long long)o->imm); break;
	case IR1_FAR:
		put(t, "%#llx:%#llx", (unsigned long long)o->disp, (unsigned long long)o->imm);
		break;
	default: put(t, "?"); break;
	}
}

/* The row's name in lower case; JCC, SETCC … with their condition; strings with their size. */
static void put_name(struct text *t, const struct ir1 *i)
{
	static const char *const conds[16] = {
		"o", "no", "b", "ae", "e", "ne", "be", "a",
		"s", "ns", "p", "np", "l", "ge", "le", "g",
	};
	const char *name = x86_rows[i->op].name;
	bool has_cond = i->op == X86_JCC || i->op == X86_SETCC || i->op == X86_CMOVCC ||
			i->op == X86_FCMOVCC;

	for (const char *c = name; *c; c++) {
		if (has_cond && c[0] == 'C' && c[1] == 'C' && c[2] == 0)
			break;
		put(t, "%c", *c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	}
	if (has_cond)
		put(t, "%s", conds[i->cond & 15]);
	if (x86_rows[i->op].flags & ROW_STRING)
		put(t, "%c", "?bw?d???q"[i->opsize <= 8 ? i->opsize : 0]);
}

char *ir1_print(const struct ir1 *i, char *buf, size_t size)
{
	struct text t = { buf, size, 0 };

	buf[0] = 0;
	if (i->prefix & PFX_LOCK)
		put(&t, "lock ");
	if (x86_rows[i->op].flags & ROW_STRING) {
		if (i->prefix & PFX_REP)
			put(&t, i->op == X86_CMPS || i->op == X86_SCAS ? "repe " : "rep ");
		if (i->prefix & PFX_REPNE)
			put(&t, "repne ");
	}
	put_name(&t, i);
	for (unsigned k = 0; k < i->nops; k++) {
		put(&t, k ? ", " : " ");
		put_op(&t, i, &i->ops[k]);
	}
	return buf;
}
