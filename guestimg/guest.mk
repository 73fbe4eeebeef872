# SPDX-License-Identifier: BSD-2-Clause
# Guest software for Loam, into build/guest: `make guests` makes all of it, or name single files.
# Included by tools/inside.mk.  guestimg/README.md says what each file is and how it is started.
# Invariant: the same packages give the same bytes.

GUEST := build/guest
GUEST_BIOS := bios-256k.bin bios.bin
GUEST_ROMS := vgabios-isavga.bin vgabios-stdvga.bin linuxboot_dma.bin
GUEST_LINUX := vmlinuz-686 initramfs-686.gz
GUEST_GRUB := grub-disk.img grub-cd.iso

GUEST_ALL := $(addprefix $(GUEST)/,$(GUEST_BIOS) $(GUEST_ROMS) $(GUEST_LINUX) $(GUEST_GRUB) \
	gb32.img process.gz)

.PHONY: guests
guests: $(GUEST_ALL)

# --- firmware and option ROMs: name, size in bytes, folder

define GUEST_ROM
$(GUEST)/$1: guestimg/bios/copy.sh $(GUEST)/origin
	$$(Q)sh $$< $3/$1 $2 $$@
endef
$(eval $(call GUEST_ROM,bios-256k.bin,262144,/usr/share/seabios))
$(eval $(call GUEST_ROM,bios.bin,131072,/usr/share/seabios))
$(eval $(call GUEST_ROM,vgabios-isavga.bin,38912,/usr/share/seabios))
$(eval $(call GUEST_ROM,vgabios-stdvga.bin,39424,/usr/share/seabios))
$(eval $(call GUEST_ROM,linuxboot_dma.bin,1536,/usr/share/qemu))

# --- Linux: Debian's 686 kernel, and an initramfs of busybox and our own init

$(GUEST)/vmlinuz-686: $(GUEST)/origin
	$(Q)cp $(LOAM_GUEST)/boot/vmlinuz-*-686 $@

$(GUEST)/initramfs-686.cpio: guestimg/linux/mkcpio.py guestimg/linux/initramfs.list \
		guestimg/linux/init $(GUEST)/origin
	$(Q)python3 guestimg/linux/mkcpio.py guestimg/linux/initramfs.list $@ \
		busybox=$(LOAM_GUEST)/bin/busybox here=guestimg/linux

$(GUEST)/initramfs-686.gz: $(GUEST)/initramfs-686.cpio
	$(Q)gzip -9 -n -c $< >$@

# --- GRUB: an MBR disk and an El Torito CD that start that Linux

GUEST_GRUB_NEEDS := guestimg/grub/build.sh guestimg/grub/grub.cfg \
	$(addprefix $(GUEST)/,$(GUEST_LINUX) origin)

$(GUEST)/grub-disk.img: guestimg/grub/mkdisk.py $(GUEST_GRUB_NEEDS)
	$(Q)sh guestimg/grub/build.sh disk $@ $@.tmp $(addprefix $(GUEST)/,$(GUEST_LINUX))

$(GUEST)/grub-cd.iso: $(GUEST_GRUB_NEEDS)
	$(Q)sh guestimg/grub/build.sh cd $@ $@.tmp $(addprefix $(GUEST)/,$(GUEST_LINUX))

# Changes with the packages.
$(GUEST)/origin: FORCE
	$(shell mkdir -p $(@D))$(if $(subst x$(LOAM_TREE) $(LOAM_GUEST)x,,x$(file <$@)x), \
		$(file >$@,$(LOAM_TREE) $(LOAM_GUEST)))@:

include guestimg/bench/bench.mk
include guestimg/process/process.mk
