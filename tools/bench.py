#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts Loam's host instructions: rows and events of guestbench, a Linux boot.  See `make bench`.

bench.py [--host H] [--no-linux] [--skip ROWS]  runs, prints the tables, writes build/bench.json
bench.py --show                                 prints the tables of build/bench.json again
bench.py --doc                                  writes docs/bench.md from build/bench.json
--json FILE names another file than build/bench.json.
Not a measure of time: the host runs under -icount, where an instruction is a nanosecond of its
clock.  Fixed seed and clock: the same tree gives the same figures.
Invariant: a figure comes from this run alone, and a row that did not run is named, not guessed.
"""
import argparse
import configparser
import json
import os
import re
import shutil
import subprocess
import sys

import bench_doc

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER, DOC = "build/bench", "docs/bench.md"
GUEST, PLUGIN, ROWS = "build/guest", "build/native/count.so", "guestimg/bench/rows.def"
ROW_MARKER = "700000"           # guestimg/bench/bench.h
TICK = 10                       # host instructions in a tick of the host's 100 MHz counter
ICOUNT = ("-icount shift=0,sleep=off -seed 1 -rtc base=2026-01-01T00:00:00,clock=vm").split()
MACHINES = {"loongarch64": ("qemu-system-loongarch64 -M virt -cpu la464 -m 1G -smp 1 -display none"
                            " -monitor none -serial stdio -net none").split()}
ROW = re.compile(r'^ROW\("(\w+)",\s*\w+,\s*(\d+),\s*(\d+)\)', re.M)
LINE = re.compile(r"^B 32 (\w+) small=\d+ cold=\d+ warm1=\d+ n=(\d+) t=(\d+) chk=(\w+)", re.M)
COUNTERS = re.compile(r"^COUNTERS tag=(\d+) (.*)$", re.M)
LAST = re.compile(r"^counters: (.*)$", re.M)
POINTS = ("tlb_refill_entry", "decode", "eval_run", "translate")
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


class Failure(Exception):
    """The figures cannot be had, or are not what they must be."""


def table():
    """[(name, guest instructions for each repetition or 0)] in order."""
    with open(ROWS, encoding="utf-8") as f:
        return [(name, int(insns)) for name, _, insns in ROW.findall(f.read())]


# --- running

def symbols(host):
    """{name: address} of the global symbols."""
    with open(f"build/{host}/loam.nm", encoding="utf-8") as f:
        return {name: int(at, 16) for at, kind, name in (line.split() for line in f)
                if kind in "TRD"}


def plugin(host, name, marker):
    """The -plugin option, and the file that its counts go to."""
    s, out = symbols(host), f"{FOLDER}/{name}.counts"
    args = [PLUGIN, f"monitor={s['image_text_start']:x}:{s['image_text_end']:x}", "accesses=0",
            f"out={out}", *([f"marker={ROW_MARKER}"] if marker else [])]
    for point in POINTS:
        # The refill handler runs with direct addressing.
        at = s[point] & (0xffffffffffff if point == "tlb_refill_entry" else ~0)
        args.append(f"at={point}:{at:x}")
    return ["-plugin", ",".join(args)], out


def boot(host, name, config, files, limit, option):
    """Boots Loam with the -plugin option; returns what it printed."""
    command = [*MACHINES[host], *ICOUNT, *option, "-kernel", f"build/{host}/loam.elf",
               "-fw_cfg", f"name=opt/loam/loam.cfg,file={config}"]
    for key, path in files.items():
        command += ["-fw_cfg", f"name=opt/loam/{key},file={path}"]
    log = f"{FOLDER}/{name}.log"
    limit *= float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
    with open(log, "wb") as f:
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT,
                           timeout=limit)
        except subprocess.TimeoutExpired as e:
            raise Failure(f"{name}: still running after {limit:g} s ({log})") from e
    with open(log, encoding="utf-8", errors="replace") as f:
        text = f.read().replace("\r", "")
    if "guest: power off" not in text:
        raise Failure(f"{name}: did not come to its end ({log})")
    return text


def run(host, name, config, files, limit, marker=False):
    """Boots Loam; returns what it printed and {span: {counter: number}}."""
    option, out = plugin(host, name, marker)
    text = boot(host, name, config, files, limit, option)
    with open(out, encoding="utf-8") as f:
        counts = {span: pairs(rest) for _, span, rest in (line.split(" ", 2) for line in f)}
    return text, counts


def pairs(text):
    """{name: number} of "name=number …"."""
    return {k: int(v) for k, v in (word.split("=") for word in text.split())}


def last_counters(text):
    """{name: number} of the lines `counters: name number …` at power off; words may repeat."""
    found = {}
    for line in LAST.findall(text):
        words = line.split()
        found |= {k: int(v) for k, v in zip(words, words[1:]) if v.isdigit()}
    return found


def instructions(c):
    return c["insn_cache"] + c["insn_monitor"] + c["insn_other"]


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


def row_counters(text):
    """{place: {counter: difference}} of the lines that each row prints before and after itself."""
    before, found = {}, {}
    for tag, rest in COUNTERS.findall(text):
        now = pairs(rest)
        if tag in before:
            found[int(tag)] = {k: v - before[tag][k] for k, v in now.items()}
        before[tag] = now
    return found


def run_rows(host, skip):
    """[(name, {n, t, chk, guest, counters, plugin counts})], the closing counters, the checks."""
    image = f"{FOLDER}/gb32.img"
    shutil.copyfile(f"{GUEST}/gb32.img", image)
    choose_rows(image, skip)
    text, counts = run(host, "gb32", "qemu-test/boot/gb32.cfg",
                       {"bios-256k.bin": f"{GUEST}/bios-256k.bin", "gb32.img": image}, 900, True)
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
    flushed, quiet = rows["chasefl"], rows["chaseN"]
    figures["tlb_fill"] = ((flushed["t"] / flushed["n"] - quiet["t"] / quiet["n"]) * flushed["n"] /
                           flushed["counters"]["fills"])
    if "alu" in rows:
        ticks, alu = rows["ticks1k"], rows["alu"]
        figures["ticks1k"] = (ticks["t"] - alu["t"] * ticks["n"] / alu["n"]) / int(ticks["chk"], 16)
    figures["hlt1k"] = instructions(rows["hlt1k"]["counted"]) / rows["hlt1k"]["n"]
    return figures


# --- Linux

def run_linux(host):
    files = {name: f"{GUEST}/{name}" for name in ("bios-256k.bin", "vmlinuz-686",
                                                  "initramfs-686.gz")}
    text, counts = run(host, "linux686", "qemu-test/boot/linux-bench.cfg", files, 3000)
    if "INIT-OK" not in text:
        raise Failure(f"linux686: no INIT-OK ({FOLDER}/linux686.log)")
    return counts["total"], last_counters(text)


# --- all of it

def per_translated(last):
    return last["translating"] * TICK / last["insns"]


def measure(host, skip, linux):
    os.makedirs(FOLDER, exist_ok=True)
    rows, last = run_rows(host, skip)
    result = {
        "rows": row_figures(rows), "events": event_figures(rows), "boots": {},
        "translate_per_guest_insn": per_translated(last), "translate_measured_in": "guestbench",
        "monitor_bytes": last["memory"], "monitor_bytes_allowed": last["allowed"],
        "agreement": agreement(rows), "skipped": skip,
        "counters": {name: {k: r["counters"][at] for k, at in SHOWN.items()}
                     for name, r in rows.items()},
        "cache_share": {name: r["counted"]["insn_cache"] / instructions(r["counted"])
                        for name, r in rows.items()},
    }
    if linux:
        total, last = run_linux(host)
        result["boots"]["linux686"] = instructions(total)
        result["translate_per_guest_insn"] = per_translated(last)
        result["translate_measured_in"] = "linux686"
        result["monitor_bytes"], result["monitor_bytes_allowed"] = last["memory"], last["allowed"]
        result["linux686_counters"] = {k: last[k] for k in ("blocks", "insns", "fills", "cr3",
                                                            "asids", "invalidations", "barriers")
                                       } | {"refills": total["tlb_refill_entry"]}
    return result


def judge(result):
    """What makes the figures worthless is a failure; how good they are is not judged here."""
    worst = result["agreement"]["difference"]
    if worst > 0.01:
        raise Failure(f"the guest's TSC and the plugin's count differ by {worst:.2%}")
    if result["monitor_bytes"] > result["monitor_bytes_allowed"]:
        raise Failure(f"Loam's own memory: {result['monitor_bytes']} bytes, allowed are "
                      f"{result['monitor_bytes_allowed']}")


def peers():
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str
    with open("tools/peers.cfg", encoding="utf-8") as f:
        parser.read_file(f)
    return {section: {k: [None if w == "-" else float(w) for w in v.split()]
                      for k, v in parser[section].items()} for section in parser.sections()}


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="loongarch64", choices=sorted(MACHINES))
    parser.add_argument("--no-linux", action="store_true", help="leave out the Linux boot")
    parser.add_argument("--skip", default="", help="rows to leave out, joined by commas")
    parser.add_argument("--show", action="store_true", help="print the tables of an earlier run")
    parser.add_argument("--doc", action="store_true", help=f"write {DOC} from an earlier run")
    parser.add_argument("--json", default="build/bench.json", help="where a run's figures are")
    return parser.parse_args()


def main():
    args = arguments()
    os.chdir(TOP)
    try:
        if not (args.show or args.doc):
            result = measure(args.host, [s for s in args.skip.split(",") if s], not args.no_linux)
            with open(args.json, "w", encoding="utf-8") as f:
                json.dump(result, f, indent=1)
        result = load(args.json)
        if args.doc:
            with open(DOC, "w", encoding="utf-8") as f:
                f.write(bench_doc.document(result, peers()))
            return 0
        print(bench_doc.tables(result, peers()))
        judge(result)
    except (Failure, OSError) as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
