"""What struggles do and what comes of it: demands and rift, settlement as a whole, refusal."""

import numpy as np
import pytest
from worlds import NO_MEASURES

import communize as cz
from communize.declare.registry import ABANDONED, COMMODITY, CONTESTED, IN_STRUGGLE, ROUTINE, STRUGGLE_ENDS, TAKEN
from communize.mechanisms.measures import taking_part
from communize.society.parameters import SocietyParameters
from communize.society.ties import TieParameters

# Nobody joins or leaves of themselves, and belonging does not drift: what changes comes from acts.
STRUGGLE = {
    "nerve": 1.0, "nerve_sd_site": 0.0, "nerve_sd_place": 0.0, "nerve_sd_person": 0.0, "temperature": 0.1, "coupling": 1.0,
    "rate_joining": 0.0, "spontaneous": 1.0, "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "fatigue_gain": 0.0, "contested_share": 0.2,
    "contested_end": 0.5, "contested_people": 2.0, "weight_place": 0.0, "weight_need": 0.0, "weight_constraint": 0.0,
}  # fmt: skip
ACTS = {
    "rate": 10.0, "half_life_days": 14.0, "rate_concession": 0.0, "concession_cost": 0.0, "concession_width": 0.1,
    "rate_refusal": 0.0, "settlement_gain": 0.2, "refusal_loss": 0.3, "relief": 0.5, "relief_half_life_days": 10.0,
}  # fmt: skip
GENEROUS, MEAN = {"room_employers": 5.0, "room_state": 1.0}, {"room_employers": -1.0, "room_state": -1.0}


def lab(people, kinds, *, seed=1, belonging=0.0, regime=0.0, room=None, acts=None, **struggle):
    """A simulation with struggle and acts at work: `people` are (home, work) pairs, `kinds` the kinds of sites, `room` what can be conceded."""
    homes, works = zip(*people)
    sectors = [-1 if kind == "neighbourhood" else 1 for kind in kinds]
    society = cz.Society.from_tables(
        people={"home": homes, "work": works, "position": ["stable"] * len(homes), "belonging": np.full(len(homes), belonging)},
        sites={"kind": kinds, "sector": sectors}, ties={"a": np.zeros(0, int), "b": np.zeros(0, int)},
        parameters=SocietyParameters(ties=TieParameters(degree_distribution="none")))  # fmt: skip
    off = {name: {"enabled": False} for name in ("force", "incidents", "belonging")} | NO_MEASURES
    values = {
        "scenario": {"name": "lab"}, **off, "economy": {"regime": regime, "core": False}, "acts": {**ACTS, **(room or {}), **(acts or {})},
        "struggle": {**STRUGGLE, **struggle}, "reckoning": {"recount_days": 1},
    }  # fmt: skip
    return cz.Simulation(cz.Scenario(values), seed=seed, threads=1, society=society)


def put(sim, persons, activity):
    people, sites, places = sim.people, sim.sites, sim.places
    for person in persons:
        step = int(activity == IN_STRUGGLE) - int(people.activity[person] == IN_STRUGGLE)
        for site in {people.home[person], people.work[person]} - {-1}:
            sites.active[site] += step
        places.active[0] += step
        people.activity[person] = activity


def crowd(n=20, **options):
    """One neighbourhood in which all are in struggle."""
    sim = lab([(0, -1)] * n, ["neighbourhood"], **options)
    put(sim, range(n), IN_STRUGGLE)
    return sim


def many(n_struggles=600, per_site=4, **options):
    """As many neighbourhoods, each in a struggle of its own."""
    sim = lab([(site, -1) for site in range(n_struggles) for _ in range(per_site)], ["neighbourhood"] * n_struggles, **options)
    put(sim, range(n_struggles * per_site), IN_STRUGGLE)
    return sim


# --- acts ---


@pytest.mark.parametrize(("belonging", "demands", "rifts"), [(1.0, 8, 0), (-1.0, 0, 8)])
def test_belonging_as_an_identity_makes_demands_and_as_a_constraint_rift(belonging, demands, rifts):
    sim = crowd(belonging=belonging, room=GENEROUS, acts={"rate": 10.0})
    sim.run(8)
    assert sim.struggles.demands.tolist() == [demands]
    assert sim.struggles.rifts.tolist() == [rifts]


