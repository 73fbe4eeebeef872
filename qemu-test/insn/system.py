# SPDX-License-Identifier: BSD-2-Clause
"""Cases of what user code meets of the system: privilege, segments, far transfers, traps, #UD."""
import fximage
from build import (AF, ARITH, CODE16, DATA, EAX, EBP, EBX, ECX, EDI, EDX, ESI, ESP, FLAT, BASED,
    STACK16, RO,
                   ABSENT, ZF, Regs, le)

CS32, SS32 = 0x23, 0x2b
AC = 0x40000
LDT = (0x0f, 0x17, 0x1f, 0x27, 0x2f, 0x37, 0x3f)
SELECTORS = (0, 3, CS32, SS32, 0x20, 0x28, 0x2a) + LDT + (0x16, 0x14, 0x47, 0x4f, 0xffff, 0xfff8,
                                                          0x1c0b)


def privileged(g):
    rows = ((b"\xf4", "HLT"), (b"\x0f\x06", "CLTS"), (b"\xfa", "CLI"), (b"\xfb", "STI"),
            (b"\x0f\x01\xf0", "LMSW"), (b"\x0f\x22\xc0", "MOV cr0"), (b"\x0f\x20\xc0",
                "MOV from cr0"),
            (b"\x0f\x20\xd8", "MOV from cr3"), (b"\x0f\x23\xf8", "MOV dr7"),
            (b"\x0f\x21\xf0", "MOV from dr6"), (b"\x0f\x01\x3b", "INVLPG"), (b"\x0f\x08", "INVD"),
            (b"\x0f\x09", "WBINVD"), (b"\x0f\x32", "RDMSR"), (b"\x0f\x30", "WRMSR"),
            (b"\x0f\x33", "RDPMC"), (b"\x0f\x00\xd0", "LLDT"), (b"\x0f\x00\xd8", "LTR"),
            (b"\x0f\x01\x13", "LGDT"), (b"\x0f\x01\x1b", "LIDT"))
    for code, name in rows:
        for _ in range(2):
            g.case(name + " #GP", code, {EBX: DATA + 0x100, ECX: 0x10})


def undefined(g):
    for code in (b"\x0f\x0b", b"\x0f\xff\xc0", b"\x0f\xb9\xc0", b"\xf0\x90", b"\xf0\x01\xd8",
                 b"\xf0\x39\x03", b"\x8d\xc0", b"\xc4\xc0", b"\xc5\xc0", b"\x62\xc0",
                     b"\x0f\xc7\xc8",
                 b"\xfe\xd0", b"\xff\xf8", b"\x8e\xc8", b"\x8e\xf0", b"\xf0\x0f\xa3\x03",
                 b"\xf0\x8b\x03", b"\x0f\xb2\xc0", b"\x0f\xc3\xc0", b"\xff\xd8", b"\xff\xe8",
                 b"\xf0\xd1\x23", b"\xf0\x0f\xbb\xc8"):
        g.case("#UD", code, {EBX: DATA + 0x100})
    for code in (b"\x66" * 14 + b"\x90", b"\x2e" * 15 + b"\x90", b"\x66" * 13 + b"\x01\x1b",
                 b"\x66" * 14 + b"\x01\x1b"):
        g.case("long instruction", code, {EBX: DATA + 0x100})


def traps(g):
    for segs in (FLAT, CODE16):
        for n in (3, 4, 0, 1, 2, 5, 8, 13, 14, 0x21, 0x30, 0x7f, 0xff):
            g.case(f"INT n {('', 'code16')[segs]}", bytes([0xcd, n]), segs=segs)
        for _ in range(2):
            g.case("INT3", b"\x2e\xcc", segs=segs)        # with a prefix: not the end of a case
        for of in (0, 0x800):
            for _ in range(3):
                g.case("INTO", b"\xce", flags=g.flags() & ~0x800 | of, segs=segs)
    for size, pre in ((2, b"\x66"), (4, b"")):
        for _ in range(24):
            low, high, v = sorted(g.value(size) for _ in range(3))
            if g.rnd.random() < 0.5:
                low, v = v, low
            addr, r, regs = g.address(4), g.reg(4), Regs()
            regs.put(g, r, size, v)
            g.case(f"BOUND{8 * size}", pre + b"\x62" + g.mem32(r, addr, regs), regs,
                   poke=(addr, le(low, size) + le(high, size)))
        for addr in (RO - size, ABSENT - size, ABSENT - 2 * size + 1, DATA - size):
            regs = Regs()
            g.case(f"BOUND{8 * size} #PF", pre + b"\x62" + g.mem32(0, addr, regs), regs)


