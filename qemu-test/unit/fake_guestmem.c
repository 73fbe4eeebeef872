/* SPDX-License-Identifier: BSD-2-Clause */
/* Flat guest memory with rights by page. See fake_guestmem.h. */
#include "qemu-test/unit/fake_guestmem.h"

#include <string.h>

#include "dbt/sys/guestmem.h"
#include "kernel/panic.h"

enum { PF_P = 1, PF_W = 2, PF_U = 4 };

u8 fake_mem[FAKE_MEM_SIZE];
u8 fake_rights[FAKE_MEM_PAGES];
unsigned fake_stores;

void fake_mem_reset(void)
{
	memset(fake_mem, 0, sizeof(fake_mem));
	memset(fake_rights, FAKE_ALL, sizeof(fake_rights));
	fake_stores = 0;
}

u64 fake_place(u64 a) { return a >= FAKE_HIGH ? a - FAKE_HIGH : a; }

static struct fault check_byte(u64 a, enum g_rights rights, bool write)
{
	u64 page = fake_place(a) >> 12;
	u32 err = (write ? PF_W : 0) | (rights == G_USER ? PF_U : 0);
	u8 r = page < FAKE_MEM_PAGES ? fake_rights[page] : 0;

	if (!canonical(a))
		return fault_code(EXC_GP, 0);

	if (!(r & FAKE_PRESENT))
		return fault_page(gva(a), err);
	if ((write && !(r & FAKE_WRITE)) || (rights == G_USER && !(r & FAKE_USER)))
		return fault_page(gva(a), err | PF_P);
	return fault_none();
}

struct fault g_probe(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write)
{
	must(size <= 4096);
	for (u32 k = 0; k < size; k++) {
		struct fault f = check_byte(vcpu_sys_linear(c, linear.a + k).a, rights, write);

		if (f.raised)
			return f;
	}
	return fault_none();
}

struct fault g_ld(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 *out)
{
	u32 at = (u32)fake_place(linear.a);
	struct fault f = g_probe(c, linear, size, rights, false);

	must(size == 1 || size == 2 || size == 4 || size == 8);
	if (f.raised)
		return f;
	*out = fake_get(at, size);
	return f;
}

struct fault g_st(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 value)
{
	u32 at = (u32)fake_place(linear.a);
	struct fault f = g_probe(c, linear, size, rights, true);

	must(size == 1 || size == 2 || size == 4 || size == 8);
	if (f.raised)
		return f;
	fake_put(at, size, value);
	fake_stores++;
	return f;
}

struct fault g_rmw8(struct vcpu *c, gva_t linear, u8 clear, u8 set, u8 *old)
{
	u32 at = (u32)fake_place(linear.a);
	struct fault f = g_probe(c, linear, 1, G_SYSTEM, true);

	if (f.raised)
		return f;
	if (old)
		*old = fake_mem[at];
	fake_mem[at] = (u8)((fake_mem[at] & ~clear) | set);
	fake_stores++;
	return f;
}

void fake_put(u32 at, unsigned size, u64 v)
{
	must(at + size <= FAKE_MEM_SIZE);
	for (unsigned k = 0; k < size; k++)
		fake_mem[at + k] = (u8)(v >> 8 * k);
}

u64 fake_get(u32 at, unsigned size)
{
	u64 v = 0;

	must(at + size <= FAKE_MEM_SIZE);
	for (unsigned k = 0; k < size; k++)
		v |= (u64)fake_mem[at + k] << 8 * k;
	return v;
}
