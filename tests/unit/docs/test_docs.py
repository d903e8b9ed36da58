"""The documentation: generated tables are complete, and its examples run."""

import json
import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest

import communize as cz
from communize.declare import registry
from communize.scenario.check import check_scenario
from communize.scenario.tables import Tables
from communize.simulation.day import MECHANISMS
from communize.society.columns import PEOPLE, PLACES, SITES
from communize.store.outcome import RULES

DOCS = Path(__file__).parents[3] / "docs"

# Numbers whose default has no source. Raise or lower this on purpose, with the parameter that changed.
ASSUMED = 228


@pytest.fixture(scope="module")
def generate():
    return runpy.run_path(str(DOCS / "generate.py"))


@pytest.fixture(scope="module")
def pages(generate):
    return generate["pages"]()


@pytest.fixture(scope="module")
def parameters(generate):
    return generate["all_parameters"]()


@pytest.fixture(scope="module")
def small_run():
    return cz.run(cz.load("restructured").replace({"society.people": 20_000}), days=20, keep_people=True)


def block(page: str, language: str, title: str = "") -> str:
    """The code block of a page with a language and a title (or none)."""
    opening = f'```{language} title="{title}"' if title else f"```{language}"
    found = re.findall(re.escape(opening) + r"\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 1, f"{page} has {len(found)} blocks {opening}"
    return found[0]


def schema_paths(schema: dict, node: dict, path: str):
    """Paths of all values of a JSON schema, in the generator's notation; written without looking at it."""
    node = schema["$defs"][node["$ref"].split("/")[-1]] if "$ref" in node else node
    if node.get("type") == "array" and "$ref" in node["items"]:
        yield from schema_paths(schema, node["items"], f"{path}[]")
    elif isinstance(node.get("additionalProperties"), dict) and "$ref" in node["additionalProperties"]:
        yield from schema_paths(schema, node["additionalProperties"], f"{path}.NAME")
    elif "properties" in node:
        for name, inner in node["properties"].items():
            yield from schema_paths(schema, inner, f"{path}.{name}".lstrip("."))
    else:
        yield path


def test_every_column_is_in_the_table(pages):
    columns = [*PEOPLE, *SITES, *PLACES, *(column for mechanism in MECHANISMS for column in mechanism.columns)]
    missing = [column.path for column in columns if f"| `{column.path}` |" not in pages["columns.md"]]
    assert not missing


def test_every_output_is_in_the_table(pages):
    outputs = [output for mechanism in MECHANISMS for output in mechanism.outputs]
    assert outputs
    for output in outputs:
        for page in ("outputs.md", "tables/outputs.md"):
            row = next(line for line in pages[page].splitlines() if line.startswith(f"| `{output.name}` |"))
            assert output.unit in row
            assert output.meaning in row


def test_every_parameter_is_in_the_table(pages):
    schema = Tables.model_json_schema()
    paths = {re.sub(r"^society\.positions\.\w+", "society.positions.NAME", p) for p in schema_paths(schema, schema, "")}
    assert len(paths) > 100
    assert [path for path in sorted(paths) if f"| `{path}` |" not in pages["parameters.md"]] == []


def test_every_mechanism_has_its_parameters_described(pages):
    odd = (DOCS / "odd.md").read_text(encoding="utf-8")
    for mechanism in MECHANISMS:
        table = pages[f"tables/{mechanism.name}.md"]
        assert f"| `{mechanism.name}" in table
        assert f"tables/{mechanism.name}.md" in odd


def test_every_table_of_parameters_is_shown_and_holds_its_own_rows(pages):
    text = "".join((DOCS / page).read_text(encoding="utf-8") for page in ("odd.md", "scenarios.md"))
    names = {mechanism.name for mechanism in MECHANISMS}
    tables = [name for name in pages if name.startswith("tables/") and name.removeprefix("tables/").split(".")[0] in names]
    assert {"tables/measures.exposure.md", "tables/measures.seed.md", "tables/provisioning.stop.md"} <= set(tables)
    assert [name for name in tables if f'--8<-- "reference/{name}"' not in text] == []
    for name in tables:
        paths = re.findall(r"^\| `([\w.\[\]]+)` \|", pages[name], re.MULTILINE)
        parents = {path.rpartition(".")[0].replace("[]", "") for path in paths}
        assert parents == {name.removeprefix("tables/").removesuffix(".md")}


def test_every_code_and_dimension_is_in_the_tables(pages):
    for codes in (registry.CHANNELS, registry.CAUSES, registry.SCOPES, registry.FORMS, registry.CONTENTS, registry.SIZE_CLASSES):
        assert ", ".join(f"{number} {name}" for number, name in enumerate(codes)) in pages["columns.md"]
    for codes in (registry.CHANNELS, registry.CAUSES, registry.SCOPES, registry.CONTENTS, registry.DECILES, registry.SIZE_CLASSES):
        assert ", ".join(codes) in pages["outputs.md"]


def test_contents_causes_and_channels_are_explained():
    """Each has a row of a table in the model's description, or the page of the tables that are saved."""
    odd, output = ((DOCS / page).read_text(encoding="utf-8") for page in ("odd.md", "output.md"))
    described = odd.split("### Practices, instances, contents")[1]
    assert [name for name in registry.CONTENTS if f"`{name}`" not in described] == []
    hazards = re.findall(r"^\| `(\w+)` \| `?\w", odd.split("| cause | hazard |")[1].split("\n\n")[0], re.MULTILINE)
    assert {*hazards, "in_force", "below_mass", "replaced"} == set(registry.CAUSES)
    assert [name for name in (*registry.CHANNELS, *registry.CAUSES) if f"`{name}`" not in output] == []


def test_every_phase_and_mechanism_is_in_the_day(pages):
    assert [m.name for m in MECHANISMS] == re.findall(r"^\| \w+ \| `(\w+)` \|", pages["tables/day.md"], re.MULTILINE)


def test_included_tables_are_generated(pages):
    wanted = {
        name
        for page in DOCS.rglob("*.md")
        if "reference" not in page.relative_to(DOCS).parts
        for name in re.findall(r'--8<-- "reference/(.+?)"', page.read_text(encoding="utf-8"))
    }
    assert wanted <= set(pages)


def test_writing_leaves_unchanged_pages_alone(generate, tmp_path):
    generate["write"](tmp_path)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.md")}
    generate["write"](tmp_path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.md")} == before
    assert len(before) == len(generate["pages"]())


def test_every_parameter_has_unit_and_source(parameters):
    assert [path for path, row in parameters if not row["unit"] or not row["source"]] == []


def test_every_parameter_says_what_it_means(parameters):
    assert [path for path, row in parameters if not row["meaning"]] == []


def test_every_assumed_value_has_a_range(generate, parameters):
    rows = dict(parameters)
    without = [path for path in generate["assumed"](parameters) if rows[path]["plausible"] in (None, (None, None))]
    assert without == []


def test_defaults_lie_in_their_ranges(parameters):
    for path, row in parameters:
        for kind in ("range", "plausible"):
            low, high = row[kind] or (None, None)
            if isinstance(row["default"], (int, float)) and not isinstance(row["default"], bool):
                assert low is None or low <= row["default"], f"{path}: below its {kind}"
                assert high is None or row["default"] <= high, f"{path}: above its {kind}"


def test_number_of_assumed_parameters(generate, parameters, pages):
    assumed = generate["assumed"](parameters)
    print(f"{len(assumed)} of {len(parameters)} values are assumed: {', '.join(assumed)}")
    assert len(assumed) == ASSUMED
    assert f"{ASSUMED} of {len(parameters)} values" in pages["parameters.md"]


@pytest.fixture
def rumour(tmp_path, monkeypatch):
    """A folder with the files of extending.md, as a user would have them."""
    for title, language in (("rumour.py", "python"), ("try_rumour.py", "python"), ("with-rumour.toml", "toml")):
        (tmp_path / title).write_text(block("extending.md", language, title), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("rumour", None)


def test_example_mechanism_runs_from_python_and_from_a_scenario(rumour, capsys):
    by_hand = runpy.run_path(str(rumour / "try_rumour.py"))["run"]
    heard, highest = map(float, capsys.readouterr().out.split())
    assert heard > 0
    assert highest > 0.06 + 1e-6
    scenario = cz.load(rumour / "with-rumour.toml")
    by_file = cz.run(scenario)
    assert by_file.days == by_hand.days
    assert by_file.state_hash == by_hand.state_hash
    for name in ("heard", "highest_horizon", "active"):
        assert by_file.series[name].equals(by_hand.series[name])
    assert by_file.series["heard"].attrs["units"] == "person"


def test_example_mechanism_writes_what_it_declares(rumour):
    simulation = cz.Simulation(cz.load(rumour / "with-rumour.toml").replace({"society.people": 2000}), audit=True)
    assert simulation.run(10).day == 10


def test_example_scenario_is_valid(tmp_path):
    file = tmp_path / "two-weeks.toml"
    file.write_text(block("scenarios.md", "toml"), encoding="utf-8")
    scenario = cz.load(file)
    assert check_scenario(scenario)["warnings"] == []
    assert set(tomllib.loads(file.read_text())["scenario"]["sources"]) <= set(scenario.set_values())


@pytest.mark.parametrize(
    ("title", "changed"),
    [
        ("winter.toml", "provisioning.crisis[0].fall"),
        ("canteens.toml", "measures.seed[0].people"),
        ("austerity.toml", "economy.contracts.precarious"),
    ],
)
def test_titled_examples_of_scenarios_are_valid(tmp_path, title, changed):
    file = tmp_path / title
    file.write_text(block("scenarios.md", "toml", title), encoding="utf-8")
    scenario = cz.load(file)
    assert check_scenario(scenario)["warnings"] == []
    assert any(changed.startswith(path) for path in scenario.set_values())


def test_seeds_of_the_example_begin(tmp_path):
    file = tmp_path / "canteens.toml"
    file.write_text(block("scenarios.md", "toml", "canteens.toml"), encoding="utf-8")
    run = cz.run(cz.load(file), days=11)
    seeded = run.instances[run.instances.channel == "seeded"]
    assert list(seeded.place) == ["place-007"] * 3
    assert set(seeded.began) == {10}
    assert (seeded.founders_people >= 20).all()
    assert run.info["notes"] == []


def test_python_of_the_output_page_runs(tmp_path, capsys):
    (tmp_path / "example.py").write_text(block("output.md", "python"), encoding="utf-8")
    names = runpy.run_path(str(tmp_path / "example.py"))
    nodes, children, practices = map(int, capsys.readouterr().out.split())
    assert nodes == len(names["run"].instances) > 0
    assert children == names["run"].instances.births.max() > 0
    assert practices == len(names["run"].practices)
    assert names["text"].endswith(";")


def test_python_of_the_install_page_runs(tmp_path, capsys):
    (tmp_path / "example.py").write_text(block("install.md", "python"), encoding="utf-8")
    names = runpy.run_path(str(tmp_path / "example.py"))
    assert capsys.readouterr().out.split()[0] in RULES
    assert names["simulation"].day == names["branch"].day == 60


def test_output_page_names_every_column_and_key(small_run, tmp_path):
    text = (DOCS / "output.md").read_text(encoding="utf-8")
    folder = small_run.save(tmp_path / "run", people=True)
    info = json.loads((folder / "run.json").read_text())
    tables = (small_run.struggles, small_run.places, small_run.instances)
    words = {*info, *info["outcome"], *small_run.series.coords, *(column for table in tables for column in table.columns)}
    words |= {column for column in small_run.practices.columns if not column.startswith("content_")}
    words |= {file.name for file in folder.iterdir()}
    assert sorted(word for word in words if f"`{word}`" not in text) == []


def test_every_extension_and_rule_of_the_economy_is_described():
    odd = (DOCS / "odd.md").read_text(encoding="utf-8").split("### Economy")[1].split("### Provisioning")[0]
    scenarios = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    for name in ("markets", "sectors", "contracts", "state", "dismissals"):
        assert f"(`economy.{name}`)" in odd
        assert f"| `[economy.{name}]` | " in scenarios
    assert re.findall(r"^\| ([A-Z]\d) \| ", odd, re.MULTILINE) == ["S1", "H1", "E1", "M1", "F1", "W1"]


def test_every_outcome_is_in_the_table(pages):
    assert re.findall(r"^\| `(\w+)` \| ", pages["tables/outcomes.md"], re.MULTILINE) == list(RULES)


def test_statistics_of_targets_are_described():
    text = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    statistic = Tables.model_json_schema()["$defs"]["Target"]["properties"]["statistic"]
    assert statistic["enum"] == re.findall(
        r"^\| `(\w+)` \| ", text.split("| statistic | is |")[1].split("\n\n")[0], re.MULTILINE
    )
