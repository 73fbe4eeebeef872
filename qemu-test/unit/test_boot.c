/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native tests of the boot code's memory list, texts, progress bar and CPU features. Expectations
 * come from the headers' descriptions and from the manual's register layouts.
 */
#include "qemu-test/unit/check.h"

#include <stdlib.h>

#include "boot/check.h"
#include "boot/config.h"
#include "boot/demand.h"
#include "boot/loongarch64/features.h"
#include "boot/mips64/cpio.h"
#include "boot/mips64/features.h"
#include "boot/mips64/lefi.h"
#include "kernel/lib/err.h"
#include "boot/memory.h"
#include "boot/message.h"
#include "boot/progress.h"
#include "dbt/cache/context.h"
#include "mm/frame.h"
#include "mm/shadow.h"

#define MIB (1ull << 20)

static void check_entry(const struct memory_map *m, unsigned k, u64 start, u64 size, int kind)
{
	CHECK(k < m->count, "entry is there");
	CHECK_EQ(m->mem[k].start, start, "entry's start");
	CHECK_EQ(m->mem[k].size, size, "entry's size");
	CHECK_EQ(m->mem[k].kind, kind, "entry's kind");
}

static void test_add(void)
{
	struct memory_map m = { 0 };

	memory_add(&m, 0x80000001, MIB, BOOT_MEM_FREE);	/* shrinks to whole pages */
	memory_add(&m, 0x1001, 0x10, BOOT_MEM_RESERVED);	/* grows */
	memory_add(&m, 0x3000, 0xfff, BOOT_MEM_FREE);	/* less than a page */
	CHECK_EQ(m.count, 2, "two entries");
	check_entry(&m, 0, 0x1000, 0x1000, BOOT_MEM_RESERVED);
	check_entry(&m, 1, 0x80001000, MIB - 0x1000, BOOT_MEM_FREE);

	m.count = 0;
	memory_add(&m, 0x5000, 0x1000, BOOT_MEM_FREE);
	memory_add(&m, 0x7000, 0x1000, BOOT_MEM_FREE);
	memory_add(&m, 0x6000, 0x1000, BOOT_MEM_FREE);
	memory_add(&m, 0x8000, 0x1000, BOOT_MEM_ACPI);
	memory_add(&m, 0x4000, 0x1000, BOOT_MEM_FREE);
	CHECK_EQ(m.count, 2, "neighbours of a kind are one");
	check_entry(&m, 0, 0x4000, 0x4000, BOOT_MEM_FREE);
	check_entry(&m, 1, 0x8000, 0x1000, BOOT_MEM_ACPI);
}

/* Guest RAM in pieces of 1 GiB where no run is large enough. */
static void test_pieces(void)
{
	struct memory_map m = { 0 };
	struct boot_config c = { .memory = 3072 * MIB };

	memory_add(&m, 64 * MIB, 192 * MIB, BOOT_MEM_FREE);
	for (u64 k = 1; k < 4; k++)
		memory_add(&m, k * 4096 * MIB, 1200 * MIB, BOOT_MEM_FREE);
	CHECK(!memory_lacks(&m, &c), "three pieces");
	c.memory = 3073 * MIB;
	CHECK(!memory_lacks(&m, &c), "and a small one");
	c.memory = 4096 * MIB;
	CHECK(memory_lacks(&m, &c) && !strcmp(memory_lacks(&m, &c), "memory"), "no fourth one");
}

