# SPDX-License-Identifier: BSD-2-Clause
"""Sequences of SSE instructions on few registers: what a translator keeps of one for the next.

They end well, or with a fault between, at which every register must be exact.
"""
import fximage
from build import ABSENT, DATA, EAX, ECX, EDX, RO, Regs

P66, PF3, PF2 = b"\x66", b"\xf3", b"\xf2"
# prefix, opcode behind 0F, has an immediate; register forms of which both operands are XMM
ROWS = [(p, op, False) for op in (0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0x51)
        for p in (b"", P66, PF3, PF2)]
ROWS += [(b"", op, False) for op in (0x54, 0x55, 0x56, 0x57, 0x14, 0x15, 0x28, 0x12, 0x16, 0x5a)]
ROWS += [(P66, op, False) for op in (0x14, 0x15, 0x28, 0x5a, 0x60, 0x61, 0x62, 0x63, 0x67, 0x68,
                                     0x6a, 0x6c, 0x6d, 0x6b, 0x74, 0x66, 0xd3, 0xd4, 0xd6, 0xdb,
                                     0xdf, 0xe5, 0xeb, 0xef, 0xf4, 0xf5, 0xf6, 0xfa, 0xfe, 0xe2)]
ROWS += [(PF3, op, False) for op in (0x10, 0x5a, 0x7e, 0xe6, 0x10)]
ROWS += [(PF2, op, False) for op in (0x10, 0x5a, 0xe6, 0x10, 0x10)]
ROWS += [(b"", 0xc6, True), (P66, 0xc6, True), (P66, 0x70, True), (PF2, 0x70, True),
         (b"", 0xc2, True), (PF2, 0xc2, True), (PF3, 0xc2, True)]
# with a general register, EAX or ECX, in reg or rm
TO_GPR = [(P66, 0x50), (b"", 0x50), (P66, 0xd7), (PF2, 0x2c), (PF3, 0x2d)]
FROM_GPR = [(P66, 0x6e), (PF2, 0x2a), (PF3, 0x2a)]
LOADS = [(PF2, 0x10, 8), (PF3, 0x10, 4), (b"", 0x10, 16), (PF3, 0x7e, 8), (b"", 0x12, 8),
         (b"", 0x16, 8), (PF2, 0x58, 8), (PF2, 0x59, 8), (PF3, 0x59, 4), (PF2, 0x5a, 8)]
STORES = [(PF2, 0x11, 8), (PF3, 0x11, 4), (b"", 0x11, 16), (b"", 0x13, 8), (b"", 0x17, 8),
          (P66, 0xd6, 8), (P66, 0x7e, 4)]


def step(rnd, regs):
    """One instruction on registers."""
    a, b = rnd.choice(regs), rnd.choice(regs)
    p = rnd.random()
    if p < 0.06:
        pre, op = rnd.choice(TO_GPR)
        return pre + bytes([0x0f, op, 0xc0 | rnd.choice((EAX, ECX)) << 3 | b])
    if p < 0.12:
        pre, op = rnd.choice(FROM_GPR)
        return pre + bytes([0x0f, op, 0xc0 | a << 3 | rnd.choice((EAX, ECX))])
    pre, op, imm = rnd.choice(ROWS)
    return pre + bytes([0x0f, op, 0xc0 | a << 3 | b]) + \
        (bytes([rnd.randrange(8) if op == 0xc2 else rnd.getrandbits(8)]) if imm else b"")


def memory(rnd, regs, table):
    """One access at [EDX]."""
    pre, op, size = rnd.choice(table)
    return pre + bytes([0x0f, op, rnd.choice(regs) << 3 | EDX]), size


def generate(g):
    rnd = g.rnd
    images = {kind: [g.fx_image(fximage.image(rnd, kind, fximage.random_mxcsr(rnd)))
                     for _ in range(60)] for kind in ("ps", "pd")}
    for n in range(1500):
        regs = rnd.sample(range(8), rnd.choice((2, 3, 3, 4)))
        end = n % 5
        tail, where = b"", DATA + 16 * rnd.randrange(0x10, 0x100)
        if end == 1:
            tail, where = memory(rnd, regs, LOADS)[0], ABSENT + 16 * rnd.randrange(16)
        elif end == 2:
            tail, where = memory(rnd, regs, STORES)[0], RO + 16 * rnd.randrange(16)
        elif end == 3:
            tail = b"\x0f\x0b"
        elif end == 4:
            tail = memory(rnd, regs, rnd.choice((LOADS, STORES)))[0]
            where += rnd.randrange(16)
        code = b""
        while True:
            more = step(rnd, regs)
            if end == 4 and rnd.random() < 0.3:
                more = memory(rnd, regs, rnd.choice((LOADS, STORES)))[0]
            if len(code) + len(more) + len(tail) > 24:
                break
            code += more
        kind = rnd.choice(("ps", "pd"))
        g.case("vector sequence " + ("alone", "absent", "read only", "raise", "memory")[end],
               code + tail, Regs({EDX: where}),
               fx=rnd.choice(images[kind]), need="SSE2",
               poke=(where, fximage.lanes(rnd, kind)) if end in (0, 4) else None)
