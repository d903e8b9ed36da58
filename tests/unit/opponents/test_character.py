"""Character of measures: chi by its formula, contributions estimated and measured."""

import numpy as np
import pytest
from measure_labs import CONTENTS, lab, step, take
from worlds import MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import CAUSES, REMOVED
from communize.mechanisms.measures.character import DAYS
from communize.mechanisms.measures.dissolution import dissolve
from communize.simulation.contribution import contributions, sampled

ON = ("measures", "character")


def measures(*contents, people=2, n_places=1, on=ON, **law):
    """A neighbourhood with a measure for each of `contents`, in turn in each place."""
    n = len(contents)
    sim = lab([(site, -1) for site in range(n) for _ in range(people)], ["neighbourhood"] * n, place_of=[s % n_places for s in range(n)], on=on, character=law)
    for site, content in enumerate(contents):
        take(sim, site, people=[range(people * site, people * (site + 1))], **dict.fromkeys(CONTENTS, content))
    return sim


def test_chi_is_resonance_times_the_mean_of_contribution_and_contents():
    sim = measures(1.0, 0.5, -1.0, 0.8)
    sim.instances.resonance[:] = 1.0, 0.4, 0.5, 0.0
    sim.instances.contribution[:], sim.instances.measured[:] = [0.2, -0.7, 0.1, 1.0], 1
    assert np.isnan(sim.instances.character).all()
    step(sim, "character")
    np.testing.assert_allclose(sim.instances.character, [0.6, 0.4 * (-0.2) / 2, 0.5 * (-0.9) / 2, 0.0], rtol=1e-5)


def test_an_estimate_is_minus_the_change_of_antagonism_in_thirty_days():
    sim = measures(0.0, 0.0, 0.0, n_places=3, scale=0.1)
    sim.instances.resonance[:] = 1.0
    for day in range(DAYS + 5):
        sim.places.antagonism[:] = 0.3 + np.array([0.0, 0.002, -0.02]) * day
        step(sim, "character", day)
    assert DAYS == 30
    np.testing.assert_allclose(sim.instances.contribution, [0.0, -0.6, 1.0], atol=1e-4)
    np.testing.assert_allclose(sim.instances.character, [0.0, -0.3, 0.5], atol=1e-4)


def test_what_was_measured_is_kept():
    sim = measures(0.0, 0.0)
    sim.instances.resonance[:], sim.instances.measured[:] = 1.0, [1, 0]
    sim.instances.contribution[0] = 0.8
    sim.places.antagonism[:] = 0.5
    step(sim, "character", 0)
    np.testing.assert_allclose(sim.instances.contribution, [0.8, -1.0])
    np.testing.assert_allclose(sim.instances.character_met, [-0.5, -0.5])  # measuring changes nothing that acts


def test_switched_on_later_it_knows_of_no_change():
    for switch in ("character.enabled", "segmentation.enabled"):
        sim = measures(0.0, on=("measures",) if switch == "character.enabled" else ON)
        sim.run(3)
        sim.places.antagonism[:] = 0.5
        twin = sim.branch({switch: True})
        twin.instances.resonance[:] = 1.0
        step(twin, "character")
        assert twin.instances.contribution.tolist() == [0.0]


def test_what_is_reported_weighs_measures_by_people():
    sim = measures(1.0, -1.0, people=2)
    sim.instances.practice[:] = 0
    sim.instances.resonance[:], sim.instances.measured[:] = 1.0, 1
    sim.run(1)
    found = sim.series.isel(day=-1)
    resonance = sim.instances.resonance.astype(float)
    chi = resonance * np.array([0.5, -0.5])
    np.testing.assert_allclose(sim.instances.character, chi, rtol=1e-6)
    assert found.character == pytest.approx(chi.mean(), abs=1e-6)
    assert found.character_negative == 0.5
    assert found.character_distribution.sum() == pytest.approx(1.0)
    assert found.both_signs == 1


