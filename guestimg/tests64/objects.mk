# SPDX-License-Identifier: BSD-2-Clause
# 64-bit test programs on the bare machine, each a ROM of its own: build/native/tests64/NAME.rom.
# NAME.c is linked with lib.c and start.S, which enters long mode. qemu-test/guest/README.md says
# how one is started.
TESTS64 := build/native/tests64
TESTS64_NAMES := atomic atomic-long canon gates modes smap syscall vectors
# As quick as `make test` wants, and long: how many rounds is a symbol of the linker's.
TESTS64_CPUS := cpus.code cpus base/cpus
TESTS64_MORE_atomic := $(TESTS64_CPUS) atomic_ops atomic_pairs atomic_more
TESTS64_MORE_atomic-long := atomic $(TESTS64_MORE_atomic)
TESTS64_ROUNDS_atomic := 1000
TESTS64_ROUNDS_atomic-long := 50000
TESTS64_MORE_canon := canon_forms canon_known canon_code canon_kick \
	canon_pages canon_images
TESTS64_MORE_gates := gates_device gates_iret gates_far
TESTS64_MORE_modes := modes_tour modes.code
TESTS64_MORE_smap := smap_forms smap_tables
TESTS64_MORE_syscall := syscall_bases syscall_regs syscall_mix
TESTS64_CC := gcc -std=gnu17 -O2 -g $(WARN) -ffreestanding -fno-pic -fno-pie -no-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-builtin -fcf-protection=none \
	-mno-red-zone -mcmodel=small -mgeneral-regs-only -I.
TESTS64_HEADERS := $(wildcard $(addprefix guestimg/tests64/*.,h def)) $(GUEST_BASE_HEADERS)
TESTS64_LIB := $(addprefix $(TESTS64)/,start.o lib.o base/com1.o base/mem.o base/report.o \
	base/rnd.o)

$(eval $(call GUEST_BASE,$(TESTS64),$(TESTS64_CC)))

$(TESTS64)/%.o: guestimg/tests64/%.c $(TESTS64_HEADERS) guestimg/tests64/objects.mk
	@mkdir -p $(@D)
	$(Q)$(TESTS64_CC) -c $< -o $@

$(TESTS64)/cpus.code.o: guestimg/tests64/cpus.S $(TESTS64_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(TESTS64_CC) -c $< -o $@

$(TESTS64)/%.o: guestimg/tests64/%.S guestimg/tests64/image.h guestimg/base/entry.inc
	@mkdir -p $(@D)
	$(Q)$(TESTS64_CC) -c $< -o $@

define TESTS64_RULE
$(TESTS64)/$1.bin: guestimg/tests64/image.lds $(TESTS64_LIB) \
		$(if $(wildcard guestimg/tests64/$1.c),$(TESTS64)/$1.o) \
		$(TESTS64_MORE_$1:%=$(TESTS64)/%.o)
	$$(Q)ld -m elf_x86_64 -T $$< --no-warn-rwx-segments -z max-page-size=4096 \
		$$(filter %.o,$$^) $(TESTS64_ROUNDS_$1:%=--defsym=rounds=%) -o $$(@:.bin=.elf)
	$$(Q)objcopy -O binary $$(@:.bin=.elf) $$@
endef
$(foreach t,$(TESTS64_NAMES),$(eval $(call TESTS64_RULE,$t)))

# stage1 and the packer are the instruction tests', as for the 32-bit programs.
$(TESTS64)/%.rom: $(TESTS64)/%.bin guestimg/insn/mkrom.py $(INSN_ROM)/stage1.bin $(TESTS)/empty
	$(Q)python3 guestimg/insn/mkrom.py $@ $(INSN_ROM)/stage1.bin $< \
		$(TESTS)/empty $(TESTS)/empty

.SECONDARY: $(TESTS64_NAMES:%=$(TESTS64)/%.bin)
units: $(TESTS64_NAMES:%=$(TESTS64)/%.rom)
