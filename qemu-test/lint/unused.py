#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Finds functions of the product that nothing of the product calls, and such as could be static.

unused.py FOLDER    of objects; what may stay is in unused.allow: a name or a file, and a reason
A use is a relocation against the function's name in another object of the folder, so calls,
addresses in tables and assembly count alike; or the name once more in its own file.  Invariant:
tests are no users, but what its own file uses may be global for them; a line of unused.allow that
allows nothing is an error too.
"""
import os
import re
import subprocess
import sys

from files import TOP, finish, read_lines

ALLOW = "qemu-test/lint/unused.allow"
PREFIX = {"loongarch64": "loongarch64-linux-gnu-", "mips64": "mips64el-linux-gnuabi64-"}


def load(lines):
    """{name: reason} of the allow file's lines."""
    allowed = {}
    for number, line in enumerate(lines, 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, colon, reason = line.partition(":")
        if not colon or not reason.strip():
            raise SystemExit(f"{ALLOW}:{number}: want `name: reason`")
        allowed[name.strip()] = reason.strip()
    return allowed


def functions(symbols):
    """Global functions in readelf -sW's output; LTO's own marks have a point in their names."""
    row = re.compile(r"^ *\d+: \S+ +\S+ (\w+) +(GLOBAL|WEAK) +\S+ +(\d+) (\w+)$", re.M)
    return {name for kind, _, _, name in row.findall(symbols) if kind in ("FUNC", "NOTYPE")}


def uses(relocations):
    """Names in the output of readelf -rW."""
    return set(re.findall(r"^[0-9a-f]+ +[0-9a-f]+ +R_\w+ +[0-9a-f]+ (\S+)(?: [+-] \w+)?$",
                          relocations, re.M))


def check(defined, used, allowed, inside, tests, file_of=lambda path: path + ".c"):
    """Error lines.  defined, used: {file: names}; inside(file, name): is it used in that file?
    tests: words of the tests' sources."""
    errors, met = [], set()
    for path, names in sorted(defined.items()):
        for name in sorted(names):
            if any(name in some for file, some in used.items() if file != path):
                continue
            keys = {name, file_of(path)} & set(allowed)
            met |= keys
            own = inside(path, name)
            if not keys and not own:
                errors.append(f"{path}.c: {name} has no user: remove it")
            elif not keys and name not in tests:
                errors.append(f"{path}.c: {name} has no user but its own file: make it static")
    return errors + [f"{ALLOW}: {name} allows nothing" for name in sorted(set(allowed) - met)]


def source(path):
    """The file that an object is made from, as a path from the top; None if it is gone."""
    path = re.sub(r"^efi/", "", path)
    return next((path + end for end in (".c", ".S")
                 if os.path.exists(os.path.join(TOP, path + end))), None)


def words(folders):
    found = set()
    for folder in folders:
        for at, _, files in os.walk(os.path.join(TOP, folder)):
            for name in files:
                if name.endswith((".c", ".h", ".def", ".S")):
                    with open(os.path.join(at, name), encoding="utf-8") as f:
                        found |= set(re.findall(r"\w+", f.read()))
    return found


def inside(path, name):
    """Is it named more often than where it is defined?"""
    with open(os.path.join(TOP, source(path)), encoding="utf-8") as f:
        return len(re.findall(rf"\b{name}\b", f.read())) > 1


def main():
    folder = sys.argv[1].rstrip("/")
    host = os.path.basename(folder)
    defined, used = {}, {}
    for at, _, files in os.walk(folder):
        for name in files:
            path = os.path.relpath(os.path.join(at, name), folder)[:-2]
            if not name.endswith(".o") or not source(path):
                continue
            def readelf(what, file=os.path.join(at, name)):
                return subprocess.run([PREFIX[host] + "readelf", what, file], check=True,
                                      stdout=subprocess.PIPE, text=True).stdout
            defined[path] = functions(readelf("-sW"))
            used[path] = uses(readelf("-rW"))
    allowed = load(read_lines(ALLOW))
    errors = check(defined, used, allowed, inside, words(["qemu-test", "guestimg"]),
                   source)
    finish("unused", errors, f", {sum(map(len, defined.values()))} functions, "
           f"{len(allowed)} allowed")


if __name__ == "__main__":
    main()
