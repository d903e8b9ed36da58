"""Generated ties against what their parameters ask for, and edge lists against plain sets.

Tolerances are four standard errors, plus, where stubs that find nobody inside their class are passed on, the
small bias this leaves (stated where it is allowed for). Seeds are fixed: no test fails by chance.
"""

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from pydantic import ValidationError
from scipy import stats

from communize.declare.errors import InputError
from communize.declare.parameters import describe
from communize.kernels import matching
from communize.kernels.blocks import Pool
from communize.society import ties as module
from communize.society.ties import TieParameters, Ties, generate_ties, read_edge_list, ties_from_edges

KEY = np.uint64(2024)
ONE, TWO = Pool(1), Pool(2)
GROUPS, POSITIONS = (0.5, 0.3, 0.2), (0.5, 0.2, 0.1, 0.1, 0.1)
N_PEOPLE = 40_000


def make_society(n_people=N_PEOPLE, n_places=16, neighbourhood=250, links=15, seed=0):
    """Arguments of `generate_ties`, and the coordinates of the places."""
    rng = np.random.default_rng(seed)
    home_place = np.sort(rng.choice(n_places, n_people, p=rng.dirichlet(np.full(n_places, 8.0)))).astype(np.int32)
    sizes = np.bincount(home_place, minlength=n_places)
    cuts = np.maximum(1, sizes // neighbourhood)
    in_place = np.arange(n_people) - (np.cumsum(sizes) - sizes)[home_place]
    home = (np.cumsum(cuts) - cuts)[home_place] + in_place * cuts[home_place] // sizes[home_place]
    xy = rng.random((n_places, 2)) * 200.0
    distance = np.hypot(*(xy[:, None] - xy[None]).T)
    gravity = np.where(np.eye(n_places, dtype=bool), 0.0, (sizes + 1.0) / (distance + 5.0) ** 2)
    rows = [np.sort(np.argsort(-row)[:links]) for row in gravity] if n_places > 1 else [np.empty(0, int)]
    weights = [gravity[p, row] / gravity[p, row].sum() for p, row in enumerate(rows) if row.size]
    arguments = {
        "home": home.astype(np.int32),
        "home_place": home_place,
        "position": rng.choice(len(POSITIONS), n_people, p=POSITIONS).astype(np.int8),
        "group": rng.choice(len(GROUPS), n_people, p=GROUPS).astype(np.int8),
        "contact_offsets": np.concatenate(([0], np.cumsum([row.size for row in rows]))).astype(np.int64),
        "contact_neighbours": np.concatenate(rows).astype(np.int32),
        "contact_weights": np.concatenate([*weights, np.empty(0)]),
    }
    return arguments, distance


SOCIETY, DISTANCE = make_society()


def generate(society=SOCIETY, key=KEY, pool=ONE, **values):
    return generate_ties(TieParameters(**values), **society, key=key, pool=pool)


def ends(ties):
    """Both ends of every tie, each tie twice."""
    return np.repeat(np.arange(ties.offsets.size - 1), np.diff(ties.offsets)), ties.neighbours.astype(np.int64)


def edge_set(ties):
    return {(a, b) for a, b in zip(*(column.tolist() for column in ends(ties)), strict=True) if a < b}


def check_graph(ties, n_people):
    """Symmetric, without loops or repeats, rows ascending."""
    assert ties.offsets.dtype == np.int64
    assert ties.neighbours.dtype == np.int32
    assert ties.offsets.size == n_people + 1
    assert ties.offsets[0] == 0
    assert ties.offsets[-1] == ties.neighbours.size == 2 * ties.n_ties
    a, b = ends(ties)
    assert np.all(a != b)
    assert np.all((b >= 0) & (b < n_people))
    assert np.all(np.diff(a * n_people + b) > 0)
    assert np.array_equal(np.sort(b * n_people + a), a * n_people + b)


def mean_local_clustering(ties, n_sample=3000):
    """Share of the pairs of a person's ties that are tied, averaged over people with two ties or more."""
    row = lambda i: ties.neighbours[ties.offsets[i] : ties.offsets[i + 1]].tolist()  # noqa: E731
    people = np.random.default_rng(1).choice(ties.offsets.size - 1, n_sample, replace=False)
    shares = []
    for i in people:
        known = row(i)
        if len(known) > 1:
            tied = sum(len(set(row(j)).intersection(known)) for j in known)
            shares.append(tied / (len(known) * (len(known) - 1)))
    return np.mean(shares), np.std(shares) / math.sqrt(len(shares))


# Degrees


@pytest.mark.parametrize(
    ("values", "mean", "variance", "excess"),
    [
        ({}, 10.0, 10.0, 1 / 10),
        ({"mean_degree": 2.5}, 2.5, 2.5, 1 / 2.5),
        ({"degree_distribution": "fixed"}, 10.0, 0.0, 0.0),
        ({"degree_distribution": "fixed", "mean_degree": 6.25}, 6.25, 3 / 16, 16 / 3 - 6),
        ({"degree_distribution": "negative_binomial", "degree_dispersion": 2.0}, 10.0, 60.0, 3 + 1 / 60),
    ],
)
def test_mean_and_variance_of_degrees(values, mean, variance, excess):
    degrees = np.diff(generate(**values).offsets)
    n, lost = degrees.size, 1e-4 * mean  # one stub in ten thousand may find nobody
    assert abs(degrees.mean() - mean) <= 4 * math.sqrt(variance / n) + lost
    assert abs(degrees.var() - variance) <= 4 * variance * math.sqrt((excess + 2) / n) + 10 * lost


def test_degrees_follow_the_poisson_law():
    counts = np.bincount(np.diff(generate().offsets), minlength=22)
    expected = N_PEOPLE * stats.poisson(10).pmf(np.arange(counts.size))
    core = slice(2, 22)
    z = (counts[core] - expected[core]) / np.sqrt(expected[core])
    assert np.sum(z**2) < stats.chi2(20).isf(1e-3)


def test_degrees_are_the_drawn_ones():
    parameters = TieParameters(degree_distribution="negative_binomial")
    drawn = np.empty(N_PEOPLE, np.int32)
    matching.draw_degrees(0, N_PEOPLE, 0, module._degree_table(parameters, N_PEOPLE), KEY, drawn)
    degrees = np.diff(generate(degree_distribution="negative_binomial").offsets)
    assert np.all(degrees <= drawn)
    assert np.mean(degrees < drawn) < 0.001


@pytest.mark.parametrize(("mean", "exponent"), [(10.0, 2.5), (1.2, 2.2), (50.0, 4.0)])
def test_power_law(mean, exponent):
    table = np.diff(module._degree_table(
        TieParameters(degree_distribution="power_law", mean_degree=mean, degree_exponent=exponent), 1_000_000
    ), prepend=0.0)  # fmt: skip
    k = np.arange(table.size)
    assert table @ k == pytest.approx(mean, rel=1e-6)
    above = k > mean  # above both of the smallest degrees that are mixed
    slope = np.polyfit(np.log(k[above]), np.log(table[above]), 1)[0]
    assert slope == pytest.approx(-exponent, rel=1e-6)
    degrees = np.diff(generate(degree_distribution="power_law", mean_degree=5.0, degree_exponent=3.5).offsets)
    assert abs(degrees.mean() - 5.0) < 4 * degrees.std() / math.sqrt(degrees.size) + 0.005
    assert degrees.max() > 60


def test_degree_tables_end_at_the_population():
    for kind in ("poisson", "fixed", "negative_binomial", "power_law"):
        table = module._degree_table(TieParameters(degree_distribution=kind, mean_degree=150.0), 20)
        assert table.size <= 20
        assert table[-1] == 1.0
        assert np.all(np.diff(table) >= 0.0)


# Structure


@pytest.mark.parametrize("target", [0.0, 0.2, 0.4])
def test_clustering(target):
    mean, error = mean_local_clustering(generate(clustering=target))
    assert abs(mean - target) < 0.03
    assert abs(mean - target) < 4 * error + 0.01  # 0.01: triangles that chance closes in a neighbourhood


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"clustering": 0.0},
        {"clustering": 0.4},
        {"clustering": 0.1, "neighbourhood_share": 0.2, "away_share": 0.5},
        {"neighbourhood_share": 0.6, "away_share": 0.0},
    ],
)
def test_shares_of_levels(values):
    parameters = TieParameters(**values)
    ties = generate(**values)
    a, b = ends(ties)
    near = np.mean(SOCIETY["home"][a] == SOCIETY["home"][b])
    away = np.mean(SOCIETY["home_place"][a] != SOCIETY["home_place"][b])
    error = 0.5 / math.sqrt(ties.n_ties)  # of a share, at most
    assert abs(near - parameters.neighbourhood_share) < 4 * error + 0.01  # 0.01: stubs passed on
    assert abs(away - parameters.away_share) < 4 * error + 0.002


