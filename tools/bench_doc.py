# SPDX-License-Identifier: BSD-2-Clause
"""The tables of tools/bench.py as plain text, and docs/bench.md.  Measures nothing.

`others` has the peers' figures (tools/peers.cfg) and, as "before", those that Loam had when the
present work on its engine began (tools/bench_before.json).
Invariant: a figure that is not in the result or in these files is shown as "-".
"""
import bench_cores
import bench_cores_doc

EVENT_TEXT = {
    "tlb_fill": "first touch of a page that was mapped anew",
    "cr3only": "mov to CR3",
    "cr3_32pg": "mov to CR3, then 32 pages read and written",
    "invlpg": "invlpg, then a read there",
    "pf": "page fault, handler, iret",
    "softint": "int 0x80 and iret",
    "syscall": "a call from user mode and back: SYSCALL, SYSRET (8 instructions in all); "
               "of 32 bits SYSENTER, SYSEXIT (10)",
    "ipi": "self-IPI, handler, EOI",
    "ticks1k": "PIT interrupt and handler",
    "hlt1k": "the same, out of hlt",
    "out80": "out to port 0x80",
    "in61": "in from port 0x61 (PIT)",
    "cmos": "CMOS index and read",
    "in3fd": "in from port 0x3fd (UART status)",
    "mmio": "read of a local APIC register",
    "smc": "store into code, then a call of it",
    "cpuid": "cpuid",
    "rdtsc": "rdtsc (with lfence)",
    "movsd_per_dword": "rep movsd, each dword",
    "movsd_alias_per_dword": "the same, buffers 4 MiB apart",
    "stosd_per_dword": "rep stosd, each dword",
    "movsb24": "rep movsb of 24 bytes",
}
COUNTER_TEXT = {
    "refills": "TLB refills", "fills": "shadow fills", "asids": "ASID switches",
    "invalidations": "invalidations", "barriers": "instruction cache barriers",
    "blocks": "blocks translated", "insns": "guest instructions translated",
}


PROCESS_TEXT = {
    "exec_aslr": "fork, exec of a dynamic cat, its end",
    "exec": "the same without address randomisation",
    "exec_static": "fork, exec of a static true, its end",
    "subshell": "fork of the shell, its end",
    "pipe": "a byte from process to process and back",
    "seqread": "`seq 1 300`, read by a loop of the shell",
}
PROGRAM_TEXT = {
    "gzip": "gzip -9 of a program", "sha256": "sha256sum", "awk": "awk, fields of a text",
    "sort": "sort of a text", "ash": "a loop of the shell", "xz": "xzcat", "sed": "sed",
    "md5": "md5sum", "od": "od (coreutils)", "dc": "dc, long numbers",
}
UNLISTED = ("xz", "sed", "md5", "od", "dc")
PROCESS_COUNTERS = {
    "blocks": "blocks translated", "insns": "guest instructions translated",
    "evictions": "parts of the code cache thrown away", "drops": "blocks dropped",
    "links": "exits patched to their next block", "unlinks": "such patches undone",
    "exits_link": "exits to the run loop to be linked", "exits_far": "far exits",
    "exits_ind": "indirect ones", "exits_kick": "kicks", "exits_sys": "system instructions",
    "exits_fault": "faults", "interrupts": "interrupts given", "cr3_loads": "CR3 loads",
    "asids": "ASID switches", "fills": "shadow fills", "invalidations": "TLB invalidations",
    "barriers": "instruction cache barriers",
}


def number(v):
    if v is None:
        return "-"
    return f"{v:.2f}" if v < 100 else f"{v:,.0f}"


def short(v):
    """A count for each round: whole where it is large."""
    return "." if not v else f"{v:,.0f}" if v >= 100 else f"{v:.3g}"


def aligned(head, rows):
    """Lines of columns; the first one to the left, the rest to the right."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join("  ".join(w.ljust(n) if i == 0 else w.rjust(n)
                               for i, (w, n) in enumerate(zip(line, widths))).rstrip()
                     for line in lines)


def markdown(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# The two widths of guests: what their keys in the result, and their peers' sections, end with.
WIDTHS = ("", "64")


def bits(suffix):
    return suffix or "32"


def before(others, key):
    """Loam's earlier figures; none of what it could not run then."""
    return others["before"].get(key) or {}