static void test_reserve(void)
{
	struct memory_map m = { 0 };

	memory_add(&m, MIB, 8 * MIB, BOOT_MEM_FREE);
	CHECK(memory_reserve(&m, 2 * MIB, 0, BOOT_MEM_RESERVED), "nothing");
	CHECK(memory_reserve(&m, 0, MIB, BOOT_MEM_RESERVED), "not in the list");
	CHECK(memory_reserve(&m, 8 * MIB, 2 * MIB, BOOT_MEM_RESERVED), "beyond the entry");
	CHECK(!memory_reserve(&m, 4 * MIB, MIB, BOOT_MEM_RESERVED), "in the middle");
	CHECK(memory_reserve(&m, 4 * MIB, 4096, BOOT_MEM_RESERVED), "taken already");
	CHECK_EQ(m.count, 3, "before, taken, after");
	check_entry(&m, 0, MIB, 3 * MIB, BOOT_MEM_FREE);
	check_entry(&m, 1, 4 * MIB, MIB, BOOT_MEM_RESERVED);
	check_entry(&m, 2, 5 * MIB, 4 * MIB, BOOT_MEM_FREE);
	CHECK_EQ(memory_free(&m), 7 * MIB, "free in all");
	CHECK_EQ(memory_largest(&m), 4 * MIB, "largest");
	CHECK(!memory_reserve(&m, 5 * MIB, 4 * MIB, BOOT_MEM_RESERVED), "a whole entry");
	CHECK_EQ(m.count, 2, "merges with what is taken before it");
}

/* More pieces than the table holds: the largest ones stay, in order. */
static void test_full(void)
{
	struct memory_map m = { 0 };
	unsigned last = 2 * BOOT_MEM_MAX;

	for (unsigned k = last; k > 0; k--)
		memory_add(&m, k * MIB, k * 4096, BOOT_MEM_FREE);
	CHECK_EQ(m.count, BOOT_MEM_MAX, "full");
	for (unsigned k = 0; k < BOOT_MEM_MAX; k++)
		check_entry(&m, k, (k + 1 + BOOT_MEM_MAX) * MIB, (k + 1 + BOOT_MEM_MAX) * 4096,
			    BOOT_MEM_FREE);
	memory_add(&m, (last + 1) * MIB, 2 * MIB, BOOT_MEM_RESERVED);
	CHECK_EQ(m.count, BOOT_MEM_MAX, "still full");
	CHECK_EQ(m.mem[0].start, (BOOT_MEM_MAX + 2) * MIB, "the smallest went");
	memory_add(&m, last * MIB + last * 4096, 4096, BOOT_MEM_FREE);
	CHECK_EQ(m.mem[BOOT_MEM_MAX - 2].size, (last + 1) * 4096, "a full table's entry grows");
}

static struct memory_map machine(u64 low, u64 high)
{
	struct memory_map m = { 0 };

	memory_add(&m, 0, 4 * MIB, BOOT_MEM_RESERVED);
	memory_add(&m, 4 * MIB, low - 4 * MIB, BOOT_MEM_FREE);
	if (high)
		memory_add(&m, 2048 * MIB, high, BOOT_MEM_FREE);
	return m;
}

static const char *lacks(u64 low, u64 high, u64 memory, u64 cache)
{
	struct memory_map m = machine(low * MIB, high * MIB);
	struct boot_config c;

	config_init(&c);
	c.memory = memory * MIB;
	c.code_cache = cache * MIB;
	return memory_lacks(&m, &c);
}

static unsigned default_cpus(unsigned cores, u64 asked)
{
	struct memory_map m = machine(256 * MIB, 768 * MIB);
	struct boot_config c;

	config_init(&c);
	c.memory = 64 * MIB;
	if (asked < 17)
		c.cpus = (u32)asked;
	else
		c.memory = asked * MIB;
	check_default_cpus(&c, cores, &m);
	return c.cpus;
}

static void test_fitting_cpus(void)
{
	struct memory_map m = machine(256 * MIB, 768 * MIB);
	unsigned n = default_cpus(16, 740);
	struct boot_config c;
	const char *what;

	CHECK(n > 1 && n < 16, "no more than fit");
	config_init(&c);
	c.memory = 740 * MIB;
	c.cpus = n;
	CHECK(!memory_lacks(&m, &c), "these do");
	c.cpus++;
	CHECK(memory_lacks(&m, &c), "one more does not");
	c.cpus = 16;
	what = memory_lacks(&m, &c);
	CHECK(what && !strcmp(what, "cpus"), "many more do not");
}

