/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin of the QEMU that plays Loam's host: counts executed instructions by where they lie, and
 * the data accesses of translated code by where they go. Not a part of Loam; nothing in Loam knows
 * of it. Also counts a guest's own instructions, in a QEMU that plays an x86 (cache=0:ffffffff).
 *
 * Arguments, all addresses virtual and in hexadecimal:
 *	cache=START:END		translated code. If absent and monitor is given: all of the
 *				cached window 9000000000000000 that is not the monitor
 *	monitor=START:END	Loam's own text (nm: image_text_start, image_text_end)
 *	probed=START:END	the jump caches: what translated code does there is counted as
 *				`outside`, as if the probes were the monitor's code
 *	word=NAME:MASK:VALUE	also count the executed instructions of translated code whose word
 *				has these bits, as NAME; up to 2
 *	guest=32|48		width of a guest address; 32: bits 63 to 31 all equal, or 63
 *				to 32 zero; 48: bits 63 to 47 all equal (default 32)
 *	marker=ADDRESS		a store there, of any value, from anywhere, ends a span and begins
 *				the next one, which has that value as its name; 0 = not wanted
 *	each=1			each core has its own spans, begun and ended by its own stores;
 *				with bit 31 in the value on all cores. They are `NAME.CORE`
 *	at=NAME:ADDRESS		also count how often the instruction there begins, as NAME; up to 8.
 *				A physical address if it runs with address translation off
 *	longest=NAME:START:END	the function there (nm): in `total`, how many instructions a core
 *				executed at most from its first one to its return; up to 3
 *	accesses=0		no data accesses but the marker's: faster
 *	uart=START:END		code that sends the host's UART its bytes, by stores to
 *	thr=ADDRESS		this address
 *	text=WORDS		each time the UART has been sent this: a line `count text …` of all
 *				that was counted until then
 *	out=FILE		where lines go (else QEMU's log, which needs -d plugin)
 * Each span with a name other than 0 gives a line when it ends; "total" gives one at the end:
 *	count <name> <counter>=<number> …
 * Invariant: a counter's step belongs to the core that executed the instruction; lines sum cores
 * but for the spans of each.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* insn: executed instructions; the rest: data accesses, by translated code but for `outside`. */
#define COUNTERS(X) \
	X(insn_cache) X(insn_monitor) X(insn_other) \
	X(guest_load) X(guest_store) X(window_load) X(window_store) X(other_load) X(other_store) \
	X(outside)

#define POINTS 8
#define WORDS 2
#define FUNCTIONS 3
#define RETURN 0x4c000020u			/* LoongArch's jr ra */

enum { ON_ALL = 1u << 31, CORES = 16, ALL_CORES = -1 };

struct counts {
#define FIELD(name) uint64_t name;
	COUNTERS(FIELD)
#undef FIELD
	uint64_t point[POINTS], word[WORDS];
};

enum {
	NUMBERS = sizeof(struct counts) / sizeof(uint64_t), FIXED = NUMBERS - POINTS - WORDS,
	WORD = FIXED + POINTS,
};

static const char *names[NUMBERS] = {	/* of the points and words: as the arguments say */
#define NAME(name) #name,
	COUNTERS(NAME)
#undef NAME
};

struct range {
	uint64_t start, end;		/* end is the first address behind it; both 0: not given */
};

enum place { IN_CACHE, IN_MONITOR, ELSEWHERE };

static struct range cache, monitor, uart, probed;
static unsigned guest_bits = 32;
static uint64_t marker;
static bool has_marker, no_accesses, each_core;
static uint64_t thr;
static char text[32], sent[sizeof(text)];	/* what is waited for, and as many last bytes */
static size_t text_size;
static uint64_t point_at[POINTS];
static unsigned points;
static struct { uint32_t mask, value; } word_is[WORDS];
static unsigned words;
static struct function {
	const char *name;
	struct range at;
	struct { uint64_t begin, most; } core[CORES];
} functions[FUNCTIONS];
static unsigned function_count;
static FILE *out;

static struct qemu_plugin_scoreboard *board;	/* a struct counts for each core */
static pthread_mutex_t span_lock = PTHREAD_MUTEX_INITIALIZER;
static struct span {
	uint64_t name;				/* 0: none runs */
	uint64_t start[NUMBERS];
} spans[CORES];				/* of each core, or spans[0], all cores' */

static bool within(const struct range *r, uint64_t a)
{
	return a - r->start < r->end - r->start;
}

static enum place place_of(uint64_t pc)
{
	if (within(&monitor, pc))
		return IN_MONITOR;
	if (cache.end ? within(&cache, pc) : monitor.end && pc >> 60 == 9)
		return IN_CACHE;
	return ELSEWHERE;
}

static qemu_plugin_u64 counter(size_t offset)
{
	return (qemu_plugin_u64){ board, offset };
}

/* --- lines */

static uint64_t now(unsigned i, int core)
{
	qemu_plugin_u64 c = counter(i * sizeof(uint64_t));

	return core == ALL_CORES ? qemu_plugin_u64_sum(c) : qemu_plugin_u64_get(c, core);
}

static uint64_t longest(const struct function *f)
{
	uint64_t most = 0;

	for (int k = 0; k < CORES; k++)
		most = f->core[k].most > most ? f->core[k].most : most;
	return most;
}

/* What was counted since `from`, or since the beginning: then functions, too. */
static void line(const char *title, const uint64_t from[], int core)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "count %s", title);

	for (unsigned i = 0; i < NUMBERS; i++)
		if (names[i])
			n += snprintf(text + n, sizeof(text) - n, " %s=%" PRIu64, names[i],
				      now(i, core) - (from ? from[i] : 0));
	for (unsigned i = 0; i < function_count && !from; i++)
		n += snprintf(text + n, sizeof(text) - n, " %s=%" PRIu64, functions[i].name,
			      longest(&functions[i]));
	snprintf(text + n, sizeof(text) - n, "\n");
	if (!out) {
		qemu_plugin_outs(text);
		return;
	}
	fputs(text, out);
	fflush(out);
}

