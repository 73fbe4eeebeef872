/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder against the CPU of the build machine (Linux, x86-64): which byte
 * sequences are #UD, how long the others are, and which address their memory
 * operand has. Says nothing of what instructions do.
 *
 *   decode_hw [--count N] [--seed S] [--all]
 *
 * exits with 1 on any disagreement; skips where the kernel gives no LDT or no ptrace.
 *
 * How a length is found: a traced child steps one instruction whose first k
 * bytes end at a page without access. A page fault at exactly that address
 * before anything happened means that the CPU wanted a byte more than k.
 * The child runs 64- and 32-bit code in the kernel's flat CS and 16-bit code in a
 * segment of its LDT; each data segment has another base and no page behind it,
 * so that the address of a fault shows segment, base, index and displacement.
 * In 64-bit code what is compared is what Intel's CPUs do (near branches ignore 66), on AMD's
 * such forms are left out.
 * Forms that this CPU has and no model of insns.def has are
 * in `extension()`, forms that user code cannot reach in `unreachable()`.
 */
#include <asm/ldt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dbt/x86/cpu.h"
#include "dbt/x86/decode.h"
#include "dbt/x86/scan.h"
#include "qemu-test/fuzz/insn_bytes.h"
#include "qemu-test/plain_cpu.h"
#include "qemu-test/vendor.h"

#define CODE 0x10000000ul		/* one page of code, then one without access */
#define PAGE 4096ul
#define SHADOW 0x7fff0000ul		/* from here on the address sanitizer has mapped memory */
#define CS32 0x23			/* Linux's */
#define CS64 0x33
#define SS64 0x2b
#define HIGH_HALF 0xffff800000000000ull	/* from here on no address is the child's */

/* LDT selectors: entry number, TI, RPL 3. Entry 1 is 16-bit code, the others data by enum sreg. */
#define LDT(entry) ((entry) << 3 | 7)
#define CODE16_ENTRY 1
#define DATA_ENTRY(sreg) (2 + (sreg))

enum outcome { RAN, FETCH_FAULT, UNDEFINED, DATA_FAULT, OTHER_FAULT };

static struct decoder decoder;
static u8 *page;
static pid_t child;
static struct user_regs_struct fresh;
static u64 rng = 88172645463325252ull;
static unsigned rules;			/* enum vendor_rule */
static u64 fault_address;		/* of the last DATA_FAULT */
static unsigned long tested, skipped, addresses, wrong;
static unsigned long vendor_lengths;	/* by VENDOR_UD_MODRM */

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* -- The child ---------------------------------------------------------------- */

static u32 segment_base(unsigned sreg, unsigned mode)
{
	if (mode == 8 && sreg != FS && sreg != GS)
		return 0;
	if (sreg == CS)
		return mode == 2 ? CODE : 0;
	return 0x30000000 + sreg * 0x01010000;
}

static int set_ldt(unsigned entry, u32 base, bool code)
{
	struct user_desc d = {
		.entry_number = entry, .base_addr = base, .limit = 0xfffff, .limit_in_pages = 1,
		.seg_32bit = !code, .useable = 1,
		.contents = code ? MODIFY_LDT_CONTENTS_CODE : MODIFY_LDT_CONTENTS_DATA,
	};

	return syscall(SYS_modify_ldt, 1, &d, sizeof(d));
}

static void child_main(void)
{
	bool failed = set_ldt(CODE16_ENTRY, CODE, true) != 0;

	for (unsigned sreg = ES; sreg < SREG_COUNT; sreg++)
		failed |= set_ldt(DATA_ENTRY(sreg), segment_base(sreg, 4), false) != 0;
	if (failed || ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
		_exit(3);
	raise(SIGSTOP);
	_exit(0);
}

static void start_child(void)
{
	int status;

	child = fork();
	if (child == 0)
		child_main();
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status)) {
		printf("skip decode_hw: no child to trace with a 16-bit code segment\n"
		       "0 passed, 0 failed, 1 skipped\n");
		exit(0);
	}
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL);
	if (ptrace(PTRACE_GETREGS, child, 0, &fresh) != 0)
		die("PTRACE_GETREGS");
}

/*
 * The general registers' values: no two alike, not even in 16 bits, none near a mapped page. Their
 * upper halves show in 64-bit code only; nine times one is still canonical.
 */
