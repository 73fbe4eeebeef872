#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every encoder row against the assembler.

usage: rows.py HOST ROWS [PREFIX]     from the root of the tree
ROWS is rows.c built for HOST; PREFIX + "as" and "objcopy" are binutils.

For each row of insns.def: what our encoder made of a spread of operands must be the
assembler's word for the same text, and what our encoder refused the assembler must refuse.
Rows cannot escape: rows.c is compiled from the same list as the encoders, and the list's
text is counted here. Not tested here: what the instructions do.
"""
import collections
import os
import re
import struct
import subprocess
import sys
import tempfile

class Host:
    """What differs: lists, how often code_put may stand where, the assembler's manners."""

    def __init__(self, name, lists, puts, prefix, options, head=(), refusal="Error|Fatal error",
                 lax=()):
        self.folder = "dbt/backend/" + name
        self.lists, self.puts, self.prefix, self.options = lists, puts, prefix, options
        self.head, self.refusal, self.lax = head, refusal, lax


# MIPS: of what it would make more than one instruction the assembler only warns. Those in `lax` it
# takes out of range too: counts modulo, empty bit strings, jumps that the linker is to complete.
HOSTS = {
    "loongarch64": Host("loongarch64", ("insns.def", "insns_fp.def", "insns_lsx.def"),
                        {"enc.h": 5}, "loongarch64-linux-gnu-", ["-mno-relax"]),
    "mips64": Host("mips64", ("insns.def", "insns_msa.def"), {"enc.h": 5, "slot.c": 2},
                   "mips64el-linux-gnuabi64-",
                   ["-march=mips64r2", "-mabi=64", "-mmsa", "-meva", "-mloongson-ext",
                    "-mno-fix-loongson3-llsc"],
                   (".set noreorder", ".set noat", ".set nomacro"),
                   "Error|Fatal error|Warning",
                   ("rotr", "drotr", "ins", "dins", "b", "bal", "j", "jal")),
}
ROW = r"\b[A-Z]\w*\(\s*(?:[^(),]*,\s*)??(\w+)\s*,\s*0x[0-9a-f]{8}(?:\s*,[^()]*)?\)"


def assemble(host, folder, texts):
    """Assemble the texts, one a line. Returns (words or None, {line index: message})."""
    source, obj, raw = (os.path.join(folder, f) for f in ("t.s", "t.o", "t.bin"))
    with open(source, "w") as f:
        f.write("".join(t + "\n" for t in (*host.head, *texts)))
    run = subprocess.run([host.prefix + "as", *host.options, source, "-o", obj],
                         capture_output=True, text=True)
    errors = {}
    for line in run.stderr.splitlines():
        m = re.match(r".*?:(\d+): (?:%s): (.*)" % host.refusal, line)
        if m:
            errors.setdefault(int(m[1]) - 1 - len(host.head), m[2])
    if run.returncode or errors:
        if not errors:
            sys.exit("rows.py: the assembler failed:\n" + run.stderr)
        return None, errors
    subprocess.run([host.prefix + "objcopy", "-O", "binary", "-j", ".text", obj, raw], check=True)
    with open(raw, "rb") as f:
        data = f.read()
    return struct.unpack("<%dI" % (len(data) // 4), data), errors


def read_cases(rows_program):
    """Returns (names in order, [(name, word or None, text)])."""
    names, cases = [], []
    out = subprocess.run([rows_program], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        if line.startswith("row "):
            names.append(line[4:])
            continue
        name, word, text = line.split(" ", 2)
        cases.append((name, None if word == "refused" else word, text))
    return names, cases


def check_list(host, names, fail):
    """The names printed are those written in the lists, once each, and nothing else encodes."""
    written = []
    for f in host.lists:
        with open(os.path.join(host.folder, f)) as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S).replace("\\\n", " ")
        body = [line for line in text.splitlines() if not line.startswith("#")]
        written += re.findall(ROW, "\n".join(body))
        rest = re.sub(ROW, "", "\n".join(body)).strip()
        if rest:
            fail(f, "not a row: " + rest.splitlines()[0])
    for name, count in collections.Counter(written).items():
        if count != 1:
            fail(name, "written %d times" % count)
    for name in sorted(set(written) ^ set(names)):
        fail(name, "in the list or in the test, but not in both")
    for f in sorted(os.listdir(host.folder)):
        if not f.endswith((".c", ".h")):
            continue
        with open(os.path.join(host.folder, f)) as file:
            text = file.read()
        if text.count("code_put(") != host.puts.get(f, 0):
            fail(f, "code_put is used elsewhere than in the formats")
        if f == "enc.h" and re.findall(r"/(\w+\.def)", text) != ["operands.def", "insns.def"]:
            fail(f, "includes other lists than the test does")


def check_words(host, folder, cases, fail):
    """Encoded cases: the assembler's words are ours."""
    good = [c for c in cases if c[1]]
    words, errors = assemble(host, folder, [c[2] for c in good])
    while words is None:  # drop the rows with refused lines, then go on with the rest
        for index, message in errors.items():
            fail(good[index][0], "the assembler refuses `%s`: %s" % (good[index][2], message))
        names = {good[index][0] for index in errors}
        good = [c for c in good if c[0] not in names]
        words, errors = assemble(host, folder, [c[2] for c in good])
    while len(words) > len(good) and not words[-1]:
        words = words[:-1]                                # MIPS: .text is filled up
    if len(words) != len(good):
        sys.exit("rows.py: the assembler made %d words of %d lines" % (len(words), len(good)))
    for (name, ours, text), theirs in zip(good, words):
        if ours != "%08x" % theirs:
            fail(name, "`%s`: ours %s, the assembler's %08x" % (text, ours, theirs))


def check_refused(host, folder, cases, fail):
    """Refused cases: the assembler refuses each. An immediate out of range stops it at once."""
    bad = [c for c in cases if not c[1] and c[0] not in host.lax]
    while bad:
        errors = assemble(host, folder, [c[2] for c in bad[:100]])[1]
        stop = max(errors) + 1 if errors else len(bad[:100])
        for name, _, text in (c for i, c in enumerate(bad[:stop]) if i not in errors):
            if not assemble(host, folder, [text])[1]:
                fail(name, "we refuse `%s`, the assembler does not" % text)
        bad = bad[stop:]


def main():
    host = HOSTS[sys.argv[1]]
    if len(sys.argv) > 3:
        host.prefix = sys.argv[3]
    failed = collections.OrderedDict()

    def fail(name, message):
        failed.setdefault(name, []).append(message)

    names, cases = read_cases(sys.argv[2])
    check_list(host, names, fail)
    with tempfile.TemporaryDirectory() as folder:
        check_words(host, folder, cases, fail)
        check_refused(host, folder, cases, fail)
    for name, messages in failed.items():
        print("FAIL %s: %s%s" % (name, messages[0],
              " (and %d more)" % (len(messages) - 1) if len(messages) > 1 else ""))
    ok = sum(name not in failed for name in names)
    print("%d rows, %d encoded, %d refused cases" % (len(names), sum(bool(c[1]) for c in cases),
          sum(not c[1] for c in cases)))
    print("%d passed, %d failed" % (ok, len(failed)))
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
