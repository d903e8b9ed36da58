"""Who is in question is listed first, a stretch of rows at a time, and then drawn for: many at once where they are many."""

import numpy as np

from communize.kernels import draws as d
from communize.kernels.draws import kernel

STRETCH = 2048  # rows; a multiple of four
MANY = 16  # if one of so many rows is in question, drawing for all of the stretch takes less time than for them one by one


@kernel
def new_lists():
    """What `list_drawn` writes into: rows, their uniform numbers, and room for words."""
    return np.empty(STRETCH, np.uint32), np.empty(STRETCH), np.empty(STRETCH, np.uint32), np.empty((4, STRETCH >> 2), np.uint64)


@kernel
def list_coded(codes, wanted, first, rows):
    """List the rows from `first` on that have one of the `wanted` codes (a sum of 2**code, codes 0 to 62); returns how many."""
    n = 0
    for k in range(codes.size):  # without a branch, here and below: who is listed is hard to predict
        rows[n] = first + k
        n += (wanted >> codes[k]) & 1
    return n


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
    rows, drawn, words, room = lists
    n = list_coded(codes, wanted, first, rows)
    if n == 0:
        return 0
    if n * MANY > codes.size:
        quads = (codes.size + 3) >> 2
        d.shared_blocks(key, first >> 2, day, decision, 0, words[: 4 * quads], room[:, :quads])
    else:
        for row in rows[:n]:
            words[row - first] = d.word(key, row, day, decision, 0)
    kept = 0
    for row in rows[:n]:
        u = d.to_unit(words[row - first])
        rows[kept], drawn[kept] = row, u
        kept += u < most
    return kept
