# SPDX-License-Identifier: BSD-2-Clause
# The bootable fuzz guest: a ROM of 256 KiB, build/native/fuzz/fuzz.rom. Each run writes its seed,
# and real code, into a copy (qemu-test/fuzz/guest.py).
FUZZ := build/native/fuzz
FUZZ_I386 := i686-linux-gnu-gcc -std=gnu17 -O2 -g $(WARN) -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-builtin -march=i586 \
	-mgeneral-regs-only -I.
FUZZ_HEADERS := guestimg/fuzz/fuzz.h guestimg/fuzz/bytes.h $(GUEST_BASE_HEADERS)

$(eval $(call GUEST_BASE,$(FUZZ),$(FUZZ_I386)))

$(FUZZ)/%.o: guestimg/fuzz/%.c $(FUZZ_HEADERS) guestimg/fuzz/objects.mk
	@mkdir -p $(@D)
	$(Q)$(FUZZ_I386) -c $< -o $@

$(FUZZ)/start.o: guestimg/fuzz/start.S $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_I386) -c $< -o $@

$(FUZZ)/fuzz.rom: guestimg/fuzz/fuzz.lds \
		$(addprefix $(FUZZ)/,start.o fuzz.o ops.o paging.o bytes.o base/mem.o)
	$(Q)i686-linux-gnu-ld -m elf_i386 -T $< --no-warn-rwx-segments $(filter %.o,$^) \
		-o $(@:.rom=.elf)
	$(Q)i686-linux-gnu-objcopy -O binary --gap-fill 0xff $(@:.rom=.elf) $@

units: $(FUZZ)/fuzz.rom
