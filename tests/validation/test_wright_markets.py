"""Limit case: many labour markets, each of which must be Wright's model, whatever the others do.

Wright (2005), https://arxiv.org/abs/cond-mat/0401053; targets of `validation.md` 1.3. Places that know nothing of one another are separate
markets; places in contact below `economy.markets.smallest` share one. Nothing of the others, and no number of threads, may change
a market's course by a bit.
"""

import math

import numpy as np
import pytest
from wright_alone import (
    DAILY,
    TARGETS,
    YEAR,
    Months,
    allowed,
    case,
    check_classes,
    class_figures,
    coins,
    employers,
    money_figures,
    observe,
    separate,
    society_of,
)

import communize as cz


def of_each(run: Months, sizes: list[int]) -> list[Months]:
    """The months of each market; everybody's employer must be of the same market."""
    first = np.cumsum([0, *sizes])
    market = np.repeat(np.arange(len(sizes)), sizes)
    assert np.all((run.employer < 0) | (market[np.maximum(0, run.employer)] == market))
    assert run.pools.shape[1] == len(sizes)
    return [run.of_market(m, size, first[m]) for m, size in enumerate(sizes)]


def markets_of(sizes: list[int], years: int, burn_in: int = 5, seed: int = 1) -> list[Months]:
    scenario = separate()
    run = observe(scenario, seed, (burn_in + years) * YEAR, society_of(sizes, 100, scenario))
    return of_each(run.after(burn_in * YEAR), sizes)


def figures_of(months: Months) -> dict[str, float]:
    total = months.money.sum(axis=1) + months.pools[:, 0]
    assert np.all(total == total[0])  # no coin leaves a market
    return class_figures(months) | money_figures(months)


def each_is_wrights_model(markets: list[Months], years: int) -> None:
    found = [figures_of(months) for months in markets]
    for name in found[0]:
        mean = np.mean([figure[name] for figure in found])
        assert abs(mean - TARGETS[name][0]) <= allowed(name, len(found), years), name


def courses_are_independent(markets: list[Months]) -> None:
    """The mean correlation between markets of yearly changes in the share of workers is 0, and none is large.

    For n independent series of T values the mean of the n (n - 1) / 2 correlations has a standard error of about
    sqrt(2 / (n (n - 1) T)).
    """
    share = np.array([months.works[YEAR - 1 :: YEAR].mean(axis=1) for months in markets])
    n, years = share.shape
    related = np.corrcoef(share)[np.triu_indices(n, 1)]
    assert abs(related.mean()) < 4 * math.sqrt(2 / (n * (n - 1) * years))
    assert np.abs(related).max() < 5 / math.sqrt(years)


def test_each_of_many_markets_is_wrights_model():
    """20 markets of 1,000 people in one society, over 12 years after 3."""
    markets = markets_of([1000] * 20, 12, burn_in=3)
    each_is_wrights_model(markets, 12)
    courses_are_independent(markets)


@pytest.mark.slow
def test_each_of_many_markets_is_wrights_model_in_long_runs():
    """24 markets of 1,000 people in one society, over 100 years after 10."""
    markets = markets_of([1000] * 24, 100, burn_in=10)
    each_is_wrights_model(markets, 100)
    courses_are_independent(markets)


@pytest.mark.slow
def test_markets_of_other_sizes_are_as_societies_of_these_sizes():
    """8 markets each of 200, 1,000 and 2,000 people beside one another, and 8 societies of one market of each size."""
    sizes, years = [200, 1000, 2000], 50
    beside = markets_of(sizes * 8, years)
    for number, people in enumerate(sizes):
        apart = [
            observe(case(DAILY | {"society.people": people}), seed, (5 + years) * YEAR).after(5 * YEAR)
            for seed in range(1, 9)
        ]
        together, alone = ([figures_of(months) for months in runs] for runs in (beside[number::3], apart))
        for name in (
            "workers",
            "capitalists",
            "unemployed",
            "P(size = 1)",
            "exponent of sizes, MLE from 2",
            "Gini of money",
            "largest firm",
        ):
            one, other = (np.array([figure[name] for figure in figures]) for figures in (together, alone))
            assert abs(one.mean() - other.mean()) < 4 * math.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 8), (
                people,
                name,
            )


# --- a market alone ---

SPOTS = [(10.0, 20.0), (-30.0, 100.0), (50.0, -60.0)]


def course(sizes, money, spots, months=30, changes=None, seed=5, threads=1):
    scenario = separate(changes)
    return of_each(observe(scenario, seed, months, society_of(sizes, money, scenario, spots), threads), sizes)


def same(one: Months, other: Months) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("money", "income", "employer", "pools")
    )


