/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes AML (ACPI 2.0 §18) into a buffer: the few terms that acpi_tables.c needs. */
#ifndef DRIVERS_PC_AML_H
#define DRIVERS_PC_AML_H

#include "kernel/lib/types.h"

struct aml { u8 *buf; u32 n, size; };	/* running out of room is our bug and panics */

void aml_byte(struct aml *a, u8 v);
/* A path: optional '\', one or two ('A.B') segments of up to 4 characters, filled with '_'. */
void aml_name(struct aml *a, const char *path);
void aml_int(struct aml *a, u32 v);
/* Name (path, …): the object follows. */
void aml_def(struct aml *a, const char *path);
/* Name (_HID or _CID, EisaId (id)); id as in "PNP0A03". */
void aml_def_eisa(struct aml *a, const char *path, const char *id);
void aml_def_int(struct aml *a, const char *path, u32 v);

/* Terms with a length: the content follows, then aml_close() with what the opener returned. */
u32 aml_scope(struct aml *a, const char *path);
u32 aml_device(struct aml *a, const char *name);
u32 aml_method(struct aml *a, const char *name, u8 args);
u32 aml_package(struct aml *a, u8 elements);
u32 aml_if(struct aml *a);
void aml_close(struct aml *a, u32 mark);

/* Processor (name, id, 0, 0) {}: id as in the MADT, no P_BLK. */
void aml_processor(struct aml *a, const char *name, u8 id);
/* A buffer of n bytes. */
void aml_buffer(struct aml *a, const void *p, u32 n);
/* OperationRegion (name, PCI_Config, offset, size), and its Field of byte-wide names. */
void aml_pci_region(struct aml *a, const char *name, u8 offset, u8 size);
void aml_byte_fields(struct aml *a, const char *region, const char *const *names, u32 n);

enum { AML_STORE = 0x70, AML_AND = 0x7b, AML_OR = 0x7d, AML_DWORD_FIELD = 0x8a, AML_LNOT = 0x92,
	AML_RETURN = 0xa4, AML_ARG0 = 0x68, AML_NULL = 0x00 };

#endif
