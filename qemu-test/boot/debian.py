#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian on disks that are files on an ESP: files are written, and are there at the next start.

debian.py BUILD RELEASE BUS MEDIUM
RELEASE: debian12, debian13 (build/guest has its disk); BUS: what the guest sees: ide, ahci, virtio;
MEDIUM: what QEMU's -device has before drive=, for the disk with the ESP.
The second disk is a tar archive, raw: the guest unpacks it from there, syncs, and copies a part of
it behind its end without a file system. At the second start all files have their checksums. Then
the files are taken out of the ESP: the file system is clean, the raw sectors are as they must be.
smartctl, which is in the archive, reads what IDE and AHCI disks say of themselves.
Invariant: build/guest is not changed; no QEMU outlives its start.
"""
import hashlib
import io
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import types

import in_place

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "qemu-test")]
import mkesp                    # noqa: E402
import run                      # noqa: E402

MIB = 1 << 20
FOLDERS, FILES = 40, 60         # in each: 20 MiB in 2,400 files of up to 17 KiB
RAW_AT, RAW_SIZE, ROOM = 24, 4, 32      # MiB: where raw sectors are copied to, how many, in all
CONFIG = """memory = 512M
firmware = bios-256k.bin
disk0 = {release}.img,{bus}
disk1 = files.tar,{bus}
console = com1,log
"""
SUM = "cd /root/t/files && find . -type f | LC_ALL=C sort | xargs md5sum | md5sum"
LIMIT = 1800 * float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
PROMPT = "root@loam:~# "


def contents():
    """{name: bytes}: the same each time."""
    numbers = random.Random(1)
    return {f"files/{d:02}/{f:02}": numbers.randbytes(numbers.randrange(17000))
            for d in range(FOLDERS) for f in range(FILES)}


def checksum(files):
    """What SUM prints for them."""
    lines = [f"{hashlib.md5(data).hexdigest()}  .{name.removeprefix('files')}\n"
             for name, data in sorted(files.items())]
    return hashlib.md5("".join(lines).encode()).hexdigest()


def write_tar(path, files, smartctl):
    with tarfile.open(path, "w") as tar:
        with open(smartctl, "rb") as f:
            files = files | {"smartctl": f.read()}
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            tar.addfile(member, io.BytesIO(data))
    if os.path.getsize(path) > RAW_AT * MIB:
        raise ValueError("the archive is larger than planned")
    os.truncate(path, ROOM * MIB)


def first_start(bus, total):
    """
    What is typed at the first start, and what must come of it. The kernel numbers AHCI's disks as
    they come up: the second one is that without the root.
    """
    words = [("a=$(findmnt -no SOURCE /); a=${a%1}; b=$(ls /dev/[sv]d? | grep -v $a); echo on-$a",
              "on-/dev/vd" if bus == "virtio" else "on-/dev/sd"),
             (f"mkdir t; tar xf $b -C t; sync; ({SUM})", total),
             (f"dd if=$b of=$b bs=1M count={RAW_SIZE} seek={RAW_AT}"
              " iflag=direct oflag=direct conv=fsync 2>&1 | tail -1", f"{RAW_SIZE * MIB} bytes")]
    if bus != "virtio":
        words += [("t/smartctl -a $a", "test result: PASSED"),
                  ("t/smartctl -a $b >x; echo smart-$?", "smart-0")]
    return words


def start(runner, name, image, medium, words):
    """One start to its power off; returns what went wrong."""
    send = [("login: ", b"root\n"), ("Password: ", b"loam\n")]
    send += [(PROMPT, line.encode() + b"\n") for line, _ in words]
    send += [(PROMPT, b'echo errors-$(dmesg | grep -ci "i/o error")\n'), (PROMPT, b"poweroff\n")]
    test = types.SimpleNamespace(
        name=name, host="loongarch64", timeout=LIMIT, files={}, send=send, exit="any",
        counts=False, forbid=["PANIC:", "Kernel panic", "Unable to boot", "I/O error"],
        expect=[" stays on ", "login: ", *(text for _, text in words), "errors-0", "Power down",
                "guest: power off, status 0"],
        command=in_place.QEMU + ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm", "-drive",
                                 f"if=none,id=d,format=raw,file={image}", "-device",
                                 f"{medium},drive=d"])
    output, status, seconds = runner.run(test)
    _, _, _, why = run.judge(test, output, status)
    print("FAIL" if why else "ok", f"{name} ({seconds:.0f} s)", "; ".join(why), flush=True)
    return bool(why)


def look(folder, image, release, archive):
    """What is on the medium now; returns how many mistakes."""
    for name in (f"{release}.img", "files.tar"):
        mkesp.run("mcopy", "-n", "-o", "-i", image, f"::/EFI/BOOT/{name}", f"{folder}/{name}")
    checked = subprocess.run(["e2fsck", "-fn", f"{folder}/{release}.img?offset={MIB}"],
                             capture_output=True, text=True, check=False)
    print("FAIL" if checked.returncode else "ok", "the file system is clean")
    if checked.returncode:
        print(checked.stdout[-2000:])
    with open(archive, "rb") as f:
        wanted = f.read()
    wanted = wanted[:RAW_AT * MIB] + wanted[:RAW_SIZE * MIB] + wanted[(RAW_AT + RAW_SIZE) * MIB:]
    with open(f"{folder}/files.tar", "rb") as f:
        same = f.read() == wanted
    print("ok" if same else "FAIL", "the raw sectors")
    return bool(checked.returncode) + (not same)


def main():
    build, release, bus, medium = sys.argv[1:]
    guest = os.path.join(TOP, "build", "guest")
    files, runner = contents(), run.Runner()
    total = checksum(files)
    with tempfile.TemporaryDirectory(dir=os.path.join(TOP, "build")) as folder:
        image, archive = os.path.join(folder, "esp.img"), os.path.join(folder, "disk1.tar")
        config = os.path.join(folder, "loam.cfg")
        with open(config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(release=release, bus=bus))
        write_tar(archive, files, os.path.join(guest, f"smartctl-{release}"))
        inside = {"loam.cfg": config, "bios-256k.bin": f"{guest}/bios-256k.bin",
                  "files.tar": archive, f"{release}.img": f"{guest}/{release}.img"}
        mkesp.build(image, {mkesp.BOOT_NAME: f"{build}/loam.efi"} |
                    {mkesp.BOOT_FOLDER + name: path for name, path in inside.items()})
        name = f"{release}-{bus}-kept"
        failed = start(runner, name + "-1", image, medium, first_start(bus, total)) or \
            start(runner, name + "-2", image, medium, [(f"({SUM})", total)]) or \
            look(folder, image, release, archive)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
