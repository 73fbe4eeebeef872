#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What several CPUs cost and gain: a part of `make bench`, and tests of how much it may be.

bench_cores.py [PART…]      measures these parts (all), and judges (LIMITS)
costs     host instructions for each guest instruction on 1, 2 and 4 CPUs, LOCK, an interrupt from
          one CPU to another: guestimg/tests/cores.c, each core's instructions by the plugin
ordered   code for several CPUs beside code for one, in guestbench's rows, under -icount
churn     eviction while four CPUs translate (guestimg/tests/churn.c): how long a CPU stands still
clock     two copies of a job on two CPUs beside one: guestimg/smp/twice.c. By the clock: only on
          a quiet machine with a processor for each of the two
Invariant: `clock` says which share of its time QEMU waited for a processor, and how much longer two
copies of a program of the machine's own take than one; where either is more than QUIET or STEADY,
its figures are shown, and not judged.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

import bench_cores_doc
from bench_run import (FOLDER, GUEST, ICOUNT, Failure, boot, function_argument, instructions,
                       last_counters, run, symbols)
from bench_run import ROW_MARKER

TESTS, MARK_AT = "build/native/tests", "4f0000"         # guestimg/tests/cores.h
SMP = ["-smp", "4"]
LINE = re.compile(r"^C (\w+) (\d+) (\d+)$", re.M)
TIME = re.compile(r"^T (\w+) (\d) (\d+)$", re.M)
BENCH_ROW = re.compile(r"^B \d\d (\w+) .* n=(\d+) t=(\d+) ", re.M)
CONFIG = "memory = 128M\nfirmware = bios\nconsole = com1,log\ncpus = 4\n"
WORKS = ("mix", "memcpy32", "xadd", "cmpxchg", "spin")
SPANS = {"ipi_halted": 80, "ipi_running": 90, "loop": 100, "ipi_send": 110}
LOCK_INCS, PLAIN, LOCKED = 8, "71", "61"                # guestimg/tests/cores.h, cores.c
ORDERED_ROWS = ("mix", "list", "matrix", "state", "crc", "memcpy32")
LINUX = """memory = 512M
firmware = bios-256k.bin
console = com1,log
kernel = vmlinuz-cloud-amd64
initrd = twice64.gz
cpus = 2
cmdline = console=ttyS0 quiet cryptomgr.notests noisapnp
"""
QUIET, STEADY, TICK_NS, CHURNS = 0.02, 1.05, 10, 5
NATIVE = [sys.executable, "-c", "for i in range(8_000_000): pass"]
PARTS = ("costs", "ordered", "churn", "clock")
# What the figures may be at most.
LIMITS = {"mix": 1.1, "sha256": 1.1, "shell": 1.3, "ordered": 1.35, "lock_inc": 8, "ipi": 6000,
          "stood": 1_000_000}


def config_of(name, text):
    path = f"{FOLDER}/{name}.cfg"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def program(host, name, config, limit=600, **more):
    """A test program's text and spans; it must have passed."""
    text, spans = run(host, name, config_of(name, config), {"bios": f"{TESTS}/{name}.rom"}, limit,
                      machine=SMP, clock=(), last="guest: power off", **more)
    if "status 0" not in text or "FAIL" in text:
        raise Failure(f"{name}: failed ({FOLDER}/{name}.log)")
    return text, spans


# --- costs

def by_name(spans):
    """
    {span: [instructions of each time and core, the earlier ones first]}, and in translated code. Of
    a span that began on all cores those of the two that take part.
    """
    all_of, cached = {}, {}
    for span, c in spans:
        name, _, core = span.partition(".")
        if name == str(SPANS["ipi_halted"]) and core not in "01":
            continue
        all_of.setdefault(name, []).append(instructions(c))
        cached.setdefault(name, []).append(c["insn_cache"])
    return all_of, cached


