# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += $(addprefix dbt/fp/,softfp_add.o softfp_atan.o softfp_bcd.o softfp_conv.o softfp_div.o \
	softfp_log.o softfp_misc.o softfp_mul.o softfp_rem.o softfp_round.o softfp_sqrt.o \
	softfp_trig.o softfp_wide.o softsse.o softsse_conv.o x87.o x87_arith.o x87_env.o x87_func.o)
