# SPDX-License-Identifier: BSD-2-Clause
"""Cases of the x87: every opcode D8 to DF with registers and memory, full and empty registers.

The transcendental functions meet only operands whose results are exact; test_x87.c and the fuzzer
bound the others.
"""
import fximage
from build import ABSENT, ARITH, CF, DATA, EAX, EBX, ECX, EDI, PF, RO, ZF, Regs, le
import struct

TRANSCENDENTAL = (0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff)       # behind D9
# Bytes of memory operands by opcode and digit; None: an environment or an undefined form.
SIZES = {0xd8: (4,) * 8, 0xdc: (8,) * 8, 0xda: (4,) * 8, 0xde: (2,) * 8,
         0xd9: (4, None, 4, 4, None, 2, None, 2), 0xdb: (4, 4, 4, 4, None, 10, None, 10),
         0xdd: (8, 8, 8, 8, None, None, None, 2), 0xdf: (2, 2, 2, 2, 10, 8, 10, 8)}
INTEGER = (0xda, 0xde, 0xdf)


class Pool:
    def __init__(self, g):
        self.g = g
        self.images = []
        for _ in range(420):
            cw, sw, full = fximage.random_x87(g.rnd)
            self.images.append(g.fx_image(fximage.image(g.rnd, "ps", 0x1f80, cw, sw, full)))
        self.quiet = [g.fx_image(fximage.image(g.rnd, "ps", 0x1f80, 0x37f, n << 11, 0xff))
                      for n in range(8)]

    def any(self):
        return self.g.rnd.choice(self.images)


def memory_value(g, op, digit, size):
    rnd = g.rnd
    if size == 10:
        if op == 0xdf:                          # packed BCD
            digits = "".join(rnd.choice("0123456789") for _ in range(18))
            return bytes.fromhex(digits)[::-1] + rnd.choice((b"\0", b"\x80"))
        se, mant = fximage.extended(rnd)
        return struct.pack("<QH", mant, se)
    if op in INTEGER or op == 0xdb or (op in (0xd9, 0xdd) and size == 2):
        return le(g.value(min(size, 4)) if size < 8 else rnd.getrandbits(64), size)
    return le(fximage.single(rnd), 4) if size == 4 else le(fximage.double(rnd), 8)


def memory_forms(g, fx):
    for op, sizes in SIZES.items():
        for digit, size in enumerate(sizes):
            if size is None:
                continue
            for n in range(22 if size > 2 else 12):
                addr, regs = g.address(size), Regs()
                if op == 0xd9 and digit == 5:       # FLDCW: no pending exception is made by it
                    value = le(g.rnd.randrange(4) << 10 | 0x33f | g.rnd.getrandbits(6), 2)
                else:
                    value = memory_value(g, op, digit, size)
                g.case(f"x87 {op:02X} /{digit}", bytes([op]) + g.mem32(digit, addr, regs), regs,
                       poke=(addr, value), fx=fx.any(), need="FPU")
            for addr in (RO - size + 1, RO + 0x20, ABSENT - size + 1):
                regs = Regs()
                g.case(f"x87 {op:02X} /{digit} fault", bytes([op]) + g.mem32(digit, addr, regs),
                       regs, fx=fx.any(), need="FPU")


def register_forms(g, fx):
    for op in range(0xd8, 0xe0):
        for modrm in range(0xc0, 0x100):
            if op == 0xd9 and modrm in TRANSCENDENTAL:
                continue
            counted = 8 if op == 0xd9 and modrm >= 0xe0 else 3
            for _ in range(counted if (op, modrm & 0xf8) not in ((0xd8, 0xf0), (0xd8, 0xc0)) else 6):
                flags = g.flags()
                g.case(f"x87 {op:02X} {modrm & 0xf8 if modrm < 0xe0 else modrm:02X}",
                       bytes([op, modrm]), flags=flags, fx=fx.any(), need="FPU")


