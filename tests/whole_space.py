"""Scenarios over the whole space of parameters, from what the tables declare of themselves, for tests with Hypothesis.

A parameter that is new in a table is drawn from its declared range without a change here. Where a rule binds several values
(shares that add up to one, a date or a day), what is drawn is put right afterwards; a rule that is not known here leads to
scenarios that are refused, which the tests allow but count.
"""

import datetime
import functools
import math
import types
import typing

from hypothesis import strategies as st
from pydantic import BaseModel

from communize.declare.registry import CONTENTS, FORMS
from communize.mechanisms.measures.practice import Practice
from communize.production.tables import builtin_names
from communize.scenario.tables import SWITCHED, Tables
from communize.simulation.day import MECHANISMS
from communize.society.parameters import SocietyParameters

PLACES = ("place-1", "place-2", "place-3", "place-4")
SECTORS = ("agriculture", "energy_water", "food", "public_social")
TEN_SECTORS = tuple(SocietyParameters().sectors)  # those of the tables of the package
START = datetime.date(2005, 1, 1)
LARGEST = 1e15  # of numbers without a limit

# Limits that keep a run small, and values that only go with a file.
SMALL = {
    "society.places.count": (1, 4), "society.contact.neighbours": (0, 12), "scenario.days": (0, 4), "run.days": (0, 4), "run.threads": (0, 3),
    "society.people": (1, 60), "economy.month_days": (1, 4), "civil_violence.width": (0, 30), "civil_violence.height": (0, 30), "civil_violence.density": (0.02, 1),
}  # fmt: skip
LEFT_OUT = {
    "society.places.file", "society.places.source", "society.places.country", "society.places.exclude", "society.ties.file", "scenario.based_on",
    "scenario.name", "mechanism", "measures.seed.sites", "society.taking_part", "society.groups", "society.sectors", "society.positions",
    "provisioning.table", "provisioning.aggregation", "provisioning.year", "provisioning.coefficients", "provisioning.demand",  # `production` draws them
}  # fmt: skip


def share(total=1.0):
    return st.floats(0, total, allow_subnormal=False)


def number(low, high, whole):
    """Numbers of a range: its ends, its middle, and numbers of every magnitude in it."""
    low, high = -LARGEST if low is None else low, LARGEST if high is None else high
    ends = [low, high] + [value for value in (0, 1, -1, 2, 0.5) if low <= value <= high and (not whole or value == int(value))]
    if whole:
        return st.one_of(st.sampled_from([int(value) for value in ends]), st.integers(int(low), int(min(high, low + 10))), st.integers(int(low), int(high)))
    drawn = [st.sampled_from([float(value) for value in ends]), st.floats(low, high, allow_nan=False)]
    if high > 100 * max(abs(low), 1e-9):
        drawn.append(st.floats(math.log(max(low, 1e-9)), math.log(high)).map(lambda x: min(max(math.exp(x), low), high)))
    return st.one_of(*drawn)


def of_annotation(annotation, path, limits):
    """Values that a field of this type and range may have; None if they are not known."""
    low, high = SMALL.get(path, limits or (None, None))
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        inner = [part for part in typing.get_args(annotation) if part is not type(None)]
        one = of_annotation(inner[0], path, limits)
        return one if len(inner) == 1 else st.one_of(one, st.lists(one, min_size=2, max_size=2))  # which the regime moves
    name = path.rsplit(".", 1)[-1]
    if typing.get_origin(annotation) is typing.Literal:
        return st.sampled_from(typing.get_args(annotation))
    if annotation is bool:
        return st.booleans()
    if annotation in (int, float):
        return number(low, high, annotation is int)
    if annotation is datetime.date:
        return st.integers(0, 6).map(lambda days: START + datetime.timedelta(days=days))
    if annotation is str:
        named = {"place": PLACES, "region": ("north", "south"), "variable": tuple(output.name for m in MECHANISMS for output in m.outputs),
                 "dwelling": ("", *SECTORS), "transport": ("", *SECTORS)}  # fmt: skip
        return st.sampled_from(named[name]) if name in named else st.text(max_size=5)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return of_model(annotation, path)
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is list:
        if name == "needs":
            return st.lists(st.sampled_from(SECTORS), min_size=1, max_size=3, unique=True)
        if name in ("sectors", "essential", "seizable", "value_only"):
            return st.lists(st.sampled_from(SECTORS), max_size=4, unique=True)
        if name == "places":
            return st.lists(st.sampled_from(PLACES), max_size=3, unique=True)
        if name == "only":
            return st.one_of(st.just([]), st.lists(st.sampled_from(SWITCHED), max_size=5, unique=True))
        return st.lists(of_annotation(inner[0], path, limits), max_size=2)
    if typing.get_origin(annotation) is dict:
        return of_names(name, path, inner[1], limits)
    return None


