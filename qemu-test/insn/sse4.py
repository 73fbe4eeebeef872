# SPDX-License-Identifier: BSD-2-Clause
"""Cases of SSE4.1 and SSE4.2: each row with registers and memory, edge values in every lane."""
import fximage
from build import ABSENT, ARITH, DATA, EAX, EBX, ECX, EDX, RO, Regs, le
from vector import Masked, P66, PF2, PF3, Pool, STORES, address, operand

M38, M3A = P66 + b"\x0f\x38", P66 + b"\x0f\x3a"
# 66 0F 38 op: bytes of the memory operand, which is aligned if they are 16
PACKED = {0x28: "PMULDQ", 0x29: "PCMPEQQ", 0x2b: "PACKUSDW", 0x38: "PMINSB", 0x39: "PMINSD",
          0x3a: "PMINUW", 0x3b: "PMINUD", 0x3c: "PMAXSB", 0x3d: "PMAXSD", 0x3e: "PMAXUW",
          0x3f: "PMAXUD", 0x40: "PMULLD", 0x41: "PHMINPOSUW", 0x17: "PTEST", 0x10: "PBLENDVB",
          0x14: "BLENDVPS", 0x15: "BLENDVPD"}
EXTEND = {0: ("BW", 8), 1: ("BD", 4), 2: ("BQ", 2), 3: ("WD", 8), 4: ("WQ", 4), 5: ("DQ", 8)}
# 66 0F 3A op ib: bytes, lanes of the operands, immediates
IMMEDIATE = [("ROUNDPS", 0x08, 16, "ps", 16), ("ROUNDPD", 0x09, 16, "pd", 16),
             ("ROUNDSS", 0x0a, 4, "ps", 16), ("ROUNDSD", 0x0b, 8, "pd", 16),
             ("BLENDPS", 0x0c, 16, "ps", 16), ("BLENDPD", 0x0d, 16, "pd", 4),
             ("PBLENDW", 0x0e, 16, "int", 256), ("INSERTPS", 0x21, 4, "ps", 256),
             ("MPSADBW", 0x42, 16, "int", 8)]
DOT = [("DPPS", 0x40, "ps", 4), ("DPPD", 0x41, "pd", 8)]
STRINGS = {0x60: "PCMPESTRM", 0x61: "PCMPESTRI", 0x62: "PCMPISTRM", 0x63: "PCMPISTRI"}


def packed(g, fx):
    for op, name in PACKED.items():
        kind = {0x14: "ps", 0x15: "pd"}.get(op, "int")
        for n in range(24):
            operand(g, fx, name, M38 + bytes([op]), 16, kind, "SSE4.1", n % 3 == 0)
    for n in range(24):
        operand(g, fx, "PCMPGTQ", M38 + b"\x37", 16, "int", "SSE4.2", n % 3 == 0)
        operand(g, fx, "MOVNTDQA", M38 + b"\x2a", 16, "int", "SSE4.1", True)
    for base, sign in ((0x20, "S"), (0x30, "Z")):
        for op, (name, size) in EXTEND.items():
            for n in range(12):
                operand(g, fx, f"PMOV{sign}X{name}", M38 + bytes([base + op]), size, "int",
                        "SSE4.1", n % 3 == 0)


def related(g, fx):
    """Operands that have something in common, which random ones have not."""
    for n in range(48):
        a, b = fximage.lanes(g.rnd, "int"), fximage.lanes(g.rnd, "int")
        image = bytearray(fximage.image(g.rnd, "int"))
        reg, other, addr, regs = g.rnd.randrange(8), 0, address(g, 16), Regs()
        mixed = bytes(x if g.rnd.random() < 0.7 else y for x, y in zip(a, b))
        what = (a, bytes(16), bytes(255 - x for x in a), mixed)[n % 4]
        image[160 + 16 * reg:176 + 16 * reg] = a
        other = g.fx_image(bytes(image))
        for code, name, need in ((M38 + b"\x17", "PTEST", "SSE4.1"),
                                 (M38 + b"\x29", "PCMPEQQ", "SSE4.1"),
                                 (M38 + b"\x37", "PCMPGTQ", "SSE4.2")):
            g.case(name + " related", code + g.mem32(reg, addr, regs), regs,
                   fx=other, poke=(addr, what), need=need)
            regs = Regs()


def immediate(g, fx):
    for name, op, size, kind, count in IMMEDIATE:
        for n in range(max(count if count < 256 else 64, 32)):
            imm = g.rnd.getrandbits(8) if count == 256 else n % count
            operand(g, fx, name, M3A + bytes([op]), size, kind, "SSE4.1", n % 3 == 0,
                    bytes([imm]))
    for op in (0x08, 0x09, 0x0a, 0x0b):         # the other bits of imm8 mean nothing
        for _ in range(4):
            operand(g, fx, "ROUND imm8", M3A + bytes([op]), 16, "ps", "SSE4.1", False,
                    bytes([0x10 << g.rnd.randrange(4) | g.rnd.randrange(16)]))
    for n in range(24):
        imm = bytes([g.rnd.getrandbits(8)])
        for name, op, size in (("PEXTRB", 0x14, 1), ("PEXTRW m", 0x15, 2), ("PEXTRD", 0x16, 4),
                               ("EXTRACTPS", 0x17, 4), ("PINSRB", 0x20, 1),
                               ("PINSRD", 0x22, 4)):
            operand(g, fx, name, M3A + bytes([op]), size, "int", "SSE4.1", n % 2, imm)


