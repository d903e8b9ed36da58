"""The outcome rule, class by class."""

from types import SimpleNamespace

import numpy as np
import pytest

from communize.declare.registry import CAUSES
from communize.store.outcome import ENOUGH, RULES, judge, objective_day

PEOPLE = 10_000.0


def table(*rows):
    """Struggles as (end code, ended, person-days, sites)."""
    columns = list(zip(*rows)) or [(), (), (), ()]
    return SimpleNamespace(**{name: np.array(values) for name, values in zip(("end", "ended", "person_days", "sites_ever"), columns)})


def measures(*rows):
    """Instances as (cause by name, struggle, person-days)."""
    causes, struggles, days = list(zip(*rows)) or [(), (), ()]
    return SimpleNamespace(
        cause=np.array([CAUSES.index(cause) for cause in causes], int), struggle=np.array(struggles, int), person_days=np.array(days, int))  # fmt: skip


WAVE = [0, 100, 400, 100, 3]


@pytest.mark.parametrize(
    ("active", "struggles", "name", "day"),
    [
        ([0, 0, 0], table(), "no_spark", 0),
        ([0, 10, 4], table((2, 2, 14, 3)), "no_spark", 1),
        ([0, 10, 4], table((2, 2, 14, 4)), "exhaustion", 2),
        ([0, 11, 4], table((2, 2, 15, 1)), "exhaustion", 2),
        ([0, 100, 51], table((0, -1, 151, 9)), "unresolved", 2),
        ([0, 100, 50], table((2, 2, 150, 9)), "exhaustion", 2),
        (WAVE, table((1, 4, 600, 9), (2, 5, 599, 9)), "integration", 4),
        (WAVE, table((3, 4, 600, 9), (2, 3, 599, 9)), "repression", 4),
        (WAVE, table((3, 4, 500, 9), (1, 3, 500, 9), (0, -1, 5000, 9)), "exhaustion", 4),
        (WAVE, table((0, -1, 600, 9)), "exhaustion", 2),
    ],
)
def test_the_rule(active, struggles, name, day):
    outcome = judge({"moving": np.array(active, float)}, PEOPLE, struggles, measures())
    assert (outcome.name, outcome.day) == (name, day)
    assert outcome.why == RULES[name]


@pytest.mark.parametrize(
    ("instances", "name"),
    [
        # struggle 0 was repressed (300 person-days), 1 ebbed (400), 2 was settled (300), 3 goes on
        ((), "exhaustion"),
        ([("eviction", 1, 200)], "exhaustion"),  # 300 + 200 of 1,000 is not more than half
        ([("eviction", 1, 150), ("eviction", 2, 51)], "repression"),
        ([("eviction", 0, 300), ("eviction", 1, 150)], "exhaustion"),  # those of a repressed struggle are counted with it already
        ([("eviction", 3, 900), ("eviction", -1, 900)], "exhaustion"),  # a struggle that goes on, none at all
        ([("need", 1, 400), ("spent", 2, 400), ("in_force", 1, 400)], "exhaustion"),
    ],
)
def test_evicted_measures_count_as_repression(instances, name):
    struggles = table((3, 4, 300, 9), (2, 5, 400, 9), (1, 5, 300, 9), (0, -1, 5000, 9))
    assert judge({"moving": np.array(WAVE, float)}, PEOPLE, struggles, measures(*instances)).name == name


def test_people_in_measures_are_in_motion():
    """Nobody in struggle at the end, but most of the peak in measures: the caller adds both."""
    struggles = table((2, 3, 400, 9))
    assert judge({"moving": np.array([0.0, 400, 300])}, PEOPLE, struggles, measures()).name == "unresolved"


def test_endings_are_counted_and_the_three_numbers_are_not_made_up():
    instances = measures(("in_force", 0, 1), ("in_force", 0, 1), ("need", 0, 1), ("below_mass", -1, 1))
    outcome = judge(
        {"moving": np.array(WAVE, float)}, PEOPLE, table((1, 4, 1, 1), (2, 4, 1, 1), (2, 4, 1, 1), (0, -1, 1, 1)), instances)
    assert outcome.endings == {"going_on": 1, "settled": 1, "ebbed": 2, "repressed": 0}
    assert outcome.endings_of_measures == dict.fromkeys(CAUSES, 0) | {"in_force": 2, "need": 1, "below_mass": 1}
    assert (outcome.generalisation_number, outcome.reproduction_ratio, outcome.commodity_reproduction) == (None, None, None)
    assert outcome.not_computed["generalisation_number"] == "measures are switched off"
    assert set(outcome.not_computed) == {"generalisation_number", "reproduction_ratio", "commodity_reproduction"}


