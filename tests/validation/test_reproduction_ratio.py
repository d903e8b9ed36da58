"""Limit cases of lambda: closed forms, Sraffa's systems, a cap on supply, productivity, monotone in what is taken, and large networks.

Figures of `validation.md` section 8: Sraffa (1960), Production of Commodities by Means of Commodities, sections 1 to 5; the three sectors and
their cap recomputed there. In Sraffa's systems the "lambda" is the largest eigenvalue of the table, 1 / (1 + r). It is 1 where the system
just replaces itself: then nothing is left to draw on, there is no reproduction ratio for any need, and the table is refused. Where
there is a surplus it is below 1, and the reproduction ratio for just that surplus, with the plant that made it, is 1.
"""

import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from production_twins import by_exact_simplex, program, shortfall, world
from scipy import optimize

import communize as cz
from communize.production.leontief import prices_of_production, spectral_radius
from communize.production.reproduction import pooled_ratio

TWO = np.array([[0.2, 0.3], [0.4, 0.1]])
THREE = np.array([[0.2, 0.3, 0.0], [0.1, 0.1, 0.4], [0.3, 0.2, 0.1]])
FINAL = np.array([100.0, 50.0, 80.0])
GROSS = np.array([184.452975, 158.541267, 185.604607])
WHEAT_AND_IRON = np.array([[280.0, 120.0], [12.0, 8.0]])  # used up in making 400 (or 575) of wheat and 20 of iron


def test_two_sectors_in_closed_form():
    """Final demand (10, 20) takes (25, 33.333): each plant allows its share of that, labour a share that falls in three pieces."""
    for grain, tools in np.random.default_rng(0).uniform(0, 50, (50, 2)):
        assert cz.reproduction_ratio(TWO, [grain, tools], [10, 20], 1).ratio == pytest.approx(min(grain / 25, tools / (100 / 3)), rel=1e-12)
    for movable in np.linspace(0, 100, 41):
        found = cz.reproduction_ratio(TWO, [1e9, 1e9], [10, 20], 1, labour=[2, 1], own_labour=[10, 30], movable_labour=movable)
        # 50 hours of grain and 33.333 of tools at lambda = 1: own hours give out at 0.2 and 0.9.
        expected = (10 + movable) / 50 if movable <= 35 else (40 + movable) / (50 + 100 / 3)
        assert found.ratio == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("used", "made"),
    [
        (WHEAT_AND_IRON, [400, 20]),
        ([[240, 90, 120], [12, 6, 3], [18, 12, 30]], [450, 21, 60]),
    ],
)
def test_a_system_that_just_replaces_itself_sustains_no_need_at_all(used, made):
    table = np.array(used, dtype=float) / made
    assert spectral_radius(table) == pytest.approx(1, abs=1e-12)
    with pytest.raises(cz.InputError, match="spectral radius is below 1"):
        cz.reproduction_ratio(table, made, np.ones(len(made)), 1)
    # With a little less used up, all of the little that is left can be drawn on, and no more.
    for spared in (1e-2, 1e-4, 1e-6):
        left = np.array(made) - (1 - spared) * table @ made
        assert cz.reproduction_ratio((1 - spared) * table, made, left, 1).ratio == pytest.approx(1, rel=1e-6)
        once = cz.reproduction_ratio((1 - spared) * table, made, table @ made, 1).ratio
        assert once == pytest.approx(spared, rel=1e-4)  # need as large as all inputs together


def test_a_system_with_a_surplus_sustains_that_surplus():
    made = np.array([575.0, 20.0])
    table = WHEAT_AND_IRON / made
    assert spectral_radius(table) == pytest.approx(0.8, abs=1e-12)
    rate, prices = prices_of_production(table)
    assert (rate, prices[1]) == pytest.approx((0.25, 15))
    surplus = made - WHEAT_AND_IRON.sum(axis=1)
    np.testing.assert_allclose(surplus, [175, 0], atol=1e-12)
    found = cz.reproduction_ratio(table, made, surplus, 1, sectors=["wheat", "iron"])
    assert found.ratio == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(found.output, made)
    assert {one.sector for one in found.binding} == {"wheat", "iron"}  # neither plant stands idle
    # Need in the proportions in which the system could grow, and as large as the growth: r times what is used up.
    balanced = np.linalg.eig(table)[1][:, np.argmax(np.linalg.eigvals(table).real)].real
    balanced = balanced / balanced.sum()
    assert cz.reproduction_ratio(table, balanced, rate * table @ balanced, 1).ratio == pytest.approx(1, rel=1e-9)
    # Inputs can rise by the factor 1 + r at most.
    cz.reproduction_ratio(table * 1.2499, made, [1, 0], 1)
    with pytest.raises(cz.InputError, match="spectral radius"):
        cz.reproduction_ratio(table * 1.25, made, [1, 0], 1)


