/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be wrong with a configuration and with the files it names, told before the kernel runs.
 * Shared by both boot paths and natively tested: pure, reads no file, prints nothing.
 * All return 0, or -ERR_x with *err filled: one message with file, line and reason.
 */
#ifndef BOOT_CHECK_H
#define BOOT_CHECK_H

#include "boot/config.h"
#include "boot/memory.h"

/* What of a CPU model a configuration must suit. */
struct check_cpu {
	u64 reach;		/* bytes of physical addresses */
	bool long_mode;
};

/*
 * Checks a CPU model's text. Returns 0 with *out filled, or -ERR_x with a reason of up to 95 bytes
 * in `reason`.
 */
typedef int check_cpu_fn(const char *text, char *reason, struct check_cpu *out);

/* "key = value: a b c", at the line that set the key. The reason's parts end with a NULL. */
int check_fail(struct config_error *err, const struct config_source *s, const char *key,
	       const char *value, ...);

/* As check_fail, and "12 MiB" between the first part and the rest. */
int check_fail_size(struct config_error *err, const struct config_source *s, const char *key,
		    const char *value, const char *before, u64 bytes, const char *after);

/* The keys among themselves, and the CPU model. */
int check_config(const struct boot_config *c, const struct config_source *s, check_cpu_fn *cpu,
		 struct config_error *err);

/* As many cores as the guest is to have CPUs? */
int check_cpus(const struct boot_config *c, const struct config_source *s, unsigned cores,
	       struct config_error *err);

/* A file's size in bytes, before it is read. */
int check_size(const struct config_source *s, const char *key, const char *name, u64 size,
	       struct config_error *err);

/*
 * Contents of the guest's kernel (Linux/x86 boot protocol), all of it at `image`; initrd_size
 * and memory of c must suit it.
 */
int check_kernel(const struct boot_config *c, const struct config_source *s, const void *image,
		 struct config_error *err);

/* Can the CPU model, which check_config took, run the kernel, which check_kernel did? */
int check_kernel_cpu(const struct boot_config *c, const struct config_source *s, const void *image,
		     check_cpu_fn *cpu, struct config_error *err);

/* If c does not say how many CPUs the guest gets: one for each core, but no more than fit. */
void check_default_cpus(struct boot_config *c, unsigned cores, const struct memory_map *m);

/* Does it all fit (memory_lacks)? */
int check_memory(const struct boot_config *c, const struct config_source *s,
		 const struct memory_map *m, struct config_error *err);

#endif