def own_values(g):
    """What depends on the machine is not compared, but that it is written, and nothing else."""
    mark, flag, addr = 0x5a17c3e9, DATA + 0x300, DATA + 0x200
    said = b"\x0f\x94\x05" + le(flag, 4)           # sete [flag]: still the mark?
    for _ in range(2):
        g.case("RDTSC", b"\x0f\x31\x3d" + le(mark, 4) + said, {EAX: mark}, ignore=ARITH,
               ignore_gpr=5)
        g.case("CPUID", b"\x0f\xa2\x81\xfb" + le(mark, 4) + said,
               {EAX: g.rnd.randrange(2), EBX: mark}, ignore=ARITH, ignore_gpr=15)
        for r in (EAX, EBX, ESI):           # as Linux has them, and the other two executors
            for op, digit, name in ((1, 4, "SMSW"), (0, 0, "SLDT"), (0, 1, "STR")):
                g.case(name, bytes([0x0f, op]) + g.modrm_reg(digit, r) + b"\x0f\xb7"
                       + g.modrm_reg(r, r), {r: mark})
        for digit, name in ((0, "SGDT"), (1, "SIDT")):
            g.case(name, b"\x0f\x01" + bytes([digit << 3 | EBX]) + b"\x81\x3b" + le(mark, 4) + said
                   + b"\xf3\xaa", {EBX: addr, EDI: addr, ECX: 6, EAX: 0}, 0,
                   (addr, le(mark, 4) + bytes(2)), ARITH)
        for code in (b"\x0f\x18\x03", b"\x0f\x1f\x03", b"\x0f\x1f\xc0", b"\x0f\x0d\x0b",
                     b"\x0f\x18\x00"):
            g.case("hint", code, {EBX: ABSENT, EAX: 0})
        g.case("ENDBR32", b"\xf3\x0f\x1e\xfb")


