"""The commodity mode against input-output theory and the inventory model of Pichler and others, through the public run.

Leontief (1936), https://doi.org/10.2307/1927837: gross output for a final demand f is (I - A)^-1 f. Pichler, Pangallo, del Rio-Chanona,
Lafond and Farmer (2022), https://doi.org/10.1016/j.jedc.2022.104527: orders, inventories and rationing day by day; the equations
and the reference trajectory are those of `validation.md` section 8.
"""

import numpy as np
import provision_by_hand as by_hand
import pytest

import communize as cz
from communize.production import criticality
from communize.production.tables import builtin

THREE = [[0.2, 0.3, 0.0], [0.1, 0.1, 0.4], [0.3, 0.2, 0.1]]
DEMAND = [100.0, 50.0, 80.0]
NAMES = ("one", "two", "three", "four", "five")


def scenario(A=THREE, demand=DEMAND, days=30, people=600, **production):
    """Sectors of one's own in one town, with nothing but production."""
    names = NAMES[: len(demand)]
    sector = {"share": 1.0 / len(names), "size_minimum": 5.0, "size_maximum": 20.0}
    return cz.Scenario({
        "scenario": {"name": "production", "days": days, "only": ["provisioning"]},
        "society": {
            "people": people, "places": {"count": 1}, "ties": {"degree_distribution": "none"},
            "sectors": {name: dict(sector) for name in names},
        },
        "provisioning": {
            "table": "", "coefficients": [list(map(float, row)) for row in A], "demand": list(map(float, demand)), "inputs": "leontief",
            "slack": 0.0, "restock_days": 10.0, **production,
        },
    })  # fmt: skip


def of_table(name="FRA-2005", **production):
    """The ten sectors of a table of the package, with nothing but production."""
    return cz.Scenario({
        "scenario": {"name": "production", "days": 30, "only": ["provisioning"]},
        "society": {"people": 4_000, "places": {"count": 1}, "ties": {"degree_distribution": "none"}},
        "provisioning": {"table": name, "slack": 0.0, **production},
    })  # fmt: skip


def at_work(given, days):
    """Output against the start, share delivered, and inventories (inputs, sectors), each by day (days, ...), and the simulation."""
    sim = cz.Simulation(given, seed=3, threads=1)
    base, industry = sim.state.industry.output.copy(), sim.state.industry
    assert (industry.labour_at_start > 0).all()
    output, supply, stock = [], [], []
    for _ in range(days):
        sim.step()
        output.append(industry.output / base)
        supply.append(industry.supply.copy())
        stock.append(sim.state.inventory.stock.reshape(base.size, -1).copy())
    return np.array(output), np.array(supply), np.array(stock), sim


def stop(day, days, share=1.0, *sectors, **more):
    return {"day": day, "days": days, "share": share, "sectors": list(sectors), **more}


# --- the start, and rest ---


@pytest.mark.parametrize("rule", ["leontief", "half_critical", "weakly_critical", "linear"])
def test_the_start_is_leontiefs_inverse_and_a_fixed_point(rule):
    given = scenario(inputs=rule)
    sim = cz.Simulation(given, seed=1, threads=1)
    base = np.linalg.inv(np.eye(3) - np.array(THREE)) @ DEMAND
    np.testing.assert_allclose(base, (184.452975, 158.541267, 185.604607), atol=1e-6)
    np.testing.assert_allclose(sim.state.industry.output, base / sum(DEMAND) * 600, rtol=1e-12)  # one unit a person and day
    output, supply, stock, _ = at_work(given, 60)
    assert np.abs(output - 1).max() < 1e-9
    assert np.abs(supply - 1).max() < 1e-9
    np.testing.assert_allclose(stock[-1], np.array(THREE) * base / sum(DEMAND) * 600 * 20, rtol=1e-9)


