# SPDX-License-Identifier: BSD-2-Clause
# The benchmark images gb32.img and gb64.img: boot sector, then the program; 1 MiB each.  Included
# by guest.mk.
# Invariant: options are fixed here alone, since the compute rows' instructions depend on them.

BENCH := $(GUEST)/bench
BENCH_HEADERS := $(addprefix guestimg/bench/,bench.mk width32.h width64.h)
BENCH_FIRST := main kernels x87 x86only events traps
BENCH_CC := -std=gnu17 -O2 -ffreestanding \
	-fno-pic -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-tree-vectorize -fno-strict-aliasing -nostdlib -I. $(WARN)
BENCH_32 := i686-linux-gnu-gcc -m32 -march=pentium4 -mfpmath=sse $(BENCH_CC) \
	-include guestimg/bench/width32.h
BENCH_64 := gcc -m64 -mno-red-zone -mcmodel=small $(BENCH_CC) -include guestimg/bench/width64.h
BENCH_x87 := -mfpmath=387
BENCH_traps_32 := -mgeneral-regs-only -mfpmath=387
BENCH_traps_64 := -mgeneral-regs-only
BENCH_C_32 := $(BENCH_FIRST) paging32 console gates32 syscall32
BENCH_C_64 := $(BENCH_FIRST) paging64 console gates64 syscall64
BENCH_S_32 := start32 user32
BENCH_S_64 := start64 user64
BENCH_LD_32 := i686-linux-gnu-ld -m elf_i386
BENCH_LD_64 := ld -m elf_x86_64 -z max-page-size=4096
BENCH_LD := -nostdlib -static --no-warn-rwx-segments

# BENCH_IMAGE BITS: its objects in a folder of their own, the image from them.
define BENCH_IMAGE
$(BENCH)/$1/%.o: guestimg/bench/%.c $(BENCH_HEADERS) $(GUEST)/origin
	@mkdir -p $$(@D)
	$$(Q)$$(BENCH_$1) $$(BENCH_$$*) $$(BENCH_$$*_$1) -MMD -MP -c $$< -o $$@

$(BENCH)/$1/%.o: guestimg/bench/%.S $(BENCH_HEADERS) $(GUEST)/origin
	@mkdir -p $$(@D)
	$$(Q)$$(filter-out -include %.h,$$(BENCH_$1)) -c $$< -o $$@

$(GUEST)/gb$1.elf: guestimg/bench/image.ld $(addprefix $(BENCH)/$1/,$(addsuffix .o,$(BENCH_S_$1) \
		$(BENCH_C_$1)))
	$$(Q)$$(BENCH_LD_$1) $$(BENCH_LD) -T $$< $$(filter %.o,$$^) -o $$@

$(GUEST)/gb$1.img: $(GUEST)/gb$1.elf $(BENCH)/boot.elf
	$$(Q)i686-linux-gnu-objcopy -O binary -j .text $(BENCH)/boot.elf $(BENCH)/boot.bin
	$$(Q)i686-linux-gnu-objcopy -O binary -R .bss $$< $(BENCH)/$1/image.bin
	$$(Q)cat $(BENCH)/boot.bin $(BENCH)/$1/image.bin >$$@
	$$(Q)truncate -s 1M $$@
endef
$(foreach bits,32 64,$(eval $(call BENCH_IMAGE,$(bits))))

$(BENCH)/boot.elf: $(BENCH)/32/boot.o
	$(Q)$(BENCH_LD_32) $(BENCH_LD) -Ttext 0x7c00 $< -o $@

-include $(wildcard $(BENCH)/32/*.d $(BENCH)/64/*.d)
