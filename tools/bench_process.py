# SPDX-License-Identifier: BSD-2-Clause
"""The rows of guestimg/process and the boots: parts of `make bench` that run an operating system.

bench_process.py --reference    counts the rows' guest instructions in QEMU's PC and writes them to
                                guestimg/process/reference.tab
Invariant: a program's output is the one that QEMU's PC gave, or the row is a Failure.
"""
import os
import re
import subprocess
import sys

import mkesp
from bench_run import (FOLDER, GUEST, ICOUNT, Failure, boot, ends_at, instructions, last_counters,
                       row_counters, run)

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROWS, TABLE = "guestimg/process/rows.def", "guestimg/process/reference.tab"
ROW = re.compile(r'^(SHELL|FIXED|PIPE|PROGRAM)\("(\w+)"', re.M)
LINE = re.compile(r"^P (\w+) n=(\d+) t=(\d+) chk=(\w+)", re.M)
PC = ("qemu-system-i386 -cpu n270 -m 256M -display none -monitor none -serial stdio -net none"
      " -no-reboot").split()
LINUX = ("bios-256k.bin", "vmlinuz-686")
CONFIG = "qemu-test/boot/process.cfg"
DISK, LOGIN = "guestimg/run/debian12.cfg", "login: "
WALL_ROW = "exec_aslr"
HEAD = """# SPDX-License-Identifier: BSD-2-Clause
# Written by `make bench-reference`: what the rows of rows.def take in QEMU's PC under -icount.
# name, repetitions, guest instructions of all of them (each round of a REP counts), checksum of the
# output.  Address randomisation makes the first rows differ a little from run to run.
"""


def table():
    """[(name, kind)] in order."""
    with open(ROWS, encoding="utf-8") as f:
        return [(name, kind) for kind, name in ROW.findall(f.read())]


def chosen(rows):
    """[(place from 1, name, kind)] of the named rows; of all, if none is named."""
    for name in rows:
        if name not in dict(table()):
            raise Failure(f"process: no row {name} in {ROWS}")
    return [(place, name, kind) for place, (name, kind) in enumerate(table(), 1)
            if not rows or name in rows]


def config(rows):
    """The file that tells Loam, and the guest's /init, what to do."""
    with open(CONFIG, encoding="utf-8") as f:
        text = f.read()
    path = f"{FOLDER}/process-{'-'.join(rows) or 'all'}.cfg"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.rstrip("\n") + (f" loam.rows={','.join(rows)}" if rows else "") + "\n")
    return path


def lines(text, wanted, log):
    """{name: (n, ticks, checksum)} of what the guest printed."""
    found = {name: (int(n), int(t), check) for name, n, t, check in LINE.findall(text)}
    for name in wanted:
        if name not in found:
            raise Failure(f"process: row {name} did not run to its end ({log})")
    return found


def reference():
    """{name: (n, guest instructions, checksum)} of the table."""
    with open(TABLE, encoding="utf-8") as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    return {name: (int(n), int(insns), check) for name, n, insns, check in rows}


def write_reference():
    os.makedirs(FOLDER, exist_ok=True)
    log = f"{FOLDER}/reference.log"
    with open(CONFIG, encoding="utf-8") as f:
        options = re.search(r"^cmdline = (.*)$", f.read(), re.M)[1]
    command = [*PC, *ICOUNT, "-kernel", f"{GUEST}/vmlinuz-686", "-initrd", f"{GUEST}/process.gz",
               "-append", options]
    with open(log, "wb") as f:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=f, timeout=600)
    with open(log, encoding="utf-8", errors="replace") as f:
        found = lines(f.read().replace("\r", ""), [name for name, _ in table()], log)
    with open(TABLE, "w", encoding="utf-8") as f:
        f.write(HEAD + "".join(f"{name}\t{n}\t{t}\t{check}\n"
                               for name, (n, t, check) in found.items()))


