/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x87 row: the loop of row_sse_sd, compiled with -mfpmath=387. Not scaled or tuned apart.
 * Its data, unlike that of the other rows, is set up once only.
 */
#include "guestimg/bench/bench.h"

static double fx[256], fy[256];
static int inited;

__attribute__((noinline)) u32 row_x87(u32 n)
{
	if (!inited) {
		for (int i = 0; i < 256; i++) {
			fx[i] = (double)(i + 1) * 0.03125;
			fy[i] = (double)(256 - i) * 0.015625;
		}
		inited = 1;
	}
	double s = 0;

	for (u32 it = 0; it < n; it++) {
		double k = 1.0 + (double)(int)(it & 15) * 0.0625;

		for (int i = 0; i < 256; i++) {
			double t = fx[i] * k + fy[i];

			s += t * t - 0.5 * fx[i];
			fy[i] = t * 0.25;
		}
		s = s / (1.0 + k);
	}
	long long v = (long long)(s * 1024.0);

	return (u32)v ^ (u32)(v >> 32);
}
