# SPDX-License-Identifier: BSD-2-Clause
OBJS_boot += boot/config.o boot/elf_main.o
