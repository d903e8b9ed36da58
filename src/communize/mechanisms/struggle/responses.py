"""The responses `threshold` and `contacts`: who joins and who leaves, found only among people who can be moved.

Somebody who routinely lives on is moved by people in motion among ties, at the own sites, and in places; the sources have the
weights of the scenario (`model.md` section 5). Exposure is either the weighted mean share of people in motion over the sources that
somebody has, or their weighted number. With `threshold` people join where exposure reaches their nerve, with
`contacts` at the hazard rate times number. Nothing else moves them: neither pressure nor risk nor fatigue.

People stand in groups of 2,048 rows. A group in which nobody is in motion and nobody is exposed costs a look at their activities
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
from communize.kernels.prefetch import AHEAD, LINE, prefetch
from communize.kernels.stretches import LOW_BITS, list_marked

GROUP_BITS = 11
GROUP = 1 << GROUP_BITS
STRETCH = 4096  # people compared at once for changes

# What `find_movers` is to do.
SHARE_THRESHOLD, COUNT_THRESHOLD, CONTACTS = range(3)


def hazard_bounds() -> np.ndarray:
    """-ln(1 - b / 256) for b = 0 .. 256: a uniform number with leading byte b is an event of a hazard of at least entry
    b + 1, and none of a hazard of at most entry b; float64 (257,).
    """
    with np.errstate(divide="ignore"):
        return -np.log1p(-np.arange(257) / 256.0)


@kernel
def find_changed(activity, counted, start, changed):
    """Rows of people, from `start` (a multiple of `STRETCH`) on, who have entered or left struggle since `counted` was right.

    Returns how many, never more than `changed` holds, and the row to go on from. `counted` is set right for them.
    """
    low = np.uint64(LOW_BITS)
    n = 0
    while start < activity.size and n + STRETCH <= changed.size:
        stop = min(start + STRETCH, activity.size)
        differ = True
        if stop - start == STRETCH:
            now, before = activity[start:stop].view(np.uint64), counted[start:stop].view(np.uint64)
            difference = np.uint64(0)
            for word in range(now.size):
                difference |= ((now[word] & low) & ~((now[word] >> np.uint64(1)) & low)) ^ before[word]
            differ = difference != 0
        if differ:
            for i in range(start, stop):
                active = activity[i] == IN_STRUGGLE
                changed[n] = i
                n += active != (counted[i] == 1)
                counted[i] = active
        start = stop
    return n, start


@kernel
def count_again(changed, counted, offsets, neighbours, active_ties):
    """Add those of the people `changed` who are now counted to their ties' numbers, and take the others off."""
    for k in range(changed.size):
        if k + 2 * AHEAD < changed.size:
            prefetch(offsets, changed[k + 2 * AHEAD])
        if k + AHEAD < changed.size:
            start = offsets[changed[k + AHEAD]]
            prefetch(neighbours, start)
            prefetch(neighbours, start + LINE)
        i = np.uint32(changed[k])  # unsigned, as are all numbers of ties: else each would be looked at for being negative
        step = np.uint16(1) if counted[i] == 1 else ~np.uint16(0)
        for j in range(np.uint64(offsets[i]), np.uint64(offsets[i + np.uint32(1)])):
            active_ties[np.uint32(neighbours[j])] += step


@kernel
def push_moved(joined, left, counted, offsets, neighbours, active_ties):
    """Bring numbers of ties to people in struggle up to date after people joined and left."""
    for i in joined:
        counted[i] = 1
    for i in left:
        counted[i] = 0
    count_again(joined, counted, offsets, neighbours, active_ties)
    count_again(left, counted, offsets, neighbours, active_ties)


@kernel
def push(activity, counted, offsets, neighbours, active_ties):
    """Bring each person's number of ties to people in struggle up to date: work in proportion to those who changed.

    `counted` remembers (1, else 0) who was in struggle when the numbers were last right.
    """
    changed = np.empty(2 * STRETCH, np.int32)
    start = 0
    while start < activity.size:
        n, start = find_changed(activity, counted, start, changed)
        count_again(changed[:n], counted, offsets, neighbours, active_ties)


