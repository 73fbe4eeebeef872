/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AML encoder (ACPI 2.0 §18.2). Not a compiler: the caller writes terms in AML's own order.
 * Invariant: every open term's length is 3 bytes wide and patched by aml_close().
 */
#include "drivers/pc/aml.h"

#include <string.h>

#include "kernel/panic.h"

enum { OP_BYTE = 0x0a, OP_WORD = 0x0b, OP_DWORD = 0x0c, OP_NAME = 0x08, OP_SCOPE = 0x10,
	OP_BUFFER = 0x11, OP_PACKAGE = 0x12, OP_METHOD = 0x14, OP_EXT = 0x5b, OP_IF = 0xa0 };
enum { EXT_REGION = 0x80, EXT_FIELD = 0x81, EXT_DEVICE = 0x82, EXT_PROCESSOR = 0x83 };
enum { SPACE_PCI_CONFIG = 2, FIELD_BYTE_ACCESS = 1, LENGTH_BYTES = 3, DUAL_NAME = 0x2e };

void aml_byte(struct aml *a, u8 v)
{
	must(a->n < a->size);
	a->buf[a->n++] = v;
}

void aml_name(struct aml *a, const char *path)
{
	if (*path == '\\')
		aml_byte(a, (u8)*path++);
	if (strchr(path, '.'))
		aml_byte(a, DUAL_NAME);
	for (bool more = true; more;) {
		for (unsigned k = 0; k < 4; k++)
			aml_byte(a, (u8)(*path && *path != '.' ? *path++ : '_'));
		more = *path++ == '.';
	}
}

static void little(struct aml *a, u32 v, unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		aml_byte(a, (u8)(v >> 8 * k));
}

void aml_int(struct aml *a, u32 v)
{
	if (v <= 1) {
		aml_byte(a, (u8)v);	/* Zero and One are opcodes */
		return;
	}
	unsigned n = v < 0x100 ? 1 : v < 0x10000 ? 2 : 4;
	aml_byte(a, n == 1 ? OP_BYTE : n == 2 ? OP_WORD : OP_DWORD);
	little(a, v, n);
}

void aml_def(struct aml *a, const char *path)
{
	aml_byte(a, OP_NAME);
	aml_name(a, path);
}

void aml_def_int(struct aml *a, const char *path, u32 v)
{
	aml_def(a, path);
	aml_int(a, v);
}

static u8 hex(char c)
{
	return (u8)(c >= 'A' ? c - 'A' + 10 : c - '0');
}

/* Three letters of five bits and four hex digits, big-endian (§18.2.3, EISA id). */
void aml_def_eisa(struct aml *a, const char *path, const char *id)
{
	u32 v = (u32)(id[0] - 0x40) << 26 | (u32)(id[1] - 0x40) << 21 | (u32)(id[2] - 0x40) << 16 |
		(u32)hex(id[3]) << 12 | (u32)hex(id[4]) << 8 | (u32)hex(id[5]) << 4 | hex(id[6]);

	aml_def(a, path);
	aml_byte(a, OP_DWORD);
	little(a, __builtin_bswap32(v), 4);
}

/* -- Terms with a length --------------------------------------------------- */

static u32 open_length(struct aml *a)
{
	u32 mark = a->n;

	little(a, 0, LENGTH_BYTES);
	return mark;
}

/* PkgLength in its three-byte form: bits 7:6 of the first say 2 more, its low nibble is least. */
void aml_close(struct aml *a, u32 mark)
{
	u32 n = a->n - mark;

	must(n < 1 << 20);
	a->buf[mark] = (u8)(0x80 | (n & 15));
	a->buf[mark + 1] = (u8)(n >> 4);
	a->buf[mark + 2] = (u8)(n >> 12);
}

u32 aml_scope(struct aml *a, const char *path)
{
	aml_byte(a, OP_SCOPE);
	u32 mark = open_length(a);
	aml_name(a, path);
	return mark;
}

u32 aml_device(struct aml *a, const char *name)
{
	aml_byte(a, OP_EXT);
	aml_byte(a, EXT_DEVICE);
	u32 mark = open_length(a);
	aml_name(a, name);
	return mark;
}

void aml_processor(struct aml *a, const char *name, u8 id)
{
	aml_byte(a, OP_EXT);
	aml_byte(a, EXT_PROCESSOR);
	u32 mark = open_length(a);
	aml_name(a, name);
	aml_byte(a, id);
	little(a, 0, 4);
	aml_byte(a, 0);
	aml_close(a, mark);
}

u32 aml_method(struct aml *a, const char *name, u8 args)
{
	aml_byte(a, OP_METHOD);
	u32 mark = open_length(a);
	aml_name(a, name);
	aml_byte(a, args | 0x08);	/* serialized: the methods here create names */
	return mark;
}

u32 aml_package(struct aml *a, u8 elements)
{
	aml_byte(a, OP_PACKAGE);
	u32 mark = open_length(a);
	aml_byte(a, elements);
	return mark;
}

u32 aml_if(struct aml *a)
{
	aml_byte(a, OP_IF);
	return open_length(a);
}

static void aml_bytes(struct aml *a, const void *p, u32 n)
{
	must(n <= a->size - a->n);
	memcpy(a->buf + a->n, p, n);
	a->n += n;
}

void aml_buffer(struct aml *a, const void *p, u32 n)
{
	aml_byte(a, OP_BUFFER);
	u32 mark = open_length(a);
	aml_int(a, n);
	aml_bytes(a, p, n);
	aml_close(a, mark);
}

void aml_pci_region(struct aml *a, const char *name, u8 offset, u8 size)
{
	aml_byte(a, OP_EXT);
	aml_byte(a, EXT_REGION);
	aml_name(a, name);
	aml_byte(a, SPACE_PCI_CONFIG);
	aml_int(a, offset);
	aml_int(a, size);
}

void aml_byte_fields(struct aml *a, const char *region, const char *const *names, u32 n)
{
	aml_byte(a, OP_EXT);
	aml_byte(a, EXT_FIELD);
	u32 mark = open_length(a);
	aml_name(a, region);
	aml_byte(a, FIELD_BYTE_ACCESS);
	for (u32 k = 0; k < n; k++) {
		aml_name(a, names[k]);
		aml_byte(a, 8);		/* bits, as a one-byte PkgLength */
	}
	aml_close(a, mark);
}
