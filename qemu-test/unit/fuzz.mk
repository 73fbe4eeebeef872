# SPDX-License-Identifier: BSD-2-Clause
# The translator with its back end under random code (qemu-test/fuzz/translate.c): all of dbt that
# runs on the build machine.
FUZZ_DIRS := x86 lift ir opt fp sys rt cache backend

# Hosts whose back end is whole.
UNIT_TESTS += $(patsubst %,fuzz_translate,$(filter loongarch64,$(HOST)))
fuzz_translate_OBJS = $(addprefix qemu-test/fuzz/,translate.o world.o) guestimg/fuzz/bytes.o \
	$(addprefix qemu-test/unit/,native.o native_xmm.o try_guestmem.o fake_alone.o) \
	dbt/translate.o \
	$(addprefix mm/,arena.o bus.o frame.o gpa.o) \
	$(filter-out dbt/rt/bytes.o dbt/rt/fault.o dbt/rt/kick.o \
		dbt/rt/guestmem.o $(BACKEND_HOST_ONLY), \
		$(filter $(addsuffix /%,$(addprefix dbt/,$(FUZZ_DIRS))),$(OBJS_dbt)))
fuzz_translate_LIBS = -lcapstone
