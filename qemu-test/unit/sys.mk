# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of the system side of the guest CPU (dbt/rt), on flat memory that can fault.
SYS_TEST_NAMES = seg far iret task exc sysops cpuid long_xfer long_sys
SYS_TEST_LIB = $(addprefix dbt/sys/,stack.o seen.o segload.o segquery.o farxfer.o fastcall.o \
	farret.o exc_long.o task.o exc.o sysops.o sysflags.o sse.o reset.o msr.o msr_core.o \
	cpuid.o) \
	$(X87_OBJS) $(SOFTFP_OBJS) dbt/x86/cc.o \
	$(addprefix qemu-test/unit/,sys_world.o sys_check.o fake_guestmem.o try_guestmem.o \
		native.o native_xmm.o)

UNIT_TESTS += $(SYS_TEST_NAMES:%=test_%)
$(foreach t,$(SYS_TEST_NAMES),$(eval test_$t_OBJS = qemu-test/unit/test_$t.o $(SYS_TEST_LIB)))

# What was accepted before, next to the general way.
UNIT_TESTS += test_seen
test_seen_OBJS = qemu-test/unit/test_seen.o dbt/x86/mode.o $(SYS_TEST_LIB)

# Queries and loads next to the real CPU; SKIP without modify_ldt.
UNIT_TESTS += seg_hw
seg_hw_OBJS = qemu-test/fuzz/seg_hw.o $(SYS_TEST_LIB)
