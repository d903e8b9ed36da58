"""Running day by day, branching, the series, and mechanisms of the user's own."""

import datetime
import importlib
import sys
import textwrap

import numpy as np
import pytest
import xarray as xr
from worlds import MEASURES, OPPONENTS, lively

import communize as cz
from communize.declare.registry import (
    ACCOUNTS,
    ACTIVITIES,
    CAUSES,
    CHANNELS,
    CHARACTER_BINS,
    CONTENTS,
    DECILES,
    DIVISIONS,
    LOCI,
    MODES,
    POSITIONS,
    SCOPES,
    SIZE_CLASSES,
    SOURCES_OF_PROVISION,
)  # fmt: skip
from communize.simulation.day import MECHANISMS
from communize.simulation.simulation import n_threads


def scenario(**changes):
    return lively(**{"scenario.start": datetime.date(2005, 10, 27), "scenario.days": 30, "shock[0].what": "a price rise", **changes})


def simulation(seed=3, **changes):
    return cz.Simulation(scenario(**changes), seed=seed, threads=1)


def assert_same(one, other):
    """The same bits: day, state and series."""
    assert one.day == other.day
    assert one.state_hash() == other.state_hash()
    xr.testing.assert_identical(one.series, other.series)


# --- step and run ---


def test_running_is_stepping():
    stepped, done = simulation(), []
    for _ in range(15):
        stepped.step()
    ran = simulation().run(4).run(11, done.append)
    assert_same(stepped, ran)
    assert done == list(range(1, 12))
    assert ran.series.active.values.sum() > 100


def test_views_are_the_state():
    sim = simulation().run(12)
    assert sim.people is sim.state.people is sim.society.people
    assert sim.sites is sim.society.sites
    assert sim.places is sim.society.places
    assert sim.struggles is sim.state.struggles
    assert len(sim.struggles) > 0
    with pytest.raises(AttributeError, match="no table 'measures'"):
        sim.state.measures  # noqa: B018


def test_seed_and_threads_are_the_scenarios_unless_said_otherwise():
    given = scenario(**{"run.seed": 5, "run.threads": 2})
    sim = cz.Simulation(given)
    assert (sim.seed, sim.threads) == (5, 2)
    assert cz.Simulation(given, seed=6, threads=1).seed == 6
    assert_same(sim.run(3), cz.Simulation(given, seed=5, threads=1).run(3))
    assert n_threads(0) >= 1
    assert n_threads(7) == 7


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_has_64_bits(seed):
    with pytest.raises(cz.InputError) as error:
        cz.Simulation(scenario(), seed=seed)
    assert error.value.path == "run.seed"


def test_the_largest_seed_is_one_of_its_own():
    one, other = (simulation(seed=seed, **{"society.people": 500}).run(2).state_hash() for seed in (2**64 - 1, 2**64 - 2))
    assert one != other


def test_a_society_made_elsewhere_is_used():
    made = cz.Society.synthesise(scenario().society, seed=3, threads=1)
    assert_same(cz.Simulation(scenario(), seed=3, threads=1, society=made).run(5), simulation().run(5))


def test_a_society_can_be_run_twice():
    made = cz.Society.synthesise(scenario().society, seed=3, threads=1)
    one = cz.Simulation(scenario(), seed=3, threads=1, society=made).run(12)
    other = cz.Simulation(scenario(), seed=3, threads=1, society=made)
    assert not other.people.activity.any()
    assert one.state_hash() == other.run(12).state_hash()


# --- branching ---


@pytest.mark.parametrize("day", [0, 1, 14])
@pytest.mark.parametrize("changes", [None, {}])
def test_a_branch_without_change_is_no_branch(day, changes):
    whole, start = simulation().run(25), simulation().run(day)
    hash_before = start.state_hash()
    branch = start.branch(changes).run(25 - day)
    assert_same(branch, whole)
    assert start.state_hash() == hash_before  # and the trunk has not moved
    assert_same(start.run(25 - day), whole)


def test_a_branch_with_a_value_as_it_was_is_no_branch():
    start = simulation().run(10)
    assert_same(start.branch({"force.deployment_delay": 2, "struggle.nerve": 1.0}).run(10), simulation().run(20))


