"""The outcome of a run, by rule, from its series (`model.md` section 8, `rules.md` 1.11)."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from communize.declare.registry import CAUSES, EVICTION, RECUPERATED, STRUGGLE_ENDS
from communize.mechanisms.measures.rupture import DAYS as RUPTURE_DAYS

RULES = {
    "rupture": "for 180 days on end kappa is below 1, more than half of the people live mainly outside exchange, there is less than one of State force for 100 participants, and their essential coverage, mean of 30 days, is at least 0.9",
    "no_spark": "no struggle drew in more than three sites, and never more than 1 in 1,000 people in struggle or in measures on one day",
    "counter_revolution": "over the last 30 days more than half of the participants, at least 1 in 100 people, are in measures of negative character, and chi is below -0.1 on the mean over participants",
    "recuperation": "measures that the market bought back or that accepted a legal status make up more than half of the person-days in measures, and these at least a tenth of those in motion",
    "unresolved": "on the last day more than half of the peak number of people are still in struggle or in measures, and that peak was above 2 in 100 people or most person-days in struggle are not over; or the conditions of a rupture hold on it and have not yet held for 180 days, which is looked at before all but rupture",
    "integration": "struggles that ended by a settlement make up more than half of the person-days of those that ended",
    "repression": "struggles whose arrests reached the repressed share, and evicted measures of other struggles, make up more than half of those person-days",
    "exhaustion": "none of the others: struggles ebbed, and measures with them",
}
NO_SPARK_SHARE, NO_SPARK_SITES = 0.001, 3
BACKGROUND = 0.02  # struggles of no more people that come and go without end are judged by how they ended
NEGATIVE_DAYS, NEGATIVE_SHARE, NEGATIVE_PEOPLE, NEGATIVE_CHI = 30, 0.5, 0.01, -0.1  # chi near 0 is noise
RECUPERATED_SHARE, IN_MEASURES_SHARE = 0.5, 0.1
OBJECTIVE_DAYS = 14  # days for which the changed aim must last (`rules.md` 1.11)
NOT_COMPUTED = {
    "reproduction_ratio": "provisioning is switched off",
    "commodity_reproduction": "provisioning is switched off",
}


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes
    ----------
    name
        One of `RULES`.
    day
        Day on which it happened: the peak for no spark, the last day of struggle for the others, the end of the
        run for unresolved, counter-revolution and recuperation, t_rupture for a rupture.
    why
        The rule that decided, in words.
    endings
        Struggles by how they ended.
    endings_of_measures
        Measures by why they ended; those in force at the end under ``in_force``.
    generalisation_number, generalisation_number_total, generalisation_number_of_foundings, generalisation_day
        R_descent, R_total and R of foundings (sites that join counted with what they join) on the last day whose window of 180 days holds a measure, and that day; None if none ever began.
    peak_generalisation_number
        The highest R_descent of a day whose window holds at least `ENOUGH` measures; None if no day does.
    objective_day
        t_objective: first day from which, for 14 days, rift and measures outweigh demands in more than half of all struggles by
        size; None if never.
    rupture_candidate
        First day from which the conditions of a rupture hold to the end of a run that ends before they have held for 180 days; None if
        they do not.
    reproduction_ratio, commodity_reproduction
        lambda and kappa on the last day; None where they are not computed.
    not_computed
        Why a number is None.
    """

    name: str
    day: int
    why: str
    endings: dict[str, int] = field(default_factory=dict)
    endings_of_measures: dict[str, int] = field(default_factory=dict)
    generalisation_number: float | None = None
    generalisation_number_total: float | None = None
    generalisation_number_of_foundings: float | None = None
    generalisation_day: int | None = None
    peak_generalisation_number: float | None = None
    objective_day: int | None = None
    rupture_candidate: int | None = None
    reproduction_ratio: float | None = None
    commodity_reproduction: float | None = None
    not_computed: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


ENOUGH = 30


def judge(series: dict[str, np.ndarray], people: float, struggles: Any, instances: Any) -> Outcome:
    """Judge a run.

    Parameters
    ----------
    series
        Daily totals (days,): ``moving``, people in struggle or in measures; if there are measures ``generalisation_number``,
        ``generalisation_number_total``, ``generalisation_number_of_foundings``, ``aim_changed`` and ``begun``, measures begun on each day;
        if there is provisioning ``reproduction_ratio`` and ``commodity_reproduction``; ``rupture_days`` if a rupture is looked for; if
        characters are observed ``character``, ``character_negative`` and ``participants``.
    people
        People of the society.
    struggles
        Table of struggles with the columns `end`, `ended`, `person_days` and `sites_ever`.
    instances
        Table of instances with the columns `cause`, `struggle`, `person_days` and, if there is mediation, `shelter`.
    """
    total = np.nan_to_num(np.asarray(series["moving"], dtype=float))
    ends, causes = np.asarray(struggles.end), np.asarray(instances.cause)
    known = {
        "endings": {name: int((ends == code).sum()) for code, name in enumerate(STRUGGLE_ENDS)},
        "endings_of_measures": {name: int((causes == code).sum()) for code, name in enumerate(CAUSES)},
        **_of_measures(series),
    }
    peak_day = int(np.argmax(total)) if total.size else 0
    peak = float(total[peak_day]) if total.size else 0.0
    last = total.size - 1

    def outcome(name: str, day: int) -> Outcome:
        return Outcome(name, day, RULES[name], **known)

    ruptured, candidate = rupture(series)
    known["rupture_candidate"] = candidate
    if ruptured is not None:
        return outcome("rupture", ruptured)
    if candidate is not None:
        return outcome("unresolved", last)
    widest = int(np.max(struggles.sites_ever, initial=0))
    if peak <= NO_SPARK_SHARE * people and widest <= NO_SPARK_SITES:
        return outcome("no_spark", peak_day)
    if _negative(series, people):
        return outcome("counter_revolution", last)
    if _bought_back(struggles, instances):
        return outcome("recuperation", last)
    weight = np.asarray(struggles.person_days, dtype=float)
    over = np.asarray(struggles.ended) >= 0
    whole = weight[over].sum()
    if total[last] > 0.5 * peak and (peak > BACKGROUND * people or whole < 0.5 * weight.sum()):
        return outcome("unresolved", last)
    last_struggle = min(last, int(np.asarray(struggles.ended)[over].max())) if over.any() else peak_day
    if whole > 0:
        settled, repressed = (weight[over & (ends == STRUGGLE_ENDS.index(name))].sum() for name in ("settled", "repressed"))
        if settled > 0.5 * whole:
            return outcome("integration", last_struggle)
        if repressed + _evicted(struggles, instances, over) > 0.5 * whole:
            return outcome("repression", last_struggle)
    return outcome("exhaustion", last_struggle)


