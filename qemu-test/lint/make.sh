#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Mistakes on make's command line are answered by one line, and a loam.cfg is read as Loam reads it.
# make.sh: run from the project's root.  Starts no build.
set -u

# says NAME WANTED COMMAND…: the command fails, and this is all that it prints.
says()
{
	name=$1 wanted=$2
	shift 2
	if got=$("$@" 2>&1); then
		echo "FAIL $name: no error"
	elif [ "${got#Makefile:*: \*\*\* }" = "$wanted.  Stop." ]; then
		echo "ok $name"
	else
		echo "FAIL $name: $got"
	fi
}

says "what one host has" \
	"HOST=mips64: run, bench and profile are there for loongarch64 only" \
	make HOST=mips64 run
says "an unknown host" "HOST=z80: no such host, only loongarch64 mips64" make HOST=z80 all
guests=$(cd guestimg/run && echo *.cfg | sed 's/\.cfg//g')
says "an unknown guest" "GUEST=dos: no such guest, only $guests" make run GUEST=dos
says "a missing configuration" "RUN_CFG=none.cfg: no such file" make run RUN_CFG=none.cfg

cfg=$(mktemp)
printf '\357\273\277firmware = b # x\n# kernel = k\n disk0\t= a b,ro\ncdrom = c#d\n' >"$cfg"
got=$(python3 tools/mkesp.py --names "$cfg" | tr '\n' ';')
rm -f "$cfg"
if [ "$got" = "b;a b;c#d;" ]; then echo "ok names in a loam.cfg"; else echo "FAIL names: $got"; fi
