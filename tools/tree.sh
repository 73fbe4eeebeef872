# SPDX-License-Identifier: BSD-2-Clause
# The private tree: the pinned Debian packages unpacked side by side, no script of theirs run.
# Not a program: tools/setup sources it after lib.sh and apt.sh.
# Invariant: a tree that has its final name is complete; it is built under another name.

# Folders nobody needs inside: half of the files.
tree_skip='--exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/info
	--exclude=./usr/share/locale --exclude=./usr/share/lintian'

# specs_of: from lock lines "NAME VERSION ARCH SHA256" on standard input, what to ask apt for:
# the pinned version, or the suite's current one when that is gone.  Replaced ones go to $1.
specs_of()
{
	cat >"$1.want"
	apt-cache show $(cut -d' ' -f1 "$1.want") 2>>"$home/log" |
	awk -v said="$1" -v want="$1.want" '
		/^Package: /	{ p = $2 }
		/^Version: /	{ v = $2; if (!(p in cur)) cur[p] = v }
		/^SHA256: /	{ sum[p, v] = $2 }
		END {
			while ((getline line <want) > 0) {
				split(line, f, " ")
				if ((f[1], f[2]) in sum) {
					if (sum[f[1], f[2]] != f[4]) {
						print "differs: " f[1] " " f[2] >said
						exit
					}
					print f[1] "=" f[2]
				} else if (f[1] in cur) {
					print f[1]
					print f[1] " " f[2] " -> " cur[f[1]] >said
				}
			}
		}'
}

# Ask for the pinned packages; says in one line which ones the suite has replaced.
tree_plan()
{
	: >"$work/replaced"
	{ lock_lines tool; lock_lines dep; } | specs_of "$work/replaced" >"$work/specs"
	if grep -q '^differs:' "$work/replaced"; then
		die "tools/lock: sha256 of package $(sed -n 's/^differs: //p' "$work/replaced")" \
			"is not the one in Debian's signed index"
	fi
	apt_plan $(cat "$work/specs") >"$work/plan"
	[ -s "$work/plan" ] || {
		tail -n 5 "$home/log" >&2
		die "apt finds no way to install the tools"
	}
	if [ -s "$work/replaced" ]; then
		say "replaced in Debian since tools/lock, taken at the suite's current version," \
			"signature checked:" \
			"$(tr '\n' ',' <"$work/replaced" | sed 's/,$//; s/,/, /g')"
	fi
}

# Links and small files that the packages' scripts would have made.
tree_finish()
{
	ln -sf dash "$1/usr/bin/sh"
	ln -sf gawk "$1/usr/bin/awk"
	ln -sf gcc "$1/usr/bin/cc"
	printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534::/:/bin/false \
		>"$1/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$1/etc/group"
	mkdir -p "$1/proc" "$1/dev" "$1/tmp" "$1/root"
	(in_tree "$1" ldconfig) || die "cannot enter $1 (see make doctor)"
}

# tree_build DIR: fetch and unpack into DIR.
tree_build()
{
	apt_update trixie amd64
	tree_plan
	say "packages: $(wc -l <"$work/plan") from Debian trixie"
	apt_fetch "$work/plan"
	say "tree: unpack"
	new=$1.new
	rm -rf "$new"
	mkdir -p "$new/usr/bin" "$new/usr/sbin" "$new/usr/lib" "$new/usr/lib64" "$new/etc"
	for d in bin sbin lib lib64; do ln -s "usr/$d" "$new/$d"; done
	cut -d' ' -f5 "$work/plan" | (cd "$home/cache/archives" &&
		xargs -P 2 -I '{}' sh -c "dpkg-deb --fsys-tarfile '{}' | tar -x -C '$new' \
			--no-same-owner --no-same-permissions --keep-directory-symlink \
			$(printf %s "$tree_skip" | tr '\n\t' '  ')") ||
		die "unpacking failed (disk full?)"
	cut -d' ' -f1-3 "$work/plan" >"$new/etc/loam-packages"
	tree_finish "$new"
	mv "$new" "$1"
}
