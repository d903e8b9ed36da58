"""What a scenario says of the society: the `[society]` table."""

from typing import Literal

from pydantic import Field, model_validator

from communize.declare.parameters import Parameters, parameter
from communize.society.ties import TieParameters

AXTELL = "https://doi.org/10.1126/science.1062081"
MAX_GROUPS = 16
CARERS = ["women", "women_racialised"]


class PlaceParameters(Parameters):
    """Where people live."""

    source: Literal["synthetic", "gazetteer", "table"] = parameter(
        "synthetic", unit="name", source="definition",
        meaning="a size law, the GeoNames gazetteer of a country, or a table of your own")  # fmt: skip
    count: int = parameter(400, unit="place", range=(1, 200_000), plausible=(50, 2000), meaning="synthetic: number of places")
    size_exponent: float = parameter(
        1.0, unit="1", range=(0, 3), plausible=(0.8, 1.2), source="https://doi.org/10.1162/003355399556133",
        meaning="synthetic: exponent of the rank-size law (population ~ rank ** -exponent)")  # fmt: skip
    extent_km: float = parameter(600.0, unit="km", range=(1, 5000), plausible=(100, 1000), meaning="synthetic: side of the square of land")
    country: str = parameter("FR", unit="ISO 3166 code", source="definition", meaning="gazetteer: country")
    minimum_population: int = parameter(5000, unit="person", range=(500, 10**8), source="definition", meaning="gazetteer: smallest place")
    exclude: list[int] = parameter([], unit="GeoNames id", source="definition", meaning="gazetteer: further places to leave out")
    file: str | None = parameter(
        None, unit="path", source="definition",
        meaning="table: CSV or Parquet with name, latitude, longitude, population and, if wanted, region")  # fmt: skip


class ContactParameters(Parameters):
    """How places see one another: a gravity law cut at a distance and at the strongest neighbours."""

    distance_exponent: float = parameter(
        2.0, unit="1", range=(0, 6), plausible=(1, 3), source="https://doi.org/10.1086/266321", meaning="fall of contact with distance")  # fmt: skip
    population_exponent: float = parameter(1.0, unit="1", range=(0, 2), plausible=(0.5, 1.2), meaning="rise of contact with the other place's size")
    offset_km: float = parameter(5.0, unit="km", range=(0.001, 1000), plausible=(1, 20), meaning="distance below which contact falls no further")
    cutoff_km: float = parameter(300.0, unit="km", range=(0, 25_000), plausible=(50, 1000), meaning="no contact beyond")
    neighbours: int = parameter(32, unit="place", range=(0, 10_000), plausible=(8, 128), meaning="strongest neighbours kept")


class Position(Parameters):
    """People in one position of the class relation, at the start."""

    share: float = parameter(unit="share of people", range=(0, 1), source="see the scenario", meaning="share of people")
    unmet: float = parameter(0.05, unit="share", range=(0, 1), plausible=(0, 0.4), meaning="mean unmet need at the start, until the first month of the economy")
    belonging: float = parameter(0.0, unit="1", range=(-1, 1), plausible=(-0.5, 0.5), meaning="mean belonging at the start")
    takes_part: bool = parameter(True, unit="yes/no", source="definition", meaning="whether these people can join struggles and measures")


class Positions(Parameters):
    """Composition by position; the shares must add up to one."""

    stable: Position = parameter(Position(share=0.36, unmet=0.04, belonging=0.1), unit="table", meaning="stable wage workers")
    precarious: Position = parameter(Position(share=0.11, unmet=0.15, belonging=-0.15), unit="table", meaning="precarious wage workers")
    unemployed: Position = parameter(Position(share=0.07, unmet=0.25, belonging=-0.2), unit="table", meaning="unemployed")
    excluded: Position = parameter(Position(share=0.16, unmet=0.2, belonging=-0.2), unit="table", meaning="outside wage work: unpaid carers, retired poor, undocumented")
    student: Position = parameter(Position(share=0.17, unmet=0.08, belonging=-0.05), unit="table", meaning="pupils and students")
    farmer: Position = parameter(Position(share=0.014, unmet=0.1), unit="table", meaning="farmers")
    manager: Position = parameter(Position(share=0.08, unmet=0.01, belonging=0.3), unit="table", meaning="managers")
    owner: Position = parameter(Position(share=0.03, unmet=0.01, belonging=0.5, takes_part=False), unit="table", meaning="owners")
    state_force: Position = parameter(
        Position(share=0.006, unmet=0.03, belonging=0.3, takes_part=False), unit="table",
        meaning="police, gendarmes, soldiers available for keeping order")  # fmt: skip

    @model_validator(mode="after")
    def _shares_add_up(self) -> "Positions":
        total = sum(getattr(self, name).share for name in type(self).model_fields)
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"shares that add up to 1 (they add up to {total:.6g})")
        return self


class Sector(Parameters):
    """One sector of work and the law of its site sizes."""

    share: float = parameter(unit="share of workers", range=(0, 1), source="see the scenario", meaning="share of workers")
    kind: Literal["workplace", "farm", "state_site"] = parameter("workplace", unit="name", source="definition", meaning="kind of its sites")
    locus: Literal["production", "circulation", "reproduction"] = parameter(
        "production", unit="name", source="definition", meaning="where a struggle there takes place")  # fmt: skip
    size_exponent: float = parameter(1.06, unit="1", range=(0.2, 5), plausible=(0.9, 1.4), source=AXTELL, meaning="exponent of P(size > x) ~ x ** -exponent")
    size_minimum: float = parameter(2.0, unit="person", range=(1, 1e6), plausible=(1, 10), meaning="smallest site")
    size_maximum: float = parameter(3000.0, unit="person", range=(1, 1e6), plausible=(500, 20_000), meaning="largest site")
    need: float = parameter(1.0, unit="1", range=(0, 1000), plausible=(0, 3), meaning="weight of what it provides among people's needs")
    struggle_need: float = parameter(0.0, unit="1", range=(0, 1000), plausible=(0, 3), meaning="weight added among the needs of who is in struggle, and of a site as far as it is")


