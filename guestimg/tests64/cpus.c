/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before another CPU's start: cpus.S gets its pages, and the modes and tables that this CPU has,
 * all below 4 GiB. The others have no task register: a double fault of theirs is a triple fault.
 */
#include "guestimg/tests64/cpus.h"

void ap_put_code(void)
{
	ap_cr0 = (u32)READ(cr0);
	ap_cr3 = (u32)READ(cr3);
	ap_cr4 = (u32)READ(cr4);
	ap_efer = (u32)rdmsr(MSR_EFER) & ~(u32)EFER_LMA;
	memcpy(ap_idtr, &idt_pointer, sizeof(idt_pointer));
	memcpy(ap_gdtr, &gdt_pointer, 6);
	for (u64 k = 0; k < AP_PAGE_COUNT; k++)
		memcpy((void *)((AP_PAGES + k) << 12), ap_begin, AT(ap_end) - AT(ap_begin));
}
