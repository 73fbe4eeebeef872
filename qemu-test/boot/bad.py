#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots Loam with bad input, by EFI or directly, and wants the one right message for each.

bad.py efi|elf BUILD [CASE]...     BUILD: the folder with loam.efi and loam.elf
After its message a case goes back to the firmware (EFI), which must go on, or powers off (direct).
Most EFI cases run one after another from the firmware's shell, so memory that is not given back
shows, too; those marked `alone` are started by QEMU's -kernel.
Invariant: no QEMU outlives its cases; a case that prints a second message fails.
"""
import collections
import os
import re
import selectors
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QEMU = ["qemu-system-loongarch64", "-M", "virt", "-smp", "1", "-display", "none", "-monitor",
    "none",
        "-serial", "stdio", "-net", "none", "-no-reboot"]
FIRMWARE = "/usr/share/qemu-efi-loongarch64/QEMU_EFI.fd"
LIMIT = 60 * float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
KIB, MIB = 1 << 10, 1 << 20
ESCAPES = re.compile(r"\x1b\[[0-9;=?]*[A-Za-z]")

BIOS = {"b": bytes(64 * KIB)}       # never started: all that counts is its size
LEAN = "firmware = b\nmemory = 32M\n"


def bzimage(size, setup_sects=3, version=0x20c, high=True, magic=b"HdrS", whole=0, xload=0):
    """A file with the header of a bzImage (Linux Documentation/arch/x86/boot.rst); `whole`: the
    size that its header tells, if not its own."""
    k = bytearray(size)
    behind = max((whole or size) - 512 * (setup_sects + 1), 0)
    k[0x1f4:0x1f8] = (behind // 16).to_bytes(4, "little")
    k[0x1f1] = setup_sects
    k[0x1fe:0x200] = b"\x55\xaa"
    k[0x202:0x206] = magic
    k[0x206:0x208] = version.to_bytes(2, "little")
    k[0x211] = int(high)
    k[0x22c:0x230] = (0x7fffffff).to_bytes(4, "little")
    k[0x236] = xload
    return bytes(k)


class Case(collections.namedtuple("Case", "name config message files options cpu ram alone link")):
    """
    `config` is the text of loam.cfg, None for no such file; `message` what must be printed; `link`
    (EFI, not alone) is how the FAT lies: what follows which of d.img's clusters, or of e.img's.
    """

    def __new__(cls, name, config, message, files=None, options="", cpu="la464", ram="256M",
                alone=False, link=None):
        return super().__new__(cls, name, config, message, files or {}, options, cpu, ram, alone,
                               link)


FOLDER = Case("folder", LEAN + "disk0 = d\n", "loam.cfg:3: disk0 = d: a folder, not a file",
              BIOS | {"d/x": b"x"})     # fw_cfg has no folders
MEDIUM = Case("disk-medium", LEAN + "disk0 = d.img\n", "loam.cfg:3: disk0 = d.img: its medium can "
              "only be read: write ,ro or ,ram after the name", BIOS | {"d.img": bytes(512)})
THREE = BIOS | {"d.img": bytes(40960), "e.img": bytes(40960)}     # clusters, at least
IN_PLACE = LEAN + "disk0 = d.img,ro\n"
# Only by EFI: what the FAT, the firmware and its disks (TABLES) tell.
EFI_CASES = [
    FOLDER, MEDIUM,
    Case("disk-unknown", LEAN + "disk0 = nvme7\n", "loam.cfg:3: disk0 = nvme7: there is no such "
         "disk", BIOS),
    Case("device-readonly", LEAN + "disk0 = virtio0\n", "loam.cfg:3: disk0 = virtio0: the disk "
         "can only be read: write ,ro after its name", BIOS),
    Case("partition-none", LEAN + "disk0 = nvme0p3\n", "loam.cfg:3: disk0 = nvme0p3: there is no "
         "such partition", BIOS),
    Case("partition-beyond", LEAN + "disk1 = nvme0p2\n", "loam.cfg:3: disk1 = nvme0p2: the "
         "partition is not within its disk", BIOS),
    Case("partition-extended", LEAN + "disk0 = nvme0p4\n", "loam.cfg:3: disk0 = nvme0p4: an "
         "extended partition only holds others", BIOS),
    Case("partition-round", LEAN + "disk0 = nvme0p7\n", "loam.cfg:3: disk0 = nvme0p7: its chain of "
         "logical partitions goes round", BIOS),
    Case("partition-gpt", LEAN + "disk0 = nvme1p1\n", "loam.cfg:3: disk0 = nvme1p1: both copies of "
         "its GPT are damaged", BIOS),
    Case("no-table", LEAN + "disk0 = nvme2p1\n", "loam.cfg:3: disk0 = nvme2p1: it has no partition "
         "table", BIOS),
    Case("fat-round", IN_PLACE, "loam.cfg:3: disk0 = d.img: the file's chain of clusters goes "
         "round, or is longer than its size", THREE, link=("d", -1, "d", 0)),
    Case("fat-short", IN_PLACE, "loam.cfg:3: disk0 = d.img: the file's chain of clusters is "
         "shorter than its size", THREE, link=("d", 0, None, 0xffff)),
    Case("fat-nowhere", IN_PLACE, "loam.cfg:3: disk0 = d.img: the volume's FAT is damaged: a "
         "number of a cluster that is none", THREE, link=("d", 0, None, 1)),
    Case("fat-shared", IN_PLACE, "loam.cfg:3: disk0 = d.img: another file has clusters of it, too",
         THREE, link=("e", 0, "d", 1)),
]
CASES = [
    Case("no-config", None, "loam.cfg: file not found", alone=True),
    Case("empty-config", "", "loam.cfg: the file is empty (0 bytes)"),
    Case("cut-config", LEAN + "kernel = vmli",
         "loam.cfg:3: the last line has no end: the file is truncated", BIOS),
    Case("zeros-in-config", LEAN + "\0\0\0\n", "loam.cfg:3: control character in the line"),
    Case("big-config", "#" * 65537 + "\n", "loam.cfg: file too large, at most 64 KiB"),
    Case("key", "# Loam\n\nmemroy = 64M\n", "loam.cfg:3: unknown key 'memroy'", alone=True),
    Case("cpus-none", LEAN + "cpus = 0\n", "loam.cfg:3: cpus: number out of range: '0'"),
    Case("cpus-many", LEAN + "cpus = 17\n", "loam.cfg:3: cpus: number out of range: '17'"),
    Case("cpus-text", LEAN + "cpus = two\n", "loam.cfg:3: cpus: not a number: 'two'"),
    Case("cpus-board", LEAN + "cpus = 2\n",
         "loam.cfg:3: cpus: 2 are more than the board has cores: 1"),
    Case("twice", LEAN + "memory = 64M\n", "loam.cfg:3: key given twice: 'memory'"),
    Case("no-equals", LEAN + "kernel\n", "loam.cfg:3: missing = after 'kernel'"),
    Case("range", "memory = 257G\nfirmware = b\n",
         "loam.cfg:1: memory: size out of range: '257G'"),
    Case("reach", "firmware = b\nmemory = 4G\ncpu = n270\n",
         "loam.cfg:2: memory: 4096 MiB are more than this CPU model reaches: it has 3072 MiB",
         BIOS),
    Case("reach-pae", "firmware = b\nmemory = 4G\ncpu = pentium3,-pae\n",
         "loam.cfg:2: memory: 4096 MiB are more than this CPU model reaches: it has 3072 MiB",
         BIOS),
    Case("cache-range", LEAN + "code_cache = 200M\n",
         "loam.cfg:3: code_cache: size out of range: '200M'"),
    Case("no-size", "firmware = b\nmemory = much\n",
         "loam.cfg:2: memory: not a size (a number and M or G): 'much'"),
    Case("no-value", LEAN + "kernel = # none\n", "loam.cfg:3: kernel: no value"),
    Case("cpu-comma", LEAN + "cpu = n270,\n", "loam.cfg:3: cpu: no feature after the comma"),
    Case("option", LEAN, "load options: memory: size out of range: '257G'", BIOS,
         options="memory=257G"),
    Case("option-file", LEAN, "load options: firmware = x.bin: file not found", BIOS,
         options="firmware=x.bin"),
    Case("model", LEAN + "cpu = z80\n", 'loam.cfg:3: cpu = z80: unknown model "z80"', BIOS),
    Case("feature", LEAN + "cpu = n270,+avx\n",
         'loam.cfg:3: cpu = n270,+avx: unknown feature "+avx"', BIOS),
    Case("host-cpu", LEAN, "this CPU lacks what Loam needs: 128-bit vectors, LSX (CPUCFG.2.LSX)",
         BIOS, cpu="la464,lsx=off,lasx=off", alone=True),
    Case("no-firmware", "memory = 32M\n", "loam.cfg: firmware: not given, a guest cannot start "
         "without"),
    Case("firmware-missing", LEAN, "loam.cfg:1: firmware = b: file not found"),
    Case("firmware-empty", LEAN, "loam.cfg:1: firmware = b: the file is empty (0 bytes)",
        {"b": b""}),
    Case("firmware-odd", LEAN, "loam.cfg:1: firmware = b: wrong size for firmware: 65 KiB, not a "
         "multiple of 64 KiB up to 16 MiB", {"b": bytes(65 * KIB)}),
    Case("firmware-large", LEAN, "loam.cfg:1: firmware = b: wrong size for firmware: 17 MiB, not a "
         "multiple of 64 KiB up to 16 MiB", {"b": bytes(17 * MIB)}),
    Case("disk-empty", LEAN + "disk0 = d.img,ro\n",
         "loam.cfg:3: disk0 = d.img: the file is empty (0 bytes)", BIOS | {"d.img": b""}),
    Case("disk-odd", LEAN + "disk3 = d.img\n", "loam.cfg:3: disk3 = d.img: the size of a disk must "
         "be a multiple of 512 bytes", BIOS | {"d.img": bytes(513)}),
    Case("disk-missing", LEAN + "disk0 = d.img\n", "loam.cfg:3: disk0 = d.img: file not found",
         BIOS),
    Case("cd-missing", LEAN + "cdrom = c.iso\n", "loam.cfg:3: cdrom = c.iso: file not found", BIOS),
    Case("disk-no-name", LEAN + "disk0 = ,ro\n", "loam.cfg:3: disk0: no file name", BIOS),
    Case("disk-option", LEAN + "disk0 = d.img,rw\n", "loam.cfg:3: disk0: unknown option after the "
         "file name: 'rw'", BIOS | {"d.img": bytes(512)}),
    Case("disk-force", LEAN + "disk0 = d.img,force\n", "loam.cfg:3: disk0: unknown option after "
         "the file name: 'force'", BIOS | {"d.img": bytes(512)}),
    Case("device-ram", LEAN + "disk0 = nvme0,ram\n", "loam.cfg:3: disk0: unknown option after the "
         "file name: 'ram'", BIOS),
    Case("cd-option", LEAN + "cdrom = c.iso,virtio\n", "loam.cfg:3: cdrom: unknown option after "
         "the file name: 'virtio'", BIOS | {"c.iso": bytes(2048)}),
    Case("disk4", LEAN + "disk4 = d.img\n", "loam.cfg:3: unknown key 'disk4'", BIOS),
    Case("device-twice", LEAN + "disk0 = nvme0p1,ro\ncdrom = sata0\ndisk3 = nvme0\n",
         "loam.cfg:5: disk3 = nvme0: it is disk0's already", BIOS),
    Case("cd-no-place", LEAN + "cdrom = c.iso\ndisk2 = d.img\ndisk3 = e.img\n", "loam.cfg:3: cdrom "
         "= c.iso: disk2 and disk3 leave no place for it", BIOS),
    Case("disk-twice", LEAN + "disk0 = d.img\ndisk1 = d.img\n", "loam.cfg:4: disk1 = d.img: it is "
         "disk0's already", BIOS | {"d.img": bytes(512)}),
    Case("cd-odd", LEAN + "cdrom = c.iso\n",
        "loam.cfg:3: cdrom = c.iso: the size of a CD must be a "
         "multiple of 2048 bytes", BIOS | {"c.iso": bytes(512)}),
    Case("disk-large", "firmware = b\nmemory = 128M\ndisk0 = d.img,ram\n",
         "loam.cfg:3: disk0 = d.img: file too large: not enough memory for 96 MiB beside what the "
         "guest needs", BIOS | {"d.img": bytes(96 * MIB)}),
    Case("memory", "firmware = b\nmemory = 1G\n",
         "loam.cfg:2: memory: not enough memory for 1024 MiB in one piece beside Loam and the "
         "files: ", BIOS),
    Case("default-memory", "firmware = b\n",
         "loam.cfg: memory: not enough memory for 256 MiB in one piece beside Loam", BIOS),
    Case("cache", "firmware = b\nmemory = 142M\ncode_cache = 96M\n",
         "loam.cfg:3: code_cache: not enough memory for 96 MiB below 128 MiB", BIOS),
    Case("kernel-text", LEAN + "kernel = k\n",
         "loam.cfg:3: kernel = k: not a bzImage (no boot sector signature)", BIOS | {"k": b"no"}),
    Case("kernel-elf", LEAN + "kernel = k\n", "loam.cfg:3: kernel = k: not a bzImage (no set-up "
         "header)", BIOS | {"k": bzimage(8192, magic=b"\x7fELF")}),
    Case("kernel-old", LEAN + "kernel = k\n", "loam.cfg:3: kernel = k: its boot protocol is older "
         "than 2.03", BIOS | {"k": bzimage(8192, version=0x202)}),
    Case("kernel-low", LEAN + "kernel = k\n", "loam.cfg:3: kernel = k: a zImage, not a bzImage",
         BIOS | {"k": bzimage(8192, high=False)}),
    Case("kernel-cut", LEAN + "kernel = k\n", "loam.cfg:3: kernel = k: truncated: shorter than its "
         "set-up code", BIOS | {"k": bzimage(8192, setup_sects=15)}),
    Case("kernel-64", LEAN + "kernel = k\ncpu = n270\n", "loam.cfg:3: kernel = k: it is for 64-bit "
         "CPUs only, and cpu = n270 is none", BIOS | {"k": bzimage(8192, xload=1)}),
    Case("kernel-part", LEAN + "kernel = k\n", "loam.cfg:3: kernel = k: truncated: 1048576 of "
         "8388608 bytes", BIOS | {"k": bzimage(MIB, whole=8 * MIB)}),
    Case("kernel-memory", "firmware = b\nmemory = 8M\nkernel = k\n",
        "loam.cfg:2: memory: 8 MiB are "
         "too little for a Linux kernel, it needs 16 MiB", BIOS | {"k": bzimage(8192)}),
    Case("kernel-large", LEAN + "kernel = k\n", "loam.cfg:3: kernel = k: too large for the guest's "
         "memory of 32 MiB", BIOS | {"k": bzimage(32 * MIB)}),
    Case("console", LEAN + "console = vga\n", "loam.cfg:3: console = vga: only com1, com2, "
         "debug, log and none are known", BIOS),
    Case("initrd-alone", LEAN + "initrd = i\n", "loam.cfg:3: initrd = i: there is no kernel = that "
         "would use it", BIOS | {"i": b"x"}),
    Case("initrd-large", LEAN + "kernel = k\ninitrd = i\n", "loam.cfg:4: initrd = i: too large for "
         "the guest's memory of 32 MiB", BIOS | {"k": bzimage(MIB), "i": bytes(31 * MIB)}),
]


def write_files(case, folder):
    """Returns {name in loam.cfg: path}."""
    files = dict(case.files)
    if case.config is not None:
        files["loam.cfg"] = case.config.encode()
    paths = {}
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        paths[name] = path
    return paths


def make_image(folder, files):
    image = os.path.join(folder, "esp.img")
    subprocess.run([sys.executable, os.path.join(TOP, "tools", "mkesp.py"), image,
                    *(f"{name}={path}" for name, path in files.items())], check=True)
    return ["-bios", FIRMWARE, "-boot", "menu=on,splash-time=0",
            "-drive", f"file={image},format=raw,if=virtio,read-only=on"]


def entry(kind, first, count):
    return struct.pack("<B3sB3sII", 0, bytes(3), kind, bytes(3), first, count)


def boot_sector(*entries):
    return bytes(446) + b"".join(entries) + bytes(64 - 16 * len(entries)) + b"\x55\xaa"


def tables(folder):
    """Disks whose tables are wrong: MBR, GPT, none at all."""
    mbr = bytearray(MIB)
    mbr[:512] = boot_sector(entry(0x83, 1, 100), entry(0x83, 200, 4000), entry(0, 0, 0),
                            entry(5, 1000, 500))
    for at in (1000, 1100):
        mbr[at * 512:at * 512 + 512] = boot_sector(entry(0x83, 1, 10), entry(5, 100, 100))
    gpt = bytearray(MIB)
    gpt[:512] = boot_sector(entry(0xee, 1, 2047))
    gpt[512:520] = b"EFI PART"
    command = []
    for n, disk in enumerate((mbr, gpt, bytes(MIB))):
        path = os.path.join(folder, f"table{n}.img")
        with open(path, "wb") as f:
            f.write(disk)
        command += ["-drive", f"if=none,id=t{n},format=raw,file={path}",
                    "-device", f"nvme,serial=t{n},drive=t{n}"]
    return command


def clusters(image, path):
    """Of a file, in order."""
    done = subprocess.run(["mshowfat", "-i", image, "::/" + path], check=True, text=True,
                          stdout=subprocess.PIPE)
    found = []
    for first, last in re.findall(r"<(\d+)(?:-(\d+))?>", done.stdout):
        found += range(int(first), int(last or first) + 1)
    return found


def lie(image, case):
    """Change what follows a cluster, in each copy of the FAT, which has 16 bits."""
    whose, at, target, value = case.link
    of = {name: clusters(image, f"{case.name}/{name}.img") for name in ("d", "e")}
    with open(image, "r+b") as f:
        sector, _, reserved, fats = struct.unpack("<HBHB", f.read(36)[11:17])
        f.seek(22)
        size = int.from_bytes(f.read(2), "little")
        for n in range(fats):
            f.seek((reserved + n * size) * sector + 2 * of[whose][at])
            f.write((of[target][value] if target else value).to_bytes(2, "little"))


def command_of(case, way, build, folder):
    """One case by -kernel."""
    paths = write_files(case, folder)
    command = QEMU + ["-cpu", case.cpu, "-m", case.ram,
                      "-kernel", os.path.join(build, f"loam.{way}")]
    if case.options:
        command += ["-append", case.options]
    if way == "efi":
        return command + make_image(folder, paths)
    for name, path in paths.items():
        command += ["-fw_cfg", f"name=opt/loam/{name},file={path}"]
    return command


def shell_command(cases, build, folder):
    """All cases from the firmware's shell, each in a folder of its own."""
    script, files = ["@echo -off"], {}
    for case in cases:
        paths = write_files(case, os.path.join(folder, case.name))
        paths["loam.efi"] = os.path.join(build, "loam.efi")
        files |= {f"{case.name}/{name}": path for name, path in paths.items()}
        script += [f"echo CASE={case.name}=", f"FS0:\\{case.name}\\loam.efi {case.options}"]
    files["startup.nsh"] = os.path.join(folder, "startup.nsh")
    with open(files["startup.nsh"], "w", encoding="ascii", newline="\r\n") as f:
        f.write("\n".join([*script, "echo CASE=end=", ""]))
    command = QEMU + ["-cpu", "la464", "-m", "256M", *make_image(folder, files), *tables(folder)]
    for case in cases:
        if case.link:
            lie(os.path.join(folder, "esp.img"), case)
    return command


