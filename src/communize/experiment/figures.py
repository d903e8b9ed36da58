"""Figures of a run: what one row of an ensemble's table holds, and which further reductions can be asked for.

A further figure is written ``variable:reduction``, such as ``active:max``: the variable of the series is brought to one number a
day, then reduced over days. Dims other than the day are summed where the unit counts something (people, instances, coins),
and averaged, each entry alike, where it does not (`AVERAGED`: shares, rates, ratios, incomes). Days without a number are left
out, except by ``last`` and ``first``. A figure can also be ``module:function``, a function of one `Run` that gives a number, or
the function itself.
"""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.scenario.scenario import Scenario
from communize.simulation.day import MECHANISMS
from communize.store.run import Run

AVERAGED = ("share", "1", "probability", "yes/no", "code", "sector row", "day of consumption")
AVERAGED_VARIABLES = ("income",)
REDUCTIONS: dict[str, Callable[[np.ndarray], float]] = {
    "last": lambda days: float(days[-1]),
    "first": lambda days: float(days[0]),
    "max": lambda days: float(np.nanmax(days)),
    "min": lambda days: float(np.nanmin(days)),
    "mean": lambda days: float(np.nanmean(days)),
    "median": lambda days: float(np.nanmedian(days)),
    "sum": lambda days: float(np.nansum(days)),
    "day_of_max": lambda days: float(np.nanargmax(days)),
    "day_of_min": lambda days: float(np.nanargmin(days)),
}
OF_THE_OUTCOME = (
    "generalisation_number", "generalisation_number_total", "generalisation_number_of_foundings", "peak_generalisation_number",
    "generalisation_day", "objective_day", "reproduction_ratio", "commodity_reproduction",
)  # fmt: skip
OF_THE_SUMMARY = ("people", "agents", "places", "peak_active", "peak_day", "peak_participants", "struggles", "instances", "practices")
OF_THE_END = ("unemployment", "wage_share", "profit_rate")
NUMBERS = (*OF_THE_OUTCOME, *OF_THE_SUMMARY, "in_force", "unmet", *OF_THE_END, "hits", "root_mean_square")
UNITS = {
    **dict.fromkeys(NUMBERS, "1"), **dict.fromkeys(("people", "peak_active", "peak_participants"), "person"), "agents": "agent", "places": "place",
    **dict.fromkeys(("peak_day", "generalisation_day", "objective_day", "outcome_day"), "day"), "struggles": "struggle", "practices": "practice",
    **dict.fromkeys(("instances", "in_force"), "instance"), **dict.fromkeys(("unmet", "unemployment", "wage_share", "profit_rate"), "share"),
    "root_mean_square": "event", "seconds": "second",
    **{output.name: output.unit for mechanism in MECHANISMS for output in mechanism.outputs if output.name not in ("people", "instances", "practices")},
}  # fmt: skip
Figure = str | Callable[[Run], Any]


def row_of(run: Run, figures: Sequence[Figure] = ()) -> dict[str, Any]:
    """The figures of a run by name; None for what was not computed."""
    summary = run.summary()["figures"]
    row: dict[str, Any] = {"outcome": run.outcome.name, "outcome_day": run.outcome.day}
    row |= {name: getattr(run.outcome, name) for name in OF_THE_OUTCOME}
    row |= {name: summary[name] for name in OF_THE_SUMMARY}
    row["in_force"] = run.outcome.endings_of_measures.get("in_force", 0)
    row["unmet"] = _number(daily(run.series, "unmet")[-1]) if "unmet" in run.series and run.days else None
    row |= {name: summary.get(name) for name in OF_THE_END}
    row["hits"] = sum(bool(comparison.hit) for comparison in run.comparisons) if run.comparisons else None
    row["root_mean_square"] = run.observed.root_mean_square if run.observed else None
    for figure in figures:
        row[name_of(figure)] = value_of(run, figure)
    return row


def value_of(run: Run, figure: Figure) -> float | None:
    """One further figure of a run; None where it is not a number."""
    if callable(figure):
        return _number(figure(run))
    variable, _, reduction = figure.partition(":")
    if reduction not in REDUCTIONS:
        return _number(_function(figure)(run))
    if variable not in run.series:
        return None
    days = daily(run.series, variable)
    if not days.size or (np.isnan(days).all() and reduction != "sum"):
        return None
    return _number(REDUCTIONS[reduction](days))


def daily(series: Any, variable: str) -> np.ndarray:
    """One number a day of a variable, float64 (day,): other dims are summed or averaged as the module says."""
    data = series[variable]
    others = [dim for dim in data.dims if dim != "day"]
    if others:
        averaged = data.attrs.get("units") in AVERAGED or variable in AVERAGED_VARIABLES
        data = data.mean(others) if averaged else data.sum(others)
    return data.to_numpy().astype(np.float64)


def name_of(figure: Figure) -> str:
    """The column of a figure."""
    return figure if isinstance(figure, str) else f"{figure.__module__}:{figure.__qualname__}"


def check_figures(scenario: Scenario, figures: Sequence[Figure], option: str = "figures") -> tuple[Figure, ...]:
    """The figures, each known to be one that can be computed.

    Raises
    ------
    InputError
        A variable, reduction or function that there is not.
    """
    variables = variables_of(scenario)
    for figure in figures:
        if callable(figure):
            continue
        variable, colon, reduction = figure.partition(":")
        if variable in variables or reduction in REDUCTIONS:
            if variable not in variables:
                raise InputError(option, figure, "variable:reduction with a variable of the series", nearest_name(variable, variables))
            if reduction not in REDUCTIONS:
                allowed = f"{variable}:reduction with one of {', '.join(REDUCTIONS)}"
                raise InputError(option, figure, allowed, nearest_name(reduction, REDUCTIONS) if colon else None)
        else:
            _function(figure, option, variables)
    names = [name_of(figure) for figure in figures]
    taken = [name for number, name in enumerate(names) if name in names[:number]]
    if taken:
        raise InputError(option, taken[0], "each figure once")
    return tuple(figures)


def check_series(scenario: Scenario, names: Sequence[str], option: str = "series") -> tuple[str, ...]:
    """The names of daily series, each known to be a variable of the scenario."""
    variables = variables_of(scenario)
    for name in names:
        if name not in variables:
            raise InputError(option, name, "a variable of the series", nearest_name(name, variables))
    return tuple(dict.fromkeys(names))


def variables_of(scenario: Scenario) -> list[str]:
    """Names of all variables that a run of the scenario can have."""
    return sorted({output.name for mechanism in (*MECHANISMS, *scenario.own_mechanisms()) for output in mechanism.outputs})


def _function(figure: str, option: str = "figures", variables: Sequence[str] = ()) -> Callable[[Run], Any]:
    module, _, name = figure.partition(":")
    allowed = f"variable:reduction (such as active:max; reductions are {', '.join(REDUCTIONS)}), or module:function"
    try:
        if not module or not name:
            raise ImportError
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise InputError(option, figure, allowed, nearest_name(module, variables)) from None
    if not callable(function):
        raise InputError(option, figure, allowed)
    return function


def _number(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None
