/* SPDX-License-Identifier: BSD-2-Clause */
/* See random.h. Invariant: a key makes one answer, of at most ANSWER bytes, and is gone. */
#include "drivers/host/random.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/timer.h"

enum { KEY = 32, BLOCK = 64, NONCE = 12, ANSWER = 1024, SAMPLES = 1024, SEED_MAX = 64 };

/* -- SHA-256 ------------------------------------------------------------------- */

static const u32 sha_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static u32 ror(u32 x, unsigned n) { return x >> n | x << (32 - n); }
static u32 rol(u32 x, unsigned n) { return ror(x, 32 - n); }

static void sha_schedule(const u8 *p, u32 *w)
{
	for (unsigned k = 0; k < 16; k++)
		w[k] = (u32)p[4 * k] << 24 | p[4 * k + 1] << 16 | p[4 * k + 2] << 8 | p[4 * k + 3];
	for (unsigned k = 16; k < 64; k++) {
		u32 a = w[k - 15], b = w[k - 2];

		w[k] = w[k - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[k - 7] +
		       (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	}
}

static void sha_block(u32 *h, const u8 *p)
{
	u32 w[64], s[8];

	sha_schedule(p, w);
	memcpy(s, h, sizeof(s));
	for (unsigned k = 0; k < 64; k++) {
		u32 e = s[4], a = s[0];
		u32 t = s[7] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) +
			((e & s[5]) ^ (~e & s[6])) + sha_k[k] + w[k];
		u32 u = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
			((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += t;
		s[0] = t + u;
	}
	for (unsigned k = 0; k < 8; k++)
		h[k] += s[k];
}

void random_sha256(const void *data, u32 size, u8 *digest)
{
	u32 h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
		     0x1f83d9ab, 0x5be0cd19 };
	u8 last[2 * BLOCK] = { 0 };
	u32 whole = size - size % BLOCK, rest = size % BLOCK, end = rest < 56 ? BLOCK : 2 * BLOCK;

	for (u32 k = 0; k < whole; k += BLOCK)
		sha_block(h, (const u8 *)data + k);
	if (rest)
		memcpy(last, (const u8 *)data + whole, rest);
	last[rest] = 0x80;
	for (unsigned k = 0; k < 8; k++)
		last[end - 1 - k] = (u8)((u64)size * 8 >> 8 * k);
	for (u32 k = 0; k < end; k += BLOCK)
		sha_block(h, last + k);
	for (unsigned k = 0; k < 32; k++)
		digest[k] = (u8)(h[k / 4] >> (24 - 8 * (k % 4)));
}

/* -- ChaCha20 ------------------------------------------------------------------ */

static u32 get32(const u8 *p) { return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24; }

static void quarter(u32 *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
	x[a] += x[b], x[d] = rol(x[d] ^ x[a], 16);
	x[c] += x[d], x[b] = rol(x[b] ^ x[c], 12);
	x[a] += x[b], x[d] = rol(x[d] ^ x[a], 8);
	x[c] += x[d], x[b] = rol(x[b] ^ x[c], 7);
}

void random_chacha20(const u8 *key, u32 counter, const u8 *nonce, u8 *block)
{
	u32 from[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, x[16];

	for (unsigned k = 0; k < 8; k++)
		from[4 + k] = get32(key + 4 * k);
	from[12] = counter;
	for (unsigned k = 0; k < 3; k++)
		from[13 + k] = get32(nonce + 4 * k);
	memcpy(x, from, sizeof(x));
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned k = 0; k < 4; k++)
			quarter(x, k, 4 + k, 8 + k, 12 + k);
		for (unsigned k = 0; k < 4; k++)
			quarter(x, k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4);
	}
	for (unsigned k = 0; k < BLOCK; k++)
		block[k] = (u8)((x[k / 4] + from[k / 4]) >> 8 * (k % 4));
}

/* -- The generator --------------------------------------------------------------- */

static struct { struct lock lock; u8 key[KEY]; } generator;

/* One answer: block 0 has the next key, the others are given. */
static void answer(u8 *to, u32 size)
{
	u8 block[BLOCK], nonce[NONCE] = { 0 };
	u8 key[KEY];
	u64 now = clock_ticks();

	memcpy(nonce, &now, sizeof(now));	/* more jitter; the key alone is enough */
	memcpy(key, generator.key, KEY);
	random_chacha20(key, 0, nonce, block);
	memcpy(generator.key, block, KEY);
	for (u32 k = 0, n; k < size; k += n) {
		n = size - k < BLOCK ? size - k : BLOCK;
		random_chacha20(key, 1 + k / BLOCK, nonce, block);
		memcpy(to + k, block, n);
	}
	memset(block, 0, sizeof(block));
	memset(key, 0, sizeof(key));
}

static void fill(void *opaque, void *buf, u32 size)
{
	(void)opaque;
	lock_take(&generator.lock);
	for (u32 k = 0, n; k < size; k += n) {
		n = size - k < ANSWER ? size - k : ANSWER;
		answer((u8 *)buf + k, n);
	}
	lock_drop(&generator.lock);
}

/*
 * How long hashing takes, again and again: the counter's low bits, as caches, refresh and the
 * firmware's leftovers make them.
 */
void random_init(const void *seed, u32 size)
{
	struct { u8 seed[SEED_MAX], digest[KEY]; u16 sample[SAMPLES]; } pool = { 0 };

	memcpy(pool.seed, seed, size < SEED_MAX ? size : SEED_MAX);
	for (unsigned k = 0; k < SAMPLES; k++) {
		u64 before = clock_ticks();

		random_sha256(&pool, sizeof(pool.seed) + KEY + k % 64, pool.digest);
		pool.sample[k] = (u16)(clock_ticks() ^ before << 5);
	}
	lock_take(&generator.lock);
	random_sha256(&pool, sizeof(pool), generator.key);
	lock_drop(&generator.lock);
	memset(&pool, 0, sizeof(pool));
}

struct entropy random_end(void) { return (struct entropy){ .opaque = NULL, .fill = fill }; }
