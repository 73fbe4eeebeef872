# SPDX-License-Identifier: BSD-2-Clause
"""Cases of flags and their readers, branches, calls, the stack, software interrupts.

A flag's producer and its reader stand in one piece of code: that is where lazy flags go wrong.
"""
from build import (AF, ARITH, CF, CODE16, CODE16_FLAT, DATA, DF, EAX, EBX, ECX, EDX, ESI, ESP, EBP,
                   EDI, FLAT, KNOWN_AT_FAULT, OF, PF, SF, ZF, RO, ABSENT, BASED, STACK16, Regs, le)

COND = ("O", "NO", "B", "AE", "E", "NE", "BE", "A", "S", "NS", "P", "NP", "L", "GE", "LE", "G")
READS = (OF, CF, ZF, CF | ZF, SF, PF, SF | OF, SF | OF | ZF)      # by condition / 2


def by_flags(g):
    """Each reader on flags as they are at the entry."""
    for cc in range(16):
        for _ in range(12):
            g.case(f"SET{COND[cc]} r", bytes([0x0f, 0x90 | cc]) + g.modrm_reg(0,
                g.rnd.randrange(8)))
            jump(g, cc, g.rnd.randrange(3))
        for _ in range(4):
            addr, regs = g.address(1), Regs()
            g.case(f"SET{COND[cc]} m", bytes([0x0f, 0x90 | cc]) + g.mem32(3, addr, regs), regs)
            for size in (2, 4):
                pre, r = (b"\x66" if size == 2 else b""), g.rnd.randrange(8)
                g.case(f"CMOV{COND[cc]}{size * 8} r", pre + bytes([0x0f, 0x40 | cc])
                       + g.modrm_reg(r, g.rnd.randrange(8)))
                addr, regs = g.address(size), Regs()
                g.case(f"CMOV{COND[cc]}{size * 8} m", pre + bytes([0x0f, 0x40 | cc])
                       + g.mem32(r, addr, regs), regs)
    for _ in range(16):
        g.case("PUSHF", b"\x9c")
        g.case("PUSHF16", b"\x66\x9c")
        g.case("ADC", b"\x11\xd8")
        g.case("SBB", b"\x19\xd8")
        g.case("RCL", b"\xd1\xd0")


def jump(g, cc, form):
    """Jcc rel8, rel32, and rel16 (which cuts EIP to 16 bits) in 16-bit code."""
    length = (2, 6, 4)[form]
    segs = CODE16 if form == 2 else FLAT
    from_ = g.slot + g.start(length) + length
    to = g.landing(g.rnd.choice((0, 1))) if form == 0 else g.landing(g.rnd.randrange(-2, 3))
    size = (1, 4, 2)[form]
    op = bytes([0x70 | cc]) if form == 0 else bytes([0x0f, 0x80 | cc])
    g.case(f"J{COND[cc]} rel{8 * size}", op + le(to - from_, size), segs=segs)


