# SPDX-License-Identifier: BSD-2-Clause
# Guest software for Loam, into build/guest: `make guests` makes all of it, or name single files.
# Included by tools/inside.mk.  guestimg/README.md says what each file is and how it is started.
# Invariant: the same packages give the same bytes.

# Whom `make run GUEST=NAME` names; here the word means the folder.
GUEST_NAME := $(GUEST)
override GUEST := build/guest
GUEST_BIOS := bios-256k.bin bios.bin
GUEST_ROMS := vgabios-isavga.bin vgabios-stdvga.bin linuxboot_dma.bin
GUEST_LINUX := vmlinuz-686 initramfs-686.gz
GUEST_LINUX64 := vmlinuz-cloud-amd64 initramfs-amd64.gz
GUEST_GRUB := grub-disk.img grub-cd.iso grub64-disk.img

GUEST_SYSLINUX := syslinux-disk.img isolinux-cd.iso
GUEST_OTHERS := ipxe.lkrn u-boot-x86.rom u-boot-x86_64.rom memtest-ia32.bin memtest-x64.bin

GUEST_ALL := $(addprefix $(GUEST)/,$(GUEST_BIOS) $(GUEST_ROMS) $(GUEST_LINUX) \
	$(GUEST_LINUX64) $(GUEST_GRUB) $(GUEST_SYSLINUX) $(GUEST_OTHERS) gb32.img gb64.img \
	process.gz process64.gz powercut.gz smp686.gz smp64.gz twice64.gz)

# Made only for those who ask, from parts that only they fetch (tools/parts.sh).
GUEST_MORE := $(addprefix $(GUEST)/,vmlinuz-686-pae vmlinuz-rt-686-pae vmlinuz-amd64 \
	installer-linux installer-initrd.gz debian12.img debian13.img \
	smartctl-debian12 smartctl-debian13 stress64.gz)

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

# --- Linux: Debian's 686 and amd64 kernels, and for each an initramfs of busybox and our own init

$(GUEST)/vmlinuz-686: $(GUEST)/origin
	$(Q)cp $(LOAM_GUEST)/boot/vmlinuz-*-686 $@

$(GUEST)/initramfs-686.cpio: guestimg/linux/mkcpio.py guestimg/linux/initramfs.list \
		guestimg/linux/init $(GUEST)/origin
	$(Q)python3 guestimg/linux/mkcpio.py guestimg/linux/initramfs.list $@ \
		busybox=$(LOAM_GUEST)/bin/busybox here=guestimg/linux

$(GUEST)/initramfs-%.gz: $(GUEST)/initramfs-%.cpio
	$(Q)gzip -9 -n -c $< >$@

$(GUEST)/vmlinuz-cloud-amd64: $(GUEST)/origin
	$(Q)cp $(LOAM_GUEST64)/boot/vmlinuz-*-cloud-amd64 $@

$(GUEST)/initramfs-amd64.cpio: guestimg/linux/mkcpio.py guestimg/linux/initramfs.list \
		guestimg/linux/amd64.list guestimg/linux/init $(GUEST)/compat/compat32 \
		$(GUEST)/compat/compat64 $(GUEST)/bigmem $(GUEST)/origin
	$(Q)cat guestimg/linux/initramfs.list guestimg/linux/amd64.list >$(@:.cpio=.list)
	$(Q)python3 $< $(@:.cpio=.list) $@ busybox=$(LOAM_GUEST64)/usr/bin/busybox \
		here=guestimg/linux compat=$(GUEST)/compat bigmem=$(GUEST)/bigmem

$(GUEST)/bigmem: guestimg/linux/bigmem.c $(GUEST)/origin
	$(Q)gcc -std=gnu17 -O2 -static -nostdlib -no-pie -fno-pie -fcf-protection=none \
		-ffreestanding -fno-builtin -fno-stack-protector $(WARN) -I. -Wl,--build-id=none \
		-Wl,-z,noexecstack -s $< -o $@

# --- GRUB: an MBR disk and an El Torito CD that start that Linux

GUEST_GRUB_NEEDS := guestimg/grub/build.sh guestimg/grub/grub.cfg \
	$(addprefix $(GUEST)/,$(GUEST_LINUX) origin)
GUEST_GRUB64_NEEDS := $(filter-out %-686 %-686.gz,$(GUEST_GRUB_NEEDS)) \
	$(addprefix $(GUEST)/,$(GUEST_LINUX64))

