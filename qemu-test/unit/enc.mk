# SPDX-License-Identifier: BSD-2-Clause
# The constants of both hosts by a simulator, MIPS64's delay slots; encoder rows: see suites.cfg.
UNIT_TESTS += enc_konst enc_konst_mips64 enc_slots_mips64
enc_konst_OBJS = qemu-test/enc/konst.o qemu-test/enc/konst_loongarch64.o \
	dbt/backend/loongarch64/konst.o
enc_konst_mips64_OBJS = qemu-test/enc/konst.o qemu-test/enc/konst_mips64.o \
	dbt/backend/mips64/konst.o dbt/backend/mips64/slot.o
enc_slots_mips64_OBJS = qemu-test/enc/slots_mips64.o dbt/backend/mips64/slot.o
# Run by rows.py (suites.cfg).
UNIT_TOOLS += enc_rows_list enc_rows_mips64
enc_rows_list_PLAIN = 1
enc_rows_list_OBJS = qemu-test/enc/rows.o qemu-test/enc/rows_loongarch64.o
enc_rows_mips64_PLAIN = 1
enc_rows_mips64_OBJS = qemu-test/enc/rows.o qemu-test/enc/rows_mips64.o dbt/backend/mips64/slot.o
