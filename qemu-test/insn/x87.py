# SPDX-License-Identifier: BSD-2-Clause
"""Cases of the x87: every opcode of D8 … DF in random states of the unit, every memory form with
its kinds of operands, pointers as FNSTENV shows them, images, faults; FXSAVE, FXRSTOR, EMMS.

The numbers themselves are tested elsewhere (qemu-test/unit/test_softfp.c): functions that CPUs do
not compute alike meet only operands with exact results.
"""
import struct

from build import ABSENT, BASED, CODE16, DATA, EBX, ESP, FLAT, RO, Regs, le

FCOM = b"\xd8\x15" + le(DATA + 0x40, 4)         # fcom dword: sets all pointers
FNSTENV = b"\xd9\x35" + le(DATA + 0x1c0, 4)
FNOP = b"\xd9\xd0"
WAIT = b"\x9b"
FUNCTIONS = (0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff)      # of D9
F80_EXACT = ((0, 0), (0, 0x8000), (1 << 63, 0x7fff), (1 << 63, 0xffff), (3 << 62, 0xffff),
             (0xc000000000001234, 0x7fff), (0x8000000000000001, 0x7fff), (1, 0x4000),
             (0x1234, 0x7fff))
F80_EDGES = F80_EXACT + (
    (1 << 63, 0x3fff), (1 << 63, 0xbfff), (1, 0), (1 << 63, 0), (0x7fffffffffffffff, 0x8000),
    ((1 << 64) - 1, 0x7ffe), (1 << 63, 1), (0xffffff8000000000, 0x407e), (1 << 63, 0x401e),
    (0xfffffffffffffbff, 0x43fe), (1 << 63, 0x400e), (0xffff000000000000, 0xc00e),
    (1 << 63, 0x3f80), (1 << 63, 0x3c00), (0xde0b6b3a763ffff0, 0x403a), (3 << 62, 0x3fff),
    (0xa000000000000000, 0x4000))


def f80(g):
    rnd = g.rnd
    if rnd.random() < 0.5:
        return rnd.choice(F80_EDGES)
    exp = rnd.choice((rnd.getrandbits(15), 0x3fff + rnd.randrange(-70, 70), 0x3fff))
    mant = rnd.getrandbits(rnd.choice((1, 8, 24, 53, 63))) << rnd.randrange(40)
    return (mant | 1 << 63) & (1 << 64) - 1, exp | rnd.getrandbits(1) << 15


def tags(g):
    rnd = g.rnd
    p = rnd.random()
    if p < 0.15:
        return 0xff
    if p < 0.2:
        return 0
    if p < 0.8:
        return (1 << rnd.randrange(1, 8)) - 1   # ST(0) … ST(n) are valid
    return rnd.getrandbits(8)


def image(g, pending=False, masks=None, values=None):
    """An FXSAVE image of a random state; with a pending exception or without."""
    rnd = g.rnd
    cw = rnd.choice((0, 0, 1, 2, 3)) << 10 | rnd.choice((0, 2, 3, 3)) << 8 | 0x40
    cw |= masks if masks is not None else rnd.choice((0x3f, 0x3f, rnd.getrandbits(6)))
    if pending:
        cw &= ~(1 << rnd.randrange(6))
    flags = rnd.getrandbits(6) & cw & rnd.getrandbits(6)
    if pending:
        flags = ~cw & 0x3f
    top = rnd.randrange(8)
    sw = rnd.getrandbits(4) & 7
    sw = (sw & 7) << 8 | rnd.getrandbits(1) << 14 | top << 11 | flags | rnd.getrandbits(1) << 6
    sw |= 0x8080 if pending else 0
    valid = tags(g)
    valid = (valid << top | valid >> (8 - top)) & 0xff
    out = struct.pack("<HHBBH", cw, sw, valid, 0, 0) + bytes(16)
    out += struct.pack("<II", 0x1f80 | rnd.choice((0, 0, 0x6000, 0x3f, 0x8000)), 0)
    for n in range(8):
        mant, se = rnd.choice(values) if values else f80(g)
        out += struct.pack("<QH6x", mant, se)
    return out + rnd.randbytes(128)


POOL = 400                                      # images of one kind; cases share them


def state(g, **more):
    pool = g.pools.setdefault(repr(sorted(more.items())), [])
    if len(pool) < POOL:
        pool.append(g.fx_image(image(g, **more)))
        return pool[-1]
    return g.rnd.choice(pool)


# -- Operands in memory

