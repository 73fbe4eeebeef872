# SPDX-License-Identifier: BSD-2-Clause
# Loam's only Makefile.  Outside the private tree (tools/setup) every goal is handed on to a make
# inside it; inside (LOAM_INSIDE=1) the rules of tools/inside.mk apply.
# Invariant: objects are listed in each folder's objects.mk, never found by a wildcard.

HOST ?= loongarch64

# Mistakes on the command line: one line each, before anything is set up.
HOSTS := loongarch64 mips64
ifeq ($(filter $(HOST),$(HOSTS)),)
$(error HOST=$(HOST): no such host, only $(HOSTS))
endif
ifneq ($(and $(filter run bench profile,$(MAKECMDGOALS)),$(filter mips64,$(HOST))),)
$(error HOST=mips64: run, bench and profile are there for loongarch64 only)
endif
ifneq ($(and $(filter run,$(MAKECMDGOALS)),$(RUN_CFG)),)
ifeq ($(wildcard $(RUN_CFG)),)
$(error RUN_CFG=$(RUN_CFG): no such file)
endif
endif

# What some guests need besides, which is fetched only for them: their configuration says it.
RUN_GUESTS := $(patsubst guestimg/run/%.cfg,%,$(wildcard guestimg/run/*.cfg))
ifneq ($(and $(filter run,$(MAKECMDGOALS)),$(GUEST)),)
ifeq ($(filter $(GUEST),$(RUN_GUESTS)),)
$(error GUEST=$(GUEST): no such guest, only $(RUN_GUESTS))
endif
PARTS := $(shell sed -n 's/^\# part //p' guestimg/run/$(GUEST).cfg)
endif
ifneq ($(filter ladder,$(MAKECMDGOALS)),)
PARTS := kernels installer debian12 debian13 smart
else ifneq ($(filter check-debian%,$(MAKECMDGOALS)),)
PARTS := debian12 debian13 smart
else ifneq ($(filter check-smp% soak,$(MAKECMDGOALS)),)
PARTS := kernels stress
else ifneq ($(filter bench,$(MAKECMDGOALS)),)
# Unless the disk's boot is left out (tools/inside.mk).
BENCH_WANTS := $(if $(filter 0,$(BENCH_LINUX) $(BENCH_DISK)),,disk disk64)
PARTS := $(if $(filter disk,$(or $(BENCH_PARTS),$(BENCH_WANTS))),debian12) \
	$(if $(filter disk64,$(or $(BENCH_PARTS),$(BENCH_WANTS))),debian13)
else ifneq ($(filter fuzz-libfuzzer,$(MAKECMDGOALS)),)
PARTS := clang
else ifneq ($(filter profile,$(MAKECMDGOALS)),)
PARTS := $(if $(filter disk,$(PROFILE)),debian12)
endif

ifeq ($(MAKECMDGOALS),clean)

.PHONY: clean
clean:
	rm -rf build

else ifneq ($(LOAM_INSIDE),1)

.PHONY: help doctor setup forward $(MAKECMDGOALS)
.DEFAULT_GOAL := all

FORWARD := $(filter-out help doctor setup,$(or $(MAKECMDGOALS),all))

$(filter-out help doctor setup,$(sort all $(MAKECMDGOALS))): forward
	@:

forward: setup
	+@tools/enter make --no-print-directory $(FORWARD)

setup:
	@tools/setup $(PARTS)

doctor:
	@tools/doctor

help:
	@sed -n 's/^#: //p' tools/inside.mk
	@echo "guests for make run GUEST=NAME:"
	@for g in $(RUN_GUESTS); do \
		printf '  %-14s %s\n' $$g "$$(sed -n '1s/^# //p' guestimg/run/$$g.cfg)"; done

else

include tools/inside.mk

endif
