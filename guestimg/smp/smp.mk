# SPDX-License-Identifier: BSD-2-Clause
# Linux's initramfs for several CPUs, for 32 and for 64 bits. Included by guest.mk.
# Invariant: the same packages give the same bytes.

SMP := $(GUEST)/smp
SMP_CC := -std=gnu17 -O2 -static -no-pie -fno-pie -fcf-protection=none -pthread $(WARN) -I. \
	-Wl,--build-id=none -Wl,-z,noexecstack -s
SMP_CC_686 := i686-linux-gnu-gcc -march=i686
SMP_CC_64 := gcc
SMP_BUSYBOX_686 := $(LOAM_GUEST)/bin/busybox
SMP_BUSYBOX_64 := $(LOAM_GUEST64)/usr/bin/busybox

$(SMP)/sums: guestimg/smp/sums.py
	@mkdir -p $(@D)
	$(Q)python3 $< $@

define SMP_IMAGE
$(SMP)/$1/counters: guestimg/smp/counters.c guestimg/smp/smp.mk $(GUEST)/origin
	@mkdir -p $$(@D)
	$$(Q)$(SMP_CC_$1) $(SMP_CC) $$< -o $$@

$(GUEST)/smp$1.gz: guestimg/linux/mkcpio.py guestimg/linux/initramfs.list guestimg/linux/init \
		guestimg/smp/smp.list guestimg/smp/smp $(SMP)/sums $(SMP)/$1/counters
	$$(Q)cat guestimg/linux/initramfs.list guestimg/smp/smp.list >$(SMP)/$1/list
	$$(Q)python3 $$< $(SMP)/$1/list $(SMP)/$1/cpio busybox=$(SMP_BUSYBOX_$1) \
		here=guestimg/linux smp=$(SMP)/$1 scripts=guestimg/smp sums=$(SMP)/sums
	$$(Q)gzip -9 -n -c $(SMP)/$1/cpio >$$@
endef
$(eval $(call SMP_IMAGE,686))
$(eval $(call SMP_IMAGE,64))

# Two copies of a job on two CPUs beside one: `make bench`.
$(SMP)/64/twice: guestimg/smp/twice.c $(GUEST)/bench/64/kernels.o guestimg/smp/smp.mk \
		$(GUEST)/origin
	@mkdir -p $(@D)
	$(Q)$(SMP_CC_64) $(SMP_CC) $(filter %.c %.o,$^) -o $@

$(GUEST)/twice64.gz: guestimg/linux/mkcpio.py guestimg/smp/twice.list $(SMP)/64/twice $(SMP)/sums
	$(Q)python3 $< guestimg/smp/twice.list $(SMP)/64/twice.cpio busybox=$(SMP_BUSYBOX_64) \
		smp=$(SMP)/64 sums=$(SMP)/sums
	$(Q)gzip -9 -n -c $(SMP)/64/twice.cpio >$@
