# SPDX-License-Identifier: BSD-2-Clause
# While other CPUs run: LOCK in one step, and accesses in x86's order (docs/memory-order.md).
pattern load_load smp32		# the second may not be early
	mov	eax, [ebx]
	mov	ecx, [edx]
pattern store_store smp32	# nor the second store
	mov	[ebx], eax
	mov	[edx], ecx
pattern load_store smp32	# one barrier for the load before and a store of the block before
	mov	eax, [ebx]
	mov	[edx], ecx
pattern store_load smp32	# the one order that x86 does not keep
	mov	[ebx], eax
	mov	ecx, [edx]
pattern store_mfence_load smp32
	mov	[ebx], eax
	mfence
	mov	ecx, [edx]
pattern lfence_sfence smp32	# nothing is left to do for them
	mov	[ebx], eax
	sfence
	lfence
	mov	ecx, [edx]
pattern load_branch_store smp32	# who goes on elsewhere knows nothing of the load
	cmp	eax, [ebx]
	je	1f
	mov	[edx], ecx
1:	nop
pattern load_store_load_store smp32
	mov	eax, [ebx]
	mov	[edx], eax
	mov	eax, [ebx + 4]
	mov	[edx + 4], eax
pattern push_pop smp32
	push	eax
	push	ecx
	pop	edx
pattern lock_inc smp32
	lock inc dword ptr [ebx]
pattern lock_add smp32
	lock add [ebx + 8], eax
pattern lock_sub_imm smp32
	lock sub dword ptr [ebx + esi], 4
pattern lock_or smp32		# with only an unaligned displacement
	lock or	dword ptr [ebx + 1], 0
pattern lock_bts smp32
	lock bts dword ptr [ebx], 5
pattern lock_adc smp32		# what memory has no operation for: load, compute, compare and exchange
	lock adc [ebx], eax
pattern lock_neg_byte smp32	# in the word around it
	lock neg byte ptr [ebx]
pattern xchg smp32		# without a prefix, too
	xchg	eax, [ebx]
pattern xchg_word smp32
	xchg	cx, [ebx]
pattern xadd smp32
	lock xadd [ebx], ecx
pattern cmpxchg smp32
	lock cmpxchg [ebx], ecx
pattern cmpxchg8b smp32
	lock cmpxchg8b [esi]
pattern unlock smp32		# a plain store, behind all that the lock was for
	mov	eax, [ebx]
	mov	dword ptr [edx], 0
pattern lock_inc_64 smp64
	lock inc qword ptr [rbx]
pattern lock_xadd_64 smp64
	lock xadd [rbx + 8], rcx
pattern lock_cmpxchg_64 smp64
	lock cmpxchg [rbx], rcx
pattern lock_cmpxchg_32 smp64
	lock cmpxchg [rbx], ecx
pattern xchg_byte_64 smp64
	xchg	r8b, [rbx]
pattern cmpxchg16b smp64	# no host has it: alone
	lock cmpxchg16b [rbx]
pattern rmw_plain smp32		# without LOCK: a load and a store
	add	[ebx], eax
pattern repne_scasb smp32	# no leaf: its loads would be in no order
	repne scasb
pattern store_rep_stosd smp32	# which comes behind all other stores
	mov	[ebx], edx
	rep stosd
pattern load_rep_movsb smp32
	mov	edx, [ebx]
	rep movsb
pattern cpuid smp32		# serialising: what another CPU has stored is fetched behind it
	mov	eax, [ebx]
	cpuid
pattern iret smp32
	iret
pattern rdtsc smp32		# the clock may stand still meanwhile
	rdtsc
pattern lock_whole_segment smpwhole32	# when it is whole no more, alone
	lock inc dword ptr gs:[0x14]
	mov	eax, gs:[0x18]
pattern load_whole_segment smpwhole32	# anybody else may run
	mov	eax, gs:[0x18]