def row_table(result, others, suffix=""):
    head = ["row", "before", "now", f"QEMU {bits(suffix)}", "box64", "box64 tuned", "native"]
    rows, key = [], "rows" + suffix
    for name, v in result.get(key, {}).items():
        native, box, tuned, qemu = others[key].get(name, [None] * 4)
        rows.append([name, *map(number, (before(others, key).get(name), v, qemu, box, tuned,
                                         native))])
    for what, word in (("skipped", "skipped"), ("missing", "did not run")):
        for name in result.get(what + suffix, []):
            native, box, tuned, qemu = others[key].get(name, [None] * 4)
            rows.append([name, "-", word, *map(number, (qemu, box, tuned, native))])
    return head, rows


def event_table(result, others, suffix=""):
    head, rows = ["event", "before", "now", f"QEMU {bits(suffix)}", "box64"], []
    key = "events" + suffix
    for name, text in EVENT_TEXT.items():
        if name in result.get(key, {}):
            box, qemu = others[key].get(name, [None] * 2)
            rows.append([f"{name}: {text}", *map(number, (before(others, key).get(name),
                                                          result[key][name], qemu, box))])
    return head, rows


def process_table(result, others, suffix=""):
    """Host instructions for each piece of work, in thousands."""
    head = ["work", "guest k", "before k", "now k", "now / guest", f"QEMU {bits(suffix)} k"]
    rows, key = [], "process" + suffix
    figures = result.get(key, {}) | {"seqread": result.get("seqread" + suffix)}
    old = before(others, key) | {"seqread": others["before"].get("seqread" + suffix)}
    for name, text in PROCESS_TEXT.items():
        if name in result.get("process_rows" + suffix, {}):
            r = result["process_rows" + suffix][name]
            guest, now = r["guest"] / r["n"], figures[name]
            peer = others["processes" + suffix].get(name, [None])[0]
            thousands = [None if v is None else v / 1000 for v in (guest, old.get(name), now)]
            rows.append([f"{name}: {text}", *map(number, (*thousands, now / guest,
                                                          peer and peer / 1000))])
    rows += [[name, "did not run", *["-"] * 4]
             for name in result.get("process_missing" + suffix, []) if name in PROCESS_TEXT]
    return head, rows


def program_table(result, others, suffix=""):
    """Host instructions for each guest instruction of a whole run."""
    head, rows, key = ["program", "guest M", "before", "now"], [], "programs" + suffix
    for name, text in PROGRAM_TEXT.items():
        if name in result.get(key, {}):
            guest = result["process_rows" + suffix][name]["guest"]
            mark = "*" if name in UNLISTED else ""
            rows.append([f"{name}{mark}: {text}", *map(number, (
                guest / 1e6, before(others, key).get(name), result[key][name]))])
    rows += [[name, "did not run", "-", "-"]
             for name in result.get("process_missing" + suffix, []) if name in PROGRAM_TEXT]
    return head, rows


def why_table(result, suffix=""):
    """What Loam counted in one round of each of the process rows: a row for each counter."""
    rows = result.get("process_rows" + suffix, {})
    head = ["counted in each", *rows]
    lines = [[f"{key}: {text}", *(short(r["counters"].get(key, 0) / r["n"])
                                  for r in rows.values())]
             for key, text in PROCESS_COUNTERS.items()]
    share = ["in translated code", *(f"{r['cache'] / r['plugin']:.0%}" for r in rows.values())]
    return head, [*lines, share] if rows else []


def counter_table(result, suffix=""):
    head = ["row", *COUNTER_TEXT, "in cache"]
    counters, shares = result.get("counters" + suffix, {}), result.get("cache_share" + suffix)
    return head, [[name, *(f"{c[k]:,}" if c[k] else "." for k in COUNTER_TEXT),
                   f"{shares[name]:.1%}"] for name, c in counters.items()]


BOOTS = {"linux686": "Debian's 686 kernel to INIT-OK", "disk686": "Debian 12's disk to `login:`",
         "linux64": "Debian's amd64 cloud kernel to INIT-OK",
         "disk64": "Debian 13's amd64 disk to `login:`"}


def boot_table(result, others):
    head, rows = ["boot", "before G", "now G", "QEMU G"], []
    for name, text in BOOTS.items():
        old, now = others["before"]["boots"].get(name), result["boots"].get(name)
        peer = others["other"].get(name, [None])[0]
        cells = [old and number(old / 1e9), now and number(now / 1e9), peer and number(peer / 1e9)]
        rows.append([f"{name}: {text}", cells[0] or "never", cells[1] or "not run",
                     cells[2] or "-"])
    return head, rows


