#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs tests again and again for some time: `make soak MINUTES=60`.

soak.py HOST MINUTES [SUITE-TAG-OR-TEST...]     (default: the tag soak)
The last line says how many runs there were and how many failed; the output of those that did is
kept in build/soak. Exit status 0: at least one ran, none failed.  Invariant: each test has run
equally often, or once more than those behind it.
"""
import os
import shutil
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = os.path.join(TOP, "build", "soak")


def run_py(host, *words):
    return [sys.executable, os.path.join(TOP, "qemu-test", "run.py"), "--host", host, *words]


def tests(host, names):
    done = subprocess.run(run_py(host, "--list", *names), cwd=TOP, check=True,
                          stdout=subprocess.PIPE, text=True)
    return [line.split("\t")[1] for line in done.stdout.splitlines()]


def keep(test, number):
    """The log of a run that failed."""
    os.makedirs(KEPT, exist_ok=True)
    log = os.path.join(TOP, "build", "test", test + ".log")
    if os.path.exists(log):
        shutil.copy(log, os.path.join(KEPT, f"{test}-{number}.log"))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    host, minutes, names = sys.argv[1], float(sys.argv[2]), sys.argv[3:] or ["soak"]
    chosen, begin, runs, failed = tests(host, names), time.monotonic(), 0, []
    while time.monotonic() - begin < 60 * minutes:
        test = chosen[runs % len(chosen)]
        runs += 1
        if subprocess.run(run_py(host, test), cwd=TOP, check=False).returncode:
            keep(test, runs)
            failed.append(f"{test} (run {runs})")
    took = (time.monotonic() - begin) / 60
    print(f"soak: {took:.0f} minutes, {runs} runs of {len(chosen)} tests, {len(failed)} failed"
          + "".join(f"\n  {f}" for f in failed))
    return int(bool(failed) or not runs)


if __name__ == "__main__":
    sys.exit(main())
