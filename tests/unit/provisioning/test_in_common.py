"""What measures hold, make and share in hand-made towns, where all can be worked out by hand."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from measure_labs import contest, lab, practice, step, take

from communize.declare.registry import COMMODITY, IN_MEASURE, ROUTINE
from communize.mechanisms.measures import records
from communize.mechanisms.provisioning import by_place_and_sector

FOOD, ENERGY, HOUSING, TRANSPORT = range(4)
SECTORS = ("food", "energy_water", "construction", "transport")
A = np.zeros((4, 4))
A[ENERGY, FOOD] = 0.5
DEMAND = np.array([0.5, 0.2, 0.2, 0.1])
IDLE, WORKING, FARM, POWER, HAULIER = range(5)  # sites of each town: two neighbourhoods and three plants
WOMEN, MEN = 0, 1
PEOPLE = 20  # of each town: ten without work, four at the farm, four at the power plant, two who carry


def town(n_places=1, pays=1.0, free=None, care_burden=0.0, **production):
    """Towns alike in a row, in which nothing happens but provisioning, people can pay `pays` of what they need, care binds nobody, nothing is sold."""
    people, kinds, places, sectors = [], [], [], []
    for place in range(n_places):
        first = 5 * place
        people += [(first + IDLE, -1)] * 10 + [(first + WORKING, first + FARM)] * 4 + [(first + WORKING, first + POWER)] * 4
        people += [(first + WORKING, first + HAULIER)] * 2
        kinds += ["neighbourhood", "neighbourhood", "workplace", "workplace", "workplace"]
        sectors += [-1, -1, FOOD, ENERGY, TRANSPORT]
        places += [place] * 5
    position = ["stable" if work >= 0 else "unemployed" for _, work in people]
    sim = lab(
        people, kinds, place_of=places, sector_of=sectors, position=position, on=("provisioning", "measures"),
        society={"sectors": {name: {"share": 0.25} for name in SECTORS}, "commuting": 0.0, "care_burden": care_burden},
        provisioning={"table": "", "coefficients": A.tolist(), "demand": DEMAND.tolist(), "inputs": "leontief", "slack": 0.0,
                      "stock_days": 10.0, "notice_days": 1, "ratio": {"enabled": False}, "free": {"selling": False, **(free or {})}, **production})  # fmt: skip
    sim.people.affordability[:] = pays
    sim.places.means[:] = pays
    sim.state.tally.means_at_start[0] = pays
    return sim


def in_place(*sites, place=0):
    return [5 * place + site for site in sites]


def people_at(sim, site):
    """Rows of those who live or work at a site."""
    return np.flatnonzero((sim.people.home == site) | (sim.people.work == site))


def hold(sim, site, needs=("food",), people=None, **content):
    """A measure at `site` with those who live or work there, or with `people`."""
    return take(sim, [site], practice(sim, needs=needs, **content), people=[people_at(sim, site) if people is None else people])


def day(sim, n=1):
    for _ in range(n):
        step(sim, "provisioning")
        sim.state.day += 1


def stock(sim):
    return by_place_and_sector(sim.state, "stock")


def coverage(sim):
    return by_place_and_sector(sim.state, "coverage")


BASE = np.linalg.solve(np.eye(4) - A, DEMAND) * PEOPLE  # a day's output of a town
EACH = BASE / np.array([4, 4, np.inf, 2])  # of one worker; nobody builds


def counted(sim, name):
    return getattr(sim.state.common, name)


# --- stocks ---


def test_sites_begin_with_the_days_of_output_that_they_hold():
    sim = town(2)
    wanted = [0, 0, 10 * BASE[FOOD], 10 * BASE[ENERGY], 10 * BASE[TRANSPORT]]
    np.testing.assert_allclose(sim.sites.stock, wanted * 2, rtol=1e-6)


@pytest.mark.parametrize("property_content", [1.0, 0.0, -0.5])
def test_a_taken_site_adds_its_stock_once(property_content):
    sim = town()
    hold(sim, FARM, property=property_content, strangers=-1.0)
    freed = (1 + property_content) / 2
    day(sim)
    assert counted(sim, "seized")[FOOD] == pytest.approx(freed * 10 * BASE[FOOD], rel=1e-6)
    drew = np.array([4 * DEMAND[FOOD], 0.0])[:: 1 if freed == 1 else -1]  # four people, from what is theirs alone where there is any
    assert stock(sim)[0, FOOD] == pytest.approx(freed * 10 * BASE[FOOD] - drew[0])
    assert sim.sites.stock[FARM] == pytest.approx((1 - freed) * 10 * BASE[FOOD] - drew[1], rel=1e-6)
    day(sim, 5)
    assert counted(sim, "seized")[FOOD] == pytest.approx(freed * 10 * BASE[FOOD], rel=1e-6)


def test_a_later_measure_takes_what_has_been_refilled():
    sim = town()
    (first,) = hold(sim, FARM, property=1.0)
    day(sim)
    records.end(sim.state, sim.day, np.array([FARM]), np.array([1]))
    people = people_at(sim, FARM)
    sim.people.activity[people], sim.people.measure[people] = ROUTINE, -1
    assert sim.sites.mode[FARM] == COMMODITY
    day(sim, 4)
    assert sim.sites.stock[FARM] == pytest.approx(4 * BASE[FOOD] / 2, rel=1e-6)  # half a day's output a day
    before = counted(sim, "seized")[FOOD]
    (second,) = hold(sim, FARM, property=1.0)
    day(sim)
    assert second != first
    assert counted(sim, "seized")[FOOD] - before == pytest.approx(4 * BASE[FOOD] / 2, rel=1e-6)


def test_only_stocks_that_can_be_taken_are():
    sim = town(free={"seizable": ["energy_water"]})
    hold(sim, FARM, property=1.0)
    hold(sim, POWER, property=1.0)
    day(sim)
    assert counted(sim, "seized")[FOOD] == 0
    assert counted(sim, "seized")[ENERGY] == pytest.approx(10 * BASE[ENERGY], rel=1e-6)


def test_stocks_of_struggles_refill_slower():
    sim = town()
    sim.sites.stock[:] = 0
    sim.sites.active[FARM] = 2
    contest(sim, [FARM])
    day(sim)
    assert sim.sites.stock[FARM] == pytest.approx(BASE[FOOD] / 2 * 0.5)
    assert sim.sites.stock[POWER] == pytest.approx(BASE[ENERGY] / 2)


# --- labour ---


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_labour_of_participants_produces(n):
    sim = town(stock_days=0.1, free={"restock_days": 1000.0})
    hold(sim, POWER, needs=("energy_water",), people=people_at(sim, POWER)[:n])
    day(sim)
    assert counted(sim, "produced")[ENERGY] == pytest.approx(n * EACH[ENERGY])
    assert counted(sim, "used").sum() == 0


def test_production_stops_when_inputs_run_out():
    """The farm is held with energy for two days and a half."""
    sim = town(stock_days=0.1, free={"restock_days": 1000.0, "home_productivity": 0.0})
    hold(sim, FARM, property=1.0, strangers=-1.0)
    stock(sim)[0, ENERGY] = 2.5 * BASE[FOOD] * 0.5 + 3 * 4 * DEMAND[ENERGY]  # and what four people draw on three days
    made = []
    for _ in range(4):
        before = counted(sim, "produced")[FOOD]
        day(sim)
        made.append(counted(sim, "produced")[FOOD] - before)
    assert made[:2] == pytest.approx([BASE[FOOD]] * 2)
    assert 0 < made[2] < BASE[FOOD]  # on the third day what people drew is missing too
    assert made[3] == 0
    assert stock(sim)[0, ENERGY] == 0
    assert coverage(sim)[0, ENERGY] == 0
    assert coverage(sim)[0, FOOD] == 1


def test_nobody_works_for_more_than_is_wanted():
    sim = town(stock_days=0.1, free={"restock_days": 3.0})
    hold(sim, POWER, needs=("energy_water",), strangers=-1.0, property=1.0)
    day(sim, 3)
    assert stock(sim)[0, ENERGY] == pytest.approx(3.0 * 4 * DEMAND[ENERGY])


def test_who_lives_and_works_where_measures_are_works_and_draws_once():
    sim = town(stock_days=0.1, free={"restock_days": 1000.0, "home_productivity": 0.0})
    hold(sim, WORKING, people=[], needs=("food",), strangers=-1.0)
    hold(sim, POWER, needs=("energy_water",), strangers=-1.0, property=1.0)
    assert sim.sites.participants[[WORKING, POWER]].tolist() == [4, 4]  # counted at both
    day(sim)
    assert counted(sim, "produced")[ENERGY] == pytest.approx(4 * EACH[ENERGY])
    assert counted(sim, "drawn")[ENERGY] == pytest.approx(4 * DEMAND[ENERGY])


def test_labour_goes_elsewhere_as_far_as_the_division_of_labour_is_suspended():
    """Half of the labour of a power plant is for food, 0.6 of it where nothing binds people to their trade."""
    for division, share in ((1.0, 0.6), (0.0, 0.3), (-1.0, 0.0)):
        sim = town(stock_days=0.1, free={"restock_days": 1000.0, "home_productivity": 0.5})
        hold(sim, POWER, needs=("energy_water", "food"), division_of_labour=division, property=1.0)
        sim.places.scope[:] = 1
        day(sim)
        moved = 2 * share
        assert counted(sim, "produced")[ENERGY] == pytest.approx((4 - moved) * EACH[ENERGY])
        assert counted(sim, "produced")[FOOD] == pytest.approx(moved * EACH[FOOD] * 0.5)  # without a plant, as in a neighbourhood
        hold(sim, FARM, people=[], property=1.0)
        stock(sim)[0, ENERGY] = 1000.0
        before = counted(sim, "produced")[FOOD]
        sim.places.scope[:] = 1  # two measures are too few for the mechanism to leave it so
        day(sim)
        assert counted(sim, "produced")[FOOD] - before == pytest.approx(moved * EACH[FOOD])  # at the plant of the farm


@pytest.mark.parametrize(("needs_it", "scope", "share"), [(True, 0, 0.0), (True, 1, 0.6), (True, 2, 0.6), (False, 0, 0.6)])
def test_labour_goes_elsewhere_only_where_measures_co_ordinate(needs_it, scope, share):
    sim = town(stock_days=0.1, free={"restock_days": 1000.0, "home_productivity": 0.5, "needs_co_ordination": needs_it})
    hold(sim, POWER, needs=("energy_water", "food"), division_of_labour=1.0)
    sim.places.scope[:] = scope
    day(sim)
    assert counted(sim, "produced")[FOOD] == pytest.approx(2 * share * EACH[FOOD] * 0.5)
    assert counted(sim, "produced")[ENERGY] == pytest.approx((4 - 2 * share) * EACH[ENERGY])


@pytest.mark.parametrize("drain", [0.0, 0.3, 1.0])
def test_a_front_binds_labour_of_its_place(drain):
    sim = town(2, stock_days=0.1, free={"restock_days": 1000.0})
    hold(sim, POWER, needs=("energy_water",))
    sim.places.drain[:] = drain, 0.9
    day(sim)
    assert counted(sim, "produced")[ENERGY] == pytest.approx(4 * EACH[ENERGY] * (1 - drain))


@pytest.mark.parametrize("carers", [0, 1, 4])
def test_unpaid_care_binds_the_labour_of_who_carries_it_as_the_content_gender_has_it(carers):
    for gender, left in ((1.0, 1.0), (0.0, 0.8), (-1.0, 0.6)):
        sim = town(stock_days=0.1, free={"restock_days": 1000.0}, care_burden=0.4)
        sim.people.group[people_at(sim, POWER)] = [WOMEN] * carers + [MEN] * (4 - carers)
        hold(sim, POWER, needs=("energy_water",), gender=gender)
        day(sim)
        assert counted(sim, "produced")[ENERGY] == pytest.approx((carers * left + 4 - carers) * EACH[ENERGY])


def test_neighbourhoods_produce_little_of_what_their_practice_is_for():
    sim = town(free={"home_productivity": 0.1})
    hold(sim, IDLE, needs=("food", "energy_water"))
    day(sim)
    np.testing.assert_allclose(counted(sim, "produced"), [5 * EACH[FOOD] * 0.1, 5 * EACH[ENERGY] * 0.1, 0, 0])
    assert coverage(sim)[0, FOOD] == pytest.approx(5 * EACH[FOOD] * 0.1 / (10 * DEMAND[FOOD]))


# --- housing ---


def test_neighbourhoods_give_housing_by_use():
    sim = town()
    hold(sim, IDLE, needs=("food",))
    day(sim)
    assert coverage(sim)[0, HOUSING] == 1
    assert counted(sim, "drawn")[HOUSING] == counted(sim, "seized")[HOUSING] == 0
    hold(sim, FARM)  # four more, who live elsewhere
    day(sim)
    assert coverage(sim)[0, HOUSING] == pytest.approx(10 / 14)
    stock(sim)[0, HOUSING] = 100
    day(sim)
    assert coverage(sim)[0, HOUSING] == 1
    assert counted(sim, "drawn")[HOUSING] == pytest.approx(4 * DEMAND[HOUSING])
    without = town(free={"dwelling": ""})
    hold(without, IDLE, needs=("food",))
    day(without)
    assert coverage(without)[0, HOUSING] == 0


# --- what was found, and what is made ---


def met(sim, place=0):
    """Share of the needs of all there that is met free from what was found, and from what was made."""
    return float(sim.places.met_inherited[place]) / PEOPLE, float(sim.places.met_made[place]) / PEOPLE


@pytest.mark.parametrize("property_content", [1.0, -1.0])
def test_where_nothing_can_be_made_all_that_is_free_was_found(property_content):
    """The farm has food for ten days of its own, and no energy to make more: four draw, or all twenty where all is free for all."""
    sim = town(pays=0.0, stock_days=2.0, free={"home_productivity": 0.0})
    hold(sim, FARM, property=property_content, strangers=1.0)
    who, left = (PEOPLE, 2 * BASE[FOOD]) if property_content > 0 else (4, 2 * BASE[FOOD])
    for _ in range(5):
        day(sim)
        drawn = min(left, who * DEMAND[FOOD])
        left -= drawn
        assert met(sim) == pytest.approx((0.25 * drawn / (PEOPLE * DEMAND[FOOD]), 0.0), abs=1e-6)
    np.testing.assert_allclose(counted(sim, "inherited"), counted(sim, "drawn") + counted(sim, "served"), rtol=1e-6)
    assert (left < 1e-5) == (property_content > 0)


@pytest.mark.parametrize("property_content", [1.0, -1.0])
def test_where_nothing_was_found_all_that_is_free_is_made(property_content):
    sim = town(pays=0.0)
    sim.sites.stock[:] = 0
    hold(sim, POWER, needs=("energy_water",), property=property_content, strangers=-1.0)
    day(sim, 3)
    assert met(sim) == pytest.approx((0.0, 0.25 * 4 / PEOPLE), rel=1e-5)
    assert not counted(sim, "inherited").any()


@pytest.mark.parametrize("property_content", [1.0, -1.0])
def test_what_was_found_gives_way_to_what_is_made(property_content):
    """Four people add what they make to a stock for two days, and draw of it: for all before drawing, apart after it."""
    sim = town(pays=0.0, stock_days=2.0, free={"restock_days": 1000.0})
    hold(sim, POWER, needs=("energy_water",), property=property_content, strangers=-1.0)
    found, made, draw, drawn_of_it = 2 * BASE[ENERGY], 0.0, 4 * DEMAND[ENERGY], 0.0
    last = 1.0
    for _ in range(6):
        day(sim)
        made += BASE[ENERGY] * (property_content > 0)
        share = found / (found + made)
        drawn_of_it += draw * share
        found, made = found - draw * share, made - draw * (1 - share) + BASE[ENERGY] * (property_content < 0)
        assert met(sim) == pytest.approx((0.05 * share, 0.05 * (1 - share)), rel=1e-5, abs=1e-7)
        assert share < last or made == pytest.approx(BASE[ENERGY])
        last = share
    assert counted(sim, "inherited")[ENERGY] == pytest.approx(drawn_of_it, rel=1e-5)
    at = stock(sim)[0, ENERGY] * by_place_and_sector(sim.state, "inherited")[0, ENERGY] + sim.sites.stock[POWER] * sim.sites.inherited[POWER]
    assert at == pytest.approx(found, rel=1e-5)


def test_housing_that_is_used_was_found_and_what_is_built_was_not():
    sim = town(pays=0.0)
    hold(sim, IDLE, needs=("transport",), strangers=-1.0)
    hold(sim, FARM, needs=("transport",), people=people_at(sim, FARM), strangers=-1.0, property=1.0)  # four more, who live elsewhere
    stock(sim)[0] = 0, 0, 2 * DEMAND[HOUSING], 0
    sim.sites.stock[:] = 0
    day(sim)  # of the four two find housing that was built
    assert met(sim) == pytest.approx((0.25 * 10 / PEOPLE, 0.25 * (2 + 14) / PEOPLE))  # all fourteen have transport
    assert counted(sim, "inherited").sum() == 0  # nobody draws what they dwell in


def test_what_a_measure_leaves_behind_is_found_by_the_next():
    sim = town(pays=0.0, free={"restock_days": 1000.0})
    sim.sites.stock[:] = 0
    hold(sim, POWER, needs=("energy_water",), property=-1.0, strangers=-1.0)
    day(sim, 2)
    assert sim.sites.stock[POWER] > 0
    assert sim.sites.inherited[POWER] == 0
    records.end(sim.state, sim.day, np.array([POWER]), np.array([1]))
    day(sim)
    assert sim.sites.inherited[POWER] == 1


# --- who draws ---


@pytest.mark.parametrize(("strangers", "openness"), [(1.0, 1.0), (0.0, 0.5), (-1.0, 0.0)])
def test_others_draw_what_they_lack_as_far_as_they_may(strangers, openness):
    """Sixteen others can pay half of what they need, and no food is delivered as the only farm is held."""
    sim = town(pays=0.5, free={"restock_days": 0.0, "home_productivity": 0.0})
    hold(sim, FARM, strangers=strangers, property=1.0)
    day(sim)
    lacking = 16 * DEMAND[FOOD]
    assert counted(sim, "drawn")[FOOD] == pytest.approx(4 * DEMAND[FOOD] + openness * lacking)
    assert sim.places.open_to_others[0] == openness
    others = sim.people.activity != IN_MEASURE
    lacks = 0.75 * 0.5 + 0.25 * (1 - openness)  # four needs weigh alike
    np.testing.assert_allclose(sim.people.unmet[others], lacks, rtol=1e-6)


def test_what_is_not_enough_is_shared_alike():
    sim = town(pays=0.0, free={"restock_days": 0.0, "home_productivity": 0.0})
    hold(sim, FARM, strangers=1.0, property=1.0, exchange=1.0)
    day(sim)
    stock(sim)[:] = 0
    stock(sim)[0, TRANSPORT] = 0.3 * PEOPLE * DEMAND[TRANSPORT]
    day(sim)
    assert coverage(sim)[0, TRANSPORT] == pytest.approx(0.3)
    np.testing.assert_allclose(sim.people.unmet, 1 - 0.25 * 0.3, rtol=1e-6)
    assert stock(sim)[0, TRANSPORT] == pytest.approx(0)


def test_participants_have_what_is_there_where_their_measure_is():
    """Four people of the second town take part in the first, where there is food; nothing is held in the second."""
    sim = town(2, pays=0.0)
    guests = np.arange(20, 24)
    hold(sim, FARM, people=guests, property=1.0, strangers=-1.0)
    day(sim)
    assert counted(sim, "drawn")[FOOD] == pytest.approx(4 * DEMAND[FOOD])
    assert coverage(sim)[:, FOOD].tolist() == [1, 0]
    np.testing.assert_allclose(sim.people.unmet[guests], 0.75)
    np.testing.assert_allclose(np.delete(sim.people.unmet, guests), 1.0)


# --- by hours ---


def test_members_draw_by_hours_worked_where_the_content_wage_labour_is_negative():
    """Of four at the farm two carry care, which takes half of their day where the content gender is -1."""
    for wage_labour, claim in ((1.0, 1.0), (0.0, 1.0), (-0.4, 0.9), (-1.0, 0.75)):
        sim = town(pays=0.0, stock_days=100.0, care_burden=0.5)
        farm = people_at(sim, FARM)
        sim.people.group[farm] = [WOMEN, WOMEN, MEN, MEN]
        hold(sim, FARM, wage_labour=wage_labour, gender=-1.0, property=1.0, strangers=-1.0)
        day(sim)
        assert counted(sim, "drawn")[FOOD] == pytest.approx(4 * DEMAND[FOOD] * claim)
        np.testing.assert_allclose(sim.people.unmet[farm], 1 - 0.25 * np.array([2 * claim - 1, 2 * claim - 1, 1, 1]), rtol=1e-6)  # who cares has less
        assert sim.places.free_coverage[0] == pytest.approx(0.25 * claim)


def test_a_front_takes_from_hours_but_housing_is_had_by_use():
    sim = town(pays=0.0)
    hold(sim, IDLE, wage_labour=-1.0, property=1.0, strangers=-1.0)
    sim.places.drain[:] = 0.6
    stock(sim)[0, FOOD] = 1000.0
    day(sim)
    assert counted(sim, "drawn")[FOOD] == pytest.approx(10 * DEMAND[FOOD] * 0.4)
    idle = people_at(sim, IDLE)
    np.testing.assert_allclose(sim.people.unmet[idle], 1 - 0.25 * 0.4 - 0.25, rtol=1e-6)


# --- apart ---


@pytest.mark.parametrize("property_content", [1.0, 0.0, -1.0])
def test_what_is_not_free_for_all_serves_members_only(property_content):
    """The four at the farm and the ten who hold a neighbourhood; food for three days, none is made without energy."""
    sim = town(pays=0.0, stock_days=3 * 14 * DEMAND[FOOD] / BASE[FOOD], free={"home_productivity": 0.0, "restock_days": 0.0})
    hold(sim, FARM, property=property_content, strangers=-1.0)
    hold(sim, IDLE, needs=("construction",), strangers=-1.0)
    day(sim)
    farm, idle = people_at(sim, FARM), people_at(sim, IDLE)
    apart = (1 - property_content) / 2
    served = min(4 * DEMAND[FOOD], apart * 3 * 14 * DEMAND[FOOD])
    assert counted(sim, "served")[FOOD] == pytest.approx(served)
    wanted = 14 * DEMAND[FOOD] - served
    there = min(1.0, (1 - apart) * 3 * 14 * DEMAND[FOOD] / wanted)
    assert counted(sim, "drawn")[FOOD] == pytest.approx(wanted * there)
    house = 0.25 * 10 / 14
    np.testing.assert_allclose(sim.people.unmet[farm], 0.75 - house, rtol=1e-5)
    np.testing.assert_allclose(sim.people.unmet[idle], 1 - house - 0.25 * there, rtol=1e-5)


def test_a_plant_of_members_works_for_them_alone():
    sim = town(free={"restock_days": 3.0})
    sim.sites.stock[:] = 0
    hold(sim, POWER, needs=("energy_water",), property=-1.0, strangers=1.0)
    day(sim, 4)
    assert counted(sim, "apart")[ENERGY] == pytest.approx(counted(sim, "produced")[ENERGY])
    assert sim.sites.stock[POWER] == pytest.approx((3 + 1) * 4 * DEMAND[ENERGY], rel=1e-5)  # what is made today is drawn tomorrow
    assert not stock(sim).any()
    assert coverage(sim)[0, ENERGY] == 0
    assert sim.places.free_coverage[0] == pytest.approx(0.25, rel=1e-5)


# --- selling ---


def test_surplus_is_sold_for_what_is_missing_as_far_as_the_content_exchange_has_it():
    """Four at the farm can pay for nothing and hold food for long; everything but food is delivered."""
    for exchange, share in ((1.0, 0.0), (0.0, 0.5), (-1.0, 1.0)):
        sim = town(pays=0.0, free={"selling": True, "restock_days": 0.0, "home_productivity": 0.0})
        hold(sim, FARM, property=1.0, exchange=exchange, strangers=-1.0)
        day(sim)
        missing = 4 * (1 - DEMAND[FOOD])  # worth of all needs but food
        assert counted(sim, "sold")[FOOD] == pytest.approx(share * missing)
        np.testing.assert_allclose(sim.people.unmet[people_at(sim, FARM)], 0.75 * (1 - share), atol=1e-6)
        np.testing.assert_allclose(sim.state.common.sold_for_goods, share * missing * np.array([1, 0, 0, 0]), atol=1e-9)
        np.testing.assert_allclose(sim.state.common.bought_for_goods, share * missing * np.array([0, *(DEMAND[1:] / DEMAND[1:].sum())]), atol=1e-9)
        bought = 0.75 * share
        assert sim.places.met_by_goods[0] == pytest.approx(bought)
        assert sim.places.spent[0] == 0
        assert sim.places.exchange_dependence[0] == pytest.approx(bought / (bought + 0.25), abs=1e-6)


def test_no_more_is_sold_than_there_is_and_what_is_kept_is_sold_too():
    for property_content in (1.0, -1.0):
        held = 3 if property_content > 0 else 5
        sim = town(pays=0.0, stock_days=held / BASE[FOOD], free={"selling": True, "restock_days": 0.0, "home_productivity": 0.0})
        hold(sim, FARM, property=property_content, exchange=-1.0, strangers=-1.0)
        day(sim)
        surplus = held - 4 * DEMAND[FOOD] * (1 if property_content > 0 else 2)  # what is kept is kept for tomorrow too
        assert counted(sim, "sold" if property_content > 0 else "sold_apart")[FOOD] == pytest.approx(surplus, rel=1e-5)
        np.testing.assert_allclose(sim.people.unmet[people_at(sim, FARM)], 0.75 * (1 - surplus / (4 * (1 - DEMAND[FOOD]))), rtol=1e-5)


def test_who_lacks_something_and_has_nothing_to_sell_makes_it_for_sale():
    """Power for themselves is made anyhow; for sale no more than one day's missing needs are worth, a day later."""
    sim = town(pays=0.0, free={"selling": True, "restock_days": 0.0})
    sim.sites.stock[:] = 0
    hold(sim, POWER, needs=("energy_water",), property=1.0, exchange=-1.0, strangers=-1.0)
    made = []
    for _ in range(6):
        before = counted(sim, "produced")[ENERGY]
        day(sim)
        made.append(counted(sim, "produced")[ENERGY] - before)
    own, missing = 4 * DEMAND[ENERGY], 4 * (1 - DEMAND[ENERGY])
    assert made[0] == pytest.approx(own)
    assert made[1] == pytest.approx(min(own + missing, 4 * EACH[ENERGY]))
    assert counted(sim, "sold")[ENERGY] > 4 * (made[1] - own) * 0.99
    kept = town(pays=0.0, free={"selling": False, "restock_days": 0.0})
    kept.sites.stock[:] = 0
    hold(kept, POWER, needs=("energy_water",), property=1.0, exchange=-1.0, strangers=-1.0)
    day(kept, 6)
    assert counted(kept, "produced")[ENERGY] == pytest.approx(6 * own)
    assert not counted(kept, "sold").any()