def test_one_neighbourhood_a_place_keeps_what_does_not_leave():
    society, _ = make_society(8000, neighbourhood=10**9)
    a, b = ends(generate(society))
    assert np.mean(society["home"][a] == society["home"][b]) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("group", "position"), [(0.0, 0.0), (0.3, 0.2), (0.0, 0.6), (0.7, 0.1)])
def test_homophily(group, position):
    ties = generate(homophily_group=group, homophily_position=position)
    a, b = ends(ties)
    error = 0.5 / math.sqrt(ties.n_ties)
    for name, reserved in (("group", group), ("position", position)):
        chance = np.sum((np.bincount(SOCIETY[name]) / N_PEOPLE) ** 2)
        same = np.mean(SOCIETY[name][a] == SOCIETY[name][b])
        expected = reserved + (1.0 - reserved) * chance
        assert abs(same - expected) < 4 * error + 0.01 * (reserved > 0.0)  # stubs passed on lose their reserve


def test_everybody_in_one_group():
    alone = generate({**SOCIETY, "group": np.zeros(N_PEOPLE, np.int8)}, homophily_group=1.0, homophily_position=0.0)
    assert alone.mean_degree == pytest.approx(10.0, abs=0.07)


def test_ties_that_leave_follow_the_gravity_law():
    ties = generate(away_share=0.3, clustering=0.0)
    a, b = (SOCIETY["home_place"][column] for column in ends(ties))
    n_places = DISTANCE.shape[0]
    counts = np.bincount(a * n_places + b, minlength=n_places**2).reshape(n_places, -1)
    np.fill_diagonal(counts, 0)
    # The law: W in both directions, scaled until every place has as many ends of ties as it has stubs to give.
    flows = np.zeros((n_places, n_places))
    of_row = np.repeat(np.arange(n_places), np.diff(SOCIETY["contact_offsets"]))
    flows[of_row, SOCIETY["contact_neighbours"]] = SOCIETY["contact_weights"]
    stubs = counts.sum(1)
    flows *= stubs[:, None]
    flows += flows.T
    factor = np.ones(n_places)
    for _ in range(500):
        expected = factor[:, None] * flows * factor
        factor *= np.sqrt(stubs / expected.sum(1))
    mean, wanted = (np.sum(table * DISTANCE) / np.sum(table) for table in (counts, expected))
    share = stubs / stubs.sum()
    random = np.outer(share, share) * ~np.eye(n_places, dtype=bool)
    assert mean == pytest.approx(wanted, rel=0.01)
    assert mean < 0.85 * np.sum(random * DISTANCE) / random.sum()
    upper = np.triu_indices(n_places, 1)
    z = (counts[upper] - expected[upper]) / np.sqrt(expected[upper])
    assert np.mean(z**2) < 2.0  # 1 for independent Poisson numbers


