/* SPDX-License-Identifier: BSD-2-Clause */
#include "qemu-test/insn/world.h"

#include "dbt/lift/lift.h"
#include "dbt/opt/opt.h"
#include "dbt/x86/decode.h"
#include "kernel/panic.h"
#include "mm/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 400			/* of one case; a REP of 64 elements is the longest */
#define ARENA_SIZE (1u << 20)

static struct arena arena;
static struct decoder decoder;
static u8 data[DATA_ALL];
static u8 pristine[DATA_ALL];

/* -- Memory ------------------------------------------------------------------- */

/* A byte of the code region: INT3 where no case's code lies. */
static bool code_byte(u32 addr, u8 *out)
{
	u32 off = addr - CODE_BASE, n = off / CODE_SLOT;
	u32 end = files.head->cases * CODE_SLOT;

	if (off + CODE_MARGIN >= end + 2 * CODE_MARGIN)
		return false;
	*out = 0xcc;
	for (u32 k = 0; k < 2 && off < end + CODE_SLOT; k++, n--) {
		const struct insn_case *c = &files.cases[n];
		u32 at = off - n * CODE_SLOT - (n < files.head->cases ? c->start : 0);

		if (n < files.head->cases && at < c->len)
			*out = c->code[at];
		if (!n)
			break;
	}
	return true;
}

static bool reachable(u32 addr, bool write)
{
	u32 off = addr - DATA_BASE;
	u8 byte;

	if (off < DATA_ALL)
		return !write || off < DATA_RW;
	return !write && code_byte(addr, &byte);
}

static bool present(u32 addr)
{
	u8 byte;

	return addr - DATA_BASE < DATA_ALL || code_byte(addr, &byte);
}

struct fault world_check(u32 addr, unsigned size, bool write)
{
	for (unsigned i = 0; i < size; i++)
		if (!reachable(addr + i, write))
			return fault_page(gva(addr + i), 4u | (write ? 2 : 0) | present(addr + i));
	return fault_none();
}

static struct fault world_ld(struct vcpu *c, u64 addr, unsigned size, unsigned intent, void *out)
{
	struct fault f = world_check(addr, size, intent & INTENT_RMW);

	(void)c;
	for (unsigned i = 0; i < size && !f.raised; i++) {
		u32 off = addr + i - DATA_BASE;

		if (off < DATA_ALL)
			((u8 *)out)[i] = data[off];
		else
			code_byte(addr + i, (u8 *)out + i);
	}
	return f;
}

static struct fault world_st(struct vcpu *c, u64 addr, unsigned size, const void *in)
{
	struct fault f = world_check(addr, size, true);

	(void)c;
	for (unsigned i = 0; i < size && !f.raised; i++)
		data[addr + i - DATA_BASE] = ((const u8 *)in)[i];
	return f;
}

const struct eval_mem world_mem = { world_ld, world_st };

/* -- State -------------------------------------------------------------------- */

static void set_segment(struct vcpu *c, unsigned s, u16 sel, u32 n, unsigned segs)
{
	static const struct insn_seg ldt[] = INSN_LDT;
	struct segment *g = &c->seg[s];

	*g = (struct segment){ .sel = sel };
	if (sel == SEL_CS32 || sel == SEL_FLAT) {
		g->limit = 0xffffffff;
		g->attr = SEG_G | SEG_DB | (sel == SEL_CS32 ? 0xfb : 0xf3);
		return;
	}
	for (unsigned i = 0; i < sizeof ldt / sizeof ldt[0]; i++)
		if (ldt[i].sel == sel) {
			g->base = ldt[i].type == 10 ? insn_cs_base(n, segs) : ldt[i].base;
			g->limit = ldt[i].limit;
			g->attr = (u16)(0xf1 | ldt[i].type | (ldt[i].big ? SEG_DB : 0));
		}
}

static void load_fx(struct vcpu *c, const u8 *image)
{
	x87_fxrstor(&c->x87, false, image);
	memcpy(&c->mxcsr, image + 24, 4);
	memcpy(c->xmm, image + 160, 128);
}

