"""Belonging drifts with the wage relation of one's position, within its bounds."""

import numpy as np
import pytest

import communize as cz
from communize.declare.registry import HELD, IN_STRUGGLE, POSITIONS
from communize.kernels.vector import Draws
from communize.society.parameters import SocietyParameters
from communize.society.ties import TieParameters

DOWN = ("precarious", "unemployed", "excluded")
OFF = {name: {"enabled": False} for name in ("force", "incidents", "acts", "struggle")}


def lab(belonging, *, regime=0.0, rate=0.01, economy=True, people=None):
    """Ten people of each position in one neighbourhood; belonging alone changes them."""
    position = people or [name for name in POSITIONS for _ in range(10)]
    society = cz.Society.from_tables(
        people={"home": [0] * len(position), "position": position, "belonging": np.full(len(position), belonging)},
        sites={"kind": ["neighbourhood"]}, ties={"a": np.zeros(0, int), "b": np.zeros(0, int)},
        parameters=SocietyParameters(ties=TieParameters(degree_distribution="none")))  # fmt: skip
    tables = {**OFF, "economy": {"enabled": economy, "core": False, "regime": regime}, "belonging": {"rate": rate}, "reckoning": {"enabled": False}}
    return cz.Simulation(cz.Scenario({"scenario": {"name": "lab"}, **tables}), seed=1, threads=1, society=society)


def step(sim):
    """One day of the drift alone, with what was put into the tables by hand."""
    next(m for m in sim.mechanisms if m.name == "belonging").step(sim.state, 0, Draws(sim.state.key, 0, 0))


def count(sim):
    """Let site and place count whoever was put into an activity by hand."""
    for activity, name in ((IN_STRUGGLE, "active"), (HELD, "held")):
        getattr(sim.sites, name)[:] = getattr(sim.places, name)[:] = (sim.people.activity == activity).sum()


def mean_by_position(sim):
    return {name: float(sim.people.belonging[sim.people.position == code].mean()) for code, name in enumerate(POSITIONS)}


@pytest.mark.parametrize("regime", [0.0, 0.25, 1.0])
def test_stable_work_confirms_belonging_as_far_as_the_regime_recognises_it(regime):
    sim = lab(0.1, regime=regime, rate=0.01)
    sim.run(20)
    wanted = {name: -0.1 if name in DOWN else 0.1 for name in POSITIONS} | {"stable": 0.1 + 0.2 * (1 - regime)}
    assert mean_by_position(sim) == pytest.approx(wanted, abs=1e-5)


def test_belonging_stays_within_its_bounds():
    sim = lab(0.0, rate=0.3)
    sim.run(10)
    assert mean_by_position(sim) == {name: -1.0 if name in DOWN else 1.0 if name == "stable" else 0.0 for name in POSITIONS}


def test_a_rate_of_zero_changes_nobody():
    sim = lab(0.3, rate=0.0)
    sim.run(5)
    assert np.all(sim.people.belonging == np.float32(0.3))


@pytest.mark.parametrize("regime", [0.0, 0.25, 1.0])
def test_wages_that_stay_out_count_besides_precarity_and_debt(regime):
    """Once a month has been paid: a precarious worker without income loses twice, one who is in debt besides three times."""
    sim = lab(0.1, regime=regime, rate=0.01)
    sim.state.economy.revenue[0], sim.state.economy.service[0] = 1, 0.5
    sim.people.income[:], sim.people.income[::2] = 0, 10  # every other one of each position has an income
    sim.people.debt[[1, 11]] = 1000, 2  # a stable worker's takes all, a precarious worker's one of the coin that is least
    step(sim)
    change = (sim.people.belonging - np.float32(0.1)) / 0.01
    stable, precarious, unemployed = change[:10], change[10:20], change[20:30]
    rise = 1 - regime
    assert stable == pytest.approx([rise, rise - 2, *[rise, rise - 1] * 4], abs=1e-4)
    assert precarious == pytest.approx([-1, -3, *[-1, -2] * 4], abs=1e-4)
    assert unemployed == pytest.approx([-1] * 10, abs=1e-4)


def test_without_the_economy_the_regime_is_that_of_the_start():
    """The column starts at 1, the restructured relation, in which stable work confirms nothing."""
    sim = lab(0.1, economy=False)
    sim.run(5)
    assert mean_by_position(sim)["stable"] == pytest.approx(0.1)


def test_series_are_means_over_all_and_over_those_in_struggle():
    sim = lab(0.0, rate=0.0)
    sim.people.belonging[:] = np.linspace(-1, 1, 90)
    sim.people.activity[:5], sim.people.activity[5:8] = IN_STRUGGLE, HELD
    count(sim)
    sim.step()
    assert sim.series.belonging.values[0] == pytest.approx(0.0, abs=2e-6)
    assert sim.series.belonging_active.values[0] == pytest.approx(np.linspace(-1, 1, 90)[:5].mean(), abs=2e-6)


def test_the_mean_over_nobody_is_not_a_number():
    sim = lab(0.2)
    sim.step()
    assert np.isnan(sim.series.belonging_active.values[0])
    assert not np.isnan(sim.series.belonging.values[0])


def test_means_over_many_people_do_not_depend_on_the_threads():
    rng, n = np.random.default_rng(1), 150_000  # three blocks
    values = rng.uniform(-1, 1, n).astype(np.float32)
    found = []
    for threads in (1, 2):
        sim = lab(0.0, rate=0.02, people=["precarious"] * n)
        twin = cz.Simulation(sim.scenario, seed=1, threads=threads, society=sim.society)
        twin.people.belonging[:] = values
        twin.people.activity[: n // 3] = IN_STRUGGLE
        count(twin)
        twin.step()
        found.append((float(twin.series.belonging[0]), float(twin.series.belonging_active[0]), twin.people.belonging.copy()))
    assert found[0][:2] == found[1][:2]
    np.testing.assert_array_equal(found[0][2], found[1][2])
    wanted = np.maximum(values.astype(float) - 0.02, -1)
    assert found[0][0] == pytest.approx(wanted.mean(), abs=2e-6)
    assert found[0][1] == pytest.approx(wanted[: n // 3].mean(), abs=2e-6)