static struct span *span_of(int core) { return &spans[core == ALL_CORES ? 0 : core]; }

static void end_span(int core)
{
	const struct span *s = span_of(core);
	char title[40];

	if (!s->name)
		return;
	if (core == ALL_CORES)
		snprintf(title, sizeof(title), "%" PRIu64, s->name);
	else
		snprintf(title, sizeof(title), "%" PRIu64 ".%d", s->name, core);
	line(title, s->start, core);
}

static void begin_span(uint64_t name, int core)
{
	struct span *s = span_of(core);

	end_span(core);
	s->name = name;
	for (unsigned i = 0; i < NUMBERS; i++)
		s->start[i] = now(i, core);
}

static void next_span(uint64_t name, unsigned core)
{
	int cores = qemu_plugin_num_vcpus();

	pthread_mutex_lock(&span_lock);
	if (!each_core)
		begin_span(name, ALL_CORES);
	else if (name & ON_ALL)
		for (int k = 0; k < cores && k < CORES; k++)
			begin_span(name & ~(uint64_t)ON_ALL, k);
	else if (core < CORES)
		begin_span(name, core);
	pthread_mutex_unlock(&span_lock);
}

static void at_exit(qemu_plugin_id_t id, void *unused)
{
	(void)id;
	(void)unused;
	if (!each_core)
		end_span(ALL_CORES);
	line("total", NULL, ALL_CORES);
	if (out)
		fclose(out);
}

/* --- accesses */

static uint64_t value_of(qemu_plugin_meminfo_t info)
{
	qemu_plugin_mem_value v = qemu_plugin_mem_get_value(info);

	switch (v.type) {
	case QEMU_PLUGIN_MEM_VALUE_U8:	return v.data.u8;
	case QEMU_PLUGIN_MEM_VALUE_U16:	return v.data.u16;
	case QEMU_PLUGIN_MEM_VALUE_U32:	return v.data.u32;
	case QEMU_PLUGIN_MEM_VALUE_U64:	return v.data.u64;
	default:			return v.data.u128.low;
	}
}

static void on_marker(unsigned core, qemu_plugin_meminfo_t info, uint64_t at, void *unused)
{
	(void)unused;
	if (at == marker && qemu_plugin_mem_is_store(info))
		next_span(value_of(info), core);
}

static bool is_guest_address(uint64_t a)
{
	unsigned spare = 64 - guest_bits;

	return (uint64_t)((int64_t)(a << spare) >> spare) == a || (guest_bits == 32 && !(a >> 32));
}

