"""State force: limited, late, slow to move; what it does to people; and the state of exception."""

import datetime

import numpy as np
import pytest
from worlds import NO_MEASURES

import communize as cz
from communize.declare.registry import HELD, IN_MEASURE, IN_STRUGGLE, POSITIONS, ROUTINE, TAKEN
from communize.mechanisms.measures import taking_part
from communize.society.parameters import SocietyParameters
from communize.society.ties import TieParameters

ONLY_FORCE = {name: {"enabled": False} for name in ("economy", "struggle", "incidents", "acts", "belonging")} | NO_MEASURES
FORCE = {
    "deployment_delay": 0, "move": 0.25, "reserve": 0.2, "speed_km": 100.0, "alert": 0.5, "rate_arrest": 0.0, "held_days": 10.0,
    "arrest_loss": 0.1, "coercion_gain": 0.02, "coercion_half_life_days": 20.0, "exception_level": 1.0, "exception_factor": 2.0,
    "exception_coercion": 0.1,
}  # fmt: skip
KM_PER_DEGREE = 6371.0088 * np.pi / 180


def lab(people=(40, 30, 20), force=(10, 10, 20), *, km=(0.0, 20.0, 40.0), seed=1, start=None, scale=1.0, **parameters):
    """Places in a row at `km` along a meridian, each with so many people and state force; force alone at work."""
    homes = np.repeat(np.arange(len(people)), np.add(people, force))
    position = np.concatenate([["stable"] * n + ["state_force"] * f for n, f in zip(people, force)])
    places = {"name": [f"p{i}" for i in range(len(people))], "latitude": -40 + np.array(km) / KM_PER_DEGREE, "longitude": [2.0] * len(km)}
    society = cz.Society.from_tables(
        people={"home": homes, "position": position}, places=places,
        sites={"kind": ["neighbourhood"] * len(people), "place": range(len(people))}, ties={"a": np.zeros(0, int), "b": np.zeros(0, int)},
        parameters=SocietyParameters(scale=scale, ties=TieParameters(degree_distribution="none")))  # fmt: skip
    values = {
        "scenario": {"name": "lab", **({"start": start} if start else {})}, **ONLY_FORCE, "force": {**FORCE, **parameters},
        "reckoning": {"recount_days": 1},
    }  # fmt: skip
    return cz.Simulation(cz.Scenario(values), seed=seed, threads=1, society=society)


def put(sim, place, n, activity=IN_STRUGGLE):
    """The first `n` residents who can take part in struggle (or held), the others at rest."""
    people, sites, places = sim.people, sim.sites, sim.places
    mine = np.flatnonzero((people.home == place) & (people.position != POSITIONS.index("state_force")))
    people.activity[mine] = ROUTINE
    people.activity[mine[:n]] = activity
    for table in (sites, places):
        table.active[place] = n * (activity == IN_STRUGGLE)
        table.held[place] = n * (activity == HELD)


def strength(sim):
    places = sim.places
    return float(places.force.sum(dtype=float) + places.arriving.sum(dtype=float) + sim.state.force.reserve[0])


def step_and_count_departures(sim):
    """One day; returns what set out on a journey on it."""
    before, arrives = sim.places.arriving.sum(dtype=float), sim.places.arriving[:, 0].sum(dtype=float)
    sim.step()
    return float(sim.places.arriving.sum(dtype=float) - (before - arrives))


# --- at rest ---


def test_force_is_garrisoned_where_it_lives_less_the_reserve():
    sim = lab(force=(10, 0, 30), reserve=0.25)
    np.testing.assert_allclose(sim.places.garrison, [7.5, 0.0, 22.5])
    np.testing.assert_allclose(sim.places.force, [7.5, 0.0, 22.5])
    assert sim.state.force.reserve[0] == 10.0


def test_without_threat_force_rests_in_its_garrisons():
    sim = lab()
    before = sim.places.force.copy()
    sim.run(40)
    np.testing.assert_array_equal(sim.places.force, before)
    assert not sim.places.arriving.any()
    assert sim.state.force.reserve[0] == pytest.approx(8.0)
    assert not sim.places.coercion.any()
    assert sim.series.exception.values.sum() == 0


def test_a_society_without_force_has_none():
    sim = lab(force=(0, 0, 0), rate_arrest=1.0)
    put(sim, 0, 20)
    sim.run(5)
    assert strength(sim) == 0
    assert sim.series.arrests.values.sum() == 0


# --- deployment ---


