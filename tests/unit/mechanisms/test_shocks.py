"""Shocks: on their day, at their place, fading with their half-life; and what is refused."""

import datetime

import numpy as np
import pytest

import communize as cz
from communize.declare.registry import IN_STRUGGLE
from communize.society.parameters import SocietyParameters
from communize.society.ties import TieParameters

OFF = {name: {"enabled": False} for name in ("force", "incidents", "acts", "belonging", "economy")}


def lab(*shocks, struggle=None, start=datetime.date(2005, 10, 27)):
    """Three places, the third of which nobody lives in; `struggle` switches struggle on."""
    society = cz.Society.from_tables(
        people={"home": np.repeat([0, 1], 30), "position": ["stable"] * 60},
        sites={"kind": ["neighbourhood"] * 2, "place": [0, 1]},
        places={"name": ["Ay", "Bé", "Cy"], "latitude": [46, 46.5, 47], "longitude": [2, 2, 2], "region": ["x", "y", "y"]},
        ties={"a": np.zeros(0, int), "b": np.zeros(0, int)},
        parameters=SocietyParameters(ties=TieParameters(degree_distribution="none")))  # fmt: skip
    tables = {**OFF, "struggle": struggle or {"enabled": False}}
    values = {"scenario": {"name": "lab", "start": start}, **tables, "shock": list(shocks)}
    return cz.Simulation(cz.Scenario(values), seed=1, threads=1, society=society)


def pressures(sim, days):
    found = []
    for _ in range(days):
        sim.step()
        found.append(sim.places.shock.copy())
    return np.array(found)


@pytest.mark.parametrize(
    ("where", "rows"), [({"place": "Bé"}, [1]), ({"place": "0"}, [0]), ({"region": "y"}, [1, 2]), ({"region": "x"}, [0]), ({}, [0, 1, 2])]
)
def test_a_shock_strikes_a_place_a_region_or_everywhere_and_fades(where, rows):
    found = pressures(lab({"day": 3, "magnitude": 2.0, "half_life_days": 4.0, **where}), 20)
    wanted = np.zeros((20, 3))
    for day in range(3, 20):
        wanted[day, rows] = 2.0 * 0.5 ** ((day - 3) / 4)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_shocks_add_up_and_may_relieve():
    shocks = ({"day": 0, "magnitude": 1.0, "half_life_days": 2.0}, {"day": 2, "magnitude": -3.0, "half_life_days": 1.0, "place": "Ay"})
    found = pressures(lab(*shocks), 5)
    wanted = np.array([[1.0 * 0.5 ** (d / 2)] * 3 for d in range(5)])
    wanted[2:, 0] -= 3.0 * 0.5 ** np.arange(3)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_a_date_is_counted_from_the_start():
    found = pressures(lab({"date": datetime.date(2005, 11, 1), "magnitude": 1.0, "half_life_days": 1.0}), 8)
    assert np.flatnonzero(found[:, 0] > 0).tolist() == [5, 6, 7]


def test_the_first_day_may_be_struck():
    assert pressures(lab({"date": datetime.date(2005, 10, 27), "magnitude": 1.5}), 1).tolist() == [[1.5] * 3]


def test_a_shock_is_forgotten_when_it_is_too_small_to_count():
    found = pressures(lab({"day": 0, "magnitude": 1.0, "half_life_days": 0.1}), 6)
    assert np.all(found[:4] > 0)
    assert not found[4:].any()  # from 40 half-lives on


def test_a_shock_brings_people_of_its_place_into_struggle():
    law = {
        "nerve": 3.0, "nerve_sd_site": 0.0, "nerve_sd_place": 0.0, "nerve_sd_person": 0.0, "temperature": 0.1, "rate_joining": 10.0,
        "spontaneous": 1.0, "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "coupling": 0.0, "weight_need": 0.0, "weight_constraint": 0.0,
    }  # fmt: skip
    sim = lab({"day": 2, "place": "Bé", "magnitude": 6.0, "half_life_days": 10.0}, struggle=law)
    for day, active in ((0, [0, 0, 0]), (1, [0, 0, 0]), (2, [0, 30, 0])):
        sim.step()
        assert sim.places.active.tolist() == active, day
    assert (sim.people.activity[30:] == IN_STRUGGLE).all()


@pytest.mark.parametrize(
    ("shock", "path", "nearest"),
    [
        ({"day": 1, "place": "Ayy"}, "shock[1].place", "Ay"),
        ({"day": 1, "place": "Cy"}, "shock[1].place", None),  # nobody lives there
        ({"day": 1, "region": "z"}, "shock[1].region", None),
        ({"date": datetime.date(2005, 10, 26)}, "shock[1].date", None),
    ],
)
def test_shocks_that_cannot_be_placed_are_refused(shock, path, nearest):
    with pytest.raises(cz.InputError) as error:
        lab({"day": 0}, shock)
    assert error.value.path == path
    assert error.value.nearest == nearest


@pytest.mark.parametrize(
    ("shock", "words"),
    [
        ({}, "either a date or a day"), ({"day": 1, "date": datetime.date(2006, 1, 1)}, "either a date or a day"),
        ({"day": 1, "place": "Ay", "region": "x"}, "not both"), ({"day": 1, "magnitud": 2.0}, "magnitude"),
        ({"day": 1, "half_life_days": 0.0}, "0.01"), ({"day": -1}, "0 to"),
    ],
)  # fmt: skip
def test_shocks_that_contradict_themselves_are_refused(shock, words):
    with pytest.raises(cz.InputError, match="shock") as error:
        lab(shock)
    assert words in str(error.value)
