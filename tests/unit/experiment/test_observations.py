"""The data of a calibration: what is read, what is refused, and how a run stands beside it."""

import datetime

import numpy as np
import pandas as pd
import pytest

import communize as cz
from communize.experiment.observations import observations

DAYS = 30


def scenario(**changes):
    return cz.load("sir").replace({"society.people": 1000, "run.days": DAYS, "society.places.count": 3, **changes})


def table(**columns):
    return pd.DataFrame({"day": [0, 5, 10], "active": [1.0, 20.0, 90.0], **columns})


def test_a_table_by_day_or_date_is_the_same(tmp_path):
    start = scenario().start
    dates = table(date=[start + datetime.timedelta(days=d) for d in (0, 5, 10)]).drop(columns="day")
    dates.to_csv(tmp_path / "a.csv", index=False)
    dates.to_parquet(tmp_path / "a.parquet")
    found = [observations(scenario(), data) for data in (table(), dates, tmp_path / "a.csv", tmp_path / "a.parquet", table().iloc[::-1])]
    assert {one.digest for one in found} == {found[0].digest}
    assert found[0].series[0].days.tolist() == [0, 5, 10]
    assert found[0].days_fitted == 11
    assert observations(scenario(), table(active=[1.0, 20.0, 91.0])).digest != found[0].digest


def test_values_are_compared_as_square_roots_by_series():
    data = observations(scenario(), table(joined=[0.0, 1.0, 4.0]))
    assert data.parts.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.features(data.values, data.values)[0] == pytest.approx(np.sqrt(data.values))
    run = cz.run(scenario(), seed=1)
    active = run.series["active"].sum("place").to_numpy()
    assert data.found(run.series)[:3] == pytest.approx(active[[0, 5, 10]])
    assert [s.name for s in observations(scenario(), table(joined=1.0), ["joined"]).series] == ["joined"]


def test_places_are_compared_each_with_its_own():
    run = cz.run(scenario(), seed=1)
    names = run.series["name"].to_numpy().tolist()
    rows = pd.DataFrame({"day": [0, 9] * 2, "place": [names[2]] * 2 + [names[0]] * 2, "active": [3.0, 4.0, 1.0, 2.0]})
    data = observations(scenario(), rows)
    assert [s.place for s in data.series] == sorted([names[0], names[2]])
    expected = [run.series["active"].to_numpy()[[0, 9], names.index(s.place)] for s in data.series]
    assert data.found(run.series) == pytest.approx(np.concatenate(expected))


def own(**changes):
    dates = [datetime.date(2005, 1, 1) + datetime.timedelta(days=d) for d in range(6)]
    return scenario(observed={"dates": dates, "counts": [12.0, 14.0, 18.0, 26.0, 1.0, 2.0], "background": 10.0, "fitted": 4, **changes})


def test_the_counts_of_the_scenario_are_fitted_up_to_a_slope_and_the_others_held_out():
    data = observations(own())
    assert (data.days_fitted, data.days_all) == (4, 6)
    found = np.array([[1.0, 2.0, 4.0, 8.0], [3.0, 6.0, 12.0, 24.0], [0.0, 0.0, 0.0, 0.0]])
    features = data.features(found, data.values)
    assert features[0] == pytest.approx(np.sqrt(data.values))  # k = 2
    assert features[1] == pytest.approx(features[0])  # k = 2/3
    assert features[2] == pytest.approx(np.sqrt(10.0))
    limited = observations(own(per_person=[1.0, 5.0]))
    assert np.isnan(limited.features(found, data.values)).all(axis=1).tolist() == [False, True, True]
    assert limited.as_data(found[0]) == pytest.approx(10 + np.sqrt(5) * found[0])


@pytest.mark.parametrize(("data", "message"), [
    (table(activ=1.0), "did you mean active"),
    (table().rename(columns={"day": "dya"}), "variable of the series|one column date"),
    (table(date="2005-01-01"), "one column date, or one column day"),
    (table(day=[0, 5, DAYS]), r"found '30'; allowed: days of the run: 2005-01-01 to 2005-01-30"),
    (table(day=[-1, 5, 6]), "days 0 to 29"),
    (table(day=[0.5, 5, 6]), "row 1: found 0.5; allowed: a whole day"),
    (table(date=["2005-01-01", "x", "2005-01-03"]).drop(columns="day"), "row 2: found 'x'; allowed: a date"),
    (table(active=[1.0, float("nan"), 3.0]), "active, row 2: found"),
    (table(active=[1.0, float("inf"), 3.0]), "a finite number"),
    (table(active=["a", "b", "c"]), "a column of numbers"),
    (table(day=[0, 5, 5]), "day 5 twice"),
    (table().head(1), "at least two"),
    (table().head(0), "rows, and at least one column"),
    (table()[["day"]], "at least one column"),
    (table(place="nowhere"), "one of the 3 places"),
    (table(place="place-1", joined=1.0), "a variable by place"),
    ("no-such-file.csv", "a CSV or Parquet file that exists"),
])  # fmt: skip
def test_what_cannot_be_compared_is_refused(data, message):
    with pytest.raises(cz.InputError, match=message):
        observations(scenario(), data)


def test_a_file_that_is_no_table(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(cz.InputError, match=r"a\.parquet.*CSV or Parquet"):
        observations(scenario(), tmp_path / "a.parquet")


@pytest.mark.parametrize(("changes", "message"), [
    ({"observed": {}}, "no fitted counts"),
    ({"run.days": 4}, "observed.dates: found '2005-01-05'"),
    ({"observed.fitted": 1}, "at least two"),
])  # fmt: skip
def test_a_scenario_without_counts_to_fit(changes, message):
    with pytest.raises(cz.InputError, match=message):
        observations(own().replace(changes))