def exact_functions(g, fx):
    """Zeros, infinities, NaNs, one: no rounding takes place."""
    for modrm in TRANSCENDENTAL:
        for se, mant in fximage.EXTENDED[:3] + fximage.EXTENDED[10:16]:
            for other in (0, 2, 10, 12):
                if modrm == 0xf3 and other != 12 and se & 0x7fff != 0x7fff:
                    continue                    # FPATAN of two numbers
                if se == 0x3fff and modrm in (0xf2, 0xfb, 0xfe, 0xff):
                    continue
                if modrm == 0xf3 and (mant << 1) & (1 << 64) - 1 == 0:
                    continue                    # its quotients of infinities are parts of pi
                image = bytearray(fximage.image(g.rnd, "ps", 0x1f80, 0x37f, 0x1800, 0xdf))
                image[32:42] = struct.pack("<QH", mant, se)
                image[48:58] = struct.pack("<QH", *fximage.EXTENDED[other][::-1])
                g.case(f"x87 D9 {modrm:02X} exact", bytes([0xd9, modrm]), need="FPU",
                       fx=g.fx_image(bytes(image)))


def environment(g, fx):
    """What names the last instruction (it is the CPU's own affair) becomes 0 again."""
    for _ in range(12):
        addr = DATA + 0x400 + g.rnd.randrange(0x800)
        wide = {EBX: addr, EDI: addr + 12, ECX: 16, EAX: 0}
        short = {EBX: addr, EDI: addr + 6, ECX: 8, EAX: 0}
        for op, name in ((b"\xd9\x33", "FNSTENV"), (b"\xdd\x33", "FNSAVE")):
            g.case(name, op + b"\xf3\xaa", wide, 0, fx=fx.any(), need="FPU")
            g.case(name + "16", b"\x66" + op + b"\xf3\xaa", short, 0, fx=fx.any(), need="FPU")
        cw, sw, _ = fximage.random_x87(g.rnd)
        sw = sw & 0x7f7f | (0x8080 if sw & ~cw & 0x3f else 0)
        tags = g.rnd.getrandbits(16)
        for op, name in ((b"\xd9\x23", "FLDENV"), (b"\xdd\x23", "FRSTOR")):
            g.case(name, op, wide, fx=fx.any(), need="FPU",
                   poke=(addr, le(cw, 4) + le(sw, 4) + le(tags, 4)))
            g.case(name + "16", b"\x66" + op, short, fx=fx.any(), need="FPU",
                   poke=(addr, le(cw, 2) + le(sw, 2) + le(tags, 2)))
        for code, name in ((b"\x9b", "WAIT"), (b"\xdb\xe2", "FNCLEX"), (b"\xdb\xe3", "FNINIT"),
                           (b"\xdf\xe0", "FNSTSW"), (b"\x9b\xdf\xe0\x9e", "FSTSW SAHF")):
            g.case(name, code, fx=fx.any(), need="FPU")


def sequences(g, fx):
    """Several instructions: the stack's bookkeeping within one block."""
    codes = (b"\xd9\xe8", b"\xd9\xeb", b"\xd9\xc1", b"\xd9\xc9", b"\xde\xc1", b"\xde\xc9", b"\xde\xe9",
             b"\xde\xf9", b"\xd9\xe0", b"\xd9\xe1", b"\xdd\xd8", b"\xd9\xf7", b"\xd9\xf6", b"\xd9\xca",
             b"\xd8\xc1", b"\xdc\xca", b"\xdd\xc1", b"\xdf\xe0", b"\xd9\xfa", b"\xd9\xfc", b"\xdb\xf1",
             b"\xd9\xe5", b"\xd9\xee", b"\xdd\xd9")
    for n in range(300):
        code = b"".join(g.rnd.choice(codes) for _ in range(g.rnd.randrange(2, 8)))
        g.case("x87 sequence", code, fx=fx.any() if n % 3 else g.rnd.choice(fx.quiet), need="FPU")
    for _ in range(40):
        g.case("x87 then MMX", b"\xd9\xe8\x0f\xfe\xca\xd9\xc0", fx=fx.any(), need="MMX")
        g.case("MMX, EMMS, x87", b"\x0f\xef\xd2\x0f\x77\xd9\xe8", fx=fx.any(), need="MMX")


def generate(g):
    fx = Pool(g)
    for family in (memory_forms, register_forms, exact_functions, environment, sequences):
        family(g, fx)
