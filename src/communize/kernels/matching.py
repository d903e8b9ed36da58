"""Ties between people: cliques, then random pairing of what is left, in time linear in the number of ties.

Notation
--------
rows
    ``(offsets, fill, neighbours)``: person i has room for ``offsets[i + 1] - offsets[i]`` ties (the degree
    drawn for it), of which the first ``fill[i]`` are made. A tie stands in the rows of both its ends.
stub
    an end of a tie that is still to be made, coded ``4 * person + reserve`` in int32 (people < 2**29).
reserve
    whom the stub may meet: 0 its own group, 1 its own position, 2 anybody.
label
    class of a stub in which it may be paired: 0 .. 15 group, 16 .. 24 position, 25 anybody.
people
    ``(group, position)``, int8 arrays.
segment
    number of the neighbourhood or place in which one list of stubs is paired: the "day" of its draws.
stage
    number of the step that draws, so that no two steps share a draw.
"""


import numpy as np

from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel

# Numba compiles a kernel anew for every Python integer written into a call, but not for NumPy's.
ZERO = np.int64(0)
DEGREE, CLIQUE, LEVEL, SHUFFLE, MEETING = (
    np.int64(decisions.TIE_DEGREE),
    np.int64(decisions.TIE_CLIQUE),
    np.int64(decisions.TIE_LEVEL),
    np.int64(decisions.TIE_SHUFFLE),
    np.int64(decisions.TIE_MEETING_PLACE),
)
NEIGHBOURHOOD_STAGE, PLACE_STAGE, MEETING_STAGE = np.int64(0), np.int64(1), np.int64(2)
HALVES_STAGE, REST_STAGE = np.int64(6), np.int64(7)  # rounds of meetings come before

N_LABELS = 26
ANYBODY = 25
ATTEMPTS = 8  # partners tried before a stub is passed on


@kernel
def draw_degrees(start, stop, block, cumulative, key, degrees):
    """Degrees of the people start .. stop - 1 by inversion of `cumulative` (P(degree <= k), 1-D)."""
    for person in range(start, stop):
        u = d.uniform(key, person, ZERO, DEGREE, ZERO)
        degrees[person] = d.first_above(cumulative, ZERO, cumulative.size - 1, u)


@kernel
def reserve_of(u, group_share, position_share):
    """Reserve of a stub, given its uniform draw."""
    if u < group_share:
        return 0
    return 1 if u < group_share + position_share else 2


@kernel
def label_of(stub, people):
    """Label of a stub."""
    reserve = stub & 3
    if reserve == 0:
        return np.int64(people[0][stub >> 2])
    return 16 + np.int64(people[1][stub >> 2]) if reserve == 1 else ANYBODY


@kernel
def connect(a, b, rows):
    """Tie `a` to `b` unless they are the same or tied already; whether it was done."""
    offsets, fill, neighbours = rows
    if a == b:
        return False
    first, other = (a, b) if fill[a] <= fill[b] else (b, a)
    for at in range(offsets[first], offsets[first] + fill[first]):
        if neighbours[at] == other:
            return False
    neighbours[offsets[a] + fill[a]] = b
    neighbours[offsets[b] + fill[b]] = a
    fill[a] += 1
    fill[b] += 1
    return True


@kernel
def append(stubs, first, last, out, n):
    """Copy ``stubs[first:last]`` to `out` from `n` on; returns the new length of `out`."""
    for at in range(first, last):
        out[n] = stubs[at]
        n += 1
    return n


@kernel
def sort_by_key(stubs, keys, n_keys, out):
    """Stable counting sort of the first `keys.size` stubs by key, 0 .. n_keys - 1; returns the starts, n_keys + 1."""
    starts = np.zeros(n_keys + 1, np.int64)
    for at in range(keys.size):
        starts[keys[at] + 1] += 1
    for value in range(n_keys):
        starts[value + 1] += starts[value]
    for at in range(keys.size):
        out[starts[keys[at]]] = stubs[at]
        starts[keys[at]] += 1
    for value in range(n_keys, 0, -1):
        starts[value] = starts[value - 1]
    starts[0] = 0
    return starts


@kernel
def sort_by_label(stubs, n, people, out):
    """Sort the first `n` stubs by label; label l fills ``out[starts[l]:starts[l + 1]]`` of the starts returned."""
    keys = np.empty(n, np.int32)
    for at in range(n):
        keys[at] = label_of(stubs[at], people)
    return sort_by_key(stubs, keys, np.int64(N_LABELS), out)


@kernel
def sort_by_degree(stubs, n, offsets, out):
    """Sort the first `n` stubs by the degree of their person, ascending.

    The counters are as many as the largest degree, which is at most the number of ties of those people:
    linear in ties, however the list is cut.
    """
    keys = np.empty(n, np.int32)
    top = ZERO
    for at in range(n):
        person = stubs[at] >> 2
        degree = offsets[person + 1] - offsets[person]
        keys[at] = degree
        top = max(top, degree)
    sort_by_key(stubs, keys, top + 1, out)


