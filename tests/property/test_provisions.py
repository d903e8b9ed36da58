"""Provisioning and the economy's extensions in tiny societies of every shape: stocks and coins are conserved, shares stay shares."""

import numpy as np
from economies import economies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import POSITIONS
from communize.mechanisms.provisioning import by_place_and_sector

DAYS = 16
few = settings(max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
share = st.floats(0, 1, allow_subnormal=False)
TEN = ("agriculture", "energy_water", "food", "textiles", "manufacturing", "construction", "trade", "transport", "finance_business", "public_social")
THREE = ("food", "construction", "transport")


@st.composite
def positions(draw, owners=False):
    weights = dict(zip(POSITIONS, draw(st.lists(st.integers(0, 5), min_size=9, max_size=9).filter(any))))
    if owners:
        weights |= {"stable": 6, "owner": 1 + weights["owner"]}
    unmet = draw(st.sampled_from([0.0, 0.2, 0.9, 1.0]))
    return {name: {"share": weights[name] / sum(weights.values()), "unmet": unmet} for name in POSITIONS}


@st.composite
def tables(draw):
    """Sectors and a table for them: those of the package, or three with coefficients that leave something over."""
    if draw(st.booleans()):
        return TEN, {}, {"table": draw(st.sampled_from(["FRA-2005", "GRC-2008", "USA-2007", "BRA-2001"]))}
    A = np.array(draw(st.lists(st.sampled_from([0.0, 0.1, 0.4]), min_size=9, max_size=9))).reshape(3, 3)
    A *= draw(st.sampled_from([0.0, 0.5, 0.95])) / max(1.0, A.sum(axis=0).max())
    sectors = {name: {"share": 1 / 3, "size_minimum": 2.0, "size_maximum": 30.0} for name in THREE}
    return THREE, {"sectors": sectors}, {"table": "", "coefficients": A.tolist(), "demand": draw(st.sampled_from([[1.0, 1.0, 1.0], [5.0, 0.0, 0.1]]))}


@st.composite
def provisions(draw, sectors):
    """What stops, falls and is shared."""
    some = st.lists(st.sampled_from(sectors), max_size=2, unique=True)
    stop = st.fixed_dictionaries({"day": st.integers(0, DAYS), "days": st.integers(1, 9), "share": share, "sectors": some,
                                  "places": st.sampled_from([[], ["place-1"]])})  # fmt: skip
    return {
        "inputs": draw(st.sampled_from(["leontief", "half_critical", "weakly_critical", "linear"])),
        "slack": draw(st.sampled_from([0.0, 0.25])), "restock_days": draw(st.sampled_from([1.0, 10.0])), "stock_days": draw(st.sampled_from([0.1, 5.0, 200.0])),
        "notice_days": draw(st.sampled_from([1, 8])), "stop": draw(st.lists(stop, max_size=3)),
        "crisis": draw(st.lists(st.fixed_dictionaries({"day": st.integers(0, DAYS), "fall": share}), max_size=2)),
        "inventory_days": draw(st.sampled_from([{}, dict.fromkeys(sectors, 1.0)])),
        "free": {"enabled": draw(st.sampled_from([True, True, True, False])), "mobility": draw(share), "home_productivity": draw(st.sampled_from([0.0, 0.15, 5.0])),
                 "selling": draw(st.booleans()), "restock_days": draw(st.sampled_from([0.0, 7.0])), "carried": draw(st.sampled_from([0.0, 1.0, 1e6])),
                 "per_link": draw(share), "value_only": draw(some), "dwelling": draw(st.sampled_from(["", "construction"])),
                 "transport": draw(st.sampled_from(["", "transport"]))},
        "ratio": {"enabled": draw(st.booleans()), "every_days": 3, "resolved_days": 6},
    }  # fmt: skip


@st.composite
def scenarios(draw, economy=None):
    """A society of 2 to 150 people in which measures begin at once, at many sites, and spread."""
    sectors, society, table = draw(tables())
    content = st.dictionaries(st.sampled_from(("exchange", "property", "wage_labour", "division_of_labour", "gender", "strangers")), st.floats(-1, 1), max_size=5)
    needs = st.lists(st.sampled_from(sectors), min_size=1, max_size=3, unique=True)
    seed = st.fixed_dictionaries({"day": st.integers(0, 6), "needs": needs, "count": st.integers(1, 9), "people": st.sampled_from([1.0, 20.0]), "content": content})
    return cz.Scenario({
        "scenario": {"name": "tiny"},
        "society": {
            "people": draw(st.integers(2, 150)), "positions": draw(positions(owners=economy is not None)), "places": {"count": draw(st.sampled_from([1, 2, 6])), "extent_km": 100.0},
            "contact": {"neighbours": 5, "cutoff_km": 1000.0}, "neighbourhood_size": draw(st.sampled_from([3.0, 40.0])), "commuting": draw(share),
            "struggle_shifts_needs": draw(st.booleans()), "ties": {"mean_degree": 3.0}, "money": 100, "care_burden": draw(share), "carers": draw(st.sampled_from([[], ["women"], ["men", "women_racialised"]])), **society,
        },
        "economy": for_sectors(draw(economy), sectors) if economy is not None else {"core": False},
        "provisioning": {**table, **draw(provisions(sectors))},
        "struggle": {"enabled": draw(st.booleans()), "nerve": 0.0},
        "measures": {
            "requires_struggle": False, "critical_mass": 1.0, "seed": draw(st.lists(seed, min_size=1, max_size=3)), "reinvention": {"rate": 0.3},
            "adoption": {"rate": 2.0}, "coordination": {"instances": 1, "rate_link": draw(st.sampled_from([0.0, 5.0]))},
        },
        "rallying": {"rate": draw(st.sampled_from([0.0, 1.0]))},
        "dissolution": {"need": draw(st.sampled_from([0.0, 0.3])), "isolation": 0.0, "ebb": 0.0},
        "reckoning": {"recount_days": 5},
        "run": {"seed": draw(st.integers(0, 2**32))},
    })  # fmt: skip


def for_sectors(economy, sectors):
    """The economy with the weights of its budget for sectors that there are."""
    budget = economy["sectors"]["budget"]
    return economy | {"sectors": economy["sectors"] | {"budget": {name: weight for name, weight in budget.items() if name in sectors}}}


def check_stocks(sim):
    """Stocks in common are what came in less what went out, by sector; nothing is negative."""
    state, stock = sim.state, by_place_and_sector(sim.state, "stock")
    common = state.common
    came, went = common.seized + common.produced, common.used + common.drawn + common.apart + common.sold
    np.testing.assert_allclose(stock.sum(axis=0), came - went, rtol=1e-6, atol=1e-6 * max(1.0, came.max()))
    np.testing.assert_allclose(common.bought_for_goods.sum(), common.sold_for_goods.sum(), rtol=1e-9, atol=1e-9)  # goods for goods
    assert (common.inherited <= (common.drawn + common.served) * (1 + 1e-6) + 1e-6).all()  # all of it went out by drawing
    found = (stock * by_place_and_sector(state, "inherited")).sum(axis=0)
    gone = common.inherited - common.served  # the rest of it from what was in common
    assert (found + gone <= common.seized * (1 + 1e-6) + 1e-6 * max(1.0, came.max())).all()  # into common it came by taking over alone
    for values in (stock, sim.sites.stock, state.inventory.stock, state.industry.output):
        assert values.min(initial=0.0) >= 0


def check_shares(sim):
    state, places, people = sim.state, sim.places, sim.people
    shares = [
        people.unmet, people.affordability, places.coverage, places.free_coverage, places.open_to_others, places.exchange_dependence, places.means, places.spent, places.met_by_goods,
        sim.sites.inherited, by_place_and_sector(state, "inherited"), state.industry.supply, by_place_and_sector(state, "shortage"), by_place_and_sector(state, "coverage"),
    ]  # fmt: skip
    met = np.stack([places.met_inherited, places.met_made, places.met_dropped])
    assert met.min() >= 0
    assert met.sum() <= len(people) * (1 + 1e-9)
    for number, values in enumerate(shares):
        assert values.min() >= 0, number
        assert values.max() <= 1 + 1e-12, number


def check_series(series):
    np.testing.assert_allclose(series.need_met.sum("source"), 1.0, atol=1e-5)
    assert float(series.need_met.min()) >= -1e-9
    assert np.isfinite(series.output).all()
    assert (series.reproduction_ratio <= series.reproduction_ratio_pooled * (1 + 1e-6) + 1e-9).all()
    assert (series.reproduction_ratio_strict <= series.reproduction_ratio_pooled * (1 + 1e-6) + 1e-9).all()
    assert (series.reproduction_ratio_imports >= series.reproduction_ratio_pooled * (1 - 1e-6) - 1e-9).all()
    bound = series.reproduction_binding_place >= 0
    assert (series.reproduction_binding.where(bound, 0) >= 0).all()  # a place binds with its sector


@few
@given(scenarios())
def test_stocks_are_conserved_and_shares_are_shares(scenario):
    sim = cz.Simulation(scenario, threads=1)
    for _ in range(DAYS):
        sim.step()
        check_stocks(sim)
        check_shares(sim)
    check_series(sim.series)


@settings(few, max_examples=20)
@given(scenarios(), st.integers(0, DAYS - 1), st.booleans())
def test_branches_go_on_as_the_trunk_or_keep_what_is_conserved(scenario, day, switched_off):
    start = cz.Simulation(scenario, threads=1).run(day)
    trunk = cz.Simulation(scenario, threads=1).run(DAYS)
    assert start.branch().run(DAYS - day).state_hash() == trunk.state_hash()
    stops = [{"day": day, "days": 9, "share": 0.7}]
    other = start.branch({"provisioning.stop": stops, **({"provisioning.free.enabled": False} if switched_off else {})})
    for _ in range(DAYS - day):
        other.step()
        check_stocks(other)
        check_shares(other)
    assert not switched_off or not by_place_and_sector(other.state, "coverage").any()


@settings(few, max_examples=10)
@given(scenarios(economy=economies()))
def test_an_audit_finds_nothing_that_is_not_declared(scenario):
    sim = cz.Simulation(scenario, threads=1, audit=True).run(8)
    assert sim.state_hash() == cz.Simulation(scenario, threads=1).run(8).state_hash()


# --- coins ---


@st.composite
def extended(draw):
    """An economy with capital, credit, void debts and a regime that changes."""
    pair = lambda low, high: st.one_of(st.floats(low, high), st.lists(st.floats(low, high), min_size=2, max_size=2))  # noqa: E731
    change = st.fixed_dictionaries({"day": st.integers(0, DAYS), "regime": share, "over_days": st.integers(1, 9)})
    return draw(economies()) | {
        "firing": draw(pair(0.1, 3.0)), "month_days": draw(st.sampled_from([1, 2, 5])),
        "accumulation": {
            "enabled": draw(st.booleans()), "share": draw(share), "reference": draw(st.sampled_from([0.0, 0.3])), "depreciation": draw(st.sampled_from([0.0, 0.1, 50.0])),
            "power": draw(st.sampled_from([0.0, 0.5, 50.0])), "displaced": draw(st.sampled_from([0.0, 5.0])), "devaluation": draw(st.booleans()),
            "cheapening": draw(share), "reserve_army": draw(st.sampled_from([0.0, 5.0]))},
        "credit": {
            "enabled": True, "looseness": draw(pair(0.0, 24.0)), "interest": draw(st.sampled_from([0.0, 0.1, 5.0])), "repayment": draw(st.one_of(st.just(1.0), share)),
            "default_months": draw(st.sampled_from([1, 1, 3])), "barred_months": draw(st.sampled_from([0, 2, 120])), "tightening": draw(st.sampled_from([0.0, 20.0])),
            "recovery": draw(share), "reserve": draw(share), "void": draw(st.sampled_from([1.0, 1.0, 0.0, -1.0])), "void_accounts": draw(st.booleans())},
        "outsourcing": {"enabled": draw(st.booleans()), "probability": draw(pair(0.0, 1.0)), "staff": 2.0},
        "circuits": {"enabled": draw(st.booleans()), "outward": draw(pair(0.0, 1.0))},
        "indexation": {"enabled": draw(st.booleans()), "share": draw(pair(0.0, 1.0))},
        "change": draw(st.lists(change, max_size=2)),
    }  # fmt: skip


def ledger(sim):
    """Coins of all, those destroyed counted, less what households owe and what was written off (decision 23)."""
    state, economy = sim.state, sim.state.economy
    coins = int(sim.people.money.sum()) + int(state.demand.value.sum()) + int(state.demand.spending.sum())
    coins += int(economy.treasury[0]) + int(economy.bank[0]) + int(economy.destroyed[0])
    return coins - int(sim.people.debt.sum()) - int(economy.written_off[0])


SEEN = {"lent": 0, "defaults": 0, "written_off": 0, "destroyed": 0, "capital": 0}


@settings(few, max_examples=80)
@given(scenarios(economy=extended()))
def coins_are_conserved(scenario):
    sim = cz.Simulation(scenario, threads=1)
    coins, written_off = 100 * len(sim.people), 0
    assert ledger(sim) == coins
    for _ in range(DAYS):
        sim.step()
        economy = sim.state.economy
        assert ledger(sim) == coins
        for values in (sim.people.money, sim.people.debt, sim.state.demand.value, sim.state.demand.spending, sim.sites.capital):
            assert values.min(initial=0) >= 0
        assert economy.written_off[0] >= written_off
        assert 0 <= economy.regime[0] <= 1
        written_off = int(economy.written_off[0])
        for name in SEEN:
            SEEN[name] += int(getattr(economy, name)[0])


def test_coins_less_debts_and_what_was_written_off_are_conserved():
    coins_are_conserved()
    assert all(SEEN.values()), SEEN  # all of it happened


# --- threads ---


def test_results_do_not_depend_on_the_threads_where_everything_is_computed():
    given = lively(**{
        **MANY_MEASURES, "provisioning.fixed": {}, "provisioning.stop": [{"day": 3, "days": 5, "sectors": ["energy_water"]}], "society.people": 70_000,
        "society.places.count": 12, "society.neighbourhood_size": 250.0, "measures.seed[0].count": 30, "economy.core": True, "economy.month_days": 5,
        "economy.accumulation": {"enabled": True}, "economy.credit": {"enabled": True, "void": 0.0}, "economy.circuits.enabled": True,
        "economy.change": [{"day": 4, "regime": 0.9, "over_days": 3}],
    })  # fmt: skip
    one, two = (cz.Simulation(given, seed=3, threads=threads).run(12) for threads in (1, 2))
    assert len(one.people) > 65_536
    assert one.state.common.drawn.sum() > 0
    assert one.state.economy.lent[0] > 0
    assert one.state_hash() == two.state_hash()
    for name in one.series.data_vars:
        np.testing.assert_array_equal(one.series[name], two.series[name], str(name))
