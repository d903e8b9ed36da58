"""Limit cases: thresholds in places and at sites.

Ladders and normal thresholds of Granovetter (1978), Threshold models of collective behavior, https://doi.org/10.1086/226707; the
bandwagons of Kuran (1991), https://doi.org/10.2307/2010422; visibility and policing of Lang and De Sterck (2014),
https://doi.org/10.1016/j.mathsocsci.2014.01.004. The papers could not be read: sequences and rules are as remembered, and what
follows from them is derived (`validation.md` 2 and 12). Oracles here are counting by hand, exact chains, and fixed points.
"""

import itertools
import math

import numpy as np
import pytest
from scipy.special import gammaln, ndtr, ndtri
from thresholds_alone import (
    case,
    given_nerves,
    in_motion,
    joining_rounds,
    neighbours_of,
    plain_rounds,
    separate_places,
    until_still,
)

import communize as cz

LADDER = list(range(100))


def active(run: cz.Run) -> np.ndarray:
    """People in motion after each day."""
    return run.series["active"].sum("place").to_numpy()


def settled(thresholds) -> int:
    """Number that the thresholds lead to: r <- how many are at most r, from 0."""
    r = 0
    while (after := sum(threshold <= r for threshold in thresholds)) != r:
        r = after
    return r


# --- ladders in a place ---


def test_a_ladder_moves_one_more_each_day():
    found = active(cz.run(case("granovetter-1978")))
    np.testing.assert_array_equal(found, np.minimum(np.arange(1, 111), 100))


@pytest.mark.parametrize("k", [0, 1, 2, 10, 50, 98, 99])
def test_a_ladder_without_a_step_ends_there(k):
    """Threshold k replaced by k + 1: exactly k join, one a day."""
    found = active(cz.run(case("granovetter-1978").replace({f"struggle.nerves[{k}]": k + 1})))
    np.testing.assert_array_equal(found, np.minimum(np.arange(1, 111), k))


