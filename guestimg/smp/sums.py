#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes what `sha256sum -c` wants of the files that `smp` makes: sums.py FILES SORTED."""
import hashlib
import sys


def write_sums(path, files):
    """FILES: (name, lines) pairs."""
    with open(path, "w", encoding="ascii") as out:
        for name, lines in files:
            text = "".join(f"{line}\n" for line in lines)
            out.write(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n")


write_sums(sys.argv[1], ((f"/tmp/files/{k}", range(k, k + 501)) for k in range(1, 201)))
write_sums(sys.argv[2], ((f"/tmp/sorted-{n}", sorted(str(k) for k in range(1, n + 1)))
                         for n in (150000, 300000)))