static u64 register_value(unsigned gpr)
{
	return 0xfffff80000000000ull + gpr * 0x1100000000ull + 0x40100000 + gpr * 0x01230111;
}

static void set_segments_64(struct user_regs_struct *r)
{
	r->cs = CS64;
	r->ss = SS64;
	r->fs = r->gs = 0;
}

static void set_segments(struct user_regs_struct *r, unsigned mode)
{
	r->cs = mode == 2 ? LDT(CODE16_ENTRY) : CS32;
	r->ss = LDT(DATA_ENTRY(SS));
	r->ds = LDT(DATA_ENTRY(DS));
	r->es = LDT(DATA_ENTRY(ES));
	r->fs = LDT(DATA_ENTRY(FS));
	r->gs = LDT(DATA_ENTRY(GS));
}

static void set_registers(struct user_regs_struct *r, unsigned mode, u64 ip)
{
	*r = fresh;
	if (mode == 8)
		set_segments_64(r);
	else
		set_segments(r, mode);
	r->fs_base = segment_base(FS, mode);
	r->gs_base = segment_base(GS, mode);
	r->rip = ip;
	r->eflags = 0x202;
	r->orig_rax = (u64)-1;
	r->rax = register_value(EAX);
	r->rcx = register_value(ECX);
	r->rdx = register_value(EDX);
	r->rbx = register_value(EBX);
	r->rsp = register_value(ESP);
	r->rbp = register_value(EBP);
	r->rsi = register_value(ESI);
	r->rdi = register_value(EDI);
	r->r8 = register_value(8);
	r->r9 = register_value(9);
	r->r10 = register_value(10);
	r->r11 = register_value(11);
	r->r12 = register_value(12);
	r->r13 = register_value(13);
	r->r14 = register_value(14);
	r->r15 = register_value(15);
}

/* Steps the first n bytes of b, placed so that they end at the page without access. */
static enum outcome step(const u8 *b, unsigned n, unsigned mode)
{
	u64 linear = CODE + PAGE - n, ip = mode == 2 ? linear - CODE : linear;
	struct user_regs_struct r;
	siginfo_t info;
	int status;

	memcpy(page + PAGE - n, b, n);
	set_registers(&r, mode, ip);
	if (ptrace(PTRACE_SETREGS, child, 0, &r) != 0 ||
	    ptrace(PTRACE_SINGLESTEP, child, 0, 0) != 0 || waitpid(child, &status, 0) < 0)
		die("step");
	if (!WIFSTOPPED(status)) {
		start_child();
		return OTHER_FAULT;
	}
	ptrace(PTRACE_GETSIGINFO, child, 0, &info);
	ptrace(PTRACE_GETREGS, child, 0, &r);
	if (WSTOPSIG(status) == SIGILL && r.rip == ip)
		return UNDEFINED;
	if (WSTOPSIG(status) == SIGSEGV && r.rip == ip && info.si_code != SI_KERNEL) {
		fault_address = (u64)info.si_addr;
		return fault_address == CODE + PAGE ? FETCH_FAULT : DATA_FAULT;
	}
	return WSTOPSIG(status) == SIGTRAP ? RAN : OTHER_FAULT;
}

/* -- What is not compared -------------------------------------------------------- */

/* Valid here, but #UD or a way out of the cage in user code. */
static bool unreachable(const struct ir1 *i)
{
	switch (i->op) {
	case X86_RSM: case X86_MONITOR: case X86_MWAIT:		/* #UD outside SMM, at CPL 3 */
	case X86_SYSENTER: case X86_SYSEXIT: case X86_SYSCALL: case X86_SYSRET:
	case X86_UD2:
		return true;
	default:
		return false;
	}
}

static bool extension_0f(const struct scan *s)
{
	switch (s->opcode) {
	case 0x01:		/* XGETBV, SVM, RDTSCP, MONITORX, CLZERO, RDPRU, INVLPGB … */
	case 0x37: case 0x0e: case 0x0f:
	case 0x2b: case 0x78: case 0x79:		/* SSE4a */
	case 0xae:		/* XSAVE, CLWB, CLFLUSHOPT, shadow stack */
	case 0xc7:		/* RDRAND, RDSEED, XSAVEC, RDPID */
		return true;
	case 0x00:		/* AMD's microcode executes LOCK VERW */
		return (s->prefix & PFX_LOCK) && modrm_reg(s->modrm) == 5;
	case 0x20: case 0x22:	/* AMD: LOCK MOV CR0 is MOV CR8 */
		return s->prefix & PFX_LOCK;
	default:
		return false;
	}
}

