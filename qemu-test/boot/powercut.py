#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Cuts the power of a guest that writes to its disks, and looks for what was acknowledged.

powercut.py [--seed N] [--starts N] [--cuts N] [--acks N] BUILD GUEST
Each start has three disks of the host (virtio, NVMe, AHCI), which the guest (guestimg/powercut)
sees as IDE, AHCI and virtio disks, in another order each time, with and without FUA for ATA disks;
QEMU is killed at a random moment.
nbd.py has what the host's disks were told. From that the disks are made as they would be after a
cut at that moment and at others before: what was flushed is there, of the rest a random part, torn
between blocks. Each time e2fsck must find nothing once the journal is replayed, and all records
that had been acknowledged must be there, whole.
Invariant: an acknowledgement counts from the moment that it was read here, which is never before
the guest gave it.
"""
import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib

import disk_guest
import nbd
from disk_guest import FILE_SYSTEM, GUESTS, SIZE, Failure

RAW_AT, SLOT = FILE_SYSTEM + 4096, 8192         # powercut.c
RECORD = struct.Struct("<8sIIIIII")
LOG, FILE, RAW = range(3)
BAD = ("I/O error", "PANIC", "Kernel panic", "EXT4-fs err")


def file_system(folder):
    """A disk with ext4 at its beginning."""
    path = os.path.join(folder, "empty.img")
    with open(path, "wb") as f:
        f.truncate(FILE_SYSTEM)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-F", "-b", "4096", "-O", "^resize_inode",
                    "-U", "4c6f616d-0000-4000-8000-000000000002",
                    "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", path], check=True)
    with open(path, "rb") as f:
        return bytearray(f.read()) + bytearray(SIZE - FILE_SYSTEM)


class Start:
    """One start of QEMU: its disks' logs, and where in them each acknowledgement came."""

    def __init__(self, args, folder, seed, empty):
        self.chance = random.Random(seed)
        self.folder = os.path.join(folder, str(seed))
        os.mkdir(self.folder)
        images = [nbd.label(bytearray(empty), FILE_SYSTEM, f"LOAM-POWERCUT {n}")
                  for n in range(len(GUESTS))]
        self.machine = disk_guest.Machine(args.build, args.guest, self.folder, seed, images,
                                          f"loam.seed={seed} loam.fua={seed % 2}")
        self.disks = self.machine.disks
        self.acks, self.wanted, self.end = [], 0, None

    def run(self, acks):
        """Until so many acknowledgements have come, and some requests more."""
        self.wanted = acks
        self.machine.run(self.heard, self.over)

    def over(self):
        if self.end is None and len(self.acks) >= self.wanted:
            self.end = self.requests() + self.chance.randrange(40)
        return self.end is not None and self.requests() >= self.end

    def requests(self):
        return sum(len(d.log.entries) for d in self.disks)

    def heard(self, line):
        """The console: lines "A disk kind number"."""
        words = line.split()
        if len(words) == 4 and words[0] == "A" and all(w.isdigit() for w in words[1:]):
            disk, kind, number = map(int, words[1:])
            self.acks.append((disk, kind, number, len(self.disks[disk].log.entries)))
        elif any(bad in line for bad in BAD):
            raise Failure(line)


# --- what is on a disk

def whole(data, disk, kind, number):
    """The bytes that a record takes if it is there, whole; else 0."""
    if len(data) < RECORD.size:
        return 0
    magic, *who, size, total, _ = RECORD.unpack_from(data)
    end = RECORD.size + size
    if magic != b"LOAMREC1" or tuple(who) != (disk, kind, number) or end > len(data):
        return 0
    clean = bytes(data[:24]) + bytes(4) + bytes(data[28:end])
    return end if zlib.crc32(clean) == total else 0


