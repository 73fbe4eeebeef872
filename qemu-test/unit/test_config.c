/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of boot/config.c: what loam.cfg may say, and the message for each mistake.
 * Expectations come from the description in boot/config.h.
 */
#include "boot/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/check.h"
#include "dbt/sys/cpuid.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

static unsigned passed, failed;

static void check(bool ok, const char *what)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL %s\n", what);
}

static int parse(struct boot_config *c, const char *text, struct config_error *err)
{
	/* An exact copy on the heap, so that a sanitizer sees any read past the end. */
	size_t size = strlen(text);
	char *copy = malloc(size ? size : 1);
	int rc;

	memcpy(copy, text, size);
	config_init(c);
	rc = config_parse(c, "loam.cfg", copy, size, err);
	free(copy);
	return rc;
}

static void test_defaults(void)
{
	struct boot_config c;
	struct config_error e;

	check(parse(&c, "", &e) == 0, "an empty file is fine");
	check(c.memory == 256ull << 20, "default memory");
	check(!strcmp(c.cpu, "loam"), "default cpu");
	check(c.code_cache == 0 && !c.trace[0] && !c.selftest[0], "defaults of the others");
	check(!c.firmware.name[0] && !c.disk[3].name[0], "no files by default");
}

static void test_all_keys(void)
{
	struct boot_config c;
	struct config_error e;
	int rc = parse(&c,
		"# a comment = with = signs\n"
		"\n"
		"memory = 3G\r\n"
		"\tcpu=n270,+sse3,-ssse3  \n"
		"firmware = bios-256k.bin\n"
		"kernel = vmlinuz\ninitrd = initrd.img\n"
		"cmdline =  console=ttyS0,115200 quiet # no comment here\n"
		"disk0 = a.img\ndisk1 = b.img,ro\ndisk2 = c d.img\ndisk3 = e\n"
		"cdrom = cd.iso\nconsole = com1\ntrace = io,irq\ncode_cache = 96M\n"
		"x87 = exact\nselftest = traps,ticks", &e);

	check(rc == 0, "all keys");
	check(c.memory == 3ull << 30, "memory in G, CR LF");
	check(!strcmp(c.cpu, "n270,+sse3,-ssse3"), "cpu, blanks trimmed");
	check(!strcmp(c.firmware.name, "bios-256k.bin") && c.firmware.readonly, "firmware");
	check(!strcmp(c.kernel.name, "vmlinuz") && !strcmp(c.initrd.name, "initrd.img"),
	      "kernel and initrd");
	check(!strcmp(c.cmdline, "console=ttyS0,115200 quiet # no comment here"), "cmdline");
	check(!strcmp(c.disk[0].name, "a.img") && !c.disk[0].readonly, "disk0 is writable");
	check(!strcmp(c.disk[1].name, "b.img") && c.disk[1].readonly, "disk1 is read-only");
	check(!strcmp(c.disk[2].name, "c d.img"), "a blank in a file name");
	check(!strcmp(c.cdrom.name, "cd.iso") && c.cdrom.readonly, "cdrom");
	check(!strcmp(c.trace, "io,irq") && !strcmp(c.console, "com1"), "trace and console");
	check(c.code_cache == 96ull << 20, "code_cache");
	check(!strcmp(c.selftest, "traps,ticks"), "selftest, no newline at the end");
}

/* The host's disks have names of their own; what only looks like one is a file. */
static void test_devices(void)
{
	static const char *const names[] = {
		"nvme0", "sata12", "virtio3p1", "nvme999p128", "nvme", "nvme0p", "nvme0p0",
		"nvme00", "nvme1000", "nvme0p1000", "nvme0p1x", "sata0.img", "/nvme0", "usb0",
		"NVME0", "nvme-1",
	};
	struct boot_config c;
	struct config_error e;

	for (unsigned k = 0; k < ARRAY_LEN(names); k++) {
		char text[64];
		int rc;

		snprintf(text, sizeof(text), "disk0 = %s\ncdrom = %s\n", names[k], names[k]);
		rc = parse(&c, text, &e);
		check(!rc && c.disk[0].device == (k < 4) && c.cdrom.device == (k < 4), names[k]);
		check(!c.disk[0].readonly && !c.disk[0].force && c.cdrom.readonly, names[k]);
	}
	check(!parse(&c, "disk2 = nvme0p2,force,ide,ro\n", &e), "options");
	check(c.disk[2].attach == BOOT_IDE, "ide");
	check(!parse(&c, "disk0 = a.img,virtio\n", &e), "options");
	check(c.disk[0].attach == BOOT_VIRTIO, "virtio");
	check(parse(&c, "cdrom = a.iso,virtio\n", &e), "no CD-ROM is virtio");
	check(!parse(&c, "disk2 = nvme0p2,force,ide,ro\n", &e), "options");
	check(c.disk[2].device && c.disk[2].force && c.disk[2].readonly, "options");
	check(!strcmp(c.disk[2].name, "nvme0p2"), "the name without them");
	check(!parse(&c, "firmware = nvme0\n", &e) && !c.firmware.device, "firmware is a file");
}

