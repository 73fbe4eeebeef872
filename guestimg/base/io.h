/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports, for code of 32 and of 64 bits. */
#ifndef GUESTIMG_BASE_IO_H
#define GUESTIMG_BASE_IO_H

static inline void outb(unsigned short port, unsigned char v)
{
	__asm__ volatile("outb %0, %1" :: "a"(v), "Nd"(port));
}

static inline void outw(unsigned short port, unsigned short v)
{
	__asm__ volatile("outw %0, %1" :: "a"(v), "Nd"(port));
}

static inline void outl(unsigned short port, unsigned v)
{
	__asm__ volatile("outl %0, %1" :: "a"(v), "Nd"(port));
}

static inline unsigned char inb(unsigned short port)
{
	unsigned char v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline unsigned short inw(unsigned short port)
{
	unsigned short v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline unsigned inl(unsigned short port)
{
	unsigned v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

#endif
