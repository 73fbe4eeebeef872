# SPDX-License-Identifier: BSD-2-Clause
# Parts of the code cache that need no code.
UNIT_TESTS += test_jump_cache
test_jump_cache_OBJS := qemu-test/unit/test_jump_cache.o dbt/cache/jump_cache.o
UNIT_TESTS += test_owner
test_owner_OBJS := qemu-test/unit/test_owner.o dbt/cache/owner.o
UNIT_TESTS += test_loops
test_loops_OBJS := qemu-test/unit/test_loops.o dbt/cache/loops.o
