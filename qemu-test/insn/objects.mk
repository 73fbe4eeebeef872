# SPDX-License-Identifier: BSD-2-Clause
# Instruction tests: cases (gen.py), what the build machine's CPU makes of them (oracle.c), and
# the evaluator's comparison (eval.c).  tools/inside.mk includes this.
INSN := build/native/insn
INSN_PY := $(addprefix qemu-test/insn/,gen.py build.py ints.py)

UNIT_TESTS += insn_eval
insn_eval_OBJS = $(addprefix qemu-test/insn/,eval.o world.o sysstub.o) qemu-test/unit/native.o \
	dbt/x86/decode.o dbt/x86/scan.o dbt/x86/x87map.o dbt/x86/ir1.o dbt/x86/cc.o dbt/x86/mode.o \
	$(filter dbt/lift/% dbt/ir/% dbt/opt/%,$(OBJS_dbt)) \
	dbt/rt/helpers.o dbt/rt/inthelp.o dbt/rt/x87_env.o dbt/rt/x87.o dbt/rt/x87_arith.o \
	$(patsubst %.c,%.o,$(wildcard dbt/rt/softfp_*.c)) mm/arena.o
insn_eval_LIBS = -lcapstone

$(INSN)/cases.bin: $(INSN_PY)
	@mkdir -p $(@D)
	$(Q)python3 qemu-test/insn/gen.py $@

$(INSN)/oracle: qemu-test/insn/oracle.c qemu-test/insn/case.h
	@mkdir -p $(@D)
	$(Q)i686-linux-gnu-gcc -std=gnu17 -O1 -g $(WARN) -static -fno-stack-protector -I. $< -o $@

$(INSN)/results.bin: $(INSN)/oracle $(INSN)/cases.bin
	$(Q)$(INSN)/oracle $(INSN)/cases.bin $@