@kernel
def exposure_of_sites(sites, of_place, weights, by_share, scale, at_home, at_work):
    """What a site lends its members' exposure, the weight of it, and what it lends members in motion, who do not count themselves at
    sites: float64 (sites, 3) for homes and for sites of work.

    Parameters
    ----------
    sites
        (active, participants, eligible, place).
    of_place
        Share or number of people in motion in each place and its contact places.
    scale
        People per agent, for numbers.
    weights
        Influence of (work, neighbourhood, place).
    """
    active, participants, eligible, place = sites
    w_work, w_home, w_place = weights
    for s in range(active.size):
        moving = float(active[s] + participants[s])
        others, there = max(0.0, moving - 1.0), 1.0
        if not by_share:
            moving, others = scale * moving, scale * others
        else:
            there = 1.0 if eligible[s] > 1 else 0.0
            moving = min(1.0, moving / (eligible[s] - 1.0)) if eligible[s] > 1 else 0.0
            others = min(1.0, others / (eligible[s] - 1.0)) if eligible[s] > 1 else 0.0
        at_work[s, 0], at_work[s, 1], at_work[s, 2] = w_work * moving, w_work * there, w_work * others
        away = w_place * of_place[place[s]]
        at_home[s, 0], at_home[s, 1], at_home[s, 2] = w_home * moving + away, w_home * there + w_place, w_home * others + away


@kernel
def mark_exposed(order, offsets, moving, mark):
    """Mark the groups of the members of sites where somebody is in motion."""
    for s in range(moving.size):
        if moving[s] > 0:
            for j in range(offsets[s], offsets[s + 1]):
                mark[order[j] >> GROUP_BITS] = 1


@kernel
def mark_unmoved(nerve, mark):
    """Mark the groups of people who join although nobody moves them: nerve at most 0."""
    for number in range(mark.size):
        lowest = np.float32(np.inf)
        for one in nerve[number << GROUP_BITS : (number + 1) << GROUP_BITS]:
            lowest = min(lowest, one)
        mark[number] = lowest <= 0


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
    for first in range(0, words.size, 16):
        seen = np.uint64(0)
        for k in range(first, min(first + 16, words.size)):
            seen |= words[k]
        if seen != 0:
            return True
    return False


@kernel
def exposures_by_share(first, activity, home, work, active_ties, tied, eligible_ties, w_ties, only_ties, at_home, at_work, exposure):
    """Weighted mean share of people in motion over the sources that each person from `first` on has, float32."""
    for k in range(exposure.size):
        i = first + k
        top = bottom = 0.0
        if eligible_ties[i] > 0:
            moving = active_ties[i] + (tied[i] if tied.size > 0 else np.uint16(0))
            top = w_ties * min(1.0, moving / eligible_ties[i])
            bottom = w_ties
        if not only_ties:
            h, w, lent = home[i], work[i], 2 if activity[i] == IN_STRUGGLE else 0
            top += at_home[h, lent]
            bottom += at_home[h, 1]
            if w >= 0:
                top += at_work[w, lent]
                bottom += at_work[w, 1]
        exposure[k] = top / bottom if bottom > 0.0 else 0.0


@kernel
def exposures_by_count(activity, home, work, active_ties, tied, w_ties, only_ties, at_home, at_work, exposure):
    """Weighted number of people in motion around each person, float32."""
    if only_ties:
        for k in range(exposure.size):
            exposure[k] = np.float32(active_ties[k])
        for k in range(tied.size):
            exposure[k] += np.float32(tied[k])
        if w_ties != 1.0:
            for k in range(exposure.size):
                exposure[k] = w_ties * np.float64(exposure[k])
        return
    for k in range(exposure.size):
        lent = 2 if activity[k] == IN_STRUGGLE else 0
        near = w_ties * (float(active_ties[k]) + (float(tied[k]) if tied.size > 0 else 0.0)) + at_home[home[k], lent]
        exposure[k] = near + at_work[work[k], lent] if work[k] >= 0 else near


