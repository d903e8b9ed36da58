"""The outcome of a run, by rule, from its series (`model.md` section 8, the classes that can occur so far)."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from communize.declare.registry import STRUGGLE_ENDS

RULES = {
    "no_spark": "no struggle drew in more than three sites, and never more than 1 in 1,000 people in struggle on one day",
    "unresolved": "on the last day more than half of the peak number of people are still in struggle",
    "integration": "struggles that ended by a settlement make up more than half of the person-days of those that ended",
    "repression": "struggles whose arrests reached the repressed share make up more than half of those person-days",
    "exhaustion": "none of the others: struggles ebbed",
}
NO_SPARK_SHARE, NO_SPARK_SITES = 0.001, 3


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes
    ----------
    name
        One of `RULES`.
    day
        Day on which it happened: the peak for no spark, the last day of struggle for the others, the end of the
        run for unresolved.
    why
        The rule that decided, in words.
    endings
        Struggles by how they ended.
    generalisation_number, reproduction_ratio, commodity_reproduction
        R, lambda and kappa; None where this version has no measures, provisioning or economy to compute them from.
    """

    name: str
    day: int
    why: str
    endings: dict[str, int] = field(default_factory=dict)
    generalisation_number: float | None = None
    reproduction_ratio: float | None = None
    commodity_reproduction: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


NOT_COMPUTED = {
    "generalisation_number": "no measures in this version",
    "reproduction_ratio": "no provisioning in this version",
    "commodity_reproduction": "no economy in this version",
}


def judge(active: np.ndarray, people: float, struggles: Any) -> Outcome:
    """Judge a run.

    Parameters
    ----------
    active
        People in struggle, by day (days,).
    people
        People of the society.
    struggles
        Table of struggles with the columns `end`, `ended`, `person_days` and `sites_ever`.
    """
    total = np.nan_to_num(np.asarray(active, dtype=float))
    ends = np.asarray(struggles.end)
    endings = {name: int((ends == code).sum()) for code, name in enumerate(STRUGGLE_ENDS)}
    peak_day = int(np.argmax(total)) if total.size else 0
    peak = float(total[peak_day]) if total.size else 0.0
    last = total.size - 1

    def outcome(name: str, day: int) -> Outcome:
        return Outcome(name, day, RULES[name], endings)

    widest = int(np.max(struggles.sites_ever, initial=0))
    if peak <= NO_SPARK_SHARE * people and widest <= NO_SPARK_SITES:
        return outcome("no_spark", peak_day)
    if total[last] > 0.5 * peak:
        return outcome("unresolved", last)
    weight = np.asarray(struggles.person_days, dtype=float)
    over = np.asarray(struggles.ended) >= 0
    whole = weight[over].sum()
    last_struggle = min(last, int(np.asarray(struggles.ended)[over].max())) if over.any() else peak_day
    for name, code in (("integration", "settled"), ("repression", "repressed")):
        if whole > 0 and weight[over & (ends == STRUGGLE_ENDS.index(code))].sum() > 0.5 * whole:
            return outcome(name, last_struggle)
    return outcome("exhaustion", last_struggle)
