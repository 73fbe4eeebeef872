/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of the IR as text, indexed by the enums of ir.h, cc.h, helpers.h; print.c has them.
 * The form itself:
 *
 *	EIP [vN[:type] = ]op[.word[.word]] [a [b [c]]] [#k]
 *
 * vN is the instruction's index; it stands there if something may refer to it: a result, a SETF.
 * Words: condition; "jump" or "call"; access and "rmw"; kind and width of flags; position and
 * length; "late"; what an AMO does, and its access; "lock" instead of "rmw"; a helper's x and
 * name; a vector row's name and immediate. An operand that is none but has one behind it is "-"; k
 * is left out if a word says it, or it is 0 and no place to go on or exception, which are in hex.
 */
#ifndef DBT_IR_TEXT_H
#define DBT_IR_TEXT_H

#include "dbt/ir/ir.h"
#include "dbt/ir/helpers.h"
#include "dbt/x86/cc.h"

extern const char *const ir_type_text[T_V128 + 1];
extern const char *const ir_cond_text[IC_GEU + 1];
extern const char *const ir_mem_text[M_128 + 1];
extern const char *const ir_cc_text[CC_KIND_COUNT];
extern const char *const ir_helper_text[HELPER_COUNT];
extern const char *const ir_way_text[WAY_CALL + 1];
extern const char *const ir_amo_text[AMO_XOR + 1];

#endif