@kernel
def clique_size(stubs, clustering, offsets, u):
    """Size of the clique that begins a list ascending by degree.

    The s members of a clique have the mean local clustering c(s) = (s - 1)(s - 2) / s * sum 1 / (k (k - 1)),
    which rises with s. The two sizes around the target are mixed so that the mean over people is exact; the
    smallest degree in the clique is the limit.

    Returns
    -------
    int
        1 or more (1: this person joins none), or 0 if the list is too short.
    """
    low, c_low, total = 1, 0.0, 0.0
    limit = offsets[(stubs[0] >> 2) + 1] - offsets[stubs[0] >> 2] + 1
    for size in range(1, limit + 1):
        if size > stubs.size:
            return 0
        person = stubs[size - 1] >> 2
        k = offsets[person + 1] - offsets[person]
        total += 1.0 / (k * (k - 1.0))
        c = (size - 1.0) * (size - 2.0) / size * total
        if c > clustering:
            people_in_larger = (clustering - c_low) / (c - c_low)
            larger = people_in_larger / size
            return size if u * (larger + (1.0 - people_in_larger) / low) < larger else low
        if size > 2:
            low, c_low = size, c
    return low


@kernel
def cut_cliques(stubs, clustering, rows, key, stage):
    """Cut a list (ascending by degree, at least 2) into cliques and tie them; returns where the rest begins."""
    offsets, fill, neighbours = rows
    first = 0
    while first < stubs.size:
        u = d.uniform(key, stubs[first] >> 2, ZERO, CLIQUE, 1 + stage)
        size = clique_size(stubs[first:], clustering, offsets, u)
        if size == 0:
            break
        if size > 2:
            for i in range(first, first + size):
                a = stubs[i] >> 2
                for j in range(first, first + size):
                    if i != j:
                        neighbours[offsets[a] + fill[a]] = stubs[j] >> 2
                        fill[a] += 1
        first += size
    return first


@kernel
def form_cliques(stubs, n, spare, people, clustering, rows, key, segment, stage):
    """Cliques within labels among `n` people of one segment, one stub each.

    Members are taken in the order of their degrees, shuffled among equals, so that a clique's size suits all
    of its members. Returns how many stubs are left; they stand first in `stubs`.
    """
    for at in range(n - 1, 0, -1):
        other = d.below(key, at, segment, CLIQUE, 16 + stage, at + 1)
        stubs[at], stubs[other] = stubs[other], stubs[at]
    sort_by_degree(stubs, n, rows[0], spare)
    starts = sort_by_label(spare, n, people, stubs)
    n_left = ZERO
    for label in range(N_LABELS):
        first, last = starts[label], starts[label + 1]
        first += cut_cliques(stubs[first:last], clustering, rows, key, stage)
        n_left = append(stubs, first, last, stubs, n_left)
    return n_left


@kernel
def pair_pool(stubs, rows, key, segment, draw):
    """Pair stubs at random; returns how many are left, which stand first.

    Each stub in turn takes a partner among those behind it: a uniform matching with one draw a tie. A partner
    who is the same person or already tied is drawn again, `ATTEMPTS` times at most.
    """
    head, left = ZERO, ZERO
    while head + 1 < stubs.size:
        paired = False
        for attempt in range(ATTEMPTS):
            other = head + 1 + d.below(key, head, segment, SHUFFLE, draw + attempt, stubs.size - head - 1)
            if connect(stubs[head] >> 2, stubs[other] >> 2, rows):
                stubs[other] = stubs[head + 1]
                paired = True
                break
        if paired:
            head += 2
        else:
            stubs[left] = stubs[head]
            left += 1
            head += 1
    return append(stubs, head, stubs.size, stubs, left)


@kernel
def pair_labels(stubs, n, spare, people, rows, key, segment, stage):
    """Pair `n` stubs of one segment: first within labels, then the left over with those open to anybody.

    Returns how many are left; they stand first in `stubs`.
    """
    starts = sort_by_label(stubs, n, people, spare)
    pooled = ZERO
    for label in range(N_LABELS):
        some = spare[starts[label] : starts[label + 1]]
        if label == ANYBODY:
            some = stubs[: append(some, ZERO, some.size, stubs, pooled)]
            pooled = ZERO
        left = pair_pool(some, rows, key, segment, (stage * 32 + label) * ATTEMPTS)
        pooled = append(some, ZERO, left, stubs, pooled)
    return pooled