def f_bits(g, exp_bits, mant_bits):
    rnd = g.rnd
    top = (1 << exp_bits) - 1
    exp = rnd.choice((0, 0, top, top, top - 1, 1, top >> 1, (top >> 1) + 1,
                      rnd.getrandbits(exp_bits)))
    mant = rnd.choice((0, 0, 1, (1 << mant_bits) - 1, 1 << (mant_bits - 1),
                       rnd.getrandbits(mant_bits)))
    return rnd.getrandbits(1) << (exp_bits + mant_bits) | exp << mant_bits | mant


def operand(g, kind):
    """Bytes of an operand: f4 f8 f10 i2 i4 i8 bcd cw env."""
    rnd = g.rnd
    if kind == "f4":
        return le(f_bits(g, 8, 23), 4)
    if kind == "f8":
        return le(f_bits(g, 11, 52), 8)
    if kind == "f10":
        return struct.pack("<QH", *f80(g))
    if kind[0] == "i":
        size = int(kind[1])
        return le(rnd.choice((0, 1, -1, 1 << (8 * size - 1), (1 << (8 * size - 1)) - 1,
                              rnd.getrandbits(8 * size))), size)
    if kind == "bcd":
        return bytes(rnd.randrange(10) | rnd.randrange(10) << 4 for _ in range(9)) + \
            bytes([rnd.choice((0, 0x80))])
    if kind == "cw":
        return le(rnd.choice((0x37f, 0x27f, 0xf7f, 0x340, rnd.getrandbits(16))), 2)
    out = le(0x340 | rnd.choice((0x3f, rnd.getrandbits(6))) | rnd.getrandbits(4) << 8, 2)
    return out + rnd.randbytes(22)              # env: the rest is what the pages hold


SIZES = {"f4": 4, "f8": 8, "f10": 10, "i2": 2, "i4": 4, "i8": 8, "bcd": 10, "cw": 2, "env": 28,
         "all": 108}
MEMORY = {                                      # opcode: kinds by reg; "" are no instructions
    0xd8: ("f4",) * 8, 0xd9: ("f4", "", "f4", "f4", "env", "cw", "env", "cw"),
    0xda: ("i4",) * 8, 0xdb: ("i4", "i4", "i4", "i4", "", "f10", "", "f10"),
    0xdc: ("f8",) * 8, 0xdd: ("f8", "i8", "f8", "f8", "all", "", "all", "cw"),
    0xde: ("i2",) * 8, 0xdf: ("i2", "i2", "i2", "i2", "bcd", "i8", "bcd", "i8"),
}
STORES = {(0xd9, 2), (0xd9, 3), (0xd9, 6), (0xd9, 7), (0xdb, 1), (0xdb, 2), (0xdb, 3), (0xdb, 7),
          (0xdd, 1), (0xdd, 2), (0xdd, 3), (0xdd, 6), (0xdd, 7), (0xdf, 1), (0xdf, 2), (0xdf, 3),
          (0xdf, 6), (0xdf, 7)}


def place(g, size):
    """An address that leaves FCOM's operand and FNSTENV's image alone."""
    if g.rnd.random() < 0.15:
        return DATA + 0x1000 - g.rnd.randrange(1, size)
    return DATA + 0x200 + g.rnd.randrange(0x1c00) // 4 * 4


def name_of(op, modrm):
    if modrm < 0xc0:
        return f"x87 {op:02X} /{modrm >> 3}"
    if op == 0xd9 and modrm >= 0xe0:
        return f"x87 {op:02X} {modrm:02X}"
    return f"x87 {op:02X} {modrm & 0xf8:02X}+i"


def need(op, modrm):
    """The CPU feature of FISTTP; FCMOVcc, FCOMI and their kin."""
    reg = modrm >> 3 & 7
    if modrm < 0xc0:
        return "SSE3" if op in (0xdb, 0xdd, 0xdf) and reg == 1 else ""
    cmov = op in (0xda, 0xdb) and reg < 4 or op in (0xdb, 0xdf) and reg in (5, 6)
    return "CMOV" if cmov else ""


def memory(g, op, reg, kind, what="", pre=b"", post=b"", addr=None, **more):
    """One memory form, its operand somewhere in the pages."""
    poke = operand(g, "env" if kind == "all" else kind)
    addr = place(g, SIZES[kind]) if addr is None else addr
    regs = Regs()
    code = pre + bytes([op]) + g.mem32(reg, addr, regs) + post
    g.case(name_of(op, reg << 3) + what, code, regs, poke=(addr, poke),
           need=need(op, reg << 3), **more)


