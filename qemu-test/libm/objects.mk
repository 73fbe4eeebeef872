# SPDX-License-Identifier: BSD-2-Clause
# The libm test: an image of its own for the host, and the judge for the build machine.
LIBM := $(B)/qemu-test/libm

$(LIBM)/libm.elf: $(LIBM)/start.o $(LIBM)/host.o
	$(Q)$(CC_HOST) $(LDFLAGS_HOST) -Wl,-Ttext=0x9000000001000000 $^ $(LIBS_HOST) -o $@

$(N)/libm-compare: $(N)/plain/qemu-test/libm/compare.o
	$(Q)gcc $^ -lquadmath -o $@

-include $(LIBM)/host.d $(N)/plain/qemu-test/libm/compare.d
