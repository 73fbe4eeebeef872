# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += kernel/extable.o kernel/ksyms.o kernel/newlib.o kernel/panic.o \
	kernel/printk.o kernel/selftest.o kernel/timer.o
