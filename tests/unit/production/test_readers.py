"""Reading tables: a small national one by hand with everything that can be wrong in it, and one region of many through pymrio."""

import importlib.util
import sys
import warnings

import numpy as np
import pytest
from shared_data import shared

from communize.declare.errors import InputError
from communize.production.aggregation import TEN_SECTORS, WIOD56_TO_TEN
from communize.production.readers import read_flows, read_table
from communize.production.regions import flows_of_system, read_system

needs_pymrio = pytest.mark.skipif(
    importlib.util.find_spec("pymrio") is None, reason="needs pymrio: pip install communize[tables]"
)

NATIONAL = """year,code,origin,A,B,CONS_h,CONS_np,CONS_g,GFCF,INVEN,EXP,GO
2005,A,Domestic,20,10,39,1,10,0,-5,25,100
2005,B,Domestic,30,5,5,0,0,7,1,2,50
2005,B,Imports,10,5,1,0,0,0,0,0,16
2005,A,Imports,5,0,2,1,0,0,0,0,8
2005,II_fob,TOT,65,20,0,0,0,0,0,0,0
2005,TXSP,TOT,3,-2,9,9,9,9,9,0,0
2005,IntTTM,TOT,-1,1,0,0,0,0,0,0,0
2005,VA,TOT,33,31,0,0,0,0,0,0,0
2005,GO,TOT,100,50,0,0,0,0,0,0,0
2006,A,Domestic,21,10,39,1,10,0,-5,25,101
2006,B,Domestic,30,5,5,0,0,7,1,2,50
2006,A,Imports,5,0,2,1,0,0,0,0,8
2006,B,Imports,10,5,1,0,0,0,0,0,16
2006,VA,TOT,33,31,0,0,0,0,0,0,0
"""


@pytest.fixture
def write(tmp_path):
    def write(text=NATIONAL, name="niot_XXX.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


# --- one country ---


def test_a_national_table(write):
    file = write()
    found = read_table(file, {"A": "wheat", "B": "iron"}, 2005, order=["iron", "wheat"])
    assert (found.name, found.year, found.sectors, found.file) == ("niot_XXX 2005", 2005, ("iron", "wheat"), str(file))
    assert found.domestic.tolist() == [[5, 30], [10, 20]]
    assert found.imported.tolist() == [[5, 10], [0, 5]]
    assert found.households.tolist() == [5, 40]
    assert found.households_imported.tolist() == [1, 3]
    assert found.investment.tolist() == [8, -5]
    assert (found.government.tolist(), found.exports.tolist()) == ([0, 10], [2, 25])
    assert (found.value_added.tolist(), found.taxes.tolist()) == ([31, 33], [-1, 2])
    assert found.output.tolist() == [50, 100]
    assert found.warnings == ()
    assert "doi.org" in found.source


def test_another_year_other_numbers_and_a_name_and_source_of_ones_own(write):
    found = read_table(write(), None, 2006, name="mine", source="me")
    assert (found.name, found.source, found.year, found.domestic[0, 0]) == ("mine", "me", 2006, 21)
    assert found.taxes.tolist() == [0, 0]
    only = "\n".join(line for line in NATIONAL.splitlines() if not line.startswith("2006"))
    assert read_table(write(only)).year == 2005


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        (
            "2005,A,Domestic,20",
            "2005,A,Domestic,much",
            "A (Domestic), column A, year 2005",
            "found 'much'; allowed: a finite",
        ),
        ("2005,A,Domestic,20", "2005,A,Domestic,", "A (Domestic), column A, year 2005", "found 'nothing'"),
        ("2005,B,Domestic,30", "2005,B,Domestic,-30", "B (Domestic), column A, year 2005", "at least 0"),
        ("2005,B,Imports,10,5", "2005,B,Imports,10,-5", "B (Imports), column B, year 2005", "at least 0"),
        ("2005,B,Imports,10,5,1", "2005,B,Imports,10,5,x", "B (Imports), column CONS_h, year 2005", "finite"),
        ("2005,VA,TOT,33", "2005,VA,TOT,inf", "VA (TOT), column A, year 2005", "finite"),
        ("2005,VA", "2005,WA", "VA (TOT)", "no such row"),
        ("2005,B,Domestic,30,5,5,0,0,7,1,2,50", "2005,B,Domestic,30,5,5,0,0,7,1,2,0", "output.B", "above 0"),
        ("2005,B,Domestic,30,5,5", "2005,B,Domestic,30,5,-5", "households.B", "at least 0"),
        ("2005,B,Imports", "2005,C,Imports", "C (Domestic)", "at home and abroad"),
        ("2005,B,Imports,10,5,1,0,0,0,0,0,16\n", "", "B (Imports)", "at home and abroad"),
        ("2005,B,Imports", "2005,A,Imports", "A (Imports)", "more than one row"),
        ("2005,B,Imports", "2005,B,Import", "origin", "did you mean Imports"),
        (",GFCF,", ",GFC,", "columns", "did you mean GFC"),
        ("year,code", "jahr,code", "columns", "'year'"),
        ("2006,A,Domestic", "twothousandsix,A,Domestic", "year", "whole numbers"),
        ("2005,A,Domestic", "2005,,Domestic", "code", "empty cell in row 1"),
        ("2005,B,Domestic,30,5", "2005,B,Domestic,30,90", "domestic", "spectral radius below 1"),
    ],
)
def test_what_is_wrong_is_said_with_file_row_and_column(write, old, new, path, words):
    assert old in NATIONAL
    file = write(NATIONAL.replace(old, new))
    with pytest.raises(InputError, match=words) as error:
        read_table(file, None, 2005)
    assert (error.value.path, error.value.file) == (path, str(file))


