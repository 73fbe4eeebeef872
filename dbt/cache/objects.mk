# SPDX-License-Identifier: BSD-2-Clause
OBJS_dbt += dbt/cache/codebuf.o dbt/cache/region.o dbt/cache/publish.o dbt/cache/lookup.o \
	dbt/cache/link.o dbt/cache/invalidate.o \
	dbt/cache/context.o dbt/cache/jump_cache.o dbt/cache/owner.o dbt/cache/selfcheck.o \
	dbt/cache/loops.o
