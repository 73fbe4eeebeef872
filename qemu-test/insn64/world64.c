/* SPDX-License-Identifier: BSD-2-Clause */
#include "qemu-test/insn64/world64.h"

#include "dbt/lift/lift.h"
#include "dbt/opt/opt.h"
#include "dbt/x86/decode.h"
#include "kernel/panic.h"
#include "mm/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 100			/* of one case; a REP of 20 elements is the longest */
#define ARENA_SIZE (1u << 20)
#define INSNS_MAX 64			/* of a block, as dbt/translate.c has it */

static struct arena arena;
static struct decoder decoder;
static u8 data[DATA64_ALL];
static u8 pristine[DATA64_ALL];

/* -- Memory ---------------------------------------------------------------------------------- */

/* A byte of the code region: INT3 where no case's code lies. */
static bool code_byte(u64 addr, u8 *out)
{
	const struct cases64_head *h = files64.head;
	u64 off = addr - insn64_base(h), end = (u64)h->cases * h->slot;
	u64 region = (end + PAGE64 - 1) / PAGE64 * PAGE64;

	if (off + CODE64_MARGIN >= region + 2 * CODE64_MARGIN)
		return false;
	*out = 0xcc;
	if (off >= end + h->slot)
		return true;
	for (u32 k = 0, n = off / h->slot; k < 2; k++, n--) {
		const struct case64 *c = &files64.cases[n];
		u64 at;

		if (n < h->cases) {
			at = addr - insn64_slot(h, n) - c->start;
			if (at < c->len)
				*out = files64.code[c->code + at];
		}
		if (!n)
			break;
	}
	return true;
}

/* Offset in the data pages of either mapping; DATA64_ALL and more: none. */
static u64 data_off(u64 addr)
{
	return addr - DATA64_HIGH < DATA64_ALL ? addr - DATA64_HIGH : addr - DATA64_LOW;
}

struct fault world64_check(u64 addr, unsigned size, bool write)
{
	u8 byte;

	for (unsigned i = 0; i < size; i++) {
		u64 off = data_off(addr + i);
		bool present = off < DATA64_ALL || code_byte(addr + i, &byte);

		if (!present || (write && off >= DATA64_RW))
			return fault_page(gva(addr + i), 4u | (write ? 2 : 0) | present);
	}
	return fault_none();
}

static struct fault world_ld(struct vcpu *c, u64 addr, unsigned size, unsigned intent, void *out)
{
	struct fault f = world64_check(addr, size, intent & INTENT_RMW);

	(void)c;
	for (unsigned i = 0; i < size && !f.raised; i++) {
		u64 off = data_off(addr + i);

		if (off < DATA64_ALL)
			((u8 *)out)[i] = data[off];
		else
			code_byte(addr + i, (u8 *)out + i);
	}
	return f;
}

static struct fault world_st(struct vcpu *c, u64 addr, unsigned size, const void *in)
{
	struct fault f = world64_check(addr, size, true);

	(void)c;
	for (unsigned i = 0; i < size && !f.raised; i++)
		data[data_off(addr + i)] = ((const u8 *)in)[i];
	return f;
}

const struct eval_mem world64_mem = { world_ld, world_st };

/* -- State ----------------------------------------------------------------------------------- */

static void start_segments(struct vcpu *c)
{
	bool wide = files64.head->mode == 8;

	for (unsigned s = 0; s < 6; s++)
		c->seg[s] = (struct segment){ 0 };
	c->seg[CS] = (struct segment){ .sel = wide ? SEL64_CS : SEL64_CS32, .limit = 0xffffffff,
				       .attr = 0xfb | SEG_G | (wide ? SEG_L : SEG_DB) };
	c->seg[SS] = (struct segment){ .sel = SEL64_FLAT, .limit = 0xffffffff,
				       .attr = 0xf3 | SEG_DB | SEG_G };
	if (!wide)
		c->seg[DS] = c->seg[ES] = c->seg[SS];
	c->seg[FS].base = FS64;
	c->seg[GS].base = GS64;
}

static void load_fx(struct vcpu *c, const u8 *image)
{
	x87_fxrstor(&c->x87, true, image);
	memcpy(&c->mxcsr, image + 24, 4);
	memcpy(c->xmm, image + 160, 256);
}

