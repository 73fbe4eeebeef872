#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Reads what tools/plugin/count.c counted while a benchmark image ran, and judges it.

report.py BITS WHAT …: of gb32.img or gb64.img; WHAT is
rows COUNTS                     the guest ran in an emulator of x86 (cache=0:ffffffff): are a row's
                                instructions those of rows.def?
idea COUNTS GUEST               COUNTS is of Loam's host, GUEST as above, both with the same
                                settings in the image: does translated code access guest memory at
                                guest linear addresses, once for each guest access; does warm code
                                do without the decoder and the evaluator?
dump COUNTS                     one line for each row, all counters divided by repetitions
Prints ok and FAIL lines.  Invariant: a row that was asked for and did not run is a failure.
"""
import os
import re
import sys

ROW = re.compile(r'^ROW\("(\w+)",\s*\w+,\s*(\d+),\s*(\d+),\s*(\d+)\)', re.M)
ROUND_IT = 64           # instructions of a row's beginning and end, and of the two time stamps
IDEA_ROWS = ("mix", "memcpy32", "chaseN")
# Data accesses for each guest instruction of a row that has none: in 64-bit code, which has few
# temporaries, one value of a loop of 19 instructions is kept in memory.
ALU_LIMIT = {32: 0.05, 64: 0.2}


def rows(bits):
    """[(name, repetitions, instructions or 0)] in order."""
    with open(os.path.join(os.path.dirname(__file__), "rows.def"), encoding="utf-8") as f:
        found = ROW.findall(f.read())
    return [(name, int(n), int(insns64 if bits == 64 else insns32))
            for name, n, insns32, insns64 in found]


def load(path, bits):
    """{row name: {counter: number}}"""
    counts, table = {}, rows(bits)
    with open(path, encoding="utf-8") as f:
        for line in f:
            word, span, *rest = line.split()
            if word == "count" and span.isdigit() and 0 < int(span) <= len(table):
                counts[table[int(span) - 1][0]] = {k: int(v) for k, v in
                                                   (pair.split("=") for pair in rest)}
    if not counts:
        print(f"FAIL {path}: no row in it")
    return counts


class Verdict:
    failed = 0

    def say(self, good, text):
        self.failed += not good
        print(("ok   " if good else "FAIL ") + text)


def check_rows(counts, bits, verdict):
    for name, n, insns in rows(bits):
        if insns and name in counts:
            more = counts[name]["insn_cache"] - n * insns
            verdict.say(abs(more) <= ROUND_IT, f"{name}: {n} times {insns} instructions {more:+}")
        elif insns:
            verdict.say(False, f"{name}: did not run")


def insns(c):
    return c["insn_cache"] + c["insn_monitor"] + c["insn_other"]


def direct(c):
    return c["guest_load"] + c["guest_store"]


def accesses(c):
    return direct(c) + sum(c[k] for k in ("window_load", "window_store", "other_load",
                                          "other_store"))


def check_warm(name, h, guest_insns, verdict):
    verdict.say(h["eval_run"] == 0, f"{name}: the evaluator was entered {h['eval_run']} times")
    verdict.say(h["decode"] <= guest_insns / 100000,
                f"{name}: the decoder was entered {h['decode']} times in {guest_insns} guest "
                "instructions (1 in 100000 allowed)")


def check_idea(host, guest, bits, verdict):
    for name in IDEA_ROWS:
        if name not in host or name not in guest:
            verdict.say(False, f"{name}: did not run")
            continue
        h, g = host[name], guest[name]
        share, each = direct(h) / max(accesses(h), 1), direct(h) / max(direct(g), 1)
        verdict.say(share >= 0.99, f"{name}: {share:.2%} of the code cache's data accesses are at "
                                   "guest linear addresses (99 % wanted)")
        verdict.say(0.9 <= each <= 1.1, f"{name}: {each:.3f} of them for each guest access")
        print(f"     {name}: {h['outside'] / max(direct(g), 1):.4f} of the monitor's own (probes "
              "of the jump cache, faults, ticks) for each guest access")
    if "alu" in host and "alu" in guest:
        each = (accesses(host["alu"]) + host["alu"]["outside"]) / insns(guest["alu"])
        verdict.say(each < ALU_LIMIT[bits],
                    f"alu: {each:.5f} data accesses for each guest instruction")
    else:
        verdict.say(False, "alu: did not run")
    for name in ("alu", *IDEA_ROWS):
        if name in host and name in guest:
            check_warm(name, host[name], insns(guest[name]), verdict)
    if "mix" in host:
        share = host["mix"]["insn_cache"] / insns(host["mix"])
        verdict.say(share >= 0.95, f"mix: {share:.2%} of all instructions are the code cache's")
    for name in (name for name, _, _ in rows(bits) if name in host and name in guest):
        each = insns(host[name]) / insns(guest[name])
        print(f"{name:10} {each:8.2f} host instructions for each guest instruction")


def dump(counts, bits):
    for name, n, _ in rows(bits):
        if name in counts:
            print(f"{name:10}", *(f"{k}={v / n:.4g}" for k, v in counts[name].items() if v))


def main():
    verdict = Verdict()
    if len(sys.argv) < 4 or sys.argv[1] not in ("32", "64"):
        sys.exit(__doc__)
    bits, what = int(sys.argv[1]), sys.argv[2]
    files = [load(path, bits) for path in sys.argv[3:]]
    if what == "rows" and len(files) == 1:
        check_rows(files[0], bits, verdict)
    elif what == "idea" and len(files) == 2:
        check_idea(*files, bits, verdict)
    elif what == "dump" and len(files) == 1:
        dump(files[0], bits)
    else:
        sys.exit(__doc__)
    return int(bool(verdict.failed) or not all(files))


if __name__ == "__main__":
    sys.exit(main())