def test_what_is_sold_is_not_produced_by_firms():
    sold, other = (town(pays=0.5, free={"selling": selling, "restock_days": 0.0}) for selling in (True, False))
    for sim in (sold, other):
        hold(sim, FARM, property=1.0, exchange=-1.0, strangers=-1.0)
        day(sim, 2)
    assert sold.state.industry.demand[FOOD] < other.state.industry.demand[FOOD]
    assert sold.state.industry.demand[TRANSPORT] > other.state.industry.demand[TRANSPORT]


# --- buying ---


def test_participants_buy_what_is_missing_as_far_as_they_can_and_the_content_lets_them():
    for exchange, propensity in ((1.0, 0.0), (0.0, 0.5), (-1.0, 1.0)):
        sim = town(pays=0.8, free={"home_productivity": 0.0})
        hold(sim, FARM, exchange=exchange, property=1.0)
        day(sim)
        inside = sim.people.activity == IN_MEASURE
        np.testing.assert_allclose(sim.people.unmet[inside], 0.75 * (1 - 0.8 * propensity), rtol=1e-6)
        assert sim.places.coverage[0] == pytest.approx(0.8 * propensity, abs=1e-6)  # of the essential the least: none but food is free
        bought = 0.75 * 0.8 * propensity
        assert sim.places.exchange_dependence[0] == pytest.approx(bought / (bought + 0.25), abs=1e-6)


