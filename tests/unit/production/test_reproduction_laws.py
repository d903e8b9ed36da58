"""What must hold of lambda in every world: monotone, bounded, and the same in other units and another order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from production_twins import shortfall, world

import communize as cz
from communize.production.reproduction import pooled_ratio

WORLDS = st.builds(
    world, st.integers(0, 10**6), n_places=st.integers(1, 4), n_sectors=st.integers(1, 4), taken=st.sampled_from([0.5, 0.8, 1.0]),
    labour=st.booleans(), density=st.sampled_from([0.3, 0.8]), home=st.sampled_from([0.0, 0.5, 1.0]),
)  # fmt: skip
FEW = settings(max_examples=40, deadline=None)
BY_SECTOR_OUT = ("capacity", "need", "without_inputs")  # in goods
BY_SECTOR_IN = ("labour", "transport_use")  # per unit of a good
OF_LABOUR = ("labour", "own_labour", "movable_labour", "transport_use", "transport")


def ratio(given, **changes):
    return cz.reproduction_ratio(**{**given, **changes}).ratio


@FEW
@given(WORLDS, st.integers(0, 2**32 - 1))
def test_lambda_never_falls_when_more_is_taken(given, seed):
    rng = np.random.default_rng(seed)
    before = ratio(given)
    for name in ("capacity", "own_labour", "movable_labour", "transport", "without_inputs"):
        if name in given:
            more = given[name] + rng.exponential(size=np.shape(given[name])) * (rng.random(np.shape(given[name])) < 0.3)
            assert ratio(given, **{name: more}) >= before * (1 - 1e-9)
    if "links" in given:
        fewer = {name: given[name][1:] for name in ("links", "transport_use")}
        assert ratio(given, **fewer) <= before * (1 + 1e-9)


@FEW
@given(WORLDS)
def test_lambda_never_rises_with_need_people_or_inputs(given):
    before = ratio(given)
    assert ratio(given, need=given["need"] + 0.1) <= before * (1 + 1e-9)
    assert ratio(given, people=given["people"] + np.arange(len(given["people"]))) <= before * (1 + 1e-9)
    assert ratio(given, imports=np.eye(len(given["A"])) * 0.1) <= before * (1 + 1e-9)


@FEW
@given(WORLDS)
def test_pooled_is_never_below_and_the_plan_can_be_carried_out(given):
    found = cz.reproduction_ratio(**given)
    pooled = pooled_ratio(**{name: value for name, value in given.items() if name not in ("links", "transport", "transport_use")})
    assert 0 <= found.ratio <= pooled * (1 + 1e-9)
    assert pooled == pytest.approx(found.pooled, rel=1e-12) or len(given["people"]) > 1
    if found.ratio > 0:
        if "labour" not in given:
            given = given | {"labour": np.zeros(len(given["A"])), "own_labour": given["capacity"] * 0, "movable_labour": given["people"] * 0}
        assert shortfall(found, **given) < 1e-7
        bare = (found.duals.goods * given.get("without_inputs", 0.0)).sum() / found.ratio
        assert sum(one.share for one in found.binding) + bare == pytest.approx(1, abs=1e-5)
        rises = np.array([one.rise for one in found.binding])
        assert (rises[1:] <= rises[:-1] * (1 + 1e-8)).all()
    assert found.binding


@FEW
@given(WORLDS, st.integers(0, 2**32 - 1))
def test_units_of_goods_people_and_labour_do_not_matter(given, seed):
    rng = np.random.default_rng(seed)
    found = cz.reproduction_ratio(**given)
    goods = 10.0 ** rng.uniform(-3, 3, len(given["A"]))
    people, hours = 10.0 ** rng.uniform(-3, 3, 2)
    other = given | {"A": given["A"] * goods[:, None] / goods, "people": given["people"] * people}
    other |= {name: other[name] * goods for name in BY_SECTOR_OUT if name in other} | {name: other[name] / goods for name in BY_SECTOR_IN if name in other}
    other |= {name: other[name] * hours for name in OF_LABOUR if name in other}
    other["need"] = other["need"] / people
    again = cz.reproduction_ratio(**other)
    assert again.ratio == pytest.approx(found.ratio, rel=1e-8)
    assert again.pooled == pytest.approx(found.pooled, rel=1e-12)
    if len(given["people"]) == 1:  # linked places may have several solutions of the dual
        assert [(one.kind, one.sector) for one in again.binding] == [(one.kind, one.sector) for one in found.binding]
        np.testing.assert_allclose([one.rise for one in again.binding], [one.rise for one in found.binding], rtol=1e-6)
    assert ratio(given, need=given["need"] * 7) == pytest.approx(found.ratio / 7, rel=1e-9)


@FEW
@given(WORLDS, st.integers(0, 2**32 - 1))
def test_the_order_of_places_sectors_and_links_does_not_matter(given, seed):
    rng = np.random.default_rng(seed)
    n_places, n_sectors = given["capacity"].shape
    places, sectors = rng.permutation(n_places), rng.permutation(n_sectors)
    other = {"A": given["A"][np.ix_(sectors, sectors)], "need": given["need"][sectors], "people": given["people"][places]}
    other |= {name: given[name][np.ix_(places, sectors)] for name in ("capacity", "own_labour", "without_inputs") if name in given}
    other |= {name: given[name][places] for name in ("movable_labour", "transport") if name in given}
    if "labour" in given:
        other["labour"] = given["labour"][sectors]
    if "links" in given:
        links = rng.permutation(n_places - 1)
        other |= {"links": np.argsort(places)[given["links"][links]][:, ::-1], "transport_use": given["transport_use"][np.ix_(links, sectors)]}
    assert ratio(other) == pytest.approx(ratio(given), rel=1e-9)


@FEW
@given(WORLDS)
def test_free_ways_pool_plant_and_no_way_isolates(given):
    bare = {name: given[name] for name in ("A", "capacity", "need", "people", "without_inputs") if name in given}
    if "links" not in given:
        return
    free = cz.reproduction_ratio(**bare, links=given["links"])
    assert free.ratio == pytest.approx(pooled_ratio(**bare), rel=1e-9)
    unmoved = ratio(given, transport=given["transport"] * 0)
    alone = cz.reproduction_ratio(**{name: value for name, value in given.items() if name not in ("links", "transport", "transport_use")})
    assert unmoved == alone.ratio == alone.ratios.min()
    assert unmoved <= ratio(given) * (1 + 1e-9)
