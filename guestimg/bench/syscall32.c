/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The row of SYSENTER and SYSEXIT: user code that does nothing but call. Not an operating system's
 * entry: no stack is used, no segment loaded. The 32-bit image's; the other one has syscall64.c.
 */
#include "guestimg/bench/bench.h"

enum { MSR_SYSENTER_CS = 0x174, MSR_SYSENTER_EIP = 0x176 };
enum { KERNEL_CODE = 0x08 };	/* the boot sector's; SYSEXIT needs no descriptors */

u32 row_syscall(u32 n)
{
	wrmsr(MSR_SYSENTER_CS, KERNEL_CODE);
	wrmsr(MSR_SYSENTER_EIP, (unsigned long)syscall_entry);
	memcpy((void *)USER_PHYS, user_rounds, user_rounds_end - user_rounds);
	syscalls = 0;
	user_run(USER_CODE, n);
	return syscalls;
}
