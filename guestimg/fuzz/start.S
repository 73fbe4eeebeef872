/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the reset vector to C, traps, and the ways into the modes. Nothing here decides anything.
 */
#include "guestimg/base/entry.inc"
#include "guestimg/fuzz/fuzz.h"

/* -- The ROM's last page: reset vector, protected mode (SDM vol. 3, 9.1.4) -- */

	.section .boot, "ax"
	.globl	seed
seed:	.long	0
	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* KCODE */
	.quad	0x00cf93000000ffff	/* KDATA */
boot_gdtr:
	.word	. - boot_gdt - 1
	.long	boot_gdt
	.code16
start16:
	cli
	xorl	%eax, %eax
	movl	%eax, %cr3
	lgdtl	%cs:(boot_gdtr - seed + 0xf000)
	movl	%cr0, %eax
	andl	$0x1fffffff, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$KCODE, $start
	.org	0xff0
	jmp	start16
	.org	0x1000
	.code32

	.section .real, "a"
	.globl	real
real:	.long	0
	.org	0x20000			/* its size, and room */

	.section .text.start, "ax"
	.globl	start
start:
	movw	$KDATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	inb	$0x92, %al		/* A20 on */
	orb	$2, %al
	andb	$0xfe, %al
	outb	%al, $0x92
	movl	$stack_top, %esp
	cld
	movl	$data_from, %esi
	movl	$data_start, %edi
	movl	$data_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep movsl
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl
	call	fuzz_main
	pushl	$0
	call	machine_reset

	.text
/* u32 guarded(void (*fn)(u32), u32 arg) */
	.globl	guarded
guarded:
	push_kept32
	movl	20(%esp), %eax
	movl	24(%esp), %ecx
	movl	%esp, guard_esp
	pushl	%ecx
	call	*%eax
	xorl	%eax, %eax
guard_out:
	movl	guard_esp, %esp
	movl	$0, guard_esp
	pop_kept32
	ret

	stubs	trap

trap:
	pushal
	cld
	pushl	%ds
	pushl	%es
	movl	$KDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	pushl	%esp
	call	trap_c
	addl	$4, %esp
	testl	%eax, %eax
	jnz	1f
	popl	%es
	popl	%ds
	popal
	addl	$8, %esp
	iretl
1:	movl	$KDATA, %eax			/* guarded() is over */
	movl	%eax, %ss
	movl	guard_esp, %esp
	pushl	$2				/* NMIs are held off until an IRET */
	pushl	$KCODE
	pushl	$2f
	iretl
2:	movl	$1, %eax
	jmp	guard_out

	.macro	push_registers			/* of *EAX, for popal */
	pushl	28(%eax)
	pushl	24(%eax)
	pushl	20(%eax)
	pushl	16(%eax)
	pushl	$0
	pushl	8(%eax)
	pushl	4(%eax)
	pushl	0(%eax)
	.endm

/* void enter(const struct entry *e): protected mode, 16 or 32 bits, any CPL */
	.globl	enter
enter:
	movl	4(%esp), %eax
	testb	$3, 36(%eax)
	jz	1f
	pushl	48(%eax)
	pushl	44(%eax)
	jmp	2f
1:	movl	48(%eax), %ecx
	movl	44(%eax), %edx
	movl	%ecx, %ss
	movl	%edx, %esp
2:	pushl	40(%eax)
	pushl	36(%eax)
	pushl	32(%eax)
	push_registers
	pushl	64(%eax)
	pushl	60(%eax)
	pushl	56(%eax)
	pushl	52(%eax)
	popl	%ds
	popl	%es
	popl	%fs
	popl	%gs
	popal
	iretl

	.globl	enter_v86
enter_v86:
	movl	4(%esp), %eax
	pushl	64(%eax)
	pushl	60(%eax)
	pushl	52(%eax)
	pushl	56(%eax)
	pushl	48(%eax)
	pushl	44(%eax)
	pushl	40(%eax)
	pushl	36(%eax)
	pushl	32(%eax)
	push_registers
	popal
	iretl

/* void enter_real(u32 small_segments): what is at LOW_ENTRY; paging must be off */
	.globl	enter_real
enter_real:
	movl	4(%esp), %ecx
	jecxz	1f
	movl	$DATA16_0, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
1:	ljmp	$KCODE16, $(LOW + real_go - low_start)

/* void load_tables(const void *gdtr, const void *idtr) */
	.globl	load_tables
load_tables:
	load_tables32 KCODE, KDATA, KDATA
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$TSS, %eax
	ltr	%ax
	movl	$LDT, %eax
	lldt	%ax
	ret

/* void machine_reset(u32 how): 0 reset control, 1 port 92, 2 keyboard, else a triple fault */
	.globl	machine_reset
machine_reset:
	movl	4(%esp), %eax
	testl	%eax, %eax
	jz	3f
	cmpl	$1, %eax
	je	1f
	cmpl	$2, %eax
	je	2f
	pushl	$0
	pushl	$0
	lidt	(%esp)
	int3
1:	movb	$3, %al
	outb	%al, $0x92
2:	movb	$0xfe, %al
	outb	%al, $0x64
3:	movw	$0xcf9, %dx
	movb	$6, %al
	outb	%al, %dx
	hlt
	jmp	3b

/* -- Copied to LOW; addresses there are linear ones with CS = 0 -- */

	.code16
	.globl	low_start, low_end
low_start:
real_trap:					/* at LOW: every vector of the IVT but NMI */
	pushw	%bp
	movw	%sp, %bp
	decw	%cs:(LOW + real_budget - low_start)
	jz	real_end
	addw	$3, 2(%bp)
	popw	%bp
	iretw
	.org	low_start + 0x20		/* NMI */
real_end:
	movw	$0xcf9, %dx
	movb	$6, %al
	outb	%al, %dx
	hlt
	jmp	real_end
real_budget:
	.word	60
real_idtr:
	.word	0x3ff
	.long	0
real_go:
	movl	%cr0, %eax
	andb	$0xfe, %al
	movl	%eax, %cr0
	ljmpw	$0, $(LOW + 1f - low_start)
1:	lidtl	%cs:(LOW + real_idtr - low_start)
	movw	%cs:(LOW_ENTRY + 6), %ss
	movw	%cs:(LOW_ENTRY + 8), %sp
	movw	%cs:(LOW_ENTRY + 10), %ds
	movw	%cs:(LOW_ENTRY + 12), %es
	movw	%cs:(LOW_ENTRY + 14), %fs
	movw	%cs:(LOW_ENTRY + 16), %gs
	movl	%cs:(LOW_ENTRY + 20), %eax
	movl	%cs:(LOW_ENTRY + 24), %ecx
	movl	%cs:(LOW_ENTRY + 28), %edx
	movl	%cs:(LOW_ENTRY + 32), %ebx
	movl	%cs:(LOW_ENTRY + 36), %ebp
	movl	%cs:(LOW_ENTRY + 40), %esi
	movl	%cs:(LOW_ENTRY + 44), %edi
	pushw	%cs:(LOW_ENTRY + 4)
	pushw	%cs:(LOW_ENTRY + 2)
	pushw	%cs:(LOW_ENTRY + 0)
	iretw
low_end:
	.code32

	.data
	.globl	guard_esp
guard_esp:
	.long	0
	.bss
	.balign	16
	.skip	16384
stack_top:
	.section .note.GNU-stack, "", @progbits
