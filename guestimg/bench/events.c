/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows that count system events: address spaces, faults, ports, interrupts, self-modified
 * code. Not compute rows (kernels.c, x86only.c). Each repetition makes its event exactly once,
 * or as often as rows.def says.
 */
#include "guestimg/bench/bench.h"

#define PIT_1KHZ (1193182 / 1000)

/* --- address spaces and the TLB */

u32 row_cr3_32pg(u32 n)
{
	u32 s = 0;
	volatile u32 *w = WINDOW;

	for (u32 i = 0; i < n; i++) {
		set_cr3(spaces[i & 3]);
		for (u32 p = 0; p < 32; p++) {
			s += w[p * 1024 + p];
			w[p * 1024 + p] = s;
		}
	}
	set_cr3(spaces[0]);
	return s;
}

u32 row_cr3only(u32 n)
{
	for (u32 i = 0; i < n; i++)
		set_cr3(spaces[i & 3]);
	set_cr3(spaces[0]);
	return n;
}

u32 row_invlpg(u32 n)
{
	u32 s = 0;
	volatile u32 *w = WINDOW;

	for (u32 i = 0; i < n; i++) {
		u32 p = i & 255;

		invlpg(w + p * 1024);
		s += w[p * 1024];
	}
	return s;
}

u32 row_pf(u32 n)
{
	u32 s = 0;
	volatile u32 *w = WINDOW;

	page_faults = 0;
	for (u32 i = 0; i < n; i++) {
		u32 p = i & 255;

		window_table[p] = 0;
		invlpg(w + p * 1024);
		s += w[p * 1024];
	}
	return page_faults;
}

/*
 * The checksum is the time of the touches alone: each time 256 pages get other frames and are
 * flushed, one by one, before they are touched.
 */
u32 row_remap(u32 n)
{
	u32 s = 0, time = 0;
	volatile u32 *w = WINDOW;

	for (u32 i = 0; i < n; i += 256) {
		for (u32 p = 0; p < 256; p++) {
			window_table[p] ^= 0x100000;
			invlpg(w + p * 1024);
		}
		u32 start = (u32)rdtsc();

		for (u32 p = 0; p < 256; p++)
			s += w[p * 1024];
		time += (u32)rdtsc() - start;
	}
	return time + 0 * s;
}

u32 row_touch(u32 n)
{
	u32 s = 0;
	volatile u32 *w = (volatile u32 *)0x1000000;

	for (u32 i = 0; i < n; i++)
		s += w[(i & 4095) * 1024 + ((i & 15) * 16)];
	return s;
}

u32 row_touch64p(u32 n)
{
	u32 s = 0;
	volatile u32 *w = (volatile u32 *)0x1000000;

	for (u32 i = 0; i < n; i++)
		s += w[(i & 63) * 1024 + ((i & 15) * 16)];
	return s;
}

/* Buffers 4 MiB apart share their places in a direct-mapped soft TLB. */
u32 row_rmovalias(u32 n)
{
	u32 *old = buf_b;

	buf_b = (u32 *)0x2400000;
	u32 r = row_repmovs(n);

	buf_b = old;
	return r;
}

/* The CR3 loads let a soft TLB see that it is too small. */
u32 row_chasefl(u32 n)
{
	u32 s = 0;

	for (u32 i = 0; i < n; i += 100000) {
		set_cr3(spaces[0]);
		s += row_chase(100000);
	}
	return s;
}

/* --- code that changes: mov eax, imm32; ret */

u32 row_smc(u32 n)
{
	volatile u8 *c = SMC_CODE;
	u32 s = 0;

	c[0] = 0xb8;
	c[5] = 0xc3;
	for (u32 i = 0; i < n; i++) {
		*(volatile u32 *)(c + 1) = i;
		s += ((u32(*)(void))(unsigned long)c)();
	}
	return s;
}

/* --- ports, memory-mapped registers, special instructions */

u32 row_out80(u32 n)
{
	for (u32 i = 0; i < n; i++)
		outb(0x80, i);
	return n;
}

/* Its value depends on the time: it does not go into the checksum. */
u32 row_in61(u32 n)
{
	u32 s = 0;

	for (u32 i = 0; i < n; i++)
		s += inb(0x61) & 1;
	return 0 * s;
}

u32 row_cmos(u32 n)
{
	u32 s = 0;

	for (u32 i = 0; i < n; i++) {
		outb(0x70, 0x0d);
		s += inb(0x71) >> 7;
	}
	return s;
}

u32 row_in3fd(u32 n)
{
	u32 s = 0;

	for (u32 i = 0; i < n; i++)
		s += inb(0x3fd) & 0x20;
	return s;
}

u32 row_mmio(u32 n)
{
	u32 s = 0;

	for (u32 i = 0; i < n; i++)
		s += LAPIC[LAPIC_VERSION / 4] & 0xff;
	return s;
}

u32 row_cpuid(u32 n)
{
	u32 s = 0;

	for (u32 i = 0; i < n; i++) {
		u32 a = 0, b, c, d;

		asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
		s += a;
	}
	return s;
}

u32 row_rdtsc(u32 n)
{
	u64 s = 0;

	for (u32 i = 0; i < n; i++)
		s += rdtsc();
	return s != 0;
}

/* Not an event, but no compute row needs its instruction: a dependent division each time. */
u32 row_div(u32 n)
{
	u32 s = 1;

	for (u32 i = 1; i <= n; i++) {
		u32 d = (s & 0xffff) | 1;

		s += (0x80000000u + i * 7919u) / d;
		s ^= i;
	}
	return s;
}

/* --- interrupts */

u32 row_ipi(u32 n)
{
	LAPIC[LAPIC_SVR / 4] |= 0x1ff;
	ipis = 0;
	asm volatile("sti");
	for (u32 i = 0; i < n; i++) {
		u32 old = ipis;

		LAPIC[LAPIC_ICR / 4] = 0x40000 | VECTOR_IPI;	/* to itself, fixed */
		while (ipis == old)
			;
	}
	asm volatile("cli");
	return ipis;
}

u32 row_softint(u32 n)
{
	soft_ints = 0;
	for (u32 i = 0; i < n; i++)
		asm volatile("int $0x80" : : : "memory");
	return soft_ints;
}

/* Counter 0, mode 2, at 1 kHz; only IRQ 0 gets through. */
static void pit_start(void)
{
	outb(0x43, 0x34);
	outb(0x40, PIT_1KHZ & 255);
	outb(0x40, PIT_1KHZ >> 8);
	outb(0x21, 0xfe);
	ticks = 0;
}

/* The checksum is the count of ticks: it differs from machine to machine. */
u32 row_ticks1k(u32 n)
{
	pit_start();
	asm volatile("sti");
	u32 r = row_alu(n);

	asm volatile("cli");
	outb(0x21, 0xff);
	(void)r;
	return ticks;
}

u32 row_hlt1k(u32 n)
{
	pit_start();
	while (ticks < n)
		asm volatile("sti; hlt; cli");
	outb(0x21, 0xff);
	return ticks;
}
