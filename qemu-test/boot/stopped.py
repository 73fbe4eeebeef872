#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Stops host cores of a guest that asks for it, one at a time: guestimg/tests/stopped.c.

stopped.py ELF ROM CONFIG      each line "stop core N now" stops core N for some seconds
QEMU has a thread for each core; what stops it alone is ptrace, which its parent may use. One that
holds QEMU's big lock would stop all of QEMU, which its monitor then does not answer: that does not
count, and the thread goes on a little.
Invariant: no QEMU outlives this, nor does a core stay stopped.
"""
import ctypes
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time

SECONDS = 4
WANTED = 4                      # so often it must have asked
LIMIT = 150 * float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes, LIBC.ptrace.restype = [ctypes.c_long] * 4, ctypes.c_long


class Monitor:
    """QEMU's, by QMP."""

    def __init__(self, path):
        self.end = socket.socket(socket.AF_UNIX)
        self.end.connect(path)
        self.file = self.end.makefile("r")
        self.file.readline()
        self.ask("qmp_capabilities")
        self.answered(60)

    def ask(self, what):
        self.end.sendall(f'{{"execute": "{what}"}}\n'.encode())

    def answered(self, seconds):
        with selectors.DefaultSelector() as selector:
            selector.register(self.end, selectors.EVENT_READ)
            return bool(selector.select(seconds) and self.file.readline())


def qemu(elf, rom, config, monitor):
    return ["setpriv", "--pdeathsig", "KILL", "--", "qemu-system-loongarch64",
            "-name", "stopped,debug-threads=on", "-M", "virt", "-cpu", "la464", "-m", "1G",
            "-smp", "2", "-display", "none", "-monitor", "none", "-serial", "stdio", "-net", "none",
            "-qmp", f"unix:{monitor},server=on,wait=off", "-kernel", elf,
            "-fw_cfg", f"name=opt/loam/loam.cfg,file={config}",
            "-fw_cfg", f"name=opt/loam/bios,file={rom}"]


def ptrace(request, thread):
    if LIBC.ptrace(request, thread, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")


def thread_of(process, core):
    folder = f"/proc/{process.pid}/task"
    for thread in os.listdir(folder):
        with open(f"{folder}/{thread}/comm", encoding="ascii") as f:
            if f.read().strip() == f"CPU {core}/TCG":
                return int(thread)
    raise OSError(f"no thread of core {core}")


def stop(process, core, monitor):
    """A little later, when it is at its loop."""
    thread, alone = thread_of(process, core), False
    while not alone:
        time.sleep(0.3)
        ptrace(SEIZE, thread)
        ptrace(INTERRUPT, thread)
        os.waitpid(thread, WALL)
        monitor.ask("query-status")
        if alone := monitor.answered(0.7):
            time.sleep(SECONDS)
        ptrace(DETACH, thread)
        alone or monitor.answered(60)


def follow(process, path):
    """What it prints, which is printed here too; how often it asked."""
    text, asked, end, monitor = "", 0, time.monotonic() + LIMIT, None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < end and "guest: power off" not in text:
            if not selector.select(1):
                continue
            data = os.read(process.stdout.fileno(), 4096)
            if not data:
                break
            text += data.decode("utf-8", "replace")
            sys.stdout.write(data.decode("utf-8", "replace"))
            sys.stdout.flush()
            for core in re.findall(r"stop core (\d) now\r?\n", text)[asked:]:
                asked += 1
                monitor = monitor or Monitor(path)
                stop(process, core, monitor)
    return asked


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "qmp")
        process = subprocess.Popen(qemu(*sys.argv[1:4], path), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            asked = follow(process, path)
        finally:
            process.kill()
            process.wait()
    if asked != WANTED:
        print(f"FAIL it asked {asked} times")
    return int(asked != WANTED)


if __name__ == "__main__":
    sys.exit(main())