/* README's example shows each of them; selftest, in place of a guest, as a comment. */
static const char *const all_keys[] = {
	"memory", "cpus", "cpu", "firmware", "kernel", "initrd", "cmdline", "disk0", "cdrom",
	"console", "trace", "code_cache", "x87", "passes", "verify", "ordered", "rng",
	"heartbeat",
};

static const struct {
	const char *text;
	int code;
	unsigned line;
	const char *reason;
} mistakes[] = {
	{ "memroy = 1M", ERR_INVAL, 1, "unknown key 'memroy'" },
	{ "cpus = 0", ERR_RANGE, 1, "cpus: number out of range: '0'" },
	{ "cpus = 17", ERR_RANGE, 1, "cpus: number out of range: '17'" },
	{ "cpus = 4294967297", ERR_RANGE, 1, "cpus: number out of range: '4294967297'" },
	{ "cpus = 4x", ERR_INVAL, 1, "cpus: not a number: '4x'" },
	{ "cpus =", ERR_INVAL, 1, "cpus: no value" },
	{ "memory = 1M\n\n# x\nmemory = 2M", ERR_INVAL, 4, "key given twice: 'memory'" },
	{ "\nmemory 1M", ERR_INVAL, 2, "missing = after 'memory 1M'" },
	{ "memory =", ERR_INVAL, 1, "memory: no value" },
	{ "= 1M", ERR_INVAL, 1, "no key before =" },
	{ "memory = 0M", ERR_RANGE, 1, "memory: size out of range: '0M'" },
	{ "memory = 262145M", ERR_RANGE, 1, "memory: size out of range: '262145M'" },
	{ "memory = 257G", ERR_RANGE, 1, "memory: size out of range: '257G'" },
	{ "memory = 64", ERR_INVAL, 1, "memory: not a size (a number and M or G): '64'" },
	{ "memory = 64K", ERR_INVAL, 1, "memory: not a size (a number and M or G): '64K'" },
	{ "memory = M", ERR_INVAL, 1, "memory: not a size (a number and M or G): 'M'" },
	{ "memory = -1M", ERR_INVAL, 1, "memory: not a size (a number and M or G): '-1M'" },
	{ "memory = 1MM", ERR_INVAL, 1, "memory: not a size (a number and M or G): '1MM'" },
	{ "memory = 99999999999999999999M", ERR_INVAL, 1,
	  "memory: not a size (a number and M or G): '99999999999999999999M'" },
	{ "code_cache = 97M", ERR_RANGE, 1, "code_cache: size out of range: '97M'" },
	{ "cpu = n270,sse3", ERR_INVAL, 1, "cpu: a feature needs + or - before it: 'sse3'" },
	{ "cpu = n270,", ERR_INVAL, 1, "cpu: no feature after the comma" },
	{ "cpu = n270,+", ERR_INVAL, 1, "cpu: a feature needs + or - before it: '+'" },
	{ "cpu = n2 70", ERR_INVAL, 1, "cpu: not a name: 'n2 70'" },
	{ "trace = io,nope", ERR_INVAL, 1, "trace: unknown trace name 'nope'" },
	{ "trace = io,,irq", ERR_INVAL, 1, "trace: empty name in the list" },
	{ "disk0 = a.img,rw", ERR_INVAL, 1, "disk0: unknown option after the file name: 'rw'" },
	{ "firmware = a.img,ro", ERR_INVAL, 1,
	  "firmware: unknown option after the file name: 'ro'" },
	{ "disk1 = ,ro", ERR_INVAL, 1, "disk1: no file name" },
	{ "disk1 = nvme0,ro,rw", ERR_INVAL, 1, "disk1: unknown option after the file name: 'rw'" },
	{ "disk1 = a.img,force", ERR_INVAL, 1,
	  "disk1: unknown option after the file name: 'force'" },
	{ "disk1 = nvme0,", ERR_INVAL, 1, "disk1: unknown option after the file name:" },
	{ "cdrom = sata0,ro", ERR_INVAL, 1, "cdrom: unknown option after the file name: 'ro'" },
	{ "disk4 = a.img", ERR_INVAL, 1, "unknown key 'disk4'" },
	{ "x87 = fast", ERR_INVAL, 1, "x87: only exact is possible, not 'fast'" },
	{ "passes = al", ERR_INVAL, 1, "passes: must begin with all or none, not 'al'" },
	{ "passes = -fold", ERR_INVAL, 1, "passes: must begin with all or none, not '-fold'" },
	{ "passes = all,fold", ERR_INVAL, 1, "passes: a pass needs + or - before it: 'fold'" },
	{ "passes = all,", ERR_INVAL, 1, "passes: no pass after the comma" },
	{ "passes = all,-fold,-flod", ERR_INVAL, 1, "passes: unknown pass '-flod'" },
	{ "passes = none,+", ERR_INVAL, 1, "passes: unknown pass '+'" },
	{ "cpus = 2\nmemory_order = weak", ERR_INVAL, 2,
	  "memory_order: must be strict or relaxed, not 'weak'" },
	{ "memory_order =", ERR_INVAL, 1, "memory_order: no value" },
	{ "verify = yes", ERR_INVAL, 1, "verify: must be on or off, not 'yes'" },
	{ "selftest = a,,b", ERR_INVAL, 1, "selftest: empty name in the list" },
	{ "# x\nkernel =", ERR_INVAL, 2, "kernel: no value" },
	{ "initrd = # none", ERR_INVAL, 1, "initrd: no value" },
	{ "memory # = 1M", ERR_INVAL, 1, "missing = after 'memory'" },
	{ "memory = 1M# x", ERR_INVAL, 1, "memory: not a size (a number and M or G): '1M# x'" },
	{ "\xef\xbb\xbfmemory = 1", ERR_INVAL, 1,
	  "memory: not a size (a number and M or G): '1'" },
	{ "cmdline = a\001b", ERR_INVAL, 1, "control character in the line" },
	{ "kernel = 1234567890123456789012345678901234567890123456789012345678901234",
	  ERR_NOSPC, 1,
	  "kernel: value too long: '123456789012345678901234567890123456789012345678…'" },
};

