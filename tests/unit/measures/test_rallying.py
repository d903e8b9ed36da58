"""People join measures and leave them, sites join through their members: who, where to, and how fast."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from measure_labs import (
    assert_counted,
    close,
    contest,
    lab,
    mechanism_of,
    practice,
    put,
    set_shortage,
    step,
    take,
    tallied,
)
from oracles import uniform
from provision_by_hand import weights_of
from scipy import stats

from communize.declare.registry import CHANNELS, COMMODITY, CONTENTS, HELD, IN_MEASURE, IN_STRUGGLE, ROUTINE, TAKEN
from communize.kernels import decisions

ALL = dict.fromkeys(CONTENTS, 1.0)
STAY = {"rate_leaving": 0.0, "rate_leaving_need": 0.0, "sites": False}
WEIGHTS = {"weight_work": 0.4, "weight_neighbourhood": 0.1, "weight_place": 0.2, "weight_ties": 0.3}
ALONE = dict.fromkeys(WEIGHTS, 0.0)


def mixed(seed, **law):
    """Four places with taken sites and people in measures, in struggle and held; some cannot take part."""
    rng = np.random.default_rng(seed)
    kinds = (["neighbourhood"] * 3 + ["workplace"] * 2 + ["campus"]) * 4
    n = 240
    homes, works = np.flatnonzero(np.array(kinds) == "neighbourhood"), np.flatnonzero(np.array(kinds) != "neighbourhood")
    people = [(int(rng.choice(homes)), int(rng.choice(works)) if rng.random() < 0.7 else -1) for _ in range(n)]
    sim = lab(
        people, kinds, place_of=[place for place in range(4) for _ in range(6)], ties=rng.integers(0, n, (400, 2)), on=("rallying",),
        seed=2**40 + seed, position=rng.choice(["stable", "student", "owner"], n, p=[0.7, 0.2, 0.1]).tolist(), rallying={**STAY, **WEIGHTS, **law})  # fmt: skip
    taken = rng.permutation(24)[:9]
    take(sim, taken, **ALL)
    able = sim.society.takes_part[sim.people.position, sim.people.group]
    sim.people.activity[:] = np.where(able, rng.choice([ROUTINE, IN_STRUGGLE, HELD], n, p=[0.6, 0.3, 0.1]), ROUTINE)
    inside = rng.permutation(np.flatnonzero(able))[:60]
    sim.people.activity[inside], sim.people.measure[inside] = IN_MEASURE, rng.choice(taken, 60)
    put(sim, [], 0)
    sim.people.horizon[:] = rng.random(n)
    set_shortage(sim, rng.random(10))
    return sim


def shares(sim):
    """Share of participants at each site with a measure, and in each place."""
    sites, places = sim.sites, sim.places
    taken, eligible, inside = sites.mode == TAKEN, np.maximum(1, sites.eligible), sites.participants
    return np.where(taken, np.minimum(1.0, inside / eligible), 0.0), places.participants / np.maximum(1, places.eligible)


def parts_of(sim, person, weights):
    """What draws a person, by source: weight times share, and the weights of the sources that the person has."""
    at_site, at_place = shares(sim)
    people, ties = sim.people, sim.society.ties
    home, work, w = int(people.home[person]), int(people.work[person]), SimpleNamespace(**weights)
    known = ties.neighbours[ties.offsets[person] : ties.offsets[person + 1]]
    parts = {"home": w.weight_neighbourhood * at_site[home], "place": w.weight_place * at_place[sim.sites.place[home]]}
    whole = w.weight_neighbourhood + w.weight_place
    if work >= 0:
        parts["work"], whole = w.weight_work * at_site[work], whole + w.weight_work
    if known.size:
        parts["ties"] = w.weight_ties * np.mean([people.activity[k] == IN_MEASURE for k in known])
        whole += w.weight_ties
    return parts, whole


# --- who joins ---


@pytest.mark.parametrize("rate", [0.3, 5.0])
@pytest.mark.parametrize("weights", [WEIGHTS, ALONE | {"weight_ties": 1.0}, ALONE | {"weight_neighbourhood": 0.5}, ALONE], ids=["all", "ties", "home", "none"])
def test_those_join_whose_draw_is_below_their_probability(rate, weights):
    """Hazard = rate * weighted mean of the shares around * (1 - (1 - lack) (1 - horizon)), for everybody who can and is free."""
    joined = 0
    for seed in range(4):
        sim = mixed(seed, rate=rate, **weights)
        sectors = sim.society.parameters.sectors.values()
        usual, in_struggle = (weights_of([s.need for s in sectors], beside) for beside in ([0] * 10, [s.struggle_need for s in sectors]))
        moving = np.bincount(sim.sites.place[sim.people.home[sim.people.activity == IN_STRUGGLE]], minlength=4) / np.bincount(sim.sites.place[sim.people.home], minlength=4)
        weighs = np.outer(1 - moving, usual) + np.outer(moving, in_struggle)
        lack = (sim.state.provision.shortage.reshape(4, 10) * weighs).sum(axis=1)
        able = sim.society.takes_part[sim.people.position, sim.people.group]
        wanted, before = [], sim.people.activity.copy()
        for person in range(len(sim.people)):
            parts, whole = parts_of(sim, person, weights)
            influence = sum(parts.values()) / whole if whole else 0.0
            pull = 1 - (1 - lack[sim.sites.place[sim.people.home[person]]]) * (1 - sim.people.horizon[person])
            p = 1 - math.exp(-rate * influence * pull)
            if able[person] and before[person] in (ROUTINE, IN_STRUGGLE) and uniform(sim.seed, person, 7, decisions.RALLY, 0) < p:
                wanted.append(person)
        nowhere = [i for i in wanted if not draws_somewhere(sim, i, weights)]
        step(sim, "rallying", 7)
        found = np.flatnonzero((sim.people.activity == IN_MEASURE) & (before != IN_MEASURE)).tolist()
        assert set(found) <= set(wanted)
        assert set(wanted) - set(found) <= set(nowhere)
        assert sim.state.days.rallied[0] == len(found)
        assert_counted(sim)
        joined += len(found)
    assert (joined > 10) == (weights is not ALONE)


def draws_somewhere(sim, person, weights):
    """Whether a measure stands wherever the person can be drawn to: residents of a place may take part outside it only."""
    place = sim.sites.place[sim.people.home[person]]
    here = np.any((sim.sites.mode == TAKEN) & (sim.sites.place == place))
    return here or not parts_of(sim, person, weights)[0]["place"]


def test_nobody_joins_where_nothing_is_missing_and_nothing_seems_possible():
    sim = mixed(1, rate=1000.0)
    set_shortage(sim, 0.0)
    sim.people.horizon[:] = 0.0
    step(sim, "rallying")
    assert sim.state.days.rallied[0] == 0


def test_who_joins_leaves_the_struggle():
    sim = mixed(2, rate=1000.0)
    was = np.flatnonzero(sim.people.activity == IN_STRUGGLE)
    step(sim, "rallying")
    moved = was[sim.people.activity[was] == IN_MEASURE]
    assert moved.size > 20
    assert_counted(sim)


# --- where to ---


def test_the_measure_is_drawn_in_proportion_to_what_draws_the_person():
    """Residents of place 0: their workplace, their neighbourhood, another of their place, and one of place 1 through ties."""
    n = 3000
    people = [(0, 1)] * n + [(0, -1)] * 400 + [(2, -1)] * 100 + [(3, -1)] * 100
    inside = {0: range(n, n + 400), 2: range(n + 400, n + 500), 3: range(n + 500, n + 600)}
    friends = [(i, n + 500) for i in range(n)] + [(i, (i + 1) % n) for i in range(n)]
    sim = lab(
        people, ["neighbourhood", "workplace", "neighbourhood", "neighbourhood"], place_of=[0, 0, 0, 1], ties=friends, on=("rallying",),
        rallying={**STAY, "rate": 1000.0, "weight_work": 0.5, "weight_neighbourhood": 0.3, "weight_place": 0.4, "weight_ties": 0.6})  # fmt: skip
    take(sim, [0, 1, 2, 3], people=[list(inside[0]), [], list(inside[2]), list(inside[3])], **ALL)
    sim.sites.participants[1] = 600  # of the workplace, as if they were not of those who are drawn
    set_shortage(sim, 1.0)
    step(sim, "rallying")
    shares = {"home": 0.3 * 400 / 3400, "work": 0.5 * 600 / 3000, "place": 0.4 * 500 / 3500, "ties": 0.6 / 3}
    total = sum(shares.values())
    in_place = np.array([400, 600, 100]) / 1100
    wanted = np.array([shares["home"], shares["work"], 0.0, shares["ties"]]) / total
    wanted[:3] += shares["place"] / total * in_place
    found = tallied(sim.people.measure[:n])
    assert sum(found.values()) == n
    assert stats.chisquare([found[k] for k in range(4)], wanted * n).pvalue > 1e-3


def test_a_tie_is_drawn_uniformly_among_those_into_measures():
    n = 2000
    ends = [n, n + 1, n + 2, n + 3]
    sim = lab(
        [(i % 50, -1) for i in range(n)] + [(50, -1), (50, -1), (51, -1), (52, -1)], ["neighbourhood"] * 53,
        ties=[(i, end) for i in range(n) for end in ends], on=("rallying",), rallying={**STAY, **ALONE, "weight_ties": 1.0, "rate": 1000.0})  # fmt: skip
    take(sim, [50, 51], people=[ends[:2], ends[2:3]], **ALL)
    set_shortage(sim, 1.0)
    step(sim, "rallying")
    found = tallied(sim.people.measure[:n])
    assert set(found) == {50, 51}
    assert close(found[50], n, 2 / 3)


# --- whom a measure lets in ---


@pytest.mark.parametrize(("wage_labour", "strangers"), [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (0.2, 0.6), (-0.4, 0.0)])
@pytest.mark.parametrize(("kind", "away"), [("workplace", True), ("workplace", False), ("neighbourhood", True), ("neighbourhood", False)])
def test_contents_open_a_measure_to_people_who_do_not_belong_to_it(kind, away, wage_labour, strangers):
    """Wage labour: to those not of the workplace; strangers: to those of another place; members always get in."""
    n = 1200
    kinds = ["neighbourhood", kind]
    people = [(0, -1)] * n + ([(1, -1)] if kind == "neighbourhood" else [(0, 1)])
    sim = lab(
        people, kinds, place_of=[0, int(away)], ties=[(i, n) for i in range(n)], on=("rallying",),
        rallying={**STAY, **ALONE, "weight_ties": 1.0, "rate": 1000.0})  # fmt: skip
    take(sim, 1, people=[[n]], **{**ALL, "wage_labour": wage_labour, "strangers": strangers})
    set_shortage(sim, 1.0)
    step(sim, "rallying")
    admitted = ((1 + wage_labour) / 2 if kind == "workplace" else 1.0) * ((1 + strangers) / 2 if away else 1.0)
    assert close((sim.people.measure[:n] == 1).sum(), n, admitted)


def test_members_get_in_of_whatever_work_and_place_they_are():
    closed = dict.fromkeys(CONTENTS, -1.0) | {"gender": 1.0}
    people = [(0, 1)] * 50 + [(0, -1)] * 50
    sim = lab(people, ["neighbourhood", "workplace"], place_of=[0, 1], on=("rallying",), rallying={**STAY, "rate": 1000.0})
    take(sim, [0, 1], people=[[50], [0]], **closed)
    set_shortage(sim, 1.0)
    step(sim, "rallying")
    assert (sim.people.activity == IN_MEASURE).all()
    assert (sim.people.measure[50:] == 0).all()
    assert set(sim.people.measure[:50]) == {0, 1}


GROUPS = {"women": 0.5, "men": 0.5}


def crowd(n, groups, participants, away=False, member=True, **content):
    """`n` people of the first group and `n` of the second next to a measure at a site, of their place or another; `participants` = how many of each are in it."""
    place = int(away)
    people = [(0, 1 if member else -1)] * 2 * n + [(2, 1)] * sum(participants)
    sim = lab(
        people, ["neighbourhood", "workplace", "neighbourhood"], place_of=[0, place, place], on=("rallying",), society={"groups": groups, "carers": [], "care_burden": 0.5},
        ties=[(i, 2 * n + i % sum(participants)) for i in range(2 * n)], rallying={**STAY, **ALONE, "weight_ties": 1.0, "rate": 1000.0})  # fmt: skip
    sim.people.group[: 2 * n] = np.arange(2 * n) % 2
    sim.people.group[2 * n :] = [0] * participants[0] + [1] * participants[1]
    mechanism_of(sim, "rallying").regroup(sim.state)
    take(sim, 1, people=[np.arange(2 * n, 2 * n + sum(participants))], **{**ALL, **content})
    set_shortage(sim, 1.0)
    return sim


def let_in(sim, n):
    step(sim, "rallying")
    inside = sim.people.measure[: 2 * n] == 1
    return inside[0::2].sum(), inside[1::2].sum()


@pytest.mark.parametrize("strangers", [1.0, 0.0, -0.6, -1.0])
@pytest.mark.parametrize("participants", [(20, 0), (15, 5), (10, 10)])
def test_strangers_opens_to_groups_that_are_few_in_a_measure(participants, strangers):
    """A group gets in as far as it is there against its share among the residents of the place, and else as far as strangers do, members too."""
    n = 1000
    sim = crowd(n, GROUPS, participants, strangers=strangers)
    for found, inside in zip(let_in(sim, n), participants):
        familiar = min(1.0, (inside / 20) / ((n + inside) / (2 * n + 20)))
        assert close(found, n, familiar + (1 - familiar) * (1 + strangers) / 2)


def test_a_group_of_another_place_is_as_strange_as_any():
    n = 1000
    for found in let_in(crowd(n, GROUPS, (20, 0), away=True, member=False, strangers=-0.2, wage_labour=1.0), n):
        assert close(found, n, 0.4)


def test_with_one_group_the_door_of_a_place_is_open_to_all_of_it():
    n = 300
    assert let_in(crowd(n, {"women": 1.0}, (9, 9), strangers=-1.0), n) == (n, n)


@pytest.mark.parametrize("gender", [1.0, 0.0, -1.0])
def test_who_carries_unpaid_care_takes_part_as_far_as_the_content_gender_relieves_them(gender):
    n = 1000
    people = [(0, 1)] * 2 * n + [(0, 1)]
    sim = lab(
        people, ["neighbourhood", "workplace"], on=("rallying",), society={"groups": GROUPS, "carers": ["women"], "care_burden": 0.6},
        rallying={**STAY, **ALONE, "weight_work": 1.0, "rate": 1e3, "weight_ties": 0.0})  # fmt: skip
    sim.people.group[: 2 * n] = np.arange(2 * n) % 2
    take(sim, 1, people=[[2 * n]], **{**ALL, "gender": gender})
    sim.sites.participants[1] = sim.sites.eligible[1]
    set_shortage(sim, 1.0)
    women, men = let_in(sim, n)
    assert close(women, n, 1 - 0.6 * (1 - gender) / 2)
    assert men == n


# --- leaving ---


@pytest.mark.parametrize(("base", "by_need", "coverage"), [(0.1, 0.0, 0.0), (0.0, 0.5, 0.0), (0.05, 0.8, 0.4), (0.05, 0.8, 1.0), (0.0, 0.0, 0.3)])
def test_participants_leave_at_the_hazard_of_what_is_missing(base, by_need, coverage):
    n = 4000
    law = {"people": False, "sites": False, "rate_leaving": base, "rate_leaving_need": by_need}
    sim = lab([(0, -1)] * n + [(1, -1)] * n, ["neighbourhood"] * 2, place_of=[0, 1], on=("rallying",), rallying=law)
    take(sim, [0, 1], people=[range(n), range(n, 2 * n)], **ALL)
    sim.sites.coverage[:] = [coverage, 1.0]
    step(sim, "rallying")
    left = np.array([(sim.people.activity[part] == ROUTINE).sum() for part in (slice(0, n), slice(n, 2 * n))])
    assert close(left[0], n, 1 - math.exp(-(base + by_need * (1 - coverage) ** 2)))
    assert close(left[1], n, 1 - math.exp(-base))
    assert sim.state.days.left_measures[0] == left.sum()
    assert_counted(sim)


def test_coverage_counts_where_the_measure_is_not_where_people_live():
    sim = lab([(0, -1)] * 600, ["neighbourhood", "neighbourhood"], place_of=[0, 1], on=("rallying",),
              rallying={"people": False, "sites": False, "rate_leaving": 0.0, "rate_leaving_need": 1000.0})  # fmt: skip
    take(sim, 1, people=[range(600)], **ALL)
    sim.sites.coverage[:] = [0.0, 1.0]
    step(sim, "rallying")
    assert sim.state.days.left_measures[0] == 0
    sim.sites.coverage[:] = [1.0, 0.0]
    step(sim, "rallying")
    assert sim.state.days.left_measures[0] == 600


# --- sites ---

SITES = {"people": False, "rate_leaving": 0.0, "rate_leaving_need": 0.0}


def workplaces(n, members, outside, mass=5, **options):
    """`n` workplaces of so many members; of each, `outside` take part in a neighbourhood's measure that needs `mass` people."""
    people = [(0, 2 + w) for w in range(n) for _ in range(members)] + [(1, -1)] * 9
    sim = lab(people, ["neighbourhood", "neighbourhood"] + ["workplace"] * n, on=("rallying",), rallying=SITES, **options)
    which = [practice(sim, mass=mass, **ALL), practice(sim, mass=mass, form=0, **ALL)]
    inside = [w * members + k for w in range(n) for k in range(outside)]
    take(sim, [0, 1], which=which, people=[inside, list(range(n * members, n * members + 9))])
    return sim, which


