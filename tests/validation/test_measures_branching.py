"""Limit case: adoption alone is a branching process (Galton and Watson), in many isolated places at once.

Each place has N sites at which one person lives, and begins with one instance. In the linear part of the Hill function a free
site founds with probability 1 - exp(-r n / N) a day where n instances are in force, r = alpha N / half exposure. Instances that
are spent with probability q a day from the day after their beginning live L days, P(L = l) = q (1 - q)^(l - 1), and in a large
place each has Poisson(r L) children: R = r / q. With q = 1 that is Poisson(R); for q and r to 0 it is geometric, whose
extinction probability is 1 / R. A place of N sites follows exactly the chain n' = Bin(n, 1 - q) + Bin(N - n, 1 - exp(-r n / N)),
which is what the runs are tested against; that the chain tends to the branching process is tested on the chain.

Extinction, survival and Borel's law: `validation.md` section 6; see Harris (1963), The Theory of Branching Processes, and Dwass
(1969), https://doi.org/10.2307/3212112, for the total progeny.
"""

import math

import numpy as np
import pytest
from measures_alone import SUSPENDED, alone, isolated, seed, simulate
from scipy import optimize, stats

HALF = 5e5  # half exposure far above any exposure: the Hill function is linear


def branching(rate, sites, days, ending=1.0, **changes):
    """`rate` children a day and instance, each of which ends with probability `ending` a day."""
    values = {
        "measures__adoption": {"rate": rate * HALF / sites, "exponent": 1.0, "half_exposure": HALF, "with_fit": False},
        "dissolution__spent": 1e6 if ending == 1 else -math.log1p(-ending),
    }  # fmt: skip
    return alone(days, **(values | changes))


def run_places(scenario, n_places, sites, number=1, first=1):
    """Instances in force by day and place, and the simulation; every place begins with `first` instances."""
    rows = (sites * np.arange(n_places)[:, None] + np.arange(first)).ravel().tolist()
    simulation = simulate(scenario.replace({"measures.seed": [seed(sites=rows)]}), isolated(n_places, sites), number)
    return simulation.series["instances"].to_numpy(), simulation


def chain(sites, birth, ending=1.0):
    """Transition matrix of the number in force in a place; `birth(n)` is the probability that a free site founds."""
    step = np.zeros((sites + 1, sites + 1))
    for n in range(sites + 1):
        stay = stats.binom.pmf(np.arange(n + 1), n, 1 - ending)
        born = stats.binom.pmf(np.arange(sites - n + 1), sites - n, birth(n))
        step[n] = np.convolve(stay, born)
    return step


def linear(sites, rate):
    return lambda n: -math.expm1(-rate / sites * n / (1 + n / HALF))


def laws(step, days, first=1):
    """Law of the number in force after each day, (days, sites + 1); day 0 is the day of the seed."""
    law = np.zeros((days, len(step)))
    law[0, first] = 1
    for day in range(1, days):
        law[day] = law[day - 1] @ step
    return law


def extinct(rate, sites, days, ending=1.0):
    return laws(chain(sites, linear(sites, rate), ending), days)[:, 0]


def poisson_extinct(reproduction, generations):
    """Extinct by each generation with Poisson children: s <- exp(R (s - 1)) from 0."""
    values = [0.0]
    for _ in range(generations - 1):
        values.append(math.exp(reproduction * (values[-1] - 1)))
    return np.array(values)


def root(reproduction, ending):
    """Extinction with geometric lifetimes: s = q e / (1 - (1 - q) e) with e = exp(q R (s - 1))."""

    def excess(s):
        e = math.exp(ending * reproduction * (s - 1))
        return ending * e / (1 - (1 - ending) * e) - s

    return optimize.brentq(excess, 0, 1 - 1e-3)


PUBLISHED = {1.1: 0.823866, 1.5: 0.417188, 2.0: 0.203188, 3.0: 0.059520}  # Poisson children, `validation.md` 6
SURVIVAL = {1.0: {1: 0.632121, 2: 0.468536, 5: 0.268077, 10: 0.158235}, 0.9: {1: 0.593430, 2: 0.413796, 5: 0.197229, 10: 0.084917}}


