# SPDX-License-Identifier: BSD-2-Clause
# insn64-N.rom: the instruction cases of 64-bit code as guests, ROMs that need nothing but a CPU,
# RAM and COM1; a part of the cases each.  qemu-test/insn64/objects.mk makes cases and results.
INSN64 := build/native/insn64
SEQ := build/native/seq
INSN64_PARTS := 0 1 2 3 4
INSN64_GCC := gcc -std=gnu17 -O2 -g $(WARN) -ffreestanding -fno-pic -fno-pie -mcmodel=kernel \
	-mno-red-zone -mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-builtin -fno-strict-aliasing -fcf-protection=none -I.

$(eval $(call GUEST_BASE,$(INSN64)/guest,$(INSN64_GCC)))

$(INSN64)/guest/%.o: guestimg/insn64/%.c guestimg/insn64/image64.h \
		qemu-test/insn64/case64.h dbt/x86/features.def $(GUEST_BASE_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(INSN64_GCC) -c $< -o $@

$(INSN64)/guest/%.o: guestimg/insn64/%.S guestimg/base/entry.inc
	@mkdir -p $(@D)
	$(Q)$(INSN64_GCC) -c $< -o $@

$(INSN64)/image.bin: guestimg/insn64/image64.lds \
		$(addprefix $(INSN64)/guest/,start64.o main64.o base/cases.o base/com1.o)
	$(Q)ld -m elf_x86_64 -T $< --no-warn-rwx-segments $(filter %.o,$^) -o $(@:.bin=.elf)
	$(Q)objcopy -O binary $(@:.bin=.elf) $@

$(INSN64)/insn64-%.rom: guestimg/insn/mkrom.py guestimg/insn64/slice.py $(INSN_ROM)/stage1.bin \
		$(INSN64)/image.bin $(INSN64)/cases.bin $(INSN64)/results.bin
	$(Q)python3 guestimg/insn64/slice.py $(INSN64)/cases.bin $(INSN64)/results.bin $* \
		$(words $(INSN64_PARTS)) $(@:.rom=.cases) $(@:.rom=.results)
	$(Q)python3 $< $@ $(INSN_ROM)/stage1.bin $(INSN64)/image.bin $(@:.rom=.cases) \
		$(@:.rom=.results)
	@rm -f $(@:.rom=.cases) $(@:.rom=.results)

units: $(INSN64_PARTS:%=$(INSN64)/insn64-%.rom)

# seq64.rom, seq32.rom: the sequences; those of 32-bit code in a guest of 32 bits.
$(SEQ)/%.rom: qemu-test/insn64/seq.py guestimg/insn/mkrom.py $(SEQ)/%.cases $(SEQ)/%.results \
		$(INSN_ROM)/stage1.bin $(INSN_ROM)/image.bin $(INSN64)/image.bin
	$(Q)python3 $< --rom $@

units: $(SEQ)/seq64.rom $(SEQ)/seq32.rom
