"""Limit cases: the response `threshold` on the number of ties, on rings, tori and rewired ones.

Centola and Macy (2007), Complex contagions and the weakness of long ties, https://doi.org/10.1086/521848, whose figures could not
be read; exact paths are derived, and the table of rewired lattices is that of `validation.md` 4, from earlier simulations of ours. The
seed is one person and all its ties. Oracles are independent of the package: the shrinking gap of a ring, and a grid that NumPy rolls.
"""

import functools
import itertools
import math

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thresholds_alone import case, joining_rounds, society_of, until_still

import communize as cz


def lattice(form: str, n: int, degree: int, least: int, rewired: float = 0.0, **changes) -> cz.Scenario:
    """The library's case on a ring or torus of `n` people, each of whom joins when `least` ties are in motion."""
    return case(
        "centola-macy-2007", society__people=n, society__ties__form=form, society__ties__mean_degree=float(degree),
        society__ties__rewired=rewired, struggle__nerve=float(least), **changes)  # fmt: skip


def run(scenario: cz.Scenario, seed: int = 1) -> np.ndarray:
    """People in motion after each round that moved somebody, from round 0 (the seeds) on."""
    simulation = cz.Simulation(scenario, seed, threads=1)
    start = simulation.society.ties.mean_degree
    path = until_still(simulation)
    assert path[-2:].tolist() == path[-1:].tolist() * min(2, len(path))
    return np.unique(np.r_[round(start) + 1, path])


# --- rings ---


def ring_path(n: int, reach: int, least: int) -> np.ndarray:
    """People in motion after each round, from the gap that a block in motion leaves on a ring.

    Somebody d steps from one end of a gap g sees max(0, reach + 1 - d) there and max(0, reach + d - g) at the other end. The sum is
    convex in d, so that those who do not join stand together: the next gap.
    """
    gaps = [n - 2 * reach - 1]
    while gaps[-1]:
        d = np.arange(1, gaps[-1] + 1)
        seen = np.maximum(0, reach + 1 - d) + np.maximum(0, reach + d - gaps[-1])
        if (after := int((seen < least).sum())) == gaps[-1]:
            break
        gaps.append(after)
    return n - np.array(gaps)


LISTED_ROUNDS = {(2, 1): 249, (2, 2): 498, (3, 1): 166, (3, 2): 249, (3, 3): 496, (4, 1): 124, (4, 2): 166, (4, 3): 248, (4, 4): 495}


