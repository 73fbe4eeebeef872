/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flags on the way from one piece of code to the next, which overwrites them: nobody need put them
 * anywhere, but whoever looks finds them (SDM vol. 3, 6.5, 6.8, 17.2, 17.3.1): faults, interrupts
 * and NMI, single steps, breakpoints, and the piece itself if it has been changed.
 */
#include "guestimg/tests/edges.h"
#include "guestimg/tests/lib.h"

enum { ROUNDS = 8, STEPS = 60 };
enum { CMP = 0xd939, MOV = 0xd289 };		/* cmp %ebx, %ecx; mov %edx, %edx */
enum { PAGE_AT = WINDOW + 0x100000, PAGE2_AT = WINDOW + 0x102000 };

struct edge {
	const char *name, *head, *set, *pre, *one, *jump, *f1, *f2;
	enum edge_does does;
};
#define X(name, does) \
	{ #name, name, name##_set, name##_pre, name##_one, name##_jump, name##_f1, \
		name##_f2, does },
static const struct edge edges[] = { EDGES(X) };
#undef X

static const struct edge *at;
static u32 f1, f2;			/* flags before the edge, and when overwritten */
static u32 left, seen, heads;		/* events to come; that came; of them between the two */
static u32 last_set;			/* f2, or f1 once that is so */

/* -- What EFLAGS must be -- */

static bool before_set(u32 eip)
{
	return eip == AT(at->jump) || (eip >= AT(at->head) && eip <= AT(at->set));
}

static bool not_told(u32 eip) { return eip > AT(at->one) && eip < AT(at->jump); }

static void look(const struct trap *t)
{
	bool before = before_set(t->eip);

	seen++;
	heads += before;
	if (not_told(t->eip))
		return;
	expect(before ? "flags before" : "flags behind", t->eflags & ARITH, before ? f1 : f2);
	expect("flags as read", t->edi & ARITH, last_set);
}

/* -- Ways to look -- */

static bool on_timer(struct trap *t)
{
	timer_eoi(TIMER_PIT);
	look(t);
	if (!--left)
		return false;
	timer_once(TIMER_PIT, 20 + rnd() % 80);
	return true;
}

static bool pass(struct trap *t)
{
	(void)t;
	return true;
}

static bool on_nmi(struct trap *t)
{
	look(t);
	t->eflags ^= before_set(t->eip) ? ARITH : 0;
	return --left;
}

/* The ends of both pages; the way to the head is not disturbed before. */
static bool back_to_start(struct trap *t)
{
	t->esi = PAGE_AT + 128;
	t->ebp = PAGE2_AT + 256;		/* it is there first */
	return true;
}

/* What the flags are from here on does not matter: the head overwrites them. */
static bool on_fault(struct trap *t)
{
	expect("it was in the head", before_set(t->eip) && t->eip != AT(at->jump), 1);
	look(t);
	t->eflags ^= ARITH;
	return --left && back_to_start(t);
}

static bool on_step(struct trap *t)
{
	look(t);
	if (!--left)
		return false;
	if (left % STEPS == 0) {
		t->eflags &= ~TF;
		timer_once(TIMER_PIT, 20 + rnd() % 80);
	}
	return true;
}

static bool on_timer_step(struct trap *t)
{
	timer_eoi(TIMER_PIT);
	look(t);
	t->eflags |= TF;
	return true;
}

static void set_dr0(u32 va)
{
	__asm__ volatile("movl %0, %%db0" :: "r"(va));
	__asm__ volatile("movl %0, %%db7" :: "r"(va ? 3 : 0));
}

static const char *break_now(void)
{
	const char *const where[] = { at->head, at->set, at->one, at->jump };

	return where[left % COUNT(where)];
}

static bool on_break(struct trap *t)
{
	expect("eip of the breakpoint", t->eip, AT(break_now()));
	look(t);
	t->eflags |= RF;
	set_dr0(0);
	if (!--left)
		return false;
	timer_once(TIMER_PIT, 20 + rnd() % 80);
	return true;
}

static bool on_timer_break(struct trap *t)
{
	timer_eoi(TIMER_PIT);
	look(t);
	set_dr0(AT(break_now()));
	return true;
}

/* The overwriting instruction goes, and comes again; some rounds lie between. */
static bool on_timer_patch(struct trap *t)
{
	timer_eoi(TIMER_PIT);
	seen++;
	expect("flags as read", t->edi & ARITH, last_set);
	*(volatile u16 *)at->set = *(u16 *)at->set == CMP ? MOV : CMP;
	last_set = *(u16 *)at->set == CMP ? f2 : f1;
	if (!--left && last_set == f2)
		return false;
	left += !left;
	timer_once(TIMER_PIT, 200 + rnd() % 80);
	return true;
}

/* -- Tests -- */

static struct regs edge_regs(void)
{
	struct regs r = kernel_regs(at->pre);

	r.ecx = 3;
	r.ebx = 0x80000004;
	r.esi = PAGE_AT + 128;
	r.ebp = PAGE2_AT + 256;
	return r;
}

static u32 told_by(const char *code)
{
	struct regs r = edge_regs();

	r.eip = AT(code);
	run(&r);
	return stopped.r.eax & ARITH;
}

static void title(const char *how)
{
	static char buf[64];
	char *p = buf;

	for (const char *s = at->name; *s; )
		*p++ = *s++;
	*p++ = ' ';
	while (*how)
		*p++ = *how++;
	*p = 0;
	test(buf);
}

static void loop(const char *how, u32 events, handler timer, u32 vector, handler h)
{
	struct regs r = edge_regs();

	title(how);
	r.eflags = 0x202 | f2;
	r.edi = f2;
	left = events;
	seen = heads = 0;
	last_set = f2;
	on_trap[V_PF] = back_to_start;
	on_trap[2] = pass;
	on_trap[VEC_PIT] = timer;
	on_trap[vector] = h;
	if (timer)
		timer_once(TIMER_PIT, 20 + rnd() % 80);
	run(&r);
	timer_stop();
	set_dr0(0);
	if (seen < events)
		expect("events", seen, events);
}

static void test_edge(void)
{
	f1 = told_by(at->f1);
	f2 = told_by(at->f2);
	loop("interrupted", 4 * ROUNDS, on_timer, VEC_PIT, on_timer);
	if (at->does == FAULTS)
		loop("faults", ROUNDS, 0, V_PF, on_fault);
	if (at->does == NMI)
		loop("NMI", 4 * ROUNDS, 0, 2, on_nmi);
	loop("stepped", 3 * STEPS, on_timer_step, V_DB, on_step);
	loop("breakpoints", 2 * ROUNDS, on_timer_break, V_DB, on_break);
	loop("patched", ROUNDS, on_timer_patch, VEC_PIT, on_timer_patch);
}

void main(void)
{
	timer_init();
	map(kernel_pd, PAGE_AT, page_new(), P | W);
	map(kernel_pd, PAGE2_AT, page_new(), P | W);
	map(kernel_pd, PAGE_AT + PAGE, 0, 0);
	map(kernel_pd, PAGE2_AT + PAGE, 0, 0);
	for (u32 k = 0; k < COUNT(edges); k++) {
		at = &edges[k];
		test_edge();
	}
	finish("edges");
}
