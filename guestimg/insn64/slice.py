#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One of several equal parts of the cases of 64-bit code and their results, for a ROM.

slice.py CASES RESULTS NUMBER OF OUT_CASES OUT_RESULTS

Invariant: cases keep their numbers, and so their addresses; a part begins a page of slots.
"""
import struct
import sys

CASE, RESULT, HEAD, RHEAD, BLOB_AT = 200, 224, 32, 64, 168


def main():
    cases, results, number, of, *out = sys.argv[1:]
    with open(cases, "rb") as f:
        cases = f.read()
    with open(results, "rb") as f:
        results = f.read()
    magic, count, fx, _, *rest = struct.unpack_from("<8I", cases)
    number, share = int(number), -(-count // int(of) // 64) * 64
    first, last = number * share, min((number + 1) * share, count)
    with open(out[0], "wb") as f:
        f.write(struct.pack("<8I", magic, last - first, fx, first, *rest))
        f.write(cases[HEAD + first * CASE:HEAD + last * CASE] + cases[HEAD + count * CASE:])
    if len(results) < RHEAD:
        open(out[1], "wb").close()
        return
    part = bytearray(results[RHEAD + first * RESULT:RHEAD + last * RESULT])
    blobs = [struct.unpack_from("<I", part, k * RESULT + BLOB_AT)[0] for k in range(last - first)]
    blob_at = RHEAD + count * RESULT
    end = struct.unpack_from("<I", results, RHEAD + last * RESULT + BLOB_AT)[0] if last < count \
        else len(results) - blob_at
    for k, at in enumerate(blobs):
        struct.pack_into("<I", part, k * RESULT + BLOB_AT, at - blobs[0])
    with open(out[1], "wb") as f:
        f.write(struct.pack("<4I", *struct.unpack_from("<I", results), last - first,
                            end - blobs[0], first) + results[16:RHEAD])
        f.write(part + results[blob_at + blobs[0]:blob_at + end])


if __name__ == "__main__":
    main()
