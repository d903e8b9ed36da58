"""The day: its order, what each mechanism declares, and the audit that holds it to that."""

import pytest
from worlds import ECONOMY, MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import Column, Table
from communize.kernels.vector import Draws
from communize.mechanisms.base import PHASES
from communize.simulation.day import DAY, MECHANISMS, in_order
from communize.simulation.simulation import UndeclaredWrite, decision_of


def busy(**changes):
    """More people, settlements and measures than the lively world has, and a mechanism that is off if nothing is said.

    Civil violence moves people on its lattice whom struggle moves too: it is tested alone.
    """
    return lively(**{
        "society.people": 2_500, "society.places.count": 6, "society.contact.neighbours": 5, "society.ties.mean_degree": 6.0,
        "acts.rate_concession": 0.2, "reckoning.recount_days": 7, "shock[0].day": 20, "neutral.enabled": True, "pincers.days": 5, **MANY_MEASURES,
        **changes,
    })  # fmt: skip


# --- the order ---


def test_the_day_has_every_phase_once_in_order():
    assert tuple(phase for phase, _ in DAY) == PHASES
    assert len(set(PHASES)) == len(PHASES) == 6
    assert PHASES == ("economy", "provisioning", "counter_forces", "struggle", "measures", "reckoning")


def test_every_mechanism_stands_in_its_own_phase_and_once():
    for phase, members in DAY:
        for mechanism in members:
            assert mechanism.phase == phase, mechanism
    assert len(set(MECHANISMS)) == len(MECHANISMS) == sum(len(members) for _, members in DAY)
    assert len({mechanism.name for mechanism in MECHANISMS}) == len(MECHANISMS)


def test_mechanisms_work_in_the_order_of_the_day_and_users_last_in_their_phase():
    class Early(cz.Mechanism):
        phase = "economy"

    class Late(cz.Mechanism):
        phase = "struggle"

    given = [Late(), *[mechanism() for mechanism in reversed(MECHANISMS)], Early()]
    names = [type(mechanism).__name__ for mechanism in in_order(given)]
    assert names == [
        "Economy", "Early", "Provisioning", "Upkeep", "Force", "Siding", "Mediation", "Pincers", "Fronts", "Segmentation", "Shocks", "Incidents",
        "Struggle", "Acts", "CivilViolence", "Late", "Measures", "Rallying", "Dissolution", "Contents", "Horizon", "Neutral", "Belonging", "Generalisation", "Character", "Rupture", "Reckoning",
    ]  # fmt: skip


def test_a_day_calls_each_mechanism_once_in_that_order(monkeypatch):
    called = []
    for mechanism in MECHANISMS:
        step = mechanism.step

        def spy(self, state, day, draws, step=step):
            called.append((type(self).__name__, day, draws.day))
            step(self, state, day, draws)

        monkeypatch.setattr(mechanism, "step", spy)
    sim = cz.Simulation(busy(), seed=1, threads=1).run(2)
    names = [mechanism.__name__ for mechanism in MECHANISMS if mechanism.name != "civil_violence"]
    assert called == [(name, day, day) for day in (0, 1) for name in names]
    assert sim.day == 2


# --- what mechanisms declare ---


@pytest.fixture(scope="module")
def columns():
    state = cz.Simulation(busy(**{"society.people": 200}), seed=1, threads=1).state
    return {path for path, _ in state.arrays()}


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: m.__name__)
def test_what_a_mechanism_reads_and_writes_exists(mechanism, columns):
    assert set(mechanism.reads) <= columns
    assert set(mechanism.writes) <= columns
    assert len(set(mechanism.reads)) == len(mechanism.reads)
    assert len(set(mechanism.writes)) == len(mechanism.writes)
    assert mechanism.step is not cz.Mechanism.step


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: m.__name__)
def test_columns_that_two_mechanisms_declare_are_declared_alike(mechanism):
    declared = {}
    for other in MECHANISMS:
        for column in other.columns:
            declared.setdefault(column.path, column)
    for column in mechanism.columns:
        assert column == declared[column.path]


def test_every_column_of_a_mechanism_is_written_by_some_mechanism(columns):
    added = {column.path for mechanism in MECHANISMS for column in mechanism.columns}
    written = {path for mechanism in MECHANISMS for path in mechanism.writes}
    at_the_start = {"places.garrison", "lattice.hardship", "lattice.risk_aversion"}  # filled by `setup`
    assert added - written <= at_the_start


class Watched(Table):
    """A table that notes which of its columns are asked for."""

    def __getattribute__(self, name):
        fields = object.__getattribute__(self, "__dict__")
        if name in fields.get("_columns", ()):
            fields["asked"].add(f"{fields['_name']}.{name}")
        return object.__getattribute__(self, name)


def watch(state):
    """Put watched twins in the place of the state's tables; returns the set of columns asked for."""
    asked = set()
    for name, table in state.tables.items():
        twin = object.__new__(Watched)
        twin.__dict__.update(table.__dict__)
        twin.__dict__["asked"] = asked
        state.tables[name] = twin
        setattr(state, name, twin)
    for name in ("people", "sites", "places"):
        setattr(state.society, name, state.tables[name])
    return asked


