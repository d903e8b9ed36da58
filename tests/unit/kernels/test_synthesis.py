"""Every kernel of synthesis against a plain-Python twin: lists, the same draws, no compiled code."""

import bisect
import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import oracles
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from communize.kernels import decisions, synthesis

SEED = 5 + 2**40
KEY = np.uint64(SEED)
UNTOUCHED = -99
N_POSITIONS, N_GROUPS = 4, 3
NO_WORK, ANY_SECTOR = -1, -2

quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)
few = settings(quick, max_examples=30)
shares = st.floats(0, 1)
positions = st.integers(0, N_POSITIONS - 1)
codes = st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any)  # weights of codes


# Plain-Python twins


def uniform(entity, decision, draw=0):
    return oracles.uniform(SEED, entity, 0, decision, draw)


def log_normal(mean, spread, u):
    return mean * math.exp(spread * (oracles.normal_quantile(u) - spread / 2))


def truncated_pareto(exponent, low, high, u):
    """The size above which lies a share 1 - u of sites: x ** -exponent runs evenly from low to high."""
    return ((1 - u) * low**-exponent + u * high**-exponent) ** (-1 / exponent)


def neighbourhoods(agents, mean, spread):
    """(place, size) of each."""
    cut = []
    for place, left in enumerate(agents):
        while left:
            size = round(log_normal(mean, spread, uniform(len(cut), decisions.NEIGHBOURHOOD_SIZE)))
            size = sorted((1, size, left))[1]
            if left - size < min(size, mean / 2):
                size = left
            cut.append((place, size))
            left -= size
    return cut


def code(weights, entity, decision):
    return oracles.categorical(weights, uniform(entity, decision))


def bucket(person, world):
    position = world.position[person]
    branch = world.branch_of_position[position]
    if branch == NO_WORK:
        return -1
    if branch == ANY_SECTOR:
        branch = code(world.sectors, person, decisions.SECTOR_OF_WORKER)
    place = world.place_of_home[world.home[person]]
    contacts = world.contacts[place]
    if contacts and uniform(person, decisions.COMMUTES) < world.commuting[position]:
        near, weights = zip(*contacts)
        place = near[oracles.categorical(weights, uniform(person, decisions.WORK_PLACE))]
    return place * (len(world.sectors) + 1) + branch


def shuffled(bucket, first, decision):
    """Draw one after another from the hat, last slot first; the last of those in the hat fills the gap."""
    hat, out = list(bucket), []
    while hat:
        at = 0
        if len(hat) > 1:
            at = oracles.word(SEED, first + len(hat) - 1, 0, decision, 0) * len(hat) // 2**32
        hat[at], hat[-1] = hat[-1], hat[at]
        out.insert(0, hat.pop())
    return out


def work_sites(buckets, n_branches, law, scale):
    """(place, branch, people) of each site."""
    sites = []
    for number, people in enumerate(buckets):
        place, branch = divmod(number, n_branches)
        exponent, low, high, spread = law[branch]
        people = list(people)
        while people:
            u = uniform(len(sites), decisions.SITE_SIZE)
            size = (log_normal(low, spread, u) if spread else truncated_pareto(exponent, low, high, u)) / scale
            size = int(size) + (uniform(len(sites), decisions.SITE_SIZE, 1) < size - int(size))
            size = max(size, 1)
            sites.append((place, branch, people[:size]))
            people = people[size:]
    return sites


# Worlds


@st.composite
def working_worlds(draw):
    """People with homes and positions; sectors, commuting and contact between places."""
    n_places, n_homes = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    people = draw(st.lists(st.tuples(st.integers(0, n_homes - 1), positions), min_size=1, max_size=30))
    sectors = draw(codes)
    branches = st.sampled_from([NO_WORK, ANY_SECTOR, 0, len(sectors)])
    places = st.integers(0, n_places - 1)
    contacts = st.lists(st.tuples(places, st.integers(1, 9)), max_size=4)
    return SimpleNamespace(
        home=[home for home, _ in people],
        position=[position for _, position in people],
        place_of_home=draw(st.lists(places, min_size=n_homes, max_size=n_homes)),
        sectors=sectors,
        branch_of_position=draw(st.lists(branches, min_size=N_POSITIONS, max_size=N_POSITIONS)),
        commuting=draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=N_POSITIONS, max_size=N_POSITIONS)),
        contacts=draw(st.lists(contacts, min_size=n_places, max_size=n_places)),
    )


