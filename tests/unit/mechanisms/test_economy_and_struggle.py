"""How the economy moves people to struggle: each way switched alone, in a lively society whose months are short."""

import numpy as np
import pytest
from worlds import ECONOMY, NO_MEASURES, lively

import communize as cz
from communize.declare.registry import POSITIONS

MONTH, DAYS = 3, 30
OFF = {f"{name}.enabled": False for name in (*NO_MEASURES, "incidents", "acts", "force")}
PLAIN = {
    **ECONOMY, **OFF, "economy.month_days": MONTH, "economy.dismissals.enabled": False, "shock": [], "economy.regime": 1.0, "struggle.nerve": 1.2,
    "struggle.weight_need": 0.0, "struggle.weight_exploitation": 0.0, "struggle.weight_constraint": 0.0, "struggle.coupling": 0.0,
}  # fmt: skip


def run(seed=11, **changes):
    return cz.Simulation(lively(**{**PLAIN, **changes}), seed=seed, threads=1).run(DAYS)


def joined(sim):
    return sim.series.joined.values


def test_without_the_weights_the_economy_moves_nobody():
    """What follows is due to the weights: without them those who join are the same whatever the economy."""
    one, other = run(), run(**{"economy.basket": 9.0, "economy.firing": 9.0, "economy.contracts.precarious": 0.8, "economy.core": True})
    assert (one.people.position != other.people.position).any()
    assert joined(one)[: MONTH - 1].tolist() == joined(other)[: MONTH - 1].tolist()
    assert joined(one).sum() == pytest.approx(joined(other).sum(), rel=0.1)


def test_exploitation_moves_wage_workers():
    calm, moved = run(), run(**{"struggle.weight_exploitation": 2.0})
    assert joined(calm)[: MONTH - 1].tolist() == joined(moved)[: MONTH - 1].tolist()  # in the first month nothing is known of it
    assert joined(moved)[MONTH:].sum() > 1.5 * joined(calm)[MONTH:].sum()
    assert moved.series.exploitation.values[-1] > 0
    work, position, before = moved.people.work, moved.people.position, moved.people.activity.copy()
    paid = (work >= 0) & np.isin(position, [POSITIONS.index("stable"), POSITIONS.index("precarious")])
    exploited, others = paid & (moved.sites.exploitation[np.maximum(work, 0)] > 1), ~paid & (before == 0)
    moved.step()
    new = (before == 0) & (moved.people.activity == 1)
    assert new[exploited].mean() > 2 * new[others].mean()


def test_what_people_cannot_afford_moves_them():
    calm, moved = run(**{"struggle.weight_need": 1.2, "economy.basket": 0.0}), run(**{"struggle.weight_need": 1.2, "economy.basket": 5.0})
    assert joined(calm)[: MONTH - 1].tolist() == joined(moved)[: MONTH - 1].tolist()  # the unmet need of the start
    assert not calm.people.unmet.any()
    assert moved.people.unmet.mean() > 0.3
    assert joined(moved)[MONTH:].sum() > 1.5 * joined(calm)[MONTH:].sum()


CONSTRAINED = {"struggle.weight_constraint": 2.0, "belonging.rate": 0.02}


def test_unemployment_lowers_belonging_and_moves_people():
    calm, moved = run(**CONSTRAINED, **{"economy.firing": 0.05}), run(**CONSTRAINED, **{"economy.firing": 5.0})
    assert joined(calm)[: MONTH - 1].tolist() == joined(moved)[: MONTH - 1].tolist()
    assert moved.series.unemployment.values[-1] > 1.5 * calm.series.unemployment.values[-1]
    assert moved.people.belonging.mean() < calm.people.belonging.mean() - 0.02
    pairs = [(calm, moved), *([run(seed, **CONSTRAINED, **{"economy.firing": cost}) for cost in (0.05, 5.0)] for seed in (12, 13, 14))]
    fewer, more = (sum(joined(sim)[MONTH:].sum() for sim in arm) for arm in zip(*pairs))
    assert more > 1.02 * fewer
    off = run(**CONSTRAINED, **{"economy.firing": 5.0, "belonging.enabled": False})
    assert joined(moved)[MONTH:].sum() > 1.1 * joined(off)[MONTH:].sum()


def test_precarity_lowers_belonging_and_moves_people():
    calm, moved = (run(**CONSTRAINED, **{"economy.contracts.precarious": share, "economy.firing": 0.5}) for share in (0.0, 0.87))
    precarious = [(sim.people.position == POSITIONS.index("precarious")).sum() for sim in (calm, moved)]
    assert precarious[1] > 1.2 * precarious[0]
    assert moved.people.belonging.mean() < calm.people.belonging.mean()
    assert joined(moved)[MONTH:].sum() > joined(calm)[MONTH:].sum()


def test_dismissals_move_those_who_are_dismissed():
    calm, moved = (run(**{"economy.dismissals.enabled": True, "economy.dismissals.pressure": pressure}) for pressure in (0.0, 3.0))
    assert joined(calm)[: MONTH - 1].tolist() == joined(moved)[: MONTH - 1].tolist()
    assert moved.series.events.values.sum() > 0
    assert joined(moved)[MONTH:].sum() > 1.1 * joined(calm)[MONTH:].sum()