def disk_table(result):
    """Without a disk's share of the figure where only the guest's TSC counted."""
    rows = [[name, number(each), "-" if own is None else f"{own / each:.0%}"]
            for name, (each, own) in result.get("disk_costs", {}).items()]
    return ["disk", "host instructions", "the guest's"], rows


def check_line(checks):
    """Of each row and boot, and of all accesses together."""
    parts = list(checks.items()) + [("all together", [sum(c) for c in zip(*checks.values())])]
    return ("accesses of 64-bit guests, how many are checked by a branch not to be at the "
            "monitor's own addresses: " +
            ", ".join(f"{k} {found / max(all_of, 1):.0%}" for k, (found, all_of) in parts))


def closing_lines(result, others):
    lines, old = [], others["before"]
    for name in ("linux686", "linux64"):
        if f"{name}_counters" in result:
            lines.append(f"{name}'s counters until power off: " + ", ".join(
                f"{k} {v:,}" for k, v in result[f"{name}_counters"].items()))
    for suffix in WIDTHS:
        lines += width_lines(result, others, suffix)
    if result.get("checks"):
        lines.append(check_line(result["checks"]))
    if "wall" in result:
        w = result["wall"]
        lines.append(f"wall time on the machine that wrote this, without -icount: {w['n']} times "
                     f"`cat /dev/null` ({w['row']}) {w['seconds']:.2f} s, of which QEMU had a "
                     f"processor for {w['processor']:.2f} s (before: "
                     f"{old['wall']['processor']:.2f} s)")
    for part, text in result.get("failed", {}).items():
        lines.append(f"{part}: no figures: {text}")
    return lines


def width_lines(result, others, suffix):
    """What is said of one width of guests."""
    lines, key = [], "translate_per_guest_insn" + suffix
    if key in result:
        peer, old = others["other"].get(key, [None])[0], others["before"].get(key)
        lines.append(f"translating one guest instruction: {result[key]:,.0f} host instructions, "
                     f"measured in {result['translate_measured_in' + suffix]} "
                     f"(before: {number(old)}; QEMU {bits(suffix)}: {number(peer)})")
        lines.append(f"Loam's own memory: {result['monitor_bytes' + suffix]:,} bytes "
                     f"(at most {result['monitor_bytes_allowed' + suffix]:,})")
    for name, rows in (("agreement", "the rows"), ("process_agreement", "the process rows")):
        if result.get(name + suffix, {}).get("plugin"):
            a = result[name + suffix]
            lines.append(f"sum of {rows} ({bits(suffix)} bits): {a['tsc']:,} by the guest's TSC, "
                         f"{a['plugin']:,} by the plugin: they differ by {a['difference']:.4%}")
    for name, rows in (("missing", "rows"), ("process_missing", "process rows")):
        if result.get(name + suffix):
            lines.append(f"{rows} of {bits(suffix)} bits that did not run to their end: "
                         f"{' '.join(result[name + suffix])}")
    return lines


def tables(result, others):
    """For a terminal."""
    shown = []
    for suffix in WIDTHS:
        title = f" ({suffix}-bit guest)" if suffix else ""
        shown += [
            (f"Host instructions for each guest instruction{title}",
             row_table(result, others, suffix)),
            (f"Host instructions for each event{title}", event_table(result, others, suffix)),
            (f"Counted in each row{title}", counter_table(result, suffix)),
            (f"Host instructions of processes, thousands{title}",
             process_table(result, others, suffix)),
            (f"Host instructions for each guest instruction of programs{title}",
             program_table(result, others, suffix)),
            (f"Counted in processes and programs{title}", why_table(result, suffix))]
    shown.append(("Host instructions for each sector or read", disk_table(result)))
    shown.append(("Host instructions of boots, 10^9", boot_table(result, others)))
    shown += [("Several CPUs", table) for table in cores_tables(result, others)]
    return "\n\n".join([*(f"{title}\n{aligned(*table)}" for title, table in shown if table[1]),
                        "\n".join([*cores_notes(result), *closing_lines(result, others)])])


def cores_tables(result, others):
    found = result.get("cores")
    return bench_cores_doc.tables(found, bench_cores.LIMITS, others["rows"]) if found else []


def cores_notes(result):
    return bench_cores_doc.notes(result.get("cores", {}), bench_cores.is_quiet)


def cores_section(result, others):
    """Nothing, if that part did not run."""
    shown = [line for table in cores_tables(result, others) for line in (markdown(*table), "")]
    return shown and [bench_cores_doc.HEAD, *shown, *(f"- {note}" for note in cores_notes(result)),
                      ""]