def tame(data, size, but=-1):
    """Infinities and NaNs become numbers, except lane `but`: which NaN comes out of two is not the
    same on all CPUs."""
    exponent = 0x7f800000 if size == 4 else 0x7ff << 52
    lanes = [int.from_bytes(data[n:n + size], "little") for n in range(0, len(data), size)]
    return b"".join(le(v ^ exponent >> 1 if v & exponent == exponent and n != but else v, size)
                    for n, v in enumerate(lanes))


def dot(g, fx):
    """DPPS, DPPD: at most one operand's one lane is no number."""
    del fx
    for name, op, kind, size in DOT:
        for n in range(160):
            but = g.rnd.randrange(32) if n % 2 else -1
            image = fximage.image(g.rnd, kind, fximage.random_mxcsr(g.rnd))
            image = image[:160] + tame(image[160:], size, but)
            memory, imm = n % 3 == 0, g.rnd.getrandbits(8) | (0x30 if n % 4 else 0)
            reg, rm, addr, regs = g.rnd.randrange(8), g.rnd.randrange(8), address(g, 16), Regs()
            code = g.mem32(reg, addr, regs) if memory else \
                g.modrm_reg(reg, rm if rm != reg or but < 0 else reg ^ 1)
            g.case(f"{name} {'m' if memory else 'r'}", M3A + bytes([op]) + code + bytes([imm]),
                   regs, fx=g.fx_image(image), need="SSE4.1",
                   poke=(addr, tame(fximage.lanes(g.rnd, kind), size)) if memory else None)