@kernel
def single_out(contacts, exposure, activity, removed, nerve, drawn, rate, rate_leaving, maybe):
    """Mark the people whom their byte may move, by a bound: 1 - exp(-h) is at most h."""
    joining, leaving, nothing = np.float32(256.0001 * min(rate, 1e6)), np.float32(256.0001 * rate_leaving), np.float32(0.0)
    if contacts:
        for k in range(exposure.size):
            most = joining * exposure[k]
            most = most if (activity[k] | removed[k]) == ROUTINE else nothing
            most = leaving if activity[k] == IN_STRUGGLE else most
            maybe[k] = np.uint8(np.float32(drawn[k]) < most)
    else:
        for k in range(exposure.size):
            most = joining if exposure[k] >= nerve[k] else nothing
            most = most if (activity[k] | removed[k]) == ROUTINE else nothing
            most = leaving if activity[k] == IN_STRUGGLE else most
            maybe[k] = np.uint8(np.float32(drawn[k]) < most)


@kernel
def find_movers(start, stop, block, people, ties, sites, mark, law, bounds, key, day, joined, left):
    """People of [start, stop) who join and who leave, written to ``joined[start:]`` and ``left[start:]``.

    Parameters
    ----------
    people
        (home, work, position, group, activity, nerve, removed).
    ties
        (ties to people in struggle; ties to people in measures, or no rows where there are none; ties to people who can take part).
    sites
        (what `exposure_of_sites` wrote for homes and for sites of work, people in motion by site), or rows of nothing where only
        ties count.
    mark
        Groups to look at whatever their ties, uint8.
    law
        (what to do, whether only ties count, weight of ties, rate of contact or hazard of joining at the threshold, rate of
        leaving, rate added when alone, exposure that holds people, who can take part, whether all can).

    Returns
    -------
    tuple of int
        How many join and how many leave.
    """
    home, work, position, group, activity, nerve, removed = people
    active_ties, tied, eligible_ties = ties
    at_home, at_work, moving = sites
    what, only_ties, w_ties, rate, rate_leaving, rate_alone, holding, takes_part, everybody = law
    share = what == SHARE_THRESHOLD
    words, room = np.empty(GROUP >> 2, np.uint32), np.empty((4, GROUP >> 4), np.uint64)
    drawn = words.view(np.uint8)
    exposures, maybe, listed = np.empty(GROUP, np.float32), np.zeros(GROUP, np.uint8), np.empty(GROUP, np.uint16)
    marked = np.empty(GROUP >> 3, np.uint16)
    n_joined = n_left = 0
    for number in range(start >> GROUP_BITS, (stop + GROUP - 1) >> GROUP_BITS):
        first = number << GROUP_BITS
        n = min(GROUP, stop - first)
        last = first + n
        if n == GROUP and mark[number] == 0:
            if not (anybody(active_ties[first:last].view(np.uint64)) or anybody(activity[first:last].view(np.uint64))
                    or anybody(tied[first:last].view(np.uint64))):
                continue
        d.shared_blocks(key, first >> 4, day, decisions.MOVE, 0, words, room)
        exposure = exposures[:n]
        if share:
            exposures_by_share(first, activity, home, work, active_ties, tied, eligible_ties, w_ties, only_ties, at_home, at_work, exposure)
        else:
            exposures_by_count(
                activity[first:last], home[first:last], work[first:last], active_ties[first:last], tied[first:last], w_ties, only_ties, at_home, at_work, exposure)
        maybe[n:] = 0
        single_out(
            what == CONTACTS, exposure, activity[first:last], removed[first:last], nerve[first:last], drawn, rate, rate_leaving + rate_alone, maybe)
        do = activity[first:last]
        for k in listed[: list_marked(maybe.view(np.uint64), marked, listed)]:
            i, routine, held = first + k, do[k] == ROUTINE, exposure[k] >= holding
            joining, leaving = rate * exposure[k] if what == CONTACTS else rate, rate_leaving
            if rate_alone > 0.0 and moving[home[i]] <= 1 and (work[i] < 0 or moving[work[i]] <= 1):
                leaving += rate_alone
            able = everybody or takes_part[position[i], group[i]]
            moves = happens(joining if routine else leaving, drawn[k], bounds, key, i, day) & (able & routine | (not held) & (not routine))
            joined[start + n_joined] = left[start + n_left] = i  # without a branch: who moves how is hard to predict
            n_joined += moves & routine
            n_left += moves & (not routine)
    return n_joined, n_left
