"""Checkpoints of a simulation: whatever the case and the day, it goes on as if it had never stopped."""

import pickle

import networkx as nx
import numpy as np
import pytest
from worlds import ECONOMY, MANY_MEASURES, lively

import communize as cz
from communize.mechanisms.economy import plants
from communize.simulation import checkpoint

# People of each case, or the scale that makes it small; 62 days, cut at the ends of months of 30 days.
CASES = {
    "restructured": 2_000, "communising": 2_000, "general-strike": 2_000, "wright-2005": 1_000, "subprime-2007": 2_000, "epstein-2002": 74,
    "sir": 1_000, "fordist-1968": 2_000, "pensions-2010": 2_000, "guadeloupe-2009": 2_000, "watts-2002": 500, "granovetter-1978": 100,
    "centola-macy-2007": 400, "kuran-1991": 100, "lang-de-sterck-2014": 400,
}  # fmt: skip
FAST = ("restructured", "communising", "wright-2005", "epstein-2002", "sir")
DAYS, CUTS = 62, (0, 1, 29, 30, 31, 62)


def assert_same(one, other):
    assert one.day == other.day
    assert one.state_hash() == other.state_hash()
    assert one.series.identical(other.series)
    assert list(one.series) == list(other.series)
    assert one.notes() == other.notes()
    declared = [{name: repr(list(table.declarations())) for name, table in sim.state.tables.items()} for sim in (one, other)]  # text: start may be not a number
    assert declared[0] == declared[1]
    assert list(declared[0]) == list(declared[1])


def cut_at(cuts, whole, folder):
    """Run a simulation to its last day with checkpoints on the days; their files."""
    files = {}
    for day in sorted(cuts):
        whole.run(day - whole.day)
        files[day] = whole.save_checkpoint(folder / f"{day}.ckpt")
        assert_same(cz.Simulation.from_checkpoint(files[day], threads=1), whole)
    return files


@pytest.mark.parametrize("case", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in CASES])
def test_a_case_goes_on_as_if_it_had_never_stopped(case, tmp_path):
    whole = cz.Simulation(cz.load(case).replace({"society.people": CASES[case]}), seed=1, threads=1)
    for file in cut_at(CUTS, whole, tmp_path).values():
        cut = cz.Simulation.from_checkpoint(file, threads=2)
        assert_same(cut.run(DAYS - cut.day), whole)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["banlieues-2005", "greece-2008"])
def test_a_case_of_real_places_goes_on(case, tmp_path):
    whole = cz.Simulation(cz.load(case).replace({"society.scale": 200.0}), seed=1, threads=1)
    for file in cut_at((0, 1, 12, 29, 30, 31), whole, tmp_path).values():
        cut = cz.Simulation.from_checkpoint(file)
        assert_same(cut.run(31 - cut.day), whole)


@pytest.mark.parametrize("changes", [{}, {"struggle.response": "threshold", "struggle.nerve": 0.15, "struggle.leaving_for_good": 0.2}], ids=["logistic", "threshold"])
def test_every_day_of_a_lively_world_can_be_cut(changes, tmp_path):
    whole = cz.Simulation(lively(**{**MANY_MEASURES, **ECONOMY, **changes, "economy.change": [{"day": 4, "over_days": 20, "regime": 0.9}]}), seed=2, threads=1)
    for day in range(26):
        cut = cz.Simulation.from_checkpoint(whole.save_checkpoint(tmp_path / "day.ckpt"))
        cut.step()
        whole.step()
        assert cut.state_hash() == whole.state_hash(), day
    assert len(whole.instances) > 10
    assert_same(cut, whole)


class Mover(cz.Mechanism):
    """After all else, on day 5, makes people precarious and announces it: what they can pay is noticed on the next day."""

    phase = "reckoning"
    reads = ("people.position",)
    writes = ("people.affordability", "people.horizon", "sites.members", "sites.eligible", "places.residents", "places.eligible")
    announces = True

    def setup(self, state):
        state.people.horizon[:] = 0.5  # as nobody should: once a run has begun it is undone

    def step(self, state, day, draws):
        state.people.horizon[:] = 0.4
        if day == 5:
            state.people.affordability[::3] = 0.1
            plants.count_again(state)


def test_what_is_announced_late_is_noticed_after_a_cut_and_in_a_branch(tmp_path):
    scenario = lively(**{"provisioning.notice_days": 30}).with_mechanism(Mover)
    whole = cz.Simulation(scenario, seed=1, threads=1).run(6)
    assert whole.state.tally.regrouped[0] == 1
    cut = cz.Simulation.from_checkpoint(whole.save_checkpoint(tmp_path / "cut.ckpt"), scenario=scenario)
    assert cut.people.horizon.tolist() == whole.people.horizon.tolist()
    before = whole.people.unmet.copy()
    whole.run(3)
    assert (whole.people.unmet != before).sum() > len(whole.people) / 4
    assert_same(cut.run(3), whole)


