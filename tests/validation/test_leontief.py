"""Leontief's inverse, the condition of Hawkins and Simon, Sraffa's examples and self-replacing subsets, against published figures.

Figures of `validation.md` section 8: matrices made for it, results recomputed; Sraffa (1960), Production of Commodities by Means of
Commodities, sections 1, 2 and 5. Further points: Miller and Blair (2009), Input-Output Analysis, section 2.3,
https://doi.org/10.1017/CBO9780511626982, and the national tables of WIOD, https://doi.org/10.1111/roie.12178.
"""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from shared_data import shared

from communize.production.aggregation import TEN_SECTORS
from communize.production.leontief import (
    gross_output,
    leading_minors,
    leontief_inverse,
    prices_of_production,
    self_replacing,
    spectral_radius,
    viable,
    viable_subset,
)
from communize.production.tables import builtin, builtin_names

TWO = [[0.2, 0.3], [0.4, 0.1]]
THREE = [[0.2, 0.3, 0.0], [0.1, 0.1, 0.4], [0.3, 0.2, 0.1]]
FIVE = np.zeros((5, 5))
for cell, value in {
    (0, 0): 0.3, (0, 1): 0.2, (1, 0): 0.2, (1, 1): 0.2, (1, 4): 0.1, (2, 1): 0.3, (2, 2): 0.4, (3, 0): 0.1, (3, 3): 0.2, (4, 4): 0.1,
}.items():  # fmt: skip
    FIVE[cell] = value
close = {"rtol": 0, "atol": 1e-6}


@pytest.mark.parametrize("form", [np.array, csr_array])
def test_two_sectors(form):
    matrix = form(TWO)
    assert spectral_radius(matrix) == pytest.approx(0.5, abs=1e-6)
    np.testing.assert_allclose(leading_minors(matrix), [0.8, 0.6], **close)
    np.testing.assert_allclose(leontief_inverse(matrix), [[1.5, 0.5], [2 / 3, 4 / 3]], **close)
    np.testing.assert_allclose(gross_output(matrix, [10, 20]), [25, 100 / 3], **close)


@pytest.mark.parametrize("form", [np.array, csr_array])
def test_three_sectors(form):
    matrix = form(THREE)
    assert spectral_radius(matrix) == pytest.approx(0.56551055, abs=1e-6)
    np.testing.assert_allclose(leading_minors(matrix), [0.8, 0.69, 0.521], **close)
    inverse = [[1.401152, 0.518234, 0.230326], [0.403071, 1.381958, 0.614203], [0.556622, 0.479846, 1.324376]]
    np.testing.assert_allclose(leontief_inverse(matrix), inverse, **close)
    np.testing.assert_allclose(gross_output(matrix, [100, 50, 80]), [184.452975, 158.541267, 185.604607], **close)
    np.testing.assert_allclose(gross_output(matrix, [50, 50, 80]), [114.395393, 138.387716, 157.773512], **close)


def test_three_sectors_in_exact_fractions():
    """The determinant is 521/1000, so that every entry of the inverse is a multiple of 1/521."""
    a = [[Fraction(str(cell)) for cell in row] for row in THREE]
    m = [[Fraction(int(i == j)) - a[i][j] for j in range(3)] for i in range(3)]

    def cofactor(i, j):
        r, c = [k for k in range(3) if k != i], [k for k in range(3) if k != j]
        return (-1) ** (i + j) * (m[r[0]][c[0]] * m[r[1]][c[1]] - m[r[0]][c[1]] * m[r[1]][c[0]])

    determinant = sum(m[0][j] * cofactor(0, j) for j in range(3))
    assert determinant == Fraction(521, 1000)
    exact = [[float(cofactor(j, i) / determinant) for j in range(3)] for i in range(3)]
    np.testing.assert_allclose(leontief_inverse(THREE), exact, rtol=1e-13)


@pytest.mark.parametrize(
    ("matrix", "radius", "is_viable"),
    [
        ([[0.5, 0.5], [0.5, 0.5]], 1.0, False),
        ([[0.5, 0.6], [0.6, 0.5]], 1.1, False),
        (TWO, 0.5, True),
        (THREE, 0.56551055, True),
    ],
)
def test_viable_or_not(matrix, radius, is_viable):
    assert spectral_radius(matrix) == pytest.approx(radius, abs=1e-6)
    assert viable(matrix) is is_viable
    assert bool((leading_minors(matrix) > 1e-9).all()) is is_viable


