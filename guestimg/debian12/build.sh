# SPDX-License-Identifier: BSD-2-Clause
# A root disk of Debian (MBR, GRUB, ext4, systemd): build.sh RELEASE DEBS OUT WORK [guest]
# RELEASE is a folder beside this one, or this one: its `release` says what differs, `packages` what
# is installed.  DEBS holds the packages.  The essential ones are unpacked without their scripts;
# then dpkg, from among them, installs all: in a chroot where we are root on a CPU that runs its
# programs; else (or if `guest` is said) at the disk's first start in QEMU's PC, which takes many
# minutes.
# Neither way needs loop devices or changes the system.  WORK is made anew.
# Invariant: OUT is a disk on which every package is configured, or it is not there.
set -eu
debs=$2 out=$3 work=$4 how=${5:-}
here=$(dirname "$0")
recipe=$here/../$1
grub=/usr/lib/grub/i386-pc
root=$work/root second=$work/second
. "$recipe/release"
say() { echo "$name: $*"; }

essential()
{
	file=${1##*/}
	grep -q "^${file%%_*} .* essential\$" "$recipe/packages"
}

# A deb without compression: undoing that in a guest takes longer than all the rest.
plain()
{
	deb=$1 to=$2
	mkdir "$work/deb"
	(cd "$work/deb" && ar x "$deb" && xz -d data.tar.xz control.tar.xz &&
		ar rcD plain.deb debian-binary control.tar data.tar)
	mv "$work/deb/plain.deb" "$to/${deb##*/}"
	rm -r "$work/deb"
}

# Not in a user's own name space, where files can be given to nobody else.
real_root()
{
	read -r _ _ count </proc/self/uid_map
	[ "$(id -u)" = 0 ] && [ "$count" -ge 65536 ]
}

# In a guest dpkg sets owners right when it installs these packages again.
unpack()
{
	owner=--no-same-owner
	! real_root || owner=--same-owner
	say "unpack the essential packages"
	for d in bin sbin lib $folders; do mkdir -p "$root/usr/$d"; ln -s "usr/$d" "$root/$d"; done
	for deb in "$debs"/*.deb; do
		if essential "$deb"; then
			dpkg-deb --fsys-tarfile "$deb" |
				tar -x -C "$root" $owner -p \
					--keep-directory-symlink \
					--exclude='./usr/share/doc/*' \
					--exclude='./usr/share/man/*' \
					--exclude='./usr/share/locale/*'
		fi
	done
	install -m 755 "$here/setup" "$root/loam-setup"
	(cd "$root" && mkdir -p dev mnt proc root run sys tmp boot/grub var/lib/dpkg/info \
		var/lib/dpkg/updates && chmod 700 root && chmod 1777 tmp)
	: >"$root/var/lib/dpkg/status"
	: >"$root/var/lib/dpkg/available"
	sed "s/@UUID@/$uuid/; s/@TITLE@/$title/" "$here/grub.cfg" >"$root/boot/grub/grub.cfg"
}

# What dpkg will find on /mnt; how a deb gets there: cp or plain.
lay_out()
{
	for deb in "$debs"/*.deb; do
		if essential "$deb"; then "$1" "$deb" "$second/essential"
		else "$1" "$deb" "$second/other"; fi
	done
	cp "$here/excludes" "$second"
	echo "$uuid" >"$second/uuid"
}

# The disk out of $root, as it is now.
make_disk()
{
	say "make the disk"
	grub-mkimage -O i386-pc -d "$grub" -p '(hd0,msdos1)/boot/grub' -o "$work/core.img" \
		biosdisk part_msdos ext2 serial terminal minicmd normal configfile echo linux test \
		halt reboot
	mke2fs -q -t ext4 -F -L "$name" -U "$uuid" -m 1 \
		-O ^orphan_file,^metadata_csum_seed -E root_owner=0:0 \
		-d "$root" "$work/fs.img" "$((mib - 1))M"
	python3 "$here/../grub/mkdisk.py" "$grub/boot.img" "$work/core.img" "$work/fs.img" \
		"$work/disk.img"
	rm "$work/fs.img"
}

# Can dpkg run here as it would on the disk?
native()
{
	[ "$how" != guest ] && real_root && chroot "$root" true 2>/dev/null
}

install_here()
{
	say "install the packages"
	unshare --mount --propagation unchanged --pid --fork sh -eu -c '
		cd "$1"
		mount --bind "$2" mnt
		mount -t proc proc proc
		mount -t tmpfs run run
		for d in null zero full random urandom; do
			: >"dev/$d"
			mount --bind "/dev/$d" "dev/$d"
		done
		exec chroot . /loam-setup' setup "$root" "$second" >"$work/log" 2>&1 || true
	rm -f "$root"/dev/*
}

install_in_guest()
{
	say "install the packages in QEMU (many minutes)"
	mke2fs -q -t ext2 -F -m 0 -d "$second" "$work/second.img" 700M
	python3 "$here/../linux/mkcpio.py" "$recipe/stage1.list" "$work/stage1.cpio" \
		busybox="$busybox" here="$here" modules="$modules"
	timeout 7200 $pc -m 1G -display none -net none \
		-serial stdio -monitor none -no-reboot -kernel "$kernel" \
		-initrd "$work/stage1.cpio" -append "console=ttyS0 panic=-1 tsc=unstable" \
		-drive "file=$work/disk.img,format=raw,cache=unsafe,id=a,if=$drives" $first \
		-drive "file=$work/second.img,format=raw,cache=unsafe,id=b,if=$drives" $last \
		</dev/null >"$work/log" 2>&1 || true
}

ready()
{
	grep -q '^LOAM-DISK-READY' "$work/log" && return
	tail -n 20 "$work/log" >&2
	say "the packages could not be installed ($work/log)" >&2
	exit 1
}

rm -rf "$work"
mkdir -p "$root" "$second/essential" "$second/other"
unpack
if native; then
	lay_out cp
	install_here
	ready
	make_disk
else
	lay_out plain
	make_disk
	install_in_guest
	ready
fi
mv "$work/disk.img" "$out"
rm -rf "$work"
