"""Rupture: its four conditions, on how many days on end they hold, and the ebb that fades after it."""

import numpy as np
import pytest
from measure_labs import lab, step, take

from communize.declare.registry import EBB
from communize.mechanisms.measures import rupture
from communize.mechanisms.measures.rupture import COVERED_DAYS, DAYS

HOLDS = {"kappa": 0.99, "outside": 0.51, "force": 0.9, "inside": 100, "coverage": 0.905}


@pytest.fixture
def world(monkeypatch):
    """A society in which the conditions can be set by hand: `world(days, name=value)` sets them and steps; `now` holds them."""
    sim = lab([(0, -1)] * 4, ["neighbourhood"], on=("measures", "provisioning", "force", "rupture"))
    mechanism = next(m for m in sim.mechanisms if m.name == "rupture")
    now = dict(HOLDS)
    monkeypatch.setattr(rupture, "commodity_reproduction", lambda state: (now["kappa"], 0))
    monkeypatch.setattr(rupture, "outside_exchange", lambda state: now["outside"])
    monkeypatch.setattr(rupture, "coverage_of_participants", lambda state: now["coverage"])

    def go(days, **changes):
        now.clear()
        now.update(HOLDS, **changes)
        sim.places.participants[:], sim.places.force[:], sim.places.arriving[:], sim.state.force.reserve[:] = now["inside"], now["force"], 0.0, 0.0
        for _ in range(days):
            mechanism.step(sim.state, go.day, None)
            go.day += 1
        return int(sim.state.rupture.days[0])

    go.day, go.sim = 0, sim
    return go


def test_days_on_end_are_counted_from_the_first_full_month(world):
    assert world(COVERED_DAYS - 1) == 0
    assert world(1) == 1
    assert world(DAYS) == DAYS + 1


@pytest.mark.parametrize(("name", "value"), [("kappa", 1.0), ("kappa", np.nan), ("outside", 0.5), ("force", 1.0), ("inside", 89), ("inside", 0)])
def test_each_condition_is_needed_on_each_day(world, name, value):
    assert world(COVERED_DAYS + 9) == 10
    assert world(1, **{name: value}) == 0
    assert world(3) == 3


def test_coverage_is_the_mean_of_thirty_days(world):
    assert world(COVERED_DAYS, coverage=0.94) == 1
    assert world(1, coverage=0.0) == 2  # one bad day of thirty
    assert world(1, coverage=0.1) == 0
    assert world(COVERED_DAYS - 3, coverage=0.95) == 0
    assert world(1, coverage=np.nan) == 0
    assert world(COVERED_DAYS - 1, coverage=1.0) == 0  # as long as it is in the mean
    assert world(1, coverage=1.0) == 1


def test_force_on_the_way_and_in_reserve_counts(world):
    assert world(COVERED_DAYS) == 1
    mechanism, sim = next(m for m in world.sim.mechanisms if m.name == "rupture"), world.sim
    sim.state.force.reserve[:] = 0.2
    mechanism.step(sim.state, world.day, None)
    assert sim.state.rupture.days[0] == 0


@pytest.mark.parametrize("off", ["force", "provisioning"])
def test_without_force_or_provisioning_it_is_not_looked_for(off, monkeypatch):
    monkeypatch.setattr(rupture.Rupture, "_holds", lambda self, state: True)
    on = [name for name in ("measures", "provisioning", "force", "upkeep", "rupture") if name != off]
    sim = lab([(0, -1)] * 4, ["neighbourhood"], on=on).run(3)
    assert sim.series.rupture_days.values.tolist() == [0, 0, 0]
    sim = lab([(0, -1)] * 4, ["neighbourhood"], on=[*on, off]).run(3)
    assert sim.series.rupture_days.values.tolist() == [1, 2, 3]
    assert sim.branch({f"{off}.enabled": False}).run(2).series.rupture_days.values.tolist() == [1, 2, 3, 0, 0]


def test_what_was_covered_before_it_was_switched_off_does_not_count(world):
    assert world(COVERED_DAYS + 4) == 5
    again = world.sim.branch({"rupture.enabled": False}).branch({"rupture.enabled": True})
    assert np.isnan(again.state.rupture.covered).all()
    assert again.state.rupture.days[0] == 0


def test_the_ebb_fades_after_a_rupture():
    """Ten half-lives past the 180 days a measure without any struggle around it lasts; at 180 days it does not."""
    for days, ended in ((DAYS, True), (DAYS + 600, False)):
        sim = lab([(0, -1)] * 3, ["neighbourhood"], on=("measures", "dissolution"),
                  dissolution={"spent": 0.0, "isolation": 0.0, "need": 0.0, "ebb": 1e3, "other_measure": 0.0, "ebb_half_life_days": 20.0})  # fmt: skip
        rows = take(sim, 0, people=[range(3)])
        sim.state.rupture.days[0] = days
        step(sim, "dissolution", 1)
        assert (sim.instances.cause[rows] == EBB).all() == ended
