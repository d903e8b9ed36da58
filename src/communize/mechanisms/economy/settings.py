"""Parameters of the economy, with units, ranges and sources."""

import copy
import datetime
from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from communize.declare.parameters import Parameters, parameter
from communize.mechanisms.base import MechanismParameters

WRIGHT = "https://arxiv.org/abs/cond-mat/0401053"


def moved(default: float | list[float], *, unit: str, range: tuple[float, float], meaning: str, plausible: tuple[float, float] | None = None, source: str = "assumed") -> Any:
    """A parameter that the regime may move: one number, or two, that at regime 0 and that at regime 1."""
    extra = {"unit": unit, "range": range, "source": source, "plausible": plausible or range, "moved": True}
    return Field(default_factory=lambda: copy.deepcopy(default), description=f"{meaning}; two numbers: at regime 0 and at regime 1", json_schema_extra=extra)


def at(value: float | list[float], regime: float) -> float:
    """The value of a parameter at a regime, between its two numbers in proportion."""
    if isinstance(value, list):
        return value[0] + (value[1] - value[0]) * regime
    return value


class Moved(Parameters):
    """Base of tables with parameters that the regime may move."""

    @field_validator("*")
    @classmethod
    def _within_ranges(cls, value: Any, info: ValidationInfo) -> Any:
        extra = cls.model_fields[str(info.field_name)].json_schema_extra
        if isinstance(extra, dict) and extra.get("moved"):
            low, high = extra["range"]  # type: ignore[misc]
            numbers = value if isinstance(value, list) else [value]
            if (isinstance(value, list) and len(value) != 2) or any(not low <= number <= high for number in numbers):
                raise ValueError(f"{low:g} to {high:g}, or two such numbers, at regime 0 and at regime 1")
        return value


class Switched(Moved):
    """An extension of the core; switched off, the rule is Wright's."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether the extension is at work")


class MarketParameters(Switched):
    """Labour markets by place; off: one for the whole society."""

    smallest: float = parameter(500.0, unit="person", range=(1, 1e9), plausible=(100, 10_000), meaning="places with fewer residents join the market of their strongest contact")


class SectorParameters(Switched):
    """A pool of demand for each sector of the society; off: one pool for all."""

    budget: dict[str, float] = parameter(
        {}, unit="share of spending", plausible=(0, 1), meaning="weight of a sector in what people spend; left out: its share of workers, so that sales follow work")


class ContractParameters(Switched):
    """Contracts differ: precarious workers and managers; off: all hired are stable and paid alike."""

    precarious: float | list[float] = moved([0.05, 0.3], unit="share of the hired", range=(0, 1), plausible=(0.0, 0.8), meaning="precarious contracts among new ones")
    managers: float = parameter(0.13, unit="share of the hired", range=(0, 1), plausible=(0.05, 0.25), meaning="managers among the newly hired")
    precarious_wage: float = parameter(0.8, unit="share of the mean wage", range=(0, 100), plausible=(0.5, 1), meaning="wage of precarious workers")
    manager_wage: float = parameter(1.8, unit="share of the mean wage", range=(0, 100), plausible=(1.2, 3), meaning="wage of managers")
    precarious_first: bool = parameter(True, unit="yes/no", source="definition", meaning="whether precarious workers are dismissed before others")

    @model_validator(mode="after")
    def _shares(self) -> "ContractParameters":
        most = max(self.precarious) if isinstance(self.precarious, list) else self.precarious
        if most + self.managers > 1:
            raise ValueError(f"precarious and managers that add up to at most 1 (they add up to {most + self.managers:g})")
        return self


class StateParameters(Switched):
    """Taxes on revenue pay public wages, force and benefits; off: no taxes, and nobody is paid but by firms."""

    tax: float = parameter(0.4, unit="share of revenue", range=(0, 1), plausible=(0.2, 0.55), meaning="tax on revenue")
    unemployed: float = parameter(0.5, unit="share of the mean wage", range=(0, 100), plausible=(0.0, 0.8), meaning="benefit of the unemployed")
    excluded: float = parameter(0.5, unit="share of the mean wage", range=(0, 100), plausible=(0.1, 0.7), meaning="benefit, pension or informal income of the excluded")
    student: float = parameter(0.3, unit="share of the mean wage", range=(0, 100), plausible=(0.1, 0.5), meaning="what students live on")
    force_wage: float = parameter(1.0, unit="share of the mean wage", range=(0, 100), plausible=(0.8, 1.5), meaning="wage of the State's force")
    reserve: float = parameter(1.0, unit="month of dues", range=(0, 1000), plausible=(0, 3), meaning="treasury at the start, and kept before the State buys goods with what is left")


class DismissalParameters(Switched):
    """Dismissed people belong to their site for a month's notice, and dismissals and closures can start a struggle; off: they leave at once."""

    pressure: float = parameter(1.0, unit="pressure", range=(0, 20), plausible=(0, 3), meaning="pressure at a site of which all are dismissed; a part in proportion")
    least_people: float = parameter(20.0, unit="person", range=(1, 1e6), plausible=(5, 100), meaning="fewest dismissed that make an event")
    least_share: float = parameter(0.3, unit="share", range=(0, 1), plausible=(0.1, 0.6), meaning="least share of a site's employees dismissed that makes an event")


