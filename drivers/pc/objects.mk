# SPDX-License-Identifier: BSD-2-Clause
# The PC's devices, in the order of docs: a list, nothing else.
PC_OBJECTS = $(addprefix drivers/pc/,debugport.o debugexit.o ferr.o dma.o pic.o pit.o \
	cmos.o uart.o \
	ps2_kbd.o ps2_mouse.o i8042.o pci.o pci_host.o piix.o acpi_pm.o \
	fw_cfg.o lapic.o lapic_bus.o lapic_regs.o lapic_timer.o ioapic.o irqchip.o \
	gather.o ide.o ide_dma.o ide_disk.o ide_identify.o ide_smart.o atapi.o vga.o \
	pci_msix.o pci_msi.o hba.o hba_port.o hba_ncq.o \
	virtio_pci.o virtio_ring.o virtio_disk.o virtio_rng.o \
	linuxboot.o linuxboot_rom.o \
	aml.o acpi_tables.o machine.o)

OBJS_pc += $(PC_OBJECTS)
