/* SPDX-License-Identifier: BSD-2-Clause */
/* COM1 by polling, at CPL 0. Not the debug port; nothing is read. */
#include "guestimg/base/com1.h"

#include "guestimg/base/io.h"

enum { DATA = 0x3f8, IER = 0x3f9, LCR = 0x3fb, LSR = 0x3fd, LSR_THRE = 0x20, BITS_8 = 3 };
enum { PIC_MASK = 0x21, PIC2_MASK = 0xa1, EXIT = 0xf4 };

void com1_init(void)
{
	outb(PIC_MASK, 0xff);
	outb(PIC2_MASK, 0xff);
	outb(IER, 0);
	outb(LCR, BITS_8);
}

static void put(char ch)
{
	while (!(inb(LSR) & LSR_THRE))
		;
	outb(DATA, (unsigned char)ch);
}

void print(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
}

void print_hex(unsigned long v)
{
	unsigned n = 8;

	while (n < 2 * sizeof(v) && v >> 4 * n)
		n++;
	while (n--)
		put("0123456789abcdef"[v >> 4 * n & 15]);
}

void print_dec(unsigned v)
{
	if (v > 9)
		print_dec(v / 10);
	put((char)('0' + v % 10));
}

static void print_named(const char *name, unsigned long v)
{
	print(name);
	print_hex(v);
}

void print_exception(unsigned long vector, unsigned long error, unsigned long ip)
{
	unsigned long cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	print_named(" vector ", vector);
	print_named(" error ", error);
	print_named(" ip ", ip);
	print_named(" cr2 ", cr2);
	print("\n");
}

void power_off(unsigned char code)
{
	outb(EXIT, code);
	for (;;)
		__asm__ volatile("cli\n\thlt");
}
