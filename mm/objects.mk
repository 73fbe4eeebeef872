# SPDX-License-Identifier: BSD-2-Clause
OBJS_mm += mm/arena.o mm/page.o mm/bus.o \
	mm/frame.o mm/gpa.o mm/x86_walk.o mm/shadow_table.o mm/shadow.o mm/selftest.o
