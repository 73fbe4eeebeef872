# SPDX-License-Identifier: BSD-2-Clause
# Who sets the flags, and who reads them.
pattern cmp_jz flat32		# one host branch
	cmp	eax, ecx
	jz	0x401100
pattern cmp_jb flat32
	cmp	eax, ecx
	jb	0x401100
pattern cmp_jle flat32
	cmp	eax, ecx
	jle	0x401100
pattern cmp_imm_ja flat32
	cmp	eax, 10
	ja	0x401100
pattern test_jnz flat32
	test	eax, eax
	jnz	0x401100
pattern test_bit_jz flat32
	test	al, 1
	jz	0x401100
pattern sub_js flat32
	sub	eax, ecx
	js	0x401100
pattern add_jc flat32
	add	eax, ecx
	jc	0x401100
pattern add_jo flat32
	add	eax, ecx
	jo	0x401100
pattern dec_jnz flat32		# a loop's end
	dec	ecx
	jnz	0x401100
pattern cmp_byte_mem_jz flat32
	cmp	byte ptr [esi], 0
	jz	0x401100
pattern cmp_jp flat32
	cmp	al, cl
	jp	0x401100
pattern cmp_setl flat32
	cmp	eax, ecx
	setl	dl
pattern cmp_cmov flat32
	cmp	eax, ecx
	cmovge	edx, ebx
pattern cmp_sbb flat32		# unsigned below as a mask
	cmp	eax, ecx
	sbb	edx, edx
pattern dead_flags flat32	# only the last setter's flags are made
	add	eax, 1
	add	ecx, 2
	add	edx, 3
pattern dead_flags_at_fault flat32	# but a fault finds them by its recipe
	add	eax, 1
	mov	ecx, [esi]
	sub	edx, ecx
pattern jcc_of_entry flat32	# the flags come from another block
	jz	0x401100
pattern jb_of_entry flat32
	jb	0x401100
pattern bt_jc flat32
	bt	eax, 5
	jc	0x401100
pattern stc_adc flat32
	stc
	adc	eax, ecx
pattern pushf_popf_reader flat32
	cmp	eax, ecx
	lahf
pattern inc_keeps_carry flat32
	cmp	eax, ecx
	inc	edx
	jb	0x401100
pattern bt_jae_of_before flat32	# CF goes over what is there
	bt	ecx, 10
	jae	0x401100
	mov	eax, 1
pattern test_bt_jae flat32	# and over a state of the block
	test	eax, eax
	bt	ecx, 10
	jae	0x401100
	mov	eax, [esi]
pattern stc_inc flat32	# an INC keeps it
	stc
	inc	eax
	mov	[esi], eax
pattern inc_bt_jb flat32	# of the state before the INC nothing is left
	inc	eax
	bt	ecx, 3
	jb	0x401100
