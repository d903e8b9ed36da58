"""Fronts: what they are, how their days are counted, what they harden and what they drain."""

import numpy as np
import pytest
from measure_labs import CONTENTS, lab, mechanism_of, put, step, take
from scipy import sparse

from communize.declare.registry import EVICTION, IN_MEASURE, IN_STRUGGLE, NEED
from communize.mechanisms.opponents import fronts

TWO = [CONTENTS.index(name) for name in ("hierarchy", "division_of_labour")]


def row(n_places=3, n=8, **law):
    """Places in a row, 10 km apart, of `n` residents each; the first is taken by all, the second held by force. Confrontation is not asked for."""
    law = {"confrontation_days": 0, **law}
    sim = lab([(site, -1) for site in range(n_places) for _ in range(n)], ["neighbourhood"] * n_places, place_of=list(range(n_places)), on=("measures", "fronts"), fronts=law)
    take(sim, 0, people=[range(n)])
    if n_places > 1:
        sim.places.force[1] = 1.0
    return sim


def days_of(sim):
    """Days of each pair as a square array."""
    contact = sim.society.contact
    n = len(sim.places)
    return sparse.csr_array((sim.state.contacts.front_days, contact.neighbours, contact.offsets), shape=(n, n)).toarray()


@pytest.mark.parametrize("seed", range(5))
def test_the_kernel_does_what_plain_python_does(seed):
    rng = np.random.default_rng(seed)
    n = 12
    degree = rng.integers(0, 6, n)
    offsets = np.concatenate([[0], np.cumsum(degree)])
    neighbours = np.concatenate([rng.permutation(n)[:k] for k in degree]).astype(np.int64)
    weights, near = rng.random(neighbours.size), rng.random(neighbours.size) < 0.7
    state = rng.integers(0, 3, n)
    taken, held, met = state == 1, state == 2, rng.random(n) < 0.5
    days = rng.integers(0, 9, neighbours.size).astype(np.int32)
    wanted, intensity = days.tolist(), []
    for p in range(n):
        whole = facing = 0.0
        for j in range(offsets[p], offsets[p + 1]):
            if near[j]:
                whole += weights[j]
                q = neighbours[j]
                front = taken[p] and held[q] and (met[p] or met[q])
                wanted[j] = wanted[j] + 1 if front else 0
                facing += weights[j] * min(1, wanted[j] / 6.0) * front
        intensity.append(facing / whole if whole else 0.0)
    found = np.empty(n)
    fronts.hold_fronts(offsets, neighbours, weights, near, taken, held, met, 6.0, days, found)
    assert days.tolist() == wanted
    np.testing.assert_allclose(found, intensity, rtol=1e-12)


def test_days_of_a_front_are_counted_and_fix_it():
    sim = row(2, fixing_days=10.0, drain=0.4)
    sim.run(20)
    assert days_of(sim).tolist() == [[0, 20], [0, 0]]
    assert sim.series.fronts.values.tolist() == [1] * 20
    assert sim.series.front_days.values.tolist() == list(range(1, 21))
    np.testing.assert_allclose(sim.series.drain.values, 0.4 * np.minimum(1, np.arange(1, 21) / 10), rtol=1e-6)
    assert sim.places.front.tolist() == [1.0, 0.0]


def test_a_front_that_moves_begins_anew():
    sim = row(3)
    sim.run(5)
    sim.places.force[:] = 0, 0, 1.0  # force has fallen back
    sim.run(2)
    assert days_of(sim).tolist() == [[0, 0, 2], [0, 0, 0], [0, 0, 0]]
    sim.places.force[:] = 0, 1.0, 1.0
    sim.run(1)
    assert days_of(sim)[0].tolist() == [0, 1, 3]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("window", [1, 4])
def test_a_front_without_confrontation_in_one_of_its_places_is_none(place, window):
    """Somebody was arrested on day 2; it counts that day and `confrontation_days` more, and begins anew on day 12."""
    sim = row(3, confrontation_days=window)
    for day in range(14):
        if day in (2, 12):
            sim.places.confronted[place] = day
        sim.run(1)
    counted = [0, 0, *range(1, window + 2)]
    wanted = [*counted, *[0] * (12 - len(counted)), 1, 2]
    days = [0 if np.isnan(value) else value for value in sim.series.front_days.values]
    assert days == (wanted if place < 2 else [0] * 14)


