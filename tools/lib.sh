# SPDX-License-Identifier: BSD-2-Clause
# What tools/setup and tools/enter share: where things live, and how to step into the private tree.
# Not a program: it is sourced with $top (the checkout) set.  Needs only what every Debian has.
# Invariant: nothing outside $LOAM_CACHE is ever written.

case ${XDG_CACHE_HOME:-} in
/*)	LOAM_CACHE=$XDG_CACHE_HOME/loam ;;
*)	LOAM_CACHE=${HOME:?HOME is not set}/.cache/loam ;;
esac
lock=$top/tools/lock

say()	{ printf 'loam: %s\n' "$*"; }
die()	{ printf 'loam: %s\n' "$*" >&2; exit 1; }

# First 16 hex digits of the sha256 of standard input: names what was built from it.
short_hash()
{
	set -- $(sha256sum)
	printf '%.16s\n' "$1"
}

# What newlib is made of besides its source, in an order that stays.
newlib_files()
{
	cat "$top"/tools/newlib/*.patch "$top"/tools/newlib/*.S "$top"/tools/newlib/*.py
}

# Hash of everything that decides what the cache must hold; sets $key.
setup_key()
{
	set -- $({ cat "$lock" "$top"/tools/tree.sh "$top"/tools/parts.sh "$top"/tools/build/*.sh
		newlib_files; } | sha256sum)
	key=$1
}

# Is everything there?  If so, name it in the environment (LOAM_TREE, LOAM_NEWLIB, …).
setup_ready()
{
	setup_key
	[ -f "$LOAM_CACHE/ready/$key" ] || return 1
	. "$LOAM_CACHE/ready/$key"
	for part in "$LOAM_CACHE/ready/$key".*; do
		[ ! -f "$part" ] || . "$part"
	done
	[ -d "$LOAM_TREE" ] && [ -d "$LOAM_QEMU" ] && [ -d "$LOAM_NEWLIB" ] &&
		[ -d "$LOAM_CAPSTONE" ] && [ -d "$LOAM_GNUEFI" ] && [ -d "$LOAM_GUEST" ] &&
		[ -d "$LOAM_BOOT" ] && [ -d "${LOAM_GUEST64:-}" ]
}

# more_ready PART…: are these parts there, which are fetched only for those who ask?
# Only after setup_ready.
more_ready()
{
	for part in "$@"; do
		case $part in
		kernels)	[ -d "${LOAM_KERNELS:-}" ] || return 1 ;;
		installer)	[ -d "${LOAM_INSTALLER:-}" ] || return 1 ;;
		clang)		[ -d "${LOAM_CLANG:-}" ] || return 1 ;;
		smart)		[ -d "${LOAM_SMART12:-}" ] || return 1
				[ -d "${LOAM_SMART13:-}" ] || return 1 ;;
		stress)		[ -d "${LOAM_STRESS:-}" ] || return 1 ;;
		debian12)	disk_ready debian12 "${LOAM_DEBIAN12:-}" || return 1 ;;
		debian13)	disk_ready debian13 "${LOAM_DEBIAN13:-}" || return 1 ;;
		*)		die "no part $part (parts.sh)" ;;
		esac
	done
}

# disk_ready RELEASE FOLDER: is that the release's disk, as its recipe is now?
disk_ready()
{
	[ -f "$2/$1.img" ] && [ "$2" = "$(disk_dir "$1")" ]
}

# disk_dir RELEASE: the folder of its disk: its name changes with the recipe.
disk_dir()
{
	printf '%s/%s-%s\n' "$LOAM_CACHE" "$1" "$(cd "$top/guestimg/$1" &&
		cat packages release stage1.list ../debian12/build.sh ../debian12/excludes \
			../debian12/grub.cfg ../debian12/setup ../debian12/stage1 \
			../grub/mkdisk.py ../linux/mkcpio.py | short_hash)"
}

# Lines of one kind ("tool", "src" …) of the lock file, without the kind; $2: only those with
# this word.
lock_lines()
{
	while read -r kind rest; do
		[ "$kind" = "$1" ] || continue
		case " $rest " in
		*" ${2:-${rest%% *}} "*) printf '%s\n' "$rest" ;;
		esac
	done <"$lock"
}

# The folders that must be visible inside at their own paths, one a line, none twice.
# A whole top-level folder (/home, /work) where that is not a part of the system itself.
visible_dirs()
{
	seen=" "
	for d in "$top" "$LOAM_CACHE" "$PWD" "$(git_dir)"; do
		case $d in
		''|/tmp|/tmp/*|/dev/*|/proc/*) continue ;;
		/usr/*|/etc/*|/var/*|/bin/*|/sbin/*|/lib*|/boot/*|/run/*) ;;
		/?*)	d=${d#/}; d=/${d%%/*} ;;
		*)	continue ;;
		esac
		case $seen in *" $d "*) continue ;; esac
		seen="$seen$d "
		printf '%s\n' "$d"
	done
}

# A git work tree that is not the main one keeps its history elsewhere: print that folder.
git_dir()
{
	[ -f "$top/.git" ] || return 0
	read -r word dir <"$top/.git" || return 0
	case $word$dir in gitdir:/*) printf '%s\n' "$dir" ;; esac
}

# in_tree TREE COMMAND…: run a command with TREE as the root folder; does not come back.
# The mounts live in a namespace of that command and vanish with it.
in_tree()
{
	if [ "$(id -u)" = 0 ]; then map=; else map=--map-root-user; fi
	dirs=$(visible_dirs)
	tree=$1
	shift
	export LOAM_CACHE
	exec unshare --mount $map -- sh -c '
		tree=$1 cwd=$2 dirs=$3
		shift 3
		IFS="
"
		for d in /proc /dev /tmp $dirs; do
			[ -d "$tree$d" ] || mkdir -p "$tree$d" || exit 125
			mount --rbind "$d" "$tree$d" || exit 125
		done
		unset LD_LIBRARY_PATH LD_PRELOAD PYTHONHOME PYTHONPATH CPATH C_INCLUDE_PATH
		unset LIBRARY_PATH COMPILER_PATH GCC_EXEC_PREFIX CC CFLAGS CPPFLAGS LDFLAGS
		export PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 TMPDIR=/tmp
		export TAR_OPTIONS=--no-same-owner
		[ -d "$tree$HOME" ] || export HOME=/tmp
		exec chroot "$tree" env -C "$cwd" "$@"
	' loam-enter "$tree" "$PWD" "$dirs" "$@"
}
