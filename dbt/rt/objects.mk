# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/rt/helpers.o dbt/rt/inthelp.o dbt/rt/sysglue.o dbt/rt/portstr.o dbt/rt/fault.o \
	dbt/rt/guestmem.o dbt/rt/cpuid.o dbt/rt/exc.o dbt/rt/farret.o dbt/rt/farxfer.o \
	dbt/rt/msr.o dbt/rt/reset.o dbt/rt/segload.o dbt/rt/segquery.o dbt/rt/stack.o \
	dbt/rt/sysflags.o dbt/rt/sysops.o dbt/rt/task.o \
	dbt/rt/x87.o dbt/rt/x87_arith.o dbt/rt/x87_func.o dbt/rt/x87_env.o dbt/rt/x87help.o \
	dbt/rt/x87state.o dbt/rt/softfp_add.o dbt/rt/softfp_atan.o dbt/rt/softfp_bcd.o \
	dbt/rt/softfp_conv.o dbt/rt/softfp_div.o dbt/rt/softfp_log.o dbt/rt/softfp_misc.o \
	dbt/rt/softfp_mul.o dbt/rt/softfp_rem.o dbt/rt/softfp_round.o dbt/rt/softfp_sqrt.o \
	dbt/rt/softfp_trig.o dbt/rt/softfp_wide.o
OBJS_dbt += dbt/rt/softsse.o dbt/rt/softsse_conv.o dbt/rt/sse.o dbt/rt/ssehelp.o dbt/rt/fp_trap.o
