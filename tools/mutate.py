#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Can the tests fail?  Makes one mistake of qemu-test/mutants.cfg at a time in a copy of the
project, builds it and wants one of the named tests to turn red.

mutate.py [--host H] [--jobs N] [NAME]...      (default: every mistake)
mutate.py --check                              is each mistake's text there?
Run by `make check-mutate`, after everything is built.  A mistake whose text is not found once,
or that does not compile, is an error of the table.  A test that only ran out of time is not red,
as a busy machine does that too: LOAM_TIMEOUT_SCALE gives more of it.  `hangs` in the table says
that a mistake is noticed that way; its `scale` is then all the time there is.
Invariant: the project's own files and build are only read; the copy in build/mutate is removed
at the end.
"""
import argparse
import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join("qemu-test", "mutants.cfg")
COPY = os.path.join(TOP, "build", "mutate")
KEYS = {"file", "from", "to", "tests", "scale", "hangs"}
SCALE = float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
NATIVE_TOOLS = {        # scripts that run one, instead of the product
    "enc-rows": "enc_rows_list", "enc-rows-mips64": "enc_rows_mips64",
    "opt-text": "opt_passes", "golden": "golden_{host}", "seq64-eval": "insn64_eval",
}
BUILD_LIMIT, TEST_LIMIT = 600, 900          # seconds
FAILED = re.compile(r"^FAIL (\S+) \([0-9.]+ s\): (.*)$", re.M)     # run.py's report
ONLY_LATE = re.compile(r"still running|never printed|printed no result")


class Wrong(Exception):
    """Something in the table is wrong, or the tests do not pass as it is."""


class Mutant:
    """One section of the table."""

    def __init__(self, name, section):
        if set(section) - KEYS or not {"file", "from", "to", "tests"} <= set(section):
            raise Wrong(f"{name}: keys are {', '.join(sorted(KEYS))}")
        self.name, self.file = name, section["file"]
        self.old, self.new = (section[k].encode().decode("unicode_escape") for k in ("from", "to"))
        self.tests = section["tests"].split()
        self.hangs = section.get("hangs") == "yes"
        self.scale = float(section.get("scale", "1")) * (1 if self.hangs else SCALE)

    def apply(self, text):
        count = text.count(self.old)
        if count != 1:
            raise Wrong(f"{self.name}: its text occurs {count} times in {self.file}")
        return text.replace(self.old, self.new)


def table(names):
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",),
                                       delimiters=("=",))
    with open(os.path.join(TOP, TABLE), encoding="utf-8") as f:
        parser.read_file(f)
    unknown = set(names) - set(parser.sections())
    if unknown:
        raise Wrong(f"not in {TABLE}: {', '.join(sorted(unknown))}")
    mutants = [Mutant(n, parser[n]) for n in names or parser.sections()]
    for mutant in mutants:                  # before anything takes time
        mutant.apply(read(TOP, mutant.file))
    return mutants


def read(top, name):
    with open(os.path.join(top, name), encoding="utf-8") as f:
        return f.read()


def write(name, text):
    with open(os.path.join(COPY, name), "w", encoding="utf-8") as f:
        f.write(text)


def make_copy(host):
    """With its objects and their times, so that only what a mistake touches is made again."""
    shutil.rmtree(COPY, ignore_errors=True)

    def left_out(folder, names):
        at_top = folder == TOP
        in_build = folder == os.path.join(TOP, "build")
        return [n for n in names if (at_top and n == ".git") or n == "__pycache__" or
                (in_build and n not in (host, "native"))]

    shutil.copytree(TOP, COPY, symlinks=True, ignore=left_out)
    os.symlink(os.path.join(TOP, "build", "guest"), os.path.join(COPY, "build", "guest"))


def is_unit(test):
    return "_" in test                      # sections of suites.cfg have hyphens


def goal(test, host):
    """What has to be built for a test."""
    if is_unit(test):
        return f"build/native/{test}"
    if test in NATIVE_TOOLS:
        return "build/native/" + NATIVE_TOOLS[test].format(host=host)
    return f"build/{host}/loam.elf"


def end(process):
    """Ends it and what it started; run.py ends its tests by itself when it is asked to."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def run(command, limit, scale=SCALE):
    """Returns (status, output); status None: it took too long."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    env["LOAM_TIMEOUT_SCALE"] = str(scale)
    with subprocess.Popen(command, cwd=COPY, env=env, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, errors="replace",
                          start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=limit)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            return None, "took too long"
        finally:
            end(process)


def build(test, args):
    status, output = run(["make", "--no-print-directory", f"-j{args.jobs}", f"HOST={args.host}",
                          goal(test, args.host)], BUILD_LIMIT)
    if status != 0:
        raise Wrong(f"{goal(test, args.host)} does not build:\n{output[-2000:]}")


def test_once(test, args, scale=SCALE):
    """Returns "green", "red" or "late"."""
    build(test, args)
    unit = ["--unit", test] if is_unit(test) else []
    status, output = run(["python3", "qemu-test/run.py", "--host", args.host, *unit, test],
                         TEST_LIMIT * max(1, scale), scale)
    if status not in (0, 1):
        raise Wrong(f"{test}: status {status}:\n{output[-2000:]}")
    why = dict(FAILED.findall(output)).get(test)
    if status == 0 or why is None:
        return "green"
    late = "still running" in why and all(ONLY_LATE.match(w) for w in why.split("; "))
    return "late" if late else "red"


def judge(mutant, args):
    """Returns (test that noticed or None, why not)."""
    good = read(COPY, mutant.file)
    write(mutant.file, mutant.apply(good))
    wanted = ("red", "late") if mutant.hangs else ("red",)
    seen = {}
    try:
        for test in mutant.tests:
            seen[test] = test_once(test, args, mutant.scale)
            if seen[test] in wanted:
                return test, ""
        return None, "not noticed by " + ", ".join(f"{t} ({s})" for t, s in seen.items())
    except Wrong as e:
        return None, str(e)
    finally:
        write(mutant.file, good)


def all_green(mutants, args):
    """Red means nothing where the tests are red without a mistake."""
    for test in dict.fromkeys(t for m in mutants for t in m.tests):
        if (state := test_once(test, args)) != "green":
            raise Wrong(f"{test} is {state} without any mistake")


def judge_all(mutants, args):
    passed = failed = 0
    for mutant in mutants:
        started = time.monotonic()
        killer, why = judge(mutant, args)
        seconds = time.monotonic() - started
        passed += bool(killer)
        failed += not killer
        print(f"ok {mutant.name}: {killer} ({seconds:.0f} s)" if killer else
              f"FAIL {mutant.name}: {why} ({seconds:.0f} s)",
              flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="loongarch64")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    if args.check:
        print(f"mutants: ok, {len(table([]))} mistakes")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        mutants = table(args.names)
        make_copy(args.host)
        all_green(mutants, args)
        passed, failed = judge_all(mutants, args)
    except (Wrong, OSError, configparser.Error) as e:
        print(f"mutate: {e}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(COPY, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