static void test_mistakes(void)
{
	for (unsigned k = 0; k < ARRAY_LEN(mistakes); k++) {
		struct boot_config c;
		struct config_error e = { .line = 99 };
		int rc = parse(&c, mistakes[k].text, &e);
		bool ok = rc == -mistakes[k].code && e.line == mistakes[k].line &&
			  !strcmp(e.reason, mistakes[k].reason) && !strcmp(e.file, "loam.cfg");

		check(ok, mistakes[k].text);
		if (!ok)
			printf("  got %d %s:%u: %s\n", rc, e.file, e.line, e.reason);
	}
}

static void test_comments(void)
{
	struct boot_config c;
	struct config_error e;

	check(parse(&c, "\xef\xbb\xbf# a mark before it\nmemory = 3M\t# three # MiB\n"
		    "kernel = a#b # c\n  # x\n#y\ncmdline = # =\n", &e) == 0, "comments");
	check(c.memory == 3 << 20, "a comment after a tab");
	check(!strcmp(c.kernel.name, "a#b"), "a # within a name");
	check(!strcmp(c.cmdline, "# ="), "a cmdline has no comment");
	check(config_line_of("\xef\xbb\xbfkernel = k\n", 14, "kernel") == 1, "line after a mark");
}

static int check_cpu(const char *text, char *reason, struct check_cpu *out)
{
	struct cpu_model model;
	int rc = cpuid_configure(&model, text, reason);

	*out = (struct check_cpu){ 0 };
	if (!rc)
		*out = (struct check_cpu){ cpuid_reach(&model), cpuid_long_mode(&model) };
	return rc;
}

/* The example that README.md shows must be taken, too. Tests run in the project's root. */
static void test_readme(void)
{
	static char text[8192];
	struct config_source s = { .name = "README.md", .text = text, .options = "" };
	struct boot_config c;
	struct config_error e = { .line = 0 };
	char line[512];
	bool in = false;
	FILE *f = fopen("README.md", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (in && !strncmp(line, "    ", 4))
			strcat(text, line + 4);
		in = line[0] == '#' ? strstr(line, "loam.cfg by example") != NULL : in;
	}
	if (f)
		fclose(f);
	s.size = strlen(text);
	check(f && s.size > 100, "README.md has an example of loam.cfg");
	check(parse(&c, text, &e) == 0 && config_complete(&s, &e) == 0 &&
	      check_config(&c, &s, check_cpu, &e) == 0, "README.md's example is taken");
	if (e.reason[0])
		printf("  README.md's example:%u: %s\n", e.line, e.reason);
	for (unsigned n = 0; n < ARRAY_LEN(all_keys); n++)
		check(config_line_of(text, s.size, all_keys[n]) != 0, all_keys[n]);
}