/* Refused by the decoder on purpose: later extensions that this CPU may have. */
static bool extension(const u8 *b, unsigned mode)
{
	struct scan s;

	scan(&s, b, SCAN_MAX, mode);
	switch (s.map) {
	case MAP_1:
		if (mode == 8 && (s.opcode == 0x82 || s.opcode == 0x9a || s.opcode == 0xea ||
				  (s.opcode | 1) == 0xd5))
			return !(rules & VENDOR_UD_MODRM);	/* AMD's look no further */
		if ((s.opcode | 1) == 0xc7 && s.modrm == 0xf8)	/* XABORT, XBEGIN */
			return rules & VENDOR_HAS_RTM;
		return s.opcode == 0x62 || s.opcode == 0xc4 || s.opcode == 0xc5 || s.opcode == 0x8f;
	case MAP_0F: return extension_0f(&s);
	case MAP_38:		/* AES, SHA, ADX, MOVDIRI …; what AMD's take is not known */
		return s.opcode > (rules & VENDOR_UD_MODRM ? 0x41 : 0x0b);
	default:
		return s.opcode > 0x42 ? s.opcode < 0x60 || s.opcode > 0x63
				       : !(rules & VENDOR_UD_MODRM);
	}
}

/*
 * Valid here, #UD on AMD's CPUs: 0F 0D with a register, a NOP on Intel's. In 64-bit code: SYSENTER
 * and SYSEXIT; far pointers of ten bytes; 66 for near branches.
 */
static bool intel_only(const struct ir1 *i, unsigned mode)
{
	if (mode == 8 && (i->op == X86_SYSENTER || i->op == X86_SYSEXIT))
		return true;
	if (mode == 8 && !(rules & VENDOR_UD_MODRM) && i->opsize == 8)
		switch (i->op) {
		case X86_JMPF: case X86_CALLF: case X86_LSS: case X86_LFS: case X86_LGS:
			return true;
		case X86_JMP: case X86_CALL: case X86_JCC: case X86_RET:
		case X86_LOOP: case X86_LOOPE: case X86_LOOPNE: case X86_JCXZ:
			return i->prefix & PFX_66;
		}
	return i->op == X86_NOP_RM && i->ops[0].kind == IR1_GPR && memchr(i->bytes, 0x0d, i->len);
}

/* -- Comparison -------------------------------------------------------------------- */

static void report(const char *what, const u8 *b, unsigned mode, const struct ir1 *i)
{
	char text[128];

	wrong++;
	if (wrong > 200)
		return;
	printf("FAIL %s (%u-bit):", what, mode * 8);
	for (unsigned k = 0; k < SCAN_MAX; k++)
		printf(" %02x", b[k]);
	printf("  %s, length %u\n", ir1_print(i, text, sizeof text), i->len);
}

/* Every shorter window must ask for more, or (from some length on) be refused as the whole is. */
static void check_windows(const u8 *b, unsigned mode, const struct ir1 *whole,
			  enum decode_status st)
{
	struct ir1 i;

	for (unsigned n = 0; n < SCAN_MAX; n++) {
		u8 *window = malloc(n ? n : 1);	/* the sanitizer watches its end */
		enum decode_status got;

		memcpy(window, b, n);
		got = decode(&decoder, &i, window, n, 0x1000, mode);
		free(window);
		if (st == DECODE_OK && got != (n < whole->len ? DECODE_NEED_MORE : DECODE_OK))
			report("window", b, mode, whole);
		if (st != DECODE_OK && got != st && got != DECODE_NEED_MORE)
			report("window of a refused one", b, mode, whole);
	}
}

/* Instructions whose first fault may be elsewhere than at their explicit memory operand. */
static bool faults_elsewhere(const struct ir1 *i)
{
	switch (i->op) {
	case X86_POP: case X86_CMPS: case X86_XLAT:	/* the stack; ES:eDI; AL is added */
	case X86_FXSAVE: case X86_FXRSTOR:		/* its last byte first, on AMD's CPUs */
		return true;
	case X86_BT: case X86_BTS: case X86_BTR: case X86_BTC:
		return i->ops[1].kind == IR1_GPR;	/* a bit string */
	default:
		return false;
	}
}