@pytest.mark.parametrize(("chi", "bin"), [(-1.0, 0), (-0.81, 0), (-0.79, 1), (0.0, 5), (0.79, 8), (1.0, 9)])
def test_bins_of_chi(chi, bin):
    sim = measures(chi)
    sim.instances.resonance[:], sim.instances.measured[:], sim.instances.contribution[:] = 1.0, 1, chi
    step(sim, "character")
    sim.instances.character[:] = chi
    distribution = next(m for m in sim.mechanisms if m.name == "character").observe(sim.state)["character_distribution"]
    assert np.flatnonzero(distribution).tolist() == [bin]


def test_without_measures_there_is_none():
    sim = lab([(0, -1)], ["neighbourhood"], on=ON)
    sim.run(2)
    assert np.isnan(sim.series.character.values).all()
    assert sim.series.both_signs.values.tolist() == [0, 0]


# --- measured ---


def busy(**changes):
    return cz.Simulation(lively(**{**MANY_MEASURES, "society.people": 1_000, "provisioning.fixed.enabled": False, **changes}), seed=4, threads=1)


@pytest.fixture(scope="module")
def day_20():
    sim = busy().run(20)
    assert (sim.sites.instance >= 0).sum() > 5
    return sim


def test_measuring_leaves_the_simulation_as_it_was_and_is_a_pair_of_branches(day_20):
    before, series = day_20.state_hash(), day_20.series
    rows = np.sort(day_20.sites.instance[day_20.sites.instance >= 0])[:3]
    found = contributions(day_20, rows, days=6)
    assert day_20.state_hash() == before
    assert day_20.series.identical(series)
    for row, value in zip(rows, found):
        one, other = day_20.branch(), day_20.branch()
        site = np.flatnonzero(other.sites.instance == row)
        n = max(1, int((day_20.people.measure == site[0]).sum()))
        dissolve(other.state, other.day, site, np.array([REMOVED]))
        assert CAUSES[other.instances.cause[row]] == "removed"
        lived = []
        for sim in (one, other):
            sim.run(6)
            last = sim.series.isel(day=slice(-6, None))
            lived.append(float(last.active.sum()) + float(last.outside_exchange.sum()) * len(sim.people))
        assert value == pytest.approx(np.clip((lived[0] - lived[1]) / (6 * n), -1, 1), abs=1e-4)
    assert (found != 0).any()


def test_a_measure_without_effect_contributes_nothing():
    """Nobody is in struggle, nobody lives outside exchange, and nothing changes when one of the measures is gone."""
    sim = measures(0.5, 0.5, on=("measures", "provisioning", "character"))
    sim.run(1)
    assert contributions(sim, sim.sites.instance[:1], days=5).tolist() == [0.0]


def test_without_provisioning_struggle_alone_is_counted():
    sim = measures(0.5)
    sim.run(1)
    assert contributions(sim, [0], days=3).tolist() == [0.0]


def test_what_is_not_in_force_cannot_be_measured(day_20):
    ended = np.flatnonzero(day_20.instances.ended >= 0)[:1]
    assert ended.size
    for rows in (ended, [-1], [10**6]):
        with pytest.raises(cz.InputError, match="in force"):
            contributions(day_20, rows, days=1)


def test_a_sample_is_drawn_of_measures_in_force(day_20):
    found = sampled(day_20, 4, 20)
    assert found.size == 4 == np.unique(found).size
    assert set(found) <= set(day_20.sites.instance)
    np.testing.assert_array_equal(found, sampled(day_20, 4, 20))
    assert sampled(day_20, 10**4, 20).size == (day_20.sites.instance >= 0).sum()
    assert any(sampled(day_20, 4, day).tolist() != found.tolist() for day in range(5))


def test_sampling_changes_contributions_and_chi_alone():
    plain, asked = busy().run(16), busy(**{"character.sample": 2, "character.every_days": 14}).run(16)
    measured = asked.instances.measured > 0
    assert measured.sum() == 2
    assert not plain.instances.measured.any()
    other = dict(plain.state.arrays())
    for path, values in asked.state.arrays():
        if path not in ("instances.measured", "instances.contribution", "instances.character"):
            np.testing.assert_array_equal(values, other[path], path)
    np.testing.assert_array_equal(asked.instances.contribution[~measured], plain.instances.contribution[~measured])
    for name in ("active", "participants", "foundings", "endings"):
        np.testing.assert_array_equal(asked.series[name], plain.series[name])
