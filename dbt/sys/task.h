/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware task switches and what else is read from a TSS (SDM vol. 3, chapter
 * 7). Not who may ask for one: privilege and gate checks are the caller's.
 */
#ifndef DBT_SYS_TASK_H
#define DBT_SYS_TASK_H

#include "dbt/sys/segload.h"

enum task_why { TASK_JMP, TASK_CALL, TASK_INT, TASK_IRET };

/* TSS descriptor types (desc_type): 16-bit 1 / 3 busy, 32-bit 9 / 11 busy. */
enum { TSS_AVAIL16 = 1, TSS_BUSY16 = 3, TSS_AVAIL32 = 9, TSS_BUSY32 = 11, TSS_BUSY = 2 };

struct task_req {
	enum task_why why;
	u32 next;		/* EIP that the old TSS saves */
	bool rf;		/* RF in the EFLAGS that it saves */
	u32 ext;		/* EXT bit of error codes */
	bool has_error;		/* TASK_INT: push this on the new task's stack */
	u32 error;
};

/*
 * Switch to the task of *d, a TSS descriptor that is present and available (TASK_IRET: busy).
 * Faults before the commit leave everything as it was; later ones are the new task's.
 */
struct fault task_switch(struct vcpu *c, const struct desc *d, const struct task_req *q);

/* A task gate names TSS `sel`: fetch and check its descriptor, then switch. */
struct fault task_gate(struct vcpu *c, u16 sel, const struct task_req *q);

/* The stack of privilege level dpl from the current TSS; #TS(TR) if outside its limit. */
struct fault task_stack(struct vcpu *c, u8 dpl, u32 ext, u16 *ss, u64 *esp);
/*
 * The same in long mode: the stack of level `slot` 0 … 2, or that of IST n for slot n + 3 (SDM
 * vol. 3, figure 7-11), as it is there.
 */
struct fault task_stack_long(struct vcpu *c, unsigned slot, u32 ext, u64 *rsp);

/* May ports [port, port+size) be used now? IOPL, else the TSS's I/O bitmap; #GP(0) if not. */
struct fault task_io_allowed(struct vcpu *c, u16 port, unsigned size);

#endif
