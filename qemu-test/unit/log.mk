# SPDX-License-Identifier: BSD-2-Clause
UNIT_TESTS += test_log
test_log_OBJS = qemu-test/unit/test_log.o kernel/log.o
