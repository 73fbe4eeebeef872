/* SPDX-License-Identifier: BSD-2-Clause */
/* See mm_world.h. */
#include "qemu-test/unit/mm_world.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"
#include "mm/bus.h"
#include "mm/frame.h"
#include "qemu-test/unit/fake_paging.h"

u8 *world_ram, *world_rom;
struct shadow *world_shadow;
struct world_bus world_bus;
u64 world_seed = 1;

static void *frames, *tables_mem;

u32 world_random(u32 n)
{
	world_seed = world_seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)((world_seed >> 33) % n);
}

static void *aligned(u64 align, u64 size)
{
	void *p = aligned_alloc(align, (size + align - 1) / align * align);

	must(p);
	return p;
}

static void release(void)
{
	free(world_ram);
	free(world_rom);
	free(world_shadow);
	free(frames);
	free(tables_mem);
}

void world_reset(u32 tables)
{
	struct gpa_config c = { .ram_size = WORLD_RAM, .low_end = WORLD_LOW,
				.firmware_size = WORLD_ROM };

	release();
	world_ram = aligned(1u << 21, WORLD_RAM);
	world_rom = aligned(4096, WORLD_ROM);
	memset(world_ram, 0, WORLD_RAM);
	for (u32 k = 0; k < WORLD_ROM; k++)
		world_rom[k] = (u8)(k >> 12 ^ k);
	c.ram = world_ram;
	c.firmware = world_rom;
	frames = aligned(64, frame_memory(gpa_frames(&c)));
	frame_init(frames, gpa_frames(&c));
	must(!gpa_init(&c));
	memset(&world_bus, 0, sizeof(world_bus));
	fake_paging_reset();
	world_shadow = malloc(sizeof(*world_shadow));
	must(world_shadow);
	tables_mem = aligned(16384, shadow_memory(tables));
	shadow_init(world_shadow, 0, tables_mem, tables);
	world_shadow->verify = SHADOW_VERIFY_ALL;
}

/* -- an access ------------------------------------------------------------ */

static bool settle(struct world_result *r, enum shadow_result how, const struct shadow_miss *miss)
{
	static const enum world_end ends[] = {
		[SHADOW_GUEST_FAULT] = WORLD_FAULT, [SHADOW_MMIO] = WORLD_MMIO,
		[SHADOW_ROM_WRITE] = WORLD_ROM_STORE, [SHADOW_WATCHED_WRITE] = WORLD_WATCHED,
		[SHADOW_DEBUG] = WORLD_DEBUG,
	};

	if (how == SHADOW_FILLED)
		return false;
	r->end = ends[how];
	r->error = miss->error;
	r->page = miss->page.a;
	return true;
}

struct world_result world_access(u64 va, bool other, bool write, enum x86_rights rights)
{
	u64 narrow = (u64)(s64)(s32)va ^ (other ? 0xffffffff00000000ull : 0);
	u64 host_va = fake_form == PAGING_WIDE ? va : narrow;
	struct world_result r = { .end = WORLD_STUCK };
	struct shadow_miss miss = { gpa(0), 0 };
	hpa_t at;

	shadow_set_view(world_shadow, rights);
	for (; r.fills < 3; r.fills++) {
		if (fake_access(host_va, write, &at) == FAKE_OK) {
			r.end = WORLD_HIT;
			r.host = at.a;
			return r;
		}
		if (settle(&r, shadow_fault(world_shadow, gva(va), write ? X86_WRITE : X86_READ,
					    rights, &miss), &miss))
			return r;
	}
	return r;
}

/* -- the bus ------------------------------------------------------------- */

void bus_on_change(struct bus *b, void (*fn)(void)) { (void)b, (void)fn; }

bool bus_is_mmio(struct bus *b, u64 addr, u64 size)
{
	(void)b;
	return addr < world_bus.start + world_bus.size && addr + size > world_bus.start;
}

