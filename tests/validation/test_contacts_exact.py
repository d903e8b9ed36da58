"""The response `contacts` against exact laws of small graphs, a plain-Python twin of its draws, and EoN.

The exact laws are enumerated here: given who is in motion, each person joins with probability 1 - exp(-h), h = rate_contact times the weighted
number in motion around, or leaves, independently of the others. Thousands of copies of a small graph are run at once; chi-square
p > 0.001. EoN is the simulator of Kiss, Miller and Simon (2017), https://doi.org/10.1007/978-3-319-50806-1; Miller and Ting (2019),
https://doi.org/10.21105/joss.01731. Comparisons with it are skipped where it is not installed (`pip install .[peers]`).
"""

import itertools
import math
from collections import defaultdict

import numpy as np
import oracles
import pytest
from contacts_alone import (
    NOBODY,
    ONE_DAY,
    active,
    contact_probability,
    contacts,
    copies,
    ever,
    graph,
    homes,
    in_motion,
    rate,
    rows,
    share,
    simulate,
    transmissibility,
    until_over,
)  # fmt: skip
from scipy import sparse, stats

import communize as cz
from communize.declare.registry import IN_STRUGGLE, ROUTINE
from communize.kernels import decisions

JOINABLE, MOVING, GONE = range(3)
GRAPHS = {
    "pair": (2, [(0, 1)]), "path": (3, [(0, 1), (1, 2)]), "triangle": (3, [(0, 1), (1, 2), (2, 0)]), "star": (4, [(0, 1), (0, 2), (0, 3)]),
    "circle": (4, [(0, 1), (1, 2), (2, 3), (3, 0)]), "kite": (5, [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4)]),
}  # fmt: skip


# Exact laws


def exact_step(state, around, leaving, for_good):
    """Law of the next state: `around[i]` the hazards of i from each person, `leaving(state, i)` the probability of leaving."""
    law = {(): 1.0}
    for i, now in enumerate(state):
        if now == JOINABLE:
            join = -math.expm1(-sum(around[i][j] for j, other in enumerate(state) if other == MOVING))
            after = {MOVING: join, JOINABLE: 1 - join}
        elif now == MOVING:
            leave = leaving(state, i)
            after = {MOVING: 1 - leave, GONE: leave * for_good, JOINABLE: leave * (1 - for_good)}
        else:
            after = {GONE: 1.0}
        law = {(*so_far, then): p * q for so_far, p in law.items() for then, q in after.items() if q > 0}
    return law


class Exact:
    """The chain of the states of a small graph."""

    def __init__(self, around, leaving, for_good=1.0):
        self.around, self.for_good, self._known = around, for_good, {}
        self.leaving = leaving if callable(leaving) else lambda state, i: leaving

    def after(self, law):
        new = defaultdict(float)
        for state, p in law.items():
            if state not in self._known:
                self._known[state] = exact_step(state, self.around, self.leaving, self.for_good)
            for then, q in self._known[state].items():
                new[then] += p * q
        return dict(new)

    def laws(self, start, days):
        law, found = {start: 1.0}, []
        for _ in range(days):
            law = self.after(law)
            found.append(law)
        return found


def beginning(n, seeds):
    return tuple(MOVING if i in seeds else JOINABLE for i in range(n))


def states(simulation, n):
    """States of the copies as numbers to the base of three."""
    people = simulation.people
    codes = np.where(people.activity == IN_STRUGGLE, MOVING, np.where(people.removed == 1, GONE, JOINABLE)).reshape(-1, n)
    return codes @ 3 ** np.arange(n)


def chi_square(found, law, n):
    """The p value of states found against their law, 0 where one cannot be; the rare ones are put together."""
    chances = np.zeros(3**n)
    for state, p in law.items():
        chances[np.dot(state, 3 ** np.arange(n))] += p
    expected, counts = chances * found.size, np.bincount(found, minlength=3**n)
    if counts[chances == 0].any():
        return 0.0
    rare = expected < 8
    cells, seen = expected[~rare], counts[~rare]
    if expected[rare].sum() >= 5:
        cells, seen = np.append(cells, expected[rare].sum()), np.append(seen, counts[rare].sum())
    return stats.chisquare(seen, cells / cells.sum() * seen.sum()).pvalue if cells.size > 1 else 1.0


