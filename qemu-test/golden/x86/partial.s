# SPDX-License-Identifier: BSD-2-Clause
# 8- and 16-bit registers, which are parts of 32-bit ones.
pattern mov_al flat32
	mov	al, 5
pattern mov_ah flat32
	mov	ah, cl
pattern mov_al_ah flat32
	mov	al, ah
pattern add_al flat32
	add	al, cl
pattern add_ax flat32
	add	ax, cx
pattern mov_ax_mem flat32
	mov	ax, [esi]
pattern store_ah flat32
	mov	[esi], ah
pattern movzx_al flat32
	movzx	eax, al
pattern movsx_cx flat32
	movsx	eax, cx
pattern xor_al_then_eax flat32
	xor	al, al
	mov	ecx, eax
pattern shl_al flat32
	shl	al, 1
pattern cwde_cbw flat32
	cbw
	cwde
pattern inc_cl_mem flat32
	inc	byte ptr [esi]
pattern or_ah_constant flat32	# one word, of the whole register
	or	ah, 12
	cmp	eax, ecx
pattern and_al_constant flat32
	and	al, 0xfe
	cmp	eax, ecx
pattern and_ax_constant flat32
	and	ax, 0xa001
	cmp	eax, ecx
pattern xor_al_ones flat32
	xor	al, 0xff
	cmp	eax, ecx
pattern and_al_flags flat32	# the part is wanted for its flags
	and	al, 0xf0
	je	0x401100
