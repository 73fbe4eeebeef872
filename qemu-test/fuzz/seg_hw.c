/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LAR, LSL, VERR, VERW and loads of DS, SS compared with the real CPU at CPL 3:
 * LDT descriptors of every kind that Linux lets a process make (modify_ldt), and
 * RPL 0 … 3. Needs an x86-64 Linux host; says SKIP if there is no modify_ldt.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "dbt/sys/sysutil.h"
#include "qemu-test/plain_cpu.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

static sigjmp_buf back;
static volatile u32 host_vector, host_error;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	ucontext_t *u = uc;

	(void)sig;
	(void)si;
	host_vector = (u32)u->uc_mcontext.gregs[REG_TRAPNO];
	host_error = (u32)u->uc_mcontext.gregs[REG_ERR];
	siglongjmp(back, 1);
}

/* Number 1 of the LDT on the host, and the same descriptor in the world's LDT. */
static bool make(unsigned kind, u32 limit)
{
	struct user_desc d = {
		.entry_number = 1, .base_addr = 0x1000, .limit = limit,
		.seg_32bit = 1, .contents = kind & 3, .read_exec_only = kind >> 2 & 1,
		.limit_in_pages = kind >> 3 & 1, .seg_not_present = kind >> 4 & 1, .useable = 1,
	};
	u16 type = (u16)((kind & 3) << 2 | (kind & 4 ? 0 : 2) | 1);

	if (syscall(SYS_modify_ldt, 0x11, &d, sizeof(d)))
		return false;
	world_protected(3);
	put_desc(0x0c, 0x1000, limit, (u16)(type | SEG_S | A_DPL(3) | (kind & 16 ? 0 : SEG_P) |
					     1 << 12 | SEG_DB | (kind & 8 ? SEG_G : 0)));
	return true;
}

static void compare_queries(u16 sel, unsigned kind)
{
	u32 host, mine = 0;
	u8 hz;
	bool mz;

	host = 0;
	__asm__ volatile("lar %2, %0; setz %1" : "+r"(host), "=q"(hz) : "r"((u32)sel) : "cc");
	OK(seg_lar(&w, sel, &mine, &mz));
	check_eq(mz, hz, "lar zf", "kind", (int)kind);
	if (hz)
		check_eq(mine, host, "lar", "kind", (int)kind);
	__asm__ volatile("lsl %2, %0; setz %1" : "+r"(host), "=q"(hz) : "r"((u32)sel) : "cc");
	OK(seg_lsl(&w, sel, &mine, &mz));
	check_eq(mz, hz, "lsl zf", "kind", (int)kind);
	if (hz)
		check_eq(mine, host, "lsl", "kind", (int)kind);
	__asm__ volatile("verr %w1; setz %0" : "=q"(hz) : "r"(sel) : "cc");
	OK(seg_verr(&w, sel, &mz));
	check_eq(mz, hz, "verr", "kind", (int)kind);
	__asm__ volatile("verw %w1; setz %0" : "=q"(hz) : "r"(sel) : "cc");
	OK(seg_verw(&w, sel, &mz));
	check_eq(mz, hz, "verw", "kind", (int)kind);
}

static void compare_load(enum sreg r, u16 sel, unsigned kind)
{
	struct fault f;
	u16 old;

	host_vector = host_error = 0;
	if (!sigsetjmp(back, 1)) {
		if (r == DS)
			__asm__ volatile("mov %%ds, %0; mov %w1, %%ds; mov %0, %%ds"
					 : "=&r"(old) : "r"(sel));
		else
			__asm__ volatile("mov %%ss, %0; mov %w1, %%ss; mov %0, %%ss"
					 : "=&r"(old) : "r"(sel));
	}
	f = seg_load(&w, r, sel);
	check_eq(f.raised ? f.vector : 0, host_vector, "load vector", "kind", (int)kind);
	check_eq(f.raised ? f.error : 0, host_error, "load error", "kind", (int)kind);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	static const u32 limits[] = { 0, 0xfff, 0xfffff };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	if (!plain_cpu()) {
		printf("SKIP all: " PLAIN_CPU_REASON "\n0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	if (!make(0, 0xfffff)) {
		printf("SKIP no modify_ldt\n");
		return 0;
	}
	for (unsigned kind = 0; kind < 32; kind++) {
		for (unsigned k = 0; k < 3 * 4; k++) {
			u16 sel = (u16)(0x0c | (k & 3));

			if (!make(kind, limits[k / 4]))
				/* Linux refuses some (contents 3 that is present) */
				continue;
			compare_queries(sel, kind);
			compare_load(DS, sel, kind);
			if (!make(kind, limits[k / 4]))
				continue;
			compare_load(SS, sel, kind);
		}
	}
	return check_done();
}
