# SPDX-License-Identifier: BSD-2-Clause
OBJS_mm += mm/arena.o mm/heap.o mm/page.o
