#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes an MBR disk image that starts by GRUB (i386-pc); needs no root and no loop device.

mkdisk.py BOOT.IMG CORE.IMG FILESYSTEM OUT
Sector 0: GRUB's boot.img with one partition entry; from sector 1: core.img, as long as it is;
sector 2048: the file system.  What grub-install would patch is right in these images as built:
boot.img loads sector 1 of the drive that the BIOS booted, core.img's own list starts at sector 2.
Invariant: the same inputs give the same bytes.
"""
import struct
import sys

SECTOR, START = 512, 2048
HEADS, PER_TRACK = 16, 63
CODE_END = 440                          # then the disk's signature and the partition table
BOOT_KERNEL_SECTOR, BOOT_DRIVE = 0x5C, 0x64     # in boot.img: u64, u8
CORE_LIST = 0x1F4                       # in diskboot.img: u64 first sector, u16 count, u16 segment
ACTIVE, LINUX = 0x80, 0x83
SIGNATURE = b"LOAM"


def chs(lba):
    """The address as the partition table wants it; the largest one where it has no room."""
    cylinder, rest = divmod(lba, HEADS * PER_TRACK)
    head, sector = divmod(rest, PER_TRACK)
    if cylinder > 1023:
        cylinder, head, sector = 1023, HEADS - 1, PER_TRACK - 1
    return bytes((head, sector + 1 | cylinder >> 8 << 6, cylinder & 255))


def mbr(boot, sectors):
    entry = (bytes((ACTIVE,)) + chs(START) + bytes((LINUX,)) + chs(START + sectors - 1)
             + struct.pack("<II", START, sectors))
    return boot[:CODE_END] + SIGNATURE + b"\0\0" + entry + bytes(48) + b"\x55\xaa"


def check(boot, core):
    """The places that the docstring counts on."""
    if len(boot) != SECTOR or boot[510:] != b"\x55\xaa":
        sys.exit("boot.img: not a boot sector")
    if struct.unpack_from("<Q", boot, BOOT_KERNEL_SECTOR) != (1,) or boot[BOOT_DRIVE] != 0xFF:
        sys.exit("boot.img: does not load sector 1 of the drive it came from")
    first, count, _ = struct.unpack_from("<QHH", core, CORE_LIST)
    if first != 2 or (count + 1) * SECTOR < len(core):
        sys.exit(f"core.img: its list is sector {first}, {count} sectors")
    if len(core) > (START - 1) * SECTOR:
        sys.exit("core.img: too long for the gap before the partition")


def main():
    names = sys.argv[1:4]
    boot, core, fs = (open(name, "rb").read() for name in names)
    check(boot, core)
    with open(sys.argv[4], "wb") as out:
        out.write(mbr(boot, len(fs) // SECTOR) + core)
        out.seek(START * SECTOR)
        out.write(fs)


if __name__ == "__main__":
    main()
