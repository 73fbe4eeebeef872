# SPDX-License-Identifier: BSD-2-Clause
# What is built or unpacked besides the tree: libraries from source, EFI files, guest software.
# Not a program: tools/setup sources it after lib.sh, apt.sh and tree.sh.
# Invariant: a part's folder is named by a hash of everything it was made from.

# part_dir NAME LINES [SCRIPT]: the folder for it; where there is a script, the parts that
# it may use count too.
part_dir()
{
	case ${3:-} in '') salt= ;; *) salt=$LOAM_TREE${LOAM_NEWLIB:-} ;; esac
	printf '%s/%s-%s\n' "$LOAM_CACHE" "$1" "$({
		printf '%s\n%s\n' "$2" "$salt"
		[ -z "${3:-}" ] || cat "$3" "$top/tools/build/hosts.sh"
		[ "$1" != newlib ] || newlib_files
	} | short_hash)"
}

# ready_add VARIABLE DIR: tell tools/enter about it.
ready_add()
{
	printf 'export %s=%s\n' "$1" "'$2'" >>"$work/ready"
	export "$1=$2"
}

# source_fetch SUITE NAME VERSION FILE SHA256: the verified tarball into the cache; sets $tarball.
# A SHA256 of "-" leaves that to the signed index: for a source that point releases replace.
source_fetch()
{
	tarball=$LOAM_CACHE/src/$4
	if [ -f "$tarball" ]; then
		[ "$5" != - ] || return 0
		! source_same "$tarball" "$5" || return 0
		rm -f "$tarball"
	fi
	apt_update "$1" amd64
	say "source: $4"
	mkdir -p "$work/src"
	(cd "$work/src" && rm -f ./* && {
		apt-get -q source --download-only --tar-only "$2=$3" ||
			apt-get -q source --download-only --tar-only "$2"
	}) >>"$home/log" 2>&1 || { tail -n 5 "$home/log" >&2; die "could not fetch source $2 $3"; }
	got=$(cd "$work/src" && ls *.orig.tar.* | head -n 1)
	if [ "$5" = - ]; then
		[ "$got" = "$4" ] ||
			say "source: $4 is gone from $1, taking $got (signature checked)"
		tarball=$LOAM_CACHE/src/$got
	elif [ "$got" != "$4" ] || ! source_same "$work/src/$got" "$5"; then
		die "$4: not the file that tools/lock pins (got $got, sha256 $sum)"
	fi
	mv "$work/src/$got" "$tarball"
}

# Has the file this sha256?  Sets $sum to what it has.
source_same()
{
	sum=$(sha256sum <"$1")
	sum=${sum%% *}
	[ "$sum" = "$2" ]
}

# part_source VARIABLE NAME: build it by tools/build/NAME.sh, from its "src" line.
part_source()
{
	line=$(lock_lines src "$2")
	script=$top/tools/build/$2.sh
	dir=$(part_dir "$2" "$line$(lock_lines file "$2")" "$script")
	ready_add "$1" "$dir"
	[ ! -d "$dir" ] || return 0
	source_fetch $line
	say "build: $2"
	rm -rf "$dir.new"
	mkdir -p "$dir.new/build"
	(cd "$dir.new/build" && in_tree "$LOAM_TREE" env -i PATH=/usr/sbin:/usr/bin HOME=/tmp \
		LC_ALL=C.UTF-8 TAR_OPTIONS=--no-same-owner LOAM_NEWLIB="${LOAM_NEWLIB:-}" \
		sh "$script" "$dir.new" "$tarball" "$top") >"$work/$2.log" 2>&1 || {
		tail -n 20 "$work/$2.log" >&2
		die "building $2 failed"
	}
	rm -rf "$dir.new/build"
	file_check "$2" "$dir.new"
	mv "$dir.new" "$dir"
}

# file_check NAME DIR: the lock's "file" lines of that part pin single files of the result.
file_check()
{
	lock_lines file "$1" | while read -r name file want; do
		source_same "$2/$file" "$want" ||
			die "$name: $file is not the one that tools/lock pins (sha256 $sum)"
	done || exit 1
}

# deb_fetch SUITE ARCH NAME VERSION SHA256 [META]: the package into the cache; sets $deb.
# When it is gone: the suite's current one, which META (if given) depends on.
deb_fetch()
{
	deb=$LOAM_CACHE/src/$(deb_file "$3" "$4" "$2")
	[ -f "$deb" ] && source_same "$deb" "$5" && return
	apt_update "$1" "$2"
	name=$3
	if [ -z "$(apt-cache madison "$name" 2>/dev/null)" ] && [ -n "${6:-}" ]; then
		name=$(apt-cache show --no-all-versions "$6" |
			sed -n 's/^Depends: \([^ ,]*\).*/\1/p')
	fi
	apt-cache show "$name" 2>>"$home/log" | awk -v name="$name" -v want="$4" '
		/^Version: /	 { v = $2 }
		/^Architecture: /{ a = $2 }
		/^SHA256: /	 { if (first == "" || v == want) first = name " " v " " a " " $2 }
		END		 { if (first != "") print first }' >"$work/deb"
	read -r name version arch hash <"$work/deb" || die "no package $3 in Debian $1 $2"
	if [ "$name $version" != "$3 $4" ]; then
		say "replaced in Debian $1 since tools/lock, taken at its current version," \
			"signature checked: $3 $4 -> $name $version"
		deb=$LOAM_CACHE/src/$(deb_file "$name" "$version" "$2")
	elif [ "$hash" != "$5" ]; then
		die "tools/lock: sha256 of package $3 $4 is not the one in Debian's signed index"
	fi
	[ -f "$deb" ] && source_same "$deb" "$hash" && return
	say "package: $name $version ($1 $2)"
	(cd "$work" && rm -f ./*.deb && apt-get -q download "$name=$version") >>"$home/log" 2>&1 ||
		{ tail -n 5 "$home/log" >&2; die "could not fetch $name"; }
	source_same "$(ls "$work"/*.deb)" "$hash" || die "$name differs from the signed index"
	mv "$work"/*.deb "$deb"
}

# part_debs VARIABLE NAME LINES TAR-OPTION…: unpack foreign packages side by side.
part_debs()
{
	dir=$(part_dir "$2" "$*")
	ready_add "$1" "$dir"
	[ ! -d "$dir" ] || return 0
	lines=$3 new=$dir.new part=$2
	shift 3
	rm -rf "$new"
	mkdir -p "$new"
	while read -r line; do
		deb_fetch $line </dev/null
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$new" --no-same-owner \
			--no-same-permissions "$@" || die "cannot unpack $deb"
	done <<-END
		$lines
	END
	say "unpacked: $part"
	mv "$new" "$dir"
}

# Modules are kept only where a test could want one: storage, its buses, file systems.
parts_build()
{
	part_source LOAM_QEMU qemu
	part_source LOAM_NEWLIB newlib
	part_source LOAM_CAPSTONE capstone
	part_debs LOAM_GNUEFI gnu-efi "$(lock_lines deb | grep ' gnu-efi ')" --exclude=./usr/share
	part_debs LOAM_GUEST guest "$(lock_lines deb | grep -v ' gnu-efi ')" --exclude=./usr/share \
		--exclude='*/kernel/drivers/gpu' --exclude='*/kernel/drivers/media' \
		--exclude='*/kernel/drivers/net/wireless' --exclude='*/kernel/sound' \
		--exclude='*/kernel/drivers/staging' --exclude='*/kernel/drivers/infiniband'
	part_debs LOAM_GUEST64 guest64 "$(part_lines guest64)" --exclude='*/share' \
		--exclude='*/kernel/net' --exclude='*/kernel/sound' \
		--exclude='*/kernel/drivers/net' --exclude='*/kernel/drivers/media' \
		--exclude='*/kernel/drivers/hid' --exclude='*/kernel/drivers/comedi'
	part_debs LOAM_BOOT boot "$(part_lines boot)" --exclude=./usr/share --exclude='*/efi??'
}

part_lines()	{ lock_lines part "$1" | cut -d' ' -f2-; }

# more_build PART…: parts that only those fetch who ask for them; each is told of by a file of its
# own beside the one that says that the rest is there.
more_build()
{
	for more in "$@"; do
		: >"$work/ready"
		case $more in
		kernels)
			part_debs LOAM_KERNELS kernels "$(part_lines kernels)" \
				--wildcards './boot/vmlinuz-*' ;;
		installer)
			part_debs LOAM_INSTALLER installer "$(part_lines installer)" \
				--wildcards '*/text/*/linux' '*/text/*/initrd.gz' ;;
		clang)
			part_debs LOAM_CLANG clang "$(part_lines clang)" --exclude=./usr/share ;;
		smart)
			for n in 12 13; do
				part_debs LOAM_SMART$n smart$n "$(part_lines smart$n)" \
					./usr/sbin/smartctl
			done ;;
		stress)
			part_debs LOAM_STRESS stress "$(part_lines stress)" \
				--exclude='*/share' --exclude=./etc ;;
		debian12)
			disk_build debian12 LOAM_DEBIAN12 bookworm i386 ;;
		debian13)
			disk_build debian13 LOAM_DEBIAN13 trixie amd64 ;;
		esac
		mv "$work/ready" "$LOAM_CACHE/ready/$key.$more"
	done
}