def test_nothing_is_demanded_where_nothing_can_be_conceded():
    sim = crowd(belonging=0.5, room=MEAN, acts={"concession_width": 0.01})
    sim.run(10)
    assert sim.struggles.demands.tolist() == [0]
    assert sim.struggles.rifts.tolist() == [10]


def test_demand_and_rift_fade_with_their_half_life():
    sim = crowd(belonging=1.0, room=GENEROUS, acts={"half_life_days": 3.0})
    sim.run(5)
    ratio = 2 ** (-1 / 3)
    assert sim.struggles.demand[0] == pytest.approx(sum(ratio**k for k in range(5)), rel=1e-5)
    assert sim.series.demand.values == pytest.approx([sum(ratio**k for k in range(d + 1)) for d in range(5)], rel=1e-5)
    assert sim.series.rift.values.tolist() == [0.0] * 5


def test_acts_come_at_the_rate_of_the_active_share():
    sim = many(belonging=0.0, room=GENEROUS, acts={"rate": 0.5})
    put(sim, range(0, 2400, 4), ROUTINE)  # three of four are active
    sim.run(10)
    acts = int((sim.struggles.demands + sim.struggles.rifts).sum())
    p = 1 - np.exp(-0.5 * 0.75)
    assert abs(acts - 6000 * p) < 4 * np.sqrt(6000 * p * (1 - p))
    can = 1 / (1 + np.exp(-1.0 / 0.1))  # neighbourhoods ask the State: a surplus of 1, a width of 0.1
    share = 0.5 * can / (0.5 * can + 0.5)
    assert abs(sim.struggles.demands.sum() - acts * share) < 4 * np.sqrt(acts * share * (1 - share))


def test_refusals_turn_struggles_to_rift():
    sim = many(room=GENEROUS, acts={"rate": 10.0})
    sim.step()
    sim.struggles.refusals[:300] = 5  # weight of rift 0.5 + 5 * 0.2 against demand 0.5
    sim.struggles.demands[:], sim.struggles.rifts[:] = 0, 0
    sim.step()
    for rows, share in ((slice(0, 300), 0.5 / 2.0), (slice(300, 600), 0.5)):
        found = sim.struggles.demands[rows].sum()
        assert abs(found - 300 * share) < 4 * np.sqrt(300 * share * (1 - share))


# --- settlement ---


def test_a_settlement_ends_the_struggle_as_a_whole():
    """Two neighbourhoods and two workplaces in one struggle; three people more are in another."""
    kinds = ["neighbourhood", "workplace", "neighbourhood", "workplace", "neighbourhood"]
    people = [(0, 1)] * 6 + [(2, 1)] * 4 + [(2, 3)] * 4 + [(4, -1)] * 3
    sim = lab(people, kinds, room=GENEROUS, acts={"rate": 0.0})
    sim.sites.mode[[1, 2, 3]] = ABANDONED
    put(sim, range(17), IN_STRUGGLE)
    for site in (1, 2, 3):
        sim.step()
        sim.sites.mode[site] = COMMODITY
    sim.step()
    assert sim.sites.struggle.tolist() == [0, 0, 0, 0, 1]
    twin = sim.branch({"acts.rate_concession": 10.0})
    twin.struggles.demands[0], twin.struggles.demand[0] = 1, 1.0
    twin.step()
    assert twin.series.settlements.values[-1] == 1
    assert twin.people.activity.tolist() == [ROUTINE] * 14 + [IN_STRUGGLE] * 3
    assert twin.sites.active.tolist() == [0, 0, 0, 0, 3]
    assert twin.places.active.tolist() == [3]
    assert twin.sites.mode.tolist() == [COMMODITY] * 4 + [CONTESTED]
    assert [twin.struggles.active[0], twin.struggles.sites[0], twin.struggles.members[0]] == [0, 0, 0]
    twin.step()
    assert twin.sites.mode.tolist() == [COMMODITY] * 4 + [CONTESTED]
    assert twin.sites.struggle.tolist() == [-1] * 4 + [1]
    assert STRUGGLE_ENDS[twin.struggles.end[0]] == "settled"
    assert twin.struggles.ended.tolist() == [5, -1]
    assert STRUGGLE_ENDS[twin.struggles.end[1]] == "going_on"


