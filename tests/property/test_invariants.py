"""Each invariant is broken once, by a mechanism of a user, and the run must stop when it is documented to, and say what is wrong."""

import json
import pickle

import numpy as np
import pytest
from worlds import ECONOMY, MANY_MEASURES, lively

import communize as cz
from communize.cli import main as cli
from communize.declare.registry import CONTESTED, IN_MEASURE, IN_STRUGGLE, ROUTINE, TAKEN, Column, Output
from communize.kernels import ranges
from communize.mechanisms import force

DAY, RECOUNT = 6, 5  # days 0, 5, 10, ... are days of recounts
SMALL = {**MANY_MEASURES, "society.people": 1_500}


class Breaker(cz.Mechanism):
    """Does its damage on one day."""

    phase = "reckoning"

    def step(self, state, day, draws):
        if day == DAY:
            self.damage(state)

    def damage(self, state):
        raise NotImplementedError


def breaker(damage, **attributes):
    """A mechanism class that does `damage` to the state on day `DAY`."""
    return type("Vandal", (Breaker,), {"damage": staticmethod(damage), "__module__": __name__, **attributes})


def stopped(mechanism, days=15, audit=False, **changes):
    """The violation that stops a run with a mechanism."""
    sim = cz.Simulation(lively(**{**SMALL, **changes}).with_mechanism(mechanism), seed=3, threads=1, audit=audit)
    with pytest.raises(cz.InvariantViolation) as caught:
        sim.run(days)
    report = caught.value.report()
    json.dumps(report)
    assert report["day"] == sim.day
    assert report["seed"] == 3
    assert report["scenario"] == "lively"
    assert report["state_hash"] == sim.state_hash()
    for part in ("day", report["invariant"], "seed", "state hash"):
        assert part in str(caught.value)
    return report


def first(state, activity):
    return int(np.flatnonzero(state.people.activity == activity)[0])


def someone_has_activity(code):
    def damage(state):
        state.people.activity[first(state, ROUTINE)] = code

    return damage


def one_more(table, column, row=3, step=1):
    def damage(state):
        getattr(getattr(state, table), column)[row] += step

    return damage


def put(table, column, value, row=3):
    def damage(state):
        getattr(getattr(state, table), column)[row] = value

    return damage


def swap_two_counts(state):
    """One site counts one more and another one fewer, so that no sum changes."""
    sites = np.flatnonzero(state.sites.active > 0)
    state.sites.active[sites[0]] -= 1
    state.sites.active[sites[-1]] += 1


def a_debt_by_hand(state):
    state.people.money[3] = -1
    state.people.money[4] += 101


def a_joiner_nobody_counts(state):
    """Somebody who cannot take part, at a site without a measure: others may join in truth before the recount. Who leaves with a measure is one too few."""
    people = state.people
    who = np.flatnonzero(~state.society.takes_part[people.position, people.group])[0]
    people.measure[who] = np.flatnonzero(state.sites.instance < 0)[-1]


def take_a_site(state):
    state.sites.mode[np.flatnonzero(state.sites.instance < 0)[0]] = TAKEN


def one_more_person(state):
    state.people.grow(1)


SAME_DAY = {
    "an activity that does not exist": (someone_has_activity(7), "codes", "people.activity", 7, "0 to 3"),
    "a negative activity": (someone_has_activity(-1), "codes", "people.activity", -1, "0 to 3"),
    "in struggle and not counted": (someone_has_activity(IN_STRUGGLE), "counts", "sites.active", None, "a recount"),
    "in a measure of no site": (someone_has_activity(IN_MEASURE), "measures", "people.measure", -1, "a site"),
    "a person missing at a site": (one_more("sites", "active", step=-1), "counts", "sites.active", None, "a recount"),
    "a person too many at a site": (one_more("sites", "participants"), "counts", "sites.participants", None, "a recount"),
    "a person held at a site": (one_more("sites", "held"), "counts", "sites.held", None, "a recount"),
    "two errors that cancel": (swap_two_counts, "counts", "sites.active", None, "a recount"),
    "a place that counts one more": (one_more("places", "active"), "counts", "places.active", None, "a recount"),
    "a place that counts more in measures": (one_more("places", "participants"), "counts", "places.participants", None, "a recount"),
    "a place that counts more held": (one_more("places", "held"), "counts", "places.held", None, "a recount"),
    "a site taken by nobody": (take_a_site, "measures", "sites.instance", -1, "-1 unless"),
    "a belonging that is no number": (put("people", "belonging", np.nan), "range", "people.belonging", "nan", "-1 to 1"),
    "a belonging beyond 1": (put("people", "belonging", 1.25), "range", "people.belonging", 1.25, "-1 to 1"),
    "a nerve without end": (put("people", "nerve", np.inf), "range", "people.nerve", "inf", "a finite number"),
    "negative money": (a_debt_by_hand, "range", "people.money", -1, "0 to"),
    "a home that does not exist": (put("people", "home", 10**6), "range", "people.home", 10**6, "0 to"),
    "a position that does not exist": (put("people", "position", 12), "range", "people.position", 12, "0 to 8"),
    "a risk above 1": (put("places", "risk", 1.5), "range", "places.risk", 1.5, "0 to 1"),
    "a negative hazard": (put("places", "eviction", -0.25), "range", "places.eviction", -0.25, "0 to"),
    "a hazard that is no number": (put("places", "eviction", np.nan), "range", "places.eviction", "nan", "0 to"),
    "negative force": (put("places", "force", -1.0), "range", "places.force", -1.0, "0 to"),
    "a reserve that is no number": (put("force", "reserve", np.nan, 0), "range", "force.reserve", "nan", "0 to"),
    "a struggle that does not exist": (put("sites", "struggle", 10**6), "range", "sites.struggle", 10**6, "-1 to"),
    "one person more": (one_more_person, "people", "people", 1_501, "1500"),
}