# Quantities used by each process, of each product, and what it makes: wheat, iron, pigs.
SRAFFA = {
    "subsistence, two goods": ([[280, 12], [120, 8]], [400, 20], 1.0, 0.0, [1, 10]),
    "subsistence, three goods": ([[240, 12, 18], [90, 6, 12], [120, 3, 30]], [450, 21, 60], 1.0, 0.0, [1, 10, 5]),
    "surplus": ([[280, 12], [120, 8]], [575, 20], 0.8, 0.25, [1, 15]),
}


@pytest.mark.parametrize("example", SRAFFA)
def test_sraffa(example):
    used, made, radius, rate, prices = SRAFFA[example]
    matrix = np.array(used, float).T / np.array(made, float)
    assert spectral_radius(matrix) == pytest.approx(radius, abs=1e-12)
    found_rate, found_prices = prices_of_production(matrix)
    assert found_rate == pytest.approx(rate, abs=1e-12)
    np.testing.assert_allclose(found_prices, prices, rtol=1e-12)
    assert viable(matrix) is (radius < 1)
    assert self_replacing(matrix) == tuple(range(len(made)))
    assert viable_subset(matrix) == (tuple(range(len(made))) if radius < 1 else ())


@pytest.mark.parametrize(
    ("removed", "left"),
    [((), (0, 1, 2, 3, 4)), ((4,), (0, 1, 2, 3)), ((3,), (2,)), ((2,), (3,)), ((0,), (2, 3)), ((1,), (2, 3))],
)
def test_maximal_self_replacing_subset(removed, left):
    for matrix in (FIVE, csr_array(FIVE)):
        assert self_replacing(matrix, removed) == viable_subset(matrix, removed) == left


def test_radius_of_the_five_processes():
    assert spectral_radius(FIVE) == pytest.approx(0.456155, abs=1e-6)
    assert spectral_radius(FIVE) == pytest.approx((0.5 + np.sqrt(0.17)) / 2, rel=1e-12)  # of the pair 0, 1


def test_miller_and_blair():
    """Flows, final demand and output of their example of two sectors, its inverse, and outputs for a demand of 600 and 1,500."""
    flows, final, made = np.array([[150.0, 500], [200, 100]]), np.array([350.0, 1700]), np.array([1000.0, 2000])
    np.testing.assert_array_equal(flows.sum(axis=1) + final, made)
    matrix = flows / made
    np.testing.assert_allclose(matrix, [[0.15, 0.25], [0.20, 0.05]], rtol=1e-15)
    np.testing.assert_allclose(leontief_inverse(matrix), [[1.2541, 0.3300], [0.2640, 1.1221]], atol=5e-5)
    np.testing.assert_allclose(gross_output(matrix, final), made, rtol=1e-14)
    np.testing.assert_allclose(gross_output(matrix, [600, 1500]), [1247.52, 1841.58], atol=0.005)


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_tables_come_out_again(name):
    """Output from final demand alone: what Leontief's system says about the tables that it is made of."""
    table = builtin(name)
    found = gross_output(table.A, table.final)
    # a row's imbalance is passed on, at most the largest column of the inverse times over
    bound = leontief_inverse(table.A).sum(axis=1) * np.abs(table.imbalances()[0] * table.output).max()
    assert (np.abs(found - table.output) <= bound).all()
    # prices: value added and imports at home for one unit of final demand make up the unit
    costs = (table.imported.sum(axis=0) + table.taxes + table.value_added) / table.output
    np.testing.assert_allclose(costs @ leontief_inverse(table.A), 1.0, atol=3e-3)
    assert (leading_minors(table.A) > 0).all()
    assert self_replacing(table.A) == tuple(range(10))


def test_france_in_another_file():
    """Spectral radius 0.39 for France 2005, from flows that were added up apart from those built in."""
    frame = pd.read_csv(shared("io-wiod/io10_flows_8_countries_2000_2014.csv.gz"))
    short = ["AGR", "ENER", "FOOD", "TEXT", "MANU", "CONS", "TRADE", "TRANSP", "FIRE_BUS", "PUBLIC_SOC"]
    for name in builtin_names():
        country, year = name.split("-")
        part = frame[(frame["country"] == country) & (frame["year"] == int(year))]
        wide = part.pivot(index="from", columns="to", values="musd")
        flows, made = wide.loc[short, short].to_numpy(float), wide.loc["GROSS_OUTPUT", short].to_numpy(float)
        np.testing.assert_allclose(builtin(name).A, flows / made, rtol=1e-12)
    table = builtin("FRA-2005")
    assert table.sectors == TEN_SECTORS
    assert round(spectral_radius(table.A), 2) == 0.39