# -- The families

def registers(g):
    for op in range(0xd8, 0xe0):
        for modrm in range(0xc0, 0x100):
            function = op == 0xd9 and modrm in FUNCTIONS
            values = F80_EXACT if function else None
            code, name, feature = bytes([op, modrm]), name_of(op, modrm), need(op, modrm)
            single = op == 0xd9 and modrm >= 0xe0 or modrm & 7 == 0 and op > 0xd8
            for _ in range(10 if single else 3):
                g.case(name, code, fx=state(g, values=values), need=feature)
                g.case(name + " env", FCOM + code + FNSTENV, fx=state(g, values=values),
                       need=feature)
            g.case(name + " pending", code, fx=state(g, pending=True, values=values), need=feature)
            g.case(name + " wait", code + WAIT, fx=state(g, masks=0, values=values), need=feature)


def memories(g):
    for op, kinds in MEMORY.items():
        for reg, kind in enumerate(kinds):
            if not kind:
                g.case(name_of(op, reg << 3), bytes([op, reg << 3 | 5]) + le(DATA + 0x400, 4))
                continue
            image_kind = kind in ("env", "all")
            for _ in range(16):
                if not image_kind:              # what the host left there is not known
                    memory(g, op, reg, kind, fx=state(g))
                memory(g, op, reg, kind, " env", FCOM, FNSTENV, fx=state(g))
            for _ in range(6):
                memory(g, op, reg, kind, " wait", FCOM, WAIT, fx=state(g, masks=0))
                if (op, reg) not in ((0xd9, 6), (0xdd, 6)):
                    memory(g, op, reg, kind, " pending", fx=state(g, pending=True))


def segments(g):
    """Prefixes of size and segment; 16-bit code; bases, which the data pointer does not show."""
    for op, kinds in MEMORY.items():
        for reg, kind in enumerate(kinds):
            if not kind:
                continue
            pre = FCOM
            for _ in range(2):
                memory(g, op, reg, kind, " o16", pre + b"\x66", FNSTENV, fx=state(g))
                based(g, op, reg, kind)
                code16(g, op, reg, kind, b"")
                code16(g, op, reg, kind, b"\x66")


def based(g, op, reg, kind):
    regs, off = Regs(), place(g, SIZES[kind]) - DATA
    code = b"\xd8\x15" + le(0x40, 4) + bytes([op]) + g.mem32(reg, off, regs)
    if len(code) <= 18:
        code += b"\xd9\x35" + le(0x1c0, 4)
    poke = operand(g, "env" if kind == "all" else kind)
    g.case(name_of(op, reg << 3) + " based", code, regs, poke=(off, poke), fx=state(g), segs=BASED,
           need=need(op, reg << 3))


def code16(g, op, reg, kind, pre):
    regs, off = Regs(), place(g, SIZES[kind]) - DATA
    code = b"\xd8\x16" + le(0x40, 2) + pre + bytes([op]) + g.mem16(reg, off, regs)
    code += g.rnd.choice((b"", b"\x66")) + b"\xd9\x36" + le(0x1c0, 2)
    poke = operand(g, "env" if kind == "all" else kind)
    g.case(name_of(op, reg << 3) + " code16", code, regs, poke=(off, poke), fx=state(g),
           segs=CODE16, need=need(op, reg << 3))


