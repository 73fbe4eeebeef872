# SPDX-License-Identifier: BSD-2-Clause
# Shifts and rotations, by constants and by CL, which may be 0 and then changes no flag.
pattern shl_imm flat32
	shl	eax, 4
pattern shr_imm_jc flat32
	shr	eax, 1
	jc	0x401100
pattern sar_imm flat32
	sar	eax, 31
pattern shl_cl flat32
	shl	eax, cl
pattern shr_cl_dead_flags flat32
	shr	eax, cl
	test	eax, eax
pattern rol_imm flat32
	rol	eax, 8
pattern ror_cl flat32
	ror	eax, cl
pattern rcr_1 flat32		# half of a 64-bit shift
	shr	edx, 1
	rcr	eax, 1
pattern shld flat32
	shld	edx, eax, 5
pattern bsf flat32
	bsf	eax, ecx
pattern bts_mem flat32
	bts	dword ptr [esi], 3
pattern lea_shift flat32
	lea	eax, [ecx * 8]
