# SPDX-License-Identifier: BSD-2-Clause
# Can the build machine's CPU be asked what instructions do? Where it cannot, the evaluator's
# results stand in: translated code is compared with them, and the evaluator's ways with each other.
PLAIN := $(addprefix build/native/,plain_cpu plain32)
units: $(PLAIN)

build/native/plain_cpu: qemu-test/plain/plain_cpu.c qemu-test/plain_cpu.h
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu17 -O1 $(WARN) -I. $< -o $@

build/native/plain32: qemu-test/plain/plain32.S
	@mkdir -p $(@D)
	$(Q)i686-linux-gnu-gcc -m32 -nostdlib -static $< -o $@

# $(call RESULTS,oracle,stand-in,cases,results)
define RESULTS
	$(Q)if sh qemu-test/plain/plain.sh build/native; then \
		$1 $3 $4 || { echo "$4: no results from this CPU" >&2; : >$4; }; \
	else \
		$2 $3 $4; \
	fi
endef
