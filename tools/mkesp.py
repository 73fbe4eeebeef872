#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds an image of an EFI system partition: one FAT volume, without a partition table.

mkesp.py IMAGE [PATH=FILE]...      PATH is the name in the volume: EFI/BOOT/loam.cfg=build/loam.cfg
mkesp.py IMAGE --boot LOAM.EFI [--config CFG --from FOLDER] [NAME=FILE]...
                                   LOAM.EFI as the default boot program, NAMEs beside it,
                                   CFG as loam.cfg, and the files that it names out of FOLDER
                                   (one that is not there is left out: Loam will tell)
mkesp.py --names CFG               only print the names of these files
mkesp.py --remark WORDS CFG        only print what follows WORDS in a comment of that file
--scatter MIB: the last file named lies in pieces, between others of that size in all.
--mbr, --gpt: the volume is partition 2 of a disk, behind an empty one.
Needs mtools.  Invariant: IMAGE is complete or not there.
"""
import argparse
import binascii
import os
import re
import struct
import subprocess
import sys
import tempfile
import uuid

MIB = 1 << 20
BOOT_FOLDER = "EFI/BOOT/"
BOOT_NAME = BOOT_FOLDER + "BOOTLOONGARCH64.EFI"
SPARE = 2 * MIB         # FAT, folders, the last cluster of each file
FILE_LINE = re.compile(r"\s*(?:firmware|kernel|initrd|cdrom|disk[0-3])\s*=\s*(.*)")
COMMENT = re.compile(r"(^|[ \t])#.*")       # as boot/config.c takes it
DEVICE = re.compile(r"(nvme|sata|virtio)\d{1,3}(p\d{1,3})?")     # a disk of the host, no file
HOLE = 64 * 1024
FAT32_FROM = 512 * MIB  # below: FAT16, whose clusters stay small enough


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                   env=os.environ | {"MTOOLS_SKIP_CHECK": "1"})


def folders_of(paths):
    """Every folder of the paths, outer ones first."""
    found = []
    for path in paths:
        parts = path.split("/")[:-1]
        for n in range(1, len(parts) + 1):
            folder = "/".join(parts[:n])
            if folder not in found:
                found.append(folder)
    return found


def scatter(image, room):
    """Leave holes in the volume: small files, of which every second one goes again."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{n:04}" for n in range(room // HOLE)]
        for name in names:
            with open(os.path.join(folder, name), "wb") as f:
                f.write(bytes(HOLE))
        run("mmd", "-i", image, "::/holes")
        run("mcopy", "-i", image, *(os.path.join(folder, n) for n in names), "::/holes")
    run("mdel", "-i", image, *(f"::/holes/{n}" for n in names[::2]))


def build(image, files, holes=0):
    """files: {path in the volume: file}; holes: bytes of files among which the last one lies."""
    size = SPARE + holes + sum(os.path.getsize(f) + 32768 for f in files.values())
    size = max(16 * MIB, (size + MIB - 1) // MIB * MIB)
    with open(image, "wb") as f:
        f.truncate(size)
    run("mformat", "-i", image, "-T", str(size // 512), "-h", "16", "-s", "63", "-v", "LOAM",
        "-N", "4c6f616d", *(["-F"] if size >= FAT32_FROM else []), "::")
    for folder in folders_of(files):
        run("mmd", "-i", image, "::/" + folder)
    for n, (path, name) in enumerate(files.items()):
        if holes and n == len(files) - 1:
            scatter(image, holes)
        run("mcopy", "-i", image, name, "::/" + path)


def named_in(config):
    """The files that a loam.cfg names."""
    with open(config, encoding="utf-8-sig", errors="replace") as f:
        found = (FILE_LINE.match(COMMENT.sub("", line)) for line in f)
        names = (m[1].split(",")[0].strip() for m in found if m)
        return [name for name in names if name and not DEVICE.fullmatch(name)]


def remark(config, words):
    """What follows these words in a comment of its own; empty if there is none."""
    with open(config, encoding="utf-8-sig", errors="replace") as f:
        found = re.search(rf"^# {re.escape(words)} (.*)$", f.read(), re.M)
        return found[1].strip() if found else ""


def add_named(files, config, folder):
    """Add to `files` what the loam.cfg names out of `folder`; tell what is not there."""
    for name in named_in(config):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            files.setdefault(name, path)
        elif name not in files:
            print(f"mkesp.py: {config} names {name}, which is not in {folder}", file=sys.stderr)


def add_mbr(image):
    """Make the volume partition 2 (type EF) of a disk, from 2 MiB on."""
    with open(image, "rb") as f:
        volume = f.read()
    entries = b"".join(struct.pack("<B3sB3sII", 0, bytes(3), kind, bytes(3), first, count)
                       for kind, first, count in ((0x83, 2048, 2048),
                                                  (0xef, 4096, len(volume) // 512)))
    sector = bytes(446) + entries + bytes(32) + b"\x55\xaa"
    with open(image, "wb") as f:
        f.write(sector + bytes(2 * MIB - len(sector)) + volume)


def gpt_header(own, other, entries_at, sectors, table):
    head = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, own, other, 34,
                       sectors - 34, bytes(16), entries_at, 128, 128, binascii.crc32(table))
    return head[:16] + struct.pack("<I", binascii.crc32(head)) + head[20:] + bytes(512 - len(head))


def add_gpt(image):
    """Make the volume partition 2 (an EFI system partition) of a disk, from 2 MiB on."""
    with open(image, "rb") as f:
        volume = f.read()
    sectors = 4096 + len(volume) // 512 + 34
    kinds = (("0fc63daf-8483-4772-8e79-3d69d8477de4", 2048, 4095),
             ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", 4096, 4096 + len(volume) // 512 - 1))
    table = b"".join(struct.pack("<16s16sQQQ72s", uuid.UUID(kind).bytes_le, bytes((n,)) * 16, first,
                                 last, 0, b"") for n, (kind, first, last) in enumerate(kinds, 1))
    table += bytes(128 * 128 - len(table))
    guard = struct.pack("<B3sB3sII", 0, bytes(3), 0xee, bytes(3), 1, sectors - 1)
    start = bytes(446) + guard + bytes(48) + b"\x55\xaa"
    start += gpt_header(1, sectors - 1, 2, sectors, table) + table
    with open(image, "wb") as f:
        f.write(start + bytes(2 * MIB - len(start)) + volume + table +
                gpt_header(sectors - 1, 1, sectors - 33, sectors, table))


def pair(text):
    path, equals, name = text.partition("=")
    if not path or not equals or not os.path.isfile(name):
        raise argparse.ArgumentTypeError(f"{text}: not PATH=FILE with a file that exists")
    return path, name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image", nargs="?")
    parser.add_argument("--names", metavar="CFG")
    parser.add_argument("--remark", nargs=2, metavar=("WORDS", "CFG"))
    parser.add_argument("--boot", metavar="LOAM.EFI", help="the default boot program")
    parser.add_argument("--config", metavar="CFG")
    parser.add_argument("--from", dest="folder", metavar="FOLDER", default=".")
    parser.add_argument("--scatter", type=int, default=0, metavar="MIB")
    parser.add_argument("--mbr", action="store_true")
    parser.add_argument("--gpt", action="store_true")
    parser.add_argument("files", nargs="*", type=pair, metavar="PATH=FILE")
    args = parser.parse_args()
    if args.names:
        print("\n".join(named_in(args.names)))
        return
    if args.remark:
        print(remark(args.remark[1], args.remark[0]))
        return
    if not args.image:
        parser.error("no IMAGE")
    files = {path.lstrip("/"): name for path, name in args.files}
    if args.config:
        files["loam.cfg"] = args.config
        add_named(files, args.config, args.folder)
    if args.boot:
        files = {BOOT_NAME: args.boot} | {BOOT_FOLDER + path: name for path, name in files.items()}
    try:
        build(args.image + ".new", files, args.scatter * MIB)
        if args.mbr:
            add_mbr(args.image + ".new")
        if args.gpt:
            add_gpt(args.image + ".new")
        os.replace(args.image + ".new", args.image)
    except (OSError, subprocess.CalledProcessError) as e:
        sys.exit(f"mkesp.py: {args.image}: {e}")


if __name__ == "__main__":
    main()
