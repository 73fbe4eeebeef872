# SPDX-License-Identifier: BSD-2-Clause
# The vector rows' evaluation against the build machine's SSE.
UNIT_TESTS += test_vec
test_vec_OBJS = qemu-test/unit/test_vec.o qemu-test/unit/native.o \
	$(addprefix dbt/ir/,vec.o vec_eval.o vec_eval_int.o vec_eval_sse4.o vec_eval_fp.o) \
	dbt/fp/softsse.o dbt/fp/softsse_conv.o
