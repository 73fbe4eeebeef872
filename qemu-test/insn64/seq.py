#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sequences of instructions: the build machine's CPU, the evaluator and translated code.

seq.py [--mode 8|4] [--cases N] [--seed S] [--rounds N | --seconds N] [--keep]
seq.py --rom PATH.rom           only that, from PATH.cases and PATH.results
A round makes N sequences of one seed (seq64.c), has the CPU say what is right (oracle64.c),
compares the evaluator natively (eval64.c) and runs a ROM with them in Loam, which compares by
itself: guestimg/insn64, or guestimg/insn for 32-bit code (--mode 4; without --mode rounds take
turns).  The first sequence that fails is reduced: as long as one with fewer instructions fails too.
Exit status 1 if one failed.
Invariant: a round depends on its mode, seed and number of cases alone.
"""
import argparse
import os
import re
import struct
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NATIVE = os.path.join(TOP, "build", "native")
CASE, RESULT, HEAD, RHEAD, UNIT, UNITS = 200, 224, 32, 64, 32, 256
FX64, FX32, FAILED = 416, 288, re.compile(r"FAIL .*?case (\d+)")
BLOCK, SLOT = re.compile(r"^block ([0-9a-f]+) gpa", re.M), 512
BROKEN = re.compile(r"PANIC:.*|trap: .*|FAIL insn\w*: .*")
KNOWN_AT_FAULT = 2
SCALE = float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
MACHINE = ("qemu-system-loongarch64 -M virt -cpu la464 -m 1G -smp 1 -display none -monitor none "
           "-serial stdio -net none -icount shift=0,sleep=off -rtc clock=vm "
           "-kernel build/loongarch64/loam.elf")


def native(*words):
    """Runs a program of ours; its output, or None if it failed."""
    done = subprocess.run([str(w) for w in words], cwd=TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode, done.stdout


def must(*words):
    status, text = native(*words)
    if status:
        sys.exit(f"FAIL {os.path.basename(str(words[0]))}: status {status}: {text[-2000:]}")
    return text


# -- Files of 32-bit code as guestimg/insn takes them (qemu-test/insn/case.h)

def legacy_case(case, vector):
    """One case; which flags count depends on how it ended."""
    gpr = struct.unpack_from("<8Q", case)
    eflags, ignore, at_fault, code, _, fx, _, _, size, start = struct.unpack_from(
        "<4I4H2H", case, 128)
    return struct.pack("<8I2I3H7B3x24s24s", *gpr, eflags, ignore if vector == 3 else at_fault, 0,
                       fx, 0, 0, 0, size, start, 0, KNOWN_AT_FAULT, 0, struct.pack("<I", code), b"")


def legacy_result(result, blob, blobs):
    """One result; its bytes go behind those of the others."""
    gpr = struct.unpack_from("<8Q", result)
    rip, cr2 = struct.unpack_from("<2Q", result, 128)
    eflags, error, at, fx_mask = struct.unpack_from("<4I", result, 160)
    changed = int.from_bytes(result[176:176 + UNITS // 8], "little")
    units = [n for n in range(UNITS) if changed >> n & 1]
    first, end = (units[0] * UNIT, units[-1] * UNIT + UNIT) if units else (0, 0)
    memory = bytearray(((off & 0xff) * 167 + 13) & 0xff for off in range(first, end))
    for k, n in enumerate(units):
        memory[n * UNIT - first:n * UNIT - first + UNIT] = blob[at + k * UNIT:at + (k + 1) * UNIT]
    at += len(units) * UNIT
    fx_mask &= (1 << FX32 // 16) - 1
    place = len(blobs)
    blobs += memory + blob[at:at + 16 * bin(fx_mask).count("1")]
    return struct.pack("<8I5I2HI2BH", *gpr, eflags, rip, cr2, error, place, first, end - first,
                       fx_mask, result[220], 0, 0)


def legacy(cases, results, out_cases, out_results):
    with open(cases, "rb") as f:
        cases = f.read()
    with open(results, "rb") as f:
        results = f.read()
    if len(results) < RHEAD:            # no oracle
        results = bytes(RHEAD)
    _, count, fx, _, code, slot, _, seed = struct.unpack_from("<8I", cases)
    results = results.ljust(RHEAD + count * RESULT, b"\0")
    results_at = [results[RHEAD + k * RESULT:RHEAD + (k + 1) * RESULT] for k in range(count)]
    blob, blobs = results[RHEAD + count * RESULT:], bytearray()
    with open(out_cases, "wb") as f:
        f.write(struct.pack("<6I", 0x43736e49, count, 1, fx, code, slot))
        for k in range(count):
            f.write(legacy_case(cases[HEAD + k * CASE:HEAD + (k + 1) * CASE], results_at[k][220]))
        f.write(f"a sequence of seed {seed}".encode().ljust(40, b"\0"))
        at = HEAD + count * CASE
        for k in range(fx):
            f.write(cases[at + k * FX64:at + k * FX64 + FX32])
        f.write(cases[at + fx * FX64:])
    with open(out_results, "wb") as f:
        body = b"".join(legacy_result(r, blob, blobs) for r in results_at)
        f.write(struct.pack("<3I", 0x52736e49, count, len(blobs)) + results[16:64] + bytes(4))
        f.write(body + blobs)


# -- One file of sequences

class File:
    """Cases, what the CPU makes of them, what Loam does."""

    def __init__(self, args, name=None):
        self.args = args
        self.path = os.path.join(NATIVE, "seq", f"{args.mode}.{os.getpid()}.{name}") \
            if name else args.rom[:-len(".rom")]
        self.cases, self.results, self.rom = (self.path + end for end in
                                              (".cases", ".results", ".rom"))

    def make(self, *how):
        """Returns what seq64 printed."""
        text = must(f"{NATIVE}/seq64", self.cases, *how)
        must(f"{NATIVE}/insn64/oracle", self.cases, self.results)
        return text

    def evaluated(self):
        """Numbers of the cases that fail on the evaluator, and the report."""
        status, text = native(f"{NATIVE}/insn64_eval", self.cases, self.results, "-v")
        failed = [int(n) for n in FAILED.findall(text)]
        if status and not failed:
            sys.exit(f"FAIL insn64_eval: {text[-2000:]}")
        return failed, text

    def make_rom(self):
        cases, results, image = self.cases, self.results, "insn64"
        with open(cases, "rb") as f:
            mode = struct.unpack_from("<8I", f.read(HEAD))[6]
        if mode == 4:
            cases, results, image = self.path + ".c32", self.path + ".r32", "insn"
            legacy(self.cases, self.results, cases, results)
        must("python3", "guestimg/insn/mkrom.py", self.rom, f"{NATIVE}/insn/stage1.bin",
             f"{NATIVE}/{image}/image.bin", cases, results)
        if mode == 4:
            os.unlink(cases)
            os.unlink(results)

    def run(self, trace=""):
        """What the guest and Loam print."""
        config = self.path + ".cfg"
        with open(f"qemu-test/{'insn64/insn64' if self.args.mode == 8 else 'insn/insn'}.cfg",
                  encoding="utf-8") as f, open(config, "w", encoding="utf-8") as out:
            out.write(f.read() + trace)
        command = MACHINE.split()
        for key, file in ("loam.cfg", config), ("bios", self.rom):
            command += ["-fw_cfg", f"name=opt/loam/{key},file={file}"]
        return native("setpriv", "--pdeathsig", "KILL", "--", "timeout", int(600 * SCALE),
                      *command)[1]

    def translated(self):
        """The same of translated code."""
        self.make_rom()
        text = self.run()
        failed = [int(n) for n in FAILED.findall(text)]
        broken = BROKEN.search(text)
        if broken or (not failed and "guest: power off, status 0" not in text):
            print(text[-3000:])
            blocks = [int(a, 16) for a in BLOCK.findall(self.run("trace = exec\n"))]
            base = 0x7e1200000000 if self.args.mode == 8 else 0x10000000
            last = [(a - base) // SLOT for a in blocks if base <= a < base + (SLOT << 20)]
            sys.exit(f"FAIL seed {self.args.seed}: {broken.group(0) if broken else 'no end'} "
                     f"at case {last[-1:]} or the next")
        return failed, text

    def show(self, case):
        """The state before, after and as it should be; the instructions."""
        text = native(f"{NATIVE}/insn64_eval", self.cases, self.results, "-n", case)[1]
        lines = []
        for line in text.splitlines()[1:]:
            if line.startswith(("FAIL", "    ")):       # the next way; IR
                break
            if not re.search(r" nop(_rm .*)?$", line):
                lines.append(line)
        return "\n".join(lines)

    def remove(self):
        for end in (".cases", ".results", ".rom", ".cfg"):
            if os.path.exists(self.path + end):
                os.unlink(self.path + end)


def reduced(args, file, case, how):
    """The file and the number of the smallest variant that fails as the case does."""
    best, size, turn = (file, case), 1 << 30, 0
    while True:
        turn += 1
        next_file = File(args, f"cut{turn}")
        text = next_file.make("--cuts", best[0].cases, best[1])
        sizes = [int(n) for n in re.findall(r"variant \d+: (\d+)", text)]
        failing = sorted((sizes[k], k) for k in getattr(next_file, how)()[0] if k < len(sizes))
        if not failing or failing[0][0] >= size:
            next_file.remove()
            return best
        if best[0] is not file:
            best[0].remove()
        size, best = failing[0][0], (next_file, failing[0][1])


def report(args, file, failed, text, how):
    for line in text.splitlines():
        if line.startswith("FAIL"):
            print(line[:400])
    small, case = reduced(args, file, failed[0], how)
    print(f"seed {args.seed} case {failed[0]}, {how}, reduced:\n{small.show(case)}", flush=True)
    if not args.keep:
        small.remove()


def round_of(args):
    """How many sequences failed."""
    file = File(args, "all")
    try:
        print(file.make("--mode", args.mode, "--seed", args.seed, "--cases", args.cases).strip(),
              flush=True)
        count = 0
        for how in ("evaluated", "translated"):
            failed, text = getattr(file, how)()
            count += len(failed)
            if failed:
                report(args, file, failed, text, how)
    finally:
        if not args.keep:
            file.remove()
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mode", type=int, choices=(4, 8))
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--keep", action="store_true", help="keep the files")
    parser.add_argument("--rom", help="make this one from its cases and results")
    args = parser.parse_args()
    if args.rom:
        File(args).make_rom()
        return
    os.makedirs(os.path.join(NATIVE, "seq"), exist_ok=True)
    until = time.monotonic() + (args.seconds or 0)
    rounds, failed, mode = 0, 0, args.mode
    while rounds < (args.rounds or 1) or (args.seconds and time.monotonic() < until):
        args.mode = mode or (4 if rounds % 2 else 8)
        failed += round_of(args)
        rounds += 1
        args.seed += 1
    print(f"{rounds * args.cases - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
