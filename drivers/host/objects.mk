# SPDX-License-Identifier: BSD-2-Clause
OBJS_drivers_host += drivers/host/fw_cfg.o drivers/host/power.o drivers/host/ramdisk.o
OBJS_drivers_host += drivers/host/rtc.o drivers/host/rtc_goldfish.o drivers/host/rtc_ls7a.o
OBJS_drivers_host += drivers/host/uart.o