static void test_lacks(void)
{
	const char *what;

	CHECK(!lacks(256, 768, 256, 0), "the usual case");
	CHECK(!lacks(256, 768, 744, 0), "nearly all of the high part");
	what = lacks(256, 768, 800, 0);
	CHECK(what && !strcmp(what, "memory"), "two pieces are not one");
	what = lacks(64, 0, 64, 0);
	CHECK(what && !strcmp(what, "memory"), "all there is");
	CHECK(!lacks(256, 0, 128, 64), "one piece for all");
	what = lacks(256, 768, 64, 125);
	CHECK(what && !strcmp(what, "code_cache"), "more than there is below 128 MiB");
	CHECK(!lacks(256, 768, 64, 96), "the largest code cache");
	CHECK_EQ(default_cpus(1, 0), 1, "a CPU for each core");
	CHECK_EQ(default_cpus(4, 0), 4, "… of four");
	CHECK_EQ(default_cpus(40, 0), 16, "… at most 16");
	CHECK_EQ(default_cpus(4, 2), 2, "… but what is asked for");
	test_fitting_cpus();
	what = lacks(256, 0, 160, 80);
	CHECK(what && !strcmp(what, "code_cache"), "guest memory takes what is below 128 MiB");
}

static void test_place(void)
{
	struct memory_map m = machine(256 * MIB, 768 * MIB), later = m;
	struct boot_config c;

	config_init(&c);
	CHECK_EQ(memory_place(&m, &m, 5000, &c), 2816 * MIB - 8192, "top of memory, whole pages");
	c.memory = 740 * MIB;
	CHECK_EQ(memory_place(&m, &m, 64 * MIB, &c), 192 * MIB,
		 "in the low part, so that guest memory fits in the high one");
	CHECK_EQ(memory_place(&m, &m, 240 * MIB, &c), 0, "not if it takes the code cache's place");
	c.memory = 64 * MIB;
	later.mem[2].kind = BOOT_MEM_RESERVED;
	CHECK_EQ(memory_place(&m, &later, MIB, &c), 255 * MIB, "what the kernel will not have");
	c.memory = 3072 * MIB;
	CHECK_EQ(memory_place(&m, &m, MIB, &c), 0, "nothing fits beside too much");
	strcpy(c.selftest, "all");
	CHECK_EQ(memory_place(&m, &m, MIB, &c), 2815 * MIB, "self-tests have no guest");
}

static void test_demand(void)
{
	CHECK(DEMAND_PER_FRAME * 1000 >= frame_memory(1000), "frame table");
	for (u64 ram = 1ull << 20; ram <= 1ull << 40; ram <<= 3)
		CHECK(DEMAND_SHADOW(ram) >= shadow_memory((u32)DEMAND_SHADOW_NODES(ram)),
		      "shadow tables");
	CHECK_EQ(DEMAND_SHADOW_NODES(32ull << 20), DEMAND_SHADOW_MIN, "few nodes for little RAM");
	CHECK(DEMAND_SHADOW_NODES(1ull << 30) * 4400 <= (1ull << 30) / 100, "else 1 % of it");
	frame_count = 1000;
	CHECK(DEMAND_CPU(1000) - DEMAND_CPU_CONTEXTS - DEMAND_CPU_HEAP >= frame_core_memory(),
	      "a CPU's frames");
	CHECK(DEMAND_CPU_CONTEXTS >= sizeof(struct contexts), "and its contexts");
}

static void test_message(void)
{
	char text[64], small[8];
	struct message m;

	message_init(&m, text, sizeof(text));
	message_number(&m, 0);
	message_add(&m, " ");
	message_number(&m, ~0ull);
	message_add(&m, " ");
	message_hex(&m, 0x1fe001e0);
	CHECK(!strcmp(text, "0 18446744073709551615 0x1fe001e0"), "numbers");
	message_init(&m, text, sizeof(text));
	message_size(&m, 513);
	message_add(&m, ",");
	message_size(&m, 1025);
	message_add(&m, ",");
	message_size(&m, 17 * MIB);
	message_pad(&m, 24);
	CHECK(!strcmp(text, "513 bytes,2 KiB,17 MiB  "), "sizes and padding");
	message_init(&m, small, sizeof(small));
	message_add(&m, "longer than it");
	message_number(&m, 5);
	message_pad(&m, 50);
	CHECK(!strcmp(small, "longer "), "cut");
}