PRODUCERS = [       # name, code, flags left undefined; ECX holds a count
    ("ADD", b"\x01\xd8", 0), ("ADD8", b"\x00\xd8", 0), ("ADD16", b"\x66\x01\xd8", 0),
    ("SUB", b"\x29\xd8", 0), ("SUB8", b"\x28\xd8", 0), ("SUB16", b"\x66\x29\xd8", 0),
    ("CMP", b"\x39\xd8", 0), ("CMP8", b"\x38\xd8", 0), ("CMP16", b"\x66\x39\xd8", 0),
    ("ADC", b"\x11\xd8", 0), ("ADC8", b"\x10\xd8", 0), ("ADC16", b"\x66\x11\xd8", 0),
    ("SBB", b"\x19\xd8", 0), ("SBB8", b"\x18\xd8", 0), ("SBB16", b"\x66\x19\xd8", 0),
    ("AND", b"\x21\xd8", AF), ("AND8", b"\x20\xd8", AF), ("TEST16", b"\x66\x85\xd8", AF),
    ("XOR same", b"\x31\xc0", AF), ("SUB same", b"\x29\xc0", 0),
    ("INC", b"\x40", 0), ("INC8", b"\xfe\xc0", 0), ("INC16", b"\x66\x40", 0),
    ("DEC", b"\x48", 0), ("DEC8", b"\xfe\xc8", 0), ("DEC16", b"\x66\x48", 0),
    ("NEG", b"\xf7\xd8", 0), ("NEG8", b"\xf6\xd8", 0),
    ("SHL 1", b"\xd1\xe0", AF), ("SHL8 3", b"\xc0\xe0\x03", AF | OF), ("SHL cl", b"\xd3\xe0", -1),
    ("SHR 1", b"\xd1\xe8", AF), ("SHR16 5", b"\x66\xc1\xe8\x05", AF | OF), ("SHR cl", b"\xd3\xe8",
        -1),
    ("SAR 1", b"\xd1\xf8", AF), ("SAR8 7", b"\xc0\xf8\x07", AF | OF), ("SAR cl", b"\xd3\xf8", -1),
    ("ROL 1", b"\xd1\xc0", 0), ("ROR 1", b"\xd1\xc8", 0), ("ROR cl", b"\xd3\xc8", -2),
    ("RCL 1", b"\xd1\xd0", 0),
    ("RCR cl", b"\xd3\xd8", -2), ("SHLD cl", b"\x0f\xa5\xd8", -1), ("SHRD 4", b"\x0f\xac\xd8\x04",
                                                                 AF | OF),
    ("MUL", b"\xf7\xe3", ARITH & ~(CF | OF)), ("IMUL2", b"\x0f\xaf\xc3", ARITH & ~(CF | OF)),
    ("BT", b"\x0f\xa3\xd8", OF | SF | AF | PF), ("BSF", b"\x0f\xbc\xc3", ARITH & ~ZF),
    ("CMPXCHG", b"\x0f\xb1\xcb", 0), ("XADD", b"\x0f\xc1\xd8", 0), ("SAHF", b"\x9e", 0),
    ("DAA", b"\x27", OF), ("AAA", b"\x37", OF | SF | ZF | PF), ("STC", b"\xf9", 0),
    ("CMC", b"\xf5", 0), ("CLC INC", b"\xf8\x40", 0), ("ADD DEC", b"\x01\xd8\x4b", 0),
    ("CMP INC INC", b"\x39\xd8\x40\x41", 0), ("ADD STC", b"\x01\xd8\xf9", 0),
    ("POPF", b"\x9d", 0), ("SCASB", b"\xae", 0), ("CMPSD", b"\xa7", 0), ("LOCK DEC", b"", 0),
]