@kernel
def clique_places(start, stop, block, segments, within, traits, people, rows, key, made):
    """Form the cliques of the places start .. stop - 1: in their neighbourhoods, then among the others.

    Parameters
    ----------
    segments
        First person of each place (P + 1), first neighbourhood of each place (P + 1), first person of each
        neighbourhood (B + 1).
    within
        Probability that a person of the place seeks its clique in the neighbourhood (P).
    traits
        Clustering, and the shares of stubs reserved to the own group and to the own position.
    made
        Out: ends of ties made in the neighbourhoods, and in all (P, 2).
    """
    place_starts, first_neighbourhood, bounds = segments
    clustering, group_share, position_share = traits
    offsets, fill, _ = rows
    room = offsets[place_starts[stop]] - offsets[place_starts[start]]  # memory never touched costs nothing
    local, pool, spare = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    for place in range(start, stop):
        pooled = ZERO
        for neighbourhood in range(first_neighbourhood[place], first_neighbourhood[place + 1]):
            n = ZERO
            for person in range(bounds[neighbourhood], bounds[neighbourhood + 1]):
                if offsets[person + 1] - offsets[person] < 2:
                    continue
                u = d.uniform(key, person, ZERO, CLIQUE, ZERO)
                if u < within[place]:
                    local[n] = 4 * person + reserve_of(u / within[place], group_share, position_share)
                    n += 1
                else:
                    u = (u - within[place]) / (1.0 - within[place])
                    pool[pooled] = 4 * person + reserve_of(u, group_share, position_share)
                    pooled += 1
            n = form_cliques(local, n, spare, people, clustering, rows, key, neighbourhood, NEIGHBOURHOOD_STAGE)
            pooled = append(local, ZERO, n, pool, pooled)
        for person in range(place_starts[place], place_starts[place + 1]):
            made[place, 0] += fill[person]
        pooled = form_cliques(pool, pooled, spare, people, clustering, rows, key, place, PLACE_STAGE)
        sort_by_degree(pool, pooled, offsets, spare)
        cut_cliques(spare[:pooled], clustering, rows, key, REST_STAGE)
        for person in range(place_starts[place], place_starts[place + 1]):
            made[place, 1] += fill[person]


@kernel
def pair_places(start, stop, block, segments, levels, traits, people, rows, key, out):
    """Make the loose ties that stay in the places start .. stop - 1, and list the stubs that leave each.

    Parameters
    ----------
    segments, traits
        As for `clique_places`.
    levels
        Bounds of the draw that gives a stub its level (P, 2): below the first the neighbourhood, below the
        second the place, else away.
    out
        ``(away, n_away)``: stubs that leave place p, from ``offsets[first person of p]`` on; how many.
    """
    place_starts, first_neighbourhood, bounds = segments
    _, group_share, position_share = traits
    offsets, fill, _ = rows
    room = offsets[place_starts[stop]] - offsets[place_starts[start]]  # memory never touched costs nothing
    local, pool, spare = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    for place in range(start, stop):
        near, kept = levels[place, 0], levels[place, 1]
        away = out[0][offsets[place_starts[place]] :]
        pooled, leaving = ZERO, ZERO
        for neighbourhood in range(first_neighbourhood[place], first_neighbourhood[place + 1]):
            n = ZERO
            for person in range(bounds[neighbourhood], bounds[neighbourhood + 1]):
                words = d.own_block(key, person, ZERO, LEVEL, ZERO)
                for stub in range(offsets[person + 1] - offsets[person] - fill[person]):
                    if stub > 0 and stub & 3 == 0:
                        words = d.own_block(key, person, ZERO, LEVEL, stub >> 2)
                    u = d.to_unit(words[stub & 3])
                    if u < near:
                        local[n] = 4 * person + reserve_of(u / near, group_share, position_share)
                        n += 1
                    elif u < kept:
                        u = (u - near) / (kept - near)
                        pool[pooled] = 4 * person + reserve_of(u, group_share, position_share)
                        pooled += 1
                    else:
                        u = (u - kept) / (1.0 - kept)
                        away[leaving] = 4 * person + reserve_of(u, group_share, position_share)
                        leaving += 1
            n = pair_labels(local, n, spare, people, rows, key, neighbourhood, NEIGHBOURHOOD_STAGE)
            pooled = append(local, ZERO, n, pool, pooled)
        pooled = pair_labels(pool, pooled, spare, people, rows, key, place, PLACE_STAGE)
        out[1][place] = append(pool, ZERO, pooled, away, leaving)


@kernel
def sort_rows(start, stop, block, offsets, fill, neighbours):
    """Sort the filled part of the rows start .. stop - 1 (Shell's sort: insertion for short rows)."""
    for row in range(start, stop):
        first, last = offsets[row], offsets[row] + fill[row]
        gap = 1
        while 9 * gap < fill[row]:
            gap = 3 * gap + 1
        while gap > 0:
            for at in range(first + gap, last):
                value = neighbours[at]
                hole = at
                while hole - gap >= first and neighbours[hole - gap] > value:
                    neighbours[hole] = neighbours[hole - gap]
                    hole -= gap
                neighbours[hole] = value
            gap //= 3


@kernel
def compact_rows(offsets, fill, neighbours):
    """Move sorted rows together, without repeats, and `offsets` with them; returns the number of entries."""
    n, first = 0, offsets[0]
    for row in range(fill.size):
        following = offsets[row + 1]
        start = n
        for at in range(first, first + fill[row]):
            if n == start or neighbours[at] != neighbours[n - 1]:
                neighbours[n] = neighbours[at]
                n += 1
        first = following
        offsets[row + 1] = n
    return n
