#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The kinds of address (kernel/lib/types.h) are types: one given for another, or a plain number for
# any, must not compile; the right one must.  Counts each pair.
set -u
kinds="gva gpa hva hpa"
passed=0 failed=0

# compiles TYPE ARGUMENT: is ARGUMENT (after declarations of one variable of each kind) a TYPE?
compiles()
{
	gcc -std=gnu17 -I. -fsyntax-only -x c - 2>/dev/null <<-END
		#include "kernel/lib/types.h"
		void take($1 a);
		void give(gva_t gva1, gpa_t gpa1, hva_t hva1, hpa_t hpa1, u64 number);
		void give(gva_t gva1, gpa_t gpa1, hva_t hva1, hpa_t hpa1, u64 number) { take($2); }
	END
}

judge()		# WANTED(0 compiles, 1 not) TYPE ARGUMENT
{
	compiles "$2" "$3"
	if [ $? -eq "$1" ]; then
		passed=$((passed + 1))
	else
		echo "FAIL $3 as $2"
		failed=$((failed + 1))
	fi
}

for to in $kinds; do
	judge 1 "${to}_t" number
	judge 0 "${to}_t" "$to(number)"
	for from in $kinds; do
		[ "$from" = "$to" ] && want=0 || want=1
		judge "$want" "${to}_t" "${from}1"
	done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