def test_a_branch_differs_from_its_day_on_and_not_before():
    start = simulation().run(14)
    branch = start.branch({"force.rate_arrest": 3.0}).run(6)
    whole = start.branch().run(6)
    assert branch.day == whole.day == 20
    for name in ("active", "arrests", "joined"):
        np.testing.assert_array_equal(branch.series[name][:14], whole.series[name][:14])
    assert branch.series.arrests.values[14] > 3 * whole.series.arrests.values[14]
    assert branch.state_hash() != whole.state_hash()


def test_branches_share_every_draw():
    """With a higher rate of arrest, whoever was arrested on the first day is arrested again, and others beside."""
    start = simulation(**{"struggle.weight_coercion": 0.0}).run(20)
    few, many = (start.branch({"force.rate_arrest": rate}).run(1) for rate in (0.2, 0.6))
    held = [set(np.flatnonzero((sim.people.activity == 3) & (start.people.activity == 1))) for sim in (few, many)]
    assert held[0]
    assert held[0] < held[1]
    joined = [set(np.flatnonzero((sim.people.activity == 1) & (start.people.activity == 0))) for sim in (few, many)]
    # joining is decided after the arrests, by the same draws: what differs follows from fewer being active
    assert joined[1] <= joined[0]
    assert len(joined[0] & joined[1]) > 0.7 * len(joined[0])


def test_branches_leave_one_another_alone():
    start = simulation().run(10)
    one, other = start.branch({"struggle.nerve": 0.5}), start.branch({"struggle.nerve": 3.0})
    one.run(5)
    alone = start.branch({"struggle.nerve": 3.0}).run(5)
    assert_same(other.run(5), alone)
    assert one.series.active.values[-1].sum() > other.series.active.values[-1].sum()


def test_a_branch_of_a_branch():
    start = simulation().run(6)
    assert_same(start.branch({"acts.rate": 2.0}).run(3).branch().run(4), start.branch({"acts.rate": 2.0}).run(7))


def test_a_branch_of_a_society_made_elsewhere_keeps_it():
    made = cz.Society.synthesise(scenario(**{"society.people": 700}).society, seed=9, threads=1)
    start = cz.Simulation(scenario(), seed=3, threads=1, society=made).run(3)
    assert len(start.branch({"acts.rate": 2.0}).run(2).people) == 700


@pytest.mark.parametrize(
    "path", ["society.people", "society.scale", "society.positions.stable.share", "society.ties.mean_degree", "society", "run.seed", "scenario.start"]
)
def test_what_is_settled_at_the_start_is_not_branched(path):
    start = simulation(**{"society.people": 500}).run(1)
    with pytest.raises(cz.InputError, match="settled when a run starts") as error:
        start.branch({path: 1})
    assert error.value.path == path


def test_a_branch_to_a_wrong_value_is_refused():
    start = simulation(**{"society.people": 500}).run(1)
    with pytest.raises(cz.InputError) as error:
        start.branch({"force.deployment_dely": 3})
    assert error.value.nearest == "deployment_delay"
    with pytest.raises(cz.InputError):
        start.branch({"force.move": 2.0})


def test_a_branch_may_move_a_shock():
    start = simulation().run(5)
    strong = start.branch({"shock[0].magnitude": 4.0}).run(9)
    weak = start.branch({"shock[0].magnitude": 0.0}).run(9)
    np.testing.assert_array_equal(strong.series.active[:12], weak.series.active[:12])
    assert strong.series.active.values[13].sum() > weak.series.active.values[13].sum()


def test_a_mechanism_switched_off_by_a_branch_reports_nothing_more():
    start = simulation().run(15)
    branch = start.branch({"belonging.enabled": False, "incidents.enabled": False}).run(3)
    assert np.isnan(branch.series.belonging.values[15:]).all()
    assert not np.isnan(branch.series.belonging.values[:15]).any()
    assert np.isnan(branch.series.incidents.values[15:]).all()