# --- what measures came to ---


def judged(number, begun, total=None, changed=None, of_foundings=None):
    """The outcome of a run with these daily series."""
    n = len(number)
    series = {
        "moving": np.zeros(n), "generalisation_number": np.array(number, float), "begun": np.array(begun),
        "generalisation_number_total": np.array(number if total is None else total, float),
        "generalisation_number_of_foundings": np.array(number if of_foundings is None else of_foundings, float),
        "aim_changed": np.zeros(n) if changed is None else np.array(changed, float),
    }  # fmt: skip
    return judge(series, PEOPLE, table(), measures())


def test_the_generalisation_number_is_that_of_the_last_day_that_has_one():
    nan = np.nan
    outcome = judged(
        [nan, 0.0, 0.5, 1.5, nan, nan], [0, 1, 1, 1, 0, 0], total=[nan, 0.0, 1.5, 2.5, nan, nan], of_foundings=[nan, 1, 1, 4.5, 9, 9])
    assert (outcome.generalisation_number, outcome.generalisation_number_total, outcome.generalisation_day) == (1.5, 2.5, 3)
    assert outcome.generalisation_number_of_foundings == 4.5
    assert judged([1.0], [1], of_foundings=[nan]).generalisation_number_of_foundings is None  # the window holds sites that joined alone
    assert outcome.peak_generalisation_number is None  # too few measures on any day
    assert set(outcome.not_computed) == {"reproduction_ratio", "commodity_reproduction"}


def test_without_a_measure_there_is_no_generalisation_number():
    outcome = judged([np.nan] * 5, [0] * 5)
    assert (outcome.generalisation_number, outcome.generalisation_day, outcome.objective_day) == (None, None, None)
    assert outcome.not_computed["generalisation_number"] == "no measure began"


@pytest.mark.parametrize(("n_days", "peak"), [(40, 3.0), (240, 3.0)])
def test_the_peak_counts_only_days_whose_window_holds_enough(n_days, peak):
    """A high number of few measures on day 2, the enough-th measure on day 10; and, 180 days later, few again."""
    number, begun = np.ones(n_days), np.zeros(n_days, int)
    number[2], number[20], begun[2], begun[10] = 9.0, peak, ENOUGH - 1, 1
    if n_days > 200:
        number[181], number[182] = 2.5, 8.0  # the window of day 182 begins on day 3
    assert judged(number, begun).peak_generalisation_number == peak


def test_the_window_is_of_180_days():
    begun = np.zeros(400, int)
    begun[100] = ENOUGH
    for day, counts in ((99, False), (100, True), (279, True), (280, False)):
        number = np.zeros(400)
        number[day] = 7.0
        assert judged(number, begun).peak_generalisation_number == (7.0 if counts else 0.0)


@pytest.mark.parametrize(
    ("changed", "day"),
    [
        ([], None),
        ([1.0] * 13, None),
        ([1.0] * 14, 0),
        ([0.0] * 5 + [0.51] * 14, 5),
        ([0.5] * 30, None),  # not more than half
        ([1.0] * 13 + [0.0] + [1.0] * 13 + [np.nan] + [1.0] * 20, 28),
        ([1.0] * 14 + [0.0] * 9 + [1.0] * 14, 0),
    ],
)
def test_the_aim_has_changed_from_the_first_of_fourteen_days(changed, day):
    assert objective_day(np.array(changed, float)) == day
    if len(changed):
        n = len(changed)
        assert judged([1.0] * n, [1] * n, changed=changed).objective_day == day


# --- what opposes measures ---

DAYS = 400
QUIET = table((2, 5, 400, 9))


def life(days):
    """Series in which the conditions of a rupture have held for `days` days on end."""
    return {"moving": np.full(len(days), 4000.0), "participants": np.full(len(days), 4000.0), "rupture_days": np.asarray(days)}


def ends(series, instances=None):
    outcome = judge(series, PEOPLE, QUIET, measures() if instances is None else instances)
    return outcome.name, outcome.day, outcome.rupture_candidate


