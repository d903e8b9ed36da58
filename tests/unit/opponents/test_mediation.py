"""Mediation: where it comes from, how it helps concessions, what it offers, and what accepting costs."""

import numpy as np
import pytest
from measure_labs import CONTENTS, close, lab, put, step, take
from oracles import uniform

from communize.declare.registry import CAUSES, IN_STRUGGLE
from communize.kernels import decisions
from communize.mechanisms.opponents import mediation
from communize.mechanisms.struggle import acts

FOUR = [CONTENTS.index(name) for name in ("exchange", "wage_labour", "hierarchy", "mediation")]
SURE = {"rate_offer": 50.0, "every_days": 1}


def town(n=10, n_sites=1, attached=0, per_place=None, **law):
    """Neighbourhoods of `n` people, of whom the first `attached` have positive belonging; each in the one place, or in its own."""
    sim = lab(
        [(site, -1) for site in range(n_sites) for _ in range(n)], ["neighbourhood"] * n_sites,
        place_of=list(range(n_sites)) if per_place else None, on=("measures", "mediation"), mediation=law)  # fmt: skip
    sim.people.belonging[:] = -0.1
    sim.people.belonging[:attached] = 0.1
    return sim


@pytest.mark.parametrize("seed", range(4))
def test_offers_are_those_of_plain_python(seed):
    rng = np.random.default_rng(seed)
    n, key, day = 200, 7 + 2**40 * seed, 3
    place, instance = rng.integers(0, 5, n), rng.permutation(n)
    content = rng.uniform(-1, 1, (n, len(CONTENTS))).astype(np.float32)
    shelter, strength = np.where(rng.random(n) < 0.2, 0.5, 0.0).astype(np.float32), rng.random(5)
    after, status = content.copy(), shelter.copy()
    counts = mediation.offer(0, n, 0, np.arange(n), place, instance, after, status, strength, 0.8, 0.3, 0.7, np.uint64(key), day)
    offered = accepted = 0
    for s in range(n):
        row = instance[s]
        refusing = (1 + float(content[row, CONTENTS.index("mediation")])) / 2
        if shelter[row] > 0 or uniform(key, s, day, decisions.OFFER, 0) >= 1 - np.exp(-0.8 * strength[place[s]]):
            continue
        offered += 1
        if uniform(key, s, day, decisions.OFFER, 1) >= refusing:
            accepted += 1
            shelter[row] = 0.7
            content[row, FOUR] = np.maximum(-1, content[row, FOUR] - 0.3)
    assert counts == (offered, accepted)
    assert 0 < accepted < offered
    np.testing.assert_allclose(after, content, atol=1e-6)
    np.testing.assert_array_equal(status, shelter)


# --- where it comes from ---


def test_mediation_rests_on_positive_belonging_and_on_the_middle_strata():
    sim = town(10, 2, attached=4, per_place=True, strength=2.0, middle=3.0, every_days=1)
    sim.places.middle[:] = 0.0, 0.2
    sim.run(1)
    np.testing.assert_allclose(sim.places.mediation, [0.8, 0.6], rtol=1e-6)
    assert sim.series.mediation.values == pytest.approx([0.7])


@pytest.mark.parametrize("law", [{"strength": 0.0, "middle": 0.0}, {"enabled": False}])
def test_without_its_sources_there_is_none(law):
    sim = town(attached=10, every_days=1, **law)
    sim.places.middle[:] = 0.5
    sim.run(2)
    assert not sim.places.mediation.any()


def test_belonging_is_counted_every_so_many_days():
    sim = town(every_days=5)
    sim.run(1)
    sim.people.belonging[:] = 0.5
    sim.run(4)
    assert sim.series.mediation.values.tolist() == [0.0] * 5
    sim.run(1)
    assert sim.series.mediation.values[-1] == 1.0


def test_a_place_without_people_has_none():
    sim = lab([(0, -1)] * 3, ["neighbourhood", "neighbourhood"], place_of=[0, 1], on=("mediation",))
    sim.people.belonging[:] = 0.5
    sim.run(1)
    assert sim.places.mediation.tolist() == [1.0, 0.0]
    assert sim.series.mediation.values.tolist() == [1.0]


def test_by_default_it_does_not_follow_the_ebb():
    sim = town(attached=5, every_days=1)
    put(sim, range(10), IN_STRUGGLE)
    sim.run(2)
    put(sim, range(10), 0)
    sim.run(20)
    assert (sim.series.mediation.values == 0.5).all()


@pytest.mark.parametrize("horizon", [0.0, 0.3, 1.0])
def test_where_it_follows_the_ebb_it_doubles_when_all_have_gone_home_and_no_horizon_is_left(horizon):
    sim = town(attached=5, every_days=1, follows_ebb=True, ebb_half_life_days=10.0)
    sim.places.horizon[:] = horizon
    sim.run(1)
    put(sim, range(8), IN_STRUGGLE)
    sim.run(1)
    put(sim, range(2), IN_STRUGGLE)
    put(sim, range(2, 10), 0)
    sim.run(1)
    put(sim, range(10), 0)
    sim.run(1)
    left = 8 * 2**-0.1
    ebb = np.array([0.0, 0.0, 1 - 2 / left, 1.0])
    assert sim.series.mediation.values == pytest.approx(0.5 * (1 + ebb * (1 - horizon)), rel=1e-5)


# --- what it does to struggles ---


