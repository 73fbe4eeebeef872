# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/x86/cc.o dbt/x86/mode.o dbt/x86/decode.o dbt/x86/ir1.o dbt/x86/effects.o \
	dbt/x86/mark.o dbt/x86/mend.o dbt/x86/scan.o dbt/x86/shape.o dbt/x86/x87map.o
