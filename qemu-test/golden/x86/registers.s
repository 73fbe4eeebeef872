# SPDX-License-Identifier: BSD-2-Clause
# What is written to guest registers, and where values are kept meanwhile.
pattern put_overwritten flat32
	mov	esi, ecx
	ror	esi, 6
pattern put_seen_by_fault flat32
	mov	esi, ecx
	mov	edx, [eax]
	ror	esi, 6
pattern put_at_side_exit flat32
	mov	esi, ecx
	test	edx, edx
	je	0x401100
pattern copy_outlives flat32	# the old value is in another register
	and	esi, edi
	mov	edi, esi
	mov	esi, [esp + 0x3c]
pattern old_value_of_sum flat32	# the register less a constant
	sub	edx, 1
	jae	0x401100
pattern old_value_compared flat32
	mov	ecx, eax
	add	eax, 4
	cmp	ecx, ebx
	jne	0x401100
pattern constant_stored flat32	# it is in a register already
	mov	eax, 0x12345
	mov	[esi], eax
	mov	[edi], eax
pattern below_one flat32
	cmp	eax, 1
	jb	0x401100
pattern old_value_of_difference flat32
	mov	eax, [esi]
	sub	eax, ecx
	sbb	edx, edi
pattern sum_for_flags flat32	# nobody wants it but flags
	add	esp, 8
	pop	ebx
	ret
