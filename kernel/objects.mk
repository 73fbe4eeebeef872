# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += kernel/extable.o kernel/ksyms.o kernel/main.o kernel/guest.o \
	kernel/newlib.o kernel/panic.o
OBJS_kernel += kernel/printk.o kernel/selftest.o kernel/timer.o
