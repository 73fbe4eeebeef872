# SPDX-License-Identifier: BSD-2-Clause
# SSE: moves that emit nothing, lanes, arithmetic, comparisons, conversions.
pattern movaps_reg flat32	# a renaming until the exit
	movaps	xmm0, xmm1
pattern movaps_load flat32	# 16 bytes, aligned or #GP
	movaps	xmm0, [esi]
pattern movups_copy flat32
	movups	xmm0, [esi]
	movups	[edi], xmm0
pattern movss_load flat32	# lane 0, zeros above
	movss	xmm0, [esi]
pattern movss_reg flat32	# lane 0 of another
	movss	xmm0, xmm1
pattern addss_chain flat32
	movss	xmm0, [esi]
	addss	xmm0, [esi + 4]
	mulss	xmm0, xmm1
	movss	[edi], xmm0
pattern addps flat32
	addps	xmm0, xmm1
pattern addpd_mem flat32
	addpd	xmm0, [esi]
pattern sqrtsd flat32
	sqrtsd	xmm0, xmm1
pattern divsd flat32
	divsd	xmm0, xmm1
pattern minps flat32
	minps	xmm0, xmm1
pattern xorps_self flat32	# zero
	xorps	xmm0, xmm0
pattern andps flat32
	andps	xmm0, xmm1
pattern ucomisd_ja flat32
	ucomisd	xmm0, xmm1
	ja	0x401100
pattern cmpltpd flat32
	cmpltpd	xmm0, xmm1
pattern cvtsi2sd flat32
	cvtsi2sd xmm0, eax
pattern cvttsd2si flat32
	cvttsd2si eax, xmm0
pattern cvtss2sd flat32
	cvtss2sd xmm0, xmm1
pattern pxor_paddd flat32
	pxor	xmm0, xmm0
	paddd	xmm0, xmm1
pattern pshufd flat32
	pshufd	xmm0, xmm1, 0x1b
pattern punpcklbw flat32
	punpcklbw xmm0, xmm1
pattern pmovmskb flat32
	pcmpeqb	xmm0, xmm1
	pmovmskb eax, xmm0
pattern movd flat32
	movd	xmm0, eax
	movd	ecx, xmm1
pattern fault_between flat32	# a fault finds the XMM registers by its map
	movaps	xmm0, xmm1
	mov	eax, [esi]
	movaps	xmm1, xmm2
pattern addps_soft soft32	# DAZ, or an exception is not masked: by a helper
	addps	xmm0, xmm1
pattern mmx_paddd flat32
	paddd	mm0, mm1
pattern fld_fstp flat32		# x87: helpers
	fld	dword ptr [esi]
	fstp	dword ptr [edi]
pattern chain_ends_in_place flat32	# the last result is where its register is pinned
	mulpd	xmm1, xmm2
	addpd	xmm1, xmm3
	dec	ecx
	jne	0x401000
pattern roundsd_floor flat32	# without P: FCSR is put back
	roundsd	xmm0, xmm1, 9
pattern roundps_current flat32	# as MXCSR says
	roundps	xmm0, xmm1, 4
pattern pblendvb flat32
	pblendvb xmm1, xmm2, xmm0
pattern blendps flat32
	blendps	xmm0, xmm1, 0x7
pattern pmovzxbd flat32
	pmovzxbd xmm0, [esi]
pattern ptest_jz flat32
	ptest	xmm0, xmm1
	jz	0x401100
pattern dpps flat32
	dpps	xmm0, xmm1, 0xff
pattern insertps flat32
	insertps xmm0, xmm1, 0x58
pattern pextrb_store flat32
	pextrb	byte ptr [edi], xmm0, 5
pattern pcmpistri flat32	# by a helper
	pcmpistri xmm0, [esi], 0x0c
pattern crc32 flat32
	crc32	eax, dword ptr [esi]
	crc32	eax, cl
