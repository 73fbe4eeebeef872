# SPDX-License-Identifier: BSD-2-Clause
"""Cases of rows that came after the others: here, so that those keep their numbers and values."""
from build import AF, OF, PF, SF, Regs
from ints import both


def lzcnt(g):
    for size in (2, 4):
        for memory in (False, True):
            for v in [0, 1, 1 << (8 * size - 1), (1 << 8 * size) - 1] + \
                    [g.value(size) >> g.rnd.randrange(8 * size) for _ in range(12)]:
                r = g.reg(size)
                both(g, "LZCNT", size, b"\x0f\xbd", r, v, Regs().put(g, r, 4, g.value(4)), memory,
                     OF | SF | AF | PF, pre=b"\xf3", need="LZCNT")


def generate(g):
    lzcnt(g)
