# SPDX-License-Identifier: BSD-2-Clause
# Capstone's x86 decoder without text: OUT/include, OUT/{la64,native,native-asan}/libcapstone.a.
# Run inside the tree by tools/parts.sh: capstone.sh OUT SOURCE-TARBALL TOP.
# Invariant: one set of options for all three, so that what unit tests see is what the host runs.
set -eu
out=$1 tarball=$2
files="cs MCInst MCInstrDesc MCRegisterInfo Mapping SStream utils
	arch/X86/X86Disassembler arch/X86/X86DisassemblerDecoder arch/X86/X86IntelInstPrinter
	arch/X86/X86InstPrinterCommon arch/X86/X86Mapping arch/X86/X86Module"
flags="-O2 -std=gnu11 -ffreestanding -fno-stack-protector -ffunction-sections -fdata-sections
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
		exec "$@" -c "$f.c" -o "$o"' sh "o/$dir" "$@" $flags
	$ar rcs "$dir/libcapstone.a" "o/$dir"/*.o
}
host=loongarch64-linux-gnu
library la64 $host-ar $host-gcc -fno-pic -msimd=none -ffixed-r21 -nostdinc \
	-isystem "$LOAM_NEWLIB/include" -isystem "$($host-gcc -print-file-name=include)"
library native ar gcc
library native-asan ar gcc -g1 -fsanitize=address,undefined
cp -r include "$out/"
