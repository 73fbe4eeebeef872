#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts Loam's host instructions: guestbench, processes and programs, boots.  See `make bench`.

bench.py [--host H] [--parts P,…] [--skip ROWS] [--rows ROWS]
                                                runs, prints the tables, writes build/bench.json
bench.py --show                                 prints the tables of build/bench.json again
bench.py --doc                                  writes docs/bench.md from build/bench.json
--json FILE names another file than build/bench.json.
Parts (all, side by side where there are cores): rows = guestbench; process = guestimg/process;
linux, disk = boots; disks = what a sector costs; rows64, process64, linux64, disk64 = the same of
64-bit guests; then alone, one after the other, wall = a row by the clock, and cores = several CPUs
(bench_cores.py), in part by the clock: those depend on the machine.
Invariant: a figure comes from this run alone, unless --keep was asked for; a row that did not run
is named, not guessed.
"""
import argparse
import concurrent.futures
import configparser
import json
import os
import re
import shutil
import subprocess
import sys

import bench_cores
import bench_doc
import bench_disks
from bench_process import LOST, process_figures, run_disk, run_linux, run_process, run_wall
from bench_run import (FOLDER, GUEST, MACHINES, ROW_MARKER, Failure, ends_at, form_checks,
                       instructions, last_counters, row_counters, run)

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOC, ROWS = "docs/bench.md", "guestimg/bench/rows.def"
# The longest ones first.
ALONE = ("wall", "cores")
PARTS = ("disk", "disk64", "process", "process64", "linux", "linux64", "rows", "rows64", "disks",
         *ALONE)
# Guests that need not come to their end yet: what has no figure is named in the tables.
MAY_MISS = ("disk64",)
TICK = 10                       # host instructions in a tick of the host's 100 MHz counter
ROW = re.compile(r'^ROW\("(\w+)",\s*\w+,\s*\d+,\s*(\d+),\s*(\d+)\)', re.M)
LINE = re.compile(r"^B \d\d (\w+) small=\d+ cold=\d+ warm1=\d+ n=(\d+) t=(\d+) chk=(\w+)", re.M)
SHOWN = {"refills": "tlb_refill_entry", "fills": "fills", "asids": "asids",
         "invalidations": "invalidations", "barriers": "barriers", "blocks": "blocks",
         "insns": "insns"}
DWORDS = 16384                  # that a repetition of repmovs and repstos moves
# Events that are a row's instructions for each repetition, or for each so many parts of one.
EVENTS = {"cr3only": 1, "cr3_32pg": 1, "invlpg": 1, "pf": 1, "softint": 1, "ipi": 1, "out80": 1,
          "in61": 1, "cmos": 1, "in3fd": 1, "mmio": 1, "smc": 1, "cpuid": 1, "rdtsc": 1,
          "movsb24": 1, "syscall": 1, "repmovs": DWORDS, "repstos": DWORDS, "rmovalias": DWORDS}
# Rows of 64-bit code of which is told how many accesses are checked.
CHECKED = ("mix", "list")
EVENT_NAMES = {"repmovs": "movsd_per_dword", "repstos": "stosd_per_dword",
               "rmovalias": "movsd_alias_per_dword"}


def table(bits=32):
    """[(name, guest instructions for each repetition or 0)] in order."""
    with open(ROWS, encoding="utf-8") as f:
        found = ROW.findall(f.read())
    return [(name, int(insns64 if bits == 64 else insns32)) for name, insns32, insns64 in found]


# --- guestbench

def choose_rows(image, skip):
    names = [name for name, _ in table(64)]
    for name in skip:
        if name not in names[:31]:
            raise Failure(f"--skip {name}: no such row, or one that the mask cannot leave out")
    mask = 0xffffffff
    for name in skip:
        mask &= ~(1 << names.index(name))
    subprocess.run([sys.executable, "guestimg/bench/setcfg.py", image, f"{mask:#x}"], check=True)


def run_rows(host, skip, bits):
    """
    [(name, {n, t, chk, guest, counters, plugin counts})], the closing counters, the rows that did
    not run.
    """
    image, config = f"{FOLDER}/gb{bits}.img", f"qemu-test/boot/gb{bits}.cfg"
    shutil.copyfile(f"{GUEST}/gb{bits}.img", image)
    choose_rows(image, skip)
    text, counts = run(host, f"gb{bits}", config,
                       {"bios-256k.bin": f"{GUEST}/bios-256k.bin", f"gb{bits}.img": image}, 900,
                       ROW_MARKER, last="", watch=ends_at(*LOST), accesses=bits == 64)
    counts = dict(counts)
    lines = {name: (int(n), int(t), chk) for name, n, t, chk in LINE.findall(text)}
    counters, rows, missing = row_counters(text), {}, []
    for place, (name, guest) in enumerate(table(bits), 1):
        if name in skip:
            continue
        if name not in lines or place not in counters or str(place) not in counts:
            missing.append(name)
            continue
        n, t, chk = lines[name]
        rows[name] = {"n": n, "t": t, "chk": chk, "guest": guest, "counted": counts[str(place)],
                      "counters": counters[place] | counts[str(place)]}
    return rows, last_counters(text), missing


def agreement(rows):
    """Sum of the rows by the guest's TSC, and by the plugin.  Waiting (hlt1k) is no instruction."""
    chosen = [r for name, r in rows.items() if name != "hlt1k"]
    tsc, counted = sum(r["t"] for r in chosen), sum(instructions(r["counted"]) for r in chosen)
    return difference(tsc, counted)


