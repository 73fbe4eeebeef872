#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Do the lint programs and the runner notice what they are there to notice?

selftest.py    feeds each of them something wrong and something right
Invariant: nothing here needs the product; a lint that always says ok fails here.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import deps
import docs
import fp
import lists
import prims
import readmes
import run
import size
import statics
import text
import unused

SPDX = "/* SPDX-License-Identifier: BSD-2-Clause */"
failures = []


def check(name, got, want):
    print(f"{'ok' if got == want else 'FAIL'} {name}" + ("" if got == want else f": got {got!r}"))
    if got != want:
        failures.append(name)


def test_deps():
    table = deps.load("qemu-test/lint/deps.table")
    def one(path, included, there=True):
        return len(deps.check(table, path, [f'#include "{included}"'], lambda _: there))
    check("dbt may include mm", one("dbt/exec.c", "mm/gpa.h"), 0)
    check("dbt may not include drivers", one("dbt/exec.c", "drivers/pc/pic.h"), 1)
    check("decode may not include mm", one("dbt/x86/decode.c", "mm/page.h"), 1)
    check("devices may not include dbt", one("drivers/pc/pic.c", "dbt/dbt.h"), 1)
    check("everyone may include printk", one("dbt/x86/decode.c", "kernel/printk.h"), 0)
    check("only main.c sees all", one("kernel/machine/main.c", "dbt/dbt.h")
          + one("kernel/cpu.c", "dbt/dbt.h"), 1)
    check("a path that is not from the root", one("mm/page.c", "page.h", False), 1)
    check("neutral code may not include a host's file",
          one("dbt/exec.c", "dbt/backend/loongarch64/regs.h"), 1)
    check("the host's own may", one("dbt/backend/loongarch64/x.c",
                                    "dbt/backend/loongarch64/regs.h"), 0)
    check("the kernel may not include the room above it",
          one("kernel/timer.c", "kernel/machine/main.h"), 1)
    check("a folder without a row", one("elsewhere/x.c", "mm/page.h"), 1)


def test_unused():
    symbols = "    12: 0000000000000078  1376 FUNC    GLOBAL DEFAULT    1 a_used\n" \
              "    13: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND elsewhere\n" \
              "    14: 0000000000000000     8 OBJECT  GLOBAL DEFAULT    3 variable\n" \
              "    15: 0000000000000000    10 FUNC    LOCAL  DEFAULT    1 inner\n"
    check("global functions", unused.functions(symbols), {"a_used"})
    relocations = "0000000000000048  0000048800000042 R_LARCH_B26   0000000000000000 called + 0\n" \
                  "0000000000000050  0000000000000064 R_LARCH_RELAX                          0\n"
    check("calls", unused.uses(relocations), {"called"})
    def one(allowed, own, tests=()):
        return len(unused.check({"a": {"f"}, "b": {"g"}}, {"a": {"g"}, "b": set()}, allowed,
                                lambda path, name: own, set(tests)))
    check("a function without a caller", one({}, False), 1)
    check("one that only a test calls", one({}, False, ["f"]), 1)
    check("one that could be static", one({}, True), 1)
    check("one that its file and a test call", one({}, True, ["f"]), 0)
    check("one that is allowed", one({"f": "why"}, False) + one({"a.c": "why"}, False), 0)
    check("a line that allows nothing", one({"f": "why", "h": "why"}, False), 1)


def test_prims():
    rows = prims.listed("/* PRIM(x, no, ()) */\nPRIM(u32 *, host_a, (int r))\nDOOR(glue_b)\n"
                        "PRIM(void, host_c,\n     (int r))\n")
    check("the list of primitives", rows, ["host_a", "glue_b", "host_c"])
    have = prims.defined("p.c", "u32 *host_a(int r)\n{\n}\nstatic void host_x(int r)\n{\n}\n"
                         "static inline void host_c(int r) { f(r); }\nvoid host_no(int r);\n")
    check("what a file defines", sorted(have), ["host_a", "host_c"])
    labels = prims.defined("g.S", "\tdoor\thost_v, vst\ndoor glue_b\nleave:\n\tst.d a\n")
    check("doors", sorted(labels), ["glue_b", "host_v", "leave"])
    def one(have, todo):
        return len(prims.check("h", rows, have, todo)[0])
    check("a complete host", one({"host_a", "glue_b", "host_c", "leave"}, False), 0)
    check("a primitive that is not there", one({"host_a", "glue_b"}, False), 1)
    check("unless the host is being written", one({"host_a", "glue_b"}, True), 0)
    check("which then must miss something", one({"host_a", "glue_b", "host_c"}, True), 1)
    check("one that is not listed", one({"host_a", "glue_b", "host_c", "host_z"}, False), 1)


