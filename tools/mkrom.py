#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Finish an option ROM: pad to 512-byte blocks, put in the size, the checksums of the PnP
header and of the whole. Usage: mkrom.py IN OUT"""
import struct
import sys


def main():
    rom = bytearray(open(sys.argv[1], "rb").read())
    if rom[:2] != b"\x55\xaa":
        sys.exit("mkrom: %s is no option ROM" % sys.argv[1])
    rom += bytes(-(len(rom) + 1) % 512 + 1)
    rom[2] = len(rom) // 512
    (pnp,) = struct.unpack_from("<H", rom, 0x1a)
    if rom[pnp:pnp + 4] != b"$PnP":
        sys.exit("mkrom: no PnP header at %#x" % pnp)
    header = rom[pnp:pnp + 16 * rom[pnp + 5]]
    rom[pnp + 9] = -sum(header) & 0xff
    rom[-1] = -sum(rom) & 0xff
    open(sys.argv[2], "wb").write(rom)


main()