def test_a_settlement_leaves_a_measure_of_the_struggle_in_force():
    """A workplace is taken, with four of its people; the struggle that carried it is settled."""
    sim = lab([(0, 1)] * 12, ["neighbourhood", "workplace"], room=GENEROUS, acts={"rate": 0.0, "rate_concession": 10.0})
    put(sim, range(12), IN_STRUGGLE)
    sim.step()
    sim.state.practices.grow(1)
    sim.sites.mode[1], sim.sites.instance[1] = TAKEN, sim.instances.grow(1)
    sim.instances.site[0] = 1
    taking_part.enter(sim.state, np.arange(4, dtype=np.int32), np.full(4, 1, np.int32))
    belonging = sim.people.belonging.copy()
    sim.struggles.demands[0], sim.struggles.demand[0] = 1, 9.0
    sim.step()
    assert sim.series.settlements.values[-1] == 1
    assert sim.sites.mode.tolist() == [COMMODITY, TAKEN]
    assert sim.sites.struggle.tolist() == [-1, -1]
    assert sim.sites.instance.tolist() == [-1, 0]
    assert sim.people.measure.tolist() == [1] * 4 + [-1] * 8
    assert not (sim.people.activity == IN_STRUGGLE).any()
    np.testing.assert_array_equal(sim.people.belonging[:4], belonging[:4])  # who takes part made no demand
    assert (sim.people.belonging[4:] > belonging[4:]).all()
    assert sim.sites.relief.tolist() == pytest.approx([0.5, 0.5])
    assert STRUGGLE_ENDS[sim.struggles.end[0]] == "settled"


@pytest.mark.parametrize(("regime", "after"), [(0.0, 0.6), (0.5, 0.55), (1.0, 0.5)])
def test_a_settlement_raises_belonging_as_the_regime_allows(regime, after):
    sim = crowd(belonging=0.5, regime=regime, room=GENEROUS, acts={"rate_concession": 10.0, "settlement_gain": 0.2})
    outsider = lab([(0, -1)] * 20, ["neighbourhood"], belonging=0.5)
    for _ in range(5):
        sim.step()
        outsider.step()
    assert sim.series.settlements.values.sum() == 1
    assert (sim.people.activity == ROUTINE).all()
    np.testing.assert_allclose(sim.people.belonging, after, rtol=1e-6)
    np.testing.assert_allclose(outsider.people.belonging, 0.5)


def test_only_those_in_the_settled_struggle_gain_belonging():
    sim = crowd(belonging=0.5, room=GENEROUS, acts={"rate_concession": 10.0})
    put(sim, range(5), ROUTINE)
    sim.run(5)
    np.testing.assert_allclose(sim.people.belonging[:5], 0.5)
    np.testing.assert_allclose(sim.people.belonging[5:], 0.6, rtol=1e-6)


def test_without_demands_nothing_is_conceded_or_refused():
    sim = crowd(belonging=-1.0, room=GENEROUS, acts={"rate_concession": 10.0, "rate_refusal": 10.0})
    sim.run(10)
    assert sim.struggles.rifts[0] == 10
    assert sim.series.settlements.values.sum() == sim.series.refusals.values.sum() == 0
    assert (sim.people.activity == IN_STRUGGLE).all()


def test_a_demand_long_past_is_not_conceded():
    sim = crowd(belonging=1.0, room=GENEROUS, acts={"rate": 0.0, "rate_concession": 10.0, "half_life_days": 2.0})
    sim.step()
    sim.struggles.demands[0], sim.struggles.demand[0] = 3, 0.7
    sim.step()  # 0.49
    assert sim.series.settlements.values.sum() == 0
    sim.struggles.demand[0] = 0.72
    sim.step()  # 0.509
    assert sim.series.settlements.values.sum() == 1


@pytest.mark.parametrize("width", [0.1, 1.0])
def test_concessions_come_at_their_hazard(width):
    sim = many(room={"room_employers": -1.0, "room_state": 0.3}, acts={"rate": 0.0, "rate_concession": 0.4, "concession_cost": 0.2, "concession_width": width})
    sim.step()
    sim.struggles.demands[:], sim.struggles.demand[:] = 1, 9.0
    sim.step()
    can = 1 / (1 + np.exp(-(0.3 - 0.2) / width))
    p = 1 - np.exp(-0.4 * can)
    found = sim.series.settlements.values[-1]
    assert abs(found - 600 * p) < 4 * np.sqrt(600 * p * (1 - p))
    assert sim.places.active[0] == 4 * (600 - found)