def test_circles():
    chain = {"mm/a.c": ["dbt/x/b.h"], "dbt/x/b.h": ["drivers/c.h"], "drivers/c.h": []}
    check("a chain of folders", deps.circles(chain), [])
    ring = chain | {"drivers/c.h": ["mm/a.h"], "mm/a.h": []}
    check("a circle of three", len(deps.circles(ring)), 1)
    check("by mere facts", deps.circles(ring, ["mm/a.h"]), [])
    facts = ring | {"mm/a.h": ["mm/z.h"]}
    check("facts that include more", len(deps.circles(facts, ["mm/a.h"])), 1)
    host = {"kernel/cpu.h": ["kernel/arch/mips64/cpu.h"], "kernel/arch/mips64/cpu.h":
            ["kernel/cpu.h"]}
    check("a host's folder is its kernel's", deps.circles(host), [])
    table = {"everyone": [], "mm": ["kernel/", "dbt/x.h"]}
    check("an allowance that nobody uses", len(deps.unused(table, {"mm/a.c": ["kernel/b.h"]})), 1)


def test_statics():
    nm = ("0000000000000000 b .LANCHOR0\n0000000000000008 b count.3\n0000000000000000 D shared\n"
          "                 U printk\n0000000000000000 T run\n0000000000000000 r names\n")
    check("variables of an object", statics.variables(nm), ["count", "shared"])
    laws = statics.load(["# a comment", "mm/x.c: count | a lock",
                         "kernel/arch/mips64/y.c: z | once"])
    def one(found, hosts=()):
        return len(statics.check(found, laws, hosts))
    check("a variable with a law", one({"mm/x": ["count"]}), 0)
    check("one without", one({"mm/x": ["count", "shared"]}), 1)
    check("the same name elsewhere", one({"mm/x": ["count"], "mm/y": ["count"]}), 1)
    check("a law without its variable", one({}), 1)
    try:
        twice = statics.load(["mm/x.c: a | once", "mm/x.c: b a | a lock"])
    except SystemExit as error:
        twice = str(error).split(": ")[-1]
    check("two laws for one", twice, "`a` has a law already")
    check("another host's is not looked for", one({"mm/x": ["count"]}, ("loongarch64",)), 0)
    check("this host's is", one({"mm/x": ["count"]}, ("mips64",)), 1)


def test_size():
    body = ["int f(int a)", "{"] + ["\ta++;"] * 121 + ["}", "static int g(void)", "{", "}"]
    check("function lengths", [(n, s) for n, _, s in size.functions(body)],
          [("f", 121), ("g", 0)])
    check("600 lines pass", size.too_long("mm/x.c", ["x"] * 600 + [""], ()), [])
    check("601 do not", len(size.too_long("mm/x.c", ["x"] * 601 + [""], ("mm/y.c",))), 1)
    check("unless allowed", size.too_long("mm/x.c", ["x"] * 601 + [""], ("mm/x.c",)), [])
    check("a table is no function", size.functions(["int t[] =", "{", "1,", "};"]), [])


def test_text():
    def one(*lines):
        return len(text.check("mm/x.c", [SPDX, *lines, ""]))
    check("clean text", one("int x;"), 0)
    check("100 columns pass", one("\t" + "x" * 92), 0)
    check("101 columns do not", one("\t" + "x" * 93), 1)
    check("trailing blank", one("int x; "), 1)
    check("unfinished work", one("/* TO" "DO */"), 1)
    check("missing licence", len(text.check("mm/x.c", ["int x;", ""])), 1)


def test_fp():
    code = ["9000 <a>:", " 9000:\tmove\t$fp, $a0", "9004 <b>:", " 9004:\tfld.d\t$fa0, $a0, 0",
            "9008 <c>:", " 9008:\tvld\t$vr3, $a0, 0",
            "900c <d>:", "900c <.L2>:", " 900c:\tmovfcsr2gr\t$a0, $fcsr0"]
    check("FP and vector registers", list(fp.users("\n".join(code))), ["b", "c", "d"])


def test_readmes():
    files = ["a/b/x.c", "a/README.md", "top.c", ".ci/run"]
    check("folders with files", readmes.folders(files), ["a", "a/b"])
    check("60 lines pass", readmes.check("a", ["x"] * 60), [])
    check("61 do not", len(readmes.check("a", ["x"] * 61)), 1)


