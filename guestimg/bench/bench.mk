# SPDX-License-Identifier: BSD-2-Clause
# The benchmark image gb32.img: boot sector, then the program; 1 MiB.  Included by guest.mk.
# Invariant: options are fixed here alone, since the compute rows' instructions depend on them.

BENCH := $(GUEST)/bench
BENCH_C := main kernels x87 x86only events traps32 paging32 console
BENCH_CC = i686-linux-gnu-gcc -std=gnu17 -m32 -march=pentium4 -mfpmath=sse -O2 -ffreestanding \
	-fno-pic -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-tree-vectorize -fno-strict-aliasing -nostdlib -I. $(WARN)
BENCH_x87 := -mfpmath=387
BENCH_traps32 := -mgeneral-regs-only -mfpmath=387
BENCH_LD := i686-linux-gnu-ld -m elf_i386 -nostdlib -static --no-warn-rwx-segments
BENCH_OBJS := $(addprefix $(BENCH)/,start32.o $(BENCH_C:=.o))

$(BENCH)/%.o: guestimg/bench/%.c guestimg/bench/bench.mk $(GUEST)/origin
	@mkdir -p $(@D)
	$(Q)$(BENCH_CC) $(BENCH_$*) -MMD -MP -c $< -o $@

$(BENCH)/%.o: guestimg/bench/%.S guestimg/bench/bench.mk $(GUEST)/origin
	@mkdir -p $(@D)
	$(Q)$(BENCH_CC) -c $< -o $@

$(GUEST)/gb32.elf: guestimg/bench/image.ld $(BENCH_OBJS)
	$(Q)$(BENCH_LD) -T $< $(BENCH_OBJS) -o $@

$(BENCH)/boot.elf: $(BENCH)/boot.o
	$(Q)$(BENCH_LD) -Ttext 0x7c00 $< -o $@

$(GUEST)/gb32.img: $(GUEST)/gb32.elf $(BENCH)/boot.elf
	$(Q)i686-linux-gnu-objcopy -O binary -j .text $(BENCH)/boot.elf $(BENCH)/boot.bin
	$(Q)i686-linux-gnu-objcopy -O binary -R .bss $(GUEST)/gb32.elf $(BENCH)/image.bin
	$(Q)cat $(BENCH)/boot.bin $(BENCH)/image.bin >$@
	$(Q)truncate -s 1M $@

-include $(wildcard $(BENCH)/*.d)
