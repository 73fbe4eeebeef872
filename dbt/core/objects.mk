# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/core/core.o
