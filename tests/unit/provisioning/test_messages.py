"""Wrong input of provisioning and of the economy's extensions: one message that names the value, what was found and what is allowed."""

import datetime

import numpy as np
import pytest
from inputs import well_said

import communize as cz
from communize.declare.errors import InputError
from communize.scenario.check import check_scenario
from communize.scenario.write import to_toml

SMALL = {"society.people": 400, "society.places.count": 4, "scenario.start": datetime.date(2005, 1, 1)}
TWO = {"one": {"share": 0.5}, "two": {"share": 0.5}}
OWN = {"society.sectors": TWO, "provisioning.table": "", "provisioning.coefficients": [[0.0, 0.5], [0.1, 0.0]], "provisioning.demand": [1.0, 2.0]}


def message(changes):
    """The error of a scenario, the same when it is checked and when it is run."""
    with pytest.raises(InputError) as run:
        cz.Simulation(cz.load("restructured").replace({**SMALL, **changes}), threads=1)
    with pytest.raises(InputError) as checked:
        check_scenario(cz.load("restructured").replace({**SMALL, **changes}))
    assert (run.value.path, run.value.allowed) == (checked.value.path, checked.value.allowed)
    well_said(run.value)
    return run.value


WRONG = {
    # sectors and tables
    "own sectors and a table": ({"society.sectors": TWO}, "provisioning.table", "agriculture", "the society's sectors, one, two, and no others"),
    "a sector too many": (
        {"society.sectors": {**{name: {"share": 0.1} for name in cz.load("restructured").society.sectors}, "fishery": {"share": 0.0}}}, "provisioning.table",
        "without fishery", "see provisioning.aggregation"),
    "a table that is none": ({"provisioning.table": "FRA-2006"}, "provisioning.table", "FRA-2006", "did you mean FRA-2005?"),
    "a folder that is none": ({"provisioning.table": "/nowhere/table.csv"}, "provisioning.table", "table.csv", "a file that exists"),
    "no coefficients": ({**OWN, "provisioning.coefficients": []}, "provisioning.coefficients", "0 rows", "2 rows of 2 numbers"),
    "coefficients of wrong shape": ({**OWN, "provisioning.coefficients": [[0.0, 0.1], [0.1]]}, "provisioning.coefficients", "2 rows of [1, 2]", "(one, two)"),
    "too many coefficients": ({**OWN, "provisioning.coefficients": [[0.0] * 3] * 3}, "provisioning.coefficients", "3 rows of [3]", "2 rows of 2 numbers"),
    "negative coefficient": ({**OWN, "provisioning.coefficients": [[0.0, 0.5], [-0.1, 0.0]]}, "provisioning.coefficients[1][0]", "-0.1", "input of two to one"),
    "a system that uses all it makes": ({**OWN, "provisioning.coefficients": [[0.5, 0.5], [0.5, 0.5]]}, "provisioning.coefficients", "spectral radius of 1", "below 1"),
    "a system that uses more than it makes": ({**OWN, "provisioning.coefficients": [[0.5, 0.9], [0.6, 0.5]]}, "provisioning.coefficients", "1.2", "two uses most"),
    "coefficient that is no number": ({**OWN, "provisioning.coefficients": [[0.0, "a"], [0.0, 0.0]]}, "provisioning.coefficients[0][1]", "'a'", "a number"),
    "infinite coefficient": ({**OWN, "provisioning.coefficients": [[0.0, float("inf")], [0.0, 0.0]]}, "provisioning.coefficients[0][1]", "inf", "a finite number"),
    "demand of wrong length": ({**OWN, "provisioning.demand": [1.0]}, "provisioning.demand", "1", "2 numbers, one a sector"),
    "negative demand": ({**OWN, "provisioning.demand": [1.0, -1.0]}, "provisioning.demand", "-1.0", "0 or more"),
    "no demand": ({**OWN, "provisioning.demand": [0.0, 0.0]}, "provisioning.demand", "0.0", "not all 0"),
    # names of sectors
    "essential": ({"provisioning.essential": ["fod"]}, "provisioning.essential", "'fod'", "did you mean food?"),
    "essential among known ones": ({"provisioning.essential": ["food", "enrgy_water"]}, "provisioning.essential", "'enrgy_water'", "did you mean energy_water?"),
    "essential of own sectors": ({**OWN, "provisioning.essential": ["food"]}, "provisioning.essential", "'food'", "sectors of the society: one, two"),
    "stop": ({"provisioning.stop": [{"day": 1, "sectors": ["transprot"]}]}, "provisioning.stop[0].sectors", "'transprot'", "did you mean transport?"),
    "second stop": (
        {"provisioning.stop": [{"day": 1}, {"day": 1, "sectors": ["food", "trad"]}]}, "provisioning.stop[1].sectors", "'trad'", "did you mean trade?"),
    "fixed need": ({"provisioning.fixed.need_of_sector": {"fod": 0.1}}, "provisioning.fixed.need_of_sector", "'fod'", "did you mean food?"),
    "fixed need above one": ({"provisioning.fixed.need_of_sector": {"food": 1.1}}, "provisioning.fixed.need_of_sector.food", "1.1", "0 to 1"),
    "inventories": ({"provisioning.inventory_days": {"fod": 10.0}}, "provisioning.inventory_days", "'fod'", "did you mean food?"),
    "no day of inventory": ({"provisioning.inventory_days": {"food": 0.5}}, "provisioning.inventory_days.food", "0.5", "1 to 1000 (day)"),
    "negative inventory": ({"provisioning.inventory_days": {"food": -1.0}}, "provisioning.inventory_days.food", "-1.0", "1 to 1000 (day)"),
    "seizable": ({"provisioning.free.seizable": ["fod"]}, "provisioning.free.seizable", "'fod'", "did you mean food?"),
    "value only": ({"provisioning.free.value_only": ["trade", "finance"]}, "provisioning.free.value_only", "'finance'", "sectors of the society"),
    "dwelling": ({"provisioning.free.dwelling": "constructoin"}, "provisioning.free.dwelling", "'constructoin'", "did you mean construction?"),
    "transport": ({"provisioning.free.transport": "transprot"}, "provisioning.free.transport", "'transprot'", "did you mean transport?"),
    "budget": ({"economy.sectors.budget": {"fod": 1.0}}, "economy.sectors.budget", "'fod'", "did you mean food?"),
    # places
    "place of a stop": ({"provisioning.stop": [{"day": 1, "places": ["plaze-3"]}]}, "provisioning.stop[0].places", "'plaze-3'", "did you mean place-3?"),
    "place of a level": (
        {"provisioning.fixed.level": [{"day": 1, "need": 0.1, "place": "plaze-3"}]}, "provisioning.fixed.level[0].place", "'plaze-3'", "did you mean place-3?"),
    # dates
    "stop before the start": (
        {"provisioning.stop": [{"date": datetime.date(2004, 5, 1)}]}, "provisioning.stop[0].date", "2004-05-01", "on or after the start, 2005-01-01"),
    "crisis before the start": (
        {"provisioning.crisis": [{"date": datetime.date(2004, 5, 1), "fall": 0.1}]}, "provisioning.crisis[0].date", "2004-05-01", "on or after the start"),
    "level before the start": (
        {"provisioning.fixed.level": [{"date": datetime.date(2004, 5, 1)}]}, "provisioning.fixed.level[0].date", "2004-05-01", "on or after the start"),
    "change of the regime before the start": (
        {"economy.change": [{"day": 3, "regime": 0.5}, {"date": datetime.date(2004, 5, 1), "regime": 0.5}]}, "economy.change[1].date", "2004-05-01",
        "on or after the start"),
    "stop without a day": ({"provisioning.stop": [{"days": 3}]}, "provisioning.stop[0]", "days", "either a date or a day"),
    "crisis with two": ({"provisioning.crisis": [{"day": 1, "date": datetime.date(2005, 5, 1), "fall": 0.1}]}, "provisioning.crisis[0]", "day", "either a date or a day"),
    "crisis without a fall": ({"provisioning.crisis": [{"day": 1}]}, "provisioning.crisis[0].fall", "nothing", "a number"),
    "change without a regime": ({"economy.change": [{"day": 1}]}, "economy.change[0].regime", "nothing", "a number"),
    "negative day": ({"provisioning.stop": [{"day": -1}]}, "provisioning.stop[0].day", "-1", "0 to 100000"),
    # numbers out of range
    "stop of more than all": ({"provisioning.stop": [{"day": 1, "share": 1.5}]}, "provisioning.stop[0].share", "1.5", "0 to 1"),
    "stop of no days": ({"provisioning.stop": [{"day": 1, "days": 0}]}, "provisioning.stop[0].days", "0", "1 to 100000"),
    "crisis of more than all": ({"provisioning.crisis": [{"day": 1, "fall": 1.5}]}, "provisioning.crisis[0].fall", "1.5", "0 to 1"),
    "unknown rule": ({"provisioning.inputs": "leontieff"}, "provisioning.inputs", "'leontieff'", "did you mean leontief?"),
    "negative slack": ({"provisioning.slack": -0.1}, "provisioning.slack", "-0.1", "0 to 10"),
    "negative restocking": ({"provisioning.restock_days": -1.0}, "provisioning.restock_days", "-1.0", "1 to 1000"),
    "mobility": ({"provisioning.free.mobility": 2.0}, "provisioning.free.mobility", "2.0", "0 to 1"),
    "more than all at work": ({"provisioning.free.at_work": 1.5}, "provisioning.free.at_work", "1.5", "0 to 1"),
    "regime": ({"economy.change": [{"day": 1, "regime": 2.0}]}, "economy.change[0].regime", "2.0", "0 to 1"),
    "negative share of profit": ({"economy.accumulation.share": -0.1}, "economy.accumulation.share", "-0.1", "0 to 1"),
    "negative wear": ({"economy.accumulation.depreciation": -0.1}, "economy.accumulation.depreciation", "-0.1", "0 to 100"),
    "negative interest": ({"economy.credit.interest": -0.1}, "economy.credit.interest", "-0.1", "0 to 100"),
    "more paid back than owed": ({"economy.credit.repayment": 1.5}, "economy.credit.repayment", "1.5", "0 to 1"),
    "defaults at once": ({"economy.credit.default_months": 0}, "economy.credit.default_months", "0", "1 to 120"),
    "void": ({"economy.credit.void": -2.0}, "economy.credit.void", "-2.0", "-1 to 1"),
    # parameters that the regime moves
    "two numbers out of range": ({"economy.contracts.precarious": [0.1, 1.1]}, "economy.contracts.precarious", "[0.1, 1.1]", "0 to 1, or two such numbers"),
    "one of two numbers": ({"economy.outsourcing.probability": [0.5]}, "economy.outsourcing.probability", "[0.5]", "0 to 1, or two"),
    "three numbers": ({"economy.circuits.outward": [0.1, 0.2, 0.3]}, "economy.circuits.outward", "[0.1, 0.2, 0.3]", "two such numbers"),
    "a number out of range": ({"economy.indexation.share": -0.5}, "economy.indexation.share", "-0.5", "0 to 1"),
    "limit of debt": ({"economy.credit.looseness": -1.0}, "economy.credit.looseness", "-1.0", "0 to 1000"),
    "limits of debt": ({"economy.credit.looseness": [1.0, 2000.0]}, "economy.credit.looseness", "[1.0, 2000.0]", "0 to 1000, or two such numbers"),
    "firing": ({"economy.firing": [0.0, 0.5]}, "economy.firing", "[0.0, 0.5]", "0.001 to 1e+06"),
    "text where numbers are": ({"economy.firing": "much"}, "economy.firing", "'much'", "a number"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name):
    changes, path, found, allowed = WRONG[name]
    error = message(changes)
    assert error.path.startswith(path), str(error)
    text = str(error)
    assert found.strip("'") in text
    assert allowed in text


def test_own_sectors_need_no_names_of_the_package():
    """The defaults that name sectors of the package do not hold where there are none of these."""
    scenario = cz.load("restructured").replace({**SMALL, **OWN})
    sim = cz.Simulation(scenario, threads=1).run(3)
    assert sim.series.sector.values.tolist() == ["one", "two"]
    assert float(sim.series.supply.min()) == pytest.approx(1.0)


# --- tables of one's own ---


def written_table(folder, name="mine.csv", wheat=10):
    """A national table of wheat and iron; returns A."""
    rows = ["year,code,origin,W,I,CONS_h,CONS_np,CONS_g,GFCF,INVEN,EXP,GO"]
    rows += [f"2005,W,Domestic,{wheat},20,{70 - wheat},0,5,5,0,0,100", "2005,I,Domestic,20,20,100,0,50,10,0,0,200"]
    rows += ["2005,W,Imports,5,5,1,0,0,0,0,0,11", "2005,I,Imports,5,5,1,0,0,0,0,0,11", f"2005,VA,TOT,{70 - wheat},150,0,0,0,0,0,0,0"]
    (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return np.array([[wheat / 100, 0.1], [0.2, 0.1]])


HEAD = """[scenario]
name = "mine"
days = 5
only = ["provisioning"]
[society]
people = 400
[society.places]
count = 3
[society.sectors.wheat]
share = 0.5
[society.sectors.iron]
share = 0.5
[provisioning]
table = "mine.csv"
"""


def written(folder, text=""):
    (folder / "mine.toml").write_text(HEAD + text, encoding="utf-8")
    return folder / "mine.toml"


SECTORS_OF = 'aggregation = { W = "wheat", I = "iron" }\n'


def test_a_table_lies_beside_its_scenario(tmp_path):
    A = written_table(tmp_path)
    scenario = cz.load(written(tmp_path, SECTORS_OF))
    sim = cz.Simulation(scenario, threads=1).run(3)
    final = np.array([70.0, 160.0])
    made = np.linalg.solve(np.eye(2) - A, final)
    np.testing.assert_allclose(sim.state.industry.output / sim.state.industry.output.sum(), made / made.sum(), rtol=1e-9)
    (tmp_path / "other").mkdir()
    again = tmp_path / "other" / "again.toml"
    again.write_text(to_toml(scenario), encoding="utf-8")
    assert cz.load(again).hash == scenario.hash  # written out it names the file from anywhere
    before = scenario.hash
    written_table(tmp_path, wheat=12)
    assert cz.load(written(tmp_path, SECTORS_OF)).hash != before  # what stands in the file decides the results


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "provisioning.table", "the society's sectors, wheat, iron, and no others (it has W, I)"),
        ('aggregation = { W = "wheat" }\n', "aggregation", "a sector for every code"),
        ('aggregation = { W = "wheat", J = "iron" }\n', "aggregation.J", "one of the 2 codes of the table"),
        ('aggregation = { W = "wheat", I = "irn" }\n', "provisioning.table", "did you mean iron?"),
        (SECTORS_OF + "year = 2006\n", "year", "2005"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_named(tmp_path, text, path, allowed):
    written_table(tmp_path)
    with pytest.raises(InputError) as caught:
        cz.run(written(tmp_path, text))
    well_said(caught.value)
    assert caught.value.path == path
    assert allowed in str(caught.value)
    assert "mine." in str(caught.value)


def test_a_table_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "mine.csv").write_text("nothing\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        cz.run(written(tmp_path, SECTORS_OF))
    well_said(caught.value, "mine.csv")
