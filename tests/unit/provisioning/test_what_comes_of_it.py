"""Provisioning in whole runs: places that stop, crises, kappa and what binds it, where needs are met."""

import numpy as np
import pytest
from worlds import MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import FARM, IN_MEASURE, STATE_SITE, WORKPLACE
from communize.mechanisms.provisioning import by_place_and_sector, needs
from communize.mechanisms.provisioning.industry import BINDING
from communize.production import criticality

QUIET = {"scenario.only": ["provisioning"], "society.people": 4_000, "society.places.count": 6}


def run(days, name="restructured", seed=1, **changes):
    """The finished simulation of a case with values changed by dotted path (two underscores for a dot)."""
    scenario = cz.load(name).replace({**QUIET, **{path.replace("__", "."): value for path, value in changes.items()}})
    return cz.Simulation(scenario, seed=seed, threads=1).run(days)


# --- stops ---


def test_a_stop_in_one_place_takes_the_labour_of_that_place():
    stop = {"day": 2, "days": 3, "places": ["place-1"], "sectors": ["food", "trade"], "share": 0.5}
    sim = run(6, provisioning__stop=[stop], provisioning__slack=0.0)
    sites, names = sim.sites, list(sim.society.sectors)
    output = sim.series.output.values
    works = np.isin(sites.kind, (WORKPLACE, FARM, STATE_SITE))
    first = sites.place == sim.society.place_list.name.tolist().index("place-1")
    for k, name in enumerate(names):
        of_sector = works & (sites.sector == k)
        there = sites.members[of_sector & first].sum() / sites.members[of_sector].sum()
        wanted = 1 - 0.5 * there if name in ("food", "trade") else 1.0
        if name in ("food", "trade"):
            assert 0.05 < there < 0.95
            assert output[2, k] == pytest.approx(wanted, rel=1e-6)
    assert output[:2] == pytest.approx(np.ones((2, 10)))


def test_people_in_struggle_and_in_measures_are_missing_from_work():
    sim = run(1, provisioning__slack=0.0)
    at_work = np.flatnonzero((sim.sites.kind == WORKPLACE) & (sim.sites.sector == 2))
    sim.sites.active[at_work] = sim.sites.members[at_work] // 2
    share = 1 - sim.sites.active[at_work].sum() / sim.sites.members[at_work].sum()
    mechanism = next(m for m in sim.mechanisms if m.name == "provisioning")
    mechanism.step(sim.state, 1, None)
    assert sim.state.industry.possible[2] == pytest.approx(share * mechanism._industry.base[2])
    assert sim.state.industry.supply[2] == pytest.approx(share, rel=1e-6)


# --- a crisis ---


def test_a_crisis_lowers_what_people_can_pay_and_nobody_gets_less_for_lack_of_goods():
    sim = run(40, provisioning__crisis=[{"day": 5, "fall": 0.25}, {"day": 20, "fall": 0.5}, {"day": 30, "fall": 0.0}])
    series, pays = sim.series, 1 - float(sim.series.unmet[0])
    for day, fall in ((4, 0.0), (19, 0.25), (29, 0.5), (39, 0.0)):
        assert float(series.unmet[day]) == pytest.approx(1 - pays * (1 - fall), abs=1e-5)
    assert float(series.shortage[5]) == pytest.approx(1 - 0.75 * pays, abs=1e-5)  # places at once, people within a week
    np.testing.assert_allclose(series.supply, 1.0, atol=1e-6)
    assert (series.output[28] < 0.95).any()


def test_a_crisis_comes_on_top_of_what_the_month_leaves():
    changes = {"scenario.only": ["economy", "provisioning"], "economy.month_days": 10}
    sim = run(31, **changes, provisioning__crisis=[{"day": 5, "fall": 0.5}])
    whole = cz.Simulation(sim.scenario.replace({"provisioning.crisis": []}), seed=1, threads=1).run(31)
    np.testing.assert_array_equal(sim.people.affordability, whole.people.affordability)
    supply = sim.state.industry.supply
    weights = np.array([sector.need for sector in sim.society.parameters.sectors.values()])
    delivered = float(weights / weights.sum() @ supply)
    np.testing.assert_allclose(sim.people.unmet, 1 - 0.5 * sim.people.affordability * delivered, atol=0.02)  # noticed within some days
    assert float(sim.series.unmet[30]) > float(whole.series.unmet[30]) + 0.2


