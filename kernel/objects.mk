# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += kernel/alone.o kernel/cores.o kernel/epoch.o kernel/extable.o kernel/irq.o \
	kernel/ksyms.o kernel/log.o kernel/newlib.o kernel/panic.o kernel/printk.o \
	kernel/selftest.o kernel/selftest_alone.o kernel/selftest_cores.o \
	kernel/selftest_mmu.o kernel/timer.o kernel/trap.o kernel/work.o
