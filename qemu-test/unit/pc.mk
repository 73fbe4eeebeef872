# SPDX-License-Identifier: BSD-2-Clause
# Native unit tests of mm/bus and drivers/pc: `make -f qemu-test/unit/pc.mk check-pc` from the
# top of the tree, or included by its Makefile. Needs a native gcc with its sanitizers only.

include drivers/pc/objects.mk

UNIT_CC ?= gcc
UNIT_OUT ?= build/unit
UNIT_CFLAGS = -std=gnu17 -O1 -g -Wall -Wextra -Werror -I. -MMD -MP \
	-fsanitize=address,undefined -fno-sanitize-recover=all

PC_TESTS = $(patsubst qemu-test/unit/test_%.c,%,$(wildcard $(PC_TEST_NAMES:%=qemu-test/unit/test_%.c)))
UNIT_LIB = $(addprefix $(UNIT_OUT)/,mm/bus.o qemu-test/unit/native.o qemu-test/unit/fake_time.o \
	qemu-test/unit/fake_gpa.o $(PC_OBJECTS))

check-pc: $(PC_TESTS:%=$(UNIT_OUT)/test_%)
	@rc=0; for t in $^; do \
		echo "== $$t"; ASAN_OPTIONS=detect_leaks=0 timeout 60 $$t || rc=1; \
	done; exit $$rc

$(UNIT_OUT)/test_%: $(UNIT_OUT)/qemu-test/unit/test_%.o $(UNIT_LIB)
	$(UNIT_CC) $(UNIT_CFLAGS) -o $@ $^

$(UNIT_OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_CFLAGS) -c -o $@ $<

.PHONY: check-pc
.SECONDARY:
-include $(shell find $(UNIT_OUT) -name '*.d' 2>/dev/null)
