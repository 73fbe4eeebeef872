/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms of paging as the shadow nodes see them: keys from directory entries, guest tables
 * read entry by entry. The one file of mm/shadow* that knows what the bits of entries mean; it
 * changes nothing. Sections are those of the SDM, volume 3A.
 */
#include "mm/gpa.h"
#include "mm/shadow_node.h"
#include "mm/x86_entry.h"

#define TABLE_BITS (E_RW | E_US)
#define LARGE_BITS (E_RW | E_US | E_D | E_PS | E_G)
#define ADDR_32 0xfffff000ull
#define ADDR_4M 0xffc00000ull
#define ADDR_2M (E_ADDR & ~0x1fffffull)
#define RIGHTS (KEY_MODE | KEY_VIEW)
#define PARTS_32 (1u << (22 - SLOT_SHIFT))	/* slots of one directory entry */

u64 form_mode(const struct x86_paging *p)
{
	u64 form = !p->pg ? FORM_FLAT : !p->pae ? FORM_32 : p->lma ? FORM_LONG : FORM_PAE;

	if (!p->pg)
		return form << KEY_FORM_SHIFT;
	return form << KEY_FORM_SHIFT | (p->wp ? KEY_WP : 0) |
	       (p->smep ? KEY_SMEP : 0) | (p->smap ? KEY_SMAP : 0) |
	       (p->pae && p->nxe ? KEY_NXE : 0) | (!p->pae && p->pse ? KEY_PSE : 0);
}

/* 4.3. The low or high half of its 4 MiB. */
static u64 key_32(u64 mode, unsigned slot, u64 e)
{
	u64 part = (u64)(slot % PARTS_32) << KEY_PART_SHIFT;

	if (!(e & E_P))
		return 0;
	if (!(mode & KEY_PSE) || !(e & E_PS))
		return mode | part | (e & (ADDR_32 | TABLE_BITS));
	return e & RSVD_4M ? 0 : mode | part | (e & (ADDR_4M | LARGE_BITS));
}

/* 4.4 */
static u64 key_pae(const struct shadow *s, u64 mode, u64 e)
{
	u64 xd = mode & KEY_NXE ? E_XD : 0;

	if (!(e & E_P) || (e & s->reserved))
		return 0;
	if (!(e & E_PS))
		return mode | (e & (E_ADDR | TABLE_BITS | xd));
	return e & RSVD_2M ? 0 : mode | (e & (ADDR_2M | LARGE_BITS | xd));
}

u64 form_key(const struct shadow *s, unsigned view, unsigned slot, u64 entry)
{
	u64 mode = s->mode | (u64)view << KEY_VIEW_SHIFT;

	switch (key_form(mode)) {
	case FORM_32: return key_32(mode, slot, entry);
	case FORM_PAE: return key_pae(s, mode, entry);
	default: return mode | (u64)slot << SLOT_SHIFT | TABLE_BITS | E_PS | E_G | E_D;
	}
}

/* 4.5. Rights come down with the key; 1 GiB is in pieces. */
u64 form_below(const struct shadow *s, u64 key, unsigned k, u64 e)
{
	unsigned level = key >> KEY_LEVEL_SHIFT & 3;
	u64 down = (u64)(level - 1) << KEY_LEVEL_SHIFT, page = (1ull << (12 + 9 * level)) - 1;

	if (form_is_whole(key))
		return (key & ~(3ull << KEY_LEVEL_SHIFT)) | KEY_OF_1G | (u64)k << SLOT_SHIFT;
	if (!(e & E_P) || (e & x86_rsvd_long(s->reserved, level, e, s->paging.page1g)))
		return 0;
	down |= (key & RIGHTS) | (key & e & TABLE_BITS) | ((key | e) & E_XD);
	if (e & E_PS)
		return down | (e & (E_ADDR & ~page)) | (e & (E_D | E_PS | E_G));
	return down | (e & E_ADDR);
}

u64 form_top(const struct shadow *s, unsigned root, unsigned view)
{
	const struct shadow_root *r = &s->pool.root[root];

	return r->mode | r->key[0] | (u64)view << KEY_VIEW_SHIFT |
	       (u64)TOP_LEVEL << KEY_LEVEL_SHIFT | TABLE_BITS;
}

static u64 entry_read(u32 frame, unsigned index, bool wide)
{
	const void *p = gpa_frame_ptr(frame);

	return wide ? once_u64((const u64 *)p + index) : once_u32((const u32 *)p + index);
}

