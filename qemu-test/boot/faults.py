#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The host's disks fail a guest: reads, writes, flushes, an answer that takes long, one that goes.

faults.py BUILD GUEST [--orders N...]
The guest (guestimg/powercut/faults.c) sees them as IDE, AHCI and virtio and tells what came of each
step. Wanted: each error is that disk's, and the sectors beside it are well; the others go on
meanwhile, hold what belongs there, and are there at the end; Loam's log names device and block.
Invariant: no QEMU outlives the test.
"""
import argparse
import os
import re
import sys
import tempfile

import disk_guest
import nbd
from disk_guest import FILE_SYSTEM, GUESTS, SIZE, Failure

SECTOR = 512
READ_BAD, WRITE_BAD, FLUSH_MARK, SLOW, GONE_MARK, GOOD, IDLE, DISCARD = (          # faults.c
    FILE_SYSTEM + n * 0x10000 for n in range(1, 9))
ZERO, EMPTY = FILE_SYSTEM + 0x90200, 0x8000
ERRORS = ("5", "28")            # EIO; ENOSPC
# A write that nobody flushes is on the medium within a second; a busy machine has longer ones.
WITHIN = float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
SLOW_SECONDS = 60       # or until Loam, which waits ten or on a busy machine more, has told of it
# What each step of the guest must end with.
STEPS = {"read": ERRORS[:1], "before": ("0",), "behind": ("0",), "write": ERRORS, "beside": ("0",),
         "mark": ("0",), "flush": ERRORS[:1], "unmark": ("0",), "flush-again": ("0",)}


class Faults:
    """A disk, and what is wrong with it."""

    def __init__(self, disk, slow):
        self.disk, self.slow = disk, slow
        disk.fail, disk.delay = self.fail, self.delay
        self.since = None       # when the slow read came

    def fail(self, kind, offset, size):
        image = self.disk.image
        if kind == nbd.READ and offset <= READ_BAD < offset + size:
            return nbd.EIO
        if kind == nbd.WRITE and offset <= WRITE_BAD < offset + size:
            return nbd.ENOSPC
        if kind == nbd.FLUSH and image[FLUSH_MARK:FLUSH_MARK + 1] == b"F":
            return nbd.EIO
        if image[GONE_MARK:GONE_MARK + 1] == b"G":
            self.disk.leave()
        return 0

    def delay(self, kind, offset, size):
        if self.slow and self.since is None and kind == nbd.READ and offset <= SLOW < offset + size:
            self.since = self.disk.asked[-1][0]
            return SLOW_SECONDS
        return 0


def image(number):
    """Each sector tells whose it is."""
    data = bytearray(SIZE)
    for at in range(0, SIZE, SECTOR):
        nbd.label(data, at, f"{number} {at // SECTOR}.")
    for at in range(0, FILE_SYSTEM, SECTOR):    # no partitions, no file system
        data[at:at + 16] = bytes(16)
    return nbd.label(data, FILE_SYSTEM, f"LOAM-POWERCUT {number}")


def wanted_image(number, idle):
    """What must be on a disk in the end; nbd.py zeroes what is discarded."""
    data = image(number)
    if GUESTS[number] == "virtio":
        for at in (DISCARD, ZERO):
            data[at:at + EMPTY] = bytes(EMPTY)
    for at, what in ((WRITE_BAD + SECTOR, b"b"), (FLUSH_MARK, b"f"), (GOOD + 100 * SECTOR, b"l"),
                     *([(IDLE, b"i")] if idle else [])):
        data[at:at + SECTOR] = what * SECTOR
    return data


def flushed_after(asked, at):
    """How many seconds after the write there the next flush came; None: it did not."""
    writes = [when for when, kind, offset, size in asked
              if kind == nbd.WRITE and offset <= at < offset + size]
    flushes = [when for when, kind, *_ in asked
               if kind == nbd.FLUSH and writes and when >= writes[0]]
    return flushes[0] - writes[0] if flushes else None


class Judge:
    """Counts what is as it should be."""

    def __init__(self):
        self.good = self.bad = 0

    def __call__(self, name, good):
        print("ok" if good else "FAIL", name, flush=True)
        self.good, self.bad = self.good + bool(good), self.bad + (not good)


def told(machine):
    """{(disk, step): error} of what the guest has said; Loam's and QEMU's lines may be within."""
    text = machine.text.decode("utf-8", "replace")
    said = re.sub(r"(?:(?:virtio|nvme|sata)0|qemu-system-\w+): [^\n]*\n", "", text)
    return {(int(d), step): error for d, step, error in
            re.findall(r"F\s+(\d)\s+([a-z-]+)\s+(\d+)\s", said.replace("\r", ""))}


def named(text, host, what, block, why="the device reports"):
    """Does Loam's log tell of an error of this disk in blocks that this one is among?"""
    found = re.findall(rf"{host}: {what} of (\d+) blocks at block (\d+): {why}", text)
    return any(int(first) <= block < int(first) + int(count) for count, first in found)


