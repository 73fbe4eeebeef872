#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the file of instruction cases (case.h): gen.py OUT.  The families hold the cases."""
import sys

import build
import flow
import ints
import strings
import system
import vector
import x87

SEED = 20260101
FAMILIES = (ints, flow, strings, system, x87, vector)


def main():
    g = build.Gen(SEED)
    for family in FAMILIES:
        family.generate(g)
    g.write(sys.argv[1])
    print(f"{len(g.cases)} cases in {len(g.groups)} groups")


if __name__ == "__main__":
    main()