class OutsourcingParameters(Switched):
    """Large employers give new work to others instead of hiring; off: they hire like all."""

    probability: float | list[float] = moved([0.0, 0.5], unit="probability", range=(0, 1), plausible=(0, 0.9), meaning="that an employer with that staff does not hire whom he could")
    staff: float = parameter(50.0, unit="person", range=(1, 1e9), plausible=(20, 500), meaning="staff from which on")


class CircuitParameters(Switched):
    """Spending that goes to other markets; off: all is spent in the own market."""

    outward: float | list[float] = moved([0.1, 0.3], unit="share of spending", range=(0, 1), plausible=(0, 0.6), meaning="what is spent in other markets, where it arrives in the next month")


class IndexationParameters(Switched):
    """Wages follow the productivity of machines; off: they do not."""

    share: float | list[float] = moved([0.8, 0.0], unit="1", range=(0, 1), plausible=(0, 1), meaning="exponent with which wages of a plant follow what machines add to its sales")


class AccumulationParameters(Switched):
    """Owners turn profit into capital, which sells more with fewer people; off: there is no fixed capital."""

    enabled: bool = parameter(False, unit="yes/no", source="definition", meaning="whether profit is invested")
    share: float = parameter(0.3, unit="share of profit", range=(0, 1), plausible=(0.05, 0.6), meaning="profit of a month that is invested where the firm's profit rate is at least `reference`")
    reference: float = parameter(0.3, unit="share a year", range=(0, 100), plausible=(0.05, 1), meaning="profit rate below which less is invested, in proportion; 0: always all")
    depreciation: float = parameter(0.08, unit="1/year", range=(0, 100), plausible=(0.03, 0.2), meaning="capital and equipment that wear out")
    power: float = parameter(0.5, unit="1", range=(0, 100), plausible=(0, 2), meaning="what a year's wage of equipment for each worker adds to the power to sell")
    most_power: float = parameter(10.0, unit="1", range=(1, 1000), plausible=(2, 50), meaning="most that machines multiply it")
    deepening: float = parameter(0.5, unit="1", range=(0, 100), plausible=(0, 2), meaning="money to hire somebody that the equipment of a worker needs, against its value")
    displaced: float = parameter(0.2, unit="employee per year's wage", range=(0, 100), plausible=(0, 1), meaning="employees whom an investment of a year's wage displaces")
    devaluation: bool = parameter(True, unit="yes/no", source="definition", meaning="counter-tendency: the capital of a firm that ends is written off, and its equipment left to who takes the plant")
    cheapening: float = parameter(0.0, unit="1/year", range=(0, 1), plausible=(0, 0.05), meaning="counter-tendency: capital goods become cheaper by this every year")
    reserve_army: float = parameter(0.0, unit="1", range=(0, 10), plausible=(0, 2), meaning="counter-tendency: how far unemployment above that of the start lowers wages, in shares of both")


class CreditParameters(Switched):
    """Households short of the basket borrow, pay interest, and default; off: nobody borrows."""

    enabled: bool = parameter(False, unit="yes/no", source="definition", meaning="whether households can borrow")
    looseness: float | list[float] = moved([1.0, 6.0], unit="month of income", range=(0, 1000), plausible=(0, 24), meaning="most that a household owes")
    interest: float = parameter(0.1, unit="1/year", range=(0, 100), plausible=(0.02, 0.3), meaning="interest on what is owed")
    repayment: float = parameter(0.03, unit="1/month", range=(0, 1), plausible=(0.005, 0.2), meaning="share of what is owed that is paid back every month")
    default_months: int = parameter(3, unit="month", range=(1, 120), plausible=(1, 12), source="definition", meaning="months on end in which interest could not be paid that make a default")
    barred_months: int = parameter(24, unit="month", range=(0, 120), plausible=(6, 84), meaning="months after a default in which nobody lends")
    tightening: float = parameter(20.0, unit="1", range=(0, 10_000), plausible=(0, 100), meaning="how fast limits fall with the share of debt on which households default in a month: exp(-tightening * share)")
    recovery: float = parameter(0.1, unit="1/month", range=(0, 1), plausible=(0.02, 0.5), meaning="how fast limits move to that")
    reserve: float = parameter(0.05, unit="share of debt", range=(0, 1), plausible=(0.01, 0.2), meaning="coins that the bank keeps against defaults; it spends what it has on top")
    void: float = parameter(1.0, unit="1", range=(-1, 1), plausible=(0, 1), source="definition", meaning="content exchange above which a measure voids the debts of its participants; 1: never")
    void_accounts: bool = parameter(False, unit="yes/no", source="definition", meaning="whether it voids their accounts too: the coins are destroyed")


