#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each folder has a README.md of its own, and the files that one names are there.

readmes.py     all folders of the project but the root's hidden ones
Not a judge of what it says.  Invariant: a name may leave out the folders before it, but not one
that no file of the project has.
"""
import fnmatch
import os
import re

from files import finish, project_files, read_lines

LINES = 60
QUOTED = re.compile(r"`([^`]+)`")
FILE = re.compile(r"[\w./*-]+\.(?:c|h|S|def|py|sh|mk|cfg|lds|suites|allow|table|patch)")


def folders(files):
    """Every folder that holds a file."""
    found = {os.path.dirname(f) for f in files}
    return sorted(f for f in found if f and not f.startswith("."))


def named(lines):
    """The names of files that stand between backquotes; NAME and X stand for others."""
    for quoted in QUOTED.findall("\n".join(lines)):
        yield from (word for word in quoted.split()
                    if FILE.fullmatch(word) and not re.search(r"NAME|_X\.", word))


def is_there(name, files):
    name = name.lstrip("./")
    return bool(fnmatch.filter(files, name) or fnmatch.filter(files, "*/" + name))


def check(folder, lines, files):
    """What is wrong with one README."""
    path = folder + "/README.md"
    errors = [f"{path}: names {n}, which is not there"
              for n in named(lines) if not is_there(n, files)]
    if len(lines) > LINES:
        errors.append(f"{path}: {len(lines)} lines are no short README")
    return errors


def main():
    files, errors = project_files(), []
    for folder in folders(files):
        if folder + "/README.md" in files:
            errors += check(folder, read_lines(folder + "/README.md"), files)
        else:
            errors.append(f"{folder}: no README.md")
    finish("readmes", errors, f", {len(folders(files))} folders")


if __name__ == "__main__":
    main()
