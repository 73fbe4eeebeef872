# SPDX-License-Identifier: BSD-2-Clause
# What both boot paths share: memory list, checks, loading from a pretended source of files.
UNIT_TESTS += test_boot test_load test_fat
test_fat_OBJS = qemu-test/unit/test_fat.o boot/fat.o
BOOT_SHARED := $(addprefix boot/,check.o config.o load.o memory.o message.o progress.o)
test_boot_OBJS = qemu-test/unit/test_boot.o $(BOOT_SHARED) boot/loongarch64/features.o \
	boot/mips64/cpio.o boot/mips64/features.o boot/mips64/lefi.o \
	$(MM_GUEST_OBJS)
test_load_OBJS = qemu-test/unit/test_load.o $(BOOT_SHARED)
