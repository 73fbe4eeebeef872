/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What work costs on one, two and four CPUs at once, and an interrupt from one CPU to another:
 * spans for the counting plugin (cores.h), and lines "C ROW CPUS GUEST": so many instructions the
 * guest has executed in all spans of that name, which is ROW * 10 + CPUS. What depends on time, as
 * spinning, is counted here. Not a test but of the sums. tools/bench_cores.py reads it.
 * Invariant: each CPU's kernels have data of their own: what `own_start` names is mapped to frames
 * of its own, as for processes that run the same program.
 */
#include "guestimg/tests/cores.h"

enum { V_IPI = 0x48, BUF = 0x1000000, BUF_EACH = 0x800000, BUF_B = 0x411000 };
enum { IPIS = 9, SETTLE = 300000 };	/* ticks of the TSC, until the other one halts */
enum { ROW_MIX = 1, ROW_MEMCPY, ROW_XADD, ROW_CMPXCHG, ROW_SPIN, ROW_LOCK_INC, ROW_PLAIN,
	ROW_IPI_HALTED, ROW_IPI_RUNNING, ROW_LOOP, ROW_IPI_SEND };

#define LINE __attribute__((aligned(64)))

__attribute__((section(".own"))) u32 *buf_a, *buf_b, *buf_chase;

static volatile u32 counters[64] LINE;	/* what all CPUs count in; the lock: the first line */

/* Of one CPU's part: guest instructions. */
static u32 mix(u32 n) { row_mix(n); return n * 174211; }
static u32 copy(u32 n) { row_memcpy32(n); return n * 57358; }
static u32 xadd(u32 n) { loop_xadd(&counters[32], n); return 4 * n; }
static u32 cmpxchg(u32 n) { return 6 * n + 5 * loop_cmpxchg(&counters[48], n); }
static u32 lock_inc(u32 n) { loop_lock_inc(&counters[48], n); return (LOCK_INCS + 2) * n; }
static u32 plain(u32 n) { loop_plain(&counters[48], n); return 2 * n; }

static u32 spin(u32 n)
{
	struct spin s = { .lock = &counters[0] };

	loop_spin(&s, n);
	return 8 * n + 6 * s.again + 4 * s.spins;
}

static const struct work {
	const char *name;
	u32 (*fn)(u32 n);
	u32 row, warm, n, most;			/* most: CPUs at once */
} works[] = {
	{ "mix", mix, ROW_MIX, 3, 24, CPUS_MAX },
	{ "memcpy32", copy, ROW_MEMCPY, 16, 120, CPUS_MAX },
	{ "xadd", xadd, ROW_XADD, 40000, 1000000, CPUS_MAX },
	{ "cmpxchg", cmpxchg, ROW_CMPXCHG, 40000, 1000000, CPUS_MAX },
	{ "spin", spin, ROW_SPIN, 20000, 1000000, CPUS_MAX },
	{ "lock_inc", lock_inc, ROW_LOCK_INC, 10000, 200000, 1 },
	{ "plain", plain, ROW_PLAIN, 10000, 200000, 1 },
};

/* -- Pages of each CPU's own -- */

static u32 *pds[CPUS_MAX];

static void own_pages(u32 cpu)
{
	u32 *pd = pd_new();

	pd[0] = 0;
	for (u32 at = 0; at < 0x400000; at += PAGE) {
		bool own = at >= AT(own_start) && at < AT(own_end);
		u32 frame = own ? page_new() : at;

		if (own)
			memcpy((void *)frame, (void *)at, PAGE);
		map(pd, at, frame, P | W | U);
	}
	pds[cpu] = pd;
}

static void own_begin(u32 cpu)
{
	load_cr3(pds[cpu]);
	buf_a = (u32 *)(BUF + cpu * BUF_EACH);
	buf_b = (u32 *)(BUF + cpu * BUF_EACH + BUF_B);
	kernels_init();
}

/* -- The same work on the first CPUs -- */

static const struct work *now;
static u32 at_once, guest[CPUS_MAX];

static void mark(u32 name) { *(volatile u32 *)MARK_AT = name; }

static void part(u32 cpu)
{
	irqs_off();
	if (cpu < at_once)
		now->fn(now->warm);
	meet();
	if (cpu >= at_once)
		return;
	mark(now->row * 10 + at_once);
	guest[cpu] = now->fn(now->n);
	mark(0);
}

static void say(const char *name, u32 row, u32 n, u32 count)
{
	print("C "), print(name), print(" "), print_dec(row * 10 + n), print(" "), print_dec(count);
	print("\n");
}

static void measure(const struct work *w, u32 n)
{
	u32 all = 0;

	now = w;
	at_once = n;
	together(part);
	for (u32 k = 0; k < n; k++)
		all += guest[k];
	say(w->name, w->row, n, all);
}

/* -- Interrupts from the first CPU to the second -- */

static bool halted, by_ipi;
static u32 loops;

static void settle(void)
{
	u64 begin = rdtsc();

	while (rdtsc() - begin < SETTLE)
		pause();
}

static void ipi_receiver(void)
{
	u32 seen = ipis;

	if (halted)
		halt_until_ipi();
	else
		loops = loop_until_ipi((by_ipi ? ROW_IPI_RUNNING : ROW_LOOP) * 10, seen, by_ipi);
}

static void ipi_part(u32 cpu)
{
	irqs_off();
	ready = 0;
	meet();
	if (cpu > 1)
		return;
	if (cpu == 1) {
		ipi_receiver();
		return;
	}
	wait_for(&ready, 1);
	settle();
	*apic(APIC_ICR2) = 1 << 24;
	if (!halted && !by_ipi)
		lock_xadd(&ipis, 1);
	else if (halted)
		ipi_send(MARK_ALL | ROW_IPI_HALTED * 10, FIXED | V_IPI);
	else
		ipi_send(ROW_IPI_SEND * 10, FIXED | V_IPI);
}

static void measure_ipi(const char *name, u32 row, bool is_halted, bool is_ipi)
{
	halted = is_halted;
	by_ipi = is_ipi;
	for (u32 k = 0; k < IPIS; k++) {
		u32 seen = ipis;

		together(ipi_part);
		expect(name, ipis - seen, 1);
		if (!halted)
			say(name, row, 0, loops - is_ipi);	/* one is behind the interrupt */
	}
}

static void gate_init(void)
{
	struct pointer idt;

	__asm__ volatile("sidt %0" : "=m"(idt));
	((u64 *)idt.base)[V_IPI] = gate_low(AT(ipi_entry), KCODE, GATE_INT);
}

int main(void);
int main(void)
{
	write_cr4(read_cr4() | 0x600);		/* the kernels have SSE */
	gate_init();
	mark(0);
	cpus_start("cores");
	for (u32 k = 0; k < cpus; k++)
		own_pages(k);
	together(own_begin);
	test("sums");
	for (const struct work *w = works; w < works + COUNT(works); w++)
		for (u32 n = 1; n <= cpus && n <= w->most; n *= 2)
			measure(w, n);
	test("IPIs");
	measure_ipi("ipi_halted", ROW_IPI_HALTED, true, true);
	measure_ipi("ipi_running", ROW_IPI_RUNNING, false, true);
	measure_ipi("loop", ROW_LOOP, false, false);
	finish("cores");
}