static void check_address(const u8 *b, unsigned mode, const struct ir1 *i)
{
	for (unsigned k = 0; k < i->nops; k++) {
		const struct ir1_op *o = &i->ops[k];
		u64 offset = o->disp, linear;

		if (o->kind != IR1_MEM || faults_elsewhere(i))
			continue;
		if (o->base == IR1_RIP)
			offset += CODE + PAGE;
		else if (o->base != IR1_NOREG)
			offset += register_value(o->base);
		if (o->index != IR1_NOREG)
			offset += register_value(o->index) * o->scale;
		if (i->addrsize == 2)
			offset &= 0xffff;
		else if (i->addrsize == 4)
			offset = (u32)offset;
		linear = segment_base(o->seg, mode) + offset;
		if (mode != 8)
			linear = (u32)linear;
		if (linear - CODE < 2 * PAGE || (linear >= SHADOW && linear < HIGH_HALF))
			continue;		/* there is memory, something else has faulted */
		addresses++;
		if ((rules & VENDOR_MASKMOV_UPPER) && i->op == X86_MASKMOVDQU)
			linear += 8;
		if (mode != 8)
			fault_address = (u32)fault_address;
		if (fault_address != linear)
			report("another address on the CPU", b, mode, i);
	}
}

static void check_valid(const u8 *b, unsigned mode, const struct ir1 *i)
{
	if (unreachable(i) || intel_only(i, mode)) {
		skipped++;
		return;
	}
	switch (step(b, i->len, mode)) {
	case FETCH_FAULT: report("the CPU wants more", b, mode, i); return;
	case UNDEFINED: report("#UD on the CPU", b, mode, i); return;
	case DATA_FAULT: check_address(b, mode, i); break;
	default: break;
	}
	if (i->len > 1 && step(b, i->len - 1, mode) != FETCH_FAULT)
		report("the CPU wants less", b, mode, i);
}

/*
 * VENDOR_UD_MODRM: what Intel's CPUs take as the bytes of an opcode without instruction before it
 * is #UD (SDM vol. 2, UD: UD0 and UD1 have ModR/M; appendix A, table A-3: the others are reserved).
 * 0F 39, 3C, 3D are escapes as 0F 38 is, 0F 3B, 3E, 3F as 0F 3A: opcode, ModR/M, imm8; so have
 * the opcodes of 0F 38 and 0F 3A without instruction.
 * Returns the length in bytes; SCAN_MAX + 1: too long; `n`, which suffices for AMD's, for others.
 */
static unsigned refused_length(const u8 *b, unsigned mode, unsigned n)
{
	static const u8 modrm[] = { 0x7a, 0x7b, 0xa6, 0xa7, 0xb9, 0xff };
	static const u8 map38[] = { 0x39, 0x3c, 0x3d }, map3a[] = { 0x3b, 0x3e, 0x3f };
	u8 like[SCAN_MAX + 1];
	struct scan s;

	scan(&s, b, SCAN_MAX, mode);
	if (!(rules & VENDOR_UD_MODRM) || s.map == MAP_1)
		return n;
	memcpy(like, b, SCAN_MAX);
	if (s.map == MAP_38) {
		like[s.opcode_at] = 0x00;		/* PSHUFB */
	} else if (s.map == MAP_3A) {
		like[s.opcode_at] = 0x0f;		/* PALIGNR */
	} else if (memchr(modrm, s.opcode, sizeof modrm)) {
		like[s.opcode_at] = 0x10;		/* MOVUPS */
	} else if (memchr(map38, s.opcode, sizeof map38)) {
		like[s.opcode_at] = 0x38;
		like[s.opcode_at + 1] = 0x00;		/* PSHUFB */
	} else if (memchr(map3a, s.opcode, sizeof map3a)) {
		like[s.opcode_at] = 0x3a;
		like[s.opcode_at + 1] = 0x0f;		/* PALIGNR */
	} else {
		return n;
	}
	vendor_lengths++;
	return scan(&s, like, SCAN_MAX, mode) == DECODE_OK ? s.len : SCAN_MAX + 1;
}

static void check_refused(const u8 *b, unsigned mode, const struct ir1 *i,
			  enum decode_status status)
{
	enum outcome got;
	struct ir1 part;
	unsigned n;
	bool too_long;

