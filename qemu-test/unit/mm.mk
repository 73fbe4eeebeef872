# SPDX-License-Identifier: BSD-2-Clause
# Native unit tests of the guest side of mm/ (frame, gpa, x86_walk, shadow):
# `make -f qemu-test/unit/mm.mk check-mm` from the top of the tree, or included by its
# Makefile. Needs a native gcc with its sanitizers only.

UNIT_CC ?= gcc
MM_OUT ?= build/unit-mm
MM_CFLAGS = -std=gnu17 -O1 -g -Wall -Wextra -Werror -I. -MMD -MP \
	-fsanitize=address,undefined -fno-sanitize-recover=all

MM_TESTS = walk gpa frame shadow shadow_random
MM_LIB = $(addprefix $(MM_OUT)/,mm/frame.o mm/gpa.o mm/x86_walk.o mm/shadow_table.o mm/shadow.o \
	qemu-test/unit/native.o qemu-test/unit/fake_paging.o qemu-test/unit/mm_world.o)

check-mm: $(MM_TESTS:%=$(MM_OUT)/test_%)
	@rc=0; for t in $^; do \
		echo "== $$t"; ASAN_OPTIONS=detect_leaks=0 timeout 120 $$t || rc=1; \
	done; exit $$rc

$(MM_OUT)/test_%: $(MM_OUT)/qemu-test/unit/test_%.o $(MM_LIB)
	$(UNIT_CC) $(MM_CFLAGS) -o $@ $^

$(MM_OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(UNIT_CC) $(MM_CFLAGS) -c -o $@ $<

.PHONY: check-mm
.SECONDARY:
-include $(shell find $(MM_OUT) -name '*.d' 2>/dev/null)
