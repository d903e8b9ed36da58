"""The pincers of the commodity: what has to be bought pulls measures back into exchange, and a measure below 0 is a firm."""

import numpy as np
import pytest
from measure_labs import assert_counted, lab, step, take

from communize.declare.registry import CAUSES, COMMODITY, CONTENTS, IN_MEASURE, ROUTINE, TAKEN
from communize.mechanisms.opponents import pincers

THREE = [CONTENTS.index(name) for name in ("exchange", "property", "wage_labour")]
OTHERS = [number for number in range(len(CONTENTS)) if number not in THREE]


def measures(contents, n_places=1, **law):
    """One neighbourhood of two people with a measure for each of `contents`, in turn in each place."""
    n = len(contents)
    sim = lab(
        [(site, -1) for site in range(n) for _ in range(2)], ["neighbourhood"] * n, place_of=[site % n_places for site in range(n)],
        on=("measures", "pincers"), pincers=law)  # fmt: skip
    for site, content in enumerate(contents):
        take(sim, site, people=[[2 * site, 2 * site + 1]], **content)
    sim.places.exchange_dependence[:] = 1.0
    return sim


@pytest.mark.parametrize("seed", range(5))
def test_the_kernel_does_what_plain_python_does(seed):
    rng = np.random.default_rng(seed)
    place, instance = rng.integers(0, 4, 12), rng.permutation(12)
    content, sold = rng.uniform(-1, 1, (12, len(CONTENTS))).astype(np.float32), rng.integers(0, 5, 12).astype(np.int32)
    dependence, rate = rng.random(4), float(rng.choice([0.0, 0.1, 3.0]))
    wanted, days = content.tolist(), sold.tolist()
    taken = np.flatnonzero(rng.random(12) < 0.7)
    for s in taken.tolist():
        row = wanted[instance[s]]
        for c in THREE:
            row[c] = max(-1.0, row[c] - rate * dependence[place[s]] * (1 + row[c]))
        days[instance[s]] = days[instance[s]] + 1 if sum(row[c] for c in THREE) < 0 else 0
    pincers.squeeze(0, taken.size, 0, taken, place, instance, content, sold, dependence, rate)
    np.testing.assert_allclose(content, wanted, atol=1e-6)
    assert sold.tolist() == days


@pytest.mark.parametrize("psi", [0.003, 0.012, 0.2])
def test_where_all_is_bought_contents_fall_by_the_law(psi):
    """c(t) = -1 + (1 + c0) (1 - psi)^t."""
    start = [1.0, 0.3, -0.5, -1.0]
    sim = measures([dict.fromkeys(CONTENTS, c) for c in start], rate=psi, days=1000)
    sim.run(40)
    wanted = -1 + (1 + np.array(start)) * (1 - psi) ** 40
    for c in THREE:
        np.testing.assert_allclose(sim.instances.content[:, c], wanted, atol=1e-5)
    np.testing.assert_array_equal(sim.instances.content[:, OTHERS], np.array(start, np.float32)[:, None].repeat(len(OTHERS), 1))


def test_the_pull_is_in_proportion_to_what_is_bought_in_the_place():
    sim = measures([{}, {}, {}], n_places=3, rate=0.1)
    sim.places.exchange_dependence[:] = 0.0, 0.25, 1.0
    sim.run(1)
    np.testing.assert_allclose(sim.instances.content[:, THREE[0]], [0.0, -0.025, -0.1], atol=1e-7)


@pytest.mark.parametrize("kills", [{"rate": 0.0}, {"dependence": 0.0}])
def test_without_rate_or_dependence_contents_stay(kills):
    sim = measures([{"exchange": 0.4}], rate=kills.get("rate", 0.1))
    sim.places.exchange_dependence[:] = kills.get("dependence", 1.0)
    before = sim.instances.content.copy()
    sim.run(50)
    np.testing.assert_array_equal(sim.instances.content, before)
    assert sim.instances.sold_days.tolist() == [0]
    assert sim.sites.mode.tolist() == [TAKEN]


def test_a_measure_below_0_for_thirty_days_is_a_firm_again():
    sim = measures([{}], rate=0.012)  # below 0 from the first day
    sim.run(29)
    assert sim.sites.mode.tolist() == [TAKEN]
    assert sim.instances.sold_days.tolist() == [29]
    sim.run(1)
    assert CAUSES[sim.instances.cause[0]] == "recuperated"
    assert sim.instances.ended.tolist() == [29]
    assert (sim.sites.mode.tolist(), sim.sites.instance.tolist()) == ([COMMODITY], [-1])
    assert sim.people.activity.tolist() == [ROUTINE] * 2
    assert sim.series.self_managed.values.tolist() == [1] * 29 + [0]
    assert_counted(sim)


def test_a_day_above_0_begins_the_count_anew():
    """The mean decides: exchange 1 outweighs the two others at -0.4."""
    sim = measures([{"exchange": -0.1}], rate=0.0)
    sim.run(29)
    sim.instances.content[0, THREE] = 1.0, -0.4, -0.4
    sim.run(1)
    assert sim.instances.sold_days.tolist() == [0]
    sim.instances.content[0, THREE[0]] = -1.0
    sim.run(29)
    assert sim.sites.mode.tolist() == [TAKEN]
    sim.run(1)
    assert sim.sites.mode.tolist() == [COMMODITY]


def test_people_of_a_firm_go_on_at_a_measure_of_their_own():
    """Who lives where a measure is in force goes on there."""
    sim = lab([(0, 1)] * 3, ["neighbourhood", "workplace"], on=("pincers", "measures"), pincers={"days": 1})
    take(sim, 0, people=[[]], exchange=1.0, property=1.0, wage_labour=1.0)
    take(sim, 1, people=[[0, 1, 2]], exchange=-0.5)
    step(sim, "pincers", 0)
    assert [CAUSES[cause] for cause in sim.instances.cause] == ["in_force", "recuperated"]
    assert sim.people.activity.tolist() == [IN_MEASURE] * 3
    assert sim.people.measure.tolist() == [0] * 3
    assert_counted(sim)
