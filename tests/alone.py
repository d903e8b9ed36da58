"""Struggle alone, for tests of the responses `threshold` and `contacts`: everybody can take part and nothing else works."""

import communize as cz
from communize.declare.registry import POSITIONS

SOURCES = ("work", "neighbourhood", "place", "ties")


def struggle_alone(source="ties", *, people=1_000, days=20, **changes):
    """A scenario in which people are moved by one source alone, with values changed by dotted path (``__`` for a dot)."""
    values = {
        "scenario": {"name": "alone", "days": days, "only": ["struggle"]},
        "society": {
            "people": people, "places": {"count": 1}, "belonging_spread": 0.0, "ties": {"degree_distribution": "none"},
            "positions": {name: {"share": float(name == "stable"), "unmet": 0.0, "belonging": 0.0} for name in POSITIONS},
        },
        "struggle": {
            **{f"weight_{name}": float(name == source) for name in SOURCES}, "nerve_sd_site": 0.0, "nerve_sd_place": 0.0,
            "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "contested_people": 10_000.0,
        },
    }  # fmt: skip
    return cz.Scenario(values).replace({path.replace("__", "."): value for path, value in changes.items()})
