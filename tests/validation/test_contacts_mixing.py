"""Limit case: struggle with the response `contacts` in complete mixing, on a place, a neighbourhood, a site of work, or ties to everybody.

N people of whom I are in motion: each of the others joins with probability 1 - exp(-r I) a day, r = beta / N, and each of the I leaves with
probability g: R0 = beta / g. Nobody escapes a day but with exp(-r I), so that in a large society ln(s_end / s_0) = -beta sum(i) whatever the
length of a day, and sum(i) = (1 - s_end) / g as lives have the mean 1 / g: the final size R = 1 - s_0 exp(-R0 R) of continuous time holds without
change. What depends on the day, the peak, is compared with the deterministic chain, and the chain in the limit of short days with the listed figures.
In few people: exact laws of the final size (Ball 1986, https://doi.org/10.2307/1427301), exact Markov chains, branching processes (Borel,
Galton and Watson) in many unconnected groups at once. Figures of `validation.md` section 6.
"""

import decimal
import math

import numpy as np
import pytest
from contacts_alone import (
    ONE_DAY,
    active,
    by,
    contacts,
    copies,
    ever,
    graph,
    homes,
    in_motion,
    rows,
    share,
    simulate,
    until_over,
)
from scipy import optimize, stats

import communize as cz

SOURCES = ("place", "neighbourhood", "work")
FINAL = {1.1: 0.176134, 1.25: 0.371370, 1.5: 0.582812, 2.0: 0.796812, 2.5: 0.892645, 3.0: 0.940480, 4.0: 0.980173}  # s_0 to 1
FINAL_OF_ONE_PERCENT = {0.8: 0.045026, 1.0: 0.135157, 1.5: 0.593634, 2.0: 0.800204, 3.0: 0.941203}
PEAK = {1.5: 0.063023, 2.0: 0.153426, 3.0: 0.300463}
EXTINCTION = {1.1: 0.823866, 1.5: 0.417188, 2.0: 0.203188, 3.0: 0.059520}  # Poisson numbers
SURVIVAL = {1.0: {1: 0.632121, 2: 0.468536, 5: 0.268077, 10: 0.158235, 20: 0.087571}, 0.9: {1: 0.593430, 2: 0.413796, 5: 0.197229, 10: 0.084917, 20: 0.023669}}
BOREL = {0.5: (0.606531, 0.183940, 0.083674), 0.8: (0.449329, 0.161517, 0.087089, 0.055654, 0.039073)}


def final_size(r0, seeds=0.0):
    """R = 1 - (1 - seeds) exp(-R0 R)."""
    return optimize.brentq(lambda r: 1 - (1 - seeds) * math.exp(-r0 * r) - r, 0 if seeds else 1e-3, 1, xtol=1e-14)


def chain(beta, g, seeds, days, for_good=1.0):
    """Shares (susceptible, in motion, gone) after each day of a large society."""
    s, i, gone, path = 1 - seeds, seeds, 0.0, []
    for _ in range(days):
        joined, left = s * -math.expm1(-beta * i), g * i
        s, i, gone = s - joined + (1 - for_good) * left, i + joined - left, gone + for_good * left
        path.append((s, i, gone))
    return np.array(path).T


def spread(r0, g, seeds=0.0):
    """Standard deviation of the final size times sqrt(N): the threshold construction of Sellke taken to first order."""
    s = 1 - final_size(r0, seeds)
    return math.sqrt(s * (1 - s / (1 - seeds)) + s * s * r0 * r0 * (1 - g) * (1 - s)) / abs(1 - r0 * s)


