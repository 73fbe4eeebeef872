# SPDX-License-Identifier: BSD-2-Clause
# Media of SYSLINUX, which start the Linux guest: build.sh disk|cd OUT WORK KERNEL INITRD
# disk: MBR, a FAT partition, memdisk and a floppy image for it; cd: ISOLINUX, El Torito.
# WORK is a folder of its own, made anew.  Needs neither root nor loop devices.
# Invariant: the same inputs give the same bytes: all times and serial numbers are fixed.
set -eu
what=$1 out=$2 work=$3 kernel=$4 initrd=$5
here=$(dirname "$0")
syslinux=$LOAM_BOOT/usr/lib/syslinux
export SOURCE_DATE_EPOCH=1700000000 TZ=UTC0 MTOOLS_SKIP_CHECK=1

rm -rf "$work"
mkdir -p "$work/root"

# copy_in IMAGE FILE…: into the FAT volume, with fixed times.
copy_in()
{
	image=$1
	shift
	touch -d "@$SOURCE_DATE_EPOCH" "$@"
	mcopy -m -i "$image" "$@" ::/
}

# A floppy with a loader that says a word of its own and stops at its prompt.
floppy()
{
	truncate -s 1440K "$1"
	mformat -i "$1" -f 1440 -N 4c6f616d -v LOAMFLOPPY ::
	"$LOAM_BOOT/usr/bin/syslinux" --install "$1"
	cp "$here/floppy.cfg" "$work/syslinux.cfg"
	copy_in "$1" "$work/syslinux.cfg"
}

cp "$kernel" "$work/root/vmlinuz-686"
cp "$initrd" "$work/root/initramfs-686.gz"
case $what in
disk)
	floppy "$work/root/floppy.img"
	cp "$syslinux/memdisk" "$here/syslinux.cfg" "$work/root"
	# 16 MiB of FAT16 from sector 2048 on; the partition's type is 6, and it is active.
	cat "$syslinux/mbr/mbr.bin" >"$work/disk.img"
	truncate -s 17M "$work/disk.img"
	printf '\200\40\41\0\6\50\40\2\0\10\0\0\0\200\0\0' |
		dd of="$work/disk.img" bs=1 seek=446 conv=notrunc status=none
	printf '\125\252' | dd of="$work/disk.img" bs=1 seek=510 conv=notrunc status=none
	part="$work/disk.img@@1M"
	mformat -i "$part" -T 32768 -h 16 -s 63 -H 2048 -N 4c6f616d -v LOAM ::
	"$LOAM_BOOT/usr/bin/syslinux" --offset 1048576 --install "$work/disk.img"
	copy_in "$part" "$work/root"/*
	mv "$work/disk.img" "$out" ;;
cd)
	mkdir "$work/root/isolinux"
	cp "$LOAM_BOOT/usr/lib/ISOLINUX/isolinux.bin" "$syslinux/modules/bios/ldlinux.c32" \
		"$work/root/isolinux"
	cp "$here/syslinux.cfg" "$work/root/isolinux/isolinux.cfg"
	find "$work/root" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
	env -u SOURCE_DATE_EPOCH xorriso -as mkisofs -quiet -R -V LOAM \
		-publisher LOAM -preparer LOAM \
		--modification-date=2023111422132000 --set_all_file_dates 2023111422132000 \
		-uid 0 -gid 0 -c isolinux/boot.cat -b isolinux/isolinux.bin -no-emul-boot \
		-boot-load-size 4 -boot-info-table -o "$out" "$work/root" 2>"$work/log" ||
		{ cat "$work/log" >&2; exit 1; } ;;
*)
	echo "build.sh: disk or cd, not $what" >&2
	exit 2 ;;
esac
rm -rf "$work"
