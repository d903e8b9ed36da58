"""Limit case: struggle with the response `contacts` on ties is a daily SIR epidemic on a network.

G0 generates the law of degrees, G1(x) = G0'(x) / G0'(1) that of the end of a tie, its other ties counted. A tie moves with probability
T = b / (1 - (1 - b) (1 - g)). Whether somebody is ever moved follows from the ties that lead to him, whose sources have lives of their own,
independent of one another: u = 1 - T + T (1 - s) G1(u) where a share s began, size 1 - (1 - s) G0(u); the threshold is
T_c = <k> / (<k^2> - <k>). Whether a single seed has an outbreak follows from the ties that lead away from it, and these share one life: given
L = l, drawn with P(L = l) = g (1 - g)^(l - 1), each moves with t_l = 1 - (1 - b)^l, so that h = sum P(l) G1(1 - t_l + t_l h) and the
probability of an outbreak, 1 - sum P(l) G0(1 - t_l + t_l h), is below the size unless everybody is in motion for one day. Time: the edge-based
equations in discrete time. Figures of `validation.md` section 6; Newman (2002), https://doi.org/10.1103/PhysRevE.66.016128; Kenah and Robins
(2007), https://doi.org/10.1103/PhysRevE.76.036113 (outbreak probability); Miller, Slim and Volz (2012), https://doi.org/10.1098/rsif.2011.0403.
"""

import itertools
import math

import numpy as np
import pytest
from contacts_alone import (
    ONE_DAY,
    active,
    contact_probability,
    contacts,
    copies,
    ever,
    graph,
    rows,
    share,
    simulate,
    transmissibility,
    until_over,
)
from scipy import optimize, stats

import communize as cz

evaluate = np.polynomial.polynomial.polyval


class Degrees:
    """A law of degrees and what follows from it."""

    def __init__(self, mass):
        self.mass = np.asarray(mass, float) / np.sum(mass)
        k = np.arange(self.mass.size)
        self.mean, self.branching = (k * self.mass).sum(), (k * (k - 1) * self.mass).sum() / (k * self.mass).sum()
        self._excess = (k * self.mass)[1:] / self.mean

    def g0(self, x):
        return evaluate(x, self.mass)

    def g1(self, x):
        return evaluate(x, self._excess)

    def size(self, t, seeds=0.0):
        """Share ever in motion of a large network; without seeds, of one with an outbreak."""
        if seeds == 0.0 and t * self.branching <= 1:
            return 0.0
        u = optimize.brentq(lambda u: 1 - t + t * (1 - seeds) * self.g1(u) - u, 0, 1 if seeds else 1 - 1e-7, xtol=1e-13)
        return 1 - (1 - seeds) * self.g0(u)

    def outbreak(self, b, g):
        """Probability that one seed has a large outbreak."""
        lives = np.arange(1, 2 if g == ONE_DAY else math.ceil(40 / g))
        chance, moves = stats.geom.pmf(lives, g), 1 - (1 - b) ** lives
        if transmissibility(b, g) * self.branching <= 1:
            return 0.0
        h = optimize.brentq(lambda h: (chance * self.g1(1 - moves + moves * h)).sum() - h, 0, 1 - 1e-7, xtol=1e-13)
        return 1 - (chance * self.g0(1 - moves + moves * h)).sum()

    def cluster(self, t):
        """Mean number ever in motion from one seed, below the threshold."""
        return 1 + t * self.mean / (1 - t * self.branching)

    def course(self, b, g, seeds, days):
        """Share in motion after each day, and share that began on it, in a large network: exact (edge-based)."""
        theta, on_tie, susceptible, moving = 1.0, seeds, 1 - seeds, seeds
        around = (1 - seeds) * self.g1(1.0)
        in_motion, began = np.empty(days), np.empty(days)
        for day in range(days):
            theta -= b * on_tie
            on_tie *= (1 - b) * (1 - g)
            on_tie += around - (1 - seeds) * self.g1(theta)
            around = (1 - seeds) * self.g1(theta)
            began[day], susceptible = susceptible - (1 - seeds) * self.g0(theta), (1 - seeds) * self.g0(theta)
            moving = (1 - g) * moving + began[day]
            in_motion[day] = moving
        return in_motion, began


