/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the native stand-ins of kernel/ and mm/ let a test see and steer. Product
 * code never includes this.
 */
#ifndef UNIT_NATIVE_H
#define UNIT_NATIVE_H

#include "kernel/lib/types.h"

extern bool native_quiet;		/* drop what printk prints (default: true) */
extern unsigned native_printks;		/* printk calls so far */
extern char native_last[256];		/* the last text printed */

/* fake_time.c: the clock stands still until a test moves it. */
void fake_time_reset(u64 ns);
void fake_advance(u64 ns);		/* run each timer at its own time on the way */
void fake_jump(u64 ns);			/* move the clock only; timers run late, by timer_run() */
u64 fake_next(void);			/* earliest deadline, or ~0 */

/* fake_gpa.c: 2 MiB of guest RAM at 0 and a record of what the chipset asked for. */
#define FAKE_RAM_SIZE (2u << 20)
extern u8 fake_ram[FAKE_RAM_SIZE];
extern u64 fake_hole;		/* a page that is no RAM for gpa_dma(); 0: none */
extern u64 fake_dma_writes;	/* bytes that gpa_dma_written() was told of */
extern u8 fake_pam[16];			/* by 16 KiB from 0xc0000 */
extern bool fake_a20;

#endif
