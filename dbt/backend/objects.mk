# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += $(addprefix dbt/backend/,control.o host_frame.o lower.o mem.o regalloc.o selfcheck.o \
	sites.o uses.o vregs.o xmm.o)
