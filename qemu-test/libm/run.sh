# SPDX-License-Identifier: BSD-2-Clause
# run.sh IMAGE COMPARE: run the libm image in QEMU and hand what it prints to the judge.
# Invariant: the judge's exit status is the result; QEMU ends by itself or at the test's limit.
image=$1 compare=$2
qemu-system-loongarch64 -M virt -cpu la464 -m 1G -display none -monitor none -serial stdio \
	-net none -kernel "$image" </dev/null | "$compare"