def check(judge, machine, results, slow, gone):
    text = machine.text.decode("utf-8", "replace")
    for n, (host, kind) in enumerate(zip(machine.hosts, GUESTS)):
        who = f"{kind} on {host}"
        for step, good in STEPS.items():
            got = results.get((n, step))
            judge(f"{who}: {step}: {got}", got in good)
        if kind == "virtio":
            for step, at, wanted in (("discard", DISCARD, nbd.TRIM), ("zero", ZERO, nbd.ZEROES)):
                judge(f"{who}: {step}", results.get((n, step)) == "0")
                asked = {kind for _, kind, offset, size in machine.disks[n].asked
                         if offset <= at < offset + size}
                judge(f"{who}: {step} reached the device as such",
                      wanted in asked or (host == "sata0" and step == "zero"))
        step = "slow" if n == slow else "meanwhile"
        judge(f"{who}: {step}", results.get((n, step)) == "0")
        for step in ("last-read", "last-write", "last-flush"):
            got = results.get((n, step))
            judge(f"{who}: {step}: {got}", got in (ERRORS if n == gone else ("0",)))
        for what, at in (("read", READ_BAD), ("write", WRITE_BAD)):
            judge(f"{who}: the log has the {what}", named(text, host, what, at // SECTOR))
        judge(f"{who}: the log has the flush", f"{host}: flush: the device reports" in text)
        if n != gone:
            judge(f"{who}: nothing else was written",
                  machine.disks[n].image == wanted_image(n, n != slow))
    judge("the log has what got no answer",
          named(text, machine.hosts[slow], "read", SLOW // SECTOR, "no answer"))


def one(judge, args, order, folder):
    slow, gone = order % 3, (order + 1) % 3

    def heard(line):
        if "no answer" in line:
            machine.disks[slow].release()
        if "PANIC" in line or "Kernel panic" in line:
            raise Failure(line)

    def over():
        return sum(step == "last-flush" for _, step in told(machine)) == len(GUESTS)

    machine = disk_guest.Machine(
        args.build, args.guest, folder, order, [image(n) for n in range(len(GUESTS))],
        f"loglevel=1 loam.faults=1 loam.slow={slow} loam.gone={gone}", "com1,log")
    faults = [Faults(d, n == slow) for n, d in enumerate(machine.disks)]
    before = judge.bad
    try:
        machine.run(heard, over)
    except Failure as e:
        judge(str(e), False)
    check(judge, machine, told(machine), slow, gone)
    since = faults[slow].since or 0
    for n, disk in enumerate(machine.disks):
        if n != slow:
            count = sum(since < when < since + 9 for when, *_ in disk.asked)
            judge(f"{GUESTS[n]} went on meanwhile: {count} requests", since and count > 5)
            after = flushed_after(disk.asked, IDLE)
            judge(f"{GUESTS[n]}: what nobody flushed is on the medium after {after} s",
                  after is not None and after < WITHIN)
    if judge.bad > before:
        print(machine.text[-6000:].decode("utf-8", "replace"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, nargs="*", default=[0])
    parser.add_argument("build")
    parser.add_argument("guest")
    args, judge = parser.parse_args(), Judge()
    for order in args.orders:
        with tempfile.TemporaryDirectory() as folder:
            one(judge, args, order, folder)
    print(f"{judge.good} passed, {judge.bad} failed")
    return int(bool(judge.bad))


if __name__ == "__main__":
    sys.exit(main())
