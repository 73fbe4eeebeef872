# SPDX-License-Identifier: BSD-2-Clause
# The process benchmark's initramfs: our own /init, Debian 12's busybox, cat, od and C library, and
# inputs. Included by guest.mk.  Invariant: the same packages give the same bytes.

PROCESS := $(GUEST)/process
PROCESS_INPUT := 393216		# bytes of busybox that gzip and od read

$(PROCESS)/process: guestimg/process/process.c guestimg/process/rows.def $(GUEST)/origin
	@mkdir -p $(@D)
	$(Q)i686-linux-gnu-gcc -std=gnu17 -O2 -march=i686 -static $(WARN) -I. \
		-Wl,--build-id=none -s $< -o $@

$(PROCESS)/text: guestimg/process/text.py
	@mkdir -p $(@D)
	$(Q)python3 $< $@ 6000

$(PROCESS)/text.xz: $(PROCESS)/text
	$(Q)xz -6 --threads=1 --check=crc32 -c $< >$@

$(PROCESS)/program: $(GUEST)/origin
	@mkdir -p $(@D)
	$(Q)head -c $(PROCESS_INPUT) $(LOAM_GUEST)/bin/busybox >$@

$(GUEST)/process.gz: guestimg/linux/mkcpio.py guestimg/process/initramfs.list \
		$(addprefix $(PROCESS)/,process program text text.xz)
	$(Q)python3 $< guestimg/process/initramfs.list $(PROCESS)/process.cpio \
		debian=$(LOAM_GUEST) here=$(PROCESS)
	$(Q)gzip -9 -n -c $(PROCESS)/process.cpio >$@
