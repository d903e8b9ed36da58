"""Counts and fingerprints of busy people: both ways of counting them against a count one by one."""

from collections import Counter

import numpy as np
import pytest

from communize.kernels import checks
from communize.kernels.synthesis import sum_by_place

ROUTINE, IN_STRUGGLE, IN_MEASURE, HELD = range(4)
N_SITES, N_PLACES = 40, 7


def weight(row: int) -> int:
    x = (row + 1) * 0x9E3779B97F4A7C15 % 2**64
    return x ^ (x >> 32)


def people(n: int, share_busy: float, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    activity = np.where(rng.random(n) < share_busy, rng.integers(1, 4, n), ROUTINE).astype(np.int8)
    home, work, anywhere = (rng.integers(0, N_SITES, n).astype(np.int32) for _ in range(3))
    work[rng.random(n) < 0.3] = -1
    measure = np.where(activity == IN_MEASURE, np.where(rng.random(n) < 0.5, home, anywhere), -1).astype(np.int32)
    wrong = rng.random(n) < 0.01
    measure[wrong] = np.where(measure[wrong] < 0, 0, -1)
    return {"activity": activity, "position": rng.integers(0, 9, n).astype(np.int8), "home": home, "work": work, "measure": measure}


def count_one_by_one(of: dict[str, np.ndarray], site_place: np.ndarray) -> tuple[Counter, list[int]]:
    table, prints = Counter(), [0] * 4
    for a, p, h, w, at in zip(*(values.tolist() for values in of.values())):
        table[a, p] += 1
        if a == ROUTINE:
            continue
        sites = {h, w, at} if a == IN_MEASURE else [h, w]
        prints[a] += sum(weight(site) for site in sites)  # that of none, -1, is 0
        if a == IN_MEASURE:
            prints[0] += weight(int(site_place[h]))
    return table, [total % 2**64 for total in prints]


@pytest.mark.parametrize("n", [0, 1, 7, 8, 511, 512, 513, 3_000, 70_000])
@pytest.mark.parametrize("share_busy", [0.0, 0.01, 0.6, 1.0])
def test_both_ways_of_counting_find_what_is_there(n, share_busy):
    of, site_place = people(n, share_busy), np.random.default_rng(1).integers(0, N_PLACES, N_SITES).astype(np.int32)
    words = of["activity"][: n // 8 * 8].view(np.uint64)
    counts, prints, wrong = np.zeros((1, 5, 10), np.int64), np.zeros((1, 4), np.uint64), np.zeros(1, np.int64)
    checks.count_busy(0, n, 0, words, *of.values(), site_place, counts, prints, wrong)
    wanted, wanted_prints = count_one_by_one(of, site_place)
    assert {(a, p): counts[0, a, p] for a, p in np.argwhere(counts[0]).tolist()} == {at: c for at, c in wanted.items() if at[0] != ROUTINE}
    assert prints[0].tolist() == wanted_prints

    codes, all_prints, all_wrong = np.zeros_like(counts), np.zeros_like(prints), np.zeros_like(wrong)
    checks.count_codes(0, n, 0, of["activity"], of["position"], codes)
    assert codes.tolist() == counts.tolist()
    without_position = [of[name] for name in ("activity", "home", "work", "measure")]
    checks.print_busy(0, n, 0, *without_position, site_place, all_prints, all_wrong)
    assert all_prints.tolist() == prints.tolist()
    assert all_wrong[0] == np.count_nonzero((of["measure"] >= 0) != (of["activity"] == IN_MEASURE))
    busy = of["activity"] != ROUTINE
    assert wrong[0] == np.count_nonzero((of["measure"] >= 0)[busy] != (of["activity"] == IN_MEASURE)[busy])

    table, positions = np.empty((4, 9), np.int64), np.bincount(of["position"], minlength=10)
    assert checks.people_by_activity(counts, positions, table) == np.count_nonzero(of["activity"])
    assert {(a, p): table[a, p] for a, p in np.argwhere(table).tolist()} == wanted


def test_neighbourhoods_add_up_to_places():
    kind, place = np.array([3, 0, 3, 3, 3], np.int8), np.array([1, 1, 0, 1, 9], np.int32)
    total = np.zeros(2, np.int32)
    sum_by_place(kind, place, 3, np.array([5, 100, 7, 20, 1000], np.int32), total)
    assert total.tolist() == [7, 25]  # work sites do not count, nor does a place that does not exist


def test_nothing_of_measures():
    def quiet():
        return np.full(300, -1, np.int32), np.zeros(5_000, np.int8), np.zeros(5_000, np.uint16), np.zeros(300, np.int32)

    assert checks.no_measures(*quiet())
    for column, value in enumerate((0, IN_MEASURE, 1, 1)):
        columns = quiet()
        columns[column][-1] = value
        assert not checks.no_measures(*columns)