# --- kappa ---


def test_kappa_falls_below_one_under_a_lasting_stop_and_comes_back():
    sim = run(160, "general-strike")
    kappa, binding = sim.series.commodity_reproduction.values, sim.series.commodity_binding.values
    assert (kappa[:10] > 1).all()
    assert (kappa[15:70] < 1).all()
    assert kappa[69] < 0.05
    assert {BINDING[code] for code in binding[15:70]} == {"inputs"}
    assert (kappa[100:] > 1).all()
    days = criticality.builtin_inventory_days()
    at_rest = 1 + days["transport"] / 30  # the least of the stocks of critical inputs, in months, above what is delivered
    assert kappa[0] == pytest.approx(at_rest, abs=1e-6)
    assert kappa[-1] == pytest.approx(at_rest, abs=0.01)
    np.testing.assert_allclose(sim.series.supply[-1], 1, atol=1e-6)


def test_a_general_stop_of_labour_binds_kappa_by_labour():
    plenty = dict.fromkeys(cz.load("restructured").society.sectors, 200.0)
    stop = [{"day": 0, "days": 200, "share": 0.4}]
    sim = run(40, provisioning__stop=stop, provisioning__inventory_days=plenty, provisioning__slack=0.25)
    assert sim.series.commodity_reproduction.values[-1] == pytest.approx(0.6 * 1.25, abs=1e-6)
    assert BINDING[sim.series.commodity_binding.values[-1]] == "labour"


ECONOMY = {
    "scenario.only": ["economy", "provisioning"], "society.people": 3_000, "economy.month_days": 10, "economy.markets.enabled": False,
}  # fmt: skip


def kappa_by_hand(sim):
    """The smallest of the four parts and its number, from columns of the state."""
    parts, economy = sim.state.renewal.parts, sim.state.economy
    known = parts[np.isfinite(parts[:, 0])]
    taxes = economy.taxes[0] / economy.due[0] if economy.due[0] else np.nan
    four = [known[:, 0].mean(), known[:, 1].mean(), economy.surplus[0], taxes]
    return np.nanmin(four), int(np.nanargmin(four))


def test_kappa_is_bound_by_taxes_that_do_not_pay_what_the_state_owes():
    sim = run(41, **ECONOMY, economy__state__tax=0.05)
    series = sim.series
    assert BINDING[series.commodity_binding.values[-1]] == "taxes"
    assert series.commodity_reproduction.values[-1] == pytest.approx(float(series.taxes[-1] / series.due[-1]), rel=1e-6)
    assert series.commodity_reproduction.values[-1] == pytest.approx(kappa_by_hand(sim)[0])
    assert series.commodity_reproduction.values[-1] < 0.5


def test_kappa_is_bound_by_a_surplus_that_does_not_cover_wear_and_interest():
    plenty = dict.fromkeys(cz.load("restructured").society.sectors, 400.0)
    sim = run(
        81, **ECONOMY, economy__state__enabled=False, provisioning__slack=9.0, provisioning__inventory_days=plenty,
        **{"economy.accumulation": {"enabled": True, "share": 1.0, "reference": 0.0, "depreciation": 100.0, "displaced": 0.0}})  # fmt: skip
    series = sim.series
    bound = series.commodity_binding.values == BINDING.index("surplus")
    assert bound[-1]
    assert bound.sum() > 20
    np.testing.assert_allclose(series.commodity_reproduction.values[bound], series.surplus.values[bound], rtol=1e-6)
    assert kappa_by_hand(sim) == (pytest.approx(float(series.surplus[-1]), rel=1e-6), BINDING.index("surplus"))


# --- measures in whole runs ---


@pytest.fixture(scope="module")
def busy():
    changes = {**MANY_MEASURES, "provisioning.fixed.enabled": False, "society.people": 3_000, "provisioning.crisis": [{"day": 4, "fall": 0.4}]}
    return cz.Simulation(lively(**changes), seed=3, threads=1).run(40)


