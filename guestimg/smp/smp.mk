# SPDX-License-Identifier: BSD-2-Clause
# Linux's initramfs for several CPUs, for 32 and for 64 bits, and one with stress-ng. Included by
# guest.mk.  Invariant: the same packages give the same bytes.

SMP := $(GUEST)/smp
SMP_CC := -std=gnu17 -O2 -static -no-pie -fno-pie -fcf-protection=none -pthread $(WARN) -I. \
	-Wl,--build-id=none -Wl,-z,noexecstack -s
SMP_CC_686 := i686-linux-gnu-gcc -march=i686
SMP_CC_64 := gcc
SMP_BUSYBOX_686 := $(LOAM_GUEST)/bin/busybox
SMP_BUSYBOX_64 := $(LOAM_GUEST64)/usr/bin/busybox
# Where sort and the C library are: the 64-bit ones are the tree's.
SMP_DEBIAN_686 := $(LOAM_GUEST)
SMP_DEBIAN_64 := /usr

$(SMP)/sums: guestimg/smp/sums.py
	@mkdir -p $(SMP)/expected
	$(Q)python3 $< $(SMP)/expected/sums $(SMP)/expected/sorted
	$(Q)touch $@

define SMP_COUNTERS
$(SMP)/$1/counters: guestimg/smp/counters.c guestimg/smp/smp.mk $(GUEST)/origin
	@mkdir -p $$(@D)
	$$(Q)$(SMP_CC_$1) $(SMP_CC) $$< -o $$@
endef
$(eval $(call SMP_COUNTERS,686))
$(eval $(call SMP_COUNTERS,64))

# SMP_IMAGE NAME, BITS, LISTS, SCRIPTS, PART: from these, the programs, ../linux and that part.
define SMP_IMAGE
$(GUEST)/$1.gz: guestimg/linux/mkcpio.py guestimg/linux/init guestimg/linux/initramfs.list \
		$(addprefix guestimg/smp/,$3 $4) $(SMP)/sums $(SMP)/$2/counters \
		$(if $5,$(LOAM_STRESS))
	$(if $5,$(if $(LOAM_STRESS),,$$(error $1.gz: only after tools/setup $5)))
	$$(Q)cat guestimg/linux/initramfs.list $(addprefix guestimg/smp/,$3) >$(SMP)/$1.list
	$$(Q)python3 $$< $(SMP)/$1.list $(SMP)/$1.cpio busybox=$(SMP_BUSYBOX_$2) \
		here=guestimg/linux smp=$(SMP)/$2 scripts=guestimg/smp sums=$(SMP)/expected \
		debian=$(SMP_DEBIAN_$2) stress=$(LOAM_STRESS)
	$$(Q)gzip -9 -n -c $(SMP)/$1.cpio >$$@
endef
$(eval $(call SMP_IMAGE,smp686,686,smp.list 686.list,smp kernel-right))
$(eval $(call SMP_IMAGE,smp64,64,smp.list 64.list,smp kernel-right))
$(eval $(call SMP_IMAGE,stress64,64,smp.list 64.list stress.list,smp kernel-right stress,stress))

# Two copies of a job on two CPUs beside one: `make bench`.
$(SMP)/64/twice: guestimg/smp/twice.c $(GUEST)/bench/64/kernels.o guestimg/smp/smp.mk \
		$(GUEST)/origin
	@mkdir -p $(@D)
	$(Q)$(SMP_CC_64) $(SMP_CC) $(filter %.c %.o,$^) -o $@

$(GUEST)/twice64.gz: guestimg/linux/mkcpio.py guestimg/smp/twice.list $(SMP)/64/twice $(SMP)/sums
	$(Q)python3 $< guestimg/smp/twice.list $(SMP)/64/twice.cpio busybox=$(SMP_BUSYBOX_64) \
		smp=$(SMP)/64 sums=$(SMP)/expected
	$(Q)gzip -9 -n -c $(SMP)/64/twice.cpio >$@
