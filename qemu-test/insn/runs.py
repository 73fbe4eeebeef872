# SPDX-License-Identifier: BSD-2-Clause
"""Cases of long string runs: what is done many elements at a time must end as one by one.

Counts 0 … 100, overlaps at each distance, page borders, faults and limits in the middle, a match at
each position. strings.py has the short ones. The pattern in memory repeats every 256 bytes, which
are all different (case.h).
"""
from build import (ABSENT, BASED, CODE16, DATA, DF, EAX, ECX, EDI, ESI, FLAT, KNOWN_REP_FLAGS, RO,
                   le)
from strings import OPS, PFX

REP, REPNE = b"\xf3", b"\xf2"
COMPARES = ("CMPS", "SCAS")
BORDER = DATA + 0x1000


def pattern(addr, size):
    return bytes(((addr + n - DATA) & 0xff) * 167 + 13 & 0xff for n in range(size))


def run(g, tag, name, size, rep, count, src, dst, down=False, eax=None, poke=None, segs=FLAT,
        pre=b""):
    """src and dst: linear addresses of the lowest elements."""
    op = dict(OPS)[name]
    last = (count - 1) * size if down and count else 0
    base = 0 if segs == FLAT else DATA
    high = g.rnd.getrandbits(16) << 16 if segs == CODE16 or b"\x67" in pre else 0
    regs = {ESI: (src + last - base | high) & 0xffffffff,
            EDI: (dst + last - base | high) & 0xffffffff, ECX: (count | high) & 0xffffffff,
            EAX: g.rnd.getrandbits(32) if eax is None else eax}
    swap = (b"\x66" if size == 4 else b"") if segs == CODE16 else PFX[size]
    g.case(f"long {name}{8 * size}{tag}", rep + pre + swap + bytes([op | (size > 1)]), regs,
           flags=g.flags() | (DF if down else 0), poke=poke, segs=segs,
           known=KNOWN_REP_FLAGS if name in COMPARES else 0)


def some(g, room=0x900):
    """An address with that much behind it on the pages that can be written."""
    return DATA + g.rnd.randrange(0x2000 - room)


def counts(g):
    for name, _ in OPS:
        for size in (1, 2, 4):
            for down in (False, True):
                for count in range(g.rnd.randrange(3), 101, 1 if size == 1 and not down else 3):
                    src = some(g)
                    dst = (src + 0x100 * g.rnd.randrange(3) if name == "CMPS" else some(g))
                    run(g, " counts", name, size, g.rnd.choice((REP, REPNE)), count, src, dst,
                        down)


def overlaps(g):
    for size in (1, 2, 4):
        for distance in (*range(1, 41), *range(56, 73)):
            for way in (-1, 1):
                for down in (False, True):
                    src = DATA + 0x600 + g.rnd.randrange(64)
                    run(g, " overlap", "MOVS", size, REP, (150 + g.rnd.randrange(40)) // size, src,
                        src + way * distance, down)
        for distance in (1, 2, 4, 7, 8, 12, 16, 31, 40, 64):
            for way in (-1, 1):
                src = BORDER - 100 + g.rnd.randrange(64)
                run(g, " overlap, border", "MOVS", size, REP, 300 // size, src,
                    src + way * distance, g.rnd.random() < .5)


def borders(g):
    for name, _ in OPS:
        for size in (1, 2, 4):
            for back in (0, 1, 2, 3, 5, 8, 17, 31, 63, 64, 65):
                for down in (False, True):
                    at, count = BORDER - back, 40 + g.rnd.randrange(20)
                    other = some(g)
                    if name == "CMPS":
                        other = at + 0x100 * g.rnd.choice((-2, 1, 2))
                    for src, dst in ((at, other), (other, at)):
                        run(g, " border", name, size, REP, count, src, dst, down)


