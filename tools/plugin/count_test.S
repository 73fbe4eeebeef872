/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A LoongArch program without an operating system for testing count.so: instructions and accesses
 * that count_test.py knows the numbers of. Not Loam; it only uses the same windows as Loam.
 * "Monitor" is .text, "translated code" is the section .cache at 9000000000300000.
 */
#define CSR_CRMD	0x0
#define CSR_EUEN	0x2
#define CSR_TLBIDX	0x10
#define CSR_TLBEHI	0x11
#define CSR_TLBELO0	0x12
#define CSR_TLBELO1	0x13
#define CSR_STLBPS	0x1e
#define CSR_DMW0	0x180
#define CSR_DMW1	0x181
#define CSR_DMW2	0x182

#define MARKER		0x500000	/* seen through window 0, as all low addresses are */
#define LOW		0x480000
#define HIGH		0xffffffff80000000	/* mapped by one TLB entry */
#define WINDOW		0x9000000000480000
#define UNCACHED	0xa000000000480000
#define POWER		0xa0000000100e001c

	.text
	.globl	_start
_start:
	li.d	$t0, 0x0000000000000011
	csrwr	$t0, CSR_DMW0
	li.d	$t0, 0x9000000000000011
	csrwr	$t0, CSR_DMW1
	li.d	$t0, 0xa000000000000001
	csrwr	$t0, CSR_DMW2
	ori	$t0, $zero, 0xb0	/* PG, not DA; cached */
	csrwr	$t0, CSR_CRMD
	la.abs	$t0, 1f
	jr	$t0			/* from the physical address to the window */
1:	ori	$t0, $zero, 3		/* FPE, SXE */
	csrwr	$t0, CSR_EUEN
	ori	$t0, $zero, 12
	csrwr	$t0, CSR_STLBPS
	li.d	$t0, 12 << 24
	csrwr	$t0, CSR_TLBIDX
	li.d	$t0, HIGH
	csrwr	$t0, CSR_TLBEHI
	li.d	$t0, 0x400000 | 0x53	/* V D MAT=CC G */
	csrwr	$t0, CSR_TLBELO0
	li.d	$t0, 0x401000 | 0x53
	csrwr	$t0, CSR_TLBELO1
	tlbwr

	li.d	$s0, MARKER
	li.d	$s1, LOW
	li.d	$s2, HIGH
	li.d	$s3, WINDOW
	li.d	$s4, UNCACHED
	ori	$s5, $zero, 1
	ori	$s6, $zero, 2
	ori	$s7, $zero, 1000

	/* Span 1 */
	st.d	$s5, $s0, 0
	bl	cached_loop
	ld.d	$t0, $s3, 0
	st.d	$t0, $s3, 8
	st.d	$zero, $s0, 0
	/* Between spans: in the total only. */
	bl	cached_loop
	/* Span 2; ended by a byte store from translated code. */
	st.w	$s6, $s0, 0
	bl	cached_forms
	/* Span 0 again, until the end. Three bytes for what plays the UART's register. */
	ori	$t0, $zero, 'o'
	st.b	$t0, $s3, 24
	st.b	$t0, $s3, 24
	ori	$t0, $zero, 'k'
	st.b	$t0, $s3, 24
	ori	$t0, $zero, 0x34
	li.d	$t1, POWER
	st.b	$t0, $t1, 0
1:	idle	0
	b	1b

	.section .cache, "ax"
/* 1 + 1000 * 8 + 1 instructions; 1000 times 2 guest loads, 1 guest store, 1 window load, 1 store */
cached_loop:
	move	$t0, $s7
1:	ld.w	$t1, $s1, 0
	ld.w	$t1, $s1, 6		/* unaligned */
	st.w	$t1, $s1, 64
	ld.d	$t2, $s3, 0
	st.d	$t2, $s3, 16
	add.w	$t1, $t1, $t2
	addi.d	$t0, $t0, -1
	bnez	$t0, 1b
	ret

/* 9 instructions: 3 guest loads, 3 guest stores, the marker's among them; 1 uncached each */
cached_forms:
	ld.d	$t0, $s2, 0		/* a sign-extended address of a 32-bit guest */
	st.d	$t0, $s2, 8
	vld	$vr0, $s1, 0		/* 16 bytes: one access */
	vst	$vr0, $s1, 32
	ld.d	$t0, $s4, 0
	st.d	$t0, $s4, 8
	ld.b	$t0, $s1, 0
	st.b	$zero, $s0, 0
	ret