@pytest.mark.parametrize("reproduction", [1.5, 2.0, 3.0])
def test_the_chain_of_a_place_tends_to_the_branching_process(reproduction):
    """What finite places change falls as 1 / N; taken out to first order, the published probabilities are left."""
    small, large = (extinct(reproduction, sites, 25)[-1] for sites in (200, 400))
    assert abs(large - PUBLISHED[reproduction]) < 0.006
    assert 2 * large - small == pytest.approx(PUBLISHED[reproduction], abs=0.0015)


def test_geometric_lifetimes_tend_to_geometric_numbers_of_children():
    for reproduction in (1.5, 2.0):
        coarse, fine = root(reproduction, 0.02), root(reproduction, 0.01)
        assert 2 * fine - coarse == pytest.approx(1 / reproduction, abs=1e-4)


def check_extinction(reproduction, n_places, seeds, sites=200, days=20, ending=1.0):
    rate = reproduction * ending
    found = np.mean([(run_places(branching(rate, sites, days, ending), n_places, sites, number)[0] == 0).mean(axis=1) for number in seeds], axis=0)
    expected = extinct(rate, sites, days, ending)
    error = np.sqrt(expected * (1 - expected) / (n_places * len(seeds)))
    print(f"R {reproduction} q {ending}: extinct {found[-1]:.4f}, expected {expected[-1]:.4f} +- {error[-1]:.4f}")
    assert np.all(np.abs(found - expected) <= 4 * error + 1e-12)


@pytest.mark.parametrize("reproduction", [1.1, 1.5, 2.0, 3.0])
def test_extinction(reproduction):
    check_extinction(reproduction, 400, [1])


@pytest.mark.slow
@pytest.mark.parametrize("reproduction", [1.1, 1.5, 2.0, 3.0])
def test_extinction_in_many_places(reproduction):
    check_extinction(reproduction, 1000, range(11, 16), sites=400)


@pytest.mark.parametrize(("reproduction", "ending"), [(1.5, 0.2), (2.0, 0.1), (0.8, 0.2)])
def test_extinction_with_geometric_lifetimes(reproduction, ending):
    check_extinction(reproduction, 400, [2], days=60, ending=ending)


@pytest.mark.slow
@pytest.mark.parametrize(("reproduction", "ending"), [(1.5, 0.2), (2.0, 0.1), (2.0, 0.05)])
def test_extinction_with_geometric_lifetimes_in_many_places(reproduction, ending):
    days = round(12 / ending)
    check_extinction(reproduction, 1000, range(21, 25), sites=200, days=days, ending=ending)


@pytest.mark.parametrize("reproduction", [0.9, 1.0])
def test_survival_to_a_generation(reproduction):
    """Places of 1,000 sites are large enough for the published figures themselves."""
    n_places = 300
    in_force, _ = run_places(branching(reproduction, 1000, 11), n_places, 1000, 5)
    for generation, survival in SURVIVAL[reproduction].items():
        error = math.sqrt(survival * (1 - survival) / n_places)
        assert 1 - poisson_extinct(reproduction, generation + 1)[-1] == pytest.approx(survival, abs=1e-6)
        assert (in_force[generation] > 0).mean() == pytest.approx(survival, abs=3.5 * error + 0.003)


def test_another_reproduction_number_is_rejected():
    """The tests above can tell R = 1.5 from 1.3 and 1.7."""
    found = (run_places(branching(1.5, 200, 20), 800, 200, 3)[0][-1] == 0).mean()
    for wrong in (1.3, 1.7):
        expected = extinct(wrong, 200, 20)[-1]
        assert abs(found - expected) > 4 * math.sqrt(expected * (1 - expected) / 800)


def progeny_law(rate, sites, largest):
    """Exact law of the number of instances that ever began in a place, up to `largest`, each living one day."""
    step = chain(sites, linear(sites, rate))
    law, done = {(1, 1): 1.0}, np.zeros(largest + 1)
    while law:
        after = {}
        for (n, total), chance in law.items():
            for born in range(largest - total + 1):
                if born == 0:
                    done[total] += chance * step[n, 0]
                else:
                    after[born, total + born] = after.get((born, total + born), 0.0) + chance * step[n, born]
        law = after
    return done[1:]


