/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every form of access (access.def) by the kernel to a user's page: #PF without EFLAGS.AC, and no
 * page fault with it. What the form does then is canon.c's and the instruction tests' business.
 */
#include "guestimg/tests64/access.h"
#include "guestimg/tests64/smap.h"

#define ACCESS(name, text, reg, offset, size, flags) CODE(access_##name, text)
#include "guestimg/tests64/access.def"
#undef ACCESS
#define ACCESS(name, text, reg, offset, size, flags) \
	{ #name, access_##name, reg, offset, size, flags },
static const struct access accesses[] = {
#include "guestimg/tests64/access.def"
};
#undef ACCESS

static u8 good[1024] __attribute__((aligned(64)));
CODE(landing, "nop")

/*
 * What lies at the operand: where RET and kin go to, and IRET's frame; for LGDT and LIDT what the
 * tables have.
 */
static void put_operand(const struct access *a, u64 at)
{
	u64 frame[5] = { AT(landing), KCODE64, 2 | AC, TOP(code_stack), KDATA };

	if (a->code == access_lgdt)
		memcpy(frame, &gdt_pointer, sizeof(gdt_pointer));
	if (a->code == access_lidt)
		memcpy(frame, &idt_pointer, sizeof(idt_pointer));
	__asm__ volatile("stac" ::: "memory");
	memset((void *)(at - 64), 0, 640);
	memcpy((void *)at, frame, sizeof(frame));
	__asm__ volatile("clac" ::: "memory");
}

static void vectors_init(void)
{
	static const u32 mxcsr = 0x1f80;

	__asm__ volatile("fninit\n\tpcmpeqd %%xmm2, %%xmm2\n\tldmxcsr %0" :: "m"(mxcsr));
}

static struct regs regs_for(const struct access *a, u64 at)
{
	struct regs r = kernel_regs(a->code);

	r.rcx = 4;
	r.rdx = a->flags & KE ? 0x80 : 7;
	r.rbx = a->code == access_call_reg ? AT(landing) : AT(good);
	r.rsi = r.rdi = r.rbp = AT(good);
	((u64 *)&r)[a->reg] = at - (u64)(long)a->offset;
	return r;
}

static void drive(const struct access *a)
{
	u64 at = USER + PAGE / 2, error = PF_P | (a->flags & WR ? PF_W : 0);
	u64 cr2 = a->flags & EN && !in_tcg() ? at + a->size - 1 : at;
	struct regs r = regs_for(a, at);

	for (u32 k = 0; k < 4; k++) {
		put_operand(a, at);
		vectors_init();
		r.rflags = k & 1 ? 2 | AC : 2;
		run(&r);
		if (k & 1 || a->flags & NO) {
			if (stopped.vector == V_PF)
				expect("no page fault, but one at", stopped.cr2, 0);
			continue;
		}
		expect("vector", stopped.vector, V_PF);
		if (in_tcg())		/* it reads before it writes, or asks too much */
			error = PF_P | (stopped.error & PF_W);
		expect("error code", stopped.error, error);
		if (!(a->flags & ST && a->flags & KE))	/* what IRET pops first is not known */
			expect("cr2", stopped.cr2, cr2);
		expect("rip", stopped.r.rip, r.rip);
		expect("rax", stopped.r.rax, r.rax);
		expect("rcx", stopped.r.rcx, r.rcx);
		expect("rsi", stopped.r.rsi, r.rsi);
		expect("rdi", stopped.r.rdi, r.rdi);
		expect("rbp", stopped.r.rbp, r.rbp);
		expect("rsp", stopped.r.rsp, r.rsp);
	}
}

void test_forms(void)
{
	for (u32 k = 0; k < COUNT(accesses); k++) {
		test(accesses[k].name);
		drive(&accesses[k]);
	}
	vectors_init();
	load_gdt(&gdt_pointer);
	load_idt(&idt_pointer);
}
