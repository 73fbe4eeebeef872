# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += kernel/machine/main.o kernel/machine/emit_test.o kernel/machine/emit_block.o kernel/machine/guest.o
