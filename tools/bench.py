#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts Loam's host instructions: guestbench, processes and programs, boots.  See `make bench`.

bench.py [--host H] [--parts P,…] [--skip ROWS] [--rows ROWS]
                                                runs, prints the tables, writes build/bench.json
bench.py --show                                 prints the tables of build/bench.json again
bench.py --doc                                  writes docs/bench.md from build/bench.json
--json FILE names another file than build/bench.json.
Parts (all, side by side where there are cores): rows = guestbench; process = guestimg/process;
linux, disk = boots; wall = the only one that depends on the machine, alone and last.
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

import bench_doc
from bench_process import process_figures, run_disk, run_linux, run_process, run_wall
from bench_run import (FOLDER, GUEST, MACHINES, Failure, instructions, last_counters, row_counters,
                       run)

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOC, ROWS = "docs/bench.md", "guestimg/bench/rows.def"
PARTS = ("disk", "process", "linux", "rows", "wall")    # the longest one first
TICK = 10                       # host instructions in a tick of the host's 100 MHz counter
ROW = re.compile(r'^ROW\("(\w+)",\s*\w+,\s*(\d+),\s*(\d+)\)', re.M)
LINE = re.compile(r"^B 32 (\w+) small=\d+ cold=\d+ warm1=\d+ n=(\d+) t=(\d+) chk=(\w+)", re.M)
SHOWN = {"refills": "tlb_refill_entry", "fills": "fills", "asids": "asids",
         "invalidations": "invalidations", "barriers": "barriers", "blocks": "blocks",
         "insns": "insns"}
DWORDS = 16384                  # that a repetition of repmovs and repstos moves
# Events that are a row's instructions for each repetition, or for each so many parts of one.
EVENTS = {"cr3only": 1, "cr3_32pg": 1, "invlpg": 1, "pf": 1, "softint": 1, "ipi": 1, "out80": 1,
          "in61": 1, "cmos": 1, "in3fd": 1, "mmio": 1, "smc": 1, "cpuid": 1, "rdtsc": 1,
          "movsb24": 1, "repmovs": DWORDS, "repstos": DWORDS, "rmovalias": DWORDS}
EVENT_NAMES = {"repmovs": "movsd_per_dword", "repstos": "stosd_per_dword",
               "rmovalias": "movsd_alias_per_dword"}


def table():
    """[(name, guest instructions for each repetition or 0)] in order."""
    with open(ROWS, encoding="utf-8") as f:
        return [(name, int(insns)) for name, _, insns in ROW.findall(f.read())]


# --- guestbench

def choose_rows(image, skip):
    names = [name for name, _ in table()]
    for name in skip:
        if name not in names[:31]:
            raise Failure(f"--skip {name}: no such row, or one that the mask cannot leave out")
    mask = 0xffffffff
    for name in skip:
        mask &= ~(1 << names.index(name))
    subprocess.run([sys.executable, "guestimg/bench/setcfg.py", image, f"{mask:#x}"], check=True)


def run_rows(host, skip):
    """[(name, {n, t, chk, guest, counters, plugin counts})], the closing counters, the checks."""
    image = f"{FOLDER}/gb32.img"
    shutil.copyfile(f"{GUEST}/gb32.img", image)
    choose_rows(image, skip)
    text, counts = run(host, "gb32", "qemu-test/boot/gb32.cfg",
                       {"bios-256k.bin": f"{GUEST}/bios-256k.bin", "gb32.img": image}, 900, True)
    counts = dict(counts)
    lines = {name: (int(n), int(t), chk) for name, n, t, chk in LINE.findall(text)}
    counters, rows = row_counters(text), {}
    for place, (name, guest) in enumerate(table(), 1):
        if name in skip:
            continue
        if name not in lines or place not in counters or str(place) not in counts:
            raise Failure(f"row {name} did not run to its end ({FOLDER}/gb32.log)")
        n, t, chk = lines[name]
        rows[name] = {"n": n, "t": t, "chk": chk, "guest": guest, "counted": counts[str(place)],
                      "counters": counters[place] | counts[str(place)]}
    return rows, last_counters(text)


def agreement(rows):
    """Sum of the rows by the guest's TSC, and by the plugin.  Waiting (hlt1k) is no instruction."""
    chosen = [r for name, r in rows.items() if name != "hlt1k"]
    tsc, counted = sum(r["t"] for r in chosen), sum(instructions(r["counted"]) for r in chosen)
    return {"tsc": tsc, "plugin": counted, "difference": abs(tsc - counted) / counted}


