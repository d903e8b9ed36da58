"""The responses `threshold` and `contacts`: who joins and who leaves, found only among people who can be moved.

Somebody who routinely lives on is moved by people in motion among ties, at the own sites, and in places; the sources have the
weights of the scenario (`model.md` section 5). Exposure is either the weighted mean share of people in motion over the sources that
somebody has, or their weighted number. With `threshold` people join where exposure reaches their nerve, with
`contacts` at the hazard rate times number. Nothing else moves them: neither pressure nor risk nor fatigue.

People stand in groups of 512 rows. A group in which nobody is in motion and nobody is exposed costs a look at their activities
and ties, eight bytes at a time. In all others each person has a byte of a block of draws: the leading eight bits of a
uniform number, of which the rest is drawn only where it decides (in one case of 256). A bound that holds for whole rows of people
at once singles out those whom the byte may move; the exact law is computed for them alone.
"""

import math

import numpy as np

from communize.declare.registry import IN_STRUGGLE, ROUTINE
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel

GROUP_BITS = 9
GROUP = 1 << GROUP_BITS
LOW_BITS = 0x0101010101010101  # the lowest bit of each byte of a word

# What `find_movers` is to do.
SHARE_THRESHOLD, COUNT_THRESHOLD, CONTACTS = range(3)


def hazard_bounds() -> np.ndarray:
    """-ln(1 - b / 256) for b = 0 .. 256: a uniform number with leading byte b is an event of a hazard of at least entry
    b + 1, and none of a hazard of at most entry b; float64 (257,).
    """
    with np.errstate(divide="ignore"):
        return -np.log1p(-np.arange(257) / 256.0)


@kernel
def find_changed(activity, counted, first_word, changed):
    """Rows of people, from the eight of `first_word` on, who have entered or left struggle since `counted` was right.

    Returns how many (as many as `changed` holds, less seven, at most) and the word to go on from. `counted` is set right for them.
    """
    words = activity.size >> 3
    now, before = activity[: words << 3].view(np.uint64), counted[: words << 3].view(np.uint64)
    low = np.uint64(LOW_BITS)
    n = 0
    word = first_word
    while word <= words and n + 8 <= changed.size:
        if word == words or (now[word] & low) & ~((now[word] >> np.uint64(1)) & low) != before[word]:
            for i in range(word << 3, min((word + 1) << 3, activity.size)):
                active = activity[i] == IN_STRUGGLE
                changed[n] = i
                n += active != (counted[i] == 1)
                counted[i] = active
        word += 1
    return n, word


@kernel
def push(activity, counted, offsets, neighbours, active_ties):
    """Bring each person's number of ties to people in struggle up to date: work in proportion to those who changed.

    `counted` remembers (1, else 0) who was in struggle when the numbers were last right. Rows of ties lie far apart, so they
    are touched a batch at a time before they are read: the waits for memory then overlap.
    """
    batch = 256
    changed, starts, ends = np.empty(batch, np.int32), np.empty(batch, np.int64), np.empty(batch, np.int64)
    n_words = (activity.size >> 3) + 1
    word = 0
    touched = 0
    while word < n_words:
        n, word = find_changed(activity, counted, word, changed)
        for k in range(n):
            starts[k], ends[k] = offsets[changed[k]], offsets[changed[k] + 1]
        for k in range(n):
            touched += neighbours[starts[k]] if ends[k] > starts[k] else 0
        for k in range(n):
            step = 1 if counted[changed[k]] == 1 else -1
            for j in range(starts[k], ends[k]):
                other = neighbours[j]
                active_ties[other] = np.uint16(np.int64(active_ties[other]) + step)
    return touched


@kernel
def exposure_of_sites(sites, of_place, weights, by_share, at_home, at_work):
    """What a site lends its members' exposure, and the weight of it: float64 (sites, 2) for homes and for sites of work.

    Parameters
    ----------
    sites
        (active, participants, eligible, place).
    of_place
        Share or number of people in motion in each place and its contact places.
    weights
        Influence of (work, neighbourhood, place).
    """
    active, participants, eligible, place = sites
    w_work, w_home, w_place = weights
    for s in range(active.size):
        moving = float(active[s] + participants[s])
        there = 1.0
        if by_share:
            there = 1.0 if eligible[s] > 1 else 0.0
            moving = min(1.0, moving / (eligible[s] - 1.0)) if eligible[s] > 1 else 0.0
        at_work[s, 0], at_work[s, 1] = w_work * moving, w_work * there
        at_home[s, 0], at_home[s, 1] = w_home * moving + w_place * of_place[place[s]], w_home * there + w_place


@kernel
def mark_exposed(order, offsets, moving, mark):
    """Mark the groups of the members of sites where somebody is in motion."""
    for s in range(moving.size):
        if moving[s] > 0:
            for j in range(offsets[s], offsets[s + 1]):
                mark[order[j] >> GROUP_BITS] = 1


@kernel
def bytes_of(first_block, n_blocks, key, day, words):
    """The words of `n_blocks` blocks of draws of sixteen people each, uint32 (4 * n_blocks,)."""
    for b in range(n_blocks):
        w0, w1, w2, w3 = d.shared_block(key, first_block + b, day, decisions.MOVE, 0)
        words[4 * b] = w0
        words[4 * b + 1] = w1
        words[4 * b + 2] = w2
        words[4 * b + 3] = w3


@kernel
def happens(hazard, byte, bounds, key, person, day):
    """Whether an event of a hazard happens today, given the leading byte of the person's uniform number."""
    leading = np.int64(byte)
    if hazard >= bounds[leading + 1]:
        return True
    if hazard <= bounds[leading]:
        return False
    return (leading + d.uniform(key, person, day, decisions.MOVE, 1)) / 256.0 < 1.0 - math.exp(-hazard)


