# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/backend/mips64/konst.o dbt/backend/mips64/slot.o