def borel(reproduction, n):
    return math.exp(-reproduction * n) * (reproduction * n) ** (n - 1) / math.factorial(n)


def check_progeny(reproduction, n_places, sites, number):
    in_force, simulation = run_places(branching(reproduction, sites, 60), n_places, sites, number)
    total = np.bincount(simulation.instances.place, minlength=n_places)
    assert in_force[-1].max() == 0  # everywhere over
    expected = progeny_law(reproduction, sites, 6)
    counts = np.append(np.bincount(np.minimum(total, 7), minlength=8)[1:7], (total > 6).sum())
    test = stats.chisquare(counts, np.append(expected, 1 - expected.sum()) * n_places)
    step = chain(sites, linear(sites, reproduction))
    mean = (laws(step, 60) @ np.arange(sites + 1)).sum()
    print(f"R {reproduction}: P(1..3) {counts[:3] / n_places}, Borel {[round(borel(reproduction, n), 6) for n in (1, 2, 3)]}, exact {expected[:3].round(6)}, "
          f"mean {total.mean():.4f}, exact {mean:.4f}, limit {1 / (1 - reproduction):.4f}, p {test.pvalue:.3f}")  # fmt: skip
    assert test.pvalue > 1e-3
    assert total.mean() == pytest.approx(mean, abs=4 * math.sqrt(reproduction / (1 - reproduction) ** 3 / n_places))


@pytest.mark.parametrize("reproduction", [0.5, 0.8])
def test_total_progeny_is_borels(reproduction):
    figures = {0.5: (0.606531, 0.183940, 0.083674), 0.8: (0.449329, 0.161517, 0.087089)}[reproduction]
    assert [borel(reproduction, n) for n in (1, 2, 3)] == pytest.approx(figures, abs=1e-6)
    small, large = (progeny_law(reproduction, sites, 3) for sites in (200, 400))
    np.testing.assert_allclose(2 * large - small, figures, atol=1e-5)
    check_progeny(reproduction, 800, 200, 4)


@pytest.mark.slow
@pytest.mark.parametrize("number", [41, 42, 43])
@pytest.mark.parametrize("reproduction", [0.5, 0.8])
def test_total_progeny_is_borels_in_many_places(reproduction, number):
    check_progeny(reproduction, 2000, 300, number)


def test_number_of_children_with_geometric_lifetimes():
    """One large place: children of each instance are Poisson(r L), close to geometric; nothing is in force at the end."""
    rate, ending, sites = 0.06, 0.1, 50_000
    in_force, simulation = run_places(branching(rate, sites, 260, ending), 1, sites, 6, first=500)
    births = simulation.instances.births
    assert in_force[-1, 0] == 0
    lived, shares = np.arange(1, 400), np.empty(6)
    lifetimes = stats.geom.pmf(lived, ending)
    for k in range(6):
        shares[k] = (lifetimes * stats.poisson.pmf(k, rate * lived)).sum()
    expected = np.append(shares, 1 - shares.sum()) * births.size
    assert stats.chisquare(np.append(np.bincount(np.minimum(births, 6), minlength=7)[:6], (births >= 6).sum()), expected).pvalue > 1e-3
    np.testing.assert_allclose(shares, stats.nbinom.pmf(np.arange(6), 1, 1 / 1.6), atol=0.012)  # k = 1, mean 0.6
    assert births.sum() == simulation.instances.parent.size - 500


