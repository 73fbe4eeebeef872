# SPDX-License-Identifier: BSD-2-Clause
"""What the guest's disks cost, by the programs of guestimg/tests: a part of `make bench`.

Two ways: on a disk in memory by the guest's TSC, interrupts off; and on the host's NVMe disk by the
plugin, an interrupt for each request of 64 KiB (waiting is not counted).
Invariant: each program's tests passed, or there is no figure.
"""
import re

from bench_run import FOLDER, ICOUNT, Failure, instructions, run

TESTS = "build/native/tests"
IMAGE = "build/disk-test.img"
SECTORS = 128 * 64              # of a row: guestimg/tests/disk_lib.h
READS = 200                     # of the random ones: guestimg/tests/virtio.c
LINE = re.compile(r"^(a sector by [^:]+): (\d+) host instructions$", re.M)
# The program, its loam.cfg on a disk in memory, and what the guest sees.
PROGRAMS = (("disk", "disk.cfg", "ide"), ("ahci", "disk-ahci.cfg", "ahci"),
            ("virtio", "disk-virtio.cfg", "virtio"))
NAMES = {"disk": "a sector by DMA IDE", "ahci": "a sector by AHCI, queued",
         "virtio": "a sector by virtio"}
# A guest that waits for a real disk: its clock must not run ahead to the next timer meanwhile.
WAITS = [word.replace("sleep=off", "sleep=on") for word in ICOUNT]
MARK_AT = "4f0000"
ONE, FOUR, RANDOM = 10, 20, 30  # rows of the programs, each so often:
MARKED = 4                      # the first time translates; timers disturb some of the others
NVME = ["-drive", f"if=none,id=a,format=raw,snapshot=on,file={IMAGE}",
        "-device", "nvme,serial=1,drive=a"]


def program(host, name, config, files, machine=(), clock=ICOUNT):
    """What it printed, and {its row: the plugin's counts}."""
    text, spans = run(host, f"disks-{name}", config, {"bios": f"{TESTS}/{name}.rom", **files}, 300,
                      marker=MARK_AT, last="guest: power off", machine=machine, clock=clock)
    if "status 0" not in text or "FAIL" in text:
        raise Failure(f"disks: {name} failed ({FOLDER}/disks-{name}.log)")
    return text, dict(spans)


def on_nvme(host, name, bus):
    """Per sector, and the random reads if the program has them: (instructions, the guest's part)."""
    config = f"{FOLDER}/disks-{name}.cfg"
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"memory = 128M\nfirmware = bios\ndisk0 = nvme0,{bus}\nconsole = com1,log\n")
    _, rows = program(host, name, config, {}, NVME, WAITS)
    found = {f"{NAMES[name]}, from NVMe": least(rows, ONE, SECTORS)}
    if str(RANDOM) in rows:
        found[f"{NAMES[name]}, four requests at a time, from NVMe"] = least(rows, FOUR, SECTORS)
        found["4 KiB at random by virtio, from NVMe"] = least(rows, RANDOM, READS)
    return found


def least(rows, row, parts):
    counts = min((rows[str(row + k)] for k in range(1, MARKED)), key=instructions)
    return [instructions(counts) / parts, counts["insn_cache"] / parts]


def run_disks(host):
    """{row: [host instructions for each, those in translated code or None]}"""
    found = {}
    for name, config, bus in PROGRAMS:
        text, _ = program(host, name, f"qemu-test/guest/{config}", {"disk": IMAGE})
        found |= {row: [int(n), None] for row, n in LINE.findall(text)}
        found |= on_nvme(host, name, bus)
    return found