def interrupts(all_of, guest):
    """Median host instructions on both cores: the other one halted, or running."""
    halted, send = all_of[str(SPANS["ipi_halted"])], all_of[str(SPANS["ipi_send"])]
    times = len(send)
    both = sorted(a + b for a, b in zip(halted[0::2], halted[1::2]))
    # A round of its loop takes the same each time: what is over is the interrupt's.
    each = round(statistics.median(t / n for t, n in zip(all_of[str(SPANS["loop"])],
                                                         guest[str(SPANS["loop"])])))
    taken = [t - each * n for t, n in zip(all_of[str(SPANS["ipi_running"])],
                                          guest[str(SPANS["ipi_running"])])]
    if len(both) != times or len(taken) != times:
        raise Failure("cores: interrupts that were not counted")
    return {"halted": statistics.median(both),
            "running": statistics.median(taken) + statistics.median(send)}


def costs(host):
    text, spans = program(host, "cores", CONFIG, marker=MARK_AT, counted=["each=1"])
    guest, found = {}, {}
    for _, span, n in LINE.findall(text):
        guest.setdefault(span, []).append(int(n))
    all_of, cached = by_name(spans)
    for row, name in enumerate(WORKS, 1):
        found[name] = {str(n): sum(all_of[f"{row}{n}"]) / guest[f"{row}{n}"][0] for n in (1, 2, 4)}
    # LOCKED's and PLAIN's rounds are as many.
    rounds = guest[PLAIN][0] / 2
    return {"each": found, "lock_inc": (cached[LOCKED][0] - cached[PLAIN][0]) / rounds / LOCK_INCS,
            "ipi": interrupts(all_of, guest)}


# --- ordered

def ordered_rows(host, bits, ordered):
    """{row: host instructions}"""
    name = f"ordered{bits}"
    image = f"{FOLDER}/{name}.img"
    shutil.copyfile(f"{GUEST}/gb{bits}.img", image)
    subprocess.run([sys.executable, "guestimg/bench/setcfg.py", image, ",".join(ORDERED_ROWS)],
                   check=True)
    config = (f"memory = 128M\nfirmware = bios-256k.bin\nconsole = com1,log\ndisk0 = {name}.img\n"
              f"ordered = {ordered}\n")
    text, _ = run(host, name, config_of(name, config),
                  {"bios-256k.bin": f"{GUEST}/bios-256k.bin", f"{name}.img": image}, 300,
                  ROW_MARKER, last="", clock=ICOUNT)
    return {row: int(t) for row, _, t in BENCH_ROW.findall(text)}


def ordered(host):
    """{bits: {row: ordered code's host instructions for one of the other}}"""
    found = {}
    for bits in (32, 64):
        off, on = (ordered_rows(host, bits, how) for how in ("off", "on"))
        found[str(bits)] = {row: on[row] / off[row] for row in ORDERED_ROWS}
    return found


# --- churn

def churn_once(host):
    s = symbols(host, "Tt")
    text, spans = program(host, "churn", CONFIG + "code_cache = 1M\n", counted=[
        function_argument(host, "stood", "dbt_quiet"),
        function_argument(host, "waited", "await_region"),
        function_argument(host, "locked", "blocks_drop"), f"at=waits:{s['await_region']:x}"])
    counts, last = dict(spans)["total"], last_counters(text)
    return {"stood": max(counts["stood"], counts["waited"], counts["locked"]),
            "locked": counts["locked"], "waits": counts["waits"],
            "evictions": last["evictions"], "stood_ns": last["stood"] * TICK_NS}


def churn(host):
    """
    The run in which the longest stand is the shortest: who waits for a core whose thread has no
    processor spins meanwhile, so that a figure within the limit shows more than one over it.
    """
    runs = []
    while len(runs) < CHURNS and not any(r["stood"] <= LIMITS["stood"] for r in runs):
        runs.append(churn_once(host))
    return min(runs, key=lambda r: r["stood"]) | {"runs": len(runs)}


# --- clock

def scheduled(pid):
    """Nanoseconds that its threads ran, and that they waited for a processor."""
    ran = waited = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
            a, b, _ = f.read().split()
        ran, waited = ran + int(a), waited + int(b)
    return ran, waited


def processor_times(seen):
    """{job: {copies: median seconds that QEMU ran}} of what was seen after each line."""
    found = {}
    for (before, _), (after, line) in zip(seen[1:], seen[2:]):     # after the first: warm
        if line:
            found.setdefault(line[0], {}).setdefault(line[1], []).append((after - before) / 1e9)
    return {job: {n: statistics.median(t) for n, t in both.items()}
            for job, both in found.items()}


