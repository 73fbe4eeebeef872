# SPDX-License-Identifier: BSD-2-Clause
# The build itself, run inside the private tree.  Included by the Makefile; HOST names the host.
#
#: make [all]          loam.elf (and loam.efi where the sources are there) in build/$(HOST)
#: make run            start Loam in QEMU by EFI; ctrl-a x leaves; RUN_ARGS="…" adds options,
#:                     CPUS=4 that many cores, and so CPUs of the guest (1),
#:                     GUEST=NAME another guest than Linux (names: at the end of this list),
#:                     RUN_CFG=loam.cfg RUN_FROM=folder: another configuration and its files
#: make test           everything: lint, unit tests, guests; ends with "N passed, N failed"
#: make check-SUITE    one suite or one test of qemu-test/suites.cfg (check-unit, check-lint, …)
#: make ladder         every guest as far as it is to come: host instructions, seconds; slow;
#:                     LADDER="NAME …" chooses
#: make check-smp      guests with four CPUs, for long (make test has two, quickly); slow
#: make soak           the same again and again for MINUTES=60; ends with "soak: … 0 failed"
#: make check-mutate   mistakes made on purpose (qemu-test/mutants.cfg): each must turn a test red;
#:                     slow; MUTANTS="NAME …" chooses
#: make opt-update     write what the passes make of qemu-test/opt/*.ir now into these files
#: make golden-update  write the host code that is made of qemu-test/golden/x86/*.s now
#: make trace-update   write the worked trace in docs/design.md
#: make fuzz           random code, natively and by a guest that means harm, for SECONDS=60 from
#:                     FUZZ_SEED=1 on (docs/debugging.md)
#: make fuzz-devices   the guest's disk controllers under careless drivers, SECONDS=60 for each
#: make fuzz-libfuzzer   the disk controllers, the drivers of disks and the readers of what lies on
#:                     them by libFuzzer, SECONDS=60 for each;
#:                     FUZZ_TARGETS="ide fat …" chooses
#: make bench          instruction counts beside other emulators' (BENCH_LINUX=0: nothing that
#:                     boots Linux, BENCH_DISK=0: no Debian disk;
#:                     BENCH_PARTS="rows linux process wall disk rows64 …": only these, 64 for
#:                     64-bit guests;
#:                     BENCH_ROWS=exec,pipe: only these rows of process; BENCH_FLAGS=--keep:
#:                     other parts' figures of an earlier run stay)
#: make bench-doc      write docs/bench.md from what it measured
#: make bench-reference  count the process benchmark's guest instructions in QEMU's PC; the 64-bit
#:                     guest's: bench-reference64
#: make profile        where the host instructions of a boot go (PROFILE=linux | gb32 | disk |
#:                     linux64 | gb64 | process or one row of these: exec, pipe, pf, …)
#: make guests           guest software in build/guest (guestimg/README.md)
#: make lint           include edges, sizes, text, headers, no FP registers in C
#: make headers        each header compiles alone
#: make clean          remove build/
#: make doctor         what this machine lacks
#: make setup          fetch and build what Loam needs into the cache (done by the others)
#: make help           this list
#: variables: HOST=loongarch64, V=1 shows commands, TESTFLAGS="…" for qemu-test/run.py
#
# An objects.mk adds to OBJS_<folder>, as "OBJS_kernel += kernel/timer.o"; every such list is linked
# into loam.elf but OBJS_efi, which makes loam.efi.  A unit test is declared in qemu-test/unit/*.mk:
#	UNIT_TESTS += test_bus
#	test_bus_OBJS = qemu-test/unit/test_bus.o mm/bus.o
#	test_bus_LIBS = -lcapstone		(optional)
#	test_bus_PLAIN = 1			(optional: without sanitizers, for speed)
#	test_bus_TSAN = 1			(optional: under ThreadSanitizer instead)

