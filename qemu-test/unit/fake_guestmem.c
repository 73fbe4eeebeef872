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

static struct fault check_byte(u32 a, bool super, bool write)
{
	u32 page = a >> 12, err = (write ? PF_W : 0) | (super ? 0 : PF_U);
	u8 r = page < FAKE_MEM_PAGES ? fake_rights[page] : 0;

	if (!(r & FAKE_PRESENT))
		return fault_page(a, err);
	if ((write && !(r & FAKE_WRITE)) || (!super && !(r & FAKE_USER)))
		return fault_page(a, err | PF_P);
	return fault_none();
}

struct fault g_probe(struct vcpu *c, u32 linear, u32 size, bool super, bool write)
{
	(void)c;
	must(size <= 4096);
	for (u32 k = 0; k < size; k++) {
		struct fault f = check_byte(linear + k, super, write);

		if (f.raised)
			return f;
	}
	return fault_none();
}

struct fault g_ld(struct vcpu *c, u32 linear, unsigned size, bool super, u64 *out)
{
	struct fault f = g_probe(c, linear, size, super, false);

	must(size == 1 || size == 2 || size == 4 || size == 8);
	if (f.raised)
		return f;
	*out = fake_get(linear, size);
	return f;
}

struct fault g_st(struct vcpu *c, u32 linear, unsigned size, bool super, u64 value)
{
	struct fault f = g_probe(c, linear, size, super, true);

	must(size == 1 || size == 2 || size == 4 || size == 8);
	if (f.raised)
		return f;
	fake_put(linear, size, value);
	fake_stores++;
	return f;
}

struct fault g_rmw8(struct vcpu *c, u32 linear, u8 clear, u8 set, u8 *old)
{
	struct fault f = g_probe(c, linear, 1, true, true);

	if (f.raised)
		return f;
	if (old)
		*old = fake_mem[linear];
	fake_mem[linear] = (u8)((fake_mem[linear] & ~clear) | set);
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
