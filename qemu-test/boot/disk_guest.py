# SPDX-License-Identifier: BSD-2-Clause
"""Starts Loam with the guest of guestimg/powercut, three disks of the host, and nbd.py behind them.

The host's disks are virtio, NVMe and AHCI; the guest sees them as IDE, AHCI and virtio.
Not a judge: powercut.py and faults.py are.
Invariant: what the guest says is heard before what its disks are asked next; no QEMU outlives
run().
"""
import itertools
import os
import selectors
import subprocess
import time

import nbd

FILE_SYSTEM, SIZE = 16 << 20, 24 << 20          # bytes: ext4, and the whole disk (disks.h)
HOSTS = {"virtio0": "virtio-blk-pci,drive={0},werror=report", "nvme0": "nvme,serial=1,drive={0}",
         "sata0": "ide-hd,drive={0},bus=ahci.0,werror=report"}
GUESTS = ("ide", "ahci", "virtio")
CONFIG = """memory = 160M
firmware = bios-256k.bin
kernel = vmlinuz-cloud-amd64
initrd = powercut.gz
cmdline = console=ttyS0 quiet loglevel=4 loam.disks=3 {options}
console = {console}
"""
QEMU = ["qemu-system-loongarch64", "-M", "virt", "-cpu", "la464", "-m", "768M", "-display", "none",
        "-monitor", "none", "-serial", "stdio", "-net", "none"]
LIMIT = 240 * float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))


class Failure(Exception):
    """What the guest or Loam did that it should not."""


class Machine:
    """`order` says which disk of the host is which of the guest's."""

    def __init__(self, build, guest, folder, order, images, options, console="com1"):
        orders = list(itertools.permutations(HOSTS))
        self.folder, self.hosts = folder, orders[order % len(orders)]
        self.disks = [nbd.Disk(self.path(f"{n}.socket"), image, f"{order} {n}")
                      for n, image in enumerate(images)]
        self.text, self.line = b"", b""
        with open(self.path("loam.cfg"), "w", encoding="utf-8") as f:
            f.write(CONFIG.format(options=options, console=console))
            for n, (host, kind) in enumerate(zip(self.hosts, GUESTS)):
                f.write(f"disk{n} = {host},{kind}\n")
        self.command = list(QEMU) + ["-kernel", os.path.join(build, "loam.elf")]
        for name, path in [("loam.cfg", self.path("loam.cfg"))] + [
                (n, os.path.join(guest, n))
                for n in ("bios-256k.bin", "vmlinuz-cloud-amd64", "powercut.gz")]:
            self.command += ["-fw_cfg", f"name=opt/loam/{name},file={path}"]
        self.command += ["-device", "ich9-ahci,id=ahci"]
        for n, host in enumerate(self.hosts):
            self.command += ["-blockdev", f"driver=nbd,node-name=d{n},discard=unmap,"
                             f"server.type=unix,server.path={self.path(f'{n}.socket')}",
                             "-device", HOSTS[host].format(f"d{n}")]

    def __str__(self):
        return ", ".join(f"{kind} on {host}" for host, kind in zip(self.hosts, GUESTS))

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, heard, over):
        """Until over(); heard(line) is called with each line of the console."""
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--"] + self.command,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        try:
            self.follow(process, heard, over, time.monotonic() + LIMIT)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            for d in self.disks:
                d.close()

    def follow(self, process, heard, over, end):
        while not over():
            if time.monotonic() > end:
                raise Failure(f"still running after {LIMIT:g} s")
            with selectors.DefaultSelector() as s:
                s.register(process.stdout, selectors.EVENT_READ)
                for d in self.disks:
                    if d.there:
                        s.register(d.fileno(), selectors.EVENT_READ, d)
                events = [key for key, _ in s.select(0.2)]
            if any(key.data is None for key in events):
                self.hear(os.read(process.stdout.fileno(), 65536), heard)
            for disk in self.disks:
                disk.late()
            for key in events:
                if key.data and not key.data.serve():
                    raise Failure("QEMU has left a disk")

    def hear(self, data, heard):
        if not data:
            raise Failure("QEMU has ended")
        self.text += data
        *lines, self.line = (self.line + data).replace(b"\r", b"").split(b"\n")
        for line in lines:
            heard(line.decode("utf-8", "replace"))
