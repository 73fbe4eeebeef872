# SPDX-License-Identifier: BSD-2-Clause
"""Boots Loam under the plugins of tools/plugin, reads what they counted.  For other scripts.

Not a measure of time: the host runs under -icount, where an instruction is a nanosecond of its
clock.  Fixed seed and clock: the same tree gives the same figures.
Invariant: a run that does not come to its end is a Failure, not a figure.
"""
import os
import re
import subprocess
import time

FOLDER, GUEST, PLUGIN = "build/bench", "build/guest", "build/native/count.so"
ROW_MARKER = "700000"           # guestimg/bench/bench.h
ICOUNT = ("-icount shift=0,sleep=off -seed 1 -rtc base=2026-01-01T00:00:00,clock=vm").split()
MACHINES = {"loongarch64": ("qemu-system-loongarch64 -M virt -cpu la464 -m 1G -smp 1 -display none"
                            " -monitor none -serial stdio -net none").split()}
# The UART's register as the monitor addresses it, and the functions of drivers/host/uart.c.
THR = {"loongarch64": 0xa00000001fe001e0}
UART = ("uart_init", "uart_print", "uart_interrupt", "uart_end", "end_read", "end_write")
COUNTERS = re.compile(r"^COUNTERS tag=(\d+) (.*)$", re.M)
LAST = re.compile(r"^counters: (.*)$", re.M)
# The branch that checks an address (IR_FORM): mask and value of `blt reg, rLIMIT`.
FORM_CHECK = {"loongarch64": "fc00001f:6000000b"}
POINTS = ("tlb_refill_entry", "decode", "eval_run", "translate")


class Failure(Exception):
    """The figures cannot be had, or are not what they must be."""


def function_argument(host, name, function):
    """The plugin's argument: how many instructions the longest call of the function took."""
    s = symbols(host, "Tt")
    return f"longest={name}:{s[function]:x}:{min(at for at in s.values() if at > s[function]):x}"


def symbols(host, kinds="TRD"):
    """{name: address} of the global symbols, or of those of the named kinds."""
    with open(f"build/{host}/loam.nm", encoding="utf-8") as f:
        return {name: int(at, 16) for at, kind, name in (line.split() for line in f)
                if kind in kinds}


def uart_range(host):
    """Where the code lies that sends bytes to the host's UART."""
    s = symbols(host, "Tt")
    places = [s[name] for name in UART]
    return min(places), min(at for at in s.values() if at > max(places))


def access_arguments(host):
    """Counts a 64-bit guest's accesses, and the checks that keep them off the monitor's windows."""
    s = symbols(host, "TRDB")
    contexts = s["first_contexts"]
    end = min(at for at in s.values() if at > contexts)
    return [f"probed={contexts:x}:{end:x}", "guest=48", f"word=form:{FORM_CHECK[host]}"]


def plugin(host, name, marker=None, text=None, accesses=False, more=()):
    """The -plugin option, and the file that its counts go to."""
    s, out = symbols(host), f"{FOLDER}/{name}.counts"
    args = [PLUGIN, f"monitor={s['image_text_start']:x}:{s['image_text_end']:x}",
            *(access_arguments(host) if accesses else ["accesses=0"]),
            f"out={out}", *([f"marker={marker}"] if marker else []), *more]
    if text:
        start, end = uart_range(host)
        args += [f"uart={start:x}:{end:x}", f"thr={THR[host]:x}", f"text={text}"]
    for point in POINTS:
        # The refill handler runs with direct addressing.
        at = s[point] & (0xffffffffffff if point == "tlb_refill_entry" else ~0)
        args.append(f"at={point}:{at:x}")
    return ["-plugin", ",".join(args)], out


def wait_for(process, log, watch, limit):
    """Until the process ends; watch(process, what the log has) is called now and then."""
    until = time.monotonic() + limit
    while watch and process.poll() is None and time.monotonic() < until:
        with open(log, "rb") as f:
            watch(process, f.read())
        time.sleep(0.05)
    try:
        process.wait(max(until - time.monotonic(), 1))
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def ends_at(*last):
    """For wait_for: asks the process to end when the log has one of these texts."""
    words = [word.encode() for word in last]
    return lambda process, log: (process.terminate() if any(word in log for word in words)
                                 else None)


def boot(host, name, config, files, limit, option, clock=ICOUNT, last="guest: power off",
         watch=None):
    """
    Boots Loam with the -plugin option; returns what it printed, the last text among it; with
    last = "" what it printed until it ended, or was ended by `watch`.
    """
    command = [*MACHINES[host], *clock, *option, "-kernel", f"build/{host}/loam.elf",
               "-fw_cfg", f"name=opt/loam/loam.cfg,file={config}"]
    for key, path in files.items():
        command += ["-fw_cfg", f"name=opt/loam/{key},file={path}"]
    log = f"{FOLDER}/{name}.log"
    limit *= float(os.environ.get("LOAM_TIMEOUT_SCALE", "1"))
    with open(log, "wb") as f:
        try:
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=f,
                                  stderr=subprocess.STDOUT) as process:
                wait_for(process, log, watch, limit)
        except subprocess.TimeoutExpired as e:
            raise Failure(f"{name}: still running after {limit:g} s ({log})") from e
    with open(log, encoding="utf-8", errors="replace") as f:
        text = f.read().replace("\r", "")
    if last not in text:
        raise Failure(f"{name}: did not come to its end ({log})")
    return text


def run(host, name, config, files, limit, marker=None, text=None, machine=(), accesses=False,
        counted=(), **more):
    """
    Boots Loam; returns what it printed and [(span, {counter: number})]. counted: arguments of the
    plugin's besides; with each=1 a span is one core's, and its name "NAME.CORE".
    """
    option, out = plugin(host, name, marker, text, accesses, counted)
    printed = boot(host, name, config, files, limit, [*machine, *option], **more)
    with open(out, encoding="utf-8") as f:
        counts = [(span, pairs(rest)) for _, span, rest in (line.split(" ", 2) for line in f)]
    return printed, counts


def pairs(text):
    """{name: number} of "name=number …"."""
    return {k: int(v) for k, v in (word.split("=") for word in text.split())}


def last_counters(text):
    """{name: number} of the lines `counters: name number …` at power off; words may repeat."""
    found = {}
    for line in LAST.findall(text):
        words = line.split()
        found |= {k: int(v) for k, v in zip(words, words[1:]) if v.isdigit()}
    return found


def row_counters(text):
    """{place: {counter: difference}} of the lines that each row prints before and after itself."""
    before, found = {}, {}
    for tag, rest in COUNTERS.findall(text):
        now = pairs(rest)
        if tag in before:
            found[int(tag)] = {k: v - before[tag][k] for k, v in now.items()}
        before[tag] = now
    return found


def form_checks(c):
    """Checks of an address's form, and accesses."""
    return [c["form"], c["guest_load"] + c["guest_store"]]


def instructions(c):
    return c["insn_cache"] + c["insn_monitor"] + c["insn_other"]
