# SPDX-License-Identifier: BSD-2-Clause
# Native tests of the system side: make -f qemu-test/unit/sys.mk, from the root.
SYS_TESTS := seg far task exc sysops cpuid
SYS_OUT ?= build/unit
SYS_SRC := $(addprefix dbt/rt/,stack.c segload.c segquery.c farxfer.c farret.c task.c exc.c \
	sysops.c sysflags.c reset.c msr.c cpuid.c) dbt/x86/cc.c \
	$(addprefix qemu-test/unit/,sys_world.c sys_check.c fake_guestmem.c native.c)
SYS_CFLAGS := -std=gnu17 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-Wall -Wextra -Werror -I.

sys-test: $(SYS_TESTS:%=$(SYS_OUT)/test_%)
	@bad=0; for t in $^; do echo $$(basename $$t): && $$t || bad=1; done; exit $$bad

$(SYS_OUT)/test_%: qemu-test/unit/test_%.c $(SYS_SRC) $(wildcard dbt/rt/*.h dbt/x86/*.h)
	@mkdir -p $(SYS_OUT)
	gcc $(SYS_CFLAGS) -o $@ $< $(SYS_SRC)

# The same answers from the real CPU: an x86-64 Linux host with modify_ldt.
sys-oracle: $(SYS_OUT)/oracle_seg
	$<

$(SYS_OUT)/oracle_seg: qemu-test/unit/oracle_seg.c $(SYS_SRC)
	@mkdir -p $(SYS_OUT)
	gcc -std=gnu17 -O1 -g -Wall -Wextra -Werror -I. -o $@ $< $(SYS_SRC)

.PHONY: sys-test sys-oracle