@pytest.mark.parametrize("name", ["FRA-2005", "GRC-2008", "USA-2007", "BRA-2001"])
@pytest.mark.parametrize("rule", ["leontief", "half_critical"])
def test_every_table_of_the_package_is_a_fixed_point(name, rule):
    output, supply, _, sim = at_work(of_table(name, inputs=rule), 30)
    assert np.abs(output - 1).max() < 1e-9
    assert np.abs(supply - 1).max() < 1e-9
    table = builtin(name)
    relative = sim.state.industry.output / sim.state.industry.output.sum()
    made = np.linalg.solve(np.eye(10) - table.A, table.final)
    np.testing.assert_allclose(relative, made / made.sum(), rtol=1e-9)


# --- a permanent change of demand ---


@pytest.mark.parametrize("fall", [0.1, 0.45, 1.0])
def test_output_follows_a_permanent_fall_of_demand(fall):
    output, supply, _stock, _ = at_work(scenario(crisis=[{"day": 3, "fall": fall}]), 450)
    assert np.abs(output[:3] - 1).max() < 1e-9
    np.testing.assert_allclose(output[-1], 1 - fall, atol=1e-6)  # (I - A)^-1 (1 - fall) f
    assert np.abs(supply - 1).max() < 1e-9  # labour and stocks are enough for less
    assert (np.diff(output[2:6], axis=0) < 0).all()


@pytest.mark.parametrize("name", ["FRA-2005", "USA-2007"])
def test_what_is_not_bought_by_households_stays_in_demand(name):
    """F' = (1 - fall) households + others, so that sectors fall unevenly."""
    output, _, _, _ = at_work(of_table(name, inputs="leontief", crisis=[{"day": 0, "fall": 0.4}]), 900)
    table = builtin(name)
    changed = np.linalg.solve(np.eye(10) - table.A, table.final - 0.4 * table.households)
    wanted = changed / np.linalg.solve(np.eye(10) - table.A, table.final)
    assert np.ptp(wanted) > 0.1
    np.testing.assert_allclose(output[-1], wanted, atol=1e-6)


def test_output_returns_when_the_crisis_is_over_and_labour_allows():
    crisis = [{"day": 3, "fall": 0.5}, {"day": 60, "fall": 0.2}, {"day": 160, "fall": 0.0}]
    output, _, _, _ = at_work(scenario(crisis=crisis, slack=0.5), 700)
    np.testing.assert_allclose(output[-1], 1.0, atol=1e-6)
    assert output[55].max() < 0.62
    assert output.max() > 1.0001  # stocks are filled up again, which takes more than is drawn


# --- chains ---


@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_a_stock_lasts_exactly_as_many_days_as_it_is_meant_for(n):
    """Chain one -> two -> final, the first stopped from day 4 on."""
    given = scenario([[0.0, 0.5], [0.0, 0.0]], [0.0, 1.0], inventory_days={"two": float(n)}, stop=[stop(4, 10_000, 1.0, "one")])
    output, supply, stock, _ = at_work(given, n + 12)
    np.testing.assert_allclose(output[:4], 1.0, atol=1e-9)
    np.testing.assert_allclose(output[4 : 4 + n, 1], 1.0, atol=1e-9)
    np.testing.assert_allclose(output[4 + n :, 1], 0.0, atol=1e-9)
    np.testing.assert_allclose(supply[4 + n :], 0.0, atol=1e-9)
    assert stock.min() >= 0


@pytest.mark.parametrize("rule", ["leontief", "linear", "half_critical", "weakly_critical"])
def test_stocks_along_a_chain_add_up(rule):
    """Chain one -> two -> three -> four -> final with 3, 5 and 2 days of stock, whatever the rule where there is but one input."""
    A = np.diag([0.5, 0.25, 0.4], 1)
    days = {"two": 3.0, "three": 5.0, "four": 2.0}
    output, _, _, _ = at_work(scenario(A, [0, 0, 0, 1], inputs=rule, inventory_days=days, stop=[stop(0, 10_000, 1.0, "one")]), 20)
    for sector, until in enumerate((0, 3, 8, 10)):
        np.testing.assert_allclose(output[:until, sector], 1.0, atol=1e-9)
        np.testing.assert_allclose(output[until:, sector], 0.0, atol=1e-9)


