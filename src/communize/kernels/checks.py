"""Counts of people against recounts of them, compiled."""

import numpy as np

from communize.kernels.draws import kernel

FEW, MANY = 32, 512  # people looked at together
SITES_COUNT, PLACES_COUNT, MODES_AGREE, CODES_EXIST, PEOPLE_AGREE = (1 << k for k in range(5))
STRETCH = 64 * 255  # people whose bytes are compared before the counts, of a byte each, are added up
CODES, IN_MEASURE, OTHER_CODE, OTHER_POSITION = 4, 2, 4, 9

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_NONE = np.uint64(0)


@kernel
def any_other(values, usual):
    """Whether a value is another than the usual one."""
    found = False
    for k in range(values.size):
        found |= values[k] != usual
    return found


@kernel
def any_equal(values, wanted):
    """Whether a value is the one wanted."""
    found = False
    for k in range(values.size):
        found |= values[k] == wanted
    return found


@kernel
def weight(row):
    """A number of 64 bits for a row: sums of counts times it are a fingerprint of all counts at once."""
    x = np.uint64(np.int64(row) + 1) * _MULTIPLIER
    return x ^ (x >> _HALF)


@kernel
def times(count, factor):
    """A count, possibly negative, times a weight, modulo 2**64."""
    return np.uint64(np.int64(count)) * factor


@kernel
def count_busy(start, stop, block, words, activity, position, home, work, measure, site_place, counts, prints, wrong):
    """Count the people of [start, stop) whose activity is not routine, looking at eight in a word.

    Parameters
    ----------
    words
        `activity` as words of eight people, as many as are full.
    counts
        People by activity and position, (blocks, 5, 10); the last of each are codes that do not exist.
    prints
        Fingerprints of the counts of sites by activity, (blocks, 4); in the place of routine that of participants by place.
    wrong
        People by block who are in a measure without a site, or have a site without being in one.
    """
    busy = np.empty(FEW, np.int64)
    for many in range(start, stop, MANY):
        end = min(many + MANY, stop)
        if end - many == MANY and not any_other(words[many >> 3 : end >> 3], _NONE):
            continue
        for first in range(many, end, FEW):
            last = min(first + FEW, end)
            w = first >> 3
            if last - first == FEW and words[w] | words[w + 1] | words[w + 2] | words[w + 3] == _NONE:
                continue
            few, n = activity[first:last], 0
            for k in range(few.size):  # without a branch: who is busy is hard to predict
                busy[n] = first + k
                n += few[k] != 0
            for k in range(n):
                i = busy[k]
                a, p = activity[i], position[i]
                p = p if 0 <= p < OTHER_POSITION else OTHER_POSITION
                if a < 0 or a >= CODES:
                    counts[block, OTHER_CODE, p] += 1
                    continue
                counts[block, a, p] += 1
                h, w, at = home[i], work[i], measure[i]
                found = weight(h) + (weight(w) if w >= 0 else _NONE)
                if a == IN_MEASURE:
                    found -= weight(w) if w == h else _NONE
                    found += weight(at) if at != h and at != w else _NONE
                    if 0 <= h < site_place.size:
                        prints[block, 0] += weight(site_place[h])
                wrong[block] += (at >= 0) != (a == IN_MEASURE)
                prints[block, a] += found
    return 0


@kernel
def count_codes(start, stop, block, activity, position, counts):
    """Count the people of [start, stop) by activity and position into `counts`, as `count_busy` does, where many are busy: a pass over the
    bytes for each code that occurs, 64 people at a time, whatever their number.
    """
    lanes = np.empty(64, np.uint8)
    for first in range(start, stop, STRETCH):
        do, at = activity[first : min(first + STRETCH, stop)], position[first : min(first + STRETCH, stop)]
        rest = do.size - count_both(do, np.int8(0), at, np.int8(-1), lanes)
        for a in range(1, CODES):
            if rest == 0:
                break
            left = count_both(do, np.int8(a), at, np.int8(-1), lanes)
            rest -= left
            for p in range(OTHER_POSITION):
                if left == 0:
                    break
                both = count_both(do, np.int8(a), at, np.int8(p), lanes)
                counts[block, a, p] += both
                left -= both
            counts[block, a, OTHER_POSITION] += left
        counts[block, OTHER_CODE, OTHER_POSITION] += rest
    return 0


@kernel
def count_both(first, one, second, other, lanes):
    """How many of at most `STRETCH` pairs of bytes are (one, other); with `other` -1 how many of the first are `one`."""
    lanes[:] = 0
    rows = first.size >> 6
    if other < 0:
        for row in range(rows):
            for k in range(64):
                lanes[k] += np.uint8(first[(row << 6) + k] == one)
    else:
        for row in range(rows):
            for k in range(64):
                lanes[k] += np.uint8((first[(row << 6) + k] == one) & (second[(row << 6) + k] == other))
    count = 0
    for k in range(64):
        count += np.int64(lanes[k])
    for k in range(rows << 6, first.size):
        count += first[k] == one and (other < 0 or second[k] == other)
    return count


@kernel
def compare_totals(counts, places):
    """What disagrees, as bits: activities with what exists, or all people of an activity with all that places count of it."""
    found = 0
    for block in range(counts.shape[0]):
        for p in range(counts.shape[2]):
            if counts[block, OTHER_CODE, p] > 0:
                found |= CODES_EXIST
    for a in range(1, CODES):
        people, counted = 0, 0
        for block in range(counts.shape[0]):
            for p in range(counts.shape[2]):
                people += counts[block, a, p]
        of_places = places[0] if a == 1 else (places[1] if a == 2 else places[2])
        for p in range(of_places.size):
            counted += of_places[p]
        if people != counted:
            found |= PLACES_COUNT
    return found


