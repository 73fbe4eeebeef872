# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of the guest side of mm/, on a model of the host's TLB (fake_paging.c).
MM_GUEST_OBJS := mm/frame.o mm/frame_cores.o mm/gpa.o mm/x86_walk.o mm/shadow_form.o \
	mm/shadow_leaf.o mm/shadow_code.o mm/shadow_near.o mm/shadow_node.o mm/shadow_tree.o \
	mm/shadow_sync.o mm/shadow_check.o mm/shadow.o \
	qemu-test/unit/native.o qemu-test/unit/fake_paging.o qemu-test/unit/mm_world.o \
	$(addprefix kernel/,alone.o cores.o epoch.o work.o) qemu-test/unit/fake_cores.o

# The last two: several cores, as threads under ThreadSanitizer.
MM_GUEST_TESTS := test_walk test_gpa test_frame test_shadow test_shadow_nodes test_shadow_long \
	test_shadow_random test_frame_cores test_mm_cores

UNIT_TESTS += $(MM_GUEST_TESTS)
$(foreach t,$(MM_GUEST_TESTS),$(eval $t_OBJS := qemu-test/unit/$t.o $(MM_GUEST_OBJS)))
test_shadow_random_OBJS += qemu-test/unit/shadow_past.o
test_frame_cores_TSAN = 1
test_mm_cores_TSAN = 1