def segments(g):
    stores = ((0x06, 0), (0x0e, 1), (0x16, 2), (0x1e, 3), (b"\x0f\xa0", 4), (b"\x0f\xa8", 5))
    for segs in (FLAT, CODE16, BASED, STACK16):
        for op, n in stores:
            op = op if isinstance(op, bytes) else bytes([op])
            for pre in (b"", b"\x66"):
                esp = 0x1800 | (DATA if segs == FLAT else 0)
                g.case("PUSH sreg", pre + op, {ESP: esp}, segs=segs)
            g.case("MOV r,sreg", b"\x8c" + g.modrm_reg(n, g.rnd.choice((EAX, EBX, ESI))), segs=segs)
            g.case("MOV r16,sreg", b"\x66\x8c" + g.modrm_reg(n, EBX), segs=segs)
    for n in range(6):
        addr, regs = g.address(2), Regs()
        g.case("MOV m,sreg", b"\x8c" + g.mem32(n, addr, regs), regs)
    for sel in SELECTORS:
        for n in (0, 3, 4, 5, 2):
            # Load, read back, and use it once.
            use = {0: b"\x26", 2: b"\x36", 3: b"\x3e", 4: b"\x64", 5: b"\x65"}[n]
            code = b"\x8e" + g.modrm_reg(n, ECX) + b"\x8c" + g.modrm_reg(n, EDX) \
                + use + b"\x8a\x03"
            g.case("MOV sreg,r use", code, {ECX: 0xabcd0000 | sel, EBX: g.rnd.choice(
                (0x40, 0x7f, 0x80, 0x900, DATA + 0x40, DATA + 0x900))})
        for op, n in ((0x07, 0), (0x1f, 3), (b"\x0f\xa1", 4), (b"\x0f\xa9", 5), (0x17, 2)):
            op = op if isinstance(op, bytes) else bytes([op])
            for pre in (b"", b"\x66"):
                g.case("POP sreg", pre + op + b"\x8c" + g.modrm_reg(n, EDX), {ESP: DATA + 0x800},
                       poke=(0x800, le(sel | 0x55550000, 4)))
        for name, op, n in (("LES", b"\xc4", 0), ("LDS", b"\xc5", 3), ("LFS", b"\x0f\xb4", 4),
                            ("LGS", b"\x0f\xb5", 5), ("LSS", b"\x0f\xb2", 2)):
            for pre, size in ((b"", 4), (b"\x66", 2)):
                addr, regs = g.address(4), Regs({EDX: 0x11112222})
                g.case(name, pre + op + g.mem32(EAX, addr, regs) + b"\x8c" + g.modrm_reg(n, EDX),
                       regs, poke=(addr, le(g.rnd.getrandbits(32), size) + le(sel, 2)))
        queries(g, sel)
    for _ in range(16):
        r = g.reg(2)
        g.case("ARPL r", b"\x63" + g.modrm_reg(r, g.rnd.randrange(8)))
        addr, regs = g.address(2), Regs()
        g.case("ARPL m", b"\x63" + g.mem32(r, addr, regs), regs, poke=(addr, le(g.value(2), 2)))


# Bits 16-19 of LAR's result are undefined (SDM vol. 2): flags to the stack, then those bits away.
MASK = b"\x9c\x81\xe6" + le(0xfff0ffff, 4)


def queries(g, sel):
    for pre in (b"", b"\x66"):
        g.case("LSL", pre + b"\x0f\x03" + g.modrm_reg(g.rnd.choice((EAX, ECX, ESI)), EBX),
            {EBX: sel})
        g.case("LAR", pre + b"\x0f\x02\xf3" + MASK, {EBX: sel}, ignore=AF)
    addr, regs = g.address(2), Regs({ESI: g.value(4)})
    g.case("LAR m", b"\x0f\x02" + g.mem32(ESI, addr, regs) + MASK, regs, poke=(addr, le(sel, 2)),
           ignore=AF)
    for name, digit in (("VERR", 4), ("VERW", 5)):
        g.case(name, b"\x0f\x00" + g.modrm_reg(digit, EBX), {EBX: sel})


def transfers(g):
    """Far jumps, calls and returns between code segments of one privilege."""
    for sel in (CS32, 0x20, 0x3f, 0x0f, 0, SS32, 0x17, 0x1c0b, 0xfff8, 0x3e):
        for _ in range(2):
            base = g.slot - 0x100 if sel in (0x3f, 0x0f, 0x3e) else 0
            far(g, sel, base)


