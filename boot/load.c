/* SPDX-License-Identifier: BSD-2-Clause */
/* See load.h. */
#include "boot/load.h"

#include <string.h>

#include "boot/message.h"
#include "boot/progress.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

enum { TEXT_MAX = 64 * 1024, CHUNK = 256 * 1024 };

static char config_text[TEXT_MAX];

static int fail_config(struct config_error *err, const char *reason, const char *where)
{
	struct message m;

	memset(err, 0, sizeof(*err));
	strcpy(err->file, LOAD_CONFIG);
	message_init(&m, err->reason, sizeof(err->reason));
	message_add(&m, reason);
	message_add(&m, where);
	return -ERR_INVAL;
}

static int read_config(const struct load_source *s, u64 *size, struct config_error *err)
{
	int rc = s->open(LOAD_CONFIG, size);

	if (rc)
		return fail_config(err, rc == -ERR_NOENT ? "file not found" : "cannot be opened",
				   s->where);
	if (*size > TEXT_MAX)
		rc = fail_config(err, "file too large, at most 64 KiB", "");
	else if (*size == 0)
		rc = fail_config(err, "the file is empty (0 bytes)", "");
	else if (s->read(config_text, *size))
		rc = fail_config(err, "truncated: it has fewer bytes than its folder says", "");
	s->close();
	return rc;
}

/* Read the open file in pieces, with a progress bar. */
static int read_pieces(const struct load_source *s, const char *name, u64 start, u64 size)
{
	struct progress bar;
	int rc = 0;

	progress_begin(&bar, s->print, name, size);
	for (u64 at = 0, n; at < size && !rc; at += n) {
		n = size - at < CHUNK ? size - at : CHUNK;
		rc = s->read(s->pointer(start + at), n);
		if (!rc)
			progress_at(&bar, at + n);
	}
	progress_end(&bar);
	return rc;
}

/* Claim memory for the open file and read it there. */
static int fill(const struct load_source *s, const struct config_source *t, struct boot_config *c,
		const char *key, struct boot_file *f, u64 size, struct config_error *err)
{
	static struct memory_map now, later;
	u64 start;
	int rc = check_size(t, key, f->name, size, err);

	if (rc)
		return rc;
	s->maps(&now, &later);
	start = memory_place(&now, &later, size, c);
	if (!start || s->claim(start, align_up(size, BOOT_PAGE)))
		return check_fail_size(err, t, key, f->name,
				       "file too large: not enough memory for ", size,
				       " beside what the guest needs");
	if (read_pieces(s, f->name, start, size))
		return check_fail(err, t, key, f->name, "the file could not be read", NULL);
	f->start = start;
	f->size = size;
	return 0;
}

/* "disk0: x.img is kept in memory: why" */
static void tell_kept(const struct load_source *s, const char *key, const char *name,
		      const char *why)
{
	char text[200];
	struct message m;

	message_init(&m, text, sizeof(text));
	message_add(&m, "Loam: ");
	message_add(&m, key);
	message_add(&m, ": ");
	message_add(&m, name);
	message_add(&m, " is kept in memory: ");
	message_add(&m, why);
	message_add(&m, "\n");
	s->print(text);
}

/* Leave the open file where it is, if it is a disk. Returns whether that is done, or not (*rc). */
static bool leave(const struct load_source *s, const struct config_source *t, const char *key,
		  struct boot_file *f, u64 size, int *rc, struct config_error *err)
{
	bool disk = !strncmp(key, "disk", 4) || !strcmp(key, "cdrom");
	const char *why = NULL;

	*rc = 0;
	if (!disk || f->ram || !s->in_place)
		return false;
	*rc = check_size(t, key, f->name, size, err);
	if (*rc)
		return true;
	*rc = s->in_place(f, size, &why);
	if (*rc == -ERR_NOENT) {
		tell_kept(s, key, f->name, why);
		return false;
	}
	if (*rc)
		*rc = check_fail(err, t, key, f->name, why, NULL);
	else
		f->size = size;
	return true;
}

/* Files in place share no clusters (fat.c): those that begin in the same place are one. */
static bool same_place(const struct load_source *s, const struct boot_file *a,
		       const struct boot_file *b)
{
	const struct boot_extent *first = s->pointer(a->extents), *second = s->pointer(b->extents);

	return first->start == second->start && !(a->readonly && b->readonly);
}

/* Is f, which is in place, one of those before it by another name? */
static int check_names(const struct load_source *s, const struct config_source *t,
		       struct boot_config *c, const char *key, const struct boot_file *f,
		       struct config_error *err)
{
	const struct boot_file *other;
	const char *its;

	for (unsigned k = 0; (other = config_file(c, k, &its)) != f; k++)
		if (other->extent_count && same_place(s, other, f))
			return check_fail(err, t, key, f->name, "it is ", its, "'s already", NULL);
	return 0;
}

static int load_file(const struct load_source *s, const struct config_source *t,
		     struct boot_config *c, const char *key, struct boot_file *f,
		     struct config_error *err)
{
	u64 size;
	int rc = s->open(f->name, &size);

	if (rc)
		return check_fail(err, t, key, f->name, rc == -ERR_NOENT ? "file not found" :
				  rc == -ERR_INVAL ? "a folder, not a file" :
				  "the file could not be opened", NULL);
	if (!leave(s, t, key, f, size, &rc, err))
		rc = fill(s, t, c, key, f, size, err);
	s->close();
	if (!rc && f->extent_count)
		rc = check_names(s, t, c, key, f, err);
	if (!rc && f == &c->kernel)
		rc = check_kernel(c, t, s->pointer(f->start), err);
	return rc;
}

int load_all(const struct load_source *s, const char *options, struct boot_config *c,
	     struct config_error *err)
{
	static struct memory_map now, later;
	struct config_source t = { LOAD_CONFIG, config_text, 0, options };
	struct boot_file *f;
	const char *key, *why;
	int rc = read_config(s, &t.size, err);

	config_init(c);
	if (rc || (rc = config_complete(&t, err)) ||
	    (rc = config_parse(c, t.name, t.text, t.size, err)) ||
	    (rc = config_apply_all(c, options, err)) ||
	    (rc = check_config(c, &t, s->cpu_model, err)) ||
	    (rc = check_cpus(c, &t, s->cores, err)))
		return rc;
	s->maps(&now, &later);
	check_default_cpus(c, s->cores, &later);
	rc = check_memory(c, &t, &later, err);
	for (unsigned k = 0; !rc && (f = config_file(c, k, &key)); k++) {
		config_where(&t, key, err);
		f->line = err->line;
		if (f->device && s->device && (why = s->device(f)))
			rc = check_fail(err, &t, key, f->name, why, NULL);
		else if (f->name[0] && !f->device)
			rc = load_file(s, &t, c, key, f, err);
	}
	if (rc || !c->kernel.size)
		return rc;
	rc = check_kernel(c, &t, s->pointer(c->kernel.start), err);	/* now with the initrd */
	return rc ? rc : check_kernel_cpu(c, &t, s->pointer(c->kernel.start), s->cpu_model, err);
}
