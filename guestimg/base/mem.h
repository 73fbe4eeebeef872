/* SPDX-License-Identifier: BSD-2-Clause */
/* What the compiler may call; as in the C library. */
#ifndef GUESTIMG_BASE_MEM_H
#define GUESTIMG_BASE_MEM_H

void *memcpy(void *to, const void *from, unsigned long n);
void *memset(void *to, int v, unsigned long n);
int memcmp(const void *a, const void *b, unsigned long n);

#endif
