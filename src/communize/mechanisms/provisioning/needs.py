"""Coverage and unmet need of people, from both modes (`model.md` sections 4.1 and 4.2)."""

import numpy as np

from communize.declare.registry import IN_MEASURE, IN_STRUGGLE, Column
from communize.kernels.draws import kernel
from communize.mechanisms.base import State
from communize.mechanisms.provisioning.terms import BUYS, FIXED_POINT, OF_CARERS, OF_OTHERS, PAID, has, of_need

PROVISION = (
    Column("provision", "shortage", "float32", "share", "what is missing of a need, by place and sector", (0, 1)),
    Column("sites", "coverage", "float32", "share", "essential coverage of the participants of the measure there; elsewhere that of the place", (0, 1)),
    Column("places", "coverage", "float32", "share", "essential coverage of the participants of measures", (0, 1)),
    Column("places", "free_coverage", "float32", "share", "coverage of needs in free access for those who draw", (0, 1)),
    Column("places", "met_inherited", "float64", "agent", "needs met free from what measures found, of participants there and of others who live there, in those of a person", (0, None)),
    Column("places", "met_made", "float64", "agent", "the same, from what measures made", (0, None)),
    Column("places", "met_dropped", "float64", "agent", "the same, needs for what only serves value, which fall away", (0, None)),
)


def by_place_and_sector(state: State, name: str) -> np.ndarray:
    """A column of the table `provision`, which has one row a place and sector, as (places, sectors)."""
    n = len(state.places) * len(state.society.sectors)
    if len(state.provision) != n:
        state.provision.grow(n)
    return getattr(state.provision, name).reshape(len(state.places), -1)


def weights_of_needs(state: State) -> np.ndarray:
    """Weight of each sector among people's needs, float64 (sectors,), sum 1 (all 0 where nobody needs anything)."""
    weight = np.array([sector.need for sector in state.society.parameters.sectors.values()], float)
    return weight / max(1e-12, weight.sum())


def shift_of_needs(state: State, needs: np.ndarray) -> np.ndarray:
    """What being in struggle adds to what a person needs of each sector (`needs`, sum 1), float64 (sectors,), sum 0.

    With n and n' what sectors weigh among people's needs (`need`) and those of a struggle beside them (`struggle_need`), the share
    sum n' / sum (n + n') of what a person needs goes to the latter, as they weigh.
    """
    society = state.society.parameters
    usual, beside = (np.array([getattr(sector, name) for sector in society.sectors.values()], float) for name in ("need", "struggle_need"))
    if not society.struggle_shifts_needs or not beside.any():
        return np.zeros(len(needs))
    return beside.sum() / (usual.sum() + beside.sum()) * (beside / beside.sum() - needs)


def coverage_of_participants(state: State) -> float:
    """Essential coverage of participants of measures, mean over them; not a number where there are none."""
    places, total = state.places, state.places.participants.sum()
    return float((places.coverage * places.participants).sum() / total) if total else float("nan")


def outside_exchange(state: State) -> float:
    """Share of people who live mainly outside exchange (`notice`)."""
    return np.count_nonzero(state.people.outside) / max(1, len(state.people))


def mean_shortage(state: State) -> np.ndarray:
    """What is missing of people's needs in each place, mean over needs by what they weigh for those there, float64 (places,)."""
    shortage, weights, places = by_place_and_sector(state, "shortage"), weights_of_needs(state), state.places
    return shortage @ weights + places.active / np.maximum(1, places.residents) * (shortage @ shift_of_needs(state, weights))


@kernel
def notice(first, last, people, carries, site_place, weights, essential, supply, free, open_to_others, at_work, terms, kept, dwelling, fall):
    """What people of [first, last) lack, from what they can pay, what is delivered and what is free, and whether they live mainly outside exchange.

    The latter (`rules.md` section 5) is: more than half of what they have is free, and of nothing essential less than half is there.

    Parameters
    ----------
    people
        (home, work, group, activity, measure, affordability, unmet, outside): the last two are written.
    carries
        Whether people of a group carry unpaid care.
    weights
        Weight of each need, and of each for who is in struggle, (2, sectors).
    essential
        Which needs nobody can do without.
    supply
        Share of what is ordered that is delivered, by sector.
    free
        Coverage in free access of those who draw, (places, sectors).
    open_to_others
        How far others may draw in each place.
    at_work
        Part of what they lack, but of `dwelling`, that others look for where they work, if that is another place.
    terms
        On what terms participants have what is free, by site (columns of `terms`).
    kept
        Sector of what each site keeps for its members, -1 for none.
    dwelling
        Sector whose need is met by use, whatever the claims; -1 for none.
    fall
        Share by which a crisis lowers what people can pay.
    """
    home, work, group, activity, measure, affordability, unmet, outside = people
    n = supply.size
    delivered, whole = np.zeros(2), np.zeros(2)
    for row in range(2):
        for k in range(n):
            delivered[row] += weights[row, k] * supply[k]
            whole[row] += weights[row, k]
    for i in range(first, last):
        row = 1 if activity[i] == IN_STRUGGLE else 0
        weight = weights[row]
        takes_part = activity[i] == IN_MEASURE and measure[i] >= 0
        q = site_place[work[i]] if work[i] >= 0 and at_work > 0.0 else site_place[home[i]]
        p = site_place[measure[i]] if takes_part else site_place[home[i]]
        pays = affordability[i] * (1.0 - fall)
        missing = had_free = 0.0
        least = 1.0
        if takes_part:
            s = measure[i]
            buys = terms[s, BUYS] * (pays + (1.0 - pays) * terms[s, PAID])
            mine = terms[s, OF_CARERS if carries[group[i]] else OF_OTHERS]
            for k in range(n):
                claim, own = of_need(terms, s, k, kept[s], dwelling)
                for_free = (1.0 if k == dwelling else mine) * has(claim, own, free[p, k])
                lacks = (1.0 - for_free) * (1.0 - buys * supply[k])
                missing += weight[k] * lacks
                had_free += weight[k] * for_free
                if essential[k]:
                    least = min(least, 1.0 - lacks)
        elif open_to_others[p] == 0.0 and open_to_others[q] == 0.0:
            missing = whole[row] - pays * delivered[row]
        else:
            for k in range(n):
                lacks = 1.0 - pays * supply[k]
                there = open_to_others[p] * free[p, k]
                if q != p and k != dwelling:
                    there = (1.0 - at_work) * there + at_work * open_to_others[q] * free[q, k]
                for_free = lacks * there
                missing += weight[k] * (lacks - for_free)
                had_free += weight[k] * for_free
                if essential[k]:
                    least = min(least, 1.0 - lacks + for_free)
        outside[i] = had_free > 0.5 * (whole[row] - missing) and least >= 0.5
        unmet[i] = np.float32(min(1.0, max(0.0, missing)))