B := build/$(HOST)
N := build/native
Q := $(if $(V),,@)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all run test ladder soak fuzz fuzz-devices fuzz-libfuzzer bench bench-doc bench-reference \
	bench-reference64 profile lint headers clean units \
	check-unit check-mutate opt-update golden-update trace-update setup FORCE
setup:
	@:

OTHER := $(filter-out $(HOST),$(HOSTS))
LISTS := $(filter-out $(OTHER:%=\%/%/objects.mk) qemu-test/unit/% build/%, \
	$(wildcard $(addsuffix objects.mk,*/ */*/ */*/*/ */*/*/*/)))
include $(LISTS) $(wildcard qemu-test/unit/*.mk) guestimg/guest.mk tools/plugin/plugin.mk

# --- the host image

CROSS_loongarch64 := loongarch64-linux-gnu-
CROSS_mips64 := mips64el-linux-gnuabi64-
CROSS := $(CROSS_$(HOST))
CC_HOST := $(CROSS)gcc
# The integer forms of printf: C may not touch FP registers (lint-fp).
NO_FLOAT := -Dsnprintf=sniprintf -Dvsnprintf=vsniprintf
ARCH_loongarch64 := -mabi=lp64d -msimd=none -mcmodel=normal -ffixed-r21
ARCH_mips64 := -mabi=64 -march=mips64r2 -mno-abicalls -G0 -msym32
# Where the image runs and lies, and how far a call reaches in its text (linker.ld).
IMAGE_loongarch64 := IMAGE_BASE=0x9000000000200000 IMAGE_LOAD=0x200000 TEXT_MAX=0x2000000
IMAGE_mips64 := IMAGE_BASE=0xffffffff80200000 IMAGE_LOAD=0x200000 TEXT_MAX=0x2000000
# libgcc of MIPS is position independent code, with which the linker says that it is mixed.
WARNINGS_loongarch64 := -Wl,--fatal-warnings
WARNINGS_mips64 := -Wl,--no-warn-mismatch
SYSTEM := -nostdinc -isystem $(LOAM_NEWLIB)/$(HOST)/include \
	-isystem $(shell $(CC_HOST) -print-file-name=include) -isystem $(LOAM_CAPSTONE)/include
WARN := -Wall -Wextra -Werror
CFLAGS_HOST := -std=gnu17 -O3 -g -ffreestanding -fbuiltin -fno-pic -fno-stack-protector \
	-fno-common -fno-delete-null-pointer-checks -fno-asynchronous-unwind-tables \
	$(ARCH_$(HOST)) $(NO_FLOAT) $(WARN) -I. $(SYSTEM)
# Tables and registers are read as other types than they were written as. Not in the translator,
# which is a little faster if the compiler may count on that (C17, 6.5).
ALIASING := -fno-strict-aliasing
# The translator's files are compiled once more as one (LTO), and inlined freely: a block goes
# through small functions of many files. Their objects hold ordinary code, too, for the lints.
TRANSLATOR := $(patsubst %,$(B)/dbt/%.o,backend/% cache/% ir/% lift/% opt/% x86/% translate \
	find exec)
CFLAGS_TRANSLATOR := -fstrict-aliasing -flto -ffat-lto-objects \
	--param=inline-unit-growth=400 --param=max-inline-insns-auto=120
$(TRANSLATOR): ALIASING := $(CFLAGS_TRANSLATOR)
# Weak functions, in whose places a host's own come: LTO would call these.
TODO := $(B)/dbt/backend/todo.o
$(TODO): ALIASING := -fno-strict-aliasing
LDFLAGS_HOST := -nostdlib -static -no-pie -Wl,--no-relax -Wl,--build-id=none \
	-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments $(WARNINGS_$(HOST))
LDFLAGS_IMAGE := $(IMAGE_$(HOST):%=-Wl,--defsym=%) -T linker.ld
LIBS_HOST := -L$(LOAM_NEWLIB)/$(HOST)/lib -L$(LOAM_CAPSTONE)/$(HOST) \
	-Wl,--start-group -lcapstone -lc -lm -lgcc -Wl,--end-group

OBJS := $(sort $(foreach v,$(filter-out OBJS_efi,$(filter OBJS_%,$(.VARIABLES))),$($v)))
HOST_OBJS := $(OBJS:%=$(B)/%)
TRANSLATOR_OBJS := $(filter-out $(TODO),$(filter $(TRANSLATOR),$(HOST_OBJS)))
LINKED := $(filter-out $(TRANSLATOR_OBJS),$(HOST_OBJS)) $(B)/translator.o

all: $(if $(OBJS),$(B)/loam.elf) $(if $(OBJS_efi),$(B)/loam.efi)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(CC_HOST) $(CFLAGS_HOST) $(ALIASING) -MMD -MP -c $< -o $@

$(B)/%.o: %.S $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(CC_HOST) $(filter-out -std=%,$(CFLAGS_HOST)) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(B)/translator.o: $(TRANSLATOR_OBJS)
	@echo "link $@"
	$(Q)$(CC_HOST) $(CFLAGS_HOST) $(CFLAGS_TRANSLATOR) -flto=auto -r \
		-flinker-output=nolto-rel -nostdlib $^ -o $@

# Two links: the second one holds the table of the first one's function names (kernel/ksyms.c).
# LTO leaves marks of its debug information among the symbols (N), which have no name.
$(B)/first.elf: $(LINKED) linker.ld
	@echo "link $@"
	$(Q)$(CC_HOST) $(LDFLAGS_HOST) $(LDFLAGS_IMAGE) $(LINKED) $(LIBS_HOST) -o $@

$(B)/ksyms.S: $(B)/first.elf tools/mksyms.py
	$(Q)$(CROSS)nm $< | grep -v ' N ' >$(B)/first.nm
	$(Q)python3 tools/mksyms.py $(B)/first.nm >$@

$(B)/ksyms.o: $(B)/ksyms.S
	$(Q)$(CC_HOST) -c $< -o $@

$(B)/loam.elf: $(B)/first.elf $(B)/ksyms.o
	@echo "link $@"
	$(Q)$(CC_HOST) $(LDFLAGS_HOST) $(LDFLAGS_IMAGE) $(LINKED) $(B)/ksyms.o $(LIBS_HOST) -o $@
	$(Q)$(CROSS)nm $@ | grep -v ' N ' >$(B)/loam.nm
	$(Q)python3 tools/mksyms.py --check $(B)/first.nm $(B)/loam.nm

$(B)/loam.bin: $(B)/loam.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

# --- x86 code that is part of the monitor's image: the option ROM for direct Linux boot

X86 := i686-linux-gnu-
build/guest/linuxboot.rom: guestimg/bios/linuxboot.S tools/mkrom.py
	@mkdir -p $(@D)
	$(Q)$(X86)gcc -m32 -c $< -o $(@D)/linuxboot.o
	$(Q)$(X86)ld -m elf_i386 -Ttext 0 -e 0 --oformat binary $(@D)/linuxboot.o \
		-o $(@D)/linuxboot.bin
	$(Q)python3 tools/mkrom.py $(@D)/linuxboot.bin $@

$(B)/drivers/pc/linuxboot_rom.o $(N)/san/drivers/pc/linuxboot_rom.o: build/guest/linuxboot.rom

# --- the EFI loader: position independent, 16-bit wide characters, carries loam.bin

EFI_INC := $(LOAM_GNUEFI)/usr/include/efi
EFI_LIB := $(LOAM_GNUEFI)/usr/lib/loongarch64-linux-gnu
CFLAGS_EFI := -std=gnu17 -O2 -g -ffreestanding -fno-stack-protector -fPIC -fshort-wchar \
	-fvisibility=hidden -fno-strict-aliasing -ffunction-sections -fdata-sections \
	-fno-tree-loop-distribute-patterns -msimd=none $(WARN) -I. $(SYSTEM) \
	-isystem $(EFI_INC) -isystem $(EFI_INC)/$(HOST) -DIMAGE_FILE='"$(B)/loam.bin"'
EFI_OBJS := $(OBJS_efi:%=$(B)/efi/%)

$(B)/efi/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(CC_HOST) $(CFLAGS_EFI) -MMD -MP -c $< -o $@

$(B)/efi/%.o: %.S $(B)/flags $(B)/loam.bin
	@mkdir -p $(@D)
	$(Q)$(CC_HOST) $(filter-out -std=%,$(CFLAGS_EFI)) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(B)/loam.so: $(EFI_OBJS)
	@echo "link $@"
	$(Q)$(CROSS)ld -nostdlib -shared -Bsymbolic -z nocombreloc -z common-page-size=4096 \
		-z max-page-size=4096 --no-undefined --gc-sections \
		-T $(EFI_LIB)/elf_loongarch64_efi.lds \
		$(EFI_LIB)/crt0-efi-loongarch64.o $(EFI_OBJS) -L$(EFI_LIB) -lgnuefi -o $@

$(B)/loam.efi: $(B)/loam.so
	$(Q)$(CROSS)objcopy -j .text -j .sdata -j .data -j .dynamic -j .rodata -j '.rel*' \
		-j '.rela*' -j .reloc --target efi-app-loongarch64 $< $@

# --- ESP images: loam.efi as the default boot program, a loam.cfg and the files it names

EDK2 := /usr/share/qemu-efi-loongarch64
RUN_CFG ?= $(if $(GUEST_NAME),guestimg/run/$(GUEST_NAME).cfg,boot/loam.cfg)
RUN_FROM ?= build/guest
RUN_MEMORY := $(if $(filter run,$(MAKECMDGOALS)), \
	$(shell python3 tools/mkesp.py --remark 'host memory' '$(RUN_CFG)'))
RUN_FILES := $(if $(filter run %/run.img,$(MAKECMDGOALS)), \
	$(shell python3 tools/mkesp.py --names '$(RUN_CFG)'))
# Those that are there, or that make can make; Loam itself tells of the others.
RUN_NEEDS := $(filter $(GUEST_ALL) $(GUEST_MORE) $(wildcard $(RUN_FROM)/*), \
	$(RUN_FILES:%=$(RUN_FROM)/%))

$(B)/run.img: $(B)/loam.efi $(RUN_CFG) tools/mkesp.py $(RUN_NEEDS) FORCE
	$(Q)python3 tools/mkesp.py $@ --boot $< --config $(RUN_CFG) --from $(RUN_FROM)

# For tests, qemu-test/boot/efi-NAME.cfg.
$(B)/esp-%.img: $(B)/loam.efi qemu-test/boot/efi-%.cfg tools/mkesp.py build/guest/bios-256k.bin
	$(Q)python3 tools/mkesp.py $@ --boot $< --config qemu-test/boot/efi-$*.cfg \
		--from build/guest

$(B)/vars.fd: $(EDK2)/QEMU_VARS.fd FORCE
	$(Q)cp $< $@ && chmod u+w $@

# --- disks that tell what belongs where, for the kernel's test of the host's disks

build/disk-test.img: tools/mkdisk.py
	$(Q)python3 $< $@ 16

# The same as a file in pieces on an ESP, alone or in a partition.
$(B)/esp-disk.img: $(B)/loam.efi qemu-test/boot/esp-disk.cfg tools/mkesp.py build/disk-test.img
	$(Q)python3 tools/mkesp.py $@ --boot $< --config qemu-test/boot/esp-disk.cfg --from build \
		--scatter 4

$(B)/esp-disk-mbr.img: $(B)/loam.efi qemu-test/boot/esp-disk.cfg tools/mkesp.py build/disk-test.img
	$(Q)python3 tools/mkesp.py $@ --boot $< --config qemu-test/boot/esp-disk.cfg --from build \
		--scatter 4 --mbr

$(B)/esp-disk-gpt.img: $(B)/loam.efi qemu-test/boot/esp-disk.cfg tools/mkesp.py build/disk-test.img
	$(Q)python3 tools/mkesp.py $@ --boot $< --config qemu-test/boot/esp-disk.cfg --from build \
		--scatter 4 --gpt

$(B)/esp-cd.img: $(B)/loam.efi qemu-test/boot/esp-cd.cfg tools/mkesp.py \
		build/guest/grub-cd.iso build/guest/bios-256k.bin
	$(Q)python3 tools/mkesp.py $@ --boot $< --config qemu-test/boot/esp-cd.cfg \
		--from build/guest

build/guest/counter.img: guestimg/bios/counter.S
	@mkdir -p $(@D)
	$(Q)$(X86)gcc -m32 -c $< -o $(@D)/counter.o
	$(Q)$(X86)ld -m elf_i386 -Ttext 0x7c00 -e 0 --oformat binary $(@D)/counter.o -o $@
	$(Q)truncate -s 1M $@

$(B)/esp-counter.img: $(B)/loam.efi qemu-test/boot/esp-counter.cfg tools/mkesp.py \
		build/guest/counter.img build/guest/bios-256k.bin
	$(Q)python3 tools/mkesp.py $@ --boot $< --config qemu-test/boot/esp-counter.cfg \
		--from build/guest

build/disk-test-bad.img: tools/mkdisk.py
	$(Q)python3 $< $@ 16 20000 3

# --- unit tests, on the build machine itself

CFLAGS_NATIVE := -std=gnu17 -g $(WARN) -fno-strict-aliasing -I. -isystem $(LOAM_CAPSTONE)/include
CFLAGS_TSAN := -O1 -fno-omit-frame-pointer -fsanitize=thread
CFLAGS_SAN := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

$(N)/san/%.o: %.c $(N)/flags
	@mkdir -p $(@D)
	$(Q)gcc $(CFLAGS_NATIVE) $(CFLAGS_SAN) -MMD -MP -c $< -o $@

$(N)/tsan/%.o: %.c $(N)/flags
	@mkdir -p $(@D)
	$(Q)gcc $(CFLAGS_NATIVE) $(CFLAGS_TSAN) -MMD -MP -c $< -o $@

$(N)/plain/%.o: %.c $(N)/flags
	@mkdir -p $(@D)
	$(Q)gcc $(CFLAGS_NATIVE) -O2 -MMD -MP -c $< -o $@

$(N)/san/%.o: %.S
	@mkdir -p $(@D)
	$(Q)gcc -I. -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(N)/tsan/%.o: %.S
	@mkdir -p $(@D)
	$(Q)gcc -I. -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(N)/plain/%.o: %.S
	@mkdir -p $(@D)
	$(Q)gcc -I. -D__ASSEMBLER__ -MMD -MP -c $< -o $@

# plain, tsan or san: the folder of a test's objects; the sanitizers that it is linked with.
unit_kind = $(if $($1_PLAIN),plain,$(if $($1_TSAN),tsan,san))
unit_link_san := -fsanitize=address,undefined
unit_link_tsan := -fsanitize=thread

define UNIT_RULE
$(N)/$1: $$(addprefix $(N)/$(call unit_kind,$1)/,$($1_OBJS))
	$$(Q)gcc $(unit_link_$(call unit_kind,$1)) $$^ \
		-L$(LOAM_CAPSTONE)/$(if $($1_PLAIN),native,native-asan) $($1_LIBS) -lm -o $$@
endef
$(foreach t,$(UNIT_TESTS) $(UNIT_TOOLS),$(eval $(call UNIT_RULE,$t)))
units: $(UNIT_TESTS:%=$(N)/%) $(UNIT_TOOLS:%=$(N)/%)

# --- running and testing

QEMU := qemu-system-loongarch64 -M virt -cpu la464 -m 1G -smp 1 -display none -net none
RUN_ARGS ?=
CPUS ?= 1
RUN_TESTS := python3 qemu-test/run.py --host $(HOST) $(UNIT_TESTS:%=--unit %) $(TESTFLAGS)

run: all $(B)/run.img $(B)/vars.fd
	@echo "Loam: starting QEMU; leave with Ctrl-A x"
	$(QEMU) -smp $(CPUS) $(RUN_MEMORY:%=-m %) -serial mon:stdio -boot menu=on,splash-time=0 \
		-drive if=pflash,unit=0,format=raw,readonly=on,file=$(EDK2)/QEMU_EFI.fd \
		-drive if=pflash,unit=1,format=raw,file=$(B)/vars.fd \
		-drive if=none,id=esp,format=raw,file=$(B)/run.img \
		-device virtio-blk-pci,drive=esp $(RUN_ARGS)

test: all units guests
	@$(RUN_TESTS) all

ladder: all guests $(GUEST_MORE) $(PLUGIN_COUNT)
	@python3 qemu-test/ladder.py --host $(HOST) $(LADDER)

MINUTES ?= 60
soak: all units guests
	@python3 qemu-test/soak.py $(HOST) $(MINUTES) $(SOAK)

check-unit: units
	@$(RUN_TESTS) unit

check-%: all units guests
	@$(RUN_TESTS) $*

opt-update: $(N)/opt_passes
	@python3 qemu-test/opt/opt.py $< --update

golden-update trace-update: $(N)/golden_$(HOST)
	@python3 qemu-test/golden/$(if $(filter golden%,$@),golden,trace).py $(HOST) $< --update

# Not by run.py: it builds a copy again and again and runs run.py itself.
check-mutate: all units guests
	@python3 tools/mutate.py --host $(HOST) $(MUTANTS)

SECONDS ?= 60
FUZZ_SEED ?= 1
fuzz: all units $(GUEST)/bios-256k.bin
	@sh qemu-test/fuzz/fuzz.sh $(HOST) $(SECONDS) $(FUZZ_SEED) $(GUEST)/bios-256k.bin

# The guest's disk controllers under careless drivers: test_NAME_random for longer.
CARELESS := ide virtio hba
fuzz-devices: $(CARELESS:%=build/native/test_%_random)
	@for t in $(CARELESS); do \
		build/native/test_$${t}_random $(SECONDS) $(FUZZ_SEED) | tail -3 || exit 1; done

# The same by coverage: clang, fetched for this alone, compiles the targets' objects once more.
CLANG := LD_LIBRARY_PATH=$(LOAM_CLANG)/usr/lib/x86_64-linux-gnu:$(LOAM_CLANG)/usr/lib/llvm-19/lib \
	$(LOAM_CLANG)/usr/lib/llvm-19/bin/clang
CFLAGS_FUZZ := $(CFLAGS_NATIVE) $(CFLAGS_SAN) -fsanitize=fuzzer-no-link
FUZZ_TARGETS ?= $(FUZZERS)

$(N)/libfuzzer/%.o: %.c $(N)/flags
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CFLAGS_FUZZ) -MMD -MP -c $< -o $@

# libFuzzer is C++, of which library the tree has no more than gcc needs.
define FUZZ_RULE
$(N)/libfuzzer/$1: $$(addprefix $(N)/libfuzzer/,$$(filter-out %/replay.o,$$(fuzz_$1_OBJS)))
	$$(Q)$$(CLANG) -fsanitize=fuzzer,address,undefined $$^ $$(fuzz_$1_LIBS) \
		-nostdlib++ -l:libstdc++.so.6 -lm -o $$@
endef
$(foreach t,$(FUZZERS),$(eval $(call FUZZ_RULE,$t)))

fuzz-libfuzzer: $(FUZZ_TARGETS:%=$(N)/libfuzzer/%) $(FUZZ_TARGETS:%=$(N)/fuzz_%)
	@sh qemu-test/libfuzzer/run.sh $(SECONDS) $(FUZZ_TARGETS)

# BENCH_LINUX=0 leaves out all that boots Linux, BENCH_DISK=0 Debian's disk; BENCH_PARTS names the
# parts to run.
BENCH_LINUX ?= 1
BENCH_DISK ?= 1
BENCH_ALL := rows rows64 $(if $(filter 0,$(BENCH_LINUX)),,disks linux linux64 process \
	process64 wall cores $(if $(filter 0,$(BENCH_DISK)),,disk disk64))
BENCH_PARTS ?= $(BENCH_ALL)
BENCH_FILES := gb32.img gb64.img bios-256k.bin $(if $(filter-out rows rows64,$(BENCH_PARTS)), \
	$(GUEST_LINUX) $(GUEST_LINUX64) process.gz process64.gz) \
	$(if $(filter disks,$(BENCH_PARTS)),powercut.gz) \
	$(if $(filter cores,$(BENCH_PARTS)),twice64.gz) \
	$(if $(filter disk,$(BENCH_PARTS)),debian12.img) \
	$(if $(filter disk64,$(BENCH_PARTS)),debian13.img)
BENCH_DISKS := $(addprefix build/native/tests/,disk.rom ahci.rom virtio.rom)
BENCH_CORES := $(addprefix build/native/tests/,cores.rom churn.rom)
COMMA := ,
EMPTY :=
bench: all $(PLUGIN_COUNT) $(addprefix $(GUEST)/,$(BENCH_FILES)) \
		$(if $(filter disks,$(BENCH_PARTS)),build/disk-test.img $(BENCH_DISKS)) \
		$(if $(filter cores,$(BENCH_PARTS)),$(BENCH_CORES))
	@python3 tools/bench.py --host $(HOST) $(BENCH_FLAGS) \
		--parts $(subst $(EMPTY) $(EMPTY),$(COMMA),$(strip $(BENCH_PARTS))) \
		$(if $(BENCH_ROWS),--rows $(BENCH_ROWS))

bench-doc:
	@python3 tools/bench.py --doc

bench-reference: $(addprefix $(GUEST)/,$(GUEST_LINUX) process.gz)
	@python3 tools/bench_process.py --reference 32

bench-reference64: $(addprefix $(GUEST)/,$(GUEST_LINUX64) process64.gz)
	@python3 tools/bench_process.py --reference 64

PROFILE ?= linux
profile: all $(PLUGIN_PROFILE) $(addprefix $(GUEST)/,gb32.img gb64.img bios-256k.bin \
		$(GUEST_LINUX) $(GUEST_LINUX64) process.gz process64.gz \
		$(if $(filter disk,$(PROFILE)),debian12.img))
	@python3 tools/profile.py --host $(HOST) $(PROFILE)

lint: all units
	@$(RUN_TESTS) lint

headers:
	@HOST_CC="$(CC_HOST) $(CFLAGS_HOST)" NATIVE_CC="gcc $(CFLAGS_NATIVE)" \
		EFI_CC="$(if $(OBJS_efi),$(CC_HOST) $(CFLAGS_EFI))" sh qemu-test/lint/headers.sh

clean:
	rm -rf build

# Objects are made again when their flags have changed, which name the libraries' versions too.
$(B)/flags: FLAGS := $(CFLAGS_HOST) $(CFLAGS_TRANSLATOR) $(CFLAGS_EFI) $(LDFLAGS_HOST) \
	$(LDFLAGS_IMAGE)
$(N)/flags: FLAGS := $(CFLAGS_NATIVE) $(CFLAGS_SAN)
$(B)/flags $(N)/flags: FORCE
	$(shell mkdir -p $(@D))$(if $(subst x$(FLAGS)x,,x$(file <$@)x),$(file >$@,$(FLAGS)))@:

ALL_OBJS := $(HOST_OBJS) $(EFI_OBJS) $(foreach t,$(UNIT_TESTS) $(UNIT_TOOLS), \
	$(addprefix $(N)/$(call unit_kind,$t)/,$($t_OBJS))) \
	$(foreach t,$(FUZZERS),$(addprefix $(N)/libfuzzer/,$(fuzz_$t_OBJS)))
.SECONDARY: $(ALL_OBJS)
-include $(wildcard $(sort $(ALL_OBJS:.o=.d)))