def test_strength_is_constant_whatever_happens():
    rng = np.random.default_rng(1)
    sim = lab((60, 50, 40, 30), (7, 11, 0, 23), km=(0, 150, 900, 901), deployment_delay=2, move=0.4)
    for _ in range(150):
        for place in range(4):
            put(sim, place, int(rng.integers(0, 30)) * int(rng.random() < 0.3))
        sim.step()
        assert strength(sim) == pytest.approx(41.0, rel=1e-5)
        assert sim.places.force.min() >= 0
        assert sim.places.arriving.min() >= 0
        assert sim.state.force.reserve[0] >= 0
    assert sim.places.arriving.sum() > 0
    assert sim.series.force.values.std(axis=0).max() > 1


@pytest.mark.parametrize("delay", [0, 1, 7, 60])
def test_deployment_follows_the_threat_of_so_many_days_ago(delay):
    sim = lab(deployment_delay=delay, move=0.05)
    for day in range(delay + 20):
        if day == 4:
            put(sim, 1, 15)
        if day == 9:
            put(sim, 1, 0)
        departed = step_and_count_departures(sim) > 1e-6
        if day < 9 + delay:
            assert departed == (4 + delay <= day), day


@pytest.mark.parametrize("delay", [0, 3])
def test_what_is_seen_of_the_threat_is_kept_by_day(delay):
    sim = lab(deployment_delay=delay)
    for active in (3, 0, 8, 1, 0):
        put(sim, 2, active)
        sim.step()
    assert sim.places.threat_seen[2, :6].tolist() == [0, 1, 8, 0, 3, 0]


@pytest.mark.parametrize(("move", "factor"), [(0.02, 1.0), (0.1, 1.0), (0.02, 3.0), (0.5, 3.0)])
def test_no_more_than_the_limit_moves_in_a_day(move, factor):
    sim = lab(move=move, exception_factor=factor, exception_level=0.0 if factor > 1 else 1.0, reserve=0.3)
    moved = []
    for day in range(12):
        put(sim, day % 3, 30 if day % 3 == 0 else 0)
        put(sim, (day + 1) % 3, 0)
        moved.append(step_and_count_departures(sim))
    limit = min(1.0, move * factor) * 40.0
    assert max(moved) <= limit * (1 + 1e-5)
    assert max(moved) == pytest.approx(limit, rel=1e-5) or limit > 10


def test_no_more_than_the_limit_goes_back_to_the_reserve():
    sim = lab(move=0.05, reserve=0.5)
    put(sim, 0, 40)
    sim.run(8)
    put(sim, 0, 0)
    reserve = [float(sim.state.force.reserve[0])]
    for _ in range(40):
        sim.step()
        reserve.append(float(sim.state.force.reserve[0]))
    assert reserve[0] < 15
    assert max(np.diff(reserve)) > 0
    assert max(np.diff(reserve)) <= 0.05 * 40 * (1 + 1e-5)
    assert reserve[-1] == pytest.approx(20.0, rel=1e-5)


@pytest.mark.parametrize(("km", "speed", "days"), [(40.0, 100.0, 0), (99.0, 100.0, 0), (101.0, 100.0, 1), (950.0, 100.0, 9), (950.0, 400.0, 2), (9_000.0, 100.0, 29)])
def test_travel_takes_distance_over_speed(km, speed, days):
    """The reserve stands at the largest place, where all force lives; the threat is `km` away."""
    sim = lab((100, 30), (20, 0), km=(0.0, km), speed_km=speed, reserve=1.0, move=0.1)
    for day in range(days + 3):
        put(sim, 1, 20)
        sim.step()
        assert (sim.places.force[1] > 0) == (day >= days + 1), day
        if day == 0:
            assert sim.places.arriving[1].nonzero()[0].tolist() == [days]
    assert sim.places.force[1] == pytest.approx(2 * 2.0)  # what set out on two days


def test_force_that_leaves_its_garrison_travels_from_there():
    sim = lab((100, 10, 30), (0, 40, 0), km=(0.0, 500.0, 750.0), reserve=0.0, move=0.1)
    put(sim, 2, 20)
    sim.step()
    assert sim.places.arriving[2].nonzero()[0].tolist() == [2]  # 250 km from place 1, not 750 from the largest
    assert sim.places.force[1] == pytest.approx(36.0)


def test_half_of_the_force_is_deployed_by_threat_at_the_alert_level():
    sim = lab(alert=0.5, move=1.0)  # strength 40: a threat of 20 is half
    put(sim, 0, 15)
    put(sim, 2, 5)
    sim.run(40)
    wanted = 0.5 * np.array([8.0, 8.0, 16.0]) + 0.5 * 40 * np.array([0.75, 0.0, 0.25])
    np.testing.assert_allclose(sim.places.force, wanted, rtol=1e-5)
    assert sim.state.force.reserve[0] == pytest.approx(0.5 * 8.0, rel=1e-5)
    assert sim.series.force_reserve.values[-1] == pytest.approx(4.0, rel=1e-5)


