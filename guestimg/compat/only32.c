/* SPDX-License-Identifier: BSD-2-Clause */
/* What a 32-bit program alone can do under an amd64 kernel. */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guestimg/compat/compat.h"
#include "guestimg/compat/only32.h"

enum { TRAP_OF = 4, TRAP_BR = 5, TRAP_GP = 13 };
enum { MMAP2_SHIFT = 12, LDT_ENTRY = 3, LDT_SELECTOR = LDT_ENTRY * 8 + 7 };

/* mmap2 has six arguments; the file's second page is found twice. */
static void test_way(way *call)
{
	static char second[4096];
	int fd = open("/proc/self/exe", O_RDONLY);

	expect("getpid", call(SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
	expect("no such call", call(9999, 0, 0, 0, 0, 0, 0), -ENOSYS);
	expect("pread", pread(fd, second, sizeof(second), sizeof(second)), sizeof(second));
	void *page = (void *)call(SYS_mmap2, 0, sizeof(second), PROT_READ, MAP_PRIVATE, fd, 1);

	expect("mmap2", memcmp(page, second, sizeof(second)), 0);
	expect("munmap", call(SYS_munmap, (long)page, sizeof(second), 0, 0, 0, 0), 0);
	expect("a bad pointer", call(SYS_write, 1, 4, 4, 0, 0, 0), -EFAULT);
	close(fd);
}

static void test_calls(void)
{
	test("system calls by INT 0x80");
	test_way(by_int80);
	test("system calls by the vDSO");
	vdso_entry = (void *)getauxval(AT_SYSINFO);
	test_way(by_vdso);
	if (intel()) {
		test("system calls by SYSENTER");
		test_way(by_sysenter);
	}
	test("registers over a system call");
	expect("changed by INT 0x80", call_preserves(0), 0);
	expect("changed by the vDSO", call_preserves(1), 0);
}

static void test_long(void)
{
	test("64-bit code in a 32-bit process");
	in_64();
	expect("upper half", in_64_result[0], 0x12345678);
	expect("getpid by SYSCALL", in_64_result[1], getpid());
	expect("R9 after compatibility mode", in_64_result[2], 0x12345678);
}

static bool ldt(unsigned base, unsigned limit, bool pages, bool big)
{
	struct user_desc d = {
		.entry_number = LDT_ENTRY, .base_addr = base, .limit = limit, .seg_32bit = big,
		.limit_in_pages = pages, .useable = 1,
	};

	ldt_selector = LDT_SELECTOR;
	return syscall(SYS_modify_ldt, 1, &d, sizeof(d)) == 0;
}

static void test_segments(void)
{
	static char room[4096] __attribute__((aligned(4096)));
	static char stack[65536] __attribute__((aligned(4096)));
	struct caught c;

	test("a limit of a segment in the LDT");
	expect("modify_ldt", ldt((unsigned)(unsigned long)room, 0xfff, false, true), true);
	c = catch(past_limit);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_GP, 0, past_limit_at);
	test("a 16-bit stack: ESP's upper half over an interrupt");
	/* A kernel without CONFIG_X86_16BIT (Debian's cloud kernel) refuses it. */
	if (ldt((unsigned)(unsigned long)stack, 0xffff, false, false))
		expect("esp", on_stack16(), 0x12340800);
	else
		expect("error", errno, EINVAL);
	test("INTO and BOUND");
	c = catch(overflow);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_OF, 0, overflow_at);
	c = catch(bounds);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_BR, 0, bounds_at);
}

void test_width(void)
{
	test_calls();
	test_long();
	test_segments();
}