static void start_state(struct vcpu *c, u32 n)
{
	static const u16 segs[SEGS_COUNT][6] = INSN_SEGS;
	const struct insn_case *k = &files.cases[n];

	memset(c, 0, sizeof *c);
	for (unsigned i = 0; i < 8; i++)
		c->gpr[i] = (u64)(s64)(s32)k->gpr[i];
	c->cc_op = CC_OP(CC_EFLAGS, 2);
	c->cc_a = k->eflags & FL_ARITH;
	c->df = k->eflags & FL_DF ? -1 : 1;
	c->eflags = FL_FIXED | FL_IF | (k->eflags & INSN_EFLAGS & ~(FL_ARITH | FL_DF));
	c->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	c->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE | CR4_PSE | CR4_PGE;
	c->cpl = 3;
	for (unsigned i = 0; i < 6; i++)
		set_segment(c, i, segs[k->segs][i], n, k->segs);
	c->eip = insn_slot(n) + k->start - insn_cs_base(n, k->segs);
	x87_finit(&c->x87);
	c->mxcsr = 0x1f80;
	if (k->fx != FX_NONE)
		load_fx(c, files.fx + k->fx * FX_SIZE);
	tables_init(c, n, k->segs);
	vcpu_mode_update(c);
	memcpy(data, pristine, sizeof data);
	memcpy(data + k->poke, k->bytes, k->poke_len);
}

static void end_state(struct vcpu *c, struct insn_outcome *o)
{
	struct insn_result *r = &o->r;

	for (unsigned i = 0; i < 8; i++)
		r->gpr[i] = (u32)c->gpr[i];
	r->eflags = (cc_pinned(c->cc_op, c->cc_a, c->cc_b, c->cc_r) |
		     (c->eflags & ~(FL_ARITH | FL_DF)) | (c->df < 0 ? FL_DF : 0)) & INSN_EFLAGS;
	r->eip = (u32)c->eip;
	memcpy(o->data, data, DATA_RW);
	x87_fxsave(&c->x87, false, o->fx);
	memset(o->fx + 6, 0, 18);
	memcpy(o->fx + 24, &c->mxcsr, 4);
	memset(o->fx + 28, 0, 4);
	memcpy(o->fx + 160, c->xmm, 128);
}

/* -- Blocks ------------------------------------------------------------------- */

static bool at_end(struct vcpu *c, u32 eip)
{
	u8 byte;

	return code_byte((u32)c->seg[CS].base + eip, &byte) && byte == 0xcc;
}

static enum decode_status fetch(struct vcpu *c, u32 eip, struct ir1 *i)
{
	u32 linear = (u32)c->seg[CS].base + eip;
	u8 bytes[15];
	unsigned n = 0;

	while (n < 15 && code_byte(linear + n, &bytes[n]))
		n++;
	return decode(&decoder, i, bytes, n, eip, c->key_flags & KEY_CS32 ? 4 : 2);
}

/* Lift from c->eip on; NULL if the bytes at c->eip are no instruction (*status says why). */
static struct ir *lift_block(struct vcpu *c, const struct insn_way *way, u8 *rows,
			     enum decode_status *status)
{
	struct lift t = { .key = c->key_flags, .features = ~0ull };
	bool single = way->single || (t.key & KEY_SINGLE);
	u32 eip = (u32)c->eip;
	unsigned before;
	struct ir1 i;

	arena_reset(&arena);
	t.ir = ir_new(&arena);
	t.ir->key_flags = t.key;
	do {
		*status = fetch(c, eip, &i);
		if (*status != DECODE_OK || (t.ir->guests && lift_begins_block(&i)))
			break;
		rows[i.op] = 1;
		if (i.op == way->nop_row)
			i.op = X86_NOP;
		before = t.ir->n;
		lift_insn(&t, &i);
		must(t.ir->n - before <= IR_GUEST_RESERVE || lift_begins_block(&i));
		eip = t.next;
	} while (!t.ended && !single && !at_end(c, eip) && t.ir->n < IR_MAX - IR_GUEST_RESERVE);
	if (t.ir->guests)
		lift_finish(&t, eip);
	for (unsigned n = 1; n < t.ir->n && way->cc_from != way->cc_to; n++)
		if (t.ir->v[n].op == IR_SETF && t.ir->v[n].x == way->cc_from)
			t.ir->v[n].x = way->cc_to;
	return t.ir->guests ? t.ir : NULL;
}