def missing(image, files, disk, acks):
    """Which of the acknowledged records are not there."""
    lost, at = [], 0
    last = {kind: max((n for k, n in acks if k == kind), default=-1) for kind in (LOG, FILE, RAW)}
    for number in range(last[LOG] + 1):
        size = whole(files.get("log", b"")[at:at + 2 * SLOT], disk, LOG, number)
        if not size:
            lost.append(f"record {number} of log, at byte {at}")
            break
        at += size
    for number in range(last[FILE] + 1):
        if not whole(files.get(f"f{number}", b""), disk, FILE, number):
            lost.append(f"file f{number}")
    for number in range(last[RAW] + 1):
        start = RAW_AT + number * SLOT
        if not whole(image[start:start + SLOT], disk, RAW, number):
            lost.append(f"sectors of record {number}")
    return lost


def read_files(path, folder):
    """All files of the file system. Raises Failure if e2fsck finds anything."""
    subprocess.run(["e2fsck", "-y", "-E", "journal_only", path], capture_output=True, check=False)
    done = subprocess.run(["e2fsck", "-f", "-n", path], capture_output=True, check=False)
    if done.returncode:
        raise Failure("e2fsck: " + done.stdout.decode("utf-8", "replace"))
    os.mkdir(folder)
    subprocess.run(["debugfs", "-R", f"rdump / {folder}", path], capture_output=True, check=True)
    files = {}
    for name in os.listdir(folder):
        if os.path.isfile(os.path.join(folder, name)):
            with open(os.path.join(folder, name), "rb") as f:
                files[name] = f.read()
    return files


def judge(start, disk, at, chance):
    """One power cut. Returns what is wrong with it, and how many records were looked for."""
    log = start.disks[disk].log
    image = log.cut(at, chance)
    acks = [(kind, number) for d, kind, number, when in start.acks if d == disk and when <= at]
    with tempfile.TemporaryDirectory(dir=start.folder) as folder:
        path = os.path.join(folder, "disk.img")
        with open(path, "wb") as f:
            f.write(image[:FILE_SYSTEM])
        try:
            files = read_files(path, os.path.join(folder, "files"))
        except Failure as e:
            return [str(e)], len(acks)
    return missing(image, files, disk, acks), len(acks)


def moments(start, disk, count, chance):
    """The kill, and moments before: (where in the log, how chance has it).

    Half of them are at an acknowledgement, and then all is lost that was not flushed.
    """
    acks = [when for d, _, _, when in start.acks if d == disk]
    end = len(start.disks[disk].log.entries)
    strict = chance.sample(acks, min(len(acks), count // 2))
    return [(at, None) for at in strict] + [(end, chance)] + [
        (chance.randrange(end + 1), chance) for _ in range(count - len(strict) - 1)]


def one_start(args, folder, seed, empty):
    """Returns how many cuts were good, and how many not."""
    chance = random.Random(-seed)
    start = Start(args, folder, seed, empty)
    pairs = start.machine
    try:
        start.run(chance.randrange(args.acks // 2, args.acks))
    except Failure as e:
        print(f"FAIL start {seed}, {pairs}: {e}")
        print(start.machine.text[-2000:].decode("utf-8", "replace"))
        return 0, 1
    good = bad = records = 0
    for disk in range(len(GUESTS)):
        for at, how in moments(start, disk, args.cuts, chance):
            lost, count = judge(start, disk, at, how)
            records += count
            good, bad = good + (not lost), bad + bool(lost)
            if lost:
                print(f"FAIL start {seed}, {GUESTS[disk]} on {start.machine.hosts[disk]}, cut"
                      f" behind {at} of {len(start.disks[disk].log.entries)}: {'; '.join(lost)}")
    print(f"{'FAIL' if bad else 'ok'} start {seed}, {pairs}: {len(start.acks)} records"
          f" acknowledged, {good + bad} power cuts, {records} records looked for", flush=True)
    return good, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--starts", type=int, default=1)
    parser.add_argument("--cuts", type=int, default=16, help="for each disk and start")
    parser.add_argument("--acks", type=int, default=120, help="about when the power goes")
    parser.add_argument("build")
    parser.add_argument("guest")
    args = parser.parse_args()
    good = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        empty = file_system(folder)
        for seed in range(args.seed, args.seed + args.starts):
            more = one_start(args, folder, seed, empty)
            good, bad = good + more[0], bad + more[1]
    print(f"{good} passed, {bad} failed")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
