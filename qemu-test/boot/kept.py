#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Starts a guest again and again from a disk that is a file on the ESP: what it wrote is there.

kept.py IMAGE      an ESP whose guest is guestimg/bios/counter.S
The medium is a virtio disk and an NVMe one in turn.
Invariant: IMAGE itself is not changed; no QEMU outlives its start.
"""
import os
import shutil
import subprocess
import sys
import tempfile

import in_place

STARTS = ("virtio-blk-pci", "nvme,serial=1", "virtio-blk-pci")
LIMIT = 60 * float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))


def start(image, device):
    """What the console shows until the guest has switched off."""
    done = subprocess.run(in_place.QEMU + ["-drive", f"if=none,id=d,format=raw,file={image}",
                                           "-device", f"{device},drive=d"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False)
    return done.stdout.decode("utf-8", "replace")


def main():
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "disk.img")
        shutil.copyfile(sys.argv[1], copy)
        failed = 0
        for n, device in enumerate(STARTS, 1):
            text = start(copy, device)
            good = f"started {n} times" in text and "guest: power off, status 0" in text
            print("ok" if good else "FAIL", f"start {n}, {device}")
            if not good:
                print(text[-1500:])
            failed += not good
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