def hazards(n, edges, r):
    around = np.zeros((n, n))
    for i, j in edges:
        around[i, j] = around[j, i] = r
    return around


def check_graph(name, seeds, b, g, n_copies, number, days=(1, 2, 4, 9), for_good=1.0):
    """The law of states after some days, and with `for_good` 1 that of the sets of people ever in motion."""
    n, edges = GRAPHS[name]
    exact = Exact(hazards(n, edges, rate(b)), g, for_good)
    laws = exact.laws(beginning(n, seeds), math.ceil(max(*days, 25 / g)) if for_good == 1 else max(days))  # the last: nobody in motion
    began = (n * np.arange(n_copies)[:, None] + np.array(seeds)).ravel()
    scenario = contacts(b, g, **rows(began), struggle__leaving_for_good=for_good)
    simulation = cz.Simulation(scenario, number, society=graph(*copies(n_copies, n, edges)), threads=1)
    p = {}
    for day in days:
        simulation.run(day - simulation.day)
        p[day] = chi_square(states(simulation, n), laws[day - 1], n)
    if for_good == 1:
        while in_motion(simulation).any():
            simulation.run(20)
        p["end"] = chi_square(states(simulation, n), {state: q for state, q in laws[-1].items() if q > 1e-12}, n)
    print(f"{name} from {seeds}, b = {b}, g = {g:.3f}, for good {for_good}: p {({day: round(float(q), 3) for day, q in p.items()})}")
    assert min(p.values()) > 1e-3


CASES = [
    ("path", (0,), 0.3, 0.4), ("path", (1,), 0.05, 0.1), ("triangle", (0,), 0.6, 0.5), ("star", (0,), 0.2, 0.25), ("star", (1,), 0.45, ONE_DAY),
    ("circle", (0,), 0.35, 0.6), ("circle", (0, 2), 0.15, 0.3), ("kite", (4,), 0.5, 0.35),
]  # fmt: skip


@pytest.mark.parametrize(("name", "seeds", "b", "g"), CASES)
def test_states_of_small_graphs_have_their_exact_law(name, seeds, b, g):
    check_graph(name, seeds, b, g, 12_000, 3)


@pytest.mark.parametrize(("name", "for_good"), [("triangle", 0.0), ("star", 0.4), ("circle", 0.0)])
def test_states_where_some_join_again(name, for_good):
    check_graph(name, (0,), 0.35, 0.4, 12_000, 4, (1, 2, 3, 6, 12), for_good)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in GRAPHS if name != "pair"])
@pytest.mark.parametrize(("b", "g"), [(0.02, 0.05), (0.5, 0.3), (0.8, 0.9), (0.25, ONE_DAY)])
@pytest.mark.parametrize("for_good", [1.0, 0.3])
def test_states_of_many_small_graphs(name, b, g, for_good):
    check_graph(name, (0,), b, g, 150_000, 5, (1, 2, 3, 5, 10, 20), for_good)


def test_other_laws_are_rejected():
    """The tests above can tell a day that removes before it moves, and hazards from moving probabilities that add up."""
    n, edges = GRAPHS["triangle"]
    scenario = contacts(0.5, 0.4, **rows((n * np.arange(12_000)[:, None] + np.array([0, 1])).ravel()))
    found = states(simulate(scenario.replace({"scenario.days": 1}), graph(*copies(12_000, n, edges)), 6), n)
    exact = Exact(hazards(n, edges, rate(0.5)), 0.4)
    assert chi_square(found, exact.after({(1, 1, 0): 1.0}), n) > 1e-3
    linear = Exact(hazards(n, edges, -math.log1p(-0.99) / 2), 0.4)  # 0.5 + 0.5
    assert chi_square(found, linear.after({(1, 1, 0): 1.0}), n) < 1e-9
    left_first = defaultdict(float)
    for first, p in Exact(np.zeros((n, n)), 0.4).after({(1, 1, 0): 1.0}).items():
        for then, q in Exact(hazards(n, edges, rate(0.5)), 0.0).after({first: 1.0}).items():
            left_first[then] += p * q
    assert chi_square(found, left_first, n) < 1e-9


