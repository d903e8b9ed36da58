"""Who is in question is listed first, a stretch of rows at a time, and then looked at: draws are made for many at once."""

import numpy as np

from communize.kernels import draws as d
from communize.kernels.draws import kernel

STRETCH = 2048  # rows; a multiple of eight
LOW_BITS = 0x0101010101010101  # the lowest bit of each byte of a word


@kernel
def list_coded(codes, wanted, first, rows):
    """List the rows from `first` on that have one of the `wanted` codes (a sum of 2**code, codes 0 to 31); returns how many."""
    n = 0
    for k in range(codes.size):  # without a branch: who is listed is hard to predict
        rows[n] = first + k
        n += (wanted >> codes[k]) & 1
    return n


@kernel
def list_marked(marks, words, listed):
    """List the rows that are marked, by a byte of 1 in words of eight; returns how many. `words` is overwritten."""
    low, n_words, n = np.uint64(LOW_BITS), 0, 0
    for word in range(marks.size):  # without a branch: which words hold a mark is hard to predict
        words[n_words] = word
        n_words += marks[word] != 0
    for word in words[:n_words]:
        left_over = marks[word]
        while left_over != 0:
            lowest = left_over & (~left_over + np.uint64(1))
            left_over ^= lowest
            listed[n] = (np.int64(word) << 3) + np.int64((((lowest - np.uint64(1)) & low) * low) >> np.uint64(56))  # bytes below it
            n += 1
    return n


@kernel
def new_lists():
    """What `list_drawn` writes into: rows, their uniform numbers, and room for words, marks and what is marked."""
    quads, eights = STRETCH >> 2, STRETCH >> 3
    room = np.empty(STRETCH, np.uint32), np.empty((4, quads), np.uint64), np.zeros(STRETCH, np.uint8), np.empty(eights, np.uint16)
    return np.empty(STRETCH, np.uint32), np.empty(STRETCH), room


@kernel
def list_drawn(codes, wanted, most, key, first, day, decision, lists):
    """List the rows of a stretch that have one of the `wanted` codes and a uniform number below `most`; returns how many.

    Parameters
    ----------
    codes, wanted
        As for `list_coded`, of at most `STRETCH` rows.
    first
        The first of them, a multiple of four.
    lists
        `new_lists`: the first of rows and of uniform numbers are those listed, in order.
    """
    rows, drawn, (words, blocks, marks, marked) = lists
    n, of = codes.size, np.uint32(wanted)
    found = np.uint32(0)
    for k in range(n):
        found |= of >> np.uint32(codes[k])
    if found & np.uint32(1) == 0:
        return 0
    d.shared_blocks(key, first >> 2, day, decision, 0, words, blocks)
    for k in range(n):
        marks[k] = (d.to_unit(words[k]) < most) & (of >> np.uint32(codes[k]))
    marks[n:] = 0
    n = list_marked(marks.view(np.uint64), marked, rows)
    for j in range(n):
        drawn[j] = d.to_unit(words[rows[j]])
        rows[j] += first
    return n
