# SPDX-License-Identifier: BSD-2-Clause
# memory_order = relaxed: stack slots, "stack access" below, have no barrier before them
# (docs/memory-order.md).
pattern slot_load_load relaxed32	# neither has a barrier before it; the last may be early
	mov	eax, [esp + 4]
	mov	ecx, [esp + 8]
	mov	edx, [ebx]
pattern load_slot_load relaxed32	# who comes behind the slot is behind the first
	mov	eax, [ebx]
	mov	ecx, [esp + 4]
	mov	edx, [esi]
pattern slot_store_store relaxed32	# a stack is handed on by a store elsewhere
	mov	[esp + 4], eax
	mov	[esp + 8], ecx
	mov	[ebx], edx
pattern slot_load_store relaxed32
	mov	eax, [esp + 4]
	mov	[ebx], eax
	mov	[ebx + 4], eax
pattern store_slot_store relaxed32	# nor do others pass each other by it
	mov	[ebx], eax
	mov	[esp + 4], eax
	mov	[esi], eax
pattern store_slot_load_store relaxed32
	mov	[ebx], eax
	mov	ecx, [esp + 4]
	mov	[esi], eax
pattern load_slot_store relaxed32
	mov	eax, [ebx]
	mov	[esp + 4], eax
	mov	[esi], eax
pattern lock_slot_store relaxed32
	lock inc dword ptr [ebx]
	push	eax
	mov	[esi], ecx
pattern lock_slot relaxed32		# as in strict order
	lock inc dword ptr [esp]
	lock adc [esp + 4], eax
pattern slot_mfence_load relaxed32
	mov	[esp], eax
	mfence
	mov	ecx, [ebx]
pattern push_pop_relaxed relaxed32
	push	eax
	push	ecx
	pop	edx
pattern call_relaxed relaxed32
	mov	eax, [ebx]
	call	1f
1:
pattern ret_relaxed relaxed32
	pop	ebx
	ret
pattern leave_ret relaxed32
	leave
	ret
pattern push_memory relaxed32		# what is pushed is no slot
	mov	eax, [ebx]
	push	dword ptr [esi]
pattern no_slots relaxed32		# an index, EBP, another segment
	mov	eax, [esp + ecx*4]
	mov	edx, [ebp - 4]
	mov	ebx, fs:[esp]
pattern bit_far_from_slot relaxed32
	mov	eax, [ebx]
	bt	[esp], ecx
pattern slots_64 relaxed64
	mov	rax, [rsp + 8]
	movaps	xmm0, [rsp + 16]
	mov	[rbx], rax
	ret
