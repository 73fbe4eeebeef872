# SPDX-License-Identifier: BSD-2-Clause
# What is made of the differences between vendors' CPUs, with known answers of both.
UNIT_TESTS += test_vendor
test_vendor_OBJS = qemu-test/unit/test_vendor.o \
	$(addprefix qemu-test/insn/,vendor.o vendor_scan.o vendor_x87.o)
