OBJS_dbt += dbt/rt/helpers.o dbt/rt/inthelp.o dbt/rt/sysglue.o dbt/rt/portstr.o dbt/rt/fault.o \
	dbt/rt/guestmem.o dbt/rt/cpuid.o dbt/rt/exc.o dbt/rt/farret.o dbt/rt/farxfer.o \
	dbt/rt/msr.o dbt/rt/reset.o dbt/rt/segload.o dbt/rt/segquery.o dbt/rt/stack.o \
	dbt/rt/sysflags.o dbt/rt/sysops.o dbt/rt/task.o
OBJS_dbt += dbt/rt/softsse.o dbt/rt/softsse_conv.o dbt/rt/sse.o dbt/rt/fp_trap.o
