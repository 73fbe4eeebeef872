# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/lift/lift.o dbt/lift/emit.o dbt/lift/operand.o dbt/lift/flags.o \
	dbt/lift/exit.o dbt/lift/alu.o dbt/lift/atomic.o dbt/lift/shift.o dbt/lift/muldiv.o \
	dbt/lift/bits.o dbt/lift/mov.o \
	dbt/lift/stack.o dbt/lift/string.o dbt/lift/branch.o dbt/lift/seg.o dbt/lift/system.o \
	dbt/lift/x87.o dbt/lift/x87_control.o
OBJS_dbt += dbt/lift/vec.o dbt/lift/mmx.o dbt/lift/sse_int.o dbt/lift/sse_mov.o dbt/lift/sse_fp.o \
	dbt/lift/sse4.o
