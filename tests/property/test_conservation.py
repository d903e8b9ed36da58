"""Nothing is lost: people, coins, force and counts, in tiny societies of every shape, day after day."""

from types import SimpleNamespace

import numpy as np
from economies import check_firms, economies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invariants import check, coins_of

import communize as cz
from communize.declare.registry import KINDS, NEIGHBOURHOOD, POSITIONS, STRUGGLE_ENDS
from communize.store.outcome import judge

DAYS = 20
few = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
share = st.floats(0, 1, allow_subnormal=False)


@st.composite
def compositions(draw):
    """Shares of the positions: all in one, or mixed."""
    if draw(st.booleans()):
        weights = {draw(st.sampled_from(POSITIONS)): 1.0}
    else:
        weights = dict(zip(POSITIONS, draw(st.lists(st.integers(0, 5), min_size=9, max_size=9).filter(any))))
    total = sum(weights.values())
    cannot = draw(st.sets(st.sampled_from(POSITIONS), max_size=3))
    return {
        name: {"share": weights.get(name, 0) / total, "unmet": draw(st.sampled_from([0.0, 0.1, 0.9])), "takes_part": name not in cannot}
        for name in POSITIONS
    }


@st.composite
def measures(draw):
    """Tables of measures anywhere in a lively range, each channel and each ending on or off."""
    content = draw(st.sampled_from([{}, {"strangers": -1.0, "wage_labour": -1.0, "hierarchy": -1.0}, {"hierarchy": 1.0, "exchange": 0.5}]))
    seed = {"day": draw(st.integers(0, DAYS)), "needs": ["food"], "count": draw(st.integers(1, 9)), "people": draw(st.sampled_from([1.0, 20.0])),
            "content": content, "distinct": draw(st.booleans())}  # fmt: skip
    rate = st.sampled_from([0.0, 0.3, 20.0])
    return {
        "provisioning": {"fixed": {"enabled": draw(st.booleans()), "need": draw(share), "coverage": draw(share)}, "ratio": {"enabled": False}},
        "measures": {
            "enabled": draw(st.sampled_from([True, True, False])), "requires_struggle": draw(st.booleans()),
            "critical_mass": draw(st.sampled_from([1.0, 4.0, 30.0])), "fit_floor": draw(share), "seed": [seed] * draw(st.integers(0, 2)),
            "reinvention": {"rate": draw(rate), "enabled": draw(st.booleans()), "content_sd": draw(st.sampled_from([0.0, 2.0]))},
            "adoption": {"rate": draw(rate), "exponent": draw(st.sampled_from([1.0, 500.0])), "with_fit": draw(st.booleans())},
            "adaptation": {"share": draw(share)}, "grafting": {"rate": draw(rate)},
            "broadcast": {"enabled": draw(st.booleans()), "rate": draw(rate)},
            "coordination": {"instances": draw(st.integers(1, 4)), "rate_link": draw(rate)},
            "form": {"delay_days": {"assembly": draw(st.integers(0, 9)), "diffuse": 1, "spontaneous": 0}},
        },
        "rallying": {"rate": draw(rate), "people": draw(st.booleans()), "sites": draw(st.booleans()), "rate_leaving": draw(rate)},
        "dissolution": {name: draw(rate) for name in ("spent", "isolation", "need", "ebb", "other_measure")} | {"enabled": draw(st.booleans())},
        "contents": {"coupling": draw(share), "back": draw(share)}, "horizon": {"gain": draw(share), "witness": draw(share)},
        "neutral": {"enabled": draw(st.booleans()), "replacements": draw(st.integers(1, 5)), "mutation": draw(share)},
        "generalisation": {"place_days": draw(st.integers(1, 20))},
    }  # fmt: skip


