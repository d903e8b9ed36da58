"""Ratings of inputs and days of stock: by hand, refusals, and the built-in figures."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from shared_data import FOLDER, shared

from communize.declare.errors import InputError
from communize.production import remake
from communize.production.aggregation import TEN_SECTORS, WIOD56_TO_TEN
from communize.production.criticality import (
    Criticality,
    builtin_criticality,
    builtin_inventory_days,
    read_criticality,
    read_inventory_days,
)
from communize.production.readers import read_flows
from communize.production.tables import Flows

DATA = Path(remake.__file__).parent / "data"
CODES = ("corn", "coal", "oil")
TO_TWO = {"corn": "food", "coal": "energy", "oil": "energy"}
RATINGS = "x,corn,coal,oil\ncorn,1,0,0\ncoal,0.5,1,0\noil,NA,0,1\n"
RATIOS = "wiod_code,ratio_input_inv_go_monthly\ncorn,1.5\ncoal,0.1\noil,0.4\n"


def flows():
    """Flows 1 to 9 from home, ten times as much from abroad."""
    home, nothing = np.arange(1.0, 10).reshape(3, 3), np.zeros(3)
    return Flows(
        name="three", sectors=CODES, domestic=home, imported=10 * home, households=nothing, households_imported=nothing,
        government=nothing, investment=nothing, exports=nothing, value_added=nothing, output=np.array([10.0, 30.0, 10.0]),
        unit="coin", year=None, source="made up")  # fmt: skip


def written(tmp_path, text):
    file = tmp_path / "given.csv"
    file.write_text(text)
    return file


def test_ratings_are_means_weighted_by_flows(tmp_path):
    found = read_criticality(written(tmp_path, RATINGS), flows(), TO_TWO, ["food", "energy"], "made up")
    # into energy: coal to coal 5 and oil to oil 9 are critical, of 5 + 6 + 8 + 9; into food only coal (4) was rated, as important
    np.testing.assert_allclose(found.means, [[1.0, 0.0], [0.5, 14 / 28]], rtol=1e-14)
    np.testing.assert_array_equal(found.matrix, [[1.0, 0.0], [0.5, 0.5]])
    assert (found.sectors, found.source) == (("food", "energy"), "made up")
    turned = found.for_sectors(["energy", "food"])
    np.testing.assert_array_equal(turned.means, found.means[::-1, ::-1])


def test_without_an_aggregation_ratings_stay_as_they_are(tmp_path):
    found = read_criticality(written(tmp_path, RATINGS.replace("NA", "0")), flows())
    np.testing.assert_array_equal(found.matrix, [[1, 0, 0], [0.5, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("mean", "rating"), [(0.0, 0.0), (0.2499, 0.0), (0.25, 0.5), (0.5, 0.5), (0.7499, 0.5), (0.75, 1.0), (1.0, 1.0)]
)
def test_means_are_rounded_to_the_nearest_rating(mean, rating):
    assert Criticality(("a",), np.array([[mean]]), "").matrix == rating


def test_pairs_without_flows_do_not_matter(tmp_path):
    found = flows()
    home = np.array(found.domestic)
    home[0, 1:] = 0.0
    found = dataclasses.replace(found, domestic=home, imported=np.zeros((3, 3)))
    ratings = "x,corn,coal,oil\ncoal,0,1,1\noil,0,1,1\ncorn,1,,\n"
    assert read_criticality(written(tmp_path, ratings), found, TO_TWO, ["food", "energy"]).matrix.tolist() == [
        [1, 0],
        [0, 1],
    ]


@pytest.mark.parametrize(
    ("old", "new", "path", "words", "nearest"),
    [
        ("corn,1,0,0", "corn,1,0.7,0", "corn, column coal", "0, 0.5, 1, or nothing", None),
        ("corn,1,0,0", "corn,1,no,0", "corn, column coal", "0, 0.5, 1, or nothing", None),
        ("coal,0.5", "coel,0.5", "coel", "3 industries of three", "coal"),
        ("x,corn", "x,korn", "korn", "3 industries of three", "corn"),
        ("coal,0.5", "corn,0.5", "corn", "every industry once", None),
        ("coal,0.5,1,0\noil,NA", "coal,,1,0\noil,NA", "energy, column food", "wherever there are flows", None),
    ],
)
def test_wrong_ratings_are_refused_by_cell(tmp_path, old, new, path, words, nearest):
    assert old in RATINGS
    file = written(tmp_path, RATINGS.replace(old, new))
    with pytest.raises(InputError, match=words) as error:
        read_criticality(file, flows(), TO_TWO)
    assert (error.value.path, error.value.nearest, error.value.file) == (path, nearest, str(file))


def test_means_outside_0_to_1_and_other_shapes_are_refused():
    with pytest.raises(InputError, match="0 to 1") as error:
        Criticality(("a", "b"), np.array([[0, 1.5], [0, 0]]), "")
    assert error.value.path == "means.a.b"
    with pytest.raises(InputError, match="2 sectors"):
        Criticality(("a", "b"), np.zeros((3, 3)), "")
    with pytest.raises(InputError, match="a, b") as error:
        Criticality(("a", "b"), np.zeros((2, 2)), "").for_sectors(["a", "c"], "society.sectors")
    assert error.value.path == "society.sectors"


# --- days of stock ---


def test_days_are_means_weighted_by_output(tmp_path):
    found = read_inventory_days(written(tmp_path, RATIOS), flows(), TO_TWO, ["food", "energy"])
    assert found == pytest.approx({"food": 45.0, "energy": 30 * (0.1 * 30 + 0.4 * 10) / 40})
    found = read_inventory_days(written(tmp_path, RATIOS.replace("0.4", "NA")), flows(), TO_TWO, ["food", "energy"])
    assert found == pytest.approx({"food": 45.0, "energy": 3.0})


@pytest.mark.parametrize(
    ("old", "new", "path", "words", "nearest"),
    [
        ("corn,1.5", "corn,-1", "corn, column ratio_input_inv_go_monthly", "at least 0", None),
        ("corn,1.5", "corn,much", "corn, column ratio_input_inv_go_monthly", "at least 0", None),
        ("corn,1.5", "korn,1.5", "korn", "3 industries", "corn"),
        ("corn,1.5", "corn,NA", "food", "at least one industry", None),
        ("wiod_code", "wiod_cod", "columns", "'wiod_code'", "wiod_cod"),
    ],
)
def test_wrong_ratios_are_refused_by_cell(tmp_path, old, new, path, words, nearest):
    file = written(tmp_path, RATIOS.replace(old, new))
    with pytest.raises(InputError, match=words) as error:
        read_inventory_days(file, flows(), TO_TWO)
    assert (error.value.path, error.value.nearest, error.value.file) == (path, nearest, str(file))


# --- built in ---


def test_built_in_ratings_hold_what_everybody_expects():
    found = builtin_criticality()
    assert found.sectors == TEN_SECTORS
    assert set(found.matrix.ravel().tolist()) == {0.0, 0.5, 1.0}
    rating = {
        (one, other): found.matrix[i, j] for i, one in enumerate(TEN_SECTORS) for j, other in enumerate(TEN_SECTORS)
    }
    assert (
        rating["agriculture", "food"]
        == rating["energy_water", "transport"]
        == rating["energy_water", "manufacturing"]
        == 1.0
    )
    assert rating["finance_business", "transport"] == rating["textiles", "food"] == 0.0
    assert (np.diag(found.matrix)[:8] == 1.0).all()
    assert np.diag(found.matrix)[8:].tolist() == [0.5, 0.5]


def test_built_in_days():
    found = builtin_inventory_days()
    assert tuple(found) == TEN_SECTORS
    assert all(1 < days < 150 for days in found.values())
    assert max(found, key=found.get) == "trade"


def test_built_in_figures_agree_with_the_shared_data():
    for name in ("io-critical-inputs/ihs_critical_inputs_wiod55.csv", "io-critical-inputs/inventory_ratio_wiod56.csv"):
        shared(name)
    shared("io-wiod/niot_FRA_2000_2014.csv.gz")
    assert (DATA / "criticality.toml").read_text() == remake.criticality_text(FOLDER)
    assert (DATA / "inventories.toml").read_text() == remake.inventories_text(FOLDER)


def test_rounding_of_the_built_in_means_decides_no_rating():
    shared("io-critical-inputs/ihs_critical_inputs_wiod55.csv")
    weights = read_flows(shared("io-wiod/niot_FRA_2000_2014.csv.gz"), 2005)
    file = FOLDER / "io-critical-inputs" / "ihs_critical_inputs_wiod55.csv"
    exact = read_criticality(file, weights, WIOD56_TO_TEN, TEN_SECTORS)
    np.testing.assert_array_equal(exact.matrix, builtin_criticality().matrix)


def test_the_means_by_a_loop_over_all_cells():
    """Without matrices: one sum over industries at a time, for the pairs that are nearest to a threshold and some others."""
    import csv

    weights = read_flows(shared("io-wiod/niot_FRA_2000_2014.csv.gz"), 2005)
    text = shared("io-critical-inputs/ihs_critical_inputs_wiod55.csv").read_text()
    rows = list(csv.reader(text.splitlines()))
    place = {code: k for k, code in enumerate(weights.sectors)}
    found = builtin_criticality()
    for one, other in (
        ("finance_business", "finance_business"),
        ("textiles", "manufacturing"),
        ("energy_water", "public_social"),
    ):
        above = below = 0.0
        for row in rows[1:]:
            for user, rating in zip(rows[0][1:], row[1:]):
                if WIOD56_TO_TEN[row[0]] == one and WIOD56_TO_TEN[user] == other and rating not in ("", "NA"):
                    flow = weights.domestic[place[row[0]], place[user]] + weights.imported[place[row[0]], place[user]]
                    above, below = above + flow * float(rating), below + flow
        mean = found.means[TEN_SECTORS.index(one), TEN_SECTORS.index(other)]
        assert above / below == pytest.approx(mean, abs=5.1e-5)
