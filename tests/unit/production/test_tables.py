"""Tables: coefficients by hand, aggregation, every refusal with its cell, TOML there and back, and the built-in tables."""

import dataclasses
import pickle
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import FOLDER, shared

from communize.declare.errors import InputError
from communize.production import remake
from communize.production.aggregation import TEN_SECTORS, WIOD56_TO_TEN, aggregation_matrix
from communize.production.leontief import spectral_radius
from communize.production.tables import (
    BALANCE_TOLERANCE,
    MATRICES,
    VECTORS,
    Flows,
    InputOutput,
    builtin,
    builtin_names,
    read_toml,
    toml_text,
)

quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)

# A small country: wheat and iron, all flows in tons of wheat; rows and columns balance.
BY_HAND = {
    "name": "by hand", "sectors": ("wheat", "iron"), "domestic": [[20.0, 10.0], [30.0, 5.0]], "imported": [[5.0, 0.0], [10.0, 5.0]],
    "households": [40.0, 5.0], "households_imported": [3.0, 1.0], "government": [10.0, 0.0], "investment": [-5.0, 8.0],
    "exports": [25.0, 2.0], "taxes": [2.0, -1.0], "value_added": [33.0, 31.0], "output": [100.0, 50.0],
    "unit": "t", "year": 1960, "source": "made up",
}  # fmt: skip


def table(kind=InputOutput, **changes):
    return kind(**BY_HAND | changes)


def changed(column, cell, value):
    values = np.array(BY_HAND[column], float)
    values[cell] = value
    return {column: values}


# --- by hand ---


def test_coefficients_are_inputs_for_one_unit_of_output():
    found = table()
    np.testing.assert_allclose(found.A, [[0.2, 0.2], [0.3, 0.1]], rtol=1e-15)
    np.testing.assert_allclose(found.A_imported, [[0.05, 0.0], [0.1, 0.1]], rtol=1e-15)
    np.testing.assert_allclose(found.A_total, [[0.25, 0.2], [0.4, 0.2]], rtol=1e-15)
    np.testing.assert_array_equal(found.final, [70.0, 15.0])
    np.testing.assert_array_equal(found.imbalances(), np.zeros((2, 2)))
    assert found.warnings == ()
    assert spectral_radius(found.A) == pytest.approx((0.3 + np.sqrt(0.01 + 0.24)) / 2)


def test_a_table_cannot_be_changed():
    found = table()
    for values in (found.domestic, found.output, found.A, found.A_total, found.final):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.name = "other"
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.A, found.A)


def test_what_was_given_is_copied():
    given = np.array(BY_HAND["output"])
    found = table(output=given)
    given[0] = 1.0
    assert found.output[0] == 100.0


def test_taxes_may_be_left_out():
    given = {key: value for key, value in BY_HAND.items() if key != "taxes"}
    np.testing.assert_array_equal(InputOutput(**given).taxes, [0.0, 0.0])


# --- refusals ---


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        (changed("domestic", (0, 1), -0.5), "domestic.wheat.iron", "at least 0"),
        (changed("imported", (1, 0), -2.0), "imported.iron.wheat", "at least 0"),
        (changed("households", 1, -1.0), "households.iron", "at least 0"),
        (changed("households_imported", 0, -1.0), "households_imported.wheat", "at least 0"),
        (changed("government", 0, -1.0), "government.wheat", "at least 0"),
        (changed("exports", 1, -1.0), "exports.iron", "at least 0"),
        (changed("output", 1, 0.0), "output.iron", "put together with another"),
        (changed("output", 0, -3.0), "output.wheat", "above 0"),
        (changed("value_added", 0, np.nan), "value_added.wheat", "finite"),
        (changed("domestic", (1, 1), np.inf), "domestic.iron.iron", "finite"),
        ({"output": [1.0, 2.0, 3.0]}, "output", r"shape \(2,\), as there are 2 sectors"),
        ({"domestic": [[1.0, 2.0]]}, "domestic", r"shape \(2, 2\)"),
        ({"domestic": "flows"}, "domestic", "numbers of shape"),
        ({"taxes": [1.0]}, "taxes", r"shape \(2,\)"),
        ({"sectors": ()}, "sectors", "at least one sector"),
        ({"sectors": ("wheat", 3)}, "sectors", "names"),
        ({"sectors": ("wheat", "wheat")}, "sectors", "every sector once"),
    ],
)
def test_what_cannot_be_used_is_refused_by_file_and_cell(changes, path, words):
    with pytest.raises(InputError, match=words) as error:
        table(**changes, file="my.toml")
    assert error.value.path == path
    assert str(error.value).startswith(f"my.toml: {path}: found")


