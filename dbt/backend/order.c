/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Barriers of ordered blocks: what makes the guest's accesses come in x86's order, total store
 * order (SDM vol. 3, 9.2.2; docs/memory-order.md). Two rules: loads come before all that is behind
 * them, stores before later stores; only a load may pass an earlier store. A barrier is put before
 * the access that must not be early, not behind the one that must not be late: so that one does
 * for several, and a store between two loads has one before it. Between blocks: all loads are
 * ordered, stores may not be. Not here: what helpers in C do. And serialising instructions: what
 * another CPU has stored before they came is fetched behind them (SDM vol. 3, 9.1.3, 9.3).
 *
 * In relaxed blocks stack slots have no barrier before them, and are all the same to the next load.
 * But what is stored elsewhere comes behind them: a thread's stack is handed on by such a store.
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"
#include "dbt/ir/helpers.h"

/* Beside enum order_of: loads of slots that only stores elsewhere must be behind. */
enum { SLOT_LOADS = 4 };

static void order(struct emit *e, unsigned before, unsigned behind)
{
	host_order(e, before, behind);
	e->unordered &= (u8)~(before | (before & ORDER_LOADS ? SLOT_LOADS : 0));
}

void order_begin(struct emit *e) { e->unordered = ORDER_STORES | (e->relaxed ? SLOT_LOADS : 0); }

static bool is_free(const struct emit *e, unsigned intent)
{
	return e->relaxed && (intent & INTENT_SLOT);
}

void order_load(struct emit *e, unsigned intent)
{
	if (!e->ordered)
		return;
	if (is_free(e, intent)) {
		e->unordered |= SLOT_LOADS;
		return;
	}
	if (e->unordered & ORDER_LOADS)
		order(e, ORDER_LOADS, ORDER_ALL);
	e->unordered |= ORDER_LOADS;
}

/* Also before a store that is none of order_store's. */
static void order_before_store(struct emit *e)
{
	unsigned before = e->unordered & ORDER_ALL;

	if (e->unordered & SLOT_LOADS)
		before |= ORDER_LOADS;
	if (before)
		order(e, before, e->unordered & ORDER_LOADS ? ORDER_ALL : ORDER_STORES);
}

void order_store(struct emit *e, unsigned intent)
{
	if (!e->ordered)
		return;
	if (!is_free(e, intent))
		order_before_store(e);
	e->unordered |= ORDER_STORES;
}

void order_leave(struct emit *e)
{
	if (e->ordered && (e->unordered & ORDER_LOADS))
		order(e, ORDER_LOADS, ORDER_ALL);
}

void order_called(struct emit *e) { e->unordered = ORDER_ALL | (e->relaxed ? SLOT_LOADS : 0); }

void order_fence(struct emit *e)
{
	if (e->ordered)
		order(e, ORDER_ALL, ORDER_ALL);
}

void order_fetches(struct emit *e)
{
	if (!e->ordered)
		return;
	order_fence(e);
	host_order_fetches(e);
}

/* Serialising ones; those that end a block are lower_sys's, which takes all for such. */
static bool serialises(unsigned helper)
{
	return helper == HELPER_cpuid || helper == HELPER_load_cr3 || helper == HELPER_forget_page;
}

/* REP MOVS and REP STOS, which only among themselves may be in any order (SDM vol. 3, 9.2.4.2). */
static bool stores(unsigned helper)
{
	return helper - HELPER_movs_up1 <= HELPER_stos_down8 - HELPER_movs_up1;
}

void order_call(struct emit *e, unsigned helper)
{
	if (serialises(helper))
		order_fetches(e);
	else if (e->ordered && stores(helper))
		order_before_store(e);
	else
		order_leave(e);
}

void order_done(struct emit *e) { e->unordered = 0; }
