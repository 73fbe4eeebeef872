#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Linux in Loam computes; the build machine's CPU runs the same busybox, and both must agree.

compute.py BUILD GUEST [COMMAND-NUMBER]...
Each command goes to the guest's shell and to the same shell here (the file out of the guest's
initramfs, a 32-bit program). Prints "ok COMMAND" or "FAIL COMMAND", then "N passed, N failed".
Invariant: what is expected comes from the real CPU alone, in this very run.
"""
import gzip
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

LIMIT = 900 * float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
QEMU = ("qemu-system-loongarch64 -M virt -cpu la464 -m 1G -smp 1 -display none -monitor none"
        " -serial stdio -net none").split()
CONFIG = "qemu-test/boot/linux686.cfg"
PROMPT = "loam# "
COMMANDS = [
    "seq 1 60000 >s; md5sum s; sha256sum s; wc s",
    "gzip -c s | gunzip | md5sum; gzip -9 -c s | wc -c",
    "sort -r s | md5sum; sort -n s | tail -1; uniq s | wc -l",
    "dd if=/dev/zero bs=64k count=60 2>/dev/null | sha256sum",
    "tr 0-9 a-j <s | grep -c b; sed s/1/one/g s | md5sum",
    "head -9000 s | hexdump -C | md5sum; base64 s | md5sum; rm s",
    "seq 1 500 | cat | md5sum; yes loam | head -2000 | md5sum",
    # Floating point, and its printing.
    "awk 'BEGIN{for(i=1;i<9000;i++){s+=i/7-1/i;t=(t*69069+i)%65537}printf \"%.17g %d\\n\",s,t}'",
    "awk 'BEGIN{x=1;for(i=1;i<2000;i++){x=x*1.01+i/3;"
    "printf \"%.15g %.3e %x\\n\",x,x/7e9,i*i}}' | md5sum",
    "awk 'BEGIN{for(i=0;i<3000;i++)a[i%97]=a[i%97] i;for(k=0;k<97;k++)print a[k]}' | md5sum",
    # Processes, signals, files.
    "i=0; while [ $i -lt 60 ]; do i=$((i+$(echo 1))); done; echo $i",
    "for i in $(seq 1 150); do echo $i >t.$i; done; cat t.* | md5sum; rm t.*; ls t.* 2>&1 | wc -l",
    "sleep 5 & kill $!; wait $! 2>/dev/null; echo $?",
    "(echo a; sleep 1; echo b) | while read x; do echo $x; done",
    "echo $((0x7fffffff+1)) $((1<<40)) $((-7/2)) $((-7%3)) $((12345678901*987))",
]


def busybox(image):
    """The program's bytes out of an initramfs (cpio, format newc)."""
    with gzip.open(image) as f:
        data = f.read()
    at = 0
    while data[at:at + 6] == b"070701":
        size, name_size = (int(data[at + k:at + k + 8], 16) for k in (54, 94))
        name = data[at + 110:at + 109 + name_size].decode()
        begin = at + (110 + name_size + 3) // 4 * 4
        if name.lstrip("./") == "bin/busybox":
            return data[begin:begin + size]
        at = begin + (size + 3) // 4 * 4
    raise SystemExit(f"{image}: no busybox in it")


def native(program, commands):
    """What each command prints here."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "busybox")
        with open(path, "wb") as f:
            f.write(program)
        os.chmod(path, 0o755)
        bin_, work = os.path.join(folder, "bin"), os.path.join(folder, "work")
        os.mkdir(bin_)
        os.mkdir(work)
        subprocess.run([path, "--install", "-s", bin_], check=True)
        return [subprocess.run([path, "sh", "-c", c], cwd=work, env={"PATH": bin_, "HOME": "/"},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                               check=False).stdout.decode() for c in commands]


class Guest:
    """Loam in QEMU, with a Linux shell on its serial port."""

    def __init__(self, build, guest):
        files = {"loam.cfg": CONFIG, "bios": f"{guest}/bios-256k.bin",
                 "vmlinuz": f"{guest}/vmlinuz-686", "initrd": f"{guest}/initramfs-686.gz"}
        command = [*QEMU, "-kernel", f"{build}/loam.elf"]
        for name, path in files.items():
            command += ["-fw_cfg", f"name=opt/loam/{name},file={path}"]
        self.text, self.end = "", time.monotonic() + LIMIT
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while data := os.read(self.process.stdout.fileno(), 4096):
            text = re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]", "", data.decode("utf-8", "replace"))
            self.text += text.replace("\r", "")

    def wait(self, word):
        """The text up to `word`, which is taken off; None if it does not come in time."""
        while (k := self.text.find(word)) < 0:
            if time.monotonic() > self.end or self.process.poll() is not None:
                return None
            time.sleep(0.02)
        before, self.text = self.text[:k], self.text[k + len(word):]
        return before

    def type(self, line):
        """One line in pieces: a serial port without flow control has a FIFO of 16 bytes."""
        data = line.encode() + b"\n"
        for k in range(0, len(data), 8):
            self.process.stdin.write(data[k:k + 8])
            self.process.stdin.flush()
            time.sleep(0.02)

    def run(self, command):
        """What the command prints."""
        self.type(f"cd /tmp; echo '='BEGIN; {command}; echo '='END")
        return self.wait("=END\n") if self.wait("=BEGIN\n") is not None else None


def main():
    build, guest = sys.argv[1:3]
    chosen = [COMMANDS[int(n)] for n in sys.argv[3:]] or COMMANDS
    expected = native(busybox(f"{guest}/initramfs-686.gz"), chosen)
    passed = failed = 0
    linux = Guest(build, guest)
    try:
        if linux.wait(PROMPT) is None:
            print(f"FAIL no shell\n{linux.text[-2000:]}")
            failed += 1
        else:
            for command, want in zip(chosen, expected):
                got = linux.run(command)
                if got == want and want:
                    print(f"ok {command[:70]}", flush=True)
                    passed += 1
                else:
                    print(f"FAIL {command[:70]}\n  real CPU: {want!r}\n  Loam:     {got!r}")
                    failed += 1
    finally:
        linux.process.kill()
        linux.process.wait()
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
