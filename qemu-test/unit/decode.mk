# SPDX-License-Identifier: BSD-2-Clause
DECODE_OBJS := dbt/x86/decode.o dbt/x86/scan.o dbt/x86/x87map.o dbt/x86/ir1.o

UNIT_TESTS += test_decode
test_decode_OBJS = qemu-test/unit/test_decode.o $(DECODE_OBJS)
test_decode_LIBS = -lcapstone

# Against the CPU of the build machine; --all and --count N ask for more than the few seconds here.
UNIT_TESTS += decode_hw
decode_hw_OBJS = qemu-test/fuzz/decode_hw.o $(DECODE_OBJS)
decode_hw_LIBS = -lcapstone