@pytest.mark.parametrize("probability", [0.0004, 0.002, 0.0039, 0.004, 0.03, 0.2, 0.5, 0.97, 0.9999])
def test_probabilities_of_a_day_between_and_at_the_steps_of_a_byte(probability):
    """Pairs of which one moves the other or not, and leaves or not: draws are compared first by their leading eight bits."""
    pairs = 100_000
    scenario = contacts(probability, probability, 1, **rows(2 * np.arange(pairs)))
    simulation = simulate(scenario, graph(*copies(pairs, 2, [(0, 1)])), 7)
    error = 4 * math.sqrt(probability * (1 - probability) / pairs)
    joined, left = in_motion(simulation)[1::2].mean(), simulation.people.removed[::2].mean()
    assert joined == pytest.approx(probability, abs=error)
    assert left == pytest.approx(probability, abs=error)
    both = (in_motion(simulation)[1::2] & (simulation.people.removed[::2] == 1)).mean()
    assert both == pytest.approx(probability**2, abs=4 * math.sqrt(probability**2 * (1 - probability**2) / pairs) + 1e-12)


@pytest.mark.parametrize(("w_home", "w_work", "w_ties", "alone"), [(0.5, 0.0, 1.0, 0.0), (0.3, 0.8, 0.4, 0.7), (1.0, 0.2, 0.0, 0.0), (0.0, 0.0, 1.0, 1.5)])
def test_homes_sites_of_work_and_ties_add_up(w_home, w_work, w_ties, alone):
    """Two homes of two and three, one site of work for three of the five, ties in a circle; leaving alone is faster."""
    n, n_copies, b, g = 5, 12_000, 0.25, 0.3
    home, work = [0, 0, 1, 1, 1], [-1, 0, 0, 0, -1]
    edges = [(i, (i + 1) % n) for i in range(n)]
    around = w_ties * hazards(n, edges, rate(b))
    for i, j in itertools.permutations(range(n), 2):
        around[i, j] += rate(b) * (w_home * (home[i] == home[j]) + w_work * (work[i] == work[j] >= 0))

    def leaving(state, i):
        company = any(state[j] == MOVING and (home[i] == home[j] or work[i] == work[j] >= 0) for j in range(n) if j != i)
        return -math.expm1(-rate(g) - (0 if company else alone))

    copy = np.arange(n_copies)[:, None]
    places_of_work = np.where(np.array(work) < 0, -1, 2 * n_copies + copy)
    _, a, b_ends = copies(n_copies, n, edges)
    society = homes((2 * copy + np.array(home)).ravel(), a, b_ends, work=places_of_work.ravel())
    scenario = contacts(b, g, **rows((n * copy + np.array([0, 3])).ravel()), struggle__weight_neighbourhood=w_home, struggle__weight_work=w_work,
                        struggle__weight_ties=w_ties, struggle__rate_leaving_alone=alone)  # fmt: skip
    simulation, law = cz.Simulation(scenario, 8, society=society, threads=1), {beginning(n, (0, 3)): 1.0}
    exact = Exact(around, leaving)
    for day in range(1, 9):
        simulation.run(1)
        law = exact.after(law)
        if day in (1, 2, 4, 8):
            assert chi_square(states(simulation, n), law, n) > 1e-3


