# SPDX-License-Identifier: BSD-2-Clause
"""Cases of MMX and SSE to SSSE3: each row with registers and memory, edge values in every lane."""
import fximage
from build import ABSENT, ARITH, DATA, EAX, EBX, ECX, EDI, EDX, RO, Regs, le

P66, PF3, PF2 = b"\x66", b"\xf3", b"\xf2"

# 0F xx with an MMX form and, behind 66, an XMM form; by what the MMX form needs.
MMX = {0x60: "PUNPCKLBW", 0x61: "PUNPCKLWD", 0x62: "PUNPCKLDQ", 0x63: "PACKSSWB", 0x64: "PCMPGTB",
       0x65: "PCMPGTW", 0x66: "PCMPGTD", 0x67: "PACKUSWB", 0x68: "PUNPCKHBW", 0x69: "PUNPCKHWD",
       0x6a: "PUNPCKHDQ", 0x6b: "PACKSSDW", 0x74: "PCMPEQB", 0x75: "PCMPEQW", 0x76: "PCMPEQD",
       0xd1: "PSRLW", 0xd2: "PSRLD", 0xd3: "PSRLQ", 0xd5: "PMULLW", 0xd8: "PSUBUSB",
       0xd9: "PSUBUSW", 0xdb: "PAND", 0xdc: "PADDUSB", 0xdd: "PADDUSW", 0xdf: "PANDN",
       0xe1: "PSRAW", 0xe2: "PSRAD", 0xe5: "PMULHW", 0xe8: "PSUBSB", 0xe9: "PSUBSW", 0xeb: "POR",
       0xec: "PADDSB", 0xed: "PADDSW", 0xef: "PXOR", 0xf1: "PSLLW", 0xf2: "PSLLD", 0xf3: "PSLLQ",
       0xf5: "PMADDWD", 0xf8: "PSUBB", 0xf9: "PSUBW", 0xfa: "PSUBD", 0xfc: "PADDB", 0xfd: "PADDW",
       0xfe: "PADDD"}
MMX_SSE = {0xda: "PMINUB", 0xde: "PMAXUB", 0xe0: "PAVGB", 0xe3: "PAVGW", 0xe4: "PMULHUW",
           0xea: "PMINSW", 0xee: "PMAXSW", 0xf6: "PSADBW"}
MMX_SSE2 = {0xd4: "PADDQ", 0xfb: "PSUBQ", 0xf4: "PMULUDQ"}
SSSE3 = {0x00: "PSHUFB", 0x01: "PHADDW", 0x02: "PHADDD", 0x03: "PHADDSW", 0x04: "PMADDUBSW",
         0x05: "PHSUBW", 0x06: "PHSUBD", 0x07: "PHSUBSW", 0x08: "PSIGNB", 0x09: "PSIGNW",
         0x0a: "PSIGND", 0x0b: "PMULHRSW", 0x1c: "PABSB", 0x1d: "PABSW", 0x1e: "PABSD"}
COUNTED = (0xd1, 0xd2, 0xd3, 0xe1, 0xe2, 0xf1, 0xf2, 0xf3)

# name, prefix, opcode behind 0F, bytes of the memory operand, lanes, need
FP = []
for _op, _name in ((0x58, "ADD"), (0x59, "MUL"), (0x5c, "SUB"), (0x5d, "MIN"), (0x5e, "DIV"),
                   (0x5f, "MAX"), (0x51, "SQRT")):
    FP += [(_name + "PS", b"", _op, 16, "ps", "SSE"), (_name + "SS", PF3, _op, 4, "ps", "SSE"),
           (_name + "PD", P66, _op, 16, "pd", "SSE2"), (_name + "SD", PF2, _op, 8, "pd", "SSE2")]
for _op, _name in ((0x54, "AND"), (0x55, "ANDN"), (0x56, "OR"), (0x57, "XOR"), (0x14, "UNPCKL"),
                   (0x15, "UNPCKH")):
    FP += [(_name + "PS", b"", _op, 16, "ps", "SSE"), (_name + "PD", P66, _op, 16, "pd", "SSE2")]
for _op, _name in ((0x2e, "UCOMIS"), (0x2f, "COMIS")):
    FP += [(_name + "S", b"", _op, 4, "ps", "SSE"), (_name + "D", P66, _op, 8, "pd", "SSE2")]