static void test_lengths(void)
{
	struct boot_config c;
	struct config_error e;
	char text[8192] = "cmdline = ";

	memset(text + 10, 'x', BOOT_CMDLINE_MAX - 1);
	check(parse(&c, text, &e) == 0 && strlen(c.cmdline) == BOOT_CMDLINE_MAX - 1,
	      "the longest cmdline");
	text[10 + BOOT_CMDLINE_MAX - 1] = 'x';
	check(parse(&c, text, &e) == -ERR_NOSPC, "a cmdline one too long");
	memset(text + 10, 'x', 5000);
	check(parse(&c, text, &e) == -ERR_NOSPC && !strcmp(e.reason, "line too long"),
	      "a line too long");
	memset(text, 'k', 300);
	strcpy(text + 300, " = 1");
	check(parse(&c, text, &e) == -ERR_INVAL && strlen(e.reason) < sizeof(e.reason),
	      "a long unknown key is cut in the message");
}

static void test_overrides(void)
{
	struct boot_config c;
	struct config_error e;

	check(parse(&c, "memory = 64M\ncpu = n270", &e) == 0, "file before overrides");
	check(config_apply(&c, "memory=128M", &e) == 0 && c.memory == 128ull << 20,
	      "an override replaces the file's value");
	check(config_apply(&c, "memory=257G", &e) == -ERR_RANGE && e.line == 0 &&
	      !strcmp(e.file, "load options"), "a wrong override is reported");
	check(config_apply_all(&c, " memory=32M  cmdline=\"a b=c\" trace=io ", &e) == 0,
	      "several options");
	check(c.memory == 32ull << 20 && !strcmp(c.cmdline, "a b=c") && !strcmp(c.trace, "io"),
	      "their values");
	check(config_apply_all(&c, "", &e) == 0, "no options");
	check(config_apply_all(&c, "cmdline=\"a", &e) == -ERR_INVAL, "an open quote");
	check(config_apply_all(&c, "nonsense", &e) == -ERR_INVAL, "an option without =");
}

/* Which passes a value of `passes` leaves out; bits in the order of dbt/opt/passes.def. */
static u32 passes_off(const char *text)
{
	struct boot_config c;
	struct config_error e;

	return parse(&c, text, &e) == 0 ? c.passes_off : ~0u;
}

static void test_passes(void)
{
	enum {
#define PASS(function, key) PASS_##key,
#include "dbt/opt/passes.def"
#undef PASS
		COUNT,
	};
	struct boot_config c;
	struct config_error e;

	check(passes_off("") == 0 && passes_off("passes = all") == 0, "all passes");
	check(passes_off("passes = none") == BIT(COUNT) - 1, "no pass");
	check(passes_off("passes = all,-fold") == BIT(PASS_fold), "all but one");
	check(passes_off("passes = all,-same,-fold,+fold") == BIT(PASS_same), "and back");
	check(passes_off("passes = none,+same") == (BIT(COUNT) - 1) - BIT(PASS_same), "one");
	check(parse(&c, "", &e) == 0 && !c.verify, "the verifier is off by default");
	check(parse(&c, "verify = on", &e) == 0 && c.verify, "verify = on");
	check(parse(&c, "verify = off", &e) == 0 && !c.verify, "verify = off");
	check(parse(&c, "", &e) == 0 && !c.ordered, "one CPU needs no order");
	check(parse(&c, "ordered = on", &e) == 0 && c.ordered, "ordered = on");
	check(!c.relaxed, "strict order by default");
	check(parse(&c, "memory_order = relaxed", &e) == 0 && c.relaxed, "relaxed");
	check(parse(&c, "memory_order = strict", &e) == 0 && !c.relaxed, "strict");
	check(!c.cpus, "as many CPUs as cores by default");
	check(parse(&c, "cpus = 1", &e) == 0 && c.cpus == 1, "cpus = 1");
	check(parse(&c, "cpus = 16", &e) == 0 && c.cpus == 16, "cpus = 16");
	check(!c.heartbeat, "no heartbeat by default");
	check(parse(&c, "heartbeat = on", &e) == 0 && c.heartbeat, "heartbeat = on");
}

static void test_files(void)
{
	static const char text[] = "# kernel = no\n kernel = k\ndisk2 = d\n";
	struct boot_config c;
	struct config_error e;
	const char *key = NULL;
	unsigned n = 0, named = 0;

	check(parse(&c, text, &e) == 0, "files parse");
	for (struct boot_file *f; (f = config_file(&c, n, &key)); n++)
		named += f->name[0] != 0;
	check(n == 8 && named == 2, "eight image slots, two used");
	check(config_line_of(text, strlen(text), "kernel") == 2, "line of kernel");
	check(config_line_of(text, strlen(text), "disk2") == 3, "line of disk2");
	check(config_line_of(text, strlen(text), "cdrom") == 0, "a key that is not there");
}

int main(void)
{
	test_defaults();
	test_all_keys();
	test_devices();
	test_mistakes();
	test_comments();
	test_readme();
	test_lengths();
	test_overrides();
	test_passes();
	test_files();
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
