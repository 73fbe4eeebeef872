# SPDX-License-Identifier: BSD-2-Clause
UNIT_TESTS += test_config
test_config_OBJS = qemu-test/unit/test_config.o $(SYS_TEST_LIB) \
	$(addprefix boot/,check.o config.o message.o memory.o)
