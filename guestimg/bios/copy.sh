# SPDX-License-Identifier: BSD-2-Clause
# copy.sh FILE SIZE TO: one firmware file of a Debian package into the build folder.
# Not a build of SeaBIOS.  Invariant: a file of another size, or an option ROM whose first bytes
# or length byte are wrong, is not copied.
set -eu
file=$1 want=$2 to=$3
size=$(wc -c <"$file")
if [ "$size" -ne "$want" ]; then
	echo "$file: $size bytes, not $want" >&2
	exit 1
fi
case $file in
*/bios*) ;;
*)	# an option ROM: 55 aa, then its length in 512-byte units
	set -- $(od -An -tu1 -N3 "$file")
	if [ "$1 $2" != "85 170" ] || [ $(($3 * 512)) -gt "$size" ]; then
		echo "$file: not an option ROM" >&2
		exit 1
	fi ;;
esac
cp "$file" "$to"
chmod 644 "$to"