def test_exchange_dependence_rises_when_stocks_run_out():
    sim = town(stock_days=0.75, free={"home_productivity": 0.0, "restock_days": 0.0})
    hold(sim, FARM, exchange=0.0, property=1.0, strangers=-1.0)
    found = []
    for _ in range(8):
        day(sim)
        found.append(float(sim.places.exchange_dependence[0]))
        counted(sim, "produced")
    lasts = 0.75 * BASE[FOOD] / (4 * DEMAND[FOOD])  # days: nothing is made without energy
    assert 3 < lasts < 4
    assert found[:3] == pytest.approx([0.375 / 0.625] * 3, abs=1e-6)
    assert found[2] < found[3] < found[4]
    assert found[4:] == pytest.approx([1.0] * 4, abs=1e-6)


def test_without_the_free_mode_nothing_is_taken_made_or_shared_and_people_still_buy():
    sim = town(pays=0.8, free={"enabled": False})
    hold(sim, FARM, property=1.0, exchange=-1.0)
    hold(sim, IDLE, needs=("food", "construction"))
    day(sim, 3)
    for name in ("seized", "produced", "used", "drawn", "moved"):
        assert not counted(sim, name).any()
    assert not stock(sim).any()
    assert not coverage(sim).any()
    np.testing.assert_allclose(sim.sites.stock[FARM], 10 * BASE[FOOD], rtol=1e-6)
    at_farm = sim.people.measure == FARM
    np.testing.assert_allclose(sim.people.unmet[at_farm], 0.25 + 0.75 * 0.2, rtol=1e-5)  # no food is delivered
    np.testing.assert_allclose(sim.people.unmet[sim.people.measure == IDLE], 0.25 + 0.75 * 0.6, rtol=1e-5)
    assert sim.places.exchange_dependence[0] == 1


