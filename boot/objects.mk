# SPDX-License-Identifier: BSD-2-Clause
# boot_shared is in the kernel image (direct boot) and in the EFI loader (boot_efi, where a host has
# one), compiled for each.
boot_shared := boot/check.o boot/config.o boot/load.o boot/memory.o boot/message.o boot/progress.o
OBJS_boot += $(boot_shared) boot/elf_main.o
boot_efi := $(boot_shared) boot/efi_console.o boot/efi_devices.o boot/efi_file.o \
	boot/efi_image.o boot/efi_libc.o boot/efi_main.o boot/efi_medium.o boot/efi_memory.o \
	boot/efi_tables.o boot/fat.o dbt/sys/cpuid.o drivers/host/partition.o
