/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counters WORKERS ROUNDS: threads, then processes with shared memory, count together in several
 * ways; each sum must be exact. Prints "ok NAME" or "FAIL NAME: …"; status 0 if all were right.
 * Invariant: a worker that waits gives its CPU away after a while, or one CPU would stand still.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_MAX = 64, LINE = 64, PATIENCE = 200 };

/* What all share; each thing on a line of its own. */
struct shared {
	volatile unsigned locked __attribute__((aligned(LINE)));
	volatile unsigned char bytes[LINE] __attribute__((aligned(LINE)));
	volatile unsigned char over_line[2 * LINE] __attribute__((aligned(LINE)));
	volatile unsigned spin __attribute__((aligned(LINE)));
	volatile unsigned by_spin;
	volatile unsigned short next __attribute__((aligned(LINE)));
	volatile unsigned short served;
	volatile unsigned by_ticket;
	pthread_mutex_t mutex __attribute__((aligned(LINE)));
	volatile unsigned by_mutex;
	volatile unsigned long long wide __attribute__((aligned(LINE)));
};

static struct shared *s;
static unsigned workers, rounds;

static void wait_a_while(unsigned *n)
{
	__asm__ volatile("pause");
	if (++*n % PATIENCE == 0)
		sched_yield();
}

static void by_lock(unsigned k)
{
	__asm__ volatile("lock incl %0" : "+m"(s->locked));
	__asm__ volatile("lock incb %0" : "+m"(s->bytes[k]));
	__asm__ volatile("lock addl %1, %0" : "+m"(*(volatile unsigned *)(s->over_line + LINE - 2))
		: "r"(3));
}

static void by_spin(unsigned k)
{
	unsigned n = 0, held = 1;

	(void)k;
	for (;;) {
		__asm__ volatile("xchgl %0, %1" : "+r"(held), "+m"(s->spin) :: "memory");
		if (!held)
			break;
		wait_a_while(&n);
	}
	s->by_spin++;
	__asm__ volatile("movl $0, %0" : "=m"(s->spin) :: "memory");
}

static void by_ticket(unsigned k)
{
	unsigned n = 0;
	unsigned short mine = 1;

	(void)k;
	__asm__ volatile("lock xaddw %0, %1" : "+r"(mine), "+m"(s->next) :: "memory");
	while (s->served != mine)
		wait_a_while(&n);
	s->by_ticket++;
	__asm__ volatile("incw %0" : "+m"(s->served) :: "memory");
}

static void by_mutex(unsigned k)
{
	(void)k;
	pthread_mutex_lock(&s->mutex);
	s->by_mutex++;
	pthread_mutex_unlock(&s->mutex);
}

static void by_cas(unsigned k)
{
	unsigned long long was = s->wide;

	(void)k;
	while (!__atomic_compare_exchange_n(&s->wide, &was, was + 0x100000001, 0,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static const struct way { const char *name; void (*count)(unsigned k); } ways[] = {
	{ "LOCK", by_lock }, { "spin lock", by_spin }, { "ticket lock", by_ticket },
	{ "mutex", by_mutex }, { "compare and exchange", by_cas },
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static void work(unsigned k)
{
	for (unsigned w = 0; w < WAYS; w++)
		for (unsigned n = 0; n < rounds; n++)
			ways[w].count(k);
}

static void *thread(void *k)
{
	work((unsigned)(unsigned long)k);
	return NULL;
}

static void run_threads(void)
{
	pthread_t t[WORKERS_MAX];

	for (unsigned long k = 0; k < workers; k++)
		if (pthread_create(&t[k], NULL, thread, (void *)k)) {
			perror("FAIL thread");
			exit(1);
		}
	for (unsigned k = 0; k < workers; k++)
		pthread_join(t[k], NULL);
}

static int run_processes(void)
{
	int bad = 0, status;

	for (unsigned k = 0; k < workers; k++)
		if (fork() == 0) {
			work(k);
			_exit(0);
		}
	while (wait(&status) > 0)
		bad += status != 0;
	return bad;
}

static int equal(const char *who, const char *what, unsigned long long got, unsigned long long want)
{
	if (got == want)
		printf("ok %s: %s\n", who, what);
	else
		printf("FAIL %s: %s got %llu want %llu\n", who, what, got, want);
	return got != want;
}

static int judge(const char *who)
{
	unsigned all = workers * rounds, over;
	int bad = 0;

	memcpy(&over, (const void *)(s->over_line + LINE - 2), sizeof(over));
	bad += equal(who, "LOCK INC", s->locked, all);
	for (unsigned k = 0; k < workers; k++)
		bad += s->bytes[k] != (unsigned char)rounds;
	bad += equal(who, "bytes by LOCK that differ", (unsigned)bad, 0);
	bad += equal(who, "LOCK ADD over two lines", over, 3 * all);
	bad += equal(who, ways[1].name, s->by_spin, all);
	bad += equal(who, ways[2].name, s->by_ticket, all);
	bad += equal(who, ways[3].name, s->by_mutex, all);
	bad += equal(who, ways[4].name, s->wide, all * 0x100000001ull);
	return bad;
}

static void begin(void)
{
	pthread_mutexattr_t a;

	memset((void *)s, 0, sizeof(*s));
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&s->mutex, &a);
}

int main(int n, char **arg)
{
	int bad;

	workers = n > 1 ? (unsigned)atoi(arg[1]) : 2;
	rounds = n > 2 ? (unsigned)atoi(arg[2]) : 1000;
	if (!workers || workers > WORKERS_MAX || !rounds) {
		fprintf(stderr, "counters WORKERS ROUNDS: at most %d workers\n", WORKERS_MAX);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED) {
		perror("FAIL mmap");
		return 1;
	}
	begin();
	run_threads();
	bad = judge("threads");
	begin();
	bad += run_processes();
	bad += judge("processes");
	return bad != 0;
}
