/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compute rows. Not the rows that count events (events.c). All in one file, and compiled
 * with the options of bench.mk only: so the compiler makes the same instructions each time, and
 * figures of guest instructions in rows.def stay true (a test counts them).
 */
#include "guestimg/bench/bench.h"

/* --- alu: xorshift, multiply, rotate; no memory */

NOINLINE u32 row_alu(u32 n)
{
	u32 a = 0x12345678, b = 0x9e3779b9, c = 1;

	for (u32 i = 0; i < n; i++) {
		a ^= a << 13;
		a ^= a >> 17;
		a ^= a << 5;
		b = b * 1664525u + 1013904223u + (a & 0xff);
		c = c << 7 | c >> 25;
		c += a ^ b;
	}
	return a + b + c;
}

/* --- list: reversed, searched, sorted twice by merging */

#define NODES 128

struct node {
	struct node *next;
	u16 data, idx;
};

static struct node nodes[NODES];
static struct node *head;

static int cmp_data(struct node *a, struct node *b)
{
	return (int)a->data - (int)b->data;
}

static int cmp_idx(struct node *a, struct node *b)
{
	return (int)a->idx - (int)b->idx;
}

static NOINLINE struct node *merge_sort(struct node *list, int (*cmp)(struct node *, struct node *))
{
	int run = 1, merges, p_left, q_left;
	struct node *p, *q, *e, *tail;

	for (;;) {
		p = list;
		list = 0;
		tail = 0;
		merges = 0;
		while (p) {
			merges++;
			q = p;
			p_left = 0;
			for (int i = 0; i < run; i++) {
				p_left++;
				q = q->next;
				if (!q)
					break;
			}
			q_left = run;
			while (p_left > 0 || (q_left > 0 && q)) {
				if (p_left == 0) {
					e = q; q = q->next; q_left--;
				} else if (q_left == 0 || !q) {
					e = p; p = p->next; p_left--;
				} else if (cmp(p, q) <= 0) {
					e = p; p = p->next; p_left--;
				} else {
					e = q; q = q->next; q_left--;
				}
				if (tail)
					tail->next = e;
				else
					list = e;
				tail = e;
			}
			p = q;
		}
		tail->next = 0;
		if (merges <= 1)
			return list;
		run *= 2;
	}
}

static NOINLINE u16 crc_u8(u8 d, u16 crc)
{
	for (int i = 0; i < 8; i++) {
		u8 x = (d & 1) ^ (u8)(crc & 1);

		d >>= 1;
		if (x) {
			crc ^= 0x4002;
			crc = (crc >> 1) | 0x8000;
		} else {
			crc >>= 1;
		}
	}
	return crc;
}

static u32 crc_table[256];

NOINLINE u32 row_list(u32 n)
{
	u32 r = 0;

	for (u32 it = 0; it < n; it++) {
		struct node *p = head, *prev = 0, *next;

		while (p) {
			next = p->next;
			p->next = prev;
			prev = p;
			p = next;
		}
		head = prev;
		u16 want = (u16)(it * 7919u);
		int found = 0;

		for (p = head; p; p = p->next) {
			found++;
			if ((p->data & 0xff) == (want & 0xff))
				break;
		}
		r += found;
		head = merge_sort(head, cmp_data);
		r = crc_u8((u8)head->data, (u16)r);
		head = merge_sort(head, cmp_idx);
		r = crc_u8((u8)head->idx, (u16)r);
	}
	return r;
}

/* --- matrix: scaled, multiplied, multiplied with bits picked out, summed */

#define SIDE 16

static short mat_a[SIDE * SIDE], mat_b[SIDE * SIDE];
static int mat_c[SIDE * SIDE];

