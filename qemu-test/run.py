#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the tests of suites.cfg and reports.  Run it by `make test` or `make check-SUITE`.

run.py [--host H] [--unit NAME]... [--suites FILE]... [-j N] [--list]
       SUITE-OR-TEST...   ("all": every suite but bench, and nothing tagged slow)
Starts units two at a time, QEMU one at a time; keeps each test's output in build/test/NAME.log.
Exit status 0: something ran and nothing failed.  Invariant: no process outlives its test.
"""
import argparse
import concurrent.futures
import configparser
import os
import re
import selectors
import shlex
import signal
import string
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tools"))
import mkesp                    # noqa: E402: knows which files a loam.cfg names

LOGS = os.path.join("build", "test")
KINDS = ("unit", "script", "qemu")
KEYS = {"kind", "suite", "tags", "timeout", "run", "machine", "args", "expect", "forbid", "send",
        "exit", "needs", "counts", "host", "also", "reason", "guest"}
HOSTS = {               # what machine "loam" is on each host: the image started directly
    "loongarch64": "qemu-system-loongarch64 -M virt -cpu la464 -m 1G -smp 1 -display none"
                   " -monitor none -serial stdio -net none -kernel $build/loam.elf",
    "mips64": "qemu-system-mips64el -M loongson3-virt -cpu Loongson-3A4000 -m 1G -smp 1 -nodefaults"
              " -display none -monitor none -serial stdio -kernel $build/loam.elf",
}
ARCHIVE = ("mips64",)   # hosts without fw_cfg: an archive as initrd holds what would be in it
MACHINES = {            # first words of the command line; $build is filled in by words()
    "loam": "",         # HOSTS has it
    "efi": "qemu-system-loongarch64 -M virt -cpu la464 -m 1G -smp 1 -display none -monitor none"
           " -serial stdio -net none -bios /usr/share/qemu-efi-loongarch64/QEMU_EFI.fd",
    "i386": "qemu-system-i386 -display none -monitor none -serial stdio -net none -no-reboot",
    "x86_64": "qemu-system-x86_64 -display none -monitor none -serial stdio -net none -no-reboot",
    "none": "",
}
TOTAL = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", re.M)
LINE = re.compile(r"^(ok|FAIL|skip)\b", re.M)
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


class Config(Exception):
    """Something in suites.cfg is wrong."""


class Test:
    """One section of suites.cfg."""

    def __init__(self, name, section, host):
        unknown = set(section) - KEYS
        if unknown:
            raise Config(f"[{name}]: unknown key {', '.join(sorted(unknown))}")
        self.name, self.host, self.files = name, section.get("host", host), {}
        if self.host not in HOSTS:
            raise Config(f"[{name}]: host is one of {', '.join(HOSTS)}")
        self.kind = section.get("kind", "qemu")
        if self.kind not in KINDS:
            raise Config(f"[{name}]: kind is one of {', '.join(KINDS)}")
        self.suite = section.get("suite", self.kind)
        self.tags = section.get("tags", "quick").split()
        scale = float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
        self.timeout = section.getfloat("timeout", 60) * scale
        self.expect = lines(section.get("expect", ""))
        self.forbid = lines(section.get("forbid", ""))
        self.send = [pair(name, text) for text in lines(section.get("send", ""))]
        self.exit = section.get("exit", "0" if self.kind != "qemu" else "any")
        self.needs = self.words(section.get("needs", ""))
        self.counts = section.getboolean("counts", self.kind == "unit")
        # A QEMU test without a host is of the first one: guests are there, and EFI.
        self.of_host = self.host if self.kind != "qemu" else section.get("host", next(iter(HOSTS)))
        self.command = self.command_line(section)
        if self.kind == "qemu" and self.exit == "any" and not self.expect:
            raise Config(f"[{name}]: nothing to expect and no exit status: it could not fail")

    def command_line(self, section):
        if self.kind == "qemu":
            machine = section.get("machine", "loam")
            if machine not in MACHINES:
                raise Config(f"[{self.name}]: machine is one of {', '.join(MACHINES)}")
            start = HOSTS[self.host] if machine == "loam" else MACHINES[machine]
            if machine == "loam" and self.host != next(iter(HOSTS)):
                self.needs += self.words("$build/loam.elf")
            command = self.words(start + " " + section.get("args", ""))
            if "guest" in section:
                command += self.guest(section["guest"])
            return self.pack(command) if self.host in ARCHIVE and machine == "loam" else command
        default = f"build/native/{self.name}" if self.kind == "unit" else None
        run = section.get("run", default)
        if not run:
            raise Config(f"[{self.name}]: a script needs a `run`")
        return self.words(run)

    def guest(self, name):
        """What starts guestimg/run/NAME.cfg: that and its files by fw_cfg, and enough memory."""
        config = os.path.join("guestimg", "run", name + ".cfg")
        try:
            files = mkesp.named_in(os.path.join(TOP, config))
            memory = mkesp.remark(os.path.join(TOP, config), "host memory")
        except OSError as e:
            raise Config(f"[{self.name}]: guest = {name}: {e}") from e
        words = ["-m", memory] if memory else []
        for key, path in [("loam.cfg", config), *((f, f"build/guest/{f}") for f in files)]:
            words += ["-fw_cfg", f"name=opt/loam/{key},file={path}"]
        self.needs += [f"build/guest/{f}" for f in files]
        return words

    def pack(self, command):
        """Where there is no fw_cfg its files go into an archive, which is the initrd."""
        self.files, rest, words = {}, [], iter(command)
        for word in words:
            if word != "-fw_cfg":
                rest.append(word)
                continue
            name, what = next(words).removeprefix("name=opt/loam/").split(",", 1)
            self.files[name] = what
        if self.files:
            rest += ["-initrd", os.path.join(LOGS, self.name + ".cpio")]
        return rest

    def write_archive(self):
        """The archive of pack(), made just before the test."""
        with open(os.path.join(TOP, LOGS, self.name + ".cpio"), "wb") as out:
            for name, what in [*self.files.items(), ("TRAILER!!!", "string=")]:
                kind, _, value = what.partition("=")
                data = value.encode()
                if kind == "file":
                    with open(os.path.join(TOP, value), "rb") as f:
                        data = f.read()
                numbers = [0, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
                head = b"070701" + b"".join(b"%08X" % n for n in numbers) + name.encode() + b"\0"
                for part in (head, data):
                    out.write(part + b"\0" * (-len(part) % 4))

    def words(self, text):
        """Shell words with $build, $guest … filled in."""
        names = {"build": f"build/{self.host}", "native": "build/native", "test": LOGS,
                 "top": TOP, "guest": os.path.join(TOP, "build/guest")}
        try:
            return [string.Template(w).substitute(names) for w in shlex.split(text, comments=True)]
        except (KeyError, ValueError) as e:
            raise Config(f"[{self.name}]: unknown name {e} in: {text.strip()}") from e


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def pair(name, text):
    """`prompt => reply`: reply is sent once the prompt has been seen; \\n, \\x02 … are known."""
    prompt, arrow, reply = text.partition(" => ")
    if not arrow:
        raise Config(f"[{name}]: send wants `prompt => reply`, not: {text}")
    return prompt, reply.encode().decode("unicode_escape").encode("latin-1")


class Output:
    """What a running test has printed so far, judged as it comes."""

    def __init__(self, test):
        self.test, self.text, self.at, self.sent_at = test, "", 0, 0
        self.expect, self.send, self.bad = list(test.expect), list(test.send), None
        self.rest = b""         # an escape sequence that has only begun

    def add(self, data):
        """Returns the bytes to send now."""
        data = ESCAPES.sub(b"", self.rest + data)
        cut = data.rfind(b"\x1b", -16)
        cut = len(data) if cut < 0 else cut
        self.rest = data[cut:]
        self.text += data[:cut].decode("utf-8", "replace")
        for word in self.test.forbid:
            if self.bad is None and word in self.text:
                self.bad = f"printed the forbidden `{word}`"
        while self.expect and (k := self.text.find(self.expect[0], self.at)) >= 0:
            self.at = k + len(self.expect.pop(0))
        reply = b""
        while self.send and (k := self.text.find(self.send[0][0], self.sent_at)) >= 0:
            self.sent_at = k + len(self.send[0][0])
            reply += self.send.pop(0)[1]
        return reply

    def done(self):
        """Is there nothing more to wait for, although the program still runs?"""
        return self.bad or (self.test.exit == "any" and self.test.expect and not self.expect)


def environment(host):
    """Ours, for a make of its own: not a part of the one that runs us."""
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return kept | {"HOST": host}


class Runner:
    """Starts processes in groups of their own and ends every one."""

    def __init__(self):
        self.lock, self.live = threading.Lock(), set()

    def start(self, test):
        if test.files:
            test.write_archive()
        command = ["setpriv", "--pdeathsig", "KILL", "--"] + test.command
        process = subprocess.Popen(command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True,
                                   env=environment(test.host))
        with self.lock:
            self.live.add(process)
        return process

    @staticmethod
    def kill_group(process):
        """Kills it with what it started, and waits until the kernel has carried that out."""
        for _ in range(100):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                break
            process.poll()
            time.sleep(0.005)
        process.wait()

    def stop(self, process):
        self.kill_group(process)
        for pipe in (process.stdin, process.stdout):
            try:
                pipe.close()
            except OSError:
                pass
        with self.lock:
            self.live.discard(process)

    def stop_all(self):
        for process in list(self.live):
            self.stop(process)

    def run(self, test):
        """Returns (output, exit status or None, seconds)."""
        started, output = time.monotonic(), Output(test)
        process = self.start(test)
        try:
            with open(os.path.join(TOP, LOGS, test.name + ".log"), "wb") as log:
                status = self.follow(process, test, output, log, started + test.timeout)
        finally:
            self.stop(process)
        return output, status, time.monotonic() - started

    @staticmethod
    def follow(process, test, output, log, deadline):
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                if not selector.select(left):
                    continue
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    return wait_until(process, deadline)
                log.write(data)
                log.flush()
                send(process, output.add(data))
                if output.done():
                    return "stopped"
        return None


def wait_until(process, deadline):
    try:
        return process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None


def send(process, data):
    try:
        os.write(process.stdin.fileno(), data) if data else None
    except BrokenPipeError:
        pass


def judge(test, output, status):
    """Returns (passed, failed, skipped, why): why is empty if all is well."""
    why = []
    if output.bad:
        why.append(output.bad)
    if status is None:
        why.append(f"still running after {test.timeout:g} s")
    elif status != "stopped" and test.exit != "any" and status != int(test.exit):
        why.append(f"exit status {status}, not {test.exit}")
    if output.expect and not output.bad:
        why.append(f"never printed `{output.expect[0]}`")
    if not test.counts:
        return int(not why), int(bool(why)), 0, why
    passed, failed, skipped = tally(output.text)
    if failed:
        why.append(f"{failed} failed inside")
    elif not passed + skipped:
        why.append("printed no result")
    return passed, max(failed, int(bool(why))), skipped, why


def tally(text):
    """Counts of the last closing line, else of the ok and FAIL lines."""
    totals = TOTAL.findall(text)
    if totals:
        return tuple(int(n or 0) for n in totals[-1])
    found = LINE.findall(text)
    return found.count("ok"), found.count("FAIL"), found.count("skip")


def load(host, units, files=()):
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",),
                                       inline_comment_prefixes=None)
    for name in (os.path.join("qemu-test", "suites.cfg"), *files):
        with open(os.path.join(TOP, name), encoding="utf-8") as f:
            parser.read_file(f)
    for name in units:
        if not parser.has_section(name):
            parser.add_section(name)
        parser[name].setdefault("kind", "unit")
    for name in parser.sections():
        for other in parser[name].get("also", "").split():
            parser[f"{name}-{other}"] = dict(parser[name]) | {"host": other, "also": ""}
    everybody = host == next(iter(HOSTS))       # the first host's run has all hosts' tests
    return [t for t in (Test(n, parser[n], host) for n in parser.sections())
            if (everybody or t.of_host == host) and (t.kind != "unit" or t.name in units)]


def choose(tests, names):
    """The tests that the names ask for; an unknown name is an error."""
    chosen = []
    for name in names:
        found = [t for t in tests if t.name == name or t.suite == name or name in t.tags
                 or (name == "all" and t.suite != "bench" and "slow" not in t.tags)]
        if not found and name not in ("all", "bench", "unit"):
            raise Config(f"no suite, test or tag `{name}` in qemu-test/suites.cfg")
        chosen += [t for t in found if t not in chosen]
    return chosen


def prepare(tests):
    """Has make build what the tests ask for, host by host."""
    for host in HOSTS:
        needs = sorted({os.path.relpath(n, TOP) if os.path.isabs(n) else n
                        for t in tests for n in t.needs if t.host == host})
        if needs:
            subprocess.run(["make", "--no-print-directory", f"HOST={host}", *needs], cwd=TOP,
                           check=True, env=environment(host))


def report(test, result, seconds):
    passed, failed, skipped, why = result
    log = os.path.join(LOGS, test.name + ".log")
    count = f", {passed} checks" if test.counts else ""
    if not why:
        print(f"PASS {test.name} ({seconds:.1f} s{count})", flush=True)
        return
    with open(os.path.join(TOP, log), "rb") as f:
        tail = ESCAPES.sub(b"", f.read()).decode("utf-8", "replace").splitlines()[-15:]
    print(f"FAIL {test.name} ({seconds:.1f} s): {'; '.join(why)}")
    print("".join(f"    | {line}\n" for line in tail) + f"    ({log})", flush=True)


def run_all(runner, tests, jobs):
    """Units and scripts side by side, then QEMU by itself.  Returns the total counts."""
    total = [0, 0, 0]

    def one(test):
        try:
            output, status, seconds = runner.run(test)
        except OSError as e:
            print(f"FAIL {test.name}: {e}", flush=True)
            return 0, 1, 0
        result = judge(test, output, status)
        report(test, result, seconds)
        return result[:3]

    light = [t for t in tests if t.kind != "qemu"]
    heavy = [t for t in tests if t.kind == "qemu"]
    for group, width in ((light, jobs or 2), (heavy, jobs or 1)):
        with concurrent.futures.ThreadPoolExecutor(width) as pool:
            for counts in pool.map(one, group):
                total = [a + b for a, b in zip(total, counts)]
    return total


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="loongarch64")
    parser.add_argument("--unit", action="append", default=[], help="a unit test that was built")
    parser.add_argument("--suites", action="append", default=[], metavar="FILE",
                        help="more sections, as in suites.cfg")
    parser.add_argument("-j", type=int, default=0, help="how many at a time")
    parser.add_argument("--list", action="store_true", help="only list what would run")
    parser.add_argument("names", nargs="+", metavar="SUITE-OR-TEST")
    return parser.parse_args()


def main():
    args = arguments()
    os.makedirs(os.path.join(TOP, LOGS), exist_ok=True)
    runner = Runner()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: (runner.stop_all(), os._exit(143)))
    try:
        tests = choose(load(args.host, args.unit, args.suites), args.names)
        if args.list:
            for t in tests:
                print(f"{t.suite}\t{t.name}\t{t.kind}\t{shlex.join(t.command)}")
            return 0
        prepare(tests)
        passed, failed, skipped = run_all(runner, tests, args.j)
    except (Config, configparser.Error) as e:
        print(f"qemu-test/suites.cfg: {e}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as e:
        print(f"make could not build what the tests need (status {e.returncode})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        runner.stop_all()
        return 130
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    if not passed + failed:
        print("no test ran", file=sys.stderr)
    return int(bool(failed) or not passed)


if __name__ == "__main__":
    sys.exit(main())