@pytest.mark.parametrize(("holding", "w_home"), [(1.0, 0.0), (2.0, 0.0), (0.5, 0.5), (1.5, 0.25)])
def test_exposure_that_holds_people(holding, w_home):
    """Nobody leaves while the weighted number of others in motion among ties and at home is so high; nobody counts himself."""
    n, edges = GRAPHS["kite"]
    weights = hazards(n, edges, 1.0)
    for i, j in itertools.permutations(range(3), 2):
        weights[i, j] += w_home  # the first three live together, each of the others alone

    def leaving(state, i):
        return 0.0 if sum(weights[i, j] for j in range(n) if state[j] == MOVING) >= holding else 0.5

    n_copies, home = 12_000, np.array([0, 0, 0, 1, 2])
    _, a, b = copies(n_copies, n, edges)
    society = homes((3 * np.arange(n_copies)[:, None] + home).ravel(), a, b)
    began = (n * np.arange(n_copies)[:, None] + np.array([0, 1, 2])).ravel()
    scenario = contacts(0.2, 0.5, **rows(began), struggle__holding=holding, struggle__weight_neighbourhood=w_home)
    simulation, exact = cz.Simulation(scenario, 9, society=society, threads=1), Exact(rate(0.2) * weights, leaving)
    for day, law in enumerate(exact.laws(beginning(n, (0, 1, 2)), 6), 1):
        simulation.run(1)
        if day in (1, 3, 6):
            assert chi_square(states(simulation, n), law, n) > 1e-3


# Certainty and nothing


def random_graph(n, mean_degree, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, n, round(n * mean_degree / 2)), rng.integers(0, n, round(n * mean_degree / 2))


def test_with_certain_joining_everybody_is_reached_after_as_many_days_as_steps():
    n, people = 3000, np.array([5, 700, 2999])
    a, b = random_graph(n, 3.0, 1)
    society = graph(n, a, b)
    near = sparse.csr_matrix((np.ones(a.size), (a, b)), (n, n))
    distance = sparse.csgraph.dijkstra(near, directed=False, unweighted=True, indices=people).min(axis=0)
    scenario = contacts(0.5, 0.5, **rows(people), struggle__rate_contact=1000.0, struggle__rate_leaving=0.0)
    simulation = cz.Simulation(scenario, 1, society=society, threads=1)
    for day in range(1, 16):
        simulation.run(1)
        np.testing.assert_array_equal(in_motion(simulation), distance <= day)
    assert 0.5 < in_motion(simulation).mean() < 1
    still = simulate(scenario.replace({"struggle.rate_contact": 0.0, "scenario.days": 15}), society)
    assert np.flatnonzero(in_motion(still)).tolist() == people.tolist()


def test_the_most_ties_that_are_counted():
    """65,535 ties to people in motion are all felt; more are refused."""
    leaves = 65_535
    society = graph(leaves + 1, np.zeros(leaves, np.int64), np.arange(1, leaves + 1))
    for r, joins in ((1e-3, True), (1e-9, False)):  # hazards 65.5 and 0.00007
        scenario = contacts(0.5, 0.5, 1, **rows(np.arange(1, leaves + 1)), struggle__rate_contact=r, struggle__rate_leaving=0.0)
        assert in_motion(simulate(scenario, society))[0] == joins
    with pytest.raises(cz.InputError, match="65536 ties"):
        graph(leaves + 2, np.zeros(leaves + 1, np.int64), np.arange(1, leaves + 2))


# Draws


