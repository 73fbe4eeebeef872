#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Chooses the rows of a benchmark image and how long they run, in the image itself.

setcfg.py IMAGE MASK [SCALE]    MASK: a number (bit = place in rows.def, 31 = all from 31 on),
                                or names of rows joined by commas; SCALE multiplies repetitions
Not a builder: the image must hold settings already (boot.S).
"""
import os
import re
import struct
import sys

SETTINGS = 0x1E0
ROW = re.compile(r'^ROW\("(\w+)"', re.M)


def mask_of(text):
    try:
        return int(text, 0)
    except ValueError:
        pass
    with open(os.path.join(os.path.dirname(__file__), "rows.def"), encoding="utf-8") as f:
        places = {name: place for place, name in enumerate(ROW.findall(f.read()))}
    mask = 0
    for name in text.split(","):
        if name not in places:
            sys.exit(f"setcfg.py: no row {name}; there are {' '.join(places)}")
        mask |= 1 << min(places[name], 31)
    return mask


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    mask, scale = mask_of(sys.argv[2]), int(sys.argv[3], 0) if len(sys.argv) > 3 else 1
    with open(sys.argv[1], "r+b") as f:
        f.seek(SETTINGS)
        if f.read(4) != b"GBCF":
            sys.exit(f"{sys.argv[1]}: no settings at {SETTINGS:#x}")
        f.seek(SETTINGS + 4)
        f.write(struct.pack("<II", mask, scale))


if __name__ == "__main__":
    main()
