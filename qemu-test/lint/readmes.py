#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each folder has a README.md of its own, and it is short.

readmes.py     all folders of the project but the root's hidden ones
Not a judge of what it says: what it names is docs.py's affair.
"""
import os

from files import finish, project_files, read_lines

LINES = 60


def folders(files):
    """Every folder that holds a file."""
    found = {os.path.dirname(f) for f in files}
    return sorted(f for f in found if f and not f.startswith("."))


def check(folder, lines):
    """What is wrong with one README."""
    if len(lines) > LINES:
        return [f"{folder}/README.md: {len(lines)} lines are no short README"]
    return []


def main():
    files, errors = project_files(), []
    for folder in folders(files):
        if folder + "/README.md" in files:
            errors += check(folder, read_lines(folder + "/README.md"))
        else:
            errors.append(f"{folder}: no README.md")
    finish("readmes", errors, f", {len(folders(files))} folders")


if __name__ == "__main__":
    main()