def test_three_sectors_and_a_cap_on_one():
    assert cz.reproduction_ratio(THREE, GROSS, FINAL, 1).ratio == pytest.approx(1, abs=1e-6)
    halved = FINAL * [0.5, 1, 1]
    found = cz.reproduction_ratio(THREE, GROSS, halved, 1)
    np.testing.assert_allclose(found.output / found.ratio, [114.395393, 138.387716, 157.773512], atol=1e-5)
    capped = cz.reproduction_ratio(THREE, GROSS * [0.7, 1, 1], FINAL, 1)
    assert capped.ratio == pytest.approx(0.7, abs=1e-6)
    assert [one.sector for one in capped.binding] == [0]
    # The same matrices with any final demand up to the old one, and not in proportion to it: the published maximum.
    net = np.eye(3) - THREE
    free = optimize.linprog(
        -net.sum(axis=0), A_ub=np.vstack([net, -net]), b_ub=np.concatenate([FINAL, np.zeros(3)]), bounds=list(zip(np.zeros(3), [0.7 * GROSS[0], None, None]))
    )  # fmt: skip
    np.testing.assert_allclose(free.x, [129.117083, 142.622722, 163.621855], atol=1e-5)
    np.testing.assert_allclose(net @ free.x, [60.506849, 50, 80], atol=1e-5)
    # What is possible in proportion is possible: lambda lies between the worst share of that plan and the cap.
    assert (net @ free.x / FINAL).min() < capped.ratio <= 0.7 + 1e-6
    assert capped.ratio * FINAL.sum() < 190.506849


def test_lambda_scales_with_productivity():
    world_of_labour = world(3, 4, 3, taken=1.0)
    base = cz.reproduction_ratio(**world_of_labour)
    for factor in (0.5, 2.0, 10.0):
        # Plant, labour and transport that each do `factor` times as much: lambda is homogeneous.
        more = {name: value * factor if name in ("capacity", "own_labour", "movable_labour", "transport") else value for name, value in world_of_labour.items()}
        assert cz.reproduction_ratio(**more).ratio == pytest.approx(base.ratio * factor, rel=1e-9)
        # The same hours with less labour for a unit, where labour alone binds.
        plenty = {**world_of_labour, "capacity": world_of_labour["capacity"] * 1e3, "transport": np.full(4, 1e9)}
        easier = {**plenty, "labour": plenty["labour"] / factor}
        assert cz.reproduction_ratio(**easier).ratio == pytest.approx(cz.reproduction_ratio(**plenty).ratio * factor, rel=1e-6)
    # Fewer inputs for a unit: as in the series I + gA + (gA)^2 + ...
    for g in (0.0, 0.3, 0.9):
        gross = sum(np.linalg.matrix_power(g * THREE, power) @ FINAL for power in range(200))
        assert cz.reproduction_ratio(g * THREE, GROSS, FINAL, 1).ratio == pytest.approx((GROSS / gross).min(), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 3), st.booleans())
def test_lambda_is_monotone_in_the_set_of_taken_sites(seed, n_places, n_sectors, labour):
    """Sites join one by one in random order, each with its plant and its people."""
    full = world(seed, n_places, n_sectors, taken=1.0, labour=labour)
    rng = np.random.default_rng(seed)
    steps, last = rng.permutation(n_places * n_sectors), 0.0
    for joined in range(len(steps) + 1):
        mask = np.isin(np.arange(len(steps)), steps[:joined]).reshape(n_places, n_sectors)
        some = {name: value * mask if name in ("capacity", "own_labour") else value for name, value in full.items()}
        found = cz.reproduction_ratio(**some)
        assert found.ratio >= last * (1 - 1e-9)
        assert found.ratio <= pooled_ratio(**{name: value for name, value in some.items() if name not in ("links", "transport", "transport_use")}) * (1 + 1e-9)
        last = found.ratio
        if joined == 0:
            assert found.ratio == 0
    assert last > 0


