/* SPDX-License-Identifier: BSD-2-Clause */
/* The generator's parts against FIPS 180-4's and RFC 8439's examples, and what it gives. */
#include "drivers/host/random.h"

#include <string.h>

#include "qemu-test/unit/check.h"
#include "qemu-test/unit/native.h"

static void expect_digest(const char *text, unsigned times, const char *want)
{
	static u8 data[1000];
	u32 n = (u32)strlen(text);
	char hex[65];
	u8 d[32];

	for (unsigned k = 0; k < times; k++)
		memcpy(data + k * n, text, n);
	random_sha256(data, n * times, d);
	for (unsigned k = 0; k < 32; k++)
		snprintf(hex + 2 * k, 3, "%02x", d[k]);
	CHECK(!strcmp(hex, want), text);
}

static void test_parts(void)
{
	static const u8 begin[] = { 0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15 };
	static const u8 last[] = { 0xa2, 0x50, 0x3c, 0x4e };	/* the last word */
	u8 key[32], nonce[12] = { 0, 0, 0, 9, 0, 0, 0, 0x4a }, block[64];

	expect_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_digest("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	for (u8 k = 0; k < 32; k++)
		key[k] = k;
	random_chacha20(key, 1, nonce, block);
	CHECK(!memcmp(block, begin, sizeof(begin)), "the block's begin");
	for (unsigned k = 0; k < 4; k++)
		CHECK_EQ(block[63 - k], last[3 - k], "and its end");
}

/* Nothing repeats, nothing stays, and half of the bits are ones. */
static void test_answers(void)
{
	static u8 a[5000], b[5000];
	struct entropy e = random_end();
	unsigned ones = 0, same = 0;

	random_init("seed", 4);
	e.fill(e.opaque, a, sizeof(a));
	e.fill(e.opaque, b, sizeof(b));
	for (unsigned k = 0; k < sizeof(a); k++) {
		ones += (unsigned)__builtin_popcount(a[k]);
		same += a[k] == b[k];
	}
	CHECK(ones > 19500 && ones < 20500, "ones");
	CHECK(same > 5 && same < 50, "answers differ");
	CHECK(memcmp(a, a + 1024, 1024), "and their parts");
	memset(a, 0, 16);
	e.fill(e.opaque, a, 7);
	CHECK(!a[7] && !a[8], "no byte more than asked for");
	random_init("seed", 4);
	e.fill(e.opaque, b, 64);
	random_init("sees", 4);
	e.fill(e.opaque, a, 64);
	CHECK(memcmp(a, b, 64), "another seed, other numbers");
}

int main(void)
{
	fake_time_reset(1);
	test_parts();
	test_answers();
	return check_done();
}
