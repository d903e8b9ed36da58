"""Parameters of provisioning, with units, ranges and sources."""

import datetime
from typing import Literal

from pydantic import field_validator, model_validator

from communize.declare.errors import WrongEntry
from communize.declare.parameters import Parameters, parameter
from communize.mechanisms.base import MechanismParameters

PICHLER = "https://doi.org/10.1016/j.jedc.2022.104527"


class Dated(Parameters):
    """Something that begins on a date or a day, in a place, a region or everywhere."""

    date: datetime.date | None = parameter(None, unit="date", source="see the scenario", meaning="its first day")
    day: int | None = parameter(None, unit="day", range=(0, 100_000), source="see the scenario", meaning="instead of a date: day of the run")
    what: str = parameter("", unit="text", source="see the scenario", meaning="what happened")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL, DOI or assumed")

    @model_validator(mode="after")
    def _one_of_each(self) -> "Dated":
        if (self.date is None) == (self.day is None):
            raise ValueError("either a date or a day")
        return self


class Stop(Dated):
    """Work that stops for some days: `[[provisioning.stop]]`."""

    sectors: list[str] = parameter([], unit="name", source="see the scenario", meaning="sectors that stop; none named: all")
    places: list[str] = parameter([], unit="name or id", source="see the scenario", meaning="places where they stop; none named: everywhere")
    days: int = parameter(1, unit="day", range=(1, 100_000), source="see the scenario", meaning="for how long")
    share: float = parameter(1.0, unit="share", range=(0, 1), source="see the scenario", meaning="share of the work that stops")


class Crisis(Dated):
    """A fall of what people can pay, from a day on until another one: `[[provisioning.crisis]]`."""

    fall: float = parameter(unit="share", range=(0, 1), source="see the scenario", meaning="share by which what people can pay falls")


class Level(Dated):
    """A level that is held from a day on: `[[provisioning.fixed.level]]`."""

    place: str | None = parameter(None, unit="name or id", source="see the scenario", meaning="place; everywhere if left out")
    need: float | None = parameter(None, unit="share", range=(0, 1), source="see the scenario", meaning="what is missing of every need")
    coverage: float | None = parameter(None, unit="share", range=(0, 1), source="see the scenario", meaning="essential coverage of participants")


class Fixed(Parameters):
    """An experimental switch: need and coverage are held at stated levels, whatever is produced. No scenario of the library uses it."""

    enabled: bool = parameter(False, unit="yes/no", source="definition", meaning="whether levels are held")
    need: float = parameter(0.1, unit="share", range=(0, 1), plausible=(0, 0.6), meaning="what is missing of every need")
    need_of_sector: dict[str, float] = parameter({}, unit="share", plausible=(0, 1), meaning="what is missing of the need for single sectors, instead")
    coverage: float = parameter(0.5, unit="share", range=(0, 1), plausible=(0, 1), meaning="essential coverage of the participants of measures")
    level: list[Level] = parameter([], unit="table", source="see the scenario", meaning="levels that hold from a day on")


