/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One word, the core that is alone; and one for each core, whether it stands still. Why it holds:
 * who goes on says so and then looks at the first word; who asks puts itself there and then looks
 * at what the others say (all sequentially consistent). So either it finds the other one going on,
 * and waits for it, or that one finds it and stands still again.
 */
#include "kernel/alone.h"

#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/work.h"

static u32 owner;		/* its number + 1; 0: nobody */
static u32 begins;		/* the owner's: so often it has begun */
static struct {
	u32 places;		/* that the core stands still in, one within the other */
	u32 signs;		/* of life, there */
} __attribute__((aligned(64))) still[CORES_MAX];

static bool is_owner(const struct cpu *c, u32 who) { return who == c->id + 1; }

static u32 who_is_alone(void) { return __atomic_load_n(&owner, __ATOMIC_SEQ_CST); }

/* Of its own core. */
static void still_add(const struct cpu *c, u32 n)
{
	__atomic_fetch_add(&still[c->id].places, n, __ATOMIC_SEQ_CST);
}

u32 alone_signs(unsigned id) { return __atomic_load_n(&still[id].signs, __ATOMIC_ACQUIRE); }

/* Once round, standing still. */
static void go_round(const struct cpu *c)
{
	__atomic_store_n(&still[c->id].signs, still[c->id].signs + 1, __ATOMIC_RELEASE);
	work_run();
	cpu_pause();
}

static bool stands(const struct cpu *c)
{
	return __atomic_load_n(&still[c->id].places, __ATOMIC_SEQ_CST) ||
	       __atomic_load_n(&c->epoch, __ATOMIC_SEQ_CST) == EPOCH_IDLE;
}

static bool others_stand(const struct cpu *self)
{
	for (unsigned k = 0; k < cores_count(); k++)
		if (cores_at(k) != self && !stands(cores_at(k)))
			return false;
	return true;
}

static void hurry_others(const struct cpu *self)
{
	for (unsigned k = 0; k < cores_count(); k++)
		if (cores_at(k) != self && !stands(cores_at(k)))
			arch_ipi(cores_at(k)->hw_id, IPI_WORK);
}

static void take_turn(const struct cpu *c)
{
	u32 nobody = 0;

	still_add(c, 1);
	while (!__atomic_compare_exchange_n(&owner, &nobody, c->id + 1, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST)) {
		go_round(c);
		nobody = 0;
	}
	hurry_others(c);
}

static void nothing(bool waits) { (void)waits; }
static void (*on_wait)(bool waits) = nothing;

void alone_on_wait(void (*fn)(bool waits))
{
	__atomic_store_n(&on_wait, fn, __ATOMIC_RELAXED);
}

/* Work that is done while it waits may begin, too, before all others stand still. */
static void wait_for_others(const struct cpu *c)
{
	void (*tell)(bool waits) = __atomic_load_n(&on_wait, __ATOMIC_RELAXED);

	while (!others_stand(c)) {
		go_round(c);
		tell(true);
	}
	tell(false);
}

void alone_begin(void)
{
	const struct cpu *c = cpu_self();

	must(!locks_held());
	if (cores_count() < 2)
		return;
	if (!is_owner(c, who_is_alone()))
		take_turn(c);
	begins++;
	if (!others_stand(c))
		wait_for_others(c);
}

void alone_end(void)
{
	const struct cpu *c = cpu_self();

	if (cores_count() < 2)
		return;
	must(is_owner(c, who_is_alone()) && begins);
	if (--begins)
		return;
	still_add(c, -1u);
	__atomic_store_n(&owner, 0, __ATOMIC_SEQ_CST);
}

bool alone_is(void) { return is_owner(cpu_self(), who_is_alone()); }

static bool another_is_alone(const struct cpu *c)
{
	u32 who = who_is_alone();

	return who && !is_owner(c, who);
}

void alone_stand(void)
{
	const struct cpu *c = cpu_self();

	while (another_is_alone(c)) {
		still_add(c, 1);
		while (another_is_alone(c))
			go_round(c);
		still_add(c, -1u);
	}
}