def readers(g):
    """(name, code, flags read) that follow a producer; they write EDX or memory."""
    for cc in range(16):
        yield f"SET{COND[cc]}", bytes([0x0f, 0x90 | cc, 0xc2]), READS[cc // 2]
    cc = g.rnd.randrange(16)
    yield f"CMOV{COND[cc]}", bytes([0x0f, 0x40 | cc, 0xd6]), READS[cc // 2]
    cc = g.rnd.randrange(16)
    yield f"J{COND[cc]}", bytes([0x70 | cc, 8]), READS[cc // 2]
    yield "ADC", b"\x83\xd2\x00", CF
    yield "SBB", b"\x19\xd2", CF
    yield "RCR", b"\xd1\xda", CF
    yield "LAHF", b"\x9f", SF | ZF | AF | PF | CF
    yield "PUSHF", b"\x9c", ARITH
    yield "INC", b"\x42", 0
    yield "DAA", b"\x89\xd0\x27", AF | CF
    yield "SALC", b"\xd6", CF
    yield "LOOPE", b"\xe1\x04", ZF
    yield "MOV ADD", b"\x89\xc2\x01\xda", 0
    yield "#DE", b"\x31\xc9\xf7\xf1", 0     # the fault must find the flags of XOR
    # Here it must find the producer's, though nobody reads them afterwards.
    yield "#PF; ADD", b"\x8b\x15" + le(ABSENT, 4) + b"\x01\xd8", 0
    yield "MOV; #PF; XOR", b"\x89\xc2\x89\x15" + le(RO, 4) + b"\x31\xc0", 0
    yield "#DE; AND", b"\xba\xff\xff\xff\xff\xf7\xf2\x21\xc0", 0
    yield "#GP; CMP", b"\x65\xa1\x80\0\0\0\x39\xd8", 0
    yield "POP #PF; SUB", b"\x8f\x05" + le(RO + 4, 4) + b"\x29\xc0", 0


def chains(g):
    for pname, pcode, undefined in PRODUCERS:
        for rname, rcode, reads in readers(g):
            for n in range(3):
                count = g.rnd.randrange(1, 32) if n else 0
                bad = undefined
                if undefined < 0:
                    bad = 0 if not count else OF if undefined == -2 else OF | AF
                    bad = bad & ~OF if count == 1 else bad
                if bad & reads:
                    continue
                chain(g, pname, pcode, rname, rcode, bad, count)


def after(rname, rcode, bad):
    """The flags still undefined after the reader."""
    if rname in ("ADC", "SBB", "MOV ADD"):
        return 0
    if rname in ("INC", "DEC8"):
        return bad & CF
    if rname == "RCR":
        return bad & ~(CF | OF)
    if rname == "DAA":
        return OF
    return AF if rname == "#DE" else bad


def chain(g, pname, pcode, rname, rcode, bad, count):
    regs = Regs({ECX: g.rnd.getrandbits(24) << 8 | count, EAX: g.value(4), EBX: g.value(4)})
    regs[EDI] = DATA + g.rnd.randrange(0x1000)
    regs[ESI] = DATA + g.rnd.randrange(0x1000)
    if g.rnd.random() < 0.3:
        regs[EBX] = regs[EAX]
    poke = None
    if pname == "POPF":
        regs[ESP] = DATA + 0x1800
        poke = (regs[ESP], le(g.flags() | 0x202, 4))
    if pname == "LOCK DEC":
        pcode = b"\xf0\xff\x0f"
    g.case(f"{pname}; {rname}", pcode + rcode, regs, poke=poke, ignore=after(rname, rcode, bad),
           known=KNOWN_AT_FAULT if "#" in rname else 0)


def carry_at_entry(g):
    """A producer in one block (JMP +0 ends it), INC, DEC or ADC in the next one."""
    small = [("SHL8 cl", b"\xd2\xe0", -1), ("SHR8 cl", b"\xd2\xe8", -1),
             ("SHR16 cl", b"\x66\xd3\xe8", -1), ("SAR16 cl", b"\x66\xd3\xf8", -1)]
    for pname, pcode, undefined in PRODUCERS + small:
        for rname, rcode in (("INC", b"\xeb\x00\x42"), ("DEC8", b"\xeb\x00\xfe\xca"),
                             ("ADC", b"\xeb\x00\x83\xd2\x00")):
            for count in (0, 1, g.rnd.randrange(2, 7), 7):
                bad = undefined
                if undefined < 0:
                    bad = 0 if not count else OF if undefined == -2 else OF | AF
                    bad = bad & ~OF if count == 1 else bad
                if not bad & CF:
                    chain(g, pname, pcode, rname, rcode, bad, count)


def branches(g):
    for _ in range(8):
        for segs, base, size in ((FLAT, 0, 4), (CODE16, 1, 2), (BASED, 1, 4)):
            near_branches(g, segs, base, size)
    for op, name in ((0xe0, "LOOPNE"), (0xe1, "LOOPE"), (0xe2, "LOOP"), (0xe3, "JCXZ")):
        for n in range(24):
            pre = b"\x67" if n & 1 else b""
            ecx = (0, 1, 2, 0x10000, 0x10001, 0xffff0000, g.rnd.getrandbits(32))[n % 7]
            segs = CODE16 if n % 5 == 4 else FLAT
            to = g.slot + g.start(2 + len(pre)) + 2 + len(pre)
            g.case(f"{name} a{16 if (n & 1) != (segs == CODE16) else 32}",
                   pre + bytes([op]) + le(g.landing(1) - to, 1), {ECX: ecx}, segs=segs)


def near_branches(g, segs, based, size):
    """JMP, CALL, RET; targets as offsets in their code segment."""
    def off(linear):
        return linear - (g.slot - 0x100 if based else 0)
    tag = f"{8 * size}{' based' if based and size == 4 else ''}"
    other = b"\x66"
    to = g.landing(1)
    g.case(f"JMP rel8 {tag}", b"\xeb" + le(to - g.slot - g.start(2) - 2, 1), segs=segs)
    for op, name in ((0xe9, "JMP"), (0xe8, "CALL")):
        length = 1 + size
        to = g.landing(g.rnd.randrange(-2, 3))
        g.case(f"{name} rel {tag}", bytes([op]) + le(to - g.slot - g.start(length) - length, size),
               segs=segs)
    for digit, name in ((2, "CALL"), (4, "JMP")):
        r = g.rnd.choice((EAX, ECX, EDX, EBX, ESI, EDI))
        g.case(f"{name} r {tag}", b"\xff" + g.modrm_reg(digit, r),
               Regs().put(g, r, 4, off(g.landing(g.rnd.randrange(-2, 3)))), segs=segs)
        addr, regs = g.address(size), Regs()
        at = addr if segs == FLAT else addr - DATA
        mem = g.mem16(digit, at, regs) if size == 2 else g.mem32(digit, at, regs)
        g.case(f"{name} m {tag}", b"\xff" + mem, regs,
               poke=(addr, le(off(g.landing(g.rnd.randrange(-2, 3))), size)), segs=segs)
    for imm in (None, 0, 4, 0x10, 0xfffe):
        sp = g.address(4)
        regs = {ESP: sp if segs == FLAT else sp - DATA | (0x12340000 if segs == CODE16 else 0)}
        g.case(f"RET{'' if imm is None else ' imm'} {tag}",
               b"\xc3" if imm is None else b"\xc2" + le(imm, 2), regs,
               poke=(sp, le(off(g.landing()), 4)), segs=segs)
    g.case(f"CALL [esp] {tag}", b"\xff\x14\x24" if size == 4 else b"\x67\xff\x14\x24",
           {ESP: DATA + 0x800 if segs == FLAT else 0x800}, poke=(0x800, le(off(g.landing()), 4)),
           segs=segs)
    if segs == CODE16:      # 32-bit operands in 16-bit code
        g.case("RET o32", other + b"\xc3", {ESP: 0xabcd0400},
               poke=(0x400, le(off(g.landing()), 4)), segs=segs)
        g.case("CALL o32", other + b"\xe8" + le(16 - g.start(6) - 6, 4), segs=segs)


def stack_regs(g, segs):
    """ESP for a stack that starts at DATA or is flat; now and then near its ends."""
    off = g.rnd.choice((0x800, 0x1004, 0x1002, 0xfff, 0x1801, 0x1ffc))
    return {ESP: off + DATA if segs in (FLAT, CODE16_FLAT) else
            off | (g.rnd.getrandbits(16) << 16 if segs in (CODE16, STACK16) else 0)}


def stack(g):
    for segs in (FLAT, CODE16, BASED, STACK16, CODE16_FLAT):
        for pre in (b"", b"\x66"):
            tag = ("flat", "code16", "based", "stack16",
                "code16 flat")[segs] + (" o66" if pre else "")
            wide = (segs in (CODE16, CODE16_FLAT)) == bool(pre)
            for r in range(8):
                g.case(f"PUSH r {tag}", pre + bytes([0x50 | r]), stack_regs(g, segs), segs=segs)
                g.case(f"POP r {tag}", pre + bytes([0x58 | r]), stack_regs(g, segs), segs=segs)
            for _ in range(4):
                stack_forms(g, segs, pre, tag, wide)
    for op in (0x50, 0x58, 0x60, 0x61, 0x9c, 0x9d, 0xc9):       # faults of flat stacks
        for esp in (DATA, DATA + 2, DATA - 4, RO, RO + 4, RO + 2, RO + 0x10, ABSENT, ABSENT - 2,
                    ABSENT + 4, DATA + 0x12):
            g.case("stack #PF", bytes([op]), {ESP: esp, EBP: esp})
    for segs in (CODE16, BASED):                                # much IR in one block
        g.case("PUSHA ENTER", b"\x60" * 19 + b"\xc8\x08\0\x1f", {ESP: 0x1800, EBP: 0x1900},
            segs=segs)
    for esp in (0, 1, 2, 3, 4, 0xfffe, 0xffff, 0x10000, 0x8):   # the end of a 16-bit stack
        for code in (b"\x50", b"\x58", b"\x66\x50", b"\x66\x58", b"\x60", b"\xc9", b"\xc8\x10\0\0"):
            g.case("SS wrap", code, {ESP: esp | 0xabc0000, EBP: esp}, segs=STACK16)
    for esp in (0x3000, 0x2ffe, 0x2ffd, 0x4000, 2):
        for code in (b"\x50", b"\x58", b"\xc9", b"\x36\x8b\x04\x24", b"\x8b\x45\x00"):
            g.case("SS limit", code, {ESP: esp, EBP: esp}, segs=BASED)


def stack_forms(g, segs, pre, tag, wide):
    size = 4 if wide else 2
    flat = segs in (FLAT, STACK16, CODE16_FLAT)

    def case(name, code, regs=None, poke=None, **more):
        g.case(f"{name} {tag}", pre + code, {**stack_regs(g, segs), **(regs or {})}, poke=poke,
               segs=segs, **more)

    case("PUSH imm8", b"\x6a" + le(g.rnd.getrandbits(8), 1))
    case("PUSH imm", b"\x68" + le(g.rnd.getrandbits(32), size))
    for digit, op, name in ((6, 0xff, "PUSH m"), (0, 0x8f, "POP m")):
        addr = g.address(4)
        regs = Regs(stack_regs(g, segs))
        at = addr if flat else addr - DATA
        a32 = b"\x67" if segs in (CODE16, CODE16_FLAT) else b""
        case(name, a32 + bytes([op]) + g.mem32(digit, at, regs), regs, (addr, le(g.value(4), 4)))
    case("PUSHA", b"\x60")
    case("POPA", b"\x61")
    case("PUSHF", b"\x9c", flags=g.flags() | g.rnd.choice((0, DF)))
    esp = stack_regs(g, segs)
    case("POPF", b"\x9d", esp, (esp[ESP] & 0xffff if segs not in (FLAT, CODE16_FLAT) else esp[ESP],
                                le(g.rnd.getrandbits(32) & 0x204ed5 | 2, 4)))
    case("LEAVE", b"\xc9", {EBP: stack_regs(g, segs)[ESP]})
    for level in (0, 1, 2, 5, 31, 32, 0xff):
        frame = 0x1000 + g.rnd.randrange(0x400)
        sp = 0x1400 + g.rnd.randrange(0x800)
        add = DATA if segs in (FLAT, CODE16_FLAT) else g.rnd.getrandbits(16) << 16 \
            if segs in (CODE16, STACK16) else 0
        case("ENTER", b"\xc8" + le(g.rnd.choice((0, 8, 0x100, 0x7ff0)), 2) + bytes([level]),
             {EBP: frame + add, ESP: sp + add})
    for level in (0, 1):
        case("ENTER ebp", b"\xc8" + le(8, 2) + bytes([level]), {EBP: g.rnd.getrandbits(32)})
    case("LEAVE ebp", b"\xc9", {EBP: stack_regs(g, segs)[ESP], ESP: g.rnd.getrandbits(32)})
    case("PUSH esp POP [esp]", b"\x54" + pre + (b"\x67" if segs in (CODE16, CODE16_FLAT) else b"")
         + b"\x8f\x44\x24\x08", {ESP: 0x800 + (DATA if segs in (FLAT, CODE16_FLAT) else 0)})


def generate(g):
    for family in (by_flags, chains, branches, stack, carry_at_entry):
        family(g)