def test_notes_of_a_branch_last(tmp_path):
    start = cz.Simulation(cz.load("sir").replace({"society.people": 300, "struggle.seed": [{"day": 0, "people": 10}]}), seed=1).run(3)
    branch = cz.Simulation.from_checkpoint(start.save_checkpoint(tmp_path / "a.ckpt"), {"struggle.seed": [{"day": 1, "people": 5}]})
    cut = cz.Simulation.from_checkpoint(branch.run(2).save_checkpoint(tmp_path / "b.ckpt"))
    assert cut.notes() == branch.notes() == ["struggle.seed[0]: day 1 lies before the branch: it does not begin"]
    assert cut.begun_from == branch.begun_from
    assert branch.begun_from["before"] is None
    assert branch.begun_from["state_hash"] == start.state_hash()


# --- branches ---


def test_a_branch_from_a_checkpoint_is_a_branch(tmp_path):
    start = cz.Simulation(lively(**MANY_MEASURES), seed=3, threads=1).run(14)
    file = start.save_checkpoint(tmp_path / "14.ckpt")
    changes = {"force.rate_arrest": 3.0, "belonging.enabled": False, "neutral.enabled": True}
    branch = cz.Simulation.from_checkpoint(file, changes)
    assert_same(branch.run(9), start.branch(changes).run(9))
    assert branch.begun_from["changes"] == changes
    unchanged = cz.Simulation.from_checkpoint(file, {})
    assert unchanged.begun_from["scenario_hash"] == start.scenario.hash
    assert cz.Simulation.from_checkpoint(file).begun_from is None
    assert_same(unchanged.run(9), start.run(9))


@pytest.mark.parametrize("path", ["society.people", "society", "run.seed", "scenario.start"])
def test_what_is_settled_is_not_changed(path, tmp_path):
    file = cz.Simulation(lively(**{"society.people": 300}), seed=1).save_checkpoint(tmp_path / "0.ckpt")
    with pytest.raises(cz.InputError, match="settled when a run starts"):
        cz.Simulation.from_checkpoint(file, {path: 1})


# --- what it belongs to ---


def test_a_society_made_elsewhere_is_held(tmp_path):
    graph = nx.watts_strogatz_graph(200, 4, 0.2, seed=1)
    nx.set_node_attributes(graph, {node: node / 200 for node in graph}, "nerve")
    scenario = cz.load("sir").replace({"society.people": 5})
    whole = cz.Simulation(scenario, seed=1, society=cz.Society.from_graph(graph, parameters=scenario.society)).run(4)
    cut = cz.Simulation.from_checkpoint(whole.save_checkpoint(tmp_path / "4.ckpt"))
    assert cut.society_hash == whole.society_hash
    assert cut.society.given == whole.society.given == {"home", "nerve"}
    assert cut.society.parameters == whole.society.parameters
    for name, values in vars(whole.society.place_list).items():
        held = getattr(cut.society.place_list, name)
        assert held.dtype == values.dtype
        np.testing.assert_array_equal(held, values)
    assert_same(cut.run(8), whole.run(8))


RUMOUR = """
import communize as cz

class Rumour(cz.Mechanism):
    name = "rumour"
    phase = "struggle"
    writes = ("people.horizon", "rumours.size")
    columns = (cz.Column("rumours", "size", "int32", "person", "who heard"),)
    outputs = (cz.Output("heard", "person", "who heard"),)

    def setup(self, state):
        if not len(state.tables["rumours"]):
            state.tables["rumours"].grow(3)

    def step(self, state, day, draws):
        heard = draws.bernoulli(0.1, len(state.people))
        state.people.horizon[heard] = 1.0
        state.tables["rumours"].size[day % 3] = heard.sum()

    def observe(self, state):
        return {"heard": float(state.tables["rumours"].size.sum())}
"""


def test_a_mechanism_of_a_file_is_found_and_must_be_the_same(tmp_path):
    (tmp_path / "rumour_of_checkpoints.py").write_text(RUMOUR)
    (tmp_path / "mine.toml").write_text('[scenario]\nname = "mine"\n[society]\npeople = 300\nplaces.count = 3\n[[mechanism]]\nuse = "rumour_of_checkpoints.py:Rumour"\n')
    whole = cz.Simulation(cz.load(tmp_path / "mine.toml"), seed=1).run(4)
    file = whole.save_checkpoint(tmp_path / "elsewhere.ckpt")
    assert_same(cz.Simulation.from_checkpoint(file).run(4), whole.run(4))
    (tmp_path / "rumour_of_checkpoints.py").write_text(RUMOUR.replace("0.1", "0.2"))
    with pytest.raises(cz.InputError, match="a mechanism that it names has been changed"):
        cz.Simulation.from_checkpoint(file)
    (tmp_path / "rumour_of_checkpoints.py").unlink()
    with pytest.raises(cz.InputError, match="file or module that exists"):
        cz.Simulation.from_checkpoint(file)


