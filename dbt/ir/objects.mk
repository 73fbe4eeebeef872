# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/ir/ir.o dbt/ir/verify.o dbt/ir/print.o dbt/ir/eval.o dbt/ir/vec.o \
	dbt/ir/vec_eval.o dbt/ir/vec_eval_int.o dbt/ir/vec_eval_sse4.o \
	dbt/ir/vec_eval_fp.o