@pytest.mark.parametrize("column", ["investment", "taxes", "value_added"])
def test_stocks_run_down_subsidies_and_losses_may_be_negative(column):
    found = table(**changed(column, 0, -7.0))
    assert getattr(found, column)[0] == -7.0


def test_a_table_that_uses_up_more_than_it_makes_is_refused():
    with pytest.raises(InputError, match="below 1") as error:
        table(domestic=[[50.0, 30.0], [60.0, 25.0]], file="my.toml")
    assert error.value.path == "domestic"
    assert error.value.found == "a spectral radius of 1.1, and inputs of 1.1 for one unit of 'wheat'"
    with pytest.raises(InputError, match="a spectral radius of 1,"):
        table(domestic=[[50.0, 25.0], [50.0, 25.0]])


def test_flows_as_a_file_gives_them_are_not_judged():
    found = table(Flows, **changed("output", 1, 0.0), **changed("households", 0, -1.0))
    with pytest.raises(InputError, match="found -1"):
        found.aggregate(None)
    with pytest.raises(InputError, match="finite"):
        table(Flows, **changed("output", 1, np.nan))


def test_oddities_are_said_in_words():
    found = table(**changed("value_added", 0, -1.0), **changed("government", 1, 1.0), file="my.toml")
    assert found.warnings == (
        "my.toml: the row 'iron' adds up to 1.0200 of output",
        "my.toml: the column 'wheat' adds up to 0.6600 of output",
        "my.toml: value_added.wheat is negative (-1)",
    )
    (said,) = table(imported=[[45.0, 15.0], [30.0, 20.0]], value_added=[-27, 1], taxes=[0, 0]).warnings[-1:]
    assert "without imports it could not go on" in said


# --- aggregation ---


def test_sectors_are_added_up():
    one = table().aggregate({"wheat": "all", "iron": "all"}, name="one sector")
    assert (one.sectors, one.name, one.unit) == (("all",), "one sector", "t")
    assert one.domestic == [[65.0]]
    assert one.output == [150.0]
    assert one.A_imported == pytest.approx(20 / 150)
    assert one.warnings == ()


def test_the_order_is_kept_or_as_wished():
    found = table().aggregate({"iron": "metal", "wheat": "corn"})
    assert found.sectors == ("corn", "metal")
    turned = table().aggregate({"iron": "metal", "wheat": "corn"}, ["metal", "corn"])
    assert turned.sectors == ("metal", "corn")
    np.testing.assert_array_equal(turned.domestic, found.domestic[::-1, ::-1])
    np.testing.assert_array_equal(turned.output, [50.0, 100.0])
    assert table().aggregate(None).sectors == ("wheat", "iron")


@pytest.mark.parametrize(
    ("mapping", "order", "path", "nearest", "words"),
    [
        ({"wheat": "a", "iron": "b", "irom": "b"}, None, "aggregation.irom", "iron", "2 codes of the table"),
        ({"wheat": "a"}, None, "aggregation", None, "nothing for 'iron'"),
        ({"wheat": "a", "irn": "b"}, None, "aggregation.irn", "iron", "codes of the table"),
        ({"wheat": "food", "iron": "metl"}, ["food", "metal"], "aggregation.iron", "metal", "food, metal"),
        ({"wheat": "food", "iron": "food"}, ["food", "metal"], "aggregation", None, "goes to 'metal'"),
        ({"wheat": "food", "iron": 3}, None, "aggregation.iron", None, "name of a sector"),
        ({"wheat": "food", "iron": ""}, None, "aggregation.iron", None, "name of a sector"),
    ],
)
def test_wrong_aggregations_are_refused_with_the_nearest_name(mapping, order, path, nearest, words):
    with pytest.raises(InputError, match=words) as error:
        table(file="my.toml").aggregate(mapping, order)
    assert (error.value.path, error.value.nearest, error.value.file) == (path, nearest, "my.toml")


@st.composite
def tables(draw, most=6):
    """Balanced tables, with inputs of each sector at most 0.9 of output: all of them productive."""
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    output = rng.integers(100, 10_000, n).astype(float)
    shares = rng.dirichlet(np.ones(2 * n), n).T * rng.uniform(0, 0.9, n)
    flows = np.floor(shares * output)
    domestic, imported = flows[:n], flows[n:]
    added = output - flows.sum(axis=0)
    final = rng.dirichlet(np.ones(3), n).T * (output - domestic.sum(axis=1)).clip(0)
    stocks = output - domestic.sum(axis=1) - final.sum(axis=0)
    return InputOutput(
        name="drawn", sectors=tuple(f"s{k}" for k in range(n)), domestic=domestic, imported=imported, households=final[0],
        households_imported=rng.integers(0, 50, n), government=final[1], investment=stocks, exports=final[2], value_added=added,
        output=output, unit="coin", year=None, source="drawn")  # fmt: skip