@pytest.mark.parametrize(("room", "settled"), [({"room_employers": 5.0, "room_state": -1.0}, 1), ({"room_employers": -1.0, "room_state": 1.0}, 0)])
def test_employers_concede_at_work_and_the_state_where_people_live(room, settled):
    """One struggle in a workplace (its people live scattered) and one in a neighbourhood."""
    people = [(2 + i, 1) for i in range(10)] + [(0, -1)] * 10
    acts = {"rate": 0.0, "rate_concession": 10.0, "rate_refusal": 10.0, "concession_width": 0.05, "refusal_loss": 0.5}
    sim = lab(people, ["neighbourhood", "workplace"] + ["neighbourhood"] * 10, room=room, acts=acts)
    put(sim, range(20), IN_STRUGGLE)
    sim.step()
    at_work, at_home = int(sim.sites.struggle[1]), int(sim.sites.struggle[0])
    assert sorted((at_work, at_home)) == [0, 1]
    sim.struggles.demands[:], sim.struggles.demand[:] = 1, 9.0
    sim.step()
    won, lost = (at_work, at_home) if settled else (at_home, at_work)
    assert STRUGGLE_ENDS[sim.struggles.end[won]] == "settled"
    assert STRUGGLE_ENDS[sim.struggles.end[lost]] == "going_on"
    assert sim.struggles.refusals[lost] == 1
    gone = np.arange(10) if settled else np.arange(10, 20)
    assert np.flatnonzero(sim.people.activity == ROUTINE).tolist() == gone.tolist()


def test_a_settled_struggle_is_over_where_another_struggle_has_people_too():
    """The neighbourhood is put into struggle 1; most who live there work, in struggle 0; struggle 1 is settled."""
    sim = lab([(0, -1)] * 4 + [(0, 1)] * 8, ["neighbourhood", "workplace"], room=GENEROUS, acts={"rate": 0.0, "rate_concession": 10.0})
    put(sim, range(12), IN_STRUGGLE)
    sim.step()
    home = sim.struggles.grow(1)
    sim.sites.struggle[0] = home
    assert sim.sites.struggle.tolist() == [1, 0]
    sim.struggles.demands[home], sim.struggles.demand[home] = 1, 9.0
    sim.run(3)
    assert STRUGGLE_ENDS[sim.struggles.end[home]] == "settled"
    assert sim.series.settlements.values.sum() == 1
    assert sim.struggles.ended[home] >= 0
    assert sim.sites.struggle[0] != home


def test_who_joins_after_a_settlement_begins_another_struggle():
    sim = crowd(belonging=1.0, room=GENEROUS, acts={"rate_concession": 10.0, "relief": 0.0}, nerve=-10.0, rate_joining=10.0)
    sim.run(6)
    ended = sim.struggles.ended[sim.struggles.end == STRUGGLE_ENDS.index("settled")]
    assert sim.series.settlements.values.sum() > 1
    assert len(sim.struggles) >= sim.series.settlements.values.sum()
    assert (ended >= 0).sum() >= sim.series.settlements.values.sum() - 1


# --- relief ---


def test_relief_follows_a_settlement_and_fades_with_its_half_life():
    sim = crowd(belonging=1.0, room=GENEROUS, acts={"rate_concession": 10.0, "relief": 0.8, "relief_half_life_days": 4.0})
    sim.step()
    assert sim.series.settlements.values.tolist() == [1]
    assert sim.sites.relief[0] == pytest.approx(0.8)
    sim.run(8)
    assert sim.sites.relief[0] == pytest.approx(0.2, rel=1e-5)


@pytest.mark.parametrize(("relief", "joins"), [(0.0, 20), (5.0, 0)])
def test_relief_keeps_people_home(relief, joins):
    sim = lab([(0, -1)] * 20, ["neighbourhood"], nerve=-2.0, rate_joining=10.0)
    sim.sites.relief[0] = relief
    sim.step()
    assert sim.places.active[0] == joins


# --- refusal ---