u64 bus_read(struct bus *b, enum bus_space space, u64 addr, unsigned size)
{
	(void)b;
	must(space == BUS_MMIO);
	if (!bus_is_mmio(b, addr, size))
		return ~0ull >> (64 - 8 * size);
	world_bus.reads++;
	world_bus.addr = addr;
	world_bus.width = size;
	return 0xd0d1d2d3d4d5d6d7ull >> (64 - 8 * size);
}

void bus_write(struct bus *b, enum bus_space space, u64 addr, u64 value, unsigned size)
{
	(void)b;
	must(space == BUS_MMIO);
	if (!bus_is_mmio(b, addr, size))
		return;
	world_bus.writes++;
	world_bus.addr = addr;
	world_bus.width = size;
	world_bus.value = value;
}

/* -- the SDM's page walk -------------------------------------------------- */

static u64 bit_range(u64 v, unsigned hi, unsigned lo)
{
	return v >> lo & ((2ull << (hi - lo)) - 1);
}

struct collected {
	u64 leaf;
	bool user, writable, xd, reserved, accessed, ram;
};

/* Memory as the walker sees it: through A20 and the map. */
static u64 peek(struct collected *c, u64 at, unsigned size)
{
	gpa_t a = gpa(at & gpa_map.a20_mask);
	u64 v = 0;

	c->ram &= gpa_lookup(a).kind == GPA_RAM;
	gpa_read(a, &v, size);
	return v;
}

static void collect(struct collected *c, u64 e, u64 reserved)
{
	c->leaf = e;
	c->user &= bit_range(e, 2, 2);
	c->writable &= bit_range(e, 1, 1);
	c->xd |= e >> 63;
	c->accessed &= bit_range(e, 5, 5);
	c->reserved |= (e & reserved) != 0;
}

/* Figure 4-2 and 4-3. False: an entry is not present. */
static bool walk_32(const struct x86_paging *p, u32 va, struct collected *c, struct ref_walk *r)
{
	u64 pde = peek(c, bit_range(p->cr3, 31, 12) << 12 | bit_range(va, 31, 22) << 2, 4), pte;

	if (!(pde & 1))
		return false;
	if (p->pse && bit_range(pde, 7, 7)) {
		collect(c, pde, 0x3fe000);
		r->shift = 22;
		r->addr = bit_range(pde, 31, 22) << 22 | bit_range(va, 21, 0);
		return true;
	}
	collect(c, pde, 0);
	pte = peek(c, bit_range(pde, 31, 12) << 12 | bit_range(va, 21, 12) << 2, 4);
	if (!(pte & 1))
		return false;
	collect(c, pte, 0);
	r->shift = 12;
	r->addr = bit_range(pte, 31, 12) << 12 | bit_range(va, 11, 0);
	return true;
}

/* Figures 4-5 and 4-6, with 36 bits of physical address unless p says otherwise. */
static bool walk_pae(const struct x86_paging *p, u32 va, struct collected *c, struct ref_walk *r)
{
	unsigned m = p->phys_bits ? p->phys_bits : 32;
	u64 high = 0, pde, pte, pdpte = p->pdpte[bit_range(va, 31, 30)];

	for (unsigned k = m; k < 63; k++)
		high |= 1ull << k;
	if (!p->nxe)
		high |= W_NX;
	if (!(pdpte & 1))
		return false;
	pde = peek(c, bit_range(pdpte, 51, 12) << 12 | bit_range(va, 29, 21) << 3, 8);
	if (!(pde & 1))
		return false;
	if (bit_range(pde, 7, 7)) {
		collect(c, pde, high | 0x1fe000);
		r->shift = 21;
		r->addr = bit_range(pde, 51, 21) << 21 | bit_range(va, 20, 0);
		return true;
	}
	collect(c, pde, high);
	if (c->reserved)
		return true;
	pte = peek(c, bit_range(pde, 51, 12) << 12 | bit_range(va, 20, 12) << 3, 8);
	if (!(pte & 1))
		return false;
	collect(c, pte, high);
	r->shift = 12;
	r->addr = bit_range(pte, 51, 12) << 12 | bit_range(va, 11, 0);
	return true;
}

