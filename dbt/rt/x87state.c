/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images of the x87, MMX and SSE state in guest memory: FNSTENV, FLDENV, FNSAVE,
 * FRSTOR, FXSAVE, FXRSTOR (SDM vol. 1, 8.1.10, 10.5). Not their layout
 * (x87_env.c). Invariant: all of an image is probed before any of it, or of the
 * state, changes.
 */
#include "dbt/rt/x87state.h"

#include "dbt/sys/guestmem.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/sse.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"

#include <string.h>

#define FXSAVE_SIZE 512
#define FXSAVE_MXCSR 24
#define FXSAVE_XMM 160		/* where XMM0 is, behind the header and ST(0) … ST(7) */

/* -- Bytes -- */

/* How much can be moved by 32 bytes: on the page that `at` is on. */
static u32 pieces(gva_t at, u32 size)
{
	u32 left = 0x1000 - (at.a & 0xfff);

	return (size < left ? size : left) & ~31u;
}

/* How many bytes of an image that was probed were: none, if something faulted. */
static u32 put_pieces(struct vcpu *c, u64 at, const u8 *in, u32 size)
{
	gva_t linear = vcpu_linear(c, at);
	u32 done = 0;

	g_try_begin(c, g_own(c));
	for (u32 n; (n = pieces(linear, size - done)); linear = vcpu_linear(c, at + done)) {
		g_try_st_bytes(c, linear, in + done, n);
		done += n;
	}
	return g_try_end(c) ? done : 0;
}

static u32 get_pieces(struct vcpu *c, u64 at, u8 *out, u32 size)
{
	gva_t linear = vcpu_linear(c, at);
	u32 done = 0;

	g_try_begin(c, g_own(c));
	for (u32 n; (n = pieces(linear, size - done)); linear = vcpu_linear(c, at + done)) {
		g_try_ld_bytes(c, linear, out + done, n);
		done += n;
	}
	return g_try_end(c) ? done : 0;
}

static struct fault put(struct vcpu *c, u64 at, const u8 *in, u32 size)
{
	for (u32 done = put_pieces(c, at, in, size), n; done < size; done += n) {
		u64 v = 0;

		n = size - done >= 8 ? 8 : size - done >= 4 ? 4 : size - done >= 2 ? 2 : 1;
		memcpy(&v, in + done, n);
		TRY(g_st(c, vcpu_linear(c, at + done), n, g_own(c), v));
	}
	return fault_none();
}

static struct fault get(struct vcpu *c, u64 at, u8 *out, u32 size)
{
	for (u32 done = get_pieces(c, at, out, size), n; done < size; done += n) {
		u64 v = 0;

		n = size - done >= 8 ? 8 : size - done >= 4 ? 4 : size - done >= 2 ? 2 : 1;
		TRY(g_ld(c, vcpu_linear(c, at + done), n, g_own(c), &v));
		memcpy(out + done, &v, n);
	}
	return fault_none();
}

/* In the order of AMD family 25, which CR2 tells when an image lies on two pages. */
static struct fault probe_ends(struct vcpu *c, u64 first, u32 size, u64 then, bool write)
{
	TRY(g_probe(c, vcpu_linear(c, first), size, g_own(c), write));
	return g_probe(c, vcpu_linear(c, then), 1, g_own(c), write);
}

/*
 * `how`: an address of 64-bit code that is not canonical is #SS(0) if it came by SS. Between the
 * two ends there is none: an image is much smaller than the hole. But what is wrong with the first
 * `piece` bytes comes first (Intel family 6, model 207).
 */
static struct fault check_form(struct vcpu *c, u64 at, u32 size, u64 how, u32 piece, bool write)
{
	if (!vcpu_code64(c) || (canonical(at) && canonical(at + size - 1)))
		return fault_none();
	if (canonical(at) && canonical(at + piece - 1))
		TRY(g_probe(c, gva(at), piece, g_own(c), write));
	return fault_code(how & X87_IMAGE_BY_SS ? EXC_SS : EXC_GP, 0);
}

/* An environment is read and written in words of its operand size. */
static u32 piece_of(u64 how)
{
	unsigned format = how & X87_IMAGE_FORMAT;

	return format == X87_PROT16 || format == X87_REAL16 ? 2 : 4;
}

static struct fault probe(struct vcpu *c, u64 at, u32 size, bool write)
{
	return probe_ends(c, at, 2, at + size - 1, write);
}

static struct fault probe_fx(struct vcpu *c, u64 at, bool write)
{
	return probe_ends(c, at + FXSAVE_SIZE - 1, 1, at, write);
}

