/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on COM1, and leaving. Not an interrupt-driven driver: it waits for the transmitter.
 * Usable from interrupt handlers.
 */
#include "guestimg/bench/bench.h"

enum { COM1 = 0x3f8, THR = COM1, DLL = COM1, IER = COM1 + 1, LCR = COM1 + 3, LSR = COM1 + 5 };
enum { LCR_8N1 = 3, LCR_DLAB = 0x80, LSR_THRE = 0x20 };

void console_init(void)
{
	outb(IER, 0);
	outb(LCR, LCR_DLAB);
	outb(DLL, 1);			/* 115200 baud */
	outb(IER, 0);
	outb(LCR, LCR_8N1);
}

void put_text(const char *s)
{
	while (*s) {
		while (!(inb(LSR) & LSR_THRE))
			;
		outb(THR, *s++);
	}
}

void put_hex(unsigned long v)
{
	char text[20];
	int i = 19;

	text[i] = 0;
	do {
		text[--i] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v);
	put_text(text + i);
}

/* v / 10 by two divisions of 64 by 32 bits: there is no libgcc. */
static u64 div10(u64 v, u32 *rest)
{
	u32 hi = v >> 32, quotient, remainder = hi % 10;

	asm("divl %4" : "=a"(quotient), "=d"(remainder) : "0"((u32)v), "1"(remainder), "r"(10u));
	*rest = remainder;
	return (u64)(hi / 10) << 32 | quotient;
}

void put_dec(u64 v)
{
	char text[24];
	int i = 23;
	u32 digit;

	text[i] = 0;
	do {
		v = div10(v, &digit);
		text[--i] = '0' + digit;
	} while (v);
	put_text(text + i);
}

/* By QEMU's exit port, by ACPI's power-off (Q35's and PIIX4's port), by a triple fault. */
void leave(int code)
{
	struct {
		u16 limit;
		unsigned long base;
	} __attribute__((packed)) none = { 0, 0 };

	outb(0xf4, code);
	outw(0x604, 0x2000);
	outw(0xb004, 0x2000);
	asm volatile("lidt %0; int3" : : "m"(none));
	for (;;)
		asm volatile("hlt");
}
