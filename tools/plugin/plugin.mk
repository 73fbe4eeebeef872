# SPDX-License-Identifier: BSD-2-Clause
# The plugins of the QEMU that plays the host, and the program that tests them.
# Included by tools/inside.mk.  Invariant: nothing of Loam's image depends on anything here.

PLUGIN_COUNT := build/native/count.so
PLUGIN_PROFILE := build/native/profile.so

build/native/%.so: tools/plugin/%.c tools/plugin/plugin.mk $(N)/flags
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu17 -O2 -g $(WARN) -fPIC -shared -fvisibility=hidden -I$(LOAM_QEMU)/include \
		$$(pkgconf --cflags glib-2.0) -pthread $< -o $@

build/native/count-test.elf: tools/plugin/count_test.S tools/plugin/plugin.mk
	@mkdir -p $(@D)
	$(Q)loongarch64-linux-gnu-gcc -nostdlib -static -no-pie -Wl,-Ttext=0x9000000000200000 \
		-Wl,--section-start=.cache=0x9000000000300000 \
		-Wl,--build-id=none -Wl,-N -Wl,--no-warn-rwx-segments $< -o $@