NOINLINE u32 row_matrix(u32 n)
{
	u32 r = 0;

	for (u32 it = 0; it < n; it++) {
		for (int i = 0; i < SIDE * SIDE; i++)
			mat_c[i] = mat_a[i] * (int)(it | 1);
		for (int i = 0; i < SIDE; i++)
			for (int j = 0; j < SIDE; j++) {
				int s = 0;

				for (int k = 0; k < SIDE; k++)
					s += (int)mat_a[i * SIDE + k] * (int)mat_b[k * SIDE + j];
				mat_c[i * SIDE + j] ^= s;
			}
		for (int i = 0; i < SIDE; i++)
			for (int j = 0; j < SIDE; j++) {
				int s = 0;

				for (int k = 0; k < SIDE; k++) {
					int t = (int)mat_a[i * SIDE + k] * (int)mat_b[k * SIDE + j];

					s += ((t >> 2) & 15) * ((t >> 5) & 127);
				}
				mat_c[i * SIDE + j] += s;
			}
		for (int i = 0; i < SIDE * SIDE; i++)
			r = r * 31 + mat_c[i];
	}
	return r;
}

/* --- state: which texts between the commas look like numbers */

static const char text[] =
	"5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,"
	"+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,5012,99,-1.5e7,xyz,";

enum { START, INTEGER, SIGN, FRACTION, EXP, EXP_SIGN, EXP_DIGITS, INVALID };

#define DIGIT(c) ((c) >= '0' && (c) <= '9')

NOINLINE u32 row_state(u32 n)
{
	u32 cnt[8] = { 0 }, r = 0;

	for (u32 it = 0; it < n; it++) {
		int st = START;

		for (const char *p = text; *p; p++) {
			char c = *p;

			if (c == ',') {
				cnt[st]++;
				st = START;
				continue;
			}
			switch (st) {
			case START:
				st = DIGIT(c) ? INTEGER : (c == '+' || c == '-') ? SIGN :
					(c == '.') ? FRACTION : INVALID;
				break;
			case INTEGER:
				if (c == '.')
					st = FRACTION;
				else if (c == 'e' || c == 'E')
					st = EXP;
				else if (!DIGIT(c))
					st = INVALID;
				break;
			case SIGN:
				st = DIGIT(c) ? INTEGER : (c == '.') ? FRACTION : INVALID;
				break;
			case FRACTION:
				if (c == 'e' || c == 'E')
					st = EXP;
				else if (!DIGIT(c))
					st = INVALID;
				break;
			case EXP:
				st = (c == '+' || c == '-') ? EXP_SIGN : INVALID;
				break;
			case EXP_SIGN:
				st = DIGIT(c) ? EXP_DIGITS : INVALID;
				break;
			case EXP_DIGITS:
				if (!DIGIT(c))
					st = INVALID;
				break;
			default:
				break;
			}
		}
		r = crc_u8((u8)cnt[it & 7], (u16)r);
	}
	return r + cnt[1] + cnt[7];
}

/* --- crc, and mix: list, matrix, state and crc in turn */

NOINLINE u32 row_crc(u32 n)
{
	u32 c = ~0u;

	for (u32 it = 0; it < n; it++) {
		for (unsigned long i = 0; i < sizeof(text); i++)
			c = crc_table[(c ^ (u8)text[i]) & 255] ^ (c >> 8);
		u16 d = (u16)c;

		for (int i = 0; i < 16; i++)
			d = crc_u8((u8)(i * it), d);
		c ^= d;
	}
	return c;
}

NOINLINE u32 row_mix(u32 n)
{
	u32 r = 0;

	for (u32 i = 0; i < n; i++) {
		r = r * 17 + row_list(1);
		r = r * 17 + row_matrix(1);
		r = r * 17 + row_state(4);
		r = r * 17 + row_crc(4);
	}
	return r;
}

/* --- memcpy32: 64 KiB by words, four at a time, with a sum */

NOINLINE u32 row_memcpy32(u32 n)
{
	u32 s = 0;

	for (u32 it = 0; it < n; it++) {
		volatile u32 *d = buf_b + (it & 15) * 16384;
		u32 *a = buf_a + (it & 15) * 16384;

		for (u32 i = 0; i < 16384; i += 4) {
			u32 w = a[i], x = a[i + 1], y = a[i + 2], z = a[i + 3];

			d[i] = w;
			d[i + 1] = x;
			d[i + 2] = y;
			d[i + 3] = z;
			s += w ^ z;
		}
	}
	return s;
}

