# SPDX-License-Identifier: BSD-2-Clause
"""The tables of tools/bench.py as plain text, and docs/bench.md.  Measures nothing.

Invariant: a figure that is not in the result or the peers' file is shown as "-".
"""

EVENT_TEXT = {
    "tlb_fill": "shadow table fill after a CR3 load",
    "cr3only": "mov to CR3",
    "cr3_32pg": "mov to CR3, then 32 pages read and written",
    "invlpg": "invlpg, then a read there",
    "pf": "page fault, handler, iret",
    "softint": "int 0x80 and iret",
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


def number(v):
    if v is None:
        return "-"
    return f"{v:.2f}" if v < 100 else f"{v:,.0f}"


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


def row_table(result, peers):
    head = ["row", "Loam", "QEMU 32", "box64", "box64 tuned", "native"]
    rows = []
    for name, v in result["rows"].items():
        native, box, tuned, qemu = peers["rows"].get(name, [None] * 4)
        rows.append([name, *map(number, (v, qemu, box, tuned, native))])
    return head, rows + [[name, *["skipped"] * 5] for name in result["skipped"]]


def event_table(result, peers):
    head, rows = ["event", "Loam", "QEMU 32", "box64"], []
    for name, text in EVENT_TEXT.items():
        if name in result["events"]:
            box, qemu = peers["events"].get(name, [None] * 2)
            rows.append([f"{name}: {text}", *map(number, (result["events"][name], qemu, box))])
    return head, rows


def counter_table(result):
    head = ["row", *COUNTER_TEXT, "in cache"]
    return head, [[name, *(f"{c[k]:,}" if c[k] else "." for k in COUNTER_TEXT),
                   f"{result['cache_share'][name]:.1%}"] for name, c in result["counters"].items()]


def boot_lines(result, peers):
    per, where = result["translate_per_guest_insn"], result["translate_measured_in"]
    lines = []
    for name, v in result["boots"].items():
        peer = peers["other"].get(name, [None])[0]
        lines.append(f"{name}: {v / 1e9:.2f} G host instructions from reset to power off after "
                     f"INIT-OK (QEMU 32: {peer / 1e9:.1f} G)")
    if "linux686_counters" in result:
        lines.append("its counters: " + ", ".join(f"{k} {v:,}" for k, v in
                                                  result["linux686_counters"].items()))
    if not result["boots"]:
        lines.append("linux686: not run")
    peer = peers["other"]["translate_per_guest_insn"][0]
    lines.append(f"translating one guest instruction: {per:,.0f} host instructions, measured in "
                 f"{where} (QEMU 32: {peer:,.0f})")
    lines.append(f"Loam's own memory: {result['monitor_bytes']:,} bytes "
                 f"(at most {result['monitor_bytes_allowed']:,})")
    a = result["agreement"]
    lines.append(f"sum of the rows: {a['tsc']:,} by the guest's TSC, {a['plugin']:,} by the "
                 f"plugin: they differ by {a['difference']:.4%}")
    return lines


def tables(result, peers):
    """For a terminal."""
    return "\n\n".join([
        "Host instructions for each guest instruction\n" + aligned(*row_table(result, peers)),
        "Host instructions for each event\n" + aligned(*event_table(result, peers)),
        "Counted in each row\n" + aligned(*counter_table(result)),
        "\n".join(boot_lines(result, peers))])


INTRODUCTION = """# Instruction counts

Written by `tools/bench.py --doc` from what `make bench` measured; do not edit.

## How it is measured
`make bench` boots the benchmark image (`guestimg/bench`, 32 bits, no operating system) in Loam
under `qemu-system-loongarch64 -icount shift=0,sleep=off` on one core, with fixed seed and clock:
each host instruction takes one nanosecond of the host's clock, so the same tree gives the same
figures on any machine. The guest's TSC is a fixed multiple of the host's counter (10 TSC ticks to
one tick of 100 MHz) and never paused: a TSC tick is a host instruction. The image reads it before
and after a row's repetitions. `tools/plugin/count.c` counts the host's instructions independently;
`make bench` fails if the two sums differ by more than 1 %.

Guest instructions of a repetition are known (`rows.def`; a test counts them in QEMU's PC).
Instructions are not seconds: fences, TLB refills and mispredicted jumps count as one or as nothing,
so the counters stand beside them. The peers' figures are facts of other runs (`tools/peers.cfg`).
"""

EVENT_NOTES = """
An event's figure holds the loop around it. `tlb_fill` is what chasefl takes more than chaseN, for
each shadow fill counted in it; `ticks1k` is what the row takes more than `alu`, for each tick;
`hlt1k` is the plugin's count, as waiting is no instruction.
"""


def document(result, peers):
    """docs/bench.md."""
    counters = ";\n".join(f"`{k}`: {v}" for k, v in COUNTER_TEXT.items())
    return "\n".join([
        INTRODUCTION,
        "## Host instructions for each guest instruction",
        markdown(*row_table(result, peers)), "",
        "`chasefl` is `chaseN` with a CR3 load every 100000 repetitions.", "",
        "## Host instructions for each event",
        markdown(*event_table(result, peers)),
        EVENT_NOTES,
        "## Counted in each row",
        "In all repetitions, counted by Loam itself (a guest's write to port 0x403 prints its",
        "counters) but for refills, which the plugin counts. `in cache` is the share of the host's",
        "instructions that translated code executed.", "",
        counters + ".", "",
        markdown(*counter_table(result)), "",
        "## Boots, translation, memory",
        *(f"- {line}" for line in boot_lines(result, peers)), ""])
