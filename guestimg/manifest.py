#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares the files of build/guest with guestimg/manifest: are they the same bytes as ever?

manifest.py             ok or FAIL for each row; skip where Debian has replaced a package
manifest.py --write     renews the hashes; look at the difference before committing it
Needs to run inside the private tree.  Invariant: a file that is not as it was fails, unless what
it was made from differs from what the row names.
"""
import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER, MANIFEST = os.path.join(HERE, "..", "build", "guest"), os.path.join(HERE, "manifest")
PACKAGES = "/etc/loam-packages"
# What is not in build/guest, but goes into what is.
PARTS = {"busybox": ("LOAM_GUEST", "bin/busybox"),
         "busybox-amd64": ("LOAM_GUEST64", "usr/bin/busybox")}


def read_rows():
    """The file's lines: (line, name or None, hash, origins)."""
    rows = []
    with open(MANIFEST, encoding="utf-8") as f:
        for line in f.read().splitlines():
            name, want, *origins = line.split() if line[:1] not in ("", "#") else (None, None)
            rows.append((line, name, want, origins))
    return rows


def installed():
    """{package: version} of the tree; packages of other architectures are not in it."""
    with open(PACKAGES, encoding="utf-8") as f:
        return dict(line.split()[:2] for line in f)


def hash_of(name):
    path = os.path.join(FOLDER, name)
    if name in PARTS:
        variable, within = PARTS[name]
        path = os.path.join(os.environ[variable], within)
    if not os.path.exists(path):
        return "-"
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def differing(origins, packages, good):
    """Those origins that are not what they were, or of which that is not known."""
    return [o for o in origins
            if (packages.get(o.split("=")[0]) != o.split("=")[1] if "=" in o else not good[o])]


def check(rows):
    packages, good, failed = installed(), {}, 0
    for _, name, want, origins in rows:
        if name is None:
            continue
        got = hash_of(name)
        good[name] = got == want
        other = differing(origins, packages, good)
        if good[name]:
            print(f"ok   {name}")
        elif other and got != "-":
            print(f"skip {name}: made from another {', '.join(other)}")
        else:
            failed += 1
            print(f"FAIL {name}: sha256 {got}, the manifest has {want}")
    return int(bool(failed))


def write(rows):
    with open(MANIFEST, "w", encoding="utf-8") as f:
        for line, name, want, _ in rows:
            f.write((line.replace(want, hash_of(name)) if name else line) + "\n")


if __name__ == "__main__":
    sys.exit(write(read_rows()) if sys.argv[1:] == ["--write"] else check(read_rows()))
