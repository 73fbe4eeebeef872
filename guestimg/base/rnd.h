/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUESTIMG_BASE_RND_H
#define GUESTIMG_BASE_RND_H

/* Random numbers of 32 bits, the same in every run. */
unsigned rnd(void);

#endif