def test_years_and_files_that_are_not_there(write, tmp_path):
    for year in (None, 2004):
        with pytest.raises(InputError, match="2005 to 2006"):
            read_table(write(), None, year)
    with pytest.raises(InputError, match="that exists"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match="readable CSV"):
        read_table(write(""), None, 2005)
    with pytest.raises(InputError, match="year") as error:
        read_table(write("year,code,origin\n"), None, 2005)
    assert error.value.found == "no rows"


def test_layouts_and_regions_that_do_not_fit(write):
    with pytest.raises(InputError, match="did you mean national"):
        read_table(write(), layout="nationl")
    with pytest.raises(InputError, match="one country") as error:
        read_table(write(), region="FRA")
    assert error.value.path == "region"
    with pytest.raises(InputError, match="the file's name does not tell"):
        read_table(write(name="table.dat"))


@pytest.mark.parametrize(
    ("mapping", "nearest"),
    [({"A": "wheat", "BB": "iron"}, "B"), ({"A": "wheat"}, None), ({"A": "wheat", "B": "irn"}, "iron")],
)
def test_aggregations_are_checked_against_the_file(write, mapping, nearest):
    file = write()
    with pytest.raises(InputError) as error:
        read_table(file, mapping, 2005, order=["wheat", "iron"])
    assert (error.value.nearest, error.value.file) == (nearest, str(file))
    assert error.value.path.startswith("aggregation")


def test_other_shared_tables_can_be_read():
    """A country and years that are not built in. Sectors without output must be put together with others."""
    for country, year in (("GRC", 2014), ("IND", 2010)):
        flows = read_flows(shared(f"io-wiod/niot_{country}_2000_2014.csv.gz"), year)
        found = flows.aggregate(WIOD56_TO_TEN, TEN_SECTORS)
        assert found.sectors == TEN_SECTORS
        assert np.abs(found.imbalances()).max() < 2e-3
        with pytest.raises(InputError, match="put together") as error:
            flows.aggregate(None)
        assert error.value.path.startswith("output.")
        idle = {code: "Q" for code, made in zip(flows.sectors, flows.output) if made <= 0}
        fine = flows.aggregate({code: idle.get(code, code) for code in flows.sectors})
        assert len(fine.sectors) == 56 - len(idle)


# --- many regions ---


def test_without_pymrio_the_message_says_how_to_get_it(monkeypatch, write):
    monkeypatch.setitem(sys.modules, "pymrio", None)
    for name in ("ICIO2021_2018.csv", "wiot05_row.xlsx", "IOT_2011_ixi.zip"):
        with pytest.raises(InputError, match=r"pip install communize\[tables\]"):
            read_table(write("", name), region="FRA")


class System:
    """What is read of a `pymrio.IOSystem`, without pymrio: two regions of two sectors, flows 1 to 16, final demand 1 to 16."""

    def __init__(self, **changes):
        import pandas as pd

        rows = pd.MultiIndex.from_product([["north", "south"], ["wheat", "iron"]])
        demand = pd.MultiIndex.from_product([["north", "south"], ["HFCE", "GFCF"]])
        self.Z = pd.DataFrame(np.arange(1.0, 17).reshape(4, 4), rows, rows)
        self.Y = pd.DataFrame(10 * np.arange(1.0, 17).reshape(4, 4), rows, demand)
        self.x, self.unit = None, pd.DataFrame({"unit": ["EUR"] * 4}, rows)
        for name, value in changes.items():
            setattr(self, name, value)


