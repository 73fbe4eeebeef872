/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing makes a timer wait for long: while timers go off at random, the guest does what takes the
 * monitor long. How late its handler is, it sees by the TSC, which counts host instructions under
 * -icount; the monitor's counter timer_late (ns, which are host instructions there, between a
 * timer's time and the run loop) has the worst of all, translations too. Not a measure of speed.
 */
#include "guestimg/tests/lib.h"

/*
 * Host instructions. The monitor is not interrupted while it translates what it has decoded of one
 * block: 64 instructions of this program's kind take 270,000. Where the handler itself was evicted,
 * its blocks come too.
 */
enum { BOUND = 50000, BLOCK = 400000, BLOCKS = 700000, SMALL = 600000, US = 1000,
	C_TIMER_LATE = 47 };
/*
 * What it takes to evict all blocks of a region at once, or less: with small_code() that would be
 * so some 25 times, and the handler is evicted every 8th time.
 */
enum { REGION = 150000, SELDOM = 9 };
enum { CODE = FREE + 0x400000, DATA = FREE + 0x800000, APIC_PAGE = 0xfee00000, ROM_PAGE = 0xf0000,
	PORT = 0x80 };

static u32 ticks, due, worst, very_late;

static u32 tsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low;
}

static void next(void)
{
	u32 us = 20 + rnd() % 60;

	timer_once(TIMER_LAPIC, us);
	due = tsc() + us * US;
}

static bool on_timer(struct trap *t)
{
	u32 late = tsc() - due;

	(void)t;
	if ((int)late > 0 && late > worst)
		worst = late;
	if ((int)late > REGION)
		very_late++;
	timer_eoi(TIMER_LAPIC);
	ticks++;
	next();
	return true;
}

/* -- What takes long -- */

static void outs(u32 from, u32 count)
{
	__asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(PORT) : "memory");
}

static void outs4(u32 from, u32 count)
{
	__asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(PORT) : "memory");
}

static void ins(u32 to, u32 count)
{
	__asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(PORT) : "memory");
}

static void movs(u32 to, u32 from, u32 count)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) :: "memory");
}

static void stos(u32 to, u32 count)
{
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0x90) : "memory");
}

static void spin(void)
{
	for (volatile u32 n = 0; n < 10000; n++)
		;
}

static void outs_ram(void) { outs(DATA, 8 * PAGE); outs4(DATA, 2 * PAGE); }
static void ins_ram(void) { ins(DATA, 8 * PAGE); }
static void outs_device(void) { outs(APIC_PAGE, PAGE); }
static void ins_rom(void) { ins(ROM_PAGE, PAGE); }
static void movs_device(void) { movs(DATA, APIC_PAGE, PAGE); }
static void stos_rom(void) { stos(ROM_PAGE, PAGE); }

static void fxsave_rom(void)
{
	for (u32 n = 0; n < 4; n++)
		__asm__ volatile("fxsave 0xf0000");
}

/* Spaces with many pages, each touched and forgotten. */
static void spaces(void)
{
	for (u32 n = 0; n < 128; n++) {
		for (u32 at = 0; at < 256 * PAGE; at += PAGE)
			*(volatile u8 *)(DATA + at) = (u8)n;
		load_cr3(kernel_pd);
	}
}

/* `count` functions of `size` bytes, most of them `add %ebx, disp32(%ecx)`. */
static void make_code(u32 count, u32 size, u32 salt)
{
	for (u32 n = 0; n < count; n++) {
		u8 *at = (u8 *)(CODE + n * size);

		for (u32 k = 0; k + 7 < size; k += 6, at += 6) {
			at[0] = 0x01;
			at[1] = 0x99;
			*(u32 *)(at + 2) = salt + k;
		}
		*at = 0xc3;
	}
}

static void call_code(u32 count, u32 size)
{
	for (u32 n = 0; n < count; n++)
		__asm__ volatile("call *%0" :: "r"(CODE + n * size), "c"(DATA) : "ebx", "memory");
}

/* More than the cache holds, in the largest blocks. */
static void new_code(void)
{
	make_code(200, 256, ticks << 8);
	call_code(200, 256);
}

/*
 * More small blocks than the cache holds, none of which changes: what makes room for them are live
 * ones, as many as a region holds.
 */
static void small_code(void)
{
	enum { COUNT_ALL = 8192, SIZE = 8, EACH = 1000 };
	static u32 next_one, made;
	u8 *small = (u8 *)(CODE + 0x100000);

	for (; made < COUNT_ALL; made++) {
		small[made * SIZE] = 0x43;		/* inc %ebx; ret */
		small[made * SIZE + 1] = 0xc3;
	}
	for (u32 n = 0; n < EACH; n++)
		__asm__ volatile("call *%0" :: "r"(small + next_one++ % COUNT_ALL * SIZE)
				 : "ebx", "memory");
}

/* A page full of small blocks, dropped by stores, in the end because it is busy. */
static void dropped_code(void)
{
	make_code(256, 16, 0);
	call_code(256, 16);
	for (u32 at = CODE; at < CODE + PAGE; at += PAGE / 32)
		*(volatile u8 *)at = 0x01;
}

/* -- All -- */

/* How late a handler was at worst meanwhile. What is too short for timers to go off goes on. */
__attribute__((noinline)) static u32 ten_times(void (*op)(void))
{
	ticks = worst = very_late = 0;
	for (u32 n = 0; n < 10 || (n < 1000 && *(volatile u32 *)&ticks < 5); n++)
		op();
	return worst;
}

static void run_op(const char *name, void (*op)(void), u32 bound)
{
	u32 late;

	test(name);
	ten_times(op);			/* translated, its pages there */
	late = ten_times(op);
	expect("timers went off", ticks > 3, 1);
	print_dec(late);
	print(" host instructions: ");
	expect("within the bound", late <= bound ? bound : late, bound);
	if (op == small_code) {
		print_dec(very_late);
		print(" times late: ");
		expect("seldom late", very_late <= SELDOM ? SELDOM : very_late, SELDOM);
	}
}

void main(void)
{
	static const struct {
		const char *name;
		void (*op)(void);
		u32 bound;
	} ops[] = {
		{ "a loop", spin, BOUND }, { "REP MOVSB from a device", movs_device, BOUND },
		{ "REP STOSB to ROM", stos_rom, BOUND }, { "REP OUTS from RAM", outs_ram, BOUND },
		{ "REP INSB to RAM", ins_ram, BOUND },
		{ "REP OUTSB from a device", outs_device, BOUND },
		{ "REP INSB to ROM", ins_rom, BOUND }, { "CR3 loads", spaces, BOUND },
		{ "stores into code", dropped_code, BLOCK }, { "new code", new_code, BLOCKS },
		{ "new code in small blocks", small_code, SMALL },
		{ "FXSAVE to ROM", fxsave_rom, BOUND },
	};

	timer_init();
	write_cr4(read_cr4() | 0x200);
	on_trap[VEC_LAPIC] = on_timer;
	next();
	__asm__ volatile("sti");
	while (*(volatile u32 *)&ticks < 2)
		;			/* the handler is translated before it is measured */
	for (u32 n = 0; n < COUNT(ops); n++)
		run_op(ops[n].name, ops[n].op, ops[n].bound);
	__asm__ volatile("cli");
	print("timer_late: ");
	print_dec(have_counters() ? counter(C_TIMER_LATE) : 0);
	print(" ns\n");
	finish("latency");
}