class Free(Parameters):
    """The free mode; off, measures neither seize nor produce anything."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether measures provide")
    seizable: list[str] = parameter([], unit="sector", source="definition", meaning="sectors whose stocks measures can take; none named: all")
    mobility: float = parameter(0.6, unit="share of labour", range=(0, 1), plausible=(0, 1), meaning="labour that can be reassigned between sectors where the division of labour is suspended")
    needs_co_ordination: bool = parameter(True, unit="yes/no", source="definition", meaning="whether labour goes to plants of other sectors only where measures of the place co-ordinate")
    home_productivity: float = parameter(0.15, unit="share", range=(0, 10), plausible=(0.0, 0.4), meaning="productivity of labour in neighbourhoods (gardens, kitchens, repair, care) against that at plants")
    at_work: float = parameter(0.5, unit="share", range=(0, 1), plausible=(0, 0.5), meaning="part of what they lack that people outside measures look for where they work or study, if that is another place; the rest where they live")
    selling: bool = parameter(True, unit="yes/no", source="definition", meaning="whether surplus is sold for what is missing, as far as the content exchange has it")
    restock_days: float = parameter(7.0, unit="day", range=(0, 1000), plausible=(1, 30), meaning="days of drawing that a place tries to hold in stock")
    carried: float = parameter(30.0, unit="day of consumption a day", range=(0, 1e6), plausible=(5, 200), meaning="what one person's labour in taken transport moves between linked places")
    per_link: float = parameter(0.5, unit="share of the difference", range=(0, 1), plausible=(0.1, 1), meaning="share of a difference in coverage that moves in a day")
    value_only: list[str] = parameter(["trade", "finance_business"], unit="sector", source="definition", meaning="sectors that serve value alone: no inputs or labour are needed for them in the free mode")
    dwelling: str = parameter("construction", unit="sector", source="definition", meaning="sector whose need is met by the use of housing in taken neighbourhoods; empty: none")
    transport: str = parameter("transport", unit="sector", source="definition", meaning="sector whose labour moves goods between places; empty: none")


class Ratio(Parameters):
    """How often the reproduction ratio is computed."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether lambda is computed")
    every_days: int = parameter(5, unit="day", range=(1, 100_000), source="definition", meaning="days between pooled ratios, and between resolved ones once the pooled reaches 1")
    resolved_days: int = parameter(30, unit="day", range=(1, 100_000), source="definition", meaning="days between resolved ratios before")
    links: int = parameter(4, unit="link", range=(0, 10_000), plausible=(3, 32), source="definition", meaning="links of each place that count when it is resolved, the strongest; 0: all (goods then have more ways, the ratio is higher, and it takes ten times as long)")


class ProvisioningParameters(MechanismParameters):
    """Production in the commodity mode, and what it and measures provide."""

    table: str = parameter("FRA-2005", unit="name or path", source="definition", meaning="input-output table: one of the package (FRA-2005, GRC-2008, USA-2007, BRA-2001), or a file; empty: `coefficients`")
    year: int | None = parameter(None, unit="year", range=(1000, 3000), source="definition", meaning="year of a file that holds several")
    aggregation: dict[str, str] = parameter({}, unit="name", source="definition", meaning="sector of the society for each code of a file")
    coefficients: list[list[float]] = parameter([], unit="1", source="see the scenario", meaning="instead of a table: inputs (rows) per unit of output (columns), sectors in the society's order")
    demand: list[float] = parameter([], unit="1", source="see the scenario", meaning="with `coefficients`: what people consume of each sector")
    inputs: Literal["leontief", "half_critical", "weakly_critical", "linear"] = parameter(
        "half_critical", unit="name", source=PICHLER, meaning="which missing inputs stop production: all; critical ones, and important ones by half; critical ones alone; none while others are there")
    inventory_days: dict[str, float] = parameter({}, unit="day", plausible=(5, 60), meaning="inventories of inputs by using sector; left out: those of the package, 20 where it has none")
    restock_days: float = parameter(10.0, unit="day", range=(1, 1000), plausible=(5, 30), meaning="days in which missing inventories are ordered again")
    stock_days: float = parameter(20.0, unit="day", range=(0.1, 1000), plausible=(5, 60), meaning="days of its own output that a site holds")
    slack: float = parameter(0.25, unit="share", range=(0, 10), plausible=(0.05, 0.5), meaning="output above that of the start that the labour then there could make")
    essential: list[str] = parameter(["energy_water", "food", "construction", "public_social"], unit="sector", source="definition", meaning="needs that nobody can do without (housing stands under construction, health under public_social)")
    notice_days: int = parameter(8, unit="day", range=(1, 1000), plausible=(1, 30), meaning="days in which all people have noticed a change of supply")
    free: Free = parameter(Free(), unit="table", meaning="the free mode")
    ratio: Ratio = parameter(Ratio(), unit="table", meaning="the reproduction ratio")
    stop: list[Stop] = parameter([], unit="table", source="see the scenario", meaning="work that stops: [[provisioning.stop]]")
    crisis: list[Crisis] = parameter([], unit="table", source="see the scenario", meaning="falls of what people can pay: [[provisioning.crisis]]")
    fixed: Fixed = parameter(Fixed(), unit="table", meaning="an experimental switch")

    @field_validator("inventory_days")
    @classmethod
    def _at_least_a_day(cls, days: dict[str, float]) -> dict[str, float]:
        for name, value in days.items():
            if not 1 <= value <= 1000:
                raise WrongEntry(name, value, "1 to 1000 (day)")
        return days