def rupture(series: dict[str, np.ndarray]) -> tuple[int | None, int | None]:
    """t_rupture, and where there is none the day since which its conditions have held at the end of the run (None each if not)."""
    days = np.asarray(series.get("rupture_days", ()), float)
    held = np.flatnonzero(days >= RUPTURE_DAYS)
    if held.size:
        return int(held[0]) - RUPTURE_DAYS + 1, None
    return None, days.size - int(days[-1]) if days.size and days[-1] > 0 else None


def _negative(series: dict[str, np.ndarray], people: float) -> bool:
    """Whether measures of negative character dominate at the end."""
    if "character_negative" not in series or "participants" not in series:
        return False
    inside = np.asarray(series["participants"], float)[-NEGATIVE_DAYS:]
    share = np.nan_to_num(np.asarray(series["character_negative"], float)[-NEGATIVE_DAYS:])
    chi = np.nan_to_num(np.asarray(series["character"], float)[-NEGATIVE_DAYS:])
    wide = inside.mean() >= NEGATIVE_PEOPLE * people
    return bool(wide and (share * inside).sum() > NEGATIVE_SHARE * inside.sum() and (chi * inside).sum() < NEGATIVE_CHI * inside.sum())


def _bought_back(struggles: Any, instances: Any) -> bool:
    """Whether firms and services are what most of the time in measures went into."""
    days = np.asarray(instances.person_days, dtype=float)
    shelter = getattr(instances, "shelter", None)
    bought = np.asarray(instances.cause) == RECUPERATED
    if shelter is not None:
        bought = bought | (np.asarray(shelter) > 0)
    in_motion = days.sum() + np.asarray(struggles.person_days, dtype=float).sum()
    return bool(days.sum() >= IN_MEASURES_SHARE * in_motion and days[bought].sum() > RECUPERATED_SHARE * days.sum() > 0)


def _evicted(struggles: Any, instances: Any, over: np.ndarray) -> float:
    """Person-days of evicted measures that struggles carried which are over and were not repressed."""
    carrier = np.asarray(instances.struggle)
    counts = (np.asarray(instances.cause) == EVICTION) & (carrier >= 0)
    if not counts.any():
        return 0.0
    elsewhere = over & (np.asarray(struggles.end) != STRUGGLE_ENDS.index("repressed"))
    return float(np.asarray(instances.person_days)[counts & elsewhere[np.maximum(carrier, 0)]].sum())


def _of_measures(series: dict[str, np.ndarray]) -> dict[str, Any]:
    """R, its day and peak, and t_objective, from the daily series."""
    material = {name: _last(series[name]) for name in NOT_COMPUTED if name in series}
    not_computed = {name: why for name, why in NOT_COMPUTED.items() if material.get(name) is None}
    number = series.get("generalisation_number")
    if number is None:
        return material | {"not_computed": {"generalisation_number": "measures are switched off"} | not_computed}
    days = np.flatnonzero(np.isfinite(number))
    if not days.size:
        return material | {"not_computed": {"generalisation_number": "no measure began"} | not_computed}
    day = int(days[-1])
    begun = np.cumsum(series["begun"])
    in_window = begun - np.concatenate([np.zeros(min(180, begun.size)), begun])[: begun.size]
    enough = np.isfinite(number) & (in_window >= ENOUGH)
    return material | {
        "generalisation_number": float(number[day]),
        "generalisation_number_total": float(series["generalisation_number_total"][day]),
        "generalisation_number_of_foundings": _finite(series["generalisation_number_of_foundings"][day]),
        "generalisation_day": day,
        "peak_generalisation_number": float(number[enough].max()) if enough.any() else None,
        "objective_day": objective_day(series["aim_changed"]),
        "not_computed": not_computed,
    }


def _last(values: np.ndarray) -> float | None:
    """The value of the last day, None if there is none."""
    return _finite(values[-1]) if len(values) else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def objective_day(aim_changed: np.ndarray) -> int | None:
    """First day from which more than half, by size, of the struggles have changed their aim on `OBJECTIVE_DAYS` days on end."""
    changed = np.nan_to_num(np.asarray(aim_changed, float)) > 0.5
    run = 0
    for day, holds in enumerate(changed):
        run = run + 1 if holds else 0
        if run == OBJECTIVE_DAYS:
            return day - OBJECTIVE_DAYS + 1
    return None
