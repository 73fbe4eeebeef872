# SPDX-License-Identifier: BSD-2-Clause
"""What the guest's disks cost: a part of `make bench`, and a test of how much it may be.

bench_disks.py [--linux]    measures and judges (LIMITS); with --linux a Linux guest's reads, too
Without an operating system (guestimg/tests): on a disk in memory by the guest's TSC, interrupts
off; and on the host's NVMe disk by the plugin, an interrupt for each request of 64 KiB. Under
Debian's amd64 kernel (guestimg/powercut/figures.c) on three NVMe disks. Waiting is not counted.
Invariant: each program's tests passed, or there is no figure.
"""
import os
import re
import sys

from bench_run import FOLDER, GUEST, ICOUNT, Failure, instructions, run

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
MARK_AT, LINUX_MARK_AT = "4f0000", "10000000"
ONE, FOUR, RANDOM = 10, 20, 30  # rows of the programs, each so often:
MARKED = 4                      # the first time translates; timers disturb some of the others
AT_RANDOM = "4 KiB at random by virtio, from NVMe"

# Linux: disks that it knows by their labels (guestimg/powercut/disks.h), and its rows.
BUSES = ("ide", "ahci", "virtio")
LABEL, LABEL_AT, SIZE = b"LOAM-POWERCUT %d", 16 << 20, 80 << 20
DD_SECTORS, SMALLS = 64 * 2048, 400
DD = "dd of 64 MiB by {}, a sector"
CONFIG = """memory = 256M
firmware = bios-256k.bin
kernel = vmlinuz-cloud-amd64
initrd = powercut.gz
cmdline = console=ttyS0 quiet loam.disks=3 loam.figures=1
console = com1,log
"""

# Host instructions; the least share of them that a guest's code must have.
LIMITS = {"a sector by PIO IDE": 4000, "a sector by DMA IDE": 300,
          "a sector by DMA IDE, from NVMe": 300, "a sector by AHCI": 300,
          "a sector by AHCI, queued": 300, "a sector by AHCI, queued, from NVMe": 300,
          "a sector by virtio, from NVMe": 80, AT_RANDOM: 12000}
SHARE = 0.6


def nvme(n, image):
    return ["-drive", f"if=none,id=d{n},format=raw,snapshot=on,file={image}",
            "-device", f"nvme,serial={n},drive=d{n}"]


def program(host, name, config, files, machine=(), clock=ICOUNT):
    """What it printed, and {its row: the plugin's counts}."""
    text, spans = run(host, f"disks-{name}", config, {"bios": f"{TESTS}/{name}.rom", **files}, 300,
                      marker=MARK_AT, last="guest: power off", machine=machine, clock=clock)
    if "status 0" not in text or "FAIL" in text:
        raise Failure(f"disks: {name} failed ({FOLDER}/disks-{name}.log)")
    return text, dict(spans)


def config_of(name, text):
    path = f"{FOLDER}/disks-{name}.cfg"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def on_nvme(host, name, bus):
    """Per sector, and for each of the random reads: [instructions, the guest's part]."""
    config = config_of(name, "memory = 128M\nfirmware = bios\n"
                       f"disk0 = nvme0,{bus}\nconsole = com1,log\n")
    _, rows = program(host, name, config, {}, nvme(0, IMAGE), WAITS)
    found = {f"{NAMES[name]}, from NVMe": least(rows, ONE, SECTORS)}
    if str(RANDOM) in rows:
        found[f"{NAMES[name]}, four requests at a time, from NVMe"] = least(rows, FOUR, SECTORS)
        found[AT_RANDOM] = least(rows, RANDOM, READS)
    return found


def least(rows, row, parts):
    return share(min((rows[str(row + k)] for k in range(1, MARKED)), key=instructions), parts)


def share(counts, parts):
    return [instructions(counts) / parts, counts["insn_cache"] / parts]


def bare(host):
    found = {}
    for name, config, bus in PROGRAMS:
        text, _ = program(host, name, f"qemu-test/guest/{config}", {"disk": IMAGE})
        found |= {row: [int(n), None] for row, n in LINE.findall(text)}
        found |= on_nvme(host, name, bus)
    return found


def linux(host):
    """The same of a Linux guest's reads; its second round, when all is translated."""
    machine = []
    for n in range(len(BUSES)):
        image = f"{FOLDER}/disks-linux{n}.img"
        with open(image, "wb") as f:
            f.truncate(SIZE)
            f.seek(LABEL_AT)
            f.write(LABEL % n)
        machine += nvme(n, image)
    config = config_of("linux", CONFIG + "".join(f"disk{n} = nvme{n},{bus}\n"
                                                 for n, bus in enumerate(BUSES)))
    files = {name: f"{GUEST}/{name}"
             for name in ("bios-256k.bin", "vmlinuz-cloud-amd64", "powercut.gz")}
    _, spans = run(host, "disks-linux", config, files, 900, marker=LINUX_MARK_AT,
                   last="all is done", machine=machine, clock=WAITS)
    rows, found = dict(spans), {}
    for n, bus in enumerate(BUSES):
        first = 100 + 10 * n + 2
        found[DD.format(bus)] = share(rows[str(first)], DD_SECTORS)
        found[f"4 KiB at random by {bus}, under Linux"] = share(rows[str(first + 1)], SMALLS)
    return found


def run_disks(host, with_linux=True):
    """{row: [host instructions for each, those in translated code or None]}"""
    return bare(host) | (linux(host) if with_linux else {})


def judge(found):
    """[(what, whether it is as it must be)]"""
    checks = [(f"{name}: {found[name][0]:.1f} of {most}", found[name][0] <= most)
              for name, most in LIMITS.items()]
    for bus in BUSES:
        if DD.format(bus) in found:
            both, own = found[DD.format(bus)]
            checks.append((f"{DD.format(bus)}: {own / both:.0%} are the guest's of {both:.0f}",
                           own / both >= SHARE))
    return checks


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    os.makedirs(FOLDER, exist_ok=True)
    found = run_disks("loongarch64", "--linux" in sys.argv[1:])
    checks = judge(found)
    for what, good in checks:
        print("ok" if good else "FAIL", what)
    return int(not all(good for _, good in checks))


if __name__ == "__main__":
    sys.exit(main())