def test_a_rupture_is_dated_from_the_first_of_its_days():
    held = np.concatenate([np.zeros(29, int), np.arange(1, DAYS - 28)])
    assert ends(life(held)) == ("rupture", 29, None)
    assert judge(life(held), PEOPLE, QUIET, measures()).why == RULES["rupture"]
    assert ends(life(np.concatenate([held, [0, 0, 1]]))) == ("rupture", 29, None)  # what comes later does not undo it


def test_one_day_more_or_less_than_180():
    assert ends(life(np.concatenate([[0] * 220, np.arange(1, 181)]))) == ("rupture", 220, None)
    assert ends(life(np.concatenate([[0] * 221, np.arange(1, 180)]))) == ("unresolved", DAYS - 1, 221)
    assert ends(life(np.concatenate([[0] * 220, np.arange(1, 180), [0]])))[2] is None  # not on the last day


def test_where_it_is_not_looked_for_there_is_no_rupture():
    series = life([0] * 20)
    del series["rupture_days"]
    assert ends(series) == ends(life([0] * 20)) == ("unresolved", 19, None)


def negative(share, people=4000.0, days=30, chi=-0.2):
    series = {"moving": np.full(60, 4000.0), "participants": np.zeros(60), **{name: np.full(60, np.nan) for name in ("character", "character_negative")}}
    series["participants"][-days:], series["character_negative"][-days:], series["character"][-days:] = people, share, chi
    return series


@pytest.mark.parametrize(
    ("series", "name"),
    [
        (negative(0.51), "counter_revolution"),
        (negative(0.5), "unresolved"),
        (negative(1.0, chi=-0.11), "counter_revolution"),
        (negative(1.0, chi=-0.1), "unresolved"),  # so near 0 the sign is noise
        (negative(1.0, people=100.0), "counter_revolution"),
        (negative(1.0, people=99.0), "unresolved"),
        (negative(1.0, days=10, people=300.0), "counter_revolution"),  # a mean of 100 over 30 days
        (negative(1.0, days=10, people=299.0), "unresolved"),
    ],
)
def test_measures_of_negative_character_dominate_at_the_end(series, name):
    assert ends(series) == (name, 59, None)


def sheltered(*rows):
    """Instances as (cause by name, struggle, person-days, shelter)."""
    found = measures(*(row[:3] for row in rows))
    found.shelter = np.array([row[3] for row in rows], float)
    return found


@pytest.mark.parametrize(
    ("instances", "name"),
    [
        (measures(("recuperated", -1, 51), ("spent", -1, 49)), "recuperation"),
        (measures(("recuperated", -1, 50), ("spent", -1, 50)), "exhaustion"),
        (measures(("recuperated", -1, 44)), "exhaustion"),  # 44 of 444 person-days in measures
        (measures(("recuperated", -1, 45)), "recuperation"),
        (sheltered(("ebb", -1, 60, 0.5), ("ebb", -1, 40, 0.0)), "recuperation"),
        (sheltered(("recuperated", -1, 60, 0.5), ("ebb", -1, 61, 0.0)), "exhaustion"),  # counted once
        (measures(), "exhaustion"),
    ],
)
def test_firms_and_services_make_a_recuperation(instances, name):
    assert judge({"moving": np.array(WAVE, float)}, PEOPLE, QUIET, instances).name == name


def test_the_order_of_the_rules():
    bought = measures(("recuperated", -1, 1000))
    bad = {"character_negative": np.ones(DAYS), "character": np.full(DAYS, -1.0)}
    never = life([0] * DAYS)
    assert ends(life(np.arange(1, DAYS + 1)) | bad, bought)[0] == "rupture"
    assert ends(life(np.concatenate([[0] * 301, np.arange(1, DAYS - 300)])) | bad, bought) == ("unresolved", DAYS - 1, 301)
    assert ends(never | bad, bought)[0] == "counter_revolution"
    assert ends(never, bought)[0] == "recuperation"
    assert ends(never)[0] == "unresolved"
    assert list(RULES) == ["rupture", "no_spark", "counter_revolution", "recuperation", "unresolved", "integration", "repression", "exhaustion"]
    little = {"moving": np.array([0.0, 10, 4]), "participants": np.full(3, 200.0), "character_negative": np.ones(3), "character": np.full(3, -1.0)}
    assert judge(little, PEOPLE, table((2, 2, 14, 3)), bought).name == "no_spark"
