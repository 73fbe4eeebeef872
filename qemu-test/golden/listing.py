# SPDX-License-Identifier: BSD-2-Clause
"""Guest patterns as bytes, and blocks of host code as text.  Not a program: golden.py, trace.py.

A file of patterns is GNU assembly in Intel syntax with lines `pattern NAME MODE` (translate.c knows
the modes); every pattern is a block of its own and begins at the same address.
Invariant: nothing here depends on where files lie, or on the order of patterns.
"""
import collections
import os
import re
import struct
import subprocess
import tempfile

EIP32, EIP16 = 0x401000, 0x1000
CALLS_WITH_NUMBER = tuple(f"glue{w}_{name}" for w in ("", "64")
                          for name in ("exit_link", "jump_far", "jump_ind"))
CALLS_OF_HELPERS = ("glue_sys", "glue_call", "glue_int", "glue_iret", "glue_sysenter",
                    "glue_sysexit", "glue64_sys", "glue64_call", "glue64_syscall",
                    "glue64_sysret", "glue64_int", "glue64_iret", "glue64_leaf")
PATTERN = re.compile(r"pattern\s+(\w+)\s+(\w+)\s*(?:#\s*(.*))?$")

# The host's registers as its register table (docs/design.md, section 2) names them.
GPRS = ("EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI")
REGISTERS = {
    "loongarch64": {"$r0": "zero", "$r1": "ra", "$r2": "tp", "$r3": "sp", "$r10": "rCTX",
                    "$r20": "rCCOP", "$r21": "kick", "$r22": "rCCA", "$r31": "rCCB"}
    | {f"$r{23 + n}": name for n, name in enumerate(GPRS)}
    | {f"$vr{16 + n}": f"XMM{n}" for n in range(8)} | {f"$f{16 + n}": f"xmm{n}" for n in range(8)},
}
# Those that 64-bit code has besides.
MORE = {
    "loongarch64": {f"$r{12 + n}": f"R{8 + n}" for n in range(8)}
    | {f"$r{23 + n}": "R" + name[1:] for n, name in enumerate(GPRS)}
    | {f"$vr{24 + n}": f"XMM{8 + n}" for n in range(8)}
    | {f"$f{24 + n}": f"xmm{8 + n}" for n in range(8)},
}
# The state pointer with an offset, at a line's end.
STATE = {"loongarch64": re.compile(r"(?<=\btp, )\d+$")}
PREFIX = {"loongarch64": "loongarch64-linux-gnu-"}
LINE = re.compile(r"\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*)$")

Pattern = collections.namedtuple("Pattern", "name mode note eip bytes guest")
Block = collections.namedtuple(
    "Block", "mode ir1 lift passes ir words data sites glue fields helpers")


def run(*command, **more):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **more).stdout


def is16(mode):
    return mode.endswith("16")


def is64(mode):
    return mode.endswith("64")


def section(name, mode):
    return f'.section .text.{name},"ax"\n.code{mode[-2:]}\n'


def assemble(text, folder):
    """[(name, mode, note)] and an ELF file in which each pattern is a section."""
    found, source = [], ".intel_syntax noprefix\n"
    for line in text.split("\n"):
        if match := PATTERN.match(line):
            found.append((match[1], match[2], match[3] or ""))
            line = section(match[1], match[2])
        source += line + "\n"
    object_file, elf, script = (os.path.join(folder, n) for n in ("p.o", "p.elf", "p.ld"))
    wide = any(is64(mode) for _, mode, _ in found)
    run("i686-linux-gnu-as", "--64" if wide else "--32", "-o", object_file, "-", input=source)
    with open(script, "w", encoding="utf-8") as f:
        overlay = [(EIP16, [p for p in found if is16(p[1])]),
                   (EIP32, [p for p in found if not is16(p[1])])]
        f.write("SECTIONS {\n" + "".join(
            f"OVERLAY {eip:#x} : {{\n"
            + "".join(f".text.{name} {{ *(.text.{name}) }}\n" for name, _, _ in members) + "}\n"
            for eip, members in overlay if members) + "/DISCARD/ : { *(*) } }\n")
    run("i686-linux-gnu-ld", "-m", "elf_x86_64" if wide else "elf_i386", "-T", script, "-o", elf,
        object_file)
    return found, elf


