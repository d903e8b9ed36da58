"""Firms and money at the start: who owns which plant, and what everybody holds."""

import math

import numpy as np

from communize.declare.registry import CAMPUS, FARM, NEIGHBOURHOOD, WORKPLACE
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.mechanisms.economy.core import FARMER, MANAGER, OWNER, PRECARIOUS, STABLE, UNEMPLOYED


@kernel
def assign_owners(people, sites, market_of_site, n_markets):
    """Give every workplace and farm with employees one owner, who works there; all others who have no work seek it.

    An owner is one of the site's own, else one of the market who has no site, else a manager or worker of the site. People without
    a site whose position needs one become unemployed, and so do owners without employees, farmers excepted.

    Parameters
    ----------
    people
        (work, position), changed.
    sites
        (kind, owner), owner is written.
    market_of_site
        Labour market of each site.
    """
    work, position = people
    kind, owner = sites
    staff = np.zeros(kind.size, np.int32)
    owner[:] = -1
    for i in range(work.size):
        s, pos = work[i], position[i]
        if s < 0:
            if pos in (STABLE, PRECARIOUS, MANAGER, OWNER):
                position[i] = UNEMPLOYED
        elif kind[s] == FARM and pos == FARMER and owner[s] < 0:
            owner[s] = i
        elif pos in (STABLE, PRECARIOUS, MANAGER):
            staff[s] += 1
    spare, following = np.full(n_markets, -1, np.int32), np.full(work.size, -1, np.int32)
    for i in range(work.size - 1, -1, -1):
        s = work[i]
        if s < 0 or position[i] != OWNER:
            continue
        if (kind[s] == WORKPLACE or kind[s] == FARM) and staff[s] > 0 and owner[s] < 0:
            owner[s] = i
        else:
            following[i] = spare[market_of_site[s]]
            spare[market_of_site[s]] = i
    for s in range(kind.size):
        if (kind[s] == WORKPLACE or kind[s] == FARM) and staff[s] > 0 and owner[s] < 0:
            m = market_of_site[s]
            if spare[m] >= 0:
                i = spare[m]
                spare[m] = following[i]
                owner[s], work[i] = i, s
    best = np.full(kind.size, -1, np.int32)
    for i in range(work.size):
        s, pos = work[i], position[i]
        if s < 0 or owner[s] >= 0 or (kind[s] != WORKPLACE and kind[s] != FARM):
            continue
        if pos in (STABLE, PRECARIOUS, MANAGER):
            if best[s] < 0 or (pos == MANAGER and position[best[s]] != MANAGER):
                best[s] = i
    for s in range(kind.size):
        i = best[s]
        if i >= 0:
            if staff[s] > 1:
                owner[s], position[i] = i, OWNER
            else:
                position[i], work[i] = UNEMPLOYED, -1
    for m in range(n_markets):
        i = spare[m]
        while i >= 0:
            position[i], work[i] = UNEMPLOYED, -1
            i = following[i]


@kernel
def wage_bills(work, position, owner, kind, factors):
    """Sum of the wages, against the mean wage, that each site's owner pays, float64 (sites,)."""
    bill = np.zeros(owner.size)
    for i in range(work.size):
        s, pos = work[i], position[i]
        if s >= 0 and owner[s] >= 0 and owner[s] != i and kind[s] != CAMPUS and kind[s] != NEIGHBOURHOOD:
            if pos in (STABLE, PRECARIOUS, MANAGER):
                bill[s] += factors[pos]
    return bill


@kernel
def hand_out(owner, bill, coins_per_wage, most, rest, key, money):
    """Owners get what pays their wages for a while, at most `most` coins in all; the others share `rest` and what that leaves by
    an exponential law. Every coin is handed out.
    """
    wanted = 0.0
    for s in range(owner.size):
        wanted += bill[s] * coins_per_wage if owner[s] >= 0 else 0.0
    scale = coins_per_wage * min(1.0, most / wanted) if wanted > 0.0 else 0.0
    money[:] = -1
    for s in range(owner.size):
        if owner[s] >= 0 and bill[s] > 0.0:
            money[owner[s]] = np.int64(bill[s] * scale)
            rest -= money[owner[s]]
    total = 0.0
    for i in range(money.size):
        if money[i] < 0:
            total -= math.log(d.uniform(key, i, 0, decisions.ECONOMY_START, 0))
    running, given, last = 0.0, 0, -1
    for i in range(money.size):
        if money[i] < 0:
            running -= math.log(d.uniform(key, i, 0, decisions.ECONOMY_START, 0))
            share = min(rest, np.int64(rest * (running / total)))
            money[i] = max(0, share - given)
            given += money[i]
            last = i
    money[last if last >= 0 else 0] += rest - given
