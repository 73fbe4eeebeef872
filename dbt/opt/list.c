/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the passes of passes.def, in its order. */
#include "dbt/opt/opt.h"

static const struct {
	void (*run)(struct opt *o);
	const char *key;
} passes[OPT_COUNT] = {
#define PASS(function, key) { function, #key },
#include "dbt/opt/passes.def"
#undef PASS
};

void opt_run(struct opt *o, u32 off, opt_after *after)
{
	o->maybe_late = true;
	for (unsigned n = 0; n < OPT_COUNT; n++) {
		if (off >> n & 1)
			continue;
		passes[n].run(o);
		if (after)
			after(o->ir, passes[n].key);
	}
}
