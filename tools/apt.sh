# SPDX-License-Identifier: BSD-2-Clause
# Debian packages by name, through an apt of our own in the cache: no part of the user's apt is
# changed, and no host is named here (the user's own sources say where Debian is).
# Not a program: tools/setup sources it after lib.sh.
# Invariant: every package comes from an index whose signature apt has checked.

keyring()
{
	for k in /usr/share/keyrings/debian-archive-keyring.gpg \
		 /usr/share/keyrings/debian-archive-keyring.pgp; do
		[ -f "$k" ] && printf '%s\n' "$k" && return
	done
	die "no Debian archive keyring (install debian-archive-keyring)"
}

# Where this system gets Debian from, best guess first, one address a line.
archive_uris()
{
	[ -z "${LOAM_ARCHIVE:-}" ] || printf '%s\n' "$LOAM_ARCHIVE"
	{
		cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
			sed -n 's/^ *deb\(-src\)\{0,1\} *\(\[[^]]*\]\)\{0,1\} *\([^ ]*\) .*/\3/p'
		cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
			sed -n 's/^URIs: *//Ip' | tr ' ' '\n'
	} | grep -v -e '^cdrom:' -e security -e '^$' | awk '!seen[$0]++ {
		print (/debian/ ? 0 : 1), $0 }' | sort -s -k1,1 | cut -d' ' -f2
}

# apt_config SUITE ARCH: write a private configuration for it, print its folder.
apt_config()
{
	home=$LOAM_CACHE/apt/$1-$2
	mkdir -p "$home/etc/apt.conf.d" "$home/etc/preferences.d" \
		"$home/state/lists/partial" "$home/cache/archives/partial"
	: >"$home/status"
	{
		printf 'Dir::Etc "%s";\n' "$home/etc"
		printf 'Dir::Etc::netrc "/etc/apt/auth.conf";\n'
		printf 'Dir::Etc::netrcparts "/etc/apt/auth.conf.d";\n'
		printf 'Dir::State "%s";\nDir::State::status "%s/status";\n' "$home/state" "$home"
		printf 'Dir::Cache "%s";\nDir::Log "%s";\n' "$home/cache" "$home"
		printf 'APT::Architecture "%s";\nAPT::Architectures { "%s"; };\n' "$2" "$2"
		printf 'APT::Sandbox::User "";\nAPT::Install-Recommends "false";\n'
		printf 'Acquire::Languages "none";\nAcquire::ForceHash "SHA256";\n'
		printf 'APT::Update::Error-Mode "any";\nAcquire::Retries "3";\n'
		apt-config dump 2>/dev/null |
			grep -i -E '^Acquire::(https?|Check-Valid-Until|Check-Date|ForceIPv)'
		case $1 in forky) printf 'Acquire::Check-Valid-Until "false";\n' ;; esac
	} >"$home/apt.conf"
	printf '%s\n' "$home"
}

# apt_update SUITE ARCH: fetch its signed index, once in a run of setup; leaves APT_CONFIG set.
apt_update()
{
	home=$(apt_config "$1" "$2") || exit 1
	APT_CONFIG=$home/apt.conf
	export APT_CONFIG
	case " $apt_updated " in *" $1-$2 "*) return ;; esac
	say "index: $1 $2"
	key_file=$(keyring) || exit 1
	: >"$home/log"
	for uri in $(unset APT_CONFIG; archive_uris); do
		printf 'deb [signed-by=%s] %s %s main\n' "$key_file" "$uri" "$1" \
			>"$home/etc/sources.list"
		[ "$2" != amd64 ] || printf 'deb-src [signed-by=%s] %s %s main\n' \
			"$key_file" "$uri" "$1" >>"$home/etc/sources.list"
		if apt-get -q update >>"$home/log" 2>&1; then
			apt_updated="$apt_updated $1-$2"
			return
		fi
	done
	tail -n 5 "$home/log" >&2
	die "no index of Debian $1 $2 (LOAM_ARCHIVE=<address of a Debian archive> can name one)"
}
apt_updated=

# The package's file name in the archive cache, as apt spells it: NAME VERSION ARCH.
deb_file()
{
	printf '%s_%s_%s.deb\n' "$1" "$(printf %s "$2" | sed 's/:/%3a/g')" "$3"
}

# apt_plan SPEC…: what apt would fetch for these: lines "NAME VERSION ARCH SHA256 FILE".
apt_plan()
{
	mkdir -p "$LOAM_CACHE/apt/none/partial"
	apt-get install -y --print-uris -o Dir::Cache::archives="$LOAM_CACHE/apt/none" "$@" \
		2>>"$home/log" | awk -F"'" 'NF > 2 {
			split($3, f, " "); n = split(f[1], p, "_")
			gsub("%3a", ":", p[2]); sub(/\.deb$/, "", p[3]); sub(/^SHA256:/, "", f[3])
			print p[1], p[2], p[3], f[3], f[1] }'
}

# apt_fetch PLAN: download the plan's packages, and compare each with its sha256.
apt_fetch()
{
	specs=$(awk '{ print $1 "=" $2 }' "$1")
	apt-get install -q -y --download-only $specs >>"$home/log" 2>&1 || {
		tail -n 5 "$home/log" >&2
		die "could not fetch Debian packages (log: $home/log)"
	}
	(cd "$home/cache/archives" && awk '{ print $4 "  " $5 }' "$1" |
		sha256sum --quiet -c -) || die "a package differs from the signed index"
}
