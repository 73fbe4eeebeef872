#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each pass of dbt/opt/passes.def on textual IR: qemu-test/opt/KEY.ir, and all.ir for all of them.

opt.py TOOL [--update]     TOOL: build/native/opt_passes; --update writes what the passes make now
A file: lines that begin with # , then cases: `== name`, the block, `--`, the block after the pass.
Invariant: a pass without a file fails, and so does a case that the tool does not take.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from expect import Expectations


def split_cases(text):
    """(head, [(name, [lines before --])])"""
    head, *cases = text.split("\n== ")
    found = []
    for case in cases:
        name, *lines = case.split("\n")
        lines = lines[:lines.index("--")] if "--" in lines else lines
        found.append((name, [line for line in lines if line.strip()]))
    return head.rstrip("\n"), found


def run(tool, key, cases):
    """The tool's answer to each case, without its first line."""
    text = "".join(f"= {key}\n" + "".join(line + "\n" for line in lines) for _, lines in cases)
    out = subprocess.run([tool], input=text, check=True, text=True, stdout=subprocess.PIPE).stdout
    return [answer.split("\n", 1)[1].rstrip("\n") for answer in ("\n" + out).split("\n= ")[1:]]


def check(tool, key, expectations):
    path = os.path.join(HERE, key + ".ir")
    if not os.path.exists(path):
        expectations.fail(f"{key}: no {key}.ir with its cases")
        return
    with open(path, encoding="utf-8") as f:
        head, cases = split_cases(f.read())
    got, good = head + "\n", True
    for (name, _), answer in zip(cases, run(tool, key, cases), strict=True):
        for line in answer.split("\n"):
            if line.startswith("!"):
                expectations.fail(f"{key}.ir: {name}: {line[2:]}")
                good = False
        got += f"\n== {name}\n{answer}\n"
    if good:
        expectations.compare(path, got, len(cases))


def main():
    tool = sys.argv[1]
    expectations = Expectations("--update" in sys.argv)
    keys = subprocess.run([tool, "--keys"], check=True, text=True, stdout=subprocess.PIPE).stdout
    for key in [*keys.split(), "all"]:
        check(tool, key, expectations)
    expectations.finish("make opt-update")


if __name__ == "__main__":
    main()
