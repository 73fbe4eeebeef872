/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events and loads that were accepted before (dbt/sys/seen.h), next to the general way: the same
 * event in the same world, once with what earlier rounds have left behind and once with nothing,
 * must end in the same state. Between rounds bits of everything that either looks at are flipped.
 * First in protected mode, then in long mode.
 */
#include "dbt/sys/exc.h"
#include "dbt/sys/farxfer.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/x86/mode.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

#include <string.h>

enum { ROUNDS = 20000, MEM = W_GDT, MEM_SIZE = 0x14000, VECTORS = 3 };

static const u8 vectors[VECTORS] = { 0x80, EXC_PF, 0x30 };

/* One event: which, and with what. */
struct round {
	unsigned op;
	u8 vector, cpl;
	u64 words[5];		/* IRET's frame */
	u16 sel;
	unsigned flips;
	u32 where[4], bit[4];
};

struct picture {
	struct vcpu cpu;
	u32 fault;		/* raised, vector, error code */
	u8 mem[MEM_SIZE];
	unsigned unmasked, mode;
};

static struct seen_desc kept_desc[SEEN_DESCS];
static struct seen_gate kept_gate[SEEN_GATES];
static struct seen_gate64 kept_gate64[SEEN_GATES];
static struct seen_return64 kept_return64[SEEN_RETURNS];
static struct { struct dtable gdtr, idtr; struct segment tr; } kept_tables;
static bool wide;		/* long mode */
static struct picture picture[2];
static u64 taken[2];		/* rounds that went the short way; that did not */

/* -- Chance ---------------------------------------------------------------- */

static u64 seed = 88172645463325252ull;

static u32 chance(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)(seed >> 20) % below;
}

/* -- What may be flipped ----------------------------------------------------- */

static void flip_memory(u32 at, u32 size, u32 bit)
{
	fake_mem[at + bit / 8 % size] ^= (u8)(1u << bit % 8);
}

static unsigned gate_size(void) { return wide ? 16 : 8; }

static void flip_state(u32 which, u32 bit)
{
	static const u32 flags[] = { FL_TF, FL_RF, FL_NT, FL_IF, FL_DF, FL_AC, 1u << 12, 1u << 13,
				     FL_ID, FL_VM };
	const u32 count = sizeof(flags) / sizeof(flags[0]) - wide;	/* VM: never */

	switch (which % 12) {
	case 0: w.eflags ^= flags[bit % count]; break;
	case 1: w.gdtr.limit = (u16)((wide ? 0xf8 : 0) + bit % 12 * 8 + 6 + bit / 12 % 2); break;
	case 2:
		w.idtr.limit = (u16)(vectors[bit % VECTORS] * gate_size() + gate_size() - 2 +
				     bit / VECTORS % 2);
		break;
	case 3: w.gdtr.base ^= 8u << bit % 3; break;
	case 4: w.idtr.base ^= 8u << bit % 3; break;
	case 5: w.tr.limit = wide ? 10 + bit : bit % 14; break;
	case 6: w.tr.attr ^= (u16)(1u << bit % 16); break;
	case 7: w.dr[7] ^= 1u << bit % 8; break;
	case 8: w.inhibit ^= INHIBIT_STI; break;
	case 9: w.seg[SS].attr ^= (u16)(1u << bit % 16); break;
	case 10: w.seg[SS].base ^= 1u << bit; break;
	case 11: w.gpr[ESP] ^= 1ull << (wide && bit > 28 ? 47 : bit % 12); break;
	}
}

static void flip_rights(u32 bit)
{
	static const u32 pages[] = { W_GDT, W_IDT, W_TSS_A, W_STACK, W_STACK + 0x3000,
				     W_STACK + 0x1000 };

	fake_rights[pages[bit % 6] >> 12] ^= (u8)(1u << bit / 6 % 3);
}

static void flip(u32 where, u32 bit)
{
	static const u16 slots[2][6] = {
		{ S_CODE0, S_DATA0, S_CODE3, S_DATA3, S_CONF0, S_DATA1 },
		{ L_CODE0, S_DATA0, L_CODE3, S_DATA3, L_CONF0, L_CODE0 },
	};

	switch (where % 8) {
	case 0:
		flip_memory(W_IDT + vectors[bit % VECTORS] * gate_size(), gate_size(), bit * 7);
		break;
	case 1: case 2: flip_memory(W_GDT + (slots[wide][where / 8 % 6] & 0xfff8u), 8, bit); break;
	case 3: flip_memory(W_TSS_A + 4, 8, bit); break;
	case 4: case 5: case 6: flip_state(where / 8, bit % 32); break;
	case 7: flip_rights(bit); break;
	}
}

