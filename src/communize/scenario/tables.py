"""The tables of a scenario file, as pydantic models."""

import datetime
import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, create_model, field_validator, model_validator

from communize.declare.errors import WrongEntry
from communize.declare.parameters import Parameters, parameter
from communize.mechanisms.struggle.shocks import Shock, Shocks
from communize.simulation.day import MECHANISMS
from communize.society.parameters import SocietyParameters

DEFINITION = "definition"
LONGEST_NAME = 100
HIGHEST = 1e15  # of real figures, so that their squares can be added up


class Head(Parameters):
    """What the scenario is: `[scenario]`."""

    name: str = parameter(unit="name", source=DEFINITION, meaning="name: small letters, digits and hyphens")
    title: str = parameter("", unit="text", source=DEFINITION, meaning="one line for people")
    description: str = parameter("", unit="text", source=DEFINITION, meaning="what is represented, and what is not")
    based_on: str | None = parameter(None, unit="name or file", source=DEFINITION, meaning="scenario whose values hold where this one says nothing")
    start: datetime.date = parameter(datetime.date(2005, 1, 1), unit="date", source=DEFINITION, meaning="date of day 0")
    days: int = parameter(365, unit="day", range=(0, 100_000), source=DEFINITION, meaning="length of a run")
    only: list[str] = parameter([], unit="mechanism", source=DEFINITION, meaning="mechanisms that work, all others being off; none named: each as its own switch says")
    claims: list[str] = parameter([], unit="id", source=DEFINITION, meaning="claims that the case bears on")
    sources: dict[str, str] = parameter({}, unit="text", source=DEFINITION, meaning="source of each value set here: URL, DOI, or assumed with a range")

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not name or not all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in name):
            raise ValueError("small letters, digits and hyphens")
        if len(name) > LONGEST_NAME:
            raise ValueError(f"at most {LONGEST_NAME} letters, as it names the run folder")
        return name


class RunTable(Parameters):
    """How it is run: `[run]`."""

    days: int | None = parameter(None, unit="day", range=(0, 100_000), source=DEFINITION, meaning="length of the run, if not the scenario's")
    seed: int = parameter(1, unit="1", range=(0, 2**64 - 1), source=DEFINITION, meaning="seed of all draws")
    threads: int = parameter(0, unit="thread", range=(0, 4096), source=DEFINITION, meaning="threads, 0 for all that the process may use")
    checkpoint_days: int = parameter(0, unit="day", range=(0, 100_000), source=DEFINITION, meaning="days between checkpoints in the run folder, 0 for none by days")
    checkpoint_minutes: float = parameter(10.0, unit="minute", range=(0, 100_000), source=DEFINITION, meaning="minutes between checkpoints, the first as long after the start, 0 for none by time")


class Target(Parameters):
    """A figure of real events that the run is compared with: `[[target]]`.

    Statistics: ``peak_night`` (number of the day on which `variable` is highest, the first being 1), ``share_in_region`` (share of `variable` in
    `region` on `day` or `date`), ``places_hit`` (places in which at least one event is expected, 1 - exp(-k a), on
    the day of the peak or on `day`), ``ratio_to_peak`` (`variable` on `day` or `date` against its peak),
    ``half_life`` (days from the peak until `variable` stays below half of it), ``first_share`` (share of the whole
    sum that falls into the first `day` days).
    """

    name: str = parameter(unit="text", source=DEFINITION, meaning="what is compared")
    statistic: Literal["peak_night", "share_in_region", "places_hit", "ratio_to_peak", "half_life", "first_share"] = parameter(
        unit="name", source=DEFINITION, meaning="statistic of the run")  # fmt: skip
    variable: str = parameter("active", unit="name", source=DEFINITION, meaning="variable of the series")
    date: datetime.date | None = parameter(None, unit="date", source=DEFINITION, meaning="date of the figure")
    day: int | None = parameter(None, unit="day", range=(0, 100_000), source=DEFINITION, meaning="instead of a date: day of the run")
    region: str | None = parameter(None, unit="code", source=DEFINITION, meaning="region of the figure")
    value: float = parameter(unit="as the statistic", range=(-HIGHEST, HIGHEST), source="see the scenario", meaning="the real figure")
    tolerance: float | None = parameter(None, unit="as the statistic", range=(0, HIGHEST), source=DEFINITION, meaning="hit if the difference is at most this")
    factor: float | None = parameter(None, unit="1", range=(1, HIGHEST), source=DEFINITION, meaning="hit if within this factor")
    events_per_person: float | None = parameter(None, unit="event per person", range=(0, HIGHEST), source=DEFINITION, meaning="k of places_hit; from the fit of [observed] if left out")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL or DOI")

    @model_validator(mode="after")
    def _one_rule(self) -> "Target":
        if (self.tolerance is None) == (self.factor is None):
            raise ValueError("either a tolerance or a factor")
        return self


