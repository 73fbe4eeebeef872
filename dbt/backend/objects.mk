# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += $(addprefix dbt/backend/,atomic.o chain.o control.o disp.o entry.o forms.o \
	halves.o head.o host_frame.o lower.o mem.o order.o order_check.o regalloc.o selfcheck.o \
	sites.o uses.o vregs.o xmm.o)
# What cannot be built for the build machine, or has a stand-in in native programs.
BACKEND_HOST_ONLY = $(addprefix dbt/backend/$(HOST)/,glue.o flags.o guest_access.o level.o \
	level32.o host_access.o host_fp.o segment.o strings.o sync.o vector_regs.o x87.o) \
	dbt/backend/host_frame.o dbt/backend/xmm.o