@pytest.mark.parametrize("what", SAME_DAY)
def test_what_is_broken_is_found_on_the_same_day(what):
    damage, invariant, path, found, expected = SAME_DAY[what]
    report = stopped(breaker(damage))
    assert report["day"] == DAY
    assert report["invariant"] == invariant
    assert path in report["message"]
    assert expected in str(report["expected"])
    assert found is None or report["found"] == found
    if invariant == "range":
        assert report["wrong_rows"] == 1
        assert report["values"][report["column"]] == report["found"]


AT_RECOUNTS = {
    "a coin from nowhere": (one_more("people", "money"), "coins", "people.money"),
    "a coin that vanished": (one_more("people", "money", step=-1), "coins", "people.money"),
    "another position than before": (lambda state: put("people", "position", (state.people.position[3] + 1) % 9)(state), "people", "people.position"),
    "joined without activity": (a_joiner_nobody_counts, "measures|range", "people.measure|sites.participants"),
    "a home elsewhere": (lambda state: put("people", "home", state.people.home[-1])(state), "counts", "sites.members"),
    "a member that is counted twice": (one_more("sites", "members"), "counts", "sites.members"),
    "a resident that is not counted": (one_more("places", "residents", step=-1), "counts", "places.residents"),
    "a tie into measures too many": (one_more("people", "ties_in_measures"), "counts", "people.ties_in_measures"),
    "a tie of a site into measures too many": (one_more("sites", "ties_in_measures"), "counts", "sites.ties_in_measures"),
}


@pytest.mark.parametrize("what", AT_RECOUNTS)
@pytest.mark.parametrize("days", [15, DAY + 1])
def test_what_only_a_recount_shows_is_found_at_the_next_one_or_at_the_end_of_the_run(what, days):
    damage, invariant, path = AT_RECOUNTS[what]
    sim = cz.Simulation(lively(**SMALL).with_mechanism(breaker(damage)), seed=3, threads=1)
    with pytest.raises(cz.InvariantViolation, match=path) as caught:
        sim.run(days)
    assert caught.value.invariant in invariant.split("|")
    assert caught.value.report()["day"] in (range(DAY + 1, 11) if days == 15 else (DAY,))  # a joiner may be met before


@pytest.mark.parametrize("day", [7, 20, 39])
@pytest.mark.parametrize("row", [0, 12_345, 159_999])
def test_a_row_among_many_is_found_within_the_blocks_of_days(day, row):
    quiet = {f"{name}.enabled": False for name in ("struggle", "acts", "incidents", "force", "measures", "belonging", "horizon")}
    scenario = lively(**{**quiet, "society.people": 160_000, "society.ties.degree_distribution": "none", "reckoning.recount_days": 1000})
    sim = cz.Simulation(scenario, seed=1, threads=1)
    days(sim, day)
    sim.people.nerve[row] = np.nan
    with pytest.raises(cz.InvariantViolation, match=rf"people\.nerve.*row {row}") as caught:
        days(sim, ranges.BLOCKS)
    assert 0 <= day - caught.value.report()["last_good"] <= ranges.BLOCKS


def days(sim, n):
    """So many days, without the check in full that ends a run."""
    for _ in range(n):
        sim.step()


@pytest.mark.parametrize("what", ["home", "work"])
def test_somebody_in_struggle_who_lives_or_works_nowhere_is_found_as_such(what):
    def damage(state):
        getattr(state.people, what)[first(state, IN_STRUGGLE)] = 10**8

    report = stopped(breaker(damage))
    assert (report["day"], report["invariant"], report["column"], report["found"]) == (DAY, "range", what, 10**8)