def test_switched_off_in_a_branch_what_was_free_is_so_no_longer():
    sim = town(pays=0.8, free={"home_productivity": 0.0})
    hold(sim, FARM, property=1.0, exchange=1.0)
    day(sim, 3)
    assert coverage(sim)[0, FOOD] == 1
    kept = stock(sim).copy()
    other = sim.branch({"provisioning.free.enabled": False})
    day(other, 2)
    assert not coverage(other).any()
    assert other.places.open_to_others[0] == 0
    np.testing.assert_array_equal(stock(other), kept)
    np.testing.assert_allclose(other.people.unmet[other.people.activity == IN_MEASURE], 1.0)


def test_when_the_last_measure_is_over_the_stock_stays_and_nobody_draws():
    sim = town(pays=0.5)
    hold(sim, FARM, property=1.0, strangers=1.0)
    day(sim)
    left = stock(sim)[0, FOOD]
    people = people_at(sim, FARM)
    records.end(sim.state, sim.day, np.array([FARM]), np.array([1]))
    sim.people.activity[people], sim.people.measure[people] = ROUTINE, -1
    sim.sites.participants[:] = sim.places.participants[:] = 0
    day(sim, 10)
    assert stock(sim)[0, FOOD] == left
    assert not coverage(sim).any()
    np.testing.assert_allclose(sim.people.unmet, 0.5, rtol=1e-6)  # the farm delivers again
    assert sim.places.exchange_dependence[0] == 0