def test_evictions_of_the_day_before_are_confrontation_other_endings_are_not():
    for cause, met in ((EVICTION, [4, -1]), (NEED, [-1, -1])):
        sim = row(2, confrontation_days=1)
        ended = sim.instances.grow(1)
        sim.instances.ended[ended], sim.instances.place[ended], sim.instances.cause[ended] = 4, 0, cause
        for day in (4, 5, 6):
            step(sim, "fronts", day)
            assert days_of(sim)[0, 1] == (day == 5 and cause == EVICTION)
        assert sim.places.confronted.tolist() == met


def test_who_is_arrested_confronts_force_there():
    sim = lab([(site, -1) for site in range(2) for _ in range(50)], ["neighbourhood"] * 2, place_of=[0, 1], on=("force", "fronts"), force={"rate_arrest": 10.0})
    put(sim, range(50), IN_STRUGGLE)
    sim.places.force[:] = 40.0
    step(sim, "force", 3)
    assert sim.state.days.arrests[0] > 0
    assert sim.places.confronted.tolist() == [3, -1]


def test_where_nothing_is_taken_any_more_the_fronts_are_gone():
    sim = row(2)
    sim.run(3)
    put(sim, range(8), 0)
    sim.run(1)
    assert not sim.state.contacts.front_days.any()
    assert not sim.places.front.any()
    assert not sim.places.drain.any()
    assert np.isnan(sim.series.drain.values[-1])


@pytest.mark.parametrize(("inside", "force", "front"), [(2, 0.081, True), (1, 0.081, False), (2, 0.079, False), (0, 1.0, False)])
def test_what_is_taken_and_what_is_held_are_shares_of_residents(inside, force, front):
    """Of eight residents a quarter take part; 0.01 agents a resident hold a place."""
    sim = row(2)
    put(sim, range(8), 0)
    put(sim, range(inside), IN_MEASURE, 0)
    sim.places.force[1] = np.float32(force)
    sim.run(1)
    assert bool(sim.series.fronts.values[0]) == front


def test_two_taken_places_have_no_front_whatever_force_is_there():
    sim = row(2)
    take(sim, 1, people=[range(8, 16)])
    sim.places.force[:] = 1.0
    sim.run(1)
    assert sim.series.fronts.values.tolist() == [0]


@pytest.mark.parametrize("near", [1, 2, 4])
def test_fronts_lie_among_the_strongest_contacts(near):
    """The others are held at increasing distance; who is not among the nearest has no front."""
    sim = row(5, near=near)
    sim.places.force[1:] = 1.0
    sim.run(1)
    assert days_of(sim)[0].tolist() == [0] + [1] * near + [0] * (4 - near)


def test_the_intensity_is_the_share_of_contact_that_faces_force():
    sim = row(4, fixing_days=1.0)
    contact = sim.society.contact
    mine = contact.weights[contact.offsets[0] : contact.offsets[1]]
    towards = contact.neighbours[contact.offsets[0] : contact.offsets[1]]
    sim.run(1)
    assert sim.places.front[0] == pytest.approx(mine[towards == 1].sum() / mine.sum(), rel=1e-6)


def test_a_fixed_front_hardens_two_contents_by_the_law():
    """c(t) = -1 + (1 + c0) (1 - psi_f)^t where all contact faces force."""
    sim = row(2, fixing_days=0.1, hardening=0.03)
    sim.instances.content[0] = 0.5
    sim.run(25)
    wanted = np.full(len(CONTENTS), 0.5)
    wanted[TWO] = -1 + 1.5 * 0.97**25
    np.testing.assert_allclose(sim.instances.content[0], wanted, atol=1e-5)


@pytest.mark.parametrize("law", [{"hardening": 0.0}, {"taken": 1.0, "inside": 7}, {"held": 1.0}])
def test_what_kills_a_front_or_its_hardening(law):
    law = dict(law)
    inside = law.pop("inside", 8)
    sim = row(2, **law)
    put(sim, range(inside, 8), 0)
    sim.instances.content[0] = 0.5
    sim.run(10)
    np.testing.assert_array_equal(sim.instances.content[0], np.float32(0.5))
    assert sim.places.drain.any() == ("hardening" in law)


def test_without_drain_no_labour_is_bound():
    sim = row(2, drain=0.0)
    sim.run(40)
    assert sim.places.front[0] == 1.0
    assert not sim.places.drain.any()


def test_one_place_alone_has_no_front():
    sim = row(1)
    sim.places.force[0] = 1.0
    sim.run(2)
    assert sim.series.fronts.values.tolist() == [0, 0]
    assert mechanism_of(sim, "fronts")._near.size == 0
