#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks the text of the sources: licence line, width, blanks, left-over code, words.

text.py        all sources of the project
Not a formatter.  Invariant: every rule is one row of RULES or a function below.
"""
import re

from files import finish, project_files, read_lines

WIDTH = 100
SOURCES = (".c", ".h", ".S", ".def", ".inc", ".py", ".sh", ".mk", ".ld", "Makefile")
RULES = (       # (files, what is wrong, pattern)
    (SOURCES, "blanks at the end of the line", re.compile(r"[ \t]+$")),
    ((".c", ".h", ".S"), "spaces where a tab belongs", re.compile(r"^ {4,}\S")),
    ((".c", ".h", ".S", ".def"), "code that is switched off", re.compile(r"^\s*#\s*if\s+0\b")),
    ((".c", ".h", ".S", ".def"), "a mark of unfinished work",
     re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")),
    ((".c",), "an extern belongs in a header", re.compile(r"^extern\b")),
)


def width(line):
    return len(line.expandtabs(8))


def check(path, lines):
    errors = []
    head = "\n".join(lines[:2])
    if "SPDX-License-Identifier: BSD-2-Clause" not in head:
        errors.append(f"{path}:1: no SPDX line")
    for number, line in enumerate(lines, 1):
        if width(line) > WIDTH:
            errors.append(f"{path}:{number}: {width(line)} columns")
        for endings, what, pattern in RULES:
            if path.endswith(endings) and pattern.search(line):
                errors.append(f"{path}:{number}: {what}")
    if len(lines) > 1 and lines[-1] != "":
        errors.append(f"{path}: no newline at the end")
    return errors


def main():
    errors = []
    files = project_files(*SOURCES)
    for path in files:
        errors += check(path, read_lines(path))
    finish("text", errors, f", {len(files)} files")


if __name__ == "__main__":
    main()
