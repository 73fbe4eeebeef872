# SPDX-License-Identifier: BSD-2-Clause
# Compiles each header alone: one that needs another header included before it fails here.
# Run by `make headers`, which gives HOST_CC and NATIVE_CC (a compiler with its options) and HOST.
# Invariant: headers of other hosts are left out, all others are compiled.
set -u
list=$(git -c safe.directory='*' ls-files --cached --others --exclude-standard '*.h')
status=0 count=0
for header in $list; do
	[ -f "$header" ] || continue
	case $header in
	qemu-test/*)		cc=$NATIVE_CC ;;
	guestimg/*|tools/*)	continue ;;
	*/loongarch64/*|*/mips64/*)
		case $header in */"${HOST:-loongarch64}"/*) cc=$HOST_CC ;; *) continue ;; esac ;;
	boot/efi*)		[ -n "$EFI_CC" ] || continue; cc=$EFI_CC ;;
	*)			cc=$HOST_CC ;;
	esac
	count=$((count + 1))
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		$cc -x c -fsyntax-only - || { echo "$header: does not compile alone"; status=1; }
done
[ "$status" != 0 ] || echo "headers: ok, $count headers"
exit "$status"
