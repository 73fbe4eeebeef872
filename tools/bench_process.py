# SPDX-License-Identifier: BSD-2-Clause
"""The rows of guestimg/process and the boots: parts of `make bench` that run an operating system.

bench_process.py --reference BITS   counts the rows' guest instructions in QEMU's PC and writes them
                                    to guestimg/process/reference.tab, reference64.tab
Everything is there twice, for the 32-bit guests and the 64-bit ones (KINDS).
Invariant: a program's output is the one that QEMU's PC gave, or the row is a Failure.
"""
import os
import re
import subprocess
import sys
import typing

import mkesp
from bench_run import (FOLDER, GUEST, ICOUNT, Failure, boot, ends_at, instructions, last_counters,
                       row_counters, run)

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROWS = "guestimg/process/rows.def"
ROW = re.compile(r'^(SHELL|FIXED|PIPE|PROGRAM)\("(\w+)"', re.M)
LINE = re.compile(r"^P (\w+) n=(\d+) t=(\d+) chk=(\w+)", re.M)
QUIET = "-display none -monitor none -serial stdio -net none -no-reboot"
# The CPU that Loam shows its 64-bit guests: in order, so that they leave mitigations off.
CPU64 = ("n270,+lm,+syscall,+nx,+cx16,+lahf-lm,+popcnt,+sse4.1,+sse4.2,+rdtscp,+pdpe1gb,+movbe")
LOGIN = "login: "
WALL_ROW = "exec_aslr"


class Kind(typing.NamedTuple):
    """One width of guest."""
    suffix: str                 # of the parts' names
    pc: str                     # QEMU's PC
    kernel: str
    initrd: str                 # Linux's own
    image: str                  # the process benchmark's
    config: str                 # what starts that
    linux: str                  # what starts Linux
    boot: str                   # the boots' names in the result
    table: str
    disk: str
    disk_boot: str


KINDS = {
    32: Kind("", f"qemu-system-i386 -cpu n270 -m 256M {QUIET}", "vmlinuz-686", "initramfs-686.gz",
             "process.gz", "qemu-test/boot/process.cfg", "qemu-test/boot/linux-bench.cfg",
             "linux686", "guestimg/process/reference.tab", "guestimg/run/debian12.cfg", "disk686"),
    64: Kind("64", f"qemu-system-x86_64 -cpu {CPU64} -m 512M {QUIET}", "vmlinuz-cloud-amd64",
             "initramfs-amd64.gz", "process64.gz", "qemu-test/boot/process64.cfg",
             "qemu-test/boot/linux64-bench.cfg", "linux64", "guestimg/process/reference64.tab",
             "guestimg/run/debian13.cfg", "disk64"),
}
# What a guest says that will not come to its end: then the run is over.
LOST = ("triple fault", "PANIC:", "Kernel panic", "Unable to boot", "UNEXPECTED INT", "EXC err=")
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


def config(rows, kind=KINDS[32]):
    """The file that tells Loam, and the guest's /init, what to do."""
    with open(kind.config, encoding="utf-8") as f:
        text = f.read()
    path = f"{FOLDER}/process{kind.suffix}-{'-'.join(rows) or 'all'}.cfg"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.rstrip("\n") + (f" loam.rows={','.join(rows)}" if rows else "") + "\n")
    return path


def printed_rows(text):
    """{name: (n, ticks, checksum)} of what the guest printed."""
    return {name: (int(n), int(t), check) for name, n, t, check in LINE.findall(text)}


def lines(text, wanted, log):
    """The same, of rows that must all be there."""
    found = printed_rows(text)
    for name in wanted:
        if name not in found:
            raise Failure(f"process: row {name} did not run to its end ({log})")
    return found


def reference(kind=KINDS[32]):
    """{name: (n, guest instructions, checksum)} of the table."""
    with open(kind.table, encoding="utf-8") as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    return {name: (int(n), int(insns), check) for name, n, insns, check in rows}


def write_reference(kind):
    os.makedirs(FOLDER, exist_ok=True)
    log = f"{FOLDER}/reference{kind.suffix}.log"
    with open(kind.config, encoding="utf-8") as f:
        options = re.search(r"^cmdline = (.*)$", f.read(), re.M)[1]
    command = [*kind.pc.split(), *ICOUNT, "-kernel", f"{GUEST}/{kind.kernel}",
               "-initrd", f"{GUEST}/{kind.image}", "-append", options]
    with open(log, "wb") as f:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=f, timeout=600)
    with open(log, encoding="utf-8", errors="replace") as f:
        found = lines(f.read().replace("\r", ""), [name for name, _ in table()], log)
    with open(kind.table, "w", encoding="utf-8") as f:
        f.write(HEAD + "".join(f"{name}\t{n}\t{t}\t{check}\n"
                               for name, (n, t, check) in found.items()))