@kernel
def pay_of_places(home, site_place, affordability, total):
    """Sum of what residents can pay, in fixed point, added to `total` (places,)."""
    for i in range(home.size):
        total[site_place[home[i]]] += np.int64(affordability[i] * FIXED_POINT)


@kernel
def cover_sites(taken, site_place, kept, number, pays, terms, essential, supply, free, dwelling, coverage):
    """Essential coverage of the participants of each measure, mean over them, written to `coverage` (sites,).

    Parameters
    ----------
    taken
        Rows of the sites with a measure in force.
    number, pays
        As `terms.count_pay` adds them up; where nobody is, `coverage` is left.
    """
    for s in taken:
        if number[s] == 0:
            continue
        p, least, money = site_place[s], 1.0, pays[s] / FIXED_POINT / number[s]
        buys = terms[s, BUYS] * (money + (1.0 - money) * terms[s, PAID])
        for k in range(essential.size):
            if essential[k]:
                claim, own = of_need(terms, s, k, kept[s], dwelling)
                for_free = has(claim, own, free[p, k])
                least = min(least, for_free + (1.0 - for_free) * min(1.0, buys * supply[k]))
        coverage[s] = np.float32(least)


@kernel
def cover_places(
    people, pay, sums, weights, needed, essential, supply, fall, inside_free, others_free, shortage, coverage, free_coverage, inherited, made, dropped, bought, spent,
    by_goods):  # fmt: skip
    """What is missing in each place of each need; essential and free coverage of participants, and what they buy.

    Parameters
    ----------
    people
        (Participants, residents, people in struggle) by place.
    pay
        Mean of what residents can pay.
    sums
        (Participants, claims, spending, spending in money) by place.
    weights
        Weight of each need, and of each for who is in struggle, (2, sectors).
    needed
        Which needs there are where nothing is bought.
    essential
        Which needs nobody can do without.
    inside_free, others_free
        (Share of needs that participants have free, what of it is inherited), mean; the same of what others lack; each (places, sectors).
    shortage, coverage, free_coverage, inherited, made, dropped, bought, spent, by_goods
        Written: (places, sectors) and (places,). Needs met free from what was found and what was made, and that fall away, in those of a person;
        the share that is bought of what participants have; what money they spend against the worth of their needs; of these, the share met by goods for goods.
    """
    participants, residents, struggling = people
    (inside_free, inside_found), (others_free, others_found) = inside_free, others_free
    usual = weights[0]
    n, whole = usual.size, usual.sum()
    for p in range(participants.size):
        inside = participants[p] / residents[p] if residents[p] > 0 else 0.0
        in_struggle = min(1.0, struggling[p] / (residents[p] - participants[p])) if residents[p] > participants[p] else 0.0
        pays = pay[p] * (1.0 - fall)
        inherited[p] = dropped[p] = met_free = 0.0
        buys = sums[p, 2] / sums[p, 0] if sums[p, 0] > 0 else 0.5 * pays
        least, common, paid = 1.0, 0.0, 0.0
        for k in range(n):
            has_free = inside_free[p, k]
            by_exchange = (1.0 - has_free) * min(1.0, buys * supply[k])
            common += usual[k] * has_free
            paid += usual[k] * by_exchange
            if essential[k]:
                least = min(least, has_free + by_exchange)
            outside = 1.0 - min(1.0, pays * supply[k])
            shortage[p, k] = min(1.0, max(0.0, inside * (1.0 - has_free - by_exchange) + (1.0 - inside) * outside * (1.0 - others_free[p, k])))
            theirs = (residents[p] - participants[p]) * (usual[k] + in_struggle * (weights[1, k] - usual[k])) * outside
            free = sums[p, 0] * usual[k] * has_free + theirs * others_free[p, k]
            if not needed[k]:
                dropped[p] += free
                continue
            met_free += free
            inherited[p] += sums[p, 0] * usual[k] * inside_found[p, k] + theirs * others_found[p, k]
        inherited[p] = min(inherited[p], met_free)
        made[p] = met_free - inherited[p]
        coverage[p] = least
        free_coverage[p] = common
        bought[p] = paid / (common + paid) if sums[p, 0] > 0 and common + paid > 0.0 else 0.0
        in_money = sums[p, 3] / sums[p, 2] if sums[p, 2] > 0.0 else 1.0
        spent[p] = max(0.0, 1.0 - common / whole) * sums[p, 3] / sums[p, 0] if sums[p, 0] > 0 and whole > 0.0 else 0.0
        by_goods[p] = (1.0 - in_money) * paid