static void on_cache_access(unsigned core, qemu_plugin_meminfo_t info, uint64_t at, void *unused)
{
	struct counts *c = qemu_plugin_scoreboard_find(board, core);
	bool store = qemu_plugin_mem_is_store(info);

	if (within(&probed, at))
		c->outside++;
	else if (is_guest_address(at))
		*(store ? &c->guest_store : &c->guest_load) += 1;
	else if (at >> 60 == 9)
		*(store ? &c->window_store : &c->window_load) += 1;
	else
		*(store ? &c->other_store : &c->other_load) += 1;
	if (has_marker)
		on_marker(core, info, at, unused);
}

static void on_uart(unsigned core, qemu_plugin_meminfo_t info, uint64_t at, void *unused)
{
	(void)core;
	(void)unused;
	if (at != thr)
		return;
	memmove(sent, sent + 1, text_size - 1);
	sent[text_size - 1] = (char)value_of(info);
	if (!memcmp(sent, text, text_size))
		line("text", NULL, ALL_CORES);
}

/* --- functions */

static uint64_t executed(unsigned core)
{
	const struct counts *c = qemu_plugin_scoreboard_find(board, core);

	return c->insn_cache + c->insn_monitor + c->insn_other;
}

static void on_begin(unsigned core, void *function)
{
	((struct function *)function)->core[core % CORES].begin = executed(core);
}

static void on_return(unsigned core, void *function)
{
	struct function *f = function;
	uint64_t took = executed(core) - f->core[core % CORES].begin;

	if (took > f->core[core % CORES].most)
		f->core[core % CORES].most = took;
}

/* --- translation: what is counted is decided here, once for each translated instruction */

static void watch_marker(struct qemu_plugin_insn *insn)
{
	if (has_marker)
		qemu_plugin_register_vcpu_mem_cb(insn, on_marker, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_W, NULL);
}

static void watch_points(struct qemu_plugin_insn *insn)
{
	for (unsigned i = 0; i < points; i++)
		if (qemu_plugin_insn_vaddr(insn) == point_at[i])
			qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn,
				QEMU_PLUGIN_INLINE_ADD_U64,
				counter((FIXED + i) * sizeof(uint64_t)), 1);
}

static void watch_functions(struct qemu_plugin_insn *insn)
{
	uint64_t at = qemu_plugin_insn_vaddr(insn);
	uint32_t word = 0;

	for (struct function *f = functions; f < functions + function_count; f++) {
		if (!within(&f->at, at))
			continue;
		qemu_plugin_insn_data(insn, &word, sizeof(word));
		if (at == f->at.start)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_begin,
							       QEMU_PLUGIN_CB_NO_REGS, f);
		else if (word == RETURN)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_return,
							       QEMU_PLUGIN_CB_NO_REGS, f);
	}
}

static void watch_words(struct qemu_plugin_insn *insn)
{
	uint32_t word = 0;

	if (!words || qemu_plugin_insn_data(insn, &word, sizeof(word)) != sizeof(word))
		return;
	for (unsigned i = 0; i < words; i++)
		if ((word & word_is[i].mask) == word_is[i].value)
			qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn,
				QEMU_PLUGIN_INLINE_ADD_U64,
				counter((WORD + i) * sizeof(uint64_t)), 1);
}

static void watch_uart(struct qemu_plugin_insn *insn)
{
	if (text_size && within(&uart, qemu_plugin_insn_vaddr(insn)))
		qemu_plugin_register_vcpu_mem_cb(insn, on_uart, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_W, NULL);
}

static void watch(struct qemu_plugin_insn *insn)
{
	static const size_t insns[] = {
		[IN_CACHE] = offsetof(struct counts, insn_cache),
		[IN_MONITOR] = offsetof(struct counts, insn_monitor),
		[ELSEWHERE] = offsetof(struct counts, insn_other),
	};
	enum place place = place_of(qemu_plugin_insn_vaddr(insn));

	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							    counter(insns[place]), 1);
	watch_points(insn);
	watch_functions(insn);
	if (place == IN_CACHE)
		watch_words(insn);
	watch_uart(insn);
	if (no_accesses) {
		watch_marker(insn);
		return;
	}
	if (place == IN_CACHE) {
		qemu_plugin_register_vcpu_mem_cb(insn, on_cache_access, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
		return;
	}
	qemu_plugin_register_vcpu_mem_inline_per_vcpu(insn, QEMU_PLUGIN_MEM_RW,
						      QEMU_PLUGIN_INLINE_ADD_U64,
						      counter(offsetof(struct counts, outside)), 1);
	watch_marker(insn);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		watch(qemu_plugin_tb_get_insn(tb, i));
}

