#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes what `sha256sum -c` wants of the files that the script `smp` makes: sums.py OUT."""
import hashlib
import sys

with open(sys.argv[1], "w", encoding="ascii") as out:
    for k in range(1, 201):
        text = "".join(f"{n}\n" for n in range(k, k + 1501))
        out.write(f"{hashlib.sha256(text.encode()).hexdigest()}  /tmp/files/{k}\n")
