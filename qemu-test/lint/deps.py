#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks every #include "…" against deps.table.  Not a compiler: system headers are ignored.

deps.py        all C, assembly and list files of the project
Invariant: a file outside every row of the table is an error, so new folders need a row.
"""
import os
import re

from files import TOP, finish, project_files, read_lines

HOSTS = ("loongarch64", "mips64")
# May choose a host's file, or test it.
NEUTRAL = ("kernel/host_cpu.h", "kernel/host_limits.h", "kernel/phys.h", "boot/host_board.h",
           "dbt/backend/host.h", "dbt/backend/host_limits.h", "qemu-test/")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def load(name):
    """{who: [prefixes]} of a table file."""
    table = {}
    text = "\n".join(read_lines(name)).replace("\\\n", "  ")
    for number, line in enumerate(text.split("\n"), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        who, colon, what = line.partition(":")
        if not colon or not what.strip():
            raise SystemExit(f"{name}:{number}: want `who: prefixes`")
        table[who] = [w for w in what.split() if w != "nothing"]
    return table


def row_of(table, path):
    """The longest row name that is this file or a folder above it."""
    rows = [w for w in table if path == w or path.startswith(w + "/")]
    return max(rows, key=len, default=None)


def allowed(table, path, included):
    row = row_of(table, path)
    own = os.path.dirname(path) + "/"
    return included.startswith((own, row + "/", *table["everyone"], *table[row]))


def host_of(path):
    """The host whose folder the file is in, or None."""
    return next((h for h in HOSTS if f"/{h}/" in path), None)


def wrong_host(path, included):
    """Only a host's own files know its folders."""
    host = host_of(included)
    return host and host_of(path) != host and not path.startswith(NEUTRAL)


def check(table, path, lines, exists):
    """Error lines for one file."""
    if row_of(table, path) is None:
        return [f"{path}: no row in deps.table"]
    errors = []
    for number, line in enumerate(lines, 1):
        if not (found := INCLUDE.match(line)):
            continue
        included = found[1]
        if not exists(included):
            errors.append(f"{path}:{number}: `{included}` is not spelled from the root")
        elif wrong_host(path, included):
            errors.append(f"{path}:{number}: host-neutral code may not include {included}")
        elif not allowed(table, path, included):
            errors.append(f"{path}:{number}: may not include {included}")
    return errors


def main():
    table = load("qemu-test/lint/deps.table")
    files = [f for f in project_files(".c", ".h", ".S", ".def", ".inc") if "/" in f]
    files = [f for f in files if not f.startswith("tools/")]
    errors = []
    for path in files:
        errors += check(table, path, read_lines(path),
                        lambda name: os.path.isfile(os.path.join(TOP, name)))
    finish("deps", errors, f", {len(files)} files")


if __name__ == "__main__":
    main()
