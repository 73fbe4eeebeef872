# SPDX-License-Identifier: BSD-2-Clause
"""Building instruction cases: registers, ModRM bytes, the file.  Not which cases: the families.

Invariant: everything comes from one pinned seed, so that a case's number means the same on every
machine; no expectation is computed here, they come from the real CPU (oracle.c).
"""
import random
import struct

CODE, SLOT = 0x10000000, 64
DATA, RW, RO, ABSENT = 0x20000000, 0x20000000, 0x20002000, 0x20003000
FX_SIZE, FX_NONE, GROUP_NAME, MAGIC = 288, 0xffff, 40, 0x43736e49
FLAT, CODE16, BASED, STACK16, CODE16_FLAT, TIGHT16, TIGHT32 = range(7)
EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI = range(8)
CF, PF, AF, ZF, SF, DF, OF = 1, 4, 0x10, 0x40, 0x80, 0x400, 0x800
ARITH = CF | PF | AF | ZF | SF | OF
KNOWN_REP_FLAGS, KNOWN_AT_FAULT = 1, 2
# CPU features as case.h numbers them: 1 + bit of CPUID.1:EDX, 33 + bit of ECX, 65 + bit of
# CPUID.80000001:ECX, 97 + bit of its EDX.
NEED = {"": 0, "CX8": 9, "CMOV": 16, "MMX": 24, "FXSR": 25, "SSE": 26, "SSE2": 27, "SSE3": 33,
        "SSSE3": 42, "MOVBE": 55, "POPCNT": 56, "LZCNT": 70, "FPU": 1,
        "SSE4.1": 52, "SSE4.2": 53, "RDTSCP": 124,
        "TODO": 255}

EDGES = {
    1: (0, 1, 2, 0x7f, 0x80, 0x81, 0xff, 0xfe, 0x0f, 0x10, 0x55, 0x99),
    2: (0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xffff, 0xfffe, 0x0ff0),
    4: (0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x8000, 0x10000, 0x7fffffff, 0x80000000, 0x80000001,
        0xffffffff, 0xfffffffe, 0x12345678),
}


def le(value, size):
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


class Regs(dict):
    """Register values that a case needs; the others become random."""

    def put(self, gen, reg, size, value):
        """Put value in an operand register as ModRM numbers them (8 bits: AL … BH)."""
        if size == 4:
            self[reg] = value & 0xffffffff
            return self
        shift = 8 if size == 1 and reg > 3 else 0
        reg = reg & 3 if size == 1 else reg
        mask = ((1 << 8 * size) - 1) << shift
        old = self.get(reg, gen.rnd.getrandbits(32))
        self[reg] = old & ~mask & 0xffffffff | value << shift & mask
        return self

    def copy(self):
        return Regs(self)