def test_a_mechanism_switched_on_by_a_branch_is_recorded():
    start = simulation(**{"belonging.enabled": False}).run(4)
    branch = start.branch({"belonging.enabled": True}).run(3)
    assert np.isnan(branch.series.belonging.values[:4]).all()
    assert not np.isnan(branch.series.belonging.values[4:]).any()


# --- the series ---


@pytest.fixture(scope="module")
def series():
    return simulation().run(12).series


def test_series_hold_every_declared_output_with_dims_units_and_names(series):
    outputs = {output.name: output for mechanism in MECHANISMS for output in mechanism.outputs}
    assert set(series.data_vars) == set(outputs)
    for name, output in outputs.items():
        assert series[name].dims == ("day", *output.dims), name
        assert series[name].dtype == output.dtype, name
        assert series[name].attrs == {"units": output.unit, "long_name": output.meaning}, name
        assert output.unit
        assert output.meaning


def test_series_have_coordinates(series):
    labels = {
        "locus": LOCI, "activity": ACTIVITIES, "position": POSITIONS, "channel": CHANNELS, "cause": CAUSES, "scope": SCOPES,
        "relation": CONTENTS, "decile": DECILES, "size_class": SIZE_CLASSES, "account": ACCOUNTS, "source": SOURCES_OF_PROVISION,
        "mode": MODES, "character_bin": CHARACTER_BINS, "division": DIVISIONS, "sector": tuple(lively().society.sectors),
    }  # fmt: skip
    assert series.sizes == {"day": 12, "place": 5, **{name: len(names) for name, names in labels.items()}}
    assert series.day.values.tolist() == list(range(12))
    assert series.date.values[[0, -1]].astype("datetime64[D]").astype(str).tolist() == ["2005-10-27", "2005-11-07"]
    for name, names in labels.items():
        assert series[name].values.tolist() == list(names)
    assert series["name"].values.tolist() == [f"place-{i}" for i in range(1, 6)]
    for coordinate in series.coords.values():
        assert coordinate.attrs["long_name"]


def test_series_are_those_of_the_day(series):
    sim = simulation().run(11)
    before = sim.people.activity.copy()
    sim.step()
    people = series.people.isel(day=11)
    assert people.sum() == 2_000
    for code, name in enumerate(ACTIVITIES):
        assert people.sel(activity=name).sum() == (sim.people.activity == code).sum()
    np.testing.assert_array_equal(series.active.isel(day=11), sim.places.active)
    assert series.joined.values[11] >= ((before == 0) & (sim.people.activity == 1)).sum()
    np.testing.assert_array_equal(series.force.isel(day=11), sim.places.force)


def test_series_grow_beyond_their_first_room():
    sim = simulation(**{"society.people": 300}).run(70)
    assert sim.series.sizes["day"] == 70
    assert sim.series.people.sum(("activity", "position")).values.tolist() == [300] * 70


def test_series_of_no_day_are_empty_and_of_some_mechanisms_are_theirs():
    assert simulation(**{"society.people": 300}).series.sizes["day"] == 0
    off = {f"{name}.enabled": False for name in ("struggle", "acts", "incidents", "force", "economy", *OPPONENTS, *MEASURES)}
    alone = simulation(**off, **{"society.people": 300}).run(1).series
    assert set(alone.data_vars) == {"belonging", "belonging_active", "people", "held", "sites_by_mode"}


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_series_are_in_people(scale):
    sim = simulation(**{"society.people": 4_000, "society.scale": scale}).run(8)
    assert len(sim.people) == 4_000 / scale
    assert (sim.series.people.sum(("activity", "position")) == 4_000).all()
    np.testing.assert_array_equal(sim.series.active.isel(day=-1), sim.places.active * scale)


# --- mechanisms of the user's own ---