static char shown[8192];

static void show(const char *text) { strncat(shown, text, sizeof(shown) - strlen(shown) - 1); }

static void test_progress(void)
{
	struct progress p;
	unsigned lines = 0;

	shown[0] = 0;
	progress_begin(&p, show, "disk.img", 3 * MIB / 2);
	for (u64 done = 0; done <= 3 * MIB / 2; done += 4096)
		progress_at(&p, done);
	progress_end(&p);
	for (const char *s = shown; (s = strchr(s, '\r')); s++)
		lines++;
	CHECK_EQ(lines, 21, "drawn once for each twentieth");
	CHECK(strstr(shown, "disk.img") && strstr(shown, " 1.5 MiB"), "name and size");
	CHECK(strstr(shown, "[..........#") == NULL && strstr(shown, "[##########..........] 50%"),
	      "half");
	CHECK(!strcmp(shown + strlen(shown) - 29, "  [####################] 100%\n" + 1),
	      "full at the end");
	shown[0] = 0;
	progress_begin(&p, show, "one", 1);
	progress_at(&p, 1);
	CHECK(strstr(shown, "0.1 MiB") && strstr(shown, "100%"), "one byte");
}

/* Values read from QEMU's Loongson-3A4000, and of its 3A1000. */
static void test_mips_features(void)
{
	const struct mips_features new = {
		.prid = 0x14c000, .config0 = 0x80004482, .config1 = 0xfeab559b,
		.config3 = 0x9c0030a0, .config4 = 0xd01c0000, .cpucfg1 = 0x6e3f0025,
		.cpucfg2 = 0x18000001,
	};
	struct mips_features f = { .prid = 0x6305, .config0 = 0x80004482, .config1 = 0xfee3719b,
				   .config3 = 0x80 };

	CHECK(!mips_features_lack(&new), "a 3A4000 has all");
	CHECK(strstr(mips_features_lack(&f), "Config3.BI"), "a 3A1000");
	CHECK(mips_has_cpucfg(0x14c000) && !mips_has_cpucfg(0x6305), "who has CPUCFG");
	f = new;
	f.config3 &= ~(1u << 28);
	CHECK(strstr(mips_features_lack(&f), "MSA"), "no vectors");
	f = new;
	f.config4 &= ~(1u << 20);
	CHECK(strstr(mips_features_lack(&f), "KScrExist"), "two scratch registers");
	f = new;
	f.config4 = (f.config4 & ~(3u << 29)) | 1u << 29;
	CHECK(strstr(mips_features_lack(&f), "TLBINV"), "no TLBINV");
	f = new;
	f.cpucfg2 = 0;
	CHECK(strstr(mips_features_lack(&f), "LEXT1"), "no extensions");
}

static void put(u8 *p, unsigned at, u64 v, unsigned size) { memcpy(p + at, &v, size); }