# --- links ---


def linked(sim, value=1):
    if not len(sim.state.contacts):
        sim.state.contacts.grow(sim.society.contact.neighbours.size)
    sim.state.contacts.linked[:] = value


@pytest.mark.parametrize(("link", "carriers"), [(True, 2), (True, 1), (True, 0), (False, 2)])
def test_goods_go_between_linked_places_only_with_taken_transport(link, carriers):
    sim = town(2, stock_days=4.0, free={"per_link": 1.0, "carried": 3.0, "home_productivity": 0.0})
    hold(sim, FARM, property=1.0, strangers=-1.0)
    if carriers:
        hold(sim, HAULIER, needs=("transport",), people=people_at(sim, HAULIER)[:carriers], property=1.0, strangers=-1.0)
    hold(sim, 5 + IDLE, needs=("construction",), strangers=-1.0)
    linked(sim, int(link))
    day(sim)
    # what would be moved where nothing limits it: food and transport, until both places have as much for what they draw
    here, there = 4 + carriers, 10
    food = 4 * BASE[FOOD]
    services = 4 * BASE[TRANSPORT] + carriers * EACH[TRANSPORT] if carriers else 0.0
    even = min(food * there / (here + there), 3.0 * carriers) if link else 0.0
    moved = counted(sim, "moved")
    assert moved[FOOD] == pytest.approx(even)
    assert moved.sum() <= 3.0 * carriers + 1e-9
    assert moved[TRANSPORT] <= services
    assert stock(sim)[1, FOOD] == pytest.approx(max(0.0, even - there * DEMAND[FOOD]))
    assert coverage(sim)[1, FOOD] == pytest.approx(min(1.0, even / (there * DEMAND[FOOD])))


