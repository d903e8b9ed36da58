"""Who takes part in measures: entering and leaving, with every count kept in step (work in proportion to those who change)."""

import numpy as np

from communize.declare.registry import IN_MEASURE, IN_STRUGGLE
from communize.kernels.blocks import gather
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, LINE, prefetch
from communize.kernels.stretches import STRETCH, list_coded, list_drawn, new_lists
from communize.mechanisms.base import State

WRITES = (
    "people.activity", "people.measure", "people.ties_in_measures", "sites.active", "sites.participants",
    "sites.ties_in_measures", "places.active", "places.participants",
)  # fmt: skip
READS = ("people.home", "people.work", "sites.place")
NEXT = 3  # people ahead whose ties are asked for
MANY = 1 << 12  # people whose ties are worth counting by several threads


@kernel
def bring_near(rows, k, home, work, column, offsets, neighbours):
    """Ask for the sites of the people after ``rows[k]``, and for the sites of those they are tied to and their entries of `column`."""
    if k + AHEAD < rows.size:
        prefetch(home, rows[k + AHEAD])
        prefetch(work, rows[k + AHEAD])
        prefetch(offsets, rows[k + AHEAD])
    if k + AHEAD // 2 < rows.size:
        prefetch(neighbours, offsets[rows[k + AHEAD // 2]])
        prefetch(neighbours, offsets[rows[k + AHEAD // 2]] + LINE)
    if k + NEXT < rows.size:
        i = rows[k + NEXT]
        for j in range(offsets[i], offsets[i + 1]):
            prefetch(home, neighbours[j])
            prefetch(work, neighbours[j])
            prefetch(column, neighbours[j])


@kernel
def count_person(at, step, home, work, participants):
    """Add `step` to the participants of the sites of somebody with a `home` and a site of `work`, who takes part at site `at`."""
    participants[home] += step
    if work >= 0 and work != home:
        participants[work] += step
    if at != home and at != work:
        participants[at] += step


@kernel
def count_ties(start, stop, part, rows, at, step, home, work, tied, offsets, neighbours, site_ties):
    """Add `step` for each tie of the people `rows`, who take part at sites `at`, to somebody of [start, stop): to their entry of `tied`, and
    in ``site_ties[part]`` to those of their sites with which the participant has nothing to do.
    """
    counts = site_ties[part]
    for k in range(rows.size):
        bring_near(rows, k, home, work, tied, offsets, neighbours)
        i, here = rows[k], at[k]
        h, w = home[i], work[i]
        for j in range(offsets[i], offsets[i + 1]):
            other = neighbours[j]
            if other < start or other >= stop:
                continue
            tied[other] += np.uint16(step)
            theirs = home[other]
            if theirs != here and theirs != h and theirs != w:
                counts[theirs] += step
            theirs = work[other]
            if theirs >= 0 and theirs != here and theirs != h and theirs != w:
                counts[theirs] += step


@kernel
def move_person(i, at, home, work, participants, site_ties, offsets, neighbours):
    """Person `i`, taking part at site `at`, not their own, goes on at one of their own; in step with `count_person`."""
    participants[at] -= 1
    for j in range(offsets[i], offsets[i + 1]):
        other = neighbours[j]
        site_ties[at] += (home[other] == at) + (work[other] == at)


@kernel
def enter_all(rows, at, people, sites, places):
    """People `rows` take part at sites `at`; those in struggle leave it. Ties are not counted (`count_ties`)."""
    home, work, activity, measure = people
    site_place, active, participants = sites
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
        count_person(at[k], 1, home[i], work[i], participants)


@kernel
def leave_all(rows, to, people, sites, places):
    """People `rows` leave their measures for the activity `to`. Ties are not counted (`count_ties`)."""
    home, work, activity, measure = people
    site_place, _, participants = sites
    for i in rows:
        count_person(measure[i], -1, home[i], work[i], participants)
        places[1][site_place[home[i]]] -= 1
        activity[i] = to
        measure[i] = -1


@kernel
def find_members(start, stop, block, home, work, activity, wanted, number_of_site, found):
    """People of [start, stop) with the activity `wanted` who are members of a site with a number, written to ``found[start:]``; returns how many.

    The last number is that of no site (-1).
    """
    count, rows = 0, np.empty(STRETCH, np.uint32)
    for first in range(start, stop, STRETCH):
        for i in rows[: list_coded(activity[first : min(first + STRETCH, stop)], 1 << wanted, first, rows)]:
            found[start + count] = i
            count += (number_of_site[home[i]] >= 0) | (number_of_site[work[i]] >= 0)
    return count


@kernel
def find_drawn(start, stop, block, activity, measure, probability, highest, decision, key, day, found):
    """Participants of [start, stop) whose draw of a `decision` lies below the `probability` at the site of their measure, written to
    ``found[start:]``; returns how many. `highest` = the largest probability.
    """
    count, lists = 0, new_lists()
    rows, drawn = lists[:2]
    for first in range(start, stop, STRETCH):
        for k in range(list_drawn(activity[first : min(first + STRETCH, stop)], 1 << IN_MEASURE, highest, key, first, day, decision, lists)):
            if drawn[k] < probability[measure[rows[k]]]:
                found[start + count] = rows[k]
                count += 1
    return count


@kernel
def find_at(start, stop, block, measure, over, found):
    """Participants of [start, stop) at sites that are `over`, written to ``found[start:]``; returns how many. The last entry of `over` is False."""
    count = 0
    for i in range(start, stop):
        found[start + count] = i
        count += over[measure[i]]
    return count


@kernel
def part_from(rows, over, instance, people, participants, tied, site_ties, ties, left):
    """Participants `rows` of sites that are `over` go on at a site of their own that is in force, or are written to `left`."""
    home, work, _, measure = people
    count, away = 0, 0
    moved, came_from = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
    for k in range(rows.size):
        if k + AHEAD < rows.size:
            prefetch(home, rows[k + AHEAD])
            prefetch(work, rows[k + AHEAD])
            prefetch(measure, rows[k + AHEAD])
        i = rows[k]
        h, w, at = home[i], work[i], measure[i]
        goes_on = h if instance[h] >= 0 and not over[h] else (w if w >= 0 and instance[w] >= 0 and not over[w] else np.int32(-1))
        left[count] = moved[away] = i  # without a branch: who goes where is hard to predict
        came_from[away] = at
        measure[i] = goes_on if goes_on >= 0 else at
        count += goes_on < 0
        away += (goes_on >= 0) & (at != h) & (at != w)
    moved = moved[:away]
    for k in range(away):
        bring_near(moved, k, home, work, tied, ties[0], ties[1])
        move_person(moved[k], came_from[k], home, work, participants, site_ties, ties[0], ties[1])
    return count


def _columns(state: State) -> tuple:
    people, sites, places = state.people, state.sites, state.places
    return (
        (people.home, people.work, people.activity, people.measure),
        (sites.place, sites.active, sites.participants),
        (places.active, places.participants),
    )


def _count_ties(state: State, rows: np.ndarray, at: np.ndarray, step: int) -> None:
    """Count the ties to people `rows`, who take part at sites `at`: `step` is 1 or -1."""
    people, site_ties, ties = state.people, state.sites.ties_in_measures, state.society.ties
    of = rows, at, step, people.home, people.work, people.ties_in_measures, ties.offsets, ties.neighbours
    if rows.size < MANY:
        count_ties(0, len(people), 0, *of, site_ties.reshape(1, -1))
    else:
        site_ties += state.pool.sum_of_parts(count_ties, len(people), site_ties.shape, *of, dtype=site_ties.dtype)


def members(state: State, number: np.ndarray, activity: int) -> np.ndarray:
    """Rows of the people with an activity who are members of a site with a `number` (int32 (sites,), else -1), in order."""
    people, n = state.people, len(state.people)
    found, number = np.empty(n, np.int32), np.append(number, np.int32(-1))
    return gather(found, state.pool.for_blocks(find_members, n, people.home, people.work, people.activity, activity, number, found), n)


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
    _count_ties(state, rows, at, 1)


def leave(state: State, rows: np.ndarray, to: int) -> None:
    """Let people `rows` leave their measures for the activity `to`."""
    _count_ties(state, rows, state.people.measure[rows], -1)
    leave_all(rows, np.int64(to), *_columns(state))


def end_at(state: State, over: np.ndarray) -> np.ndarray:
    """Move on those who can from sites that are `over` (bool, (sites,)); returns the people who cannot."""
    people, sites, ties, n = _columns(state)[0], state.sites, state.society.ties, len(state.people)
    found = np.empty(n, np.int32)
    rows = gather(found, state.pool.for_blocks(find_at, n, state.people.measure, np.append(over, False), found), n)
    left = np.empty(rows.size, np.int32)
    n_left = part_from(
        rows, over, sites.instance, people, sites.participants, state.people.ties_in_measures, sites.ties_in_measures,
        (ties.offsets, ties.neighbours), left)  # fmt: skip
    return left[:n_left]
