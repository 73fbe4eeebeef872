#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Finds FP and vector instructions in the monitor's image, outside the places that may hold them.

fp.py IMAGE.elf    allowed: what fp.allow names
They are halves of the registers that hold the guest's vectors: C must leave them alone, and so must
what the compiler calls for it (libgcc's __popcountdi2 does not).
Invariant: a function is allowed by its name only; an unnamed piece of code never is.
"""
import fnmatch
import os
import re
import subprocess
import sys

from files import finish, read_lines

HOST = os.environ.get("HOST", "loongarch64")
HEAD = re.compile(r"^[0-9a-f]+ <(.+)>:$")
LOCAL = re.compile(r"\.L|L0\^A|\$L")    # the compiler's own labels within a function
# The tools' prefix, and what an instruction with an FP or vector register or flag looks like.
CROSS, REGISTER = {
    "loongarch64": ("loongarch64-linux-gnu-",
                    re.compile(r"\$(?:fa|ft|fs|vr|xr|fcc|fcsr)\d|\$f\d")),
    "mips64": ("mips64el-linux-gnuabi64-",
               re.compile(r"\$[fw]\d|\$fcc\d|\b(?:cf|ct|m|dm)[ft]?c1\b|\bc[ft]cmsa\b|\bbc1")),
}[HOST]


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True).stdout


def allowed_patterns():
    rows = (line.split("#")[0].split() for line in read_lines("qemu-test/lint/fp.allow"))
    return [row[0] for row in rows if row]


def users(disassembly):
    """{function: first offending line} in the order of the image."""
    found, name = {}, "?"
    for line in disassembly.splitlines():
        if head := HEAD.match(line):
            name = name if LOCAL.match(head[1]) else head[1]
        elif REGISTER.search(line) and name not in found:
            found[name] = " ".join(line.split())
    return found


def main():
    image = sys.argv[1]
    if not os.path.exists(image):
        print(f"fp: no {image} yet, nothing to look at")
        return
    found = users(output(CROSS + "objdump", "-d", "--no-show-raw-insn", image))
    patterns = allowed_patterns()
    errors = [f"{name}: {line}" for name, line in found.items()
              if not any(fnmatch.fnmatchcase(name, p) for p in patterns)]
    finish("fp", errors, f", {len(found)} functions with FP or vector registers, all allowed")


if __name__ == "__main__":
    main()