def faults(g):
    """Operands over page ends and limits: the unit, and memory, are as before."""
    for op, kinds in MEMORY.items():
        for reg, kind in enumerate(kinds):
            if not kind:
                continue
            size = SIZES[kind]
            fcom = FCOM if kind in ("env", "all") else b""
            for edge in (RO, ABSENT, DATA):
                for back in sorted({0, 1, size // 2, size - 1, 8 % size}):
                    at = edge - back if edge != DATA else edge - size + back
                    memory(g, op, reg, kind, " #PF", fcom, addr=at, fx=state(g))
            memory(g, op, reg, kind, " #PF blocked", fcom, addr=ABSENT - 1, fx=state(g, masks=0))
            memory(g, op, reg, kind, " #PF pending", fcom, addr=ABSENT, fx=state(g, pending=True))
            for off in (0x80 - size, 0x81 - size, 0x7f, 0x1000):    # the limited segment
                g.case(name_of(op, reg << 3) + " limit",
                       fcom + b"\x65" + bytes([op, reg << 3 | 5]) + le(off, 4), fx=state(g),
                       need=need(op, reg << 3))


def conditions(g):
    """FCMOVcc and FCOMI with flags from an instruction before and for one after."""
    for op in (0xda, 0xdb):
        for reg in range(4):
            for _ in range(8):
                modrm = 0xc0 | reg << 3 | g.rnd.randrange(8)
                g.case(name_of(op, modrm) + " flags", b"\x39\xd8" + bytes([op, modrm]),
                       {0: g.value(4), EBX: g.value(4)}, fx=state(g), need="CMOV")
    for op in (0xdb, 0xdf):
        for reg in (5, 6):
            for _ in range(10):
                modrm = 0xc0 | reg << 3 | g.rnd.randrange(8)
                code = b"\x01\xd8" + bytes([op, modrm]) + b"\x0f\x97\xc1\x0f\x9a\xc5"
                g.case(name_of(op, modrm) + " setcc", code, fx=state(g), need="CMOV")


def compound(g):
    """Several instructions in one block; aliases and prefixes that change nothing."""
    body = [bytes([op, modrm]) for op in range(0xd8, 0xe0) for modrm in range(0xc0, 0x100)
            if not (op == 0xd9 and modrm in FUNCTIONS)]
    for _ in range(400):
        code = b"".join(g.rnd.choice(body) for _ in range(g.rnd.randrange(2, 9)))
        g.case("x87 several", code + FNSTENV, fx=state(g), need="CMOV")
    for pre in (b"\x66", b"\x67", b"\xf2", b"\xf3", b"\x2e", b"\xf0", b"\x64\x66"):
        for code in (b"\xd9\xc0", b"\xd8\xc1", b"\xdf\xe0", b"\x9b", b"\xdb\xe3", b"\xd9\x03"):
            g.case("x87 prefix", pre + code, {EBX: DATA + 0x300}, fx=state(g))


def fxsave(g):
    """[EBX]: the pointers, which CPUs do not save alike, and MXCSR_MASK are made one."""
    even = b"\x81\x63\x1c\xff\xff\0\0\x66\x89\x43\x06\x50\x50\x50\x50"
    for _ in range(60):
        at = DATA + 0x400 + 16 * g.rnd.randrange(0x40)
        g.case("FXSAVE", b"\x0f\xae\x03" + even, {EBX: at, ESP: at + 24},
               fx=state(g, pending=g.rnd.random() < 0.2))
        g.case("FXSAVE FNINIT FXRSTOR", b"\x0f\xae\x03\xdb\xe3\x0f\xae\x0b" + even,
               {EBX: at, ESP: at + 24}, fx=state(g))
    for _ in range(80):
        at = DATA + 0x400 + 16 * g.rnd.randrange(0x40)
        mxcsr = g.rnd.choice((0x1f80, 0xffff, 0, g.rnd.getrandbits(16),
                              1 << g.rnd.randrange(18, 32)))
        poke = g.rnd.randbytes(20) + le(mxcsr, 4)
        g.case("FXRSTOR", b"\x0f\xae\x0b" + g.rnd.choice((b"", WAIT)), {EBX: at},
               poke=(at + 4, poke), fx=state(g, pending=g.rnd.random() < 0.2), need="FXSR")
    for code in (b"\x0f\xae\x03", b"\x0f\xae\x0b"):
        for at in (DATA + 0x408, DATA + 0x401, RO - 16, RO - 288, RO - 416, RO, ABSENT - 16,
                   ABSENT - 288, ABSENT - 416, ABSENT - 512,
                   ABSENT, DATA - 16, ABSENT + 8):
            g.case("FXSAVE, FXRSTOR faults", code, {EBX: at}, fx=state(g))
        for off in (0, 0x10, 0x70, 0x80):
            g.case("FXSAVE, FXRSTOR limit", b"\x65" + code, {EBX: off}, fx=state(g))


def mmx_end(g):
    for _ in range(10):
        g.case("EMMS", b"\x0f\x77", fx=state(g))
        g.case("EMMS env", FCOM + b"\x0f\x77" + FNSTENV, fx=state(g))
    g.case("EMMS pending", b"\x0f\x77", fx=state(g, pending=True))
    for _ in range(6):
        g.case("WAIT", WAIT, fx=state(g))
        g.case("WAIT", WAIT, fx=state(g, pending=True))
        g.case("WAIT env", FCOM + WAIT + FNSTENV, fx=state(g))


def generate(g):
    registers(g)
    memories(g)
    segments(g)
    faults(g)
    conditions(g)
    compound(g)
    fxsave(g)
    mmx_end(g)
