#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks every #include "…" against deps.table, and that no folders include each other in a circle.

Not a compiler: system headers are ignored.

deps.py        all C, assembly and list files of the project
Invariant: a file outside every row of the table is an error, so new folders need a row.
"""
import os
import re

from files import TOP, finish, project_files, read_lines

HOSTS = ("loongarch64", "mips64")
# May choose a host's file, or test it.
NEUTRAL = ("kernel/host_cpu.h", "kernel/host_limits.h", "kernel/host_pte.h", "kernel/phys.h",
           "boot/host_board.h", "dbt/backend/host.h", "dbt/backend/host_limits.h", "qemu-test/")
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
    return (os.path.dirname(included) + "/" == own or
            included.startswith((*table["everyone"], *table[row])))


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


def room(path):
    """The folder of a file; a host's folder belongs to the one that it implements."""
    return re.sub("(/arch)?/(%s)$" % "|".join(HOSTS), "", os.path.dirname(path))


def circles(includes, facts=()):
    """Error lines: folders that include each other, other than by headers of mere facts."""
    edges = {}
    for path, named in includes.items():
        edges.setdefault(room(path), set()).update(
            room(n) for n in named if n not in facts and room(n) != room(path))
    reach = {}
    for start in edges:
        seen, todo = set(), [start]
        while todo:
            for near in edges.get(todo.pop(), ()):
                if near not in seen:
                    seen.add(near)
                    todo.append(near)
        reach[start] = seen
    groups = {tuple(sorted(b for b in reach if a in reach[b] and b in reach[a]))
              for a in reach if a in reach[a]}
    errors = [f"{f}: more than facts: includes {n}" for f in facts for n in includes.get(f, ())
              if n not in facts and room(n) != "kernel/lib"]
    return errors + [f"circle of includes between folders: {' '.join(g)}" for g in sorted(groups)]


def unused(table, includes):
    """Error lines: what the table allows and nobody includes (a table only gets narrower so)."""
    used = {(row_of(table, path), what) for path, named in includes.items()
            for what in table.get(row_of(table, path), ()) for n in named if n.startswith(what)}
    return [f"deps.table: {who} does not include {what}" for who in table
            for what in table[who] if who not in ("everyone", "facts") and (who, what) not in used]


def main():
    table = load("qemu-test/lint/deps.table")
    files = [f for f in project_files(".c", ".h", ".S", ".def", ".inc") if "/" in f]
    files = [f for f in files if not f.startswith("tools/")]
    errors, includes = [], {}
    for path in files:
        lines = read_lines(path)
        errors += check(table, path, lines, lambda name: os.path.isfile(os.path.join(TOP, name)))
        includes[path] = [found[1] for line in lines if (found := INCLUDE.match(line))]
    product = {path: named for path, named in includes.items()
               if not path.startswith(("qemu-test/", "guestimg/"))}
    errors += circles(product, table["facts"]) + unused(table, includes)
    finish("deps", errors, f", {len(files)} files")


if __name__ == "__main__":
    main()