RUMOUR = textwrap.dedent('''
    """A rumour of other relations."""

    import numpy as np

    import communize as cz


    @cz.kernel
    def spread(activity, horizon, rate, u):
        told = 0
        for person in range(activity.size):
            if activity[person] == 1 and u[person] < rate:
                horizon[person] = min(np.float32(1.0), horizon[person] + np.float32(0.25))
                told += 1
        return told


    class Rumour(cz.Mechanism):
        """People in struggle see that other relations are possible."""

        name = "rumour"
        phase = "struggle"
        reads = ("people.activity",)
        writes = ("people.horizon", "people.heard", "days.told")
        columns = (
            cz.Column("people", "heard", "int32", "day", "day on which the person last heard", (-1, None), -1),
            cz.Column("days", "told", "int64", "agent", "people told on the day"),
        )
        outputs = (cz.Output("told", "person", "people told on the day"), cz.Output("horizon_here", "share", "mean horizon", ("place",)))

        class Parameters(cz.Parameters):
            """How fast."""

            rate_per_day: float = cz.parameter(0.05, unit="1/day", range=(0, 1), source="assumed")

        def step(self, state, day, draws):
            people = state.people
            u = draws.uniform(len(people))
            before = people.horizon.copy()
            state.days.told[0] = spread(people.activity, people.horizon, self.parameters.rate_per_day, u)
            people.heard[people.horizon > before] = day

        def observe(self, state):
            homes = state.sites.place[state.people.home]
            n = np.bincount(homes, minlength=len(state.places))
            mean = np.bincount(homes, weights=state.people.horizon, minlength=len(state.places)) / np.maximum(1, n)
            return {"told": state.days.told[0] * state.scale, "horizon_here": mean}
''')