/* --- arguments */

static bool parse_range(const char *s, struct range *r)
{
	char *end;

	r->start = strtoull(s, &end, 16);
	if (end == s || *end != ':')
		return false;
	s = end + 1;
	r->end = strtoull(s, &end, 16);
	return end != s && !*end && r->end > r->start;
}

/* NAME:ADDRESS */
static bool parse_point(const char *s)
{
	const char *colon = strchr(s, ':');
	char *end;

	if (!colon || colon == s || points == POINTS)
		return false;
	names[FIXED + points] = strndup(s, colon - s);
	point_at[points++] = strtoull(colon + 1, &end, 16);
	return end != colon + 1 && !*end;
}

/* NAME:MASK:VALUE */
static bool parse_word(const char *s)
{
	const char *colon = strchr(s, ':');
	char *end;

	if (!colon || colon == s || words == WORDS)
		return false;
	names[WORD + words] = strndup(s, colon - s);
	word_is[words].mask = (uint32_t)strtoul(colon + 1, &end, 16);
	if (end == colon + 1 || *end != ':')
		return false;
	s = end + 1;
	word_is[words++].value = (uint32_t)strtoul(s, &end, 16);
	return end != s && !*end;
}

/* NAME:START:END */
static bool parse_function(const char *s)
{
	const char *colon = strchr(s, ':');

	if (!colon || colon == s || function_count == FUNCTIONS)
		return false;
	functions[function_count].name = strndup(s, colon - s);
	return parse_range(colon + 1, &functions[function_count++].at);
}

static bool parse_text(const char *s)
{
	text_size = strlen(s);
	if (!text_size || text_size >= sizeof(text))
		return false;
	strcpy(text, s);
	return true;
}

/* How cores are counted. */
static bool parse_cores(const char *arg, const char *eq, size_t n)
{
	if (n == 4 && !strncmp(arg, "each", n))
		return each_core = !strcmp(eq + 1, "1");
	if (n == 7 && !strncmp(arg, "longest", n))
		return parse_function(eq + 1);
	return false;
}

static bool parse(const char *arg)
{
	const char *eq = strchr(arg, '=');
	size_t n = eq ? (size_t)(eq - arg) : 0;
	char *end;

	if (n == 5 && !strncmp(arg, "cache", n))
		return parse_range(eq + 1, &cache);
	if (n == 7 && !strncmp(arg, "monitor", n))
		return parse_range(eq + 1, &monitor);
	if (n == 6 && !strncmp(arg, "probed", n))
		return parse_range(eq + 1, &probed);
	if (n == 5 && !strncmp(arg, "guest", n)) {
		guest_bits = strtoul(eq + 1, &end, 10);
		return !*end && (guest_bits == 32 || guest_bits == 48);
	}
	if (n == 6 && !strncmp(arg, "marker", n)) {
		marker = strtoull(eq + 1, &end, 16);
		has_marker = true;
		return end != eq + 1 && !*end;
	}
	if (n == 4 && !strncmp(arg, "uart", n))
		return parse_range(eq + 1, &uart);
	if (n == 3 && !strncmp(arg, "thr", n)) {
		thr = strtoull(eq + 1, &end, 16);
		return end != eq + 1 && !*end;
	}
	if (n == 4 && !strncmp(arg, "text", n))
		return parse_text(eq + 1);
	if (n == 2 && !strncmp(arg, "at", n))
		return parse_point(eq + 1);
	if (n == 4 && !strncmp(arg, "word", n))
		return parse_word(eq + 1);
	if (n == 8 && !strncmp(arg, "accesses", n))
		return no_accesses = !strcmp(eq + 1, "0");
	if (n == 3 && !strncmp(arg, "out", n))
		return (out = fopen(eq + 1, "w")) != NULL;
	return parse_cores(arg, eq, n);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
					   int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (parse(argv[i]))
			continue;
		fprintf(stderr, "count: bad argument `%s`\n", argv[i]);
		return -1;
	}
	board = qemu_plugin_scoreboard_new(sizeof(struct counts));
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