void world64_begin(struct vcpu *c, u32 n)
{
	const struct case64 *k = &files64.cases[n];

	memset(c, 0, sizeof *c);
	memcpy(c->gpr, k->gpr, sizeof k->gpr);
	c->cc_op = CC_OP(CC_EFLAGS, 2);
	c->cc_a = k->eflags & FL_ARITH;
	c->df = k->eflags & FL_DF ? -1 : 1;
	c->eflags = FL_FIXED | FL_IF | (k->eflags & FL_AC);
	c->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	c->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE | CR4_PAE | CR4_PGE | CR4_FSGSBASE;
	c->efer = EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE;
	c->cpl = 3;
	start_segments(c);
	c->eip = insn64_slot(files64.head, n) + k->start;
	x87_finit(&c->x87);
	c->mxcsr = 0x1f80;
	if (k->fx != FX64_NONE)
		load_fx(c, files64.fx + k->fx * FX64_SIZE);
	tables64_init(c);
	vcpu_mode_update(c);
	memcpy(data, pristine, sizeof data);
	memcpy(data + k->poke, k->bytes, k->poke_len);
}

void world64_end(struct vcpu *c, struct outcome64 *o)
{
	struct result64 *r = &o->r;

	memcpy(r->gpr, c->gpr, sizeof r->gpr);
	for (unsigned i = 0; i < 16 && files64.head->mode != 8; i++)
		r->gpr[i] = (u32)r->gpr[i];
	r->eflags = (cc_pinned(c->cc_op, c->cc_a, c->cc_b, c->cc_r) |
		     (c->eflags & ~(FL_ARITH | FL_DF)) | (c->df < 0 ? FL_DF : 0)) & EFLAGS64;
	r->rip = c->eip;
	for (unsigned s = 0; s < 6; s++)
		r->sel[s] = c->seg[s].sel & ~3 ? c->seg[s].sel : 0;
	r->fs_base = c->seg[FS].base;
	r->gs_base = c->seg[GS].base;
	memcpy(o->data, data, DATA64_RW);
	x87_fxsave(&c->x87, true, o->fx);
	memset(o->fx + 6, 0, 18);
	memcpy(o->fx + 24, &c->mxcsr, 4);
	memset(o->fx + 28, 0, 4);
	memcpy(o->fx + 160, c->xmm, 256);
}

/* -- Blocks ---------------------------------------------------------------------------------- */

static bool at_end(u64 rip)
{
	u8 byte;

	return code_byte(rip, &byte) && byte == 0xcc;
}

/* False: no byte can be fetched, and *f says what is raised. */
static bool fetch(struct vcpu *c, u64 rip, struct ir1 *i, enum decode_status *status,
		  struct fault *f)
{
	u8 bytes[15];
	unsigned n = 0;

	while (n < 15 && code_byte(rip + n, &bytes[n]))
		n++;
	*status = decode(&decoder, i, bytes, n, rip, key_code_size(c->key_flags));
	if (*status != DECODE_NEED_MORE)
		return true;
	*f = fault_page(gva(rip + n), 0x14 | (data_off(rip + n) < DATA64_ALL));
	return false;
}

/* Make the mistake in one operation, if it is one that it is about. */
static void mistake(struct ir_insn *in, enum mistake64 what)
{
	bool wide = in->type == T_I64;

	switch (what) {
	case MISTAKE_NONE: return;
	case MISTAKE_FLAGS: in->y -= in->op == IR_SETF && in->y == 3; return;
	case MISTAKE_ZEXT: in->op = in->op == IR_ZEXT && wide ? IR_SEXT : in->op; return;
	case MISTAKE_SEXT: in->op = in->op == IR_SEXT && wide ? IR_ZEXT : in->op; return;
	case MISTAKE_SAR: in->op = in->op == IR_SAR && wide ? IR_SHR : in->op; return;
	case MISTAKE_MULHU: in->op = in->op == IR_MULHU && wide ? IR_MULHS : in->op; return;
	case MISTAKE_LOAD: in->x = in->op == IR_LD && in->x == M_64 ? M_U32 : in->x; return;
	case MISTAKE_STORE: in->x = in->op == IR_ST && in->x == M_64 ? M_32 : in->x; return;
	case MISTAKE_REGISTER: in->k &= in->op == IR_GETREG ? 7 : -1; return;
	case MISTAKE_XMM: in->k &= in->op == IR_GETXMM ? 7 : -1; return;
	case MISTAKE_RIP: in->k += in->op == IR_EIP; return;
	}
}

static void make_mistakes(struct ir *ir, const struct way64 *way)
{
	for (unsigned n = 1; n < ir->n; n++) {
		if (ir->v[n].op == IR_SETF && ir->v[n].x == way->cc_from)
			ir->v[n].x = way->cc_to;
		mistake(&ir->v[n], way->mistake);
	}
}

/* May the block go on at rip? */
static bool goes_on(struct vcpu *c, const struct lift *t, const struct way64 *way)
{
	return way->blocks && !t->ended && !(t->key & KEY_SINGLE) && !at_end(t->next) &&
	       t->ir->guests < INSNS_MAX && t->ir->n < IR_MAX - IR_GUEST_RESERVE &&
	       !c->inhibit;
}

