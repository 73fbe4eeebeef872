# SPDX-License-Identifier: BSD-2-Clause
"""Cases of the integer unit: arithmetic, shifts, products, bits, moves, decimal adjustment.

Each form of each row (register, memory, immediate, 8/16/32 bits) meets edge and random operands;
flags that the SDM (vol. 2, the instruction's page) leaves undefined are given as `ignore`.
"""
from build import (AF, ARITH, CF, CODE16, DATA, DF, EAX, EBX, ECX, EDX, ESP, OF, PF, RO, SF, ZF,
                   ABSENT, BASED, Regs, le)

PFX = {1: b"", 2: b"\x66", 4: b""}
BITS = {1: 8, 2: 16, 4: 32}


def operand(g, size, value, regs, digit, memory, pre=b"", op=b"", post=b"", poke=None):
    """Code and poke of `op` with its E operand holding value, in a register or in memory."""
    if not memory:
        r = g.reg(size, regs)
        regs.put(g, r, size, value)
        return pre + PFX[size] + op + g.modrm_reg(digit, r) + post, None
    addr = g.address(size)
    code = pre + PFX[size] + op + g.mem32(digit, addr, regs) + post
    return code, (addr, le(value, size))


def both(g, name, size, op, digit, value, regs, memory, ignore=0, post=b"", flags=None, **more):
    regs = regs.copy()
    pre = more.pop("pre", b"")
    if more.pop("lock", False) and memory:
        pre = b"\xf0"
    code, poke = operand(g, size, value, regs, digit, memory, pre, op, post)
    g.case(f"{name}{BITS[size]} {'m' if memory else 'r'}{more.pop('what', '')}", code, regs, flags,
           poke, ignore, **more)


def alu(g):
    names = ("ADD", "OR", "ADC", "SBB", "AND", "SUB", "XOR", "CMP")
    for n, name in enumerate(names):
        ignore = AF if name in ("AND", "OR", "XOR") else 0
        for size in (1, 2, 4):
            w = size > 1
            for memory in (False, True):
                for a, b in g.pairs(size, 14):      # E,G and G,E
                    for way in (0, 2):
                        r = g.reg(size)
                        regs = Regs().put(g, r, size, b)
                        both(g, name, size, bytes([n << 3 | way | w]), r, a, regs, memory, ignore,
                             what=",r" if not way else " to r",
                             lock=not way and n != 7 and g.rnd.random() < 0.2)
                for a, b in g.pairs(size, 8):       # E,imm
                    both(g, name, size, bytes([0x80 | w]), n, a, Regs(), memory, ignore,
                         le(b, size), what=",imm")
                for a, b in g.pairs(size, 5 if w else 0):
                    both(g, name, size, b"\x83", n, a, Regs(), memory, ignore, le(b, 1),
                         what=",imm8")
            for a, b in g.pairs(size, 6):           # accumulator, imm
                g.case(f"{name}{BITS[size]} acc,imm", PFX[size] + bytes([n << 3 | 4 | w])
                       + le(b, size), Regs().put(g, EAX, size, a), ignore=ignore)
            for _ in range(4):                      # both operands one register
                r = g.reg(size)
                g.case(f"{name}{BITS[size]} same", PFX[size] + bytes([n << 3 | w])
                       + g.modrm_reg(r, r), Regs().put(g, r, size, g.value(size)), ignore=ignore)


def test_and_unary(g):
    for size in (1, 2, 4):
        w = size > 1
        for memory in (False, True):
            for a, b in g.pairs(size, 12):
                r = g.reg(size)
                both(g, "TEST", size, bytes([0x84 | w]), r, a, Regs().put(g, r, size, b), memory,
                     AF, what=",r")
            for a, b in g.pairs(size, 6):
                both(g, "TEST", size, bytes([0xf6 | w]), 0, a, Regs(), memory, AF, le(b, size),
                     what=",imm")
            for name, op, digit in (("NOT", 0xf6, 2), ("NEG", 0xf6, 3), ("INC", 0xfe, 0),
                                    ("DEC", 0xfe, 1)):
                for a, _ in g.pairs(size, 14):
                    both(g, name, size, bytes([op | w]), digit, a, Regs(), memory,
                         lock=g.rnd.random() < 0.2)
        for a, b in g.pairs(size, 4):
            g.case(f"TEST{BITS[size]} acc,imm", PFX[size] + bytes([0xa8 | w]) + le(b, size),
                   Regs().put(g, EAX, size, a), ignore=AF)
        for r in range(8 if w else 0):
            for op in (0x40, 0x48):
                g.case(f"{'INC' if op == 0x40 else 'DEC'}{BITS[size]} short",
                       PFX[size] + bytes([op | r]), Regs().put(g, r, size, g.value(size)))