def test_a_site_of_no_place_is_found_as_such():
    report = stopped(breaker(lambda state: put("sites", "place", 10**8, int(np.argmax(state.sites.active)))(state)))
    assert (report["day"], report["invariant"], report["column"], report["found"]) == (DAY, "range", "place", 10**8)


@pytest.mark.parametrize("replaced", [np.zeros(7, np.float32), np.zeros(1_500), np.zeros(3_000, np.float32)[::2]])
def test_a_column_that_is_replaced_by_another_array_is_found_at_the_next_recount(replaced):
    def damage(state):
        state.people.unmet = replaced.copy() if replaced.flags.c_contiguous else replaced

    quiet = {f"{name}.enabled": False for name in ("struggle", "incidents", "acts", "provisioning", "rallying", "measures", "dissolution", "contents")}
    report = stopped(breaker(damage), **{**quiet, "neutral.enabled": False})
    assert (report["day"], report["invariant"], report["column"]) == (10, "range", "unmet")
    assert "in place" in report["message"]


def test_a_column_of_a_users_own_table_is_held_to_its_range():
    class Stock(cz.Mechanism):
        """Takes more than there is."""

        writes = ("days.bread",)
        columns = (Column("days", "bread", "float64", "loaf", "bread left", (0, None), 3.0),)

        def step(self, state, day, draws):
            state.days.bread -= 1.0

    report = stopped(Stock)
    assert (report["day"], report["column"], report["found"], report["expected"]) == (3, "bread", -1.0, "0 to any finite number")
    assert report["writers"] == ["Stock"]


def test_positions_may_change_where_a_mechanism_says_so():
    mechanism = breaker(AT_RECOUNTS["another position than before"][0], writes=("people.position",))
    positions = dict.fromkeys(("society.positions.owner.takes_part", "society.positions.state_force.takes_part"), True)
    sim = cz.Simulation(lively(**{**SMALL, **positions}).with_mechanism(mechanism), seed=3, threads=1).run(12)
    people = sim.series.people.sum("activity").values
    assert np.abs(people[DAY] - people[DAY - 1]).sum() == 2
    np.testing.assert_array_equal(people[-1], np.bincount(sim.people.position, minlength=9))


@pytest.mark.parametrize(("value", "may_lack", "wrong"), [
    (np.nan, False, True), (np.nan, True, False), (np.inf, True, True), (-np.inf, False, True), (1.5, False, False),
])  # fmt: skip
@pytest.mark.parametrize("dims", [(), ("place",)])
def test_what_a_series_reports_is_finite(value, may_lack, wrong, dims):
    class Reporter(cz.Mechanism):
        """Reports a value on day 4."""

        outputs = (Output("mine", "1", "a number", dims, may_lack=may_lack),)

        def step(self, state, day, draws):
            pass

        def observe(self, state):
            number = value if state.day == 4 else 0.5
            return {"mine": np.append(np.zeros(len(state.places) - 1), number) if dims else number}

    if not wrong:
        sim = cz.Simulation(lively(**SMALL).with_mechanism(Reporter), seed=3, threads=1).run(6)
        np.testing.assert_equal(sim.recorder["mine"][4].max(), value)
        return
    report = stopped(Reporter)
    assert (report["invariant"], report["day"], report["series"], report["writers"]) == ("series", 4, "mine", ["Reporter"])
    assert report["found"] == str(float(value))


def test_what_is_not_reported_is_no_violation():
    class Silent(cz.Mechanism):
        """Declares a series and reports nothing."""

        outputs = (Output("mine", "1", "a number"),)

        def step(self, state, day, draws):
            pass

    sim = cz.Simulation(lively(**SMALL).with_mechanism(Silent), seed=3, threads=1).run(3)
    assert np.isnan(sim.recorder["mine"]).all()


def test_a_probability_that_is_no_column_is_checked_where_it_is_made(monkeypatch):
    def too_likely(force, active, rate, out):
        out[:] = 0.5
        out[2] = 1.5

    monkeypatch.setattr(force, "arrest_probabilities", too_likely)
    with pytest.raises(cz.InvariantViolation) as caught:
        cz.Simulation(lively(**SMALL), seed=3, threads=1).run(1)
    report = caught.value.report()
    assert report["invariant"] == "hazard"
    assert (report["row"], report["found"], report["expected"], report["day"]) == (2, 1.5, "0 to 1", 0)
    assert report["after"] == "counter_forces: Force"


def test_the_invariants_cannot_be_switched_off():
    report = stopped(breaker(put("people", "belonging", np.nan)), **{"reckoning.enabled": False})
    assert report["day"] == DAY


# --- the report ---


def test_the_audit_names_the_mechanism_that_did_it():
    mechanism = breaker(one_more("sites", "held"), phase="provisioning", writes=("sites.held",))
    assert stopped(mechanism)["after"] == "the whole day"
    assert stopped(mechanism, audit=True)["after"] == "provisioning: Vandal"