FP += [("CVTPS2PD", b"", 0x5a, 8, "ps", "SSE2"), ("CVTPD2PS", P66, 0x5a, 16, "pd", "SSE2"),
       ("CVTSS2SD", PF3, 0x5a, 4, "ps", "SSE2"), ("CVTSD2SS", PF2, 0x5a, 8, "pd", "SSE2"),
       ("CVTDQ2PS", b"", 0x5b, 16, "int", "SSE2"), ("CVTPS2DQ", P66, 0x5b, 16, "ps", "SSE2"),
       ("CVTTPS2DQ", PF3, 0x5b, 16, "ps", "SSE2"), ("CVTTPD2DQ", P66, 0xe6, 16, "pd", "SSE2"),
       ("CVTDQ2PD", PF3, 0xe6, 8, "int", "SSE2"), ("CVTPD2DQ", PF2, 0xe6, 16, "pd", "SSE2"),
       ("ADDSUBPD", P66, 0xd0, 16, "pd", "SSE3"), ("ADDSUBPS", PF2, 0xd0, 16, "ps", "SSE3"),
       ("HADDPD", P66, 0x7c, 16, "pd", "SSE3"), ("HADDPS", PF2, 0x7c, 16, "ps", "SSE3"),
       ("HSUBPD", P66, 0x7d, 16, "pd", "SSE3"), ("HSUBPS", PF2, 0x7d, 16, "ps", "SSE3"),
       ("MOVSLDUP", PF3, 0x12, 16, "ps", "SSE3"), ("MOVSHDUP", PF3, 0x16, 16, "ps", "SSE3"),
       ("MOVDDUP", PF2, 0x12, 8, "pd", "SSE3"), ("MOVUPS", b"", 0x10, -16, "ps", "SSE"),
       ("MOVSS", PF3, 0x10, 4, "ps", "SSE"), ("MOVUPD", P66, 0x10, -16, "pd", "SSE2"),
       ("MOVSD", PF2, 0x10, 8, "pd", "SSE2"), ("MOVAPS", b"", 0x28, 16, "ps", "SSE"),
       ("MOVAPD", P66, 0x28, 16, "pd", "SSE2"), ("MOVDQA", P66, 0x6f, 16, "int", "SSE2"),
       ("MOVDQU", PF3, 0x6f, -16, "int", "SSE2"), ("MOVQ xmm", PF3, 0x7e, 8, "int", "SSE2"),
       ("PUNPCKLQDQ", P66, 0x6c, 16, "int", "SSE2"), ("PUNPCKHQDQ", P66, 0x6d, 16, "int", "SSE2")]
STORES = [("MOVUPS st", b"", 0x11, -16, "SSE"), ("MOVSS st", PF3, 0x11, 4, "SSE"),
          ("MOVUPD st", P66, 0x11, -16, "SSE2"), ("MOVSD st", PF2, 0x11, 8, "SSE2"),
          ("MOVAPS st", b"", 0x29, 16, "SSE"), ("MOVAPD st", P66, 0x29, 16, "SSE2"),
          ("MOVDQA st", P66, 0x7f, 16, "SSE2"), ("MOVDQU st", PF3, 0x7f, -16, "SSE2"),
          ("MOVQ xmm st", P66, 0xd6, 8, "SSE2"), ("MOVQ st", b"", 0x7f, 8, "MMX")]
MEMORY_ONLY = [("MOVNTPS", b"", 0x2b, 16, "SSE"), ("MOVNTPD", P66, 0x2b, 16, "SSE2"),
               ("MOVNTDQ", P66, 0xe7, 16, "SSE2"), ("MOVNTQ", b"", 0xe7, 8, "SSE"),
               ("MOVLPS", b"", 0x12, 8, "SSE"), ("MOVLPS st", b"", 0x13, 8, "SSE"),
               ("MOVHPS", b"", 0x16, 8, "SSE"), ("MOVHPS st", b"", 0x17, 8, "SSE"),
               ("MOVLPD", P66, 0x12, 8, "SSE2"), ("MOVLPD st", P66, 0x13, 8, "SSE2"),
               ("MOVHPD", P66, 0x16, 8, "SSE2"), ("MOVHPD st", P66, 0x17, 8, "SSE2"),
               ("LDDQU", PF2, 0xf0, -16, "SSE3")]


