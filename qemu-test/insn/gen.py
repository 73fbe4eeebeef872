#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the file of instruction cases (case.h): gen.py OUT.  The families hold the cases."""
import os
import re
import sys

import build
import flow
import ints
import later
import limits
import runs
import sse4
import strings
import system
import vecseq
import vector
import x87

SEED = 20260101
FAMILIES = (ints, flow, strings, system, x87, vector, vecseq, limits, later, runs, sse4)


def vectors_todo():
    """Are there MMX or SSE rows that are not lifted yet?"""
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "dbt")
    with open(os.path.join(top, "lift", "todo.def"), encoding="utf-8") as f:
        todo = set(re.findall(r"^(?:TODO|MISSING)\((\w+)\)", f.read(), re.M))
    with open(os.path.join(top, "x86", "insns.def"), encoding="utf-8") as f:
        rows = re.findall(r"^IN[SX]\(\w+,\s*(\w+),\s*(.*),\s*FEAT", f.read(), re.M)
    return any("ROW_MMX" in flags or "ROW_SSE" in flags for fn, flags in rows if fn in todo)


def main():
    g = build.Gen(SEED)
    for family in FAMILIES:
        g.todo = family in (vector, vecseq) and vectors_todo()
        family.generate(g)
    g.write(sys.argv[1])
    print(f"{len(g.cases)} cases in {len(g.groups)} groups")


if __name__ == "__main__":
    main()
