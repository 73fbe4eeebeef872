/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses loam.cfg: lines `key = value`; `#` at the start of a line or after a blank begins a
 * comment, but for cmdline. Shared by both boot paths and by unit tests: pure C, no library but
 * string.h. Reads no file itself: it leaves the names of the files in boot_file.name, and the boot
 * path fills in their contents. The keys are listed in docs/boot.md.
 */
#ifndef BOOT_CONFIG_H
#define BOOT_CONFIG_H

#include "boot/boot_info.h"
#include "kernel/lib/types.h"

struct config_error {
	char file[64];
	unsigned line;		/* from 1; 0: not from a file (an override) */
	char reason[160];
};

/* The texts that a configuration came from, to tell where a key was set. */
struct config_source {
	const char *name;	/* of the file */
	const char *text;
	u64 size;
	const char *options;	/* as config_apply_all takes them */
};

/* Defaults for every key. */
void config_init(struct boot_config *c);

/*
 * Set c (after config_init) from `size` bytes of text; `file` is for messages. Returns 0, or
 * -ERR_INVAL, -ERR_RANGE or -ERR_NOSPC with *err filled; c is then unfinished.
 */
int config_parse(struct boot_config *c, const char *file, const char *text, size_t size,
		 struct config_error *err);

/* Set one key from "key=value", over what the file said. Errors as config_parse, line 0. */
int config_apply(struct boot_config *c, const char *assignment, struct config_error *err);

/*
 * Load options (firmware) or -append (direct boot): assignments separated by blanks; a value with
 * blanks stands in double quotes: memory=64M cmdline="console=ttyS0 quiet". Errors as config_apply.
 */
int config_apply_all(struct boot_config *c, const char *options, struct config_error *err);

/* The k-th image slot (from 0), its key in *key; NULL after the last. Unused ones have no name. */
struct boot_file *config_file(struct boot_config *c, unsigned k, const char **key);

/*
 * Was the text cut off? A file of several lines must end in a newline; a single line may do without
 * one. Returns 0, or -ERR_INVAL with *err filled.
 */
int config_complete(const struct config_source *s, struct config_error *err);

/*
 * Say in err->file and err->line where `key` was set last: load options, or a line of the
 * file; line 0 if nowhere. err->reason becomes empty.
 */
void config_where(const struct config_source *s, const char *key, struct config_error *err);

/* The line that sets `key` in text, from 1; 0 if none does. For messages about files not found. */
unsigned config_line_of(const char *text, size_t size, const char *key);

#endif
