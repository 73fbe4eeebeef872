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
