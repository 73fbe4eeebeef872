# SPDX-License-Identifier: BSD-2-Clause
# 64-bit code: registers of both widths, addresses and their checks, the stack, strings, vectors.
pattern add64 flat64
	add	rax, rcx
	mov	rdx, rax
pattern add32 flat64	# the upper half becomes 0
	add	eax, ecx
	mov	edx, eax
pattern add16 flat64	# the other 48 bits stay
	add	ax, cx
pattern add8_high flat64
	add	ah, cl
pattern new_byte_registers flat64
	mov	sil, r9b
pattern imm64 flat64
	movabs	rax, 0x123456789abcdef0
	mov	rcx, -1
	mov	edx, 0xffffffff
pattern xor_zero flat64
	xor	eax, eax
	mov	r8, rax
pattern extensions flat64
	movsxd	rax, ecx
	movzx	edx, r10b
	movsx	r11, si
	cdqe
pattern chain32 flat64	# 32-bit results that only 32-bit operations take
	mov	eax, [rdi]
	add	eax, esi
	shl	eax, 3
	xor	eax, 0x55
	mov	[rdi], eax
pattern index32 flat64	# a zero-extended index is an address
	mov	eax, edi
	mov	al, [rsi + rax]
pattern cmp_branch64 flat64
	cmp	rax, rcx
	jae	0x402000
pattern cmp_branch32 flat64
	cmp	eax, 100
	jg	0x402000
pattern test_branch64 flat64
	test	rax, rax
	jne	0x402000
pattern shift64 flat64
	shl	rax, 5
	sar	rcx, cl
	ror	r9, 17
pattern mul64 flat64
	imul	rax, rcx
	mul	r8
pattern div64_zero flat64	# by 64 bits: the upper half is known
	xor	edx, edx
	div	rcx
pattern idiv64_cqo flat64
	cqo
	idiv	rcx
pattern idiv64_any flat64	# RDX from elsewhere: a helper
	idiv	rcx
pattern idiv32 flat64
	cdq
	idiv	ecx
pattern base flat64	# checked against the monitor's windows
	mov	rax, [rbx]
pattern base_disp flat64
	mov	rax, [rbx + 0x12345]
	mov	[rbx + 0x12348], rcx
pattern base_twice flat64	# one check for both
	mov	rax, [rbx + 8]
	mov	rcx, [rbx + 16]
pattern base_index_disp flat64
	mov	eax, [rbx + rsi * 4 + 16]
	add	eax, 1
	mov	[rbx + rsi * 4 + 16], eax
pattern address32 flat64	# 67: the sum is cut
	mov	eax, [ebx + esi * 4 + 16]
pattern rip_relative flat64	# no check
	mov	rax, [rip + 0x1000]
	lea	rcx, [rip - 8]
pattern absolute flat64
	mov	rax, [0x12345678]
pattern moffs flat64
	movabs	al, [0x123456789abc]
pattern fs_base flat64
	mov	rax, fs:[0x28]
pattern gs_base kernel64
	mov	rax, gs:[rcx + 0x10]
pattern read_modify_write flat64
	add	qword ptr [rdi], 5
pattern lea64 flat64
	lea	rax, [rbx + rsi * 2 + 7]
	lea	ecx, [rbx + rsi * 2 + 7]
pattern push_pop flat64
	push	rbx
	push	r12
	pop	r12
	pop	rbx
pattern prologue flat64
	push	rbp
	mov	rbp, rsp
	sub	rsp, 0x40
	mov	[rbp - 8], rdi
pattern leave flat64
	leave
	ret
pattern call flat64
	call	0x402000
pattern call_register flat64
	call	rax
pattern call_memory flat64
	call	[rax + 0x18]
pattern jump_table flat64
	jmp	[rdx + rax * 8]
pattern ret flat64
	ret
pattern rep_movsq flat64
	rep movsq
pattern rep_stosb flat64
	rep stosb
pattern stosq kernel64
	stosq
pattern cmpxchg64 kernel64
	lock cmpxchg [rdi], rcx
pattern cmpxchg16b kernel64
	lock cmpxchg16b [rdi]
pattern xadd64 kernel64
	lock xadd [rdi], rax
pattern bt_memory kernel64
	bts	[rdi], rsi
pattern bsf64 flat64
	bsf	rax, rcx
pattern popcnt64 flat64
	popcnt	rax, rcx
pattern crc32_64 flat64
	crc32	rax, rcx
pattern bswap64 flat64
	bswap	rax
	movbe	rcx, [rsi]
pattern setcc flat64
	cmp	rdi, rsi
	seta	al
	movzx	eax, al
pattern cmov64 flat64
	test	rdi, rdi
	cmovs	rax, rcx
pattern cmov32 flat64	# false: the upper half becomes 0 all the same
	test	edi, edi
	cmovs	eax, ecx
pattern xmm_high flat64
	addsd	xmm8, xmm15
	movaps	xmm9, xmm0
pattern movq_registers flat64
	movq	xmm3, rax
	movq	rcx, xmm12
pattern pinsrq flat64
	pinsrq	xmm2, rax, 1
	pextrq	rcx, xmm2, 1
pattern cvt64 flat64
	cvtsi2sd xmm0, rax
	cvttsd2si rcx, xmm1
	cvtsi2ss xmm2, rdx
	cvtss2si r8, xmm3
pattern movdqu_load flat64
	movdqu	xmm4, [rsi + rcx]
	movdqu	[rdi + rcx], xmm4
pattern gs_count kernel64
	inc	qword ptr gs:[0x1f0]
pattern pushf kernel64
	pushf
	pop	rax
pattern and_mask_truncated flat64	# bits above the low half: not zero-extended as it is
	movabs	rdx, 0xff000000ff0
	and	rax, rdx
	mov	ecx, eax
	shr	rax, 32
pattern cmp_movabs flat64	# the flags hold the constant where RDX does
	movabs	rdx, 0x7fffffffffff
	cmp	rdx, rax
pattern adc_chain flat64		# a sum of 256 bits
	add	rax, [rbx]
	adc	rcx, [rbx + 8]
	adc	rdx, [rbx + 16]
	adc	rsi, rdi
pattern sbb_chain flat64		# a difference; the carry is wanted
	sub	rax, [rbx]
	sbb	rcx, [rbx + 8]
	sbb	rdx, rdi
	setb	sil