/* -- A round ----------------------------------------------------------------- */

static struct round make_round(void)
{
	static const u16 codes[2][6] = {
		{ S_CODE0, S_CODE3, S_CONF0, S_CONF3, S_CODE1, 0 },
		{ L_CODE0, L_CODE3, L_CONF0, S_CODE3, L_CODE1, 0 },
	};
	static const u16 data[] = { S_DATA0, S_DATA3, S_DATA1, S_DATA3 & ~3, S_CODE3, 0 };
	const u16 *code = codes[wide];
	struct round r = { .op = chance(7), .vector = vectors[chance(VECTORS)],
			   .cpl = chance(2) ? 3 : 0, .sel = data[chance(6)] };
	bool user = r.cpl || chance(2);

	r.words[0] = chance(8) ? 0x1000 : (u32)seed;
	r.words[1] = chance(8) ? code[user] : code[chance(6)];
	r.words[2] = chance(2) ? 0x202 : (u32)(seed >> 8);
	r.words[3] = chance(8) ? W_STACK + 0x3e00 : (u32)seed;
	r.words[4] = chance(8) ? S_DATA3 : data[chance(6)];
	if (wide && !user && chance(4))
		r.words[4] = 0;
	for (unsigned k = 0; wide && k < 4; k += 3)
		if (chance(3))
			r.words[k] += chance(4) ? FAKE_HIGH : 1ull << 47;
	r.flips = chance(2) ? 0 : 1 + chance(3);
	for (unsigned k = 0; k < r.flips; k++) {
		r.where[k] = chance(1u << 20);
		r.bit[k] = chance(64);
	}
	return r;
}

static bool same_table(const struct dtable *a, const struct dtable *b)
{
	return a->base == b->base && a->limit == b->limit;
}

/* As after the first use: what has its accessed bit clear goes the general way. */
static void set_accessed(void)
{
	static const u16 slots[] = { S_CODE0, S_DATA0, S_CODE3, S_DATA3, S_CONF0, S_CONF3,
				     L_CODE0, L_CODE3, L_CONF0 };

	for (unsigned k = 0; k < sizeof(slots) / sizeof(slots[0]); k++)
		desc_set(slots[k], SEG_ACCESSED);
	for (unsigned k = 0; k < SREG_COUNT; k++)
		if (w.seg[k].attr)
			w.seg[k].attr |= SEG_ACCESSED;
}

static void set_up_protected(const struct round *r)
{
	world_protected(r->cpl);
	set_accessed();
	put_idt(0x80, S_CODE0, 0x8800, 15, 3);
	put_idt(0x30, S_CODE0, 0x8300, 14, 0);
	for (unsigned k = 5; k-- > 0;)
		world_push(4, (u32)r->words[k]);
}

static void set_up_long(const struct round *r)
{
	world_long(r->cpl);
	set_accessed();
	put_idt64(0x80, L_CODE0, FAKE_HIGH + 0x8800, 15, 3, 0);
	put_idt64(0x30, L_CODE0, FAKE_HIGH + 0x8300, 14, 0, 2);
	fake_put(W_TSS_A + 0x2c, 8, FAKE_HIGH + W_STACK + 0x1f00);
	for (unsigned k = 5; k-- > 0;)
		world_push64(r->words[k]);
}

static void set_up(const struct round *r)
{
	if (wide)
		set_up_long(r);
	else
		set_up_protected(r);
	for (unsigned k = 0; k < r->flips; k++)
		flip(r->where[k], r->bit[k]);
}

static u32 run(const struct round *r)
{
	struct fault f = fault_none();

	switch (r->op) {
	case 0: exc_software(&w, r->vector, EV_INT); break;
	case 1: exc_interrupt(&w, r->vector); break;
	case 2: exc_raise(&w, r->vector == EXC_PF ? fault_page(gva(0x1234), 6) :
			  fault_code(EXC_GP, 8)); break;
	case 3: case 4: f = far_iret(&w, wide ? 8 : 4); break;
	case 5: f = seg_load(&w, ES, r->sel); break;
	case 6: f = seg_load(&w, SS, r->sel); break;
	}
	return f.raised ? 1u << 31 | (u32)f.vector << 16 | (f.error & 0xffff) : 0;
}

static void forget(void)
{
	memset(w.seen_desc, 0, sizeof(w.seen_desc));
	memset(w.seen_gate, 0, sizeof(w.seen_gate));
	memset(w.seen_gate64, 0, sizeof(w.seen_gate64));
	memset(w.seen_return64, 0, sizeof(w.seen_return64));
}

