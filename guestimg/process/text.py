#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the process benchmark's text: lines of made-up words, the same ones each time.

text.py FILE LINES
Invariant: nothing random: a fixed linear congruence chooses syllables and lengths.
"""
import sys

SYLLABLES = ("ba be co da di e fa go ha i ka lo ma me no o pe qui ra ri sa se ta te u ve xo zi "
             "tion ing er ly").split()
VOCABULARY, SEED = 3000, 12345


def numbers(state=SEED):
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        yield state >> 33


def main():
    path, lines = sys.argv[1], int(sys.argv[2])
    draw = numbers()
    words = ["".join(SYLLABLES[next(draw) % len(SYLLABLES)] for _ in range(1 + next(draw) % 4))
             for _ in range(VOCABULARY)]
    with open(path, "w", encoding="ascii") as f:
        for _ in range(lines):
            # The lesser of two draws: early words are more frequent, as in a language.
            chosen = (words[min(next(draw), next(draw)) % VOCABULARY]
                      for _ in range(3 + next(draw) % 9))
            f.write(" ".join(chosen) + "\n")


if __name__ == "__main__":
    main()