static u64 finish(struct vcpu *c, struct fault f)
{
	if (f.raised)
		c->fault = f;
	else
		c->eip = c->next_eip;
	c->ignne &= x87_pending(&c->x87);
	return 0;
}

/* -- x87 -- */

void x87_settle(struct vcpu *c)
{
	struct x87_noted *n = &c->noted;

	if (n->at >> X87_AT_THERE & 1) {
		c->x87.fip = x87_fip(c, n->at, n->page);
		c->x87.fop = n->at >> X87_AT_FOP & 0x7ff;
	}
	if (n->data.attr || n->linear) {
		c->x87.fdp = x87_fdp(n->linear, n->at, n->data.base);
		c->x87.fds = n->data.sel;
	}
	*n = (struct x87_noted){ 0 };
}

static struct fault store_image(struct vcpu *c, u64 at, u64 how, const u8 *bytes, u32 size)
{
	TRY(check_form(c, at, size, how, piece_of(how), true));
	TRY(probe(c, at, size, true));
	return put(c, at, bytes, size);
}

static struct fault load_image(struct vcpu *c, u64 at, u64 how, u8 *bytes, u32 size)
{
	TRY(check_form(c, at, size, how, piece_of(how), false));
	TRY(probe(c, at, size, false));
	return get(c, at, bytes, size);
}

u64 helper_fnstenv(struct vcpu *c, u64 at, u64 how, u64 d)
{
	enum x87_format format = (enum x87_format)(how & X87_IMAGE_FORMAT);
	u8 bytes[X87_ENV_MAX];
	struct fault f;

	(void)d;
	x87_settle(c);
	x87_env_image(&c->x87, format, bytes);
	f = store_image(c, at, how, bytes, x87_env_size(format));
	if (!f.raised)
		x87_fstenv_done(&c->x87);
	return finish(c, f);
}

u64 helper_fnsave(struct vcpu *c, u64 at, u64 how, u64 d)
{
	enum x87_format format = (enum x87_format)(how & X87_IMAGE_FORMAT);
	u8 bytes[X87_SAVE_MAX];
	struct fault f;

	(void)d;
	x87_settle(c);
	x87_save_image(&c->x87, format, bytes);
	f = store_image(c, at, how, bytes, x87_env_size(format) + 80);
	if (!f.raised)
		x87_finit(&c->x87);
	return finish(c, f);
}

u64 helper_fldenv(struct vcpu *c, u64 at, u64 how, u64 d)
{
	enum x87_format format = (enum x87_format)(how & X87_IMAGE_FORMAT);
	u8 bytes[X87_ENV_MAX];
	struct fault f = load_image(c, at, how, bytes, x87_env_size(format));

	(void)d;
	x87_settle(c);
	if (!f.raised)
		x87_fldenv(&c->x87, format, bytes);
	return finish(c, f);
}

u64 helper_frstor(struct vcpu *c, u64 at, u64 how, u64 d)
{
	enum x87_format format = (enum x87_format)(how & X87_IMAGE_FORMAT);
	u8 bytes[X87_SAVE_MAX];
	struct fault f = load_image(c, at, how, bytes, x87_env_size(format) + 80);

	(void)d;
	x87_settle(c);
	if (!f.raised)
		x87_frstor(&c->x87, format, bytes);
	return finish(c, f);
}

/* -- x87 and SSE. Without CR4.OSFXSR, MXCSR and the XMM registers stay out of it. -- */

/* XMM8 … XMM15 are there in 64-bit code only; other code leaves their bytes alone. */
static unsigned xmms(const struct vcpu *c) { return vcpu_code64(c) ? 16 : 8; }

/*
 * Nearly always an image is plain memory. On one page its first access is the only one that can
 * fault, on two none can if both may be accessed now, and all of it is done at once.
 */
static bool at_once(struct vcpu *c, u64 at, bool write)
{
	u32 off = vcpu_linear(c, at).a & 0xfff;

	if (!(c->cr4 & CR4_OSFXSR))
		return false;
	return off <= 0x1000 - FXSAVE_SIZE ||
	       (!(off % 32) && g_allowed(c, vcpu_linear(c, at), FXSAVE_SIZE, write));
}

/* `size` bytes of such an image, a multiple of 32. */
static void try_put(struct vcpu *c, u64 at, const void *in, u32 size)
{
	u32 n = pieces(vcpu_linear(c, at), size);

	g_try_st_bytes(c, vcpu_linear(c, at), in, n);
	if (n < size)
		g_try_st_bytes(c, vcpu_linear(c, at + n), (const u8 *)in + n, size - n);
}