/* Are tables elsewhere than the rounds' places were noted for? Then somebody has said so. */
static bool moved(void)
{
	return !same_table(&kept_tables.gdtr, &w.gdtr) ||
	       !same_table(&kept_tables.idtr, &w.idtr) || !segment_same(&kept_tables.tr, &w.tr);
}

/* What earlier rounds have left behind. */
static void bring_back(void)
{
	memcpy(w.seen_desc, kept_desc, sizeof(kept_desc));
	memcpy(w.seen_gate, kept_gate, sizeof(kept_gate));
	memcpy(w.seen_gate64, kept_gate64, sizeof(kept_gate64));
	memcpy(w.seen_return64, kept_return64, sizeof(kept_return64));
	if (moved())
		seen_tables_changed(&w);
}

static void keep(void)
{
	memcpy(kept_desc, w.seen_desc, sizeof(kept_desc));
	memcpy(kept_gate, w.seen_gate, sizeof(kept_gate));
	if (moved())
		return;
	memcpy(kept_gate64, w.seen_gate64, sizeof(kept_gate64));
	memcpy(kept_return64, w.seen_return64, sizeof(kept_return64));
}

static void take_picture(struct picture *p)
{
	p->cpu = w;
	memset(p->cpu.seen_desc, 0, sizeof(w.seen_desc));
	memset(p->cpu.seen_gate, 0, sizeof(w.seen_gate));
	memset(p->cpu.seen_gate64, 0, sizeof(w.seen_gate64));
	memset(p->cpu.seen_return64, 0, sizeof(w.seen_return64));
	memcpy(p->mem, fake_mem + MEM, MEM_SIZE);
	p->unmasked = w_unmasked;
	p->mode = w_mode;
}

/* Where nobody was told that the mode has changed, it must not have. */
static void check_mode(const struct round *r)
{
	struct vcpu c;

	set_up(r);
	vcpu_mode_update(&w);
	c = picture[0].cpu;
	c.mode = (struct mode_seen){ 0 };
	vcpu_mode_update(&c);
	if (!picture[0].mode)
		TRUE(c.key_flags == w.key_flags && !memcmp(c.seg_span, w.seg_span,
		     sizeof(c.seg_span)) && !memcmp(c.seg_lo, w.seg_lo, sizeof(c.seg_lo)));
}

static void one_round(void)
{
	struct round r = make_round();

	set_up(&r);
	bring_back();
	picture[0].fault = run(&r);
	take_picture(&picture[0]);
	keep();
	set_up(&r);
	forget();
	picture[1].fault = run(&r);
	take_picture(&picture[1]);
	taken[picture[0].mode == picture[1].mode]++;
	picture[0].cpu.mode = picture[1].cpu.mode;
	TRUE(!memcmp(&picture[0].cpu, &picture[1].cpu, sizeof(w)));
	EQ(picture[0].fault, picture[1].fault);
	TRUE(!memcmp(picture[0].mem, picture[1].mem, MEM_SIZE));
	TRUE(picture[0].unmasked == picture[1].unmasked && picture[0].mode <= picture[1].mode);
	check_mode(&r);
}

static void rounds(void)
{
	struct round plain = { 0 };

	taken[0] = taken[1] = 0;
	set_up(&plain);
	kept_tables.gdtr = w.gdtr;
	kept_tables.idtr = w.idtr;
	kept_tables.tr = w.tr;
	memset(kept_desc, 0, sizeof(kept_desc));
	for (unsigned n = 0; n < ROUNDS; n++)
		one_round();
	TRUE(taken[0] > ROUNDS / 20);	/* the short way was taken, and the general one */
	TRUE(taken[1] > ROUNDS / 20);
}

/* Instructions that move tables say so. */
static void test_moves(void)
{
	world_long(0);
	for (unsigned op = 0; op < 3; op++) {
		w.seen_gate64[1].from = 1;
		w.seen_return64[1].sels = 1;
		if (op < 2)
			TRUE(!(op ? sys_lidt(&w, w.idtr.limit, w.idtr.base, 8) :
			       sys_lgdt(&w, w.gdtr.limit, w.gdtr.base, 8)).raised);
		else
			TRUE(!seg_ltr(&w, L_TSS_B).raised);
		TRUE(!w.seen_gate64[1].from && !w.seen_return64[1].sels);
	}
}

int main(void)
{
	test_moves();
	rounds();
	wide = true;
	rounds();
	return check_done();
}
