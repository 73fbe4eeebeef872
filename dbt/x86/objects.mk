# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt_x86 += dbt/x86/decode.o dbt/x86/scan.o dbt/x86/x87map.o dbt/x86/ir1.o