# Any small society


@st.composite
def small_societies(draw):
    n_people, n_places = draw(st.integers(1, 60)), draw(st.integers(1, 5))
    places = sorted(draw(st.lists(st.integers(0, n_places - 1), min_size=n_people, max_size=n_people)))
    moves = draw(st.lists(st.booleans(), min_size=n_people, max_size=n_people))
    home = np.cumsum([move or old != new for move, old, new in zip(moves, [0, *places], places, strict=False)])
    rows = [draw(st.sets(st.integers(0, n_places - 1).filter(lambda q, p=p: q != p))) if n_places > 1 else set()
            for p in range(n_places)]  # fmt: skip
    return {
        "home": home.astype(np.int32),
        "home_place": np.array(places, np.int32),
        "position": np.arange(n_people, dtype=np.int8) % draw(st.integers(1, 9)),
        "group": np.arange(n_people, dtype=np.int8) % draw(st.integers(1, 16)),
        "contact_offsets": np.cumsum([0, *map(len, rows)]),
        "contact_neighbours": np.array(list(itertools.chain(*map(sorted, rows))), np.int32),
        "contact_weights": np.concatenate([*(np.full(len(row), 1 / len(row)) for row in rows if row), np.empty(0)]),
    }


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    society=small_societies(),
    kind=st.sampled_from(["poisson", "fixed", "negative_binomial", "power_law", "none"]),
    mean=st.sampled_from([0.0, 0.7, 4.0, 20.0, 200.0]),
    clustering=st.sampled_from([0.0, 0.2, 0.8]),
    shares=st.sampled_from([(0.4, 0.2), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0)]),
    homophily=st.sampled_from([(0.3, 0.2), (1.0, 0.0), (0.0, 1.0)]),
    seed=st.integers(0, 2**64 - 1),
)
def test_ties_are_a_simple_graph(society, kind, mean, clustering, shares, homophily, seed):
    n_people = society["home"].size
    ties = generate(
        society, np.uint64(seed), degree_distribution=kind, mean_degree=mean, clustering=clustering,
        neighbourhood_share=shares[0], away_share=shares[1],
        homophily_group=homophily[0], homophily_position=homophily[1])  # fmt: skip
    check_graph(ties, n_people)
    if kind == "none" or mean == 0.0:
        assert ties.n_ties == 0


