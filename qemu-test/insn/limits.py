# SPDX-License-Identifier: BSD-2-Clause
"""Cases of what must not happen: branches to beyond the limit of CS, stores that change nothing.

A taken branch to beyond the limit faults at the branch; an instruction that decides not to write
its operand does not fault where it could not have written it.
"""
from build import (ABSENT, BASED, CODE16, DATA, EAX, EBX, ECX, EDI, EDX, ESI, ESP, EBP, FLAT, RO,
                   TIGHT16, TIGHT32, Regs, le)

LIMIT = 0x15f           # of the tight segments; their code lies at 0x100 … 0x14b
TIGHT = {TIGHT32: 0x5f, TIGHT16: 0x57}
COND = ("O", "NO", "B", "AE", "E", "NE", "BE", "A", "S", "NS", "P", "NP", "L", "GE", "LE", "G")


def places(g):
    """Offsets in a tight segment: within it, its last byte, beyond it, before its base."""
    base = g.slot - 0x100
    return (g.landing(1) - base, g.landing(-2) - base, LIMIT, LIMIT + 1, g.landing(2) - base,
            g.landing(-5) - base)


class Code:
    """Code of one operand size in one of the tight segments."""

    def __init__(self, g, segs, o16):
        self.g, self.segs = g, segs
        self.pre = b"\x66" if o16 == (segs == TIGHT32) else b""
        self.size = 2 if o16 else 4
        self.tag = f" o{16 if o16 else 32} limit {'32' if segs == TIGHT32 else '16'}"

    def branch(self, name, op, to, rel, regs=None, before=b"", **more):
        """A direct branch to offset `to`, its displacement of rel bytes."""
        code = self.pre + op
        length = len(before) + len(code) + rel
        here = 0x100 + self.g.start(length) + length
        self.case(name, before + code + le(to - here, rel), regs, **more)

    def case(self, name, code, regs=None, poke=None):
        self.g.case(name + self.tag, code, regs, poke=poke, segs=self.segs)

    def mem(self, digit, addr, regs):
        a32 = b"\x67" if self.segs == TIGHT16 else b""
        return a32 + self.pre + b"\xff" + self.g.mem32(digit, addr, regs)


def direct(c, n):
    g = c.g
    to = places(g)[n]
    c.branch("JMP rel8", b"\xeb", to, 1)
    c.branch("JMP rel", b"\xe9", places(g)[n], c.size)
    c.branch("CALL rel", b"\xe8", places(g)[n], c.size)
    for cc in (g.rnd.randrange(16), g.rnd.randrange(16)):
        c.branch(f"J{COND[cc]} rel8", bytes([0x70 | cc]), places(g)[n], 1)
        c.branch(f"J{COND[cc]} rel", bytes([0x0f, 0x80 | cc]), places(g)[n], c.size)
    c.branch("CMP JA", b"\x77", places(g)[n], 1, before=b"\x39\xd8")
    c.branch("DEC JNE", b"\x75", places(g)[n], 1, before=b"\xfe\xc8")
    for op, name in ((0xe0, "LOOPNE"), (0xe1, "LOOPE"), (0xe2, "LOOP"), (0xe3, "JCXZ")):
        ecx = g.rnd.choice((0, 1, 2, 5, 0x10000, 0x10001, 0xffff0000))
        c.branch(name, bytes([op]), places(g)[n], 1, {ECX: ecx})
        c.branch(name + " a67", b"\x67" + bytes([op]), places(g)[n], 1, {ECX: ecx})


def indirect(c, n):
    g = c.g
    for digit, name in ((2, "CALL"), (4, "JMP")):
        r = g.rnd.choice((EAX, ECX, EDX, EBX, ESI, EDI))
        high = g.rnd.getrandbits(16) << 16 if c.size == 2 else 0
        c.case(f"{name} r", c.pre + b"\xff" + g.modrm_reg(digit, r),
               {r: places(g)[n] & 0xffff | high if high else places(g)[n] & 0xffffffff})
        addr, regs = g.address(4), Regs()
        to = places(g)[n]
        c.case(f"{name} m", c.mem(digit, addr, regs), regs, (addr, le(to, 4)))
    for imm in (None, 8, 0xfffe):
        sp = g.address(4)
        c.case("RET" if imm is None else "RET imm",
               c.pre + (b"\xc3" if imm is None else b"\xc2" + le(imm, 2)), {ESP: sp},
               (sp, le(places(g)[n], 4)))