class Pool:
    """Images to start from, made once and shared."""

    def __init__(self, g):
        self.g, self.images = g, {}
        for kind, count in (("int", 120), ("ps", 160), ("pd", 160)):
            self.images[kind] = [g.fx_image(fximage.image(
                g.rnd, kind, fximage.random_mxcsr(g.rnd) if kind != "int" or n & 1 else 0x1f80,
                0x37f, g.rnd.randrange(8) << 11, g.rnd.choice((0, 0xff, 0x5a))))
                for n in range(count)]

        self.masked = {kind: [n for n in images if self.mxcsr(n) & 0x1f80 == 0x1f80]
                       for kind, images in self.images.items()}

    def mxcsr(self, n):
        return int.from_bytes(self.g.fx[n][24:28], "little")

    def any(self, kind):
        return self.g.rnd.choice(self.images[kind])


class Masked:
    """The same images without those that may raise #XM."""

    def __init__(self, pool):
        self.pool = pool

    def any(self, kind):
        return self.pool.g.rnd.choice(self.pool.masked[kind])


def address(g, size):
    """Aligned where size is 16; -16 may be anywhere."""
    if size == 16:
        return DATA + 0x40 + 16 * g.rnd.randrange(0x1e0)
    return g.address(abs(size))


def operand(g, fx, name, code, size, kind, need, memory, post=b"", reg=None, poke=None, ignore=0):
    """One case of `code /r`; code ends before ModRM."""
    reg = g.rnd.randrange(8) if reg is None else reg
    regs = Regs()
    if memory:
        addr = address(g, size)
        modrm = g.mem32(reg, addr, regs)
        poke = (addr, poke or fximage.lanes(g.rnd, kind))
    else:
        modrm, poke = g.modrm_reg(reg, g.rnd.randrange(8)), None
    g.case(f"{name} {'m' if memory else 'r'}", code + modrm + post, regs, fx=fx.any(kind),
        poke=poke,
           need=need, ignore=ignore)


def packed(g, fx):
    for table, need in ((MMX, "MMX"), (MMX_SSE, "SSE"), (MMX_SSE2, "SSE2")):
        for op, name in table.items():
            for n in range(10):
                poke = le(g.rnd.randrange(70), 8) * 2 if op in COUNTED and n < 6 else None
                memory = n % 3 == 0 or poke is not None
                operand(g, fx, name + " mm", bytes([0x0f, op]), 8, "int", need, memory, poke=poke)
                operand(g, fx, name + " xmm", P66 + bytes([0x0f, op]), 16, "int", "SSE2", memory,
                        poke=poke)
    for op, name in SSSE3.items():
        for n in range(8):
            operand(g, fx, name + " mm", bytes([0x0f, 0x38, op]), 8, "int", "SSSE3", n % 3 == 0)
            operand(g, fx, name + " xmm", P66 + bytes([0x0f, 0x38, op]), 16, "int", "SSSE3",
                    n % 3 == 0)


def immediate(g, fx):
    for op, name, digits in ((0x71, "W", (2, 4, 6)), (0x72, "D", (2, 4, 6)), (0x73, "Q", (2, 6))):
        for digit in digits:
            for count in (0, 1, 7, 8, 15, 16, 31, 32, 63, 64, 255):
                operand(g, fx, f"shift{name} /{digit} mm", bytes([0x0f, op]), 8, "int", "MMX",
                    False,
                        bytes([count]), digit)
                operand(g, fx, f"shift{name} /{digit} xmm", P66 + bytes([0x0f, op]), 16, "int",
                        "SSE2", False, bytes([count]), digit)
    for digit, name in ((3, "PSRLDQ"), (7, "PSLLDQ")):
        for count in (0, 1, 7, 8, 15, 16, 17, 255):
            operand(g, fx, name, P66 + b"\x0f\x73", 16, "int", "SSE2", False, bytes([count]), digit)
    for _ in range(14):
        imm = bytes([g.rnd.getrandbits(8)])
        small = bytes([g.rnd.randrange(34)])
        m = g.rnd.random() < 0.4
        operand(g, fx, "PSHUFW", b"\x0f\x70", 8, "int", "SSE", m, imm)
        for pre, name in ((P66, "PSHUFD"), (PF3, "PSHUFHW"), (PF2, "PSHUFLW")):
            operand(g, fx, name, pre + b"\x0f\x70", 16, "int", "SSE2", m, imm)
        operand(g, fx, "SHUFPS", b"\x0f\xc6", 16, "ps", "SSE", m, imm)
        operand(g, fx, "SHUFPD", P66 + b"\x0f\xc6", 16, "pd", "SSE2", m, imm)
        operand(g, fx, "PALIGNR mm", b"\x0f\x3a\x0f", 8, "int", "SSSE3", m, small)
        operand(g, fx, "PALIGNR xmm", P66 + b"\x0f\x3a\x0f", 16, "int", "SSSE3", m, small)
        operand(g, fx, "PINSRW mm", b"\x0f\xc4", 2, "int", "SSE", m, imm)
        operand(g, fx, "PINSRW xmm", P66 + b"\x0f\xc4", 2, "int", "SSE2", m, imm)
        operand(g, fx, "PEXTRW mm", b"\x0f\xc5", 2, "int", "SSE", False, imm)
        operand(g, fx, "PEXTRW xmm", P66 + b"\x0f\xc5", 2, "int", "SSE2", False, imm)
    for predicate in range(8):
        for name, pre, size, kind, need in (("PS", b"", 16, "ps", "SSE"), ("SS", PF3, 4, "ps",
            "SSE"),
                                            ("PD", P66, 16, "pd", "SSE2"), ("SD", PF2, 8, "pd",
                                                                           "SSE2")):
            for n in range(6):
                operand(g, fx, f"CMP{name}", pre + b"\x0f\xc2", size, kind, need, n % 2,
                        bytes([predicate]))