class Extension:
    def __init__(self, names, values):
        import pandas as pd

        self.F = pd.DataFrame(np.array(values, float), names)


def test_one_region_of_many_by_hand():
    found = read_system(System(), "south", year=2005)
    assert (found.name, found.sectors, found.unit) == ("south 2005", ("wheat", "iron"), "EUR")
    assert found.domestic.tolist() == [[11, 12], [15, 16]]
    assert found.imported.tolist() == [[3, 4], [7, 8]]
    assert found.households.tolist() == [110, 150]
    assert found.households_imported.tolist() == [30, 70]
    assert found.investment.tolist() == [120, 160]
    assert found.exports.tolist() == [9 + 10 + 90 + 100, 13 + 14 + 130 + 140]
    assert found.output.tolist() == [42 + 420, 58 + 580]
    assert found.value_added.tolist() == [462 - 36, 638 - 40]
    assert "what is left" in found.note
    assert found.warnings == ()


def test_imports_of_inputs_are_what_all_others_send():
    """Everything that leaves one region arrives in the other: what is exported as input by one is imported as input by the other."""
    system = System()
    north, south = read_system(system, "north"), read_system(system, "south")
    sent = north.exports.sum() - south.households_imported.sum() - system.Y.loc["north", ("south", "GFCF")].sum()
    assert sent == south.imported.sum()
    everything = north.domestic.sum() + south.domestic.sum() + north.imported.sum() + south.imported.sum()
    assert everything == system.Z.to_numpy().sum()


def test_value_added_and_taxes_come_from_the_factor_inputs():
    names = [
        "Value added at basic prices",
        "taxes less subsidies on products",
        "International Transport Margins",
        "jobs",
    ]
    values = [[1, 2, 300, 400], [0, 0, 5, 6], [0, 0, 1, 1], [9, 9, 9, 9]]
    found = read_system(System(factor_inputs=Extension(names, values)), "south")
    assert (found.value_added.tolist(), found.taxes.tolist(), found.note) == ([300, 400], [6, 7], "")
    assert "the column 'wheat'" in found.warnings[0]
    exiobase = [
        "Taxes less subsidies on products purchased: Total", "Other net taxes on production",
        "Compensation of employees; wages, salaries, & employers' social contributions: Low-skilled",
        "Operating surplus: Consumption of fixed capital", "Employment: Low-skilled male",
    ]  # fmt: skip
    found = read_system(System(satellite=Extension(exiobase, [[k + 1] * 4 for k in range(5)])), "south")
    assert (found.value_added.tolist(), found.taxes.tolist()) == ([9, 9], [1, 1])
    oecd = System(factor_inputs=Extension(["FRA_TAXSUB", "JPN_TAXSUB", "VALU"], [[1] * 4, [2] * 4, [50] * 4]))
    found = read_system(oecd, "south")
    assert (found.value_added.tolist(), found.taxes.tolist()) == ([50, 50], [3, 3])


def test_output_that_the_table_gives_is_kept():
    import pandas as pd

    found = read_system(System(x=pd.DataFrame({"indout": [1.0, 2.0, 500.0, 600.0]})), "south")
    assert found.output.tolist() == [500, 600]


def test_columns_of_final_demand_must_be_known():
    system = System()
    system.Y.columns = system.Y.columns.set_levels(["GFCF", "HFCE"], level=1)
    system.Y = system.Y.rename(columns={"GFCF": "GFKF"})
    with pytest.raises(InputError, match="GFKF") as error:
        read_system(system, "south")
    assert error.value.nearest == "gfcf"
    found = read_system(system, "south", categories={"GFKF": "government"})
    assert found.government.tolist() == [120, 160]
    with pytest.raises(InputError, match="did you mean government"):
        read_system(system, "south", categories={"GFKF": "goverment"})


@pytest.mark.parametrize(("region", "nearest"), [("suoth", "south"), (None, None), ("", None), ("atlantis", None)])
def test_regions_must_be_there(region, nearest):
    with pytest.raises(InputError, match="north, south") as error:
        flows_of_system(System(), region, file="world.zip")
    assert (error.value.path, error.value.nearest, error.value.file) == ("region", nearest, "world.zip")


