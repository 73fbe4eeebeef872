# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/exec.o dbt/step.o dbt/debug.o dbt/translate.o dbt/init.o dbt/counters.o
