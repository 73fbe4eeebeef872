/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All sixteen XMM registers across what leaves translated code in the middle: a fault while each is
 * in another's place, an instruction that changes its own code, one that meets a data breakpoint.
 */
#include "guestimg/tests64/lib.h"

enum { CR4_OSFXSR = 0x200, DR7_G0_W4 = 0x000d0002, DR7_G0_RW4 = 0x000f0002 };
#define AWAY WINDOW
#define ALL "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15"
#define TAKE ".irp r, " ALL "\n\tmovups \\r*16(%rdi), %xmm\\r\n\t.endr\n\t"
#define GIVE ".irp r, " ALL "\n\tmovups %xmm\\r, \\r*16(%rsi)\n\t.endr\n\t"
#define MOVE(from, to) "movaps %xmm" #from ", %xmm" #to "\n\t"
/* XMMn has what XMM(n + 1) had, XMM14 and XMM15 what XMM0 had. */
#define ROTATE MOVE(0, 15) MOVE(1, 0) MOVE(2, 1) MOVE(3, 2) MOVE(4, 3) MOVE(5, 4) MOVE(6, 5) \
	MOVE(7, 6) MOVE(8, 7) MOVE(9, 8) MOVE(10, 9) MOVE(11, 10) MOVE(12, 11) MOVE(13, 12) \
	MOVE(14, 13) MOVE(15, 14)

CODE(fault_moved, TAKE ROTATE "mov (%rbx), %al\n\t" GIVE)
CODE(store_moved, TAKE ROTATE "mov %al, (%rbx)\n\t" GIVE)
CODE(vector_fault, TAKE ROTATE "movups (%rbx), %xmm9\n\t" GIVE)
/* The store and what follows it. */
CODE(own_code, TAKE "movups 1f(%rip), %xmm9\n1:\tmovups %xmm9, 1b(%rip)\n\t" GIVE)
CODE(watched_load, TAKE "movups (%rbx), %xmm12\n\t" GIVE)
CODE(watched_store, TAKE "movups %xmm11, (%rbx)\n\t" GIVE)

static u64 in[32], out[32];
static u64 watched[2] __attribute__((aligned(16)));
static u32 traps;

static bool on_fault(struct trap *t)
{
	(void)t;
	traps++;
	map(AWAY, page_new(), P | W | U);
	return true;
}

static bool on_debug(struct trap *t)
{
	(void)t;
	traps++;
	WRITE(dr6, 0);
	return true;
}

static void begin(void)
{
	u64 v = 0x3ff0123456789abc;

	traps = 0;
	for (u32 n = 0; n < COUNT(in); n++, v = v * 0x5851f42d4c957f2d + 1)
		in[n] = v;
	memset(out, 0, sizeof(out));
	watched[0] = 0x0123456789abcdef;
	watched[1] = ~watched[0];
	map(AWAY, 0, 0);
	invlpg(AWAY);
}

static void go(const char *code, u64 address, u32 expected)
{
	struct regs r = user_regs(code);

	r.rdi = AT(in);
	r.rsi = AT(out);
	r.rbx = address;
	run_to(&r, VEC_EXIT, 0);
	expect("traps", traps, expected);
}

static void expect_rotated(u32 but)
{
	for (u32 n = 0; n < 16; n++) {
		u32 from = n < 14 ? n + 1 : 0;

		if (n == but)
			continue;
		expect("low", out[2 * n], in[2 * from]);
		expect("high", out[2 * n + 1], in[2 * from + 1]);
	}
}

static void expect_kept(u32 but)
{
	for (u32 n = 0; n < 32; n++)
		if (n / 2 != but)
			expect("register", out[n], in[n]);
}

static void test_faults(void)
{
	static const struct { const char *name, *code; } all[] = {
		{ "a load faults while all registers are moved", fault_moved },
		{ "a store faults while all registers are moved", store_moved },
	};

	on_trap[V_PF] = on_fault;
	for (u32 n = 0; n < COUNT(all); n++) {
		test(all[n].name);
		begin();
		go(all[n].code, AWAY, 1);
		expect_rotated(16);
	}
	test("a vector's load faults while all registers are moved");
	begin();
	go(vector_fault, AWAY, 1);
	expect_rotated(9);
	expect("loaded", out[18] | out[19], 0);
	on_trap[V_PF] = 0;
}

static void test_own_code(void)
{
	test("a vector's store onto its own code");
	begin();
	go(own_code, 0, 0);
	expect("code", out[18] & 0xffffff, 0x110f44);	/* as MOVUPS begins */
	expect_kept(9);
}

static void test_watched(void)
{
	on_trap[V_DB] = on_debug;
	WRITE(dr0, watched);
	test("a vector's load that meets a data breakpoint");
	begin();
	WRITE(dr7, DR7_G0_RW4);
	go(watched_load, AT(watched), 1);
	WRITE(dr7, 0);
	expect("loaded", !memcmp(out + 24, watched, 16), true);
	expect_kept(12);
	test("a vector's store that meets a data breakpoint");
	begin();
	WRITE(dr7, DR7_G0_W4);
	go(watched_store, AT(watched), 1);
	WRITE(dr7, 0);
	expect("stored", !memcmp(in + 22, watched, 16), true);
	expect_kept(16);
	on_trap[V_DB] = 0;
}

int main(void);
int main(void)
{
	WRITE(cr4, READ(cr4) | CR4_OSFXSR);
	test_faults();
	test_own_code();
	test_watched();
	finish("vectors64");
}
