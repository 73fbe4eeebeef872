# SPDX-License-Identifier: BSD-2-Clause
OBJS_boot += boot/mips64/cpio.o boot/mips64/direct.o boot/mips64/entry.o
OBJS_boot += boot/mips64/features.o boot/mips64/hostcpu.o boot/mips64/lefi.o
