"""Hand-made societies with measures: who stands where is given, and one mechanism is let work at a time."""

from collections import Counter

import numpy as np

import communize as cz
from communize.declare.registry import CONTENTS, CONTESTED, HELD, IN_MEASURE, IN_STRUGGLE, SCOPES
from communize.kernels.vector import Draws
from communize.mechanisms.measures import records
from communize.mechanisms.provisioning import by_place_and_sector
from communize.simulation.day import MECHANISMS
from communize.society.parameters import ContactParameters, SocietyParameters
from communize.society.ties import TieParameters

KM_PER_DEGREE = 111.195


def lab(people, kinds, *, place_of=None, km=None, ties=(), on=("measures",), seed=1, scale=1.0, start=None, position=None, society=None, sector_of=None, **tables):
    """A simulation of which only the mechanisms `on` are at work.

    `people` are (home, work) pairs, `kinds` the kinds of the sites; places lie in a row at `km` along a meridian, all in
    contact; `society` are other values of the table of that name, `sector_of` the sectors of the sites by row.
    """
    homes, works = zip(*people)
    place_of = [0] * len(kinds) if place_of is None else place_of
    n_places = max(place_of) + 1
    km = np.arange(n_places) * 10.0 if km is None else np.asarray(km)
    given = SocietyParameters(**{
        "scale": scale, "ties": TieParameters(degree_distribution="none"), "contact": ContactParameters(cutoff_km=500.0, neighbours=50),
        **(society or {}),
    })  # fmt: skip
    a, b = np.array(ties, dtype=int).reshape(-1, 2).T
    made = cz.Society.from_tables(
        people={"home": homes, "work": works, "position": position or ["stable"] * len(homes), "horizon": np.full(len(homes), given.horizon)},
        sites={"kind": kinds, "place": place_of, "sector": sector_of or [-1 if kind == "neighbourhood" else 1 for kind in kinds]},
        places={"name": [f"p{i}" for i in range(n_places)], "latitude": 40 + km / KM_PER_DEGREE, "longitude": [2.0] * n_places},
        ties={"a": a, "b": b}, parameters=given)  # fmt: skip
    values = {mechanism.name: {"enabled": mechanism.name in on} for mechanism in MECHANISMS if mechanism.name != "shock"}
    for name, table in tables.items():
        values[name] = {**values.get(name, {}), **table}
    head = {"name": "lab", **({"start": start} if start else {})}
    return cz.Simulation(cz.Scenario({"scenario": head, **values}), seed=seed, threads=1, society=made)


def mechanism_of(sim, name):
    return next(mechanism for mechanism in sim.mechanisms if mechanism.name == name)


def step(sim, name, day=None):
    """One day of one mechanism."""
    day = sim.day if day is None else day
    sim.state.day = day
    mechanism_of(sim, name).step(sim.state, day, Draws(sim.state.key, 0, day))


def sites_of(sim, person):
    """Home and, if any, site of work."""
    return {int(sim.people.home[person]), int(sim.people.work[person])} - {-1}


def counts(sim):
    """Every count that depends on who does what, recounted person by person."""
    people, sites, places, ties = sim.people, sim.sites, sim.places, sim.society.ties
    found = {
        **{f"sites.{name}": [0] * len(sites) for name in ("active", "participants", "held", "ties_in_measures")},
        **{f"places.{name}": [0] * len(places) for name in ("active", "participants", "held")},
        "people.ties_in_measures": [0] * len(people),
    }  # fmt: skip
    for code, column in ((IN_STRUGGLE, "active"), (IN_MEASURE, "participants"), (HELD, "held")):
        for person in np.flatnonzero(people.activity == code).tolist():
            at = sites_of(sim, person) | ({int(people.measure[person])} if code == IN_MEASURE else set())
            for site in at:
                found[f"sites.{column}"][site] += 1
            found[f"places.{column}"][sites.place[people.home[person]]] += 1
    for person in range(len(people)):
        for other in ties.neighbours[ties.offsets[person] : ties.offsets[person + 1]].tolist():
            if people.activity[other] == IN_MEASURE:
                found["people.ties_in_measures"][person] += 1
                for site in sites_of(sim, person) - sites_of(sim, other) - {int(people.measure[other])}:
                    found["sites.ties_in_measures"][site] += 1
    return found


def recount(sim):
    """Write the counts into the state."""
    for path, values in counts(sim).items():
        table, column = path.split(".")
        getattr(sim.state.tables[table], column)[:] = values


def assert_counted(sim):
    """The counts in the state are those of a recount."""
    for path, values in counts(sim).items():
        table, column = path.split(".")
        assert getattr(sim.state.tables[table], column).tolist() == values, path
    assert np.array_equal(sim.people.measure >= 0, sim.people.activity == IN_MEASURE)


def put(sim, persons, activity, at=-1):
    """Give people an activity, those in a measure at the site `at`, and recount."""
    persons = np.asarray(persons, int)
    sim.people.activity[persons], sim.people.measure[persons] = activity, at
    recount(sim)


def contest(sim, sites, struggle=0):
    """Make sites contested, in a struggle that goes on."""
    if struggle >= len(sim.struggles):
        sim.struggles.grow(struggle + 1 - len(sim.struggles))
    sim.sites.mode[sites], sim.sites.struggle[sites] = CONTESTED, struggle


def practice(sim, needs=("food",), mass=1, parent=-1, form=2, day=0, **content):
    """Enter a practice; returns its row."""
    table = np.full((1, 3), -1, np.int8)
    table[0, : len(needs)] = [sim.society.sectors.index(name) for name in needs]
    values = np.array([[content.get(name, 0.0) for name in CONTENTS]], np.float32)
    return int(records.add_practices(
        sim.state, day, table, values, scope=0, form=form, mass_people=mass * sim.state.scale, parent=np.array([parent]), channel=0, place=0)[0])  # fmt: skip


def take(sim, sites, which=None, people=None, began=-1, struggle=-1, **content):
    """Put measures in force at `sites`, begun before; returns the rows of the instances.

    `which` is the practice of each (a new one that needs one person, if omitted), `people` the persons who take part at each.
    """
    sites = np.atleast_1d(sites)
    which = practice(sim, **content) if which is None else which
    which = np.broadcast_to(which, sites.shape)
    sim.sites.struggle[sites] = struggle
    none = np.full(sites.size, -1)
    rows = records.begin(
        sim.state, began, sites, which, sim.practices.content[which], 5, none, none, np.full(sites.size, SCOPES.index("site")))  # fmt: skip
    for site, members in zip(sites, people or ()):
        sim.people.activity[members], sim.people.measure[members] = IN_MEASURE, site
    recount(sim)
    return rows


def set_shortage(sim, values):
    """Shortage of each sector everywhere: one number, or one by sector."""
    by_place_and_sector(sim.state, "shortage")[:] = values


def in_motion(n_sites, per_site=1, **options):
    """One place of neighbourhoods that are contested, each with people who are all in struggle."""
    sim = lab([(site, -1) for site in range(n_sites) for _ in range(per_site)], ["neighbourhood"] * n_sites, **options)
    put(sim, np.arange(n_sites * per_site), IN_STRUGGLE)
    contest(sim, np.arange(n_sites))
    return sim


def close(found, n, p, sigmas=4.5):
    """Whether `found` of `n` is near the expectation of a probability `p`."""
    return abs(found - n * p) <= sigmas * np.sqrt(n * p * (1 - p)) + 1e-9


def tallied(rows):
    """How often each value stands in an array, by value."""
    return Counter(np.asarray(rows).tolist())