static void try_get(struct vcpu *c, u64 at, void *out, u32 size)
{
	u32 n = pieces(vcpu_linear(c, at), size);

	g_try_ld_bytes(c, vcpu_linear(c, at), out, n);
	if (n < size)
		g_try_ld_bytes(c, vcpu_linear(c, at + n), (u8 *)out + n, size - n);
}

static void make_head(struct vcpu *c, u64 how, u8 *head)
{
	u32 mask = MXCSR_ALL, mxcsr = c->mxcsr;

	x87_settle(c);
	x87_fxsave(&c->x87, how & X87_IMAGE_WIDE, head);
	memcpy(head + FXSAVE_MXCSR, &mxcsr, 4);
	memcpy(head + FXSAVE_MXCSR + 4, &mask, 4);
}

/* False: nothing has happened. */
static bool fxsave_at_once(struct vcpu *c, u64 at, u64 how)
{
	u8 head[FXSAVE_XMM];

	sse_save(c);
	make_head(c, how, head);
	g_try_begin(c, g_own(c));
	try_put(c, at, head, FXSAVE_XMM);
	if (!g_try_end(c))
		return false;
	try_put(c, at + FXSAVE_XMM, c->xmm, 16 * xmms(c));
	return g_try_end(c);
}

static struct fault fxsave(struct vcpu *c, u64 at, u64 how)
{
	u8 head[FXSAVE_XMM];

	if (at_once(c, at, true) && fxsave_at_once(c, at, how))
		return fault_none();
	TRY(check_form(c, at, FXSAVE_SIZE, how, FXSAVE_SIZE, true));
	TRY(probe_fx(c, at, true));
	sse_save(c);
	make_head(c, how, head);
	if (!(c->cr4 & CR4_OSFXSR)) {
		TRY(put(c, at, head, FXSAVE_MXCSR));
		return put(c, at + 32, head + 32, FXSAVE_XMM - 32);
	}
	TRY(put(c, at, head, FXSAVE_XMM));
	return put(c, at + FXSAVE_XMM, c->xmm[0].b, 16 * xmms(c));
}

/* Has the head, which was read, an MXCSR that is one? Else nothing of the image is loaded. */
static bool head_valid(const struct vcpu *c, const u8 *head)
{
	u32 mxcsr;

	memcpy(&mxcsr, head + FXSAVE_MXCSR, 4);
	return !(c->cr4 & CR4_OSFXSR) || sse_mxcsr_valid(mxcsr);
}

/* The head, and c->xmm as it is now. */
static void load_fx(struct vcpu *c, u64 how, const u8 *head)
{
	u32 mxcsr, old = c->mxcsr;

	memcpy(&mxcsr, head + FXSAVE_MXCSR, 4);
	x87_settle(c);
	x87_fxrstor(&c->x87, how & X87_IMAGE_WIDE, head);
	if (!(c->cr4 & CR4_OSFXSR))
		return;
	c->mxcsr = mxcsr;
	sse_load(c);
	if (sse_modes_differ(old, mxcsr))
		sys_mode_changed(c);
}

/* False: it is to be done in pieces; XMM registers may have changed. */
static bool read_at_once(struct vcpu *c, u64 at, u8 *head, struct fault *f)
{
	g_try_begin(c, g_own(c));
	try_get(c, at, head, FXSAVE_XMM);
	if (!g_try_end(c))
		return false;
	if (!head_valid(c, head)) {
		*f = fault_gp0();
		return true;
	}
	try_get(c, at + FXSAVE_XMM, c->xmm, 16 * xmms(c));
	return g_try_end(c);
}

static struct fault fxrstor(struct vcpu *c, u64 at, u64 how)
{
	struct fault f = fault_none();
	u8 head[FXSAVE_XMM];

	sse_save(c);
	if (!at_once(c, at, false) || !read_at_once(c, at, head, &f)) {
		TRY(check_form(c, at, FXSAVE_SIZE, how, FXSAVE_SIZE, false));
		TRY(probe_fx(c, at, false));
		TRY(get(c, at, head, FXSAVE_XMM));
		if (!head_valid(c, head))
			return fault_gp0();
		if (c->cr4 & CR4_OSFXSR)
			TRY(get(c, at + FXSAVE_XMM, c->xmm[0].b, 16 * xmms(c)));
	}
	if (!f.raised)
		load_fx(c, how, head);
	return f;
}

u64 helper_fxsave(struct vcpu *c, u64 at, u64 how, u64 d)
{
	(void)d;
	return finish(c, fxsave(c, at, how));
}

u64 helper_fxrstor(struct vcpu *c, u64 at, u64 how, u64 d)
{
	(void)d;
	return finish(c, fxrstor(c, at, how));
}
