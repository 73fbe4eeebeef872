# SPDX-License-Identifier: BSD-2-Clause
UNIT_TESTS += test_page
test_page_OBJS = qemu-test/unit/test_page.o mm/page.o mm/arena.o
