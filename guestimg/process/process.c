/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /init of the process benchmark: runs the rows of rows.def under Debian's 686 or amd64 kernel and
 * prints one line for each, then powers off. Times are the TSC's: host instructions in Loam under
 * -icount, guest instructions in QEMU's PC under -icount. Not a shell: it forks busybox's for that.
 * Kernel option: loam.rows=NAME,… runs only these.
 * Invariant: between a row's two time stamps nothing runs but the row, and nothing is printed.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNTERS_PORT = 0x403 };		/* Loam prints its counters; nobody elsewhere */
enum { ARGUMENTS = 10, OUTPUT_MODE = 0600 };
enum { SHELL_SAYS = 3, SHELL_HEARS = 4 };	/* descriptors; rows.def's scripts name them, too */

#define BUSYBOX "/bin/busybox"
#define OUTPUT "/tmp/out"

enum kind { KIND_SHELL, KIND_FIXED, KIND_PIPE, KIND_PROGRAM };

struct row {
	const char *name;
	enum kind kind;
	unsigned warm, n;
	const char *argv[ARGUMENTS];
};

static const struct row rows[] = {
#define SHELL(name, warm, n, work) \
	{ name, KIND_SHELL, warm, n, { "sh", "-c", SCRIPT(warm, n, work) } },
#define FIXED(name, warm, n, work) \
	{ name, KIND_FIXED, warm, n, { "sh", "-c", SCRIPT(warm, n, work) } },
#define PIPE(name, warm, n) { name, KIND_PIPE, warm, n, { 0 } },
#define PROGRAM(name, ...) { name, KIND_PROGRAM, 0, 1, { __VA_ARGS__ } },
#include "guestimg/process/rows.def"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void die(const char *what)
{
	printf("P error %s\n", what);
	fflush(stdout);
	reboot(RB_POWER_OFF);
}

/* --- the measured span */

static struct {
	unsigned tag;
	uint64_t start, ticks;
} span;

static uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static void span_begin(void)
{
	outb(span.tag, COUNTERS_PORT);
	span.start = tsc();
}

static void span_end(void)
{
	span.ticks = tsc() - span.start;
	outb(span.tag, COUNTERS_PORT);
}

/* --- work */

/* In the child: output to a file, and off. Programs without a slash are busybox's. */
static void become(const struct row *row)
{
	int out = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, OUTPUT_MODE);

	dup2(out, 1);
	close(out);
	if (row->kind == KIND_FIXED)
		personality(ADDR_NO_RANDOMIZE);
	execv(*row->argv[0] == '/' ? row->argv[0] : BUSYBOX, (char **)row->argv);
	_exit(127);
}

static void child_awaited(pid_t child, const char *what)
{
	int status;

	if (waitpid(child, &status, 0) != child || status)
		die(what);
}

/* From fork to the program's end. */
static void run_program(const struct row *row)
{
	span_begin();
	pid_t child = fork();

	if (!child)
		become(row);
	child_awaited(child, row->name);
	span_end();
}

static void hear(int from, const char *what)
{
	char byte;

	if (read(from, &byte, 1) != 1)
		die(what);
}

static void say(int to, const char *what)
{
	if (write(to, "\n", 1) != 1)
		die(what);
}

/* The shell says that it is warm, and that it has done, and each time waits for an answer. */
static void run_shell(const struct row *row)
{
	int from[2], to[2];

	if (pipe(from) || pipe(to))
		die("pipe");
	pid_t child = fork();

	if (!child) {
		close(from[0]), close(to[1]);
		dup2(to[0], SHELL_HEARS + 2);
		dup2(from[1], SHELL_SAYS);
		dup2(SHELL_HEARS + 2, SHELL_HEARS);
		for (int fd = SHELL_HEARS + 1; fd < 10; fd++)
			close(fd);
		become(row);
	}
	close(from[1]), close(to[0]);
	hear(from[0], row->name);
	span_begin();
	say(to[1], row->name);
	hear(from[0], row->name);
	span_end();
	say(to[1], row->name);
	child_awaited(child, row->name);
	close(from[0]), close(to[1]);
}

/* The child gives back what it is given; the parent begins each round. */
static void run_pipe(const struct row *row)
{
	int to[2], fro[2];

	if (pipe(to) || pipe(fro))
		die("pipe");
	pid_t child = fork();

	if (!child) {
		for (unsigned k = 0; k < row->warm + row->n; k++)
			hear(to[0], row->name), say(fro[1], row->name);
		_exit(0);
	}
	for (unsigned k = 0; k < row->warm + row->n; k++) {
		if (k == row->warm)
			span_begin();
		say(to[1], row->name), hear(fro[0], row->name);
	}
	span_end();
	child_awaited(child, row->name);
	close(to[0]), close(to[1]), close(fro[0]), close(fro[1]);
}

/* --- lines */

/* FNV-1a of what the row printed. */
static uint32_t output_check(void)
{
	uint32_t h = 2166136261u;
	unsigned char block[4096];
	int in = open(OUTPUT, O_RDONLY);
	ssize_t n;

	while ((n = read(in, block, sizeof(block))) > 0)
		for (ssize_t k = 0; k < n; k++)
			h = (h ^ block[k]) * 16777619u;
	close(in);
	unlink(OUTPUT);
	return h;
}

static void row_run(const struct row *row, unsigned tag)
{
	span.tag = tag;
	if (row->kind == KIND_PIPE)
		run_pipe(row);
	else if (row->kind == KIND_PROGRAM)
		run_program(row);
	else
		run_shell(row);
	printf("P %s n=%u t=%llu chk=%08x\n", row->name, row->n, (unsigned long long)span.ticks,
	       output_check());
	fflush(stdout);
}

/* Is the row among the kernel option's names? All are, without that option. */
static int wanted(const char *options, const char *name)
{
	static const char key[] = "loam.rows=";
	const char *at = strstr(options, key);
	size_t size = strlen(name);

	if (!at)
		return 1;
	for (at += sizeof(key) - 1;; at++) {
		if (!strncmp(at, name, size) && strchr(", \n", at[size]))
			return 1;
		at += strcspn(at, ", \n");
		if (*at != ',')
			return 0;
	}
}

int main(void)
{
	static char options[4096];

	mount("proc", "/proc", "proc", 0, NULL);
	int in = open("/proc/cmdline", O_RDONLY);

	if (in < 0 || read(in, options, sizeof(options) - 1) < 0 || ioperm(COUNTERS_PORT, 1, 1))
		die("start");
	printf("P start\n");
	fflush(stdout);
	for (unsigned k = 0; k < ROWS; k++)
		if (wanted(options, rows[k].name))
			row_run(&rows[k], k + 1);
	printf("P end\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