def test_docs():
    texts = {"docs/design.md": ["## 1. One", "### 1.2 Two", "## 3. Three"], "a/b/x.c": [
        "/* gone_away() */", "int x_find(void);", "*p = here_it_is();"], "a/README.md": [""]}
    project = docs.Project(list(texts), texts.get, {"other.h"})
    def one(line, path="docs/x.md"):
        return [e.split(": ")[-1] for e in docs.check(project, path, line)]
    check("files that are there", one("x.c, `b/x.c`, a/b/x.c, other.h, x*.c, KEY.c"), [])
    check("files that are not", one("y.c, c/x.c and b/y*.c"),
          [f"names {n}, which is not there" for n in ("y.c", "c/x.c", "b/y*.c")])
    check("the end of another name is no name", len(one("design.md sign.md")), 1)
    check("folders", (one("`a/b/` `b/`"), len(one("`c/`"))), ([], 1))
    check("sections", one("design 1, design §1.2, docs/design.md, section 3; design 1 and 3"), [])
    check("sections that are not", len(one("design 2, design §1.3; (design 1.2 and 1.4)")), 3)
    check("functions", one("x_find (a/b/x.c), here_it_is(), x_reset()"), [])
    check("a function in another file", len(one("here_we_are (a/b/x.c)")), 1)
    check("a word of the code", one("`x_find`, `here_it_is`, `x_any`, `one_two three`"), [])
    check("a word that no code has", len(one("`gone_away`")), 1)
    check("a function of comments only", len(one("gone_away()")), 1)
    check("code is no comment", one("y.c(z_y()); /* x.c */", "a/b/x.c"), [])
    check("a comment of a source", len(one("f();\n/*\n * as y.c */", "a/b/x.c")), 1)
    quotes = '"' * 3
    check("a script's comments",
          len(one("y.c " f"# z.c\n{quotes}\nz.c\n{quotes}\ny.c", "a/x.py")), 2)


def test_lists():
    code = ['\t{ "memory", SIZE, 1 },', '\t{ "disk0", DISK, 2 },', '\t{ "disk1", DISK, 3 },']
    keys = lists.of_code(lists.KEY, code)
    check("keys of the code", keys, ["memory", "disk0", "disk1"])
    doc = ["| key | value |", "|---|---|", "| memory | x |", "| disk0 … disk1 | y |", "", "| z |"]
    check("a table of a document", lists.table(doc, "key"), keys)
    check("the same", lists.compare("x", keys, keys), [])
    check("one too few, one unknown, one twice",
          len(lists.compare("x", ["disk0", "disk0", "cdrom", "memory"], keys)), 3)
    check("an example", lists.example(["    memory = 1M", "    # disk0  = a", "x = y"]), keys[:2])


def run_one(name, **section):
    test = make_test(name, section)
    runner = run.Runner()
    output, status, seconds = runner.run(test)
    return run.judge(test, output, status), seconds, runner


def make_test(name, section):
    parser = run.configparser.ConfigParser(interpolation=None)
    parser.read_dict({name: section})
    return run.Test(name, parser[name], "loongarch64")


def script(body, **more):
    quoted = run.shlex.quote(body)
    return run_one("selftest-case", kind="script", run=f"sh -c {quoted}", **more)


def test_runner():
    os.makedirs(os.path.join(run.TOP, run.LOGS), exist_ok=True)
    check("exit status 0", script("exit 0")[0][:2], (1, 0))
    check("exit status 3", script("exit 3")[0][:2], (0, 1))
    check("wanted exit status", script("exit 3", exit="3")[0][:2], (1, 0))
    check("killed by a signal", script("kill -SEGV $$$$")[0][:2], (0, 1))
    check("texts in order", script("echo a; echo b", expect="a\nb")[0][:2], (1, 0))
    check("texts out of order", script("echo b; echo a", expect="a\nb")[0][:2], (0, 1))
    check("forbidden text", script("echo panic", forbid="panic")[0][:2], (0, 1))
    check("no reply is sent unasked", script('read x; echo "got $$x"', expect="got 7",
                                             timeout="1")[0][:2], (0, 1))
    check("reply is sent", script('echo "> "; read x; echo "got $$x"', send="> => 7\\n",
                                  expect="got 7")[0][:2], (1, 0))
    check("counted lines", script("echo ok a; echo FAIL b; echo ok c", counts="yes")[0][:2], (2, 1))
    check("closing line", script("echo 5 passed, 0 failed", counts="yes")[0][:3], (5, 0, 0))
    check("no result printed", script("true", counts="yes")[0][:2], (0, 1))
    check("counts good, status bad", script("echo 5 passed, 0 failed; exit 1",
                                            counts="yes")[0][:2], (5, 1))


def test_time_limit():
    mark = f"selftest{os.getpid()}"
    result, seconds, runner = script(f"sh -c 'sleep 60; : {mark}' & sleep 60", timeout="1")
    scale = float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
    check("time limit", (result[:2], seconds < 4 + 2 * scale), ((0, 1), True))
    left = [p for p in os.listdir("/proc") if p.isdigit() and mark in command_line(p)]
    check("no process is left", (left, len(runner.live)), ([], 0))


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().decode("utf-8", "replace")
    except OSError:
        return ""


if __name__ == "__main__":
    test_deps()
    test_unused()
    test_prims()
    test_circles()
    test_statics()
    test_size()
    test_text()
    test_fp()
    test_readmes()
    test_docs()
    test_lists()
    test_runner()
    test_time_limit()
    print(f"selftest: {len(failures)} failed")
    sys.exit(bool(failures))
