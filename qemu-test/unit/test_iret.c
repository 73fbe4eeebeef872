/* SPDX-License-Identifier: BSD-2-Clause */
/* IRET, SYSENTER and SYSEXIT against the pseudo-code of SDM vol. 2. Nested tasks: test_task.c. */
#include "dbt/sys/farxfer.h"

#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

/* -- IRET ----------------------------------------------------------------- */

static void iret_frame(u32 eip, u16 cs, u32 flags)
{
	world_push(4, flags);
	world_ret_frame(eip, cs);
}

#define ALL_FLAGS 0x003f7fd7u

/* What IRET of `image` at (cpl, iopl) makes of the old flags. */
static u32 iret_flags(u8 cpl, u32 iopl, u32 old, u32 image, unsigned size)
{
	world_protected(cpl);
	eflags_set(&w, old | iopl << 12);
	w.dr[7] |= 1;			/* keep RF */
	world_push(size, image);
	world_push(size, w.seg[CS].sel);
	world_push(size, 0x100);
	OK(far_iret(&w, size));
	return eflags_get(&w);
}

static void test_iret_flags(void)
{
	/* CPL 0: all but VM (which would be a return to V86), VIF, VIP */
	EQ(iret_flags(0, 0, 0, ALL_FLAGS & ~FL_VM, 4), ALL_FLAGS & ~(FL_VM | FL_VIF | FL_VIP));
	EQ(iret_flags(0, 3, ALL_FLAGS & ~(FL_VM | FL_NT), 0, 4), FL_FIXED);
	EQ(iret_flags(0, 0, 0, 0x7fd7, 2), 0x7fd7);
	EQ(iret_flags(0, 0, FL_AC | FL_ID, 0, 2), FL_AC | FL_ID | FL_FIXED);
	/* CPL 3, IOPL 0: neither IF nor IOPL, and VM is not looked at */
	EQ(iret_flags(3, 0, FL_IF, ALL_FLAGS & ~FL_IF, 4),
	   ALL_FLAGS & ~(FL_IOPL | FL_VM | FL_VIF | FL_VIP));
	/* CPL 3, IOPL 3: IF but not IOPL */
	EQ(iret_flags(3, 3, FL_IF, 0, 4), FL_IOPL | FL_FIXED);
	EQ(iret_flags(2, 1, FL_IF, 0, 4), FL_IF | 1 << 12 | FL_FIXED);
	EQ(iret_flags(1, 1, FL_IF, 0, 4), 1 << 12 | FL_FIXED);
	/* RF is dropped where nothing could see it */
	world_protected(0);
	iret_frame(0x100, S_CODE0, FL_RF | FL_IF);
	w.nmi_blocked = true;
	OK(far_iret(&w, 4));
	EQ(eflags_get(&w), FL_IF | FL_FIXED);
	EQ(w.nmi_blocked, 0);
	EQ(w_unmasked, 1);
}

static struct fault iret_to(u16 cs)
{
	iret_frame(0x100, cs, 0x202);
	world_snap();
	return far_iret(&w, 4);
}

