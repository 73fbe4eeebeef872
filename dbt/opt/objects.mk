# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/opt/list.o dbt/opt/getput.o dbt/opt/fold.o dbt/opt/same.o dbt/opt/dead.o
