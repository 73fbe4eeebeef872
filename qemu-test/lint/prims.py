#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Has each host every primitive of dbt/backend/prims.def, and none besides?

prims.py       all folders dbt/backend/HOST; prints how many each has
What is not there is allowed only while the host links todo.o, which fails by name for it. Types
are the compiler's affair (dbt/backend/host.h).
Invariant: a host that has all links no todo.o, so none is forgotten there.
"""
import glob
import os
import re

from files import TOP, finish, read_lines

LIST = "dbt/backend/prims.def"
ROW = re.compile(r"^(?:PRIM\([^,]+, (\w+),|DOOR\((\w+)\))", re.M)
C_BODY = re.compile(r"^(?!static (?!inline))\w[\w \t*]*?\b(\w+)\([^;{]*?\)\s*\{", re.M)
LABEL = re.compile(r"^(\w+):|^\s*(?:door|system|fault)\s+(\w+)", re.M)
BOTH = re.compile(r"^\s*door\s+\\p\\\(\)(\w+)", re.M)     # glue_NAME and glue64_NAME


def listed(text):
    """Names of a prims.def, in its order."""
    return [a or b for a, b in ROW.findall(text)]


def defined(name, text):
    """Functions that a file of a host defines for others."""
    if name.endswith(".S"):
        both = {p + n for n in BOTH.findall(text) for p in ("glue_", "glue64_")}
        return both | {a or b for a, b in LABEL.findall(text)}
    return set(C_BODY.findall(text))


def check(host, prims, have, todo):
    """(error lines, summary) for one host: its functions, and whether it links todo.o."""
    missing = [p for p in prims if p not in have]
    extra = sorted(h for h in have if h.startswith("host_") and h not in prims)
    errors = [f"{host}: {name} is not in {LIST}" for name in extra]
    if not todo:
        errors += [f"{host}: has no {name}, and no todo.o" for name in missing]
    elif not missing:
        errors.append(f"{host}: has everything: todo.o is not needed")
    return errors, f"{host} has {len(prims) - len(missing)} of {len(prims)}"


def main():
    prims = listed("\n".join(read_lines(LIST)))
    errors, sums = [], []
    for mk in sorted(glob.glob(os.path.join(TOP, "dbt/backend/*/prims.h"))):
        folder = os.path.relpath(os.path.dirname(mk), TOP)
        have = set()
        for path in sorted(glob.glob(os.path.join(TOP, folder, "*.[chS]"))):
            name = os.path.relpath(path, TOP)
            have |= defined(name, "\n".join(read_lines(name)))
        todo = "todo.o" in "\n".join(read_lines(folder + "/objects.mk"))
        e, s = check(os.path.basename(folder), prims, have, todo)
        errors += e
        sums.append(s)
    finish("prims", errors, ", " + ", ".join(sums))


if __name__ == "__main__":
    main()