def run(command, is_done, limit=LIMIT):
    """Returns (output, exit status or None if it had to be ended)."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    text, end = "", time.monotonic() + limit
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while (left := end - time.monotonic()) > 0 and not is_done(text):
                if not selector.select(left):
                    continue
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    return text, process.wait(5)
                text += data.decode("utf-8", "replace").replace("\r", "\n")
        return text, None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def judge(case, way, text, status):
    """What is wrong, or an empty string."""
    said = [line[6:] for line in ESCAPES.sub("", text).split("\n") if line.startswith("Loam: ")]
    said = [line for line in said if line != "loading" and not line.startswith("console at ")]
    last = {"efi": "back to the firmware", "elf": "power off"}[way]
    if not said or not said[0].startswith(case.message):
        return f"wanted `{case.message}`, got `{said[0] if said else 'no message'}`"
    if said[1:] != [last]:
        return f"after the message came {said[1:]}, not `{last}` alone"
    if way == "elf" and status != 0:
        return f"it did not power off (status {status})"
    return ""


def firmware_goes_on(text):
    return re.search(r"back to the firmware\s(.|\n)*?(BdsDxe|Shell>|UEFI|PROGRESS CODE)", text)


def report(case, wrong, seconds):
    verdict = f"FAIL {case.name}: {wrong}" if wrong else f"ok {case.name}"
    print(f"{verdict} ({seconds:.1f} s)", flush=True)
    return int(bool(wrong))


def run_alone(case, way, build):
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="loam-") as folder:
        command = command_of(case, way, build, folder)
        text, status = run(command, firmware_goes_on if way == "efi" else lambda text: False)
    wrong = judge(case, way, text, status)
    if not wrong and way == "efi" and not firmware_goes_on(text):
        wrong = "the firmware did not go on"
    return report(case, wrong, time.monotonic() - started)


def run_in_shell(cases, build):
    started, failed = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="loam-") as folder:
        text, _ = run(shell_command(cases, build, folder), lambda text: "CASE=end=" in text,
                      5 * LIMIT)
    parts = dict(re.findall(r"CASE=(\S+)=(.*?)(?=CASE=)", text, re.S))
    for case in cases:
        wrong = judge(case, "efi", parts[case.name], None) if case.name in parts else \
            "the firmware's shell did not come that far, or not past it"
        failed += report(case, wrong, time.monotonic() - started)
    return failed


def main():
    way, build, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    cases = [c for c in (CASES if way == "elf" else [*CASES, *EFI_CASES])
             if not names or c.name in names]
    failed = sum(run_alone(c, way, build) for c in cases if c.alone or way == "elf")
    shell = [c for c in cases if way == "efi" and not c.alone]
    if shell:
        failed += run_in_shell(shell, build)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