def far(g, sel, base):
    segs = BASED if sel in (0x3f, 0x3e) else CODE16 if sel == 0x0f else FLAT
    flat = segs == FLAT
    here = b"" if segs != CODE16 else b"\x66"
    to = g.landing(1) - base
    g.case("JMPF", here + b"\xea" + le(to, 4) + le(sel, 2), segs=segs)
    to = g.landing(1) - (g.slot - 0x100 if base else 0)
    g.case("CALLF", here + b"\x9a" + le(to, 4) + le(sel, 2), {ESP: 0x1800 + DATA * flat}, segs=segs)
    for digit, name in ((5, "JMPF m"), (3, "CALLF m")):
        addr, regs = DATA + 0x400 + g.rnd.randrange(0x100), Regs({ESP: 0x1800 + DATA * flat})
        to = g.landing(1) - (g.slot - 0x100 if base else 0)
        mem = g.mem16(digit, addr - DATA, regs) if segs == CODE16 else \
            g.mem32(digit, addr - DATA * (not flat), regs)
        g.case(name, here + b"\xff" + mem, regs, poke=(addr, le(to, 4) + le(sel, 2)), segs=segs)
    for imm in (None, 8):
        to = g.landing(1) - (g.slot - 0x100 if base else 0)
        g.case("RETF", here + (b"\xcb" if imm is None else b"\xca" + le(imm, 2)),
               {ESP: 0x800 + DATA * flat}, poke=(0x800, le(to, 4) + le(sel | 3 if sel else 0, 4)),
               segs=segs)
    to = g.landing(1) - (g.slot - 0x100 if base else 0)
    fl = g.rnd.getrandbits(22) & 0x200cd5 | 0x202
    g.case("IRET", here + b"\xcf", {ESP: 0x800 + DATA * flat},
           poke=(0x800, le(to, 4) + le(sel, 4) + le(fl, 4)), segs=segs)


def alignment(g):
    """EFLAGS.AC with CR0.AM: operands at every offset within 8, and beside them a page fault."""
    forms = [("MOV16 ld", b"\x66\x8b\x03"), ("MOV32 ld", b"\x8b\x03"), ("MOV8", b"\x8a\x03"),
             ("MOV16 st", b"\x66\x89\x03"), ("MOV32 st", b"\x89\x03"), ("ADD", b"\x01\x13"),
             ("XCHG", b"\x87\x13"), ("CMPXCHG8B", b"\x0f\xc7\x0b"), ("PUSH m", b"\xff\x33"),
             ("MOVZX", b"\x0f\xb7\x03"), ("BTS", b"\x0f\xab\x0b"), ("BOUND", b"\x62\x03"),
             ("CALL m", b"\xff\x13"), ("MOVS", b"\xa5"), ("STOS", b"\xab"), ("CMPS16", b"\x66\xa7"),
             ("REP STOS", b"\xf3\x66\xab"), ("LFS", b"\x0f\xb4\x03"), ("LFS16",
                 b"\x66\x0f\xb4\x03"),
             ("JMPF m", b"\xff\x2b"), ("CMOV", b"\x0f\x44\x03"), ("INC", b"\xff\x03"),
             ("LEA", b"\x8d\x43\x01")]
    stack = [("PUSH", b"\x50"), ("POP", b"\x58"), ("PUSHA", b"\x60"), ("POPA", b"\x61"), ("RET",
        b"\xc3"),
             ("CALL", b"\xe8\0\0\0\0"), ("LEAVE", b"\xc9"), ("ENTER", b"\xc8\x08\0\0"),
             ("PUSHF", b"\x9c"), ("POPF", b"\x9d"), ("PUSH16", b"\x66\x50"), ("RETF", b"\xcb"),
             ("IRET", b"\xcf"), ("CALLF", b""), ("PUSH fs", b"\x0f\xa0"), ("POP fs", b"\x0f\xa1")]
    for off in range(8):
        at = DATA + 0x800 + off
        low = Regs({EBX: at, EDI: at, ESI: DATA + 0x400, ECX: 3, EAX: 0x1234})
        for name, code in forms:
            far = le(g.landing(), 4) + le(0x23, 4) if name in ("CALL m", "JMPF m") else bytes(8)
            g.case(name + " #AC", code, low, flags=g.flags() | AC, poke=(at, far))
        for name, code in stack:
            top = le(0x202, 4) if name == "POPF" else le(g.landing(), 4)
            code = code or b"\x9a" + le(g.landing(), 4) + b"\x23\0"
            g.case(name + " #AC", code, {ESP: at, EBP: at}, flags=g.flags() | AC,
                   poke=(at, top + le(0x23, 4) + le(0x202, 4)))
    for name, code in forms[:6]:
        for at in (ABSENT + 1, RO - 1, RO + 1, ABSENT - 1, DATA - 1):
            g.case(name + " #AC or #PF", code, {EBX: at}, flags=AC)


