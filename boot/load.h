/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads loam.cfg and the files it names, checking all of it. The one sequence of both boot
 * paths, which differ only in where files and memory come from (struct load_source).
 * Invariant: nothing is kept that was not checked, and what is kept is in memory that was claimed.
 */
#ifndef BOOT_LOAD_H
#define BOOT_LOAD_H

#include "boot/check.h"

struct load_source {
	const char *where;	/* ends the message that there is no loam.cfg: " beside loam.efi" */
	/*
	 * Open a file by its name in loam.cfg and tell its bytes. Returns 0, -ERR_NOENT,
			-ERR_IO, or
	 * -ERR_INVAL for what is no file. One is open at a time, until `close`.
	 */
	int (*open)(const char *name, u64 *size);
	/* The open file's next bytes, all `size` of them. Returns 0 or -ERR_IO. */
	int (*read)(void *to, u64 size);
	void (*close)(void);
	/* Memory that can be claimed now, and the map that the kernel would get now. */
	void (*maps)(struct memory_map *now, struct memory_map *later);
	/* Take pages of `now` for good: 0 or -ERR_NOMEM. `size` is whole pages. */
	int (*claim)(u64 start, u64 size);
	/* Host physical memory as a pointer. */
	void *(*pointer)(u64 start);
	/*
	 * Where the open file `f->name` lies on a medium that Loam can drive: fills f->extents.
	 * Returns 0; -ERR_NOENT if it cannot, so that the file must be read; else -ERR_x: it must
	 * not be used. *why tells. NULL where no file has a medium.
	 */
	int (*in_place)(struct boot_file *f, u64 size, const char **why);
	/* What is wrong with a disk of the host, as far as it can be told; NULL: nothing. */
	const char *(*device)(const struct boot_file *f);
	void (*print)(const char *text);
	check_cpu_fn *cpu_model;
	unsigned cores;		/* of the board, at least 1 */
};

#define LOAD_CONFIG "loam.cfg"

/*
 * Fill *c from loam.cfg, then `options` over it, then load every file named. Returns 0, or -ERR_x
 * with *err filled; what was claimed until then stays claimed.
 */
int load_all(const struct load_source *s, const char *options, struct boot_config *c,
	     struct config_error *err);

#endif
