"""Columns in which struggles and the economy meet: the economy writes what people live under, struggles what they won."""

from communize.declare.registry import Column

NONE = float("nan")
MOST_PAY = 1e6

CONDITIONS = (
    Column("people", "affordability", "float32", "share", "share of a month's basket that somebody could pay", (0, 1), 1.0),
    Column("sites", "pay", "float32", "1", "level of wages, or of benefits of residents, that struggles won", (0, MOST_PAY), 1.0),
    Column("sites", "regularised", "float32", "share", "precarious workers who get stable contracts at the next month", (0, 1)),
    Column("sites", "revenue", "float32", "coin a month", "revenue of the firm after taxes, mean of about a year", (0, None)),
    Column("sites", "payroll", "float32", "coin a month", "wages that it paid, mean of about a year", (0, None)),
    Column("sites", "exploitation", "float32", "1", "surplus appropriated against wages, at most 10", (0, 10)),
    Column("sites", "incident", "float32", "pressure", "pressure from the site's own incidents", (0, None)),
    Column("people", "income", "float32", "coin a month", "coins received in the last month: wage, profit, benefit"),
    Column("economy", "revenue", "float64", "coin a month", "what was sold in the last month, taxes included", (0, None)),
    Column("economy", "service", "float64", "1/month", "share of a debt that is due every month, 0 without credit", (0, None)),
    Column("economy", "regime", "float64", "1", "0 the old workers' identity, 1 the restructured relation", (0, 1), 1.0),
    Column("economy", "profit_rate", "float64", "share", "surplus of firms after wear against capital and a year's wages, a year; not a number where nothing was advanced", (-1, None), NONE, may_lack=True),
    Column("economy", "tax_surplus", "float64", "share", "taxes less dues against dues, not a number without a State", (-1, None), NONE, may_lack=True),
)  # fmt: skip