def test_force_goes_home_after_the_threat():
    sim = lab(move=1.0)
    put(sim, 0, 40)
    sim.run(10)
    assert sim.places.force[0] > 20
    put(sim, 0, 0)
    sim.run(10)
    np.testing.assert_allclose(sim.places.force, [8.0, 8.0, 16.0], rtol=1e-5)
    assert sim.state.force.reserve[0] == pytest.approx(8.0, rel=1e-5)


def test_people_in_measures_are_three_times_the_threat():
    sim = lab()
    put(sim, 0, 4)
    take(sim, 1, [0])
    sim.step()
    assert sim.places.threat_seen[:, 0].tolist() == [3 + 3.0, 0, 0]  # where the person lives, not where the measure is


def take(sim, site, people):
    """Put a measure in force at a site and let `people` take part in it."""
    sim.state.practices.grow(1)
    sim.sites.mode[site], sim.sites.instance[site] = TAKEN, sim.instances.grow(1)
    sim.instances.site[-1] = site
    taking_part.enter(sim.state, np.array(people, np.int32), np.full(len(people), site, np.int32))


# --- arrests and releases ---


@pytest.mark.parametrize(("rate", "force", "exception"), [(0.05, 200, False), (0.05, 200, True), (10.0, 400, False), (0.05, 30, False)])
def test_arrests_have_the_expectation_of_the_law(rate, force, exception):
    sim = lab(
        (3000, 10), (force, 0), km=(0, 1), reserve=0.0, rate_arrest=rate, move=0.0, exception_level=0.0 if exception else 1.0,
        exception_factor=3.0)  # fmt: skip
    put(sim, 0, 2000)
    sim.step()
    p = 1 - np.exp(-rate * (3.0 if exception else 1.0) * force / 2000)
    found = sim.series.arrests.values[0]
    assert abs(found - 2000 * p) <= 4 * np.sqrt(2000 * p * (1 - p))
    assert sim.series.exception.values[0] == exception
    assert sim.places.active[0] == 2000 - found
    assert sim.places.held[0] == found
    assert (sim.people.activity == HELD).sum() == found


def test_people_in_measures_are_arrested_as_those_in_struggle():
    sim = lab((2000, 10), (100, 0), km=(0, 1), reserve=0.0, rate_arrest=2.0, move=0.0, exception_factor=1.0)
    put(sim, 0, 1000)
    take(sim, 0, range(1000, 1600))
    sim.struggles.grow(2)
    sim.sites.struggle[0] = 1
    sim.step()
    p = 1 - np.exp(-2.0 * 100 / 1600)
    of_struggle, of_measures = ((sim.people.activity[part] == HELD).sum() for part in (slice(0, 1000), slice(1000, 1600)))
    for n, found in ((1000, of_struggle), (600, of_measures)):
        assert abs(found - n * p) <= 4 * np.sqrt(n * p * (1 - p))
    assert sim.sites.participants.tolist() == [600 - of_measures, 0]
    assert sim.places.participants.tolist() == [600 - of_measures, 0]
    assert (sim.people.measure >= 0).sum() == (sim.people.activity == IN_MEASURE).sum() == 600 - of_measures
    assert sim.struggles.arrested.tolist() == [0, of_struggle + of_measures]


@pytest.mark.parametrize("exception", [False, True])
def test_the_hazard_of_eviction_is_force_over_people_in_motion(exception):
    sim = lab((100, 100, 100), (20, 40, 0), reserve=0.0, move=0.0, rate_eviction=0.3, exception_level=0.0 if exception else 1.0, exception_factor=2.0)
    put(sim, 0, 30)
    take(sim, 0, range(30, 40))
    sim.step()
    factor = 2.0 if exception else 1.0
    assert sim.places.eviction.tolist() == pytest.approx([0.3 * factor * 20 / 40, 0.3 * factor * 40, 0.0])


def test_nobody_is_arrested_who_is_at_rest_or_out_of_reach():
    sim = lab((50, 50), (500, 0), km=(0, 5000.0), reserve=0.0, rate_arrest=10.0, move=0.0)
    put(sim, 0, 10)
    put(sim, 1, 10)
    sim.step()
    assert np.flatnonzero(sim.people.activity == HELD).tolist() == list(range(10))
    assert sim.places.active.tolist() == [0, 10]


def test_an_arrest_lowers_belonging_down_to_its_floor():
    sim = lab((50, 10), (500, 0), km=(0, 1), reserve=0.0, rate_arrest=10.0, arrest_loss=0.3, move=0.0)
    sim.people.belonging[:10] = np.linspace(-1, 1, 10)
    put(sim, 0, 10)
    sim.step()
    np.testing.assert_allclose(sim.people.belonging[:10], np.maximum(-1, np.linspace(-1, 1, 10) - 0.3), atol=1e-6)
    assert not sim.people.belonging[10:].any()


