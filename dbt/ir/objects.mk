# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += $(addprefix dbt/ir/,eval.o eval_ops.o guess.o ir.o print.o vec.o vec_eval.o \
	vec_eval_fp.o vec_eval_int.o vec_eval_sse4.o verify.o)
