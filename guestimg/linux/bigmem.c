/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bigmem MIB: fills that much memory with what tells each place from all others, reads it back, and
 * says how much of it lies above 4 GiB. An amd64 Linux program without a C library, so that the
 * guest's initramfs stays small. Half of it is of small pages, half may be of large ones.
 */
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

typedef unsigned long u64;

enum { MIB = 1 << 20, PAGE = 4096, STEP = 512, PROT_RW = 3, FRAMES = 512 };

static long call(long n, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;

	__asm__ volatile("syscall" : "+a"(n) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return n;
}

static void say(const char *s)
{
	u64 n = 0;

	while (s[n])
		n++;
	call(__NR_write, 1, (u64)s, n, 0, 0, 0);
}

static void say_number(u64 v)
{
	char s[24];
	unsigned n = sizeof(s);

	s[--n] = 0;
	do
		s[--n] = (char)('0' + v % 10);
	while (v /= 10);
	say(s + n);
}

__attribute__((noreturn)) static void quit(int status)
{
	for (;;)
		call(__NR_exit, (u64)status, 0, 0, 0, 0, 0);
}

/* What belongs at an address: neighbours, pages and gigabytes differ. */
static u64 value(u64 at) { return (at ^ at >> 29) * 0x9e3779b97f4a7c15; }

static void fill(u64 from, u64 to)
{
	for (u64 at = from; at < to; at += STEP)
		*(u64 *)at = value(at);
}

static void check(u64 from, u64 to)
{
	for (u64 at = from; at < to; at += STEP)
		if (*(u64 *)at != value(at)) {
			say("bigmem: WRONG at ");
			say_number(at - from);
			say("\n");
			quit(1);
		}
}

/* Pages with a frame at 4 GiB or more (Linux's pagemap.rst: bits 54-0). */
static u64 count_high(u64 from, u64 to)
{
	static u64 entry[FRAMES];
	u64 high = 0;
	long fd = call(__NR_open, (u64)"/proc/self/pagemap", O_RDONLY, 0, 0, 0, 0);

	for (u64 at = from; at < to; at += FRAMES * PAGE) {
		call(__NR_pread64, (u64)fd, (u64)entry, sizeof(entry), at / PAGE * 8, 0, 0);
		for (unsigned k = 0; k < FRAMES; k++)
			high += (entry[k] & ((1ul << 55) - 1)) >> 20 != 0;
	}
	return high * PAGE / MIB;
}

static u64 number(const char *s)
{
	u64 v = 0;

	for (; s && *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (u64)(*s - '0');
	return v;
}

__attribute__((noreturn, used)) void start(char **argv)
{
	u64 size = number(argv[1]) * MIB, at, middle;

	at = (u64)call(__NR_mmap, 0, size, PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       ~0ul, 0);
	if (!size || at > -(u64)PAGE) {
		say("bigmem: no memory\n");
		quit(1);
	}
	middle = at + size / 2;
	call(__NR_madvise, at, size / 2, MADV_NOHUGEPAGE, 0, 0, 0);
	call(__NR_madvise, middle, size - size / 2, MADV_HUGEPAGE, 0, 0, 0);
	fill(at, at + size);
	check(at, at + size);
	say("bigmem: ");
	say_number(size / MIB);
	say(" MiB right, ");
	say_number(count_high(at, at + size));
	say(" MiB of them above 4 GiB\n");
	quit(0);
}

__asm__(".globl _start\n_start:\n\tleaq 8(%rsp), %rdi\n\tandq $-16, %rsp\n\tcall start");