	if (status == DECODE_INVALID && extension(b, mode)) {
		skipped++;
		return;
	}
	for (n = 0; decode(&decoder, &part, b, n, 0x1000, mode) == DECODE_NEED_MORE; n++)
		;
	if (status == DECODE_INVALID)
		n = refused_length(b, mode, n);
	too_long = status == DECODE_TOO_LONG || n > SCAN_MAX;
	if (n > SCAN_MAX)
		n = SCAN_MAX;
	if (step(b, n, mode) == FETCH_FAULT)
		report("refused, but the CPU wants more", b, mode, i);
	if (step(b, n - 1, mode) != FETCH_FAULT)
		report("refused by the CPU at once", b, mode, i);
	got = step(b, SCAN_MAX, mode);
	if (!too_long && got != UNDEFINED)
		report("valid on the CPU", b, mode, i);
	if (too_long && got != OTHER_FAULT)
		report("not too long for the CPU", b, mode, i);
}

static void check(const u8 *b, unsigned mode)
{
	struct ir1 i;
	enum decode_status status = decode(&decoder, &i, b, SCAN_MAX, 0x1000, mode);

	tested++;
	if (status == DECODE_NEED_MORE) {
		report("15 bytes did not suffice", b, mode, &i);
		return;
	}
	check_windows(b, mode, &i, status);
	if (status == DECODE_OK)
		check_valid(b, mode, &i);
	else
		check_refused(b, mode, &i, status);
}

/* -- Inputs -------------------------------------------------------------------------- */

/* Each opcode of the four maps with each ModR/M byte under each of these prefixes. */
static void check_all(unsigned mode)
{
	static const u8 escapes[4][2] = { { 0 }, { 0x0f }, { 0x0f, 0x38 }, { 0x0f, 0x3a } };
	static const u8 firsts[] = { 0, 0x66, 0xf2, 0xf3, 0xf0, 0x67, 0x41, 0x44, 0x48, 0x4f };

	for (unsigned f = 0; f < (mode == 8 ? sizeof firsts : 6); f++)
		for (unsigned map = 0; map < 4; map++)
			for (unsigned code = 0; code < 0x10000; code++) {
				u8 b[SCAN_MAX + 4];
				unsigned n = 0;

				/* RIP and a displacement shall not end where fetches fault */
				memset(b, mode == 8 ? 0x10 : 0, sizeof b);
				if (firsts[f])
					b[n++] = firsts[f];
				for (unsigned e = 0; e < 2 && escapes[map][e]; e++)
					b[n++] = escapes[map][e];
				b[n++] = code >> 8;
				b[n++] = code & 0xff;
				check(b, mode);
			}
}

int main(int argc, char **argv)
{
	unsigned long count = 20000;
	bool all = false;

	for (int k = 1; k < argc; k++) {
		if (!strcmp(argv[k], "--all"))
			all = true;
		else if (!strcmp(argv[k], "--count") && k + 1 < argc)
			count = strtoul(argv[++k], NULL, 0);
		else if (!strcmp(argv[k], "--seed") && k + 1 < argc)
			rng = strtoull(argv[++k], NULL, 0) * 0x9e3779b97f4a7c15ull | 1;
		else
			return 2;
	}
	if (!plain_cpu()) {
		printf("SKIP all: " PLAIN_CPU_REASON "\n0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	page = mmap((void *)CODE, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (page != (u8 *)CODE || mprotect(page + PAGE, PAGE, PROT_NONE) != 0)
		die("mmap");
	if (decoder_init(&decoder) != 0)
		die("decoder_init");
	decoder.verify = true;
	rules = vendor_rules();
	start_child();
	for (unsigned long k = 0; k < count; k++) {
		unsigned mode = 2u << k % 3;
		u8 b[SCAN_MAX];

		insn_bytes(&rng, b, mode);
		check(b, mode);
	}
	for (unsigned mode = 2; all && mode <= 8; mode *= 2)
		check_all(mode);
	kill(child, SIGKILL);
	if (decoder.disagreements) {
		printf("FAIL Capstone's length was another one %lu times\n", decoder.disagreements);
		wrong++;
	}
	if (vendor_lengths)
		printf("opcodes without instruction, with the length that Intel's CPUs take: %lu\n",
		       vendor_lengths);
	printf("not compared: %lu; addresses compared: %lu\n%lu passed, %lu failed\n",
	       skipped, addresses, tested - skipped, wrong);
	return wrong != 0;
}
