"""Economies of every kind under events of every kind: no coin is made or lost, every worker has one employer, and results are the same bits."""

import numpy as np
import xarray as xr
from economies import check_firms, check_plants, economies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invariants import coins_of

import communize as cz
from communize.declare.registry import CONTESTED

DAYS = 18
few = settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
rate = st.sampled_from([0.0, 0.2, 3.0])
day = st.integers(0, DAYS - 1)

# What may change in a branch: each extension switched, taxes, wages and months.
CHANGES = {
    "economy.core": st.booleans(), "economy.enabled": st.booleans(), "economy.state.enabled": st.booleans(), "economy.contracts.enabled": st.booleans(),
    "economy.dismissals.enabled": st.booleans(), "economy.state.tax": st.floats(0, 1), "economy.month_days": st.integers(1, 9),
    "economy.hiring_staff": st.floats(0, 2), "economy.firing": st.floats(0.05, 3), "economy.contracts.precarious_first": st.booleans(),
    "economy.regime": st.floats(0, 1), "economy.basket": st.floats(0, 3), "economy.accumulation.enabled": st.booleans(), "economy.credit.enabled": st.booleans(),
    "economy.circuits.enabled": st.booleans(), "economy.credit.interest": st.floats(0, 50), "economy.credit.looseness": st.floats(0, 50), "measures.founding": st.booleans(), "force.rate_arrest": rate, "struggle.nerve": st.floats(-1, 3),
}  # fmt: skip


@st.composite
def scenarios(draw):
    """A small society in a few places in sight of one another, in which struggles and measures begin, with an economy at work."""
    money, scale = draw(st.sampled_from([3, 100, 10**6])), draw(st.sampled_from([1.0, 1.0, 10.0]))
    values = {
        "scenario": {"name": "drawn"},
        "society": {
            "people": int(draw(st.integers(20, 250)) * scale), "scale": scale, "money": money, "places": {"count": draw(st.sampled_from([1, 4, 9])), "extent_km": 100.0},
            "neighbourhood_size": 20.0 * scale, "ties": {"mean_degree": 3.0},
        },
        "economy": draw(economies(money)),
        "struggle": {"nerve": draw(st.sampled_from([0.0, 0.8])), "contested_people": 1.0, "seed": [{"day": draw(day), "share": 0.2}]},
        "incidents": {"rate": draw(st.sampled_from([0.0, 0.1]))}, "acts": {"rate": 5.0, "rate_concession": draw(rate), "concession_cost": draw(st.sampled_from([0.1, 5.0]))},
        "force": {"rate_arrest": draw(rate), "rate_eviction": draw(rate), "deployment_delay": 1},
        "measures": {"requires_struggle": draw(st.booleans()), "critical_mass": scale, "seed": [{"day": draw(day), "needs": ["food"], "count": 3, "kind": "workplace"}]},
        "dissolution": {"spent": draw(rate)}, "rallying": {"rate": draw(rate)},
        "shock": [{"day": draw(day), "magnitude": draw(st.floats(-1, 4)), "half_life_days": 3.0}], "reckoning": {"recount_days": 1},
    }  # fmt: skip
    return cz.Scenario(values)


def ruin(sim, number):
    """The owner of a firm loses all to somebody else: it closes next month."""
    owners = sim.sites.owner[sim.sites.owner >= 0]
    if owners.size:
        owner = int(owners[number % owners.size])
        other = (owner + 1) % len(sim.people)
        sim.people.money[other] += sim.people.money[owner]
        sim.people.money[owner] = 0
    return sim


def branch(sim, changes):
    return sim.branch(changes)


@st.composite
def events(draw):
    """Days with what happens on them: a firm is ruined, or the run goes on in a branch with other parameters."""
    found = []
    for when in sorted(draw(st.lists(day, max_size=6))):
        names = draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=3, unique=True))
        found.append((when, branch, {name: draw(CHANGES[name]) for name in names}) if draw(st.booleans()) else (when, ruin, draw(st.integers(0, 99))))
    return found


def is_at_work(sim):
    return any(mechanism.name == "economy" and mechanism.parameters.core for mechanism in sim.mechanisms)


@settings(few, max_examples=25)
@given(scenarios(), events())
def test_no_coin_is_made_or_lost_and_every_worker_has_one_employer(scenario, happens):
    sim = cz.Simulation(scenario, threads=1)
    coins = len(sim.people) * scenario.society.money
    assert coins_of(sim) == coins
    check_firms(sim)
    for today in range(DAYS):
        for when, what, with_what in happens:
            if when == today:
                sim = what(sim, with_what)
        n_sites, months = len(sim.sites), sim.state.regrouped
        sim.step()
        assert coins_of(sim) == coins
        assert min(int(sim.people.money.min()), int(sim.state.demand.value.min()), int(sim.state.economy.treasury[0])) >= 0
        check_firms(sim)
        if is_at_work(sim) and sim.state.regrouped > months and economy_of(sim).dismissals.enabled:
            check_plants(sim, n_sites)
        elif not is_at_work(sim):
            assert len(sim.sites) == n_sites
    sim.run(1)  # all is recounted at the end


def economy_of(sim):
    return next(mechanism.parameters for mechanism in sim.mechanisms if mechanism.name == "economy")


@settings(few, max_examples=8)
@given(scenarios(), events(), st.integers(1, DAYS - 1))
def test_threads_pieces_and_branches_leave_the_same_bits(scenario, happens, cut):
    """One, two and three threads; in one go, and in pieces through branches without changes."""

    def run(threads, pieces):
        sim = cz.Simulation(scenario, threads=threads)
        for today in range(DAYS):
            for when, what, with_what in happens:
                if when == today:
                    sim = what(sim, with_what)
            if pieces and today in (cut, DAYS // 2):
                sim = sim.branch()
            sim.step()
        return sim

    whole = run(1, False)
    for threads, pieces in ((2, False), (3, True)):
        other = run(threads, pieces)
        assert other.state_hash() == whole.state_hash()
        xr.testing.assert_identical(other.series, whole.series)


@settings(few, max_examples=6)
@given(scenarios())
def test_every_mechanism_writes_what_it_says_and_all_holds_after_each(scenario):
    sim = cz.Simulation(scenario, threads=1, audit=True).run(10)
    assert sim.state_hash() == cz.Simulation(scenario, threads=1).run(10).state_hash()


@settings(few, max_examples=15)
@given(scenarios(), st.integers(0, 2**32))
def test_the_dismissed_stay_where_it_is_contested_and_leave_elsewhere(scenario, seed):
    """After a month nobody without work belongs to a site but who was dismissed in it, or is at one that was contested or taken."""
    sim = cz.Simulation(scenario.replace({"struggle.enabled": False, "force.enabled": False, "dissolution.enabled": False}), seed=seed, threads=1)
    rng, length = np.random.default_rng(seed), scenario.tables.economy.month_days
    notice = economy_of(sim).dismissals.enabled
    for _ in range(DAYS // length):
        free = np.flatnonzero((sim.sites.mode == 0) & (sim.sites.instance < 0))
        sim.sites.mode[rng.choice(free, free.size // 4, replace=False)] = CONTESTED
        sim.run(length - 1)
        held = sim.sites.mode != 0
        was = sim.people.position.copy()
        sim.step()
        out = (sim.people.position == 2) & (sim.people.work >= 0)
        there = np.append(held, np.zeros(len(sim.sites) - held.size, np.bool_))[sim.people.work[out]]
        assert (there | (notice & (was[out] != 2))).all()
        sim.sites.mode[(sim.sites.mode == CONTESTED) & (rng.random(len(sim.sites)) < 0.5)] = 0
