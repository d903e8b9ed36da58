"""Small societies in which everything happens, for tests that need events of every kind."""

import communize as cz
from communize.declare.registry import POSITIONS

LIVELY = {
    "scenario": {"name": "lively", "days": 40},
    "society": {
        "people": 2_000, "places": {"count": 5, "extent_km": 150.0}, "neighbourhood_size": 60.0, "commuting": 0.4,
        "positions": {
            name: {"share": share, "unmet": 0.1, "takes_part": name not in ("owner", "state_force")}
            for name, share in zip(POSITIONS, (0.35, 0.12, 0.08, 0.15, 0.15, 0.02, 0.08, 0.04, 0.01))
        },
        "contact": {"neighbours": 4, "cutoff_km": 500.0}, "ties": {"mean_degree": 5.0},
    },
    "economy": {"regime": 0.3, "core": False}, "provisioning": {"ratio": {"enabled": False}},
    "struggle": {
        "coupling": 3.0, "nerve": 1.0, "nerve_sd_site": 0.12, "nerve_sd_place": 0.08, "nerve_sd_person": 0.1, "temperature": 0.2,
        "rate_joining": 0.4, "spontaneous": 1.0, "rate_leaving": 0.15, "rate_leaving_alone": 0.3, "weight_work": 0.25, "weight_neighbourhood": 0.25,
        "weight_place": 0.25, "away_share": 0.5, "uniform_share": 0.05, "weight_ties": 0.25, "weight_need": 1.2,
        "weight_coercion": 0.25, "weight_constraint": 0.25, "weight_risk": 0.3, "deterrence": 1.0, "fatigue_weight": 3.0,
        "fatigue_gain": 0.06, "fatigue_half_life_days": 60.0, "contested_share": 0.1, "contested_end": 0.5, "contested_people": 3.0,
        "repressed_share": 0.5,
    },
    "incidents": {"rate": 0.02, "size": 0.5, "exponent": 1.5, "decay_days": 8.0},
    "acts": {
        "rate": 0.8, "half_life_days": 14.0, "rate_concession": 0.1, "rate_refusal": 0.3, "concession_cost": 0.1,
        "concession_width": 0.2, "settlement_gain": 0.1, "refusal_loss": 0.1, "relief": 0.5, "relief_half_life_days": 20.0,
        "room_employers": 0.3, "room_state": 0.2,
    },
    "force": {
        "deployment_delay": 2, "move": 0.25, "reserve": 0.2, "speed_km": 400.0, "alert": 0.5, "rate_arrest": 0.2, "held_days": 5.0,
        "arrest_loss": 0.02, "coercion_gain": 0.01, "coercion_half_life_days": 30.0, "exception_level": 0.1,
        "exception_factor": 2.0, "exception_coercion": 0.1,
    },
    "belonging": {"rate": 0.003},
    "reckoning": {"recount_days": 5},
    "shock": [{"day": 12, "magnitude": 1.0, "half_life_days": 5.0}],
}  # fmt: skip

# Changes by dotted path with which the economy is at work in it: a month of the market every few days, so that much happens in few.
ECONOMY = {
    "economy.core": True, "economy.month_days": 6, "economy.markets.smallest": 300.0, "economy.dismissals.least_people": 3.0,
    "economy.dismissals.least_share": 0.1, "economy.pay_half_life_days": 30.0, "economy.state.reserve": 0.3,
}  # fmt: skip

MEASURES = ("provisioning", "measures", "rallying", "dissolution", "contents", "horizon", "generalisation", "rupture")
OPPONENTS = ("upkeep", "siding", "mediation", "pincers", "fronts", "segmentation", "character")
NO_MEASURES = {name: {"enabled": False} for name in MEASURES}  # for tests of what struggle, acts and force do alone

# Changes by dotted path with which measures are founded through every channel but broadcast, and end for every cause.
MANY_MEASURES = {
    "measures.critical_mass": 4.0, "measures.reinvention.rate": 0.3, "measures.adoption.rate": 3.0, "measures.adaptation.share": 0.5,
    "measures.grafting.rate": 0.5, "measures.coordination.instances": 2, "measures.coordination.rate_link": 0.3,
    "measures.seed": [
        {"day": 3, "needs": ["food", "energy_water"], "count": 4, "people": 8.0, "content": {"strangers": 0.8, "hierarchy": 0.5}},
        {"day": 9, "needs": ["public_social"], "count": 5, "distinct": True, "content": {"hierarchy": -0.9, "exchange": -0.5, "wage_labour": -1.0}},
    ],
    "provisioning.fixed": {"enabled": True, "need": 0.4, "level": [{"day": 15, "place": "place-2", "need": 0.8, "coverage": 0.3}]},
    "rallying.rate": 0.3, "rallying.rate_leaving": 0.1, "dissolution.other_measure": 0.5, "dissolution.spent": 0.03,
    "dissolution.isolation": 0.3, "measures.exposure.resonance_scale": 4.0, "dissolution.ebb": 0.3, "dissolution.carrying_share": 0.2,
    "contents.back": 0.01, "contents.coupling": 0.01, "horizon.gain": 0.2, "generalisation.place_days": 10, "force.rate_eviction": 0.3,
}  # fmt: skip


def lively(**changes):
    """The lively scenario with values changed by dotted path."""
    return cz.Scenario(LIVELY).replace(changes)
