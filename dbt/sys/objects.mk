# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += $(addprefix dbt/sys/,cpuid.o exc.o exc_long.o farret.o farxfer.o fastcall.o msr.o \
	msr_core.o reset.o seen.o segload.o segquery.o sse.o stack.o sysflags.o sysops.o task.o)
