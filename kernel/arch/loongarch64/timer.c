/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The constant timer (7.6) and the stable counter (2.2.10.4). One shot only. TVAL is never read:
 * it is garbage once the timer has fired.
 */
#include "kernel/timer.h"

#include "kernel/arch.h"
#include "kernel/arch/loongarch64/csr.h"

#define TICKS_MAX 0xffffffffull	/* well below the timer's 48 bits; then it is armed again */

u64 clock_ticks(void)
{
	u64 v;

	__asm__ volatile("rdtime.d %0, $zero" : "=r"(v));
	return v;
}

/* CPUCFG word 4: crystal frequency in Hz; word 5: multiplier 15:0, divisor 31:16 (2.2.10.5). */
u64 clock_hz(void)
{
	static u64 hz;

	if (!hz) {
		u32 scale = cpucfg(5);

		hz = (u64)cpucfg(4) * (scale & 0xffff) / (scale >> 16);
	}
	return hz;
}

/* CPUCFG tells. */
void arch_clock_set(u64 core_hz) { (void)core_hz; }

void arch_timer_arm(u64 ticks)
{
	if (ticks < 4)
		ticks = 4;	/* InitVal has bits 47:2 */
	if (ticks > TICKS_MAX)
		ticks = TICKS_MAX;
	csr_write(CSR_TCFG, (ticks & ~3ull) | TCFG_EN);
}

void arch_timer_stop(void) { csr_write(CSR_TCFG, 0); }
