#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts lines of files and of C functions; over the cap is an error, over the aim a count.

size.py [-v]   -v lists everything over the aim
Exempt: files that are lists (.def, .inc), and what size.allow names with its reason.
Invariant: a function is what begins with `{` in column 1 and ends with `}` in column 1.
"""
import re
import sys

from files import finish, project_files, read_lines

FILE_CAP = 600
FUNCTION_AIM, FUNCTION_CAP = 40, 120
NAME = re.compile(r"(\w+)\s*\(")


def functions(lines):
    """[(name, first line, lines of the body)] of one C file."""
    found, start, name = [], None, "?"
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            if not line.startswith(("};", "} ")):
                found.append((name, start, number - start - 1))
            start = None
        elif start is None and line[:1].isalpha() and (m := NAME.search(line)):
            name = m[1]
    return found


def too_long(path, lines, may):
    """[what is wrong with the file's length]"""
    count = len(lines) - (lines[-1] == "")
    if count <= FILE_CAP or path in may:
        return []
    return [f"{path}: {count} lines (cap {FILE_CAP})"]


def allowances():
    """{file or file:function} that may be longer."""
    rows = (line.split("#")[0].split() for line in read_lines("qemu-test/lint/size.allow"))
    return {row[0] for row in rows if row}


def main():
    errors, over, may = [], [], allowances()
    count = 0
    for path in project_files(".c", ".h", ".S", ".py", ".sh"):
        lines = read_lines(path)
        errors += too_long(path, lines, may)
        for name, line, size in functions(lines) if path.endswith(".c") else ():
            count += 1
            if size > FUNCTION_AIM:
                big = size > FUNCTION_CAP and f"{path}:{name}" not in may
                (errors if big else over).append(
                    f"{path}:{line}: {name}() has {size} lines (aim {FUNCTION_AIM}, "
                    f"cap {FUNCTION_CAP})")
    if "-v" in sys.argv or errors:
        print("\n".join(over))
    finish("size", errors, f", {count} functions, {len(over)} over the aim (size.py -v lists them)")


if __name__ == "__main__":
    main()
