"""The reproduction ratio: by hand, against other solvers, duals against differences, and what it says of what binds."""

import math
import subprocess
import sys

import numpy as np
import pytest
from production_twins import by_exact_simplex, by_highs, program, shortfall, world
from scipy import sparse

import communize as cz
from communize.production.reproduction import pooled_ratio, pooled_ratios
from communize.production.reproduction_alone import solve_alone
from communize.production.reproduction_inputs import read_economy
from communize.production.reproduction_program import solve_linked

TABLE = [[0.2, 0.3], [0.4, 0.1]]
FINAL = np.array([10.0, 20.0])  # gross output (25, 33.333...)
METHODS = ("highs-ds", "highs-ipm", "interior-point")


def one_place(given):
    """The first place of a world."""
    return {name: value[0] if name in ("capacity", "own_labour", "people", "movable_labour", "without_inputs") else value for name, value in given.items()}


def pooled_of(given):
    return pooled_ratio(**{name: value for name, value in given.items() if name not in ("links", "transport", "transport_use")})


def test_plant_alone_binds_where_it_is_full_first():
    found = cz.reproduction_ratio(TABLE, [50, 20], FINAL / 100, 100, sectors=["grain", "tools"])
    assert found.ratio == found.pooled == pytest.approx(0.6, rel=1e-14)
    np.testing.assert_allclose(found.output, [15, 20])
    (bind,) = found.binding
    assert (bind.kind, bind.place, bind.sector, bind.limit) == ("plant", None, "tools", 20)
    assert (bind.dual, bind.rise, bind.share) == pytest.approx((0.03, 1.0, 1.0))
    np.testing.assert_allclose(found.duals.plant, [0, 0.03], atol=1e-15)
    np.testing.assert_allclose(found.duals.goods, 0.03 * np.array([2 / 3, 4 / 3]))  # what of tools is in a unit of each
    assert found.flows is None
    assert found.imports_bought is None
    assert str(found) == "lambda 0.6 (pooled 0.6, closed form); binding: plant of tools (1)"


def test_labour_alone_binds_piece_by_piece():
    # lambda = 1 takes 25 and 33.333 hours. Own labour suffices until 0.4 and 0.6; then movable labour goes to both: 25 l - 10 + 33.333 l - 20 = 5.
    found = cz.reproduction_ratio(TABLE, [1e3, 1e3], FINAL, 1, labour=[1, 1], own_labour=[10, 20], movable_labour=5)
    assert found.ratio == pytest.approx(35 / (25 + 100 / 3), rel=1e-14)
    assert {(one.kind, one.sector) for one in found.binding} == {("movable labour", None), ("labour", 0), ("labour", 1)}
    assert sum(one.share for one in found.binding) == pytest.approx(1)
    first = cz.reproduction_ratio(TABLE, [1e3, 1e3], FINAL, 1, labour=[1, 1], own_labour=[10, 20], movable_labour=1)
    assert first.ratio == pytest.approx(11 / 25)
    assert [one.sector for one in first.binding] == [None, 0]


def test_several_that_bind_at_once_share_the_rise():
    found = cz.reproduction_ratio(TABLE, np.linalg.solve(np.eye(2) - TABLE, FINAL), FINAL, 1)
    assert found.ratio == pytest.approx(1)
    assert [one.sector for one in found.binding] == [0, 1]
    assert [one.share for one in found.binding] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("seed", range(20))
def test_one_place_is_pooled_and_is_what_highs_finds(seed):
    given = one_place(world(seed, 1, 2 + seed % 5))
    lists = {**given, "capacity": [given["capacity"]], "people": [given["people"]], "own_labour": [given["own_labour"]], "movable_labour": [given["movable_labour"]]}
    direct = by_highs(*program(**lists))
    found = cz.reproduction_ratio(**given)
    assert found.ratio == pytest.approx(direct, rel=1e-9, abs=1e-12)
    assert pooled_of(given) == found.ratio == found.pooled
    if found.ratio > 0:
        assert shortfall(cz.reproduction_ratio(**lists), **lists) < 1e-12