@quick
@given(tables(), st.data())
def test_aggregation_keeps_totals_and_balance_and_can_be_done_in_steps(found, data):
    n = len(found.sectors)
    first = data.draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n))
    mapping = dict(zip(found.sectors, first))
    step = found.aggregate(mapping)
    for column in MATRICES + VECTORS:
        assert getattr(step, column).sum() == pytest.approx(getattr(found, column).sum(), rel=1e-12, abs=1e-6)
    assert np.abs(step.imbalances()).max() < 1e-9
    onward = dict.fromkeys(step.sectors, "x") | {step.sectors[0]: "y"}
    at_once = found.aggregate(
        {sector: onward[mapping[sector]] for sector in found.sectors}, ["y", "x"][: len(step.sectors)]
    )
    in_steps = step.aggregate(onward, ["y", "x"][: len(step.sectors)])
    for column in MATRICES + VECTORS:
        np.testing.assert_allclose(getattr(in_steps, column), getattr(at_once, column), rtol=1e-12, atol=1e-6)
    assert in_steps.A.sum(axis=0).max() <= found.A.sum(axis=0).max() + 1e-12


@quick
@given(tables())
def test_sectors_in_another_order_are_the_same_table(found):
    turned = found.for_sectors(found.sectors[::-1])
    assert spectral_radius(turned.A) == pytest.approx(spectral_radius(found.A), rel=1e-9, abs=1e-12)
    np.testing.assert_array_equal(turned.A, found.A[::-1, ::-1])
    np.testing.assert_array_equal(turned.for_sectors(found.sectors).domestic, found.domestic)


@pytest.mark.parametrize(
    ("wanted", "words", "nearest"),
    [
        (("wheat", "irn"), "wheat, iron", "iron"),
        (("wheat",), "no 'iron'", None),
        (("wheat", "iron", "gold"), "wheat, iron", None),
    ],
)
def test_sectors_that_do_not_match_are_refused(wanted, words, nearest):
    with pytest.raises(InputError, match=words) as error:
        table().for_sectors(wanted, "society.sectors")
    assert (error.value.path, error.value.nearest) == ("society.sectors", nearest)


def test_the_matrix_of_an_aggregation_has_one_1_in_each_column():
    sectors, to = aggregation_matrix(list(WIOD56_TO_TEN), WIOD56_TO_TEN, TEN_SECTORS)
    assert sectors == TEN_SECTORS
    assert to.shape == (10, 56)
    np.testing.assert_array_equal(to.sum(axis=0), np.ones(56))
    assert to.sum(axis=1).tolist() == [3, 5, 1, 1, 16, 1, 4, 5, 14, 6]


# --- TOML ---


@quick
@given(tables())
def test_a_table_as_toml_comes_back(tmp_path_factory, found):
    file = tmp_path_factory.mktemp("tables") / "table.toml"
    file.write_text(toml_text(found, "two lines\nof comment"))
    again = read_toml(file)
    assert (again.name, again.sectors, again.unit, again.year) == (found.name, found.sectors, found.unit, found.year)
    assert again.file == str(file)
    for column in MATRICES + VECTORS:
        np.testing.assert_array_equal(getattr(again, column), getattr(found, column))


def test_names_with_quotes_and_spaces_come_back(tmp_path):
    file = tmp_path / "table.toml"
    file.write_text(toml_text(table(sectors=('wheat "hard", dry', "fer\\rum\n"), note="a\tb")))
    again = read_toml(file)
    assert again.sectors == ('wheat "hard", dry', "fer\\rum\n")
    assert again.note == "a\tb"


