# SPDX-License-Identifier: BSD-2-Clause
# Cores as threads; once more under ThreadSanitizer.
CORES_TESTS := test_cores test_cores_tsan
UNIT_TESTS += $(CORES_TESTS)
$(foreach t,$(CORES_TESTS),$(eval $t_OBJS := $(addprefix qemu-test/unit/,test_cores.o \
	fake_cores.o native.o) $(addprefix kernel/,alone.o cores.o epoch.o \
	selftest_alone.o selftest_cores.o work.o)))
test_cores_tsan_TSAN = 1

# Timers that several cores set.
TIMER_TESTS := test_timer_cores test_timer_cores_tsan
UNIT_TESTS += $(TIMER_TESTS)
$(foreach t,$(TIMER_TESTS),$(eval $t_OBJS := $(addprefix qemu-test/unit/,test_timer_cores.o \
	native.o) kernel/timer.o))
test_timer_cores_tsan_TSAN = 1

# The ring that an interrupt handler fills.
RING_TESTS := test_ring test_ring_tsan
UNIT_TESTS += $(RING_TESTS)
$(foreach t,$(RING_TESTS),$(eval $t_OBJS := $(addprefix qemu-test/unit/,test_ring.o native.o)))
test_ring_tsan_TSAN = 1
