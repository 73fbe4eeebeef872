# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += $(addprefix dbt/backend/mips64/,alu.o atomic.o check.o crc_table.o exits.o fp.o glue.o \
	guest_access.o host_access.o host_fp.o konst.o mem.o prims.o shuffle.o simd.o slot.o \
	strings.o sync.o vector_regs.o x87.o) dbt/backend/todo.o
