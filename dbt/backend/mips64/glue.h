/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What glue.S and this back end's C share: offsets from R_STATE, numbers of flag kinds.
 * prims.c checks them at compile time.
 */
#ifndef DBT_BACKEND_MIPS64_GLUE_H
#define DBT_BACKEND_MIPS64_GLUE_H

#include "dbt/backend/glue.h"

/* struct vcpu's fields from tp: CPU_VCPU_OFFSET + offsetof. */
#define ST_GPR(n) (256 + 8 * (n))
#define ST_CCOP 384
#define ST_CCA 392
#define ST_CCB 400
#define ST_EIP 408
#define ST_NEXT_EIP 416
#define ST_CTX 424
#define ST_EXIT_ARG 432
#define ST_HELP7 1056

/* enum cc_kind (dbt/x86/cc.h), for glue_entry_cf. */
#define CC_KIND_ADD 1
#define CC_KIND_SUB 2
#define CC_KIND_CMP 3
#define CC_KIND_LOGIC 4
#define CC_KIND_INC 5
#define CC_KIND_MUL 7
#define CC_KIND_SHL 8
#define CC_KIND_SHR 9
#define CC_KIND_SAR 10

#endif