def both_faults(c, n):
    """The limit or the stack: which comes first?"""
    g = c.g
    for esp in (RO + 0x100, ABSENT + 0x100, DATA):
        c.branch("CALL rel #PF", b"\xe8", places(g)[n], c.size, {ESP: esp})
        addr, regs = g.address(4), Regs({ESP: esp})
        to = places(g)[n]
        c.case("CALL m #PF", c.mem(2, addr, regs), regs, (addr, le(to, 4)))
        c.case("CALL r #PF", c.pre + b"\xff\xd0", {ESP: esp, EAX: to & 0xffffffff})


def far(c, n):
    """Far transfers to a tight segment, from a tight and from a flat one."""
    g = c.g
    sel = TIGHT[c.segs]
    to = places(g)[n]
    c.case("JMPF", c.pre + b"\xea" + le(to, c.size) + le(sel, 2))
    c.case("CALLF", c.pre + b"\x9a" + le(to, c.size) + le(sel, 2))
    for digit, name in ((3, "CALLF m"), (5, "JMPF m")):
        addr, regs = DATA + 0x400 + g.rnd.randrange(0x100), Regs()
        c.case(name, c.mem(digit, addr, regs), regs, (addr, le(to, c.size) + le(sel, 2)))
    frame = le(to, c.size) + le(sel, c.size)
    for imm in (None, 8):
        c.case("RETF" if imm is None else "RETF imm",
               c.pre + (b"\xcb" if imm is None else b"\xca" + le(imm, 2)), {ESP: DATA + 0x800},
               (0x800, frame))
    c.case("IRET", c.pre + b"\xcf", {ESP: DATA + 0x800},
           (0x800, frame + le(0x202 | g.flags(), c.size)))


def wide(g):
    """Branches of 32 bits in segments of 64 KiB and 1 MiB."""
    for segs, edge in ((CODE16, 0x10000), (BASED, 0x100000)):
        pre = b"\x66" if segs == CODE16 else b""
        for to in (edge - 1, edge, edge + 0x1234, 0xfffffff0, 0x80000000):
            for op, name in ((b"\xe9", "JMP"), (b"\xe8", "CALL"), (b"\x0f\x84", "JE"),
                             (b"\x0f\x85", "JNE")):
                length = len(pre + op) + 4
                if to == edge - 1:
                    to = g.landing(1) - g.slot + 0x100
                g.case(f"{name} rel32 limit {edge >> 10}K",
                       pre + op + le(to - 0x100 - g.start(length) - length, 4),
                       {ESP: 0x1800}, segs=segs)
            for digit, name in ((2, "CALL"), (4, "JMP")):
                g.case(f"{name} r32 limit {edge >> 10}K", pre + b"\xff" + g.modrm_reg(digit, EDI),
                       {EDI: to, ESP: 0x1800}, segs=segs)
            g.case(f"RET o32 limit {edge >> 10}K", pre + b"\xc3", {ESP: 0x1800},
                   poke=(0x1800, le(to, 4)), segs=segs)


# -- Operands that cannot be written