def floating(g, fx):
    for name, pre, op, size, kind, need in FP:
        for n in range(28 if op in (0x51, 0x58, 0x59, 0x5c, 0x5e, 0x5a, 0x5b, 0xe6, 0x2e, 0x2f)
                       else 12):
            operand(g, fx, name, pre + bytes([0x0f, op]), size, kind, need, n % 3 == 0)
    for name, pre, op, size, need in STORES:
        for n in range(6):
            kind = g.rnd.choice(("int", "ps", "pd"))
            operand(g, fx, name, pre + bytes([0x0f, op]), size, kind, need, n % 3)
    for name, pre, op, size, need in MEMORY_ONLY:
        for n in range(6):
            operand(g, fx, name, pre + bytes([0x0f, op]), size, "ps", need, True)
    for op, name in ((0x12, "MOVHLPS"), (0x16, "MOVLHPS")):
        for _ in range(4):
            operand(g, fx, name, bytes([0x0f, op]), 16, "ps", "SSE", False)
    for op, name in ((0x52, "RSQRT"), (0x53, "RCP")):       # the rest is the CPU's own estimate
        for pre, what in ((b"", "PS"), (PF3, "SS")):
            for v in (0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc12345, 0xff800001, 1, 0x80000001):
                operand(g, fx, name + what, pre + bytes([0x0f, op]), 16, "ps", "SSE", True,
                        poke=le(v, 4) * 4)


def integer_sides(g, fx):
    """Conversions and moves whose other side is a general or an MMX register."""
    for pre, single, kind, need, size in ((PF3, "SS", "ps", "SSE", 4), (PF2, "SD", "pd", "SSE2",
            8)):
        for n in range(24):
            operand(g, fx, f"CVTSI2{single}", pre + b"\x0f\x2a", 4, kind, need, n % 3 == 0,
                    poke=le(g.value(4), 4))
            operand(g, fx, f"CVT{single}2SI", pre + b"\x0f\x2d", size, kind, need, n % 3 == 0)
            operand(g, fx, f"CVTT{single}2SI", pre + b"\x0f\x2c", size, kind, need, n % 3 == 0)
    quiet = Masked(fx)      # with #XM, whether MMX state was entered before differs between CPUs
    for pre, name, kind, need, size in ((b"", "PS", "ps", "SSE", 8), (P66, "PD", "pd", "SSE2", 16)):
        for n in range(16):
            operand(g, quiet, f"CVTPI2{name}", pre + b"\x0f\x2a", 8, kind, need, n % 3 == 0)
            operand(g, quiet, f"CVT{name}2PI", pre + b"\x0f\x2d", size, kind, need, n % 3 == 0)
            operand(g, quiet, f"CVTT{name}2PI", pre + b"\x0f\x2c", size, kind, need, n % 3 == 0)
    for n in range(8):
        for op, name in ((0x6e, "MOVD load"), (0x7e, "MOVD store")):
            operand(g, fx, name + " mm", bytes([0x0f, op]), 4, "int", "MMX", n % 2)
            operand(g, fx, name + " xmm", P66 + bytes([0x0f, op]), 4, "int", "SSE2", n % 2)
        operand(g, fx, "MOVQ mm", b"\x0f\x6f", 8, "int", "MMX", n % 2)
        operand(g, fx, "PMOVMSKB mm", b"\x0f\xd7", 8, "int", "SSE", False)
        operand(g, fx, "PMOVMSKB xmm", P66 + b"\x0f\xd7", 8, "int", "SSE2", False)
        operand(g, fx, "MOVMSKPS", b"\x0f\x50", 16, "ps", "SSE", False)
        operand(g, fx, "MOVMSKPD", P66 + b"\x0f\x50", 16, "pd", "SSE2", False)
        operand(g, fx, "MOVDQ2Q", PF2 + b"\x0f\xd6", 16, "int", "SSE2", False)
        operand(g, fx, "MOVQ2DQ", PF3 + b"\x0f\xd6", 16, "int", "SSE2", False)
        addr = DATA + 0x100 + g.rnd.randrange(0x1000)
        for pre, what, need in ((b"", "Q", "SSE"), (P66, "DQU", "SSE2")):
            g.case("MASKMOV" + what, pre + b"\x0f\xf7" + g.modrm_reg(n, g.rnd.randrange(8)),
                   {EDI: addr}, fx=fx.any("int"), need=need)
        g.case("EMMS", b"\x0f\x77", fx=fx.any("int"), need="MMX")
        g.case("x87 then MMX", b"\xd9\xe8\x0f\xfe\xca\xd9\xc0", fx=fx.any("ps"), need="MMX")
        g.case("MMX, EMMS, x87", b"\x0f\xef\xd2\x0f\x77\xd9\xe8", fx=fx.any("ps"), need="MMX")


