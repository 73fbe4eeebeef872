# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/counters.o dbt/debug.o dbt/deliver.o dbt/events.o dbt/exec.o dbt/find.o dbt/init.o \
	dbt/single.o dbt/step.o dbt/translate.o
