/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors and gates (SDM vol. 3, 3.4.5, 6.11, 6.14.1), and what LGDT and LIDT take. */
#ifndef GUESTIMG_BASE_TABLES_H
#define GUESTIMG_BASE_TABLES_H

struct pointer { unsigned short limit; unsigned long base; } __attribute__((packed));

static inline void load_idt(const struct pointer *p) { __asm__ volatile("lidt %0" :: "m"(*p)); }
static inline void load_gdt(const struct pointer *p) { __asm__ volatile("lgdt %0" :: "m"(*p)); }

/* attributes: type, S, DPL, P in bits 7:0; AVL, L, D, G in 15:12. */
static inline unsigned long long descriptor(unsigned base, unsigned limit, unsigned attributes)
{
	return (limit & 0xffff) | (unsigned long long)(base & 0xffffff) << 16 |
	       (unsigned long long)(attributes & 0xf0ff) << 40 |
	       (unsigned long long)(limit >> 16 & 15) << 48 |
	       (unsigned long long)(base >> 24) << 56;
}

enum { GATE_INT = 0x8e, GATE_TRAP = 0x8f, GATE_USER = 0xee };	/* type, DPL, P */

/* A gate of 8 bytes, or the lower half of one of long mode; what: GATE_… or others, | IST << 8. */
static inline unsigned long long gate_low(unsigned long at, unsigned short selector, unsigned what)
{
	return (at & 0xffff) | (unsigned long long)selector << 16 |
	       (unsigned long long)(what >> 8) << 32 | (unsigned long long)(what & 0xff) << 40 |
	       (unsigned long long)(at >> 16 & 0xffff) << 48;
}

#endif
