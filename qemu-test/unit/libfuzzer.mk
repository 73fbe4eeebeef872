# SPDX-License-Identifier: BSD-2-Clause
# The targets of libFuzzer (qemu-test/libfuzzer): as tests they run their own seeds; make
# fuzz-libfuzzer links the same objects with libFuzzer instead of replay.o.
FUZZERS := ide hba virtio host_nvme host_virtio host_ahci fat partition
FEED := $(addprefix qemu-test/libfuzzer/,replay.o seed.o) qemu-test/unit/native.o
FEED_GUEST := $(FEED) $(addprefix qemu-test/libfuzzer/,guest.o ram.o) qemu-test/unit/fake_time.o \
	qemu-test/unit/fake_alone.o mm/bus.o \
	$(addprefix drivers/pc/,pci.o pci_msix.o pci_msi.o gather.o)
FEED_IDE := $(addprefix drivers/pc/,ide.o ide_dma.o ide_disk.o ide_identify.o ide_smart.o atapi.o)
FEED_HOST := $(FEED) qemu-test/libfuzzer/host.o qemu-test/unit/fake_time.o \
	qemu-test/unit/fake_host.o \
	$(addprefix drivers/host/,disk.o disk_pieces.o pci.o acpi.o)

UNIT_TESTS += $(FUZZERS:%=fuzz_%)
fuzz_ide_OBJS = qemu-test/libfuzzer/ide.o $(FEED_GUEST) $(FEED_IDE)
fuzz_hba_OBJS = qemu-test/libfuzzer/hba.o $(FEED_GUEST) $(FEED_IDE) \
	$(addprefix drivers/pc/,hba.o hba_port.o hba_ncq.o)
fuzz_virtio_OBJS = qemu-test/libfuzzer/virtio.o $(FEED_GUEST) \
	$(addprefix drivers/pc/,virtio_pci.o virtio_ring.o virtio_disk.o virtio_rng.o)
fuzz_host_nvme_OBJS = qemu-test/libfuzzer/host_nvme.o $(FEED_HOST) drivers/host/nvme.o
fuzz_host_virtio_OBJS = qemu-test/libfuzzer/host_virtio.o $(FEED_HOST) drivers/host/virtio_blk.o
fuzz_host_ahci_OBJS = qemu-test/libfuzzer/host_ahci.o $(FEED_HOST) \
	$(addprefix drivers/host/,ahci.o ahci_identify.o)
$(foreach t,nvme virtio ahci,$(eval fuzz_host_$t_LIBS = -Wl,--wrap=calloc))
fuzz_fat_OBJS = qemu-test/libfuzzer/fat.o $(FEED) boot/fat.o
fuzz_partition_OBJS = qemu-test/libfuzzer/partition.o $(FEED) drivers/host/partition.o