@pytest.mark.parametrize(("days", "lost"), [(5, 0), (6, 1), (8, 3)])
def test_a_stop_shorter_than_the_stocks_is_not_felt_downstream(days, lost):
    """What is delivered on a day can be used on the next: a stop of as many days as there are in stock costs one day."""
    A = [[0.0, 0.5], [0.0, 0.0]]
    given = scenario(A, [0.0, 1.0], inventory_days={"two": 6.0}, slack=2.0, stop=[stop(2, days, 1.0, "one")])
    output, _, stock, _ = at_work(given, 400)
    felt = np.flatnonzero(output[:, 1] < 1 - 1e-9)
    np.testing.assert_array_equal(felt, range(8, 8 + lost))
    np.testing.assert_allclose(output[felt, 1], 0.0, atol=1e-9)
    assert output[2 + days, 0] > 1.0  # what was not delivered is made up for
    np.testing.assert_allclose(output[-1], 1.0, atol=1e-6)
    np.testing.assert_allclose(stock[-1], stock[0], atol=1e-6 * stock[0].max())


# --- labour ---


@pytest.mark.parametrize(("slack", "share", "left"), [(0.25, 0.2, 1.0), (0.0, 0.25, 0.75), (0.5, 0.6, 0.6), (0.25, 1.0, 0.0)])
def test_labour_limits_output_beyond_the_slack(slack, share, left):
    output, _, _, _ = at_work(scenario(np.zeros((2, 2)), [1.0, 1.0], slack=slack, stop=[stop(5, 10, share, "two")]), 25)
    np.testing.assert_allclose(output[:, 0], 1.0, atol=1e-9)
    np.testing.assert_allclose(output[5:15, 1], left, atol=1e-9)
    np.testing.assert_allclose(np.delete(output[:, 1], range(5, 15)), 1.0, atol=1e-9)


def test_the_greatest_of_several_stops_counts_and_all_sectors_stop_where_none_is_named():
    stops = [stop(2, 6, 0.3, "one"), stop(4, 2, 0.5, "one"), stop(5, 2, 0.1)]
    output, _, _, _ = at_work(scenario(np.zeros((2, 2)), [1.0, 1.0], stop=stops), 9)
    np.testing.assert_allclose(output[:, 0], [1, 1, 0.7, 0.7, 0.5, 0.5, 0.7, 0.7, 1], atol=1e-9)
    np.testing.assert_allclose(output[:, 1], [1, 1, 1, 1, 1, 0.9, 0.9, 1, 1], atol=1e-9)


# --- the reference trajectory ---


def test_the_reference_trajectory():
    given = scenario(inventory_days={"one": 5.0, "two": 10.0, "three": 15.0}, stop=[stop(0, 100_000, 0.3, "one")])
    output, supply, _, _ = at_work(given, 200)
    delivered = supply @ DEMAND / sum(DEMAND)
    for t, wanted, final in ((20, (0.7, 0.922237, 0.909008), 0.843863), (199, (0.7, 0.899603, 0.881572), 0.828300)):
        np.testing.assert_allclose(output[t], wanted, atol=1e-6)
        assert delivered[t] == pytest.approx(final, abs=1e-6)


def by_equations(A, demand, rule, rating, inventory_days, restock_days, labour, days):
    """Output against the start by day, from `provision_by_hand`; `labour` is the share that works on a day."""
    base = np.linalg.solve(np.eye(len(demand)) - np.array(A), demand)
    target = (np.array(A) * base * np.array(inventory_days)).tolist()
    stock, orders_of, found = target, base.tolist(), []
    for day in range(days):
        capacity = (base * labour(day)).tolist()
        stock, orders_of, output, _, _ = by_hand.day_of_production(
            rule, np.array(A).tolist(), rating, target, restock_days, list(demand), capacity, base.tolist(), stock, orders_of)  # fmt: skip
        found.append(np.array(output) / base)
    return np.array(found)


