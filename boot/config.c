/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One table row for each key says where its value goes and what is allowed; the rest is generic.
 * Invariant: every byte of input is checked before use, and nothing is written past a field.
 */
#include "boot/config.h"

#include <string.h>

#include "boot/demand.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/printk.h"

#define MIB (1024ull * 1024)
#define LINE_MAX 4096

enum kind { SIZE, COUNT, TEXT, CPU, NAMES, TRACE, IMAGE, CD, DISK, EXACT, PASSES, ORDER, ON_OFF };

static const struct key {
	const char *name;
	enum kind kind;
	size_t offset;		/* of the field in struct boot_config */
	u64 min, max;		/* SIZE: bytes; COUNT; texts: max = room, with the final 0 */
} keys[] = {
#define FIELD(f) offsetof(struct boot_config, f)
#define ROOM(f) sizeof(((struct boot_config *)0)->f)
	{ "memory", SIZE, FIELD(memory), MIB, DEMAND_RAM_MAX },
	{ "cpus", COUNT, FIELD(cpus), 1, BOOT_CORES_MAX },
	{ "cpu", CPU, FIELD(cpu), 0, ROOM(cpu) },
	{ "firmware", IMAGE, FIELD(firmware), 0, 0 },
	{ "kernel", IMAGE, FIELD(kernel), 0, 0 },
	{ "initrd", IMAGE, FIELD(initrd), 0, 0 },
	{ "cmdline", TEXT, FIELD(cmdline), 0, ROOM(cmdline) },
	{ "disk0", DISK, FIELD(disk[0]), 0, 0 },
	{ "disk1", DISK, FIELD(disk[1]), 0, 0 },
	{ "disk2", DISK, FIELD(disk[2]), 0, 0 },
	{ "disk3", DISK, FIELD(disk[3]), 0, 0 },
	{ "cdrom", CD, FIELD(cdrom), 0, 0 },
	{ "console", NAMES, FIELD(console), 0, ROOM(console) },
	{ "trace", TRACE, FIELD(trace), 0, ROOM(trace) },
	{ "code_cache", SIZE, FIELD(code_cache), MIB, 96 * MIB },
	{ "x87", EXACT, 0, 0, 0 },
	{ "selftest", NAMES, FIELD(selftest), 0, ROOM(selftest) },
	{ "passes", PASSES, FIELD(passes_off), 0, 0 },
	{ "verify", ON_OFF, FIELD(verify), 0, 0 },
	{ "ordered", ON_OFF, FIELD(ordered), 0, 0 },
	{ "memory_order", ORDER, FIELD(relaxed), 0, 0 },
	{ "rng", ON_OFF, FIELD(rng), 0, 0 },
	{ "heartbeat", ON_OFF, FIELD(heartbeat), 0, 0 },
};
_Static_assert(ARRAY_LEN(keys) <= 32, "a bit for each key seen");

/* A piece of the input. */
struct span {
	const char *at;
	size_t size;
};

static void append(struct config_error *err, const char *text, size_t size)
{
	size_t used = strlen(err->reason), room = sizeof(err->reason) - 1 - used;

	if (size > room)
		size = room;
	memcpy(err->reason + used, text, size);
	err->reason[used + size] = 0;
}

/*
 * The reason is what it begins with already (assign: the key), `what`, and the offending text in
 * quotes if there is any. Returns -code.
 */
static int fail(struct config_error *err, enum err code, const char *what, struct span s)
{
	append(err, what, strlen(what));
	if (s.size) {
		append(err, " '", 2);
		append(err, s.at, s.size > 48 ? 48 : s.size);
		append(err, s.size > 48 ? "…'" : "'", s.size > 48 ? 4 : 1);
	}
	return -(int)code;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '-' || c == '.';
}

static bool is_control(char c) { return (unsigned char)c < ' ' || c == 0x7f; }

static struct span trim(struct span s)
{
	while (s.size && is_blank(s.at[0]))
		s.at++, s.size--;
	while (s.size && is_blank(s.at[s.size - 1]))
		s.size--;
	return s;
}

