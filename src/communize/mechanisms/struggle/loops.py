"""Loops over people and sites for the mechanisms of struggle.

Notation: home and work sites s, places p; `terms` hold per-site sums so that a person's drive is a few additions.
"""

import math

import numpy as np

from communize.declare.registry import COMMODITY, CONTESTED, IN_MEASURE, IN_STRUGGLE, POSITIONS, ROUTINE, TAKEN
from communize.kernels import decisions
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.stretches import STRETCH, list_coded, list_drawn, new_lists
from communize.mechanisms.struggle import rules

STABLE, PRECARIOUS = POSITIONS.index("stable"), POSITIONS.index("precarious")
LOG_TABLE_BITS = 12
FIXED_POINT = 1 << 20
SHARE, NET, PRESSURE, TIRED, EXPLOITED = range(5)  # columns of the terms of a site


def log_table() -> np.ndarray:
    """Lower bounds of ln(u) by the leading bits of u's word, float64 (4096,)."""
    steps = np.arange(1 << LOG_TABLE_BITS, dtype=float)
    steps[0] = 0.5 * 2.0**-20
    return np.log(steps) - LOG_TABLE_BITS * math.log(2.0)


@kernel
def site_terms(active, participants, eligible, place, incident, relief, fatigue, exploitation, place_pressure, weights, terms):
    """Per site, side by side in memory: SHARE in motion among others, NET incidents less relief, PRESSURE on residents, TIRED, and
    pressure on those EXPLOITED there. `weights` are those of fatigue and of exploitation.

    People in motion are those in struggle and those in measures.
    """
    for s in range(active.size):
        terms[s, SHARE] = min(1.0, rules.share_of_others(active[s] + participants[s], eligible[s]))
        terms[s, NET] = incident[s] - relief[s]
        terms[s, PRESSURE] = terms[s, NET] + place_pressure[place[s]]
        terms[s, TIRED] = weights[0] * fatigue[s]
        terms[s, EXPLOITED] = weights[1] * exploitation[s]


@kernel
def count_eligible_ties(offsets, neighbours, takes_part, position, group, eligible, count):
    """Bring `eligible` (who can take part) and `count` (ties of each person to people who can) up to date: work where that changed."""
    for i in range(eligible.size):
        now = takes_part[position[i], group[i]]
        if now != eligible[i]:
            eligible[i] = now
            for j in range(offsets[i], offsets[i + 1]):
                count[neighbours[j]] += 1 if now else -1


@kernel
def find_joiners(start, stop, block, people, ties, site_place, terms, places, takes_part, weights, law, logs, key, day,
                 found):
    """People of [start, stop) who join, written to ``found[start:]``; returns how many.

    Parameters
    ----------
    people
        (home, work, position, group, activity, belonging, nerve, unmet, removed, debt, income).
    ties
        (ties to people in struggle, ties to people in measures, ties to people who can take part).
    terms
        What `site_terms` wrote, float64 (sites, 5).
    places
        (influence of the own place and its contacts, pressure there without shocks), each (places,).
    takes_part
        Whether people of a position and group can take part, bool (positions, groups).
    weights
        Influence of (work, neighbourhood, place, ties), weights of (need, constraint, a month's debt service equal to income).
    law
        (coupling, temperature, rate of joining, spontaneous share).

    The uniform draw comes first, and its logarithm is bounded from below by a table: the exponentials are computed only
    where the draw is below rate * exp(drive / temperature), which bounds the probability from above.
    """
    home, work, position, group, activity, belonging, nerve, unmet, removed, debt, income = people
    active_ties, tied, eligible_ties = ties
    w_work, w_home, w_place, w_ties, a_need, a_constraint, a_debt = weights
    influence, quiet_pressure = places
    coupling, temperature, rate, spontaneous = law
    log_rate = math.log(rate) if rate > 0.0 else -1e300
    count, lists = 0, new_lists()
    rows, drawn = lists[:2]
    for first in range(start, stop, STRETCH):
        n = list_drawn(activity[first : min(first + STRETCH, stop)], 1 << ROUTINE, rate, key, first, day, decisions.JOIN, lists)
        for k in range(n):
            if k + AHEAD < n:
                prefetch(terms, work[rows[k + AHEAD]])
            i, u = rows[k], drawn[k]
            if not takes_part[position[i], group[i]]:
                continue
            h, w = home[i], work[i]
            own = a_need * unmet[i] + a_constraint * max(0.0, -belonging[i]) - nerve[i]
            if a_debt > 0.0 and debt[i] > 0:
                own += min(a_debt, a_debt * debt[i] / max(1.0, income[i]))
            if w >= 0 and (position[i] == STABLE or position[i] == PRECARIOUS):
                own += terms[w, EXPLOITED]
            tired = 0.5 * (terms[h, TIRED] + terms[w, TIRED]) if w >= 0 else terms[h, TIRED]
            drive = own + terms[h, PRESSURE] - tired
            top, bottom = w_place * influence[site_place[h]], w_place
            if terms[h, SHARE] >= 0.0:
                top += w_home * terms[h, SHARE]
                bottom += w_home
            if w >= 0:
                drive += terms[w, NET]
                if terms[w, SHARE] >= 0.0:
                    top += w_work * terms[w, SHARE]
                    bottom += w_work
            if eligible_ties[i] > 0:
                top += w_ties * min(1.0, (active_ties[i] + tied[i]) / eligible_ties[i])
                bottom += w_ties
            if bottom > 0.0:
                drive += coupling * top / bottom
            if drive / temperature + log_rate < logs[np.int64(u * logs.size)]:
                continue
            quiet = own + quiet_pressure[site_place[h]] - tired
            if u < rules.joining_probability(drive, quiet, temperature, rate, spontaneous) and removed[i] == 0:
                found[start + count] = i
                count += 1
    return count