@pytest.mark.parametrize("rule", ["leontief", "linear", "weakly_critical", "half_critical"])
def test_every_rule_follows_the_equations_in_plain_python(rule):
    """Ten sectors with the ratings of the package; three sectors stop, one after the other and in part."""
    stops = [(2, 25, 0.8, "energy_water"), (10, 40, 0.5, "manufacturing"), (15, 10, 1.0, "trade")]
    output, _, _, sim = at_work(of_table(inputs=rule, restock_days=4.0, inventory_days={"food": 9.0}, stop=[stop(*one[:3], one[3]) for one in stops]), 80)
    table, names = builtin("FRA-2005"), sim.society.sectors

    def labour(day):
        worked = np.ones(10)
        for first, days, share, name in stops:
            if first <= day < first + days:
                worked[names.index(name)] = 1 - share
        return worked

    days = criticality.builtin_inventory_days() | {"food": 9.0}
    rating = criticality.builtin_criticality().matrix.tolist()
    wanted = by_equations(table.A, table.final, rule, rating, [days[name] for name in names], 4.0, labour, 80)
    assert wanted.min() < 0.6
    np.testing.assert_allclose(output, wanted, atol=1e-9)


def test_the_rules_differ_where_inputs_are_not_critical():
    """The fewer inputs a rule needs, the longer the others go on: energy stops, and textiles, which hardly anybody needs."""
    stops = [stop(0, 60, 1.0, "energy_water"), stop(0, 60, 1.0, "textiles")]
    made = {rule: at_work(of_table(inputs=rule, stop=stops), 60)[0].sum() for rule in ("leontief", "half_critical", "weakly_critical", "linear")}
    assert made["leontief"] < made["half_critical"] < made["weakly_critical"] < made["linear"]


def test_in_sectors_of_ones_own_all_inputs_are_critical():
    stops = [stop(1, 20, 0.7, "two")]
    few = dict.fromkeys(NAMES[:3], 3.0)
    made = {rule: at_work(scenario(inputs=rule, stop=stops, inventory_days=few), 40)[0] for rule in ("leontief", "half_critical", "weakly_critical", "linear")}
    np.testing.assert_array_equal(made["leontief"], made["weakly_critical"])
    np.testing.assert_array_equal(made["leontief"], made["half_critical"])
    assert (made["linear"][10:20, [0, 2]] > made["leontief"][10:20, [0, 2]] + 0.01).all()


def test_the_case_general_strike_follows_the_equations():
    """When which need falls short: what stops at once, then what cannot do without it, as its stocks run out."""
    given = cz.load("general-strike").replace({"society.people": 6_000, "society.places.count": 12})
    stop, table, names = given.tables.provisioning.stop[0], builtin("FRA-2005"), list(given.society.sectors)
    rows = [names.index(name) for name in stop.sectors]

    def labour(day):
        worked = np.full(10, 1.25)  # with the slack
        worked[rows] *= 1 - stop.share * (stop.day <= day < stop.day + stop.days)
        return worked

    output, supply, _, sim = at_work(given, given.days)
    days, rating = criticality.builtin_inventory_days(), criticality.builtin_criticality().matrix.tolist()
    np.testing.assert_allclose(output, by_equations(table.A, table.final, "half_critical", rating, [days[name] for name in names], 10.0, labour, given.days), atol=1e-9)
    shortage = sim.series.shortage_of_sector.values
    pays = 1 - shortage[0]
    np.testing.assert_allclose(shortage, 1 - pays * supply, atol=1e-6)
    short = shortage > shortage[0] + 1e-4
    first = {name: int(np.argmax(short[:, k])) for k, name in enumerate(names) if short[:, k].any()}
    assert first == {"energy_water": 10, "transport": 10, "construction": 30, "agriculture": 40, "manufacturing": 60}
    assert not short[-1].any()


# --- the linear rule, by hand: two inputs of 0.2 each, one of which is no longer delivered ---

TWO_INPUTS = [[0, 0, 0.2], [0, 0, 0.2], [0, 0, 0]]


@pytest.mark.parametrize("n", [2, 5])
def test_with_two_days_of_stock_one_of_two_like_inputs_is_enough(n):
    """The stock of the other alone makes n/2 >= 1 days of output."""
    given = scenario(TWO_INPUTS, [0, 0, 1], inputs="linear", inventory_days={"three": float(n)}, stop=[stop(3, 10_000, 1.0, "one")])
    output, _, stock, _ = at_work(given, 40)
    np.testing.assert_allclose(output[:, 2], 1.0, atol=1e-9)
    assert stock[-1][0, 2] == 0.0