@kernel
def count_all(start, stop, block, home, work, position, group, money, activity, measure, takes_part, positions, sums):
    """Recount the people of [start, stop): by position, int64 (blocks, 10), of which the last are codes that do not exist; and coins,
    the fingerprints of members and of those of them who can take part, by site, and people with a measure and another activity, or
    the other way, uint64 (blocks, 4).
    """
    lanes = np.empty(64, np.uint8)
    for first in range(start, stop, STRETCH):
        at = position[first : min(first + STRETCH, stop)]
        left = at.size
        for p in range(OTHER_POSITION):
            if left == 0:
                break
            count = count_both(at, np.int8(p), at, np.int8(-1), lanes)
            positions[block, p] += count
            left -= count
        positions[block, OTHER_POSITION] += left
    home, work, position, group, money = home[start:stop], work[start:stop], position[start:stop], group[start:stop], money[start:stop]
    activity, measure = activity[start:stop], measure[start:stop]
    coins, members, eligible = _NONE, _NONE, _NONE
    wrong = 0
    for i in range(home.size):  # from 0, so that no row can be negative and Numba need not look
        coins += np.uint64(money[i])
        wrong += (measure[i] >= 0) != (activity[i] == IN_MEASURE)
    joins = np.zeros(16 * 16, np.uint64)  # all ones for those who can take part
    everybody = True
    for p in range(takes_part.shape[0]):
        for g in range(takes_part.shape[1]):
            joins[16 * p + g] = ~_NONE if takes_part[p, g] else _NONE
            everybody &= takes_part[p, g]
    if everybody:
        for i in range(home.size):
            members += weight(home[i]) + (weight(work[i]) & np.uint64(~(np.int64(work[i]) >> 63)))
        eligible = members
    else:
        for i in range(home.size):
            p = position[i]
            p = p if 0 <= p < OTHER_POSITION else OTHER_POSITION
            both = weight(home[i]) + (weight(work[i]) & np.uint64(~(np.int64(work[i]) >> 63)))
            members += both
            eligible += both & joins[16 * p + (group[i] & 15)]
    sums[block, 0], sums[block, 1], sums[block, 2], sums[block, 3] = coins, members, eligible, wrong
    return 0


@kernel
def fingerprint(counts):
    """Fingerprint of counts by row."""
    total = _NONE
    for row in range(counts.size):
        total += times(counts[row], weight(row))
    return total


@kernel
def compare_counts(counts, prints, wrong, kind, place, sites, modes, places, neighbourhood, taken):
    """What disagrees, as bits: the counts of sites with those of people, the counts of places with those of their neighbourhoods
    (of participants, who may take part where they do not live, with those of people), modes of sites with instances in force, activities with what exists, and people's measures with their activities.

    Parameters
    ----------
    counts, prints, wrong
        As `count_busy` left them.
    sites, places
        (active, participants, held) of each.
    modes
        (mode, instance) of each site.
    """
    active, participants, held = sites
    mode, instance = modes
    a, b, c = _NONE, _NONE, _NONE
    pa, pb, pc = _NONE, _NONE, _NONE
    found = 0
    for first in range(0, place.size, 256):
        last = min(first + 256, place.size)
        if not (any_other(active[first:last], np.int32(0)) or any_other(participants[first:last], np.int32(0))
                or any_other(held[first:last], np.int32(0)) or any_other(instance[first:last], np.int32(-1))
                or any_equal(mode[first:last], np.int8(taken))):  # fmt: skip
            continue
        for s in range(first, last):
            if (mode[s] == taken) != (instance[s] >= 0):
                found |= MODES_AGREE
            if active[s] == 0 and participants[s] == 0 and held[s] == 0:
                continue
            factor = weight(s)
            a += times(active[s], factor)
            b += times(participants[s], factor)
            c += times(held[s], factor)
            if kind[s] == neighbourhood:
                factor = weight(place[s])
                pa += times(active[s], factor)
                pc += times(held[s], factor)
    active, participants, held = places
    for p in range(active.size):
        if active[p] == 0 and participants[p] == 0 and held[p] == 0:
            continue
        factor = weight(p)
        pa -= times(active[p], factor)
        pb -= times(participants[p], factor)
        pc -= times(held[p], factor)
    for block in range(prints.shape[0]):
        pb += prints[block, 0]
        a -= prints[block, 1]
        b -= prints[block, 2]
        c -= prints[block, 3]
        if wrong[block] > 0:
            found |= PEOPLE_AGREE
        for p in range(counts.shape[2]):
            if counts[block, OTHER_CODE, p] > 0:
                found |= CODES_EXIST
    if a | b | c != _NONE:
        found |= SITES_COUNT
    if pa | pb | pc != _NONE:
        found |= PLACES_COUNT
    return found


@kernel
def count_ties_of(people, home, work, measure, offsets, neighbours, tied, site_ties):
    """Count each person's ties to the participants `people`, and each site's from members who have nothing to do with their sites."""
    for i in people:
        h, w, at = home[i], work[i], measure[i]
        for j in range(offsets[i], offsets[i + 1]):
            other = neighbours[j]
            tied[other] += 1
            theirs = home[other]
            if theirs != at and theirs != h and theirs != w:
                site_ties[theirs] += 1
            theirs = work[other]
            if theirs >= 0 and theirs != at and theirs != h and theirs != w:
                site_ties[theirs] += 1