# --- parts of make bench

def files(kind, *more):
    return {name: f"{GUEST}/{name}" for name in ("bios-256k.bin", kind.kernel, *more)}


def run_process(host, choice, bits=32):
    """
    {row: {kind, n, t, guest, counters, the plugin's counts}} of all rows, or of the chosen; the
    rows that did not run.
    """
    kind = KINDS[bits]
    known, log, wanted = reference(kind), f"{FOLDER}/process{kind.suffix}.log", chosen(choice)
    text, counts = run(host, f"process{kind.suffix}", config(choice, kind),
                       files(kind, kind.image), 3000, text="COUNTERS tag=", last="",
                       watch=ends_at(*LOST))
    printed, counters, rows, missing = printed_rows(text), row_counters(text), {}, []
    at = [instructions(c) for span, c in counts if span == "text"]
    caches = [c["insn_cache"] for span, c in counts if span == "text"]
    for k, (place, name, row_kind) in enumerate(wanted):
        if name not in printed:
            missing.append(name)
            continue
        n, t, check = printed[name]
        if name not in known or (n, check) != (known[name][0], known[name][2]):
            raise Failure(f"process: {name} n={n} chk={check} is not what {kind.table} has "
                          f"({log})")
        rows[name] = {"kind": row_kind, "n": n, "t": t, "guest": known[name][1],
                      "plugin": at[2 * k + 1] - at[2 * k],
                      "cache": caches[2 * k + 1] - caches[2 * k],
                      "counters": counters[place]}
    return rows, missing


def process_figures(rows):
    """The three parts of the result: each, for each guest instruction, and seqread in all."""
    each = {name: r["t"] / r["n"] for name, r in rows.items() if r["kind"] != "PROGRAM"}
    return {"seqread": each.pop("seqread", None), "process": each,
            "programs": {name: r["t"] / r["guest"] for name, r in rows.items()
                         if r["kind"] == "PROGRAM"}, "process_rows": rows}


def run_linux(host, bits=32):
    """The plugin's counts to INIT-OK and of all of the boot, Loam's counters."""
    kind = KINDS[bits]
    text, spans = run(host, kind.boot, kind.linux, files(kind, kind.initrd), 3000, text="INIT-OK",
                      watch=ends_at(*LOST), accesses=bits == 64)
    reached = [c for span, c in spans if span == "text"]
    if not reached:
        raise Failure(f"{kind.boot}: no INIT-OK ({FOLDER}/{kind.boot}.log)")
    return reached[0], dict(spans)["total"], last_counters(text)


def run_disk(host, bits=32):
    """Instructions to the disk's `login:`."""
    kind = KINDS[bits]
    names, memory = mkesp.named_in(kind.disk), mkesp.remark(kind.disk, "host memory")
    for name in names:
        if not os.path.exists(f"{GUEST}/{name}"):
            raise Failure(f"{kind.disk_boot}: no {GUEST}/{name}")
    _, spans = run(host, kind.disk_boot, kind.disk, {name: f"{GUEST}/{name}" for name in names},
                   6000, text=LOGIN, last=LOGIN, watch=ends_at(LOGIN, *LOST),
                   machine=["-m", memory or "1G"])
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

    text = boot(host, "wall", config([WALL_ROW]), files(KINDS[32], "process.gz"), 1200, [], [],
                watch=watch)
    n, ticks, _ = lines(text, [WALL_ROW], f"{FOLDER}/wall.log")[WALL_ROW]
    if 1 not in used or 2 not in used:
        raise Failure("wall: QEMU's processor time was not seen")
    return {"row": WALL_ROW, "n": n, "seconds": ticks / 1e9, "processor": used[2] - used[1]}


if __name__ == "__main__":
    os.chdir(TOP)
    if sys.argv[1:] not in (["--reference", "32"], ["--reference", "64"]):
        sys.exit(__doc__)
    sys.exit(write_reference(KINDS[int(sys.argv[2])]))
