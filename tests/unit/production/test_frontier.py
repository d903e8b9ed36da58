"""What would have to join next: gains against lambda computed anew, the greedy order, and the estimate by duals."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from production_twins import world

import communize as cz
from communize.production.reproduction import pooled_ratio

TABLE, FINAL = [[0.2, 0.3], [0.4, 0.1]], np.array([10.0, 20.0])
DOCS = Path(__file__).parents[3] / "docs"


def taken_and_candidates(seed, n=12, people=False, labour=True):
    """A world of places, and places that could join, of every sector at once."""
    rng = np.random.default_rng(seed)
    given = {name: value for name, value in world(seed, 3, 4, labour=labour).items() if name not in ("links", "transport", "transport_use")}
    candidates = {"capacity": rng.exponential(5, (n, 4)) * (rng.random((n, 4)) < 0.5), "place": rng.integers(3, size=n)}
    if labour:
        candidates |= {"own_labour": rng.exponential(3, (n, 4)), "movable_labour": rng.exponential(1, n)}
    if people:
        candidates["people"] = rng.exponential(1, n)
    return given, candidates


def joined(given, candidates, rows):
    """Arguments of `pooled_ratio` after these candidates joined, each as a place of its own."""
    after = dict(given)
    zero = np.zeros(len(candidates["capacity"]))
    added = {"capacity": candidates["capacity"], "people": candidates.get("people", zero)}
    if "labour" in given:
        added |= {"own_labour": candidates["own_labour"], "movable_labour": candidates["movable_labour"]}
    for name, value in added.items():
        after[name] = np.concatenate([given[name], value[rows]])
    return after


@pytest.mark.parametrize("people", [False, True])
@pytest.mark.parametrize("labour", [False, True])
def test_gains_are_those_of_lambda_computed_anew(people, labour):
    for seed in range(5):
        given, candidates = taken_and_candidates(seed, people=people, labour=labour)
        found = cz.frontier(**given, candidates=candidates, k=4)
        before = pooled_ratio(**given)
        assert found.ratio == pytest.approx(before, rel=1e-12)
        again = [pooled_ratio(**joined(given, candidates, [row])) - before for row in range(12)]
        np.testing.assert_allclose(found.gains, again, atol=1e-12)
        rows = []
        for step in found.steps:
            rows.append(step.row)
            assert step.ratio == pytest.approx(pooled_ratio(**joined(given, candidates, rows)), rel=1e-12)
        assert len(set(rows)) == len(rows)
        if found.gains.max() > 1e-9:
            assert found.gains[rows[0]] == pytest.approx(found.gains.max())
        if not people:
            assert (found.gains >= -1e-12).all()


def test_sites_that_make_one_thing_are_given_by_sector():
    given, _ = taken_and_candidates(3)
    rng = np.random.default_rng(3)
    sector, plant, staff = rng.integers(4, size=9), rng.exponential(5, 9), rng.exponential(5, 9)
    wide = {"capacity": np.zeros((9, 4)), "own_labour": np.zeros((9, 4))}
    wide["capacity"][np.arange(9), sector], wide["own_labour"][np.arange(9), sector] = plant, staff
    narrow = cz.frontier(**given, candidates={"sector": sector, "capacity": plant, "own_labour": staff}, k=3)
    full = cz.frontier(**given, candidates=wide, k=3)
    np.testing.assert_array_equal(narrow.gains, full.gains)
    assert [step.row for step in narrow.steps] == [step.row for step in full.steps]


def test_the_best_of_every_step_and_what_binds_after_it():
    sites = {"sector": ["grain", "tools", "tools"], "capacity": [30, 4, 10], "name": ["estate", "forge", "works"]}
    found = cz.frontier(TABLE, [25, 20], FINAL, 1, sites, k=3, sectors=["grain", "tools"])
    assert [(step.name, round(step.ratio, 9), step.binding) for step in found.steps] == [
        ("works", 0.9, ("tools",)), ("forge", 1.0, ("grain",)), ("estate", 1.02, ("tools",)),
    ]  # fmt: skip
    assert found.binding == ("tools",)
    np.testing.assert_allclose(found.gains, [0, 0.12, 0.3])
    assert found.estimates is None
    assert found.steps[0].estimate is None


def test_complements_join_one_after_the_other_though_neither_alone_raises_lambda():
    sites = {"sector": [0, 1, 0], "capacity": [20, 30, 10]}
    found = cz.frontier(TABLE, [0, 0], FINAL, 1, sites, k=3)
    assert not found.gains.any()
    assert [step.row for step in found.steps] == [1, 0, 2]
    assert found.steps[0].gain == 0
    assert found.steps[1].ratio == pytest.approx(0.8)
    assert found.steps[2].ratio == pytest.approx(0.9)
    useless = cz.frontier(TABLE, [25, 0], FINAL, 1, {"sector": [0], "capacity": [20]}, k=2)
    assert useless.steps == []


def test_those_who_come_and_bring_little_lower_lambda():
    found = cz.frontier(TABLE, [25, 40], FINAL, 1, {"capacity": [[1, 0], [50, 50]], "people": [1, 0.5]})
    assert found.gains[0] == pytest.approx(0.52 - 1)
    assert found.gains[1] == pytest.approx(1.8 - 1)  # 90 of tools for 1.5 people, who take 50 of it at lambda = 1
    assert [step.row for step in found.steps] == [1]


@pytest.mark.parametrize("seed", [3, 4, 8])
def test_estimates_are_the_rise_of_resolved_lambda_to_first_order(seed):
    given = world(seed, 3, 3, taken=0.9)
    resolved = cz.reproduction_ratio(**given)
    rng = np.random.default_rng(seed)
    small = 1e-5
    candidates = {
        "capacity": rng.exponential(small, (6, 3)), "own_labour": rng.exponential(small, (6, 3)), "movable_labour": rng.exponential(small, 6),
        "people": rng.exponential(small, 6), "place": rng.integers(3, size=6),
    }  # fmt: skip
    bare = {name: value for name, value in given.items() if name not in ("links", "transport", "transport_use")}
    found = cz.frontier(**bare, candidates=candidates, resolved=resolved)
    for row in range(6):
        after = {name: value.copy() for name, value in given.items()}
        for name in ("capacity", "own_labour", "movable_labour", "people"):
            after[name][candidates["place"][row]] += candidates[name][row]
        rise = cz.reproduction_ratio(**after).ratio - resolved.ratio
        assert found.estimates[row] == pytest.approx(rise, rel=1e-3, abs=1e-9)
    assert found.steps[0].estimate == found.estimates[found.steps[0].row]


def test_data_frames_and_no_candidates_at_all():
    import pandas as pd

    frame = pd.DataFrame({"sector": ["tools", "grain"], "capacity": [10.0, 10.0], "name": ["forge", "farm"]})
    found = cz.frontier(TABLE, [25, 20], FINAL, 1, frame, sectors=["grain", "tools"])
    assert found.steps[0].name == "forge"
    assert "forge" in str(found)
    none = cz.frontier(TABLE, [25, 20], FINAL, 1, {"capacity": np.zeros((0, 2))})
    assert (none.steps, none.gains.size) == ([], 0)


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ([1, 2], "candidates: .*mapping"),
        ({"sector": [0]}, "candidates.capacity: found None"),
        ({"capacity": [[1, 2]], "labor": [1]}, r"candidates.labor: .*\(did you mean"),
        ({"capacity": [[1, -2]]}, r"candidates.capacity\[0, 1\]: found -2"),
        ({"capacity": [1, 2]}, r"candidates.capacity: .*shape"),
        ({"capacity": [[1, 2], [3]]}, "candidates.capacity: .*shape"),
        ({"capacity": [1], "sector": [2]}, r"candidates.sector\[0\]: found 2"),
        ({"capacity": [1], "sector": [0, 1]}, "candidates.sector: .*shape"),
        ({"capacity": [[1, 2]], "place": [1]}, r"candidates.place\[0\]: found 1"),
        ({"capacity": [[1, 2]], "name": ["a", "b"]}, "candidates.name: .*shape"),
        ({"capacity": [[1, 2]], "own_labour": [[1, 2]]}, r"labour: found None.*candidates.own_labour"),
        ({"capacity": [[1, 2]], "people": [-1]}, r"candidates.people\[0\]: found -1"),
    ],
)
def test_wrong_candidates_are_named(candidates, message):
    with pytest.raises(cz.InputError, match=message):
        cz.frontier(TABLE, [25, 20], FINAL, 1, candidates)


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_k_is_a_count(k):
    with pytest.raises(cz.InputError, match="k: found"):
        cz.frontier(TABLE, [25, 20], FINAL, 1, {"capacity": [[1, 2]]}, k=k)


def test_estimates_need_the_place_of_every_candidate():
    given = {name: value for name, value in world(3, 3, 2, labour=False).items() if name not in ("links", "transport", "transport_use")}
    resolved = cz.reproduction_ratio(**given)
    with pytest.raises(cz.InputError, match=r"candidates.place: found None"):
        cz.frontier(**given, candidates={"capacity": [[1, 2]]}, resolved=resolved)


def test_thousands_of_candidates_take_no_time():
    given, _ = taken_and_candidates(1)
    rng = np.random.default_rng(1)
    candidates = {"sector": rng.integers(4, size=20_000), "capacity": rng.exponential(1, 20_000), "own_labour": rng.exponential(1, 20_000)}
    begin = time.process_time()
    found = cz.frontier(**given, candidates=candidates, k=5)
    assert time.process_time() - begin < 2
    assert len(found.steps) == 5


def test_the_examples_of_the_page_run():
    for code in re.findall(r"```python\n(.*?)```", (DOCS / "api.md").read_text(encoding="utf-8"), re.DOTALL):
        names = {}
        exec(code, names)
        assert names["taken"].ratio == pytest.approx(0.6)
        assert names["linked"].binding
        assert names["next_to_join"].steps
