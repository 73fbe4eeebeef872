#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Finds state that is not reached through a core: variables of file or function scope that change.

statics.py FOLDER    of objects; each variable in .data, .bss or common must be in statics.table
The boot loader's objects (FOLDER/efi) run once, before there are cores, and are left out; tests'
images too.
Invariant: constants do not count; a row of the table whose variable is gone is an error too.
"""
import os
import re
import subprocess
import sys

from files import TOP, finish, read_lines

TABLE = "qemu-test/lint/statics.table"
NM = {"loongarch64": "loongarch64-linux-gnu-nm", "mips64": "mips64el-linux-gnuabi64-nm"}


def load(lines):
    """{(file without its ending, variable): law} of a table's lines "file: variable … | law"."""
    laws = {}
    for number, line in enumerate(lines, 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        found = re.fullmatch(r"(\S+)\.[cS]:\s*([^|]+?)\s*\|\s*(\S.*)", line)
        if not found:
            raise SystemExit(f"{TABLE}:{number}: want `file: variable … | law`")
        for name in found[2].split():
            if (found[1], name) in laws:
                raise SystemExit(f"{TABLE}:{number}: `{name}` has a law already")
            laws[found[1], name] = found[3]
    return laws


def variables(symbols):
    """Names in nm's output that are data; the compiler's own anchors and copies' numbers go."""
    rows = re.findall(r"^[0-9a-f]* *([bBdDCsSgG]) (\S+)$", symbols, re.M)
    return sorted({re.sub(r"\.\d+$", "", name) for _, name in rows if not name.startswith(".")})


def check(found, laws, hosts_seen):
    """Error lines: found is {file: [variable]}."""
    there = {(path, name) for path, names in found.items() for name in names}
    errors = [f"{path}.c: `{name}` is state that no core owns and no law covers ({TABLE})"
              for path, name in sorted(there - set(laws))]
    for path, name in sorted(set(laws) - there):
        host = next((h for h in NM if f"/{h}/" in path), None)
        if host is None or host in hosts_seen:
            errors.append(f"{TABLE}: {path}.c has no variable `{name}`")
    return errors


def main():
    folder = sys.argv[1].rstrip("/")
    host = os.path.basename(folder)
    found = {}
    for at, folders, files in os.walk(folder):
        if os.path.relpath(at, folder) in ("efi", "qemu-test"):
            folders.clear()
            continue
        for name in files:
            path = os.path.join(at, name)
            source = os.path.join(TOP, os.path.relpath(path, folder)[:-2])
            if name.endswith(".o") and any(map(os.path.exists, (source + ".c", source + ".S"))):
                # No plugin: it would show what LTO will link, as text and data only.
                out = subprocess.run([NM[host], "--plugin", "/dev/null", path], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout
                if names := variables(out):
                    found[os.path.relpath(path, folder)[:-2]] = names
    laws = load(read_lines(TABLE))
    errors = check(found, laws, {host})
    finish("statics", errors, f", {len(laws)} variables, each with its law")


if __name__ == "__main__":
    main()