/* Figures 4-8 to 4-10, tables 4-15 to 4-20. */
static bool walk_long(const struct x86_paging *p, u64 va, struct collected *c, struct ref_walk *r)
{
	u64 address = ((1ull << p->phys_bits) - 1) & ~0xfffull, bad = p->nxe ? 0 : W_NX;
	u64 pml4e, pdpte, pde, pte;

	for (unsigned k = p->phys_bits; k < 52; k++)
		bad |= 1ull << k;
	pml4e = peek(c, (p->cr3 & address) | bit_range(va, 47, 39) << 3, 8);
	if (!(pml4e & 1))
		return false;
	collect(c, pml4e, bad | 0x80);
	if (c->reserved)
		return true;
	pdpte = peek(c, (pml4e & address) | bit_range(va, 38, 30) << 3, 8);
	if (!(pdpte & 1))
		return false;
	if (bit_range(pdpte, 7, 7)) {
		collect(c, pdpte, bad | 0x3fffe000 | (p->page1g ? 0 : 0x80));
		r->shift = 30;
		r->addr = bit_range(pdpte, 51, 30) << 30 | bit_range(va, 29, 0);
		return true;
	}
	collect(c, pdpte, bad);
	if (c->reserved)
		return true;
	pde = peek(c, (pdpte & address) | bit_range(va, 29, 21) << 3, 8);
	if (!(pde & 1))
		return false;
	if (bit_range(pde, 7, 7)) {
		collect(c, pde, bad | 0x1fe000);
		r->shift = 21;
		r->addr = bit_range(pde, 51, 21) << 21 | bit_range(va, 20, 0);
		return true;
	}
	collect(c, pde, bad);
	if (c->reserved)
		return true;
	pte = peek(c, (pde & address) | bit_range(va, 20, 12) << 3, 8);
	if (!(pte & 1))
		return false;
	collect(c, pte, bad);
	r->shift = 12;
	r->addr = bit_range(pte, 51, 12) << 12 | bit_range(va, 11, 0);
	return true;
}

/* Section 4.6.1, for user and supervisor accesses in turn. */
static bool user_has_right(const struct ref_walk *r, enum x86_access access)
{
	switch (access) {
	case X86_READ: return r->user;
	case X86_WRITE: return r->user && r->writable;
	default: return r->user && !r->nx;
	}
}

static bool super_has_right(const struct x86_paging *p, const struct ref_walk *r,
			    enum x86_access access, bool ac)
{
	if (access == X86_FETCH)
		return !r->nx && !(p->smep && r->user);
	if (r->user && p->smap && !ac)
		return false;
	return access == X86_READ || r->writable || !p->wp;
}

struct ref_walk ref_walk(const struct x86_paging *p, u64 va, enum x86_access access,
			 enum x86_rights rights)
{
	struct collected c = { .user = true, .writable = true, .accessed = true,
			       .ram = true };
	struct ref_walk r = { .ok = true, .addr = va, .user = true, .writable = true,
			      .dirty = true, .global = true, .accessed = true, .shift = 32 };
	bool present, right;

	if (!p->pg)
		return r;
	present = p->lma ? walk_long(p, va, &c, &r) : p->pae ? walk_pae(p, (u32)va, &c, &r) :
		  walk_32(p, (u32)va, &c, &r);
	r.user = c.user;
	r.writable = c.writable;
	r.nx = c.xd && p->pae && p->nxe;
	r.global = p->pge && (c.leaf & W_G);
	r.dirty = c.leaf & W_D;
	r.accessed = c.accessed;
	r.ram = c.ram;
	right = rights == X86_USER ? user_has_right(&r, access) :
		super_has_right(p, &r, access, rights == X86_SUPER);
	r.ok = present && !c.reserved && right;
	r.error = (present || c.reserved) | (access == X86_WRITE) << 1 |
		  (rights == X86_USER) << 2 | c.reserved << 3 |
		  (access == X86_FETCH && ((p->pae && p->nxe) || p->smep)) << 4;
	return r;
}