static char broken[96];			/* what the verifier found first */

static void verify(const struct ir *ir, const char *after)
{
	unsigned where;
	const char *e = ir_verify(ir, &where);

	if (e && !broken[0])
		snprintf(broken, sizeof broken, "after %s: %s at %u", after, e, where);
}

/* NULL, or what the verifier found. */
static const char *optimise(struct ir *ir, const struct insn_way *way)
{
	struct opt *o = arena_get(&arena, sizeof(*o));

	broken[0] = 0;
	verify(ir, "lift");
	o->ir = ir;
	if (way->passes && !broken[0])
		opt_run(o, way->passes_off, verify);
	return broken[0] ? broken : NULL;
}

static void raised(struct insn_outcome *o, u8 vector, u32 error, u32 cr2)
{
	o->r.vector = vector;
	o->r.error = error;
	o->r.cr2 = cr2;
}

/* One block. Returns false when the case is over. */
static bool step(struct vcpu *c, const struct insn_way *way, struct insn_outcome *o)
{
	enum decode_status status;
	struct ir *ir;
	u32 inhibited;
	bool stepped;

	if (at_end(c, (u32)c->eip)) {
		raised(o, EXC_BP, 0, 0);
		c->eip = (u32)c->eip + 1;
		return false;
	}
	ir = lift_block(c, way, o->rows, &status);
	if (!ir) {
		raised(o, status == DECODE_INVALID ? EXC_UD : EXC_GP, 0, 0);
		return false;
	}
	o->broken = optimise(ir, way);
	if (o->broken)
		return false;
	inhibited = c->inhibit;
	stepped = c->key_flags & KEY_TF;
	eval_run(c, ir, &world_mem);
	o->left_out = tables_unimplemented();
	if (c->fault.raised || tables_delivered(c, &c->fault))
		raised(o, c->fault.vector, c->fault.has_error ? c->fault.error : 0,
		       c->fault.vector == EXC_PF ? (u32)c->fault.cr2 : 0);
	else if (stepped && !(c->inhibit & ~inhibited & INHIBIT_SS))
		raised(o, EXC_DB, 0, 0);
	if (inhibited && c->inhibit) {		/* the instruction after MOV SS is done */
		c->inhibit = 0;
		vcpu_mode_update(c);
	}
	return !o->r.vector && !c->fault.raised && !o->left_out;
}

void world_run(u32 n, const struct insn_way *way, struct insn_outcome *o)
{
	static struct vcpu c;
	unsigned blocks = 0;

	memset(o, 0, sizeof *o);
	start_state(&c, n);
	while (step(&c, way, o))
		if (++blocks == BLOCKS_MAX) {
			o->broken = "no end";
			break;
		}
	end_state(&c, o);
}

static void print_line(const char *line) { printf("    %s\n", line); }

void world_show(u32 n, const struct insn_way *way)
{
	static struct vcpu c;
	enum decode_status status;
	u8 rows[X86_OP_COUNT];
	struct ir *ir;
	struct ir1 i;
	char text[96];

	start_state(&c, n);
	for (u32 eip = (u32)c.eip; !at_end(&c, eip); eip += i.len) {
		if (fetch(&c, eip, &i) != DECODE_OK)
			break;
		printf("  %08x  %s\n", eip, ir1_print(&i, text, sizeof text));
	}
	ir = lift_block(&c, way, rows, &status);
	if (!ir)
		return;
	ir_print(ir, print_line);
	optimise(ir, way);
	if (way->passes) {
		printf("  after the passes:\n");
		ir_print(ir, print_line);
	}
}

void world_init(void)
{
	if (decoder_init(&decoder))
		exit(2);
	arena_init(&arena, aligned_alloc(16, ARENA_SIZE), ARENA_SIZE);
	for (u32 i = 0; i < DATA_ALL; i++)
		pristine[i] = insn_pattern(i);
}
