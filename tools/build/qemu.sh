# SPDX-License-Identifier: BSD-2-Clause
# The header that QEMU plugins are compiled against: OUT/include/qemu-plugin.h.
# Run inside the tree by tools/parts.sh: qemu.sh OUT SOURCE-TARBALL TOP.  Nothing is built.
set -eu
out=$1 tarball=$2
mkdir -p "$out/include"
tar -xJf "$tarball" -O --wildcards --occurrence=1 '*/include/qemu/qemu-plugin.h' \
	>"$out/include/qemu-plugin.h"
