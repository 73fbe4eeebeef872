# SPDX-License-Identifier: BSD-2-Clause
# The LoongArch64 encoder tests, built for the build machine. Needs no QEMU; rows.py needs
# LoongArch binutils 2.44. The including Makefile runs from the root of the tree and may
# set BUILD, PYTHON, NATIVE_CC, NATIVE_CFLAGS and CROSS_loongarch64 before.
BUILD ?= build
PYTHON ?= python3
NATIVE_CC ?= gcc
NATIVE_CFLAGS ?= -std=c17 -O2 -g -Wall -Wextra -Werror -fsanitize=address,undefined -I.
CROSS_loongarch64 ?= loongarch64-linux-gnu-

enc_build := $(BUILD)/native/qemu-test/enc
enc_headers := $(wildcard dbt/backend/loongarch64/*.h dbt/backend/loongarch64/*.def) \
	$(wildcard kernel/lib/*.h) kernel/panic.h

# A thousand small functions that run for 50 ms: cheap to compile matters, not speed.
$(enc_build)/rows: qemu-test/enc/rows.c $(enc_headers)
	@mkdir -p $(@D)
	$(NATIVE_CC) $(NATIVE_CFLAGS) -O0 -fno-sanitize=all $< -o $@

$(enc_build)/konst: qemu-test/enc/konst.c dbt/backend/loongarch64/konst.c $(enc_headers)
	@mkdir -p $(@D)
	$(NATIVE_CC) $(NATIVE_CFLAGS) $(filter %.c,$^) -o $@

.PHONY: check-enc
check-enc: $(enc_build)/rows $(enc_build)/konst
	$(PYTHON) qemu-test/enc/rows.py $(enc_build)/rows $(CROSS_loongarch64)
	$(enc_build)/konst
