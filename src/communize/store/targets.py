"""Comparing a run with real figures: the `[observed]` series and the `[[target]]` figures of its scenario."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Comparison:
    """One figure of a run beside the real one.

    `hit` says whether they agree within the tolerance or factor that the scenario fixed; `found` is None where the
    run does not reach the figure's day.
    """

    name: str
    found: float | None
    value: float
    allowed: str
    hit: bool
    source: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ObservedFit:
    """Real counts beside a variable: ``counts - background = k * variable`` on the fitted dates."""

    what: str
    days: np.ndarray
    counts: np.ndarray
    background: float
    fitted: int
    events_per_person: float
    expected: np.ndarray
    root_mean_square: float | None

    def to_dict(self) -> dict[str, Any]:
        return {"what": self.what, "events_per_person": self.events_per_person, "fitted": self.fitted,
                "root_mean_square_on_fitted": self.root_mean_square}  # fmt: skip


def total_of(series: Any, variable: str) -> np.ndarray:
    """A variable summed over everything but the day, float64 (days,)."""
    data = series[variable]
    return data.sum([dim for dim in data.dims if dim != "day"]).to_numpy().astype(float)


def fit_observed(scenario: Any, series: Any) -> ObservedFit | None:
    """Set the scenario's real counts beside the run; None if it has none or the run reaches none of their dates."""
    observed = scenario.tables.observed
    if observed.variable not in series.data_vars:
        return None
    days = np.array([(date - scenario.start).days for date in observed.dates], dtype=int)
    total = total_of(series, observed.variable) if days.size else np.zeros(0)
    reached = (days >= 0) & (days < total.size)
    if not reached.any():
        return None
    days, counts = days[reached], np.array(observed.counts)[reached]
    fitted = int(reached[: observed.fitted].sum())
    above = counts - observed.background
    x = total[days[:fitted]]
    k = max(0.0, float(x @ above[:fitted]) / float(x @ x)) if fitted and x.any() else 0.0
    error = float(np.sqrt(np.mean((above[:fitted] - k * x) ** 2))) if fitted else None
    return ObservedFit(observed.what, days, counts, observed.background, fitted, k, k * total + observed.background, error)


def compare(scenario: Any, series: Any) -> list[Comparison]:
    """All targets of a scenario against a run."""
    fit = fit_observed(scenario, series)
    k = fit.events_per_person if fit else 0.0
    return [_compare_one(target, scenario, series, k) for target in scenario.tables.target]


def _compare_one(target: Any, scenario: Any, series: Any, fitted_k: float) -> Comparison:
    total = total_of(series, target.variable) if target.variable in series.data_vars else np.zeros(0)
    day = target.day if target.day is not None else (target.date - scenario.start).days if target.date else None
    peak = int(np.argmax(total)) if total.size else 0
    k = target.events_per_person if target.events_per_person is not None else fitted_k
    found: float | None = None
    if total.size and (day is None or 0 <= day < total.size):
        found = _statistic(target, series, total, peak if day is None else day, peak, k)
    allowed = f"± {target.tolerance:g}" if target.tolerance is not None else f"within a factor of {target.factor:g}"
    if found is None:
        hit = False
    elif target.tolerance is not None:
        hit = abs(found - target.value) <= target.tolerance
    else:
        hit = found > 0 and target.value / target.factor <= found <= target.value * target.factor
    return Comparison(target.name, found, target.value, allowed, bool(hit), target.source)


def _statistic(target: Any, series: Any, total: np.ndarray, day: int, peak: int, k: float) -> float | None:
    if target.statistic == "peak_night":
        return float(peak + 1)
    if target.statistic == "ratio_to_peak":
        return float(total[day] / total[peak]) if total[peak] > 0 else None
    if target.statistic == "half_life":
        above = np.flatnonzero(total >= 0.5 * total[peak])
        return float(above[-1] - peak + 1) if total[peak] > 0 and above[-1] < total.size - 1 else None
    if target.statistic == "first_share":
        return float(total[:day].sum() / total.sum()) if total.sum() > 0 else None
    places = series[target.variable].isel(day=day).to_numpy().astype(float)
    if target.statistic == "places_hit":
        return float((1.0 - np.exp(-k * places)).sum())
    inside = (series["region"] == target.region).to_numpy()
    return float(places[inside].sum() / places.sum()) if places.sum() > 0 else None
