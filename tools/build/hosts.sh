# SPDX-License-Identifier: BSD-2-Clause
# What the scripts of libraries know of each host.  Not a program: newlib.sh, capstone.sh source it.
# Invariant: code that may run between two pieces of translated code leaves alone what C must not
# touch: the vector registers (-msimd=none, no -mmsa) and the kick register (docs/porting.md).

hosts="loongarch64 mips64"

# host_set HOST: sets $cross (prefix of its tools), $flags (of its ABI), $machine (newlib's folder
# of it), $triple (newlib's name for it) and $vectors (a register that no library may name).
host_set()
{
	case $1 in
	loongarch64)
		cross=loongarch64-linux-gnu machine=loongarch64 triple=loongarch64-unknown-elf
		flags="-fno-pic -msimd=none -ffixed-r21" vectors='\$(vr|xr)[0-9]' ;;
	mips64)
		cross=mips64el-linux-gnuabi64 machine=mips64el triple=mips64el-unknown-elf
		flags="-fno-pic -mabi=64 -march=mips64r2 -mno-abicalls -G0 -msym32"
		vectors='\$w[0-9]' ;;
	esac
}