class Twin:
    """A day of `contacts` in plain Python, from the documentation of its parameters and draws.

    Sixteen people share a block of four words, and each has a byte of it, from the lowest of the first word on: the leading eight bits of a
    uniform number. The rest of it is the person's own number of draw 1.
    """

    def __init__(self, seed, p, home, work, place, near, contact, can):
        self.seed, self.p, self.home, self.work, self.place, self.near, self.contact, self.can = seed, p, home, work, place, near, contact, can
        n = len(home)
        self.moving, self.gone = [False] * n, [False] * n

    def happens(self, person, day, hazard):
        chance = -math.expm1(-hazard)
        words = oracles.philox4x32((person // 16, day, decisions.MOVE, 0), (self.seed % 2**32, self.seed // 2**32))
        byte = words[person % 16 // 4] // 256 ** (person % 4) % 256
        return (byte + oracles.uniform(self.seed, person, day, decisions.MOVE, 1)) / 256 < chance

    def sow(self, people):
        for person in people:
            self.moving[person] = True

    def around(self):
        """Weighted number of people in motion around each."""
        p, n_places = self.p, len(self.contact)
        own = [0] * n_places
        at = defaultdict(int)
        for i, moves in enumerate(self.moving):
            if moves:
                own[self.place[self.home[i]]] += 1
                for site in {self.home[i], self.work[i]} - {-1}:
                    at[site] += 1
        influence = []
        for k, weights in enumerate(self.contact):
            others = (1 - p["uniform_share"]) * sum(w * own[j] for j, w in weights) + p["uniform_share"] * sum(own)
            value = (1 - p["away_share"]) * own[k] + p["away_share"] * others
            rest = 1.0 if weights else 1 - p["away_share"] * (1 - p["uniform_share"])  # nobody in contact: the others have all the weight
            influence.append(value / rest if rest > 0 else own[k])
        number = []
        for i, (h, w) in enumerate(zip(self.home, self.work)):
            number.append(
                p["weight_ties"] * sum(self.moving[j] for j in self.near[i]) + p["weight_neighbourhood"] * at[h]
                + p["weight_work"] * (at[w] if w >= 0 else 0) + p["weight_place"] * influence[self.place[h]])  # fmt: skip
        return number, at

    def day(self, day):
        """People who join, who leave, and who of them leave for good."""
        p = self.p
        number, at = self.around()
        joined, left = [], []
        for i, moves in enumerate(self.moving):
            if moves:
                alone = at[self.home[i]] == 1 and (self.work[i] < 0 or at[self.work[i]] == 1)
                if self.happens(i, day, p["rate_leaving"] + (p["rate_leaving_alone"] if alone else 0)):
                    left.append(i)
            elif self.can[i] and not self.gone[i] and self.happens(i, day, p["rate_contact"] * number[i]):
                joined.append(i)
        for i in joined:
            self.moving[i] = True
        for i in left:
            self.moving[i] = False
            if oracles.uniform(self.seed, i, day, decisions.FOR_GOOD, 0) < p["leaving_for_good"]:
                self.gone[i] = True
        return joined, left


@pytest.mark.parametrize(
    ("seed", "changes"),
    [
        (11, {}),
        (2**63 + 12, {"rate_contact": 0.4, "weight_ties": 0.7, "weight_neighbourhood": 0.0, "weight_work": 0.0, "weight_place": 0.0, "leaving_for_good": 1.0}),
        (13, {"away_share": 1.0, "uniform_share": 0.0, "weight_place": 1.0, "rate_leaving_alone": 0.0, "leaving_for_good": 0.0}),
        (14, {"rate_contact": 0.05, "weight_place": 0.0, "weight_work": 1.0}),
    ],
)  # fmt: skip
def test_who_joins_and_leaves_is_what_a_plain_python_twin_says(seed, changes):
    """Ties, homes, sites of work and places together, people who cannot take part, a second seed by share in a place."""
    p = {
        "rate_contact": 0.02, "rate_leaving": 0.3, "rate_leaving_alone": 0.4, "leaving_for_good": 0.4, "weight_ties": 1.0, "weight_neighbourhood": 0.6,
        "weight_work": 0.35, "weight_place": 0.15, "away_share": 0.5, "uniform_share": 0.1,
    } | changes  # fmt: skip
    n, days, rng = 700, 16, np.random.default_rng(seed % 100)
    place_of_site, home = [0] * 5 + [1] * 6 + [2] * 4 + [0, 0, 1, 1, 2], np.sort(rng.integers(0, 15, n))
    work, position = np.where(rng.random(n) < 0.5, rng.integers(15, 20, n), -1), np.where(rng.random(n) < 0.1, "owner", "stable")
    a, b = random_graph(n, 4.0, seed % 100)
    scenario = contacts(0.5, 0.5, society__positions__owner__takes_part=False, **{f"struggle__{name}": value for name, value in p.items()})
    began = np.flatnonzero(position == "stable")[[3, 50, 90, 200, 333, 480]].tolist()
    scenario = scenario.replace({"struggle.seed": [{"rows": began}, {"day": 4, "place": "far", "share": 0.05}]})
    society = cz.Society.from_tables(
        people={"home": home, "work": work, "position": position}, sites={"kind": ["neighbourhood"] * 15 + ["workplace"] * 5, "place": place_of_site},
        places={"name": ["here", "there", "far"], "latitude": [0.0] * 3, "longitude": [0.0, 1.0, 30.0], "population": [230, 270, 200]},
        ties={"a": a, "b": b}, parameters=scenario.society)  # fmt: skip
    near = [set() for _ in range(n)]
    for i, j in zip(a.tolist(), b.tolist()):
        if i != j:
            near[i].add(j)
            near[j].add(i)
    contact = [[(1, 1.0)], [(0, 1.0)], []]  # the third is beyond the cut-off
    twin = Twin(seed, p, home.tolist(), work.tolist(), place_of_site, near, contact, (position == "stable").tolist())
    simulation = cz.Simulation(scenario, seed, society=society, threads=1)
    moved = 0
    for day in range(days):
        sown = began if day == 0 else []
        if day == 4:
            can = [i for i in range(n) if twin.can[i] and not twin.moving[i] and not twin.gone[i] and place_of_site[home[i]] == 2]
            sown = sorted(can, key=lambda i: oracles.uniform(seed, i, 4, decisions.SEED_PERSON, 1))[: round(0.05 * len(can))]
        twin.sow(sown)
        joined, left = twin.day(day)
        simulation.run(1)
        assert np.flatnonzero(in_motion(simulation)).tolist() == [i for i in range(n) if twin.moving[i]]
        assert np.flatnonzero(simulation.people.removed).tolist() == [i for i in range(n) if twin.gone[i]]
        assert simulation.series["joined"][-1] == len(joined) + len(sown)
        assert simulation.series["left"][-1] == len(left)
        moved += len(joined)
    assert moved > 60
    assert np.all(simulation.people.activity[position == "owner"] == ROUTINE)


def test_the_number_of_threads_changes_nothing():
    people = 200_000  # four blocks of rows
    for changes in ({}, {"struggle__weight_place": 1e-4, "struggle__weight_neighbourhood": 0.01, "struggle__leaving_for_good": 0.5}):
        scenario = contacts(0.2, 0.2, 12, **share(0.002), society__people=people, **changes)
        society = cz.Society.synthesise(scenario.society, seed=1)
        one, many = (simulate(scenario, society, 1, threads) for threads in (1, 3))
        np.testing.assert_array_equal(one.people.activity, many.people.activity)
        np.testing.assert_array_equal(one.people.removed, many.people.removed)
        assert one.series.equals(many.series)
        assert 0.02 < in_motion(one).mean() < 0.9


def test_a_higher_rate_moves_those_whom_a_lower_one_moves():
    """The draws are shared: on the first day always, and on every day where nobody leaves."""
    n = 20_000
    society, began = graph(n, *random_graph(n, 5.0, 2)), rows(np.arange(0, n, 200))
    joined = [ever(simulate(contacts(b, 0.3, 1, **began), society, 4)) for b in (0.1, 0.12, 0.3, 0.9)]
    for low, high in itertools.pairwise(joined):
        assert np.all(high[low])
        assert high.sum() > low.sum()
    low, high = (cz.Simulation(contacts(b, 0.3, **began, struggle__rate_leaving=0.0), 4, society=society, threads=1) for b in (0.1, 0.11))
    for _ in range(12):
        assert np.all(in_motion(high.run(1))[in_motion(low.run(1))])
    assert 0.2 < in_motion(low).mean() < in_motion(high).mean() < 1


def test_weight_and_rate_are_one_number():
    n = 5000
    society, began = graph(n, *random_graph(n, 5.0, 3)), rows(np.arange(0, n, 100))
    whole = simulate(contacts(0.3, 0.3, 15, **began, struggle__weight_ties=1.0, struggle__rate_contact=0.25), society)
    half = simulate(contacts(0.3, 0.3, 15, **began, struggle__weight_ties=0.25, struggle__rate_contact=1.0), society)
    np.testing.assert_array_equal(ever(whole), ever(half))
    assert whole.series.equals(half.series)


@pytest.mark.parametrize("with_ties", [False, True])
def test_people_whom_nobody_can_reach_change_nothing_for_the_others(with_ties):
    """100,000 further people, without ties or with ties among them alone, and a neighbourhood of their own: the same bits day by day."""
    n, more, days = 3000, 100_000, 25
    a, b = random_graph(n, 4.0, 4)
    extra = random_graph(more, 4.0, 5) if with_ties else (NOBODY, NOBODY)
    began = rows(np.arange(0, n, 150))
    for sites in (0.0, 0.002):
        scenario = contacts(0.12, 0.2, days, **began, struggle__weight_neighbourhood=sites)
        few = cz.Simulation(scenario, 6, society=homes(np.zeros(n, np.int64), a, b), threads=1)
        society = homes(np.repeat([0, 1], [n, more]), np.append(a, n + extra[0]), np.append(b, n + extra[1]))
        many = cz.Simulation(scenario, 6, society=society, threads=1)
        for _ in range(days):
            few.run(1)
            many.run(1)
            np.testing.assert_array_equal(few.people.activity, many.people.activity[:n])
            np.testing.assert_array_equal(few.people.removed, many.people.removed[:n])
        assert not ever(many)[n:].any()
        np.testing.assert_array_equal(active(few), active(many))
        assert ever(few).mean() > 0.3


# EoN


@pytest.fixture(scope="module")
def given():
    """EoN, a network of NetworkX, and the society of it."""
    eon = pytest.importorskip("EoN", reason="EoN is not installed (pip install .[peers])")
    networkx = pytest.importorskip("networkx")
    degrees = np.random.default_rng(1).negative_binomial(2, 1 / 3, 3000)
    degrees[0] += degrees.sum() % 2
    network = networkx.Graph(networkx.configuration_model(degrees.tolist(), seed=2))
    network.remove_edges_from(list(networkx.selfloop_edges(network)))
    return eon, network, cz.Society.from_graph(network, parameters=contacts(0.5, 0.5).society)


def compare(what, ours, theirs, times=4.0):
    """Whether two means agree within standard errors, and two spreads within a factor."""
    error = math.sqrt(np.var(ours, ddof=1) / len(ours) + np.var(theirs, ddof=1) / len(theirs))
    print(f"{what}: communize {np.mean(ours):.5f}, EoN {np.mean(theirs):.5f}, s.e. of the difference {error:.5f}")
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=times * error + 1e-3)
    assert 0.5 < np.std(ours) / np.std(theirs) < 2


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_lives_of_one_day_against_discrete_sir_of_eon(given, p):
    """Size, peak, and the number in motion by day: EoN's step moves, then removes everybody who moved."""
    eon, network, society = given
    n, runs, began = len(network), 30, list(range(0, len(network), 60))
    rng = np.random.default_rng(3)
    theirs = [eon.basic_discrete_SIR(network, p, initial_infecteds=began, rng=rng) for _ in range(runs)]
    ours = [until_over(contacts(p, ONE_DAY, **rows(began)), society, number) for number in range(runs)]
    compare(f"p = {p}: size", [ever(simulation).mean() for simulation in ours], [of[3][-1] / n for of in theirs])
    compare(f"p = {p}: peak", [max(len(began), active(simulation).max()) / n for simulation in ours], [of[2].max() / n for of in theirs])
    for day in range(1, 5):
        compare(f"p = {p}: day {day}", [active(simulation)[day - 1] / n for simulation in ours], [of[2][day] / n for of in theirs])


@pytest.mark.parametrize(("tau", "gamma", "g"), [(0.3, 1.0, 0.2), (1.0, 1.0, 0.5)])
def test_sizes_against_fast_sir_of_eon(given, tau, gamma, g):
    """Continuous time: the same T = tau / (tau + gamma) gives the same sizes, whatever the length of a day."""
    eon, network, society = given
    n, runs, began, t = len(network), 30, list(range(0, len(network), 60)), tau / (tau + gamma)
    b = contact_probability(t, g)
    assert transmissibility(b, g) == pytest.approx(t)
    rng = np.random.default_rng(4)
    theirs = [eon.fast_SIR(network, tau, gamma, initial_infecteds=began, rng=rng)[3][-1] / n for _ in range(runs)]
    ours = [ever(until_over(contacts(b, g, **rows(began)), society, number)).mean() for number in range(runs)]
    compare(f"T = {t:.3f}, g = {g}: size", ours, theirs)
