/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program says on COM1, and its end. */
#ifndef GUESTIMG_BASE_COM1_H
#define GUESTIMG_BASE_COM1_H

/* No interrupts by the PICs; COM1 asks for none. */
void com1_init(void);
void print(const char *s);		/* \n goes out as CR, LF */
void print_hex(unsigned long v);	/* 8 digits, or as many as it takes */
void print_dec(unsigned v);
/* " vector V error E ip I cr2 C\n", of an exception that nobody expects. */
void print_exception(unsigned long vector, unsigned long error, unsigned long ip);
/* Power off; the code is port 0xf4's. */
__attribute__((noreturn)) void power_off(unsigned char code);

#endif
