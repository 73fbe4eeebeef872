#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every encoder row against the assembler.

usage: rows.py ROWS [PREFIX]     from the root of the tree
ROWS is the built rows.c; PREFIX + "as" and "objcopy" are binutils (loongarch64-linux-gnu-).

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

FOLDER = "dbt/backend/loongarch64"
LISTS = ("insns.def", "insns_fp.def", "insns_lsx.def")


def assemble(prefix, folder, texts):
    """Assemble the texts, one a line. Returns (words or None, {line index: message})."""
    source, obj, raw = (os.path.join(folder, f) for f in ("t.s", "t.o", "t.bin"))
    with open(source, "w") as f:
        f.write("".join(t + "\n" for t in texts))
    run = subprocess.run([prefix + "as", "-mno-relax", source, "-o", obj],
                         capture_output=True, text=True)
    errors = {}
    for line in run.stderr.splitlines():
        m = re.match(r".*?:(\d+): (?:Error|Fatal error): (.*)", line)
        if m:
            errors.setdefault(int(m[1]) - 1, m[2])
    if run.returncode:
        if not errors:
            sys.exit("rows.py: the assembler failed:\n" + run.stderr)
        return None, errors
    subprocess.run([prefix + "objcopy", "-O", "binary", "-j", ".text", obj, raw], check=True)
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


def check_list(names, fail):
    """The names printed are those written in the lists, once each, and nothing else encodes."""
    written = []
    for f in LISTS:
        with open(os.path.join(FOLDER, f)) as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        body = [line for line in text.splitlines() if not line.startswith("#")]
        written += re.findall(r"\b[A-Z]\w*\(\s*(\w+)\s*,\s*0x[0-9a-f]{8}\)", "\n".join(body))
        rest = re.sub(r"\b[A-Z]\w*\(\s*\w+\s*,\s*0x[0-9a-f]{8}\)", "", "\n".join(body)).strip()
        if rest:
            fail(f, "not a row: " + rest.splitlines()[0])
    for name, count in collections.Counter(written).items():
        if count != 1:
            fail(name, "written %d times" % count)
    for name in sorted(set(written) ^ set(names)):
        fail(name, "in the list or in the test, but not in both")
    for f in sorted(os.listdir(FOLDER)):
        if not f.endswith((".c", ".h")):
            continue
        with open(os.path.join(FOLDER, f)) as file:
            text = file.read()
        if text.count("code_put(") != (5 if f == "enc.h" else 0):
            fail(f, "code_put is used elsewhere than in the formats of enc.h")
        if f == "enc.h" and re.findall(r"/(\w+\.def)", text) != ["operands.def", "insns.def"]:
            fail(f, "includes other lists than the test does")


def check_words(prefix, folder, cases, fail):
    """Encoded cases: the assembler's words are ours."""
    good = [c for c in cases if c[1]]
    words, errors = assemble(prefix, folder, [c[2] for c in good])
    while words is None:  # drop the rows with refused lines, then go on with the rest
        for index, message in errors.items():
            fail(good[index][0], "the assembler refuses `%s`: %s" % (good[index][2], message))
        names = {good[index][0] for index in errors}
        good = [c for c in good if c[0] not in names]
        words, errors = assemble(prefix, folder, [c[2] for c in good])
    if len(words) != len(good):
        sys.exit("rows.py: the assembler made %d words of %d lines" % (len(words), len(good)))
    for (name, ours, text), theirs in zip(good, words):
        if ours != "%08x" % theirs:
            fail(name, "`%s`: ours %s, the assembler's %08x" % (text, ours, theirs))


def check_refused(prefix, folder, cases, fail):
    """Refused cases: the assembler refuses each. An immediate out of range stops it at once."""
    bad = [c for c in cases if not c[1]]
    while bad:
        errors = assemble(prefix, folder, [c[2] for c in bad[:100]])[1]
        stop = max(errors) + 1 if errors else len(bad[:100])
        for name, _, text in (c for i, c in enumerate(bad[:stop]) if i not in errors):
            if not assemble(prefix, folder, [text])[1]:
                fail(name, "we refuse `%s`, the assembler does not" % text)
        bad = bad[stop:]


def main():
    prefix = sys.argv[2] if len(sys.argv) > 2 else "loongarch64-linux-gnu-"
    failed = collections.OrderedDict()

    def fail(name, message):
        failed.setdefault(name, []).append(message)

    names, cases = read_cases(sys.argv[1])
    check_list(names, fail)
    with tempfile.TemporaryDirectory() as folder:
        check_words(prefix, folder, cases, fail)
        check_refused(prefix, folder, cases, fail)
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
