#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests tools/plugin/count.c: runs count_test.S under it, compares with numbers counted by hand.

count_test.py PLUGIN PROGRAM
Invariant: the expectations here come from reading count_test.S, not from running it.
"""
import os
import subprocess
import sys
import tempfile

QEMU = ("qemu-system-loongarch64 -M virt -cpu la464 -m 1G -display none -monitor none -serial none"
        " -net none -kernel").split()
CACHE, MONITOR = "9000000000300000:9000000000310000", "9000000000200000:9000000000210000"
# Of a row only what is not 0; a store to the marker belongs to the span that it ends.
LOOP = {"insn_cache": 8002, "guest_load": 2000, "guest_store": 1000, "window_load": 1000,
        "window_store": 1000}
SPANS = {
    "1": LOOP | {"insn_monitor": 4, "outside": 3},
    "2": {"insn_cache": 8, "insn_monitor": 1, "guest_load": 3, "guest_store": 3, "other_load": 1,
          "other_store": 1},
}
TOTAL = {"insn_cache": 2 * 8002 + 9, "guest_load": 4003, "guest_store": 2003, "window_load": 2000,
         "window_store": 2000, "other_load": 1, "other_store": 1, "outside": 9}


def run(plugin, program, extra):
    """{span: {counter: number other than 0}} of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        argument = ",".join([os.path.abspath(plugin), f"out={out}", *extra])
        status = subprocess.run(QEMU + [program, "-plugin", argument], timeout=50,
                                stderr=subprocess.DEVNULL).returncode
        if status or not os.path.exists(out):
            return {}
        with open(out, encoding="utf-8") as f:
            lines = [line.split() for line in f]
    return {span: {k: int(v) for k, v in (p.split("=") for p in rest) if v != "0"}
            for _, span, *rest in lines}


def main():
    plugin, program = sys.argv[1:]
    failed = 0

    def say(good, text, got=None):
        nonlocal failed
        failed += not good
        print(f"ok   {text}" if good else f"FAIL {text}: {got}")

    wanted = [f"monitor={MONITOR}", "marker=500000"]
    got = run(plugin, program, [f"cache={CACHE}", *wanted])
    for span, counts in SPANS.items():
        say(got.get(span) == counts, f"span {span} is {counts}", got.get(span))
    total = {k: v for k, v in got.get("total", {}).items() if k in TOTAL}
    say(total == TOTAL, f"the total is {TOTAL}", total)
    say(list(got) == ["1", "2", "total"], "lines 1, 2 and total", list(got))
    other = run(plugin, program, wanted)
    say({k: other.get(k) for k in SPANS} == SPANS, "the window but the monitor as the cache", other)
    uart = [f"uart={MONITOR}", "thr=9000000000480018"]
    sent = run(plugin, program, [*wanted, *uart, "text=ok"])
    say(list(sent) == ["1", "2", "text", "total"], "a line when the text was sent", list(sent))
    say(sent.get("text", {}).get("insn_cache") == TOTAL["insn_cache"] and
        sent.get("text", {}).get("outside") == 7, "of what was counted before its last byte",
        sent.get("text"))
    other_text = run(plugin, program, [*wanted, *uart, "text=oko"])
    say("text" not in other_text, "none for another text", list(other_text))
    wide = run(plugin, program, [f"cache={CACHE}", "guest=48", *wanted])
    say({k: wide.get(k) for k in SPANS} == SPANS, "guest addresses of 48 bits", wide)
    points = run(plugin, program, ["at=entry:9000000000300000", "at=body:9000000000300004",
                                   "accesses=0", *wanted])
    say(points.get("1") == {"insn_cache": 8002, "insn_monitor": 4, "entry": 1, "body": 1000} and
        points.get("2", {}).get("insn_cache") == 8 and points["total"]["body"] == 2000,
        "executions of two points, no accesses", points)
    adds = run(plugin, program, ["word=adds:ffff8000:00100000", "word=none:ffffffff:0",
                                 f"cache={CACHE}", "accesses=0", *wanted])
    say(adds.get("1") == {"insn_cache": 8002, "insn_monitor": 4, "adds": 1000} and
        adds["total"].get("adds") == 2000 and "none" not in adds["total"],
        "executions of a kind of instruction", adds)
    each = run(plugin, program, ["each=1", f"cache={CACHE}", "accesses=0", *wanted,
                                 "longest=loop:9000000000300000:9000000000300028",
                                 "longest=never:9000000000200000:9000000000200004"])
    say(list(each) == ["1.0", "2.0", "total"] and
        each["1.0"] == {"insn_cache": 8002, "insn_monitor": 4} and
        each["total"].get("loop") == 8001 and "never" not in each["total"],
        "spans of a core; instructions from a function's first one to its return", each)
    for bad in ("each=2", "longest=x", "longest=x:1", "longest=:1:2", "at=x", "at=:10", "at=x:",
                "accesses=2", "cache=10", "guest=31", "marker=", "what=1", "monitor=2:1", "word=x",
                "word=x:1", "word=:1:1", "word=x:1:"):
        say(run(plugin, program, [bad]) == {}, f"{bad} is refused", "it ran")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
