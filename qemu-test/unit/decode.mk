# SPDX-License-Identifier: BSD-2-Clause
DECODE_OBJS := qemu-test/unit/native.o \
	$(addprefix dbt/x86/,decode.o mend.o scan.o shape.o x87map.o ir1.o)

UNIT_TESTS += test_decode
test_decode_OBJS = qemu-test/unit/test_decode.o $(DECODE_OBJS)
test_decode_LIBS = -lcapstone

# Against the CPU of the build machine; --all and --count N ask for more than the few seconds here.
UNIT_TESTS += decode_hw
decode_hw_OBJS = qemu-test/fuzz/decode_hw.o $(DECODE_OBJS)
decode_hw_LIBS = -lcapstone

# The same, decoded once for a shape and each time.
UNIT_TESTS += decode_shapes
decode_shapes_PLAIN = 1
decode_shapes_OBJS = qemu-test/fuzz/decode_shapes.o $(DECODE_OBJS)
decode_shapes_LIBS = -lcapstone
