/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that are not canonical, by every form of access, and canonical ones where nothing is.
 * The places are those where a host that knows nothing of x86's rule has windows of its own: a
 * guest must see faults there, and nothing else. SDM vol. 1, 3.3.7.1.
 */
#include "guestimg/tests64/canon.h"

const u64 places[] = {
	/* The last before, and in, the host's windows 0x8…, 0x9…, 0xa…, 0xb…, and -2^62. */
	0x7ffffffffffffff8, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000010,
	0x8fffffffffffffff, 0x9000000000000000, 0x9000000000200000, 0x9000000010000000,
	0x9000ffffffffffff, 0x9800000000200000, 0x9fffffffffffffff, 0xa000000000000000,
	0xa00000001fe001e0, 0xa800000000000000, 0xb000000000000000, 0xb000000000200000,
	0xbffffffffffffff8, 0xbfffffffffffffff, 0xc000000000000000, 0xc000000000000008,
	0xc0000000001fffff, 0xfffe000000000000,
	/* The edges of what is canonical. */
	0x0000800000000000, 0x00007fffffffffff, 0x00007ffffffffff8, 0x00007fffffffffe0,
	0x00007ffffffffffc, 0x00007ffffffffffe,
	0xffff7fffffffffff, 0xffff7ffffffffff8, 0xffff7ffffffffff1, 0xffff800000000000,
	0x0001000000000000, 0x0000900000200000,
	/* Canonical, and missing; the host may have something there if it extends otherwise. */
	0x0000000090200000, 0x00000000a0000000, 0x000000009fffffff, 0xffffffff80200000,
	0xffffffffa0000000, 0xffffffffbfc00000, 0xffffffffc0000000, 0xffffffffffff0000,
	0xffff900000200000, 0x0000500000200000, 0x0000300000000000, 0x000000001fe001e0,
};
const u32 places_count = COUNT(places);

static bool canonical(u64 at)
{
	return (long)(at << 16) >> 16 == (long)at;
}

void run_access(const struct regs *r, u64 at, u64 size, u32 flags)
{
	run_access_after(r, 0, at, size, flags);
}

void run_access_after(const struct regs *r, u64 behind, u64 at, u64 size, u32 flags)
{
	/* What IRET pops first is not known. */
	if (flags & KE && flags & ST && canonical(at) != canonical(at + size - 1))
		return;
	u64 piece = flags & PI ? 8 : flags & PI4 ? 4 : flags & PI2 ? 2 : size;

	if (size > piece)
		size = piece;
	/* TCG looks at one page after the other, and has no stack faults. */
	if (in_tcg() && canonical(at) && !canonical(at + size - 1))
		return;
	bool good = canonical(at) && canonical(at + size - 1) && at + size - 1 >= at;
	u64 error = (r->cs & 3 ? PF_U : 0) | (flags & WR ? PF_W : 0);

	run(r);
	if (flags & NO) {
		expect("vector", stopped.vector, VEC_EXIT);
		return;
	}
	u64 bad = flags & ST && !in_tcg() ? V_SS : V_GP;
	bool ok = expect("vector", stopped.vector, good ? V_PF : bad);

	if (good)
		ok &= expect("cr2", stopped.cr2, flags & EN && !in_tcg() ? at + size - 1 : at);
	if (!good)
		error = 0;
	else if (in_tcg())		/* it reads before it writes */
		error = (error & ~(u64)PF_W) | (stopped.error & PF_W);
	ok &= expect("error code", stopped.error, error);
	ok &= expect("rip", stopped.r.rip, r->rip + behind);
	ok &= expect("rdi", stopped.r.rdi, r->rdi);
	ok &= expect("rsi", stopped.r.rsi, r->rsi);
	ok &= expect("rcx", stopped.r.rcx, r->rcx);
	ok &= expect("rax", stopped.r.rax, r->rax);
	ok &= expect("rbp", stopped.r.rbp, r->rbp);
	ok &= expect("rsp", stopped.r.rsp, r->rsp);
	if (!ok)
		expect("place", at, 0);
}

/* -- Forms of access -- */

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

static void drive(const struct access *a, u64 at)
{
	struct regs r = a->flags & KE ? kernel_regs(a->code) : user_regs(a->code);

	if (a->flags & AL && at & 15)
		return;
	r.rax = 0x1122334455667700;	/* AL is 0 for XLAT */
	r.rcx = a->flags & RX && at & 1 << 4 ? 0x10000000 : 4;
	r.rdx = a->flags & KE ? 0x80 : 7;	/* a port; or so that DIV has a chance */
	r.rbx = r.rsi = r.rdi = r.rbp = AT(good);
	((u64 *)&r)[a->reg] = at - (u64)(long)a->offset;
	/* A trap in the kernel pushes where its RSP says: such rows have a stack of their own. */
	if (a->flags & KE && a->reg == RSP) {
		gate_set(V_GP, AT(trap_stubs) + 16 * V_GP, KCODE64, GATE_INT, 6);
		gate_set(V_SS, AT(trap_stubs) + 16 * V_SS, KCODE64, GATE_INT, 6);
		gate_set(V_PF, AT(trap_stubs) + 16 * V_PF, KCODE64, GATE_INT, 6);
	}
	run_access(&r, at, a->size, a->flags);
	gate_reset(V_GP);
	gate_reset(V_SS);
	gate_reset(V_PF);
}

/* All ones: MASKMOVDQU's mask, and something that a store would be seen by. */
static void vectors_init(void)
{
	__asm__ volatile("fninit\n\tpcmpeqd %xmm2, %xmm2");
}

static void test_accesses(void)
{
	for (u32 k = 0; k < COUNT(accesses); k++) {
		test(accesses[k].name);
		for (u32 p = 0; p < places_count; p++)
			for (u32 n = 0; n < SHIFTS; n++) {
				u64 at = shifted(places[p], n);

				vectors_init();
				if (at >= RAM_SIZE + PAGE && at >> 32 != 0)
					drive(&accesses[k], at);
				else if (n == 0)
					drive(&accesses[k], at);
			}
	}
}

int main(void);
int main(void)
{
	test_accesses();
	test_forms();
	test_known();
	test_branches();
	test_kicks();
	test_pages();
	test_images();
	finish("canon64");
}