/* As QEMU 10 lays them out for 1 GiB. */
static void test_lefi(void)
{
	static u8 p[LEFI_SIZE];
	struct lefi_memory m;

	CHECK(lefi_check(p), "zeroes are no parameters");
	put(p, 0x18, 1, 2);
	put(p, 0x28, 0x118, 8);
	put(p, 0x30, 0x98, 8);
	put(p, 0x38, 0xd58, 8);
	CHECK(lefi_check(p), "a map without entries");
	put(p, 0x140 + 2, 2, 4);
	put(p, 0x140 + 10 + 4, 1, 4);
	put(p, 0x140 + 10 + 16, 240, 4);
	put(p, 0x140 + 34 + 4, 2, 4);
	put(p, 0x140 + 34 + 8, 0x90000000, 8);
	put(p, 0x140 + 34 + 16, 768, 4);
	put(p, 0xc0 + 18, 800000000, 4);
	put(p, 0xd80 + 26, 0x1fe001e0, 8);
	CHECK(!lefi_check(p), "good parameters");
	CHECK(lefi_memory(p, 0, &m) && m.is_ram && m.start == 0 && m.size == 240ull << 20, "low");
	CHECK(lefi_memory(p, 1, &m) && m.is_ram && m.start == 0x90000000 && m.size == 768ull << 20,
	      "high");
	CHECK(!lefi_memory(p, 2, &m), "no third entry");
	CHECK(lefi_cpu_hz(p) == 800000000 && lefi_uart(p) == 0x1fe001e0, "clock and UART");
	put(p, 0x28, ~0ull - 0x28, 8);
	CHECK(lefi_check(p), "a map outside");
	put(p, 0x28, LEFI_SIZE - 0x28 - 1, 8);
	lefi_memory(p, 0, &m);		/* the sanitizer would tell */
}

static void test_cpio(void)
{
	static const char archive[] =
		"070701" "0000000100000000000000000000000000000001" "00000000" "00000005"
		"0000000000000000" "0000000000000000" "00000009" "00000000"
		"loam.cfg\0\0" "hello\0\0\0"
		"070701" "0000000000000000000000000000000000000001" "00000000" "00000000"
		"0000000000000000" "0000000000000000" "0000000b" "00000000"
		"TRAILER!!!\0\0\0";
	const u8 *a = (const u8 *)archive, *data;
	u64 size;

	CHECK(!cpio_find(a, sizeof(archive), "loam.cfg", &data, &size) && size == 5 &&
	      !memcmp(data, "hello", 5), "a file");
	CHECK(cpio_find(a, sizeof(archive), "loam.cf", &data, &size) == -ERR_NOENT, "no file");
	CHECK(cpio_find(a, 122, "loam.cfg", &data, &size) == -ERR_INVAL, "cut");
	CHECK(cpio_find((const u8 *)"070702", 6, "x", &data, &size) == -ERR_INVAL, "too short");
}

/* Values read from QEMU's la464. */
static void test_features(void)
{
	u32 w1 = 0x3f2f2fe, w2 = 0x60c0cf;
	u64 pages = 0x3ffff000;

	CHECK(!features_lack(w1, w2, pages), "a la464 has all");
	CHECK(strstr(features_lack((w1 & ~3u) | 1, w2, pages), "LA64"), "LA32");
	CHECK(strstr(features_lack((w1 & ~0xff000u) | 39 << 12, w2, pages), "VALEN"),
	      "40-bit addresses");
	CHECK(!features_lack((w1 & ~0xff000u) | 47 << 12, w2, pages), "48-bit addresses");
	CHECK(strstr(features_lack(w1 & ~(1u << 20), w2, pages), "UAL"), "no unaligned accesses");
	CHECK(strstr(features_lack(w1 & ~(1u << 21), w2, pages), "RI"), "no read inhibit");
	CHECK(strstr(features_lack(w1 & ~(1u << 22), w2, pages), "EP"), "no execute protection");
	CHECK(strstr(features_lack(w1, w2 & ~1u, pages), "FP"), "no floating point");
	CHECK(strstr(features_lack(w1, w2 & ~(1u << 6), pages), "LSX"), "no LSX");
	CHECK(strstr(features_lack(w1, w2 & ~(1u << 21), pages), "LSPW"), "no LDDIR, LDPTE");
	CHECK(strstr(features_lack(w1, w2 & ~(1u << 22), pages), "LAM"), "no AM instructions");
	CHECK(strstr(features_lack(w1, w2, pages & ~0x1000ull), "4 KiB"), "no 4 KiB pages");
}

int main(void)
{
	test_add();
	test_reserve();
	test_pieces();
	test_full();
	test_lacks();
	test_place();
	test_demand();
	test_message();
	test_progress();
	test_features();
	test_mips_features();
	test_lefi();
	test_cpio();
	return check_done();
}
