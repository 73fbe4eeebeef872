# SPDX-License-Identifier: BSD-2-Clause
# What the programs on the bare machine share: each compiles the sources itself, as
# $(eval $(call GUEST_BASE,folder of its objects,command)).
GUEST_BASE_HEADERS := $(addprefix guestimg/base/,cases.h com1.h cpus.h entry.inc io.h mem.h \
	report.h rnd.h tables.h)

define GUEST_BASE
$1/base/%.o: guestimg/base/%.c $(GUEST_BASE_HEADERS)
	@mkdir -p $$(@D)
	$$(Q)$2 -c $$< -o $$@
endef