def test_all_needs_are_met_somehow_or_not(busy):
    met = busy.series.need_met
    np.testing.assert_allclose(met.sum("source"), 1.0, atol=1e-5)
    assert float(met.min()) >= 0
    assert float(met.sel(source="inherited").max()) > 0.01
    assert float(met.sel(source="made").max()) > 0.001
    assert float(met.sel(source="goods").max()) > 0
    np.testing.assert_allclose(met.sel(source="unmet"), busy.series.unmet, atol=1e-6)
    assert not met.sel(source="credit").any()  # nobody lends here
    assert not met.sel(source="benefit").any()  # and no month is computed


def test_needs_are_met_by_wages_benefits_and_credit_as_people_were_paid():
    changes = {**ECONOMY, "society.people": 4_000, "economy.credit.enabled": True}
    series = run(41, **changes).series.isel(day=-1)
    met, sources = series.need_met, series.wages + series.profit + series.public_wages + series.benefits + series.lent
    assert float(series.lent) > 0
    for name, coins in (("wage", series.wages + series.profit + series.public_wages), ("benefit", series.benefits), ("credit", series.lent)):
        assert float(met.sel(source=name)) == pytest.approx(float((1 - series.unmet) * coins / sources), rel=1e-5)


def test_stocks_in_common_are_what_came_in_less_what_went_out(busy):
    common, stock = busy.state.common, by_place_and_sector(busy.state, "stock")
    np.testing.assert_allclose(stock.sum(axis=0), common.seized + common.produced - common.apart - common.used - common.drawn - common.sold, rtol=1e-9, atol=1e-9)
    assert (common.seized > 0).any()
    assert (common.produced > 0).any()
    assert (common.used > 0).any()
    assert (common.drawn > 0).any()
    assert (common.moved > 0).any()
    assert (common.sold > 0).any()
    assert (common.apart > 0).any()
    assert (common.served > 0).any()
    assert (common.sold_apart > 0).any()
    np.testing.assert_allclose(busy.series.common_stock[-1], stock.sum(axis=0), rtol=1e-6)


def test_what_is_had_free_is_counted_by_place_and_drawn_of_what_was_found_and_made(busy):
    common, places, met = busy.state.common, busy.places, busy.series.need_met.isel(day=-1)
    assert (common.inherited <= (common.drawn + common.served) * (1 + 1e-6) + 1e-9).all()
    assert 0 < common.inherited.sum() < 0.999 * (common.drawn + common.served).sum()
    people = places.residents.sum()
    for source, column in (("inherited", places.met_inherited), ("made", places.met_made)):
        assert float(met.sel(source=source)) == pytest.approx(column.sum() / people, rel=1e-5)


def in_common(days=60, **changes):
    """Measures at once at many sites, of which all is free for all, and the series of what meets needs."""
    content = dict.fromkeys(("property", "strangers", "exchange", "division_of_labour"), 1.0)
    seed = [{"day": 1, "needs": ["food", "energy_water", "transport"], "count": 40, "people": 20.0, "content": content}]
    changes = {
        "scenario.only": ["provisioning", "measures"], "society.people": 2_000, "society.places.count": 3, "measures.requires_struggle": False, "measures.seed": seed,
        "provisioning.ratio.enabled": False, "provisioning.free.dwelling": "", **changes}  # fmt: skip
    sim = cz.Simulation(cz.load("restructured").replace(changes), seed=1, threads=1).run(days)
    return sim, *(sim.series.need_met.sel(source=source).values for source in ("inherited", "made"))


SECTORS = list(cz.load("restructured").society.sectors)
NO_FINANCE = {  # nobody needs it, and all else that is made needs energy
    "provisioning.table": "", "provisioning.coefficients": [[0.1 * (name == "energy_water")] * 10 for name in SECTORS],
    "provisioning.demand": [float(name != "finance_business") for name in SECTORS], "provisioning.free.value_only": [],
}  # fmt: skip
NO_ENERGY = {
    **NO_FINANCE, "provisioning.free.home_productivity": 0.0, "provisioning.free.seizable": [name for name in SECTORS if name != "energy_water"],
}  # fmt: skip


