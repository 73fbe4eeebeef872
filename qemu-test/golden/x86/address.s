# SPDX-License-Identifier: BSD-2-Clause
# Every form of an address, in flat segments and in others.
pattern base flat32
	mov	eax, [ebx]
pattern base_disp8 flat32
	mov	eax, [ebx + 8]
pattern base_disp32 flat32	# beyond a load's own displacement
	mov	eax, [ebx + 0x12345]
pattern disp32 flat32
	mov	eax, [0x12345678]
pattern base_index flat32
	mov	eax, [ebx + esi]
pattern base_index_scale flat32
	mov	eax, [ebx + esi * 4]
pattern base_index_scale_disp flat32
	mov	[ebx + esi * 8 - 0x20], eax
pattern index_scale_disp32 flat32	# a table
	mov	eax, [esi * 4 + 0x804a000]
pattern same_address_twice flat32	# the sum is made once
	mov	eax, [ebx + esi * 4 + 16]
	add	eax, 3
	mov	[ebx + esi * 4 + 16], eax
pattern lea_sum flat32
	lea	eax, [ebx + esi * 2 + 7]
pattern read_modify_write flat32
	add	dword ptr [ebx + 4], 5
pattern movzx_byte flat32
	movzx	eax, byte ptr [esi]
	movzx	ecx, byte ptr [esi + 1]
pattern movsx_word flat32
	movsx	eax, word ptr [esi]
pattern based_load based32	# base and limit from the state
	mov	eax, [ebx + 8]
pattern based_store_twice based32	# the limit is looked at twice, the sums are shared
	mov	[ebx + 8], eax
	mov	[ebx + 12], ecx
pattern aligned_load aligned32	# #AC is possible
	mov	eax, [ebx + 8]
pattern indexed_byte flat32	# the access adds
	movzx	eax, byte ptr [ecx + esi]
pattern indexed_store flat32
	mov	[eax + edx], cx
pattern indexed_twice flat32	# read, modify, write: the sum has two users
	inc	byte ptr [eax + edx]
pattern index_doubled flat32
	movsx	ecx, word ptr [eax + eax + 0x201600]
pattern disp_in_words flat32	# no sum: ldptr.w has 16 bits
	mov	eax, [esp + 0x1234]
	mov	[ebx - 0x7ff0], eax
pattern disp_high_half flat32	# one addu16i.d
	mov	eax, [ebx + 0x54320]
	movzx	ecx, byte ptr [esi + 0x20010]
pattern disp_high_twice flat32	# and for both accesses
	add	[ebx + 0x54320], eax
pattern absolute_close flat32	# the upper part is made once
	mov	eax, [0x804a010]
	add	eax, [0x804a014]
	mov	[0x804a018], eax
pattern whole_segment whole32	# looked at once: no limits
	mov	eax, gs:[0x14]
	mov	ecx, gs:[0x12345678]
	inc	dword ptr gs:[edx + ebx*4 + 0x100]
	mov	ax, fs:[esi + 2]