@pytest.mark.parametrize(("members", "outside", "joins"), [(20, 4, False), (20, 5, True), (6, 2, False), (6, 3, True), (3, 1, False), (3, 2, True), (1, 1, False)])
def test_a_site_joins_with_the_critical_mass_of_its_members(members, outside, joins):
    sim, which = workplaces(1, members, outside)
    contest(sim, [2], 1)
    step(sim, "rallying", 4)
    assert (sim.sites.mode[2] == TAKEN) == joins
    if joins:
        row = int(sim.sites.instance[2])
        assert sim.instances.practice[row] == which[0]
        assert sim.instances.parent[row] == 0
        assert CHANNELS[sim.instances.channel[row]] == "rallying"
        assert sim.instances.began[row] == 4
        assert sim.instances.struggle[row] == sim.sites.struggle[2] == 1
        assert sim.instances.founders[row] == outside
        assert sim.state.tally.begun[0].tolist()[CHANNELS.index("rallying")] == 1
    assert (sim.people.measure[:outside] == 0).all()  # its members stay where they are
    assert_counted(sim)


def test_a_site_in_a_place_without_measures_needs_the_whole_mass():
    for outside, joins in ((3, False), (4, False), (5, True)):
        sim = lab([(0, 1)] * 6, ["neighbourhood", "workplace", "neighbourhood"], place_of=[0, 1, 0], on=("rallying",), rallying=SITES)
        take(sim, 2, which=practice(sim, mass=5, **ALL), people=[range(outside)])
        step(sim, "rallying")
        assert (sim.sites.mode[1] == TAKEN) == joins


