/* SPDX-License-Identifier: BSD-2-Clause */
/* Translated code and the guest's tables: is what runs always what memory and mappings say? */
#include "guestimg/tests/cache.h"

u32 call(u32 va)
{
	function volatile f = (function)va;

	return f();
}

void put_function(u32 pa, u32 value)
{
	volatile u8 *at = (volatile u8 *)pa;

	at[0] = 0xb8;
	at[1] = (u8)value;
	at[2] = (u8)(value >> 8);
	at[3] = (u8)(value >> 16);
	at[4] = (u8)(value >> 24);
	at[5] = 0xc3;
}

void main(void)
{
	test_mappings();
	test_writes();
	test_strings();
	test_parts();
	test_places();
	finish("cache");
}