def of_names(name, path, inner, limits):
    """A table of numbers by name."""
    if name == "content":
        return st.dictionaries(st.sampled_from(CONTENTS), st.floats(-1, 1), max_size=3)
    if name == "budget":
        return st.dictionaries(st.sampled_from(SECTORS), st.floats(0, 1e6), max_size=3)
    if name == "need_of_sector":
        return st.dictionaries(st.sampled_from(SECTORS), share(), max_size=3)
    if name == "inventory_days":
        return st.dictionaries(st.sampled_from(SECTORS), st.floats(1, 1000), max_size=3)
    if path == "measures.form.share":
        return st.sampled_from(FORMS).map(lambda one: {form: 0.75 if form == one else 0.125 for form in FORMS})
    if path.startswith("measures.form."):
        return st.fixed_dictionaries({form: st.integers(0, 9) if inner is int else share() for form in FORMS})
    if name == "prior":
        return st.just({"force.move": [0.1, 0.5]})
    return st.dictionaries(st.text(max_size=5), of_annotation(inner, path, limits), max_size=2)


@functools.cache
def of_model(model, path=""):
    """Values of a table: what has to be given, and some of the rest."""
    needed, wanted = {}, {}
    for name, field in model.model_fields.items():
        where = f"{path}.{name}" if path else name
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        values = None if where in LEFT_OUT else of_annotation(field.annotation, where, extra.get("range"))
        if values is not None:
            (needed if field.is_required() else wanted)[name] = values
    return st.fixed_dictionaries(needed, optional=wanted).map(lambda values: put_right(values, model))


def put_right(values, model):
    """What is drawn, so changed that it keeps the rules that bind several values of one table."""
    names = model.model_fields
    if "date" in names and "day" in names:
        if "date" in values and "day" in values:
            del values["date"]
        if "date" not in values and "day" not in values:
            values["day"] = 1
    if "region" in values and "place" in values:
        del values["region"]
    if "tolerance" in names and "factor" in names:
        values.pop("factor", None)
        values.setdefault("tolerance", 1.0)
    if values.get("statistic") == "share_in_region":
        values.setdefault("region", "north")
    if values.get("statistic") == "first_share":
        values.setdefault("day", 1)
    if values.get("statistic") in ("share_in_region", "places_hit"):
        values["variable"] = "active"
    for one, other in (("neighbourhood_share", "away_share"), ("homophily_group", "homophily_position")):
        if one in names:
            for name in (one, other):
                if name in values:
                    values[name] /= 2
    if "counts" in names:
        counts, dates = values.pop("counts", []), sorted(set(values.pop("dates", [])))
        counts, dates = counts[: len(dates)], dates[: len(counts)]
        values |= {"counts": counts, "dates": dates}
        values.pop("per_person", None)
    if "per_person" in values:
        values["per_person"] = sorted(map(abs, (values["per_person"] + [0.0, 1.0])[:2]))
    if "rows" in names:  # a seed of a struggle: in one way
        for name in [name for name in ("share", "people", "rows") if name in values][1:]:
            del values[name]
        if values.get("rows"):
            values = {"rows": sorted({abs(row) % 70 for row in values["rows"]}), "day": values.get("day", 0)}
        elif "share" not in values:
            values = {name: value for name, value in values.items() if name != "rows"} | {"people": 3.0}
    if "nerves" in names:
        values["nerves"] = [min(max(nerve, -1e9), 1e9) for nerve in values.get("nerves", [])]
    if "wage_low" in names and values.get("wage_low", 10) > values.get("wage_high", 90):
        values["wage_low"], values["wage_high"] = values.get("wage_high", 90), max(1, values.get("wage_low", 10))
    if "precarious_wage" in names:
        for name in ("precarious", "managers"):
            if name in values:
                values[name] = [one / 2 for one in values[name]] if isinstance(values[name], list) else values[name] / 2
    if issubclass(model, Practice):
        values.setdefault("needs", ["food"])
    return values


