#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes a cpio archive ("newc", as Linux's initramfs wants it) from a list; needs no root.

mkcpio.py LIST OUT [NAME=VALUE...]      ${NAME} in the list becomes VALUE
  dir PATH MODE | char PATH MODE MAJOR MINOR | file PATH MODE SOURCE | link PATH TO
  links FOLDER TO NAME...               many links to one file
Invariant: the same list and files give the same bytes: all owners and times are 0.
"""
import string
import sys

DIR, CHAR, FILE, LINK = 0o040000, 0o020000, 0o100000, 0o120000


class Cpio:
    """Format: linux/Documentation/driver-api/early-userspace/buffer-format.rst."""

    def __init__(self, out):
        self.out, self.inode, self.at = out, 0, 0

    def put(self, data):
        """Headers with their names, and contents, are padded to 4 bytes."""
        data += bytes(-len(data) % 4)
        self.out.write(data)
        self.at += len(data)

    def entry(self, path, mode, data=b"", major=0, minor=0):
        self.inode += 1
        name = path.lstrip("/").encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 2 if mode & DIR == DIR else 1, 0, len(data),
                  0, 0, major, minor, len(name), 0)
        self.put(b"070701" + b"".join(b"%08X" % f for f in fields) + name)
        self.put(data)

    def end(self):
        self.inode = -1
        self.entry("TRAILER!!!", 0)
        self.out.write(bytes(-self.at % 512))


def add(cpio, kind, path, *rest):
    if kind == "dir":
        cpio.entry(path, DIR | int(rest[0], 8))
    elif kind == "char":
        cpio.entry(path, CHAR | int(rest[0], 8), b"", int(rest[1]), int(rest[2]))
    elif kind == "file":
        with open(rest[1], "rb") as f:
            cpio.entry(path, FILE | int(rest[0], 8), f.read())
    elif kind == "link":
        cpio.entry(path, LINK | 0o777, rest[0].encode())
    elif kind == "links":
        for name in rest[1:]:
            cpio.entry(f"{path}/{name}", LINK | 0o777, rest[0].encode())
    else:
        raise ValueError(f"unknown kind {kind}")


def main():
    names = dict(word.split("=", 1) for word in sys.argv[3:])
    with open(sys.argv[1], encoding="utf-8") as f, open(sys.argv[2], "wb") as out:
        cpio = Cpio(out)
        for number, line in enumerate(f, 1):
            words = string.Template(line.split("#")[0]).substitute(names).split()
            try:
                if words:
                    add(cpio, *words)
            except (ValueError, IndexError, TypeError, OSError) as e:
                sys.exit(f"{sys.argv[1]}:{number}: {e}")
        cpio.end()


if __name__ == "__main__":
    main()
