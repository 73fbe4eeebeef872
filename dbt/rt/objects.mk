# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += $(addprefix dbt/rt/,bytes.o fault.o fp_trap.o guestmem.o helper_table.o \
	inthelp.o kick.o level.o pagehelp.o pcmpstr.o portstr.o porthelp.o ssehelp.o strhelp.o \
	sysglue.o x87help.o x87state.o)
