# SPDX-License-Identifier: BSD-2-Clause
<<<<<<< HEAD
OBJS_mm += mm/arena.o mm/heap.o mm/page.o
=======
# Objects of mm/, one line for each owner's part.
MM_OBJECTS += $(addprefix mm/,frame.o gpa.o x86_walk.o shadow_table.o shadow.o)
>>>>>>> w-mm
