#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh SECONDS TARGET…: one target after the other by libFuzzer, for `make fuzz-libfuzzer`: from
# its seeds and from what earlier runs came to (build/fuzz/TARGET/corpus), which is kept. Exit
# status 1 at the first finding, whose input it names.
seconds=$1
shift
for t in "$@"; do
	home=build/fuzz/$t
	mkdir -p "$home/corpus" "$home/seeds" "$home/found"
	"build/native/fuzz_$t" --seeds "$home/seeds" >/dev/null || exit 1
	"build/native/libfuzzer/$t" -max_total_time="$seconds" -max_len=2048 -timeout=20 \
		-rss_limit_mb=3000 -artifact_prefix="$home/found/" -print_final_stats=1 \
		"$home/corpus" "$home/seeds" >"$home/log" 2>&1 || {
		tail -n 30 "$home/log"
		echo "FAIL $t: see $home/log; build/native/fuzz_$t FILE runs its input again"
		exit 1
	}
	awk -v t="$t" -v s="$seconds" '
		/^#.* cov: /{ for (k = 1; k < NF; k++) if ($k == "cov:") cov = $(k + 1) }
		/^stat::number_of_executed_units:/ { runs = $2 }
		END { print t ": " runs " inputs in " s " s, " cov " edges, nothing found" }' \
		"$home/log"
done
