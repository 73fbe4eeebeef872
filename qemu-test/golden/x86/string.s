# SPDX-License-Identifier: BSD-2-Clause
# String instructions, alone and repeated.
pattern movsd flat32
	movsd
pattern lodsb flat32
	lodsb
pattern stosd_down down32
	stosd
pattern rep_movsd flat32
	rep movsd
pattern rep_stosb flat32
	rep stosb
pattern repne_scasb flat32
	repne scasb
pattern repe_cmpsb flat32
	repe cmpsb
pattern rep_movsb_based based32
	rep movsb