ONE_STAYS_AT_HOME = SimpleNamespace(
    home=[0], position=[0], place_of_home=[0], sectors=[1], branch_of_position=[ANY_SECTOR] * N_POSITIONS,
    commuting=[1.0] * N_POSITIONS, contacts=[[]])  # fmt: skip
ALL_LEAVE = SimpleNamespace(
    home=[0] * 20, position=[0] * 20, place_of_home=[1], sectors=[0, 3, 1, 0],
    branch_of_position=[ANY_SECTOR] * N_POSITIONS, commuting=[1.0] * N_POSITIONS,
    contacts=[[(1, 1)], [(2, 1), (0, 3)], []])  # fmt: skip


@st.composite
def bucket_lists(draw):
    """Rows 0 .. n - 1 in some order, cut into buckets, some of them empty."""
    lengths = draw(st.lists(st.integers(0, 12), max_size=6))
    rows = iter(draw(st.permutations(range(sum(lengths)))))
    return [[next(rows) for _ in range(length)] for length in lengths]


@st.composite
def laws(draw):
    exponent, low = draw(st.floats(0.2, 5)), draw(st.floats(1, 20))
    if draw(st.booleans()):
        return 1.0, low, 0.0, draw(st.floats(0.05, 2))
    return exponent, low, low * draw(st.sampled_from([1.0, 1.5, 300.0])), 0.0


def sparse(buckets):
    return np.cumsum([0, *map(len, buckets)]), np.array([row for rows in buckets for row in rows], np.int32)


def in_two(kernel, n, cut, *args):
    """Call a kernel of blocks for the rows before and from `cut`."""
    cut = min(cut, n)
    kernel(0, cut, 0, *args)
    kernel(cut, n, 1, *args)


# --- homes ---


@quick
@given(st.lists(st.integers(0, 80), min_size=1, max_size=6), st.floats(1, 40), st.floats(0, 2))
@example([0, 0], 5.0, 0.5)
@example([1], 250.0, 0.5)
@example([1, 0, 1], 1.0, 0.0)
@example([11, 12, 13, 20], 2.5, 0.0)
@example([14, 15, 16], 10.0, 0.0)
def test_neighbourhoods_equal_their_twin(agents, mean, spread):
    place, size = np.full((2, sum(agents)), UNTOUCHED, np.int32)
    count = synthesis.cut_neighbourhoods(np.array(agents), mean, spread, KEY, place, size)
    wanted = neighbourhoods(agents, mean, spread)
    assert list(zip(place[:count].tolist(), size[:count].tolist())) == wanted
    assert np.all(place[count:] == UNTOUCHED)
    assert np.all(size[count:] == UNTOUCHED)


@pytest.mark.parametrize(
    ("agents", "wanted"), [(10, [10]), (14, [14]), (15, [10, 5]), (20, [10, 10]), (24, [10, 14]), (3, [3])])  # fmt: skip
def test_what_is_left_joins_the_one_before_if_under_half_the_mean(agents, wanted):
    place, size = np.empty((2, agents), np.int32)
    count = synthesis.cut_neighbourhoods(np.array([agents]), 10.0, 0.0, KEY, place, size)
    assert size[:count].tolist() == wanted


@quick
@given(st.lists(st.integers(0, 5), max_size=8))
@example([1])
@example([0, 0])
def test_homes_are_filled_in_order(sizes):
    home = np.full(sum(sizes) + 1, UNTOUCHED, np.int32)
    synthesis.fill_homes(np.array(sizes, np.int32), home)
    assert home.tolist() == [*(site for site, size in enumerate(sizes) for _ in range(size)), UNTOUCHED]


# --- who ---


@quick
@given(codes, st.integers(0, 30), st.sampled_from([0, 4, 8, 32]))
@example([1], 1, 0)
@example([0, 1, 0], 9, 4)
def test_codes_equal_their_twin_whatever_the_blocks(weights, n, cut):
    out = np.full(n + 1, UNTOUCHED, np.int8)
    in_two(synthesis.draw_codes, n, cut, np.cumsum(weights) / sum(weights), KEY, decisions.GROUP, out)
    assert out.tolist() == [*(code(weights, person, decisions.GROUP) for person in range(n)), UNTOUCHED]


def test_the_last_code_takes_what_rounding_leaves_of_one():
    out = np.empty(40, np.int8)
    synthesis.draw_codes(0, 40, 0, np.array([0.0, 0.5]), KEY, decisions.GROUP, out)
    assert out.tolist() == [1] * 40