HEAVY = np.where(np.arange(101) >= 2, np.maximum(np.arange(101.0), 1) ** -2.5, 0)
LAWS = {
    "Poisson 4": Degrees(stats.poisson.pmf(np.arange(80), 4)), "Poisson 8": Degrees(stats.poisson.pmf(np.arange(80), 8)),
    "regular 4": Degrees(np.eye(5)[4]), "regular 3": Degrees(np.eye(4)[3]), "geometric 4": Degrees(0.2 * 0.8 ** np.arange(400)),
    "heavy tail": Degrees(HEAVY), "Poisson 2.5": Degrees(stats.poisson.pmf(np.arange(60), 2.5)),
    "geometric 7": Degrees(0.125 * 0.875 ** np.arange(600)), "regular 6": Degrees(np.eye(7)[6]),
    "half 3, half 4": Degrees([0, 0, 0, 0.5, 0.5]), "NB 5, k = 0.5": Degrees(stats.nbinom.pmf(np.arange(900), 0.5, 0.5 / 5.5)),
}  # fmt: skip
DRAWN = {
    "Poisson 4": ("poisson", 4), "Poisson 8": ("poisson", 8), "regular 4": ("fixed", 4), "regular 3": ("fixed", 3),
    "geometric 4": ("negative_binomial", 4, 1), "Poisson 2.5": ("poisson", 2.5), "geometric 7": ("negative_binomial", 7, 1),
    "regular 6": ("fixed", 6), "half 3, half 4": ("fixed", 3.5), "NB 5, k = 0.5": ("negative_binomial", 5, 0.5),
}  # fmt: skip
THRESHOLDS = {"Poisson 4": 0.25, "Poisson 8": 0.125, "regular 4": 1 / 3, "regular 3": 0.5, "geometric 4": 0.125, "heavy tail": 0.087340}

# Network, T, size as listed, and the standard deviation of one size times sqrt(people), as found: it only sets numbers of runs and tolerances.
LISTED = [
    ("Poisson 4", 0.3, 0.313698, 2.8), ("Poisson 4", 0.4, 0.641981, 1.2), ("Poisson 4", 0.5, 0.796812, 0.7), ("Poisson 4", 0.6, 0.878596, 0.5),
    ("Poisson 8", 0.2, 0.641981, 1.4), ("Poisson 8", 0.3, 0.878596, 0.5), ("Poisson 8", 0.4, 0.952555, 0.4), ("Poisson 8", 0.5, 0.980173, 0.3),
    ("regular 4", 0.4, 0.541503, 2.8), ("regular 4", 0.5, 0.854102, 1.0), ("regular 4", 0.6, 0.956219, 0.4), ("regular 3", 0.6, 0.703704, 2.1),
    ("geometric 4", 0.2, 0.275255, 1.7), ("geometric 4", 0.3, 0.459167, 0.9), ("geometric 4", 0.5, 0.633975, 0.6),
    ("heavy tail", 0.1, 0.030279, 2.6), ("heavy tail", 0.2, 0.242509, 1.8), ("heavy tail", 0.5, 0.728714, 0.8),
]  # fmt: skip
OWN = [
    ("Poisson 2.5", 0.7, 1.4), ("geometric 7", 0.15, 0.9), ("regular 6", 0.35, 1.1), ("half 3, half 4", 0.55, 1.6), ("NB 5, k = 0.5", 0.25, 0.9),
    ("Poisson 4", 0.9, 0.3),
]  # fmt: skip


def random_pairs(degrees, parts, rng):
    """Ends of ties that give people these degrees, at random within each of so many equal parts (an odd part gains one end)."""
    degrees = degrees.reshape(parts, -1)
    degrees[:, 0] += degrees.sum(axis=1) % 2
    stubs = np.repeat(np.arange(degrees.size), degrees.ravel())
    at_random = np.repeat(np.arange(parts), degrees.sum(axis=1)) + rng.random(stubs.size)
    return stubs[np.argsort(at_random)].reshape(-1, 2).T


