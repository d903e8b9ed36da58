"""The fit of a prior to observed counts: it finds what was put in, and keeps to its limits."""

import datetime

import pytest

import communize as cz
from communize.experiment.facts import quantile_table, struggles_over_seeds
from communize.experiment.fit import fit, judge

START = datetime.date(2005, 1, 1)


def scenario(**changes):
    base = cz.load("restructured").replace({
        "society.people": 4000, "society.places.count": 5, "incidents.enabled": False, "run.threads": 1,
        "shock": [{"day": 0, "magnitude": 1.2, "half_life_days": 3.0}],
        "prior": {"shock[0].magnitude": [0.2, 2.0]},
    })  # fmt: skip
    run = cz.run(base, days=10)
    counts = (0.5 * run.series["active"].sum("place").to_numpy()).tolist()
    dates = [START + datetime.timedelta(days=day) for day in range(10)]
    observed = {"dates": dates, "counts": counts, "fitted": 6}
    return base.replace({"observed": observed, "run.days": 10, **changes})


def test_the_best_point_is_near_what_made_the_counts():
    rows = fit(scenario(), 32, seed=5)
    assert [row["root_mean_square"] for row in rows] == sorted(row["root_mean_square"] for row in rows)
    assert rows[0]["shock[0].magnitude"] == pytest.approx(1.2, abs=0.15)
    assert rows[0]["events_per_person"] == pytest.approx(0.5, rel=0.2)


def test_points_with_an_implausible_scale_come_last():
    rows = fit(scenario(**{"observed.per_person": [0.9, 5.0]}), 16, seed=5)
    accepted = [0.9 <= row["events_per_person"] <= 5.0 for row in rows]
    assert accepted == sorted(accepted, reverse=True)
    assert 0 < sum(accepted) < 16


@pytest.mark.parametrize("changes", [{"prior": {}}, {"observed.fitted": 0}, {"prior": {"society.people": [10.0, 20.0]}}])
def test_what_cannot_be_fitted_is_refused(changes):
    with pytest.raises(cz.InputError, match="prior"):
        fit(scenario(**changes), 4, seed=1)


def test_judging_over_seeds_and_points():
    given = scenario(target=[{"name": "peak", "statistic": "peak_night", "value": 3, "tolerance": 20.0}])
    rows = judge(given, range(1, 3), [{"shock[0].magnitude": 1.0}, {"shock[0].magnitude": 1.5}])
    assert [(row["rank"], row["seed"]) for row in rows] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert all(row["hit"] for row in rows)


def test_facts_over_seeds():
    frame = struggles_over_seeds(scenario(**{"incidents.enabled": True, "incidents.rate": 0.05, "incidents.size": 1.5, "struggle.contested_people": 2.0, "run.days": 60}), range(1, 3))
    assert set(frame["seed"]) == {1, 2}
    table = quantile_table(frame)
    assert (table["q0.5"] <= table["q0.9"]).all()
    assert table[table["struggles"] != "US strikes"]["n"].sum() == 2 * len(frame)
