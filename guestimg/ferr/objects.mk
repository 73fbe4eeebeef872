# SPDX-License-Identifier: BSD-2-Clause
# ferr.rom: x87 errors with CR0.NE = 0, a ROM in real mode.
build/native/ferr.rom: guestimg/ferr/ferr.S
	@mkdir -p $(@D)
	$(Q)i686-linux-gnu-gcc -c $< -o $(@:.rom=.o)
	$(Q)i686-linux-gnu-objcopy -O binary -j .text $(@:.rom=.o) $@

units: build/native/ferr.rom