def exchange(g):
    for size in (1, 2, 4):
        w = size > 1
        for memory in (False, True):
            for a, b in g.pairs(size, 14):
                for name, op in (("XCHG", bytes([0x86 | w])), ("XADD", bytes([0x0f, 0xc0 | w])),
                                 ("MOV", bytes([0x88 | w])), ("MOV to r", bytes([0x8a | w]))):
                    r = g.reg(size)
                    both(g, name, size, op, r, a, Regs().put(g, r, size, b), memory,
                         lock=name[0] == "X" and g.rnd.random() < 0.3)
            for a, b in g.pairs(size, 20):
                r = g.reg(size, (EAX,))
                acc = a if g.rnd.random() < 0.5 else g.value(size)
                regs = Regs().put(g, r, size, b).put(g, EAX, size, acc)
                both(g, "CMPXCHG", size, bytes([0x0f, 0xb0 | w]), r, a, regs, memory,
                     lock=g.rnd.random() < 0.3)
            for a, b in g.pairs(size, 6):
                both(g, "MOV", size, bytes([0xc6 | w]), 0, a, Regs(), memory, post=le(b, size),
                     what=",imm")
        for r in range(8):
            g.case(f"MOV{BITS[size]} short", PFX[size] + bytes([0xb0 | w << 3 | r])
                   + le(g.value(size), size))
            regs = Regs().put(g, EAX, size, g.value(size))
            if w:
                g.case(f"XCHG{BITS[size]} short", PFX[size] + bytes([0x90 | r]), regs)
            both_eax = Regs().put(g, r, size,
                g.value(size))    # register forms with the accumulator
            for op in (0xb0 | w, 0xc0 | w):
                for rm in (EAX, r):
                    g.case(f"{'XADD' if op & 0x40 else 'CMPXCHG'}{BITS[size]} acc",
                           PFX[size] + bytes([0x0f, op]) + g.modrm_reg(r, rm), both_eax)
            g.case(f"XCHG{BITS[size]} same", PFX[size] + bytes([0x86 | w]) + g.modrm_reg(r, r))
        for _ in range(4):
            addr, value = g.address(size), g.value(size)
            g.case(f"MOV{BITS[size]} acc,moffs", PFX[size] + bytes([0xa0 | w]) + le(addr, 4),
                   poke=(addr, le(value, size)))
            g.case(f"MOV{BITS[size]} moffs,acc", PFX[size] + bytes([0xa2 | w]) + le(addr, 4))
    for _ in range(24):
        cmpxchg8b(g, g.rnd.random() < 0.5)


def cmpxchg8b(g, equal):
    addr = g.address(8)
    old = [g.value(4), g.value(4)]
    regs = Regs({EAX: old[0] if equal else g.value(4), EDX: old[1], EBX: g.value(4),
                 ECX: g.value(4)})
    lock = b"\xf0" if g.rnd.random() < 0.5 else b""
    code = lock + b"\x0f\xc7" + g.mem32(1, addr, regs)
    g.case("CMPXCHG8B", code, regs, poke=(addr, le(old[0], 4) + le(old[1], 4)),
           need="CX8")


SHIFTS = ("ROL", "ROR", "RCL", "RCR", "SHL", "SHR", "SAL6", "SAR")
COUNTS = (0, 1, 2, 7, 8, 9, 15, 16, 17, 18, 24, 27, 31, 32, 33, 63, 255)


def shift_ignore(name, size, count):
    n, width = count & 31, 8 * size
    if n == 0:
        return 0
    ignore = 0 if n == 1 else OF
    if name in ("SHL", "SHR", "SAL6", "SAR"):
        ignore |= AF
        if n >= width and name != "SAR":
            ignore |= CF
    return ignore


