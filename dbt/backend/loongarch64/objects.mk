# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += $(addprefix dbt/backend/loongarch64/,alu.o atomic.o check.o exits.o \
	flags.o fp.o glue.o guest_access.o host_access.o host_fp.o konst.o level.o level32.o \
	mem.o prims.o segment.o simd.o strings.o sync.o vector_regs.o words.o x87.o)
