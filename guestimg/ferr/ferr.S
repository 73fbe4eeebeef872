/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x87 errors with CR0.NE = 0, as DOS programs meet them: FERR#, IRQ 13, port 0xf0, IGNNE#
 * (SDM vol. 1, D.2). A ROM of 64 KiB in real mode; needs a PIC and COM1. Not for QEMU: its CPU
 * goes on while it waits for the interrupt. Says "ferr: N passed, M failed".
 * Invariant: the interrupt handler counts itself; COUNT is compared after each step.
 */
	.code16
	.section .text
	.set COUNT, 0x500		/* interrupts so far */
	.set CLEAR, 0x502		/* shall the handler clear the exceptions? */
	.set PASSED, 0x504
	.set FAILED, 0x506

	.macro	divide_by_zero
	fld1
	fdivs	%cs:zero
	.endm

	.macro	port_out port, value
	movb	$\value, %al
	outb	%al, $\port
	.endm

	/* COUNT must be n. */
	.macro	expect n
	cmpw	$\n, COUNT
	call	judge
	.endm

	.org 0
start:	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movw	%ax, COUNT
	movw	%ax, PASSED
	movw	%ax, FAILED
	movw	$handler, 0x75 * 4
	movw	%cs, 0x75 * 4 + 2
	movl	$0x1b, %ecx		/* without a local APIC the PIC drives the CPU */
	rdmsr
	andl	$~0x800, %eax
	wrmsr
	port_out 0x20, 0x11
	port_out 0x21, 0x08
	port_out 0x21, 4
	port_out 0x21, 1
	port_out 0xa0, 0x11
	port_out 0xa1, 0x70
	port_out 0xa1, 2
	port_out 0xa1, 1
	port_out 0x21, 0xfb
	port_out 0xa1, 0xdf
	movl	%cr0, %eax
	andl	$~0x2c, %eax		/* NE, TS, EM */
	orl	$2, %eax		/* MP */
	movl	%eax, %cr0
	fninit
	fldcw	%cs:unmasked
	sti

	/* The error waits for a waiting instruction; the handler ends it. */
	movw	$1, CLEAR
	divide_by_zero
	fwait
	expect	1
	fnstsw	%ax
	testb	$0x84, %al
	call	judge
	fwait
	expect	1

	/* The handler leaves it: IGNNE# lets this and the next instructions through. */
	fninit
	fldcw	%cs:unmasked
	movw	$0, CLEAR
	divide_by_zero
	fld1
	expect	2
	fld1
	expect	2
	fnstsw	%ax			/* three values on the stack; the error is still there */
	andw	$0xb884, %ax
	cmpw	$0xa884, %ax
	call	judge

	/* With the error IGNNE# ends. */
	fnclex
	movw	$1, CLEAR
	fdivs	%cs:zero
	fldz
	expect	3

	/* Port 0xf0 without an error asserts nothing. */
	outb	%al, $0xf0
	fdivs	%cs:zero		/* 0 / 0: invalid, masked */
	fld1
	fdivs	%cs:zero
	fwait
	expect	4
	jmp	report

handler:
	pushw	%ax
	incw	COUNT
	outb	%al, $0xf0
	port_out 0xa0, 0x20
	port_out 0x20, 0x20
	cmpw	$0, CLEAR
	je	1f
	fnclex
1:	popw	%ax
	iretw

/* ZF: passed. */
judge:	je	1f
	incw	FAILED
	ret
1:	incw	PASSED
	ret

putc:	movw	$0x3fd, %dx
1:	movb	%al, %ah
	inb	%dx, %al
	testb	$0x20, %al
	movb	%ah, %al
	jz	1b
	movw	$0x3f8, %dx
	outb	%al, %dx
	ret

puts:	movb	%cs:(%si), %al
	incw	%si
	testb	%al, %al
	jz	1f
	call	putc
	jmp	puts
1:	ret

report:	movw	$before, %si
	call	puts
	movb	PASSED, %al
	addb	$'0', %al
	call	putc
	movw	$between, %si
	call	puts
	movb	FAILED, %al
	addb	$'0', %al
	call	putc
	movw	$after, %si
	call	puts
	movb	FAILED, %al
	outb	%al, $0xf4
1:	cli
	hlt
	jmp	1b

zero:	.float 0
unmasked: .word 0x37b			/* all but division by zero are masked */
before:	.asciz "ferr: "
between: .asciz " passed, "
after:	.asciz " failed\n"

	.org 0xfff0
	ljmp	$0xf000, $start
	.org 0x10000