static bool equals(struct span s, const char *text)
{
	return strlen(text) == s.size && !memcmp(text, s.at, s.size);
}

/* Cut the part before the first `c` off s; *found tells whether there was one. */
static struct span cut(struct span *s, char c, bool *found)
{
	const char *end = s->size ? memchr(s->at, c, s->size) : NULL;
	struct span first = { s->at, end ? (size_t)(end - s->at) : s->size };

	*found = end != NULL;
	s->at += first.size + *found;
	s->size -= first.size + *found;
	return first;
}

static int set_size(void *field, const struct key *k, struct span v, struct config_error *err)
{
	struct span all = v;
	u64 n = 0, unit;

	for (; v.size && is_digit(v.at[0]) && n < 1000000; v.at++, v.size--)
		n = n * 10 + (u64)(v.at[0] - '0');
	if (v.at == all.at || v.size != 1 || (v.at[0] != 'M' && v.at[0] != 'G'))
		return fail(err, ERR_INVAL, "not a size (a number and M or G):", all);
	unit = v.at[0] == 'M' ? MIB : 1024 * MIB;
	if (n * unit < k->min || n * unit > k->max)
		return fail(err, ERR_RANGE, "size out of range:", all);
	memcpy(field, &(u64){ n * unit }, sizeof(u64));
	return 0;
}

static int set_count(void *field, const struct key *k, struct span v, struct config_error *err)
{
	struct span all = v;
	u32 n = 0;

	for (; v.size && is_digit(v.at[0]); v.at++, v.size--)
		n = n < 1000000 ? n * 10 + (u32)(v.at[0] - '0') : n;
	if (v.size)
		return fail(err, ERR_INVAL, "not a number:", all);
	if (n < k->min || n > k->max)
		return fail(err, ERR_RANGE, "number out of range:", all);
	memcpy(field, &n, sizeof(n));
	return 0;
}

static int set_text(void *field, u64 room, struct span v, struct config_error *err)
{
	if (v.size >= room)
		return fail(err, ERR_NOSPC, "value too long:", v);
	memcpy(field, v.at, v.size);
	((char *)field)[v.size] = 0;
	return 0;
}

static int check_names(struct span v, struct config_error *err)
{
	bool more = true;

	while (more) {
		struct span name = cut(&v, ',', &more);

		if (!name.size)
			return fail(err, ERR_INVAL, "empty name in the list", name);
		for (size_t k = 0; k < name.size; k++)
			if (!is_word(name.at[k]))
				return fail(err, ERR_INVAL, "not a name:", name);
	}
	return 0;
}

/* model[,±feature]… */
static int check_cpu(struct span v, struct config_error *err)
{
	bool more;
	struct span rest = v, name = cut(&rest, ',', &more);
	int rc = check_names(name, err);

	while (!rc && more) {
		name = cut(&rest, ',', &more);
		if (!name.size)
			return fail(err, ERR_INVAL, "no feature after the comma", name);
		if (name.size < 2 || (name.at[0] != '+' && name.at[0] != '-'))
			return fail(err, ERR_INVAL, "a feature needs + or - before it:", name);
		name.at++, name.size--;
		rc = check_names(name, err);
	}
	return rc;
}

static int check_trace(struct span v, struct config_error *err)
{
	static const char *const known[] = {
#define X(upper, lower) #lower,
		TRACE_BITS(X)
#undef X
	};
	bool more = true;

	while (more) {
		struct span name = cut(&v, ',', &more);
		unsigned k = 0;

		while (k < ARRAY_LEN(known) && !equals(name, known[k]))
			k++;
		if (k == ARRAY_LEN(known))
			return fail(err, ERR_INVAL, name.size ? "unknown trace name" :
				    "empty name in the list", name);
	}
	return 0;
}

static const char *const pass_key[] = {
#define PASS(function, key) #key,
#include "dbt/opt/passes.def"
#undef PASS
};