def test_what_happens_in_other_markets_changes_nothing():
    """Other numbers of people and coins there, the other markets gone, the order of places: the first market keeps its course."""
    before = course([400, 300, 250], 100, SPOTS)
    poor = np.repeat([100, 700, 3], [400, 300, 250])
    unequal = course([400, 300, 250], poor, SPOTS)
    for other in (
        unequal,
        course([400, 777, 2, 60], 100, [*SPOTS, (70.0, 0.0)]),
        course([400, 3], 100, SPOTS[:2]),
        course([400], 100, SPOTS[:1]),
    ):
        assert same(before[0], other[0])
    assert not same(before[1], unequal[1])  # and those who have other coins do not keep theirs


def test_markets_of_the_same_people_and_coins_go_different_ways():
    first, second, third = course([300, 300, 300], 100, SPOTS)
    assert not same(first, second)
    assert not same(second, third)
    elsewhere = course([300, 300, 300], 100, [(11.0, 20.0), *SPOTS[1:]])
    assert not same(first, elsewhere[0])  # draws are those of the place on the map


def test_a_market_by_itself_keeps_its_place_in_the_table():
    """The place of the first 400 people named second in the table of places: the same course, as draws go by where it lies."""
    scenario = separate()
    plain = society_of([400, 300], 100, scenario, SPOTS[:2])
    turned = cz.Society.from_tables(
        people={"home": np.repeat([1, 0], [400, 300]), "position": ["unemployed"] * 700, "money": [100] * 700},
        sites={"kind": ["neighbourhood"] * 2, "place": [0, 1]}, ties={"a": [], "b": []}, parameters=scenario.society,
        places={"name": ["b", "a"], "latitude": [-30.0, 10.0], "longitude": [100.0, 20.0], "population": [300, 400]})  # fmt: skip
    one, other = (observe(scenario, 5, 24, society) for society in (plain, turned))
    for name in ("money", "income", "employer"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.pools, other.pools[:, ::-1])


# --- threads ---

LINKED = {
    "economy.markets.enabled": True,
    "economy.markets.smallest": 60,
    "society.people": 6000,
    "society.places.count": 40,
    "society.commuting": 0.4,
}


MANY = {"economy.markets.enabled": True, "economy.markets.smallest": 1, "society.people": 6000, "society.places.count": 200,
        "society.places.size_exponent": 0.0, "society.contact.neighbours": 0}  # fmt: skip


@pytest.mark.parametrize("changes", [{}, LINKED, MANY])
def test_the_same_bits_for_any_number_of_threads(changes):
    hashes = {cz.Simulation(case(DAILY | changes), 3, threads=threads).run(36).state_hash() for threads in (1, 2, 3)}
    assert len(hashes) == 1


# --- places that share a market, and people who look elsewhere ---


def pairs(smallest: int) -> tuple[cz.Scenario, cz.Society]:
    """12 pairs of places of 500 people each, 11 km apart; pairs are out of reach of one another."""
    scenario = case(
        DAILY
        | {
            "economy.markets.enabled": True,
            "economy.markets.smallest": smallest,
            "society.contact.cutoff_km": 100.0,
            "society.commuting": 0.0,
        }
    )
    spots = [(-55.0 + 10 * pair + 0.1 * end, 10.0) for pair in range(12) for end in (0, 1)]
    return scenario, society_of([500] * 24, 100, scenario, spots)


@pytest.mark.parametrize(("smallest", "markets"), [(500, 24), (501, 12), (1001, 12)])
def test_places_below_the_smallest_market_share_one(smallest, markets):
    """Two of 500 are one market of 1,000 exactly where 500 are too few; a pair that nobody is in reach of stays one."""
    scenario, society = pairs(smallest)
    run = observe(scenario, 1, 12, society)
    place = np.repeat(np.arange(24), 500)
    there = place[np.maximum(0, run.employer)]
    assert run.pools.shape[1] == markets
    assert np.all((run.employer < 0) | (there // 2 == place // 2))
    assert np.any((run.employer >= 0) & (there != place)) == (markets == 12)


@pytest.mark.slow
def test_a_market_of_two_places_is_a_market():
    """Twelve markets of two places of 500: the law of 1,000 people."""
    scenario, society = pairs(501)
    run = observe(scenario, 1, 105 * YEAR, society)
    each_is_wrights_model(of_each(run.after(5 * YEAR), [1000] * 12), 100)


def test_people_who_look_for_work_in_other_markets_take_no_coin_along_unseen():
    """With contact and commuting people work in other places; all classes and coins are as they must be, month by month."""
    scenario = case(DAILY | LINKED | {"society.contact.cutoff_km": 1000.0})
    simulation = cz.Simulation(scenario, 2, threads=1)
    before, elsewhere = coins(simulation), 0
    for _ in range(60):
        simulation.step()
        people, sites = simulation.people, simulation.sites
        check_classes(employers(simulation), people.position)
        assert coins(simulation) == before
        working = people.work >= 0
        elsewhere = np.mean(sites.place[people.home[working]] != sites.place[people.work[working]])
    assert 0.05 < elsewhere < 1
    assert len(simulation.state.demand) > 10