@pytest.mark.parametrize("size", [7, 37, 700, 1500])
def test_ladders_of_other_sizes_on_shares(size):
    """Thresholds i / size of the share of the place, which are reached exactly; one step left out half way in the second."""
    people = {"society.people": size, "struggle.threshold_on": "share"}
    for wrong in (size, size // 2):
        nerves = [(i + (i == wrong)) / size for i in range(size)]
        path = until_still(cz.Simulation(case("granovetter-1978").replace(people | {"struggle.nerves": nerves}), 1, threads=1))
        np.testing.assert_array_equal(path, [*range(1, wrong + 1), wrong])


def test_the_order_of_people_does_not_matter():
    draws = np.random.default_rng(1978)
    thresholds = np.r_[0, draws.integers(0, 40, 99)]
    paths = []
    for _ in range(4):
        paths.append(active(cz.run(case("granovetter-1978", struggle__nerves=thresholds.tolist(), run__days=40))))
        draws.shuffle(thresholds)
    assert paths[0][-1] == settled(thresholds) > 5
    for path in paths[1:]:
        np.testing.assert_array_equal(path, paths[0])


# --- normal thresholds ---


@pytest.mark.parametrize(("sigma", "whole", "expected"), [(12.50, False, 5), (12.55, False, 100), (12.20, True, 5), (12.25, True, 100)])
def test_quantiles_of_a_normal_law_jump(sigma, whole, expected):
    """A hundred quantiles of mean 25: nearly nobody, and with a little more spread everybody."""
    thresholds = 25 + sigma * ndtri((np.arange(1, 101) - 0.5) / 100)
    if whole:
        thresholds = np.round(thresholds)
    assert active(cz.run(case("granovetter-1978", struggle__nerves=thresholds.tolist())))[-1] == expected == settled(thresholds)


def chance_of_more_than_half(n: int, mu: float, sigma: float) -> float:
    """P(final > n / 2) for n drawn thresholds, exactly.

    The number of thresholds up to j = 0, 1, 2, ... is a Markov chain with binomial steps, and the final size is the first j that
    it equals.
    """
    law = ndtr((np.arange(n // 2 + 1) / n - mu) / sigma)
    log_factorial = gammaln(np.arange(n + 1) + 1.0)

    def step(chances, h):
        after, increments = np.zeros(n + 1), np.arange(n + 1)
        for m in np.flatnonzero(chances > 1e-10):
            left = n - m
            mean = left * h
            k = increments[: min(left, int(mean + 9 * math.sqrt(mean + 1) + 9)) + 1]
            logs = log_factorial[left] - log_factorial[k] - log_factorial[left - k] + k * math.log(h) + (left - k) * math.log1p(-h)
            after[m + k] += chances[m] * np.exp(logs)
        return after

    chances = np.zeros(n + 1)
    chances[0] = 1.0
    chances, ended = step(chances, law[0]), 0.0
    for j in range(n // 2 + 1):
        ended += chances[j]
        chances[j] = 0.0
        if j < n // 2:
            chances = step(chances, (law[j + 1] - law[j]) / (1 - law[j]))
    return 1 - ended


def final_shares(n: int, samples: int, sigma: float, mu: float = 0.25, seed: int = 1) -> np.ndarray:
    """Final share in each of many separate places of `n` people with drawn thresholds."""
    normal = {"struggle.nerves": [], "struggle.nerve": mu, "struggle.nerve_sd_person": sigma, "struggle.nerve_sd_site": 0.0,
              "struggle.nerve_sd_place": 0.0, "struggle.threshold_on": "share"}  # fmt: skip
    simulation = cz.Simulation(case("granovetter-1978").replace(normal | separate_places(samples, n)), seed, threads=1)
    assert np.all(simulation.places.residents == n)
    until_still(simulation)
    return simulation.places.active / n


LISTED_CHANCES = {  # `validation.md` 2; 2,000 samples, 400 for n = 10,000
    (100, 0.10): 0.004, (100, 0.12): 0.155, (100, 0.13): 0.358, (100, 0.14): 0.616, (100, 0.16): 0.883,
    (1000, 0.11): 0.001, (1000, 0.12): 0.149, (1000, 0.1222): 0.276, (1000, 0.13): 0.837, (1000, 0.14): 0.999,
    (10_000, 0.12): 0.048, (10_000, 0.1222): 0.36, (10_000, 0.13): 1.0,
}  # fmt: skip
QUICK = ((100, 0.12), (100, 0.14), (1000, 0.13))


def check_chance(n: int, sigma: float, samples: int) -> None:
    """Against the exact chain within 4 standard errors of ours; the list against it within 4 of its own."""
    exact, listed = chance_of_more_than_half(n, 0.25, sigma), LISTED_CHANCES[n, sigma]
    found = (final_shares(n, samples, sigma) > 0.5).mean()
    spread = math.sqrt(exact * (1 - exact))
    print(f"n {n} sigma {sigma}: exact {exact:.4f}, listed {listed}, found {found:.4f}, s.e. {spread / math.sqrt(samples):.4f}")
    assert abs(found - exact) <= 4 * spread / math.sqrt(samples) + 1 / samples
    of_list = 400 if n == 10_000 else 2000
    assert abs(listed - exact) <= 4 * spread / math.sqrt(of_list) + 1 / of_list


@pytest.mark.parametrize(("n", "sigma"), QUICK)
def test_drawn_thresholds_move_more_than_half_with_the_exact_chance(n, sigma):
    check_chance(n, sigma, 1000 if n == 100 else 250)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "sigma"), sorted(LISTED_CHANCES))
def test_all_listed_chances_of_drawn_thresholds(n, sigma):
    check_chance(n, sigma, {100: 10_000, 1000: 2000, 10_000: 150}[n])


def lowest_fixed_point(mu: float, sigma: float) -> float:
    x = 0.0
    for _ in range(100_000):
        x, before = float(ndtr((x - mu) / sigma)), x
        if abs(x - before) < 1e-14:
            return x
    raise AssertionError("no convergence")


LISTED_SHARES = {  # of mean 0.25, by sigma: `validation.md` 2
    0.05: 0.0, 0.08: 0.000925, 0.10: 0.007696, 0.11: 0.017130, 0.12: 0.040211, 0.122: 0.054792, 0.123: 1.0, 0.15: 1.0, 0.20: 0.999911,
    0.30: 0.993394, 0.50: 0.904852, 1.0: 0.658574,
}  # fmt: skip


def test_the_listed_shares_are_the_fixed_points():
    for sigma, share in LISTED_SHARES.items():
        assert lowest_fixed_point(0.25, sigma) == pytest.approx(share, abs=1e-5 if sigma != 0.122 else 2e-5)
    u = ndtri(0.0620033)  # tangency at mean 0.25: phi(u) = sigma, Phi(u) - u phi(u) = mean
    density = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
    assert (density, 0.0620033 - u * density) == pytest.approx((0.1222209, 0.25), abs=1e-6)


@pytest.mark.parametrize(
    ("mu", "sigma"),
    [(0.25, sigma) for sigma in (0.05, 0.08, 0.10, 0.11, 0.12, 0.15, 0.20, 0.30, 0.50, 1.0)]
    + [(0.1, 0.03), (0.1, 0.1), (0.3, 0.1), (0.4, 0.3), (0.5, 0.25), (0.5, 0.6), (0.8, 0.35), (0.05, 0.02), (-0.1, 0.3), (1.5, 1.0)],
)
def test_a_large_place_settles_at_the_lowest_fixed_point(mu, sigma):
    """Tolerance 5 standard errors by the delta method, sqrt(x (1 - x) / n) / (1 - F'(x)), and two people."""
    n, x = 200_000, lowest_fixed_point(mu, sigma)
    slope = math.exp(-(((x - mu) / sigma) ** 2) / 2) / math.sqrt(2 * math.pi) / sigma
    assert slope < 0.8
    found = final_shares(n, 1, sigma, mu)[0]
    print(f"mu {mu} sigma {sigma}: {found:.6f} of {x:.6f}")
    assert abs(found - x) <= 5 * math.sqrt(x * (1 - x) / n) / (1 - slope) + 2 / n


# --- bandwagons ---


KURAN = [  # thresholds in per cent of ten people, final per cent
    ([0, 20, 20, 30, 40, 50, 60, 70, 80, 100], 10), ([0, 10, 20, 30, 40, 50, 60, 70, 80, 100], 90),
    ([0, 20, 30, 40, 50, 60, 70, 80, 90, 100], 10), ([0, 10, 20, 30, 40, 50, 60, 70, 80, 90], 100), ([10, 10, 20, 30, 40, 50, 60, 70, 80, 90], 0),
]  # fmt: skip


@pytest.mark.parametrize(("per_cent", "final"), KURAN)
def test_the_bandwagons_of_kuran(per_cent, final):
    assert 10 * settled([value / 10 for value in per_cent]) == final
    assert 10 * active(cz.run(case("kuran-1991", struggle__nerves=[value / 100 for value in per_cent])))[-1] == final


def in_places(place, nerve, parameters, **columns) -> cz.Society:
    """People in neighbourhoods, one a place, with places far apart and known by name."""
    n_places = int(place.max()) + 1
    return cz.Society.from_tables(
        people={"home": place, "nerve": nerve, **columns}, sites={"kind": ["neighbourhood"] * n_places, "place": np.arange(n_places)},
        places={"name": [f"place-{p}" for p in range(n_places)], "latitude": np.zeros(n_places), "longitude": np.linspace(0, 90, n_places),
                "population": np.bincount(place)},
        ties={"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}, parameters=parameters)  # fmt: skip


@pytest.mark.parametrize(("size", "step"), [(10, 10), (10, 5), (20, 5), (8, 1), (3, 1), (1, 50)])
def test_bandwagons_of_any_sequence(size, step):
    """Two hundred drawn sequences each, in whole per cent, every one in a place of its own."""
    scenario = given_nerves(society__contact__neighbours=0, struggle__away_share=0.0)
    per_cent = step * np.random.default_rng([1991, size, step]).integers(0, 90 // step + 1, (200, size))
    per_cent[:, 0] = 0
    place = np.repeat(np.arange(200), size)
    simulation = cz.Simulation(scenario, 1, society=in_places(place, per_cent.ravel() / 100, scenario.society), threads=1)
    until_still(simulation)
    expected = [settled([value * size / 100 for value in row.tolist()]) for row in per_cent]
    np.testing.assert_array_equal(simulation.places.active, expected)
    assert size == 1 or len(set(expected)) > 2


# --- visibility and policing ---


DAILY = 0.1  # daily probability of joining or leaving where the rate c is 1
POLICED = [  # c1, c2, alpha, beta, then start and end
    (1, 1, 0.6, 0.8, {0.01: 0, 0.1: 0, 0.2: 0, 0.3: 0, 0.45: 0.5, 0.55: 0.5, 0.65: 0.5, 0.75: 0.5, 0.85: 1}),
    (1, 1, 0.4, 0.9, {0.05: 0, 0.4: 0, 0.55: 0, 0.7: 0, 0.85: 0, 0.95: 1}),
    (2, 1, 0.5, 0.8, {0.3: 0, 0.45: 0, 0.55: 2 / 3, 0.6: 2 / 3, 0.7: 2 / 3, 0.75: 2 / 3, 0.85: 1}),
    (1, 2, 0.8, 0.6, {0.1: 0, 0.3: 1 / 3, 0.4: 1 / 3, 0.55: 1 / 3, 0.65: 1, 0.9: 1}),
    (1, 1, 0.2, 0.4, {0.1: 0, 0.35: 0, 0.41: 0.41, 0.55: 0.55, 0.79: 0.79, 0.85: 1}),
    # not listed: (iv) visibility wins, (ii) policing wins, (iii) a fixed point between, (i) with others' speeds
    (3, 1, 0.7, 0.6, {0.1: 0, 0.25: 0, 0.35: 1, 0.5: 1, 0.65: 1}),
    (1, 3, 0.5, 0.9, {0.4: 0, 0.6: 0, 0.85: 0, 0.95: 1}),
    (1.5, 2.5, 0.9, 0.7, {0.05: 0, 0.15: 0.375, 0.5: 0.375, 0.65: 0.375, 0.75: 1}),
    (4, 1, 0.9, 0.95, {0.05: 0, 0.15: 0.8, 0.9: 0.8, 0.97: 1}),
    (5, 0.5, 0.3, 0.2, {0.15: 0, 0.21: 0.21, 0.69: 0.69, 0.75: 1}),
]  # fmt: skip


def policed(c1, c2, alpha, beta, starts, size, days) -> np.ndarray:
    """Shares (places, days) from each start, each in a place of `size` people of its own."""
    changes = {
        "scenario.days": days, "struggle.nerve": 1 - alpha, "struggle.holding": beta, "struggle.threshold_probability": DAILY * c1,
        "struggle.rate_leaving": -math.log1p(-DAILY * c2),
        "struggle.seed": [{"place": f"place-{i + 1}", "share": start} for i, start in enumerate(starts)],
    }  # fmt: skip
    scenario = case("lang-de-sterck-2014").replace(changes | separate_places(len(starts), size))
    return cz.run(scenario, threads=1).series["active"].to_numpy().astype(float).T / size


@pytest.mark.parametrize(("c1", "c2", "alpha", "beta", "ends"), POLICED)
def test_visibility_against_policing_ends_as_classified(c1, c2, alpha, beta, ends):
    """Every start ends where the complete classification says; between the thresholds at c1 / (c1 + c2) within binomial noise."""
    size = 5000
    path = policed(c1, c2, alpha, beta, list(ends), size, 130)
    for share, (start, end) in zip(path, ends.items()):
        if end == start:
            np.testing.assert_array_equal(np.round(share * size), round(start * size))  # neutral: nobody moves
            continue
        spread = math.sqrt(end * (1 - end) / size)
        assert share[-1] == pytest.approx(end, abs=5 * spread + 2 / size), (start, end)
        if spread:
            joining, leaving = DAILY * c1, DAILY * c2
            assert end == pytest.approx(joining / (joining + leaving))
            x, expected = start, []
            for _ in range(130):  # between the thresholds all the way: the mean is exact
                x += joining * (1 - x) - leaving * x
                expected.append(x)
            np.testing.assert_allclose(share, expected, atol=5 * 0.5 / math.sqrt(size))
            memory = 1 - joining - leaving  # of a day's noise: a mean of many days is known more closely
            after = share[60:]
            assert after.mean() == pytest.approx(end, abs=4 * spread * math.sqrt((1 + memory) / (1 - memory) / after.size))


# --- ladders at sites ---


def at_sites(source: str, on: str, **changes) -> cz.Scenario:
    """Thresholds at one kind of site alone."""
    return given_nerves(on, struggle__weight_place=0.0, **{f"struggle__weight_{source}": 1.0}, **changes)


SITES = {5: 5, 40: 17, 101: 101, 600: 600, 2: 2, 64: 0}  # size, and step of the ladder that is a step too high (none)


def ladders(on: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Site, nerve and expected round of people at `SITES`, shuffled: at a site of n, thresholds 0, 1, ..., n - 1 of the n - 1 others."""
    site, nerve, expected = [], [], []
    for row, (size, wrong) in enumerate(SITES.items()):
        for j in range(size):
            threshold = j + (j == wrong)
            site.append(row)
            nerve.append(threshold / (size - 1) if on == "share" else threshold)
            expected.append(j + 1 if j < wrong else -1)
    order = np.random.default_rng(7).permutation(len(site))
    return np.array(site)[order], np.array(nerve)[order], np.array(expected)[order]


@pytest.mark.parametrize("on", ["share", "count"])
def test_ladders_in_neighbourhoods(on):
    """Each neighbourhood climbs its own ladder; a share is that of the others: size - 1."""
    scenario = at_sites("neighbourhood", on)
    home, nerve, expected = ladders(on)
    society = cz.Society.from_tables(
        people={"home": home, "nerve": nerve}, sites={"kind": ["neighbourhood"] * len(SITES)},
        ties={"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}, parameters=scenario.society)  # fmt: skip
    np.testing.assert_array_equal(joining_rounds(cz.Simulation(scenario, 1, society=society, threads=1)), expected)


@pytest.mark.parametrize("on", ["share", "count"])
@pytest.mark.parametrize("kind", ["workplace", "farm", "campus", "state_site"])
def test_ladders_at_sites_of_work(on, kind):
    """The same at work; people without work, and alone at work, see nobody: only a threshold of 0 moves them."""
    scenario = at_sites("work", on)
    work, nerve, expected = ladders(on)
    work, nerve = np.r_[work + 1, -1, -1, len(SITES) + 1], np.r_[nerve, 0.0, 0.01, 0.01]
    society = cz.Society.from_tables(
        people={"home": np.zeros(work.size, int), "work": work, "nerve": nerve}, sites={"kind": ["neighbourhood"] + [kind] * (len(SITES) + 1)},
        ties={"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}, parameters=scenario.society)  # fmt: skip
    found = joining_rounds(cz.Simulation(scenario, 1, society=society, threads=1))
    np.testing.assert_array_equal(found, np.r_[expected, 1, -1, -1])


@pytest.mark.parametrize("on", ["share", "count"])
def test_people_who_cannot_take_part_neither_join_nor_count(on):
    """Owners at a site leave the ladder of the others as it is, even with thresholds of 0 or less."""
    scenario = at_sites("neighbourhood", on, society__positions__owner__takes_part=False)
    nerve = np.r_[[0, 1, 2, 3, 4], -1, 0, 0]
    society = cz.Society.from_tables(
        people={"home": np.zeros(8, int), "nerve": nerve / 4 if on == "share" else nerve, "position": ["stable"] * 5 + ["owner"] * 3},
        sites={"kind": ["neighbourhood"]}, ties={"a": [0], "b": [7]}, parameters=scenario.society)  # fmt: skip
    assert joining_rounds(cz.Simulation(scenario, 1, society=society, threads=1)).tolist() == [1, 2, 3, 4, 5, -1, -1, -1]


@pytest.mark.parametrize("source", ["neighbourhood", "work", "both"])
def test_sites_of_two_are_ties(source):
    """Two people a neighbourhood, two a site of work: what passes from one to the other passes along ties of such pairs.

    People are looked at in groups of a thousand rows or so: with one source, seeds and those whom they move stand 10,000 rows apart.
    """
    n, seeds = 1600 if source == "both" else 20_000, [20, 300, 301]
    far, near = np.arange(n) % (n // 2), np.arange(n) // 2
    drawn = np.random.default_rng(22).permutation(n) // 2
    home, work = {"neighbourhood": (far, near), "work": (near, far), "both": (far, drawn)}[source]
    counted = {"neighbourhood": [home], "work": [work], "both": [home, work]}[source]
    edges = [pair for site in counted for pair in np.argsort(site, kind="stable").reshape(-1, 2).tolist()]
    work = work + n // 2
    scenario = given_nerves(
        "count", struggle__weight_place=0.0, struggle__weight_work=float(source != "neighbourhood"),
        struggle__weight_neighbourhood=float(source != "work"), struggle__seed=[{"rows": seeds}])  # fmt: skip
    society = cz.Society.from_tables(
        people={"home": home, "work": work, "nerve": np.ones(n)}, sites={"kind": ["neighbourhood"] * (n // 2) + ["workplace"] * (n // 2)},
        ties={"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}, parameters=scenario.society)  # fmt: skip
    found = joining_rounds(cz.Simulation(scenario, 1, society=society, threads=1), seeds)
    np.testing.assert_array_equal(found, plain_rounds(neighbours_of(n, edges), [1] * n, seeds, "count"))
    assert found.max() > 100 if source == "both" else found[[10_020, 10_300, 10_301]].tolist() == [1, 1, 1]


# --- contact places, and all sources together ---


def plane(populations, longitudes, cutoff_km=1e9, exponent=2.0, offset_km=5.0) -> np.ndarray:
    """Row-stochastic gravity contact between places on the equator, from the formula of `model.md` section 1."""
    angle = np.radians(np.abs(np.subtract.outer(longitudes, longitudes)))
    distance = 6371.0 * np.minimum(angle, 2 * np.pi - angle)
    weight = np.where(distance <= cutoff_km, np.array(populations) / (distance + offset_km) ** exponent, 0.0)
    np.fill_diagonal(weight, 0.0)
    return weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)


def thresholds_by_hand(nerve, exposure) -> np.ndarray:
    """Round in which each joins, from a function from who is in motion to each one's exposure; no exposure may be close to a nerve."""
    joined, number = np.full(nerve.size, -1), 0
    while True:
        number, seen = number + 1, exposure(joined >= 0)
        waiting = joined < 0
        assert not np.any(waiting & (np.abs(seen - nerve) < 1e-6) & (seen != nerve))
        new = waiting & (seen >= nerve)
        if not new.any():
            return joined
        joined[new] = number


@pytest.mark.parametrize("on", ["share", "count"])
def test_contact_places_alone_climb_in_turns(on):
    """Two places that see only one another: the threshold j of one waits for j people of the other."""
    scenario = given_nerves(
        on, struggle__away_share=1.0, struggle__uniform_share=0.0, society__contact__cutoff_km=20_000.0)  # fmt: skip
    place = np.repeat([0, 1], 30)
    count = np.r_[np.arange(30), np.arange(30) + 1]
    society = in_places(place, count / 30 if on == "share" else count, scenario.society)
    found = joining_rounds(cz.Simulation(scenario, 1, society=society, threads=1))
    # Person 0 of the first place begins in round 1, 0 of the second answers in round 2, 1 of the first in round 3, ...
    np.testing.assert_array_equal(found, np.r_[2 * np.arange(30) + 1, 2 * np.arange(30) + 2])


@pytest.mark.parametrize("on", ["share", "count"])
@pytest.mark.parametrize(("away", "uniform"), [(1.0, 0.0), (1.0, 1.0), (0.5, 0.05), (0.3, 0.4), (0.0, 0.0)])
def test_contact_places_by_the_gravity_formula(on, away, uniform):
    """Four places of different size and distance; the fourth is out of reach and has only itself and the country."""
    sizes, longitudes = [60, 200, 25, 40], [10.0, 10.4, 11.3, 60.0]
    contact = plane(sizes, longitudes, cutoff_km=500.0)
    scenario = given_nerves(
        on, struggle__away_share=away, struggle__uniform_share=uniform, society__contact__cutoff_km=500.0)  # fmt: skip
    place = np.repeat(np.arange(4), sizes)
    draws = np.random.default_rng([17, round(100 * away), round(100 * uniform)])
    def exposure(moving):
        own, size = np.bincount(place[moving], minlength=4).astype(float), np.array(sizes)
        whole = own.sum() / (size.sum() if on == "share" else 1)
        own = own / size if on == "share" else own
        near = (1 - away) * own + away * ((1 - uniform) * contact @ own + uniform * whole)
        rest = 1 - away * (1 - uniform)  # the last place has no contact places: their weight falls to the others
        near[3] = near[3] / rest if rest > 0 else own[3]
        return near[place]

    nerve = np.round(draws.beta(0.6, 1.5, place.size) * exposure(np.ones(place.size, bool)), 4)
    nerve[draws.random(place.size) < 0.05] = 0.0
    society = cz.Society.from_tables(
        people={"home": place, "nerve": nerve}, sites={"kind": ["neighbourhood"] * 4, "place": np.arange(4)},
        places={"name": list("abcd"), "latitude": np.zeros(4), "longitude": longitudes, "population": sizes},
        ties={"a": np.zeros(0, np.int64), "b": np.zeros(0, np.int64)}, parameters=scenario.society)  # fmt: skip
    expected = thresholds_by_hand(np.float32(nerve).astype(float), exposure)
    assert len(np.unique(expected)) > 5
    np.testing.assert_array_equal(joining_rounds(cz.Simulation(scenario, 1, society=society, threads=1)), expected)


@pytest.mark.parametrize("on", ["share", "count"])
@pytest.mark.parametrize("number", range(4))
def test_all_sources_together(on, number):
    """Two places, neighbourhoods, sites of work, ties, people who cannot take part: against exposure as documented, person by person."""
    draws = np.random.default_rng([4, number])
    n = 300
    weight = dict(zip(("work", "neighbourhood", "place", "ties"), draws.choice([0.0, 0.1, 0.3, 0.7, 1.0], 4).tolist()))
    weight["ties"] = max(weight["ties"], 0.2)
    home, work = np.sort(draws.integers(0, 40, n)), np.where(draws.random(n) < 0.3, -1, 40 + draws.integers(0, 50, n))
    work[::7] = 90 + np.arange(len(work[::7]))  # alone at work
    of_site = np.r_[np.arange(40) // 20, draws.integers(0, 2, 50 + n // 7 + 1)]
    a, b = draws.integers(0, n, (2, 400))
    owner = draws.random(n) < 0.1
    scenario = given_nerves(
        on, struggle__away_share=0.6, struggle__uniform_share=0.2, society__contact__cutoff_km=20_000.0,
        society__positions__owner__takes_part=False, **{f"struggle__weight_{source}": value for source, value in weight.items()})  # fmt: skip
    place = of_site[home]
    near = np.zeros((n, n), bool)
    near[a, b] = near[b, a] = True
    np.fill_diagonal(near, False)

    def others(site, moving):
        """Number in motion and number who can take part at everybody's site, the person asked left out."""
        there = site >= 0
        row = np.where(there, site, 0)
        count = [np.bincount(site[there & who], minlength=of_site.size)[row] - who for who in (moving, ~owner)]
        return np.where(there, count[0], 0), np.where(there, count[1], 0)

    def exposure(moving):
        country = np.bincount(place[~owner], minlength=2)
        own = np.bincount(place[moving], minlength=2).astype(float)
        whole = own.sum() / (country.sum() if on == "share" else 1)
        own = own / country if on == "share" else own
        of_place = 0.4 * own + 0.6 * (0.8 * own[::-1] + 0.2 * whole)
        sources = [(weight["work"], *others(work, moving)), (weight["neighbourhood"], *others(home, moving)),
                   (weight["ties"], (near & moving).sum(axis=1), (near & ~owner).sum(axis=1))]  # fmt: skip
        top, bottom = weight["place"] * of_place[place], np.full(n, weight["place"])
        for w, active_there, able in sources:
            top = top + w * (np.where(able > 0, active_there / np.maximum(1, able), 0.0) if on == "share" else active_there)
            bottom = bottom + w * (able > 0)
        seen = np.where(bottom > 0, top / np.maximum(bottom, 1e-300), 0.0) if on == "share" else top
        return np.where(owner, -1.0, seen)

    nerve = np.round(draws.beta(0.7, 1.5, n) * np.maximum(0.1, exposure(~owner)), 3)
    nerve[draws.random(n) < 0.03] = 0.0
    society = cz.Society.from_tables(
        people={"home": home, "work": work, "nerve": nerve, "position": np.where(owner, "owner", "stable")},
        sites={"kind": ["neighbourhood"] * 40 + ["workplace"] * (of_site.size - 40), "place": of_site},
        places={"name": ["a", "b"], "latitude": [0.0, 0.0], "longitude": [0.0, 3.0], "population": np.bincount(place)},
        ties={"a": a, "b": b}, parameters=scenario.society)  # fmt: skip
    expected = thresholds_by_hand(np.float32(nerve).astype(float), exposure)
    assert len(np.unique(expected)) > 3
    np.testing.assert_array_equal(joining_rounds(cz.Simulation(scenario, 1, society=society, threads=1)), expected)


# --- properties ---


def test_lower_thresholds_never_leave_anybody_out():
    """With every threshold lower or equal, whoever was in motion on a day still is, at work, at home, in places and among ties."""
    draws = np.random.default_rng(5)
    for weights in itertools.product((0.0, 0.5), repeat=3):
        weight = dict(zip(("work", "neighbourhood", "place"), weights))
        scenario = given_nerves(struggle__weight_ties=0.5, **{f"struggle__weight_{source}": value for source, value in weight.items()})
        n = 120
        tables = {"home": draws.integers(0, 6, n), "work": draws.integers(5, 12, n)}
        tables["work"][tables["work"] < 6] = -1
        a, b = draws.integers(0, n, (2, 200))
        high = np.round(np.maximum(0, draws.normal(0.2, 0.2, n)), 2)
        rounds = []
        for nerve in (high, np.where(draws.random(n) < 0.3, high * draws.random(n), high)):
            society = cz.Society.from_tables(
                people=tables | {"nerve": nerve}, sites={"kind": ["neighbourhood"] * 6 + ["workplace"] * 6}, ties={"a": a, "b": b},
                parameters=scenario.society)  # fmt: skip
            found = joining_rounds(cz.Simulation(scenario, 1, society=society, threads=1))
            rounds.append(np.where(found < 0, 10**6, found))
        assert np.all(rounds[1] <= rounds[0])


def test_nobody_joins_below_the_threshold_and_those_above_at_the_stated_probability():
    """With a daily probability, on a neighbourhood of 20,000: binomial numbers of those at or above their threshold, and nobody else."""
    n, p = 20_000, 0.07
    nerve = np.repeat([0.0, 0.02, 0.1, 0.3, 0.9], n // 5)
    scenario = given_nerves(struggle__threshold_probability=p)
    society = in_places(np.zeros(n, int), nerve, scenario.society)
    simulation, exposed, joiners = cz.Simulation(scenario, 3, society=society, threads=1), 0, 0
    for _ in range(40):
        before = in_motion(simulation)
        simulation.step()
        new = in_motion(simulation) & ~before
        could = ~before & (np.float32(before.mean()) >= np.float32(nerve))
        assert not np.any(new & ~could)
        assert new.sum() == pytest.approx(p * could.sum(), abs=5 * math.sqrt(p * (1 - p) * could.sum()) + 1)
        exposed, joiners = exposed + could.sum(), joiners + new.sum()
    assert joiners == pytest.approx(p * exposed, abs=4 * math.sqrt(p * (1 - p) * exposed))