def test_more_ties_wanted_than_people():
    society, _ = make_society(30, 2, 10, links=1)
    found = [generate(society, np.uint64(seed), mean_degree=200.0) for seed in range(8)]
    for ties in found:
        check_graph(ties, 30)
    assert np.mean([ties.mean_degree for ties in found]) > 28.95  # 29 is everybody


@pytest.mark.parametrize("neighbourhood", [1, 3, 10**9])
@pytest.mark.parametrize("n_places", [1, 40])
def test_odd_neighbourhoods_lose_no_ties(neighbourhood, n_places):
    society, _ = make_society(4000, n_places, neighbourhood)
    ties = generate(society, degree_distribution="fixed")
    check_graph(ties, 4000)
    assert ties.n_ties >= 19_999


def test_no_contacts_between_places():
    society = {**SOCIETY, "contact_offsets": np.zeros(DISTANCE.shape[0] + 1, np.int64),
               "contact_neighbours": np.empty(0, np.int32), "contact_weights": np.empty(0)}  # fmt: skip
    ties = generate(society)
    check_graph(ties, N_PEOPLE)
    a, b = ends(ties)
    assert np.mean(SOCIETY["home_place"][a] != SOCIETY["home_place"][b]) == pytest.approx(0.2, abs=0.02)


def test_nobody():
    society = {name: column[:0] for name, column in SOCIETY.items()}
    society["contact_offsets"] = np.zeros(1, np.int64)
    ties = generate(society)
    assert (ties.n_ties, ties.mean_degree, ties.offsets.tolist()) == (0, 0.0, [0])


def test_same_bits_for_any_number_of_threads_and_other_bits_for_another_seed():
    society, _ = make_society(150_000, 60, links=8)  # several blocks of people and of places
    one, two = (generate(society, pool=pool) for pool in (ONE, TWO))
    assert np.array_equal(one.offsets, two.offsets)
    assert np.array_equal(one.neighbours, two.neighbours)
    other = generate(society, np.uint64(2025))
    assert not np.array_equal(one.offsets, other.offsets)


def test_inputs_are_left_alone_and_may_be_read_only():
    frozen = {name: column.copy() for name, column in SOCIETY.items()}
    for column in frozen.values():
        column.setflags(write=False)
    assert np.array_equal(generate(frozen).neighbours, generate().neighbours)
    fresh, _ = make_society()
    assert all(np.array_equal(fresh[name], SOCIETY[name]) for name in fresh)


def test_people_must_be_sorted_by_place():
    with pytest.raises(ValueError, match="sorted by place"):
        generate({**SOCIETY, "home_place": SOCIETY["home_place"][::-1].copy()})
    with pytest.raises(ValueError, match="a row of contacts"):
        generate({**SOCIETY, "contact_offsets": SOCIETY["contact_offsets"][:5]})


