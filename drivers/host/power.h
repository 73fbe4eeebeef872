/* SPDX-License-Identifier: BSD-2-Clause */
/* Switching the host off. */
#ifndef DRIVERS_HOST_POWER_H
#define DRIVERS_HOST_POWER_H

/*
 * Off, and never back. The host cannot pass `status` on to whoever started it: it is printed
 * by the caller, if at all.
 */
__attribute__((noreturn)) void power_off(int status);

#endif
