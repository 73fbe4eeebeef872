# SPDX-License-Identifier: BSD-2-Clause
# The disk tests' initramfs: our own /init, Debian 13's drivers for disks. Included by guest.mk.
# Invariant: the same packages give the same bytes.

POWERCUT := $(GUEST)/powercut
POWERCUT_MODULES := scsi_common scsi_mod libata sd_mod ata_piix libahci ahci virtio_blk

$(POWERCUT)/powercut: $(addprefix guestimg/powercut/,disks.c powercut.c faults.c figures.c \
		disks.h powercut.mk) $(GUEST)/origin
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu17 -O2 -static $(WARN) -I. -Wl,--build-id=none -s $(filter %.c,$^) -o $@

$(POWERCUT)/%.ko: $(GUEST)/origin
	@mkdir -p $(@D)
	$(Q)xz -dc $$(find $(LOAM_GUEST64)/usr/lib/modules -name $*.ko.xz) >$@

$(GUEST)/powercut.gz: guestimg/linux/mkcpio.py guestimg/powercut/initramfs.list \
		$(POWERCUT)/powercut $(POWERCUT_MODULES:%=$(POWERCUT)/%.ko)
	$(Q)python3 $< guestimg/powercut/initramfs.list $(POWERCUT)/powercut.cpio here=$(POWERCUT)
	$(Q)gzip -9 -n -c $(POWERCUT)/powercut.cpio >$@