def test_people_are_held_for_the_mean_time():
    sim = lab((4000, 10), (5, 0), km=(0, 1), held_days=6.0)
    put(sim, 0, 3000, HELD)
    held = []
    for _ in range(12):
        sim.step()
        held.append(int(sim.places.held[0]))
    wanted = 3000 * np.exp(-np.arange(1, 13) / 6.0)
    assert np.all(np.abs(held - wanted) < 4 * np.sqrt(wanted * (1 - wanted / 3000)))
    assert sim.series.releases.values.sum() == 3000 - held[-1]
    assert (sim.people.activity == ROUTINE).sum() == 4015 - held[-1]


def test_figures_are_in_people_whatever_the_scale():
    one, ten = (lab((400, 10), (200, 0), km=(0, 1), scale=scale, rate_arrest=0.5, reserve=0.2, move=0.0) for scale in (1.0, 10.0))
    for sim in (one, ten):
        put(sim, 0, 300)
        sim.run(3)
    for name in ("arrests", "releases", "force", "force_reserve", "held"):
        np.testing.assert_allclose(ten.series[name].values, 10 * one.series[name].values, rtol=1e-6)
    assert one.series.arrests.values.sum() > 10


# --- coercion ---


def test_coercion_rises_with_arrests_per_resident_and_halves_in_its_half_life():
    sim = lab((50, 10), (500, 0), km=(0, 1), reserve=0.0, rate_arrest=10.0, coercion_gain=0.05, coercion_half_life_days=5.0, move=0.0)
    put(sim, 0, 10)
    sim.step()
    first = 1 - np.exp(-0.05 * 1000 * 10 / 550)
    assert sim.places.coercion[0] == pytest.approx(first, rel=1e-5)
    put(sim, 0, 5)
    sim.step()
    faded = first * 2 ** (-1 / 5)
    second = faded + (1 - faded) * (1 - np.exp(-0.05 * 1000 * 5 / 550))
    assert sim.places.coercion[0] == pytest.approx(second, rel=1e-5)
    sim.run(5)
    assert sim.places.coercion[0] == pytest.approx(second / 2, rel=1e-5)
    assert sim.places.coercion[1] == 0
    residents = sim.places.residents
    assert sim.series.coercion.values[-1] == pytest.approx(float(sim.places.coercion[0]) * residents[0] / residents.sum(), rel=1e-5)


# --- the state of exception ---


def emergency(**changes):
    return {"day": 5, "days": 4, **changes}


def test_a_decreed_emergency_lasts_its_days():
    sim = lab(emergency=[emergency(), emergency(day=20, days=1)], exception_coercion=0.3)
    coercion = []
    for _ in range(25):
        sim.step()
        coercion.append(sim.places.coercion.tolist())
    days = [5, 6, 7, 8, 20]
    assert np.flatnonzero(sim.series.exception.values).tolist() == days
    for day in range(25):
        if day in days:
            assert coercion[day] == pytest.approx([0.3] * 3)
        else:
            assert max(coercion[day]) < 0.3


def test_an_emergency_on_a_date_is_counted_from_the_start():
    sim = lab(start=datetime.date(2005, 10, 27), emergency=[{"date": datetime.date(2005, 11, 8), "days": 3}])
    sim.run(20)
    assert np.flatnonzero(sim.series.exception.values).tolist() == [12, 13, 14]


@pytest.mark.parametrize("wrong", [{"day": None}, {"date": datetime.date(2006, 1, 1)}])
def test_an_emergency_has_a_date_or_a_day(wrong):
    given = {key: value for key, value in emergency(**wrong).items() if value is not None}
    with pytest.raises(cz.InputError, match="either a date or a day") as error:
        lab(emergency=[given])
    assert error.value.path.startswith("force.emergency[0]")


def test_an_emergency_before_the_start_is_refused():
    with pytest.raises(cz.InputError) as error:
        lab(start=datetime.date(2005, 10, 27), emergency=[emergency(), {"date": datetime.date(2005, 10, 26)}])
    assert error.value.path == "force.emergency[1].date"


@pytest.mark.parametrize("delay", [0, 3])
def test_exception_is_declared_at_a_level_of_the_threat_as_seen(delay):
    sim = lab(exception_level=0.1, deployment_delay=delay)  # 130 people: above 13
    for active in (13, 14, 0, 14, 13, 0, 0, 0, 0):
        put(sim, 0, active)
        sim.step()
    assert np.flatnonzero(sim.series.exception.values).tolist() == [1 + delay, 3 + delay]


def test_force_switched_on_by_a_branch_has_its_garrisons():
    sim = lab(enabled=False)
    sim.run(3)
    twin = sim.branch({"force.enabled": True})
    twin.run(2)
    np.testing.assert_allclose(twin.places.force, [8.0, 8.0, 16.0])
