# SPDX-License-Identifier: BSD-2-Clause
"""Cases of the string instructions: both directions, REP, address sizes, segments, faults."""
from build import (ABSENT, BASED, CODE16, DATA, DF, EAX, ECX, EDI, ESI, FLAT, KNOWN_REP_FLAGS, RO,
                   le)

OPS = (("MOVS", 0xa4), ("CMPS", 0xa6), ("STOS", 0xaa), ("LODS", 0xac), ("SCAS", 0xae))
PFX = {1: b"", 2: b"\x66", 4: b""}


def string(g, name, op, size, rep, segs=FLAT, pre=b"", count=None, src=None, dst=None, down=None,
           tag=""):
    """One case; src and dst are linear addresses, moved so that the whole run lies in the pages."""
    rnd = g.rnd
    compares = name in ("CMPS", "SCAS")
    count = rnd.choice((0, 1, 2, 3, 5, 9, 16)) if count is None else count
    down = rnd.random() < 0.4 if down is None else down
    src = DATA + 0x200 + rnd.randrange(0x1a00) if src is None else src
    dst = src - src % 0x100 + 0x100 * rnd.randrange(3) + src % 0x100 \
        if compares and dst is None and src < RO - 0x400 else dst
    dst = DATA + 0x200 + rnd.randrange(0x1a00) if dst is None else dst
    poke, eax = None, rnd.getrandbits(32)
    if compares and rnd.random() < 0.7:         # equal but for a byte, or all but one
        at = dst + rnd.randrange(-16, 16)
        poke = (at, bytes([rnd.getrandbits(8)]))
        if name == "SCAS":
            byte = rnd.getrandbits(8)
            eax = byte * 0x01010101
            fill = bytearray([byte]) * 24
            if rnd.random() < 0.6:
                fill[rnd.randrange(24)] ^= 1 << rnd.randrange(8)
            poke = (dst - (16 if down else 4), bytes(fill))
    base = 0 if segs == FLAT else DATA
    high = (rnd.getrandbits(16) << 16) if segs == CODE16 or b"\x67" in pre else 0
    regs = {ESI: (src - base | high) & 0xffffffff, EDI: (dst - base | high) & 0xffffffff,
            ECX: (count | high) & 0xffffffff, EAX: eax}
    swap = (b"\x66" if size == 4 else b"") if segs == CODE16 else PFX[size]
    known = KNOWN_REP_FLAGS if compares and rep else 0
    what = {b"": "", b"\xf3": "REP ", b"\xf2": "REPNE "}[rep]
    g.case(f"{what}{name}{8 * size}{tag}", rep + pre + swap + bytes([op | (size > 1)]), regs,
           flags=g.flags() | (DF if down else 0), poke=poke, segs=segs, known=known)


def plain(g):
    for name, op in OPS:
        for size in (1, 2, 4):
            for rep in (b"", b"\xf3", b"\xf2"):
                for _ in range(24 if rep else 10):
                    string(g, name, op, size, rep)
                for _ in range(6):
                    string(g, name, op, size, rep, CODE16, tag=" code16")
                    string(g, name, op, size, rep, BASED, tag=" based")
                for _ in range(4):
                    string(g, name, op, size, rep, BASED, b"\x67", tag=" based a16")


def overlapping(g):
    for size in (1, 2, 4):
        for distance in (-3, -2, -1, 1, 2, 3, 4, 5):
            for down in (False, True):
                src = DATA + 0x800
                string(g, "MOVS", 0xa4, size, b"\xf3", count=9, src=src, dst=src + distance,
                       down=down, tag=" overlap")


def faults(g):
    """At page ends and limits: the state shows how many elements were done."""
    for name, op in OPS:
        for size in (1, 2, 4):
            for rep in (b"", b"\xf3"):
                for edge in (RO, ABSENT, DATA):
                    for back in (0, 1, size, 2 * size + 1, 3 * size):
                        down = edge == DATA
                        at = edge + back - size if down else edge - back
                        string(g, name, op, size, rep, count=7, src=at, down=down, tag=" #PF")
                        string(g, name, op, size, rep, count=7, dst=at, down=down, tag=" #PF")
                for off in (0x7f, 0x80, 0x80 - size):       # the limited segment
                    string(g, name, op, size, rep, pre=b"\x65", count=4,
                           src=off, dst=DATA + 0x400, down=False, tag=" gs limit")
                for off in (0x3000 - size, 0x2ffe, 0x10000):
                    string(g, name, op, size, rep, BASED, count=4, dst=DATA + off,
                           src=DATA + 0x400, down=False, tag=" es limit")
                for off in (0xffff, 0xfffe, 0):
                    string(g, name, op, size, rep, CODE16, count=3, dst=DATA + off,
                           src=DATA + 0x400, tag=" wrap")


def ports(g):
    """Ports need a privilege that the cases have not: #GP(0), and nothing moves."""
    for code, name in ((b"\x6c", "INSB"), (b"\x6d", "INSD"), (b"\x6e", "OUTSB"), (b"\xf3\x6f",
        "OUTSD"),
                       (b"\xe4\x60", "IN imm"), (b"\xed", "IN dx"), (b"\xe6\x80", "OUT imm"),
                       (b"\xee", "OUT dx"), (b"\x66\xef", "OUT16 dx")):
        g.case(name, code, {EDI: DATA + 0x100, ESI: DATA + 0x100, ECX: 3})


def generate(g):
    for family in (plain, overlapping, faults, ports):
        family(g)
