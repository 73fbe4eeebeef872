/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers for guests: a key, hashed by SHA-256 (FIPS 180-4) from what the firmware gave and
 * from the jitter of the host's counter, and ChaCha20 (RFC 8439) with fast key erasure: each answer
 * replaces the key first, so that nothing of it can be found out afterwards.
 * Not a source of entropy of its own: what nobody at the firmware gives, only jitter supplies, and
 * an emulator that counts instructions has none.
 */
#ifndef DRIVERS_HOST_RANDOM_H
#define DRIVERS_HOST_RANDOM_H

#include "drivers/ends.h"

/* Seed the generator, with `size` bytes of the firmware's (0: it has none). Once. */
void random_init(const void *seed, u32 size);

/* The end. Before random_init its numbers are no secret. */
struct entropy random_end(void);

/* For tests: a digest of 32 bytes, and block `counter` of a key of 32 and a nonce of 12 bytes. */
void random_sha256(const void *data, u32 size, u8 *digest);
void random_chacha20(const u8 *key, u32 counter, const u8 *nonce, u8 *block);

#endif
