"""Small societies by hand in which an economy is at work: firms, public sites and people without work in one place."""

import numpy as np

import communize as cz
from communize.declare.registry import COMMODITY, POSITIONS, STATE_SITE
from communize.society.parameters import SocietyParameters
from communize.society.ties import TieParameters

SECTORS = {
    "live": {"share": 0.4}, "dead": {"share": 0.3}, "land": {"share": 0.2, "kind": "farm"}, "public": {"share": 0.1, "kind": "state_site"}}  # fmt: skip
KIND_OF = {"live": "workplace", "dead": "workplace", "land": "farm", "public": "state_site"}
STABLE, PRECARIOUS, UNEMPLOYED, EXCLUDED, STUDENT, FARMER, MANAGER, OWNER, STATE_FORCE = range(len(POSITIONS))


def firm(sector="live", stable=0, precarious=0, manager=0, owner=True):
    """A plant of a sector with the positions of those who work there."""
    return sector, ["owner"] * owner + ["stable"] * stable + ["precarious"] * precarious + ["manager"] * manager


def lab(plants, idle=(), *, on=(), money=100, scattered=False, seed=1, audit=False, economy=None, state=None, dismissals=None, budget=None, **tables):
    """A simulation in which only the economy and the mechanisms `on` are at work.

    `plants` are (sector, positions of those at work), as `firm` gives them, `idle` positions of people without a site. All live in
    one neighbourhood, or each in one of their own if `scattered`. All hold `money`, a number or one a person. By default there is
    no State, and everything is bought in the sector `live`.
    """
    works = [row for row, (_, staff) in enumerate(plants) for _ in staff] + [-1] * len(idle)
    position = [what for _, staff in plants for what in staff] + list(idle)
    n, first = len(position), len(plants)
    home = first + (np.arange(n) if scattered else np.zeros(n, int))
    society = cz.Society.from_tables(
        people={"home": home, "work": works, "position": position, "belonging": np.zeros(n), "unmet": np.zeros(n), "money": np.broadcast_to(money, n).copy()},
        sites={
            "kind": [KIND_OF[sector] for sector, _ in plants] + ["neighbourhood"] * (n if scattered else 1),
            "sector": [list(SECTORS).index(sector) for sector, _ in plants] + [-1] * (n if scattered else 1),
        },
        ties={"a": np.zeros(0, int), "b": np.zeros(0, int)},
        parameters=SocietyParameters(sectors=SECTORS, ties=TieParameters(degree_distribution="none")))  # fmt: skip
    values = {
        "scenario": {"name": "lab", "only": ["economy", *on]},
        "society": {"sectors": SECTORS},
        "economy": {
            "equal_start": True, "sectors": {"budget": budget or {"live": 1.0}}, "state": {"enabled": state is not None, **(state or {})},
            "dismissals": {"least_people": 1.0, "least_share": 0.0, **(dismissals or {})}, **(economy or {}),
        },
        **tables,
    }  # fmt: skip
    return cz.Simulation(cz.Scenario(values), seed=seed, threads=1, society=society, audit=audit)


def month(sim, n=1):
    """So many months, to the day after the market."""
    days = next(mechanism for mechanism in sim.mechanisms if mechanism.name == "economy").parameters.month_days
    return sim.run(n * days - sim.day % days)


def month_with(sim, mode, rows, days=None):
    """A month on whose first `days` (all, if omitted) the sites `rows` have a mode, and are in commodity mode on the others."""
    length = next(mechanism for mechanism in sim.mechanisms if mechanism.name == "economy").parameters.month_days
    for day in range(length):
        sim.sites.mode[rows] = mode if days is None or day < days else COMMODITY
        sim.step()
    return sim


def at_work(sim, site):
    """Rows of the people whose site of work this is."""
    return np.flatnonzero(sim.people.work == site)


def public(sim):
    """Rows of the sites of the State."""
    return np.flatnonzero(sim.sites.kind == STATE_SITE)


def paid_by(sim, name):
    """A series on the last day of each month so far."""
    days = next(mechanism for mechanism in sim.mechanisms if mechanism.name == "economy").parameters.month_days
    return sim.series[name].values[days - 1 :: days]
