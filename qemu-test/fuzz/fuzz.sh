#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fuzz.sh HOST SECONDS SEED REAL: the fuzz programs side by side, for `make fuzz`; output of all but
# the guest comes when they are done. Exit status 1 if one of them found something.
host=$1 seconds=$2 seed=$3 real=$4
log=build/test/fuzz-native.log
sequences=build/test/fuzz-sequences.log
mkdir -p build/test
build/native/fuzz_translate --seconds "$seconds" --seed "$seed" --real "$real" \
	--real build/native/insn/cases.bin >$log 2>&1 &
native=$!
: >$sequences
programs=2
if [ "$host" != loongarch64 ]; then
	:
elif ! why=$(sh qemu-test/plain/plain.sh build/native); then
	echo "SKIP sequences: $why"
else
	programs=3
	python3 qemu-test/insn64/seq.py --seconds "$seconds" --seed "$seed" >$sequences 2>&1 &
fi
trap 'kill $native $! 2>/dev/null' INT TERM
python3 qemu-test/fuzz/guest.py --host "$host" --seconds "$seconds" --seed "$seed" --real "$real" |
	tee build/test/fuzz-guest.log
wait
cat $log $sequences
cat $log $sequences build/test/fuzz-guest.log |
	sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' |
	awk -v programs=$programs '{ rounds += $1; failed += $2; n++ }
		END { print "make fuzz: " rounds + 0 " rounds, " failed + 0 " failures"
			exit failed > 0 || n < programs }'