def test_another_scenario_or_version_is_refused(tmp_path, monkeypatch):
    scenario = lively(**{"society.people": 300})
    file = cz.Simulation(scenario, seed=1).save_checkpoint(tmp_path / "0.ckpt")
    with pytest.raises(cz.InputError, match="the scenario of the checkpoint"):
        cz.Simulation.from_checkpoint(file, scenario=scenario.replace({"force.move": 0.9}))
    monkeypatch.setattr("communize.simulation.snapshot.version", lambda: "9.9")
    with pytest.raises(cz.InputError, match=r"version: found '0\.\d+\.\d+'; allowed: 9\.9"):
        cz.Simulation.from_checkpoint(file)


def test_other_ties_are_refused(tmp_path, monkeypatch):
    file = cz.Simulation(lively(**{"society.people": 300}), seed=1).save_checkpoint(tmp_path / "0.ckpt")
    real = cz.Society.synthesise
    monkeypatch.setattr(cz.Society, "synthesise", lambda parameters, *, seed, threads: real(parameters, seed=seed + 1, threads=threads))
    with pytest.raises(cz.InputError, match="other ties, contacts or places"):
        cz.Simulation.from_checkpoint(file)


def test_a_broken_state_is_not_saved(tmp_path):
    sim = cz.Simulation(lively(**{"society.people": 300}), seed=1).run(2)
    sim.people.money[0] += 1
    with pytest.raises(cz.InvariantViolation, match="coins"):
        sim.save_checkpoint(tmp_path / "2.ckpt")
    assert list(tmp_path.iterdir()) == []


# --- the file ---


def test_arrays_come_back_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "PIECE", 1_000)
    arrays = {
        "none": np.zeros((0, 3), np.float32), "one": np.array([7], np.int8), "many": np.arange(10_000.0), "edge": np.arange(1_000, dtype=np.uint8),
        "wide": np.random.default_rng(1).normal(size=(300, 7)).astype(np.float32), "not a number": np.array([np.nan, -np.inf, -0.0]),
        "flags": np.array([True, False]), "strided": np.arange(60, dtype=np.uint64).reshape(6, 10)[::2, 1::3],
    }  # fmt: skip
    checkpoint.write(tmp_path / "a.ckpt", {"day": 3, "text": "é"}, arrays.items())
    description, found = checkpoint.read(tmp_path / "a.ckpt")
    assert description == {"day": 3, "text": "é"}
    assert list(found) == list(arrays)
    for name, values in arrays.items():
        assert found[name].dtype == values.dtype
        assert found[name].shape == values.shape
        assert found[name].tobytes() == values.tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["a.ckpt"]


def test_every_byte_counts(tmp_path):
    file = tmp_path / "a.ckpt"
    checkpoint.write(file, {"day": 3}, [("values", np.arange(20))])
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(checkpoint.Damaged):
            checkpoint.read(file)
        file.write_bytes(whole[:at])
        with pytest.raises(checkpoint.Damaged):
            checkpoint.read(file)
    file.write_bytes(whole + b"\0")
    with pytest.raises(checkpoint.Damaged, match="a whole checkpoint") as error:
        checkpoint.read(file)
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)


def test_a_later_format_is_no_damage(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT", 2)
    checkpoint.write(tmp_path / "a.ckpt", {}, [])
    monkeypatch.undo()
    with pytest.raises(cz.InputError, match="format: found 2; allowed: 1") as error:
        checkpoint.read(tmp_path / "a.ckpt")
    assert not isinstance(error.value, checkpoint.Damaged)


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    sim = cz.Simulation(lively(**{"society.people": 300}), seed=1)
    file = sim.save_checkpoint(tmp_path / "0.ckpt")
    before = file.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(cz.InputError, match=r"0\.ckpt: found 'No space left on device'; allowed: a file that can be written"):
            sim.run(1).save_checkpoint(file)
    assert [path.name for path in tmp_path.iterdir()] == ["0.ckpt"]
    assert file.read_bytes() == before
    with pytest.raises(cz.InputError, match="a file that can be written"):
        sim.save_checkpoint(tmp_path / "none" / "0.ckpt")
