"""When enough runs have been made: rules, the interval, and that neither workers nor their order have a part in it."""

import random

import numpy as np
import pytest
import sweeps
from scipy import stats

import communize as cz
from communize.experiment.plan import make_plan
from communize.experiment.stopping import BATCH, Rounds, Rule, half_width, parse_rule


def test_rules():
    assert parse_rule("active:max<500") == Rule("active:max", 500.0)
    assert parse_rule(" peak_active < 5 % ") == Rule("peak_active", 0.05, relative=True)
    assert parse_rule(None) is None
    assert str(parse_rule("peak_active<5%")) == "peak_active<5%"
    for wrong in ("", "active:max", "active:max>3", "active:max<0", "active:max<-1", "active:max<nan", "active:max<x"):
        with pytest.raises(cz.InputError, match="--until"):
            parse_rule(wrong)


def test_half_width_is_students():
    values = np.random.default_rng(1).normal(3, 2, 17)
    low, high = stats.t.interval(0.95, 16, loc=values.mean(), scale=stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2)


def test_enough():
    rule = Rule("x", 0.5)
    values = np.random.default_rng(2).normal(0, 1, 200)
    needed = next(n for n in range(2, 200) if half_width(values[:n]) <= 0.5)
    assert not rule.enough(values[: needed - 1])
    assert rule.enough(values[:needed])
    assert not rule.enough([])
    assert not rule.enough([1.0])
    assert Rule("x", 0.01, relative=True).enough([100.0, 100.1, 100.2, 100.1])
    assert not Rule("x", 0.01, relative=True).enough([0.0, 0.1, 0.2, 0.1])


def value(job):
    """What a job would give, from its address alone."""
    return np.random.default_rng(int(job.address[:8], 16)).normal(10, 1 if not job.changes else 5)


def play(workers, order):
    """Runs of a plan as `workers` that finish in a random order make them."""
    plan = make_plan(sweeps.small(), [{}, {"society.people": 200}], seeds=60)
    rounds = Rounds(plan, {}, Rule("x", 0.6))
    underway, made = [], []
    while True:
        while len(underway) < workers and (job := rounds()) is not None:
            underway.append(job)
        if not underway:
            return rounds.stopped, sorted(made)
        job = underway.pop(order.randrange(len(underway)))
        made.append((job.address, job.seed))
        rounds.record(job.address, {"status": "done", "x": value(job)})


def test_the_same_stop_with_any_number_of_workers():
    expected = play(1, random.Random(0))
    assert 0 in expected[0]  # the narrow one stopped, after a multiple of the batch
    assert expected[0][0] % BATCH == 0
    assert expected[0].get(1, 60) > expected[0][0]
    for workers in (2, 7, 50):
        assert play(workers, random.Random(workers)) == expected


def test_an_ensemble_stops_and_goes_on_where_it_was(tmp_path):
    scenario = sweeps.small(people=1000, days=20)
    every = cz.ensemble(scenario, seeds=60, workers=0)
    peaks = every.table["peak_active"].to_numpy()
    width = half_width(peaks[:30])
    expected = next(n for n in range(BATCH, 61, BATCH) if half_width(peaks[:n]) <= width)
    options = {"seeds": 60, "workers": 0, "out": tmp_path / "e", "until": f"active:max<{width!r}"}
    found = cz.ensemble(scenario, **options)
    assert found.stopped == {0: expected}
    assert list(found.table["peak_active"]) == list(peaks[:expected])
    again = cz.ensemble(scenario, **options)
    assert len(again.table) == expected
    assert len((tmp_path / "e" / "runs.jsonl").read_text().splitlines()) == expected


@pytest.mark.parametrize("sd", [0.5, 2.0])
def test_coverage_of_the_interval_at_the_stop(sd):
    """A sequentially stopped interval holds the truth a little less often than its name says."""
    draws, held, lengths = np.random.default_rng(3), 0, []
    rule, times = Rule("x", 0.4 * sd), 2000
    for _ in range(times):
        values = draws.normal(0, sd, 400)
        n = next((n for n in range(BATCH, 400, BATCH) if rule.enough(values[:n])), 400)
        held += abs(values[:n].mean()) <= half_width(values[:n])
        lengths.append(n)
    assert 0.91 < held / times < 0.955
    assert 20 < np.mean(lengths) < 40
