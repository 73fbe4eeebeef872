# SPDX-License-Identifier: BSD-2-Clause
# insn.rom: the instruction cases as a guest of its own, a ROM that needs nothing but a CPU, RAM
# and COM1.  qemu-test/insn/objects.mk makes the cases and the results.
INSN_ROM := build/native/insn
INSN_I386 := i686-linux-gnu-gcc -std=gnu17 -O2 -g $(WARN) -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-builtin -march=i586 -mno-sse -I.
INSN_HEADERS := guestimg/insn/image.h guestimg/insn/guest.h qemu-test/insn/case.h \
	$(GUEST_BASE_HEADERS)

$(eval $(call GUEST_BASE,$(INSN_ROM)/guest,$(INSN_I386)))

$(INSN_ROM)/guest/%.o: guestimg/insn/%.c $(INSN_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(INSN_I386) -c $< -o $@

$(INSN_ROM)/guest/%.o: guestimg/insn/%.S guestimg/insn/image.h guestimg/base/entry.inc
	@mkdir -p $(@D)
	$(Q)$(INSN_I386) -c $< -o $@

$(INSN_ROM)/stage1.bin: $(INSN_ROM)/guest/stage1.o
	$(Q)i686-linux-gnu-ld -m elf_i386 -Ttext 0xfffff000 --no-warn-rwx-segments \
		--entry=0xfffffff0 \
		$< -o $(@:.bin=.elf)
	$(Q)i686-linux-gnu-objcopy -O binary -j .text $(@:.bin=.elf) $@

$(INSN_ROM)/image.bin: guestimg/insn/image.lds \
		$(addprefix $(INSN_ROM)/guest/,start.o main.o machine.o system.o base/cases.o \
		base/com1.o)
	$(Q)i686-linux-gnu-ld -m elf_i386 -T $< --no-warn-rwx-segments $(filter %.o,$^) \
		-o $(@:.bin=.elf)
	$(Q)i686-linux-gnu-objcopy -O binary $(@:.bin=.elf) $@

$(INSN_ROM)/insn.rom: guestimg/insn/mkrom.py $(INSN_ROM)/stage1.bin $(INSN_ROM)/image.bin \
		$(INSN_ROM)/cases.bin $(INSN_ROM)/results.bin
	$(Q)python3 $< $@ $(filter-out %.py,$^)

units: $(INSN_ROM)/insn.rom
