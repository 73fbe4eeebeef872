#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes a disk image whose bytes tell where they belong, for `selftest = disks`.

mkdisk.py IMAGE MIB [BAD COUNT]
Sector 0 begins with a mark and the first and the number of those sectors that the host's QEMU is
told to fail; every other 64-bit word is (its number in the image + 1) * STEP, modulo 2^64.
Invariant: kernel/machine/disk_test.c knows the same mark and STEP.
"""
import array
import os
import struct
import sys

MARK = b"LOAM-DISK-TEST-1"
STEP = 0x9E3779B97F4A7C15


def main():
    image, mib, bad = sys.argv[1], int(sys.argv[2]), [int(n) for n in sys.argv[3:5]] or [0, 0]
    words = array.array("Q", ((n * STEP) & (2**64 - 1) for n in range(1, mib * 131072 + 1)))
    data = bytearray(words.tobytes())
    data[:32] = MARK + struct.pack("<QQ", *bad)
    with open(image + ".new", "wb") as f:
        f.write(data)
    os.replace(image + ".new", image)


if __name__ == "__main__":
    main()
