#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# plain.sh FOLDER: exit status 0 if this machine runs 32-bit programs on a plain CPU, and so can say
# what one does; else one line why not. FOLDER: build/native.
"$1/plain_cpu" || exit 1
("$1/plain32") 2>/dev/null || {
	echo "this machine's kernel runs no 32-bit programs (ia32_emulation)"
	exit 1
}
