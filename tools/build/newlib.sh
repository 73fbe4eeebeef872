# SPDX-License-Identifier: BSD-2-Clause
# newlib for each host without an operating system: OUT/HOST/{include,lib/libc.a,lib/libm.a}.
# Run inside the tree by tools/parts.sh: newlib.sh OUT SOURCE-TARBALL TOP.
# newlib's own build makes no binary128 exp, log, sin …: its libm/ld128 is compiled here.
# Invariant: no vector instruction anywhere, no FP instruction in libc but where C says double.
set -eu
out=$1 tarball=$2 top=$3
. "$top/tools/build/hosts.sh"

mkdir work
cd work
work=$PWD
tar -xf "$tarball"
cd newlib-*
for h in $hosts; do patch -s -p1 <"$top/tools/newlib/$h.patch"; done
src=$PWD/newlib

# configure_and_make: newlib itself, in the current folder.
configure_and_make()
{
	tools=
	for t in AR AS LD NM RANLIB STRIP OBJDUMP READELF OBJCOPY; do
		tools="$tools ${t}_FOR_TARGET=$cross-$(echo $t | tr A-Z a-z)"
	done
	"$src/../configure" --target=$triple --prefix=/ --disable-multilib \
		--disable-libgloss --disable-newlib-supplied-syscalls \
		--enable-newlib-retargetable-locking --disable-nls --disable-shared \
		CC_FOR_TARGET=$cross-gcc $tools CFLAGS_FOR_TARGET="$cflags" &&
	make -j2 all-target-newlib && make DESTDIR="$PWD/stage" install-target-newlib
}

# What newlib's make leaves out: binary128 functions, setjmp.
add_missing()
{
	mkdir ld128
	for f in "$src"/libm/ld128/*.c; do
		o=ld128/lib_a-$(basename "$f" .c).o
		$cross-gcc $cflags -fbuiltin -fno-math-errno -isystem "$to/include" \
			-I"$src/libm/common" -I"$src/libm/ld" -I"$src/libm/ld128" \
			-I"$src/libc/machine/$machine" -c "$f" -o "$o"
	done
	python3 "$top/tools/newlib/two_over_pi.py" >ld128/two_over_pi.c
	$cross-gcc $cflags -c ld128/two_over_pi.c -o ld128/lib_a-two_over_pi.o
	$cross-ar rs "$to/lib/libm.a" ld128/*.o 2>/dev/null
	$cross-gcc $flags -c "$top/tools/newlib/setjmp-$host.S" -o lib_a-setjmp.o
	$cross-ar rs "$to/lib/libc.a" lib_a-setjmp.o 2>/dev/null
}

# The functions that x87 emulation calls must be there: a link that names them.
check()
{
	cat >names.c <<-'END'
	long double sinl(long double), cosl(long double), tanl(long double), atanl(long double);
	long double atan2l(long double, long double), logl(long double), log2l(long double);
	long double log10l(long double), log1pl(long double), expl(long double);
	long double expm1l(long double), sqrtl(long double), fmodl(long double, long double);
	long double remainderl(long double, long double), powl(long double, long double);
	long double exp2l(long double);
	int *__errno(void) { static int e; return &e; }
	long double scalbnl(long double, int), truncl(long double), rintl(long double);
	void *names[] = { sinl, cosl, tanl, atanl, atan2l, logl, log2l, log10l, log1pl, expl,
		exp2l, expm1l, sqrtl, fmodl, remainderl, powl, scalbnl, truncl, rintl };
	END
	$cross-gcc $cflags -w -nostdlib -static -Wl,-e0 names.c -L"$to/lib" -lm -lgcc -o names.elf
	if $cross-objdump -d "$to/lib/libc.a" "$to/lib/libm.a" | grep -q -E "$vectors"; then
		echo "newlib: vector instructions in the libraries of $host" >&2
		return 1
	fi
}

# build HOST: all of it for one host, in a folder of its own.
build()
{
	host=$1 to=$out/$1
	host_set "$host"
	cflags="-g0 -O2 -ffreestanding -fno-stack-protector -ffunction-sections -fdata-sections"
	cflags="$cflags $flags -ffile-prefix-map=$work="
	mkdir -p "$work/$host" "$to"
	cd "$work/$host"
	configure_and_make >log 2>&1 || { tail -n 20 log; return 1; }
	mv "stage/$triple/include" "stage/$triple/lib" "$to/"
	add_missing
	check
}

# One make spends much of its time waiting: the hosts side by side.
pids=
for h in $hosts; do
	(build "$h") &
	pids="$pids $!"
done
for p in $pids; do wait "$p"; done
