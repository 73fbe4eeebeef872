/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest for the native fuzz program: 256 KiB of RAM where linear = physical (long mode sees it
 * twice), with rights by page, descriptor tables of random contents, and a CPU in a random mode.
 * The stand-ins for what the translator needs of Loam around it (run loop, glue, guest memory for
 * helpers) are here too.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include "dbt/ir/eval.h"
#include "dbt/exec.h"
#include "guestimg/fuzz/bytes.h"

#define FUZZ_RAM (1u << 18)

extern u8 *fuzz_ram;
extern struct vcpu fuzz_cpu;
extern struct dbt fuzz_dbt;
extern const struct eval_mem fuzz_mem;

/* Once. */
void fuzz_world_init(void);
/* All of it anew; `real`: code to make mistakes in. */
void fuzz_world_make(struct bytes_rng *r, const u8 *real, u32 real_size);
/* A random mode and state of the CPU over the same memory, with EIP somewhere in its code. */
void fuzz_cpu_make(struct bytes_rng *r);
/* Where in the memory a linear address is. */
u64 fuzz_place(u64 a);
/* One line that says which mode. */
void fuzz_cpu_print(void);

#endif