def test_the_way_to_the_culprit_that_the_report_gives_leads_there():
    """The lines of Python run up to the last day that was in order, and audit from there."""
    quiet = {f"{name}.enabled": False for name in ("measures", "rallying", "dissolution", "contents", "horizon")}
    changes = {**quiet, "society.people": 20_000, "shock": [], "reckoning.recount_days": 100, "society.ties.degree_distribution": "none"}
    mechanism = breaker(put("people", "horizon", 1.5, 19_999), writes=("people.horizon",))
    given = lively(**changes).with_mechanism(mechanism)
    with pytest.raises(cz.InvariantViolation) as caught:
        cz.Simulation(given, seed=3, threads=1).run(40)
    report = caught.value.report()
    assert report["day"] > DAY
    line = report["python"].replace("SCENARIO", "given").removeprefix("import communize as cz; ")
    with pytest.raises(cz.InvariantViolation) as again:
        exec(line, {"cz": cz, "given": given})
    assert again.value.report()["day"] == DAY
    assert again.value.report()["after"] == "reckoning: Vandal"


def test_a_violation_can_be_sent_between_processes():
    violation = cz.InvariantViolation("range", "people.belonging: wrong", day=3, found=np.float32("nan")).add(seed=1, day=9)
    twin = pickle.loads(pickle.dumps(violation))
    assert str(twin) == str(violation)
    assert twin.report() == violation.report() == {
        "invariant": "range", "message": "people.belonging: wrong", "day": 3, "found": "nan", "seed": 1}  # fmt: skip


VANDAL = '''
import communize as cz


class Vandal(cz.Mechanism):
    """Loses a person on day 6."""

    phase = "reckoning"
    writes = ("sites.held",)

    def step(self, state, day, draws):
        if day == 6:
            state.sites.held[2] += 1
'''


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A scenario in a file, with a mechanism that breaks it on day 6; the working folder is its folder."""
    (tmp_path / "vandal_of_mine.py").write_text(VANDAL, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(
        '[scenario]\nname = "mine"\ndays = 20\n[society]\npeople = 500\n[[mechanism]]\nuse = "vandal_of_mine.py:Vandal"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["communize", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_the_command_reports_without_a_traceback_and_leaves_a_file(broken, monkeypatch, capsys):
    assert command(monkeypatch, "run", "mine.toml", "--seed", "4", "--out", "out/run") == 1
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    for part in ("'counts'", "sites.held", "Vandal", "communize run mine.toml --seed 4 --days 7", "run.violation.json"):
        assert part in printed.err
    assert [path.name for path in (broken / "out").iterdir()] == ["run.violation.json"]
    report = json.loads((broken / "out" / "run.violation.json").read_text(encoding="utf-8"))
    assert (report["day"], report["seed"], report["table"], report["column"], report["row"]) == (6, 4, "sites", "held", 2)
    assert 'name = "mine"' in report["scenario_toml"]


def test_the_command_prints_the_report_as_json(broken, monkeypatch, capsys):
    assert command(monkeypatch, "run", "mine.toml", "--json", "--people", "400", "--set", "struggle.nerve=3.5") == 1
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["violation"]["day"] == 6
    assert found["file"].endswith(".violation.json")
    again = found["violation"]["command"]
    assert "--set struggle.nerve=3.5" in again
    assert "--set society.people=400" in again
    assert command(monkeypatch, *again.split()[1:], "--json") == 1
    assert json.loads(capsys.readouterr().out)["violation"]["state_hash"] == found["violation"]["state_hash"]


def test_a_scenario_of_no_file_is_kept_in_the_report(broken):
    given = cz.load("mine.toml").with_mechanism(breaker(take_a_site))
    with pytest.raises(cz.InvariantViolation) as caught:
        cz.run(given, threads=1)
    report = caught.value.report()
    assert "scenario_toml" in report["command"]
    assert "Vandal" in report["scenario_toml"]


# --- and nothing else stops a run ---


@pytest.mark.parametrize("changes", [{}, {"neutral.enabled": True}, {"struggle.contested_share": 0.02, "force.rate_arrest": 2.0}, ECONOMY], ids=str)
def test_lively_runs_pass_every_check_after_every_mechanism(changes):
    scenario = lively(**{**SMALL, "reckoning.recount_days": 1, **changes})
    audited = cz.Simulation(scenario, seed=2, threads=1, audit=True).run(30)
    assert audited.series.participants.values.max() > 0
    assert (audited.sites.mode == CONTESTED).any() or audited.series.contested_sites.values.max() > 0
    assert audited.state_hash() == cz.Simulation(scenario, seed=2, threads=1).run(30).state_hash()
