"""Managers, owners and farmers side with what feeds them."""

import numpy as np
import pytest
from measure_labs import close, lab, set_shortage, step, take

from communize.declare.registry import IN_MEASURE, POSITIONS
from communize.mechanisms.opponents import siding

MIDDLE = ("farmer", "manager", "owner")
MIDDLE_ROWS = [POSITIONS.index(name) for name in MIDDLE]
OTHER_ROWS = [row for row in range(len(POSITIONS)) if row not in MIDDLE_ROWS]
EACH_DAY = {"every_days": 1}


def town(position, n_places=1, **law):
    """A neighbourhood in each place with a person of each of `position`."""
    n = len(position)
    return lab(
        [(place, -1) for place in range(n_places) for _ in range(n)], ["neighbourhood"] * n_places, place_of=list(range(n_places)),
        position=list(position) * n_places, on=("siding",), siding={**EACH_DAY, **law})  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_the_kernels_count_as_plain_python_does(seed):
    rng = np.random.default_rng(seed)
    n = 500
    position, pays = rng.integers(0, len(POSITIONS), n).astype(np.int8), rng.random(n).astype(np.float32)
    sums = np.zeros((2, len(POSITIONS), 2))
    siding.pay_by_position(0, 200, 0, position, pays, sums)
    siding.pay_by_position(200, n, 1, position, pays, sums)
    for row in range(len(POSITIONS)):
        who = position == row
        np.testing.assert_allclose(sums.sum(axis=0)[row], [who.sum(), pays[who].sum(dtype=float)], rtol=1e-6)
    home, measure, place = rng.integers(0, 9, n), rng.integers(-1, 3, n), rng.integers(0, 4, 9)
    found, work, members = np.zeros((4, 3), np.int64), rng.integers(-1, 9, n), rng.integers(1, 9, 9)
    siding.count_middle(home, work, position, measure, members, place, 4.0, found)
    assert found.tolist() == [
        [sum(place[home[i]] == p and POSITIONS[position[i]] == name and measure[i] < 0
             and (name != "owner" or work[i] < 0 or members[work[i]] < 5) for i in range(n)) for name in MIDDLE] for p in range(4)]  # fmt: skip


@pytest.mark.parametrize(("free", "pays", "share"), [(0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (0.5, 1.0, 0.5), (0.2, 0.5, 1 / 3), (1.0, 1.0, 1.0), (0.3, 0.0, 1.0)])
def test_the_factor_is_what_is_free_against_what_they_would_lose(free, pays, share):
    sim = town(MIDDLE)
    sim.people.affordability[:] = pays
    sim.places.free_coverage[:], sim.places.open_to_others[:] = free, 1.0
    sim.run(1)
    np.testing.assert_allclose(sim.places.siding[0, MIDDLE_ROWS], share, rtol=1e-6)
    assert (sim.places.siding[0, OTHER_ROWS] == 1).all()
    assert sim.series.siding.values == pytest.approx([share], rel=1e-6)


def test_what_is_not_open_to_them_does_not_count():
    sim = town(MIDDLE, 2)
    sim.places.free_coverage[:], sim.places.open_to_others[:] = 0.8, [0.0, 0.5]
    sim.run(1)
    np.testing.assert_allclose(sim.places.siding[:, MIDDLE_ROWS[0]], [0.0, 0.4], rtol=1e-6)


def test_each_position_has_its_own_means():
    sim = town(MIDDLE)
    sim.people.affordability[:] = 0.2, 1.0, 0.6
    sim.places.free_coverage[:], sim.places.open_to_others[:] = 0.5, 1.0
    sim.run(1)
    np.testing.assert_allclose(sim.places.siding[0, MIDDLE_ROWS], [0.5 / 0.6, 0.5 / 1.0, 0.5 / 0.8], rtol=1e-6)


def test_those_of_them_who_join_nothing_are_a_source_of_mediation_each_by_their_own_factor():
    sim = town(["manager", "owner", "farmer", "farmer", "stable"])
    sim.run(1)
    assert sim.places.middle[0] == pytest.approx(4 / 5)
    sim.people.measure[0] = 0  # one has joined
    sim.people.affordability[:] = 0.8, 1.0, 0.1, 0.3, 0.5
    sim.places.free_coverage[:], sim.places.open_to_others[:] = 0.5, 1.0
    step(sim, "siding")
    owner, farmer = 0.5 / (0.5 + 0.5 * 1.0), 0.5 / (0.5 + 0.5 * 0.2)
    assert sim.places.middle[0] == pytest.approx(((1 - owner) + 2 * (1 - farmer)) / 5, rel=1e-5)


@pytest.mark.parametrize(("small", "scale", "counted"), [(4.0, 1.0, 0), (5.0, 1.0, 1), (40.0, 10.0, 0), (41.0, 10.0, 1), (0.0, 1.0, 0)])
def test_owners_of_large_firms_are_no_source_of_mediation(small, scale, counted):
    """One owner with a staff of four agents; who has no site of work is small."""
    sim = lab(
        [(0, 1)] * 5, ["neighbourhood", "workplace"], position=["owner", *["stable"] * 4], scale=scale, on=("siding",), siding={**EACH_DAY, "small": small})  # fmt: skip
    sim.run(1)
    assert sim.places.middle[0] == pytest.approx(counted / 5)
    assert town(["owner"], small=small).run(1).places.middle[0] == 1


def test_means_are_counted_every_so_many_days():
    sim = town(MIDDLE, every_days=3)
    sim.places.free_coverage[:], sim.places.open_to_others[:] = 0.5, 1.0
    sim.run(1)
    sim.people.affordability[:] = 0.0
    sim.run(2)
    assert sim.series.siding.values.tolist() == [0.5] * 3
    sim.run(1)
    assert sim.series.siding.values[-1] == 1.0


def test_a_place_without_people_and_positions_that_nobody_has():
    sim = lab([(0, -1)], ["neighbourhood", "neighbourhood"], place_of=[0, 1], on=("siding",), siding=EACH_DAY)
    sim.run(1)
    assert sim.places.middle.tolist() == [0.0, 0.0]
    assert np.isfinite(sim.places.siding).all()


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("position", ["farmer", "manager", "owner", "stable"])
def test_only_they_join_with_the_hazard_times_that_share(position, factor):
    n = 1200
    takes_part = {name: {"share": 1 / len(POSITIONS), "takes_part": True} for name in POSITIONS}
    sim = lab(
        [(0, -1)] * n, ["neighbourhood"], position=["stable"] * 600 + [position] * 600, on=("measures", "rallying"),
        society={"horizon": 1.0, "positions": takes_part},
        rallying={"rate": 1.0, "rate_leaving": 0.0, "rate_leaving_need": 0.0, "sites": False, "weight_ties": 0.0})  # fmt: skip
    take(sim, 0, people=[range(600)])
    set_shortage(sim, 1.0)
    sim.places.siding[:, MIDDLE_ROWS] = factor
    step(sim, "rallying", 1)
    hazard = 0.5 * (factor if position in MIDDLE else 1.0)
    assert close((sim.people.activity[600:] == IN_MEASURE).sum(), 600, 1 - np.exp(-hazard))
