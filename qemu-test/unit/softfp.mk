# SPDX-License-Identifier: BSD-2-Clause
# x87 arithmetic and the x87 unit against the build machine's own.
SOFTFP_OBJS = $(addprefix dbt/fp/,softfp_add.o softfp_atan.o softfp_bcd.o softfp_conv.o \
	softfp_div.o softfp_log.o softfp_misc.o softfp_mul.o softfp_rem.o softfp_round.o \
	softfp_sqrt.o softfp_trig.o softfp_wide.o)
X87_OBJS = $(addprefix dbt/fp/,x87.o x87_arith.o x87_env.o x87_func.o)

UNIT_TESTS += test_softfp test_x87
test_softfp_OBJS = qemu-test/unit/test_softfp.o $(SOFTFP_OBJS)
test_x87_OBJS = qemu-test/unit/test_x87.o $(SOFTFP_OBJS) $(X87_OBJS)