def row_figures(rows):
    """{row: host instructions for each guest instruction}."""
    figures = {name: r["t"] / (r["n"] * r["guest"]) for name, r in rows.items() if r["guest"]}
    if "chasefl" in rows:       # its CR3 loads are 1 in 100000 repetitions of chaseN's work
        r = rows["chasefl"]
        figures["chasefl"] = r["t"] / (r["n"] * rows["chaseN"]["guest"])
    return figures


def event_figures(rows):
    """{event: host instructions for each}."""
    figures = {EVENT_NAMES.get(name, name): rows[name]["t"] / (rows[name]["n"] * parts)
               for name, parts in EVENTS.items() if name in rows}
    touched = rows["remap"]     # in whole rounds of 256 pages; its checksum is a time
    figures["tlb_fill"] = int(touched["chk"], 16) / (-(-touched["n"] // 256) * 256)
    if "alu" in rows:
        ticks, alu = rows["ticks1k"], rows["alu"]   # without what was still translated there
        spent = alu["counted"]["insn_cache"] * ticks["n"] / alu["n"]
        figures["ticks1k"] = (ticks["t"] - spent) / int(ticks["chk"], 16)
    figures["hlt1k"] = instructions(rows["hlt1k"]["counted"]) / rows["hlt1k"]["n"]
    return figures


# --- all of it

def per_translated(last):
    return last["translating"] * TICK / last["insns"]


def part_rows(host, skip):
    rows, last = run_rows(host, skip)
    return {
        "rows": row_figures(rows), "events": event_figures(rows),
        "translate_per_guest_insn": per_translated(last), "translate_measured_in": "guestbench",
        "monitor_bytes": last["memory"], "monitor_bytes_allowed": last["allowed"],
        "agreement": agreement(rows), "skipped": skip,
        "counters": {name: {k: r["counters"][at] for k, at in SHOWN.items()}
                     for name, r in rows.items()},
        "cache_share": {name: r["counted"]["insn_cache"] / instructions(r["counted"])
                        for name, r in rows.items()},
    }


def part_linux(host):
    reached, total, last = run_linux(host)
    return {
        "boots": {"linux686": reached},
        "translate_per_guest_insn": per_translated(last), "translate_measured_in": "linux686",
        "monitor_bytes": last["memory"], "monitor_bytes_allowed": last["allowed"],
        "linux686_counters": {k: last[k] for k in ("blocks", "insns", "fills", "cr3", "asids",
                                                   "invalidations", "barriers")
                              } | {"refills": total["tlb_refill_entry"]},
    }


def part_process(host, choice):
    rows = run_process(host, choice)
    tsc, counted = sum(r["t"] for r in rows.values()), sum(r["plugin"] for r in rows.values())
    return process_figures(rows) | {"process_agreement": {
        "tsc": tsc, "plugin": counted, "difference": abs(tsc - counted) / counted}}


def measure(host, skip, parts, choice):
    """The figures of all parts, and what went wrong, by part."""
    os.makedirs(FOLDER, exist_ok=True)
    work = {"rows": lambda: part_rows(host, skip), "linux": lambda: part_linux(host),
            "disk": lambda: {"boots": {"disk686": run_disk(host)}},
            "process": lambda: part_process(host, choice), "wall": lambda: {"wall": run_wall(host)}}
    result, failed, found = {"parts": parts, "boots": {}, "skipped": skip}, {}, {}

    def attempt(part, figures):
        try:
            found[part] = figures()
        except (Failure, OSError) as e:
            failed[part] = str(e)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(attempt, part, work[part]) for part in PARTS
                if part in parts and part != "wall"]
    for done in runs:
        done.result()
    if "wall" in parts:
        attempt("wall", work["wall"])
    for part in ("rows", "linux", "disk", "process", "wall"):   # later ones say it better
        for key, value in found.get(part, {}).items():
            result[key] = result[key] | value if key == "boots" else value
    return result | {"failed": failed}


def joined(old, new):
    """Figures of parts that ran earlier, in the same tree or they mean nothing, and now."""
    return old | new | {"boots": old["boots"] | new["boots"],
                        "parts": sorted({*old["parts"], *new["parts"]})}


def judge(result):
    """What makes the figures worthless is a failure; how good they are is not judged here."""
    for part, text in result["failed"].items():
        raise Failure(f"{part}: {text}")
    for key in ("agreement", "process_agreement"):
        if key in result and result[key]["difference"] > 0.01:
            raise Failure(f"{key}: the guest's TSC and the plugin's count differ by "
                          f"{result[key]['difference']:.2%}")
    if result.get("monitor_bytes", 0) > result.get("monitor_bytes_allowed", 0):
        raise Failure(f"Loam's own memory: {result['monitor_bytes']} bytes, allowed are "
                      f"{result['monitor_bytes_allowed']}")


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