@pytest.mark.parametrize(("exponent", "first"), [(1.5, 1), (3.0, 2), (3.0, 8)])
def test_complex_contagion_in_a_place_follows_its_exact_chain(exponent, first):
    """Any Hill function: few instances die out where many hold on; the whole law of the number in force, day by day."""
    sites, n_places, alpha, half, ending, days = 40, 600, 0.35, 8.0, 0.3, 25
    scenario = branching(0, sites, days, ending, measures__adoption={"rate": alpha, "exponent": exponent, "half_exposure": half, "with_fit": False})
    in_force, _ = run_places(scenario, n_places, sites, 8, first)
    law = laws(chain(sites, lambda n: -math.expm1(-alpha * n**exponent / (half**exponent + n**exponent)), ending), days, first)
    for day in (1, 5, 24):
        bounds = np.unique(np.searchsorted(np.cumsum(law[day]), np.linspace(0.1, 0.9, 8)))
        cells = np.split(np.arange(sites + 1), bounds + 1)
        counts = [np.isin(in_force[day], cell).sum() for cell in cells if law[day, cell].sum() > 0.01]
        chances = np.array([law[day, cell].sum() for cell in cells if law[day, cell].sum() > 0.01])
        assert stats.chisquare(counts, chances / chances.sum() * np.sum(counts)).pvalue > 1e-3
    if exponent == 3:
        assert (law[24, 0] > 0.9) == (first == 2)


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({}, 1.0),
        ({"hierarchy": 0.0}, 0.5),
        ({"hierarchy": -0.5}, 0.25),
        ({"hierarchy": -0.5, "measures__command_advantage": 0.5}, 0.25),
        ({"measures__adoption__with_fit": True, "provisioning__fixed__need": 0.5}, 1.5 / 8.5),  # food among all needs
        ({"measures__adoption__with_fit": True, "measures__fit_floor": 0.2, "provisioning__fixed__need_of_sector": {"food": 0.6}}, 0.9 / (0.9 + 0.2 * 7)),
        ({"measures__need_gain": 2.0, "provisioning__fixed__need": 0.5}, 2.0),
        ({"measures__horizon_gain": 3.0, "horizon": 0.2}, 1.6),
        ({"measures__exposure__place": 0.4}, 0.4),
        ({"measures__adaptation__enabled": True, "measures__adaptation__share": 0.6}, 1.0),
    ],
)  # fmt: skip
def test_what_multiplies_the_number_of_children(changes, factor):
    """One day of adoption after 2,000 instances: thinning by fit and hierarchy, readiness, weights of exposure."""
    changes, sites, first = dict(changes), 50_000, 2000
    content = SUSPENDED | {"hierarchy": changes.pop("hierarchy", 1.0)}
    horizon = changes.pop("horizon", 0.0)
    society = isolated(1, sites)
    society.people.horizon[:], society.places.horizon[:] = horizon, horizon
    scenario = branching(0.9, sites, 2).replace({path.replace("__", "."): value for path, value in changes.items()})
    scenario = scenario.replace({"measures.seed": [seed(content=content, sites=list(range(first)))]})
    born = len(simulate(scenario, society, 9).instances) - first
    chance = -math.expm1(-0.9 * factor * first / sites)
    assert born == pytest.approx((sites - first) * chance, abs=4 * math.sqrt((sites - first) * chance * (1 - chance)))


def test_children_come_from_each_source_in_its_part():
    """Two places that see one another: R is what comes from the own place and what comes from the other."""
    own, other, sites, first = 0.7, 0.5, 20_000, 800
    society = isolated(2, sites)
    society.contact.offsets[:], society.contact.neighbours = [0, 1, 2], np.array([1, 0], np.int32)
    society.contact.weights = np.ones(2)
    scenario = branching(1.0, sites, 2, measures__exposure={"place": own, "contact": other, "links": 0.0, "ties": 0.0, "memory": 0.0})
    rows = list(range(first))  # all in the first place
    simulation = simulate(scenario.replace({"measures.seed": [seed(sites=rows)]}), society, 10)
    table = simulation.instances
    born = np.bincount(table.place[first:], minlength=2)
    for count, part in zip(born, (own, other)):
        assert count == pytest.approx(part * first, abs=4 * math.sqrt(part * first) + 0.04 * part * first)
    assert np.all(table.parent[first:] < first)
    assert np.all(table.place[table.parent[first:]] == 0)
    again = simulation.branch().run(1).instances  # now both places have instances: sources in proportion
    newest = again.began == 2
    sources = np.bincount(again.place[again.parent[newest & (again.place == 0)]], minlength=2)
    expected = own * born[0] / (own * born[0] + other * born[1])
    assert sources[0] / sources.sum() == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / sources.sum()))