@pytest.mark.parametrize("seed", [1, 6])
def test_small_worlds_without_rounding(seed):
    given = world(seed, 3, 2, taken=1.0)
    assert cz.reproduction_ratio(**given).ratio == pytest.approx(by_exact_simplex(*program(**given)), rel=1e-9)


def network(n_places, n_sectors, seed=0, transport=0.1):
    """Places in the plane with their nearest neighbours: sizes and capacities differ by orders of magnitude, a third of plants is not taken."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(seed)
    table = rng.pareto(1.2, (n_sectors, n_sectors))
    table *= rng.uniform(0.3, 0.6, n_sectors) / table.sum(axis=0)
    need = rng.pareto(1.5, n_sectors) * (rng.random(n_sectors) < 0.7)
    need /= need.sum()
    people = rng.pareto(1.1, n_places) * 5000 + 1000
    gross = np.linalg.solve(np.eye(n_sectors) - table, need)
    capacity = 1.5 * people.sum() * gross * rng.dirichlet(np.full(n_places, 0.3), n_sectors).T * (rng.random((n_places, n_sectors)) < 0.6)
    labour = rng.uniform(0.2, 2, n_sectors)
    labour *= 0.4 / (labour @ gross)
    points = rng.random((n_places, 2))
    nearest = cKDTree(points).query(points, 5)[1]
    links = np.array(sorted({(min(p, q), max(p, q)) for p, row in enumerate(nearest) for q in row[1:]}))
    distance = np.linalg.norm(points[links[:, 0]] - points[links[:, 1]], axis=1)
    return {
        "A": table, "capacity": capacity, "need": need, "people": people, "labour": labour, "links": links,
        "own_labour": capacity * labour * rng.uniform(0.3, 1.2, capacity.shape), "movable_labour": people * 0.05,
        "transport": people * transport, "transport_use": (labour * rng.uniform(0.01, 0.05, n_sectors)) * (1 + 5 * distance[:, None]),
    }  # fmt: skip


@pytest.mark.parametrize("transport", [0.02, 2.0])
def test_a_network_by_both_methods(transport):
    given = network(60, 5, transport=transport)
    simplex, interior = (cz.reproduction_ratio(**given, method=method) for method in ("highs-ds", "interior-point"))
    assert simplex.ratio == pytest.approx(interior.ratio, rel=1e-7)
    for found in (simplex, interior):
        assert shortfall(found, **given) < 1e-7
        assert sum(one.share for one in found.binding) == pytest.approx(1, abs=1e-5)
    assert 0 < simplex.ratio < 0.95 * simplex.pooled  # ways matter


@pytest.mark.slow
@pytest.mark.parametrize(("n_places", "n_sectors", "seconds"), [(200, 10, 1.0), (36, 56, 10.0), (2000, 10, 15.0)])
def test_speed_and_agreement_of_large_networks(n_places, n_sectors, seconds):
    given = network(n_places, n_sectors, transport=2.0)
    begin = time.process_time()
    found = cz.reproduction_ratio(**given)
    spent = time.process_time() - begin
    print(f"{n_places} x {n_sectors}: {spent:.2f} s of CPU, load {os.getloadavg()[0]:.1f}: {found}")
    assert found.status in ("interior-point", "highs-ds")  # of the component with the lowest ratio, which may be small
    assert shortfall(found, **given) < 1e-6
    assert sum(one.share for one in found.binding) == pytest.approx(1, abs=1e-5)
    assert spent < 3 * seconds  # a guard against a change of order, not a measurement: others may use the machine
    if n_places <= 200:
        assert cz.reproduction_ratio(**given, method="highs-ipm").ratio == pytest.approx(found.ratio, rel=1e-7)
