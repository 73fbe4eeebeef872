# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += kernel/arch/loongarch64/clear.o kernel/arch/loongarch64/cpu.o \
	kernel/arch/loongarch64/irq.o
OBJS_kernel += kernel/arch/loongarch64/paging.o kernel/arch/loongarch64/selftest.o
OBJS_kernel += kernel/arch/loongarch64/selftest_asm.o kernel/arch/loongarch64/smp.o
OBJS_kernel += kernel/arch/loongarch64/timer.o
OBJS_kernel += kernel/arch/loongarch64/tlb_refill.o kernel/arch/loongarch64/trap.o
OBJS_kernel += kernel/arch/loongarch64/vectors.o