@pytest.mark.parametrize("n", [1001, 1000, 614, 97])
@pytest.mark.parametrize("reach", [1, 2, 3, 4, 7])
def test_on_rings_the_front_moves_as_derived(n, reach):
    """Whole up to half of the neighbours, at reach - least + 1 a round and side, a little faster where the fronts meet; above, nobody moves."""
    for least in range(1, reach + 1):
        path = run(lattice("ring", n, 2 * reach, least), seed=least)
        np.testing.assert_array_equal(path, ring_path(n, reach, least))
        rounds, speed = len(path) - 1, reach - least + 1
        assert path[-1] == n
        alone = math.ceil((n - 2 * reach - 1) / (2 * speed))
        assert alone - (reach + 1) // 2 <= rounds <= alone
        assert np.all(np.diff(path)[: -1 - (reach + 1) // 2] == 2 * speed)
        if n == 1001 and (reach, least) in LISTED_ROUNDS:
            assert rounds == LISTED_ROUNDS[reach, least]
    for least in {reach + 1, reach + 2, 2 * reach} - {reach}:
        assert run(lattice("ring", n, 2 * reach, least)).tolist() == [2 * reach + 1]


few = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@settings(few, max_examples=50)
@given(st.data())
def test_on_any_ring(data):
    reach = data.draw(st.integers(1, 9))
    n, least = data.draw(st.integers(2 * reach + 1, 150)), data.draw(st.integers(1, 2 * reach + 1))
    np.testing.assert_array_equal(run(lattice("ring", max(3, n), 2 * reach, least), seed=n), ring_path(max(3, n), reach, least))


# --- tori ---


MOORE = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
VON_NEUMANN = [(-1, 0), (1, 0), (0, -1), (0, 1)]


def torus_rounds(height: int, width: int, degree: int, least: int, start: int) -> np.ndarray:
    """Round in which each joins (-1 for never), row by row, on a grid without edges that NumPy rolls."""
    ways = MOORE if degree == 8 else VON_NEUMANN

    def around(grid):
        return sum(np.roll(grid.astype(int), way, axis=(0, 1)) for way in ways)

    seed = np.zeros((height, width), bool)
    seed[divmod(start, width)] = True
    joined = np.where(seed | (around(seed) > 0), 0, -1)
    for number in itertools.count(1):
        new = (joined < 0) & (around(joined >= 0) >= least)
        if not new.any():
            return joined.ravel()
        joined[new] = number


def found_on_torus(height: int, width: int, degree: int, least: int, start: int) -> np.ndarray:
    scenario = lattice("torus", height * width, degree, least, struggle__seed=[{"rows": [start], "with_ties": True}])
    if height != width:
        scenario = scenario.replace({"society.ties.width": width})
    simulation = cz.Simulation(scenario, 1, threads=1)
    ties = simulation.society.ties
    return joining_rounds(simulation, [start, *ties.neighbours[ties.offsets[start] : ties.offsets[start + 1]]])


@pytest.mark.parametrize(("degree", "least", "rounds", "size"), [
    (8, 1, 49, None), (8, 2, 98, None), (8, 3, 147, None), (8, 4, 0, 9), (8, 5, 0, 9), (4, 1, 99, None), (4, 2, 1, 9), (4, 3, 0, 5), (4, 4, 0, 5)])  # fmt: skip
def test_on_a_torus_of_101_by_101(degree, least, rounds, size):
    """Listed for eight neighbours; with four, two of them only fill the square around the seed."""
    found = found_on_torus(101, 101, degree, least, start=5000)
    np.testing.assert_array_equal(found, torus_rounds(101, 101, degree, least, 5000))
    assert found.max() == rounds
    assert (found >= 0).sum() == (size or 101**2)


@pytest.mark.parametrize(("height", "width"), [(51, 51), (52, 52), (3, 3), (4, 4), (3, 60), (60, 3), (20, 41), (41, 20), (8, 7), (5, 200)])
@pytest.mark.parametrize("degree", [4, 8])
def test_on_tori_of_other_sizes(height, width, degree):
    for least in range(1, degree + 1):
        start = (17 * least + 5) % (height * width)
        found = found_on_torus(height, width, degree, least, start)
        np.testing.assert_array_equal(found, torus_rounds(height, width, degree, least, start))
        if least == 1:
            assert found.max() == (max(height // 2, width // 2) if degree == 8 else height // 2 + width // 2) - 1
        if degree == 8 and height == width == 51 and least <= 3:
            assert found.max() == 24 * least


# --- one graph, given in several ways ---


@pytest.mark.parametrize("rewired", [0.0, 0.15])
@pytest.mark.parametrize("form", ["ring", "torus"])
def test_a_form_is_the_same_graph_as_its_edge_list(form, rewired, tmp_path):
    """A ring or torus written as an edge list and read again gives the same rewired ties, the same run, and the same hash."""
    n, degree = 900, 8
    if form == "ring":
        edges = nx.circulant_graph(n, range(1, 5)).edges
    else:
        number = {node: 30 * node[0] + node[1] for node in itertools.product(range(30), repeat=2)}
        edges = [(number[y, x], number[(y + b) % 30, (x + a) % 30]) for y, x in number for b, a in MOORE]
    a, b = np.array(edges).T
    pd.DataFrame({"b": b, "a": a}).sample(frac=1, random_state=1).to_csv(tmp_path / "ties.csv", index=False)
    made = lattice(form, n, degree, 2, rewired, scenario__days=60)
    read = made.replace({"society.ties.file": str(tmp_path / "ties.csv"), "society.ties.form": "drawn", "society.ties.mean_degree": 3.0})
    runs = [cz.run(scenario, seed=4, threads=1) for scenario in (made, read)]
    assert runs[0].state_hash == runs[1].state_hash
    assert runs[0].series["active"].sum("place").to_numpy()[-1] > 9
    if rewired == 0.0:
        rounds = [joining_rounds(cz.Simulation(made.replace({"struggle.seed": [{"rows": [400], "with_ties": True}]}), 4, society=society, threads=1))
                  for society in (None, society_of((n, a, b)))]  # fmt: skip
        np.testing.assert_array_equal(*rounds)


def test_rewired_runs_do_not_depend_on_threads():
    scenario = lattice("ring", 30_000, 8, 2, 0.1, scenario__days=60)
    assert len({cz.run(scenario, seed=2, threads=threads).state_hash for threads in (1, 2, 4)}) == 1


# --- rewiring ---


def pairs(ties) -> np.ndarray:
    """Every tie once, as lower row * number of people + higher row."""
    n = ties.offsets.size - 1
    owner = np.repeat(np.arange(n), np.diff(ties.offsets))
    return (owner * n + ties.neighbours)[owner < ties.neighbours]


@functools.cache
def ties_of(share: float, form: str = "ring", n: int = 10_000, degree: int = 8, seed: int = 1):
    return cz.Society.synthesise(lattice(form, n, degree, 1, share).society, seed=seed).ties


@pytest.mark.parametrize("share", [0.001, 0.03, 0.2, 0.5, 1.0])
@pytest.mark.parametrize(("form", "degree"), [("ring", 8), ("ring", 4), ("torus", 8), ("torus", 4)])
def test_swaps_keep_degrees_and_leave_as_many_ties_as_draws_with_replacement(form, degree, share):
    """A tie is taken `share` times in the mean: exp(-share) are left as they were, within five standard deviations."""
    before, after = ties_of(0.0, form, degree=degree), ties_of(share, form, degree=degree)
    np.testing.assert_array_equal(after.offsets, before.offsets)
    owner = np.repeat(np.arange(10_000), degree)
    assert np.all(after.neighbours != owner)
    assert np.all(np.diff(after.neighbours.reshape(10_000, degree), axis=1) > 0)  # in order, so without repeats
    assert np.array_equal(np.sort(after.neighbours * 10_000 + owner), owner * 10_000 + after.neighbours)  # both ends have it
    kept, expected, m = np.isin(pairs(before), pairs(after)).mean(), math.exp(-share), before.n_ties
    print(f"{form} {degree} {share}: kept {kept:.5f} of {expected:.5f}")
    assert kept == pytest.approx(expected, abs=5 * math.sqrt(expected * (1 - expected) / m) + 2 / m)


def test_drawn_ties_keep_their_degrees_when_they_are_rewired():
    made = [cz.Society.synthesise(case("watts-2002", society__people=5000, society__ties__rewired=share).society, seed=2).ties for share in (0.0, 0.4)]
    np.testing.assert_array_equal(made[0].offsets, made[1].offsets)
    assert np.isin(pairs(made[0]), pairs(made[1])).mean() == pytest.approx(math.exp(-0.4), abs=5 * 0.5 / math.sqrt(made[0].n_ties))


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_long_ties_lead_anywhere_and_triangles_go_as_their_sides(share):
    """New ties of a ring are as long as chance has it (mean n / 4), and triangles survive with exp(-3 share)."""
    n = 10_000
    a, b = np.divmod(pairs(ties_of(share)), n)
    length = np.minimum(b - a, n - b + a)
    long = length[length > 4]
    assert long.size / length.size == pytest.approx(1 - math.exp(-share), abs=0.01)
    assert long.mean() == pytest.approx(n / 4, abs=5 * n / math.sqrt(48 * long.size))
    counts = np.histogram(long, bins=10, range=(4.5, n / 2 + 0.5))[0]
    assert ((counts - long.size / 10) ** 2 / (long.size / 10)).sum() < 33  # chi-square, 9 degrees: p = 1e-4
    clustering = nx.average_clustering(nx.Graph(zip(a.tolist(), b.tolist())), nodes=range(0, n, 5))
    assert clustering == pytest.approx(9 / 14 * math.exp(-3 * share), abs=0.012)


# --- the table of rewired lattices ---


SHARES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
RING = {  # ring of 10,000 with eight neighbours: P(size > n / 2) and mean rounds to 99 per cent, of 100 graphs
    1: [(1, 1237), (1, 242), (1, 101), (1, 39), (1, 18), (1, 13), (1, 9), (1, 8), (1, 7), (1, 6), (1, 5), (1, 5)],
    2: [(1, 1649), (1, 1648), (1, 1636), (1, 1396), (1, 516), (1, 286), (1, 149), (1, 105), (0.99, 86), (0.88, 80), (0.06, None), (0, None)],
    3: [(1, 2473), (1, 2472), (1, 2470), (1, 2474), (0.75, 2756), (0.10, None)] + [(0, None)] * 6,
    4: [(1, 4946)] + [(0, None)] * 11,
}  # fmt: skip
MOORE_TORUS = {
    2: [(1, rounds) for rounds in (91, 89, 86, 78, 55, 45, 34, 29, 28, 26)] + [(0.73, None), (0, None)],
    3: [(p, None) for p in (1, 1, 1, 1, 1, 0.98, 0.83, 0.48, 0.01, 0, 0, 0)],
}  # fmt: skip


def spread(form: str, degree: int, least: int, share: float, seed: int) -> tuple[float, float]:
    """Final share of 10,000, and the rounds until 99 per cent (nan for never)."""
    path = until_still(cz.Simulation(lattice(form, 10_000, degree, least, share), seed, threads=1))
    return path[-1] / 10_000, float(np.argmax(path >= 9900)) + 1 if path[-1] >= 9900 else math.nan


def check_cell(form: str, degree: int, least: int, share: float, listed: tuple[float, float | None], graphs: int) -> np.ndarray:
    """Chance and mean rounds against those of 100 graphs within four standard errors of the difference.

    Rounds may differ by 1 for rounding and by a hundredth more: in one graph of a hundred or so one of the two fronts is stopped, and the
    other has to go all the way.
    """
    if share == 0:
        graphs = 1  # nothing is drawn but where the seed stands
    found = np.array([spread(form, degree, least, share, 1000 * least + number) for number in range(graphs)])
    chance, rounds = (found[:, 0] > 0.5).mean(), found[~np.isnan(found[:, 1]), 1]
    error = math.sqrt(1 / graphs + 1 / 100)
    pooled = (graphs * chance + 100 * listed[0]) / (graphs + 100)
    print(f"{form} z {degree} a {least} p {share}: P {chance:.2f} of {listed[0]}; rounds "
          f"{rounds.mean() if rounds.size else math.nan:.1f} s.d. {rounds.std() if rounds.size else math.nan:.1f} of {listed[1]}")  # fmt: skip
    assert abs(chance - listed[0]) <= 4 * math.sqrt(pooled * (1 - pooled)) * error + 1e-9
    if listed[1] is not None and rounds.size:
        assert abs(rounds.mean() - listed[1]) <= (0 if share == 0 else 4 * rounds.std(ddof=1) * error + 1 + 0.01 * listed[1])
    return rounds


@pytest.mark.parametrize(("least", "share"), [(1, 0.01), (1, 0.1), (2, 0.03), (2, 0.1), (2, 0.5), (3, 0.1), (4, 0.001)])
def test_some_rewired_rings(least, share):
    check_cell("ring", 8, least, share, RING[least][SHARES.index(share)], 5)


def test_some_rewired_tori():
    for least, share in ((2, 0.0), (2, 0.1), (3, 0.03), (3, 0.3)):
        check_cell("torus", 8, least, share, MOORE_TORUS[least][SHARES.index(share)], 5)


def test_long_ties_only_speed_simple_contagion():
    """Mean rounds fall with every share rewired; for two of eight they first fall, and three of eight soon stop."""
    rounds = [np.mean([spread("ring", 8, 1, share, seed)[1] for seed in range(3)]) for share in SHARES[:-1]]
    assert all(one > two for one, two in itertools.pairwise(rounds[:9]))
    assert all(one >= two for one, two in itertools.pairwise(rounds))
    assert spread("ring", 8, 2, 0.1, 1)[1] < spread("ring", 8, 2, 0.0, 1)[1] / 8
    assert spread("ring", 8, 2, 1.0, 1)[0] < 0.01
    assert spread("ring", 8, 3, 0.2, 1)[0] < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("least", [1, 2, 3, 4])
@pytest.mark.parametrize("share", SHARES)
def test_the_table_of_rewired_rings(least, share):
    check_cell("ring", 8, least, share, RING[least][SHARES.index(share)], 24)


@pytest.mark.slow
@pytest.mark.parametrize("least", [2, 3])
@pytest.mark.parametrize("share", SHARES)
def test_the_table_of_rewired_tori(least, share):
    check_cell("torus", 8, least, share, MOORE_TORUS[least][SHARES.index(share)], 40)


@pytest.mark.slow
def test_one_broken_tie_in_a_thousand_stops_two_of_four():
    check_cell("ring", 4, 2, 0.001, (0.005, None), 40)