# Parameters


def test_parameters_are_declared():
    for row in describe(TieParameters):
        assert row["unit"]
        assert row["meaning"]
        assert row["source"] == "definition" or row["range"]
        assert row["source"] in ("definition", "assumed") or row["source"].startswith("https://")


@pytest.mark.parametrize(
    "values",
    [
        {"neighbourhood_share": 0.7, "away_share": 0.4},
        {"homophily_group": 0.7, "homophily_position": 0.4},
        {"clustering": 0.9},
        {"mean_degree": 201.0},
        {"degree_distribution": "normal"},
    ],
)
def test_parameters_out_of_range(values):
    with pytest.raises(ValidationError):
        TieParameters(**values)


# Edge lists


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=60))
def test_ties_from_edges(edges):
    ties = ties_from_edges(np.array([a for a, _ in edges]), np.array([b for _, b in edges]), 15)
    check_graph(ties, 15)
    assert edge_set(ties) == {(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]}


def test_edges_of_generated_ties_give_them_back():
    ties = generate()
    a, b = ends(ties)
    once = a < b
    again = ties_from_edges(b[once], a[once], N_PEOPLE)
    assert np.array_equal(again.offsets, ties.offsets)
    assert np.array_equal(again.neighbours, ties.neighbours)


@pytest.mark.parametrize(
    ("a", "b", "path", "found"),
    [
        ([0, 3], [1, 1], "society.ties.a", "3 in row 1"),
        ([0, 1], [1, -1], "society.ties.b", "-1 in row 1"),
        ([0, 2**40], [1, 1], "society.ties.a", "1099511627776"),
        ([0.5], [1.0], "society.ties.a", "float64"),
        ([0, 1], [1], "society.ties", "shapes"),
    ],
)
def test_edges_that_are_no_people(a, b, path, found):
    with pytest.raises(InputError) as error:
        ties_from_edges(np.array(a), np.array(b), 3)
    assert error.value.path == path
    assert found in str(error.value)


def test_read_edge_list(tmp_path):
    csv, table = tmp_path / "ties.csv", tmp_path / "ties.parquet"
    csv.write_text("b,weight,a\n1,0.5,0\n2,0.1,1\n0,0.2,1\n2,1,2\n")
    parquet.write_table(pa.table({"a": [0, 1, 1, 2], "b": [1, 2, 0, 2], "name": list("wxyz")}), table)
    for path in (csv, table, str(csv)):
        assert edge_set(read_edge_list(path, 4)) == {(0, 1), (1, 2)}
    from_file = generate_ties(TieParameters(file=str(csv)), **SOCIETY, key=KEY, pool=ONE)
    assert (from_file.n_ties, from_file.offsets.size) == (2, N_PEOPLE + 1)
    csv.write_text("a,b\n")
    assert read_edge_list(csv, 4).n_ties == 0


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("none.csv", None, "an existing CSV or Parquet file"),
        ("ties.csv", "", "CSV or Parquet table"),
        ("ties.csv", "A,b\n0,1\n", "did you mean A?"),
        ("ties.csv", "a,c\n0,1\n", "columns a and b"),
        ("ties.csv", "a,b\n0,1.5\n", "whole numbers"),
        ("ties.csv", "a,b\n0,x\n", "whole numbers"),
        ("ties.csv", "a,b\n0,1\n1,\n", "empty entries"),
        ("ties.csv", "a,b\n0,7\n", "7 in row 0"),
        ("ties.parquet", "no table", "CSV or Parquet table"),
    ],
)
def test_bad_edge_lists(tmp_path, name, text, words):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError) as error:
        read_edge_list(path, 4)
    assert words in str(error.value)
    assert path.name[:6] in str(error.value)


def test_ties_hold_their_size_and_copies_are_independent():
    ties = ties_from_edges(np.array([0, 1]), np.array([1, 2]), 3)
    assert isinstance(ties, Ties)
    assert (ties.n_ties, ties.mean_degree, ties.nbytes) == (2, 4 / 3, 4 * 8 + 4 * 4)
    twin = ties.copy()
    twin.neighbours[0] = 2
    twin.offsets[1] = 0
    assert (ties.neighbours[0], ties.offsets[1]) == (1, 1)