@pytest.mark.parametrize("seed", range(12))
def test_linked_places_are_what_an_exact_simplex_finds(seed):
    given = world(seed, 2 + seed % 2, 2, labour=seed % 3 > 0)
    exact = by_exact_simplex(*program(**given))
    for method in METHODS:
        found = cz.reproduction_ratio(**given, method=method)
        assert found.ratio == pytest.approx(exact, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("seed", range(25))
def test_linked_places_are_what_highs_finds(seed):
    given = world(seed, 3 + seed % 5, 2 + seed % 4, labour=seed % 2 > 0)
    direct = by_highs(*program(**given))
    for method in METHODS:
        found = cz.reproduction_ratio(**given, method=method)
        assert found.ratio == pytest.approx(direct, rel=1e-7, abs=1e-12)
        assert found.ratio <= pooled_of(given) * (1 + 1e-9)
        if found.ratio > 0:
            assert found.status == method
            assert shortfall(found, **given) < 1e-7
            assert sum(one.share for one in found.binding) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_the_closed_form_and_the_program_agree_on_one_place(seed):
    economy = read_economy(**one_place(world(seed, 1, 4, taken=1.0)))
    alone = solve_alone(economy)
    for method in METHODS:
        linked = solve_linked(economy, alone.ratio, method)
        assert linked.ratio == pytest.approx(alone.ratio, rel=1e-9)
        np.testing.assert_allclose(linked.goods, alone.goods, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("method", ["highs-ds", "interior-point"])
@pytest.mark.parametrize("seed", [3, 4, 8])
def test_duals_are_the_differences_that_a_little_more_makes(seed, method):
    given = world(seed, 3, 3, taken=0.9)
    found = cz.reproduction_ratio(**given, method=method)
    assert found.ratio > 0
    matrix, limits = program(**given)
    duals = found.duals
    by_row = np.concatenate([duals.plant.ravel(), duals.labour.ravel(), duals.movable, duals.goods.ravel(), duals.transport])
    assert len(by_row) == len(limits)
    base = by_highs(matrix, limits)
    for row, dual in enumerate(by_row):
        step = 1e-5 * (1 + limits[row])
        more = limits.copy()
        more[row] += step
        assert (by_highs(matrix, more) - base) / step == pytest.approx(dual, abs=2e-5), row


def test_duals_of_what_is_not_there_at_all():
    """A place without plant, own, movable or transport labour: what the first unit would bring."""
    given = world(1, 3, 3, taken=1.0)
    given["movable_labour"][0] = 0.0
    given["transport"][1] = 0.0
    given["capacity"][2, 1], given["own_labour"][2, 1] = 0.0, 0.0
    found = cz.reproduction_ratio(**given)
    matrix, limits = program(**given)
    rows = [9 + 7, 18, 18 + 3 + 9 + 1, 7]  # own labour and plant of the missing sector, movable labour, transport labour
    duals = found.duals
    expected = [duals.labour[2, 1], duals.movable[0], duals.transport[1], duals.plant[2, 1]]
    for row, dual in zip(rows, expected, strict=True):
        more = limits.copy()
        more[row] += 1e-6
        rise = (by_highs(matrix, more) - found.ratio) / 1e-6
        # Plant or labour alone may do nothing where both are missing: a dual bounds the rise.
        assert rise <= dual + 1e-4
    both = limits.copy()
    both[7] += 1e-6
    both[16] += 1e-6 * given["labour"][1]
    rise = (by_highs(matrix, both) - found.ratio) / 1e-6
    assert rise == pytest.approx(duals.plant[2, 1] + duals.labour[2, 1] * given["labour"][1], abs=1e-4)


def test_nothing_taken_is_zero_and_names_what_is_missing():
    found = cz.reproduction_ratio(TABLE, [0, 0], FINAL, 1, sectors=["grain", "tools"])
    assert (found.ratio, found.pooled, found.status) == (0, 0, "lacking")
    assert [str(one) for one in found.binding] == ["plant of grain", "plant of tools"]
    assert [one.rise for one in found.binding] == [0.5, 0.5]
    assert not found.output.any()
    assert not found.duals.plant.any()


@pytest.mark.parametrize(
    ("capacity", "labour", "expected"),
    [
        ([50, 0], {}, ["plant of tools"]),
        ([0, 50], {}, ["input of grain"]),
        ([50, 50], {"labour": [1, 1], "own_labour": [5, 0]}, ["own labour of tools"]),
        ([50, 50], {"labour": [1, 1], "movable_labour": 0}, ["own labour of grain", "own labour of tools"]),
    ],
)
def test_lambda_is_zero_without_plant_inputs_or_labour(capacity, labour, expected):
    found = cz.reproduction_ratio(TABLE, capacity, [0, 1], 1, sectors=["grain", "tools"], **labour)
    assert found.ratio == 0
    assert [str(one) for one in found.binding] == expected
    assert all(math.isnan(one.share) for one in found.binding)


def test_goods_that_cannot_reach_a_place():
    given = {"A": TABLE, "capacity": [[50, 0], [0, 50]], "need": FINAL, "people": [1, 1], "sectors": ["grain", "tools"], "places": ["plain", "town"]}
    apart = cz.reproduction_ratio(**given)
    assert (apart.ratio, apart.pooled) == (0, 0)
    assert [str(one) for one in apart.binding] == ["plant of tools in plain"]
    linked = given | {"links": [(0, 1)], "transport_use": [1, 1]}
    stuck = cz.reproduction_ratio(**linked, transport=[0, 0])
    assert stuck.ratio == 0
    assert stuck.pooled == pytest.approx(0.75)
    assert str(stuck.binding[0]) == "transport of tools to plain"
    fixed = cz.reproduction_ratio(**(linked | {"transport_use": [1, np.inf]}), transport=[9, 9])
    assert [str(one) for one in fixed.binding] == ["plant of tools in plain"]


def test_an_idle_plant_is_traced_to_the_input_that_it_lacks():
    table = [[0, 0.5, 0], [0, 0, 0], [0, 0.1, 0]]  # bread takes flour and power; power does not travel
    found = cz.reproduction_ratio(
        table, [[9, 9, 0], [9, 9, 9]], [0, 1, 0], [1, 1], links=[(0, 1)], transport=[5, 5], transport_use=[1, np.inf, np.inf],
        sectors=["flour", "bread", "power"], places=["hill", "vale"],
    )  # fmt: skip
    assert found.ratio == 0
    assert [str(one) for one in found.binding] == ["input of power in hill"]


def test_goods_that_are_lacking_without_stopping_lambda_have_a_price():
    """Bread could be baked on the hill if there were power: what a unit of power would bring there."""
    table = [[0, 0.5, 0], [0, 0, 0], [0, 0.1, 0]]
    given = {
        "A": table, "capacity": [[9, 9, 0], [9, 9, 9]], "need": [0, 10, 0], "people": [1, 1], "links": [(0, 1)],
        "transport": [1, 1], "transport_use": [0.1, 1, np.inf],
    }  # fmt: skip
    found = cz.reproduction_ratio(**given)
    assert found.ratio == pytest.approx(0.1)
    matrix, limits = program(**(given | {"transport_use": [0.1, 1, 1e9]}))
    more = limits.copy()
    more[12 + 2 + 2] += 1e-3  # rows: 6 plant, 6 own, 2 movable, then goods of the hill
    assert (by_highs(matrix, more) - found.ratio) / 1e-3 == pytest.approx(found.duals.goods[0, 2], rel=1e-6)
    assert found.duals.goods[0, 2] == pytest.approx(1.0)


def test_sectors_that_nobody_needs_and_places_where_nobody_draws():
    need = [1.0, 0.0]
    found = cz.reproduction_ratio(TABLE, [50, 50], need, 10)
    assert found.ratio == pytest.approx(min(50 / 1.5, 50 / (2 / 3)) / 10)
    loose = np.diag([0.0, 0.5])
    assert cz.reproduction_ratio(loose, [50, 0], need, 10).ratio == pytest.approx(5)
    empty = cz.reproduction_ratio(TABLE, [[50, 50], [0, 0]], need, [10, 0])
    assert empty.ratio == found.ratio
    assert empty.ratios.tolist() == [found.ratio, math.inf]
    assert not empty.output[1].any()
    helped = cz.reproduction_ratio(TABLE, [[0, 0], [50, 50]], need, [10, 0], links=[(0, 1)])
    assert helped.ratio == pytest.approx(found.ratio)


def test_free_ways_pool_and_no_way_isolates():
    given = world(5, 6, 4, labour=False)
    free = cz.reproduction_ratio(**{name: value for name, value in given.items() if not name.startswith("transport")})
    assert free.ratio == pytest.approx(pooled_of(given), rel=1e-9)
    none = cz.reproduction_ratio(**(given | {"transport": np.zeros(6)}))
    alone = [cz.reproduction_ratio(given["A"], row, given["need"], n).ratio for row, n in zip(given["capacity"], given["people"], strict=True)]
    assert none.ratio == min(alone)
    np.testing.assert_allclose(none.ratios, alone, rtol=1e-14)
    assert none.pooled == pytest.approx(free.ratio)


def test_components_are_solved_apart_and_the_smallest_decides():
    first, second = world(7, 3, 3, taken=1.0), world(8, 2, 3, taken=1.0)
    second = {**second, "A": first["A"], "need": first["need"], "labour": first["labour"]}
    joint = {name: np.concatenate([first[name], second[name]]) for name in ("capacity", "people", "own_labour", "movable_labour", "transport", "transport_use")}
    joint |= {"A": first["A"], "need": first["need"], "labour": first["labour"], "links": np.concatenate([first["links"], second["links"] + 3])}
    found, one, other = cz.reproduction_ratio(**joint), cz.reproduction_ratio(**first), cz.reproduction_ratio(**second)
    assert found.ratio == pytest.approx(min(one.ratio, other.ratio), rel=1e-12)
    np.testing.assert_allclose(found.ratios, [one.ratio] * 3 + [other.ratio] * 2, rtol=1e-9)
    assert found.pooled == pytest.approx(min(one.pooled, other.pooled))
    assert shortfall(found, **joint) < 1e-9
    lowest = one if one.ratio < other.ratio else other
    assert [(bind.kind, bind.sector) for bind in found.binding][:3] == [(bind.kind, bind.sector) for bind in lowest.binding][:3]
    with pytest.raises(cz.InputError, match=r"transport.*each place"):
        cz.reproduction_ratio(**(joint | {"transport": 5.0}))


def test_one_number_of_transport_labour_is_shared():
    given = world(11, 3, 3, taken=1.0)
    shared = cz.reproduction_ratio(**(given | {"transport": given["transport"].sum()}))
    assert shared.ratio >= cz.reproduction_ratio(**given).ratio * (1 - 1e-9)
    scarce = cz.reproduction_ratio(**(given | {"transport": 1e-3}))
    assert scarce.ratio < shared.ratio
    transport = [one for one in scarce.binding if one.kind == "transport"]
    assert [one.place for one in transport] == [None]
    more = cz.reproduction_ratio(**(given | {"transport": 1e-3 + 1e-6}))
    assert (more.ratio - scarce.ratio) / 1e-6 == pytest.approx(transport[0].dual, rel=1e-3)


def test_tables_that_differ_between_places():
    given = world(3, 3, 3, taken=1.0)
    same = cz.reproduction_ratio(**given)
    blocks = given | {"A": sparse.block_diag([given["A"]] * 3, format="csr")}
    assert cz.reproduction_ratio(**blocks).ratio == pytest.approx(same.ratio, rel=1e-9)
    assert cz.reproduction_ratio(**(blocks | {"A": blocks["A"].toarray()})).ratio == pytest.approx(same.ratio, rel=1e-9)
    assert cz.reproduction_ratio(**(given | {"A": sparse.csr_array(given["A"])})).ratio == pytest.approx(same.ratio, rel=1e-9)
    tables = [given["A"] * factor for factor in (1.0, 0.5, 0.8)]
    differ = blocks | {"A": sparse.block_diag(tables, format="csr")}
    found = cz.reproduction_ratio(**differ)
    assert same.ratio < found.ratio <= found.pooled
    alone = cz.reproduction_ratio(**{name: value for name, value in differ.items() if name not in ("links", "transport", "transport_use")})
    for place, table in enumerate(tables):
        only = {name: value[place] if name in ("capacity", "own_labour", "people", "movable_labour", "without_inputs") else value for name, value in given.items()}
        expected = cz.reproduction_ratio(**{**{n: v for n, v in only.items() if n not in ("links", "transport", "transport_use")}, "A": table})
        assert alone.ratios[place] == pytest.approx(expected.ratio, rel=1e-12)


def test_imports_count_as_made_and_lambda_with_them_bought_is_told():
    imports = np.array([[0.1, 0.0], [0.0, 0.1]])
    found = cz.reproduction_ratio(TABLE, [25, 20], FINAL, 1, imports=imports)
    assert found.ratio == cz.reproduction_ratio(np.array(TABLE) + imports, [25, 20], FINAL, 1).ratio
    assert found.imports_bought == cz.reproduction_ratio(TABLE, [25, 20], FINAL, 1).ratio == pytest.approx(0.6)
    assert found.ratio < found.imports_bought


@pytest.mark.parametrize("method", METHODS)
def test_ways_so_poor_that_lambda_is_far_below_pooled(method):
    given = world(9, 4, 3, taken=0.7, labour=False)
    poor = cz.reproduction_ratio(**(given | {"transport": given["transport"] * 1e-9}), method=method)
    assert 0 < poor.ratio < 1e-6 * poor.pooled
    poorer = cz.reproduction_ratio(**(given | {"transport": given["transport"] * 1e-12}), method=method)
    assert poor.ratio / poorer.ratio == pytest.approx(1000, rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(4))
def test_capacities_over_fifteen_orders_of_magnitude(seed, method):
    """Goods in units that differ by 10^15, as capacities from 1e-6 to 1e9."""
    given = world(seed, 4, 4, taken=1.0)
    unit = 10.0 ** np.array([-6, -1, 4, 9])
    odd = given | {
        "A": given["A"] * unit[:, None] / unit, "capacity": given["capacity"] * unit, "need": given["need"] * unit,
        "labour": given["labour"] / unit, "transport_use": given["transport_use"] / unit,
    }  # fmt: skip
    assert cz.reproduction_ratio(**odd, method=method).ratio == pytest.approx(cz.reproduction_ratio(**given).ratio, rel=1e-8)


def test_limits_without_end():
    given = world(6, 3, 3, taken=1.0)
    plenty = given | {"own_labour": np.full((3, 3), np.inf), "transport": np.full(3, np.inf)}
    bound = cz.reproduction_ratio(given["A"], given["capacity"].sum(axis=0), given["need"], given["people"].sum()).ratio
    assert cz.reproduction_ratio(**plenty).ratio == pytest.approx(bound)
    assert cz.reproduction_ratio(**(plenty | {"own_labour": given["own_labour"] * 0, "movable_labour": np.full(3, np.inf)})).ratio == pytest.approx(bound)
    # Plant without end in one place of two: what can be brought to the other limits lambda.
    found = cz.reproduction_ratio([[0.0]], [[np.inf], [0.0]], [1.0], [1, 10], links=[(0, 1)], transport=[5, 0], transport_use=[0.5])
    assert found.ratio == pytest.approx(1.0)


def test_names_series_and_data_frames():
    import pandas as pd

    frame = pd.DataFrame(TABLE, index=["grain", "tools"], columns=["grain", "tools"])
    named = cz.reproduction_ratio(frame, {"tools": 20, "grain": 25}, pd.Series({"tools": 20, "grain": 10}), 1)
    assert named.ratio == pytest.approx(0.6)
    assert named.binding[0].sector == "tools"
    part = cz.reproduction_ratio(TABLE, [25, 20], {"tools": 20}, 1, sectors=["grain", "tools"])
    assert part.ratio == cz.reproduction_ratio(TABLE, [25, 20], [0, 20], 1).ratio


# --- what is made without inputs ---


def test_without_plants_lambda_is_the_least_share_of_needs_made_without_inputs():
    found = cz.reproduction_ratio(TABLE, [0, 0], FINAL, 1, sectors=["grain", "tools"], without_inputs={"grain": 3, "tools": 4})
    assert found.ratio == found.pooled == pytest.approx(0.2, rel=1e-14)
    assert found.binding[0].sector == "tools"
    np.testing.assert_allclose(found.output, 0, atol=1e-15)
    staff = {"labour": [1, 1], "own_labour": [0, 0], "movable_labour": 0}
    idle = cz.reproduction_ratio(TABLE, [0, 0], FINAL, 1, sectors=["grain", "tools"], without_inputs={"grain": 3, "tools": 4}, **staff)
    assert idle.ratio == found.ratio
    assert str(idle.binding[0]) == "plant of tools"  # and people to work in it
    none = cz.reproduction_ratio(TABLE, [0, 0], FINAL, 1, sectors=["grain", "tools"], without_inputs={"grain": 3})
    assert none.ratio == 0
    assert [str(one) for one in none.binding] == ["plant of tools"]
    assert cz.reproduction_ratio([[0.0, 0.5], [0.0, 0.0]], [0, 0], [0, 4], 1, without_inputs=[0, 1]).ratio == pytest.approx(0.25)


def test_what_is_left_over_of_one_good_is_an_input_of_others():
    # Of 6 grain 10 lambda is eaten; tools take 0.3 grain and 0.1 tools a unit, grain is not made: x = 20 lambda / 0.9, 0.3 x + 10 lambda = 6.
    found = cz.reproduction_ratio(TABLE, [0, 50], FINAL, 1, without_inputs=[6, 0])
    assert found.ratio == found.pooled == pytest.approx(6 / (10 + 20 / 3), rel=1e-14)
    np.testing.assert_allclose(found.output, [0, found.ratio * 20 / 0.9], atol=1e-14)
    assert (found.binding[0].kind, found.binding[0].sector) == ("plant", 0)  # no grain is made
    grown = cz.reproduction_ratio(TABLE, [1e-6, 50], FINAL, 1, without_inputs=[6, 0])
    assert (grown.ratio - found.ratio) / 1e-6 == pytest.approx(found.duals.plant[0], rel=1e-4)


def test_labour_at_plants_is_spared():
    # 25 lambda - 5 hours of 10 in grain, which spares nothing of tools: what is made without inputs is of grain, and takes 0.2 grain and 0.4 tools a unit.
    spared = np.linalg.solve(np.eye(2) - TABLE, [5, 0])
    found = cz.reproduction_ratio(TABLE, [1e3, 1e3], FINAL, 1, labour=[1, 1], own_labour=[10, 1e3], without_inputs=[5, 0])
    assert found.ratio == pytest.approx((10 + spared[0]) / 25, rel=1e-12)
    assert found.binding[0].kind == "movable labour"


@pytest.mark.parametrize("seed", range(30))
def test_with_what_is_made_without_inputs_one_place_is_what_highs_finds(seed):
    given = world(seed, 1, 1 + seed % 6, taken=[0.0, 0.5, 1.0][seed % 3], labour=seed % 2 > 0, home=0.7)
    direct = by_highs(*program(**given))
    found = cz.reproduction_ratio(**given)
    assert found.ratio == pytest.approx(direct, rel=1e-9, abs=1e-12)
    assert pooled_of(given) == found.ratio == found.pooled
    sparse_one = cz.reproduction_ratio(**(given | {"A": sparse.csr_array(given["A"])}))
    assert sparse_one.ratio == pytest.approx(found.ratio, rel=1e-11, abs=1e-14)
    np.testing.assert_allclose(sparse_one.output, found.output, rtol=1e-9, atol=1e-11)
    if found.ratio > 0:
        assert shortfall(found, **given) < 1e-12
    economy = read_economy(**given)
    for method in METHODS:
        if direct > 0:
            assert solve_linked(economy, found.ratio, method).ratio == pytest.approx(found.ratio, rel=1e-8)


@pytest.mark.parametrize("seed", range(20))
def test_with_what_is_made_without_inputs_linked_places_are_what_highs_finds(seed):
    given = world(seed, 2 + seed % 4, 1 + seed % 5, taken=[0.0, 0.3, 0.8][seed % 3], labour=seed % 2 > 0, home=0.6)
    direct = by_highs(*program(**given))
    pooled = pooled_of(given)
    for method in METHODS:
        found = cz.reproduction_ratio(**given, method=method)
        assert found.ratio == pytest.approx(direct, rel=1e-8, abs=1e-12)
        assert 0 <= found.ratio <= pooled * (1 + 1e-9)
        if found.ratio > 0:
            assert shortfall(found, **given) < 1e-7
        else:
            assert found.binding
    if seed < 6 and given["capacity"].size < 10:
        assert by_exact_simplex(*program(**given)) == pytest.approx(direct, rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_tables_that_differ_and_what_is_made_without_inputs(seed):
    given = world(seed, 3, 3, home=0.6)
    given["A"] = sparse.block_diag([given["A"]] * 3, format="csr")
    apart = {name: value for name, value in given.items() if name not in ("links", "transport", "transport_use")}
    same = world(seed, 3, 3, home=0.6)
    assert cz.reproduction_ratio(**given).ratio == pytest.approx(cz.reproduction_ratio(**same).ratio, rel=1e-9, abs=1e-13)
    for ratios in zip(cz.reproduction_ratio(**apart).ratios, cz.reproduction_ratio(**(apart | {"A": same["A"]})).ratios, strict=True):
        assert ratios[0] == pytest.approx(ratios[1], rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_made_without_inputs_changes_no_bit(seed):
    given = world(seed, 1 + seed % 4, 4)
    found, same = cz.reproduction_ratio(**given), cz.reproduction_ratio(**given, without_inputs=np.zeros(given["capacity"].shape))
    assert (found.ratio, found.pooled, str(found)) == (same.ratio, same.pooled, str(same))
    np.testing.assert_array_equal(found.output, same.output)
    assert pooled_of(given) == pooled_of(given | {"without_inputs": given["capacity"] * 0})


@pytest.mark.parametrize("home", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_many_heaps_at_once_are_each_by_itself_to_the_last_bit(seed, home):
    rng = np.random.default_rng(seed)
    given = world(seed, 40, 12, taken=0.9, links=False, home=home)
    group = rng.integers(0, 15, 40)
    group[:15] = np.arange(15)
    given["people"][group == 3] = 0
    together = pooled_ratios(group=group, **given)
    assert np.isinf(together[3])
    for number in set(range(15)) - {3}:
        rows = np.flatnonzero(group == number)
        part = {name: value[rows] if name in ("capacity", "own_labour", "people", "movable_labour", "without_inputs") else value for name, value in given.items()}
        assert together[number] == pooled_ratio(**part)


def test_need_that_differs_between_places():
    given = world(4, 3, 3)
    same = cz.reproduction_ratio(**given)
    wide = cz.reproduction_ratio(**(given | {"need": np.tile(given["need"], (3, 1))}))
    assert wide.ratio == same.ratio
    greedy = given["need"] * np.array([[1], [1], [2]])
    assert cz.reproduction_ratio(**(given | {"need": greedy})).ratio == pytest.approx(cz.reproduction_ratio(**(given | {"people": given["people"] * [1, 1, 2]})).ratio)


GOOD = {"A": TABLE, "capacity": [25, 20], "need": FINAL, "people": 1}
TWO = {"A": TABLE, "capacity": [[25, 20], [1, 1]], "need": FINAL, "people": [1, 1], "sectors": ["grain", "tools"], "places": ["plain", "town"]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (GOOD | {"capacity": [25, -1]}, r"capacity\[1\]: found -1.0"),
        (GOOD | {"capacity": [25, math.nan], "sectors": ["grain", "tools"]}, r"capacity\[tools\]: found nan"),
        (TWO | {"capacity": [[25, 20], [1, math.nan]]}, r"capacity\[town, tools\]: found nan"),
        (GOOD | {"capacity": [[1, 2], [3]]}, "capacity: .*shape"),
        (GOOD | {"capacity": 3}, "capacity: found 3; .*shape"),
        (GOOD | {"capacity": []}, "capacity: .*at least one sector"),
        (GOOD | {"capacity": ["many", 2]}, "capacity: .*numbers of shape"),
        (GOOD | {"A": [[0.2, -0.3], [0.4, 0.1]]}, r"A\[0, 1\]: found -0.3"),
        (GOOD | {"A": sparse.csr_array([[0.2, -0.3], [0.4, 0.1]])}, r"A\[0, 1\]: found -0.3"),
        (GOOD | {"A": [[0.5, 0.5], [0.5, 0.5]]}, "A: found 1.0; allowed: .*spectral radius is below 1"),
        (GOOD | {"A": [[0.5, 0.6], [0.6, 0.5]]}, "A: found 1.1.*; allowed: .*spectral radius is below 1"),
        (GOOD | {"A": sparse.csr_array([[0.5, 0.6], [0.6, 0.5]])}, "A: found 1.1.*spectral radius"),
        (GOOD | {"A": np.eye(3) / 2}, r"A: .*shape of \(3, 3\).*\(2, 2\)"),
        (TWO | {"A": np.full((4, 4), 0.1)}, r"A\[plain/grain, town/grain\]: found 0.1; allowed: 0.*block-diagonal"),
        (GOOD | {"need": [1, 2, 3]}, r"need: .*shape of \(3,\)"),
        (GOOD | {"need": {"grain": 1}}, r"need\[grain\]"),
        (TWO | {"need": {"grian": 1}}, r"need\[grian\]: .*did you mean grain"),
        (GOOD | {"need": [0, 0]}, "need: found 0; .*no bound"),
        (GOOD | {"need": [0, math.inf]}, r"need\[1\]: found inf"),
        (GOOD | {"people": 0}, "people: found 0; .*no bound"),
        (GOOD | {"people": [1, 2]}, "people: .*shape"),
        (TWO | {"people": 2}, r"people: .*shape of \(\)"),
        (TWO | {"people": [0, -2]}, r"people\[town\]: found -2"),
        (GOOD | {"labour": [1, 1]}, "own_labour: found None"),
        (GOOD | {"own_labour": [1, 1]}, "labour: found None; .*own_labour is given"),
        (GOOD | {"movable_labour": 1}, "labour: found None; .*movable_labour is given"),
        (TWO | {"labour": {"grain": 1}, "movable_labour": [1, 1]}, r"labour\[tools\]: found None"),
        (TWO | {"links": [(0, 2)]}, r"links\[0\]: found \[0, 2\]"),
        (TWO | {"links": [(1, 1)]}, r"links\[0\]: .*two different places"),
        (TWO | {"links": [(0.0, 1.0)]}, "links: .*whole numbers"),
        (TWO | {"transport": [1, 1], "transport_use": [1, 1]}, "links: found None; .*transport is given"),
        (TWO | {"links": [(0, 1)], "transport": [1, 1]}, "transport_use: found None"),
        (TWO | {"links": [(0, 1)], "transport_use": [1, 1]}, "transport: found None"),
        (TWO | {"links": [(0, 1)], "transport": [1, -1], "transport_use": [1, 1]}, r"transport\[town\]: found -1"),
        (TWO | {"links": [(0, 1)], "transport": [1, 1], "transport_use": [[1, 1], [1, 1]]}, "transport_use: .*shape"),
        (GOOD | {"imports": [[0.5, 0], [0, 0.9]]}, "A: found .*spectral radius"),
        (GOOD | {"imports": [[0.1]]}, "imports: .*shape"),
        (GOOD | {"without_inputs": [1, -2]}, r"without_inputs\[1\]: found -2.0"),
        (GOOD | {"without_inputs": [1, math.inf]}, r"without_inputs\[1\]: found inf; .*finite"),
        (TWO | {"without_inputs": [1, 2]}, r"without_inputs: .*shape of \(2,\)"),
        (TWO | {"without_inputs": [[1, 2], [math.nan, 0]]}, r"without_inputs\[town, grain\]: found nan"),
        (GOOD | {"sectors": ["grain"]}, "A: .*shape"),
        (GOOD | {"sectors": ["grain", "grain"]}, "sectors: .*differ"),
        (TWO | {"places": ["town"]}, "places: .*1 names"),
        (GOOD | {"capacity": [math.inf, math.inf]}, "capacity: found inf; .*limits lambda"),
        (GOOD | {"method": "simplex"}, "method: found 'simplex'"),
    ],
)  # fmt: skip
def test_wrong_input_is_named(given, message):
    with pytest.raises(cz.InputError, match=message):
        cz.reproduction_ratio(**given)


def test_a_frame_whose_rows_are_not_its_columns():
    import pandas as pd

    frame = pd.DataFrame(TABLE, index=["tools", "grain"], columns=["grain", "tools"])
    with pytest.raises(cz.InputError, match="A rows"):
        cz.reproduction_ratio(frame, [25, 20], FINAL, 1)


def test_importing_costs_no_scipy():
    code = "import sys, communize.production.frontier; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
