# SPDX-License-Identifier: BSD-2-Clause
"""FXSAVE images that vector and x87 cases start from: registers full of edge values.

Invariant: an image is one that the CPU itself could have saved (SW.ES as the masks say, no
reserved bit set), for FXRSTOR and the kernel's signal return take nothing else.
"""
import struct

SINGLES = (0, 0x80000000, 0x3f800000, 0xbf800000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x80800000,
           0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001,
           0xffa00000, 0x3fc00000, 0x3dcccccd, 0x40400000, 0x4f000000, 0xcf000000, 0x4effffff,
           0x4f800000, 0x3effffff, 0x3f000000, 0x4b7fffff, 0x4b800001, 0x33800000, 0x3f7fffff)
DOUBLES = (0, 1 << 63, 0x3ff << 52, 0xbff << 52, 1, 1 << 63 | 1, 0xfffffffffffff, 1 << 52,
           0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff << 52, 0xfff << 52, 0x7ff8 << 48,
           0xfff8000000000001, 0x7ff0000000000001, 0xfff4 << 48, 0x3ff8 << 48, 0x3fb999999999999a,
           0x4008 << 48, 0x41dfffffffc00000, 0x41dfffffffe00000, 0xc1e0 << 48, 0xc1e0000000200000,
           0x41e0 << 48, 0x3fe0 << 48, 0x3fdfffffffffffff, 0x4330000000000001, 0x36a0 << 48,
           0x47efffffe0000000, 0x47effffff0000000, 0x3810 << 48, 0x380fffffffffffff, 0x3ca0 << 48)
EXTENDED = ((0, 0), (0x8000, 0), (0x3fff, 1 << 63), (0xbfff, 1 << 63), (0, 1), (0x8000,
    (1 << 63) - 1),
            (0, 1 << 63), (1, 1 << 63), (0x7ffe, (1 << 64) - 1), (0xfffe, (1 << 64) - 1),
            (0x7fff, 1 << 63), (0xffff, 1 << 63), (0x7fff, 3 << 62), (0xffff, 3 << 62 | 1),
            (0x7fff, 5 << 61), (0xffff, 1 << 63 | 1), (0x3fff, 3 << 62), (0x4000, 3 << 62),
            (0x3ffb, 0xcccccccccccccccd), (0x401e, 1 << 63), (0xc01e, 1 << 63),
            (0x401d, 0xfffffffe00000000), (0x403e, 1 << 63), (0xc03e, 1 << 63),
            (0x403d, (1 << 64) - 1), (0x3ffe, 1 << 63), (0x3ffd, (1 << 64) - 1),
            (0x3f7f, 0xfffffe8000000000), (0x3c00, 0xfffffffffffffc00), (0x43ff, 1 << 63),
            (0x7fff, 0), (0x3fff, 0), (0x4005, 0x7fffffffffffffff), (0x400d, 0xfffe << 48),
            (0x403a, 0x8ac7230489e80000), (0x3fbf, (1 << 64) - 1))


def single(rnd):
    if rnd.random() < 0.55:
        return rnd.choice(SINGLES)
    return rnd.getrandbits(1) << 31 | rnd.randrange(100, 156) << 23 | rnd.getrandbits(23)


def double(rnd):
    if rnd.random() < 0.55:
        return rnd.choice(DOUBLES)
    return rnd.getrandbits(1) << 63 | rnd.randrange(990, 1060) << 52 | rnd.getrandbits(52)


def extended(rnd):
    """Sign and exponent, significand."""
    if rnd.random() < 0.5:
        return rnd.choice(EXTENDED)
    return (rnd.getrandbits(1) << 15 | rnd.randrange(0x3fff - 70, 0x3fff + 70),
            1 << 63 | rnd.getrandbits(63))


def lanes(rnd, kind):
    """16 bytes of one register or memory operand."""
    if kind == "ps":
        return struct.pack("<4I", *(single(rnd) for _ in range(4)))
    if kind == "pd":
        return struct.pack("<2Q", double(rnd), double(rnd))
    if rnd.random() < 0.4:
        return bytes(rnd.choice((0, 1, 0x7f, 0x80, 0xff)) for _ in range(16))
    return rnd.getrandbits(128).to_bytes(16, "little")


def image(rnd, kind, mxcsr=0x1f80, cw=0x37f, sw=0, full=0xff):
    """kind of the XMM registers: int, ps, pd; x87 and MMX registers get extended values."""
    if sw & ~cw & 0x3f:
        sw |= 0x8080
    st = b""
    for _ in range(8):
        se, mant = extended(rnd)
        if kind == "int":
            se, mant = 0xffff, int.from_bytes(lanes(rnd, "int")[:8], "little")
        st += struct.pack("<QH6x", mant, se)
    head = struct.pack("<HHBxHQQII", cw, sw, full, 0, 0, 0, mxcsr, 0)
    return head + st + b"".join(lanes(rnd, kind) for _ in range(8))


def random_mxcsr(rnd):
    """Mostly all masked, any rounding, sometimes DAZ, FTZ or unmasked exceptions."""
    v = 0x1f80 | rnd.choice((0, 0, 0, rnd.getrandbits(6)))
    if rnd.random() < 0.5:
        v |= rnd.randrange(4) << 13
    if rnd.random() < 0.15:
        v |= rnd.choice((0x8000, 0x40, 0x8040))
    if rnd.random() < 0.12:
        v &= ~(1 << rnd.randrange(7, 13))
    return v


def random_x87(rnd):
    """Control and status words and which registers are full."""
    cw = 0x7f | rnd.choice((0, 0, 0, 1, 2, 3)) << 10 | rnd.choice((3, 3, 3, 3, 0, 2)) << 8
    if rnd.random() < 0.2:
        cw &= ~(1 << rnd.randrange(6))
    sw = rnd.randrange(8) << 11 | rnd.getrandbits(1) << 14 | rnd.choice((0, 1, 4, 7)) << 8
    if rnd.random() < 0.1:
        sw |= 1 << rnd.randrange(6)
    full = 0xff if rnd.random() < 0.35 else rnd.getrandbits(8) | 3 << (sw >> 11 & 7) | \
        3 >> (8 - (sw >> 11 & 7))
    if rnd.random() < 0.1:
        full = rnd.getrandbits(8)
    return cw, sw, full & 0xff