@st.composite
def scenarios(draw):
    """A society of 2 to 200 agents and mechanisms anywhere in a lively range, with and without an economy."""
    scale = draw(st.sampled_from([1.0, 1.0, 3.0, 10.0]))
    n_agents = draw(st.integers(2, 200))
    money, core = draw(st.integers(0, 10**6)), draw(st.booleans())
    contact = {"neighbours": draw(st.sampled_from([0, 1, 5])), "cutoff_km": draw(st.sampled_from([0.0, 60.0, 1000.0]))}
    in_sight = contact["neighbours"] > 0 and contact["cutoff_km"] > 500
    economy = draw(economies(money, in_sight)) if core and money else {"regime": draw(share), "core": False}
    values = {
        "scenario": {"name": "tiny"},
        "society": {
            "people": int(n_agents * scale), "scale": scale, "positions": draw(compositions()),
            "places": {"count": draw(st.sampled_from([1, 2, 7, 60])), "size_exponent": draw(st.sampled_from([0.0, 1.0, 2.5])), "extent_km": 300.0},
            "contact": contact,
            "groups": draw(st.sampled_from([{"one": 1.0}, {"a": 0.5, "b": 0.5}])), "money": money,
            "neighbourhood_size": draw(st.sampled_from([1.0, 8.0, 500.0])), "commuting": draw(share),
            "ties": {"degree_distribution": draw(st.sampled_from(["none", "poisson", "fixed", "power_law"])), "mean_degree": 3.0},
        },
        "economy": economy,
        "struggle": {
            "nerve": draw(st.sampled_from([-5.0, 0.0, 0.7, 3.0])), "coupling": draw(st.sampled_from([0.0, 3.0, 30.0])),
            "temperature": draw(st.sampled_from([0.01, 0.2, 5.0])), "rate_joining": draw(st.sampled_from([0.1, 2.0, 10.0])),
            "rate_leaving": draw(st.sampled_from([0.0, 0.2, 5.0])), "spontaneous": draw(st.sampled_from([0.0, 1.0])), "weight_ties": draw(st.sampled_from([0.0, 0.5])),
            "weight_place": draw(st.sampled_from([0.0, 0.5])), "contested_share": draw(st.sampled_from([0.0, 0.1, 1.0])),
            "contested_end": draw(share), "contested_people": draw(st.sampled_from([0.0, 2.0, 20.0])),
            "repressed_share": draw(st.sampled_from([0.0, 0.5])),
        },
        "incidents": {"rate": draw(st.sampled_from([0.0, 0.1, 1.0])), "exponent": draw(st.sampled_from([0.3, 1.6])), "size": 0.5},
        "acts": {"rate": draw(st.sampled_from([0.0, 1.0, 10.0])), "rate_concession": draw(st.sampled_from([0.0, 0.5, 10.0])),
                 "rate_refusal": draw(st.sampled_from([0.0, 1.0])), "settlement_gain": draw(share), "refusal_loss": draw(share),
                 "room_employers": draw(st.floats(-1, 1)), "room_state": draw(st.floats(-1, 1)), "concession_cost": draw(st.sampled_from([-5.0, 0.1, 2.0]))},
        "force": {"deployment_delay": draw(st.sampled_from([0, 5, 60])), "move": draw(share), "reserve": draw(share),
                  "rate_arrest": draw(st.sampled_from([0.0, 0.3, 10.0])), "held_days": draw(st.sampled_from([0.1, 3.0])),
                  "speed_km": draw(st.sampled_from([1.0, 200.0])), "exception_level": draw(st.sampled_from([0.0, 0.1, 1.0])),
                  "arrest_loss": draw(st.sampled_from([0.0, 0.5, 2.0]))},
        "belonging": {"rate": draw(st.sampled_from([0.0, 0.01, 1.0]))},
        **draw(measures()), "reckoning": {"recount_days": 1},
        "shock": [{"day": draw(st.integers(0, DAYS)), "magnitude": draw(st.floats(-5, 5)), "half_life_days": 3.0}],
        "run": {"seed": draw(st.integers(0, 2**64 - 1))},
    }  # fmt: skip
    return cz.Scenario(values)