@pytest.mark.parametrize(
    ("old", "new", "path", "words", "nearest"),
    [
        ("households =", "housholds =", "housholds", "households", "households"),
        ("exports = [25, 2]\n", "", "exports", "an entry of this name", None),
        ("output = [100, 50]", "output = [100]", "output", "2 numbers", None),
        ("output = [100, 50]", "output = 100", "output", "2 numbers", None),
        ("output = [100, 50]", 'output = [100, "50"]', "output[1]", "a number", None),
        ("output = [100, 50]", "output = [100, true]", "output[1]", "a number", None),
        ("output = [100, 50]", "output = [100, 1e400]", "output[1]", "a number", None),
        ("output = [100, 50]", "output = [100, nan]", "output.iron", "finite", None),
        ("iron = [30, 5]", "irn = [30, 5]", "domestic.irn", "wheat, iron", "iron"),
        ("iron = [30, 5]", "", "domestic.iron", "a row for every sector", None),
        ("iron = [30, 5]", "iron = [30, -5]", "domestic.iron.iron", "at least 0", None),
        ('sectors = ["wheat", "iron"]', "sectors = 2", "sectors", "a list of names", None),
        ("year = 1960", 'year = "1960"', "year", "a whole number", None),
        ('unit = "t"', "unit = 1", "unit", "text", None),
        ('unit = "t"', "unit = ", "", "a TOML file", None),
    ],
)
def test_wrong_files_are_refused_by_entry(tmp_path, old, new, path, words, nearest):
    file = tmp_path / "table.toml"
    text = toml_text(table())
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=words) as error:
        read_toml(file)
    assert (error.value.path, error.value.nearest, error.value.file) == (path, nearest, str(file))


def test_no_file_and_no_text_are_refused(tmp_path):
    for file in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(InputError, match="that exists"):
            read_toml(file)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="a TOML file"):
        read_toml(tmp_path / "bytes.toml")


# --- built-in tables ---


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_tables_can_be_used_and_balance(name):
    found = builtin(name)
    assert found.sectors == TEN_SECTORS
    assert found.warnings == ()
    assert np.abs(found.imbalances()).max() < BALANCE_TOLERANCE
    assert found.source.startswith("https://doi.org/")
    assert "million US dollars" in found.unit
    assert found.year == int(name[-4:])
    assert spectral_radius(found.A) < spectral_radius(found.A_total) < 1
    with pytest.raises(ValueError, match="read-only"):
        found.domestic[0, 0] = 0.0


def test_built_in_tables_by_name():
    assert builtin_names() == ("BRA-2001", "FRA-2005", "GRC-2008", "USA-2007")
    assert "Argentina" in builtin("BRA-2001").note
    for typed, nearest in (("FRA-2006", "FRA-2005"), ("fra-2005", "FRA-2005")):
        with pytest.raises(InputError, match="stands in for Argentina") as error:
            builtin(typed)
        assert error.value.nearest == nearest


def test_every_built_in_file_names_its_source():
    files = sorted((Path(remake.__file__).parent / "data").glob("*.toml"))
    assert len(files) == 6
    for file in files:
        assert tomllib.loads(file.read_text())["source"].startswith("https://doi.org/"), file


def test_single_figures_against_the_table_that_they_come_from():
    """Sums by hand from `niot_FRA_2000_2014.csv.gz`, 2005: output of A01 to A03; food is C10-C12 alone."""
    france = builtin("FRA-2005")
    assert france.output[0] == 82950 + 5182 + 2652
    assert france.output[TEN_SECTORS.index("food")] == 162732
    assert france.value_added[TEN_SECTORS.index("food")] == 49589
    assert france.taxes[TEN_SECTORS.index("textiles")] == 352 + 487


@pytest.mark.parametrize("country", remake.COUNTRIES)
def test_built_in_tables_agree_with_the_shared_data(country):
    shared(f"io-wiod/niot_{country}_2000_2014.csv.gz")
    year = remake.COUNTRIES[country][1]
    built_in = Path(remake.__file__).parent / "data" / f"{country}-{year}.toml"
    assert built_in.read_text() == remake.table_text(FOLDER, country)


def test_sectors_are_those_of_the_society():
    from communize.society.parameters import SocietyParameters

    assert tuple(SocietyParameters().sectors) == TEN_SECTORS


def test_the_aggregation_is_the_shared_one():
    rows = [line.split(",") for line in shared("io-wiod/sectors_wiod56.csv").read_text().splitlines()[1:]]
    short = dict(
        zip(["AGR", "ENER", "FOOD", "TEXT", "MANU", "CONS", "TRADE", "TRANSP", "FIRE_BUS", "PUBLIC_SOC"], TEN_SECTORS)
    )
    assert {row[0]: short[row[-1]] for row in rows} == WIOD56_TO_TEN


def test_importing_the_package_imports_no_tables():
    heavy = "pandas", "scipy", "pymrio", "communize.production"
    code = f"import sys, communize; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    code = "import sys, communize.production.criticality; print([n for n in ('pandas', 'scipy', 'pymrio', 'numba') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
