/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin of the QEMU that plays Loam's host: how often the instructions of each 16 bytes of the
 * monitor, and of each 64 bytes of the code cache, were executed. Not a part of Loam; nothing in
 * Loam knows of it. tools/profile.py turns its lines into names.
 *
 * Arguments, all addresses virtual and in hexadecimal:
 *	monitor=START:END	Loam's own text (nm: image_text_start, image_text_end)
 *	out=FILE		one line `ADDRESS NUMBER` for each piece that ran; of all the
 *				rest together `0 NUMBER`
 *	span=ADDRESS:NUMBER	count only from the NUMBERth time (in decimal, from 0) that the
 *				instruction there begins to the next one
 * Invariant: each executed instruction is counted in one piece.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

enum { MONITOR_PIECE = 16, CACHE_PIECE = 64, CACHE_REACH = 256 << 20 };

struct piece {
	uint64_t address, number;
};

/*
 * Cells of the scoreboard: the rest, the monitor's pieces, the cache's pieces. Translated code
 * lies within 128 MiB of the monitor, so its pieces count from that far below the monitor's start.
 */
static struct qemu_plugin_scoreboard *board;
static uint64_t start, end, monitor_cells, cells;
static FILE *out;
static uint64_t span_at;		/* 0: all of the run */
static unsigned span_number;

static uint64_t cache_base(void) { return start - CACHE_REACH / 2; }

static uint64_t cell_of(uint64_t address)
{
	if (address - start < end - start)
		return 1 + (address - start) / MONITOR_PIECE;
	if (address - cache_base() < CACHE_REACH)
		return 1 + monitor_cells + (address - cache_base()) / CACHE_PIECE;
	return 0;
}

static uint64_t address_of(uint64_t cell)
{
	if (!cell)
		return 0;
	cell--;
	return cell < monitor_cells ? start + cell * MONITOR_PIECE
				    : cache_base() + (cell - monitor_cells) * CACHE_PIECE;
}

static qemu_plugin_u64 counter(uint64_t cell) { return (qemu_plugin_u64){ board, cell * 8 }; }

static void write_out(void)
{
	for (uint64_t i = 0; out && i < cells; i++) {
		uint64_t n = qemu_plugin_u64_sum(counter(i));

		if (n)
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", address_of(i), n);
	}
	if (out)
		fclose(out);
	out = NULL;
}

/* Loam's host has one core. */
static void on_span(unsigned core, void *unused)
{
	static unsigned times;
	unsigned now = times++;

	(void)unused;
	for (uint64_t i = 0; now == span_number && i < cells; i++)
		qemu_plugin_u64_set(counter(i), core, 0);
	if (now > span_number)
		write_out();
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t at = qemu_plugin_insn_vaddr(insn);

		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
			insn, QEMU_PLUGIN_INLINE_ADD_U64, counter(cell_of(at)), 1);
		if (span_at && at == span_at)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_span,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

static void at_exit(qemu_plugin_id_t id, void *unused)
{
	(void)id;
	(void)unused;
	write_out();
}

static int argument(const char *arg)
{
	if (!strncmp(arg, "out=", 4))
		return (out = fopen(arg + 4, "w")) != NULL;
	if (!strncmp(arg, "span=", 5))
		return sscanf(arg + 5, "%" SCNx64 ":%u", &span_at, &span_number) == 2;
	return sscanf(arg, "monitor=%" SCNx64 ":%" SCNx64, &start, &end) == 2 && start < end;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
					   int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!argument(argv[i])) {
			fprintf(stderr, "profile: bad argument %s\n", argv[i]);
			return -1;
		}
	if (!out || !end) {
		fprintf(stderr, "profile: monitor= and out= are needed\n");
		return -1;
	}
	monitor_cells = (end - start + MONITOR_PIECE - 1) / MONITOR_PIECE;
	cells = 1 + monitor_cells + CACHE_REACH / CACHE_PIECE;
	board = qemu_plugin_scoreboard_new(cells * 8);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
