#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Guest patterns with their host code: qemu-test/golden/x86/GROUP.s -> HOST/GROUP.txt.

golden.py HOST TOOL [--update]   TOOL: build/native/golden_HOST; --update writes what is made now
A difference is not wrong by itself: it shows what a change does to host code.
Invariant: every pattern is shown, and no file of expectations is without its patterns.
"""
import os
import sys

import listing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from expect import Expectations

HEAD = """# Written by `make golden-update` from qemu-test/golden/x86/{group}.s: guest code and what
# becomes of it.  Names of registers and the rest: qemu-test/golden/README.md.
"""


def show(pattern, block, host_lines):
    words = len(block.words)
    text = f"\n== {pattern.name} ({pattern.mode}, {words} words)\n"
    if pattern.note:
        text += f"{pattern.note}\n"
    text += "".join(f"    {line}\n" for line in pattern.guest)
    text += "".join(f"{line}\n" for line in host_lines)
    for site in block.sites:
        at, eip, what = site.split(" ", 2)
        text += f"  fault at {at}: {eip} {what}\n"
    return text


def main():
    host, tool = sys.argv[1:3]
    expectations = Expectations("--update" in sys.argv)
    groups = sorted(f[:-2] for f in os.listdir(os.path.join(HERE, "x86")) if f.endswith(".s"))
    for group in groups:
        with open(os.path.join(HERE, "x86", group + ".s"), encoding="utf-8") as f:
            patterns = listing.patterns(f.read())
        blocks = listing.translate(tool, patterns)
        text = HEAD.format(group=group) + "".join(
            show(*shown) for shown in zip(patterns, blocks, listing.disassemble_host(host, blocks),
                                          strict=True))
        expectations.compare(os.path.join(HERE, host, group + ".txt"), text, len(patterns))
    for name in os.listdir(os.path.join(HERE, host)):
        if name.endswith(".txt") and name[:-4] not in groups:
            expectations.fail(f"{host}/{name}: no patterns for it")
    expectations.finish("make golden-update")


if __name__ == "__main__":
    main()
