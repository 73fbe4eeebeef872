# SPDX-License-Identifier: BSD-2-Clause
# Capstone's x86 decoder without text: OUT/include and libcapstone.a in OUT/HOST,
# OUT/native, OUT/native-asan.
# Run inside the tree by tools/parts.sh: capstone.sh OUT SOURCE-TARBALL TOP.
# Invariant: one set of options for all of them, so that what unit tests see is what the host runs.
set -eu
out=$1 tarball=$2 top=$3
. "$top/tools/build/hosts.sh"
files="cs MCInst MCInstrDesc MCRegisterInfo Mapping SStream utils
	arch/X86/X86Disassembler arch/X86/X86DisassemblerDecoder arch/X86/X86IntelInstPrinter
	arch/X86/X86InstPrinterCommon arch/X86/X86Mapping arch/X86/X86Module"
options="-O2 -std=gnu11 -ffreestanding -fno-stack-protector -ffunction-sections -fdata-sections
	-Iinclude -I. -ffile-prefix-map=$PWD/work=
	-DCAPSTONE_HAS_X86 -DCAPSTONE_X86_ATT_DISABLE -DCAPSTONE_DIET -DNDEBUG"

mkdir work
cd work
tar -xf "$tarball"
cd capstone-*

# library NAME AR CC FLAGS…
library()
{
	dir=$out/$1 ar=$2
	shift 2
	mkdir -p "$dir" "o/$dir"
	for f in $files; do
		printf '%s\n' "$f"
	done | xargs -P 2 -I '{}' sh -c 'f={}; o=$1/$(basename "$f").o; shift
		exec "$@" -c "$f.c" -o "$o"' sh "o/$dir" "$@" $options
	$ar rcs "$dir/libcapstone.a" "o/$dir"/*.o
}
for host in $hosts; do
	host_set "$host"
	library "$host" "$cross-ar" "$cross-gcc" $flags -nostdinc \
		-isystem "$LOAM_NEWLIB/$host/include" \
		-isystem "$("$cross-gcc" -print-file-name=include)"
done
library native ar gcc
library native-asan ar gcc -g1 -fsanitize=address,undefined
cp -r include "$out/"