@pytest.fixture(scope="module")
def day_28():
    """The busy society on a day of recounts, with measures in force."""
    sim = cz.Simulation(busy(**{"generalisation.place_days": 29}), seed=2, threads=1).run(28)
    assert (sim.sites.instance >= 0).sum() > 20
    return sim


@pytest.mark.parametrize("name", [mechanism.name for mechanism in MECHANISMS])
def test_a_mechanism_reads_only_what_it_declares(name, day_28):
    sim = day_28.branch()
    asked = watch(sim.state)
    for mechanism in sim.mechanisms:
        asked.clear()
        mechanism.step(sim.state, sim.day, Draws(sim.state.key, 0, sim.day))
        if mechanism.name == name:
            assert asked - set(mechanism.reads) - set(mechanism.writes) == set()
            assert asked or name == "reckoning"  # which reports what is counted with the invariants


# --- the audit ---


def test_a_scenario_in_which_everything_happens():
    """What the audit runs over must be lively, else it proves nothing."""
    series = cz.Simulation(busy(), seed=3, threads=1).run(60).series
    for name in ("joined", "left", "arrests", "releases", "settlements", "refusals", "incidents", "spread", "exception", "rallied", "left_measures"):
        assert series[name].values.sum() > 0, name
    for name, lacking in (("foundings", {"broadcast"}), ("endings", {"in_force", "removed"})):
        seen = series[name].sum("day")
        assert {str(label) for label in seen[seen.dims[0]].values[seen.values == 0]} == lacking
    assert series.links.values.max() > 0
    assert 0 < series.exception.values.mean() < 1
    assert series.force.values.std(axis=0).max() > 0


@pytest.mark.parametrize("changes", [{}, ECONOMY], ids=["no economy", "economy"])
def test_every_mechanism_writes_only_what_it_declares(changes):
    plain = cz.Simulation(busy(**changes), seed=3, threads=1).run(60)
    audited = cz.Simulation(busy(**changes), seed=3, threads=1, audit=True).run(60)
    assert audited.state_hash() == plain.state_hash()


class Liar(cz.Mechanism):
    """Writes the column it is told to and declares another."""

    name = "liar"
    phase = "measures"
    writes = ("people.horizon",)
    columns = (Column("people", "rumour", "float32", "1", "heard of it", (0, 1)), Column("rumours", "size", "int32", "person", "size"))

    class Parameters(cz.Parameters):
        column: str = cz.parameter("people.horizon", unit="name", source="definition")

    def step(self, state, day, draws):
        table, column = self.parameters.column.split(".")
        if column == "grow":
            getattr(state, table).grow(1)
        else:
            values = getattr(getattr(state, table), column)
            values[-1] = 0.375 if values.dtype.kind == "f" else values[-1] + 1


QUIET = {f"{mechanism.name}.enabled": False for mechanism in MECHANISMS if mechanism.name != "shock"}


@pytest.mark.parametrize(
    "column",
    ["people.activity", "people.belonging", "people.rumour", "sites.mode", "places.shock", "days.arrests", "force.reserve", "rumours.grow"],
)
@pytest.mark.parametrize("audit", [True, False])
def test_a_mechanism_that_lies_about_what_it_writes_is_found_out(column, audit):
    scenario = busy(**QUIET, **{"society.people": 300, "shock": []}).with_mechanism(Liar, column=column)
    sim = cz.Simulation(scenario, seed=1, threads=1, audit=audit)
    if not audit and column == "people.activity":
        with pytest.raises(cz.InvariantViolation, match=r"sites\.active"):
            sim.step()
        return
    if not audit:
        sim.step()
        return
    with pytest.raises(UndeclaredWrite, match=rf"Liar changed {column.split('.')[0]}\."):
        sim.step()


def test_a_mechanism_that_keeps_to_what_it_declares_passes_the_audit():
    scenario = busy(**QUIET, **{"society.people": 300, "shock": []}).with_mechanism(Liar)
    sim = cz.Simulation(scenario, seed=1, threads=1, audit=True).run(3)
    assert sim.people.horizon[-1] == 0.375


def test_writing_to_the_ties_is_found_out():
    class Matchmaker(cz.Mechanism):
        def step(self, state, day, draws):
            state.society.ties.neighbours[0] += 1

    sim = cz.Simulation(busy(**QUIET, **{"society.people": 300, "shock": []}).with_mechanism(Matchmaker), seed=1, threads=1, audit=True)
    with pytest.raises(UndeclaredWrite, match=r"Matchmaker changed ties\.neighbours"):
        sim.step()


# --- decisions ---


def test_mechanisms_of_the_package_number_their_own_decisions_and_users_have_one_each():
    class Another(Liar):
        pass

    assert {decision_of(mechanism) for mechanism in MECHANISMS} == {0}
    numbers = [decision_of(Liar), decision_of(Another)]
    assert min(numbers) >= 2**31
    assert len(set(numbers)) == 2


def test_a_mechanism_without_a_step_says_so():
    class Idle(cz.Mechanism):
        pass

    sim = cz.Simulation(busy(**QUIET, **{"society.people": 300, "shock": []}).with_mechanism(Idle), seed=1, threads=1)
    with pytest.raises(NotImplementedError, match="Idle has no step"):
        sim.step()
