"""Measures with everything else switched off, for limit cases through the public run."""

import numpy as np
from worlds import OPPONENTS

import communize as cz
from communize.declare.registry import CONTENTS

OTHERS = ("economy", "struggle", "incidents", "acts", "force", "belonging", "rallying", "contents", "horizon", *OPPONENTS)
ENDINGS = ("spent", "isolation", "need", "ebb", "other_measure")
SUSPENDED = dict.fromkeys(CONTENTS, 1.0)


def alone(days: int = 30, **changes) -> cz.Scenario:
    """A scenario in which measures are founded by seeds only, nothing ends, and no horizon, need or place is in the way.

    `changes` are by dotted path, with two underscores for a dot.
    """
    values = {
        "scenario": {"name": "limit", "days": days},
        "society": {"horizon": 0.0, "contact": {"neighbours": 0}, "ties": {"degree_distribution": "none"}},
        "provisioning": {"fixed": {"enabled": True, "need": 0.0, "coverage": 0.0}, "ratio": {"enabled": False}},
        **{name: {"enabled": False} for name in OTHERS},
        "dissolution": dict.fromkeys(ENDINGS, 0.0),
        "measures": {
            "requires_struggle": False, "critical_mass": 1.0, "refusal_gain": 0.0, "need_gain": 0.0, "horizon_gain": 0.0, "fit_floor": 0.0,
            "reinvention": {"enabled": False}, "adaptation": {"enabled": False}, "grafting": {"enabled": False},
            "adoption": {"enabled": False, "with_fit": False}, "coordination": {"enabled": False},
            "exposure": {"contact": 0.0, "links": 0.0, "ties": 0.0, "memory": 0.0},
        },
    }  # fmt: skip
    return cz.Scenario(values).replace({path.replace("__", "."): value for path, value in changes.items()})


def seed(**values) -> dict:
    """A seed on day 0 that suspends everything, so that adoption is at its full rate."""
    return {"needs": ["food"], "content": SUSPENDED, "day": 0} | values


def isolated(n_places: int, n_sites: int, ties=None) -> cz.Society:
    """Places out of contact, each of sites at which one person lives; site s of place p has the row p * n_sites + s."""
    n = n_places * n_sites
    a, b = np.zeros((2, 0), np.int64) if ties is None else ties
    return cz.Society.from_tables(
        people={"home": np.arange(n)}, sites={"kind": ["neighbourhood"] * n, "place": np.repeat(np.arange(n_places), n_sites)},
        places={
            "name": [f"place-{p}" for p in range(n_places)], "latitude": np.zeros(n_places),
            "longitude": np.linspace(-170, 170, n_places), "population": np.full(n_places, n_sites),
        },
        ties={"a": a, "b": b}, parameters=alone().society)  # fmt: skip


def simulate(scenario: cz.Scenario, society: cz.Society, seed: int = 1) -> cz.Simulation:
    """The finished simulation of the scenario's days."""
    return cz.Simulation(scenario, seed, society=society, threads=1).run(scenario.days)
