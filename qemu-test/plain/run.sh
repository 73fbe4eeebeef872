#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh FOLDER NAME COMMAND: run the command, whose tests the machine's CPU judges; where it cannot
# (plain.sh) NAME is one test that is left out.
folder=$1
name=$2
shift 2
if why=$(sh qemu-test/plain/plain.sh "$folder"); then
	exec sh -c "$*"
fi
echo "SKIP $name: $why"
echo "$name: 0 passed, 0 failed, 1 skipped"