class Gen:
    def __init__(self, seed):
        self.rnd = random.Random(seed)
        self.cases, self.groups, self.fx, self.names = [], [], [], {}
        self.pools = {}
        self.todo = False       # these are rows of lift/todo.def: the guest image leaves them out

    # -- values

    def value(self, size):
        if self.rnd.random() < 0.6:
            return self.rnd.choice(EDGES[size])
        return self.rnd.getrandbits(8 * size)

    def pairs(self, size, count):
        """count pairs of operands, edges first among random ones."""
        return [(self.value(size), self.value(size)) for _ in range(count)]

    def flags(self):
        return self.rnd.getrandbits(12) & ARITH

    def reg(self, size, avoid=()):
        """An operand register none of whose 32 bits are in avoid; ESP only if it is allowed."""
        while True:
            r = self.rnd.randrange(8)
            if (r & 3 if size == 1 else r) not in avoid:
                return r

    def address(self, size):
        """Of a readable and writable operand: mostly aligned, some across the page boundary."""
        p = self.rnd.random()
        if p < 0.1 and size > 1:
            return DATA + 0x1000 - self.rnd.randrange(1, size)
        if p < 0.3:
            return DATA + self.rnd.randrange(0x40, 0x1f00)
        return DATA + self.rnd.randrange(0x40, 0x1f00) // max(size, 4) * max(size, 4)

    # -- places

    @property
    def slot(self):
        return CODE + SLOT * len(self.cases)

    def start(self, length):
        """Where in its slot the next case's code of that length begins: the last one of a page
        goes across into the next."""
        if len(self.cases) % 64 == 63 and length <= 24:
            return 64 - max(1, length // 2)
        return 32

    def landing(self, slots=0):
        """An address with INT3 and more of them behind it."""
        return self.slot + SLOT * slots + 16 + self.rnd.randrange(16)

    # -- ModRM

    def modrm_reg(self, reg, rm):
        return bytes([0xc0 | reg << 3 | rm])

    def mem32(self, reg, addr, regs, form=None):
        """ModRM, SIB and displacement for a linear (flat) addr; sets free registers in regs."""
        rnd = self.rnd
        free = [r for r in range(8) if r not in regs and r != ESP]
        form = form or rnd.choice(("b", "bd8", "bd32", "d32", "bi", "bid8", "bid32", "id32"))
        if not free:
            form = "d32"
        disp = rnd.randrange(-128, 128) if "d8" in form else rnd.randrange(-0x3000, 0x3000)
        if form == "d32":
            return bytes([reg << 3 | 5]) + le(addr, 4)
        if "i" in form and len(free) < 2:
            form = "bd8"
            disp = rnd.randrange(-128, 128)
        if "i" not in form:
            base = rnd.choice([r for r in free if form != "b" or r != EBP] or [None])
            if base is None:
                return bytes([reg << 3 | 5]) + le(addr, 4)
            mod = 0 if form == "b" else 1 if form == "bd8" else 2
            disp = 0 if mod == 0 else disp
            regs[base] = (addr - disp) & 0xffffffff
            return bytes([mod << 6 | reg << 3 | base]) + le(disp, (0, 1, 4)[mod])
        return self.mem_sib(reg, addr, regs, form, free, disp)

    def mem_sib(self, reg, addr, regs, form, free, disp):
        rnd = self.rnd
        index = rnd.choice(free)
        scale = rnd.randrange(4)
        if form == "id32":
            regs[index] = rnd.randrange(0x1000)
            disp = addr - (regs[index] << scale)
            return bytes([reg << 3 | 4, scale << 6 | index << 3 | 5]) + le(disp, 4)
        base = rnd.choice([r for r in free if r != index and (form != "bi" or r != EBP)] or [ESP])
        if base == ESP and ESP in regs:
            return bytes([reg << 3 | 5]) + le(addr, 4)
        mod = 0 if form == "bi" else 1 if form == "bid8" else 2
        disp = 0 if mod == 0 else disp
        regs[index] = rnd.choice((0, 1, 3, 0x40, 0xffffffff, 0xfffffff0, 0x80000000,
                                  rnd.getrandbits(32)))
        regs[base] = (addr - disp - (regs[index] << scale)) & 0xffffffff
        return bytes([mod << 6 | reg << 3 | 4, scale << 6 | index << 3 | base]) + \
            le(disp, (0, 1, 4)[mod])

    def mem16(self, reg, off, regs):
        """ModRM of 16-bit addressing for an offset in its segment."""
        rnd = self.rnd
        shapes = ((EBX, ESI), (EBX, EDI), (EBP, ESI), (EBP, EDI), (ESI,), (EDI,), (EBP,), (EBX,))
        ok = [i for i in range(8) if all(r not in regs for r in shapes[i])]
        mod = rnd.randrange(3)
        if mod == 0:
            ok = [i for i in ok if i != 6]
        if not ok or rnd.random() < 0.1:
            return bytes([reg << 3 | 6]) + le(off, 2)
        rm = rnd.choice(ok)
        disp = (0, rnd.randrange(-128, 128), rnd.randrange(0x10000))[mod]
        rest = off - disp
        for r in shapes[rm][1:]:
            part = rnd.choice((0, 1, 0x8000, 0xffff, rnd.getrandbits(16)))
            regs[r] = part | rnd.getrandbits(16) << 16
            rest -= part
        regs[shapes[rm][0]] = rest & 0xffff | rnd.getrandbits(16) << 16
        return bytes([mod << 6 | reg << 3 | rm]) + le(disp, (0, 1, 2)[mod])

    # -- cases

    def group(self, name):
        if name not in self.names:
            assert len(name) < GROUP_NAME, name
            self.names[name] = len(self.groups)
            self.groups.append(name)
        return self.names[name]

    def fx_image(self, image):
        self.fx.append(image)
        return len(self.fx) - 1

    def case(self, name, code, regs=None, flags=None, poke=None, ignore=0, fx=FX_NONE, segs=FLAT,
             ignore_gpr=0, known=0, need=""):
        """poke: (address or offset from DATA, bytes).  ignore: flags that are undefined."""
        regs = regs or {}
        gpr = [regs.get(r, self.value(4)) for r in range(8)]
        if ESP not in regs:
            gpr[ESP] = DATA + 0x1800 + 4 * self.rnd.randrange(0x40)
        flags = self.flags() if flags is None else flags
        off, data = poke or (DATA, b"")
        off -= DATA if off >= DATA else 0
        if off < 0 or off + len(data) > 0x2000:
            data = b""
            off = 0
        assert len(code) <= 24 and len(data) <= 24, name
        self.cases.append(struct.pack(
            "<8I2I3H7B3x24s24s", *gpr, flags, ignore, self.group(name), fx, off, len(data), segs,
            len(code), self.start(len(code)), ignore_gpr, known,
            NEED["TODO" if self.todo else need], bytes(code), bytes(data)))

    def write(self, path):
        with open(path, "wb") as f:
            f.write(struct.pack("<6I", MAGIC, len(self.cases), len(self.groups), len(self.fx), 0,
                                SLOT))
            for c in self.cases:
                f.write(c)
            for name in self.groups:
                f.write(name.encode().ljust(GROUP_NAME, b"\0"))
            for image in self.fx:
                f.write(image)
