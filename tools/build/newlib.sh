# SPDX-License-Identifier: BSD-2-Clause
# newlib for LoongArch64 without an operating system: OUT/include, OUT/lib/{libc,libm}.a.
# Run inside the tree by tools/parts.sh: newlib.sh OUT SOURCE-TARBALL TOP.
# newlib's own build makes no binary128 exp, log, sin …: its libm/ld128 is compiled here.
# Invariant: no LSX instruction anywhere, no FP instruction in libc but where C says double.
set -eu
out=$1 tarball=$2 top=$3
host=loongarch64-linux-gnu
cflags="-g0 -O2 -ffreestanding -fno-pic -fno-stack-protector -ffunction-sections -fdata-sections
	-msimd=none -ffixed-r21"
cflags="$(echo $cflags) -ffile-prefix-map=$PWD/work="

mkdir work
cd work
tar -xf "$tarball"
cd newlib-*
patch -s -p1 <"$top/tools/newlib/loongarch64.patch"
src=$PWD/newlib
mkdir ../build
cd ../build
tools=
for t in AR AS LD NM RANLIB STRIP OBJDUMP READELF OBJCOPY; do
	tools="$tools ${t}_FOR_TARGET=$host-$(echo $t | tr A-Z a-z)"
done
"$src/../configure" --target=loongarch64-unknown-elf --prefix=/ --disable-multilib \
	--disable-libgloss --disable-newlib-supplied-syscalls \
	--enable-newlib-retargetable-locking --disable-nls --disable-shared \
	CC_FOR_TARGET=$host-gcc $tools CFLAGS_FOR_TARGET="$cflags" >log 2>&1 &&
make -j2 all-target-newlib >>log 2>&1 &&
make DESTDIR="$out/stage" install-target-newlib >>log 2>&1 || { tail -n 20 log; exit 1; }

mv "$out/stage/loongarch64-unknown-elf/include" "$out/stage/loongarch64-unknown-elf/lib" "$out/"
rm -rf "$out/stage"
mkdir ld128
for f in "$src"/libm/ld128/*.c; do
	o=ld128/lib_a-$(basename "$f" .c).o
	$host-gcc $cflags -fbuiltin -fno-math-errno -isystem "$out/include" \
		-I"$src/libm/common" -I"$src/libm/ld" -I"$src/libm/ld128" \
		-I"$src/libc/machine/loongarch64" -c "$f" -o "$o"
done
python3 "$top/tools/newlib/two_over_pi.py" >ld128/two_over_pi.c
$host-gcc $cflags -c ld128/two_over_pi.c -o ld128/lib_a-two_over_pi.o
$host-ar rs "$out/lib/libm.a" ld128/*.o 2>/dev/null
$host-gcc -c "$top/tools/newlib/setjmp.S" -o lib_a-setjmp.o
$host-ar rs "$out/lib/libc.a" lib_a-setjmp.o 2>/dev/null

# The functions that x87 emulation calls must be there: a link that names them.
cat >names.c <<'END'
long double sinl(long double), cosl(long double), tanl(long double), atanl(long double);
long double atan2l(long double, long double), logl(long double), log2l(long double);
long double log10l(long double), log1pl(long double), expl(long double), exp2l(long double);
long double expm1l(long double), sqrtl(long double), fmodl(long double, long double);
long double remainderl(long double, long double), powl(long double, long double);
int *__errno(void) { static int e; return &e; }
long double scalbnl(long double, int), truncl(long double), rintl(long double);
void *names[] = { sinl, cosl, tanl, atanl, atan2l, logl, log2l, log10l, log1pl, expl, exp2l,
	expm1l, sqrtl, fmodl, remainderl, powl, scalbnl, truncl, rintl };
END
$host-gcc $cflags -w -nostdlib -static -Wl,-e0 names.c \
	-L"$out/lib" -lm -lgcc -o names.elf
if $host-objdump -d "$out/lib/libc.a" "$out/lib/libm.a" | grep -q -E '\$(vr|xr)[0-9]'; then
	echo "newlib: LSX instructions in the libraries" >&2
	exit 1
fi