/* +pass or -pass, on the set of passes that are left out. */
static int change_pass(u32 *off, struct span change, struct config_error *err)
{
	struct span name = { change.at + 1, change.size - 1 };
	unsigned n = 0;

	if (!change.size)
		return fail(err, ERR_INVAL, "no pass after the comma", change);
	if (change.at[0] != '+' && change.at[0] != '-')
		return fail(err, ERR_INVAL, "a pass needs + or - before it:", change);
	while (n < ARRAY_LEN(pass_key) && !equals(name, pass_key[n]))
		n++;
	if (n == ARRAY_LEN(pass_key))
		return fail(err, ERR_INVAL, "unknown pass", change);
	*off = change.at[0] == '-' ? *off | BIT(n) : *off & ~BIT(n);
	return 0;
}

/* all or none, then [,±pass]… */
static int set_passes(void *field, struct span v, struct config_error *err)
{
	bool more;
	struct span first = cut(&v, ',', &more);
	u32 off = equals(first, "all") ? 0 : BIT(ARRAY_LEN(pass_key)) - 1;
	int rc = 0;

	if (off && !equals(first, "none"))
		return fail(err, ERR_INVAL, "must begin with all or none, not", first);
	while (!rc && more)
		rc = change_pass(&off, cut(&v, ',', &more), err);
	memcpy(field, &off, sizeof(off));
	return rc;
}

static int set_on_off(void *field, struct span v, struct config_error *err)
{
	bool on = equals(v, "on");

	if (!on && !equals(v, "off"))
		return fail(err, ERR_INVAL, "must be on or off, not", v);
	memcpy(field, &on, sizeof(on));
	return 0;
}

static int set_order(void *field, struct span v, struct config_error *err)
{
	bool relaxed = equals(v, "relaxed");

	if (!relaxed && !equals(v, "strict"))
		return fail(err, ERR_INVAL, "must be strict or relaxed, not", v);
	memcpy(field, &relaxed, sizeof(relaxed));
	return 0;
}

/* Cut a number of at most three digits, the first not 0 but alone, off s. */
static bool cut_number(struct span *s)
{
	size_t n = 0;

	while (n < s->size && is_digit(s->at[n]))
		n++;
	if (!n || n > 3 || (n > 1 && s->at[0] == '0'))
		return false;
	s->at += n, s->size -= n;
	return true;
}

/* Is it a host disk's name, nvme0, or a partition's, nvme0p2? A file of that name is /nvme0. */
static bool is_device(struct span s)
{
	static const char *const kinds[] = { "nvme", "sata", "virtio" };

	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		size_t n = strlen(kinds[k]);
		struct span rest = { s.at + n, s.size - n };

		if (s.size <= n || memcmp(s.at, kinds[k], n) || !cut_number(&rest))
			continue;
		if (rest.size > 1 && rest.at[0] == 'p' && rest.at[1] != '0') {
			rest.at++, rest.size--;
			return cut_number(&rest) && !rest.size;
		}
		return !rest.size;
	}
	return false;
}

/* One option after the name. Returns false if it is unknown, or of no use there. */
static bool set_option(struct boot_file *f, enum kind kind, struct span o)
{
	if (kind == DISK && equals(o, "ro"))
		f->readonly = true;
	else if (kind != IMAGE && !f->device && equals(o, "ram"))
		f->ram = true;
	else if (kind == DISK && f->device && equals(o, "force"))
		f->force = true;
	else if (kind == DISK && equals(o, "ide"))
		f->attach = BOOT_IDE;
	else if (kind == DISK && equals(o, "virtio"))
		f->attach = BOOT_VIRTIO;
	else if (kind == DISK && equals(o, "ahci"))
		f->attach = BOOT_AHCI;
	else
		return false;
	return true;
}