# disk_build NAME VARIABLE SUITE ARCH: a root disk from the packages that guestimg/NAME/packages
# pins.
disk_build()
{
	disk=$1 dir=$(disk_dir "$1") pins=$top/guestimg/$1/packages
	ready_add "$2" "$dir"
	[ ! -f "$dir/$disk.img" ] || return 0
	apt_update "$3" "$4"
	: >"$work/replaced"
	grep -v '^#' "$pins" | specs_of "$work/replaced" >"$work/specs"
	! grep -q '^differs:' "$work/replaced" ||
		die "$disk/packages: $(cat "$work/replaced"): not the sha256 of the signed index"
	[ ! -s "$work/replaced" ] ||
		say "replaced in Debian since $disk/packages, taken at the suite's current" \
			"version, signature checked:" \
			"$(tr '\n' ',' <"$work/replaced" | sed 's/,$//; s/,/, /g')"
	apt_plan $(cat "$work/specs") >"$work/plan"
	[ -s "$work/plan" ] || die "apt finds no way to install $disk/packages ($home/log)"
	say "packages: $(wc -l <"$work/plan") from Debian $3"
	apt_fetch "$work/plan"
	rm -rf "$dir.new"
	mkdir -p "$dir.new/debs"
	cut -d' ' -f5 "$work/plan" | while read -r file; do
		cp "$home/cache/archives/$file" "$dir.new/debs/"
	done
	say "$disk: this takes minutes"
	(in_tree "$LOAM_TREE" env LOAM_GUEST="$LOAM_GUEST" LOAM_GUEST64="$LOAM_GUEST64" \
		sh "$top/guestimg/debian12/build.sh" "$disk" "$dir.new/debs" \
		"$dir.new/$disk.img" "$dir.new/work") || die "$disk: no disk"
	rm -rf "$dir.new/debs" "$dir"
	mv "$dir.new" "$dir"
}