def test_where_nothing_can_be_made_all_that_is_free_was_found_and_runs_out():
    """All need energy, which nobody holds, and of which some is needed to make it."""
    sim, found, made = in_common(**NO_ENERGY)
    assert not sim.state.common.produced.any()
    assert not made.any()
    np.testing.assert_allclose(sim.state.common.inherited, sim.state.common.drawn + sim.state.common.served, rtol=1e-6)
    assert found.max() > 0.5
    assert found[-5:].max() < 0.1 * found.max()


def test_needs_for_what_only_serves_value_fall_away_as_far_as_people_live_free_of_it():
    sim, *_ = in_common(10, **{"provisioning.free.value_only": ["trade"]})
    trade, places = SECTORS.index("trade"), sim.places
    weight, supply = (of[trade] for of in (needs.weights_of_needs(sim.state), sim.state.industry.supply))
    assert 200 < places.participants.sum() < 1_800
    lacks = (places.residents - places.participants) * (1.0 - supply * places.means) * places.open_to_others
    assert places.met_dropped.sum() == pytest.approx(weight * (places.participants.sum() + lacks.sum()), rel=0.01)  # but who works elsewhere
    assert float(sim.series.need_met.sel(source="dropped")[-1]) == pytest.approx(places.met_dropped.sum() / len(sim.people), rel=1e-6)
    sim, *_ = in_common(10, **{"provisioning.free.value_only": []})
    assert not sim.series.need_met.sel(source="dropped").any()


def test_where_nothing_can_be_taken_all_that_is_free_is_made():
    sim, found, made = in_common(20, **NO_FINANCE, **{"provisioning.free.seizable": ["finance_business"]})
    assert not sim.state.common.seized.any()
    assert made.max() > 0.02
    assert not found.any()
    assert not sim.state.common.inherited.any()
    little, found, made = in_common(20, **NO_FINANCE, **{"provisioning.stock_days": 0.1})
    assert little.state.common.seized.any()
    assert 0 < found[-1] < 0.02 * made[-1]


def test_what_was_found_sinks_as_stocks_run_out_and_what_is_made_takes_its_place():
    _, found, made = in_common(60, **NO_FINANCE, **{"provisioning.stock_days": 5.0})
    share = found[5:] / (found[5:] + made[5:])
    assert share[:5].min() > 0.4
    assert share[-10:].max() < 0.1  # though some more stocks were taken now and then
    assert made[-1] > 2 * made[5]


def test_participants_of_a_place_bring_coverage_and_dependence_into_its_series(busy):
    series = busy.series
    inside = busy.people.activity == IN_MEASURE
    assert inside.sum() > 20
    assert float(series.exchange_dependence.max()) > 0
    assert np.isfinite(series.coverage[-1])
    assert 0 < float(series.outside_exchange.max()) <= 1


def test_fixed_levels_are_held_whatever_is_produced():
    level = [{"day": 3, "need": 0.9}, {"day": 5, "place": "place-2", "coverage": 0.2}]
    fixed = {"enabled": True, "need": 0.3, "need_of_sector": {"food": 0.6}, "coverage": 0.8, "level": level}
    changes = {**MANY_MEASURES, "provisioning.fixed": fixed, "provisioning.stop": [{"day": 1, "days": 9}]}
    sim = cz.Simulation(lively(**changes), seed=3, threads=1)
    for day in range(8):
        sim.step()
        shortage = by_place_and_sector(sim.state, "shortage")
        food = list(sim.society.sectors).index("food")
        assert set(np.delete(shortage, food, axis=1).ravel()) == {np.float32(0.9 if day >= 3 else 0.3)}
        assert set(shortage[:, food]) == {np.float32(0.9 if day >= 3 else 0.6)}
        assert sim.places.coverage.tolist() == pytest.approx([0.8, 0.2 if day >= 5 else 0.8, 0.8, 0.8, 0.8])
        held = np.bincount(sim.sites.place[sim.state.instances.site[sim.state.instances.began < day]], minlength=5) > 0
        assert (sim.places.free_coverage[~held] == 0).all()