static int set_file(struct boot_file *f, enum kind kind, struct span v, struct config_error *err)
{
	bool more;
	struct span name = cut(&v, ',', &more);

	if (!name.size)
		return fail(err, ERR_INVAL, "no file name", name);
	memset(f, 0, sizeof(*f));
	f->readonly = kind != DISK;
	f->device = kind != IMAGE && is_device(name);
	while (more) {
		struct span option = cut(&v, ',', &more);

		if (!set_option(f, kind, option))
			return fail(err, ERR_INVAL, "unknown option after the file name:", option);
	}
	return set_text(f->name, sizeof(f->name), name, err);
}

static int set_value(struct boot_config *c, const struct key *k, struct span v,
		     struct config_error *err)
{
	void *field = (char *)c + k->offset;
	int rc = 0;

	if (!v.size && k->kind != TEXT)
		return fail(err, ERR_INVAL, "no value", v);
	switch (k->kind) {
	case SIZE:
		return set_size(field, k, v, err);
	case COUNT:
		return set_count(field, k, v, err);
	case IMAGE:
	case CD:
	case DISK:
		return set_file(field, k->kind, v, err);
	case EXACT:
		if (!equals(v, "exact"))
			return fail(err, ERR_INVAL, "only exact is possible, not", v);
		return 0;
	case PASSES:
		return set_passes(field, v, err);
	case ORDER:
		return set_order(field, v, err);
	case ON_OFF:
		return set_on_off(field, v, err);
	case CPU:
		rc = check_cpu(v, err);
		break;
	case NAMES:
		rc = check_names(v, err);
		break;
	case TRACE:
		rc = check_trace(v, err);
		break;
	case TEXT:
		break;
	}
	return rc ? rc : set_text(field, k->max, v, err);
}

static const struct key *find_key(struct span name)
{
	for (unsigned k = 0; k < ARRAY_LEN(keys); k++)
		if (equals(name, keys[k].name))
			return &keys[k];
	return NULL;
}

/* The line without its comment: `#` at the start or after a blank. A cmdline may hold one. */
static struct span without_comment(struct span line)
{
	bool found;
	struct span rest = line, name = trim(cut(&rest, '=', &found));

	if (found && equals(name, "cmdline"))
		return line;
	for (size_t n = 0; n < line.size; n++)
		if (line.at[n] == '#' && (!n || is_blank(line.at[n - 1])))
			line.size = n;
	return trim(line);
}

/* The text without the byte order mark (UTF-8) that some editors put before it. */
static struct span without_mark(const char *text, size_t size)
{
	bool mark = size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3);

	return (struct span){ text + (mark ? 3 : 0), size - (mark ? 3 : 0) };
}

/* One assignment; *seen has a bit for each key that was given before. */
static int assign(struct boot_config *c, struct span line, u32 *seen, struct config_error *err)
{
	bool found;
	struct span value = line, name = trim(cut(&value, '=', &found));
	const struct key *k;
	int rc;

	for (size_t n = 0; n < line.size; n++)
		if (is_control(line.at[n]) && line.at[n] != '\t')
			return fail(err, ERR_INVAL, "control character in the line",
				    (struct span){ 0 });
	if (!found)
		return fail(err, ERR_INVAL, "missing = after", name);
	k = find_key(name);
	if (!k)
		return fail(err, ERR_INVAL, name.size ? "unknown key" : "no key before =", name);
	if (*seen & BIT(k - keys))
		return fail(err, ERR_INVAL, "key given twice:", name);
	*seen |= BIT(k - keys);
	append(err, k->name, strlen(k->name));
	append(err, ": ", 2);
	rc = set_value(c, k, trim(value), err);
	if (!rc)
		err->reason[0] = 0;
	return rc;
}

void config_init(struct boot_config *c)
{
	memset(c, 0, sizeof(*c));
	c->memory = 256 * MIB;
	strcpy(c->cpu, "loam");
	strcpy(c->console, "com1");
}

static void error_at(struct config_error *err, const char *file, unsigned line)
{
	size_t size = strlen(file);

	memset(err, 0, sizeof(*err));
	if (size >= sizeof(err->file))
		size = sizeof(err->file) - 1;
	memcpy(err->file, file, size);
	err->line = line;
}

