#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Where Loam's host instructions go: by function of the monitor, and in the code cache.

profile.py [linux | gb32 | process | … | ROW | ROW@64] [--host H] [--lines N]

Boots the guest as `make bench` does, with the profiling plugin (the disk: to its login); of a ROW
of guestimg/process or of guestimg/bench, what lies between its two time stamps is counted, and
shown for each repetition.  A boundary between functions can lie within one of the plugin's 16-byte
pieces: such a piece counts for the function that begins before its middle.  Not a judge: it fails
only if the guest does not come to its end.
"""
import argparse
import bisect
import os
import re
import shutil
import subprocess
import sys

import bench_process
import bench_run as bench
import mkesp

PLUGIN = "build/native/profile.so"
GUESTS = {"linux": ("qemu-test/boot/linux-bench.cfg", ("vmlinuz-686", "initramfs-686.gz")),
          "process": ("qemu-test/boot/process.cfg", ("vmlinuz-686", "process.gz")),
          "disk": (bench_process.KINDS[32].disk, ("debian12.img",)),
          "gb32": ("qemu-test/boot/gb32.cfg", ("gb32.img",)),
          "gb64": ("qemu-test/boot/gb64.cfg", ("gb64.img",)),
          "linux64": ("qemu-test/boot/linux64-bench.cfg",
                      ("vmlinuz-cloud-amd64", "initramfs-amd64.gz")),
          "process64": ("qemu-test/boot/process64.cfg", ("vmlinuz-cloud-amd64", "process64.gz"))}
ROW = re.compile(r'^ROW\("(\w+)",\s*\w+,\s*(\d+)', re.M)
LAST_PLACE = 31                 # of the mask: stands for all from there on (setcfg.py)


def bench_rows():
    """{name: (place, repetitions)} of guestimg/bench; NAME@64 is the 64-bit image's."""
    with open("guestimg/bench/rows.def", encoding="utf-8") as f:
        rows = {name: (place, int(n)) for place, (name, n) in enumerate(ROW.findall(f.read()))}
    return rows | {name + "@64": row for name, row in rows.items()}


def process_rows():
    """Names of guestimg/process's rows; NAME@64 is the 64-bit guest's."""
    return [name + kind.suffix.replace("64", "@64") for name, _ in bench_process.table()
            for kind in bench_process.KINDS.values()]


def functions(host):
    """Addresses and names of the monitor's functions, sorted by address."""
    with open(f"build/{host}/loam.nm", encoding="utf-8") as f:
        return sorted((int(at, 16), name) for at, kind, name in (line.split() for line in f)
                      if kind in "Tt")


def fold(path, host):
    """{function or place: instructions}, and [(instructions, address)] of the code cache."""
    s = bench.symbols(host)
    start, end = s["image_text_start"], s["image_text_end"]
    known = functions(host)
    starts = [at for at, _ in known]
    by_name, pieces = {}, []
    with open(path, encoding="utf-8") as f:
        lines = [(int(at, 16), int(n)) for at, n in (line.split() for line in f)]
    for at, n in lines:
        if start <= at < end:
            name = known[bisect.bisect(starts, at + 8) - 1][1]
        elif at:
            name = "(translated code)"
            pieces.append((n, at))
        else:
            name = "(elsewhere: refills)"
        by_name[name] = by_name.get(name, 0) + n
    return by_name, sorted(pieces, reverse=True)


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("guest", nargs="?", default="linux",
                        choices=[*GUESTS, *process_rows(), *bench_rows()])
    parser.add_argument("--host", default="loongarch64", choices=sorted(bench.MACHINES))
    parser.add_argument("--lines", type=int, default=40)
    args = parser.parse_args()
    os.makedirs(bench.FOLDER, exist_ok=True)
    s, out = bench.symbols(args.host), f"{bench.FOLDER}/profile.txt"
    option = ["-plugin", f"{PLUGIN},out={out},"
              f"monitor={s['image_text_start']:x}:{s['image_text_end']:x}"]
    config, names = GUESTS.get(args.guest, GUESTS["process"])
    rounds, number, rows, end = 1, None, bench_rows(), {}
    if args.guest in rows:
        row, _, bits = args.guest.partition("@")
        config, names = GUESTS["gb" + (bits or "32")]
        place, rounds = rows[args.guest]
        number = 2 * max(place - LAST_PLACE, 0)
    elif args.guest == "disk":
        option += ["-m", mkesp.remark(config, "host memory")]
        end = {"last": bench_process.LOGIN, "watch": bench.ends_at(bench_process.LOGIN)}
    elif args.guest not in GUESTS:
        row, _, bits = args.guest.partition("@")
        kind = bench_process.KINDS[int(bits or "32")]
        names = GUESTS["process" + kind.suffix][1]
        config = bench_process.config([row], kind)
        rounds, number = bench_process.reference(kind)[row][0], 0
    files = {name: f"{bench.GUEST}/{name}" for name in ("bios-256k.bin", *names)}
    if args.guest in rows:
        files[names[0]] = shutil.copy(files[names[0]], f"{bench.FOLDER}/profile.img")
        subprocess.run([sys.executable, "guestimg/bench/setcfg.py", files[names[0]], row],
                       check=True)
    if number is not None:
        option[1] += f",span={s['dbt_counters_print']:x}:{number}"
    try:
        bench.boot(args.host, f"profile-{args.guest}", config, files, 3000, option, **end)
    except (bench.Failure, OSError) as e:
        print(f"profile: {e}", file=sys.stderr)
        return 1
    by_name, pieces = fold(out, args.host)
    total = sum(by_name.values())
    print(f"{total:,} host instructions" +
          (f", for each of {rounds} {total / rounds:,.0f}:" if rounds > 1 else ""))
    for name, n in sorted(by_name.items(), key=lambda x: -x[1])[:args.lines]:
        print(f"{n / rounds:14,.0f} {n / total:7.2%}  {name}")
    print("hottest 64 bytes of the code cache")
    for n, at in pieces[:args.lines // 4]:
        print(f"{n / rounds:14,.0f} {n / total:7.2%}  {at:x}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
