"""The economic conditions under which struggles take place, given by the scenario.

The wage relation, firms and the State budget are not computed in this version: regime, profit rate and tax
surplus are numbers of the scenario, written into the state each day, where other mechanisms read them.
"""

from communize.declare.parameters import parameter
from communize.declare.registry import Column
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State


class Economy(Mechanism):
    """Writes the given regime, profit rate and tax surplus into the state."""

    name = "economy"
    phase = "economy"
    writes = ("economy.regime", "economy.profit_rate", "economy.tax_surplus")
    columns = (
        Column("economy", "regime", "float64", "1", "0 the old workers' identity, 1 the restructured relation", (0, 1), 1.0),
        Column("economy", "profit_rate", "float64", "share", "surplus against capital and wages", (-1, None)),
        Column("economy", "tax_surplus", "float64", "share", "what the State could concede, against its payroll", (-1, None)),
    )

    class Parameters(MechanismParameters):
        """Conditions given from outside."""

        regime: float = parameter(1.0, unit="1", range=(0, 1), plausible=(0, 1), source="definition", meaning="phi: 0 the earlier cycle, 1 the restructured relation")
        profit_rate: float = parameter(0.12, unit="share", range=(-1, 5), plausible=(0.0, 0.3), meaning="profit rate from which employers can concede")
        tax_surplus: float = parameter(-0.03, unit="share", range=(-1, 1), plausible=(-0.1, 0.05), meaning="surplus from which the State can concede")

    parameters: "Economy.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        given, economy = self.parameters, state.economy
        economy.regime[0], economy.profit_rate[0], economy.tax_surplus[0] = given.regime, given.profit_rate, given.tax_surplus