def shifts(g):
    for digit, name in enumerate(SHIFTS):
        for size in (1, 2, 4):
            w = size > 1
            for memory in (False, True):
                for count in COUNTS:
                    for _ in range(2):
                        ignore = shift_ignore(name, size, count)
                        regs = Regs({ECX: g.rnd.getrandbits(24) << 8 | count})
                        both(g, name, size, bytes([0xd2 | w]), digit, g.value(size), regs, memory,
                             ignore, what=",cl")
                    both(g, name, size, bytes([0xc0 | w]), digit, g.value(size), Regs(), memory,
                         ignore, bytes([count]), what=",imm")
                for _ in range(8):
                    both(g, name, size, bytes([0xd0 | w]), digit, g.value(size), Regs(), memory,
                         shift_ignore(name, size, 1), what=",1")
            g.case(f"{name}{BITS[size]} cl,cl", PFX[size] + bytes([0xd2 | w])
                   + g.modrm_reg(digit, ECX), {ECX: 0x12345601}, ignore=shift_ignore(name, size, 1))
    for name, op in (("SHLD", 0xa4), ("SHRD", 0xac)):
        for size in (2, 4):
            for memory in (False, True):
                for count in [c for c in COUNTS if c & 31 <= 8 * size]:
                    ignore = 0 if not count & 31 else AF if count & 31 == 1 else AF | OF
                    if count & 31 == 16 and size == 2:
                        ignore |= CF
                    for cl in (0, 1):
                        r = g.reg(size, (ECX,))
                        regs = Regs({ECX: 0x5a5a5a00 | count}).put(g, r, size, g.value(size))
                        both(g, name, size, bytes([0x0f, op | cl]), r, g.value(size), regs, memory,
                             ignore, b"" if cl else bytes([count]), what=",cl" if cl else ",imm")


def products(g):
    szap = SF | ZF | AF | PF
    for size in (1, 2, 4):
        w = size > 1
        for memory in (False, True):
            for name, digit in (("MUL", 4), ("IMUL", 5)):
                for a, b in g.pairs(size, 24):
                    regs = Regs().put(g, EAX, size, b).put(g, EDX, 4, g.value(4))
                    both(g, name, size, bytes([0xf6 | w]), digit, a, regs, memory, szap)
            for name, digit in (("DIV", 6), ("IDIV", 7)):
                for n in range(40):
                    divide(g, name, digit, size, memory, n)
        for a, b in g.pairs(size, 16 if w else 0):
            for memory in (False, True):
                r = g.reg(size)
                both(g, "IMUL2 ", size, b"\x0f\xaf", r, a, Regs().put(g, r, size, b), memory, szap)
                both(g, "IMUL3 ", size, b"\x69", r, a, Regs(), memory, szap, le(b, size))
                both(g, "IMUL3 imm8 ", size, b"\x6b", r, a, Regs(), memory, szap, le(b, 1))


def divide(g, name, digit, size, memory, n):
    """Quotients that fit, by construction, for two cases of three; others as they come (#DE)."""
    bits = 8 * size
    d = g.value(size)
    if n % 3 == 2:
        num = g.rnd.getrandbits(2 * bits)
    elif name == "DIV":
        num = g.rnd.randrange(max(1, d << bits))
    else:
        s = d - (1 << bits) if d >> (bits - 1) else d
        q = g.value(size)
        q = q - (1 << bits) if q >> (bits - 1) else q
        num = s * q + (g.rnd.randrange(abs(s)) if s else 0) * (1 if s * q >= 0 else -1)
    num &= (1 << 2 * bits) - 1
    if size == 1:
        regs = Regs().put(g, EAX, 2, num)
    else:
        regs = Regs().put(g, EAX, size, num & ((1 << bits) - 1)).put(g, EDX, size, num >> bits)
    both(g, name, size, bytes([0xf6 | (size > 1)]), digit, d, regs, memory, ARITH)


