"""Plants and the firms that hold them: what a month of the market means for sites (`rules.md` section 5).

A site is a plant and persists; a firm is an owner who holds it. A firm's end leaves its site idle; a founder takes an idle site of
the place and sector, else a new one. A site that changed hands has the next generation number.
"""

import numpy as np

from communize.declare.registry import COMMODITY, CONTESTED, HELD, IN_MEASURE, IN_STRUGGLE, TAKEN, WORKPLACE
from communize.kernels import checks, decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.mechanisms.base import State
from communize.mechanisms.economy.core import PRECARIOUS, STABLE, UNEMPLOYED


@kernel
def end_firms(sites, work, employer, sector_of):
    """Free the sites whose firm ended this month; the owner leaves at once. Returns how many."""
    owner, mode, closed = sites
    count = 0
    for s in range(owner.size):
        o = owner[s]
        if o < 0 or mode[s] == TAKEN or employer[o] == -2 or (employer[o] == o and sector_of[o] < 0):
            continue
        owner[s] = -1
        closed[s] = True
        count += 1
        if work[o] == s:
            work[o] = -1
    return count


@kernel
def find_plants(founders, sector_of, home_place, market, sites, attached, of_place, lead, n_sectors, site):
    """An idle plant of the founder's place and sector for each of `founders`, -1 where there is none; returns how many lack one.

    Parameters
    ----------
    founders
        Rows of the people whose firm has no site yet.
    sites
        (kind, place, sector, owner, mode).
    attached
        People who still belong to each site.
    of_place, lead
        Market of each place, and its largest place, where somebody founds who lives elsewhere.
    site
        Written, one a founder.
    """
    kind, place, sector, owner, mode = sites
    n = of_place.size * n_sectors
    last, before = np.full(n, -1, np.int32), np.full(kind.size, -1, np.int32)
    for s in range(kind.size - 1, -1, -1):  # the lowest row is taken first
        if kind[s] == WORKPLACE and owner[s] < 0 and mode[s] == COMMODITY and attached[s] == 0:
            spot = place[s] * n_sectors + sector[s]
            before[s] = last[spot]
            last[spot] = s
    lacking = 0
    for j in range(founders.size):
        i = founders[j]
        p = home_place[j]
        if of_place[p] != market[j]:
            p = home_place[j] = lead[market[j]]
        spot = p * n_sectors + sector_of[i]
        site[j] = last[spot]
        if last[spot] >= 0:
            last[spot] = before[last[spot]]
        else:
            lacking += 1
    return lacking


@kernel
def place_workers(start, stop, block, employer, was, notice, position, mode, work):
    """Move people to the site of their employer; who was dismissed stays until the notice runs out, or leaves at once.

    `was` is the position before the month, `employer` as `core.months` wrote it.
    """
    for i in range(start, stop):
        e = employer[i]
        if e >= 0 and e != i:
            work[i] = work[e]
        elif e == -1 and work[i] >= 0:
            new = was[i] != UNEMPLOYED
            if not (new and notice) and mode[work[i]] != CONTESTED and mode[work[i]] != TAKEN:
                work[i] = -1


@kernel
def regularise(start, stop, block, work, position, share, key, day):
    """Give precarious workers of each site stable contracts, each with the probability `share` of the site."""
    for i in range(start, stop):
        if position[i] == PRECARIOUS and work[i] >= 0 and share[work[i]] > 0.0:
            if d.uniform(key, i, day, decisions.ECONOMY_CONTRACT, 0) < share[work[i]]:
                position[i] = STABLE


@kernel
def recount(people, takes_part, site_place, members, eligible, active, participants, held, living_in_measures):
    """Count people by site of home, work and measure anew, and those in measures by place of residence, as the invariants do."""
    home, work, measure, activity, position, group = people
    for i in range(home.size):
        h, w, at = home[i], work[i], activity[i]
        joins = 1 if takes_part[position[i], group[i]] else 0
        members[h] += 1
        eligible[h] += joins
        if w >= 0:
            members[w] += 1
            eligible[w] += joins
        if at == IN_STRUGGLE:
            active[h] += 1
            if w >= 0:
                active[w] += 1
        elif at == HELD:
            held[h] += 1
            if w >= 0:
                held[w] += 1
        elif at == IN_MEASURE:
            participants[h] += 1
            living_in_measures[site_place[h]] += 1
            if w >= 0 and w != h:
                participants[w] += 1
            m = measure[i]
            if m >= 0 and m != h and m != w:
                participants[m] += 1


def count_again(state: State) -> None:
    """Bring all counts of sites and places up to date after people changed sites or positions, and let all mechanisms know."""
    people, sites, places, society = state.people, state.sites, state.places, state.society
    counts = (sites.members, sites.eligible, sites.active, sites.participants, sites.held, places.participants)
    for count in counts:
        count[:] = 0
    recount((people.home, people.work, people.measure, people.activity, people.position, people.group), society.takes_part, sites.place, *counts)
    for name in ("eligible", "active", "held"):
        getattr(places, name)[:] = society.by_place(getattr(sites, name))
    inside = np.flatnonzero(people.activity == IN_MEASURE)
    if inside.size:
        ties = society.ties
        tied, sites_tied = np.zeros(len(people), np.uint16), np.zeros(len(sites), np.int32)
        checks.count_ties_of(inside, people.home, people.work, people.measure, ties.offsets, ties.neighbours, tied, sites_tied)
        sites.ties_in_measures[:] = sites_tied
    state.regrouped += 1
