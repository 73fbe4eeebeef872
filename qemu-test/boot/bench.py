#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs a benchmark image, gb32.img or gb64.img, under the counting plugin and judges the counts.

bench.py reference BITS             in QEMU's x86 PC: the rows' guest instructions
bench.py idea BITS [ROWS [SCALE]]   there and in Loam: guest memory at guest linear addresses
Keeps counts and the guest's lines in build/test.  Not a measure of time.
Invariant: the image in build/guest is not changed; a copy is.
"""
import os
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOGS, BENCH = "build/test", "guestimg/bench"
PLUGIN, HOST = "build/native/count.so", "build/loongarch64"
IDEA_ROWS = "alu,mix,memcpy32,chaseN"
# Of a guest's addresses.
GUEST_BITS = {"32": "guest=32", "64": "guest=48"}
QEMUS = {"32": "qemu-system-i386", "64": "qemu-system-x86_64"}
# Functions of Loam whose entries are counted; report.py says how often they may be entered.
POINTS = ("decode", "eval_run")
ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
QUIET = ["-display", "none", "-monitor", "none", "-serial", "stdio", "-net", "none", "-no-reboot"]


def reference(image, bits):
    """Command and plugin arguments for the x86 PC."""
    return ([QEMUS[bits], *QUIET, "-m", "128M",
             "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
             "-drive", f"file={image},format=raw,if=ide,snapshot=on"], ["cache=0:ffffffff"])


def loam(image, bits):
    """The same for Loam: all of the cached window that is not Loam's text is translated code."""
    with open(f"{HOST}/loam.nm", encoding="utf-8") as f:
        symbols = {name: at for at, kind, name in (line.split() for line in f) if kind in "TRDB"}
    contexts = symbols["first_contexts"]
    end = min(at for at in symbols.values() if at > contexts)
    text = symbols["image_text_start"] + ":" + symbols["image_text_end"]
    points = [f"at={name}:{symbols[name]}" for name in POINTS]
    return (["qemu-system-loongarch64", *QUIET, *ICOUNT, "-M", "virt", "-cpu", "la464",
             "-m", "1G", "-kernel", f"{HOST}/loam.elf",
             "-fw_cfg", f"name=opt/loam/loam.cfg,file=qemu-test/boot/gb{bits}.cfg",
             "-fw_cfg", "name=opt/loam/bios-256k.bin,file=build/guest/bios-256k.bin",
             "-fw_cfg", f"name=opt/loam/gb{bits}.img,file={image}"],
            [f"monitor={text}", f"probed={contexts}:{end}", GUEST_BITS[bits], *points])


def count(name, machine, image, bits):
    """Runs it to the end; returns the file of counts."""
    command, arguments = machine(image, bits)
    out, log = f"{LOGS}/bench{bits}-{name}.counts", f"{LOGS}/bench{bits}-{name}.lines"
    plugin = ",".join([PLUGIN, "marker=700000", f"out={out}", *arguments])
    with open(log, "w", encoding="utf-8") as f:
        subprocess.run([*command, "-plugin", plugin], stdin=subprocess.DEVNULL, stdout=f)
    with open(log, encoding="utf-8", errors="replace") as f:
        ended = f"GB{bits} end" in f.read()
    print(f"{'ok  ' if ended else 'FAIL'} {name}: gb{bits}.img ran to its end ({log})", flush=True)
    return out, ended


def report(*arguments):
    return subprocess.run([sys.executable, f"{BENCH}/report.py", *arguments]).returncode


def main():
    os.chdir(TOP)
    os.makedirs(LOGS, exist_ok=True)
    what, bits, *rows = sys.argv[1:] if len(sys.argv) > 2 else ["", ""]
    if what not in ("reference", "idea") or bits not in QEMUS:
        sys.exit(__doc__)
    image = f"{LOGS}/bench{bits}-{what}.img"
    shutil.copyfile(f"build/guest/gb{bits}.img", image)
    if what == "reference":
        out, ended = count("reference", reference, image, bits)
        return report(bits, "rows", out) or int(not ended)
    choice = rows or [IDEA_ROWS]
    subprocess.run([sys.executable, f"{BENCH}/setcfg.py", image, *choice], check=True)
    guest, guest_ended = count("guest", reference, image, bits)
    host, host_ended = count("loam", loam, image, bits)
    return report(bits, "idea", host, guest) or int(not (guest_ended and host_ended))


if __name__ == "__main__":
    sys.exit(main())
