#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The worked trace in docs/design.md: a block from guest bytes to host code, step by step.

trace.py HOST TOOL [--update]      as golden.py; --update writes it between the marks
Invariant: what stands between the marks was made by the pipeline itself.
"""
import os
import sys

import listing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from expect import Expectations

DOCUMENT = os.path.join(HERE, "../../docs/design.md")
BEGIN, END = "<!-- trace: make trace-update -->\n", "<!-- end of the trace -->\n"
GUEST = """pattern trace flat32
	sub	esi, ecx
	mov	eax, [ebx + esi * 4 + 8]
	jb	0x401100
"""


def step(title, lines):
    return f"{title}\n\n" + "".join(f"    {line}".rstrip() + "\n" for line in lines) + "\n"


def made(host, tool):
    """The whole text between the marks."""
    patterns = listing.patterns(GUEST)
    block = listing.translate(tool, patterns)[0]
    left = set(block.ir)
    gone = [line for line in block.lift if line not in left]
    lines = listing.disassemble_host(host, [block])[0]
    lines += ["fault at {}: {} {}".format(*site.split(" ", 2)) for site in block.sites]
    return (step("Guest code (decoded by `dbt/x86/decode.c`):", patterns[0].guest)
            + step("As `struct ir1`:", block.ir1)
            + step("Lifted (`dbt/lift`); the first column is the guest's EIP:", block.lift)
            + step(f"After the passes {', '.join(block.passes)} (`dbt/opt`): {len(gone)} lines are "
                   "gone or changed:", block.ir)
            + step(f"Host code (`dbt/backend/{host}`), by word, and what a fault knows:", lines))


def main():
    host, tool = sys.argv[1:3]
    expectations = Expectations("--update" in sys.argv)
    with open(DOCUMENT, encoding="utf-8") as f:
        text = f.read()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        expectations.fail("docs/design.md: the marks of the trace are not there")
    else:
        expectations.compare(DOCUMENT, before + begin + "\n" + made(host, tool) + end + after)
    expectations.finish("make trace-update")


if __name__ == "__main__":
    main()
