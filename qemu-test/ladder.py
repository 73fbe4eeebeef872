#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every test of suites.cfg that has the tag `ladder`, and counts.  Run it by `make ladder`.

ladder.py [--host H] [TEST...]
The host runs under -icount with the plugin that counts instructions: its clock is theirs, so that
a slow build machine changes nothing but the seconds.  Prints a table, writes build/ladder.json.
Not a benchmark: a guest is judged by the texts that it must print, as in `make test`.
Exit status 0: all rungs were reached.  Invariant: a rung that failed is in the table, with why.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

import run

sys.path.insert(0, os.path.join(run.TOP, "tools"))
import bench_run as bench       # noqa: E402: the plugin's options

ICOUNT = "-icount shift=0 -rtc clock=vm".split()
PATIENCE = 4                    # counting costs time: factor of each test's limit
HEAD = ("rung", "reaches", "host instructions", "seconds", "result")


class Runner(run.Runner):
    """Ends QEMU so that the plugin still writes its sums."""

    @staticmethod
    def kill_group(process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        run.Runner.kill_group(process)


def total(path):
    """The instructions that the plugin counted in all; 0 if it told nothing."""
    try:
        with open(path, encoding="utf-8") as f:
            lines = [line.split(" ", 2) for line in f]
    except OSError:
        return 0
    return sum(bench.instructions(bench.pairs(rest)) for _, span, rest in lines
               if span == "total")


def climb(runner, test, host):
    """One rung: a row of the table."""
    option, counts = bench.plugin(host, "ladder-" + test.name, False)
    if os.path.exists(counts):
        os.remove(counts)
    if not any(word == "-icount" for word in test.command):
        option = [*ICOUNT, *option]
    test.command += option
    test.timeout *= PATIENCE
    print(f"{test.name} …", end=" ", flush=True)
    started = time.monotonic()
    output, status, _ = runner.run(test)
    passed, failed, _, why = run.judge(test, output, status)
    print("ok" if not failed else "; ".join(why), flush=True)
    return {"rung": test.name, "reaches": test.expect[-1] if test.expect else "",
            "instructions": total(counts), "seconds": round(time.monotonic() - started, 1),
            "passed": bool(passed and not failed), "why": "; ".join(why)}


def table(rows):
    """The rows as text, each column as wide as it has to be."""
    cells = [HEAD] + [(r["rung"], r["reaches"], f"{r['instructions'] / 1e9:.2f} G",
                       f"{r['seconds']:.0f}", "pass" if r["passed"] else "FAIL: " + r["why"])
                      for r in rows]
    widths = [max(len(c[k]) for c in cells) for k in range(len(HEAD))]
    lines = ["  ".join(c.rjust(w) if k in (2, 3) else c.ljust(w)
                       for k, (c, w) in enumerate(zip(line, widths))).rstrip() for line in cells]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="loongarch64")
    parser.add_argument("names", nargs="*", metavar="TEST")
    args = parser.parse_args()
    for folder in (run.LOGS, bench.FOLDER):
        os.makedirs(os.path.join(run.TOP, folder), exist_ok=True)
    os.chdir(run.TOP)
    runner = Runner()
    signal.signal(signal.SIGTERM, lambda *_: (runner.stop_all(), os._exit(143)))
    try:
        rungs = run.choose(run.load(args.host, []), ["ladder"])
        rungs = [t for t in rungs if t.host == args.host and t.name in (args.names or [t.name])]
        run.prepare(rungs)
        rows = [climb(runner, t, args.host) for t in rungs]
    except run.Config as e:
        sys.exit(f"qemu-test/suites.cfg: {e}")
    except KeyboardInterrupt:
        runner.stop_all()
        return 130
    with open("build/ladder.json", "w", encoding="utf-8") as f:
        json.dump(rows, f, indent=1)
    print("\n" + table(rows))
    reached = sum(r["passed"] for r in rows)
    print(f"{reached} passed, {len(rows) - reached} failed")
    return int(reached != len(rows) or not rows)


if __name__ == "__main__":
    sys.exit(main())
