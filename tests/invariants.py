"""What must hold of a simulation at the end of any day, recounted person by person."""

import numpy as np

from communize.declare.registry import (
    ACTIVITIES,
    CONTESTED,
    HELD,
    IN_FORCE,
    IN_MEASURE,
    IN_STRUGGLE,
    MODES,
    STRUGGLE_ENDS,
    TAKEN,
)  # fmt: skip


def recount(sim, code):
    """People of an activity by site and by place, one by one."""
    by_site, by_place = [0] * len(sim.sites), [0] * len(sim.places)
    for person in np.flatnonzero(sim.people.activity == code).tolist():
        home, work = int(sim.people.home[person]), int(sim.people.work[person])
        at = {home, work} | ({int(sim.people.measure[person])} if code == IN_MEASURE else set())
        by_place[sim.sites.place[home]] += 1
        for site in at - {-1}:
            by_site[site] += 1
    return by_site, by_place


def coins_of(sim):
    """All coins less those that are owed: the sum that never changes."""
    tables = sim.state.tables.values()
    return sum(column.money * int(values.sum()) for table in tables for column, values in table.columns() if column.money)


def has_economy(sim):
    """Whether wages, firms and the State are computed."""
    return any(mechanism.name == "economy" and mechanism.parameters.core for mechanism in sim.mechanisms)


def check(sim, coins, force):
    people, sites, places, struggles = sim.people, sim.sites, sim.places, sim.struggles
    assert set(people.activity) <= set(range(len(ACTIVITIES)))
    assert set(sites.mode) <= set(range(len(MODES)))
    assert coins_of(sim) == coins
    assert people.money.min() >= 0
    for code, column in ((IN_STRUGGLE, "active"), (IN_MEASURE, "participants"), (HELD, "held")):
        by_site, by_place = recount(sim, code)
        assert getattr(sites, column).tolist() == by_site
        assert getattr(places, column).tolist() == by_place
    takes_part = sim.society.takes_part[people.position, people.group]
    if not any(mechanism.name == "civil_violence" for mechanism in sim.mechanisms):  # whose citizens are all people but the cops
        if not has_economy(sim):  # by which people in struggle may come to another position
            assert takes_part[people.activity != 0].all()
    for path, values in sim.state.arrays():
        table, name = path.split(".")
        column = sim.state.tables[table].declared(name) if table in sim.state.tables else None
        if values.dtype.kind == "f" and not (column and np.isnan(column.start)) and path != "days.resonance":
            assert np.isfinite(values).all(), path
    table = sim.state.force
    here = places.force.sum(dtype=float) + places.arriving.sum(dtype=float) + table.reserve[0] + table.deserted[0] - table.recruited[0]
    assert abs(here - force) <= 1e-4 * max(1.0, force)
    # contested sites are in a struggle that goes on, and other sites only with a measure that a struggle carries
    assert np.all(sites.struggle[sites.mode == CONTESTED] >= 0)
    assert set(sites.mode[sites.struggle >= 0]) <= {CONTESTED, TAKEN}
    live = struggles.ended < 0
    inside = sites.struggle[sites.struggle >= 0]
    assert live[inside].all()
    if sim.day:  # a struggle whose last site lost its measure today is over tomorrow
        without = np.setdiff1d(np.flatnonzero(live), inside)
        assert np.all(struggles.sites[without] > 0)
        assert struggles.sites[without].sum() <= (sim.instances.ended == sim.day - 1).sum()
    check_measures(sim)
    assert set(struggles.end) <= set(range(len(STRUGGLE_ENDS)))
    assert np.all(struggles.end[~live] > 0)
    assert np.all(struggles.peak >= struggles.active)
    assert np.all(struggles.person_days >= struggles.peak)
    for table in sim.state.tables.values():
        for column, values in table.columns():
            low, high = column.range
            values = values[~np.isnan(values)] if values.dtype.kind == "f" else values
            if values.size:
                assert low is None or values.min() >= low, column.path
                assert high is None or values.max() <= high, column.path


def check_measures(sim):
    people, sites, instances, practices, tally = sim.people, sim.sites, sim.instances, sim.practices, sim.state.tally
    taken = np.flatnonzero(sites.mode == TAKEN)
    assert np.array_equal(taken, np.flatnonzero(sites.instance >= 0))
    assert np.array_equal(instances.site[sites.instance[taken]], taken)
    assert set(np.flatnonzero(instances.ended < 0)) == set(sites.instance[taken].tolist())
    assert np.array_equal(instances.ended < 0, instances.cause == IN_FORCE)
    assert np.array_equal(people.measure >= 0, people.activity == IN_MEASURE)
    assert np.all(sites.mode[people.measure[people.measure >= 0]] == TAKEN)
    assert tally.begun.sum() == len(instances) == tally.ended.sum() + taken.size
    assert np.all(np.diff(instances.began) >= 0)
    assert np.all(instances.parent < np.arange(len(instances)))
    assert np.all(practices.parent < np.arange(len(practices)))
    assert np.all((practices.needs >= 0).any(axis=1))  # an adaptation may give up the first
    assert np.all(instances.practice < len(practices))
    counted = any(mechanism.name == "generalisation" for mechanism in sim.mechanisms)
    assert not counted or np.array_equal(instances.births, np.bincount(instances.parent[instances.parent >= 0], minlength=len(instances)))
    ties = sim.society.ties
    ends = np.repeat(np.arange(len(people)), np.diff(ties.offsets))[people.activity[ties.neighbours] == IN_MEASURE]
    assert np.array_equal(people.ties_in_measures, np.bincount(ends, minlength=len(people)))
