# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += kernel/arch/mips64/clear.o kernel/arch/mips64/cpu.o \
	kernel/arch/mips64/irq.o kernel/arch/mips64/paging.o
OBJS_kernel += kernel/arch/mips64/selftest.o kernel/arch/mips64/selftest_asm.o
OBJS_kernel += kernel/arch/mips64/timer.o kernel/arch/mips64/tlb_refill.o
OBJS_kernel += kernel/arch/mips64/trap.o kernel/arch/mips64/vectors.o
