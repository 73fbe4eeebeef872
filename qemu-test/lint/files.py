# SPDX-License-Identifier: BSD-2-Clause
"""What the lint programs share: the project's files, and how they report.  Not a program.

Invariant: only files that git knows or would add are looked at, never build results.
"""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def project_files(*endings):
    """Paths from the root, sorted, that end with one of these ("" = all)."""
    out = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                          "--exclude-standard"], cwd=TOP, check=True, stdout=subprocess.PIPE).stdout
    names = sorted(set(out.decode().split("\0")) - {""})
    return [n for n in names if n.endswith(endings or "") and os.path.isfile(os.path.join(TOP, n))]


def read_lines(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as f:
        return f.read().split("\n")


def finish(what, errors, note=""):
    """Print the errors, or one line that all is well; exit accordingly."""
    for error in errors:
        print(error)
    if not errors:
        print(f"{what}: ok{note}")
    sys.exit(bool(errors))