def text(g, words, alphabet):
    """16 bytes of few different elements, with a zero somewhere."""
    size = 2 if words else 1
    v = [g.rnd.choice(alphabet) for _ in range(16 // size)]
    if g.rnd.random() < 0.7:
        v[g.rnd.randrange(len(v))] = 0
    return b"".join(le(x, size) for x in v)


def strings(g, fx):
    del fx
    lengths = (0, 1, 2, 5, 7, 8, 9, 15, 16, 17, -1, -5, -8, -16, -17, 0x7fffffff, -0x80000000)
    for op, name in STRINGS.items():
        for n in range(512):
            imm = n & 0x7f | (g.rnd.getrandbits(1) << 7)
            alphabet = g.rnd.choice(((97, 98), (1, 2, 3, 255), (65, 90, 97, 122, 48, 57),
                                     (0x80, 0x7f, 1), (0xff41, 0x41, 0x4100, 0x8000, 0x7fff)))
            image = bytearray(fximage.image(g.rnd, "int"))
            reg, rm, addr, regs = g.rnd.randrange(8), g.rnd.randrange(8), g.address(16), Regs()
            for r in range(8):
                image[160 + 16 * r:176 + 16 * r] = text(g, imm & 1, alphabet)
            if op < 0x62:
                regs.update({EAX: g.rnd.choice(lengths) & 0xffffffff,
                             EDX: g.rnd.choice(lengths) & 0xffffffff})
            memory = n % 3 == 0
            code = g.mem32(reg, addr, regs) if memory else g.modrm_reg(reg, rm)
            g.case(f"{name} {'m' if memory else 'r'}", M3A + bytes([op]) + code + bytes([imm]),
                   regs, fx=g.fx_image(bytes(image)), need="SSE4.2",
                   poke=(addr, text(g, imm & 1, alphabet)) if memory else None)


def crc32(g, fx):
    del fx
    for size in (1, 2, 4):
        for n in range(24):
            regs, dst, v = Regs(), g.reg(4), g.value(size)
            pre = b"\x66\xf2" if size == 2 else PF2
            regs[dst] = g.value(4)
            if n % 2:
                addr = g.address(size)
                code, poke = g.mem32(dst, addr, regs), (addr, le(v, size))
            else:
                src = g.reg(size, (dst,)) if n % 4 else dst & 3 if size == 1 else dst
                if src != dst:
                    regs.put(g, src, size, v)
                code, poke = g.modrm_reg(dst, src), None
            g.case(f"CRC32 {8 * size}", pre + b"\x0f\x38" + bytes([0xf0 | (size > 1)]) + code,
                   regs, poke=poke, need="SSE4.2")
    for addr in (ABSENT, ABSENT - 2, RO - 2):
        regs = Regs()
        g.case("CRC32 fault", PF2 + b"\x0f\x38\xf1" + g.mem32(EBX, addr, regs), regs,
               need="SSE4.2")


def rdtscp(g, fx):
    """EAX changes, and ECX is the number of the CPU, which Linux and the image keep small."""
    del fx
    mark = 0x5a17c3e9
    for r in (EAX, ECX):
        g.case("RDTSCP", b"\x0f\x01\xf9" + bytes([0x81, 0xf8 | r]) + le(mark, 4)
               + b"\x0f\x94\xc3\xc1\xe9\x10", {r: mark}, ignore=ARITH, ignore_gpr=5,
               need="RDTSCP")


# Stores of parts: what they change if the page cannot be written.
PARTS = [("PEXTRB", 0x14, 1), ("PEXTRW m", 0x15, 2), ("PEXTRD", 0x16, 4), ("EXTRACTPS", 0x17, 4)]


def faults(g, fx):
    """Page faults, and #GP for operands that are not aligned."""
    loads = [(M38 + bytes([op]), b"", 16, "SSE4.1", name) for op, name in PACKED.items()]
    loads += [(M38 + bytes([0x20 | op | sign]), b"", size, "SSE4.1", "PMOV" + name)
              for op, (name, size) in EXTEND.items() for sign in (0, 0x10)]
    loads += [(M3A + bytes([op]), b"\x00", size, "SSE4.1", name)
              for name, op, size, _, _ in IMMEDIATE]
    loads += [(M3A + bytes([op]), b"\xff", 16, "SSE4.1", name) for name, op, _, _ in DOT]
    loads += [(M38 + b"\x37", b"", 16, "SSE4.2", "PCMPGTQ"),
              (M38 + b"\x2a", b"", 16, "SSE4.1", "MOVNTDQA"),
              (M3A + b"\x20", b"\x05", 1, "SSE4.1", "PINSRB"),
              (M3A + b"\x22", b"\x02", 4, "SSE4.1", "PINSRD")]
    for code, post, size, need, name in loads:
        places = [ABSENT - size + 1, ABSENT + 16]
        if size == 16:
            places = [DATA + 8, DATA + 0x101, ABSENT + 16, ABSENT + 8, RO - 8]
        for addr in places:
            regs = Regs()
            g.case(name + " fault", code + g.mem32(g.rnd.randrange(8), addr, regs) + post, regs,
                   fx=fx.any("ps"), need=need)
    for op, name in STRINGS.items():            # no alignment
        for addr in (ABSENT - 8, ABSENT + 3, RO - 5):
            regs = Regs({EAX: 7, EDX: 5})
            g.case(name + " fault", M3A + bytes([op])
                   + g.mem32(g.rnd.randrange(8), addr, regs) + b"\x0c", regs,
                   fx=fx.any("int"), need="SSE4.2")
    for name, op, size in PARTS:
        for addr in (RO, RO - size + 1, ABSENT + 32, DATA + 0x1fff - size):
            regs = Regs()
            g.case(name + " fault", M3A + bytes([op])
                   + g.mem32(g.rnd.randrange(8), addr, regs) + b"\x03", regs,
                   fx=fx.any("int"), need="SSE4.1")


# Register forms of which both operands are XMM, for sequences; with an immediate or not.
ROWS = [(M38 + bytes([op]), False) for op in PACKED]
ROWS += [(M38 + bytes([0x20 | op | sign]), False) for op in EXTEND for sign in (0, 0x10)]
ROWS += [(M3A + bytes([op]), True) for _, op, _, _, _ in IMMEDIATE]
ROWS += [(M38 + b"\x37", False), (P66 + b"\x0f\xfe", False), (b"\x0f\x58", False),
         (PF2 + b"\x0f\x59", False), (PF3 + b"\x0f\x10", False), (P66 + b"\x0f\xef", False)]


def sequences(g, fx):
    """What a translator keeps of one for the next; some end with a fault, some with a store."""
    rnd = g.rnd
    for n in range(400):
        regs, where = rnd.sample(range(8), 3), DATA + 16 * rnd.randrange(0x10, 0x100)
        tail = b""
        if n % 4 == 1:
            tail, where = b"\x0f\x28" + bytes([regs[0] << 3 | EDX]), ABSENT + 16
        elif n % 4 == 2:
            _, pre, op, _, _ = rnd.choice(STORES[:-1])
            tail = pre + bytes([0x0f, op, regs[1] << 3 | EDX])
        code = b""
        while True:
            more, imm = rnd.choice(ROWS)
            more += bytes([0xc0 | rnd.choice(regs) << 3 | rnd.choice(regs)])
            more += bytes([rnd.getrandbits(8)]) if imm else b""
            if len(code) + len(more) + len(tail) > 24:
                break
            code += more
        g.case("SSE4 sequence", code + tail, Regs({EDX: where}),
               fx=fx.any(rnd.choice(("int", "ps", "pd"))), need="SSE4.2")


def generate(g):
    fx = Pool(g)
    for family in (packed, related, immediate, dot, strings, crc32, rdtscp, faults):
        family(g, fx)
    sequences(g, Masked(fx))