# --- the ratio: when it is solved, and for whom ---


def test_the_ratio_is_that_of_the_component_with_most_participants_and_never_above_the_pooled(monkeypatch):
    """Three towns, the first two linked, with 4, 4 and 10 participants in them; then six more in the first."""
    sim = town(3, ratio={"enabled": True, "every_days": 5, "resolved_days": 30})
    calls = []

    def pooled_ratio(A, *, people, **_):
        return 0.01 * np.sum(people)

    def pooled_ratios(A, *, people, group, **_):
        return 0.01 * np.bincount(group, weights=people)

    def reproduction_ratio(A, *, capacity, links, **_):
        calls.append((sim.state.day, capacity.shape[0], len(links)))
        return SimpleNamespace(ratio=0.5, binding=[SimpleNamespace(sector=None, place=0), SimpleNamespace(sector=FOOD, place=len(capacity) - 1, rise=1.0)])

    fake = ModuleType("communize.production.reproduction")
    fake.pooled_ratio, fake.pooled_ratios, fake.reproduction_ratio = pooled_ratio, pooled_ratios, reproduction_ratio
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    hold(sim, FARM, strangers=-1.0)
    hold(sim, 5 + FARM, strangers=-1.0)
    hold(sim, 10 + IDLE, strangers=-1.0)
    linked(sim, 0)
    contact = sim.society.contact
    ends = np.repeat(np.arange(3), np.diff(contact.offsets))
    sim.state.contacts.linked[(ends < 2) & (contact.neighbours < 2)] = 1
    tally = sim.state.tally
    day(sim)
    np.testing.assert_allclose(sim.places.reproduction, [0.08, 0.08, 0.1], rtol=1e-6)
    assert tally.ratio_pooled[0] == pytest.approx(0.1)
    assert tally.ratio[0] == pytest.approx(0.1)  # 0.5 cannot be where goods need not move and it is 0.1
    assert (tally.ratio_binds[0], tally.ratio_binds_place[0]) == (FOOD, 2)  # the first that names a sector, in the third town
    assert calls == [(0, 1, 0)]
    hold(sim, IDLE, people=np.arange(6), strangers=-1.0)
    day(sim, 30)
    assert calls[1:] == [(30, 2, 1)]  # a pair of places is one link
    assert tally.ratio_binds_place[0] == 1
    assert tally.ratio_pooled[0] == pytest.approx(0.14)
    none = sim.branch({"provisioning.ratio.enabled": False})
    assert none.state.tally.ratio[0] == none.state.tally.ratio_pooled[0] == 0
    assert not none.places.reproduction.any()


