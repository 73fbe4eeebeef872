/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/alone.h for natively built tests with one core: it is always alone. Whether whoever asks
 * holds a lock is looked after all the same.
 */
#include "kernel/alone.h"

#include "kernel/lock.h"
#include "kernel/panic.h"

static unsigned begins;

void alone_begin(void)
{
	must(!locks_held());
	begins++;
}

void alone_end(void) { must(begins-- > 0); }