def test_a_refusal_lowers_belonging_and_the_struggle_goes_on():
    sim = crowd(belonging=0.5, room=MEAN, acts={"rate": 0.0, "rate_refusal": 10.0, "refusal_loss": 0.3})
    put(sim, range(5), ROUTINE)
    sim.step()
    sim.struggles.demands[0], sim.struggles.demand[0] = 1, 9.0
    sim.step()
    assert sim.series.refusals.values.tolist() == [0, 1]
    np.testing.assert_allclose(sim.people.belonging[:5], 0.5)
    np.testing.assert_allclose(sim.people.belonging[5:], 0.5 - 0.3 * 1.5, rtol=1e-6)
    assert (sim.people.activity[5:] == IN_STRUGGLE).all()
    assert sim.struggles.refusals.tolist() == [1]
    assert sim.struggles.ended.tolist() == [-1]
    sim.step()
    once = 0.5 - 0.3 * 1.5
    np.testing.assert_allclose(sim.people.belonging[5:], once - 0.3 * (1 + once), rtol=1e-5)


def test_refusals_come_at_their_hazard():
    sim = many(room={"room_employers": 5.0, "room_state": 0.0}, acts={"rate": 0.0, "rate_refusal": 0.8, "concession_cost": 0.1})
    sim.step()
    sim.struggles.demands[:], sim.struggles.demand[:] = 1, 9.0
    sim.step()
    can = 1 / (1 + np.exp(1.0))
    p = 1 - np.exp(-0.8 * (1 - can))
    assert abs(sim.series.refusals.values[-1] - 600 * p) < 4 * np.sqrt(600 * p * (1 - p))


def test_struggles_that_ended_act_no_more():
    sim = crowd(belonging=1.0, room=GENEROUS)
    sim.run(2)
    put(sim, range(20), ROUTINE)
    sim.run(3)
    assert sim.struggles.demands.tolist() == [2]
    assert sim.series.demand.values[-1] == 0.0


# --- a demand that cannot serve all ---


def mixed(*, split=1.0, workers=12, residents=10, **options):
    """A plant, the neighbourhood of its workers, and people there without work, all in one struggle that can only make demands."""
    options = {"room": GENEROUS, "belonging": 1.0, "acts": {"rate": 10.0, "split": split}} | options
    sim = lab([(0, 1)] * workers + [(0, -1)] * residents, ["neighbourhood", "workplace"], **options)
    put(sim, range(workers + residents), IN_STRUGGLE)
    return sim


def test_a_demand_to_employers_parts_those_whom_it_cannot_serve():
    sim = mixed()
    sim.run(1)
    struggles, sites = sim.struggles, sim.sites
    assert len(struggles) == 2
    assert sites.struggle.tolist() == [1, 0]
    assert struggles.split_from.tolist() == [-1, 0]
    assert (struggles.active.tolist(), struggles.sites.tolist(), struggles.members.tolist()) == ([12, 10], [1, 1], [12, 22])
    assert struggles.place.tolist() == [0, 0]
    assert sim.series.splits.values.tolist() == [1]
    sim.run(4)
    assert len(struggles) == 2  # of one kind each
    assert struggles.ended.tolist() == [-1, -1]
    assert struggles.demands[1] > 0  # it makes demands of its own
    assert sim.series.splits.values.sum() == 1
    assert struggles.person_days.tolist() == [5 * 12 + 10, 4 * 10]  # on the day of the parting all were counted in the first


@pytest.mark.parametrize("changes", [{"split": 0.0}, {"belonging": -1.0}, {"workers": 0}, {"room": MEAN, "belonging": 0.0}])
def test_without_such_a_demand_a_struggle_stays_whole(changes):
    sim = mixed(**changes)
    sim.run(5)
    assert len(sim.struggles) == 1
    assert sim.series.splits.values.sum() == 0


def test_demands_part_at_their_probability():
    n = 800
    people = [(2 * k, 2 * k + 1) for k in range(n) for _ in range(4)] + [(2 * k, -1) for k in range(n) for _ in range(4)]
    sim = lab(people, ["neighbourhood", "workplace"] * n, room=GENEROUS, belonging=1.0, acts={"rate": 10.0, "split": 0.3})
    put(sim, range(len(people)), IN_STRUGGLE)
    sim.run(1)
    apart = sim.sites.struggle[::2] != sim.sites.struggle[1::2]
    assert (sim.struggles.split_from < 0).sum() == n
    assert sim.series.splits.values[0] == apart.sum() == (sim.struggles.split_from >= 0).sum()
    assert abs(apart.sum() - 0.3 * n) < 4 * np.sqrt(n * 0.21)
