# SPDX-License-Identifier: BSD-2-Clause
# Exits: on the page, to another one, back, indirect; calls and returns.
pattern jmp_near flat32		# forward on the page: no guard, no kick
	jmp	0x401100
pattern jmp_far flat32		# to another page: a guard
	jmp	0x405000
pattern jmp_back flat32		# tests the kick register
	jmp	0x400ff0
pattern jmp_self flat32
1:	jmp	1b
pattern jmp_page_end flat32	# the target may lie on two pages
	jmp	0x401ff8
pattern jcc_back flat32
1:	sub	eax, 1
	jnz	1b
pattern jcc_far flat32
	cmp	eax, ecx
	jb	0x405000
pattern call_near flat32
	call	0x401100
pattern call_far flat32
	call	0x405000
pattern call_indirect flat32
	call	eax
pattern call_table flat32
	call	[eax * 4 + 0x405000]
pattern jmp_table flat32
	jmp	[eax * 4 + 0x405000]
pattern ret flat32
	ret
pattern ret_imm flat32
	ret	8
pattern jecxz flat32
	.byte	0xe3, 0x1e		# to 0x401020
pattern loop flat32
1:	loop	1b
pattern step step32		# one instruction, and back to the run loop
	add	eax, ecx
pattern step_jmp step32
	jmp	0x401100
pattern int80 flat32
	int	0x80
pattern sysenter flat32
	sysenter
pattern sysexit kernel32
	sysexit
pattern ud2 flat32
	ud2
pattern sti kernel32
	sti
pattern cli kernel32
	cli
pattern cli_user flat32
	cli
pattern in_al kernel32
	in	al, dx
pattern mov_cr3 kernel32
	mov	cr3, eax
pattern rdtsc flat32
	rdtsc
pattern counter_compared flat32	# put at once, though it is put again
	add	eax, 1
	cmp	eax, 16
	jne	0x401000
	mov	eax, [esi]
pattern loop_with_load flat32	# the word that says where the flags are comes before the branch
	mov	eax, [esi]
	add	esi, 4
	add	edx, eax
	cmp	esi, ecx
	jne	0x401000
