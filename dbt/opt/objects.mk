# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/opt/list.o dbt/opt/fold.o dbt/opt/deadput.o dbt/opt/lateput.o \
	dbt/opt/wanted.o dbt/opt/known.o dbt/opt/narrow.o dbt/opt/same.o
