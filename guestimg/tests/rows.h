/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of faults.def and security.def: their meaning is said in faults.def. */
#ifndef GUESTIMG_TESTS_ROWS_H
#define GUESTIMG_TESTS_ROWS_H

#include "guestimg/tests/lib.h"

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };
enum { LOOSE = 1, FPU = 2, LANDS = 4, ZERO = 8, BOUNDS = 16, STACK = 32, BARE = 64, MOVES = 128,
	LINE = 256, COUNT8 = 512 };
enum access_kind { READ = 1, WRITE, READ_POINTER };

struct access { u8 kind, reg; signed char off; u16 size; };
struct row {
	const char *name;
	const char *code, *end;
	u32 flags;
	struct access a[2];
};

/* Write what access `a` of a row with these flags wants to read, if anything. */
static inline void put_wanted(const struct access *a, u32 flags, u32 landing, u8 *to)
{
	for (u32 n = 0; n < a->size; n++) {
		if (a->kind == READ_POINTER)
			to[n] = (u8)(landing >> 8 * n);
		else if (flags & ZERO)
			to[n] = 0;
		else if (flags & BOUNDS)
			to[n] = n < 4 ? 0 : n < 7 ? 0xff : 0x7f;
	}
}

/* Registers for code at `eip`, in the order of the enum; the kernel's code keeps its stack. */
static inline struct regs row_regs(u32 eip, const u32 v[8], bool kernel)
{
	struct regs r = kernel ? kernel_regs((void *)eip) : user_regs((void *)eip);

	r.eax = v[EAX];
	r.ecx = v[ECX];
	r.edx = v[EDX];
	r.ebx = v[EBX];
	r.ebp = v[EBP];
	r.esi = v[ESI];
	r.edi = v[EDI];
	r.esp = kernel ? 0 : v[ESP];
	r.eflags = 2;
	return r;
}

#define R(reg, off, size) { READ, reg, off, size }
#define RP(reg, off, size) { READ_POINTER, reg, off, size }
#define W(reg, off, size) { WRITE, reg, off, size }
/* A .def is included twice, with ROW as one of these: the code, then the table's entries. */
#define ROW_CODE(name, text, ...) __asm__(".pushsection .text\nrow_" #name ":\n\t" text \
	"\nrow_" #name "_end:\n77:\n.popsection"); \
	extern char row_##name[], row_##name##_end[];
#define ROW_ENTRY(name, text, flags, ...) \
	{ #name, row_##name, row_##name##_end, flags, { __VA_ARGS__ } },

#endif
