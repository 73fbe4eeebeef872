# SPDX-License-Identifier: BSD-2-Clause
# The stack, and the frame of a function.
pattern push flat32
	push	eax
pattern push_push_push flat32
	push	ebp
	push	edi
	push	esi
pattern push_imm flat32
	push	0x1234
pattern push_mem flat32
	push	dword ptr [ebx + 8]
pattern pop flat32
	pop	eax
pattern pop_pop_ret flat32
	pop	ebx
	pop	ebp
	ret
pattern prologue flat32
	push	ebp
	mov	ebp, esp
	sub	esp, 0x18
pattern epilogue flat32
	leave
	ret
pattern pop_esp flat32
	pop	esp
pattern push_ax flat32
	push	ax
pattern push_stack16 real16
	push	eax
pattern pusha flat32
	pusha
pattern push_push_sub flat32	# one sum
	push	esi
	push	ebx
	sub	esp, 0x14
	mov	ebx, [esp + 0x20]
pattern push_imm_call flat32
	push	eax
	push	0x10
	call	0x401100
pattern push_fault_check flat32	# a load between knows what ESP lacks
	push	eax
	mov	ecx, [edx]
	push	ecx
pattern push_esp_push flat32
	push	esp
	push	esp
pattern push_mov_ebp flat32	# the sum in between is wanted
	push	ebp
	mov	ebp, esp
	push	edi
	mov	eax, [ebp + 8]
pattern pop_over_limit flat32	# too far for a displacement
	add	esp, 0x1000
	pop	ebx
	pop	esi
	ret
pattern add_esp_pops_ret flat32
	add	esp, 0x1c
	pop	ebx
	pop	esi
	pop	edi
	pop	ebp
	ret
pattern lea_esp_pops flat32
	lea	esp, [ebp - 12]
	pop	ebx
	pop	esi
	pop	edi
	pop	ebp
	ret
pattern push_side_exit flat32	# the stub of a branch puts ESP right
	push	ebx
	test	eax, eax
	je	0x401100
pattern thunk flat32
	mov	ebx, [esp]
	ret
pattern push_branch_push flat32	# ESP is put right in the branch's stub
	push	ebx
	test	eax, eax
	je	0x401100
	push	esi
pattern push_pop_frame flat32	# ESP goes down and up again: once at the end
	push	ebp
	push	ebx
	mov	ebx, [eax]
	mov	[edx], ebx
	pop	ebx
	pop	ebp
	ret
pattern push_pop_flags flat32	# what ESP was it is
	push	eax
	pop	ebx
	mov	ecx, [ebx]