#define IRET_FAULTS(cs, vec, code) \
	do { \
		want_fault(iret_to(cs), vec, code, "iret " #cs, __LINE__); \
		want_unchanged("iret " #cs, __LINE__); \
	} while (0)

static void test_iret_protected(void)
{
	world_protected(0);
	OK(iret_to(S_CODE0));
	EQ(w.eip, 0x100);
	EQ(reg32(&w, ESP), W_STACK + W_TOP);
	IRET_FAULTS(0, EXC_GP, 0);
	IRET_FAULTS(0x200, EXC_GP, 0x200);
	IRET_FAULTS(S_DATA0, EXC_GP, S_DATA0);
	IRET_FAULTS(S_CODE3 & ~3, EXC_GP, S_CODE3 & ~3);
	desc_clear(S_CODE1, SEG_P);
	IRET_FAULTS(S_CODE1, EXC_NP, S_CODE1 & ~3);
	put_desc(S_FREE, 0, 0xff, A_CODE(0) & ~SEG_G);
	IRET_FAULTS(S_FREE, EXC_GP, 0);			/* EIP 0x100 */
	w.seg[SS].limit = reg32(&w, ESP) + 10;
	FAULTS(far_iret(&w, 4), EXC_SS, 0);

	world_protected(0);
	world_push(4, S_DATA3);
	world_push(4, 0x8000);
	OK(iret_to(S_CODE3));
	EQ(w.cpl, 3);
	EQ(reg32(&w, ESP), 0x8000);
	EQ(w.seg[SS].sel, S_DATA3);
	IRET_FAULTS(S_CODE0, EXC_GP, S_CODE0);		/* inward */
	world_protected(0);
	world_push(4, S_DATA0);
	world_push(4, 0x8000);
	IRET_FAULTS(S_CODE3, EXC_GP, S_DATA0);
}

static void v86_frame(u32 eip, u32 flags)
{
	static const u16 segs[] = { 0x5555, 0x4444, 0x3333, 0x2222, 0x1111 };	/* GS FS DS ES SS */

	for (unsigned k = 0; k < 5; k++)
		world_push(4, segs[k]);
	world_push(4, 0x12348000);
	iret_frame(eip, 0x9999, flags);
}

static void test_iret_v86(void)
{
	world_protected(0);
	v86_frame(0x100, FL_VM | FL_IF | 1 << 12 | FL_FIXED);
	OK(far_iret(&w, 4));
	EQ(eflags_get(&w), FL_VM | FL_IF | 1 << 12 | FL_FIXED);
	EQ(w.cpl, 3);
	EQ(w.eip, 0x100);
	EQ(reg32(&w, ESP), 0x12348000);
	EQ(w.seg[CS].base, 0x99990);
	EQ(w.seg[SS].base, 0x11110);
	EQ(w.seg[ES].base, 0x22220);
	EQ(w.seg[DS].base, 0x33330);
	EQ(w.seg[FS].base, 0x44440);
	EQ(w.seg[GS].base, 0x55550);
	EQ(w.seg[GS].limit, 0xffff);
	EQ(w.seg[CS].attr, 0xf3);
	world_protected(0);
	v86_frame(0xffff, FL_VM);
	OK(far_iret(&w, 4));
	world_protected(0);
	v86_frame(0x10000, FL_VM);
	FAULTS(far_iret(&w, 4), EXC_GP, 0);
	w.seg[SS].limit = reg32(&w, ESP) + 34;
	FAULTS(far_iret(&w, 4), EXC_SS, 0);
}

static void test_iret_in_v86(void)
{
	world_v86(2);
	FAULTS(far_iret(&w, 2), EXC_GP, 0);
	world_v86(3);
	world_push(2, 0x0fd7);			/* IOPL 0 in the image */
	world_push(2, 0x2345);
	world_push(2, 0x6789);
	OK(far_iret(&w, 2));
	EQ(eflags_get(&w), FL_VM | FL_IOPL | 0xfd7);
	EQ(w.seg[CS].base, 0x23450);
	EQ(w.eip, 0x6789);
	world_push(4, 0);				/* VM stays */
	world_push(4, 0x2345);
	world_push(4, 0x6789);
	OK(far_iret(&w, 4));
	EQ(eflags_get(&w), FL_VM | FL_IOPL | FL_FIXED);
}

static void test_iret_real(void)
{
	world_real();
	w.dr[7] |= 1;
	iret_frame(0x6789, 0x2345, 0xffffffff);
	OK(far_iret(&w, 4));
	EQ(eflags_get(&w), 0x00257fd7);		/* SDM vol. 2, IRET: 257FD5H, and bit 1 */
	EQ(w.seg[CS].base, 0x23450);
	EQ(reg32(&w, ESP), W_TOP);
	world_push(2, 0);
	world_push(2, 0x2345);
	world_push(2, 0x6789);
	OK(far_iret(&w, 2));
	EQ(eflags_get(&w), 0x00250002);
	iret_frame(0x10000, 0x2345, 0);
	FAULTS(far_iret(&w, 4), EXC_GP, 0);
}

static void setup_iret_v86(void) { world_protected(0); v86_frame(0x100, FL_VM); }
static struct fault op_iret(void) { return far_iret(&w, 4); }

/* -- SYSENTER, SYSEXIT ---------------------------------------------------- */

static void test_sysenter(void)
{
	world_protected(3);
	FAULTS(far_sysenter(&w), EXC_GP, 0);		/* SYSENTER_CS is null */
	w.sysenter_cs = S_CODE0 | 3;
	w.sysenter_eip = 0xc0001000;
	w.sysenter_esp = 0xc0002000;
	eflags_set(&w, FL_IF | FL_RF | FL_CF | FL_IOPL);
	OK(far_sysenter(&w));
	EQ(w.cpl, 0);
	EQ(w.eip, 0xc0001000);
	EQ(reg32(&w, ESP), 0xc0002000);
	EQ(w.gpr[ESP], 0xc0002000);		/* zeros above */
	EQ(eflags_get(&w), FL_CF | FL_IOPL | FL_FIXED);
	EQ(w.seg[CS].sel, S_CODE0);
	EQ(w.seg[CS].attr, 0xc09b);
	EQ(w.seg[SS].sel, S_CODE0 + 8);
	EQ(w.seg[SS].attr, 0xc093);
	EQ(w.seg[SS].limit, 0xffffffff);

	set_reg32(&w, ECX, 0xbffff000);
	set_reg32(&w, EDX, 0x08048000);
	OK(far_sysexit(&w, 4));
	EQ(w.cpl, 3);
	EQ(w.eip, 0x08048000);
	EQ(reg32(&w, ESP), 0xbffff000);
	EQ(w.seg[CS].sel, (S_CODE0 + 16) | 3);
	EQ(w.seg[CS].attr, 0xc0fb);
	EQ(w.seg[SS].sel, (S_CODE0 + 24) | 3);
	EQ(w.seg[SS].attr, 0xc0f3);
	FAULTS(far_sysexit(&w, 4), EXC_GP, 0);		/* CPL 3 */
	world_protected(0);
	FAULTS(far_sysexit(&w, 4), EXC_GP, 0);
	world_v86(0);
	w.sysenter_cs = S_CODE0;
	OK(far_sysenter(&w));
	EQ(w.eflags & FL_VM, 0);
	world_real();
	w.sysenter_cs = S_CODE0;
	FAULTS(far_sysenter(&w), EXC_GP, 0);
	FAULTS(far_sysexit(&w, 4), EXC_GP, 0);
}

int main(void)
{
	test_iret_flags();
	test_iret_protected();
	test_iret_v86();
	test_iret_in_v86();
	test_iret_real();
	EQ(page_fault_sweep(setup_iret_v86, op_iret, "iret v86"), 1);	/* the stack */
	test_sysenter();
	return check_done();
}
