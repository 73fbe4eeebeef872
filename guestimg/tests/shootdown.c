/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB shootdown as kernels do it (SDM vol. 3, 5.10.5): CPU 0 changes an entry, has the others drop
 * the page by IPI or NMI, waits for their answers and then uses the old frame for something else.
 * From then on nobody reads, writes or runs that frame by the old address.
 * Invariant: CPU 0 alone changes entries; frames tell by their bytes which they are.
 */
#include "guestimg/tests/shootdown.h"

/* VA is the page that moves among frames; each holds its number, a word to store to and code. */
enum { VA = WINDOW, FRAMES = 4, NUMBER = 0, BEAT = 64, FUNCTION = 0x803, POISON = 0xdeadbeef };

static u32 frames[FRAMES];
static volatile u32 seq, answers[CPUS_MAX], wrong[CPUS_MAX], beats[CPUS_MAX * 16], finished;
static volatile u32 older[CPUS_MAX], wrong_run[CPUS_MAX];
static volatile u32 faults;	/* those that cannot be */
static u32 times;

enum drop { BY_INVLPG, BY_CR3, BY_NMI, DROPS };
enum change { MOVED, MOVED_AWAY, READ_ONLY, CHANGES };
static const char *const drop_names[] = { "INVLPG", "MOV CR3", "NMI and INVLPG" };
static const char *const change_names[] = { "another frame", "absent between", "read-only" };
static enum drop drop;
static enum change kind;

/* -- The others' side -- */

static void drop_page(void)
{
	if (drop == BY_CR3)
		load_cr3(kernel_pd);
	else
		invlpg(VA);
	answers[me()] = seq;
}

static bool on_shoot(struct trap *t)
{
	(void)t;
	drop_page();
	*apic(APIC_EOI) = 0;
	return true;
}

static bool on_nmi(struct trap *t)
{
	(void)t;
	drop_page();
	return true;
}

/* The page is absent or read-only: the access is tried again, with interrupts on between. */
static bool on_fault(struct trap *t)
{
	u32 cr2;

	__asm__ volatile("movl %%cr2, %0" : "=r"(cr2));
	if (cr2 < VA || cr2 >= VA + PAGE)
		lost(t->vector, t->error, t->eip);
	if (kind == MOVED || (kind == READ_ONLY ? t->error != (PF_P | PF_W) : t->error & ~PF_W))
		lock_xadd(&faults, 1);
	return true;
}

/*
 * Read, write and run the page. A number that was read is not followed by an older one, nor one
 * that was run (loads and fetches may have TLBs of their own); the frame that was given up says
 * POISON, in its code too.
 */
static void user(u32 cpu)
{
	u32 last_read = 0, last_run = 0;

	irqs_on();
	while (!finished) {
		u32 got = *(volatile u32 *)VA;

		wrong[cpu] += got == POISON;
		older[cpu] += got < last_read;
		last_read = got;
		*(volatile u32 *)(VA + BEAT + 4 * cpu) = got;
		got = ((u32 (*)(void))(VA + FUNCTION))();
		wrong_run[cpu] += got == POISON;
		older[cpu] += got < last_run;
		last_run = got;
		beats[cpu * 16]++;
	}
}

/* -- CPU 0's side -- */

static void put_frame(u32 frame, u32 number)
{
	*(volatile u32 *)(frame + FUNCTION + 1) = number;
	*(volatile u32 *)(frame + NUMBER) = number;
}

static void shoot(void)
{
	seq++;
	invlpg(VA);
	for (u32 k = 1; drop == BY_NMI && k < cpus; k++)
		send(k, NMI);
	if (drop != BY_NMI)
		send(0, FIXED | OTHERS | V_SHOOT);
	for (u32 k = 1; k < cpus; k++)
		if (!wait_for(&answers[k], seq))
			stuck("no answer to a shootdown");
}

/* Nobody writes to it: its words stay as they are. */
static u32 quiet(u32 frame)
{
	u32 moved = 0;

	for (u32 k = 1; k < cpus; k++)
		*(volatile u32 *)(frame + BEAT + 4 * k) = POISON;
	for (u32 n = 30; n; n--)
		pause();
	for (u32 k = 1; k < cpus; k++)
		moved += *(volatile u32 *)(frame + BEAT + 4 * k) != POISON;
	return moved;
}

static void one_change(u32 k)
{
	volatile u32 *entry = pte(kernel_pd, VA);
	u32 old = frames[k % FRAMES], new = frames[(k + 1) % FRAMES], before = beats[16];

	put_frame(new, k + 1);
	if (kind == MOVED) {
		*entry = new | P | W;
		shoot();
	} else {
		*entry = kind == READ_ONLY ? old | P : 0;
		shoot();
		wrong[0] += kind == READ_ONLY && quiet(old);
		*entry = new | P | W;
		if (kind == READ_ONLY)
			shoot();		/* more rights would need none: the frame is new */
	}
	put_frame(old, POISON);
	wrong[0] += quiet(old);
	/* Now and then the others are to come round with what is there. */
	for (u32 n = 0; !(k & 7) && n < 2000 && beats[16] == before; n++)
		pause();
}

static void part(u32 cpu)
{
	meet();
	if (cpu) {
		user(cpu);
		return;
	}
	for (u32 k = 0; k < times; k++)
		one_change(k);
	finished = 1;
}

static void try_shootdown(void)
{
	char name[64] = "", *to = name;

	for (const char *s = change_names[kind]; *s; s++)
		*to++ = *s;
	for (const char *s = ", by "; *s; s++)
		*to++ = *s;
	for (const char *s = drop_names[drop]; *s; s++)
		*to++ = *s;
	*to = 0;
	test(name);
	memset((void *)wrong, 0, sizeof(wrong));
	memset((void *)wrong_run, 0, sizeof(wrong_run));
	memset((void *)older, 0, sizeof(older));
	memset((void *)answers, 0, sizeof(answers));
	seq = finished = faults = 0;
	for (u32 k = 0; k < FRAMES; k++) {
		*(u8 *)(frames[k] + FUNCTION) = 0xb8;		/* mov $number, %eax; ret */
		*(u8 *)(frames[k] + FUNCTION + 5) = 0xc3;
		put_frame(frames[k], k ? POISON : 0);
	}
	*pte(kernel_pd, VA) = frames[0] | P | W;
	invlpg(VA);
	times = ROUNDS;
	together(part);
	expect("the old frame was written", wrong[0], 0);
	for (u32 k = 1; k < cpus; k++) {
		expect("the old frame was read", wrong[k], 0);
		expect("the old frame was run", wrong_run[k], 0);
		expect("an older number came back", older[k], 0);
	}
	expect("faults of another kind", faults, 0);
	expect("each worked", beats[16] != 0, 1);
}

static void reload(u32 cpu)
{
	(void)cpu;
	load_cr3(kernel_pd);
}

int main(void);
int main(void)
{
	on_trap[V_SHOOT] = on_shoot;
	on_trap[V_NMI] = on_nmi;
	on_trap[V_PF] = on_fault;
	cpus_start("shootdown");
	for (u32 k = 0; k < FRAMES; k++)
		frames[k] = page_new();
	map(kernel_pd, VA, frames[0], P | W);
	for (kind = 0; kind < CHANGES; kind++)
		for (drop = 0; drop < DROPS; drop++) {
			together(reload);
			try_shootdown();
		}
	on_trap[V_PF] = 0;
	test_storm();
	test_sleep();
	test_restarts();
	finish("shootdown");
}