@pytest.mark.parametrize("restock", [2.0, 10.0])
def test_with_one_day_of_stock_it_settles_where_orders_and_use_meet(restock):
    """With S = stock of the second input against x: x_3 = S / 0.4, S + 0.2 + (0.2 - S)/tau - 0.2 x_3 = S, so S = 0.2 (1 + 1/tau)/(0.5 + 1/tau)."""
    given = scenario(TWO_INPUTS, [0, 0, 1], inputs="linear", restock_days=restock, slack=1.0, inventory_days={"three": 1.0}, stop=[stop(0, 10_000, 1.0, "one")])
    output, _, _, _ = at_work(given, 200)
    np.testing.assert_allclose(output[:2, 2], [1.0, 0.5], atol=1e-9)
    assert output[-1, 2] == pytest.approx(0.5 * (1 + 1 / restock) / (0.5 + 1 / restock), abs=1e-9)


# --- rationing ---


def test_all_customers_are_rationed_alike():
    """A sector that makes 60 % delivers 60 % of every order, so that what users hold falls in proportion to what they need."""
    A = [[0.0, 0.4, 0.1], [0, 0, 0], [0, 0, 0]]
    output, supply, stock, _ = at_work(scenario(A, [0.5, 1, 1], inventory_days={"two": 30.0, "three": 30.0}, stop=[stop(0, 10_000, 0.4, "one")]), 10)
    np.testing.assert_allclose(output[:, 1:], 1.0, atol=1e-9)
    assert supply[0, 0] == pytest.approx(0.6, abs=1e-9)
    assert (np.diff(supply[:, 0]) < 0).all()  # as orders grow to fill the stocks
    np.testing.assert_allclose(stock[:, 0, 1] / stock[:, 0, 2], 4.0, rtol=1e-9)


def test_goods_are_neither_made_nor_lost():
    """Over every day: output = what customers get; inventories change by what comes less what is used."""
    given = scenario(inventory_days={"one": 5.0, "two": 10.0, "three": 15.0}, stop=[stop(5, 30, 0.9, "two"), stop(20, 30, 0.4)])
    sim = cz.Simulation(given, seed=2, threads=1)
    A, state = np.array(THREE), sim.state
    final = np.array(DEMAND) / sum(DEMAND) * len(sim.people)
    for _ in range(80):
        before = state.inventory.stock.reshape(3, 3).copy()
        sim.step()
        made, supply = state.industry.output, state.industry.supply
        came = state.inventory.stock.reshape(3, 3) - before + A * made
        np.testing.assert_allclose(made, came.sum(axis=1) + supply * final, rtol=1e-9)
        assert (came > -1e-9).all()


# --- what people get ---


def test_what_is_not_delivered_is_missing_to_all_in_proportion_to_what_they_can_pay():
    given = scenario(np.zeros((2, 2)), [1.0, 3.0], stop=[stop(10, 30, 0.4, "two")], notice_days=8)
    given = given.replace({"society.positions": {name: {"share": float(name == "stable"), "unmet": 0.2} for name in (
        "stable", "precarious", "unemployed", "excluded", "student", "farmer", "manager", "owner", "state_force")}})  # fmt: skip
    series = cz.Simulation(given, seed=1, threads=1).run(60).series
    pays = 1 - float(series.unmet[0])
    np.testing.assert_allclose(series.shortage_of_sector[20], [1 - pays, 1 - 0.6 * pays], atol=1e-5)
    assert float(series.unmet[20]) == pytest.approx(1 - 0.8 * pays, abs=1e-4)  # needs weigh alike
    assert float(series.unmet[9]) == pytest.approx(1 - pays, abs=1e-6)
    np.testing.assert_allclose(np.diff(series.unmet[9:18]), 0.2 * pays / 8, rtol=0.15)  # an eighth of the people notice every day
    np.testing.assert_allclose(series.unmet[50:], 1 - pays, atol=1e-4)