@few
@given(scenarios())
def test_nothing_is_lost_in_tiny_societies(scenario):
    sim = cz.Simulation(scenario, threads=1)
    n, coins = len(sim.people), len(sim.people) * scenario.society.money
    assert coins_of(sim) == coins
    core = scenario.tables.economy.core
    force = float((sim.people.position == POSITIONS.index("state_force")).sum())
    home, work, position = sim.people.home.copy(), sim.people.work.copy(), sim.people.position.copy()
    assert np.all(sim.sites.kind[home] == NEIGHBOURHOOD)
    assert set(sim.sites.kind) <= set(range(len(KINDS)))
    check(sim, coins, force)
    for _ in range(DAYS):
        sim.step()
        check(sim, coins, force)
        if core:
            check_firms(sim)
    assert len(sim.people) == n == sim.places.residents.sum()
    for before, after in ((home, sim.people.home), *(() if core else ((work, sim.people.work), (position, sim.people.position)))):
        np.testing.assert_array_equal(before, after)
    settled = [POSITIONS.index(name) for name in ("excluded", "student", "farmer", "state_force")]  # whom no market moves
    stays = np.isin(position, settled)
    np.testing.assert_array_equal(position[stays], sim.people.position[stays])
    assert not np.isin(sim.people.position[~stays], settled).any()
    series = sim.series
    assert np.all(series.people.sum(("activity", "position")).values == n * sim.state.scale)
    if scenario.tables.measures.enabled:
        in_force = (series.foundings.sum("channel") - series.endings.sum("cause")).cumsum()
        np.testing.assert_array_equal(series.instances.sum("place"), in_force)
        np.testing.assert_array_equal(series.instances_by_channel.sum("channel"), in_force)
        np.testing.assert_array_equal(series.instances_by_scope.sum("scope"), in_force)
    else:
        change = np.diff(series.active.sum("place").values, prepend=0.0)
        lost = series.joined - series.left - series.arrests
        assert np.all(change[series.settlements.values == 0] == lost.values[series.settlements.values == 0])
    held = np.diff(series.held.sum("place").values, prepend=0.0)
    np.testing.assert_array_equal(held, (series.arrests - series.releases).values)


@settings(few, max_examples=12)
@given(scenarios())
def test_every_invariant_holds_after_every_mechanism(scenario):
    sim = cz.Simulation(scenario, threads=1, audit=True).run(8)
    assert sim.state_hash() == cz.Simulation(scenario, threads=1).run(8).state_hash()


@few
@given(scenarios(), st.integers(1, DAYS - 1))
def test_a_branch_goes_on_as_the_trunk_does(scenario, day):
    whole, start = cz.Simulation(scenario, threads=1).run(DAYS), cz.Simulation(scenario, threads=1).run(day)
    assert start.branch().run(DAYS - day).state_hash() == whole.state_hash()


@settings(few, max_examples=15)
@given(scenarios())
def test_tiny_runs_are_judged(scenario):
    run = cz.run(scenario, days=DAYS, threads=1)
    assert sum(run.outcome.endings.values()) == len(run.struggles)
    assert 0 <= run.outcome.day <= DAYS
    assert sum(run.outcome.endings_of_measures.values()) == len(run.instances)
    series = run.series  # a struggle counts its people before it is settled, and before measures are founded and end
    moving = (series.active.sum("place") + series.get("participants", series.active * 0).sum("place")).values
    counted = np.append(0.0, moving[:-1]) + (series.joined - series.left - series.arrests).values
    assert run.struggles.person_days.sum() <= counted.sum() + 1e-3
    assert (run.struggles.duration_days >= 0).all()


def test_an_outcome_falls_on_a_day_of_the_run():
    sim_days, settled = 3, STRUGGLE_ENDS.index("settled")
    struggles = SimpleNamespace(end=[settled], ended=[sim_days], person_days=[10], sites_ever=[9])
    instances = SimpleNamespace(cause=[], struggle=[], person_days=[])
    outcome = judge({"moving": np.array([5.0, 5.0, 0.0])}, 10.0, struggles, instances)
    assert outcome.name == "integration"
    assert outcome.day == sim_days - 1
