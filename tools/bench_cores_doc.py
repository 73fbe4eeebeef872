# SPDX-License-Identifier: BSD-2-Clause
"""The tables of tools/bench_cores.py, for docs/bench.md and a terminal. Measures nothing.

Each table is (head, rows of texts); a part that did not run has none.
"""

HEAD = """## Several CPUs
By `guestimg/tests/cores.c` (32-bit code, no operating system) in QEMU with a thread for each core
and without -icount, which has one for all; `tools/plugin/count.c` counts each core's instructions.
Each CPU's kernels have data of their own. What depends on time (tries of CMPXCHG, looks at a lock)
the guest counts itself, so that spinning is guest instructions, too. Code is warm, but for a few
chains.
"""

WORK_TEXT = {
    "mix": "mix", "memcpy32": "memcpy32",
    "xadd": "LOCK XADD on one counter of all CPUs, in a loop of 4",
    "cmpxchg": "LOCK CMPXCHG, the same, in a loop of 6",
    "spin": "a spin lock (XCHG, PAUSE) taken and given back: 8 and more",
}
JOB_TEXT = {"mix": "mix", "sha256": "sha256sum of busybox",
            "shell": "a shell's loop of short processes, whose program is new each time"}


def number(v):
    return "-" if v is None else f"{v:.2f}" if v < 100 else f"{v:,.0f}"


def work_table(found, peers):
    head = ["work", "1 CPU", "2 CPUs", "4 CPUs", "QEMU 32, 1 CPU"]
    return head, [[WORK_TEXT[name], *(number(each[n]) for n in ("1", "2", "4")),
                   number(peers.get(name, [None] * 4)[3])]
                  for name, each in found["costs"]["each"].items()]


def bound_rows(found, limits):
    if "costs" in found:
        ipi = found["costs"]["ipi"]
        yield "LOCK INC of a doubleword: host instructions", found["costs"]["lock_inc"], "lock_inc"
        yield ("an interrupt to a CPU in HLT, from the write to the ICR to the handler's first "
               "instruction: host instructions of both cores"), ipi["halted"], "ipi"
        yield "the same, to one that runs", ipi["running"], "ipi"
    for bits, rows in found.get("ordered", {}).items():
        yield (f"mix, {bits} bits: code for several CPUs beside code for one (-icount)",
               rows["mix"], "ordered")
    if "churn" in found:
        yield ("four CPUs that translate and evict: the longest that one stands still for it, "
               "or may have to wait for the cache's lock, in host instructions (1 ns each)",
               found["churn"]["stood"], "stood")


def bound_table(found, limits):
    return ["figure", "now", "at most"], [
        [what, number(v), number(limits[key])] for what, v, key in bound_rows(found, limits)]


def clock_table(found, limits):
    jobs = found["clock"]["jobs"]
    return ["job, by the clock", "one copy s", "two copies s", "ratio", "at most"], [
        [JOB_TEXT[job], f"{t['1']:.3f}", f"{t['2']:.3f}", f"{t['2'] / t['1']:.2f}",
         number(limits[job])] for job, t in jobs.items()]


def notes(found, is_quiet):
    if "ordered" in found:
        for bits, rows in found["ordered"].items():
            yield (f"ordered code beside unordered, {bits} bits: " +
                   ", ".join(f"{row} {ratio - 1:+.1%}" for row, ratio in rows.items()))
    if "churn" in found:
        c = found["churn"]
        yield (f"eviction with four CPUs: {c['evictions']} regions of 64 KiB were evicted; "
               f"{c['waits']} times a CPU waited for one; the lock was held for "
               f"{c['locked']:,} host instructions at most; the longest stand by the clock, in "
               f"which QEMU's threads wait for processors, too: {c['stood_ns'] / 1e6:.3f} ms")
    if "clock" in found:
        c = found["clock"]
        shares = ", ".join(f"{job} {t['2'] / t['1'] / 2:.2f}" for job, t in c["processor"].items()
                           if len(t) == 2)
        yield ("QEMU's processor time for two copies at once, for twice that of one: " + shares)
        yield (f"by the clock: two CPUs on a machine with {c['processors']} processors, median of "
               f"five; QEMU waited for one {c['waited']:.1%} of its time; two copies of a program "
               f"of that machine's own take {c['machine']:.2f} times what one takes" +
               ("" if is_quiet(c) else " (too much: these figures are not judged)"))


def tables(found, limits, peers):
    shown = []
    if "costs" in found:
        shown.append(work_table(found, peers))
    shown.append(bound_table(found, limits))
    if "clock" in found:
        shown.append(clock_table(found, limits))
    return shown


def lines(found, limits, is_quiet, peers=()):
    """For a terminal."""
    return [*("  ".join(row) for head, rows in tables(found, limits, dict(peers))
              for row in (head, *rows)), *notes(found, is_quiet)]
