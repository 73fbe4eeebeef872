# SPDX-License-Identifier: BSD-2-Clause
# Parts of the code cache that need no code.
UNIT_TESTS += test_jump_cache
test_jump_cache_OBJS := qemu-test/unit/test_jump_cache.o dbt/cache/jump_cache.o
UNIT_TESTS += test_owner
test_owner_OBJS := qemu-test/unit/test_owner.o qemu-test/unit/native.o dbt/cache/owner.o
UNIT_TESTS += test_loops
test_loops_OBJS := qemu-test/unit/test_loops.o dbt/cache/loops.o
# All of it that does not emit, with cores as threads; once more under ThreadSanitizer.
CACHE_CORES_TESTS := test_cache_cores test_cache_cores_tsan
UNIT_TESTS += $(CACHE_CORES_TESTS)
$(foreach t,$(CACHE_CORES_TESTS),$(eval $t_OBJS := $(addprefix qemu-test/unit/,test_cache_cores.o \
	fake_cores.o native.o) $(addprefix kernel/,alone.o cores.o epoch.o work.o) \
	$(addprefix dbt/cache/,codebuf.o region.o publish.o lookup.o link.o invalidate.o context.o \
	jump_cache.o owner.o selfcheck.o)))
test_cache_cores_tsan_TSAN = 1
