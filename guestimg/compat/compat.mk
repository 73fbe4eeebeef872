# SPDX-License-Identifier: BSD-2-Clause
# The programs compat32 and compat64, static.  Included by guest.mk.
# Invariant: the same packages give the same bytes.

COMPAT := $(GUEST)/compat
COMPAT_CC := -std=gnu17 -O2 -static -no-pie -fno-pie -fcf-protection=none $(WARN) -I. \
	-Wl,--build-id=none -Wl,-z,noexecstack -s
COMPAT_32 := i686-linux-gnu-gcc -march=i686 -msse2 -include guestimg/compat/width32.h
COMPAT_64 := gcc -include guestimg/compat/width64.h

define COMPAT_PROGRAM
$(COMPAT)/compat$1: $(addprefix guestimg/compat/,main.c signals.c trace.c only$1.c code$1.S \
		compat.h only$1.h width$1.h compat.mk) $(GUEST)/origin
	@mkdir -p $$(@D)
	$$(Q)$$(COMPAT_$1) $$(COMPAT_CC) $$(filter %.c,$$^) -x assembler guestimg/compat/code$1.S \
		-o $$@
endef
$(eval $(call COMPAT_PROGRAM,32))
$(eval $(call COMPAT_PROGRAM,64))
units: $(COMPAT)/compat32 $(COMPAT)/compat64
