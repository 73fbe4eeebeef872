# SPDX-License-Identifier: BSD-2-Clause
# Instruction tests: cases (gen.py), what the build machine's CPU makes of them (oracle.c), the
# evaluator's comparison (eval.c), and whether it can fail at all (mutants.c).  Where the oracle
# cannot run, the results stay empty and the tests fail, not the build; where the CPU is none
# (qemu-test/plain), the evaluator's stand in.
INSN := build/native/insn
INSN_PY := $(addprefix qemu-test/insn/,gen.py build.py ints.py flow.py strings.py system.py x87.py \
	fximage.py vector.py vecseq.py limits.py later.py runs.py sse4.py)

UNIT_TESTS += insn_eval insn_mutants
UNIT_TOOLS += insn_stand_in
INSN_OBJS = $(addprefix qemu-test/insn/,world.o judge.o tables.o) \
	$(addprefix qemu-test/unit/,native.o native_xmm.o try_guestmem.o fake_alone.o) mm/bus.o \
	$(filter-out dbt/rt/bytes.o dbt/rt/fault.o dbt/rt/kick.o \
		dbt/rt/guestmem.o dbt/sys/reset.o, \
		$(filter $(addprefix dbt/,x86/% lift/% ir/% opt/% fp/% sys/% rt/%),$(OBJS_dbt))) \
	mm/arena.o
insn_eval_OBJS = qemu-test/insn/eval.o $(INSN_OBJS)
insn_eval_LIBS = -lcapstone
insn_mutants_OBJS = qemu-test/insn/mutants.o $(INSN_OBJS)
insn_mutants_LIBS = -lcapstone
insn_stand_in_OBJS = qemu-test/insn/stand_in.o $(INSN_OBJS)
insn_stand_in_LIBS = -lcapstone
units: $(INSN)/results.bin

$(INSN)/cases.bin: $(INSN_PY) dbt/lift/todo.def
	@mkdir -p $(@D)
	$(Q)python3 qemu-test/insn/gen.py $@

INSN_ORACLE := $(addprefix qemu-test/insn/,oracle.c vendor.c vendor_scan.c vendor_x87.c)

$(INSN)/oracle: $(INSN_ORACLE) qemu-test/insn/case.h qemu-test/insn/vendor.h qemu-test/vendor.h
	@mkdir -p $(@D)
	$(Q)i686-linux-gnu-gcc -std=gnu17 -O1 -g $(WARN) -static -fno-stack-protector -I. \
		$(INSN_ORACLE) -o $@

$(INSN)/results.bin: $(INSN)/oracle $(INSN)/cases.bin build/native/insn_stand_in \
		build/native/plain_cpu build/native/plain32
	$(call RESULTS,$(INSN)/oracle,build/native/insn_stand_in,$(INSN)/cases.bin,$@)