def network(name, people, seed, parts=1):
    """A given network: `parts` unconnected networks of `people` people."""
    rng, law = np.random.default_rng(seed), LAWS[name]
    degrees = rng.choice(law.mass.size, parts * people, p=law.mass)
    return graph(parts * people, *random_pairs(degrees, parts, rng))


def drawn(name, people):
    """The changes of the scenario with which the model itself draws the network."""
    kind, mean, *dispersion = DRAWN[name]
    changes = {"society__people": people, "society__ties__degree_distribution": kind, "society__ties__mean_degree": float(mean)}
    return changes | ({"society__ties__degree_dispersion": float(dispersion[0])} if dispersion else {})


def size_of(name, t, g, seeds, people, number):
    """Share ever in motion in one run; networks that the model cannot draw are given."""
    b = contact_probability(t, g)
    if name in DRAWN:
        return ever(until_over(contacts(b, g, **share(seeds), **drawn(name, people)), None, number)).mean()
    return ever(until_over(contacts(b, g, **share(seeds)), network(name, people, number), number)).mean()


def test_the_formulas_give_the_listed_figures():
    for name, threshold in THRESHOLDS.items():
        assert 1 / LAWS[name].branching == pytest.approx(threshold, abs=1e-6)
    for name, t, listed, _ in LISTED:
        assert LAWS[name].size(t) == pytest.approx(listed, abs=1e-6)
        assert LAWS[name].size(t, 1e-9) == pytest.approx(listed, abs=1e-6)
        assert LAWS[name].course(contact_probability(t, 0.5), 0.5, 0.01, 250)[1].sum() + 0.01 == pytest.approx(LAWS[name].size(t, 0.01), abs=1e-6)


LISTED_OUTBREAKS = [
    ("Poisson 4", 0.3, 0.209594), ("Poisson 4", 0.4, 0.476016), ("Poisson 4", 0.5, 0.639232), ("regular 4", 0.4, 0.384530),
    ("regular 4", 0.5, 0.662742), ("Poisson 8", 0.3, 0.661678), ("Poisson 8", 0.4, 0.781471), ("Poisson 8", 0.5, 0.853744),
]  # fmt: skip


@pytest.mark.parametrize(("name", "t", "listed"), LISTED_OUTBREAKS)
def test_lives_in_days_tend_to_exponential_lives(name, t, listed):
    """The listed outbreak probabilities are of lives in continuous time; one-day lives give the size instead."""
    of = [LAWS[name].outbreak(contact_probability(t, g), g) for g in (0.02, 0.01, 0.005)]
    once = [2 * fine - coarse for coarse, fine in itertools.pairwise(of)]
    assert (4 * once[1] - once[0]) / 3 == pytest.approx(listed, abs=2e-6)
    assert listed < of[2] < of[1] < of[0] < LAWS[name].outbreak(contact_probability(t, 0.3), 0.3) < LAWS[name].size(t)
    assert LAWS[name].outbreak(contact_probability(t, ONE_DAY), ONE_DAY) == pytest.approx(LAWS[name].size(t), abs=2e-4)


FAST = {("Poisson 4", 0.5), ("Poisson 8", 0.3), ("regular 4", 0.5), ("regular 3", 0.6), ("geometric 4", 0.3), ("heavy tail", 0.2)}


@pytest.mark.parametrize(("name", "t", "spread"), [(name, t, spread) for name, t, _, spread in LISTED if (name, t) in FAST] + OWN[:3])
def test_size(name, t, spread):
    people, runs, g = 50_000, 2, 0.4
    found, expected = np.mean([size_of(name, t, g, 0.004, people, number) for number in range(runs)]), LAWS[name].size(t, 0.004)
    print(f"{name}, T = {t}: size {found:.5f}, expected {expected:.5f}")
    assert found == pytest.approx(expected, abs=4.5 * spread / math.sqrt(people * runs))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "t", "listed", "spread"), LISTED + [(name, t, None, spread) for name, t, spread in OWN])
