"""Limit case: Wright (2005) with other numbers of people, coins and wages, and with the parameters that his model does not have.

Wright (2005), https://arxiv.org/abs/cond-mat/0401053. Only R = (M / N) / mean wage matters (Borba, Gonçalves and Anteneodo,
https://arxiv.org/abs/2410.22369, not read in full); targets are those of `validation.md` 1.4, to which no more than "± 0.005" is given.
How firing is rounded decides everything (1.5): rounded up, classes would be 0.567, 0.409 and 0.024. No parameter reaches that;
`test_wright_exact.py` rejects it. What `economy.firing` and `economy.hiring_staff` do is tested for its sign.
"""

import functools
import itertools
import math

import numpy as np
import pytest
from estimators import gini
from wright_alone import DAILY, TARGETS, YEAR, case, coins, figures, observe

import communize as cz
from communize.declare.errors import InputError

LISTED = 0.005  # the error of a listed figure
NAMES = ("workers", "capitalists", "unemployed", "wage share", "Gini of money", "GDP against 6 (M - V)", "P(size = 1)", "demises a month",
         "wages that fall short", "firms", "exponent of sizes, MLE from 2")  # fmt: skip


@functools.cache
def runs(setting: tuple, seeds: int, years: int) -> dict[str, np.ndarray]:
    """Figures of runs after the first years, by name; the setting as pairs of path and value."""
    first, found = (5 if years > 20 else 2) * YEAR, []
    for seed in range(1, seeds + 1):
        found.append(figures(observe(case(DAILY | dict(setting)), seed, first + years * YEAR).after(first)))
    return {name: np.array([figure[name] for figure in found]) for name in NAMES}


def setting(**changes) -> tuple:
    return tuple((path.replace("__", "."), value) for path, value in changes.items())


def wages(low: int, high: int, money: int = 100) -> tuple:
    return setting(society__money=money, economy__wage_low=low, economy__wage_high=high)


def error(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) / math.sqrt(values.size)


def as_listed(found: dict[str, np.ndarray], years: int, **listed: float) -> None:
    """Means within 3 sqrt(SD^2 / n + se^2) of what is listed, SD of the case itself; and the product identity."""
    print({name: f"{found[name].mean():.4f}, s.e. {error(found[name]):.4f}" for name in NAMES})
    for name, value in listed.items():
        name = {"workers": "workers", "share": "wage share", "gini": "Gini of money"}[name]
        deviation = TARGETS[name][1] * math.sqrt(100 / years)
        assert found[name].mean() == pytest.approx(
            value, abs=3 * math.sqrt(deviation**2 / found[name].size + LISTED**2)
        ), name
    assert found["GDP against 6 (M - V)"].mean() == pytest.approx(
        1, abs=3 * 0.006 * math.sqrt(100 / years / found["workers"].size)
    )


SETTINGS = [
    pytest.param(
        wages(20, 180, money=200), {"workers": 0.711, "share": 0.541, "gini": 0.704}, id="coins of half the value"
    ),
    pytest.param(
        wages(100, 900, money=1000),
        {"workers": 0.710, "share": 0.540, "gini": 0.701},
        id="coins of a tenth of the value",
    ),
    pytest.param(wages(40, 60), {"workers": 0.704}, id="wages 40 to 60"),
    pytest.param(wages(0, 100), {"workers": 0.713}, id="wages 0 to 100"),
]


@pytest.mark.parametrize(("changes", "listed"), SETTINGS)
def test_only_money_against_the_mean_wage_matters(changes, listed):
    as_listed(runs(changes, 3, 8), 8, **listed)


@pytest.mark.slow
@pytest.mark.parametrize(("changes", "listed"), SETTINGS)
def test_only_money_against_the_mean_wage_matters_in_long_runs(changes, listed):
    as_listed(runs(changes, 20, 60), 60, **listed)