$(GUEST)/grub-disk.img: guestimg/grub/mkdisk.py $(GUEST_GRUB_NEEDS)
	$(Q)sh guestimg/grub/build.sh disk $@ $@.tmp $(addprefix $(GUEST)/,$(GUEST_LINUX))

$(GUEST)/grub64-disk.img: guestimg/grub/mkdisk.py $(GUEST_GRUB64_NEEDS)
	$(Q)sh guestimg/grub/build.sh disk $@ $@.tmp $(addprefix $(GUEST)/,$(GUEST_LINUX64))

$(GUEST)/grub-cd.iso: $(GUEST_GRUB_NEEDS)
	$(Q)sh guestimg/grub/build.sh cd $@ $@.tmp $(addprefix $(GUEST)/,$(GUEST_LINUX))

# --- SYSLINUX's disk and CD, which start that Linux, too

GUEST_SYSLINUX_NEEDS := guestimg/syslinux/build.sh guestimg/syslinux/syslinux.cfg \
	guestimg/syslinux/floppy.cfg $(addprefix $(GUEST)/,$(GUEST_LINUX) origin)

$(GUEST)/syslinux-disk.img: $(GUEST_SYSLINUX_NEEDS)
	$(Q)sh guestimg/syslinux/build.sh disk $@ $@.tmp $(addprefix $(GUEST)/,$(GUEST_LINUX))

$(GUEST)/isolinux-cd.iso: $(GUEST_SYSLINUX_NEEDS)
	$(Q)sh guestimg/syslinux/build.sh cd $@ $@.tmp $(addprefix $(GUEST)/,$(GUEST_LINUX))

# --- other programs that start without an operating system: files of packages, as they are

define GUEST_COPY
$(GUEST)/$1: $(GUEST)/origin
	$$(Q)cp $2 $$@
endef
$(eval $(call GUEST_COPY,ipxe.lkrn,/usr/lib/ipxe/ipxe.lkrn))
$(eval $(call GUEST_COPY,u-boot-x86.rom,/usr/lib/u-boot/qemu-x86/u-boot.rom))
$(eval $(call GUEST_COPY,u-boot-x86_64.rom,/usr/lib/u-boot/qemu-x86_64/u-boot.rom))
$(eval $(call GUEST_COPY,memtest-ia32.bin,/boot/memtest86+ia32.bin))
$(eval $(call GUEST_COPY,memtest-x64.bin,/boot/memtest86+x64.bin))

# --- larger guests; the disk is a link: nothing writes to it, disks are copied to memory

define GUEST_PART
$(GUEST)/$1: $2
	$$(if $2,,$$(error $1: only after tools/setup $3))$$(Q)$4 $2$5 $$@
endef
$(eval $(call GUEST_PART,vmlinuz-686-pae,$(LOAM_KERNELS),kernels,cp,/boot/vmlinuz-*[0-9]-686-pae))
$(eval $(call GUEST_PART,vmlinuz-rt-686-pae,$(LOAM_KERNELS),kernels,cp,/boot/vmlinuz-*-rt-686-pae))
$(eval $(call GUEST_PART,vmlinuz-amd64,$(LOAM_KERNELS),kernels,cp,/boot/vmlinuz-*[0-9]-amd64))
INSTALLER := /usr/lib/debian-installer/images/12/i386/text/debian-installer/i386
$(foreach f,linux initrd.gz,$(eval \
	$(call GUEST_PART,installer-$f,$(LOAM_INSTALLER),installer,cp,$(INSTALLER)/$f)))
$(eval $(call GUEST_PART,debian12.img,$(LOAM_DEBIAN12),debian12,ln -sfn,/debian12.img))
$(eval $(call GUEST_PART,debian13.img,$(LOAM_DEBIAN13),debian13,ln -sfn,/debian13.img))
$(eval $(call GUEST_PART,smartctl-debian12,$(LOAM_SMART12),smart,cp,/usr/sbin/smartctl))
$(eval $(call GUEST_PART,smartctl-debian13,$(LOAM_SMART13),smart,cp,/usr/sbin/smartctl))

# Changes with the packages.
ORIGIN := $(LOAM_TREE) $(LOAM_GUEST) $(LOAM_GUEST64) $(LOAM_BOOT)
$(GUEST)/origin: FORCE
	$(shell mkdir -p $(@D))$(if $(subst x$(ORIGIN)x,,x$(file <$@)x),$(file >$@,$(ORIGIN)))@:

include guestimg/bench/bench.mk
include guestimg/process/process.mk
include guestimg/compat/compat.mk
include guestimg/powercut/powercut.mk
include guestimg/smp/smp.mk