def test_size_of_many_outbreaks(name, t, listed, spread):
    """To 0.003, with as many outbreaks of 100,000 people as make that 3.5 standard errors, and 20 at least.

    Nearest to the threshold, with a heavy tail, 100,000 people are too few for the formula: an independent percolation of 300 such networks
    gave 0.0440 where it says 0.0455, and 0.0448 with 400,000.
    """
    near = t * LAWS[name].branching < 1.15
    seeds, people = (0.005, 400_000) if near else (0.001, 100_000)
    runs = max(20, math.ceil((3.5 * spread / 0.003) ** 2 / people))
    found, expected = [size_of(name, t, 0.4, seeds, people, number) for number in range(runs)], LAWS[name].size(t, seeds)
    print(f"{name}, T = {t}: listed {listed}, expected with a share {seeds} at the start {expected:.6f}, found {np.mean(found):.6f} "
          f"+- {np.std(found, ddof=1) / math.sqrt(runs):.6f}, {runs} runs, spread {np.std(found, ddof=1) * math.sqrt(people):.2f}")  # fmt: skip
    assert np.mean(found) == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize("g", [0.1, 0.5, ONE_DAY])
def test_only_t_matters_for_the_size(g):
    """The same T from long and from short lives; and the model of continuous time, T = b / (b + g), is rejected for short ones."""
    t, people, b = 0.45, 50_000, contact_probability(0.45, g)
    found = np.mean([size_of("Poisson 4", t, g, 0.004, people, number) for number in (5, 6)])
    assert found == pytest.approx(LAWS["Poisson 4"].size(t, 0.004), abs=4.5 * 0.9 / math.sqrt(2 * people))
    if g >= 0.5:
        assert abs(found - LAWS["Poisson 4"].size(b / (b + g), 0.004)) > 0.1


def test_the_case_of_the_library():
    """As it stands, through `cz.run`: T = 0.5 on a Poisson network of mean degree 4."""
    scenario, law = cz.load("sir"), LAWS["Poisson 4"]
    series = cz.run(scenario, seed=1, threads=1).series
    people, (in_motion, _) = scenario.society.people, law.course(0.1, -math.expm1(-scenario.values()["struggle"]["rate_leaving"]), 0.001, scenario.days)
    moved = float(series["removed"][-1] + series["active"][-1].sum()) / people
    assert moved == pytest.approx(law.size(0.5, 0.001), abs=4.5 * 0.7 / math.sqrt(people) + in_motion[-1])
    assert float(series["joined"].sum()) == moved * people


def of_graph(society):
    return Degrees(np.bincount(np.diff(society.ties.offsets)))


@pytest.mark.parametrize(("exponent", "mean", "t"), [(2.5, 6.0, 0.15), (3.0, 4.0, 0.4)])
def test_drawn_power_laws_by_their_own_degrees(exponent, mean, t):
    ties = {"degree_distribution": "power_law", "mean_degree": mean, "degree_exponent": exponent}
    found, expected, people, g = [], [], 60_000, 0.4
    for number in (3, 4):
        scenario = contacts(contact_probability(t, g), g, **share(0.004), society__people=people, **{f"society__ties__{k}": v for k, v in ties.items()})
        simulation = until_over(scenario, None, number)
        found.append(ever(simulation).mean())
        expected.append(of_graph(simulation.society).size(t, 0.004))
    print(f"power law {exponent}, mean {mean}, T = {t}: size {np.mean(found):.5f}, expected {np.mean(expected):.5f}")
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=4.5 * 1.2 / math.sqrt(2 * people))


