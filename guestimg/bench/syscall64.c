/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The row of SYSCALL and SYSRET: user code that does nothing but call. Not an operating system's
 * entry: no stack is changed, no SWAPGS. The 64-bit image's; the other one has syscall32.c.
 */
#include "guestimg/bench/bench.h"

enum { MSR_EFER = 0xc0000080, MSR_STAR, MSR_LSTAR, MSR_FMASK = 0xc0000084, EFER_SCE = 1 };
/* The boot sector's descriptors, then what SYSCALL and SYSRET want side by side (SDM vol. 3,
 * 5.8.8): kernel code and data, user code of 32 bits, data, code of 64 bits. */
enum { KERNEL_CODE = 0x18, USER_BASE = 0x28 };

static const u64 gdt[] = {
	0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff,
	0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff,
};

static u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static void syscall_init(void)
{
	struct {
		u16 limit;
		unsigned long base;
	} __attribute__((packed)) table = { sizeof(gdt) - 1, (unsigned long)gdt };

	asm volatile("lgdt %0" : : "m"(table));
	wrmsr(MSR_STAR, (u64)(USER_BASE | 3) << 48 | (u64)KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (unsigned long)syscall_entry);
	wrmsr(MSR_FMASK, 0x200);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	memcpy((void *)(unsigned long)USER_PHYS, user_rounds, user_rounds_end - user_rounds);
}

u32 row_syscall(u32 n)
{
	static bool ready;

	if (!ready)
		syscall_init();
	ready = true;
	syscalls = 0;
	user_run(USER_CODE, n);
	return syscalls;
}
