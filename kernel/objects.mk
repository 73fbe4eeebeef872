# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += kernel/extable.o kernel/irq.o kernel/ksyms.o kernel/log.o kernel/newlib.o \
	kernel/panic.o kernel/printk.o kernel/selftest.o kernel/selftest_mmu.o kernel/timer.o \
	kernel/trap.o
