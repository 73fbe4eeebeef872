# SPDX-License-Identifier: BSD-2-Clause
# drivers/host: tables natively, drivers over devices that the tests play.
UNIT_TESTS += test_random test_partition test_disk test_virtio_blk test_nvme test_ahci
test_random_OBJS = qemu-test/unit/test_random.o drivers/host/random.o qemu-test/unit/native.o \
	qemu-test/unit/fake_time.o
test_partition_OBJS = qemu-test/unit/test_partition.o drivers/host/partition.o
HOST_TEST_LIB = drivers/host/disk.o drivers/host/disk_pieces.o qemu-test/unit/native.o \
	qemu-test/unit/fake_time.o \
	qemu-test/unit/fake_host.o
test_disk_OBJS = qemu-test/unit/test_disk.o $(HOST_TEST_LIB)
HOST_TEST_PCI = drivers/host/pci.o drivers/host/acpi.o $(HOST_TEST_LIB)
test_virtio_blk_OBJS = qemu-test/unit/test_virtio_blk.o drivers/host/virtio_blk.o $(HOST_TEST_PCI)
test_nvme_OBJS = qemu-test/unit/test_nvme.o drivers/host/nvme.o $(HOST_TEST_PCI)
test_ahci_OBJS = qemu-test/unit/test_ahci.o drivers/host/ahci.o drivers/host/ahci_identify.o \
	$(HOST_TEST_PCI)