@pytest.mark.slow
def test_coins_of_another_value_give_the_same_law():
    """100, 200 and 1000 coins each, wages in proportion: no figure differs by more than 3 standard errors of the difference, twelve in all."""
    first, *others = (runs(wages(m // 10, m * 9 // 10, money=m), 20, 60) for m in (100, 200, 1000))
    for other in others:
        for name in (
            "workers",
            "capitalists",
            "wage share",
            "Gini of money",
            "P(size = 1)",
            "exponent of sizes, MLE from 2",
        ):
            assert abs(first[name].mean() - other[name].mean()) < 3 * math.hypot(
                error(first[name]), error(other[name])
            ), name


# --- numbers of people ---


def test_other_numbers_of_people():
    """Classes hardly depend on the number; product is six times the money that people hold."""
    for people, seeds, years in ((300, 3, 15), (3000, 2, 6)):
        found = runs(setting(society__people=people), seeds, years)
        as_listed(found, years, workers=0.709, share=0.539)
        assert found["firms"].mean() == pytest.approx(found["capitalists"].mean() * people)


@pytest.mark.slow
def test_firms_of_larger_societies_have_a_longer_tail():
    """300, 1,000 and 3,000 people: workers within 0.01, fewer and larger firms a head, more firms of one."""
    found = [runs(setting(society__people=people), 20, 60) for people in (300, 1000, 3000)]
    for runs_of_size in found:
        as_listed(runs_of_size, 60, share=0.539)
        assert runs_of_size["workers"].mean() == pytest.approx(0.709, abs=0.01)
    for smaller, larger in itertools.pairwise(found):
        for name, sign in (("capitalists", -1), ("P(size = 1)", 1), ("unemployed", 1)):
            assert sign * (larger[name].mean() - smaller[name].mean()) > 3 * math.hypot(
                error(smaller[name]), error(larger[name])
            ), name


# --- the ends of the scale of R ---


@pytest.mark.parametrize(
    "changes",
    [
        {"society.money": 50},
        {"economy.hiring": 2.0},
        {"society.money": 500, "economy.wage_low": 500, "economy.wage_high": 500},
    ],
)
def test_nobody_is_ever_hired_where_nobody_has_more_than_the_mean_wage(changes):
    """R = 1: as more is needed than what all hold at the start, nobody works or sells, and what is spent stays in the pool."""
    run = observe(case(DAILY | changes), 1, 60)
    assert not run.works.any()
    assert not run.owns.any()
    for name in ("gdp", "wages", "hired", "founded"):
        assert not run.flows[name].any()
    assert np.isnan(run.flows["wage_share"]).all()
    assert np.all(np.diff(run.pools[:, 0]) >= 0)
    assert run.pools[-1, 0] > 0.99 * (run.money[0].sum() + run.pools[0, 0])


def test_one_coin_more_than_the_mean_wage_is_enough():
    assert observe(case(DAILY | {"society.money": 51}), 1, 12).works[-1].any()


def test_a_mean_wage_of_all_the_money_there_is_is_refused():
    scenario = case({"society.people": 10, "society.money": 5})  # 50 coins: the mean wage
    with pytest.raises(
        InputError, match=r"economy\.wage_high.*below all money there is, 50 coins; nobody could ever be hired"
    ):
        cz.Simulation(scenario)
    simulation = cz.Simulation(scenario.replace({"society.money": 6}), 1).run(90)
    assert coins(simulation) == 60


def test_a_market_of_one_person_is_refused():
    with pytest.raises(InputError, match="labour markets of at least two people: place-1 is a market of one person"):
        cz.Simulation(case({"society.people": 1, "society.money": 1000}))


def test_much_money_against_wages_ends_in_one_firm():
    """R = 8: within 20 years all but one work for that one, and they go on doing so."""
    for seed in (1, 2):
        run = observe(case(DAILY | {"society.money": 400}), seed, 22 * YEAR).after(20 * YEAR)
        assert np.all(run.works.sum(axis=1) == 999)


@pytest.mark.slow
def test_monopoly_in_long_runs():
    """R = 8: workers 0.999, and a Gini coefficient of money of 0.845."""
    unequal = []
    for seed in range(1, 17):
        run = observe(case(DAILY | {"society.money": 400}), seed, 80 * YEAR).after(20 * YEAR)
        assert np.all(run.works.sum(axis=1) == 999)
        unequal.append(np.mean([gini(money) for money in run.money[YEAR - 1 :: YEAR]]))
    print(np.mean(unequal), error(np.array(unequal)))
    assert np.mean(unequal) == pytest.approx(0.845, abs=LISTED + 3 * error(np.array(unequal)))


# --- parameters that Wright's model does not have ---


def ordered(found: list[dict[str, np.ndarray]], signs: dict[str, int]) -> None:
    """Each next setting has more (1) or less (-1) of a figure, by more than 3 standard errors of the difference."""
    for before, after in itertools.pairwise(found):
        for name, sign in signs.items():
            assert sign * (after[name].mean() - before[name].mean()) > 3 * math.hypot(
                error(before[name]), error(after[name])
            ), name


FIRING = {"unemployed": 1, "workers": -1, "demises a month": 1, "wages that fall short": -1}
HIRING = {"unemployed": 1, "P(size = 1)": 1, "exponent of sizes, MLE from 2": 1}


def test_the_more_money_keeps_a_worker_the_fewer_are_kept():
    """`economy.firing` of half, one and two mean wages: more are dismissed and more firms end, but wages are paid in full more often."""
    ordered([runs(setting(economy__firing=firing), 3, 10) for firing in (0.5, 1.0, 2.0)], FIRING)


@pytest.mark.slow
def test_firing_in_long_runs():
    found = [runs(setting(economy__firing=firing), 20, 60) for firing in (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)]
    for figure in found:
        as_listed(figure, 60)
    ordered(found[:4], FIRING)
    ordered(found[3:], {name: FIRING[name] for name in ("unemployed", "workers", "demises a month")})


def test_hiring_against_the_wage_bill_keeps_firms_small():
    """`economy.hiring_staff`: who must have the wages of those already employed too hires later."""
    ordered([runs(setting(economy__hiring_staff=staff), 4, 12) for staff in (0.0, 1.0)], {"P(size = 1)": 1})


@pytest.mark.slow
def test_hiring_in_long_runs():
    found = [runs(setting(economy__hiring_staff=staff), 20, 60) for staff in (0.0, 0.5, 1.0)]
    for figure in found:
        as_listed(figure, 60)
    ordered(found, HIRING)


@pytest.mark.parametrize("changes", [{"economy.firing": 1.8}, {"economy.wage_low": 50, "economy.wage_high": 50}])
def test_wages_are_paid_in_full_where_enough_is_kept_for_the_highest(changes):
    """Firing leaves at least `firing` mean wages for each: with 90 coins, or one wage for all, that pays everybody, always."""
    assert not observe(case(DAILY | changes), 2, 60).flows["short_payments"].any()
    assert observe(case(DAILY | changes | {"economy.firing": 0.9}), 2, 60).flows["short_payments"].any()