def test_systems_without_flows_or_with_other_sectors_are_refused():
    with pytest.raises(InputError, match="flows Z and final demand Y") as error:
        read_system(System(Z=None), "south")
    assert error.value.path == "Z"
    odd = System()
    odd.Z.index = odd.Z.index.set_codes([0, 0, 1, 1], level=0)
    odd.Z.index = odd.Z.index.set_levels(["iron", "wheat"], level=1)
    odd.Z = odd.Z.rename(index={"wheat": "rye"}, level=1)
    with pytest.raises(InputError, match="in one order"):
        read_system(odd, "south")


@needs_pymrio
class TestPymrio:
    """Tables as pymrio has them: its own test system, and small files in the layouts of those that it can read."""

    @pytest.fixture
    def system(self):
        import pymrio

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pymrio.load_test()

    def test_all_regions_of_the_test_system_add_up_to_the_whole(self, system):
        flows, demand = system.Z.to_numpy(), system.Y.to_numpy()
        tables = [flows_of_system(system, region) for region in system.get_regions()]
        assert len(tables) == 6
        assert sum(one.domestic.sum() + one.imported.sum() for one in tables) == pytest.approx(flows.sum(), rel=1e-12)
        at_home = [one.households.sum() + one.government.sum() + one.investment.sum() for one in tables]
        sent = sum(one.exports.sum() for one in tables)
        bought = sum(one.imported.sum() for one in tables)
        assert sum(at_home) + sent - bought == pytest.approx(demand.sum(), rel=1e-12)
        assert sum(one.output.sum() for one in tables) == pytest.approx(flows.sum() + demand.sum(), rel=1e-12)
        for one in tables:
            rows = one.domestic.sum(axis=1) + one.households + one.government + one.investment + one.exports
            np.testing.assert_allclose(rows, one.output, rtol=1e-9)

    def test_cells_of_the_test_system(self, system):
        found = flows_of_system(system, "reg3")
        assert found.sectors == (
            "food",
            "mining",
            "manufactoring",
            "electricity",
            "construction",
            "trade",
            "transport",
            "other",
        )
        assert found.unit == "Mill USD"
        assert found.domestic[1, 2] == system.Z.loc[("reg3", "mining"), ("reg3", "manufactoring")]
        others = [region for region in system.get_regions() if region != "reg3"]
        wanted = sum(system.Z.loc[(region, "mining"), ("reg3", "manufactoring")] for region in others)
        assert found.imported[1, 2] == pytest.approx(wanted, rel=1e-12)
        np.testing.assert_array_equal(found.value_added, system.factor_inputs.F["reg3"].to_numpy()[0])

    def test_it_can_be_added_up(self, system):
        goods = {
            "food": "goods",
            "mining": "goods",
            "manufactoring": "goods",
            "electricity": "goods",
            "construction": "goods",
        }
        services = {"trade": "services", "transport": "services", "other": "services"}
        found = read_system(system, "reg2", goods | services, order=["services", "goods"])
        fine = flows_of_system(system, "reg2")
        assert found.domestic.sum() == pytest.approx(fine.domestic.sum())
        assert found.output[0] == pytest.approx(fine.output[5:].sum())
        assert found.warnings  # its columns do not balance
        with pytest.raises(InputError, match="did you mean manufactoring"):
            read_system(system, "reg2", goods | services | {"manufacturing": "goods"})

    @pytest.mark.parametrize("layout", ["pymrio", "exiobase3"])
    def test_what_was_saved_is_read(self, system, layout, tmp_path):
        folder = tmp_path / "IOT_2011_ixi"
        system.save_all(folder)
        found = read_flows(folder, region="reg2", layout=layout)
        wanted = flows_of_system(system, "reg2")
        assert (found.name, found.year, found.sectors) == ("reg2 2011", 2011, wanted.sectors)
        for column in ("domestic", "imported", "households", "exports", "output", "value_added"):
            np.testing.assert_allclose(getattr(found, column), getattr(wanted, column), rtol=1e-12)
        assert read_flows(folder, region="reg2").source == "https://doi.org/10.1111/jiec.12715"

    def test_oecd(self, write):
        """The layout of ICIO: rows region_sector, TLS and VA; columns region_sector, region_category, OUT."""
        lines = ["V1,FRA_A,FRA_B,JPN_A,JPN_B,FRA_HFCE,FRA_GGFC,FRA_INVNT,JPN_HFCE,JPN_GGFC,JPN_INVNT,OUT"]
        lines += ["FRA_A,10,20,3,4,50,5,-1,7,0,2,100", "FRA_B,30,5,1,2,40,20,1,1,0,0,100"]
        lines += ["JPN_A,6,7,20,10,8,0,0,90,5,4,150", "JPN_B,2,1,15,25,3,0,0,100,30,-26,150"]
        lines += [
            "TLS,2,3,4,5,6,7,0,8,9,0,44",
            "VA,50,64,107,104,0,0,0,0,0,0,325",
            "OUT,100,100,150,150,0,0,0,0,0,0,500",
        ]
        found = read_table(write("\n".join(lines) + "\n", "ICIO2023_2018.csv"), region="FRA")
        assert (found.name, found.sectors, found.unit) == ("FRA 2018", ("A", "B"), "Million USD")
        assert found.domestic.tolist() == [[10, 20], [30, 5]]
        assert found.imported.tolist() == [[6, 7], [2, 1]]
        assert (found.households.tolist(), found.households_imported.tolist()) == ([50, 40], [8, 3])
        assert (found.government.tolist(), found.investment.tolist()) == ([5, 20], [-1, 1])
        assert found.exports.tolist() == [3 + 4 + 7 + 2, 1 + 2 + 1]
        assert (found.value_added.tolist(), found.taxes.tolist()) == ([50, 64], [2, 3])
        assert found.output.tolist() == [100, 100]
        assert found.warnings == ()

    def test_wiod_of_2013(self, tmp_path):
        """The layout of the Excel files of 2013, with the last of the 35 sectors beside one other."""
        openpyxl = pytest.importorskip("openpyxl")
        sheet = openpyxl.Workbook()
        page = sheet.active
        columns = [
            (region, code, number) for region in ("FRA", "USA") for code, number in (("AtB", "c1"), ("P", "c35"))
        ]
        finals = [(region, "", number) for region in ("FRA", "USA") for number in ("c37", "c38", "c39", "c41", "c42")]
        everything = [*columns, *finals, ("TOT", "", "c60")]
        head = ["Intercountry Input-Output Table for 2005", "", "(industry-by-industry)", "(millions of US$)"]
        page.append([head[0]])
        page.append([""])
        for title, part in (("code", 1), ("names", None), ("region", 0), ("c_code", 2)):
            fill = [entry[part] if part is not None else "name of " + "".join(entry) for entry in everything]
            page.append(["", "", "", "", *fill])
            del title
        page.cell(1, 1).value, page.cell(3, 1).value, page.cell(4, 1).value = head[0], head[2], head[3]
        flows = np.arange(1, 17).reshape(4, 4)
        demand = np.arange(1, 41).reshape(4, 10)
        for (region, code, number), inputs, final in zip(columns, flows, demand):
            page.append(
                [code, "name", region, number, *map(int, inputs), *map(int, final), int(inputs.sum() + final.sum())]
            )
        output = flows.sum(axis=1) + demand.sum(axis=1)
        page.append(["", "Total intermediate consumption", "TOT", "r60", *map(int, flows.sum(axis=0)), *[0] * 11])
        page.append(["", "taxes less subsidies on products", "TOT", "r61", 1, 2, 3, 4, *[0] * 11])
        added = output - flows.sum(axis=0) - [1, 2, 3, 4]
        page.append(["", "Value added at basic prices", "TOT", "r64", *map(int, added), *[0] * 11])
        page.append(["", "Output at basic prices", "TOT", "r69", *map(int, output), *[0] * 11])
        sheet.save(tmp_path / "wiot05_row.xlsx")
        found = read_table(tmp_path / "wiot05_row.xlsx", region="FRA", year=2005)
        assert found.sectors == ("AtB", "P")
        assert found.domestic.tolist() == [[1, 2], [5, 6]]
        assert found.imported.tolist() == [[9, 10], [13, 14]]
        assert found.households.tolist() == [1 + 2, 11 + 12]
        assert (found.government.tolist(), found.investment.tolist()) == ([3, 13], [4 + 5, 14 + 15])
        assert found.exports.tolist() == [3 + 4 + 6 + 7 + 8 + 9 + 10, 7 + 8 + 16 + 17 + 18 + 19 + 20]
        assert found.taxes.tolist() == [1, 2]
        assert found.warnings == ()

    def test_what_pymrio_cannot_read_is_refused(self, write, tmp_path):
        with pytest.raises(InputError, match="that pymrio can read as oecd"):
            read_table(write("", "ICIO2021_2018.csv"), region="FRA")
        with pytest.raises(InputError, match="that exists"):
            read_table(tmp_path / "ICIO2021_2019.csv", region="FRA")