INTRODUCTION = """# Instruction counts

Written by `tools/bench.py --doc` from what `make bench` measured; do not edit.

## How it is measured
`make bench` boots guests in Loam under `qemu-system-loongarch64 -icount shift=0,sleep=off` on one
core, with fixed seed and clock: each host instruction takes one nanosecond of the host's clock, so
the same tree gives the same figures on any machine. The guest's TSC is a fixed multiple of the
host's counter (10 TSC ticks to one tick of 100 MHz) and never paused: a TSC tick is a host
instruction. A guest reads it before and after a row's repetitions. `tools/plugin/count.c` counts
the host's instructions independently; `make bench` fails if the sums differ by more than 1 %.

The rows of guestbench (`guestimg/bench`, no operating system) have a known number of guest
instructions (`rows.def`; a test counts them in QEMU's PC). Processes and programs
(`guestimg/process`) are Debian 12's busybox, coreutils and C library under its 686 kernel, and
Debian 13's under its amd64 kernel; their guest instructions come from QEMU's PC under -icount
(`make bench-reference`), where each round of a REP counts as one. Boots are
counted until their text has been sent to the host's UART.

*before*: when the present work on the engine began (`tools/bench_before.json`). Instructions are
not seconds: fences, TLB refills and mispredicted jumps count as one or as nothing, so the counters
stand beside them. The peers' figures are facts of other runs (`tools/peers.cfg`).
"""

EVENT_NOTES = """
An event's figure holds the loop around it. `tlb_fill` is the touch of a page whose table entry was
changed and flushed by INVLPG, without these two; `ticks1k` is what the row takes more than `alu` in
the code cache, for each tick (before: than all of `alu`, which held translation, so the figure was
too small); `hlt1k` is the plugin's count, as waiting is no instruction.
"""


PROCESS_NOTES = """
A warm-up comes first, but for seqread and programs: theirs is one run, translation and all.
The programs marked * are in no list of figures to reach. QEMU 32's figures are of a similar guest,
whose processes take 1.0 to 1.3 times as many instructions."""


DISK_HEAD = """## Disks: host instructions for each sector of 512 bytes, or each read
In requests of 64 KiB in 16 pages, the whole of it, the guest's driver too (`guestimg/tests`, no
operating system). From memory: interrupts off, by the guest's TSC; most of it is copying. From the
host's NVMe disk, which reads into the guest's RAM itself: an interrupt for each request, counted by
the plugin while nobody waits. Under Linux (`guestimg/powercut/figures.c`): `dd bs=1M iflag=direct`
and reads of 4 KiB by O_DIRECT, one at a time.
"""


def sections(result, others, suffix):
    """The document's tables of one width."""
    title = f", {bits(suffix)} bits"
    return [
        f"## Host instructions for each guest instruction{title}",
        markdown(*row_table(result, others, suffix)), "",
        "`chasefl` is `chaseN` with a CR3 load every 100000 repetitions.", "",
        f"## Host instructions for each event{title}",
        markdown(*event_table(result, others, suffix)),
        EVENT_NOTES,
        f"## Counted in each row{title}",
        "In all repetitions, counted by Loam itself (a guest's write to port 0x403 prints its",
        "counters) but for refills, which the plugin counts. `in cache` is the share of the host's",
        "instructions that translated code executed.", "",
        ";\n".join(f"`{k}`: {v}" for k, v in COUNTER_TEXT.items()) + ".", "",
        markdown(*counter_table(result, suffix)), "",
        f"## Processes{title}: thousands of host instructions each",
        markdown(*process_table(result, others, suffix)), "",
        f"## Programs{title}: host instructions for each guest instruction",
        markdown(*program_table(result, others, suffix)),
        PROCESS_NOTES, "",
        f"## Counted in each process and program{title}",
        markdown(*why_table(result, suffix)), ""]


def document(result, others):
    """docs/bench.md: 64-bit guests have their tables once a row of theirs ran, or was to."""
    widths = [s for s in WIDTHS if not s or result.get("rows" + s) or result.get("missing" + s)]
    return "\n".join([
        INTRODUCTION,
        *(line for suffix in widths for line in sections(result, others, suffix)),
        DISK_HEAD,
        markdown(*disk_table(result)), "",
        *cores_section(result, others),
        "## Boots: 10^9 host instructions from reset on",
        markdown(*boot_table(result, others)), "",
        "## Translation, memory, wall time",
        *(f"- {line}" for line in closing_lines(result, others)), ""])
