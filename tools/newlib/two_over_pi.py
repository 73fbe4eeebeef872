#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints C: 2/pi in 24-bit pieces, as __kernel_rem_pio2() wants it for binary128 arguments.

newlib's ld128 calls that function without its table; the patch beside this file passes this one.
Invariant: enough pieces for the largest exponent (16383), 113 bits and as many as guard.
"""
PIECES = 704
BITS = PIECES * 24
GUARD = 64


def arctan_inverse(n, one):
    """one * atan(1/n) by its series, in integers."""
    total = term = one // n
    k, sign = 1, 1
    while term:
        term //= n * n
        k, sign = k + 2, -sign
        total += sign * (term // k)
    return total


def main():
    one = 1 << (BITS + GUARD)
    pi = 4 * (4 * arctan_inverse(5, one) - arctan_inverse(239, one))
    fraction = (2 * one * one // pi) >> GUARD
    pieces = [(fraction >> (BITS - 24 * (k + 1))) & 0xffffff for k in range(PIECES)]
    assert pieces[:3] == [0xa2f983, 0x6e4e44, 0x1529fc]      # 2/pi = 0x0.a2f9836e4e441529fc…
    print("const int __two_over_pi_l[] = {")
    print("".join(f"\t{piece:#08x},\n" for piece in pieces) + "};")


if __name__ == "__main__":
    main()