@st.composite
def compositions(draw):
    """Positions, groups and sectors whose shares add up to one: all in one, or mixed."""

    def weights(names):
        names = list(names)
        if draw(st.booleans()):
            drawn = dict.fromkeys(names, 0.0) | {draw(st.sampled_from(names)): 1.0}
        else:
            whole = [draw(st.integers(0, 5)) for _ in names]
            whole[0] += not any(whole)
            drawn = {name: weight / sum(whole) for name, weight in zip(names, whole)}
        return drawn

    society = Tables.model_fields["society"].annotation
    positions = society.model_fields["positions"].annotation
    position = next(iter(positions.model_fields.values())).annotation
    sector = typing.get_args(society.model_fields["sectors"].annotation)[1]
    groups = weights(f"g{number}" for number in range(draw(st.sampled_from([1, 2, 16]))))
    return {
        "positions": {name: draw(of_model(position, "society.positions")) | {"share": part} for name, part in weights(positions.model_fields).items()},
        "groups": groups,
        "taking_part": draw(st.lists(st.sampled_from(sorted(groups)), unique=True, max_size=3)),
        "sectors": {name: draw(of_model(sector, "society.sectors")) | {"share": part} for name, part in weights(draw(st.sampled_from([SECTORS, TEN_SECTORS]))).items()},
    }


@st.composite
def production(draw, sectors):
    """A table for these sectors: one of the package, or coefficients that use up less than is made."""
    if len(sectors) == len(TEN_SECTORS) and draw(st.booleans()):
        return {"table": draw(st.sampled_from(builtin_names()))}
    n, used = len(sectors), draw(st.sampled_from([0.0, 0.5, 0.99]))
    columns = [draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 3.0, 1e-9]), min_size=n, max_size=n)) for _ in sectors]
    columns = [[used * weight / max(1e-300, sum(column)) for weight in column] for column in columns]
    demand = draw(st.lists(st.sampled_from([0.0, 1.0, 1e-6, 1e6]), min_size=n, max_size=n).filter(any))
    return {"table": "", "coefficients": [list(row) for row in zip(*columns)], "demand": demand}


@st.composite
def scenarios(draw):
    """Values of a scenario anywhere in the declared ranges, each mechanism on or off, with few people and days."""
    values = draw(of_model(Tables))
    values["scenario"] = {**values["scenario"], "name": "drawn", "start": START, "days": draw(st.integers(0, 4)), "sources": {}}
    if values["scenario"].get("only") and draw(st.booleans()):  # it alone, or contradicted by the tables' own switches
        for table in values.values():
            if isinstance(table, dict):
                table.pop("enabled", None)
    society = values.setdefault("society", {})
    scale = draw(st.sampled_from([1.0, 1.0, 3.0, 1e6]))
    society |= {"scale": scale, "people": int(draw(st.integers(1, 60)) * scale), "places": {**society.get("places", {}), "count": 4}}
    composition = draw(compositions())
    society |= {name: composition[name] for name in draw(st.sets(st.sampled_from(["positions", "groups", "sectors"])))}
    if "groups" in society:
        society["taking_part"] = composition["taking_part"]
    if "sectors" not in society:
        society["sectors"] = composition["sectors"]
    values["provisioning"] = values.get("provisioning", {}) | draw(production(tuple(society["sectors"])))
    put_economy_right(values, draw(st.booleans()))
    return values


def put_economy_right(values, one_market):
    """Where an economy is at work: somebody can employ, all money pays more than a mean wage, and no market has one person alone."""
    society, economy = values["society"], values.setdefault("economy", {})
    if society["people"] < 2 * society["scale"] and economy.get("enabled", True):
        economy["core"] = False
    if not economy.get("enabled", True) or not economy.get("core", True):
        return
    if all(sector.get("kind", "workplace") != "workplace" for sector in society["sectors"].values()):
        society["sectors"][SECTORS[0]]["kind"] = "workplace"
    given = economy.get("sectors", {}).get("budget", {})
    sold = [given.get(name, 0) if given else sector["share"] for name, sector in society["sectors"].items() if sector.get("kind") != "state_site"]
    if not any(sold):
        private = next(name for name, sector in society["sectors"].items() if sector.get("kind", "workplace") == "workplace")
        economy["sectors"] = {**economy.get("sectors", {}), "budget": {private: 1.0}}
    coins = max(1, society.get("money", 100)) * int(society["people"] / society["scale"])
    society["money"] = max(1, society.get("money", 100))
    high = min(economy.get("wage_high", 90), max(1, coins // 4))
    low = min(economy.get("wage_low", 10), high)
    economy |= {"wage_low": low, "wage_high": high, "hiring": min(economy.get("hiring", 1.0), coins / (low + high))}
    if one_market:
        economy["markets"] = {**economy.get("markets", {}), "enabled": False}
    else:
        society["contact"] = {**society.get("contact", {}), "cutoff_km": 10_000.0, "neighbours": 3}