@pytest.mark.parametrize("home_productivity", [0.0, 0.3])
def test_where_neighbourhoods_alone_are_held_the_ratio_is_what_they_make_of_needs(home_productivity):
    """Ten people work at home for three needs, and dwell in what they hold; food is what they make least of."""
    sim = town(2, free={"home_productivity": home_productivity}, ratio={"enabled": True})
    hold(sim, IDLE, needs=("food", "energy_water", "transport"), strangers=-1.0)
    day(sim)
    made, needed = 10 / 3 * EACH * home_productivity, 10 * DEMAND
    share = min(made[k] / needed[k] for k in (FOOD, ENERGY, TRANSPORT))
    tally = sim.state.tally
    assert [tally.ratio[0], tally.ratio_pooled[0], tally.ratio_strict[0], tally.ratio_imports[0]] == pytest.approx([share] * 4, rel=1e-9)
    np.testing.assert_allclose(sim.places.reproduction, [share, 0], rtol=1e-6)
    if home_productivity:
        assert share == pytest.approx(0.5)
        assert (tally.ratio_binds[0], tally.ratio_binds_place[0]) == (FOOD, 0)
    hold(sim, FARM, strangers=-1.0)  # by people who live elsewhere, and nobody builds
    day(sim, 30)
    assert tally.ratio[0] == tally.ratio_pooled[0] == tally.ratio_imports[0] == 0
    assert (tally.ratio_binds[0], tally.ratio_binds_place[0]) == (HOUSING if home_productivity else ENERGY, 0)


def test_imported_inputs_can_be_bought_and_are_made_otherwise():
    sim = town(ratio={"enabled": True}, free={"home_productivity": 0.0})
    common = next(mechanism for mechanism in sim.mechanisms if mechanism.name == "provisioning")._common
    np.testing.assert_array_equal(common.A_domestic, common.A)  # coefficients of one's own know no imports
    common.A_domestic = np.zeros((4, 4))  # energy is imported
    common.need = np.array([1.0, 0.0, 0.0, 0.0])
    hold(sim, FARM, strangers=-1.0)
    day(sim)
    assert sim.state.tally.ratio_pooled[0] == 0
    assert sim.state.tally.ratio_imports[0] == pytest.approx(BASE[FOOD] / 4)
    assert (sim.state.tally.ratio_binds[0], sim.state.tally.ratio_binds_place[0]) == (ENERGY, 0)


def test_the_ratio_is_none_where_nothing_is_held():
    sim = town(ratio={"enabled": True})
    day(sim, 6)
    assert sim.state.tally.ratio[0] == sim.state.tally.ratio_pooled[0] == 0
    assert sim.state.tally.ratio_binds[0] == sim.state.tally.ratio_binds_place[0] == -1
    assert sim.state.tally.ratio_imports[0] == 0
