# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += kernel/machine/console.o kernel/machine/main.o kernel/machine/guest.o
