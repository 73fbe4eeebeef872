# SPDX-License-Identifier: BSD-2-Clause
# Instruction cases of 64-bit code: made from the decoder's rows (gen64.c), what the build machine's
# CPU makes of them (oracle64.c), the evaluator's comparison (eval64.c); sequences of instructions
# (seq64.c), of 64-bit and of 32-bit code. Where the oracle cannot run, the results stay empty and
# the tests fail, not the build; where the CPU is none (qemu-test/plain), the evaluator's stand in.

UNIT_TESTS += gen64 insn64_eval insn64_mutants
UNIT_TOOLS += seq64 insn64_stand_in
gen64_PLAIN = 1
gen64_OBJS = $(addprefix qemu-test/insn64/,gen64.o forms64.o gen64_places.o gen64_values.o) \
	$(DECODE_OBJS)
gen64_LIBS = -lcapstone
insn64_eval_OBJS = $(addprefix qemu-test/insn64/,eval64.o world64.o judge64.o tables64.o) \
	$(filter-out qemu-test/insn/%,$(INSN_OBJS))
insn64_eval_LIBS = -lcapstone
insn64_mutants_OBJS = $(subst eval64.o,mutants64.o,$(insn64_eval_OBJS))
insn64_mutants_LIBS = -lcapstone
insn64_stand_in_OBJS = $(subst eval64.o,stand_in64.o,$(insn64_eval_OBJS))
insn64_stand_in_LIBS = -lcapstone
seq64_PLAIN = 1
seq64_OBJS = $(addprefix qemu-test/insn64/,seq64.o seq64_insns.o seq64_state.o seq64_cuts.o \
	seq64_found.o forms64.o gen64_places.o gen64_values.o world64.o tables64.o judge64.o) \
	$(filter-out qemu-test/insn/%,$(INSN_OBJS))
seq64_LIBS = -lcapstone
units: $(INSN64)/results.bin

$(INSN64)/cases.bin: build/native/gen64
	@mkdir -p $(@D)
	$(Q)build/native/gen64 $@

$(INSN64)/oracle: qemu-test/insn64/oracle64.c qemu-test/insn64/case64.h
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu17 -O1 -g $(WARN) -static -fno-stack-protector -mno-red-zone -I. \
		qemu-test/insn64/oracle64.c -o $@

$(INSN64)/results.bin: $(INSN64)/oracle $(INSN64)/cases.bin build/native/insn64_stand_in \
		build/native/plain_cpu build/native/plain32
	$(call RESULTS,$(INSN64)/oracle,build/native/insn64_stand_in,$(INSN64)/cases.bin,$@)

units: $(foreach w,64 32,$(SEQ)/seq$w.cases $(SEQ)/seq$w.results)

$(SEQ)/seq%.cases: build/native/seq64
	@mkdir -p $(@D)
	$(Q)build/native/seq64 $@ $(if $(filter 64,$*),--mode 8 --cases 3000,--mode 4 --cases 1500)

$(SEQ)/%.results: $(INSN64)/oracle $(SEQ)/%.cases build/native/insn64_stand_in \
		build/native/plain_cpu build/native/plain32
	$(call RESULTS,$(INSN64)/oracle,build/native/insn64_stand_in,$(SEQ)/$*.cases,$@)
