/* SPDX-License-Identifier: BSD-2-Clause */
/* Before another CPU's start: cpus.S gets its pages, and the modes and tables that this CPU has. */
#include "guestimg/tests/cpus.h"

void ap_put_code(void)
{
	struct pointer gdt, idt;

	__asm__ volatile("sgdt %0" : "=m"(gdt));
	__asm__ volatile("sidt %0" : "=m"(idt));
	ap_cr0 = read_cr0();
	ap_cr3 = read_cr3();
	ap_cr4 = read_cr4();
	memcpy(ap_idtr, &idt, sizeof(ap_idtr));
	memcpy(ap_gdtr, &gdt, sizeof(gdt));
	for (u32 k = 0; k < AP_PAGE_COUNT; k++)
		memcpy((void *)((AP_PAGES + k) << 12), ap_begin, (u32)(ap_end - ap_begin));
}
