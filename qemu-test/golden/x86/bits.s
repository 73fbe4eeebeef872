# SPDX-License-Identifier: BSD-2-Clause
# Masks, fields and extensions: only the bits that somebody looks at (dbt/opt/narrow.c).
pattern mask_low_bits flat32	# an extract, no constant
	mov	edx, ebp
	and	edx, 0x7fff
pattern mask_high_bits flat32	# a hole of zeros
	and	esp, 0xfffffff0
pattern mask_elsewhere flat32
	mov	ecx, eax
	and	ecx, 0xffff00ff
pattern mask_in_the_middle flat32	# no field: and
	and	eax, 0x00ff0000
pattern field flat32
	mov	ecx, eax
	shr	ecx, 7
	and	ecx, 0x1f
pattern field_signed flat32
	sar	edx, 5
	and	edx, 0x7f
pattern field_beyond flat32	# bits of the sign: no field
	sar	edx, 30
	and	edx, 0x7f
pattern shl_shr flat32
	shl	eax, 20
	shr	eax, 20
	mov	[esi], eax
pattern setcc_into_zero flat32
	xor	ebx, ebx
	cmp	eax, ecx
	setb	bl
pattern setcc_movzx flat32
	cmp	eax, ecx
	setl	al
	movzx	eax, al
pattern setcc_into_unknown flat32
	test	eax, eax
	sete	cl
pattern byte_xor_movzx flat32	# a table's index, as in a CRC
	mov	bl, [edx]
	xor	ebx, eax
	movzx	ebx, bl
	shr	eax, 8
	xor	eax, [esi + ebx * 4]
pattern byte_forwarded flat32	# the comparison takes what was loaded
	mov	dl, [esp + 8]
	cmp	[ecx], dl
	jne	0x401100
pattern byte_stored flat32
	add	eax, ecx
	mov	[esi], al
	movzx	eax, al
	mov	[edi], al
pattern ah_of_ax flat32
	mov	ax, [esi]
	movzx	ecx, ah
pattern ah_after_al flat32
	mov	al, [esi]
	mov	cl, ah
pattern al_twice flat32
	mov	al, [esi]
	mov	al, [edi]
pattern byte_sum_extended flat32
	movzx	eax, byte ptr [esi]
	movzx	ecx, byte ptr [edi]
	add	eax, ecx
	movzx	eax, ax
pattern byte_difference_extended flat32
	movzx	eax, byte ptr [esi]
	movzx	ecx, byte ptr [edi]
	sub	eax, ecx
	movzx	eax, ax
pattern word_sign_twice flat32
	movsx	eax, word ptr [esi]
	cwde
	mov	[edi], eax
pattern test_bit flat32
	test	byte ptr [esi], 4
	jne	0x401100
pattern test_al flat32
	test	al, 0x80
	je	0x401100
pattern count_not_masked flat32	# the shift takes five bits by itself
	shl	eax, cl
	mov	edx, eax
	xor	eax, eax
pattern or_ah flat32
	or	ah, 0x40
	mov	[esi], eax
