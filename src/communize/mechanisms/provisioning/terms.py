"""On what terms participants have what their measures hold (`rules.md` section 2): by need or by hours, with others or apart, kept or sold.

Quantities are in days of consumption, as in `free`. What a measure keeps for its members is the stock of its own site.
"""

import numpy as np

from communize.declare.registry import IN_MEASURE
from communize.kernels.draws import kernel
from communize.mechanisms.provisioning.free import INHERITED, SERVED, SOLD, SOLD_APART, mixed

BUYS, CLAIM, OWN, PAID, OF_CARERS, OF_OTHERS, FOUND = range(7)  # the terms at a site with a measure; OF_: their claims against the mean CLAIM
N_TERMS = 7
FIXED_POINT = 1 << 20


@kernel
def has(claim, own, coverage):
    """Share of a need that a participant has free: `own` from what serves members alone, the rest of the `claim` as far as it is there."""
    return own + max(0.0, claim - own) * coverage


@kernel
def of_need(terms, s, k, kept, dwelling):
    """(Claim, own) of participants at site `s` to the need `k`: `kept` is the sector of what the site keeps; the need `dwelling` is met by use,
    whatever the claims.
    """
    return (1.0 if k == dwelling else terms[s, CLAIM]), (terms[s, OWN] if k == kept else 0.0)


@kernel
def count_pay(participants, activity, measure, affordability, fall, number, pays):
    """`participants` whose activity it is by the site of their measure, and what they can pay (fixed point), added to `number` and `pays` (sites,)."""
    for i in participants:
        if activity[i] == IN_MEASURE:
            number[measure[i]] += 1
            pays[measure[i]] += np.int64(affordability[i] * (1.0 - fall) * FIXED_POINT)


@kernel
def serve_members(taken, sites, joined, apart, sale, need, restock, terms, served, lacks, wanted, tally):
    """What is held for members alone serves them first; what they lack of it is to be made at the plants that are theirs.

    Parameters
    ----------
    taken
        Rows of the sites with a measure in force.
    sites
        (place, sector, stock, inherited share of it): stock is reduced.
    joined
        People who joined at each site, (sites,).
    apart
        Output of the plant at each of `taken` that is not free for all who come.
    sale
        What is to be made for sale by the members at each of `taken`.
    need, restock
        What a person needs of each sector in a day; days of drawing that a measure tries to hold.
    terms
        CLAIM of each site is read; OWN, the share of the need for the site's own product that is met, and FOUND, what share of that is
        inherited, are written.
    served, wanted
        Added up by place and sector: what was drawn; what is to be made for members alone.
    lacks
        The latter for each of `taken`, written.
    """
    place, sector, stock, inherited = sites
    for t in range(taken.size):
        s = taken[t]
        p, k = place[s], sector[s]
        terms[s, FOUND] = inherited[s]
        lacks[t] = terms[s, OWN] = 0.0
        if k < 0 or (apart[t] <= 0.0 and stock[s] <= 0.0):
            continue
        claimed = joined[s] * terms[s, CLAIM] * need[k]
        had = min(claimed, float(stock[s]))
        if had > 0.0:
            stock[s] -= np.float32(had)
            served[p, k] += had
            tally[SERVED, k] += had
            tally[INHERITED, k] += had * inherited[s]
            terms[s, OWN] = had / (joined[s] * need[k])
        if apart[t] > 0.0:
            lacks[t] = max(0.0, claimed * (1.0 + restock) + sale[t] - stock[s])
            wanted[p, k] += lacks[t]


@kernel
def keep_for_members(taken, sites, lacks, wanted, made):
    """What was made for members alone goes to the stocks of their sites, in proportion to what they lack; arrays as in `serve_members`."""
    place, sector, stock, inherited = sites
    for t in range(taken.size):
        if lacks[t] > 0.0:
            s = taken[t]
            p, k = place[s], sector[s]
            amount = np.float32(made[p, k] * lacks[t] / wanted[p, k])
            inherited[s] = np.float32(mixed(stock[s], inherited[s], amount, 0.0))
            stock[s] += amount