@pytest.fixture
def rumour(tmp_path, monkeypatch):
    """The module `rumour`, written to a folder that Python searches."""
    (tmp_path / "rumour.py").write_text(RUMOUR, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("rumour")
    sys.modules.pop("rumour", None)


SCENARIO = """
[scenario]
name = "with-rumour"
start = 2005-10-27

[society]
people = 600
places = {count = 3}
ties = {mean_degree = 4.0}

[struggle]
nerve = 0.0
temperature = 0.3
rate_joining = 0.3

[measures]  # what people hear raises their horizon, and so the founding of measures
enabled = false
"""


def write_scenario(folder, mechanism=""):
    file = folder / "scenario.toml"
    file.write_text(SCENARIO + mechanism, encoding="utf-8")
    return str(file)


def test_a_users_mechanism_from_python(rumour, tmp_path):
    plain = cz.load(write_scenario(tmp_path))
    sim = cz.Simulation(plain.with_mechanism(rumour.Rumour, rate_per_day=0.4), seed=2, threads=1, audit=False).run(10)
    heard = sim.people.heard
    assert heard.max() == 9
    assert (heard >= 0).sum() > 20
    assert np.all((heard >= 0) == (sim.people.horizon > np.float32(0.1)))
    assert sim.series.told.dims == ("day",)
    assert sim.series.horizon_here.dims == ("day", "place")
    assert sim.series.told.attrs == {"units": "person", "long_name": "people told on the day"}
    assert sim.series.told.values.sum() >= (heard >= 0).sum()
    # it draws on its own: nothing else changes
    without = cz.Simulation(plain, seed=2, threads=1).run(10)
    np.testing.assert_array_equal(without.people.activity, sim.people.activity)
    np.testing.assert_array_equal(without.series.active, sim.series.active)


@pytest.mark.parametrize("use", ["rumour.py:Rumour", "rumour:Rumour"])
def test_a_users_mechanism_is_the_same_from_python_and_from_a_file(rumour, tmp_path, use):
    plain = write_scenario(tmp_path)
    python = cz.Simulation(cz.load(plain).with_mechanism(rumour.Rumour, rate_per_day=0.3), seed=2, threads=1).run(8)
    file = write_scenario(tmp_path, f'[[mechanism]]\nuse = "{use}"\nparameters = {{rate_per_day = 0.3}}\n')
    toml = cz.Simulation(cz.load(file), seed=2, threads=1).run(8)
    assert_same(python, toml)
    other = cz.Simulation(cz.load(file).replace({"mechanism[0].parameters.rate_per_day": 0.31}), seed=2, threads=1).run(8)
    assert other.state_hash() != toml.state_hash()


def test_a_users_mechanism_given_as_an_instance(rumour, tmp_path):
    plain = cz.load(write_scenario(tmp_path))
    one = plain.with_mechanism(rumour.Rumour, rate_per_day=0.3)
    other = plain.with_mechanism(rumour.Rumour(rumour.Rumour.Parameters(rate_per_day=0.3)))
    assert_same(*(cz.Simulation(s, seed=2, threads=1).run(6) for s in (one, other)))
    assert one.hash == other.hash != plain.hash


def test_a_users_mechanism_is_kept_by_branches(rumour, tmp_path):
    start = cz.Simulation(cz.load(write_scenario(tmp_path)).with_mechanism(rumour.Rumour, rate_per_day=0.3), seed=2, threads=1).run(5)
    assert_same(start.branch().run(4), start.branch({"acts.rate": start.scenario.tables.acts.rate}).run(4))
    assert start.branch().run(1).series.told.values[5] > 0


def test_a_users_mechanism_may_be_switched_off(rumour, tmp_path):
    plain = cz.load(write_scenario(tmp_path))
    off = plain.with_mechanism(rumour.Rumour, enabled=False)
    assert_same(cz.Simulation(off, seed=2, threads=1).run(5), cz.Simulation(plain, seed=2, threads=1).run(5))


@pytest.mark.usefixtures("rumour")
@pytest.mark.parametrize(
    ("mechanism", "path", "words"),
    [
        ('use = "rumour.py:Rumor"', "mechanism[0].use", "did you mean Rumour"),
        ('use = "rumours.py:Rumour"', "mechanism[0].use", "a Python file or module that exists"),
        ('use = "no_such_module:Rumour"', "mechanism[0].use", "a Python file or module that exists"),
        ('use = "rumour.py"', "mechanism[0].use", "file.py:Class"),
        ('use = "broken.py:Rumour"', "mechanism[0].use", "ZeroDivisionError"),
        ('use = "rumour.py:Rumour"\nparameters = {rates_per_day = 1.0}', "mechanism[0].parameters.rates_per_day", "did you mean rate_per_day"),
        ('use = "rumour.py:Rumour"\nparameters = {rate_per_day = 2.0}', "mechanism[0].parameters.rate_per_day", "0 to 1"),
    ],
)
def test_wrong_mechanisms_of_the_users_are_refused(tmp_path, mechanism, path, words):
    (tmp_path / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    file = write_scenario(tmp_path, f"[[mechanism]]\n{mechanism}\n")
    with pytest.raises(cz.InputError) as error:
        cz.Simulation(cz.load(file), seed=1, threads=1)
    assert error.value.path == path
    assert words in str(error.value)
    assert file in str(error.value)


def test_a_mechanism_in_no_phase_is_refused():
    class Nowhere(cz.Mechanism):
        phase = "strugle"

    with pytest.raises(cz.InputError) as error:
        scenario().with_mechanism(Nowhere)
    assert error.value.nearest == "struggle"


class Teller(cz.Mechanism):
    """Reports nothing; a base for wrong declarations."""

    class Parameters(cz.Parameters):
        rate_per_day: float = cz.parameter(0.05, unit="1/day", range=(0, 1), source="assumed")

    def step(self, state, day, draws):
        pass


@pytest.mark.parametrize(("parameters", "words"), [({"rates_per_day": 0.1}, "did you mean rate_per_day"), ({"rate_per_day": 2.0}, "0 to 1")])
def test_wrong_parameters_of_a_mechanism_from_python_are_refused(parameters, words):
    with pytest.raises(cz.InputError) as error:
        scenario().with_mechanism(Teller, **parameters)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "declared",
    [
        {"outputs": (cz.Output("told", "person", "people told", ("site",)),)},  # no such dimension
        {"outputs": (cz.Output("active", "1", "another thing than the people in struggle"),)},
        {"columns": (cz.Column("people", "unmet", "int64", "day", "another thing than unmet need"),)},
        {"columns": (cz.Column("people", "copy", "float32", "1", "the name of a method of tables"),)},
    ],
)
def test_declarations_that_cannot_stand_are_refused(declared):
    wrong = type("Wrong", (Teller,), declared)
    with pytest.raises(cz.InputError, match="Wrong"):
        cz.Simulation(scenario(**{"society.people": 300}).with_mechanism(wrong), seed=1, threads=1)
