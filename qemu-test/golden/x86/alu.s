# SPDX-License-Identifier: BSD-2-Clause
# Integer arithmetic: results in place, flags left as kind and operands.
pattern add_reg flat32
	add	eax, ecx
pattern sub_imm flat32
	sub	esp, 0x20
pattern add_large_imm flat32
	add	eax, 0x12345678
pattern xor_self flat32		# zero, and nothing is read
	xor	eax, eax
pattern mov_imm flat32
	mov	eax, 5
	mov	ecx, 0x12345678
pattern not_no_flags flat32
	not	edx
pattern neg flat32
	neg	edx
pattern inc_dec flat32		# the carry stays as it was at the entry
	inc	eax
	dec	ecx
pattern adc_chain flat32	# 64-bit addition
	add	eax, ecx
	adc	edx, ebx
pattern sbb_chain flat32
	sub	eax, ecx
	sbb	edx, ebx
pattern sbb_self flat32		# the carry at the entry as a mask
	sbb	eax, eax
pattern imul flat32
	imul	eax, ecx
pattern imul_imm flat32
	imul	eax, ecx, 100
pattern mul_wide flat32
	mul	ecx
pattern div flat32
	div	ecx
pattern cdq_idiv flat32
	cdq
	idiv	ecx
pattern xchg flat32
	xchg	eax, ecx
pattern xchg_mem flat32
	xchg	[esi], ecx
pattern bswap flat32
	bswap	eax
pattern lock_xadd flat32
	lock xadd [esi], eax
pattern cmpxchg flat32
	lock cmpxchg [esi], ecx