def seconds_of(copies):
    begin = time.monotonic()
    for process in [subprocess.Popen(NATIVE) for _ in range(copies)]:
        process.wait()
    return time.monotonic() - begin


def machine_ratio():
    """Two copies of a program of this machine's own beside one: what nobody's can better."""
    one, two = zip(*((seconds_of(1), seconds_of(2)) for _ in range(5)))
    return statistics.median(two) / statistics.median(one)


def clock(host):
    """Medians of the guest's times; QEMU's processor time beside, and what it waited for one."""
    whole, seen = {}, []

    def watch(process, log):
        lines = TIME.findall(log.decode(errors="replace").replace("\r", ""))
        for word in (b"T start", b"T end"):
            if word in log and word not in whole:
                whole[word] = scheduled(process.pid)
        if b"T start" in log and len(lines) + 1 != len(seen):
            late = len(lines) > len(seen)       # two lines at once: whose was the time?
            seen.extend([(0, None)] * (len(lines) - len(seen)))
            seen.append((scheduled(process.pid)[0], lines[-1] if lines and not late else None))

    files = {name: f"{GUEST}/{name}" for name in ("bios-256k.bin", "vmlinuz-cloud-amd64",
                                                  "twice64.gz")}
    text = boot(host, "twice", config_of("twice", LINUX), files, 1800, ["-smp", "2"], (),
                last="T end", watch=watch)
    times = {}
    for job, copies, us in TIME.findall(text):
        times.setdefault(job, {}).setdefault(copies, []).append(int(us) / 1e6)
    if len(whole) < 2 or not times:
        raise Failure(f"twice: no figures ({FOLDER}/twice.log)")
    ran, waited = (b - a for a, b in zip(whole[b"T start"], whole[b"T end"]))
    return {"waited": waited / (ran + waited), "machine": machine_ratio(),
            "processors": os.cpu_count(),
            "processor": processor_times(seen),
            "jobs": {job: {n: statistics.median(t) for n, t in both.items()}
                     for job, both in times.items()}}


# --- all of it

def run_cores(host, parts=PARTS):
    work = {"costs": costs, "ordered": ordered, "churn": churn, "clock": clock}
    return {part: work[part](host) for part in parts}


def is_quiet(c):
    return c["waited"] <= QUIET and c["machine"] <= STEADY


def judge(found):
    """[(what, whether it is as it must be)]"""
    checks = []

    def at_most(what, figure, key):
        checks.append((f"{what}: {figure:,.2f} of {LIMITS[key]:,}", figure <= LIMITS[key]))

    for bits, rows in found.get("ordered", {}).items():
        at_most(f"mix of {bits} bits, ordered beside unordered", rows["mix"], "ordered")
    if "costs" in found:
        at_most("LOCK INC", found["costs"]["lock_inc"], "lock_inc")
        for how, n in found["costs"]["ipi"].items():
            at_most(f"an interrupt to a CPU that is {how}", n, "ipi")
    if "churn" in found:
        at_most("longest stand under eviction, instructions", found["churn"]["stood"], "stood")
        checks.append(("evictions", found["churn"]["evictions"] > 0))
    for job, t in found.get("clock", {}).get("jobs", {}).items():
        if is_quiet(found["clock"]):
            at_most(f"two copies of {job} beside one, by the clock", t["2"] / t["1"], job)
    return checks


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    os.makedirs(FOLDER, exist_ok=True)
    parts = sys.argv[1:] or PARTS
    if not set(parts) <= set(PARTS):
        sys.exit(__doc__)
    try:
        found = run_cores("loongarch64", parts)
    except Failure as e:
        sys.exit(f"FAIL {e}")
    print("\n".join(bench_cores_doc.lines(found, LIMITS, is_quiet)))
    checks = judge(found)
    for what, good in checks:
        print("ok" if good else "FAIL", what)
    return int(not all(good for _, good in checks))


if __name__ == "__main__":
    sys.exit(main())