/* The directory entry of a slot as the guest's memory has it now; 0 if there is none to read. */
static u64 dir_entry(const struct shadow *s, const struct shadow_root *r, unsigned slot)
{
	bool wide = key_form(s->mode) == FORM_PAE;
	unsigned dir = wide ? slot / 512 : 0, index = wide ? slot % 512 : slot / PARTS_32;

	return r->dir[dir] == FRAME_NONE ? 0 : entry_read(r->dir[dir], index, wide);
}

bool form_gives_below(const struct shadow *s, const struct shadow_node *n, unsigned k, u64 key)
{
	u64 e;

	if (n->whole)
		return form_below(s, n->key, k, 0) == key;
	e = n->table ? form_entry(s, n, k) : 0;
	return (e & E_A) && form_below(s, n->key, k, e) == key;
}

/* By way of all levels, whatever nodes there are. */
static __attribute__((noinline)) bool gives_long(const struct shadow *s, unsigned root,
						 unsigned view, unsigned slot, u64 key)
{
	u64 at = form_top(s, root, view), e = 0;

	for (unsigned level = TOP_LEVEL; level; level--) {
		unsigned k = tree_index(slot, level);

		if (!form_is_whole(at)) {
			u32 frame = form_table_frame(at);

			e = frame == FRAME_NONE ? 0 : entry_read(frame, k, true);
			if (!(e & E_A))
				return false;
		}
		at = form_below(s, at, k, e);
		if (!at)
			return false;
	}
	return at == key;
}

bool form_gives(const struct shadow *s, unsigned root, unsigned view, unsigned slot, u64 key)
{
	u64 e;

	if (s->four)
		return gives_long(s, root, view, slot, key);
	if (key_form(s->mode) == FORM_FLAT)
		return form_key(s, view, slot, 0) == key;
	e = dir_entry(s, &s->pool.root[root], slot);
	return (e & E_A) && form_key(s, view, slot, e) == key;
}

/* Only RAM can be marked and watched. */
static u32 frame_at_gpa(u64 a)
{
	struct gpa_page p = gpa_lookup(gpa_a20(gpa(a)));

	return p.kind == GPA_RAM ? p.frame : FRAME_NONE;
}

void form_dirs(const struct shadow *s, struct shadow_root *r)
{
	for (unsigned k = 0; k < DIRS; k++)
		r->dir[k] = FRAME_NONE;
	if (key_form(s->mode) == FORM_32)
		r->dir[0] = frame_at_gpa(r->key[0]);
	if (key_form(s->mode) == FORM_PAE)
		for (unsigned k = 0; k < DIRS; k++)
			if (r->key[k] & E_P)
				r->dir[k] = frame_at_gpa(r->key[k] & E_ADDR);
}

/* In 32-bit paging without PSE, PS is not in the key. */
bool form_is_whole(u64 key) { return key & E_PS; }

u32 form_table_frame(u64 key)
{
	return form_is_whole(key) ? FRAME_NONE : frame_at_gpa(key & E_ADDR);
}

u64 form_entry(const struct shadow *s, const struct shadow_node *n, unsigned k)
{
	bool wide = key_form(n->key) >= FORM_PAE;

	return entry_read(s->pool.table[n->table].frame,
			  node_part(n) * PAGING_LEAF_ENTRIES + k, wide);
}

bool form_leaf_of(const struct shadow *s, const struct shadow_node *n, u64 e,
		  struct form_leaf *out)
{
	u64 all = e & n->key;
	bool wide = key_form(n->key) >= FORM_PAE, user_page = all & E_US;
	unsigned view = node_view(n);

	if ((e & (E_P | E_A)) != (E_P | E_A) || (wide && (e & s->reserved)))
		return false;
	if (view == SHADOW_USER ? !user_page :
	    user_page && (n->key & (KEY_VIEW | KEY_SMAP)) == KEY_STRICT)
		return false;
	out->page = gpa_a20(gpa(e & (wide ? E_ADDR : ADDR_32)));
	out->may_write = (e & E_D) && ((all & E_RW) ||
				       (view != SHADOW_USER && !(n->key & KEY_WP)));
	out->global = e & E_G;
	out->nx = (n->key & KEY_NXE) && ((e | n->key) & E_XD);
	if (n->key & KEY_SMEP)
		out->nx |= user_page && view != SHADOW_USER;
	return true;
}
