/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit status 0 if the CPU is an oracle (plain_cpu.h); else it says why not. */
#include "qemu-test/plain_cpu.h"

#include <stdio.h>

int main(void)
{
	if (!plain_cpu())
		puts(PLAIN_CPU_REASON);
	return !plain_cpu();
}