/* --- chase: one random cycle through 64-byte nodes, 16 MiB in all */

#define CHASE_NODES 262144u

void chase_init(void)
{
	u32 x = 12345;

	for (u32 i = 0; i < CHASE_NODES; i++)
		buf_chase[i * 16] = i;
	for (u32 i = CHASE_NODES - 1; i > 0; i--) {
		x = x * 1664525u + 1013904223u;
		u32 j = (u32)(((u64)x * i) >> 32);
		u32 t = buf_chase[i * 16];

		buf_chase[i * 16] = buf_chase[j * 16];
		buf_chase[j * 16] = t;
	}
}

NOINLINE u32 row_chase(u32 n)
{
	u32 i = 0;

	while (n--)
		i = buf_chase[i * 16];
	return i;
}

/* --- calls: sixteen functions through a table; fib: recursion */

#define CALLEE(k) static NOINLINE u32 callee##k(u32 x) \
	{ return (x ^ (k * 0x1357u)) + ((x >> (k + 1)) | 1); }
CALLEE(0) CALLEE(1) CALLEE(2) CALLEE(3) CALLEE(4) CALLEE(5) CALLEE(6) CALLEE(7)
CALLEE(8) CALLEE(9) CALLEE(10) CALLEE(11) CALLEE(12) CALLEE(13) CALLEE(14) CALLEE(15)

static row_fn *const callees[16] = {
	callee0, callee1, callee2, callee3, callee4, callee5, callee6, callee7,
	callee8, callee9, callee10, callee11, callee12, callee13, callee14, callee15,
};

NOINLINE u32 row_calls(u32 n)
{
	u32 x = 1;

	for (u32 i = 0; i < n; i++)
		x = callees[(x >> 3) & 15](x);
	return x;
}

static NOINLINE u32 fib(u32 n)
{
	if (n < 2)
		return n;
	u32 a = fib(n - 1);

	asm volatile("");
	return a + fib(n - 2);
}

NOINLINE u32 row_fib(u32 n)
{
	u32 s = 0;

	while (n--)
		s += fib(12);
	return s;
}

/* --- sse: double precision, scalar and packed */

static double fx[256], fy[256];

NOINLINE u32 row_sse_sd(u32 n)
{
	double s = 0;

	for (u32 it = 0; it < n; it++) {
		double k = 1.0 + (double)(it & 15) * 0.0625;

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

typedef double pair __attribute__((vector_size(16)));

NOINLINE u32 row_sse_pd(u32 n)
{
	pair s = { 0, 0 }, *x = (pair *)fx, *y = (pair *)fy;

	for (u32 it = 0; it < n; it++) {
		double one = 1.0 + (double)(it & 15) * 0.0625;
		pair k = { one, one };

		for (int i = 0; i < 128; i++) {
			pair t = x[i] * k + y[i];

			s += t * t - x[i] * 0.5;
			y[i] = t * 0.25;
		}
	}
	double z = s[0] + s[1];
	long long v = (long long)z;

	return (u32)v;
}

/* --- data */

void kernels_reset(void)
{
	for (int i = 0; i < 256; i++) {
		fx[i] = (double)(i + 1) * 0.03125;
		fy[i] = (double)(256 - i) * 0.015625;
	}
	for (int i = 0; i < NODES; i++) {
		nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
		nodes[i].data = (u16)((i * 40503u) >> 3);
		nodes[i].idx = (u16)i;
	}
	head = nodes;
}

void kernels_init(void)
{
	for (u32 i = 0; i < 256; i++) {
		u32 c = i;

		for (int k = 0; k < 8; k++)
			c = (c >> 1) ^ ((c & 1) ? 0xEDB88320u : 0);
		crc_table[i] = c;
	}
	for (int i = 0; i < SIDE * SIDE; i++) {
		mat_a[i] = (short)(i * 37 + 11);
		mat_b[i] = (short)(i * 53 - 700);
	}
	kernels_reset();
}