# name, code up to ModRM, its reg field, immediate, registers.  EBX is the address; the pattern of
# the data pages (insn_pattern) makes the word at offset 0 of a page 0xb40d, its RPL 1.
NO_CHANGE = [
    ("SHL 0", b"\xc1", 4, b"\0", {}), ("SHR cl=0", b"\xd3", 5, b"", {ECX: 0}),
    ("SAR cl=32", b"\xd3", 7, b"", {ECX: 32}), ("SHL8 cl=0", b"\xd2", 4, b"", {ECX: 0}),
    ("ROL 0", b"\xc1", 0, b"\0", {}), ("ROR cl=32", b"\xd3", 1, b"", {ECX: 0x20}),
    ("RCL 0", b"\xc1", 2, b"\0", {}), ("RCR cl=0", b"\xd3", 3, b"", {ECX: 0}),
    ("RCL8 cl=9", b"\xd2", 2, b"", {ECX: 9}), ("ROL8 cl=8", b"\xd2", 0, b"", {ECX: 8}),
    ("SHLD 0", b"\x0f\xa4", EDX, b"\0", {}), ("SHRD cl=0", b"\x0f\xad", EDX, b"", {ECX: 0}),
    ("CMPXCHG not equal", b"\x0f\xb1", ECX, b"", {EAX: 0}),
    ("CMPXCHG8 not equal", b"\x0f\xb0", ECX, b"", {EAX: 0}),
    ("LOCK CMPXCHG not equal", b"\xf0\x0f\xb1", ECX, b"", {EAX: 0}),
    ("CMPXCHG8B not equal", b"\x0f\xc7", 1, b"", {EAX: 0, EDX: 0}),
    ("BTS set", b"\x0f\xba", 5, b"\0", {}), ("BTR clear", b"\x0f\xba", 6, b"\1", {}),
    ("BTS r set", b"\x0f\xab", ECX, b"", {ECX: 0}), ("BT", b"\x0f\xba", 4, b"\0", {}),
    ("ADD 0", b"\x83", 0, b"\0", {}), ("OR 0", b"\x83", 1, b"\0", {}),
    ("AND -1", b"\x83", 4, b"\xff", {}), ("XADD 0", b"\x0f\xc1", ECX, b"", {ECX: 0}),
    ("CMP", b"\x83", 7, b"\0", {}), ("TEST", b"\xf7", 0, bytes(4), {}),
    ("SETO", b"\x0f\x90", 0, b"", {}), ("NOT", b"\xf7", 2, b"", {}),
]
STRINGS = ((b"\xaa", "STOSB"), (b"\xab", "STOSD"), (b"\xa4", "MOVSB"), (b"\xa5", "MOVSD"),
           (b"\xac", "LODSB"), (b"\xa6", "CMPSB"), (b"\xae", "SCASB"))


def unwritable(g):
    for name, op, reg, imm, regs in NO_CHANGE:
        for at in (RO, RO + 0x104, ABSENT + 8):
            g.case(name + " unwritable", op + bytes([reg << 3 | EBX]) + imm, {**regs, EBX: at},
                   flags=0)
        # FS is read only there
        g.case(name + " read only fs", (b"\xf0\x64" + op[1:] if op[0] == 0xf0 else b"\x64" + op)
               + bytes([reg << 3 | EBX]) + imm, {**regs, EBX: 0x100, ESP: 0x800}, flags=0,
               segs=BASED)
    for op, name in STRINGS:
        for at in (RO, ABSENT):
            g.case(f"REP {name} ecx=0", b"\xf3" + op, {ECX: 0, ESI: at, EDI: at})
            g.case(f"REP {name} a16 cx=0", b"\x67\xf3" + op, {ECX: 0x10000, ESI: at, EDI: at})
    arpl(g)


def arpl(g):
    for at, size in ((DATA + 0x200, 2), (RO, 2), (RO + 0x104, 2), (RO - 1, 2), (ABSENT + 8, 2),
                     (ABSENT - 1, 2)):
        for rpl in range(4):
            for segs, op, addr in ((FLAT, b"\x63", at), (BASED, b"\x64\x63", at - DATA),
                                   (BASED, b"\x63", at - DATA)):
                regs = {EBX: addr, ECX: g.rnd.getrandbits(30) << 2 | rpl, ESP: 0x1800
                        + DATA * (segs == FLAT)}
                g.case("ARPL m " + ("flat", "fs", "ds")[(segs != FLAT) + (op == b"\x63"
                       and segs != FLAT)], op + bytes([ECX << 3 | EBX]), regs, segs=segs)
                # the flags of the instruction before are there at a fault, ZF is ARPL's after it
                g.case("ADD ARPL m", b"\x01\xd0" + op + bytes([ECX << 3 | EBX]) + b"\x0f\x94\xc0",
                       regs, segs=segs)
    for _ in range(8):
        g.case("ADD ARPL r JE", b"\x01\xd0\x63\xca\x74\x01\x47\x4e", {})


def generate(g):
    unwritable(g)
    for segs in (TIGHT32, TIGHT16):
        for o16 in (False, True):
            for n in range(6):
                c = Code(g, segs, o16)
                for _ in range(2):
                    direct(c, n)
                    indirect(c, n)
                both_faults(c, n)
                far(c, n)
    wide(g)