@pytest.mark.parametrize("mode", [3, 4])
def test_abandoned_and_destroyed_sites_do_not_join(mode):
    sim, _ = workplaces(1, 10, 9)
    sim.sites.mode[2] = mode
    step(sim, "rallying")
    assert sim.sites.mode[2] == mode


def test_a_quiet_site_joins_too_and_forgets_what_it_had_decided():
    sim, which = workplaces(1, 10, 9)
    sim.sites.decided[2], sim.sites.decided_day[2] = which[1], 99
    assert sim.sites.mode[2] == COMMODITY
    step(sim, "rallying")
    assert (sim.sites.mode[2], sim.sites.struggle[2], sim.sites.decided[2]) == (TAKEN, -1, -1)


def test_the_member_through_whom_a_site_joins_is_drawn_uniformly():
    """Of each workplace three members take part in one measure and six in another."""
    n = 900
    people = [(0, 2 + w) for w in range(n) for _ in range(9)] + [(1, -1)]
    sim = lab(people, ["neighbourhood", "neighbourhood"] + ["workplace"] * n, on=("rallying",), rallying=SITES)
    first = [w * 9 + k for w in range(n) for k in range(3)]
    take(sim, [0, 1], people=[first, [w * 9 + k for w in range(n) for k in range(3, 9)]], **ALL)
    sim.instances.content[1] = 0.5
    step(sim, "rallying")
    parents = tallied(sim.instances.parent[2:])
    assert sum(parents.values()) == n
    assert close(parents[0], n, 1 / 3)
    for row in range(2, n + 2):
        assert set(sim.instances.content[row]) == {1.0 if sim.instances.parent[row] == 0 else 0.5}