def bits(g):
    others = OF | SF | AF | PF
    for size in (2, 4):
        for name, op, digit in (("BT", 0xa3, 4), ("BTS", 0xab, 5), ("BTR", 0xb3, 6),
                                ("BTC", 0xbb, 7)):
            for _ in range(10):
                r = g.reg(size)
                index = g.rnd.getrandbits(8 * size)
                both(g, name, size, bytes([0x0f, op]), r, g.value(size),
                     Regs().put(g, r, size, index), False, others, what=",r")
                for memory in (False, True):
                    both(g, name, size, b"\x0f\xba", digit, g.value(size), Regs(), memory, others,
                         bytes([g.rnd.getrandbits(8)]), what=",imm",
                         lock=name != "BT" and g.rnd.random() < 0.3)
            for _ in range(16):
                bit_string(g, name, op, size, others)
        for name, op in (("BSF", 0xbc), ("BSR", 0xbd)):
            for memory in (False, True):
                for v in [0, 0, 1, 1 << (8 * size - 1)] + [g.value(size) for _ in range(10)]:
                    r = g.reg(size)
                    both(g, name, size, bytes([0x0f, op]), r, v, Regs().put(g, r, 4, g.value(4)),
                         memory, CF | others)
        for memory in (False, True):
            for v in [0] + [g.value(size) for _ in range(10)]:
                both(g, "POPCNT", size, b"\x0f\xb8", g.reg(size), v, Regs(), memory, pre=b"\xf3",
                     need="POPCNT")
    for r in range(8):
        for _ in range(2):
            g.case("BSWAP32", bytes([0x0f, 0xc8 | r]), {r: g.rnd.getrandbits(32)})


def bit_string(g, name, op, size, ignore):
    """Memory with a register offset reaches words before and behind."""
    r = g.reg(size)
    index = g.rnd.randrange(-0x600 * 8, 0x600 * 8)
    regs = Regs().put(g, r, size, index & ((1 << 8 * size) - 1))
    if index < -0x8000 or index > 0x7fff and size == 2:
        return
    base = DATA + 0x800 + 4 * g.rnd.randrange(0x200)
    lock = b"\xf0" if name != "BT" and g.rnd.random() < 0.3 else b""
    g.case(f"{name}{BITS[size]} m,r", lock + PFX[size] + bytes([0x0f, op])
           + g.mem32(r, base, regs), regs, ignore=ignore)


def moves(g):
    for name, op in (("MOVZX", 0xb6), ("MOVSX", 0xbe)):
        for size in (2, 4):
            for w in (0, 1):
                for memory in (False, True):
                    for _ in range(8):
                        regs, v = Regs(), g.value(1 + w)
                        code, poke = extended(g, PFX[size], op | w, 1 + w, v, regs, memory)
                        g.case(f"{name} r{BITS[size]},{'m' if memory else 'r'}{8 << w}", code, regs,
                               poke=poke)
    for size in (2, 4):
        for _ in range(10):
            g.case(f"CBW{BITS[size]}", PFX[size] + b"\x98", {EAX: g.value(4)})
            g.case(f"CWD{BITS[size]}", PFX[size] + b"\x99", {EAX: g.value(4)})
            for op in (0xf0, 0xf1):
                addr, r, regs = g.address(size), g.reg(size), Regs()
                regs.put(g, r, size, g.value(size))
                g.case(f"MOVBE{BITS[size]} {'store' if op & 1 else 'load'}", PFX[size]
                       + bytes([0x0f, 0x38, op]) + g.mem32(r, addr, regs), regs,
                       poke=(addr, le(g.value(size), size)), need="MOVBE")
    for _ in range(12):
        al, addr = g.rnd.getrandbits(8), DATA + g.rnd.randrange(0x1000)
        g.case("XLAT", b"\xd7", {EBX: addr, EAX: g.rnd.getrandbits(24) << 8 | al})
        g.case("XLAT fs a16", b"\x64\x67\xd7", {EBX: g.rnd.getrandbits(32) & 0xffff0fff})
        g.case("LAHF", b"\x9f")
        g.case("SAHF", b"\x9e", {EAX: g.rnd.getrandbits(32)})
        g.case("SALC", b"\xd6")
        addr, regs = g.address(4), Regs()
        r = g.reg(4)
        regs.put(g, r, 4, g.value(4))
        g.case("MOVNTI", b"\x0f\xc3" + g.mem32(r, addr, regs), regs, need="SSE2")
    for op, name in ((0xf8, "CLC"), (0xf9, "STC"), (0xf5, "CMC"), (0xfc, "CLD"), (0xfd, "STD"),
                     (0x90, "NOP"), (0xf3, "PAUSE")):
        for n in range(6):
            g.case(name, bytes([op]) + (b"\x90" if op == 0xf3 else b""),
                   flags=g.flags() | (DF if n & 1 else 0))
    for code, name in ((b"\x0f\xae\xe8", "LFENCE"), (b"\x0f\xae\xf0", "MFENCE"),
                       (b"\x0f\xae\xf8", "SFENCE")):
        g.case(name, code, need="SSE2")


