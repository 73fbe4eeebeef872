#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Lists that a document repeats are those of the code: keys of loam.cfg, trace bits.

lists.py       compares both ways; a document that lists a name twice is wrong, too
Invariant: the code's list is the home; this program knows no name itself.
"""
import re

from files import finish, read_lines

KEY = re.compile(r'^\t\{ "(\w+)", [A-Z_]+, ', re.M)
BIT = re.compile(r"X\([A-Z0-9]+, (\w+)\)")


def of_code(pattern, lines):
    return pattern.findall("\n".join(lines))


def table(lines, head):
    """The names in the first column of the table whose first line begins with `| head |`."""
    names, inside = [], False
    for line in lines:
        if line.startswith(f"| {head} |"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|-"):
            names += expand(line.split("|")[1])
    return names


def expand(cell):
    """`disk0 … disk3` stands for four names."""
    if match := re.fullmatch(r"\s*(\w+?)(\d) … \1(\d)\s*", cell):
        return [f"{match[1]}{n}" for n in range(int(match[2]), int(match[3]) + 1)]
    return re.findall(r"\w+", cell)


def example(lines):
    """The keys in README's example: indented `key = value`, also behind a #."""
    return [m[1] for line in lines if (m := re.match(r"    (?:# )?(\w+) +=", line))]


def compare(where, names, wanted, all_of_them=True):
    errors = [f"{where}: lists {n}, which the code does not have"
              for n in names if n not in wanted]
    errors += [f"{where}: lists {n} twice" for n in sorted(set(names)) if names.count(n) > 1]
    if all_of_them:
        errors += [f"{where}: does not list {n}" for n in wanted if n not in names]
    return errors


def main():
    keys = of_code(KEY, read_lines("boot/config.c"))
    bits = of_code(BIT, read_lines("kernel/printk.h"))
    errors = [] if keys and bits else ["lists: the code's lists are not where they were"]
    errors += compare("docs/boot.md", table(read_lines("docs/boot.md"), "key"), keys)
    errors += compare("README.md", example(read_lines("README.md")), keys, False)
    errors += compare("docs/debugging.md", table(read_lines("docs/debugging.md"), "bit"), bits)
    finish("lists", errors, f", {len(keys)} keys, {len(bits)} trace bits")


if __name__ == "__main__":
    main()