/* Lift from c->eip on; NULL if there is no instruction (c->fault says why). */
static struct ir *lift_block(struct vcpu *c, const struct way64 *way)
{
	struct lift t = { .key = c->key_flags, .features = ~0ull, .go_on = way->blocks };
	enum decode_status status;
	struct fault f = fault_none();
	unsigned before;
	struct ir1 i;

	arena_reset(&arena);
	t.ir = ir_new(&arena);
	t.ir->key_flags = t.key;
	t.next = c->eip;
	do {
		if (!fetch(c, t.next, &i, &status, &f) || status != DECODE_OK ||
		    (t.ir->guests && lift_begins_block(&i)))
			break;
		if (i.op == way->nop_row)
			i.op = X86_NOP;
		before = t.ir->n;
		t.reach = way->blocks ? t.next + PAGE64 : 0;
		lift_insn(&t, &i);
		must(t.ir->n - before <= IR_GUEST_RESERVE || lift_begins_block(&i));
	} while (goes_on(c, &t, way));
	if (t.ir->guests) {
		lift_finish(&t, t.next);
		if (way->cc_from != way->cc_to || way->mistake)
			make_mistakes(t.ir, way);
		return t.ir;
	}
	c->fault = f.raised ? f : status == DECODE_INVALID ? fault_plain(EXC_UD) :
		   fault_code(EXC_GP, 0);
	return NULL;
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
static const char *optimise(struct ir *ir, const struct way64 *way)
{
	struct opt *o = arena_get(&arena, sizeof(*o));

	broken[0] = 0;
	verify(ir, "lift");
	o->ir = ir;
	if (way->passes && !broken[0])
		opt_run(o, 0, verify);
	return broken[0] ? broken : NULL;
}

static void raised(struct outcome64 *o, const struct fault *f)
{
	o->r.vector = f->vector;
	o->r.error = f->has_error ? f->error : 0;
	o->r.cr2 = f->vector == EXC_PF ? f->cr2 : 0;
}

bool world64_step(struct vcpu *c, const struct way64 *way, struct outcome64 *o)
{
	struct ir *ir;
	u32 inhibited;

	if (at_end(c->eip)) {
		struct fault bp = fault_plain(EXC_BP);

		raised(o, &bp);
		c->eip++;
		return false;
	}
	ir = lift_block(c, way);
	if (!ir) {
		raised(o, &c->fault);
		return false;
	}
	o->broken = optimise(ir, way);
	if (o->broken)
		return false;
	inhibited = c->inhibit;
	eval_run(c, ir, &world64_mem);
	o->left_out = tables64_unimplemented();
	if (c->fault.raised || tables64_delivered(c, &c->fault))
		raised(o, &c->fault);
	if (inhibited && c->inhibit) {		/* the instruction after MOV SS is done */
		c->inhibit = 0;
		vcpu_mode_update(c);
	}
	return !o->r.vector && !c->fault.raised && !o->left_out;
}

u8 *world64_data(void) { return data; }

void world64_run(u32 n, const struct way64 *way, struct outcome64 *o)
{
	static struct vcpu c;
	unsigned blocks = 0;

	memset(o, 0, sizeof *o);
	world64_begin(&c, n);
	while (world64_step(&c, way, o))
		if (++blocks == BLOCKS_MAX) {
			o->broken = "no end";
			break;
		}
	world64_end(&c, o);
}

static void print_line(const char *line) { printf("    %s\n", line); }

void world64_show(u32 n, const struct way64 *way)
{
	static struct vcpu c;
	enum decode_status status;
	struct fault f;
	struct ir *ir;
	struct ir1 i;
	char text[96];
	u64 rip;

	world64_begin(&c, n);
	for (rip = c.eip; !at_end(rip) && fetch(&c, rip, &i, &status, &f); rip += i.len) {
		if (status != DECODE_OK)
			break;
		printf("  %llx  %s\n", (unsigned long long)rip, ir1_print(&i, text, sizeof text));
	}
	ir = lift_block(&c, way);
	if (!ir)
		return;
	ir_print(ir, print_line);
	optimise(ir, way);
	if (way->passes) {
		printf("  after the passes:\n");
		ir_print(ir, print_line);
	}
}

void world64_init(void)
{
	if (decoder_init(&decoder))
		exit(2);
	arena_init(&arena, aligned_alloc(16, ARENA_SIZE), ARENA_SIZE);
	for (u32 i = 0; i < DATA64_ALL; i++)
		pristine[i] = insn64_pattern(i);
}