def control(g, fx):
    for n in range(16):
        addr, regs = g.address(4), Regs()
        v = fximage.random_mxcsr(g.rnd) | (0x40000 << g.rnd.randrange(14) if n % 4 == 0 else 0)
        g.case("LDMXCSR", b"\x0f\xae" + g.mem32(2, addr, regs), regs, poke=(addr, le(v, 4)),
               fx=fx.any("ps"), need="SSE")
        addr, regs = g.address(4), Regs()
        g.case("STMXCSR", b"\x0f\xae" + g.mem32(3, addr, regs), regs, fx=fx.any("ps"), need="SSE")
        addr = DATA + 0x200 + 16 * g.rnd.randrange(0x100)
        # FXSAVE, then zeros over what is the CPU's own: last operation, MXCSR and its mask.
        g.case("FXSAVE", b"\x0f\xae\x03\xf3\xaa", {EBX: addr, EDI: addr + 6, ECX: 26, EAX: 0},
               flags=0, fx=fx.any("ps"), need="FXSR")
        g.case("FXRSTOR", b"\x0f\xae\x0b", {EBX: addr}, fx=fx.any("pd"), need="FXSR",
               poke=(addr + 16, bytes(8) + le(v & 0xffbf if n & 1 else v, 4) + bytes(12)))
    for addr in (DATA + 8, RO + 0x10, RO - 0x100, ABSENT, ABSENT - 0x100, RO + 4):
        for digit, name in ((0, "FXSAVE"), (1, "FXRSTOR")):
            g.case(name + " fault", b"\x0f\xae" + g.modrm_reg(digit, EBX)[:0]
                   + bytes([digit << 3 | 3]), {EBX: addr}, fx=fx.any("ps"), need="FXSR")
        g.case("CLFLUSH", b"\x0f\xae\x3b", {EBX: addr})


def faults(g, fx):
    """Page faults, and #GP for operands that are not aligned."""
    for name, pre, op, size, kind, need in FP:
        width = abs(size)
        places = [RO - width + 1, ABSENT - width + 1, ABSENT + 16]
        if width == 16:
            places = [DATA + 8, DATA + 0x101, ABSENT + 16, ABSENT + 8, RO - 8]
        for addr in places:
            regs = Regs()
            g.case(f"{name} fault", pre + bytes([0x0f, op])
                   + g.mem32(g.rnd.randrange(8), addr, regs), regs, fx=fx.any(kind), need=need)
    for name, pre, op, size, need in STORES + MEMORY_ONLY:
        width = abs(size)
        for addr in (RO, RO - width + 1, RO + 16, DATA + 4, ABSENT + 32):
            regs = Regs()
            g.case(f"{name} fault", pre + bytes([0x0f, op])
                   + g.mem32(g.rnd.randrange(8), addr, regs), regs, fx=fx.any("ps"), need=need)


def generate(g):
    fx = Pool(g)
    for family in (packed, immediate, floating, integer_sides, control, faults):
        family(g, fx)
