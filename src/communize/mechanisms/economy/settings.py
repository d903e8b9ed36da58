"""Parameters of the economy, with units, ranges and sources."""

from pydantic import field_validator, model_validator

from communize.declare.parameters import Parameters, parameter
from communize.mechanisms.base import MechanismParameters

WRIGHT = "https://arxiv.org/abs/cond-mat/0401053"


class Switched(Parameters):
    """An extension of the core; switched off, the rule is Wright's."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether the extension is at work")


class MarketParameters(Switched):
    """Labour markets by place; off: one for the whole society."""

    smallest: float = parameter(500.0, unit="person", range=(1, 1e9), plausible=(100, 10_000), meaning="places with fewer residents join the market of their strongest contact")


class SectorParameters(Switched):
    """A pool of demand for each sector of the society; off: one pool for all."""

    budget: dict[str, float] = parameter(
        {}, unit="share of spending", plausible=(0, 1), meaning="weight of a sector in what people spend; left out: its share of workers, so that sales follow work")

    @field_validator("budget")
    @classmethod
    def _weights(cls, budget: dict[str, float]) -> dict[str, float]:
        if any(not 0 <= weight <= 1e6 for weight in budget.values()):
            raise ValueError("weights from 0 to 1e+06")
        return budget


class ContractParameters(Switched):
    """Contracts differ: precarious workers and managers; off: all hired are stable and paid alike."""

    precarious: float = parameter(0.3, unit="share of the hired", range=(0, 1), plausible=(0.1, 0.8), meaning="precarious contracts among new ones")
    managers: float = parameter(0.13, unit="share of the hired", range=(0, 1), plausible=(0.05, 0.25), meaning="managers among the newly hired")
    precarious_wage: float = parameter(0.8, unit="share of the mean wage", range=(0, 100), plausible=(0.5, 1), meaning="wage of precarious workers")
    manager_wage: float = parameter(1.8, unit="share of the mean wage", range=(0, 100), plausible=(1.2, 3), meaning="wage of managers")
    precarious_first: bool = parameter(True, unit="yes/no", source="definition", meaning="whether precarious workers are dismissed before others")

    @model_validator(mode="after")
    def _shares(self) -> "ContractParameters":
        if self.precarious + self.managers > 1:
            raise ValueError(f"precarious and managers that add up to at most 1 (they add up to {self.precarious + self.managers:g})")
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


class EconomyParameters(MechanismParameters):
    """Wages, markets and the State."""

    regime: float = parameter(1.0, unit="1", range=(0, 1), plausible=(0, 1), source="definition", meaning="phi: 0 the earlier cycle, 1 the restructured relation")
    core: bool = parameter(True, unit="yes/no", source="definition", meaning="whether wages, firms and the State are computed; off, only the regime is set")
    month_days: int = parameter(30, unit="day", range=(1, 10_000), source="definition", meaning="days between two months of the market, the last of which it is computed on")
    wage_low: int = parameter(10, unit="coin a payment", range=(0, 10**9), source=WRIGHT, meaning="lowest wage; wages are uniform up to the highest")
    wage_high: int = parameter(90, unit="coin a payment", range=(1, 10**9), source=WRIGHT, meaning="highest wage")
    hiring: float = parameter(1.0, unit="mean wage", range=(0, 1e6), source=WRIGHT, meaning="money above which an employer hires")
    hiring_staff: float = parameter(1.0, unit="share of the wage bill", range=(0, 100), plausible=(0, 1), meaning="what is needed on top, of the wages of those already employed (0 in Wright's model)")
    firing: float = parameter(0.5, unit="mean wage", range=(0.001, 1e6), plausible=(0.1, 1), meaning="money that keeps one employee from dismissal (1 in Wright's model)")
    basket: float = parameter(0.6, unit="mean wage a month", range=(0, 1000), plausible=(0.4, 0.8), meaning="what a person's needs cost")
    equal_start: bool = parameter(False, unit="yes/no", source="definition", meaning="whether all hold the same money at the start; else owners hold working capital and others what an exponential law gives them")
    working_capital: float = parameter(1.4, unit="wage bill of a month", range=(0, 1000), plausible=(1, 3), meaning="money of owners at the start (1.4 is what Wright's model comes to)")
    pay_half_life_days: float = parameter(720.0, unit="day", range=(1, 1e6), plausible=(180, 3600), meaning="half-life of rises of pay that struggles won, as prices follow")
    markets: MarketParameters = parameter(MarketParameters(), unit="table", meaning="labour markets")
    sectors: SectorParameters = parameter(SectorParameters(), unit="table", meaning="pools of demand")
    contracts: ContractParameters = parameter(ContractParameters(), unit="table", meaning="contracts")
    state: StateParameters = parameter(StateParameters(), unit="table", meaning="the State's budget")
    dismissals: DismissalParameters = parameter(DismissalParameters(), unit="table", meaning="notice and events")

    @model_validator(mode="after")
    def _wages(self) -> "EconomyParameters":
        if self.wage_low > self.wage_high:
            raise ValueError(f"wage_low at most wage_high (found {self.wage_low} and {self.wage_high})")
        return self
