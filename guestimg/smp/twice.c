/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /init: how much longer two copies of a job take on two CPUs than one copy on one, by the clock.
 * Each job in turn, TIMES times: one copy on CPU 0, then two at once on CPUs 0 and 1; a line
 * "T JOB COPIES MICROSECONDS" each. The first time of all is not told: it warms up. Then power off.
 * Jobs: mix, the benchmark image's row (guestimg/bench/kernels.c); sha256sum; a shell's loop of
 * short processes whose program nobody has run before, a fresh copy of busybox: its pages are other
 * frames, so all of it is translated anew.
 * Invariant: between two time stamps nothing runs but the copies, and nothing is printed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMES = 5, MIX = 1500, MILLION = 1000000, THOUSAND = 1000, COPIES = 2, PROGRAM_MODE = 0755 };

#define BUSYBOX "/bin/busybox"

/* guestimg/bench/kernels.c and what it wants */
unsigned row_mix(unsigned n);
void kernels_init(void);
unsigned *buf_a, *buf_b, *buf_chase;

static char fresh[COPIES][32];			/* a copy of busybox for each copy of the job */

static void die(const char *what)
{
	printf("T error %s\n", what);
	fflush(stdout);
	reboot(RB_POWER_OFF);
	_exit(1);
}

/* -- Jobs: in the child, which they end -- */

static void mix(unsigned copy)
{
	volatile unsigned sum;

	(void)copy;
	kernels_init();
	sum = row_mix(MIX);
	(void)sum;
	_exit(0);
}

static void quietly(char *const *argv)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(null, 1);
	execv(argv[0], argv);
	_exit(127);
}

static void sha256(unsigned copy)
{
	char *argv[] = { BUSYBOX, "sha256sum", BUSYBOX, BUSYBOX, NULL };

	(void)copy;
	quietly(argv);
}

/* Its shell is the old busybox: only what it starts is new. */
static void shell(unsigned copy)
{
	static char script[] =
		"for i in 1 2 3; do $B true; echo $i b c | $B cut -d' ' -f2 | $B wc; "
		"$B expr $i + 1; echo a $i | $B sed s/a/b/ | $B awk '{ print $2 }'; "
		"$B sort /sums; $B md5sum /sums; $B seq 9 | $B tail -n 3; done || exit 1";
	char *argv[] = { BUSYBOX, "sh", "-c", script, NULL };

	setenv("B", fresh[copy], 1);
	quietly(argv);
}

static const struct job { const char *name; void (*run)(unsigned copy); } jobs[] = {
	{ "mix", mix }, { "sha256", sha256 }, { "shell", shell },
};
enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };

/* -- Copies -- */

static void make_fresh(unsigned copy)
{
	static unsigned made;
	struct stat st;
	int from = open(BUSYBOX, O_RDONLY), to;

	if (*fresh[copy])
		unlink(fresh[copy]);
	snprintf(fresh[copy], sizeof(fresh[copy]), "/tmp/busybox.%u", made++);
	to = open(fresh[copy], O_WRONLY | O_CREAT | O_TRUNC, PROGRAM_MODE);
	if (from < 0 || to < 0 || fstat(from, &st) ||
	    sendfile(to, from, NULL, (size_t)st.st_size) != st.st_size)
		die("copy");
	close(from);
	close(to);
}

static void pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("affinity");
}

static long microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * MILLION + t.tv_nsec / THOUSAND;
}

static long time_of(const struct job *job, unsigned copies)
{
	long begin;
	int status;

	for (unsigned k = 0; k < copies; k++)
		make_fresh(k);
	begin = microseconds();
	for (unsigned k = 0; k < copies; k++)
		if (!fork()) {
			pin(k);
			job->run(k);
		}
	for (unsigned k = 0; k < copies; k++)
		if (wait(&status) < 0 || status)
			die(job->name);
	return microseconds() - begin;
}

int main(void)
{
	mount("proc", "/proc", "proc", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, NULL);
	if (sysconf(_SC_NPROCESSORS_ONLN) < COPIES)
		die("two CPUs are wanted");
	printf("T start\n");
	for (unsigned n = 0; n <= TIMES; n++)
		for (unsigned j = 0; j < JOBS; j++)
			for (unsigned copies = 1; copies <= COPIES; copies++) {
				long took = time_of(&jobs[j], copies);

				if (!n)
					continue;
				printf("T %s %u %ld\n", jobs[j].name, copies, took);
				fflush(stdout);
			}
	printf("T end\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
