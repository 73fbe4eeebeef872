# SPDX-License-Identifier: BSD-2-Clause
OBJS_boot += boot/loongarch64/direct.o boot/loongarch64/entry.o boot/loongarch64/features.o
OBJS_boot += boot/loongarch64/hostcpu.o
OBJS_efi += $(boot_efi) boot/loongarch64/efi_jump.o boot/loongarch64/features.o
OBJS_efi += boot/loongarch64/hostcpu.o
