# SPDX-License-Identifier: BSD-2-Clause
# Native unit tests of mm/bus and drivers/pc, each over the bus alone.

PC_TEST_NAMES = bus pic pit pit_random cmos uart i8042 pci_host acpi_pm fw_cfg \
	lapic lapic_ipi lapic_x2 ioapic irq_route \
	ide ide_dma ide_smart ide_random virtio_disk virtio_random \
	hba hba_random atapi vga \
	acpi_tables machine
PC_TEST_LIB = mm/bus.o qemu-test/unit/native.o qemu-test/unit/fake_time.o \
	qemu-test/unit/fake_gpa.o qemu-test/unit/fake_alone.o $(PC_OBJECTS)

UNIT_TESTS += $(PC_TEST_NAMES:%=test_%)
$(foreach t,$(PC_TEST_NAMES),$(eval test_$t_OBJS = qemu-test/unit/test_$t.o $(PC_TEST_LIB)))

# Cores as threads, whose local APICs send to each other; once more under ThreadSanitizer.
LAPIC_THREADS := test_lapic_threads test_lapic_threads_tsan
UNIT_TESTS += $(LAPIC_THREADS)
$(foreach t,$(LAPIC_THREADS),$(eval $t_OBJS := $(addprefix qemu-test/unit/,test_lapic_threads.o \
	native.o fake_time.o) $(addprefix drivers/pc/,lapic.o lapic_bus.o lapic_regs.o \
	lapic_timer.o ioapic.o irqchip.o pic.o)))
test_lapic_threads_tsan_TSAN = 1

# The whole board under cores as threads; once more under ThreadSanitizer.
PC_CORES := test_pc_cores test_pc_cores_tsan
UNIT_TESTS += $(PC_CORES)
$(foreach t,$(PC_CORES),$(eval $t_OBJS = $(addprefix qemu-test/unit/,test_pc_cores.o fake_cores.o \
	native.o) $(addprefix kernel/,alone.o cores.o epoch.o work.o) mm/bus.o mm/gpa.o mm/frame.o \
	$(PC_OBJECTS)))
test_pc_cores_tsan_TSAN = 1
# Its fences are between it and a guest's driver, of whom ThreadSanitizer does not know.
$(N)/tsan/drivers/pc/virtio_ring.o: CFLAGS_TSAN += -Wno-tsan

# Real guests on the devices with the build machine's CPU: see the file.
UNIT_TOOLS += kvm_pc
kvm_pc_OBJS = $(addprefix qemu-test/unit/,kvm_pc.o native.o fake_alone.o) mm/bus.o $(PC_OBJECTS)