@kernel
def find_leavers(start, stop, block, home, work, activity, moving, rate_leaving, rate_alone, key, day, found):
    """People of [start, stop) who leave a struggle, written to ``found[start:]``; returns how many. `moving` counts people in motion."""
    count, lists = 0, new_lists()
    rows, drawn = lists[:2]
    p_alone = rules.leaving_probability(rate_leaving, rate_alone, 0)
    p_with_others = rules.leaving_probability(rate_leaving, rate_alone, 1)
    most = max(p_alone, p_with_others)
    for first in range(start, stop, STRETCH):
        for k in range(list_drawn(activity[first : min(first + STRETCH, stop)], 1 << IN_STRUGGLE, most, key, first, day, decisions.LEAVE, lists)):
            i = rows[k]
            others = moving[home[i]] - 1
            if work[i] >= 0:
                others += moving[work[i]] - 1
            if drawn[k] < (p_with_others if others > 0 else p_alone):
                found[start + count] = i
                count += 1
    return count


@kernel
def change_activity(rows, new, home, work, activity, count, step):
    """Give the people `rows` a new activity and add `step` to `count` at their sites."""
    for k in range(rows.size):
        if k + AHEAD < rows.size:
            prefetch(home, rows[k + AHEAD])
            prefetch(work, rows[k + AHEAD])
            prefetch(activity, rows[k + AHEAD])
        i = np.uint32(rows[k])
        activity[i] = new
        count[home[i]] += step
        if work[i] >= 0:
            count[work[i]] += step


@kernel
def set_rows(column, rows, value):
    """Give the rows of a column a value."""
    for i in rows:
        column[i] = value


@kernel
def update_contest(active, participants, eligible, mode, struggle, fatigue, began, rows, law, day):
    """Fatigue, and which sites become or cease to be contested; returns the number that became so.

    `law` = (level, level of ending, least agents, daily decay of fatigue, gain of fatigue). The rows of the new
    contested sites are written to `rows`; their struggle is still -1.
    """
    level, ending, least, decay, gain = law
    count = 0
    for s in range(active.size):
        share = min(1.0, (active[s] + participants[s]) / eligible[s]) if eligible[s] > 0 else 0.0
        fatigue[s] = rules.fatigue_after(fatigue[s], share, decay, gain)
        if mode[s] == CONTESTED:
            if not rules.stays_contested(active[s], eligible[s], ending):
                mode[s], struggle[s], began[s] = COMMODITY, -1, day
        elif mode[s] == COMMODITY and active[s] > 0:
            if rules.becomes_contested(active[s], eligible[s], level, least):
                mode[s], began[s] = CONTESTED, day
                rows[count] = s
                count += 1
    return count


@kernel
def tally_people(start, stop, part, home, work, activity, measure, belonging, struggle, out):
    """Of the people [start, stop), in ``out[part]``: those in each struggle (work site first, else neighbourhood), those in the measures that
    it carries, and the sum of the belonging of the first, fixed point.
    """
    rows = np.empty(STRETCH, np.uint32)
    for first in range(start, stop, STRETCH):
        do = activity[first : min(first + STRETCH, stop)]
        n, carried = list_coded(do, 1 << IN_MEASURE, first, rows), 0
        for i in rows[:n]:  # without a branch: few measures are carried by a struggle
            rows[carried] = i
            carried += struggle[measure[i]] >= 0
        for i in rows[:carried]:
            out[part, 1, struggle[measure[i]]] += 1
        for i in rows[: list_coded(do, 1 << IN_STRUGGLE, first, rows)]:
            number = struggle[work[i]] if work[i] >= 0 else -1
            if number < 0:
                number = struggle[home[i]]
            if number >= 0:
                out[part, 0, number] += 1
                out[part, 2, number] += np.int64(belonging[i] * FIXED_POINT)


@kernel
def tally_sites(mode, struggle, eligible, locus, n_sites, members, by_locus):
    """Contested and taken sites by struggle, their members, and sites by locus."""
    for s in range(mode.size):
        if struggle[s] < 0:
            continue
        if mode[s] == CONTESTED or mode[s] == TAKEN:
            n_sites[struggle[s]] += 1
            members[struggle[s]] += eligible[s]
            by_locus[struggle[s], locus[s]] += 1


@kernel
def meet_outcome(home, work, activity, belonging, struggle, settled, refused, regime, gain, loss, left):
    """People of settled struggles leave; settlement and refusal change their belonging. Returns how many left."""
    count = 0
    for i in range(home.size):
        if activity[i] != IN_STRUGGLE:
            continue
        number = struggle[work[i]] if work[i] >= 0 else -1
        if number < 0:
            number = struggle[home[i]]
        if number < 0:
            continue
        if settled[number]:
            belonging[i] = rules.belonging_after_settlement(belonging[i], regime, gain)
            left[count] = i
            count += 1
        elif refused[number]:
            belonging[i] = rules.belonging_after_refusal(belonging[i], loss)
    return count
