"""Counts of people against recounts of them, compiled."""

import numpy as np

from communize.kernels.draws import kernel

MANY = 512  # people looked at together
SITES_COUNT, PLACES_COUNT, MODES_AGREE, CODES_EXIST, PEOPLE_AGREE = (1 << k for k in range(5))
LANES = 256  # bytes compared side by side: four chains of 64 at once
STRETCH = LANES * 255  # people whose bytes are compared before the counts, of a byte each, are added up
CODES, OTHER_CODE, OTHER_POSITION = 4, 4, 9
IN_STRUGGLE, IN_MEASURE, HELD = 1, 2, 3  # activities; the columns of fingerprints, of which the first is that of participants by place

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
def weights_of_sites(home, work):
    """Weights of somebody's sites, of which that of work may be none (-1)."""
    return weight(home) + (weight(work) & np.uint64(~(np.int64(work) >> 63)))


@kernel
def weights_in_measure(home, work, at):
    """Weights of the different sites at which somebody in a measure counts."""
    found = weights_of_sites(home, work)
    found -= weight(work) if work == home else _NONE
    return found + (weight(at) if at != home and at != work else _NONE)


@kernel
def list_busy(start, stop, words, activity, busy, full):
    """List the people of [start, stop), at most `MANY`, whose activity is not routine; returns how many. `full` is overwritten."""
    n = n_full = 0
    if stop - start < MANY:
        for i in range(start, stop):
            busy[n] = i
            n += activity[i] != 0
        return n
    for word in range(start >> 3, stop >> 3):  # without a branch, here and below: who is busy is hard to predict
        full[n_full] = word
        n_full += words[word] != _NONE
    for word in full[:n_full]:
        for i in range(word << 3, (word + 1) << 3):
            busy[n] = i
            n += activity[i] != 0
    return n


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
    busy, full = np.empty(MANY, np.int64), np.empty(MANY >> 3, np.int64)
    for many in range(start, stop, MANY):
        end = min(many + MANY, stop)
        if end - many == MANY and not any_other(words[many >> 3 : end >> 3], _NONE):
            continue
        n = list_busy(many, end, words, activity, busy, full)
        for i in busy[:n]:
            a, p = activity[i], position[i]
            p = p if 0 <= p < OTHER_POSITION else OTHER_POSITION
            if a < 0 or a >= CODES:
                counts[block, OTHER_CODE, p] += 1
                continue
            counts[block, a, p] += 1
            h, w, at = home[i], work[i], measure[i]
            if a == IN_MEASURE:
                prints[block, a] += weights_in_measure(h, w, at)
                if 0 <= h < site_place.size:
                    prints[block, 0] += weight(site_place[h])
            else:
                prints[block, a] += weights_of_sites(h, w)
            wrong[block] += (at >= 0) != (a == IN_MEASURE)
    return 0


@kernel
def count_codes(start, stop, block, activity, position, counts):
    """Count the people of [start, stop) by activity and position into `counts`, as `count_busy` does, where many are busy: a pass over the
    bytes for each code that occurs, whatever their number.
    """
    lanes = np.empty(LANES, np.uint8)
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
def print_busy(start, stop, block, activity, home, work, measure, site_place, prints, wrong):
    """The fingerprints and the disagreements that `count_busy` finds, where many are busy: everybody at the same pace."""
    do, home, work, measure = activity[start:stop], home[start:stop], work[start:stop], measure[start:stop]
    struggling, held, differ, inside = _NONE, _NONE, 0, False
    for k in range(do.size):
        both = weights_of_sites(home[k], work[k])
        struggling += both if do[k] == IN_STRUGGLE else _NONE
        held += both if do[k] == HELD else _NONE
        differ += (measure[k] >= 0) != (do[k] == IN_MEASURE)
        inside |= do[k] == IN_MEASURE
    prints[block, IN_STRUGGLE], prints[block, HELD], wrong[block] = struggling, held, differ
    if inside:
        for k in range(do.size):
            if do[k] == IN_MEASURE:
                prints[block, IN_MEASURE] += weights_in_measure(home[k], work[k], measure[k])
                if 0 <= home[k] < site_place.size:
                    prints[block, 0] += weight(site_place[home[k]])
    return 0


@kernel
def count_both(first, one, second, other, lanes):
    """How many of at most `STRETCH` pairs of bytes are (one, other); with `other` -1 how many of the first are `one`."""
    lanes[:] = 0
    rows = first.size // LANES
    if other < 0:
        for row in range(rows):
            for k in range(LANES):
                lanes[k] += np.uint8(first[row * LANES + k] == one)
    else:
        for row in range(rows):
            for k in range(LANES):
                lanes[k] += np.uint8((first[row * LANES + k] == one) & (second[row * LANES + k] == other))
    count = 0
    for k in range(LANES):
        count += np.int64(lanes[k])
    for k in range(rows * LANES, first.size):
        count += first[k] == one and (other < 0 or second[k] == other)
    return count


@kernel
def people_by_activity(counts, positions, table):
    """People by activity and position, into `table`, from those of `count_busy` or `count_codes` and all by position; returns how many
    are busy.
    """
    busy = 0
    for p in range(table.shape[1]):
        table[0, p] = positions[p]
        for a in range(1, table.shape[0]):
            table[a, p] = 0
            for block in range(counts.shape[0]):
                table[a, p] += counts[block, a, p]
            table[0, p] -= table[a, p]
            busy += table[a, p]
    return busy


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
    lanes = np.empty(LANES, np.uint8)
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
    everybody = True  # of those who are there
    for p in range(takes_part.shape[0]):
        for g in range(takes_part.shape[1]):
            joins[16 * p + g] = ~_NONE if takes_part[p, g] else _NONE
            everybody &= takes_part[p, g] or positions[block, p] == 0
    if everybody:
        for i in range(home.size):
            members += weights_of_sites(home[i], work[i])
        eligible = members
    else:
        for i in range(home.size):
            p = position[i]
            p = p if 0 <= p < OTHER_POSITION else OTHER_POSITION
            both = weights_of_sites(home[i], work[i])
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
def no_measures(instance, activity, tied, site_ties):
    """Whether no site has a measure, nobody is in one, and no ties into measures are counted."""
    return not (
        any_other(instance, np.int32(-1)) or any_equal(activity, np.int8(IN_MEASURE))
        or any_other(tied, np.uint16(0)) or any_other(site_ties, np.int32(0)))  # fmt: skip


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