def test_people_join_before_sites_on_a_day():
    """Those who join today count for their sites today."""
    people = [(0, 2)] * 12 + [(1, -1)] * 5
    sim = lab(people, ["neighbourhood", "neighbourhood", "workplace"], ties=[(i, 12) for i in range(12)], on=("rallying",),
              rallying={**SITES, "people": True, "rate": 1000.0, **ALONE, "weight_ties": 1.0})  # fmt: skip
    take(sim, 1, which=practice(sim, mass=5, **ALL), people=[range(12, 17)])
    set_shortage(sim, 1.0)
    step(sim, "rallying")
    assert sim.sites.mode.tolist() == [TAKEN] * 3
    assert (sim.people.measure[:12] == 1).all()


def test_without_a_measure_nobody_rallies_or_leaves():
    fresh = lab([(0, -1)] * 10, ["neighbourhood"], on=("rallying",)).run(3)
    assert fresh.series.rallied.values.tolist() == fresh.series.left_measures.values.tolist() == [0.0] * 3


def test_outputs_are_in_people():
    sim = lab([(0, -1)] * 40, ["neighbourhood"], scale=5.0, on=("rallying",), rallying={**STAY, "rate": 1000.0})
    take(sim, 0, people=[range(10)], **ALL)
    set_shortage(sim, 1.0)
    sim.step()
    assert sim.series.rallied.values.tolist() == [5.0 * 30]