def test_a_network_of_networkx():
    """A configuration model of NetworkX whose loops and repeats are dropped, by the degrees that are left."""
    networkx = pytest.importorskip("networkx")
    rng, t, g = np.random.default_rng(7), 0.3, 0.4
    degrees = rng.choice(HEAVY.size, 20_000, p=LAWS["heavy tail"].mass)
    degrees[0] += degrees.sum() % 2
    given = networkx.configuration_model(degrees.tolist(), seed=7)
    scenario = contacts(contact_probability(t, g), g, **share(0.005))
    society = cz.Society.from_graph(given, parameters=scenario.society)
    assert society.ties.neighbours.size < degrees.sum()
    found = np.mean([ever(until_over(scenario, society, number)).mean() for number in range(3)])
    assert found == pytest.approx(of_graph(society).size(t, 0.005), abs=4.5 * 1.3 / math.sqrt(3 * 20_000))


def test_a_ring_of_two_neighbours_is_exact():
    """Each side of somebody is a line: u = (1 - T) / (1 - T (1 - s)); no law of large trees is needed."""
    t, g, seeds, people = 0.8, 0.3, 0.05, 200_000
    u = (1 - t) / (1 - t * (1 - seeds))
    assert Degrees([0, 0, 1]).size(t, seeds) == pytest.approx(1 - (1 - seeds) * u * u, abs=1e-12)
    scenario = contacts(contact_probability(t, g), g, **share(seeds), society__people=people, society__ties__form="ring", society__ties__mean_degree=2.0)
    found = ever(until_over(scenario)).mean()
    assert found == pytest.approx(1 - (1 - seeds) * u * u, abs=4.5 * 1.0 / math.sqrt(people))


def test_a_rewired_ring_is_a_random_regular_network():
    t, changes = 0.5, {"society__ties__form": "ring", "society__ties__mean_degree": 4.0, "society__people": 60_000}
    sizes = {}
    for rewired in (0.0, 1.0):
        scenario = contacts(contact_probability(t, 0.4), 0.4, **share(0.002), **changes, society__ties__rewired=rewired)
        sizes[rewired] = ever(until_over(scenario)).mean()
    assert sizes[1.0] == pytest.approx(LAWS["regular 4"].size(t, 0.002), abs=0.012)  # a few swaps leave short circles
    assert sizes[0.0] < 0.1  # on a line nothing spreads far


# Threshold


def check_clusters(name, factor, people, runs, seeds=0.001):
    law = LAWS[name]
    t = factor / law.branching
    found = np.array([size_of(name, t, 0.5, seeds, people, number) for number in range(runs)]) / seeds
    expected, error = law.size(t, seeds) / seeds, found.std(ddof=1) / math.sqrt(runs)
    print(f"{name}, T = {factor} T_c: mean cluster {found.mean():.3f} +- {error:.3f}, expected {expected:.3f}, of a single seed {law.cluster(t):.3f}")
    assert found.mean() == pytest.approx(expected, abs=4.5 * error)
    assert law.size(t, 1e-7) / 1e-7 == pytest.approx(law.cluster(t), rel=1e-3)


@pytest.mark.parametrize(("name", "factor"), [("Poisson 4", 0.8), ("heavy tail", 0.7)])
def test_below_the_threshold_clusters_have_the_size_of_the_formula(name, factor):
    check_clusters(name, factor, 50_000, 8)


@pytest.mark.slow
@pytest.mark.parametrize("name", THRESHOLDS)
@pytest.mark.parametrize("factor", [0.5, 0.9])
def test_below_the_threshold_in_many_runs(name, factor):
    check_clusters(name, factor, 100_000, 20)


