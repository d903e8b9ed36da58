"""Away ties: where stubs of different places meet, in proportion to a doubly constrained gravity law, and are paired."""

import math

import numpy as np

from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.matching import (
    ANYBODY,
    ATTEMPTS,
    MEETING,
    N_LABELS,
    SHUFFLE,
    ZERO,
    append,
    connect,
    sort_by_label,
)


@kernel
def balance_visits(n_away, offsets, places, weights, cumulative, visiting, rounds, tolerance):
    """Doubly constrained gravity: how attractive each place must be for all stubs that leave to meet.

    The expected number of visits from p to q is F_pq = a_p d_p W_pq d_q, with a the stubs that leave p and d
    found by iteration so that visits made plus visits received equal a_p.

    Parameters
    ----------
    n_away
        a, stubs that leave each place, int64 (P).
    offsets, places, weights
        W by rows.
    cumulative
        Out: sums of W_pq d_q along each row, float64.
    visiting
        Out: share of a place's stubs that make a visit rather than receive one; -1 where neither is possible.
    rounds, tolerance
        Most rounds; mean deviation, as a share of the stubs, at which to stop.

    References
    ----------
    Wilson (1967), A statistical theory of spatial distribution models.
    https://doi.org/10.1016/0041-1647(67)90035-4
    """
    factor = np.ones(n_away.size)
    made = np.empty(n_away.size)
    received = np.empty(n_away.size)
    for _ in range(rounds):
        made[:] = 0.0
        received[:] = 0.0
        for p in range(n_away.size):
            size = n_away[p] * factor[p]
            for at in range(offsets[p], offsets[p + 1]):
                flow = size * weights[at] * factor[places[at]] * (n_away[places[at]] > 0)
                made[p] += flow
                received[places[at]] += flow
        gap, total = 0.0, 0.0
        for p in range(n_away.size):
            if made[p] + received[p] > 0.0:
                gap += abs(made[p] + received[p] - n_away[p])
                total += n_away[p]
        if gap <= tolerance * total:
            break
        for p in range(n_away.size):
            if made[p] + received[p] > 0.0:
                factor[p] *= math.sqrt(n_away[p] / (made[p] + received[p]))
    for p in range(n_away.size):
        both = made[p] + received[p]
        visiting[p] = made[p] / both if both > 0.0 else -1.0
        running = 0.0
        for at in range(offsets[p], offsets[p + 1]):
            running += weights[at] * factor[places[at]] * (n_away[places[at]] > 0)
            cumulative[at] = running


@kernel
def choose_meetings(start, stop, block, stubs, home_place, contacts, visiting, key, meeting_round, meetings):
    """Where each of the stubs start .. stop - 1 that leave their place meets, and in which role.

    Parameters
    ----------
    contacts
        Row offsets (P + 1), places, and `cumulative` of `balance_visits`.
    meetings
        Out: ``2 * place`` for a host, ``2 * place + 1`` for a visitor, ``2 * P`` for nowhere.
    """
    offsets, places, cumulative = contacts
    for at in range(start, stop):
        home = home_place[stubs[at] >> 2]
        if visiting[home] < 0.0:
            meetings[at] = 2 * visiting.size
            continue
        role, u = d.uniform_pair(key, at, meeting_round, MEETING, ZERO)
        if role >= visiting[home]:
            meetings[at] = 2 * home
            continue
        high = offsets[home + 1] - 1
        low = d.first_above(cumulative, offsets[home], high, u * cumulative[high])
        meetings[at] = 2 * places[low] + 1


@kernel
def match_sides(few, many, rows, key, segment, draw):
    """Match each stub of `few` to a random one of `many`, which has at least as many.

    Returns how many of `few` are left, which stand first, and where the left over of `many` begin.
    """
    head, left = ZERO, ZERO
    for at in range(few.size):
        paired = False
        for attempt in range(ATTEMPTS):
            other = head + d.below(key, at, segment, SHUFFLE, draw + attempt, many.size - head)
            if connect(few[at] >> 2, many[other] >> 2, rows):
                many[other] = many[head]
                head += 1
                paired = True
                break
        if not paired:
            few[left] = few[at]
            left += 1
    return left, head


@kernel
def match_both(hosts, guests, rows, key, segment, draw):
    """Match hosts to guests whichever are more; moves the left over of each to its front and counts them."""
    fewer_hosts = hosts.size <= guests.size
    few, many = (hosts, guests) if fewer_hosts else (guests, hosts)
    left, head = match_sides(few, many, rows, key, segment, draw)
    rest = append(many, head, many.size, many, ZERO)
    return (left, rest) if fewer_hosts else (rest, left)


@kernel
def meet(stubs, starts, people, rows, key, stage, unmet):
    """Match hosts and visitors in every meeting place, first within labels; returns how many are `unmet`.

    ``stubs[starts[2 * p]:starts[2 * p + 1]]`` are the hosts of p, from there to ``starts[2 * p + 2]`` its
    visitors; those from the last start on meet nowhere.
    """
    spare = np.empty(stubs.size, np.int32)
    n_unmet = ZERO
    for place in range((starts.size - 2) >> 1):
        hosts = stubs[starts[2 * place] : starts[2 * place + 1]]
        guests = stubs[starts[2 * place + 1] : starts[2 * place + 2]]
        by_label, guests_by_label = spare[: hosts.size], spare[hosts.size : hosts.size + guests.size]
        host_starts = sort_by_label(hosts, hosts.size, people, by_label)
        guest_starts = sort_by_label(guests, guests.size, people, guests_by_label)
        n_hosts, n_guests = ZERO, ZERO
        for label in range(N_LABELS):
            some = by_label[host_starts[label] : host_starts[label + 1]]
            others = guests_by_label[guest_starts[label] : guest_starts[label + 1]]
            if label == ANYBODY:
                some = hosts[: append(some, ZERO, some.size, hosts, n_hosts)]
                others = guests[: append(others, ZERO, others.size, guests, n_guests)]
                n_hosts, n_guests = ZERO, ZERO
            n, m = match_both(some, others, rows, key, place, (stage * 32 + label) * ATTEMPTS)
            n_hosts = append(some, ZERO, n, hosts, n_hosts)
            n_guests = append(others, ZERO, m, guests, n_guests)
        n_unmet = append(hosts, ZERO, n_hosts, unmet, n_unmet)
        n_unmet = append(guests, ZERO, n_guests, unmet, n_unmet)
    return append(stubs, starts[starts.size - 2], stubs.size, unmet, n_unmet)