def alignment_vector(g):
    """The same of x87, MMX and SSE: 16 bytes are exempt, or are #GP."""
    forms = [("FLD32", b"\xd9\x03"), ("FLD64", b"\xdd\x03"), ("FLD80", b"\xdb\x2b"),
             ("FBLD", b"\xdf\x23"), ("FILD16", b"\xdf\x03"), ("FILD64", b"\xdf\x2b"),
             ("FSTP80", b"\xdb\x3b"), ("FISTP64", b"\xdf\x3b"), ("FST32", b"\xd9\x13"),
             ("FNSTCW", b"\xd9\x3b"), ("FNSTENV", b"\xd9\x33"), ("FLDCW", b"\xd9\x2b"),
             ("FNSTENV16", b"\x66\xd9\x33"), ("FLDENV", b"\xd9\x23"), ("FNSAVE", b"\xdd\x33"),
             ("FRSTOR", b"\xdd\x23"), ("FXSAVE", b"\x0f\xae\x03"), ("FXRSTOR", b"\x0f\xae\x0b"),
             ("MOVQ mm", b"\x0f\x6f\x03"), ("MOVD mm", b"\x0f\x6e\x03"),
             ("MOVUPS ld", b"\x0f\x10\x03"), ("MOVUPS st", b"\x0f\x11\x03"),
             ("MOVDQU", b"\xf3\x0f\x6f\x03"), ("LDDQU", b"\xf2\x0f\xf0\x03"),
             ("MOVAPS", b"\x0f\x28\x03"), ("ADDPS", b"\x0f\x58\x03"),
             ("MOVHPS", b"\x0f\x16\x03"), ("MOVSD", b"\xf2\x0f\x10\x03"),
             ("ADDSS", b"\xf3\x0f\x58\x03"), ("PINSRW", b"\x66\x0f\xc4\x03\1"),
             ("CVTPS2PD", b"\x0f\x5a\x03"), ("CVTDQ2PD", b"\xf3\x0f\xe6\x03"),
             ("STMXCSR", b"\x0f\xae\x1b"), ("MOVNTI", b"\x0f\xc3\x03"),
             ("MASKMOVDQU", b"\x66\x0f\xf7\xc1")]
    quiet = g.fx_image(fximage.image(g.rnd, "ps"))
    for off in range(16):
        at = DATA + 0x800 + off
        for name, code in forms:
            g.case(name + " #AC", code, {EBX: at, EDI: at}, flags=g.flags() | AC,
                   poke=(at, bytes(16)), fx=quiet)
    g.case("FNOP", b"\xd9\xd0", fx=quiet)          # what follows finds no exception unmasked


def single_step(g):
    """TF set by POPF: #DB after the next instruction, none after one that went through a gate."""
    for code in (b"\x90", b"\x01\xd8", b"\x8b\x03", b"\xf3\xab", b"\xeb\x00", b"\x9c", b"\x9d",
        b"\x2e\xcc",
                 b"\xcd\x04", b"\xf7\xf1", b"\xa1\0\0\0\x30", b"\x8e\xc0\x90", b"\x8e\xd2\x90\x90",
                 b"\xce", b"\x0f\x0b", b"\xe2\x01", b"\xfc", b"\x0f\xa2", b"\x17\x90"):
        for tf in (0x100, 0):
            regs = {ESP: DATA + 0x800, EBX: DATA + 0x20, EDI: DATA + 0x40, ECX: 3, EAX: 0,
                EDX: SS32}
            g.case("POPF TF; next", b"\x9d" + code + b"\x90", regs, poke=(0x800, le(
                0x202 | tf | g.flags(), 4) + le(SS32, 4)), ignore=ARITH if code[0] == 0xf7 else 0,
                   ignore_gpr=15 if code == b"\x0f\xa2" else 0)


def generate(g):
    for family in (alignment, alignment_vector, single_step, privileged, undefined, traps,
                   own_values, segments, transfers):
        family(g)
