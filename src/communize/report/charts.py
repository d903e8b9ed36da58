"""What charts against the date a page can have, as declarations."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from communize.declare.registry import ACCOUNTS, CHARACTER_BINS, CONTENTS, LOCI, SOURCES_OF_PROVISION
from communize.report import text


@dataclass(frozen=True)
class Line:
    """One curve: a variable of the series, summed over all but the day, or one label of a dimension.

    `ink` names the colour of the style sheet; without one it follows from the place of the line in its chart. With a `weight`, another
    variable, the values are not summed but their mean is taken, weighted by it.
    """

    variable: str
    label: str
    at: tuple[tuple[str, str], ...] = ()
    ink: str = ""
    weight: str = ""


@dataclass(frozen=True)
class Chart:
    """One chart; it is drawn if any of its lines was recorded.

    Attributes
    ----------
    kind
        ``line`` or ``bars``.
    base
        Whether the axis begins at 0.
    level
        A line of reference across the chart.
    stack
        Whether the lines stand on each other.
    some
        Whether lines that are 0 on every day are left out.
    log
        Whether the axis may be logarithmic above 1, which it is where one line is far above another.
    mean
        Days up to each day that its value is the mean of; only in runs several times as long.
    fold
        Whether it lies behind a fold.
    monthly
        Whether its lines change once a month of the economy; they have no value before the first month, those of `STOCKS` excepted.
    """

    name: str
    title: str
    unit: str
    lines: tuple[Line, ...]
    kind: str = "line"
    base: bool = True
    wide: bool = False
    note: str = ""
    level: float | None = None
    stack: bool = False
    some: bool = False
    log: bool = False
    mean: int = 1
    fold: bool = False
    monthly: bool = False


def lines_of(variable: str, dim: str, labels: dict[str, str], inks: str = "") -> tuple[Line, ...]:
    """A line for each label of a dimension, in the inks called `inks`-label if given."""
    return tuple(Line(variable, shown, ((dim, label),), f"{inks}-{label}" if inks else "") for label, shown in labels.items())


CHARTS = (
    Chart("participation", "People in struggle, and people held", "people",
          (Line("active", "in struggle"), Line("held", "held by the State")), wide=True),
    Chart("contested", "Contested sites, by locus", "sites", lines_of("contested_by_locus", "locus", {name: name for name in LOCI}),
          note="Where the struggles are: in production, in circulation, in reproduction."),
    Chart("struggles", "Struggles going on", "struggles", (Line("struggles_live", "going on"),)),
    Chart("spread", "Newly contested sites", "sites per day",
          (Line("newly_contested", "newly contested"), Line("spread", "of these, taken into a struggle that existed")), kind="bars"),
    Chart("flows", "Joining and leaving", "people per day", (Line("joined", "joined"), Line("left", "left by fatigue"))),
    Chart("arrests", "Arrests", "people per day", (Line("arrests", "arrested"),), kind="bars"),
    Chart("coercion", "Coercion", "share", (Line("coercion", "mean over people"),)),
    Chart("acts", "Demand and rift", "acts, fading",
          (Line("demand", "demands"), Line("rift", "acts of rift")),
          note="Acts of all struggles going on, each fading with its half-life."),
    Chart("belonging", "Belonging to one's position", "−1 to 1",
          (Line("belonging", "all people"), Line("belonging_active", "people in struggle")), base=False),
)  # fmt: skip
GIVEN = "given"  # only where the scenario holds need and coverage at levels
MEASURES = (
    Chart("moving", "People in struggle, and people in measures", "people",
          (Line("active", "in struggle"), Line("participants", "in measures")), wide=True),
    Chart("generalisation", "R, how measures generalise", "measures per measure",
          (Line("generalisation_number", "R, recorded descent"), Line("generalisation_number_total", "R_total, with reinventions beside others"),
           Line("generalisation_number_of_foundings", "R of foundings, without sites that join")),
          level=1.0, note="Over the measures begun in the last 180 days. Above the line each leads to more than one other."),
    Chart("renewal", "Measures begun per measure ended", "ratio", (Line("births_per_ending", "over 180 days"),), level=1.0,
          note="Above the line measures begin faster than they end."),
    Chart("in_force", "Measures in force, by channel", "measures", lines_of("instances_by_channel", "channel", text.CHANNELS, "channel"),
          stack=True, some=True, note="By the channel through which each began; the upper edge is all of them."),
    Chart("by_scope", "Measures in force, by scope", "measures", lines_of("instances_by_scope", "scope", text.SCOPES), stack=True,
          note="The scope at which they can act."),
    Chart("foundings", "Measures begun, by channel", "measures per day", lines_of("foundings", "channel", text.CHANNELS, "channel"),
          some=True, log=True, mean=7),
    Chart("endings", "Measures ended, by cause", "measures per day", lines_of("endings", "cause", text.CAUSES), some=True, log=True, mean=7),
    Chart("diversity", "Practices in force", "practices",
          (Line("hill_0", "all"), Line("hill_1", "typical, by entropy"), Line("hill_2", "dominant")), log=True,
          note="Hill numbers of order 0, 1 and 2: the less a practice is in force, the less it counts in the second and third."),
    Chart("origins", "Independent origins", "number",
          (Line("origins_in_force", "origins"), Line("families_in_force", "families"), Line("origins_per_family", "origins per family, mean")),
          note="Of the practices in force. A family is a set of needs."),
    Chart("contents", "What measures suspend and reproduce", "−1 to 1",
          lines_of("content", "relation", {name: text.spaced(name) for name in CONTENTS}), base=False, level=0.0, wide=True,
          note="Mean over measures in force, by relation. Above the line a relation is suspended, below it is reproduced."),
    Chart("horizon", "Horizon", "share", (Line("horizon", "all people"), Line("horizon_participants", "people in measures")),
          note="How far other relations seem possible to people."),
    Chart("aim", "Struggles that have changed their aim", "share of people", (Line("aim_changed", "rift and measures outweigh demands"),),
          level=0.5),
    Chart("resonance", "Resonance", "share", (Line("resonance", "mean over measures in force"),), fold=True,
          note="How far a measure has others around it: near 0 it is alone."),
    Chart("coordination", "Co-ordination", "number",
          (Line("co_ordinated_places", "places in which measures co-ordinate"), Line("links", "links between places, from either end")), log=True, fold=True),
    Chart("taking_part", "Joining and leaving measures", "people per day",
          (Line("rallied", "joined, founders not counted"), Line("left_measures", "left of themselves")), fold=True),
    Chart("modes", "Sites that are not in the commodity mode", "sites", lines_of("sites_by_mode", "mode", text.MODES), some=True, log=True, fold=True),
    Chart("arisen", "Practices that ever arose", "practices", (Line("practices", "so far"),), fold=True),
    Chart(GIVEN, "Given by the scenario, not computed", "share",
          (Line("shortage", "shortage, mean over people and needs"), Line("coverage", "coverage of people in measures")), fold=True),
    Chart("rupture_days", "How long the conditions of a rupture have held", "days on end", (Line("rupture_days", "all four of them"),), level=180.0, fold=True),
)  # fmt: skip
ECONOMY = tuple(replace(chart, monthly=True) for chart in (
    Chart("labour", "Unemployment and wage share", "share",
          (Line("unemployment", "unemployed, of the labour force"), Line("wage_share", "wages, of revenue")),
          note="Wages of the State are counted both in wages and in revenue."),
    Chart("profit", "Profit rate and exploitation", "ratio",
          (Line("profit_rate", "profit rate, all firms"), Line("exploitation", "surplus per wages, own firm")),
          base=False, level=0.0,
          note="Profit rate: surplus after wear against capital and a year's wages. Surplus per wages: mean over employees, of about a year, from 0 to 10."),
    Chart("product", "What firms sold, and what became of it", "coins a month",
          (Line("gdp", "sold"), Line("wages", "wages"), Line("taxes", "taxes"), Line("profit", "surplus")), some=True),
    Chart("firm_flows", "Firms founded and ended", "firms a month",
          (Line("founded", "founded"), Line("demises", "ended: lost their last employee"))),
    Chart("hiring", "Hired and dismissed", "people a month", (Line("hired", "hired"), Line("dismissed", "dismissed"))),
    Chart("gini", "Inequality", "Gini coefficient", (Line("gini_income", "incomes of the month"), Line("gini_money", "money held"))),
    Chart("short", "Wages that fell short", "share of payments", (Line("short_payments", "employer had less than the wage"),)),
    Chart("closures", "Closures and mass dismissals", "events a month", (Line("events", "events"),), some=True,
          note="Those that raise the pressure at their site, so that a struggle can begin there."),
    Chart("state", "What the State takes, owes and pays", "coins a month",
          (Line("taxes", "taxes"), Line("due", "wages and benefits owed"), Line("paid", "of these, paid"), Line("public_wages", "paid as wages"),
           Line("benefits", "paid as benefits"), Line("purchases", "goods bought")), base=False, some=True,
          note="The axis does not begin at 0."),
    Chart("treasury", "Money of the State", "coins", (Line("treasury", "at the end of the month"),), some=True),
    Chart("tax_surplus", "What the State has over", "share of what it owes", (Line("tax_surplus", "taxes less dues"),), level=0.0),
    Chart("money", "Who holds the money", "coins", lines_of("money", "account", {name: text.ACCOUNTS[name] for name in ACCOUNTS}), some=True),
))  # fmt: skip
# Charts of the parts of the economy that only some scenarios switch on, each with the parts of which one must be at work.
EXTENSIONS = tuple((parts, replace(chart, monthly=True)) for parts, chart in (
    (("change",), Chart("regime", "Regime", "0 to 1", (Line("regime", "φ"),), note="0 is the earlier cycle, 1 the restructured relation.")),
    (("accumulation",), Chart("capital", "Fixed capital", "coins", (Line("capital", "of all plants"),))),
    (("accumulation",), Chart("investment", "Invested and worn", "coins a month", (Line("invested", "invested"), Line("worn", "worn out")))),
    (("accumulation",), Chart("displaced", "Displaced by investment", "people a month", (Line("displaced", "displaced"),))),
    (("accumulation", "credit"), Chart("surplus", "Surplus against wear and interest", "ratio", (Line("surplus", "all firms"),), level=1.0,
                                       note="Below the line the surplus does not pay for wear and interest.")),
    (("credit",), Chart("debt", "Debt of households", "coins", (Line("debt", "at the end of the month"),))),
    (("credit",), Chart("lending", "Lent, paid back and lost", "coins a month",
                        (Line("lent", "lent"), Line("repaid", "paid back"), Line("interest", "interest"), Line("defaults", "defaulted on")))),
    (("credit",), Chart("borrowers", "People who borrow, and who default", "people a month",
                        (Line("borrowers", "borrowed"), Line("defaulters", "defaulted")), log=True)),
    (("credit",), Chart("debt_service", "Debt service and credit limits", "share",
                        (Line("debt_service", "interest and repayment, of income"), Line("tightness", "credit limits, against the start")))),
    (("circuits",), Chart("outward", "Spent in other markets", "coins a month", (Line("outward", "spent elsewhere"),))),
    (("outsourcing",), Chart("outsourced", "Hirings given to others", "people a month", (Line("outsourced", "outsourced"),))),
))  # fmt: skip
STOCKS = ("unemployment", "gini_money", "treasury", "money", "regime")  # known before the first month as well
PROVISIONING = (
    Chart("reproduction", "λ and κ: whether each mode reproduces itself", "ratio",
          (Line("reproduction_ratio", "λ, resolved by place"), Line("reproduction_ratio_pooled", "λ, pooled"), Line("reproduction_ratio_strict", "λ, pooled, every input needed"),
           Line("reproduction_ratio_imports", "λ, pooled, imports bought"), Line("commodity_reproduction", "κ")), level=1.0, wide=True,
          note="λ: the share of its needs that taken production sustains without exchange. κ: what renews the commodity mode, below the line too little. "
               "Pooled is as if all were in one place."),
    Chart("need_met", "How needs are met", "share of all needs", lines_of("need_met", "source", {name: text.PROVIDED[name] for name in SOURCES_OF_PROVISION}, "source"),
          stack=True, some=True),
    Chart("lacking", "Shortage, unmet need and coverage", "share",
          (Line("shortage", "shortage, mean over people and needs"), Line("unmet", "unmet need, mean over people"),
           Line("coverage", "essential coverage, people in measures"))),
    Chart("dependence", "Exchange and life outside it", "share",
          (Line("exchange_dependence", "bought, of what people in measures have", weight="participants"),
           Line("outside_exchange", "people mainly outside exchange, of all"))),
)  # fmt: skip
OPPONENTS = (
    Chart("character", "Character of measures, χ", "−1 to 1", (Line("character", "mean over people in measures"),), base=False, level=0.0, wide=True,
          note="Resonance times the mean of contribution and contents. Contributions are estimates, or measured on a sample, and noisy."),
    Chart("characters", "People in measures, by χ of their measure", "share",
          lines_of("character_distribution", "character_bin", {name: name.replace("-", "−") for name in CHARACTER_BINS}), stack=True, some=True),
    Chart("negative", "People in measures of negative χ", "share", (Line("character_negative", "of people in measures"),)),
    Chart("mediation", "Mediation", "no unit", (Line("mediation", "mean over people"),),
          note="It turns struggles back into demands, helps concessions, and offers measures a legal status."),
    Chart("offers", "Offers of a legal status", "measures per day", (Line("offers", "offered"), Line("accepted", "of these, accepted")), kind="bars"),
    Chart("bought_back", "Measures on the way back into exchange", "measures",
          (Line("legal_instances", "with a legal status"), Line("self_managed", "firms in all but name")),
          note="In force: whose exchange, property and wage labour are reproduced more than suspended is a firm in all but name, and ends as one after some weeks."),
    Chart("fronts", "Fronts", "pairs of places", (Line("fronts", "a place mainly taken beside one held by force"),)),
    Chart("front_days", "How long fronts have not moved", "days", (Line("front_days", "mean over fronts"),)),
    Chart("drain", "Labour that fronts bind", "share of labour", (Line("drain", "mean over people in measures"),)),
    Chart("antagonism", "Antagonism", "share",
          lines_of("antagonism_of", "division", {"group": "between groups", "livelihood": "work, no work, land", "settlement": "town and country"}),
          note="Means over people. It rises as far as measures of one side keep what they provide from the other."),
    Chart("readiness", "What State force can do", "share of what it could", (Line("force_readiness", "by its pay and supply"),)),
    Chart("sides", "People who change sides", "people per day", (Line("desertions", "deserted from State force"), Line("recruited", "recruited from measures")), kind="bars"),
    Chart("siding", "How far farmers, managers and owners join", "against all others", (Line("siding", "mean over people"),), fold=True),
    Chart("both_signs", "Practices that are both", "practices", (Line("both_signs", "with measures of positive and of negative χ"),), fold=True),
)  # fmt: skip
# Never drawn: which sector, place or condition binds, which the words say.
BINDING = ("reproduction_binding", "reproduction_binding_place", "commodity_binding")


def sector_charts(sectors: Iterable[str]) -> tuple[Chart, ...]:
    """Charts with a line for each sector."""
    names = {name: text.sector_name(name) for name in sectors}
    return (
        Chart("supply", "Supply, by sector", "share of what is ordered", lines_of("supply", "sector", names)),
        Chart("sector_shortage", "Shortage, by sector", "share of need", lines_of("shortage_of_sector", "sector", names)),
        Chart("common_stock", "Common stock, by sector", "days of consumption of one person", lines_of("common_stock", "sector", names), some=True, log=True),
        Chart("output", "Output, by sector", "against the start", lines_of("output", "sector", names), level=1.0, fold=True),
    )


SHADED = ("participation", "arrests", "coercion", "moving")
# A running total that the tables already give.
INTERNAL = ("struggles_begun",)