@few
@given(st.lists(positions, max_size=20), st.floats(-1, 1), st.floats(0, 1), shares, st.integers(0, 21))
@example([0], 0.0, 0.0, 0.0, 0)
@example([0, 1, 2, 3] * 5, 0.9, 1.0, 1.0, 7)
@example([0, 1, 2, 3] * 5, -1.0, 0.5, 0.5, 7)
def test_belonging_and_unmet_need_equal_their_twins(position, belonging_mean, spread, unmet_mean, cut):
    n = len(position)
    belonging_of = [belonging_mean, belonging_mean / 2, 0.0, -belonging_mean]
    unmet_of = [unmet_mean, unmet_mean / 2, unmet_mean**2, 0.0]
    belonging, unmet = np.full((2, n + 1), UNTOUCHED, np.float32)
    in_two(
        synthesis.individual_starts, n, cut, np.array(position, np.int8), np.array(belonging_of), spread,
        np.array(unmet_of), KEY, belonging, unmet)  # fmt: skip
    assert belonging[n] == unmet[n] == UNTOUCHED
    for person, mine in enumerate(position):
        z = oracles.normal_quantile(uniform(person, decisions.BELONGING_AT_START))
        wanted = sorted((-1.0, belonging_of[mine] + spread * z, 1.0))[1]
        assert float(belonging[person]) == pytest.approx(wanted, abs=1e-7)
        wanted = min(unmet_of[mine] * math.log(1 / uniform(person, decisions.UNMET_AT_START)), 1.0)
        assert float(unmet[person]) == pytest.approx(wanted, abs=1e-7)


# --- where they work ---


def buckets_of(world, cut=0):
    n = len(world.home)
    out = np.full(n + 1, UNTOUCHED, np.int32)
    offsets = np.cumsum([0, *map(len, world.contacts)])
    neighbours = np.array([q for row in world.contacts for q, _ in row], np.int32)
    weights = np.array([w / sum(v for _, v in row) for row in world.contacts for _, w in row], float)
    in_two(
        synthesis.draw_work, n, cut, np.array(world.home, np.int32), np.array(world.place_of_home, np.int32),
        np.array(world.position, np.int8), np.array(world.branch_of_position), np.cumsum(world.sectors) / sum(world.sectors),
        np.array(world.commuting), (offsets, neighbours), weights, KEY, out)  # fmt: skip
    assert out[n] == UNTOUCHED
    return out[:n].tolist()


@quick
@given(working_worlds(), st.integers(0, 30))
@example(ONE_STAYS_AT_HOME, 0)
@example(ALL_LEAVE, 7)
def test_buckets_of_work_equal_their_twin_whatever_the_blocks(world, cut):
    assert buckets_of(world, cut) == [bucket(person, world) for person in range(len(world.home))]


def test_the_only_person_without_contacts_works_at_home():
    assert buckets_of(ONE_STAYS_AT_HOME) == [0]


def test_all_leave_for_contacts_and_no_sector_without_share():
    places, branches = zip(*(divmod(b, 5) for b in buckets_of(ALL_LEAVE)))
    assert set(places) == {0, 2}
    assert set(branches) == {1, 2}


@quick
@given(st.lists(st.integers(-1, 6), max_size=30), st.integers(7, 10))
@example([], 7)
@example([-1, -1], 7)
@example([6], 7)
def test_counting_sort_equals_a_stable_sort(keys, n_keys):
    wanted = sorted((row for row, key in enumerate(keys) if key >= 0), key=keys.__getitem__)
    offsets, order = np.full(n_keys + 1, UNTOUCHED), np.full(len(wanted), UNTOUCHED, np.int32)
    synthesis.counting_sort(np.array(keys, np.int32), n_keys, offsets, order)
    assert order.tolist() == wanted
    in_order = [keys[row] for row in wanted]
    assert offsets.tolist() == [bisect.bisect_left(in_order, key) for key in range(n_keys + 1)]


@quick
@given(bucket_lists())
@example([])
@example([[0]])
@example([[], [1, 0], [], [2]])
def test_shuffled_buckets_equal_their_twin(buckets):
    offsets, order = sparse(buckets)
    synthesis.shuffle_buckets(offsets, order, KEY, decisions.WORK_SHUFFLE)
    for first, last, rows in zip(offsets.tolist(), offsets[1:].tolist(), buckets):
        assert order[first:last].tolist() == shuffled(rows, first, decisions.WORK_SHUFFLE)