def difference(tsc, counted):
    return {"tsc": tsc, "plugin": counted, "difference": abs(tsc - counted) / max(counted, 1)}


def row_figures(rows):
    """{row: host instructions for each guest instruction}."""
    figures = {name: r["t"] / (r["n"] * r["guest"]) for name, r in rows.items() if r["guest"]}
    if "chasefl" in rows and "chaseN" in rows:
        # Its CR3 loads are 1 in 100000 repetitions of chaseN's work.
        r = rows["chasefl"]
        figures["chasefl"] = r["t"] / (r["n"] * rows["chaseN"]["guest"])
    return figures


def event_figures(rows):
    """{event: host instructions for each}."""
    figures = {EVENT_NAMES.get(name, name): rows[name]["t"] / (rows[name]["n"] * parts)
               for name, parts in EVENTS.items() if name in rows}
    if "remap" in rows:         # in whole rounds of 256 pages; its checksum is a time
        touched = rows["remap"]
        figures["tlb_fill"] = int(touched["chk"], 16) / (-(-touched["n"] // 256) * 256)
    if "alu" in rows and "ticks1k" in rows:
        ticks, alu = rows["ticks1k"], rows["alu"]   # without what was still translated there
        spent = alu["counted"]["insn_cache"] * ticks["n"] / alu["n"]
        figures["ticks1k"] = (ticks["t"] - spent) / int(ticks["chk"], 16)
    if "hlt1k" in rows:
        figures["hlt1k"] = instructions(rows["hlt1k"]["counted"]) / rows["hlt1k"]["n"]
    return figures


# --- all of it

def per_translated(last, where):
    """Loam's closing counters, where the guest came to its end."""
    return {
        "translate_per_guest_insn": last["translating"] * TICK / last["insns"],
        "translate_measured_in": where,
        "monitor_bytes": last["memory"], "monitor_bytes_allowed": last["allowed"],
    } if "translating" in last else {}


def of_width(figures, bits):
    """The result's names: those of 64-bit guests end so."""
    return {key + ("64" if bits == 64 else ""): value for key, value in figures.items()}


def part_rows(host, skip, bits):
    rows, last, missing = run_rows(host, skip, bits)
    checks = {name: form_checks(rows[name]["counted"]) for name in CHECKED
              if bits == 64 and name in rows}
    return {"checks": checks} | of_width({
        "rows": row_figures(rows), "events": event_figures(rows), "missing": missing,
        "agreement": agreement(rows), "skipped": skip,
        "counters": {name: {k: r["counters"][at] for k, at in SHOWN.items()}
                     for name, r in rows.items()},
        "cache_share": {name: r["counted"]["insn_cache"] / instructions(r["counted"])
                        for name, r in rows.items()},
    } | per_translated(last, "guestbench"), bits)


def part_linux(host, bits):
    reached, total, last = run_linux(host, bits)
    name = "linux64" if bits == 64 else "linux686"
    counted = ("blocks", "insns", "fills", "cr3", "asids", "invalidations", "barriers")
    checks = {name: form_checks(reached)} if bits == 64 else {}
    return {"boots": {name: instructions(reached)}, "checks": checks, f"{name}_counters": {
        k: last[k] for k in counted} | {"refills": total["tlb_refill_entry"]},
    } | of_width(per_translated(last, name), bits)


def part_disk(host, bits):
    return {"boots": {"disk64" if bits == 64 else "disk686": run_disk(host, bits)}}


def part_process(host, choice, bits):
    rows, missing = run_process(host, choice, bits)
    tsc, counted = sum(r["t"] for r in rows.values()), sum(r["plugin"] for r in rows.values())
    return of_width(process_figures(rows) | {
        "process_missing": missing, "process_agreement": difference(tsc, counted)}, bits)


def measure(host, skip, parts, choice):
    """The figures of all parts, and what went wrong, by part."""
    os.makedirs(FOLDER, exist_ok=True)
    work = {"wall": lambda: {"wall": run_wall(host)},
            "cores": lambda: {"cores": bench_cores.run_cores(host)},
            "disks": lambda: {"disk_costs": bench_disks.run_disks(host)}}
    for bits, suffix in ((32, ""), (64, "64")):
        work |= {f"rows{suffix}": lambda bits=bits: part_rows(host, skip, bits),
                 f"linux{suffix}": lambda bits=bits: part_linux(host, bits),
                 f"disk{suffix}": lambda bits=bits: part_disk(host, bits),
                 f"process{suffix}": lambda bits=bits: part_process(host, choice, bits)}
    result, failed, found = {"parts": parts, "boots": {}, "checks": {}, "skipped": skip}, {}, {}

    def attempt(part, figures):
        try:
            found[part] = figures()
        except (Failure, OSError) as e:
            failed[part] = str(e)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(attempt, part, work[part]) for part in PARTS
                if part in parts and part not in ALONE]
    for done in runs:
        done.result()
    for part in ALONE:
        if part in parts:
            attempt(part, work[part])
    for part in reversed(PARTS):        # the longer ones say it better
        for key, value in found.get(part, {}).items():
            result[key] = result[key] | value if key in ("boots", "checks") else value
    return result | {"failed": failed}


def joined(old, new):
    """Figures of parts that ran earlier, in the same tree or they mean nothing, and now."""
    return old | new | {"boots": old["boots"] | new["boots"],
                        "checks": old.get("checks", {}) | new["checks"],
                        "parts": sorted({*old["parts"], *new["parts"]})}


def judge(result):
    """What makes the figures worthless is a failure; how good they are only where a row says so."""
    for part, text in result["failed"].items():
        if part not in MAY_MISS:
            raise Failure(f"{part}: {text}")
    for key in ("missing", "process_missing"):
        if result.get(key):
            raise Failure(f"rows that did not run to their end: {' '.join(result[key])}")
    for key in ("agreement", "process_agreement", "agreement64", "process_agreement64"):
        if key in result and result[key]["difference"] > 0.01:
            raise Failure(f"{key}: the guest's TSC and the plugin's count differ by "
                          f"{result[key]['difference']:.2%}")
    for suffix in ("", "64"):
        used, allowed = (result.get(key + suffix, 0) for key in ("monitor_bytes",
                                                                 "monitor_bytes_allowed"))
        if used > allowed:
            raise Failure(f"Loam's own memory: {used} bytes, allowed are {allowed}")
    over = [what for what, good in bench_cores.judge(result.get("cores", {})) if not good]
    if over:
        raise Failure("several CPUs: " + "; ".join(over))


def others():
    """The peers' figures by section, and Loam's earlier ones as "before"."""
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str
    with open("tools/peers.cfg", encoding="utf-8") as f:
        parser.read_file(f)
    return {section: {k: [None if w == "-" else float(w) for w in v.split()]
                      for k, v in parser[section].items()} for section in parser.sections()
            } | {"before": load("tools/bench_before.json")}


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="loongarch64", choices=sorted(MACHINES))
    parser.add_argument("--parts", default=",".join(PARTS), help="what to run")
    parser.add_argument("--skip", default="", help="rows to leave out, joined by commas")
    parser.add_argument("--rows", default="", help="process rows to run, joined by commas")
    parser.add_argument("--keep", action="store_true",
                        help="keep what the file has of parts that do not run now")
    parser.add_argument("--show", action="store_true", help="print the tables of an earlier run")
    parser.add_argument("--doc", action="store_true", help=f"write {DOC} from an earlier run")
    parser.add_argument("--json", default="build/bench.json", help="where a run's figures are")
    return parser.parse_args()


def names(text):
    return [word for word in text.split(",") if word]


def main():
    args = arguments()
    os.chdir(TOP)
    try:
        if not (args.show or args.doc):
            result = measure(args.host, names(args.skip), names(args.parts), names(args.rows))
            if args.keep and os.path.exists(args.json):
                result = joined(load(args.json), result)
            with open(args.json, "w", encoding="utf-8") as f:
                json.dump(result, f, indent=1)
        result = load(args.json)
        if args.doc:
            with open(DOC, "w", encoding="utf-8") as f:
                f.write(bench_doc.document(result, others()))
            return 0
        print(bench_doc.tables(result, others()))
        judge(result)
    except (Failure, OSError) as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