def disassemble_guest(elf, name, mode):
    """(bytes, [line])"""
    machine = "i8086" if is16(mode) else "x86-64" if is64(mode) else "i386"
    out = run("i686-linux-gnu-objdump", "-d", "-w", "-M", "intel," + machine,
              "-j", ".text." + name, elf)
    code, lines = b"", []
    for line in out.split("\n"):
        if match := LINE.match(line):
            code += bytes.fromhex(match[2])
            text = re.sub(r"\s*<[^>]*>", "", " ".join(match[3].split()))
            lines.append(f"{int(match[1], 16):08x}  {match[2].strip():<24}{text}")
    return code, lines


def patterns(text):
    """Every pattern of a file's text."""
    with tempfile.TemporaryDirectory() as folder:
        found, elf = assemble(text, folder)
        return [Pattern(name, mode, note, EIP16 if is16(mode) else EIP32,
                        *disassemble_guest(elf, name, mode)) for name, mode, note in found]


def translate(tool, found):
    """The Block of each pattern."""
    out = run(tool, input="".join(f"{p.name} {p.mode} {p.eip:x} {p.bytes.hex()}\n"
                                  for p in found))
    blocks = []
    for pattern, answer in zip(found, ("\n" + out).split("\n= ")[1:], strict=True):
        _, *lines = answer.rstrip("\n").split("\n")
        kinds = collections.defaultdict(list)
        for line in lines:
            kind, _, rest = line.partition(" ")
            kinds[kind].append(rest)
        blocks.append(Block(pattern.mode, kinds["ir1"], kinds["lift"], kinds["pass"], kinds["ir"],
                            [int(w, 16) for w in kinds["word"]], int(kinds["data"][0]),
                            kinds["site"], {int(g.split()[1]): g.split()[0]
                                            for g in kinds["glue"]},
                            [f.split() for f in kinds["field"]], kinds["helper"]))
    return blocks


def name_registers(host, text, mode):
    names = REGISTERS[host] | (MORE[host] if is64(mode) else {})
    return re.sub(r"\$\w+", lambda m: names.get(m[0], m[0][1:]), text)


def name_field(block, offset):
    """What of struct vcpu is at that offset: field[index]+rest."""
    for name, start, size, element in block.fields:
        inside = offset - int(start)
        if 0 <= inside < int(size):
            index, rest = divmod(inside, int(element))
            return name + (f"[{index}]" if int(size) > int(element) > 1 else "") \
                + (f"+{rest}" if rest else "")
    return str(offset)


def host_line(host, block, base, text):
    """One instruction from its disassembly: a branch shows its target instead of a distance."""
    text, _, comment = text.partition("#")
    mnemonic, _, operands = " ".join(text.split()).partition(" ")
    if comment.strip():
        to = int(comment, 16) - base
        operands = re.sub(r"-?\w+$", block.glue.get(to, f"-> {to // 4}"), operands)
    operands = STATE[host].sub(lambda m: name_field(block, int(m[0])),
                               name_registers(host, operands, block.mode))
    return f"{mnemonic:<12}{operands}".rstrip()


def host_lines(host, block, base, texts):
    """A block's lines; its words begin at `base` of what was disassembled."""
    lines, number_next = [], False
    for at, (word, text) in enumerate(zip(block.words, texts, strict=True)):
        if number_next or at >= block.data:
            line, number_next = f".word       {word:#x}", False
        else:
            line = host_line(host, block, base, text)
            number_next = line.endswith(CALLS_WITH_NUMBER)
        if line.endswith(CALLS_OF_HELPERS):     # its number is loaded right before
            lines[-1] = re.sub(r"\d+$", lambda m: block.helpers[int(m[0])], lines[-1])
        lines.append(f"{at:5}  {line}")
    return lines


def disassemble_host(host, blocks):
    """[[line]] for each block, in one run of the disassembler."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as f:
        for block in blocks:
            f.write(struct.pack(f"<{len(block.words)}I", *block.words))
        f.flush()
        out = run(PREFIX[host] + "objdump", "-D", "-z", "-b", "binary", "-m", host, "-M",
                  "numeric", f.name)
    texts = [m[3] for line in out.split("\n") if (m := LINE.match(line))]
    found, at = [], 0
    for block in blocks:
        end = at + len(block.words)
        found.append(host_lines(host, block, 4 * at, texts[at:end]))
        at = end
    return found
