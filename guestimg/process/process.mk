# SPDX-License-Identifier: BSD-2-Clause
# The process benchmark's initramfs for 32 and for 64 bits: our own /init, Debian's busybox, cat, od
# and C library (12 for i386, 13 for amd64), and inputs. Included by guest.mk.
# Invariant: the same packages give the same bytes.

PROCESS := $(GUEST)/process
PROCESS_INPUT := 393216		# bytes of busybox that gzip and od read
PROCESS_CC := -std=gnu17 -O2 -static $(WARN) -I. -Wl,--build-id=none -s

# Where the programs are, and what the C library is called there: the 64-bit ones are the tree's.
PROCESS_CC_32 := i686-linux-gnu-gcc -march=i686 -DLIBC='"/lib/i386-linux-gnu/libc.so.6"'
PROCESS_CC_64 := gcc -DLIBC='"/lib/x86_64-linux-gnu/libc.so.6"'
PROCESS_LIST_32 := guestimg/process/initramfs.list
PROCESS_LIST_64 := guestimg/process/amd64.list
PROCESS_FROM_32 := debian=$(LOAM_GUEST)
PROCESS_FROM_64 := debian=$(LOAM_GUEST64) tree=/usr
PROCESS_BUSYBOX_32 := $(LOAM_GUEST)/bin/busybox
PROCESS_BUSYBOX_64 := $(LOAM_GUEST64)/usr/bin/busybox

$(PROCESS)/text: guestimg/process/text.py
	@mkdir -p $(@D)
	$(Q)python3 $< $@ 6000

$(PROCESS)/text.xz: $(PROCESS)/text
	$(Q)xz -6 --threads=1 --check=crc32 -c $< >$@

# PROCESS_IMAGE BITS, FILE
define PROCESS_IMAGE
$(PROCESS)/$1/process: guestimg/process/process.c guestimg/process/rows.def \
		guestimg/process/process.mk $(GUEST)/origin
	@mkdir -p $$(@D)
	$$(Q)$$(PROCESS_CC_$1) $$(PROCESS_CC) $$< -o $$@

$(PROCESS)/$1/program: $(GUEST)/origin
	@mkdir -p $$(@D)
	$$(Q)head -c $(PROCESS_INPUT) $$(PROCESS_BUSYBOX_$1) >$$@

$(GUEST)/$2: guestimg/linux/mkcpio.py $$(PROCESS_LIST_$1) $(PROCESS)/$1/process \
		$(PROCESS)/$1/program $(PROCESS)/text $(PROCESS)/text.xz
	$$(Q)python3 $$< $$(PROCESS_LIST_$1) $(PROCESS)/$1/process.cpio $$(PROCESS_FROM_$1) \
		here=$(PROCESS)/$1 inputs=$(PROCESS)
	$$(Q)gzip -9 -n -c $(PROCESS)/$1/process.cpio >$$@
endef
$(eval $(call PROCESS_IMAGE,32,process.gz))
$(eval $(call PROCESS_IMAGE,64,process64.gz))
