# SPDX-License-Identifier: BSD-2-Clause
# The passes on textual IR: opt.py runs the tool and compares.
UNIT_TOOLS += opt_passes
opt_passes_OBJS = $(addprefix qemu-test/opt/,passes.o parse.o) qemu-test/unit/native.o \
	$(addprefix dbt/ir/,ir.o print.o vec.o verify.o) $(filter dbt/opt/%,$(OBJS_dbt)) mm/arena.o
