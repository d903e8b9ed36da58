"""Markets of places, firms at the start, and plants and people after a month: each loop against plain Python."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from oracles import uniform

from communize.declare.registry import (
    CAMPUS,
    COMMODITY,
    CONTESTED,
    FARM,
    HELD,
    IN_MEASURE,
    IN_STRUGGLE,
    NEIGHBOURHOOD,
    POSITIONS,
    ROUTINE,
    STATE_SITE,
    TAKEN,
    WORKPLACE,
)  # fmt: skip
from communize.kernels import decisions
from communize.mechanisms.economy import markets, plants, start

STABLE, PRECARIOUS, UNEMPLOYED, EXCLUDED, STUDENT, FARMER, MANAGER, OWNER, STATE_FORCE = range(len(POSITIONS))
EMPLOYED = (STABLE, PRECARIOUS, MANAGER)
SEED, DAY = 2**41 + 5, 119
KEY = np.uint64(SEED)


# --- markets ---


def contact_of(neighbours):
    """Offsets, neighbours and weights of a list of {place: weight} a place."""
    offsets = np.append(0, np.cumsum([len(near) for near in neighbours])).astype(np.int64)
    return offsets, np.array([q for near in neighbours for q in near], np.int32), np.array([w for near in neighbours for w in near.values()], float)


def groups_by_hand(residents, in_order, smallest, neighbours):
    """Every place of a group that is too small, the smallest place first, joins its group to that of the strongest contact outside it."""
    group = [{p} for p in range(len(residents))]
    joined = True
    while joined:
        joined = False
        for p in in_order:
            if sum(residents[q] for q in group[p]) >= smallest:
                continue
            outside = {q: weight for q, weight in neighbours[p].items() if q not in group[p] and weight > 0}
            if outside:
                other = max(outside, key=lambda q: outside[q])  # the first of the strongest
                whole = group[p] | group[other]
                for q in whole:
                    group[q] = whole
                joined = True
    return group


@pytest.mark.parametrize("seed", range(30))
def test_small_places_join_the_market_of_their_strongest_contact(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 25))
    residents = rng.integers(0, 40, n)
    smallest = float(rng.choice([2, 15, 60, 10_000]))
    neighbours = [{int(q): float(rng.choice([rng.random(), 0.5])) for q in rng.choice(n, int(rng.integers(0, min(n, 5))), replace=False) if q != p} for p in range(n)]
    in_order, parent = np.argsort(residents, kind="stable"), np.empty(n, np.int64)
    markets.group_places(residents, in_order, smallest, contact_of(neighbours), parent)
    found = [markets.find(parent, p) for p in range(n)]
    wanted = groups_by_hand(residents.tolist(), in_order.tolist(), smallest, neighbours)
    for p in range(n):
        assert {q for q in range(n) if found[q] == found[p]} == wanted[p]
        size = sum(residents[q] for q in wanted[p])
        assert size >= smallest or all(set(neighbours[q]) <= wanted[p] for q in wanted[p])  # too small only where there is nobody to join


def test_who_stands_in_which_market():
    """Those with a site in its market, others at home; seekers may look in a contact place, and notice runs out where nothing is contested."""
    rng, n, n_places = np.random.default_rng(4), 3_000, 6
    place = np.repeat(np.arange(n_places), 4)
    mode = rng.choice([COMMODITY, CONTESTED, TAKEN], place.size, p=[0.6, 0.2, 0.2]).astype(np.int8)
    home = rng.integers(0, place.size, n).astype(np.int32)
    work = np.where(rng.random(n) < 0.6, rng.integers(0, place.size, n), -1).astype(np.int32)
    position = rng.choice([STABLE, UNEMPLOYED, EXCLUDED, OWNER], n).astype(np.int8)
    neighbours = [{q: float(rng.random()) for q in range(n_places) if q != p and p != 5 and (p + q) % 3} for p in range(n_places)]
    offsets, near, weights = contact_of(neighbours)
    cumulative = np.concatenate([np.cumsum(weights[a:b]) for a, b in pairwise(offsets)])
    of_place = np.array([0, 0, 1, 2, 2, 3], np.int32)
    before, market = work.copy(), np.empty(n, np.int32)
    markets.stand_in_market(0, n, 0, (home, work, position), (place.astype(np.int32), mode), of_place, (offsets, near, cumulative), 0.4, KEY, DAY, market)
    seen = Counter()
    for i in range(n):
        site = int(before[i])
        if position[i] == UNEMPLOYED and site >= 0 and mode[site] == COMMODITY:
            site = -1
            seen["left"] += 1
        assert work[i] == site
        where = int(place[site if site >= 0 else home[i]])
        if site < 0 and position[i] == UNEMPLOYED and neighbours[where] and uniform(SEED, i, DAY, decisions.ECONOMY_SEEK, 0) < 0.4:
            target, seen["away"] = uniform(SEED, i, DAY, decisions.ECONOMY_SEEK, 1) * sum(neighbours[where].values()), seen["away"] + 1
            for q, weight in neighbours[where].items():
                target -= weight
                if target < 0:
                    where = q
                    break
        assert market[i] == of_place[where]
    assert min(seen["left"], seen["away"]) > 100


# --- the start ---


def society(seed, n=120, n_places=3):
    """People at random sites with random positions, as tables of a user may have them."""
    rng = np.random.default_rng(seed)
    kind = np.tile(np.array([NEIGHBOURHOOD, WORKPLACE, WORKPLACE, WORKPLACE, FARM, FARM, CAMPUS, STATE_SITE], np.int8), n_places)
    market = np.repeat(np.arange(n_places), 8).astype(np.int32)
    sites = np.flatnonzero(kind != NEIGHBOURHOOD)
    crowded = rng.choice(sites, 6)  # a few have many, others one or nobody
    work = np.where(rng.random(n) < 0.25, -1, np.where(rng.random(n) < 0.6, rng.choice(crowded, n), rng.choice(sites, n))).astype(np.int32)
    position = rng.choice(9, n, p=[0.3, 0.15, 0.05, 0.05, 0.05, 0.15, 0.1, 0.1, 0.05]).astype(np.int8)
    return kind, market, work, position


def owners_by_hand(kind, market, work, position, n_markets):
    """Owner of each site, and work and position of everybody, after firms were given owners."""
    work, position = work.tolist(), position.tolist()
    people, owner = range(len(work)), dict.fromkeys(range(len(kind)), -1)
    private = [site for site in range(len(kind)) if kind[site] in (WORKPLACE, FARM)]
    for i in people:
        if work[i] < 0 and position[i] in (*EMPLOYED, OWNER):
            position[i] = UNEMPLOYED
    staff = {site: [i for i in people if work[i] == site and position[i] in EMPLOYED] for site in range(len(kind))}
    for site in private:
        farmers = [i for i in people if work[i] == site and position[i] == FARMER]
        if kind[site] == FARM and farmers:
            owner[site] = farmers[0]
    for i in reversed(people):  # of several owners of a site the last in the table keeps it
        if position[i] == OWNER and work[i] in private and staff[work[i]] and owner[work[i]] < 0:
            owner[work[i]] = i
    spare = {m: [i for i in people if position[i] == OWNER and owner[work[i]] != i and market[work[i]] == m] for m in range(n_markets)}
    for site in private:
        if staff[site] and owner[site] < 0 and spare[market[site]]:
            owner[site] = i = spare[market[site]].pop(0)
            work[i] = site
    for site in private:
        if staff[site] and owner[site] < 0:
            chosen = next((i for i in staff[site] if position[i] == MANAGER), staff[site][0])
            if len(staff[site]) > 1:
                owner[site], position[chosen] = chosen, OWNER
            else:
                work[chosen], position[chosen] = -1, UNEMPLOYED
    for left in spare.values():
        for i in left:
            work[i], position[i] = -1, UNEMPLOYED
    return list(owner.values()), work, position


def test_every_firm_gets_one_owner_who_works_there():
    seen = Counter()
    for seed in range(60):
        kind, market, work, position = society(seed, n=int(30 + 3 * seed))
        wanted, work_wanted, position_wanted = owners_by_hand(kind, market, work, position, 3)
        owner, was = np.full(kind.size, 77, np.int32), position.copy()
        start.assign_owners((work, position), (kind, owner), market, 3)
        assert owner.tolist() == wanted
        assert work.tolist() == work_wanted
        assert position.tolist() == position_wanted
        staff = Counter(int(s) for s, what in zip(work, position) if what in EMPLOYED)
        for site in np.flatnonzero(np.isin(kind, (WORKPLACE, FARM))).tolist():
            o = int(owner[site])
            assert (o >= 0) == (staff[site] > 0 or any((work == site) & (position == FARMER) & (kind[site] == FARM)))
            if o >= 0:
                assert work[o] == site
                assert position[o] in (OWNER, FARMER)
        assert np.array_equal(np.sort(owner[owner >= 0][position[owner[owner >= 0]] == OWNER]), np.flatnonzero(position == OWNER))
        seen.update(promoted=int(((position == OWNER) & np.isin(was, EMPLOYED)).sum()), out=int(((position == UNEMPLOYED) & (was != UNEMPLOYED)).sum()),
                    farmers=int((position[owner[owner >= 0]] == FARMER).sum()))  # fmt: skip
    assert min(seen[name] for name in ("promoted", "out", "farmers")) > 20


def test_the_bill_of_a_firm_is_that_of_its_employees():
    factors = np.arange(1.0, 10.0)
    for seed in range(10):
        kind, market, work, position = society(seed)
        owner = np.full(kind.size, -1, np.int32)
        start.assign_owners((work, position), (kind, owner), market, 3)
        found = start.wage_bills(work, position, owner, kind, factors)
        for site in range(kind.size):
            staff = [i for i in range(work.size) if work[i] == site and position[i] in EMPLOYED]
            assert found[site] == (sum(factors[position[i]] for i in staff) if owner[site] >= 0 else 0)


@pytest.mark.parametrize("rest", [0, 1, 7, 1_000, 123_456_789])
@pytest.mark.parametrize("most", [0.0, 0.6, 10.0])
def test_every_coin_is_handed_out(rest, most):
    """Owners first, in proportion to their wages and at most a part in all; the others by an exponential law."""
    kind, market, work, position = society(3)
    owner = np.full(kind.size, -1, np.int32)
    start.assign_owners((work, position), (kind, owner), market, 3)
    bill = start.wage_bills(work, position, owner, kind, np.ones(9))
    money = np.full(work.size, 55, np.int64)
    start.hand_out(owner, bill, 70.0, most * rest, rest, KEY, money)
    wanted = sum(70.0 * bill)
    share = min(1.0, most * rest / wanted)
    paid = {int(owner[site]): int(bill[site] * (70.0 * share)) for site in range(kind.size) if owner[site] >= 0 and bill[site] > 0}
    left, drawn = rest - sum(paid.values()), {i: -math.log(uniform(SEED, i, 0, decisions.ECONOMY_START, 0)) for i in range(work.size) if i not in paid}
    if left < 0:  # more than there is goes to owners: only where most is above all
        assert most > 1
        return
    assert {i: int(money[i]) for i in paid} == paid
    assert money.sum() == rest
    assert money.min() >= 0
    for i, share in drawn.items():
        assert abs(money[i] - left * share / sum(drawn.values())) <= 1.01


def test_where_all_are_owners_the_first_gets_what_is_left():
    money = np.zeros(2, np.int64)
    start.hand_out(np.array([0, 1], np.int32), np.array([1.0, 2.0]), 10.0, 1000.0, 101, KEY, money)
    assert money.tolist() == [81, 20]


# --- plants after a month ---


def test_a_firm_that_ended_frees_its_site_and_its_owner_leaves():
    """Owners 0 to 4 go on, found another firm, end, are employed elsewhere, and had their site taken; 5 owns nothing; 6 farms."""
    owner = np.array([0, 1, 2, 3, 4, -1, 6], np.int32)
    mode = np.array([COMMODITY, CONTESTED, COMMODITY, CONTESTED, TAKEN, COMMODITY, COMMODITY], np.int8)
    work = np.array([0, 1, 2, 3, 4, 5, 6], np.int32)
    employer, sector_of = np.array([0, 1, -1, 0, -2, -1, -2], np.int32), np.array([-1, 2, -1, -1, -1, -1, -1], np.int16)
    closed = np.zeros(7, np.bool_)
    assert plants.end_firms((owner, mode, closed), work, employer, sector_of) == 3
    assert owner.tolist() == [0, -1, -1, -1, 4, -1, 6]
    assert closed.tolist() == [False, True, True, True, False, False, False]
    assert work.tolist() == [0, -1, -1, -1, 4, 5, 6]


def test_a_founder_takes_an_idle_plant_of_place_and_sector_before_one_is_added():
    rng, n_sectors = np.random.default_rng(8), 3
    for _ in range(40):
        n_sites, n_founders, n_places = 40, int(rng.integers(1, 25)), 4
        kind = rng.choice([WORKPLACE, FARM, NEIGHBOURHOOD], n_sites, p=[0.7, 0.15, 0.15]).astype(np.int8)
        place, sector = rng.integers(0, n_places, n_sites).astype(np.int32), np.where(kind == NEIGHBOURHOOD, -1, rng.integers(0, n_sectors, n_sites)).astype(np.int8)
        owner = np.where(rng.random(n_sites) < 0.5, 5, -1).astype(np.int32)
        mode = rng.choice([COMMODITY, CONTESTED, TAKEN], n_sites, p=[0.7, 0.2, 0.1]).astype(np.int8)
        attached = np.where(rng.random(n_sites) < 0.3, 2, 0)
        of_place, lead = np.array([0, 0, 1, 1], np.int32), np.array([1, 3], np.int64)
        founders = np.sort(rng.choice(100, n_founders, replace=False)).astype(np.int32)
        sector_of, home = rng.integers(0, n_sectors, 100).astype(np.int16), rng.integers(0, n_places, n_founders).astype(np.int32)
        market = np.where(rng.random(n_founders) < 0.7, of_place[home], rng.integers(0, 2, n_founders)).astype(np.int32)
        wanted, used, where = [], set(), []
        for j, i in enumerate(founders.tolist()):
            p = int(home[j]) if of_place[home[j]] == market[j] else int(lead[market[j]])
            free = [s for s in range(n_sites) if kind[s] == WORKPLACE and place[s] == p and sector[s] == sector_of[i] and owner[s] < 0
                    and mode[s] == COMMODITY and not attached[s] and s not in used]  # fmt: skip
            wanted.append(free[0] if free else -1)
            used.update(free[:1])
            where.append(p)
        site = np.empty(n_founders, np.int32)
        lacking = plants.find_plants(founders, sector_of, home, market, (kind, place, sector, owner, mode), attached, of_place, lead, n_sectors, site)
        assert site.tolist() == wanted
        assert lacking == wanted.count(-1)
        assert home.tolist() == where


@pytest.mark.parametrize("notice", [False, True])
def test_people_go_where_they_work_and_the_dismissed_stay_for_their_notice(notice):
    rng, n = np.random.default_rng(9), 400
    mode = rng.choice([COMMODITY, CONTESTED, TAKEN], 30).astype(np.int8)
    work, employer = rng.integers(-1, 30, n).astype(np.int32), rng.integers(-2, n, n).astype(np.int32)
    bosses = np.arange(0, 40)
    employer[bosses], work[bosses] = bosses, np.arange(40) % 30
    employer[40:] = np.where(employer[40:] >= 0, employer[40:] % 40, employer[40:])
    employer[200:] = rng.choice([-1, -2], 200)
    was, before = rng.choice([STABLE, UNEMPLOYED, OWNER], n).astype(np.int8), work.copy()
    plants.place_workers(0, n, 0, employer, was, notice, np.zeros(n, np.int8), mode, work)
    stayed = 0
    for i in range(n):
        site = int(before[i])
        if employer[i] >= 0:
            site = int(before[employer[i]])
        elif employer[i] == -1 and site >= 0 and mode[site] == COMMODITY and not (notice and was[i] != UNEMPLOYED):
            site = -1
        assert work[i] == site
        stayed += employer[i] == -1 and site >= 0
    assert stayed > 20


def test_precarious_workers_of_a_settled_site_get_stable_contracts():
    rng, n = np.random.default_rng(10), 4_000
    share = np.array([0.0, 1.0, 0.5, 0.0], np.float32)
    work, position = rng.integers(-1, 4, n).astype(np.int32), rng.choice([STABLE, PRECARIOUS, MANAGER, UNEMPLOYED], n).astype(np.int8)
    before = position.copy()
    plants.regularise(0, n, 0, work, position, share, KEY, DAY)
    won = 0
    for i in range(n):
        changes = before[i] == PRECARIOUS and work[i] >= 0 and uniform(SEED, i, DAY, decisions.ECONOMY_CONTRACT, 0) < share[work[i]]
        assert position[i] == (STABLE if changes else before[i])
        won += changes and work[i] == 2
    n_half = ((before == PRECARIOUS) & (work == 2)).sum()
    assert abs(won - n_half / 2) < 4.5 * np.sqrt(n_half / 4)


def test_people_are_recounted_by_site_and_place():
    rng, n, n_sites = np.random.default_rng(12), 500, 20
    home, work = rng.integers(0, 8, n).astype(np.int32), np.where(rng.random(n) < 0.7, rng.integers(8, n_sites, n), -1).astype(np.int32)
    activity = rng.choice([ROUTINE, IN_STRUGGLE, IN_MEASURE, HELD], n).astype(np.int8)
    inside = activity == IN_MEASURE
    at = np.where(rng.random(n) < 0.4, home, np.where(rng.random(n) < 0.5, np.where(work >= 0, work, home), rng.integers(0, n_sites, n)))
    measure = np.where(inside, at, -1).astype(np.int32)
    position, group = rng.integers(0, 9, n).astype(np.int8), rng.integers(0, 3, n).astype(np.int8)
    takes_part, place = rng.random((9, 16)) < 0.7, rng.integers(0, 4, n_sites).astype(np.int32)
    wanted = {name: Counter() for name in ("members", "eligible", "active", "participants", "held", "places")}
    for i in range(n):
        for site in {int(home[i]), int(work[i])} - {-1}:
            wanted["members"][site] += 1
            wanted["eligible"][site] += bool(takes_part[position[i], group[i]])
            wanted["active"][site] += activity[i] == IN_STRUGGLE
            wanted["held"][site] += activity[i] == HELD
        if inside[i]:
            wanted["places"][int(place[home[i]])] += 1
            for site in {int(home[i]), int(work[i]), int(measure[i])} - {-1}:
                wanted["participants"][site] += 1
    found = {name: np.zeros(4 if name == "places" else n_sites, np.int32) for name in wanted}
    plants.recount(
        (home, work, measure, activity, position, group), takes_part, place, found["members"], found["eligible"], found["active"], found["participants"],
        found["held"], found["places"])  # fmt: skip
    for name, counts in found.items():
        assert {k: int(c) for k, c in enumerate(counts) if c} == {k: int(c) for k, c in wanted[name].items() if c}, name