@quick
@given(bucket_lists(), st.lists(laws(), min_size=1, max_size=3), st.sampled_from([1.0, 2.5, 10.0]), st.integers(0, 50))
@example([], [(1.1, 2.0, 3000.0, 0.0)], 1.0, 0)
@example([[]], [(1.1, 2.0, 3000.0, 0.0)], 1.0, 3)
@example([[0]], [(1.0, 400.0, 0.0, 0.5)], 1.0, 3)
@example([list(range(12)), [], [], list(range(12, 20))], [(1.1, 1.0, 9.0, 0.0), (1.0, 3.0, 0.0, 0.5)], 1.0, 3)
@example([list(range(60))], [(1.06, 2.0, 3000.0, 0.0)], 10.0, 3)
@example([list(range(60))], [(1.0, 40.0, 0.0, 0.5)], 10.0, 3)
@example([list(range(12))], [(2.0, 4.0, 4.0, 0.0)], 1.0, 3)
def test_work_sites_equal_their_twin(buckets, law, scale, first_site):
    n = sum(map(len, buckets))
    offsets, order = sparse(buckets)
    place, branch, work = np.full(n, UNTOUCHED, np.int32), np.full(n, UNTOUCHED, np.int8), np.full(n + 1, -1, np.int32)
    count = synthesis.cut_work_sites(offsets, order, len(law), np.array(law), scale, KEY, first_site, place, branch, work)
    wanted = work_sites(buckets, len(law), law, scale)
    assert list(zip(place[:count].tolist(), branch[:count].tolist())) == [site[:2] for site in wanted]
    assert np.all(place[count:] == UNTOUCHED)
    assert np.all(branch[count:] == UNTOUCHED)
    site_of = {person: first_site + site for site, (_, _, people) in enumerate(wanted) for person in people}
    assert work.tolist() == [site_of.get(person, -1) for person in range(n + 1)]


def test_sites_of_one_size_have_it_and_the_last_takes_what_is_left():
    place, branch, work = np.empty(11, np.int32), np.empty(11, np.int8), np.empty(11, np.int32)
    law = np.array([[1.5, 4.0, 4.0, 0.0]])
    count = synthesis.cut_work_sites(
        np.array([0, 11]), np.arange(11, dtype=np.int32), 1, law, 1.0, KEY, 0, place, branch, work)  # fmt: skip
    assert count == 3
    assert work.tolist() == [0] * 4 + [1] * 4 + [2] * 3


# --- counts and owners ---


people_at_sites = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-1, 6), positions, st.integers(0, N_GROUPS - 1)), max_size=30)  # fmt: skip


@quick
@given(people_at_sites, st.lists(st.booleans(), min_size=N_POSITIONS * N_GROUPS, max_size=N_POSITIONS * N_GROUPS))
@example([], [True] * 12)
@example([(0, -1, 0, 0)], [True] * 12)
@example([(2, 2, 1, 1)], [False] * 12)
def test_members_equal_their_twin(people, joins):
    home, work, position, group = (np.array([p[i] for p in people], t) for i, t in enumerate((np.int32, np.int32, np.int8, np.int8)))
    members, eligible = np.zeros((2, 7), np.int32)
    takes_part = np.array(joins).reshape(N_POSITIONS, N_GROUPS)
    synthesis.count_members(home, work, takes_part, position, group, members, eligible)
    able = [p for p in people if joins[p[2] * N_GROUPS + p[3]]]
    for counts, counted in ((members, people), (eligible, able)):
        at = Counter(site for p in counted for site in p[:2])
        assert counts.tolist() == [at[site] for site in range(7)]


@quick
@given(st.lists(st.tuples(st.integers(-1, 4), positions), max_size=30), positions)
@example([], 0)
@example([(-1, 2)], 2)
@example([(0, 2)], 2)
@example([(0, 1), (0, 2), (0, 2)], 2)
def test_first_owner_equals_its_twin(people, owner_code):
    owner = np.full(5, -1, np.int32)
    work, position = (np.array([p[i] for p in people], t) for i, t in enumerate((np.int32, np.int8)))
    synthesis.first_owner(work, position, owner_code, owner)
    owners = [people.index((site, owner_code)) if (site, owner_code) in people else -1 for site in range(5)]
    assert owner.tolist() == owners