class Observed(Parameters):
    """A dated series of real counts to set beside a variable: `[observed]`.

    The scale k (counts per person) is the least-squares slope of ``count - background`` on the variable over the
    dates marked for fitting, never below 0.
    """

    what: str = parameter("", unit="text", source=DEFINITION, meaning="what was counted")
    variable: str = parameter("active", unit="name", source=DEFINITION, meaning="variable that it is set beside")
    dates: list[datetime.date] = parameter([], unit="date", source=DEFINITION, meaning="dates of the counts")
    counts: list[float] = parameter([], unit="event", source="see the scenario", meaning="the counts")
    background: float = parameter(0.0, unit="event", range=(0, HIGHEST), meaning="ordinary level, subtracted")
    fitted: int = parameter(0, unit="count", range=(0, 100_000), source=DEFINITION, meaning="how many of the first counts the parameters were fitted to; the others are held out")
    per_person: list[float] = parameter([0.0, 1e9], unit="event per person", source="see the scenario", meaning="lowest and highest k that a fit accepts")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL or DOI")

    @field_validator("counts")
    @classmethod
    def _within_reason(cls, counts: list[float]) -> list[float]:
        if any(abs(count) > HIGHEST for count in counts):
            raise ValueError(f"numbers from {-HIGHEST:g} to {HIGHEST:g}")
        return counts

    @field_validator("per_person")
    @classmethod
    def _two_in_order(cls, limits: list[float]) -> list[float]:
        if len(limits) != 2 or not 0 <= limits[0] <= limits[1]:
            raise ValueError("two numbers in order, at least 0")
        return limits

    @model_validator(mode="after")
    def _one_count_a_date(self) -> "Observed":
        if len(self.dates) != len(self.counts):
            raise ValueError(f"as many counts as dates ({len(self.dates)} dates, {len(self.counts)} counts)")
        if sorted(set(self.dates)) != list(self.dates):
            raise ValueError("dates in order, each once")
        return self


class UserMechanism(Parameters):
    """A mechanism of the user's: `[[mechanism]]`."""

    use: str = parameter(unit="file.py:Class or module:Class", source=DEFINITION, meaning="where the class is")
    parameters: dict[str, Any] = parameter({}, unit="table", source=DEFINITION, meaning="its parameters")


def _ranges(prior: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Each entry two finite numbers in order, and "log" or nothing."""
    for path, entry in prior.items():
        ends = [float(x) for x in entry[:2] if isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x)]
        if len(ends) < 2 or not ends[0] < ends[1] or entry[2:] not in ([], ["log"]) or (entry[2:] and ends[0] <= 0):
            raise WrongEntry(path, entry, '[lowest, highest], two numbers in order, or [lowest, highest, "log"] with both above 0')
    return {path: [*map(float, entry[:2]), *entry[2:]] for path, entry in prior.items()}


class _Base(Parameters):
    scenario: Head = Field(description="what the scenario is")
    society: SocietyParameters = Field(default_factory=SocietyParameters, description="people, places, sites and ties")


_by_mechanism: dict[str, Any] = {
    mechanism.name: (mechanism.Parameters, Field(default_factory=mechanism.Parameters, description=(mechanism.__doc__ or "").strip().split("\n")[0]))
    for mechanism in MECHANISMS
    if mechanism is not Shocks
}

SWITCHED = tuple(name for name in _by_mechanism if name != "reckoning")  # counting the people is never switched off

Tables: type[BaseModel] = create_model(
    "Tables",
    __base__=_Base,
    shock=(list[Shock], Field(default_factory=list, description="what happens on a date, at a place")),
    **_by_mechanism,
    prior=(
        Annotated[dict[str, list[Any]], AfterValidator(_ranges)],
        parameter({}, unit="table", source=DEFINITION, meaning='ranges for sensitivity and calibration: path = [lowest, highest], or [lowest, highest, "log"] for one uniform in its logarithm'),
    ),
    mechanism=(list[UserMechanism], Field(default_factory=list, description="mechanisms of your own")),
    observed=(Observed, Field(default_factory=Observed, description="real counts to set beside a variable")),
    target=(list[Target], Field(default_factory=list, description="real figures that the run is compared with")),
    run=(RunTable, Field(default_factory=RunTable, description="how it is run")),
)
