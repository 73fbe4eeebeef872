#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the fuzz guest (guestimg/fuzz) in Loam in QEMU and watches over both.

guest.py [--host H] [--seconds N | --rounds N] [--seed S] [--real FILE] [-v]
A failure is a panic or a trap dump of the monitor, QEMU's end without a power off, or no sign of
life from the monitor's timer.  A guest that only hangs itself is started anew with the next seed.
Exit status 1 if something failed.  Invariant: a round's seed is the one before's plus 1.
"""
import argparse
import os
import re
import select
import struct
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NATIVE = os.path.join(TOP, "build", "native")
ROUND = re.compile(r"\[round (\d+) seed (\d+)\]")
BEAT = re.compile(r"Loam: alive (\d+)")
BROKEN = re.compile(r"PANIC:|trap: .*|ASSERT|FAIL")
SEED_AT, REAL_AT, REAL_ROOM = 0x3f000, 0x10000, 0x1fffc         # in the ROM (fuzz.lds)
OFF = "guest: power off"
STUCK_BEATS = 5                 # so long after a round's beginning, the guest hangs itself
SCALE = float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
SILENCE = 60 * SCALE            # seconds without a beat: the monitor hangs


class Machine:
    """One QEMU with Loam and the guest, from one seed on."""

    def __init__(self, args, seed):
        image = bytearray(open(os.path.join(NATIVE, "fuzz", "fuzz.rom"), "rb").read())
        code = open(args.real, "rb").read()[:REAL_ROOM] if args.real else b""
        image[SEED_AT:SEED_AT + 4] = struct.pack("<I", seed & 0xffffffff)
        image[REAL_AT:REAL_AT + 4 + len(code)] = struct.pack("<I", len(code)) + code
        self.rom = os.path.join(NATIVE, "fuzz", f"fuzz.{os.getpid()}.rom")
        with open(self.rom, "wb") as f:
            f.write(image)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--"] +
            "qemu-system-loongarch64 -M virt -cpu la464 -m 256M -smp 1 -display none -monitor none"
            " -serial stdio -net none -icount shift=0,sleep=off -seed 1".split() +
            ["-rtc", "base=2026-01-01T00:00:00,clock=vm", "-kernel", f"build/{args.host}/loam.elf",
             "-fw_cfg", "name=opt/loam/loam.cfg,file=qemu-test/fuzz/guest.cfg",
             "-fw_cfg", f"name=opt/loam/bios,file={self.rom}"],
            cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.text, self.at, self.last, self.beats = "", 0, -1, 0
        self.heard = time.monotonic()

    def read(self):
        """What is new: the rounds that have begun.  None: the process has ended."""
        if not select.select([self.process.stdout], [], [], 1)[0]:
            return []
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            return None
        self.text += data.decode("latin-1")
        begun, end = [], self.at
        for m in ROUND.finditer(self.text, self.at):
            begun.append(int(m[1]))
            end, self.beats = m.end(), 0
        for m in BEAT.finditer(self.text, self.at):
            self.heard = time.monotonic()
            self.beats += m.start() >= end or not begun
            end = max(end, m.end())
        self.at = end
        return begun

    def stop(self):
        self.process.kill()
        self.process.wait()
        os.unlink(self.rom)

    def tail(self, lines=40):
        return "".join(f"    | {line}\n" for line in self.text.splitlines()[-lines:])


class Run:
    """Counts of all machines of this run."""

    def __init__(self, args):
        self.args, self.rounds, self.failed, self.restarts = args, 0, 0, 0
        self.until = time.monotonic() + args.seconds

    def over(self):
        return self.rounds >= self.args.rounds or time.monotonic() >= self.until

    def fail(self, machine, seed, why):
        self.failed += 1
        print(f"FAIL fuzz guest: seed {seed}: {why}\n{machine.tail()}", flush=True)

    def watch(self, machine, seed):
        """Until something ends this machine.  Returns the number of its rounds."""
        done = 0
        while not self.over():
            begun = machine.read()
            for n in begun or []:
                if n < done:            # the guest has lost its count
                    return done
                self.rounds += 1
                done = n + 1
                if self.args.verbose:
                    print(f"round {n} seed {seed + n}", flush=True)
            now = seed + max(done - 1, 0)
            if BROKEN.search(machine.text):
                time.sleep(1)
                machine.read()
                self.fail(machine, now, "the monitor stops")
                return done
            if begun is None:
                if OFF not in machine.text:
                    self.fail(machine, now, "QEMU has ended")
                return done
            if time.monotonic() - machine.heard > SILENCE:
                self.fail(machine, now, f"no sign of life from the monitor in {SILENCE:g} s")
                return done
            if machine.beats >= STUCK_BEATS:
                return done
            machine.text, machine.at = machine.text[-20000:], max(0, machine.at -
                                                                 max(0, len(machine.text) - 20000))
        return done

    def run(self):
        seed = self.args.seed
        print(f"fuzz guest: seeds {seed} …", flush=True)
        while not self.over() and self.failed < 20:
            machine = Machine(self.args, seed)
            try:
                done = self.watch(machine, seed)
            finally:
                machine.stop()
            self.restarts += 1
            seed += max(done, 1)
        print(f"fuzz guest: {self.rounds} rounds, seeds {self.args.seed} … {seed - 1}, "
              f"{self.restarts} starts")
        print(f"{self.rounds} passed, {self.failed} failed")
        return 1 if self.failed or not self.rounds else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="loongarch64")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", help="a file with x86 code to make mistakes in")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    if args.seconds is None:
        args.seconds = 1e9 if args.rounds else 60
    args.rounds = args.rounds or 1 << 60
    sys.exit(Run(args).run())


if __name__ == "__main__":
    main()
