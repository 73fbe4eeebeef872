# SPDX-License-Identifier: BSD-2-Clause
OBJS_drivers_host += drivers/host/fw_cfg.o drivers/host/power.o drivers/host/ramdisk.o
OBJS_drivers_host += drivers/host/rtc.o drivers/host/rtc_goldfish.o drivers/host/rtc_ls7a.o
OBJS_drivers_host += drivers/host/uart.o
OBJS_drivers_host += drivers/host/acpi.o drivers/host/dma.o drivers/host/mmio.o drivers/host/pci.o
OBJS_drivers_host += drivers/host/disk.o drivers/host/disk_pieces.o drivers/host/disks.o \
	drivers/host/partition.o drivers/host/random.o
OBJS_drivers_host += drivers/host/ahci.o drivers/host/ahci_identify.o
OBJS_drivers_host += drivers/host/nvme.o drivers/host/virtio_blk.o
