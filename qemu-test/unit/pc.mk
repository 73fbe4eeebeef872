# SPDX-License-Identifier: BSD-2-Clause
# Native unit tests of mm/bus and drivers/pc, each over the bus alone.

PC_TEST_NAMES = bus pic pit pit_random cmos uart i8042 pci_host acpi_pm fw_cfg \
	lapic ioapic ide ide_dma ide_smart ide_random virtio_disk virtio_random \
	hba hba_random atapi vga \
	acpi_tables machine
PC_TEST_LIB = mm/bus.o qemu-test/unit/native.o qemu-test/unit/fake_time.o \
	qemu-test/unit/fake_gpa.o $(PC_OBJECTS)

UNIT_TESTS += $(PC_TEST_NAMES:%=test_%)
$(foreach t,$(PC_TEST_NAMES),$(eval test_$t_OBJS = qemu-test/unit/test_$t.o $(PC_TEST_LIB)))

# Real guests on the devices with the build machine's CPU: see the file.
UNIT_TOOLS += kvm_pc
kvm_pc_OBJS = qemu-test/unit/kvm_pc.o qemu-test/unit/native.o mm/bus.o $(PC_OBJECTS)