def extended(g, pre, op, size, value, regs, memory):
    """MOVZX, MOVSX: the source has its own size."""
    dst = g.reg(4, ())
    if memory:
        addr = g.address(size)
        return pre + bytes([0x0f, op]) + g.mem32(dst, addr, regs), (addr, le(value, size))
    src = g.reg(size)
    regs.put(g, src, size, value)
    return pre + bytes([0x0f, op]) + g.modrm_reg(dst, src), None


def decimal(g):
    for name, op, ignore in (("DAA", 0x27, OF), ("DAS", 0x2f, OF),
                             ("AAA", 0x37, OF | SF | ZF | PF), ("AAS", 0x3f, OF | SF | ZF | PF)):
        for n in range(80):
            al = g.rnd.getrandbits(8) if n >= 16 else (0, 9, 0xa, 0xf, 0x10, 0x1a, 0x90, 0x99, 0x9a,
                                                      0x9f, 0xa0, 0xf9, 0xfa, 0xff, 5, 0x66)[n]
            g.case(name, bytes([op]), {EAX: g.rnd.getrandbits(24) << 8 | al}, ignore=ignore)
    for name, op in (("AAM", 0xd4), ("AAD", 0xd5)):
        for base in (10, 10, 10, 10, 16, 1, 0, 255, 7):
            for _ in range(4):
                g.case(name, bytes([op, base]), {EAX: g.rnd.getrandbits(32)}, ignore=OF | AF | CF)


def addressing(g):
    """LEA through every ModRM and SIB byte, and loads through the 16-bit forms."""
    for mod in range(3):
        for rm in range(8):
            sibs = [s for s in range(256) if s % 3 == mod] if rm == 4 else [None]
            for sib in sibs:
                size = 4 if mod == 2 or (mod == 0 and (rm == 5 or sib and sib & 7 == 5)) else mod
                code = b"\x8d" + bytes([mod << 6 | g.rnd.randrange(8) << 3 | rm])
                code += (b"" if sib is None else bytes([sib])) + le(g.rnd.getrandbits(32), size)
                g.case(f"LEA mod{mod}", code)
            size = 2 if mod == 2 or (mod == 0 and rm == 6) else mod
            code = bytes([mod << 6 | g.rnd.randrange(8) << 3 | rm]) + le(g.rnd.getrandbits(16),
                size)
            for pre in (b"\x67", b"\x66\x67"):
                g.case(f"LEA a16 mod{mod}", pre + b"\x8d" + code)
    g.case("LEA16", b"\x66\x8d\x84\x8e\x11\x22\x33\x44")
    for n in range(60):
        size = (1, 2, 4)[n % 3]
        off, regs, r = g.address(size) - DATA, Regs(), g.reg(size)
        code = g.mem16(r, off, regs)
        g.case(f"MOV{BITS[size]} fs a16", b"\x64\x67" + PFX[size] + bytes([0x8a | (size > 1)])
               + code, regs)
        regs = Regs()
        g.case(f"ADD{BITS[size]} fs a16", b"\x67\x64" + PFX[size] + bytes([size > 1])
               + g.mem16(r, off, regs), regs)
    for n in range(80):
        modes(g, (1, 2, 4)[n % 3])


def modes(g, size):
    """The same instruction in 16-bit code and with segments that have bases."""
    swap = {1: b"", 2: b"", 4: b"\x66"}[size]
    name, op = g.rnd.choice((("ADD", 0), ("MOV", 0x88), ("SBB to r", 0x1a), ("CMP", 0x38)))
    off, r, regs = g.address(size) - DATA, g.reg(size), Regs()
    g.case(f"{name}{BITS[size]} code16", swap + bytes([op | (size > 1)]) + g.mem16(r, off, regs),
           regs, segs=CODE16)
    regs = Regs()
    g.case(f"{name}{BITS[size]} code16 a32", b"\x67" + swap + bytes([op | (size > 1)])
           + g.mem32(r, off, regs), regs, segs=CODE16)
    regs = Regs()
    g.case(f"{name}{BITS[size]} based", PFX[size] + bytes([op | (size > 1)])
           + g.mem32(r, off, regs), regs, segs=BASED)


