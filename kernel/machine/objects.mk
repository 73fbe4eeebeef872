# SPDX-License-Identifier: BSD-2-Clause
OBJS_kernel += $(addprefix kernel/machine/,console.o cores.o cpus.o devices.o disk_test.o \
	disks.o emit_block.o emit_mix.o emit_test.o emit_x87.o guest.o join.o main.o patch_test.o \
	watch.o)
