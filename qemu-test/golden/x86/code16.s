# SPDX-License-Identifier: BSD-2-Clause
# 16-bit code: real mode, where no segment is flat, and a flat 16-bit segment.
pattern mov_mem real16
	mov	ax, [bx + si]
pattern store_bp real16		# SS by default
	mov	[bp + 4], ax
pattern add_reg real16
	add	ax, cx
pattern push_pop real16
	push	ax
	pop	bx
pattern call_near real16
	call	0x1100
pattern ret_near real16
	ret
pattern jmp_short real16
	jmp	0x1010
pattern cmp_jz real16
	cmp	al, 13
	jz	0x1010
pattern loop16 real16
1:	loop	1b
pattern rep_movsw real16
	rep movsw
pattern int10 real16
	int	0x10
pattern mov_ds real16
	mov	ds, ax
pattern far_call real16
	call	0xf000:0x1234
pattern opsize32 prot16
	add	eax, ecx
pattern addrsize32 prot16
	mov	eax, [ebx + esi * 4]
