#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packs a ROM that ends at 4 GiB: mkrom.py OUT STAGE1 IMAGE CASES RESULTS.

Invariant: its size is a multiple of 64 KiB and at most 16 MiB.
"""
import struct
import sys

TOP, MAX, PAGE = 1 << 32, 16 << 20, 4096


def main():
    out, stage1, *parts = sys.argv[1:]
    stage1, *parts = [open(name, "rb").read() for name in (stage1, *parts)]
    if len(stage1) != PAGE:
        sys.exit(f"mkrom: {sys.argv[2]} has {len(stage1)} bytes, not {PAGE}")
    padded = [p + bytes(-len(p) % 16) for p in parts]
    size = -(-(sum(map(len, padded)) + PAGE) // 0x10000) * 0x10000
    if size > MAX:
        sys.exit(f"mkrom: {size} bytes, more than {MAX}")
    at, places = TOP - size, []
    for p in padded:
        places.append(at)
        at += len(p)
    table = struct.pack("<4I", places[0], len(parts[0]), places[1], places[2])
    body = b"".join(padded)
    with open(out, "wb") as f:
        f.write(body + bytes(size - PAGE - len(body)) + table + stage1[len(table):])


if __name__ == "__main__":
    main()
