# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/backend/loongarch64/lower.o dbt/backend/loongarch64/regalloc.o \
	dbt/backend/loongarch64/alu.o dbt/backend/loongarch64/mem.o \
	dbt/backend/loongarch64/control.o dbt/backend/loongarch64/sites.o \
	dbt/backend/loongarch64/konst.o dbt/backend/loongarch64/glue.o \
	dbt/backend/loongarch64/host_access.o dbt/backend/loongarch64/vector_regs.o \
	dbt/backend/loongarch64/guest_access.o dbt/backend/loongarch64/guest_xmm.o \
	dbt/backend/loongarch64/vregs.o \
	dbt/backend/loongarch64/simd.o dbt/backend/loongarch64/fp.o \
	dbt/backend/loongarch64/host_fp.o \
	dbt/backend/loongarch64/selfcheck.o dbt/backend/loongarch64/host_frame.o \
	dbt/backend/loongarch64/sync.o
