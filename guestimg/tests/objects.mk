# SPDX-License-Identifier: BSD-2-Clause
# Bare-metal test programs, each a ROM of its own: build/native/tests/NAME.rom. NAME.c and, if it
# is there, NAME.S are linked with lib.c, timers.c and start.S.  Run by the guest-NAME sections of
# qemu-test/suites.cfg; qemu-test/guest/README.md says how on a real CPU.
TESTS := build/native/tests
TESTS_NAMES := irq edges latency cache faults evict security hostile reset debug disk ahci \
	virtio smap level smp x87 atomic atomic-long litmus litmus-long crosscode \
	crosscode-long shootdown shootdown-long apreset stopped \
	clocks clocks-long devices cores churn
TESTS_MORE_cache := cache_map cache_smc cache_string cache_busy cache_parts cache_place
TESTS_MORE_disk := disk_lib disk_cd
TESTS_MORE_ahci := disk_lib
TESTS_MORE_virtio := disk_lib
TESTS_MORE_devices := disk_lib
TESTS_MORE_debug := debug_data debug_sys
TESTS_MORE_faults := faults_insn faults_more faults_seg faults_demand
TESTS_MORE_hostile := hostile_seen hostile_tables
TESTS_MORE_irq := irq_ring irq_gates
TESTS_MORE_level := level_frames level_return level_enter level_loads level_mix
TESTS_MORE_security := security_forms security_sys
TESTS_MORE_smp := cpus.code cpus
# As quick as `make test` wants, and long: how many rounds is a symbol of the linker's.
TESTS_CPUS := cpus.code cpus base/cpus
TESTS_MORE_atomic := $(TESTS_CPUS) atomic_ops atomic_more
TESTS_MORE_atomic-long := atomic $(TESTS_MORE_atomic)
TESTS_MORE_litmus := $(TESTS_CPUS) litmus_threads
TESTS_MORE_litmus-long := litmus $(TESTS_MORE_litmus)
TESTS_MORE_crosscode := $(TESTS_CPUS)
TESTS_MORE_crosscode-long := crosscode $(TESTS_MORE_crosscode)
TESTS_MORE_shootdown := $(TESTS_CPUS) shootdown_more
TESTS_MORE_shootdown-long := shootdown $(TESTS_MORE_shootdown)
TESTS_MORE_apreset := $(TESTS_CPUS)
TESTS_MORE_stopped := $(TESTS_CPUS)
TESTS_MORE_cores := $(TESTS_CPUS) kernels
TESTS_MORE_churn := $(TESTS_CPUS)
TESTS_MORE_clocks := $(TESTS_CPUS)
TESTS_MORE_clocks-long := clocks $(TESTS_MORE_clocks)
TESTS_ROUNDS_atomic := 1000
TESTS_ROUNDS_atomic-long := 100000
TESTS_ROUNDS_litmus := 10000
TESTS_ROUNDS_litmus-long := 1000000
TESTS_ROUNDS_crosscode := 400
TESTS_ROUNDS_crosscode-long := 5000
TESTS_ROUNDS_churn := 2
TESTS_ROUNDS_shootdown := 200
TESTS_ROUNDS_shootdown-long := 5000
TESTS_ROUNDS_clocks := 2000
TESTS_ROUNDS_clocks-long := 3000
TESTS_I386 := i686-linux-gnu-gcc -std=gnu17 -O2 -g $(WARN) -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-builtin -march=i586 -mno-sse -I.
TESTS_HEADERS := $(wildcard $(addprefix guestimg/tests/*.,h def inc)) $(GUEST_BASE_HEADERS)
TESTS_LIB := $(addprefix $(TESTS)/,start.o lib.o timers.o base/com1.o base/mem.o base/report.o \
	base/rnd.o)

# lib.c and the programs' handlers keep no FPU state: none is made.
$(eval $(call GUEST_BASE,$(TESTS),$(TESTS_I386) -mgeneral-regs-only))
$(TESTS)/%.o: guestimg/tests/%.c $(TESTS_HEADERS) guestimg/tests/objects.mk
	@mkdir -p $(@D)
	$(Q)$(TESTS_I386) -mgeneral-regs-only -c $< -o $@

$(TESTS)/%.code.o: guestimg/tests/%.S $(TESTS_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(TESTS_I386) -c $< -o $@

# The compute rows of the benchmark, as they are there.
$(TESTS)/kernels.o: build/guest/bench/32/kernels.o
	$(Q)cp $< $@

$(TESTS)/start.o: guestimg/tests/start.S guestimg/tests/image.h guestimg/base/entry.inc
	@mkdir -p $(@D)
	$(Q)$(TESTS_I386) -c $< -o $@

define TESTS_RULE
$(TESTS)/$1.bin: guestimg/tests/image.lds $(TESTS_LIB) \
		$(if $(wildcard guestimg/tests/$1.c),$(TESTS)/$1.o) \
		$(TESTS_MORE_$1:%=$(TESTS)/%.o) \
		$(if $(wildcard guestimg/tests/$1.S),$(TESTS)/$1.code.o)
	$$(Q)i686-linux-gnu-ld -m elf_i386 -T $$< --no-warn-rwx-segments $$(filter %.o,$$^) \
		$(TESTS_ROUNDS_$1:%=--defsym=rounds=%) -o $$(@:.bin=.elf)
	$$(Q)i686-linux-gnu-objcopy -O binary $$(@:.bin=.elf) $$@
endef
$(foreach t,$(TESTS_NAMES),$(eval $(call TESTS_RULE,$t)))

$(TESTS)/empty:
	@mkdir -p $(@D)
	@: >$@

# stage1 and the packer are the instruction tests': reset vector, protected mode, copy to RAM.
$(TESTS)/%.rom: $(TESTS)/%.bin guestimg/insn/mkrom.py $(INSN_ROM)/stage1.bin $(TESTS)/empty
	$(Q)python3 guestimg/insn/mkrom.py $@ $(INSN_ROM)/stage1.bin $< \
		$(TESTS)/empty $(TESTS)/empty

.SECONDARY: $(TESTS_NAMES:%=$(TESTS)/%.bin)
units: $(TESTS_NAMES:%=$(TESTS)/%.rom)

# The same expectations on the build machine's CPU: a 32-bit Linux program.
$(TESTS)/faults-native: $(addprefix guestimg/tests/,faults_linux.c report_linux.c faults_insn.c \
		faults_more.c) \
		$(TESTS_HEADERS) qemu-test/vendor.h
	@mkdir -p $(@D)
	$(Q)$(filter-out -ffreestanding,$(TESTS_I386)) -static $(filter %.c,$^) -o $@
$(TESTS)/debug-native: $(addprefix guestimg/tests/,debug_linux.c report_linux.c debug_data.c \
		debug.S) \
		$(TESTS_HEADERS) qemu-test/vendor.h
	@mkdir -p $(@D)
	$(Q)$(filter-out -ffreestanding,$(TESTS_I386)) -static $(filter %.c %.S,$^) -o $@
units: $(TESTS)/faults-native $(TESTS)/debug-native