def faults(g):
    """Page and segment faults of loads, stores and read-modify-writes."""
    ops = (("MOV load", 0x8a, 0), ("MOV store", 0x88, 0), ("ADD", 0x00, 0), ("CMP", 0x38, 0),
           ("XCHG", 0x86, 0), ("ADC to r", 0x12, 0), ("TEST", 0x84, AF))
    for name, op, ignore in ops:
        for size in (1, 2, 4):
            for addr in fault_addresses(size):
                r, regs = g.reg(size), Regs()
                g.case(f"{name}{BITS[size]} #PF", PFX[size] + bytes([op | (size > 1)])
                       + g.mem32(r, addr, regs), regs, ignore=ignore)
            for pre, off, segs in limits(size):
                r, regs = g.reg(size), Regs()
                mem = g.mem32(r, off, regs)
                g.case(f"{name}{BITS[size]} limit", pre + PFX[size] + bytes([op | (size > 1)])
                       + mem, regs, ignore=ignore, segs=segs)
    for name, code in (("CMPXCHG", b"\x0f\xb1"), ("XADD", b"\x0f\xc1"), ("BTS", b"\x0f\xab"),
                       ("NOT", b"\xf7"), ("SHL", b"\xd1"), ("SHLcl", b"\xd3"), ("SETE",
                           b"\x0f\x94"),
                       ("BT", b"\x0f\xa3"), ("CMOVE", b"\x0f\x44"), ("CMPXCHG8B", b"\x0f\xc7"),
                       ("MUL", b"\xf7"), ("DIV", b"\xf7"), ("SHLD", b"\x0f\xa5"), ("RCL", b"\xd3")):
        digit = {"NOT": 2, "SHL": 4, "SHLcl": 4, "CMPXCHG8B": 1, "MUL": 4, "DIV": 6, "RCL": 2}
        for addr in fault_addresses(8 if name == "CMPXCHG8B" else 4) + (RO + 8,) * 4:
            for count in (0, 1):
                d = digit.get(name, g.rnd.randrange(8))
                regs = Regs({ECX: g.rnd.getrandbits(24) << 8 | count, EAX: g.value(4)})
                if name in ("BTS", "BT"):
                    d = EDX
                    regs[EDX] = g.rnd.randrange(32)
                g.case(f"{name} #PF", code + g.mem32(d, addr, regs), regs,
                       ignore=ARITH if name in ("MUL", "DIV", "BT", "BTS", "SHLD", "SHLcl", "SHL")
                       else 0)


def fault_addresses(size):
    """In the read-only page, in absent ones, and across each boundary.  None across 4 GiB: there a
    flat segment's behaviour is left open (SDM vol. 3, 6.3)."""
    return (RO + 0x123, RO - size + 1, ABSENT + 0x40, ABSENT - size + 1, DATA - 4,
            DATA - size + 1, 0, 0x100000000 - size)


def limits(size):
    """(prefix, offset, segments) around the limits of FS, GS and SS."""
    yield from ((b"\x65", off, 0) for off in (0x7c, 0x80 - size, 0x81 - size, 0x80, 0xffffffff))
    yield from ((b"\x64", off, 0) for off in (0x1000, 0x10000 - size, 0x10001 - size))
    yield from ((b"\x65", off, BASED) for off in (0x7ff, 0x800, 0x801 - size, 0x10000 - size,
                                                  0x10001 - size))
    yield from ((b"\x64", off, BASED) for off in (0x100, 0x10000))
    yield from ((b"\x36", off, BASED) for off in (0x2000, 0x3000 - size, 0x3001 - size))
    yield from ((b"\x2e", off, BASED) for off in (0x100, 0x120, 0x200000))
    yield (b"\x2e", 0x10000020, 0)


def generate(g):
    for family in (alu, test_and_unary, exchange, shifts, products, bits, moves, decimal,
                   addressing, faults):
        family(g)