int config_parse(struct boot_config *c, const char *file, const char *text, size_t size,
		 struct config_error *err)
{
	struct span rest = without_mark(text, size);
	u32 seen = 0;

	for (unsigned number = 1; rest.size; number++) {
		bool ended;
		struct span line = cut(&rest, '\n', &ended);
		int rc;

		error_at(err, file, number);
		if (line.size && line.at[line.size - 1] == '\r')
			line.size--;
		line = trim(line);
		if (line.size > LINE_MAX)
			return fail(err, ERR_NOSPC, "line too long", (struct span){ 0 });
		line = without_comment(line);
		if (!line.size)
			continue;
		rc = assign(c, line, &seen, err);
		if (rc)
			return rc;
	}
	return 0;
}

int config_apply(struct boot_config *c, const char *assignment, struct config_error *err)
{
	u32 seen = 0;

	error_at(err, "load options", 0);
	return assign(c, (struct span){ assignment, strlen(assignment) }, &seen, err);
}

/* Copy the next assignment at *s to `to` without its quotes. Returns its length, or -ERR_x. */
static int next_option(const char **s, char *to, size_t room, struct config_error *err)
{
	bool quoted = false;
	size_t n = 0;

	while (is_blank(**s))
		++*s;
	for (; **s && (quoted || !is_blank(**s)); ++*s) {
		if (**s == '"') {
			quoted = !quoted;
			continue;
		}
		if (n + 1 >= room)
			return fail(err, ERR_NOSPC, "option too long", (struct span){ 0 });
		to[n++] = **s;
	}
	if (quoted)
		return fail(err, ERR_INVAL, "missing \" after", (struct span){ to, n });
	to[n] = 0;
	return (int)n;
}

int config_apply_all(struct boot_config *c, const char *options, struct config_error *err)
{
	char one[BOOT_CMDLINE_MAX + 64];
	int rc;

	error_at(err, "load options", 0);
	while ((rc = next_option(&options, one, sizeof(one), err)) > 0) {
		rc = config_apply(c, one, err);
		if (rc)
			return rc;
	}
	return rc;
}

struct boot_file *config_file(struct boot_config *c, unsigned k, const char **key)
{
	for (unsigned n = 0; n < ARRAY_LEN(keys); n++) {
		if (keys[n].kind != IMAGE && keys[n].kind != CD && keys[n].kind != DISK)
			continue;
		if (k-- > 0)
			continue;
		*key = keys[n].name;
		return (struct boot_file *)((char *)c + keys[n].offset);
	}
	return NULL;
}

unsigned config_line_of(const char *text, size_t size, const char *key)
{
	struct span rest = without_mark(text, size);

	for (unsigned number = 1; rest.size; number++) {
		bool found;
		struct span line = cut(&rest, '\n', &found);

		if (equals(trim(cut(&line, '=', &found)), key) && found)
			return number;
	}
	return 0;
}

int config_complete(const struct config_source *s, struct config_error *err)
{
	unsigned lines = 0;

	for (u64 k = 0; k < s->size; k++)
		lines += s->text[k] == '\n';
	if (!lines || s->text[s->size - 1] == '\n')
		return 0;
	error_at(err, s->name, lines + 1);
	return fail(err, ERR_INVAL, "the last line has no end: the file is truncated",
		    (struct span){ 0 });
}

void config_where(const struct config_source *s, const char *key, struct config_error *err)
{
	const char *options = s->options;
	char one[BOOT_CMDLINE_MAX + 64];
	bool found;

	while (next_option(&options, one, sizeof(one), err) > 0) {
		struct span rest = { one, strlen(one) };

		if (equals(trim(cut(&rest, '=', &found)), key)) {
			error_at(err, "load options", 0);
			return;
		}
	}
	error_at(err, s->name, config_line_of(s->text, s->size, key));
}
