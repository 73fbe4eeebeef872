# SPDX-License-Identifier: BSD-2-Clause
# The constant builder against a search of shorter sequences; encoder rows: see suites.cfg.
UNIT_TESTS += enc_konst
enc_konst_OBJS = qemu-test/enc/konst.o dbt/backend/loongarch64/konst.o
# Run by rows.py (suites.cfg).
UNIT_TOOLS += enc_rows_list
enc_rows_list_PLAIN = 1
enc_rows_list_OBJS = qemu-test/enc/rows.o
