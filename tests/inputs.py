"""Inputs of every kind, wrong ones above all, and what has to hold for each: for the tests in `fuzz`.

An input passes, or it is refused by one message that names file, path, what was found and what is allowed. Nothing else
may come out of it: no other exception, no warning, no wait, and no folder that is half a run.
"""

import contextlib
import copy
import datetime
import json
import math
import random
import re
import signal
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from invariants import check, coins_of

import communize as cz
from communize.declare.errors import InputError
from communize.scenario.check import check_scenario
from communize.scenario.scenario import LIBRARY
from communize.scenario.write import template

PATIENCE_S = 60.0  # for one input; what takes longer than a second is compiling, or other work on the machine
AGENTS, DAYS = 60, 3  # largest runs
N_PEOPLE, N_PLACES = 24, 3  # of the society by hand
MESSAGE = re.compile(r"^(?P<where>.*?): found (?P<found>.+); allowed: (?P<allowed>.+?)(?: \(did you mean (?P<nearest>[^()]*)\?\))?$")


class TooLong(BaseException):
    """An input that takes longer than it may; no `except Exception` catches it."""


@contextlib.contextmanager
def within(seconds=PATIENCE_S):
    """Break off what takes longer than `seconds`."""

    def stop(*_):
        raise TooLong(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# --- what has to hold ---


def well_said(error, file=None):
    """Check a message and return its parts; `file` has to be named in it."""
    assert isinstance(error, InputError)
    text = str(error)
    assert text.isprintable(), repr(text)
    assert len(text) < 3000, text
    parts = MESSAGE.match(text)
    assert parts, text
    if file is not None:
        assert str(file) in parts["where"], text
    return parts


def one_edit_apart(one, other):
    """Whether a letter left out, put in, changed, or two neighbours swapped make one name of the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return one == other
    first = next((k for k, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    a, b = one[first:], other[first:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and len(a) > 1 and a[2:] == b[2:])


def strict_json(text):
    """JSON as the standard has it: neither NaN nor Infinity."""

    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def shrunk(scenario):
    """The scenario made small enough to run within milliseconds, with nothing else changed."""
    society, changes = scenario.society, {"run.days": min(DAYS, scenario.days), "run.threads": min(2, scenario.threads)}
    if society.people == 0 or society.people > AGENTS * society.scale:
        changes["society.people"] = min(10**9, int(AGENTS * society.scale))
    if society.places.count > 300:
        changes["society.places.count"] = 300
    if society.contact.neighbours > 300:
        changes["society.contact.neighbours"] = 300
    return scenario.replace(changes)


def try_file(file, folder=None, *, report=False):
    """Check a scenario file, and run it small if it passes.

    Returns
    -------
    tuple
        ``"refused"``, ``"refused in the run"`` or ``"ran"``, and the message if any.
    """
    with within(), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            scenario = cz.load(file)
            check_scenario(scenario)
        except InputError as error:
            return "refused", error
        scenario = shrunk(scenario)
        try:
            run = cz.run(scenario, threads=1)
        except InputError as error:
            return "refused in the run", error
        strict_json(json.dumps(run.summary(), default=str))
        if folder is not None:
            save_and_read(run, folder, report=report)
    return "ran", None


def save_and_read(run, folder, *, report=False):
    """Save a run, and check that the folder is whole, valid, and says the same when it is read."""
    from communize.cli.show import print_run
    from communize.report.page import write_report

    target = run.save(folder / "run", also=(lambda part: write_report(run, part / "report.html")) if report else None)
    assert [entry.name for entry in folder.iterdir()] == ["run"]
    strict_json((target / "run.json").read_text(encoding="utf-8"))
    again = cz.read_run(target)
    assert (again.days, again.seed, again.state_hash) == (run.days, run.seed, run.state_hash)
    assert again.scenario.hash == run.info["scenario_hash"]
    with contextlib.redirect_stdout(None):
        print_run(again, target, with_report=report)


def run_checked(scenario, days, society=None):
    """A simulation of so many days, with a check of every invariant on each."""
    sim = cz.Simulation(scenario, threads=1, society=society)
    coins, places = coins_of(sim), sim.places
    force = float(places.force.sum(dtype=float) + places.arriving.sum(dtype=float) + sim.state.force.reserve[0])
    check(sim, coins, force)
    for _ in range(days):
        sim.step()
        check(sim, coins, force)
    return sim


# --- societies by hand ---

def clean():
    """A small society that is right: three places, each with two neighbourhoods, a farm and a workplace."""
    sites = pd.DataFrame({
        "kind": ["neighbourhood", "neighbourhood", "farm", "workplace"] * N_PLACES, "place": np.repeat(np.arange(N_PLACES), 4), "sector": [-1, -1, 0, 4] * N_PLACES})
    home = np.repeat(np.flatnonzero(sites["kind"] == "neighbourhood"), N_PEOPLE // (2 * N_PLACES))
    people = pd.DataFrame({
        "home": home, "work": np.where(np.arange(N_PEOPLE) % 2, home - home % 4 + 3, -1), "position": ["stable", "unemployed", "state_force", "precarious"] * (N_PEOPLE // 4),
        "group": np.arange(N_PEOPLE) % 4, "money": 100, "belonging": 0.0, "unmet": 0.5, "horizon": 0.1})
    places = pd.DataFrame({
        "name": [f"p{k}" for k in range(N_PLACES)], "latitude": [45.0, 45.1, 46.0], "longitude": [2.0, 2.1, 3.0], "population": [100, 50, 8], "region": ["a", "b", "NA"]})
    ties = pd.DataFrame({"a": np.arange(N_PEOPLE - 1), "b": np.arange(1, N_PEOPLE)})
    return {"people": people, "sites": sites, "places": places, "ties": ties}  # fmt: skip


def run_and_check(society, days=2, **changes):
    """Run a society for some days in which much happens, with values changed by dotted path, and check it on each."""
    lively = {"measures.requires_struggle": False, "measures.critical_mass": 1.0, "incidents.rate": 0.5, "economy.month_days": 2}
    return run_checked(cz.load("restructured").replace({**lively, **changes}), days, society)


# --- scenario files to start from ---


LARGEST = {"FR": (150_000, "Paris"), "GR": (150_000, "Athens"), "GP": (15_000, "Les Abymes"), "US": (900_000, "New York City"), "AR": (2_000_000, "Buenos Aires")}  # few places


def small_cases():
    """The values of every case of the library and of the template, with so few people that they run at once."""
    cases = {"template": tomllib.loads(template())}
    for file in sorted(LIBRARY.glob("*.toml")):
        cases[file.stem] = tomllib.loads(file.read_text(encoding="utf-8"))
    for values in cases.values():
        values["scenario"]["days"] = DAYS
        society = values.setdefault("society", {})
        society["people"] = AGENTS * 100 if "scale" in society else AGENTS
        if "scale" in society:
            society["scale"] = 100.0
        places = society.setdefault("places", {})
        if places.get("source") == "gazetteer":
            places["minimum_population"], largest = LARGEST[places["country"]]
            for shock in values.get("shock", []):
                if "place" in shock:
                    shock["place"] = largest
        else:
            places["count"] = 4
    cases["full"] = full_case()
    return cases


def full_case():
    """A scenario that says something in every table, lists of tables included."""
    return {
        "scenario": {"name": "full", "title": "every table", "start": datetime.date(2005, 1, 1), "days": DAYS, "based_on": "restructured",
                     "sources": {"society.people": "definition"}, "claims": ["C1"]},
        "society": {"people": AGENTS, "places": {"count": 4}, "groups": {"a": 0.5, "b": 0.5}, "taking_part": ["a"],
                    "contact": {"neighbours": 3}, "ties": {"mean_degree": 3.0}, "positions": {"owner": {"share": 0.03, "takes_part": False}},
                    "sectors": {"food": {"share": 0.5, "kind": "farm"}, "trade": {"share": 0.25, "locus": "circulation"}, "transport": {"share": 0.25}}},
        "shock": [{"date": datetime.date(2005, 1, 2), "place": "place-2", "magnitude": 3.0, "half_life_days": 2.0, "what": "x", "source": "assumed"},
                  {"day": 1, "region": "north", "magnitude": 1.0}],
        "force": {"emergency": [{"day": 1, "days": 2}], "deployment_delay": 1},
        "provisioning": {"table": "", "coefficients": [[0.1, 0.0, 0.0], [0.2, 0.1, 0.1], [0.05, 0.1, 0.0]], "demand": [2.0, 1.0, 0.5], "inputs": "weakly_critical",
                         "inventory_days": {"food": 3.0}, "restock_days": 4.0, "stock_days": 5.0, "slack": 0.1, "essential": ["food"], "notice_days": 2,
                         "free": {"seizable": ["food", "transport"], "mobility": 0.5, "value_only": ["trade"], "dwelling": "", "transport": "transport"},
                         "ratio": {"every_days": 1, "resolved_days": 2},
                         "stop": [{"day": 1, "days": 2, "sectors": ["food"], "places": ["place-1"], "share": 0.5, "what": "x", "source": "assumed"}],
                         "crisis": [{"date": datetime.date(2005, 1, 2), "fall": 0.3}],
                         "fixed": {"enabled": True, "need": 0.5, "need_of_sector": {"food": 0.25}, "coverage": 0.75,
                                   "level": [{"day": 1, "need": 0.5, "place": "place-1"}, {"day": 2, "coverage": 1.0}]}},
        "measures": {"critical_mass": 2.0, "requires_struggle": False, "seed": [{"day": 1, "needs": ["food"], "count": 2, "people": 3.0, "content": {"gender": 0.5}}],
                     "broadcast": {"enabled": True, "practice": {"needs": ["trade"]}}, "form": {"delay_days": {"assembly": 1, "diffuse": 0, "spontaneous": 0}}},
        "economy": {"regime": 0.5, "month_days": 2, "wage_low": 5, "wage_high": 40, "hiring": 1.5, "markets": {"smallest": 10.0}, "sectors": {"budget": {"trade": 2.0, "food": 1.0}},
                    "contracts": {"precarious": 0.2, "precarious_first": False}, "state": {"tax": 0.3, "student": 0.1}, "dismissals": {"least_people": 2.0},
                    "firing": [0.2, 0.6], "accumulation": {"enabled": True, "share": 0.5, "cheapening": 0.01, "reserve_army": 0.5},
                    "credit": {"enabled": True, "looseness": [1.0, 3.0], "interest": 0.5, "void": 0.0, "void_accounts": True},
                    "outsourcing": {"enabled": True, "staff": 2.0}, "circuits": {"enabled": True, "outward": 0.2}, "indexation": {"share": [0.8, 0.1]},
                    "change": [{"day": 1, "regime": 0.9, "over_days": 2}, {"date": datetime.date(2005, 1, 3), "regime": 0.1, "what": "x", "source": "assumed"}]},
        "prior": {"force.move": [0.1, 0.5]},
        "observed": {"dates": [datetime.date(2005, 1, 1), datetime.date(2005, 1, 3)], "counts": [1.0, 2.0], "fitted": 1},
        "target": [{"name": "peak", "statistic": "peak_night", "value": 2.0, "tolerance": 1.0},
                   {"name": "north", "statistic": "share_in_region", "region": "north", "value": 0.5, "factor": 2.0}],
        "run": {"seed": 3, "threads": 1},
    }  # fmt: skip


# --- TOML by hand, so that a fault of the library that writes TOML cannot hide one of the reader ---


def to_text(values):
    """Values as TOML; lists of tables and tables in their long form."""
    lines = []
    _table_text(values, [], lines)
    return "\n".join(lines) + "\n"


def _table_text(table, path, lines):
    later = []
    for key, value in table.items():
        if isinstance(value, dict) or (isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value)):
            later.append((key, value))
        else:
            lines.append(f"{quoted(key)} = {value_text(value)}")
    for key, value in later:
        inner = [*path, key]
        name = ".".join(quoted(part) for part in inner)
        if isinstance(value, dict):
            lines.append(f"[{name}]")
            _table_text(value, inner, lines)
        else:
            for entry in value:
                lines.append(f"[[{name}]]")
                _table_text(entry, inner, lines)


def quoted(text):
    """Text as a basic string of TOML."""
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{escaped}"'


def value_text(value):
    """One value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(value_text(entry) for entry in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{quoted(key)} = {value_text(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, int) and abs(value) > 10**4000:
        return hex(value) if value >= 0 else "0x0"
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime, datetime.time)) else str(value)


# --- mutations of values ---

WEIRD = [
    "", " ", "\x00", "\n", "a\nb", "\u202e", "é", "日本", "\U0001f600", "x" * 5000, "[bold]", "{{ 7 * 7 }}", "<script>", "../..", "/dev/zero", "-1", "nan", "%s", "\ufeff",
    0, -1, 1, 2, 3, 10**6, 2**31, 2**32, 2**63, 2**64, -(2**63) - 1, 10**30, 10**400, 10**4400,
    0.0, -0.0, 0.5, 1.0, -1.0, 1e-300, 5e-324, 1e300, 1.7e308, float("nan"), float("inf"), float("-inf"), 0.1 + 0.2,
    True, False, [], [[]], [1, "a"], [1.0, 2.0], [float("nan")], [[[[1]]]], [True], {}, {"": 1}, {"a": {}}, {"enabled": False}, [{}], [{"day": 1}], [{"": {}}],
    datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(2004, 2, 29), datetime.date(2005, 1, 2), datetime.datetime(2005, 1, 1, 12), datetime.time(1, 2),
    datetime.datetime(2005, 1, 1, tzinfo=datetime.UTC),
]  # fmt: skip


def places_in(values, path=()):
    """The path of every value, table and list in `values`, from the top."""
    entries = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in entries:
        yield (*path, key)
        yield from places_in(value, (*path, key))


def at(values, path):
    """The value at a path."""
    for part in path:
        values = values[part]
    return values


def misspelt(name, random):
    """The name with one letter left out, put in, changed or swapped; never the name itself."""
    while True:
        k = random.randrange(len(name))
        letter = random.choice("abcdefghijklmnopqrstuvwxyz_")
        kinds = [name[:k] + name[k + 1 :], name[:k] + letter + name[k:], name[:k] + letter + name[k + 1 :]]
        if k + 1 < len(name):
            kinds.append(name[:k] + name[k + 1] + name[k] + name[k + 2 :])
        changed = random.choice(kinds)
        if changed and changed != name:
            return changed


def mutate(values, random):
    """A changed copy of `values`."""
    values = copy.deepcopy(values)
    paths = list(places_in(values))
    path = random.choice(paths)
    outer, key, value = at(values, path[:-1]), path[-1], at(values, path)
    kind = random.choice(["weird", "weird", "weird", "scale", "misspell", "misspell", "delete", "double", "wrap", "unwrap", "into", "add", "date"])
    if kind == "weird":
        outer[key] = copy.deepcopy(random.choice(WEIRD))
    elif kind == "scale" and isinstance(value, (int, float)) and not isinstance(value, bool):
        outer[key] = random.choice([-value, value * 1e3, value * 1e-3, value + 1, value / 2, value * 1e200, int(value) if math.isfinite(value) else 0, value * 10**9, value - 1])
    elif kind == "misspell" and isinstance(key, str) and key:
        outer[misspelt(key, random)] = outer.pop(key)
    elif kind == "delete":
        del outer[key]
    elif kind == "double" and isinstance(outer, list):
        outer.append(copy.deepcopy(value))
    elif kind == "wrap":
        outer[key] = random.choice([[value], {"a": value}, [value, value], {str(key): value}])
    elif kind == "unwrap" and isinstance(value, (list, dict)) and value:
        outer[key] = value[0] if isinstance(value, list) else next(iter(value.values()))
    elif kind == "into":
        nested = copy.deepcopy(random.choice(WEIRD))
        for _ in range(random.choice([1, 5, 50, 150])):
            nested = random.choice([[nested], {"a": nested}])
        outer[key] = nested
    elif kind == "add" and isinstance(outer, dict):
        other = random.choice(paths)
        outer[str(other[-1])] = copy.deepcopy(at(values, other))
    elif kind == "date":
        outer[key] = datetime.date(random.choice([1, 1677, 1904, 2004, 2005, 2262, 9999]), random.randint(1, 12), random.randint(1, 28))
    else:
        return mutate(values, random)
    return values


def damage(text, random):
    """The bytes of a file, damaged as editors, disks and other programs damage them."""
    data = bytearray(text.encode("utf-8"))
    kind = random.choice(["cut", "bytes", "flip", "nul", "crlf", "cr", "bom", "utf16", "latin", "twice", "swap", "line", "deep", "deep table", "huge", "empty", "keys", "swap lines", "control"])
    if kind == "cut":
        del data[random.randrange(len(data)) :]
    elif kind == "bytes":
        for _ in range(random.choice([1, 5, 50])):
            data[random.randrange(len(data))] = random.randrange(256)
    elif kind == "flip":
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif kind == "nul":
        data.insert(random.randrange(len(data)), 0)
    elif kind == "control":
        data.insert(random.randrange(len(data)), random.choice([1, 7, 27, 127, 13, 12]))
    elif kind == "crlf":
        data = data.replace(b"\n", b"\r\n")
    elif kind == "cr":
        data = data.replace(b"\n", b"\r")
    elif kind == "bom":
        data = bytearray(b"\xef\xbb\xbf") + data
    elif kind == "utf16":
        data = bytearray(text.encode("utf-16"))
    elif kind == "latin":
        data += 'title = "é"\n'.encode("latin-1")
    elif kind == "twice":
        data = data + data
    elif kind == "swap":
        a, b = sorted(random.randrange(len(data)) for _ in range(2))
        data = data[b:] + data[a:b] + data[:a]
    elif kind == "line":
        lines = bytes(data).split(b"\n")
        line = random.choice(lines)
        lines.insert(random.randrange(len(lines)), line)
        data = bytearray(b"\n".join(lines))
    elif kind == "swap lines":
        lines = bytes(data).split(b"\n")
        random.shuffle(lines)
        data = bytearray(b"\n".join(lines))
    elif kind == "deep":
        n = random.choice([10, 100, 1000, 100_000])
        data += b"deep = " + b"[" * n + b"]" * n + b"\n"
    elif kind == "deep table":
        n = random.choice([10, 100, 400, 20_000])
        data += b"a." * n + b"a = 1\n"
    elif kind == "huge":
        data += b"huge = " + b"9" * random.choice([100, 5000, 100_000]) + b"\n"
    elif kind == "keys":
        data += b"k" * random.choice([300, 100_000]) + b" = 1\n"
    elif kind == "empty":
        data = bytearray(random.choice([b"", b"\n", b"#", b"=", b"[", b"[]", b"[scenario]", b"scenario = 1", b"[[scenario]]", b"name", b'[scenario]\nname = "a"\n']))
    return bytes(data)


def judge(file, error):
    """Check the message about a file made by `mutate` or `damage`, if there is one."""
    if error is None:
        return
    parts = well_said(error, Path(file).name)
    if error.allowed.startswith("one of ") and isinstance(error.found, str):  # a key that is none
        near = [name for name in error.allowed.removeprefix("one of ").split(", ") if one_edit_apart(error.found.casefold(), name.casefold())]
        assert not near or error.nearest in near, str(error)
    assert parts["allowed"]


def some(seed):
    """A generator of random choices."""
    return random.Random(seed)
