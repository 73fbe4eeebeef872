# SPDX-License-Identifier: BSD-2-Clause
OBJS_boot += boot/loongarch64/entry.o