def test_the_hazard_of_a_concession_is_multiplied_and_acts_turn_to_demands():
    """Settled, demands and rifts of many struggles against the law, with and without mediation."""
    n = 4000
    for strength in (0.0, 1.5):
        counts = (np.full(n, 5), np.full(n, 10), *(np.zeros(n, np.int32) for _ in range(3)))
        counts[2][:] = 1  # all have made a demand
        demand = np.ones(n, np.float32)
        settled, refused, parted = (np.zeros(n, np.bool_) for _ in range(3))
        acts.day_of_struggles(
            np.arange(n), counts, (np.zeros(n), demand, np.zeros(n, np.float32), np.full(n, strength)), np.zeros((n, 2), np.int64),
            (np.full(n, 0.2), 0.0), (10.0, 1.0, 0.1, 0.2, 0.1, 0.0, 0.0), np.uint64(5), 0, settled, refused, parted)  # fmt: skip
        p = 1 - np.exp(-0.1 * (1 + strength) * 0.5)
        assert close(settled.sum(), n, p)
        made = counts[2].sum() - n
        assert close(made, made + counts[3].sum(), 0.25 * (1 + strength) / (0.25 * (1 + strength) + 0.5))


def test_a_struggle_meets_the_mediation_of_its_sites():
    sim = lab([(site, -1) for site in range(4)], ["neighbourhood"] * 4, place_of=[0, 0, 1, 1], on=("acts",))
    sim.struggles.grow(3)
    sim.sites.struggle[:] = [0, 0, 0, 2]
    sim.places.mediation[:] = 0.3, 0.9
    acts_at_work = next(m for m in sim.mechanisms if m.name == "acts")
    np.testing.assert_allclose(acts_at_work._mediation(sim.state), [0.5, 0.0, 0.9], rtol=1e-6)


# --- offers ---


def test_an_offer_is_refused_with_half_of_one_plus_the_content():
    n = 900
    sim = lab([(site, -1) for site in range(n)], ["neighbourhood"] * n, on=("measures", "mediation"), mediation={"rate_offer": 0.7, "every_days": 1})
    sim.people.belonging[:] = 0.5
    for first, content in ((0, -1.0), (300, 0.0), (600, 0.5)):
        take(sim, np.arange(first, first + 300), mediation=content)
    step(sim, "mediation", 0)
    offered = 1 - np.exp(-0.7)
    for first, refusing in ((0, 0.0), (300, 0.5), (600, 0.75)):
        assert close((sim.instances.shelter[first : first + 300] > 0).sum(), 300, offered * (1 - refusing))
    assert close(sim.state.days.offers[0], n, offered)
    assert sim.state.days.accepted[0] == (sim.instances.shelter > 0).sum() == sim.state.tally.accepted[0]


def test_accepting_lowers_four_contents_and_gives_shelter_once():
    sim = town(attached=10, loss=0.25, shelter=0.6, **SURE)
    take(sim, 0, people=[[0, 1]], **dict.fromkeys(CONTENTS, 0.1) | {"mediation": -1.0, "hierarchy": -0.9})
    before = sim.instances.content[0].copy()
    sim.run(5)
    wanted = before.astype(float)
    wanted[FOUR] = np.maximum(-1.0, wanted[FOUR] - 0.25)
    np.testing.assert_allclose(sim.instances.content[0], wanted, atol=1e-6)
    assert sim.instances.shelter[0] == pytest.approx(0.6)
    assert sim.series.offers.values.tolist() == sim.series.accepted.values.tolist() == [1, 0, 0, 0, 0]
    assert sim.series.legal_instances.values.tolist() == [1] * 5


def test_who_refuses_all_mediation_never_accepts():
    sim = town(attached=10, **SURE)
    take(sim, 0, people=[[0]], mediation=1.0)
    sim.run(10)
    assert sim.series.offers.values.tolist() == [1] * 10
    assert sim.instances.shelter.tolist() == [0.0]


@pytest.mark.parametrize("law", [{"rate_offer": 0.0}, {"strength": 0.0}])
def test_without_rate_or_mediation_nothing_is_offered(law):
    sim = town(attached=10, **{**SURE, **law})
    take(sim, 0, people=[[0]])
    sim.run(5)
    assert sim.series.offers.values.sum() == 0


def test_without_loss_a_status_costs_nothing():
    sim = town(attached=10, loss=0.0, **SURE)
    take(sim, 0, people=[[0]], mediation=-1.0, exchange=0.4)
    before = sim.instances.content.copy()
    sim.run(2)
    assert sim.instances.shelter[0] > 0
    np.testing.assert_array_equal(sim.instances.content, before)


@pytest.mark.parametrize(("shelter", "p"), [(0.0, 0.3), (0.5, 0.15), (1.0, 0.0)])
def test_a_legal_status_takes_its_part_off_evictions(shelter, p):
    n = 1500
    only = dict.fromkeys(("spent", "isolation", "need", "ebb", "other_measure"), 0.0)
    sim = lab([(site, -1) for site in range(n)], ["neighbourhood"] * n, on=("measures", "dissolution"), dissolution=only)
    take(sim, np.arange(n), people=[[site] for site in range(n)])
    sim.places.eviction[:] = 0.3
    sim.instances.shelter[:] = shelter
    step(sim, "dissolution", 5)
    assert close((sim.instances.cause == CAUSES.index("eviction")).sum(), n, 1 - np.exp(-p))