@kernel
def sell(taken, sites, joined, number, pays, inside, need, supply, restock, coverage, dwelling, terms, surplus, free, unpaid, bought, sold, tally):
    """Surplus is sold for what is missing: goods for goods, at the prices of the table, by which what a person needs in a day is worth 1.

    A measure offers BUYS of its surplus: what is kept above tomorrow's drawing and `restock` days more, and its part of the surplus of the
    place, by participants. It wants BUYS of what is missing of the claims, as far as it is delivered and its participants cannot pay for it. The
    smaller of both is sold.

    Parameters
    ----------
    taken, joined, need, restock
        As in `serve_members`, like `sites`.
    number, pays
        As `count_pay` adds them up.
    inside
        People who joined measures of each place.
    supply
        Share of what is ordered that each sector delivers.
    coverage, dwelling
        Of what is drawn, the share that is there; the sector whose need is met by use, -1 for none.
    terms
        BUYS, CLAIM and OWN are read, PAID written: the share of what they cannot pay for that is paid in goods.
    surplus
        Surplus of each place in common, (places, sectors).
    free
        Common stock, reduced by what is sold.
    unpaid
        By site, the surplus that would do for all that is wanted, written; elsewhere 0.
    bought, sold
        By sector, written; they are worth the same.
    """
    place, sector, stock, _ = sites
    n = need.size
    part, missing = np.zeros(surplus.shape[0]), np.empty(n)
    unpaid[:] = 0.0
    bought[:] = 0.0
    sold[:] = 0.0
    for s in taken:
        p, k, buys = place[s], sector[s], terms[s, BUYS]
        terms[s, PAID] = 0.0
        cannot = buys * max(0.0, number[s] - pays[s] / FIXED_POINT)
        if cannot <= 0.0:
            continue
        wanted = lacking = 0.0
        for j in range(n):
            claim, own = of_need(terms, s, j, k, dwelling)
            had = has(claim, own, coverage[p, j])
            missing[j] = cannot * need[j] * max(0.0, claim - had) * supply[j]
            wanted += missing[j]
            lacking += cannot * need[j] * (1.0 - had) * supply[j]
        apart = max(0.0, stock[s] - joined[s] * terms[s, CLAIM] * need[k] * (1.0 + restock)) if k >= 0 else 0.0
        offered = buys * (apart + joined[s] / inside[p] * surplus[p].sum())
        value = min(offered, wanted)
        unpaid[s] = np.float32(wanted / buys)
        if value <= 0.0:
            continue
        terms[s, PAID] = value / lacking
        share = buys * value / offered
        part[p] += share * joined[s] / inside[p]
        if apart > 0.0:
            stock[s] -= np.float32(share * apart)
            tally[SOLD_APART, k] += share * apart
            sold[k] += share * apart
        for j in range(n):
            bought[j] += value * missing[j] / wanted
    for p in range(part.size):
        if part[p] > 0.0:
            for k in range(n):
                amount = min(part[p] * surplus[p, k], free[p, k])
                free[p, k] -= amount
                tally[SOLD, k] += amount
                sold[k] += amount


@kernel
def by_place(taken, site_place, sector, number, pays, terms, sums, own, found):
    """Terms of participants added up by place: `sums` (places, 4) = participants, claims, what they spend, and what of it in money; `own`
    (places, sectors) = the share of need met from what serves members alone, `found` what of it is inherited.
    """
    for s in taken:
        p, money = site_place[s], pays[s] / FIXED_POINT
        sums[p, 0] += number[s]
        sums[p, 1] += number[s] * terms[s, CLAIM]
        sums[p, 2] += terms[s, BUYS] * (money + (number[s] - money) * terms[s, PAID])
        sums[p, 3] += terms[s, BUYS] * money
        if sector[s] >= 0:
            own[p, sector[s]] += number[s] * terms[s, OWN]
            found[p, sector[s]] += number[s] * terms[s, OWN] * terms[s, FOUND]