def mixing(source, n):
    """A society of `n` people who all meet at a source."""
    nobody = {"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}
    if source == "work":
        return homes(np.zeros(n, np.int64), **nobody, work=np.ones(n, np.int64))
    return homes(np.zeros(n, np.int64), **nobody)


def groups(n_groups, n):
    """Neighbourhoods of `n` people; person i of neighbourhood c has the row c * n + i."""
    return homes(np.repeat(np.arange(n_groups), n))


def firsts(n_groups, n, number=1):
    """A seed: so many people of each group."""
    return rows((n * np.arange(n_groups)[:, None] + np.arange(number)).ravel())


def near(found, expected, deviation, times=4.0):
    """Whether the mean of what was found is the expected number, within standard errors."""
    assert np.mean(found) == pytest.approx(expected, abs=times * deviation / math.sqrt(np.size(found)))


# Formulas


def test_the_law_of_the_final_size_holds_for_days_of_any_length():
    for r0, listed in FINAL.items():
        assert final_size(r0) == pytest.approx(listed, abs=1e-6)
    for r0, listed in FINAL_OF_ONE_PERCENT.items():
        assert final_size(r0, 0.01) == pytest.approx(listed, abs=1e-6)
        for g in (0.05, 0.4, ONE_DAY):
            s, i, gone = chain(r0 * g, g, 0.01, round(400 / g) if r0 == 1 else round(120 / g))
            assert gone[-1] == pytest.approx(listed, abs=2e-6)
            assert math.log(s[-1] / 0.99) == pytest.approx(-r0 * g * (0.01 + i[:-1].sum()), abs=1e-9)


def test_the_peak_tends_to_the_listed_one_for_short_days():
    for r0, listed in PEAK.items():
        assert 1 - (1 + math.log(r0)) / r0 == pytest.approx(listed, abs=1e-6)
        for seeds in (1e-6, 0.01):
            limit = 1 - (1 + math.log(r0 * (1 - seeds))) / r0
            coarse, fine = (chain(r0 * g, g, seeds, round(120 / g))[1].max() for g in (0.02, 0.01))
            assert 2 * fine - coarse == pytest.approx(limit, abs=3e-5)


# One group


def test_all_forms_of_complete_mixing_are_the_same_to_the_bit():
    """One place, one neighbourhood, one site of work, ties to everybody: the same hazards from the same draws."""
    n, days, found = 230, 25, {}
    pairs = np.array([(i, j) for i in range(n) for j in range(i)]).T
    for source in (*SOURCES, "ties"):
        scenario = contacts(0.006, 0.2, days, **rows(range(4))) if source == "ties" else by(source, -math.log1p(-0.006), 0.2, days, **rows(range(4)))
        simulation = cz.Simulation(scenario, 3, society=graph(n, *pairs) if source == "ties" else mixing(source, n), threads=1)
        found[source] = [(simulation.run(1).people.activity.copy(), simulation.people.removed.copy()) for _ in range(days)]
    for source in SOURCES:
        np.testing.assert_array_equal(found[source], found["ties"])
    assert 0.2 < found["ties"][-1][1].mean() < 1


def sizes(source, r0, g, seeds, n, numbers):
    society, scenario = mixing(source, n), by(source, r0 * g / n, g, **share(seeds))
    return np.array([ever(until_over(scenario, society, number)).mean() for number in numbers])


@pytest.mark.parametrize(
    ("source", "r0", "g"), [("place", 2.0, 0.2), ("neighbourhood", 1.5, 0.4), ("work", 3.0, ONE_DAY), ("place", 0.8, 0.5), ("work", 1.0, 0.5)])  # fmt: skip
def test_final_size(source, r0, g):
    n, runs, seeds = 40_000, 3, 0.01
    found = sizes(source, r0, g, seeds, n, range(runs))
    print(f"{source}, R0 = {r0}, g = {g:.2f}: final size {found.mean():.5f}, expected {final_size(r0, seeds):.5f}")
    near(found, final_size(r0, seeds), spread(r0, g, seeds) / math.sqrt(n), 4.5)


@pytest.mark.slow
@pytest.mark.parametrize("r0", FINAL_OF_ONE_PERCENT)
@pytest.mark.parametrize("source", SOURCES)
def test_final_size_of_one_percent_in_many_runs(source, r0):
    g, n = {"place": 0.2, "neighbourhood": 0.5, "work": ONE_DAY}[source], 100_000
    found = sizes(source, r0, g, 0.01, n, range(50, 70))
    print(f"{source}, R0 = {r0}, g = {g:.2f}: listed and expected {FINAL_OF_ONE_PERCENT[r0]}, found {found.mean():.6f} +- {found.std(ddof=1) / 20**0.5:.6f}")
    assert found.mean() == pytest.approx(FINAL_OF_ONE_PERCENT[r0], abs=0.003)
    near(found, FINAL_OF_ONE_PERCENT[r0], spread(r0, g, 0.01) / math.sqrt(n), 4.5)


@pytest.mark.slow
@pytest.mark.parametrize("r0", [r0 for r0 in FINAL if r0 > 1.1])
def test_final_size_of_few_seeds_in_many_runs(r0):
    """A share of 0.0002 begins, 40 people, which changes the final size by less than 0.0006."""
    g, n, seeds = 0.4, 200_000, 0.0002
    found = sizes("place", r0, g, seeds, n, range(70, 90))
    print(f"R0 = {r0}: listed {FINAL[r0]}, expected with the seeds {final_size(r0, seeds):.6f}, found {found.mean():.6f} +- {found.std(ddof=1) / 20**0.5:.6f}")
    assert found.mean() == pytest.approx(FINAL[r0], abs=0.003)


@pytest.mark.parametrize(("r0", "g"), [(1.8, 0.3), (2.5, ONE_DAY)])
def test_the_spread_of_the_final_size_is_that_of_its_law(r0, g):
    """Many groups at once, each with one in ten at the start; a spread 1.25 times as large would be seen."""
    n, n_groups, first = 1500, 240, 150
    simulation = until_over(by("neighbourhood", r0 * g / n, g, **firsts(n_groups, n, first)), groups(n_groups, n))
    found = ever(simulation).reshape(n_groups, n).mean(axis=1)
    ratio = found.var(ddof=1) * n / spread(r0, g, first / n) ** 2
    assert stats.chi2.ppf(1e-3, n_groups - 1) < ratio * (n_groups - 1) < stats.chi2.ppf(1 - 1e-3, n_groups - 1)
    near(found, final_size(r0, first / n), found.std(ddof=1), 4.5)


@pytest.mark.parametrize(("r0", "g", "n"), [(1.5, 0.25, 40), (2.5, 0.6, 200)])
def test_who_escapes_all_days_is_a_martingale(r0, g, n):
    """S exp(r * sum of I so far) has the expectation that it begins with, exactly and in groups of any size."""
    n_groups, days, r = 1200, 40, r0 * g / n
    simulation = cz.Simulation(by("neighbourhood", r, g, days, **firsts(n_groups, n, 3)), 5, society=groups(n_groups, n), threads=1)
    pressure, number = np.zeros(n_groups), np.full(n_groups, 3)
    for day in range(days):
        pressure += r * number
        simulation.run(1)
        number = simulation.sites.active.copy()
        if day in (3, 10, days - 1):
            left = n - ever(simulation).reshape(n_groups, n).sum(axis=1)
            value = left * np.exp(pressure)
            near(value, n - 3, value.std(ddof=1))
    assert left.min() < 0.6 * n


@pytest.mark.parametrize(("source", "r0", "g"), [("place", 2.0, 0.2), ("neighbourhood", 3.0, 0.3), ("work", 1.5, ONE_DAY)])
def test_course_and_peak(source, r0, g):
    n, seeds, days = 100_000, 0.02, 40
    found = active(simulate(by(source, r0 * g / n, g, days, **share(seeds)), mixing(source, n))) / n
    expected = chain(r0 * g, g, seeds, days)[1]
    print(f"{source}, R0 = {r0}, g = {g:.2f}: peak {found.max():.5f}, expected {expected.max():.5f}, largest distance {np.abs(found - expected).max():.5f}")
    np.testing.assert_allclose(found, expected, atol=0.008)


@pytest.mark.slow
@pytest.mark.parametrize(("r0", "g"), [(1.5, 0.05), (2.0, 0.05), (3.0, 0.05), (2.0, 0.2), (3.0, ONE_DAY)])
def test_course_and_peak_in_many_runs(r0, g):
    n, seeds, days, runs = 200_000, 0.01, round(16 / g) + 20, 16
    society, scenario = mixing("place", n), by("place", r0 * g / n, g, days, **share(seeds))
    found = np.array([active(simulate(scenario, society, number)) / n for number in range(runs)])
    expected, mean, error = chain(r0 * g, g, seeds, days)[1], found.mean(axis=0), found.std(axis=0, ddof=1) / math.sqrt(runs)
    limit = 1 - (1 + math.log(r0 * (1 - seeds))) / r0
    print(f"R0 = {r0}, g = {g:.2f}: peak {mean.max():.5f}, of the chain {expected.max():.5f}, of continuous time {limit:.5f}, "
          f"largest distance {np.abs(mean - expected).max():.5f}, in s.e. {np.max(np.abs(mean - expected) / (error + 1e-5)):.2f}")  # fmt: skip
    assert mean.max() == pytest.approx(expected.max(), abs=0.001)
    assert np.all(np.abs(mean - expected) < 5 * error + 1e-4)


# Few people: exact laws


def size_law(n, first, r, g, largest):
    """Probability that 0, 1, ... `largest` of `n` people are moved by `first` others, exactly.

    sum over k <= l of C(n - k, l - k) P_k / phi(n - l)^(k + first) = C(n, l), phi(j) = E exp(-r j L) (Ball 1986). Numbers of either sign of very
    different size add up, so that hundreds of digits are carried.
    """
    with decimal.localcontext(prec=60 + 3 * largest):
        one, r, g, law = decimal.Decimal(1), decimal.Decimal(r), decimal.Decimal(g), []
        for moved in range(largest + 1):
            escape = (-r * (n - moved)).exp()
            phi = g * escape / (one - (one - g) * escape)
            power, total = phi**first, decimal.Decimal(0)
            for k, chance in enumerate(law):
                total += math.comb(n - k, moved - k) * chance / power
                power *= phi
            law.append((math.comb(n, moved) - total) * power)
        return np.array([float(chance) for chance in law])


def test_the_exact_law_of_the_final_size():
    assert size_law(1, 1, 0.7, 1.0, 1) == pytest.approx([math.exp(-0.7), 1 - math.exp(-0.7)])
    e = math.exp(-0.7)  # two people, one day: neither; one who does not move the other; both
    assert size_law(2, 1, 0.7, 1.0, 2) == pytest.approx([e * e, 2 * (1 - e) * e * e, (1 - e) ** 2 + 2 * (1 - e) * e * (1 - e)])
    assert size_law(60, 2, 0.03, 0.2, 60).sum() == pytest.approx(1, abs=1e-12)
    for reproduction, listed in BOREL.items():
        small, large = (size_law(n, 1, reproduction / n, 1.0, 4) for n in (2000, 4000))
        np.testing.assert_allclose((2 * large - small)[: len(listed)], listed, atol=2e-6)


def chi_square(found, chances):
    """The p value of numbers found, each 0, 1, ..., against their chances; those too rare are put together, and so is the rest."""
    expected = np.append(chances, max(0.0, 1 - np.sum(chances))) * np.size(found)
    counts = np.bincount(np.minimum(np.ravel(found), len(chances)), minlength=len(chances) + 1)
    cell = np.floor(np.cumsum(expected) / 8 - 1e-9).astype(int)  # at least about eight in each
    cell = np.minimum(cell, max(0, int(expected.sum() / 8) - 1))
    _, cell = np.unique(cell, return_inverse=True)
    expected = np.bincount(cell, expected)
    return stats.chisquare(np.bincount(cell, counts), expected / expected.sum() * np.size(found)).pvalue


def sizes_of_groups(n_groups, n, first, r, g, number):
    """Numbers moved, without those who began, in groups of n people and `first` who begin."""
    simulation = until_over(by("neighbourhood", r, g, **firsts(n_groups, n + first, first)), groups(n_groups, n + first), number)
    return ever(simulation).reshape(n_groups, n + first).sum(axis=1) - first


EXACT = [(20, 1, 1.2, 0.3), (20, 2, 2.5, ONE_DAY), (50, 1, 0.9, 0.6), (60, 3, 1.6, 0.15), (8, 1, 3.0, 0.5)]


@pytest.mark.parametrize(("n", "first", "r0", "g"), EXACT)
def test_final_size_of_small_groups_has_its_exact_law(n, first, r0, g):
    """The whole law, with its two peaks, over 4,000 groups."""
    found = sizes_of_groups(4000, n, first, r0 * g / n, g, 7)
    assert chi_square(found, size_law(n, first, r0 * g / n, g, n)) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(("n", "first", "r0", "g"), EXACT)
def test_final_size_of_many_small_groups_has_its_exact_law(n, first, r0, g):
    law = size_law(n, first, r0 * g / n, g, n)
    found = np.concatenate([sizes_of_groups(10_000, n, first, r0 * g / n, g, number) for number in range(10, 14)])
    p = chi_square(found, law)
    print(f"n = {n}, first = {first}, R0 = {r0}, g = {g:.2f}: mean {found.mean():.4f}, expected {law @ np.arange(n + 1):.4f}, p = {p:.3f}")
    assert p > 1e-3


# Branching


def borel(reproduction, n):
    n = np.asarray(n, float)
    return np.exp(-reproduction * n + (n - 1) * np.log(reproduction * n) - np.vectorize(math.lgamma)(n + 1))


def check_progeny(reproduction, n_groups, n, number):
    """Clusters that end, each with one day of life: total progeny, the seed counted."""
    total = sizes_of_groups(n_groups, n, 1, reproduction / n, ONE_DAY, number) + 1
    largest = {0.5: 60, 0.8: 200}[reproduction]
    law, count = size_law(n, 1, reproduction / n, ONE_DAY, largest), np.arange(1, largest + 2)
    assert law.sum() > 1 - 1e-5
    mean = law @ count
    moments = [law @ (count - mean) ** power for power in (2, 4)]
    p = chi_square(total - 1, law[:40])
    print(f"R = {reproduction}: P(1..4) {np.bincount(total, minlength=5)[1:5] / n_groups}, Borel {borel(reproduction, range(1, 5)).round(6)}, exact {law[:4].round(6)}; "
          f"mean {total.mean():.4f}, exact {mean:.4f}, Borel {1 / (1 - reproduction):.4f}; variance {total.var():.3f}, exact {moments[0]:.3f}, "
          f"Borel {reproduction / (1 - reproduction) ** 3:.3f}; P(> 100) {(total > 100).mean():.5f}, exact {1 - law[:100].sum():.5f}; p = {p:.3f}")  # fmt: skip
    assert p > 1e-3
    near(total, mean, math.sqrt(moments[0]))
    assert total.var() == pytest.approx(moments[0], abs=4.5 * math.sqrt((moments[1] - moments[0] ** 2) / n_groups))


@pytest.mark.parametrize("reproduction", [0.5, 0.8])
def test_total_progeny_is_borels(reproduction):
    assert borel(reproduction, range(1, len(BOREL[reproduction]) + 1)) == pytest.approx(BOREL[reproduction], abs=1e-6)
    many = np.arange(1, 4000)
    assert borel(reproduction, many) @ many == pytest.approx(1 / (1 - reproduction))
    assert borel(reproduction, many) @ (many - 1 / (1 - reproduction)) ** 2 == pytest.approx(reproduction / (1 - reproduction) ** 3, rel=1e-6)
    if reproduction == 0.8:
        assert 1 - borel(0.8, np.arange(1, 101)).sum() == pytest.approx(0.001376, abs=1e-6)
    check_progeny(reproduction, 1500, 400, 3)


@pytest.mark.slow
@pytest.mark.parametrize("number", [21, 22])
@pytest.mark.parametrize("reproduction", [0.5, 0.8])
def test_total_progeny_is_borels_in_many_groups(reproduction, number):
    check_progeny(reproduction, 6000, 600, number)


def extinct(reproduction, g):
    """Probability that a line ends, lives of L days and Poisson(R g L) moved in them: s = E exp(R g L (s - 1))."""

    def excess(s):
        e = math.exp(g * reproduction * (s - 1))
        return g * e / (1 - (1 - g) * e) - s

    return optimize.brentq(excess, 0, 1 - 1e-3)


def test_extinction_formulas():
    for reproduction, listed in EXTINCTION.items():
        assert extinct(reproduction, 1.0) == pytest.approx(listed, abs=1e-6)
        if reproduction > 1.1:
            assert borel(reproduction, np.arange(1, 3000)).sum() == pytest.approx(listed, abs=1e-6)
        coarse, fine = extinct(reproduction, 0.01), extinct(reproduction, 0.005)
        assert 2 * fine - coarse == pytest.approx(1 / reproduction, abs=1e-5)  # geometric numbers: k = 1


def check_extinction(reproduction, g, n_groups, n, number):
    """Small clusters, up to the gap in the law of sizes."""
    found, smaller = sizes_of_groups(n_groups, n, 1, reproduction * g / n, g, number), round(n / 6)
    law = size_law(n, 1, reproduction * g / n, g, smaller)
    chance, error = law.sum(), math.sqrt(law.sum() * (1 - law.sum()) / n_groups)
    print(f"R = {reproduction}, g = {g:.3f}: moved {smaller} or fewer {(found <= smaller).mean():.4f}, exact {chance:.4f} +- {error:.4f}, "
          f"branching {extinct(reproduction, g):.4f}, g to 0 {1 / reproduction:.4f}")  # fmt: skip
    assert (found <= smaller).mean() == pytest.approx(chance, abs=4 * error)
    assert chi_square(found, law) > 1e-3
    if reproduction > 1.1:
        assert chance == pytest.approx(extinct(reproduction, g), abs=0.02)


@pytest.mark.parametrize(("reproduction", "g"), [(1.1, ONE_DAY), (1.5, ONE_DAY), (2.0, ONE_DAY), (3.0, ONE_DAY), (1.5, 0.1), (3.0, 0.05)])
def test_extinction(reproduction, g):
    check_extinction(reproduction, g, 700, 300, 4)


@pytest.mark.slow
@pytest.mark.parametrize("reproduction", [1.1, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("g", [ONE_DAY, 0.1, 0.03])
def test_extinction_of_many_clusters(reproduction, g):
    check_extinction(reproduction, g, 5000, 400, 5)


def test_another_reproduction_number_is_rejected():
    """The tests above can tell R = 0.8 from 0.7 and 0.9, and one day of life from a geometric number of days."""
    found = sizes_of_groups(1500, 400, 1, 0.8 / 400, ONE_DAY, 9)
    for wrong in (0.7, 0.9):
        assert chi_square(found, size_law(400, 1, wrong / 400, 1.0, 39)) < 1e-4
    assert chi_square(found, size_law(400, 1, 0.8 * 0.5 / 400, 0.5, 39)) < 1e-4


def test_unconnected_places_and_components_are_unconnected_groups():
    """The same clusters, to the bit, in places out of contact, in neighbourhoods, at sites of work, and in complete components of ties."""
    n_groups, n, days = 60, 24, 12
    b, group = 0.05, np.repeat(np.arange(60), 24)
    apart = {"name": [f"p{k}" for k in range(n_groups)], "latitude": np.zeros(n_groups), "longitude": np.linspace(-170, 170, n_groups)}
    nobody = {"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}
    scenario = {source: by(source, -math.log1p(-b), 0.4, days, **firsts(n_groups, n), struggle__uniform_share=0.0) for source in SOURCES}
    scenario["ties"] = contacts(b, 0.4, days, **firsts(n_groups, n))
    society = {
        "place": cz.Society.from_tables(
            people={"home": group}, sites={"kind": ["neighbourhood"] * n_groups, "place": np.arange(n_groups)}, places=apart, ties=nobody,
            parameters=contacts(b, 0.4, society__contact__cutoff_km=1.0).society),
        "neighbourhood": groups(n_groups, n), "work": homes(np.zeros(n * n_groups, np.int64), work=1 + group),
        "ties": graph(*copies(n_groups, n, [(i, j) for i in range(n) for j in range(i)])),
    }  # fmt: skip
    found = {source: ever(simulate(scenario[source], society[source], 2)) for source in scenario}
    for source in SOURCES:
        np.testing.assert_array_equal(found[source], found["ties"])
    sizes_found = found["ties"].reshape(n_groups, n).sum(axis=1)
    assert sizes_found.min() < 4
    assert sizes_found.max() > n / 2


def test_homes_and_sites_of_work_are_ties_between_their_members():
    """20,000 people, each with four others at home and four at work who stand far apart in the table: the same epidemic, to the bit, by sites
    and by ties. People are looked at in groups of rows, of which many are moved by a site of work alone.
    """
    n, days, b, began = 20_000, 40, 0.2, rows([7, 5000, 12_345])
    for person in (np.arange(n), np.random.default_rng(2).permutation(n)):
        home, work = person // 5, person * 7919 % n // 5  # nobody shares both with another
        members = np.concatenate([np.argsort(site, kind="stable").reshape(-1, 5) for site in (home, work)])
        ends = np.concatenate([members[:, [i, j]] for i in range(5) for j in range(i)]).T
        by_ties = simulate(contacts(b, 0.3, days, **began), graph(n, *ends))
        scenario = by("work", -math.log1p(-b), 0.3, days, **began, struggle__weight_neighbourhood=1.0)
        by_sites = simulate(scenario, homes(home, work=4000 + work))
        np.testing.assert_array_equal(ever(by_sites), ever(by_ties))
        assert by_sites.series["joined"].equals(by_ties.series["joined"])
        assert 0.1 < ever(by_ties).mean() < 0.9


# Those who leave join again


def daily(n, r, g):
    """Transition matrix of the number in motion among n where all who leave may join again."""
    step = np.zeros((n + 1, n + 1))
    for i in range(n + 1):
        stay, join = stats.binom.pmf(np.arange(i + 1), i, 1 - g), stats.binom.pmf(np.arange(n - i + 1), n - i, -math.expm1(-r * i))
        step[i] = np.convolve(stay, join)
    return step


def numbers_by_day(n_groups, n, first, r, g, days, number, **changes):
    scenario = by("neighbourhood", r, g, days, **firsts(n_groups, n, first), struggle__leaving_for_good=0.0, **changes)
    simulation = cz.Simulation(scenario, number, society=groups(n_groups, n), threads=1)
    return np.array([simulation.run(1).sites.active.copy() for _ in range(days)])


def survival(reproduction, generations):
    s = 0.0
    for _ in range(generations):
        s = math.exp(reproduction * (s - 1))
    return 1 - s


def alive_by_chain(reproduction, n, days, g):
    """Probability that somebody of n is in motion after each day, one at the start: exact."""
    step, law, alive = daily(n, reproduction * g / n, g), np.eye(n + 1)[1], []
    for _ in range(days):
        law = law @ step
        alive.append(1 - law[0])
    return np.array(alive)


def check_survival(reproduction, n_groups, n, number):
    alive = (numbers_by_day(n_groups, n, 1, reproduction * ONE_DAY / n, ONE_DAY, 20, number) > 0).mean(axis=1)
    expected = alive_by_chain(reproduction, n, 20, ONE_DAY)
    error = np.sqrt(expected * (1 - expected) / n_groups)
    for generation, listed in SURVIVAL[reproduction].items():
        print(f"R = {reproduction}, generation {generation}: alive {alive[generation - 1]:.4f}, exact {expected[generation - 1]:.4f} "
              f"+- {error[generation - 1]:.4f}, listed {listed}")  # fmt: skip
    assert np.all(np.abs(alive - expected) < 4 * error)


@pytest.mark.parametrize("reproduction", SURVIVAL)
def test_survival_to_a_generation(reproduction):
    """Lives of one day, with which days are generations; few ever meet, so that it matters little that all may join again."""
    small, large = (alive_by_chain(reproduction, n, 20, ONE_DAY) for n in (150, 300))
    for generation, listed in SURVIVAL[reproduction].items():
        assert survival(reproduction, generation) == pytest.approx(listed, abs=1e-6)
        assert 2 * large[generation - 1] - small[generation - 1] == pytest.approx(listed, abs=0.004)
    check_survival(reproduction, 2000, 300, 6)


@pytest.mark.slow
@pytest.mark.parametrize("reproduction", SURVIVAL)
def test_survival_of_many_clusters(reproduction):
    check_survival(reproduction, 10_000, 300, 8)


@pytest.mark.parametrize(("n", "first", "r0", "g"), [(20, 2, 1.5, 0.3), (12, 1, 2.5, 0.5), (40, 3, 0.8, 0.4), (30, 2, 2.0, ONE_DAY)])
def test_small_groups_follow_their_exact_chain_and_reach_its_quasi_stationary_law(n, first, r0, g):
    n_groups, days, r = 3000, 40, r0 * g / n
    found, step = numbers_by_day(n_groups, n, first, r, g, days, 11), daily(n, r, g)
    law = np.zeros(n + 1)
    law[first] = 1.0
    for day in range(days):
        law = law @ step
        if day in (0, 1, 4, 12, days - 1):
            assert chi_square(found[day], law) > 1e-3
    values, vectors = np.linalg.eig(step[1:, 1:].T)
    leading = np.argmax(values.real)
    quasi = np.abs(vectors[:, leading].real)
    quasi /= quasi.sum()
    alive = found[-1][found[-1] > 0]
    if r0 >= 1.5:
        assert np.abs(law[1:] / law[1:].sum() - quasi).sum() < 0.02
        assert chi_square(alive - 1, quasi) > 1e-3
        decay = (found[-1] > 0).sum() / (found[-11] > 0).sum()
        assert decay == pytest.approx(values[leading].real ** 10, abs=4 * math.sqrt(values[leading].real ** 10 / alive.size) + 1e-3)


def endemic(r0, g):
    """Share in motion that renews itself: g i = (1 - i) (1 - exp(-R0 g i))."""
    return optimize.brentq(lambda i: (1 - i) * -math.expm1(-r0 * g * i) - g * i, 1e-6, 1)


@pytest.mark.parametrize(("source", "r0", "g"), [("place", 2.0, 0.2), ("work", 1.4, 0.4), ("neighbourhood", 3.0, ONE_DAY)])
def test_endemic_level(source, r0, g):
    n, days, first = 50_000, 160, 0.3
    found = active(simulate(by(source, r0 * g / n, g, days, **share(first), struggle__leaving_for_good=0.0), mixing(source, n))) / n
    np.testing.assert_allclose(found[:40], chain(r0 * g, g, first, 40, 0.0)[1], atol=0.015)
    print(f"{source}, R0 = {r0}, g = {g:.2f}: endemic {found[60:].mean():.5f}, expected {endemic(r0, g):.5f}, continuous time {1 - 1 / r0:.5f}")
    assert found[60:].mean() == pytest.approx(endemic(r0, g), abs=0.004)
    assert endemic(r0, 1e-4) == pytest.approx(1 - 1 / r0, abs=1e-3)


def test_the_threshold_where_all_may_join_again():
    """Below R0 = 1 groups of 200 come to rest, above few do, as the exact chain says."""
    n, n_groups, days, g = 200, 400, 60, 0.5
    for r0, rest in ((0.7, 0.99), (1.3, 0.1)):
        found, law = numbers_by_day(n_groups, n, 20, r0 * g / n, g, days, 12), np.zeros(n + 1)
        law[20] = 1.0
        law = law @ np.linalg.matrix_power(daily(n, r0 * g / n, g), days)
        assert (law[0] > rest) == (r0 < 1)
        assert (found[-1] == 0).mean() == pytest.approx(law[0], abs=4 * math.sqrt(law[0] * (1 - law[0]) / n_groups) + 1e-9)


@pytest.mark.parametrize("for_good", [0.0, 0.3, 0.7, 1.0])
def test_share_that_leaves_for_good(for_good):
    """Between SIS and SIR: who may join again, and what becomes of the whole."""
    n, r0, g, seeds, days = 60_000, 2.5, 0.4, 0.02, 50
    scenario = by("place", r0 * g / n, g, days, **share(seeds), struggle__leaving_for_good=for_good)
    simulation = simulate(scenario, mixing("place", n), 3)
    series, (_, i, gone) = simulation.series, chain(r0 * g, g, seeds, days, for_good)
    left, removed = series["left"].to_numpy().sum(), series["removed"].to_numpy()
    np.testing.assert_allclose(active(simulation) / n, i, atol=0.012)
    np.testing.assert_allclose(removed / n, gone, atol=0.012)
    assert removed[-1] == simulation.people.removed.sum()
    assert removed[-1] == pytest.approx(for_good * left, abs=4 * math.sqrt(for_good * (1 - for_good) * left) + 1e-9)
    assert not np.any(in_motion(simulation) & (simulation.people.removed == 1))


# Between places


def towns(populations, longitudes, **contact):
    """Places of one neighbourhood each, with the model's own contact between them."""
    parameters = contacts(0.5, 0.5, **{f"society__contact__{name}": value for name, value in contact.items()}).society
    return cz.Society.from_tables(
        people={"home": np.repeat(np.arange(len(populations)), populations)},
        sites={"kind": ["neighbourhood"] * len(populations), "place": np.arange(len(populations))},
        places={
            "name": [f"p{k}" for k in range(len(populations))], "latitude": np.zeros(len(populations)), "longitude": longitudes,
            "population": populations,
        },
        ties={"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}, parameters=parameters)  # fmt: skip


def contact_matrix(society):
    n, contact = len(society.places), society.contact
    matrix = np.zeros((n, n))
    for place in range(n):
        part = slice(contact.offsets[place], contact.offsets[place + 1])
        matrix[place, contact.neighbours[part]] = contact.weights[part]
    return matrix


def influence(matrix, away, uniform):
    """People of which places move a person of each: the own place, those in contact, the whole country; a place in contact with none gives
    that part to the others.
    """
    n = len(matrix)
    law = (1 - away) * np.eye(n) + away * ((1 - uniform) * matrix + uniform)
    for place in np.flatnonzero(matrix.sum(axis=1) == 0):
        rest = 1 - away * (1 - uniform)
        law[place] = law[place] / rest if rest > 0 else np.eye(n)[place]
    return law


@pytest.mark.parametrize(("away", "uniform"), [(1.0, 0.0), (1.0, 1.0), (0.0, 0.5), (0.5, 0.05), (0.7, 0.4)])
def test_rates_from_contact_places(away, uniform):
    """One day from several hundred people in some of six places, the last of them out of contact with all."""
    populations, longitudes = [9000, 21_000, 6000, 30_000, 12_000, 15_000], [0.0, 0.3, 0.9, 1.4, 2.6, 60.0]
    society, moving = towns(populations, longitudes), np.array([0, 300, 40, 0, 500, 150])
    matrix, start, w, rate = contact_matrix(society), np.cumsum([0, *populations]), 0.8, 4e-4
    np.testing.assert_allclose(matrix.sum(axis=1), [1, 1, 1, 1, 1, 0], atol=1e-12)
    people = np.concatenate([first + np.arange(number) for first, number in zip(start, moving)])
    scenario = by("place", rate, 0.1, 1, **rows(people), struggle__weight_place=w, struggle__away_share=away, struggle__uniform_share=uniform)
    simulation = simulate(scenario, society, 5)
    joined = simulation.people.activity == 1
    joined[people] = False
    found = np.add.reduceat(joined, start[:-1])
    chance = -np.expm1(-rate * w * influence(matrix, away, uniform) @ moving)
    deviation = np.sqrt((populations - moving) * chance * (1 - chance))
    print(f"away {away}, uniform {uniform}: joined {found}, expected {((populations - moving) * chance).round(1)} +- {deviation.round(1)}")
    assert np.all(np.abs(found - (populations - moving) * chance) <= 4 * deviation + 1e-9)
    if uniform == 1.0:
        np.testing.assert_allclose(chance, -math.expm1(-rate * w * moving.sum()))


def ring_of_places(n_places, people):
    """Places each in contact with the two beside it, half and half."""
    society = towns([people] * n_places, np.linspace(-170, 170, n_places), cutoff_km=1.0)
    place = np.arange(n_places)
    society.contact.offsets[:] = 2 * np.arange(n_places + 1)
    society.contact.neighbours = np.column_stack([(place - 1) % n_places, (place + 1) % n_places]).ravel().astype(np.int32)
    society.contact.weights = np.full(2 * n_places, 0.5)
    return society


def check_clusters_between_places(number_of_others, g, away, runs):
    """All may join again, so that few are ever missing: people moved a day, summed, per person that began."""
    n_places, people, seeds = 150, 2000, 600
    society, began = ring_of_places(n_places, people), np.arange(0, n_places * people, n_places * people // seeds)
    scenario = by("place", number_of_others * g / people, g, struggle__leaving_for_good=0.0, struggle__away_share=away, struggle__uniform_share=0.0, **rows(began))
    found = []
    for number in range(runs):
        simulation = until_over(scenario, society, number)
        found.append(simulation.series["joined"].to_numpy().sum() / seeds)
    expected, n = 1 / (1 - number_of_others), number_of_others
    deviation = math.sqrt((n + n * n * (1 - g)) / (1 - n) ** 3 / seeds)  # variance of the number that one moves: n + n^2 (1 - g)
    print(f"n = {n}, g = {g:.2f}: cluster {np.mean(found):.4f}, expected {expected:.4f} +- {deviation / math.sqrt(runs):.4f}")
    assert np.mean(found) == pytest.approx(expected, abs=4 * deviation / math.sqrt(runs) + 0.004 * n / (1 - n) * expected)


@pytest.mark.parametrize(("number_of_others", "g", "away"), [(0.5, ONE_DAY, 1.0), (0.8, 0.5, 0.6)])
def test_clusters_between_places(number_of_others, g, away):
    check_clusters_between_places(number_of_others, g, away, 3)


@pytest.mark.slow
@pytest.mark.parametrize("number_of_others", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("away", [1.0, 0.5])
def test_clusters_between_places_in_many_runs(number_of_others, away):
    check_clusters_between_places(number_of_others, 0.5, away, 20)


@pytest.mark.parametrize(("away", "uniform"), [(1.0, 0.0), (0.6, 0.3)])
def test_clusters_between_unequal_places(away, uniform):
    """The sum of (I - M)^-1, M = people of p who are moved by one of q, for the model's own contact."""
    populations, g, seeds = [8000, 20_000, 5000, 30_000, 12_000], 0.5, 100
    society = towns(populations, [0.0, 0.3, 0.9, 1.4, 2.6])
    pull = np.array(populations)[:, None] * influence(contact_matrix(society), away, uniform)
    rate = 0.6 * g / np.abs(np.linalg.eigvals(pull)).max()
    clusters = np.linalg.inv(np.eye(5) - pull * rate / g).sum(axis=0)
    assert clusters.max() > 1.3 * clusters.min()
    for place in (int(np.argmin(clusters)), int(np.argmax(clusters))):
        scenario = by("place", rate, g, **rows(np.cumsum([0, *populations])[place] + np.arange(seeds)), struggle__leaving_for_good=0.0,
                      struggle__away_share=away, struggle__uniform_share=uniform)  # fmt: skip
        found = np.array([until_over(scenario, society, number).series["joined"].to_numpy().sum() / seeds for number in range(8)])
        near(found, clusters[place], math.sqrt((0.6 + 0.36 * (1 - g)) / 0.4**3 / seeds), 4.5)