def found(g, name, size, where, down):
    """The element that ends it is number `where` of 45."""
    count, src = 45, some(g)
    at = (count - 1 - where if down else where) * size
    if name == "SCAS":              # the words of the pattern are all different
        dst = some(g)
        for skew in (0, 1):         # with 1, the bytes are there but belong to two elements
            eax = int.from_bytes(pattern(dst + at + skew, size), "little")
            run(g, " found", name, size, REPNE, count, src, dst, down, eax)
        return
    dst = src + 0x100               # equal but for one bit; different but for one element
    byte = at + g.rnd.randrange(size)
    bit = pattern(src + byte, 1)[0] ^ 1 << g.rnd.randrange(8)
    run(g, " found", name, size, REP, count, src, dst, down, poke=(dst + byte, bytes([bit])))
    dst = src + 0x100 + g.rnd.randrange(1, 0x100)
    run(g, " found", name, size, REPNE, count, src, dst, down,
        poke=(dst + at, pattern(src + at, size)))


def scan_equal(g, size, where):
    """REP STOS fills it, a byte is changed, REPE SCAS finds that one."""
    count, dst, eax = 45, some(g), g.rnd.getrandbits(32)
    at = dst + where * size + g.rnd.randrange(size)
    code = REP + PFX[size] + bytes([0xaa | (size > 1)]) + b"\xbf" + le(dst, 4) + \
        b"\xb1" + le(count, 1) + b"\x80\x35" + le(at, 4) + le(1 << g.rnd.randrange(8), 1) + \
        REP + PFX[size] + bytes([0xae | (size > 1)])
    g.case(f"long SCAS{8 * size} equal", code, {EDI: dst, ECX: count, EAX: eax}, flags=g.flags())


def matches(g):
    for size in (1, 2, 4):
        for where in range(45):
            for name in COMPARES:
                found(g, name, size, where, False)
                if where % 3 == 0:
                    found(g, name, size, where, True)
            scan_equal(g, size, where)


def faults(g):
    """The registers show how many were done."""
    for name, _ in OPS:
        for size in (1, 2, 4):
            for done in (0, 1, 3, 15, 16, 17, 33):
                for edge in (RO, ABSENT):
                    at, skew = edge - done * size, g.rnd.randrange(size)
                    other = at - 0x100 * g.rnd.randrange(5, 9)
                    run(g, " #PF", name, size, REP, 60, other, at - skew)
                    run(g, " #PF", name, size, REP, 60, at - skew, other)
                low = DATA - (60 - done) * size + g.rnd.randrange(size)
                run(g, " #PF", name, size, REP, 60, low + 0x500, low, True)
                run(g, " #PF", name, size, REP, 60, low, low + 0x500, True)


def segments(g):
    for name, _ in OPS:
        for size in (1, 2, 4):
            for segs, pre, tag in ((CODE16, b"", "code16"), (BASED, b"", "based"),
                                   (BASED, b"\x67", "based a16"), (FLAT, b"\x67", "a16")):
                for down in (False, True, False):
                    count, src = g.rnd.randrange(60), some(g)
                    dst = src + 0x100 if name == "CMPS" else some(g)
                    if tag == "a16":    # nothing is there; whose fault is CMPS's, CPUs differ in
                        count = 0 if name == "CMPS" else g.rnd.randrange(3)
                        src, dst = src & 0xffff, dst & 0xffff
                    run(g, " " + tag, name, size, REP, count, src, dst, down, segs=segs, pre=pre)
            for left in (1, 2, 16, 31):             # limit 0x7f; its base is not DATA's
                for down in (False, True):
                    off = 0x80 - left * size if not down else -(60 - left) * size
                    run(g, " gs limit", name, size, REP, 60, off, DATA + 0x400, down,
                        pre=b"\x65")
                off = 0x3000 - left * size
                run(g, " es limit", name, size, REP, 60, DATA + 0x400, DATA + off, segs=BASED)
                off = 0x800 - left * size           # expand-down from 0x800
                run(g, " gs down", name, size, REP, 60, DATA + off, DATA + 0x400, True, segs=BASED,
                    pre=b"\x65")
                run(g, " gs up", name, size, REP, 60, DATA + 0x800 + left, DATA + 0x400,
                    segs=BASED, pre=b"\x65")
                off = 0x10000 - left * size - g.rnd.randrange(2)
                run(g, " wrap", name, size, REP, 60, DATA + 0x400, DATA + off, segs=CODE16)


def generate(g):
    for family in (counts, overlaps, borders, matches, faults, segments):
        family(g)
