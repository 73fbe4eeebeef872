# SPDX-License-Identifier: BSD-2-Clause
# The pipeline with the back end of $(HOST), built for the build machine; what is in assembly, or
# can be compiled for the host alone, stays out.
GOLDEN_HOSTS := loongarch64
GOLDEN_TOOL := $(patsubst %,golden_%,$(filter $(GOLDEN_HOSTS),$(HOST)))

UNIT_TOOLS += $(GOLDEN_TOOL)
$(GOLDEN_TOOL)_OBJS = $(addprefix qemu-test/golden/,translate.o stand_in.o) \
	qemu-test/unit/native.o mm/arena.o \
	$(addprefix dbt/ir/,eval_ops.o guess.o ir.o print.o vec.o verify.o) \
	$(filter dbt/x86/% dbt/lift/% dbt/opt/%,$(OBJS_dbt)) $(X87_OBJS) $(SOFTFP_OBJS) \
	$(filter-out $(BACKEND_HOST_ONLY),$(filter dbt/backend/%,$(OBJS_dbt)))
$(GOLDEN_TOOL)_LIBS = -lcapstone