# --- parts of make bench

def files(*more):
    return {name: f"{GUEST}/{name}" for name in (*LINUX, *more)}


def run_process(host, choice):
    """{row: {kind, n, t, guest, counters, the plugin's counts}} of all rows, or of the chosen."""
    known, log, wanted = reference(), f"{FOLDER}/process.log", chosen(choice)
    text, counts = run(host, "process", config(choice), files("process.gz"), 3000,
                       text="COUNTERS tag=")
    printed = lines(text, [name for _, name, _ in wanted], log)
    at = [instructions(c) for span, c in counts if span == "text"]
    caches = [c["insn_cache"] for span, c in counts if span == "text"]
    counters, rows = row_counters(text), {}
    for k, (place, name, kind) in enumerate(wanted):
        n, t, check = printed[name]
        if name not in known or (n, check) != (known[name][0], known[name][2]):
            raise Failure(f"process: {name} n={n} chk={check} is not what {TABLE} has ({log})")
        rows[name] = {"kind": kind, "n": n, "t": t, "guest": known[name][1],
                      "plugin": at[2 * k + 1] - at[2 * k],
                      "cache": caches[2 * k + 1] - caches[2 * k],
                      "counters": counters[place]}
    return rows


def process_figures(rows):
    """The three parts of the result: each, for each guest instruction, and seqread in all."""
    each = {name: r["t"] / r["n"] for name, r in rows.items() if r["kind"] != "PROGRAM"}
    return {"seqread": each.pop("seqread", None), "process": each,
            "programs": {name: r["t"] / r["guest"] for name, r in rows.items()
                         if r["kind"] == "PROGRAM"}, "process_rows": rows}


def run_linux(host):
    """Instructions to INIT-OK, the plugin's counts and Loam's counters of all of the boot."""
    text, spans = run(host, "linux686", "qemu-test/boot/linux-bench.cfg",
                      files("initramfs-686.gz"), 3000, text="INIT-OK")
    reached = [c for span, c in spans if span == "text"]
    if not reached:
        raise Failure(f"linux686: no INIT-OK ({FOLDER}/linux686.log)")
    return instructions(reached[0]), dict(spans)["total"], last_counters(text)


def run_disk(host):
    """Instructions to the disk's `login:`."""
    names, memory = mkesp.named_in(DISK), mkesp.remark(DISK, "host memory")
    for name in names:
        if not os.path.exists(f"{GUEST}/{name}"):
            raise Failure(f"disk686: no {GUEST}/{name}")
    _, spans = run(host, "disk686", DISK, {name: f"{GUEST}/{name}" for name in names}, 6000,
                   text=LOGIN, last=LOGIN, watch=ends_at(LOGIN), machine=["-m", memory or "1G"])
    return instructions(next(c for span, c in spans if span == "text"))


def run_wall(host):
    """
    Seconds that the row's repetitions take: the guest's TSC is the host's clock, at 1 GHz.  QEMU's
    processor time beside it, which other work on the machine does not add to.
    """
    used = {}

    def watch(process, log):
        seen = log.count(b"COUNTERS tag=")
        if seen not in used:
            with open(f"/proc/{process.pid}/stat", encoding="utf-8") as f:
                fields = f.read().rpartition(")")[2].split()
            used[seen] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    text = boot(host, "wall", config([WALL_ROW]), files("process.gz"), 1200, [], [], watch=watch)
    n, ticks, _ = lines(text, [WALL_ROW], f"{FOLDER}/wall.log")[WALL_ROW]
    if 1 not in used or 2 not in used:
        raise Failure("wall: QEMU's processor time was not seen")
    return {"row": WALL_ROW, "n": n, "seconds": ticks / 1e9, "processor": used[2] - used[1]}


if __name__ == "__main__":
    os.chdir(TOP)
    if sys.argv[1:] != ["--reference"]:
        sys.exit(__doc__)
    sys.exit(write_reference())