class RegimeChange(Parameters):
    """A change of the regime: `[[economy.change]]`."""

    date: datetime.date | None = parameter(None, unit="date", source="see the scenario", meaning="its first day")
    day: int | None = parameter(None, unit="day", range=(0, 100_000), source="see the scenario", meaning="instead of a date: day of the run")
    regime: float = parameter(unit="1", range=(0, 1), source="see the scenario", meaning="regime that it leads to")
    over_days: int = parameter(1, unit="day", range=(1, 100_000), source="see the scenario", meaning="days in which it gets there, evenly")
    what: str = parameter("", unit="text", source="see the scenario", meaning="what happened")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL, DOI or assumed")

    @model_validator(mode="after")
    def _one_of_each(self) -> "RegimeChange":
        if (self.date is None) == (self.day is None):
            raise ValueError("either a date or a day")
        return self


class EconomyParameters(Moved, MechanismParameters):
    """Wages, markets and the State."""

    regime: float = parameter(1.0, unit="1", range=(0, 1), plausible=(0, 1), source="definition", meaning="phi: 0 the earlier cycle, 1 the restructured relation")
    core: bool = parameter(True, unit="yes/no", source="definition", meaning="whether wages, firms and the State are computed; off, only the regime is set")
    month_days: int = parameter(30, unit="day", range=(1, 10_000), source="definition", meaning="days between two months of the market, the last of which it is computed on")
    wage_low: int = parameter(10, unit="coin a payment", range=(0, 10**9), source=WRIGHT, meaning="lowest wage; wages are uniform up to the highest")
    wage_high: int = parameter(90, unit="coin a payment", range=(1, 10**9), source=WRIGHT, meaning="highest wage")
    hiring: float = parameter(1.0, unit="mean wage", range=(0, 1e6), source=WRIGHT, meaning="money above which an employer hires")
    hiring_staff: float | list[float] = moved(1.0, unit="share of the wage bill", range=(0, 100), plausible=(0, 1), meaning="what is needed on top, of the wages of those already employed (0 in Wright's model)")
    firing: float | list[float] = moved([0.2, 0.5], unit="mean wage", range=(0.001, 1e6), plausible=(0.1, 1), meaning="money that keeps one employee from dismissal (1 in Wright's model)")
    basket: float = parameter(0.6, unit="mean wage a month", range=(0, 1000), plausible=(0.4, 0.8), meaning="what a person's needs cost")
    equal_start: bool = parameter(False, unit="yes/no", source="definition", meaning="whether all hold the same money at the start; else owners hold working capital and others what an exponential law gives them")
    working_capital: float = parameter(1.4, unit="wage bill of a month", range=(0, 1000), plausible=(1, 3), meaning="money of owners at the start (1.4 is what Wright's model comes to)")
    pay_half_life_days: float = parameter(720.0, unit="day", range=(1, 1e6), plausible=(180, 3600), meaning="half-life of rises of pay that struggles won, as prices follow")
    markets: MarketParameters = parameter(MarketParameters(), unit="table", meaning="labour markets")
    sectors: SectorParameters = parameter(SectorParameters(), unit="table", meaning="pools of demand")
    contracts: ContractParameters = parameter(ContractParameters(), unit="table", meaning="contracts")
    state: StateParameters = parameter(StateParameters(), unit="table", meaning="the State's budget")
    dismissals: DismissalParameters = parameter(DismissalParameters(), unit="table", meaning="notice and events")
    outsourcing: OutsourcingParameters = parameter(OutsourcingParameters(enabled=False), unit="table", meaning="outsourcing")
    circuits: CircuitParameters = parameter(CircuitParameters(enabled=False), unit="table", meaning="spending between markets")
    indexation: IndexationParameters = parameter(IndexationParameters(), unit="table", meaning="indexation of wages")
    accumulation: AccumulationParameters = parameter(AccumulationParameters(), unit="table", meaning="fixed capital")
    credit: CreditParameters = parameter(CreditParameters(), unit="table", meaning="credit of households")
    change: list[RegimeChange] = parameter([], unit="table", source="see the scenario", meaning="changes of the regime: [[economy.change]]")

    @model_validator(mode="after")
    def _wages(self) -> "EconomyParameters":
        if self.wage_low > self.wage_high:
            raise ValueError(f"wage_low at most wage_high (found {self.wage_low} and {self.wage_high})")
        return self