def _sectors() -> dict[str, Sector]:
    return {
        "agriculture": Sector(share=0.03, kind="farm", size_exponent=2.0, size_maximum=100.0, need=0.5),
        "energy_water": Sector(share=0.02, size_minimum=5.0, need=1.0),
        "food": Sector(share=0.03, size_minimum=3.0, need=1.5, struggle_need=1.5),
        "textiles": Sector(share=0.01, size_minimum=3.0, need=0.5),
        "manufacturing": Sector(share=0.10, size_minimum=4.0, size_maximum=8000.0, need=0.5),
        "construction": Sector(share=0.07, size_maximum=500.0, need=1.5, struggle_need=0.5),
        "trade": Sector(share=0.17, locus="circulation", size_maximum=1000.0, need=0.5),
        "transport": Sector(share=0.06, locus="circulation", size_minimum=3.0, need=1.0, struggle_need=1.0),
        "finance_business": Sector(share=0.18, locus="circulation", need=0.0, struggle_need=0.5),
        "public_social": Sector(share=0.33, kind="state_site", locus="reproduction", size_minimum=5.0, need=1.5, struggle_need=0.5),
    }


class SocietyParameters(Parameters):
    """People, places, sites and ties at the start of a run."""

    people: int = parameter(
        100_000, unit="person", range=(0, 10**9), source="definition", meaning="people; 0 takes the populations of the places as they are")  # fmt: skip
    scale: float = parameter(1.0, unit="person per agent", range=(1, 1e6), source="definition", meaning="how many people one agent stands for")
    places: PlaceParameters = parameter(PlaceParameters(), unit="table")
    contact: ContactParameters = parameter(ContactParameters(), unit="table")
    positions: Positions = parameter(Positions(), unit="table")
    groups: dict[str, float] = parameter(
        {"women": 0.43, "men": 0.42, "women_racialised": 0.075, "men_racialised": 0.075}, unit="share of people",
        plausible=(0, 1), meaning="ascribed groups, up to 16, with shares that add up to one")  # fmt: skip
    taking_part: list[str] = parameter(
        [], unit="group", source="definition", meaning="groups whose members can take part in struggles and measures; none named: all")  # fmt: skip
    carers: list[str] = parameter(
        CARERS, unit="group", source="definition", meaning="groups who carry unpaid care; those of the default that the society lacks are left out")  # fmt: skip
    care_burden: float = parameter(
        0.25, unit="share", range=(0, 1), plausible=(0, 0.5), meaning="labour and participation that unpaid care takes from who carries it where the content gender is -1")  # fmt: skip
    sectors: dict[str, Sector] = Field(
        default_factory=_sectors, description="sectors of work, shares of workers adding up to one",
        json_schema_extra={"unit": "table", "source": "definition", "range": None, "plausible": None})  # fmt: skip
    struggle_shifts_needs: bool = parameter(True, unit="yes/no", source="definition", meaning="whether being in struggle shifts what people need (`struggle_need` of sectors)")
    neighbourhood_size: float = parameter(250.0, unit="person", range=(1, 1e6), plausible=(100, 2000), meaning="mean size of a neighbourhood")
    neighbourhood_spread: float = parameter(0.5, unit="1", range=(0, 2), plausible=(0.2, 1), meaning="standard deviation of the logarithm of that size")
    campus_size: float = parameter(400.0, unit="person", range=(1, 1e6), plausible=(200, 2000), meaning="mean number of students of a site of study")
    commuting: float = parameter(
        0.4, unit="share of workers", range=(0, 1), plausible=(0.2, 0.7), meaning="workers and students whose site lies in another place, drawn by contact")  # fmt: skip
    money: int = parameter(100, unit="coin per agent", range=(0, 10**9), source="https://arxiv.org/abs/cond-mat/0401053", meaning="money at the start")
    horizon: float = parameter(0.06, unit="share", range=(0, 1), plausible=(0.02, 0.2), meaning="horizon at the start")
    belonging_spread: float = parameter(0.15, unit="1", range=(0, 1), plausible=(0, 0.4), meaning="standard deviation of belonging between people at the start")
    ties: TieParameters = parameter(TieParameters(), unit="table")

    @model_validator(mode="after")
    def _composition(self) -> "SocietyParameters":
        if not 1 <= len(self.groups) <= MAX_GROUPS:
            raise ValueError(f"1 to {MAX_GROUPS} groups (found {len(self.groups)})")
        if any(not 0 <= share <= 1 for share in self.groups.values()) or abs(sum(self.groups.values()) - 1) > 1e-6:
            raise ValueError("groups with shares from 0 to 1 that add up to 1")
        for name in self.taking_part:
            if name not in self.groups:
                raise ValueError(f"in taking_part, names of groups: {', '.join(self.groups)} (found {name!r})")
        if self.carers != CARERS:
            for name in self.carers:
                if name not in self.groups:
                    raise ValueError(f"in carers, names of groups: {', '.join(self.groups)} (found {name!r})")
        if not 1 <= len(self.sectors) <= 100 or abs(sum(s.share for s in self.sectors.values()) - 1) > 1e-6:
            raise ValueError("1 to 100 sectors with shares that add up to 1")
        return self
