"""Every kernel of matching against a plain-Python twin: lists and sets, the same draws, no compiled code."""

import bisect
import itertools
from types import SimpleNamespace

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communize.kernels import decisions, meeting
from communize.kernels import matching as m

SEED = 77
KEY = np.uint64(SEED)
ATTEMPTS, ANYBODY = 8, 25

quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)
few = settings(quick, max_examples=25)


# Plain-Python twins. A graph is a list of lists of neighbours, in the order in which ties were made.


def below(entity, segment, decision, draw, n):
    return oracles.word(SEED, entity, segment, decision, draw) * n // 2**32


def label(stub, society):
    person, reserve = divmod(stub, 4)
    return [society.group[person], 16 + society.position[person], ANYBODY][reserve]


def reserve(u, traits):
    return sum(u >= bound for bound in (traits[1], traits[1] + traits[2]))


def tie(a, b, graph):
    if a == b or b in graph[a]:
        return False
    graph[a].append(b)
    graph[b].append(a)
    return True


def take_partner(stub, entity, others, graph, segment, draw):
    """Whether `stub` found a partner in `others`, who is then gone; the first of the others fills its place."""
    for attempt in range(ATTEMPTS):
        at = below(entity, segment, decisions.TIE_SHUFFLE, draw + attempt, len(others))
        if tie(stub // 4, others[at] // 4, graph):
            others[at] = others[0]
            del others[0]
            return True
    return False


def pair_pool(stubs, graph, segment, draw):
    queue, left = list(stubs), []
    while len(queue) > 1:
        entity = len(stubs) - len(queue)
        stub = queue.pop(0)
        if not take_partner(stub, entity, queue, graph, segment, draw):
            left.append(stub)
    return left + queue


def pair_labels(stubs, society, graph, segment, stage):
    left = []
    for one in range(ANYBODY):
        some = [stub for stub in stubs if label(stub, society) == one]
        left += pair_pool(some, graph, segment, (32 * stage + one) * ATTEMPTS)
    left += [stub for stub in stubs if label(stub, society) == ANYBODY]
    return pair_pool(left, graph, segment, (32 * stage + ANYBODY) * ATTEMPTS)


def match_both(hosts, guests, graph, segment, draw):
    hosts_first = len(hosts) <= len(guests)
    some, many = (hosts, list(guests)) if hosts_first else (guests, list(hosts))
    left = [stub for at, stub in enumerate(some) if not take_partner(stub, at, many, graph, segment, draw)]
    return (left, many) if hosts_first else (many, left)


def clique_size(degrees, target, u):
    """`degrees` ascending; the sizes around the target, mixed by the number of people in each."""
    sizes = [1, *range(3, degrees[0] + 2)]
    for low, size in itertools.pairwise([*sizes, None]):
        if size is None:
            return low if low <= len(degrees) else 0
        if size > len(degrees):
            return 0
        c = [sum((s - 1) * (s - 2) / (k * (k - 1)) for k in degrees[:s]) / s for s in (low, size)]
        if c[1] > target:
            share = (target - c[0]) / (c[1] - c[0])
            return size if u < (share / size) / (share / size + (1 - share) / low) else low
    raise AssertionError


def cut_cliques(stubs, target, room, graph, stage):
    stubs = list(stubs)
    while stubs:
        u = oracles.uniform(SEED, stubs[0] // 4, 0, decisions.TIE_CLIQUE, 1 + stage)
        size = clique_size([room[stub // 4] for stub in stubs], target, u)
        if size == 0:
            break
        members, stubs = [stub // 4 for stub in stubs[:size]], stubs[size:]
        if size > 2:
            for a in members:
                graph[a] += [b for b in members if b != a]
    return stubs


def form_cliques(stubs, society, target, graph, segment, stage):
    stubs = list(stubs)
    for at in reversed(range(1, len(stubs))):
        other = below(at, segment, decisions.TIE_CLIQUE, 16 + stage, at + 1)
        stubs[at], stubs[other] = stubs[other], stubs[at]
    stubs.sort(key=lambda stub: society.room[stub // 4])
    left = []
    for one in range(ANYBODY + 1):
        some = [stub for stub in stubs if label(stub, society) == one]
        left += cut_cliques(some, target, society.room, graph, stage)
    return left


def meet(hosts, guests, society, graph, place, stage):
    left = [], []
    for one in range(ANYBODY + 1):
        sides = [[stub for stub in side if label(stub, society) == one] for side in (hosts, guests)]
        if one == ANYBODY:
            sides, left = [left[0] + sides[0], left[1] + sides[1]], ([], [])
        found = match_both(*sides, graph, place, (32 * stage + one) * ATTEMPTS)
        left = left[0] + found[0], left[1] + found[1]
    return left[0] + left[1]


# Small societies, and the state of a kernel as a graph.


@st.composite
def societies(draw, most=24, largest=9):
    n = draw(st.integers(1, most))
    column = lambda top: draw(st.lists(st.integers(0, top), min_size=n, max_size=n))  # noqa: E731
    return SimpleNamespace(n=n, room=column(largest), group=column(2), position=column(2))


def empty_rows(room):
    offsets = np.concatenate(([0], np.cumsum(room))).astype(np.int64)
    return offsets, np.zeros(len(room), np.int32), np.full(offsets[-1], -1, np.int32)


def graph_of(rows):
    return [rows[2][first : first + n].tolist() for first, n in zip(rows[0][:-1], rows[1], strict=True)]


def compiled(society):
    return np.array(society.group, np.int8), np.array(society.position, np.int8)


def int32(values):
    return np.array(values, np.int32)


def all_stubs(society, seed=0):
    """Every stub of the society, with mixed reserves, in the order of people."""
    rng = np.random.default_rng(seed)
    return [4 * i + int(rng.integers(3)) for i in range(society.n) for _ in range(society.room[i])]


# Scalar rules


@pytest.mark.parametrize(("u", "expected"), [(0.0, 0), (0.29, 0), (0.31, 1), (0.49, 1), (0.51, 2), (0.99, 2)])
def test_reserve_of(u, expected):
    assert m.reserve_of(u, 0.3, 0.2) == expected == reserve(u, (None, 0.3, 0.2))


def test_label_of():
    society = SimpleNamespace(group=[0, 15], position=[8, 0])
    people = compiled(society)
    for stub in (0, 1, 2, 4, 5, 6):
        assert m.label_of(stub, people) == label(stub, society)


def test_connect_refuses_the_same_person_and_a_second_tie():
    rows = empty_rows([3, 3, 3])
    assert m.connect(0, 1, rows)
    assert not m.connect(1, 0, rows)
    assert not m.connect(2, 2, rows)
    assert m.connect(2, 0, rows)
    assert graph_of(rows) == [[1, 2], [0], [0]]


@quick
@given(st.lists(st.integers(2, 12), min_size=1, max_size=16), st.floats(0.01, 0.8), st.floats(0.001, 0.999))
def test_clique_size(degrees, target, u):
    degrees.sort()
    rows = empty_rows(degrees)
    stubs = int32([4 * i for i in range(len(degrees))])
    assert m.clique_size(stubs, target, rows[0], u) == clique_size(degrees, target, u)


@pytest.mark.parametrize("target", [0.05, 0.2, 0.43])
def test_clique_sizes_give_the_target_on_average(target):
    k = 7
    rows = empty_rows([k] * 20)
    stubs = int32([4 * i for i in range(20)])
    sizes = [m.clique_size(stubs, target, rows[0], (i + 0.5) / 20_000) for i in range(20_000)]
    people = sum(sizes)
    mean = sum(s * (s - 1) * (s - 2) / (k * (k - 1)) for s in sizes) / people
    assert mean == pytest.approx(target, abs=1e-3)
    assert len(set(sizes)) == 2


# Sorting


@quick
@given(societies(), st.integers(0, 99))
def test_sorts_are_stable(society, seed):
    stubs = all_stubs(society, seed)
    people, rows = compiled(society), empty_rows(society.room)
    out = int32(stubs)
    starts = m.sort_by_label(int32(stubs), len(stubs), people, out)
    assert out.tolist() == sorted(stubs, key=lambda stub: label(stub, society))
    assert starts.tolist() == [sum(label(stub, society) < one for stub in stubs) for one in range(27)]
    m.sort_by_degree(int32(stubs), len(stubs), rows[0], out)
    assert out.tolist() == sorted(stubs, key=lambda stub: society.room[stub // 4])
    keys = [stub * 7 % 5 for stub in stubs]
    starts = m.sort_by_key(int32(stubs), int32(keys), 5, out)
    assert out.tolist() == [stub for _, stub in sorted(zip(keys, stubs, strict=True), key=lambda pair: pair[0])]
    assert starts.tolist() == [sum(k < value for k in keys) for value in range(6)]


def test_append_moves_a_list_forward_onto_itself():
    stubs = int32([1, 2, 3, 4, 5])
    assert m.append(stubs, 2, 5, stubs, 1) == 4
    assert stubs[:4].tolist() == [1, 3, 4, 5]


@quick
@given(st.lists(st.lists(st.integers(0, 50), max_size=60), min_size=1, max_size=5))
def test_sort_and_compact_rows(lists):
    offsets, fill, neighbours = empty_rows([len(row) + 2 for row in lists])  # two spare slots a row
    for i, row in enumerate(lists):
        neighbours[offsets[i] : offsets[i] + len(row)] = row
        fill[i] = len(row)
    m.sort_rows(0, len(lists), 0, offsets, fill, neighbours)
    assert graph_of((offsets, fill, neighbours)) == [sorted(row) for row in lists]
    n = m.compact_rows(offsets, fill, neighbours)
    wanted = [sorted(set(row)) for row in lists]
    assert neighbours[:n].tolist() == list(itertools.chain(*wanted))
    assert np.diff(offsets).tolist() == [len(row) for row in wanted]


# Draws


def test_draw_degrees():
    cumulative = np.array([0.1, 0.1, 0.6, 1.0])
    degrees = np.zeros(50, np.int32)
    m.draw_degrees(3, 50, 0, cumulative, KEY, degrees)
    units = [oracles.uniform(SEED, i, 0, decisions.TIE_DEGREE, 0) for i in range(50)]
    assert degrees.tolist() == [0] * 3 + [bisect.bisect_right(cumulative.tolist(), u) for u in units[3:]]
    assert set(degrees[3:].tolist()) == {0, 2, 3}


@few
@given(societies(), st.integers(0, 9), st.integers(0, 1))
def test_pair_pool(society, segment, stage):
    stubs, rows = all_stubs(society), empty_rows(society.room)
    graph = [[] for _ in range(society.n)]
    left = pair_pool(stubs, graph, segment, stage * 32 * ATTEMPTS)
    out = int32(stubs)
    n_left = m.pair_pool(out, rows, KEY, segment, stage * 32 * ATTEMPTS)
    assert out[:n_left].tolist() == left
    assert graph_of(rows) == graph


@few
@given(societies(), st.integers(0, 9))
def test_pair_labels(society, segment):
    stubs, rows = all_stubs(society), empty_rows(society.room)
    graph = [[] for _ in range(society.n)]
    left = pair_labels(stubs, society, graph, segment, 1)
    out, spare = int32(stubs), int32(stubs)
    n_left = m.pair_labels(out, len(stubs), spare, compiled(society), rows, KEY, segment, np.int64(1))
    assert out[:n_left].tolist() == left
    assert graph_of(rows) == graph


def test_a_pool_is_matched_uniformly():
    # Four stubs of four people: three matchings, each with probability 1/3 (standard error 0.0047).
    rows, counts = empty_rows([1] * 4), {1: 0, 2: 0, 3: 0}
    for segment in range(10_000):
        rows[1][:] = 0
        assert m.pair_pool(int32([2, 6, 10, 14]), rows, KEY, segment, 0) == 0
        counts[int(rows[2][0])] += 1
    assert max(abs(count / 10_000 - 1 / 3) for count in counts.values()) < 4 * 0.0047


@few
@given(societies(), st.floats(0.05, 0.8), st.integers(0, 9))
def test_cut_and_form_cliques(society, target, segment):
    stubs = [4 * i + i % 3 for i in range(society.n) if society.room[i] > 1]
    by_degree = sorted(stubs, key=lambda stub: society.room[stub // 4])
    rows, graph = empty_rows(society.room), [[] for _ in range(society.n)]
    left = cut_cliques(by_degree, target, society.room, graph, 7)
    first = m.cut_cliques(int32(by_degree), target, rows, KEY, np.int64(7))
    assert by_degree[first:] == left
    assert graph_of(rows) == graph
    rows, graph = empty_rows(society.room), [[] for _ in range(society.n)]
    left = form_cliques(stubs, society, target, graph, segment, 1)
    out, spare = int32(stubs), int32(stubs)
    n_left = m.form_cliques(out, len(stubs), spare, compiled(society), target, rows, KEY, segment, np.int64(1))
    assert out[:n_left].tolist() == left
    assert graph_of(rows) == graph
    assert all(len(ties) <= room for ties, room in zip(graph, society.room, strict=True))


# Places


def segments_of(sizes):
    """Places as lists of neighbourhood sizes: the three arrays of the kernels, and ranges for the twin."""
    people = np.concatenate(([0], np.cumsum([sum(place) for place in sizes]))).astype(np.int64)
    first = np.concatenate(([0], np.cumsum([len(place) for place in sizes]))).astype(np.int64)
    bounds = np.concatenate(([0], np.cumsum(list(itertools.chain(*sizes))))).astype(np.int64)
    return people, first, bounds


PLACES = [[4, 7, 1], [], [12]]
SOCIETY = SimpleNamespace(
    n=24,
    room=[(7 * i) % 10 for i in range(24)],
    group=[(i * i) % 3 for i in range(24)],
    position=[i % 2 for i in range(24)],
)
TRAITS = (0.3, 0.3, 0.2)


def neighbourhoods(place, segments):
    for number in range(segments[1][place], segments[1][place + 1]):
        yield int(number), range(segments[2][number], segments[2][number + 1])


@pytest.mark.parametrize("within", [0.0, 0.5, 1.0])
def test_clique_places(within):
    segments, rows, graph = segments_of(PLACES), empty_rows(SOCIETY.room), [[] for _ in range(24)]
    made = np.zeros((3, 2), np.int64)
    m.clique_places(0, 3, 0, segments, np.full(3, within), TRAITS, compiled(SOCIETY), rows, KEY, made)
    for place in range(3):
        pool, members = [], range(segments[0][place], segments[0][place + 1])
        for number, people in neighbourhoods(place, segments):
            local = []
            for i in people:
                u = oracles.uniform(SEED, i, 0, decisions.TIE_CLIQUE, 0)
                if SOCIETY.room[i] > 1 and u < within:
                    local.append(4 * i + reserve(u / within, TRAITS))
                elif SOCIETY.room[i] > 1:
                    pool.append(4 * i + reserve((u - within) / (1 - within), TRAITS))
            pool += form_cliques(local, SOCIETY, TRAITS[0], graph, number, 0)
        assert made[place, 0] == sum(len(graph[i]) for i in members)
        left = form_cliques(pool, SOCIETY, TRAITS[0], graph, place, 1)
        left.sort(key=lambda stub: SOCIETY.room[stub // 4])
        cut_cliques(left, TRAITS[0], SOCIETY.room, graph, 7)
        assert made[place, 1] == sum(len(graph[i]) for i in members)
    assert graph_of(rows) == graph
    assert sum(map(len, graph)) > 0


@pytest.mark.parametrize("bounds", [(0.4, 0.8), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0)])
def test_pair_places(bounds):
    segments, rows, graph = segments_of(PLACES), empty_rows(SOCIETY.room), [[] for _ in range(24)]
    away, n_away = np.zeros(rows[2].size, np.int32), np.zeros(3, np.int64)
    levels = np.tile(bounds, (3, 1))
    m.pair_places(0, 3, 0, segments, levels, TRAITS, compiled(SOCIETY), rows, KEY, (away, n_away))
    near, kept = bounds
    for place in range(3):
        pool, leaving = [], []
        for number, people in neighbourhoods(place, segments):
            local = []
            for i, stub in [(person, nth) for person in people for nth in range(SOCIETY.room[person])]:
                words = oracles.philox4x32((i, 0, decisions.TIE_LEVEL, stub // 4 + 2**31), (SEED, 0))
                u = (words[stub % 4] + 0.5) / 2**32
                if u < near:
                    local.append(4 * i + reserve(u / near, TRAITS))
                elif u < kept:
                    pool.append(4 * i + reserve((u - near) / (kept - near), TRAITS))
                else:
                    leaving.append(4 * i + reserve((u - kept) / (1 - kept), TRAITS))
            pool += pair_labels(local, SOCIETY, graph, number, 0)
        leaving += pair_labels(pool, SOCIETY, graph, place, 1)
        first = rows[0][segments[0][place]]
        assert away[first : first + n_away[place]].tolist() == leaving
    assert graph_of(rows) == graph


# Meetings between places


def random_contacts(n_places, rng, links=3):
    """Rows of W with `links` other places each, the last row empty."""
    rows = [sorted(rng.choice([q for q in range(n_places) if q != p], links, replace=False)) for p in range(n_places)]
    rows[-1] = []
    weights = [rng.dirichlet(np.ones(len(row))) if row else [] for row in rows]
    offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    return offsets, int32(list(itertools.chain(*rows))), np.array(list(itertools.chain(*weights)), float)


def test_balance_visits_meets_both_margins():
    rng = np.random.default_rng(5)
    n_places = 12
    offsets, places, weights = random_contacts(n_places, rng, links=7)
    n_away = rng.integers(20, 60, n_places)
    n_away[3] = 0
    cumulative, visiting = np.empty(weights.size), np.empty(n_places)
    meeting.balance_visits(n_away, offsets, places, weights, cumulative, visiting, 500, 1e-9)
    # The twin: the same flows as a dense matrix, scaled until nothing changes.
    flows = np.zeros((n_places, n_places))
    flows[np.repeat(np.arange(n_places), np.diff(offsets)), places] = weights
    flows *= n_away[:, None] * (n_away > 0)
    factor = np.ones(n_places)
    for _ in range(2000):
        scaled = factor[:, None] * flows * factor
        total = scaled.sum(0) + scaled.sum(1)
        factor *= np.sqrt(np.divide(n_away, total, out=np.ones(n_places), where=total > 0))
    assert total == pytest.approx(n_away)
    expected = np.divide(scaled.sum(1), total, out=np.full(n_places, -1.0), where=total > 0)
    assert visiting == pytest.approx(expected, abs=1e-6)
    for p in range(n_places):
        row = slice(offsets[p], offsets[p + 1])
        if n_away[p] and offsets[p] < offsets[p + 1]:
            shares = np.diff(cumulative[row], prepend=0.0) / cumulative[row][-1]
            assert shares == pytest.approx(scaled[p, places[row]] / scaled[p].sum(), abs=1e-6)


def test_choose_meetings():
    rng = np.random.default_rng(6)
    offsets, places, weights = random_contacts(5, rng)
    cumulative = np.concatenate([np.cumsum(weights[offsets[p] : offsets[p + 1]]) for p in range(5)])
    visiting = np.array([0.5, 1.0, 0.0, -1.0, 0.0])
    home_place = int32(rng.integers(0, 5, 80))
    stubs = int32(4 * rng.integers(0, 80, 200) + rng.integers(0, 3, 200))
    meetings = np.full(200, -1, np.int32)
    meeting.choose_meetings(0, 200, 0, stubs, home_place, (offsets, places, cumulative), visiting, KEY, 2, meetings)
    for at, stub in enumerate(stubs):
        home = home_place[stub // 4]
        role, u = oracles.uniform_pair(SEED, at, 2, decisions.TIE_MEETING_PLACE, 0)
        row = cumulative[offsets[home] : offsets[home + 1]].tolist()
        if visiting[home] < 0:
            expected = 10
        elif role < visiting[home]:
            expected = 2 * places[offsets[home] + bisect.bisect_right(row, u * row[-1])] + 1
        else:
            expected = 2 * home
        assert meetings[at] == expected


@few
@given(societies(), st.integers(0, 40), st.integers(0, 9))
def test_match_sides_and_both(society, cut, segment):
    stubs = all_stubs(society)
    cut = min(cut, len(stubs))
    for a, b in ((stubs[:cut], stubs[cut:]), (stubs[cut:], stubs[:cut])):
        graph, rows = [[] for _ in range(society.n)], empty_rows(society.room)
        left = match_both(a, b, graph, segment, 0)
        hosts, guests = int32(a), int32(b)
        n, k = meeting.match_both(hosts, guests, rows, KEY, segment, 0)
        assert (hosts[:n].tolist(), guests[:k].tolist()) == left
        assert graph_of(rows) == graph
    few_side, many = sorted((stubs[:cut], stubs[cut:]), key=len)
    graph, rows = [[] for _ in range(society.n)], empty_rows(society.room)
    rest = list(many)
    left = [stub for at, stub in enumerate(few_side) if not take_partner(stub, at, rest, graph, segment, 0)]
    hosts, guests = int32(few_side), int32(many)
    n, head = meeting.match_sides(hosts, guests, rows, KEY, segment, 0)
    assert (hosts[:n].tolist(), guests[head:].tolist()) == (left, rest)
    assert graph_of(rows) == graph


@few
@given(societies(), st.integers(0, 99))
def test_meet(society, seed):
    stubs = all_stubs(society)
    meetings = np.random.default_rng(seed).integers(0, 7, len(stubs)).tolist()  # three places, and nowhere
    lists = [[stub for stub, where in zip(stubs, meetings, strict=True) if where == one] for one in range(7)]
    starts = np.concatenate(([0], np.cumsum([len(some) for some in lists]))).astype(np.int64)
    graph, rows = [[] for _ in range(society.n)], empty_rows(society.room)
    left = [meet(lists[2 * p], lists[2 * p + 1], society, graph, p, 3) for p in range(3)] + [lists[6]]
    unmet = int32(stubs)
    n = meeting.meet(int32(list(itertools.chain(*lists))), starts, compiled(society), rows, KEY, np.int64(3), unmet)
    assert unmet[:n].tolist() == list(itertools.chain(*left))
    assert graph_of(rows) == graph
