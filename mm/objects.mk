# SPDX-License-Identifier: BSD-2-Clause
OBJS_mm += mm/arena.o mm/page.o mm/bus.o \
	mm/frame.o mm/frame_cores.o mm/gpa.o mm/x86_walk.o mm/shadow_form.o mm/shadow_leaf.o \
	mm/shadow_code.o mm/shadow_near.o mm/shadow_node.o mm/shadow_tree.o mm/shadow_sync.o \
	mm/shadow_check.o mm/shadow.o mm/selftest.o
