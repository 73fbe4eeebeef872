#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the kernel's symbol table for backtraces.

mksyms.py NM-OUTPUT > ksyms.S        assembly for section .ksyms
mksyms.py --check NM-1 NM-2          do both links place every function alike?

The image is linked twice: without the table, then with it. The table lies behind the text, and
the linker must not relax (--no-relax), so functions stay where they were; --check proves it.
Layout (kernel/ksyms.c): u32 count; count x { u32 offset from image_start; u32 name offset };
names, each ended by 0. Sorted by offset.
"""
import sys


def functions(path):
    """[(address, name)] of the text symbols, sorted, one name for each address."""
    found, base, end = {}, None, None
    for line in open(path, encoding="utf-8"):
        fields = line.split()
        if len(fields) != 3:
            continue
        address, kind, name = int(fields[0], 16), fields[1], fields[2]
        if name == "image_start":
            base = address
        if name == "image_text_end":
            end = address
        if kind in "tTwW" and not name.startswith((".L", "image_")):
            found.setdefault(address, name)
    if base is None or end is None:
        sys.exit(f"{path}: no image_start or image_text_end among the symbols")
    return base, sorted((a, n) for a, n in found.items() if base <= a < end)


def emit(path):
    base, table = functions(path)
    print("\t.section .ksyms, \"a\"\n\t.balign 8")
    print(f"\t.word {len(table)}")
    place = 0
    for address, name in table:
        print(f"\t.word {address - base:#x}, {place}")
        place += len(name) + 1
    for _, name in table:
        print(f"\t.asciz \"{name}\"")


def main(args):
    if len(args) == 3 and args[0] == "--check":
        if functions(args[1]) != functions(args[2]):
            sys.exit("mksyms.py: the symbol table moved functions; backtraces would lie")
    elif len(args) == 1:
        emit(args[0])
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
