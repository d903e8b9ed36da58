"""Who takes part in measures: entering and leaving, with every count kept in step (work in proportion to those who change)."""

import numpy as np

from communize.declare.registry import IN_MEASURE, IN_STRUGGLE
from communize.kernels import draws as d
from communize.kernels.blocks import gather
from communize.kernels.draws import kernel
from communize.mechanisms.base import State

WRITES = (
    "people.activity", "people.measure", "people.ties_in_measures", "sites.active", "sites.participants",
    "sites.ties_in_measures", "places.active", "places.participants",
)  # fmt: skip
READS = ("people.home", "people.work", "sites.place")


@kernel
def count_person(i, at, step, home, work, tied, participants, site_ties, offsets, neighbours):
    """Add `step` to every count that person `i`, taking part at site `at`, enters into."""
    h, w = home[i], work[i]
    participants[h] += step
    if w >= 0 and w != h:
        participants[w] += step
    if at != h and at != w:
        participants[at] += step
    for j in range(offsets[i], offsets[i + 1]):
        other = neighbours[j]
        tied[other] = np.uint16(np.int64(tied[other]) + step)
        theirs = home[other]
        if theirs != at and theirs != h and theirs != w:
            site_ties[theirs] += step
        theirs = work[other]
        if theirs >= 0 and theirs != at and theirs != h and theirs != w:
            site_ties[theirs] += step


@kernel
def move_person(i, at, to, home, work, participants, site_ties, offsets, neighbours):
    """Person `i`, taking part at site `at`, goes on at `to`, their own; in step with `count_person`."""
    if at == home[i] or at == work[i]:
        return
    participants[at] -= 1
    for j in range(offsets[i], offsets[i + 1]):
        other = neighbours[j]
        site_ties[at] += (home[other] == at) + (work[other] == at)


@kernel
def enter_all(rows, at, people, sites, places, ties):
    """People `rows` take part at sites `at`; those in struggle leave it."""
    home, work, activity, measure, tied = people
    site_place, active, participants, site_ties = sites
    for k in range(rows.size):
        i = rows[k]
        p = site_place[home[i]]
        if activity[i] == IN_STRUGGLE:
            active[home[i]] -= 1
            if work[i] >= 0:
                active[work[i]] -= 1
            places[0][p] -= 1
        activity[i] = IN_MEASURE
        measure[i] = at[k]
        places[1][p] += 1
        count_person(i, at[k], 1, home, work, tied, participants, site_ties, ties[0], ties[1])


@kernel
def leave_all(rows, to, people, sites, places, ties):
    """People `rows` leave their measures for the activity `to`."""
    home, work, activity, measure, tied = people
    site_place, _, participants, site_ties = sites
    for i in rows:
        count_person(i, measure[i], -1, home, work, tied, participants, site_ties, ties[0], ties[1])
        places[1][site_place[home[i]]] -= 1
        activity[i] = to
        measure[i] = -1


@kernel
def find_members(start, stop, block, home, work, activity, wanted, number_of_site, found):
    """People of [start, stop) with the activity `wanted` who are members of a site with a number, written to ``found[start:]``; returns how many."""
    count = 0
    for i in range(start, stop):
        if activity[i] == wanted and (number_of_site[home[i]] >= 0 or (work[i] >= 0 and number_of_site[work[i]] >= 0)):
            found[start + count] = i
            count += 1
    return count


@kernel
def find_drawn(start, stop, block, activity, measure, probability, highest, decision, key, day, found):
    """Participants of [start, stop) whose draw of a `decision` lies below the `probability` at the site of their measure, written to
    ``found[start:]``; returns how many. `highest` = the largest probability.
    """
    count = 0
    for quad in range(start >> 2, (stop + 3) >> 2):
        first, last = quad << 2, min(stop, (quad << 2) + 4)
        inside = False
        for i in range(first, last):
            inside = inside or activity[i] == IN_MEASURE
        if not inside:
            continue
        words = d.shared_block(key, quad, day, decision, 0)
        for i in range(first, last):
            u = d.to_unit(words[i - first])
            if u < highest and activity[i] == IN_MEASURE and u < probability[measure[i]]:
                found[start + count] = i
                count += 1
    return count


@kernel
def find_at(start, stop, block, measure, over, found):
    """Participants of [start, stop) at sites that are `over`, written to ``found[start:]``; returns how many."""
    count = 0
    for i in range(start, stop):
        if measure[i] >= 0 and over[measure[i]]:
            found[start + count] = i
            count += 1
    return count


@kernel
def part_from(rows, over, instance, people, sites, ties, left):
    """Participants `rows` of sites that are `over` go on at a site of their own that is in force, or are written to `left`."""
    home, work, _, measure, _ = people
    _, _, participants, site_ties = sites
    count = 0
    for i in rows:
        other = -1
        if instance[home[i]] >= 0 and not over[home[i]]:
            other = home[i]
        elif work[i] >= 0 and instance[work[i]] >= 0 and not over[work[i]]:
            other = work[i]
        if other >= 0:
            move_person(i, measure[i], other, home, work, participants, site_ties, ties[0], ties[1])
            measure[i] = other
        else:
            left[count] = i
            count += 1
    return count


def _columns(state: State) -> tuple:
    people, sites, places, ties = state.people, state.sites, state.places, state.society.ties
    return (
        (people.home, people.work, people.activity, people.measure, people.ties_in_measures),
        (sites.place, sites.active, sites.participants, sites.ties_in_measures),
        (places.active, places.participants),
        (ties.offsets, ties.neighbours),
    )


def members(state: State, number: np.ndarray, activity: int) -> np.ndarray:
    """Rows of the people with an activity who are members of a site with a `number` (int32 (sites,), else -1), in order."""
    people, n = state.people, len(state.people)
    found = np.empty(n, np.int32)
    return gather(found, state.pool.for_blocks(find_members, n, people.home, people.work, people.activity, np.int8(activity), number, found), n)


def drawn(state: State, probability: np.ndarray, decision: int, day: int, key: np.uint64) -> np.ndarray:
    """Rows of the participants to whom something happens today, with the probability at the site of their measure (sites,), in order."""
    people, n = state.people, len(state.people)
    found = np.empty(n, np.int32)
    counts = state.pool.for_blocks(
        find_drawn, n, people.activity, people.measure, probability, float(probability.max()), decision, key, day, found)  # fmt: skip
    return gather(found, counts, n)


def enter(state: State, rows: np.ndarray, at: np.ndarray) -> None:
    """Let people `rows` take part at the sites `at`, both (n,) int32."""
    enter_all(rows, at, *_columns(state))


def leave(state: State, rows: np.ndarray, to: int) -> None:
    """Let people `rows` leave their measures for the activity `to`."""
    leave_all(rows, np.int64(to), *_columns(state))


def end_at(state: State, over: np.ndarray) -> np.ndarray:
    """Move on those who can from sites that are `over` (bool, (sites,)); returns the people who cannot."""
    people, sites, _, ties = _columns(state)
    n = len(state.people)
    found = np.empty(n, np.int32)
    rows = gather(found, state.pool.for_blocks(find_at, n, state.people.measure, over, found), n)
    left = np.empty(rows.size, np.int32)
    return left[: part_from(rows, over, state.sites.instance, people, sites, ties, left)]