@kernel
def anybody(words):
    """Whether any word is not zero."""
    seen = np.uint64(0)
    for word in words:
        seen |= word
    return seen != 0


@kernel
def exposures_by_share(first, home, work, active_ties, tied, eligible_ties, w_ties, only_ties, at_home, at_work, exposure):
    """Weighted mean share of people in motion over the sources that each person from `first` on has."""
    for k in range(exposure.size):
        i = first + k
        top = bottom = 0.0
        if eligible_ties[i] > 0:
            top = w_ties * min(1.0, (active_ties[i] + tied[i]) / eligible_ties[i])
            bottom = w_ties
        if not only_ties:
            h, w = home[i], work[i]
            top += at_home[h, 0]
            bottom += at_home[h, 1]
            if w >= 0:
                top += at_work[w, 0]
                bottom += at_work[w, 1]
        exposure[k] = top / bottom if bottom > 0.0 else 0.0


@kernel
def exposures_by_count(first, home, work, active_ties, tied, w_ties, only_ties, at_home, at_work, exposure):
    """Weighted number of people in motion around each person from `first` on."""
    n = exposure.size
    near, near_measures = active_ties[first : first + n], tied[first : first + n]
    for k in range(n):
        exposure[k] = w_ties * (np.float64(near[k]) + np.float64(near_measures[k]))
    if not only_ties:
        for k in range(n):
            i = first + k
            exposure[k] += at_home[home[i], 0]
            if work[i] >= 0:
                exposure[k] += at_work[work[i], 0]


@kernel
def single_out(what, exposure, activity, removed, nerve, drawn, rate, rate_leaving, maybe):
    """Mark the people whom their byte may move, by a bound: 1 - exp(-h) is at most h."""
    joining = np.float32(256.0001 * rate)
    leaving = np.float32(256.0001 * rate_leaving)
    nothing, certain = np.float32(0.0), np.float32(256.0)
    for k in range(exposure.size):
        near = np.float32(exposure[k])
        if what == CONTACTS:
            most = joining * near
        else:
            most = min(joining, certain) if near >= nerve[k] else nothing
        routine = activity[k] == ROUTINE and removed[k] == 0
        most = most if routine else (leaving if activity[k] == IN_STRUGGLE else nothing)
        maybe[k] = np.float32(drawn[k]) < most


@kernel
def find_movers(start, stop, block, people, ties, sites, mark, law, bounds, key, day, joined, left):
    """People of [start, stop) who join and who leave, written to ``joined[start:]`` and ``left[start:]``.

    Parameters
    ----------
    people
        (home, work, position, group, activity, nerve, removed).
    ties
        (ties to people in struggle, ties to people in measures, ties to people who can take part).
    sites
        (what `exposure_of_sites` wrote for homes and for sites of work, people in motion by site), or rows of nothing where only
        ties count.
    mark
        Groups to look at whatever their ties, uint8.
    law
        (what to do, whether only ties count, weight of ties, rate of contact or hazard of joining at the threshold, rate of
        leaving, rate added when alone, exposure that holds people, who can take part).

    Returns
    -------
    tuple of int
        How many join and how many leave.
    """
    home, work, position, group, activity, nerve, removed = people
    active_ties, tied, eligible_ties = ties
    at_home, at_work, moving = sites
    what, only_ties, w_ties, rate, rate_leaving, rate_alone, holding, takes_part = law
    share = what == SHARE_THRESHOLD
    words = np.empty(GROUP >> 2, np.uint32)
    drawn = words.view(np.uint8)
    exposures, maybe = np.empty(GROUP), np.zeros(GROUP, np.uint8)
    flags = maybe.view(np.uint64)
    n_joined = n_left = 0
    for number in range(start >> GROUP_BITS, (stop + GROUP - 1) >> GROUP_BITS):
        first = number << GROUP_BITS
        n = min(GROUP, stop - first)
        last = first + n
        if n == GROUP and mark[number] == 0:
            if not (anybody(active_ties[first:last].view(np.uint64)) or anybody(activity[first:last].view(np.uint64))
                    or anybody(tied[first:last].view(np.uint64))):
                continue
        bytes_of(first >> 4, (n + 15) >> 4, key, day, words)
        exposure = exposures[:n]
        if share:
            exposures_by_share(first, home, work, active_ties, tied, eligible_ties, w_ties, only_ties, at_home, at_work, exposure)
        else:
            exposures_by_count(first, home, work, active_ties, tied, w_ties, only_ties, at_home, at_work, exposure)
        maybe[n:] = 0
        single_out(what, exposure, activity[first:last], removed[first:last], nerve[first:last], drawn, rate,
                   rate_leaving + rate_alone, maybe)
        for eight in range((n + 7) >> 3):
            if flags[eight] == 0:
                continue
            for k in range(eight << 3, min(n, (eight + 1) << 3)):
                if maybe[k] == 0:
                    continue
                i = first + k
                if activity[i] == ROUTINE:
                    hazard = rate * exposure[k] if what == CONTACTS else rate
                    if takes_part[position[i], group[i]] and happens(hazard, drawn[k], bounds, key, i, day):
                        joined[start + n_joined] = i
                        n_joined += 1
                elif not np.float32(exposure[k]) >= holding:
                    hazard = rate_leaving
                    if rate_alone > 0.0 and moving[home[i]] <= 1 and (work[i] < 0 or moving[work[i]] <= 1):
                        hazard += rate_alone
                    if happens(hazard, drawn[k], bounds, key, i, day):
                        left[start + n_left] = i
                        n_left += 1
    return n_joined, n_left
