/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Basic integer types and the four kinds of address. Not a place for anything
 * that needs another header.
 */
#ifndef KERNEL_LIB_TYPES_H
#define KERNEL_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/*
 * Address kinds: guest virtual (linear), guest physical, host virtual, host
 * physical. Structs of one word, so that one kind is never taken for another
 * and passing one costs what passing a word costs.
 */
typedef struct { u64 a; } gva_t;
typedef struct { u64 a; } gpa_t;
typedef struct { u64 a; } hva_t;
typedef struct { u64 a; } hpa_t;

static inline gva_t gva(u64 a) { return (gva_t){ a }; }
static inline gpa_t gpa(u64 a) { return (gpa_t){ a }; }
static inline hva_t hva(u64 a) { return (hva_t){ a }; }
static inline hpa_t hpa(u64 a) { return (hpa_t){ a }; }

#endif