def sizes_of_single_seeds(name, b, g, people, parts, number):
    """Numbers ever in motion from one seed in each of many unconnected networks, in one run."""
    society = network(name, people, number, parts)
    simulation = until_over(contacts(b, g, **rows(people * np.arange(parts) + people // 2)), society, number)
    return ever(simulation).reshape(parts, people).sum(axis=1)


@pytest.mark.parametrize("name", ["Poisson 4", "regular 3", "heavy tail"])
def test_outbreaks_grow_with_the_network_only_above_the_threshold(name):
    law, g, mean = LAWS[name], 0.5, {}
    for factor in (0.6, 1.8):
        b = contact_probability(min(0.95, factor / law.branching), g)
        mean[factor] = [sizes_of_single_seeds(name, b, g, people, 120, 3) for people in (300, 2400)]
    below, above = ([of.mean() for of in mean[factor]] for factor in (0.6, 1.8))
    expected = law.cluster(0.6 / law.branching)
    for found in mean[0.6]:
        assert found.mean() == pytest.approx(expected, abs=4.5 * found.std(ddof=1) / math.sqrt(found.size) + 0.1)
    assert max(mean[0.6][1]) < 240
    assert below[1] < 2 * below[0]
    assert above[1] > 4 * above[0]


# Probability of an outbreak


def check_outbreaks(name, t, g, people, parts, numbers):
    law, b = LAWS[name], contact_probability(t, g)
    sizes = np.concatenate([sizes_of_single_seeds(name, b, g, people, parts, number) for number in numbers])
    large = sizes > 0.3 * law.size(t) * people
    expected, size = law.outbreak(b, g), law.size(t)
    error = math.sqrt(expected * (1 - expected) / sizes.size)
    print(f"{name}, T = {t}, g = {g:.3f}: outbreaks {large.mean():.4f} of {sizes.size}, expected {expected:.4f} +- {error:.4f}, listed size {size:.4f}, "
          f"of outbreaks {sizes[large].mean() / people:.4f} +- {sizes[large].std() / people / math.sqrt(large.sum()):.4f}")  # fmt: skip
    assert large.mean() == pytest.approx(expected, abs=4 * error + 4 / people)  # a few ties that repeat are dropped
    assert sizes[large].mean() / people == pytest.approx(size, abs=4.5 * sizes[large].std(ddof=1) / people / math.sqrt(large.sum()) + 4 / people)
    return large.mean(), error, size


@pytest.mark.parametrize(("name", "t", "g"), [("Poisson 4", 0.5, 0.1), ("regular 4", 0.5, 0.2), ("geometric 4", 0.4, 0.1)])
def test_outbreak_probability(name, t, g):
    found, error, size = check_outbreaks(name, t, g, 1000, 250, [1])
    if name != "geometric 4":
        assert size - found > 4 * error  # the ties of one person share its life


@pytest.mark.parametrize("name", ["Poisson 4", "regular 4"])
def test_with_lives_of_one_day_the_probability_is_the_size(name):
    found, error, size = check_outbreaks(name, 0.5, ONE_DAY, 1000, 250, [2])
    assert found == pytest.approx(size, abs=4 * error)


SLOW_OUTBREAKS = [
    *[(name, t, 0.05) for name, t, _ in LISTED_OUTBREAKS if t > 0.3 or name == "Poisson 8"], ("Poisson 4", 0.5, 0.5), ("Poisson 4", 0.5, ONE_DAY),
    ("regular 4", 0.5, ONE_DAY), ("Poisson 8", 0.3, ONE_DAY), ("regular 3", 0.6, 0.2), ("geometric 4", 0.3, 0.2), ("heavy tail", 0.3, 0.2),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("row", "name", "t", "g"), [(row, *case) for row, case in enumerate(SLOW_OUTBREAKS)])
def test_outbreak_probability_of_many_seeds(row, name, t, g):
    first = 100 + 8 * row  # each its own draws
    check_outbreaks(name, t, g, 2000, 250, range(first, first + 8))


@pytest.mark.slow
def test_outbreak_probability_near_the_threshold():
    check_outbreaks("Poisson 4", 0.3, 0.1, 8000, 100, range(20, 30))


@pytest.mark.parametrize(("b", "g"), [(0.3, 0.25), (0.15, 0.6), (0.4, ONE_DAY)])
def test_how_many_one_person_moves(b, g):
    """Stars of four: with one day binomial, else a mixture over lives, with more of none and more of all."""
    stars, lives = 12_000, np.arange(1, 400)
    scenario = contacts(b, g, **rows(5 * np.arange(stars)))
    simulation = until_over(scenario, graph(*copies(stars, 5, [(0, leaf) for leaf in range(1, 5)])), 4)
    counts = np.bincount(ever(simulation).reshape(stars, 5)[:, 1:].sum(axis=1), minlength=5)
    law = (stats.geom.pmf(lives, g)[:, None] * stats.binom.pmf(np.arange(5), 4, 1 - (1 - b) ** lives[:, None])).sum(axis=0)
    binomial = stats.binom.pmf(np.arange(5), 4, transmissibility(b, g))
    assert stats.chisquare(counts, law / law.sum() * stars).pvalue > 1e-3
    if g == ONE_DAY:
        np.testing.assert_allclose(law, binomial, atol=1e-4)
    else:
        assert stats.chisquare(counts, binomial * stars).pvalue < 1e-12


# Time


def courses(name, b, g, seeds, people, days, numbers):
    """Share in motion after each day of each run, and share that began on it."""
    found = []
    for number in numbers:
        given = {} if name not in DRAWN else drawn(name, people)
        simulation = simulate(contacts(b, g, days, **share(seeds), **given), None if given else network(name, people, number), number)
        began = simulation.series["joined"].to_numpy() / people
        began[0] -= seeds
        found.append((active(simulation) / people, began))
    return np.array(found).transpose(1, 0, 2)


def check_course(name, b, g, seeds, people, numbers, tolerance, days=60):
    found, expected = courses(name, b, g, seeds, people, days, numbers)[0], LAWS[name].course(b, g, seeds, days)[0]
    error = found.std(axis=0, ddof=1) / math.sqrt(len(numbers))
    off = np.abs(found.mean(axis=0) - expected)
    print(f"{name}, b = {b}, g = {g}: peak {found.mean(axis=0).max():.5f}, expected {expected.max():.5f}, largest distance {off.max():.5f}, "
          f"in s.e. {np.max(off / np.maximum(error, 1e-6)):.2f}, largest s.e. {error.max():.5f}")  # fmt: skip
    assert off.max() < tolerance
    assert np.argmax(expected) == pytest.approx(np.argmax(found.mean(axis=0)), abs=1)
    return off, error


@pytest.mark.parametrize(("name", "b", "g"), [("Poisson 4", 0.12, 0.1), ("regular 4", 0.2, 0.15)])
def test_course_of_an_epidemic(name, b, g):
    check_course(name, b, g, 0.01, 100_000, range(2), 0.012)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "b", "g"), [("Poisson 4", 0.12, 0.1), ("Poisson 8", 0.05, 0.1), ("geometric 4", 0.1, 0.1), ("heavy tail", 0.1, 0.2)])
def test_course_of_an_epidemic_in_many_runs(name, b, g):
    off, error = check_course(name, b, g, 0.01, 200_000, range(20), 0.0015)
    assert np.all(off < 5 * error + 1e-4)


@pytest.mark.parametrize(("name", "b", "g"), [("Poisson 4", 0.06, 0.05), ("regular 4", 0.1, 0.1), ("heavy tail", 0.015, 0.05)])
def test_early_growth(name, b, g):
    """Before anybody feels the others, those who begin a day grow by (1 - b) (1 - g) + b <k (k - 1)> / <k> from the mean degree times b."""
    law, seeds, people, days, runs = LAWS[name], 0.001, 100_000, 11, 8
    growth = (1 - b) * (1 - g) + b * law.branching
    found = courses(name, b, g, seeds, people, days, range(runs))[1] / seeds
    early = law.mean * b * growth ** np.arange(days)
    mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / math.sqrt(runs)
    ratio = mean[6:].sum() / mean[:5].sum()
    print(f"{name}: growth {ratio ** (1 / 6):.4f} a day, expected {growth:.4f}; first day {mean[0]:.4f}, expected {early[0]:.4f}")
    np.testing.assert_array_less(np.abs(mean - law.course(b, g, seeds, days)[1] / seeds), 5.5 * error + 1e-12)
    assert ratio ** (1 / 6) == pytest.approx(growth, abs=0.025)
    assert growth > 1.05
