# SPDX-License-Identifier: BSD-2-Clause
# GRUB media that start the Linux guest: build.sh disk|cd OUT WORK KERNEL INITRD
# WORK is a folder of its own, made anew.  Needs neither root nor loop devices.
# Invariant: the same inputs give the same bytes: all times, UUIDs and owners are fixed.
set -eu
what=$1 out=$2 work=$3 kernel=$4 initrd=$5
here=$(dirname "$0")
grub=/usr/lib/grub/i386-pc
modules="biosdisk serial terminal minicmd normal configfile echo linux chain test halt reboot"
export SOURCE_DATE_EPOCH=1700000000 TZ=UTC0

rm -rf "$work"
mkdir -p "$work/root/boot/grub"
cp "$kernel" "$initrd" "$work/root/boot/"
sed "s/@KERNEL@/${kernel##*/}/; s/@INITRD@/${initrd##*/}/" "$here/grub.cfg" \
	>"$work/root/boot/grub/grub.cfg"
size=$(cat "$kernel" "$initrd" | wc -c)
mib=$((15 + size / 10485760 * 5))

# core FORMAT PREFIX MODULE…
core()
{
	format=$1 prefix=$2
	shift 2
	grub-mkimage -O "$format" -d "$grub" -p "$prefix" \
		-o "$work/core.img" $modules "$@"
}

# The newest time inside decides nothing: all of them are the same.
find "$work/root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
find "$work/root" -type d -exec chmod 755 {} +
find "$work/root" -type f -exec chmod 644 {} +

case $what in
disk)
	core i386-pc '(hd0,msdos1)/boot/grub' part_msdos ext2
	mke2fs -q -t ext2 -F -b 1024 -L loam -U 4c6f616d-0000-4000-8000-000000000001 \
		-E hash_seed=4c6f616d-0000-4000-8000-000000000002,root_owner=0:0 \
		-O ^resize_inode -m 0 -d "$work/root" "$work/fs.img" "${mib}M"
	python3 "$here/mkdisk.py" "$grub/boot.img" "$work/core.img" "$work/fs.img" "$out" ;;
cd)
	core i386-pc-eltorito /boot/grub iso9660
	mv "$work/core.img" "$work/root/boot/grub/eltorito.img"
	touch -d "@$SOURCE_DATE_EPOCH" "$work/root/boot/grub/eltorito.img" \
		"$work/root/boot/grub"
	env -u SOURCE_DATE_EPOCH xorriso -as mkisofs -quiet -R -V LOAM \
		-publisher LOAM -preparer LOAM \
		--modification-date=2023111422132000 --set_all_file_dates 2023111422132000 \
		-uid 0 -gid 0 -c boot/boot.cat -b boot/grub/eltorito.img -no-emul-boot \
		-boot-load-size 4 -boot-info-table -o "$out" "$work/root" 2>"$work/log" ||
		{ cat "$work/log" >&2; exit 1; } ;;
*)
	echo "build.sh: disk or cd, not $what" >&2
	exit 2 ;;
esac
rm -rf "$work"
