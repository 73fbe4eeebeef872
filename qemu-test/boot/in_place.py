#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Has Loam write a file that stays on its medium, and looks at the medium afterwards, byte by byte.

in_place.py IMAGE DEVICE     DEVICE: what QEMU's -device has before drive=: nvme,serial=1
The self-test `disks` writes the file's sectors and puts back what was there: not one byte of the
medium may differ, neither of the file nor of anything else.
Invariant: IMAGE itself is not changed.
"""
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile

FIRMWARE = "/usr/share/qemu-efi-loongarch64/QEMU_%s.fd"
QEMU = ["qemu-system-loongarch64", "-M", "virt", "-cpu", "la464", "-m", "1G", "-display", "none",
        "-monitor", "none", "-serial", "stdio", "-net", "none", "-boot", "menu=on,splash-time=0",
        "-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + FIRMWARE % "EFI",
        "-drive", "if=pflash,unit=1,format=raw,snapshot=on,file=" + FIRMWARE % "VARS"]
LIMIT = 60 * float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
WANTED = ("disk0: disk-test.img stays on ", " in 33 pieces",
          "SELFTEST disks: disk-test.img 32768 sectors, 0 errors, 0 resets", "1 passed, 0 failed")


def main():
    image, device = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "disk.img")
        shutil.copyfile(image, copy)
        drive = f"if=none,id=d,format=raw,discard=unmap,file={copy}"
        done = subprocess.run(QEMU + ["-drive", drive, "-device", f"{device},drive=d"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                              check=False)
        text = done.stdout.decode("utf-8", "replace")
        checks = [(word, word in text) for word in WANTED]
        checks.append(("the medium is as it was", filecmp.cmp(image, copy, shallow=False)))
    for name, good in checks:
        print("ok" if good else "FAIL", name)
    if not all(good for _, good in checks):
        print(text[-2000:])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
