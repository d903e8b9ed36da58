"""From a decision to an instance: practices new and changed, delay, seeds, broadcast, memory, co-ordination and links."""

import datetime
import math

import numpy as np
import pytest
from measure_labs import (
    assert_counted,
    close,
    contest,
    in_motion,
    lab,
    mechanism_of,
    practice,
    put,
    set_shortage,
    step,
    take,
    tallied,
)
from scipy import stats
from worlds import MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import (
    ADAPTATION,
    ADOPTION,
    BROADCAST,
    COMMODITY,
    CONTENTS,
    CONTESTED,
    FORMS,
    IN_MEASURE,
    IN_STRUGGLE,
    REINVENTION,
    ROUTINE,
    SCOPES,
    SEEDED,
    TAKEN,
)  # fmt: skip

ALL = dict.fromkeys(CONTENTS, 1.0)
AT_ONCE = {"delay_days": dict.fromkeys(FORMS, 0), "size": dict.fromkeys(FORMS, 1.0)}
OFF = {"enabled": False}
ONE_CHANNEL = {
    "critical_mass": 1.0, "refusal_gain": 0.0, "need_gain": 0.0, "horizon_gain": 0.0, "fit_floor": 1.0, "reinvention": OFF,
    "adoption": OFF, "adaptation": OFF, "grafting": OFF, "coordination": OFF, "form": AT_ONCE,
}  # fmt: skip
INVENT = {**ONE_CHANNEL, "reinvention": {"rate": 1000.0, "content_mean": 0.3, "content_sd": 0.5, "content": {"exchange": -0.6}}}
ADOPT = {**ONE_CHANNEL, "adoption": {"rate": 1000.0, "with_fit": False}}


# --- new practices ---


def test_new_practices_differ_as_their_law_says():
    n = 4000
    sim = in_motion(n, measures={**INVENT, "form": {**AT_ONCE, "share": {"assembly": 0.5, "diffuse": 0.2, "spontaneous": 0.3}}})
    sim.places.scope[0] = SCOPES.index("place")
    step(sim, "measures", 3)
    practices, instances = sim.practices, sim.instances
    assert len(practices) == len(instances) == n
    spread = stats.norm(0.3, 0.5)
    clipped = 0.3 + 0.5 * np.clip(np.random.default_rng(1).standard_normal(400_000), -2.6, 1.4)  # -1 and 1
    for name, values in zip(CONTENTS, practices.content.T):
        wanted = clipped - (0.9 if name == "exchange" else 0.0)
        if name == "exchange":
            wanted = np.clip(-0.6 + 0.5 * np.random.default_rng(2).standard_normal(400_000), -1, 1)
        else:
            assert close((values < 0).sum(), n, spread.cdf(0.0))
            assert close((values == 1).sum(), n, spread.sf(1.0))
        assert values.mean() == pytest.approx(wanted.mean(), abs=4.5 * wanted.std() / math.sqrt(n))
    correlation = np.corrcoef(practices.content.T) - np.eye(len(CONTENTS))
    assert np.abs(correlation).max() < 4.5 / math.sqrt(n)
    found = np.bincount(practices.form, minlength=3)
    assert stats.chisquare(found, [0.5 * n, 0.2 * n, 0.3 * n]).pvalue > 1e-3
    assert (practices.origin == np.arange(n)).all()
    assert set(practices.parent) == {-1}
    assert set(practices.channel) == {REINVENTION}
    assert (set(practices.day), set(practices.place), set(practices.scope), set(practices.mass)) == ({3}, {0}, {1}, {1})
    np.testing.assert_array_equal(instances.content, practices.content[instances.practice])
    assert set(instances.beside) == {-1}  # nothing was in force when they were decided


@pytest.mark.parametrize("breadth", [1, 2, 3])
def test_a_new_practice_answers_one_to_so_many_needs_of_the_site(breadth):
    sim = in_motion(2000, measures={**INVENT, "fit_floor": 0.0, "reinvention": {**INVENT["reinvention"], "breadth": breadth}})
    lacks = np.zeros(10)
    lacks[[2, 5, 7]] = [1.0, 0.5, 1.0]  # food, construction, transport
    set_shortage(sim, lacks)
    step(sim, "measures")
    needs = [frozenset(k for k in row if k >= 0) for row in sim.practices.needs.tolist()]
    assert set().union(*needs) == {2, 5, 7}
    found = tallied([len(row) for row in needs])
    assert stats.chisquare([found[k] for k in range(1, breadth + 1)]).pvalue > 1e-3 if breadth > 1 else set(found) == {1}
    assert len({int(code) for code in sim.practices.family}) == len(set(needs))


def test_a_reinvention_notes_a_measure_beside_it():
    """One drawn from its place; where there is none, from a contact place; else none."""
    n = 600
    kinds = ["neighbourhood"] * (3 * n + 3)
    place_of = [0] * n + [1] * n + [2] * n + [0, 0, 3]
    sim = lab([(s, -1) for s in range(3 * n)], kinds, place_of=place_of, km=[0, 900, 3000, 905], measures=INVENT)
    rows = take(sim, [3 * n, 3 * n + 1, 3 * n + 2], **ALL)
    put(sim, np.arange(3 * n), IN_STRUGGLE)
    contest(sim, np.arange(3 * n))
    set_shortage(sim, 1.0)
    step(sim, "measures")
    beside = {place: tallied(sim.instances.beside[3:][sim.instances.place[3:] == place]) for place in range(3)}
    assert close(beside[0][rows[0]], n, 0.5)
    assert beside[0][rows[0]] + beside[0][rows[1]] == n
    assert beside[1] == {rows[2]: n}
    assert beside[2] == {-1: n}
    assert set(sim.instances.parent[3:]) == {-1}


# --- what is taken up, and what changes ---


def test_an_adoption_takes_the_content_as_it_is_now():
    sim = in_motion(200, measures=ADOPT)
    sim.sites.mode[0], sim.sites.struggle[0] = COMMODITY, -1
    put(sim, [0], ROUTINE)
    row = take(sim, 0, needs=("food",), form=2, **ALL)[0]
    sim.instances.content[row] = now = np.linspace(0.2, 0.9, 8, dtype=np.float32)
    step(sim, "measures")
    assert len(sim.instances) > 100
    new = slice(1, None)
    assert set(sim.instances.practice[new]) == {0}
    np.testing.assert_array_equal(sim.instances.content[new], np.tile(now, (len(sim.instances) - 1, 1)))
    np.testing.assert_array_equal(sim.practices.content[0], np.ones(8))
    assert set(sim.instances.parent[new]) == {row}
    assert set(sim.instances.channel[new]) == {ADOPTION}


def test_an_adaptation_is_a_child_that_varies_around_its_source():
    n = 3000
    sim = in_motion(n + 1, measures={**ADOPT, "adaptation": {"share": 1.0, "content_sd": 0.1}})
    sim.sites.mode[n], sim.sites.struggle[n] = COMMODITY, -1
    put(sim, [n], ROUTINE)
    which = practice(sim, needs=("textiles",), form=1, mass=1, hierarchy=1.0)
    take(sim, n, which=which)
    sim.instances.content[0, :] = 0.25
    sim.instances.content[0, CONTENTS.index("hierarchy")] = 0.95
    sim.places.scope[0] = SCOPES.index("place")
    step(sim, "measures", 2)
    children = np.arange(1, len(sim.practices))
    table = sim.practices
    assert children.size > 0.8 * n
    assert set(table.parent[children]) == {which}
    assert set(table.origin[children]) == {which}
    assert set(table.channel[children]) == {ADAPTATION}
    assert (set(table.form[children]), set(table.day[children]), set(table.scope[children])) == ({1}, {2}, {SCOPES.index("place")})
    changes = table.content[children] - 0.25
    for name, values in zip(CONTENTS, changes.T):
        if name != "hierarchy":
            assert values.mean() == pytest.approx(0.0, abs=4.5 * 0.1 / math.sqrt(children.size))
            assert values.std() == pytest.approx(0.1, rel=4.5 / math.sqrt(2 * children.size))
    assert table.content.max() == 1.0
    # its largest open need is food, which joins textiles, or takes its place: the only need there was cannot be dropped
    assert {frozenset(row) for row in table.needs[children].tolist()} == {frozenset({3, 2, -1}), frozenset({2, -1})}
    assert set(sim.instances.parent[1:]) == {0}


def test_a_broadcast_practice_has_no_example():
    law = {**ONE_CHANNEL, "broadcast": {"enabled": True, "rate": 1000.0, "practice": {"needs": ["food", "trade"], "content": {"hierarchy": -1.0}}}}
    sim = in_motion(50, measures=law)
    assert len(sim.practices) == 1
    step(sim, "measures")
    assert tallied(sim.instances.channel) == {BROADCAST: 50}
    assert (set(sim.instances.practice), set(sim.instances.parent)) == ({0}, {-1})
    assert sim.practices.needs[0].tolist() == [2, 6, -1]
    assert sim.instances.content[:, CONTENTS.index("hierarchy")].tolist() == [-1.0] * 50


def test_a_broadcast_goes_on_in_a_branch_as_the_same_practice():
    sim = cz.Simulation(lively(**{"measures.broadcast.enabled": True}), seed=3, threads=1).run(8)
    again = sim.branch({"measures.broadcast.rate": 0.3}).run(6)
    assert (again.practices.channel == BROADCAST).sum() == 1
    late = cz.Simulation(lively(), seed=3, threads=1).run(8).branch({"measures.broadcast.enabled": True}).run(6)
    assert (late.practices.channel == BROADCAST).sum() == 1
    assert late.practices.day[late.practices.channel == BROADCAST].tolist() == [8]
    assert np.all(np.diff(late.practices.day) >= 0)


# --- the collective, and the days between a decision and a beginning ---


@pytest.mark.parametrize(("form", "delay"), [("assembly", 3), ("diffuse", 1), ("spontaneous", 0)])
def test_a_form_delays_and_sizes_the_beginning(form, delay):
    law = {
        **ADOPT, "form": {"delay_days": {"assembly": 3, "diffuse": 1, "spontaneous": 0}, "size": {"assembly": 1.0, "diffuse": 0.3, "spontaneous": 0.7}},
    }  # fmt: skip
    per_site, n = 40, 60
    sim = in_motion(n, per_site, measures=law)
    sim.sites.mode[0], sim.sites.struggle[0] = COMMODITY, -1
    put(sim, range(per_site), ROUTINE)
    take(sim, 0, form=FORMS.index(form), **ALL)
    days = []
    for day in range(delay + 2):
        step(sim, "measures", day)
        days.append(int((sim.instances.began == day).sum()))
    first = days[delay]
    assert first > 30  # those who decided on day 0
    assert days[:delay] == [0] * delay
    size = {"assembly": 1.0, "diffuse": 0.3, "spontaneous": 0.7}[form]
    begun = sim.instances.began == delay
    assert close(sim.instances.founders[begun].sum(), first * per_site, size)
    assert set(sim.instances.channel[begun]) == {ADOPTION}
    assert_counted(sim)


@pytest.mark.parametrize(
    ("hierarchy", "advantage", "days"), [(-1.0, 0.0, 3.0), (-1.0, 1.0, 1.5), (-0.5, 4.0, 1.0), (-0.5, 0.5, 2.4), (-1.0, 10.0, 3 / 11), (0.8, 10.0, 3.0)])  # fmt: skip
@pytest.mark.parametrize("invented", [True, False])
def test_command_founds_quicker_where_it_has_an_advantage(hierarchy, advantage, days, invented):
    """The delay of the form is divided by 1 + advantage * -c and rounded by a draw; c is the content with which the measure begins."""
    n = 1500
    form = {"delay_days": dict.fromkeys(FORMS, 3), "size": dict.fromkeys(FORMS, 1.0)}
    law = {**(INVENT if invented else ONE_CHANNEL), "form": form, "command_advantage": advantage}
    if invented:
        law["reinvention"] = {"rate": 1000.0, "content_sd": 0.0, "content": {"hierarchy": hierarchy}}
    else:
        law["grafting"] = {"rate": 1000.0}
    sim = in_motion(n, 2, measures=law) if invented else grafted(n, law)
    if not invented:  # another content than the practice had when it arose
        sim.instances.content[0, CONTENTS.index("hierarchy")] = hierarchy
    before = len(sim.instances)
    step(sim, "measures", 0)
    decided, at_once = np.flatnonzero(sim.sites.decided >= 0), len(sim.instances) - before
    found = np.concatenate([sim.sites.decided_day[decided], np.zeros(at_once)])
    assert found.size > n - 10
    assert set(found) <= {math.floor(days), math.ceil(days)}
    assert close((found == math.ceil(days)).sum(), found.size, days % 1 or 1.0)


def grafted(n, law):
    """Sites in struggle whose members have all their ties inside, and a measure that they see."""
    members = [(site, -1) for site in range(n) for _ in range(2)] + [(n, -1)]
    sim = lab(members, ["neighbourhood"] * (n + 1), ties=[(2 * site, 2 * site + 1) for site in range(n)], measures=law)
    put(sim, range(2 * n), IN_STRUGGLE)
    contest(sim, range(n))
    take(sim, n, which=practice(sim, **ALL))
    return sim


def test_a_decision_is_forgotten_where_the_struggle_is_gone_by_then():
    law = {**ADOPT, "critical_mass": 3.0, "form": {**AT_ONCE, "delay_days": dict.fromkeys(FORMS, 2)}}
    sim = in_motion(30, 6, measures=law)
    sim.sites.mode[0], sim.sites.struggle[0] = COMMODITY, -1
    put(sim, range(6), ROUTINE)
    take(sim, 0, which=practice(sim, mass=3, **ALL), people=[[0, 1, 2]])
    step(sim, "measures", 0)
    decided = np.flatnonzero(sim.sites.decided >= 0)
    assert decided.size > 20
    quiet, few, ready = decided[:5], decided[5:10], decided[10:]
    sim.sites.mode[quiet], sim.sites.struggle[quiet] = COMMODITY, -1
    for site in few:
        put(sim, np.flatnonzero(sim.people.home == site)[:4], ROUTINE)
    step(sim, "measures", 1)
    assert not (sim.instances.began == 1).any()
    sim.sites.mode[decided[0]] = COMMODITY
    step(sim, "measures", 2)
    assert sim.instances.site[sim.instances.began == 2].tolist() == ready.tolist()
    assert (sim.sites.decided[[*quiet, *few]] == -1).all()


def test_founders_leave_the_struggle_and_stay_members_of_all_their_sites():
    sim = lab([(0, 1)] * 10 + [(0, -1)] * 5, ["neighbourhood", "workplace"], measures=INVENT)
    put(sim, range(12), IN_STRUGGLE)
    contest(sim, [1])
    step(sim, "measures")
    assert sim.sites.mode.tolist() == [COMMODITY, TAKEN]
    assert sim.people.activity.tolist() == [IN_MEASURE] * 10 + [IN_STRUGGLE] * 2 + [ROUTINE] * 3
    assert sim.sites.participants.tolist() == [10, 10]
    assert sim.sites.active.tolist() == [2, 0]
    assert sim.instances.founders.tolist() == sim.instances.peak.tolist() == [10]
    assert sim.instances.struggle.tolist() == [0]
    assert sim.sites.struggle.tolist() == [-1, 0]  # the struggle carries it
    assert_counted(sim)


@pytest.mark.parametrize("mode", [COMMODITY, CONTESTED, TAKEN, 3, 4])
@pytest.mark.parametrize("required", [True, False])
def test_where_a_measure_can_be_founded(mode, required):
    sim = in_motion(1, 8, measures={**INVENT, "requires_struggle": required, "critical_mass": 4.0})
    sim.sites.mode[0] = mode
    if mode == TAKEN:
        take(sim, 0)
    if not required:
        put(sim, range(8), ROUTINE)  # a quiet site can found, too: its eligible members are the collective
    before = len(sim.instances)
    step(sim, "measures")
    can = mode == CONTESTED or (mode == COMMODITY and not required)
    assert len(sim.instances) - before == can
    if can:
        assert sim.sites.participants[0] == (8 if required else 4)


def test_no_measure_without_a_collective():
    sim = in_motion(300, 3, measures={**INVENT, "critical_mass": 4.0})
    step(sim, "measures")
    assert len(sim.instances) == 0


# --- scale ---


@pytest.mark.parametrize(("people", "scale", "agents"), [(25.0, 10.0, 2.5), (6.0, 1.0, 6.0), (7.0, 10.0, 1.0), (4.0, 16.0, 1.0)])
def test_the_critical_mass_in_agents_is_rounded_by_a_draw_of_each_practice(people, scale, agents):
    sim = in_motion(900, 12, scale=scale, measures={**INVENT, "critical_mass": people})
    step(sim, "measures")
    mass = sim.practices.mass.astype(float)
    assert mass.size == 900
    assert set(mass) <= {max(1, math.floor(agents)), max(1, math.ceil(agents))}
    assert close((mass == math.ceil(agents)).sum(), 900, agents % 1 or 1.0)
    assert sim.series.sizes["day"] == 0


@pytest.mark.parametrize(("mass", "scale", "noted"), [(6.0, 1.0, False), (6.0, 2.0, False), (6.0, 2.5, True), (2.0, 1.0, True)])
def test_a_critical_mass_of_few_agents_is_noted(mass, scale, noted):
    sim = in_motion(1, 3, scale=scale, measures={"critical_mass": mass, "seed": [{"day": 0, "needs": ["food"], "critical_mass": 2.5}]})
    notes = mechanism_of(sim, "measures").notes(sim.state)
    assert any(note.startswith("measures.critical_mass:") for note in notes) == noted
    assert any(note.startswith("measures.seed[0].critical_mass: 2.5 people") for note in notes)
    assert all(note in sim.notes() for note in notes)


# --- memory ---


@pytest.mark.parametrize("age", [1, 30, 90])
def test_a_place_remembers_the_last_measure_with_a_half_life(age):
    n = 3000
    law = {**ADOPT, "adoption": {"rate": 0.7, "exponent": 1.0, "half_exposure": 1.0, "with_fit": False}}
    sim = in_motion(n, measures={**law, "exposure": {"memory_half_life_days": 30.0, "memory": 2.0}})
    which, row = practice(sim, **ALL), sim.instances.grow(1)
    sim.instances.practice[row], sim.instances.ended[row], sim.instances.content[row] = which, 10, 1.0
    sim.places.remembered[0] = row
    step(sim, "measures", 10 + age)
    e = 2.0 * 2 ** (-age / 30)
    assert close(len(sim.instances) - 1, n, 1 - math.exp(-0.7 * e / (1 + e)))
    assert set(sim.instances.parent[1:]) == {row}


# --- seeds ---


def seeded(n_places=3, n_people=10, position=None, scale=1.0, start=None, **seed):
    """A quiet society in which a seed on day 0 is all that happens; of four sites of a place two are workplaces."""
    kinds, place_of, members = [], [], []
    for place in range(n_places):
        first = len(kinds)
        kinds += ["neighbourhood", "neighbourhood", "workplace", "campus"]
        place_of += [place] * 4
        members += [(first + k % 2, first + 2 + k % 2) for k in range(n_people)]
    seed = {"needs": ["food"], **({} if "date" in seed else {"day": 0}), **seed}
    law = {"critical_mass": 3.0, "reinvention": OFF, "grafting": OFF, "adoption": OFF, "seed": [seed]}
    return lab(members, kinds, place_of=place_of, position=position, scale=scale, start=start, measures=law)


def test_a_seed_begins_its_measures_with_their_people():
    sim = seeded(count=2, people=4.0, kind="neighbourhood", content={"gender": 0.5}, form="assembly", what="a strike kitchen").run(2)
    instances = sim.instances
    assert len(instances) == 2
    assert tallied(instances.channel) == {SEEDED: 2}
    assert set(instances.practice) == {0}
    assert instances.founders.tolist() == [4, 4]
    assert instances.began.tolist() == [0, 0]  # whatever its form, it is there on its day
    assert sim.practices.content[0].tolist() == [0.5 if name == "gender" else 0.0 for name in CONTENTS]
    assert sim.places.participants.sum() == 8
    assert_counted(sim)


def test_a_seed_asks_for_no_more_people_than_there_are():
    sim = seeded(count=6, people=7.0, kind="neighbourhood").run(1)
    assert sim.instances.founders.tolist() == [5] * 6


@pytest.mark.parametrize("kind", ["neighbourhood", "workplace", "campus"])
def test_a_seed_at_a_kind_of_site_of_a_place(kind):
    sim = seeded(place="p1", kind=kind).run(1)
    site = int(sim.instances.site[0])
    assert sim.sites.place[site] == 1
    assert sim.sites.kind[site] == {"neighbourhood": 3, "workplace": 0, "campus": 2}[kind]
    assert sim.practices.place[0] == 1


def test_a_seed_begins_on_its_day_or_date():
    for sim in (seeded(day=4), seeded(date=datetime.date(2006, 3, 5), start=datetime.date(2006, 3, 1))):
        sim.run(4)
        assert len(sim.instances) == 0
        sim.run(2)
        assert sim.instances.began.tolist() == [4]


def test_more_than_there_are_sites_is_noted():
    sim = seeded(place="p1", kind="neighbourhood", count=5).run(2)
    assert len(sim.instances) == 2
    assert sim.notes()[-1] == "measures.seed[0]: 2 of 5 begun, as no more sites of kind neighbourhood were free in p1"
    nowhere = seeded(kind="farm", count=1).run(1)
    assert len(nowhere.instances) == len(nowhere.practices) == 0
    assert nowhere.notes()[-1].startswith("measures.seed[0]: 0 of 1 begun")


def test_a_seed_at_sites_named_by_row():
    sim = seeded(sites=[9, 2, 4]).run(1)
    assert sim.instances.site.tolist() == [2, 4, 9]
    taken = seeded(sites=[2, 3])
    taken.sites.mode[2] = 3  # abandoned
    taken.run(1)
    assert taken.instances.site.tolist() == [3]
    assert taken.notes()[-1].startswith("measures.seed[0]: 1 of 2 begun")
    with pytest.raises(cz.InputError, match="rows of sites, 0 to 11") as error:
        seeded(sites=[2, 12])
    assert error.value.path == "measures.seed[0].sites"


def test_each_seeded_instance_may_be_a_practice_of_its_own():
    for distinct, practices in ((False, 1), (True, 4)):
        sim = seeded(count=4, distinct=distinct).run(1)
        assert (len(sim.instances), len(sim.practices)) == (4, practices)
        assert sorted(set(sim.instances.practice)) == list(range(practices))


def test_contested_sites_come_first_and_those_with_most_people_in_struggle_before():
    sim = lab([(site, -1) for site in range(30) for _ in range(6)], ["neighbourhood"] * 30, measures={"seed": [{"needs": ["food"], "day": 0, "count": 4}]})
    put(sim, [6 * 7 + k for k in range(3)] + [6 * 12 + k for k in range(5)] + [6 * 20 + k for k in range(4)] + list(range(6)), IN_STRUGGLE)
    contest(sim, [7, 12, 20])
    step(sim, "measures")
    chosen = set(sim.instances.site.tolist())
    assert {7, 12, 20} < chosen
    assert len(chosen) == 4


def test_seeded_sites_are_drawn_uniformly():
    found = np.zeros(12, int)
    for seed in range(60):
        sim = lab([(s, -1) for s in range(12)], ["neighbourhood"] * 12, seed=seed, measures={"seed": [{"needs": ["food"], "day": 0, "count": 3}]})
        step(sim, "measures")
        found[sim.instances.site] += 1
    assert stats.chisquare(found).pvalue > 1e-3


def test_a_seed_takes_nobody_who_does_not_take_part():
    sim = seeded(n_places=1, n_people=10, position=["owner"] * 7 + ["stable"] * 3, kind="neighbourhood", count=2).run(1)
    assert set(np.flatnonzero(sim.people.activity == IN_MEASURE)) == {7, 8, 9}


def test_people_of_a_seed_are_divided_by_the_scale():
    asked = lab([(0, -1)] * 40, ["neighbourhood"], scale=10.0, measures={"seed": [{"needs": ["food"], "day": 0, "people": 120.0}]}).run(1)
    assert asked.instances.founders.tolist() == [12]
    assert float(asked.series.participants.sum()) == 120.0


# --- splitting a practice into identical labels changes no total ---


def test_splitting_a_practice_into_identical_labels_changes_no_total():
    """`rules.md` section 5, through the public run: five measures of one practice, or of five with the same needs and contents."""
    runs = []
    for distinct in (False, True):
        given = lively(**MANY_MEASURES).replace({
            "measures.seed[0].count": 6, "measures.seed[0].distinct": distinct, "measures.adaptation.share": 0.1, "measures.reinvention.rate": 0.05,
            "measures.adoption.division": 0.0,
        })  # fmt: skip
        runs.append(cz.Simulation(given, seed=5, threads=1).run(40))
    one, split = runs
    for name in ("instances", "participants", "foundings", "endings", "active", "instances_by_channel", "rallied", "generalisation_number"):
        np.testing.assert_array_equal(one.series[name], split.series[name], name)
    channels = one.series.foundings.sum("day")
    assert min(int(channels.sel(channel=name)) for name in ("adoption", "adaptation", "grafting", "rallying")) > 5
    assert len(split.practices) == len(one.practices) + 5
    for column in ("site", "parent", "began", "ended", "cause", "channel", "founders", "peak", "person_days", "content"):
        np.testing.assert_array_equal(getattr(one.instances, column), getattr(split.instances, column), column)
    more = split.series.hill_0.values - one.series.hill_0.values
    assert more.min() == 0
    assert (more > 0).sum() > 20


# --- resonance ---


def test_resonance_counts_others_in_the_place_in_contact_and_linked_places_and_ties():
    """Instances in contact places by contact, in linked places whole, ties as their share, and not the instance itself."""
    people = [(0, -1), (0, -1), (1, -1), (2, -1), (2, -1), (3, -1)]
    sim = lab(people, ["neighbourhood"] * 4, place_of=[0, 1, 2, 0], km=[0, 10, 50], ties=[(0, 2), (0, 1), (3, 4), (1, 3)],
              measures={**ONE_CHANNEL, "exposure": {"resonance_scale": 2.5}})  # fmt: skip
    rows = take(sim, [0, 1, 3], people=[[0], [2], [5]], **ALL)
    contact = sim.society.contact
    pairs = list(zip(np.repeat(np.arange(3), np.diff(contact.offsets)).tolist(), contact.neighbours.tolist()))
    weight = dict(zip(pairs, contact.weights))
    sim.state.contacts.linked[pairs.index((0, 1))] = 1  # seen from place 0 alone
    step(sim, "measures")
    # site 0: four ends of ties of its two members, one of which leads to somebody in a measure who is no member; site 1: one of one
    exposures = [1 + weight[0, 1] + 1.0 + 1 / 4, 2 * weight[1, 0] + 1 / 1, 1 + weight[0, 1] + 1.0]
    wanted = [1 - math.exp(-e / 2.5) for e in exposures]
    np.testing.assert_allclose(sim.instances.resonance[rows], wanted, rtol=1e-6)
    assert sim.state.days.resonance[0] == pytest.approx(np.mean(wanted), rel=1e-6)
    alone = lab([(0, -1)], ["neighbourhood"], measures=ONE_CHANNEL)
    take(alone, 0, people=[[0]], **ALL)
    alone.run(1)
    assert alone.series.resonance.values.tolist() == [0.0]
    assert np.isnan(lab([(0, -1)], ["neighbourhood"], measures=ONE_CHANNEL).run(1).series.resonance.values).all()


# --- co-ordination and links ---


def places_with(counts, km=None, **law):
    """Places with so many measures each, all in contact."""
    place_of = [place for place, n in enumerate(counts) for _ in range(max(1, n))]
    sim = lab([(s, -1) for s in range(len(place_of))], ["neighbourhood"] * len(place_of), place_of=place_of, km=km,
              measures={**ONE_CHANNEL, "coordination": {"instances": 3, "rate_link": 0.4, **law}})  # fmt: skip
    taken = [site for site, place in enumerate(place_of) if counts[place]]
    if taken:
        take(sim, taken)
    return sim


def linked_pairs(sim):
    contact, n = sim.society.contact, len(sim.places)
    ends = np.repeat(np.arange(n), np.diff(contact.offsets))
    return {(int(p), int(q)) for p, q, on in zip(ends, contact.neighbours, sim.state.contacts.linked) if on}


def test_places_co_ordinate_from_a_number_of_measures_on():
    sim = places_with([0, 2, 3, 5], rate_link=0.0)
    step(sim, "measures")
    assert sim.places.scope.tolist() == [0, 0, 1, 1]
    assert linked_pairs(sim) == set()


def test_links_arise_between_places_that_co_ordinate_at_their_rate():
    n = 70
    sim = places_with([3] * n + [2] * 5, km=np.zeros(n + 5) + np.arange(n + 5), rate_link=0.4)
    step(sim, "measures")
    pairs = linked_pairs(sim)
    assert {(q, p) for p, q in pairs if (q, p) not in pairs} <= {(q, p) for p, q in pairs}
    assert max(max(pair) for pair in pairs) < n
    contact = sim.society.contact
    ends = np.repeat(np.arange(n + 5), np.diff(contact.offsets))
    possible = {(int(p), int(q)) for p, q in zip(ends, contact.neighbours) if p < n and q < n}
    both = {(min(pair), max(pair)) for pair in possible}
    assert close(len({(min(pair), max(pair)) for pair in pairs}), len(both), 1 - math.exp(-0.4))
    for p, q in pairs:  # a pair in contact either way is linked either way: one draw of the pair
        assert ((q, p) in pairs) == ((q, p) in possible)
    assert all(sim.places.scope[p] == SCOPES.index("between_places") for p, _ in pairs)


def test_links_last_until_one_place_ceases_to_co_ordinate():
    sim = places_with([3, 3, 4], rate_link=1000.0)
    step(sim, "measures")
    assert len(linked_pairs(sim)) == 6
    sim.sites.mode[0], sim.sites.instance[0] = COMMODITY, -1  # of the first place
    step(sim, "measures", 1)
    assert linked_pairs(sim) == {(1, 2), (2, 1)}
    assert sim.places.scope.tolist() == [0, 2, 2]
    sim.sites.mode[:], sim.sites.instance[:] = COMMODITY, -1
    step(sim, "measures", 2)
    assert (linked_pairs(sim), sim.places.scope.tolist()) == (set(), [0, 0, 0])


def test_outputs_count_links_and_places_that_co_ordinate():
    sim = places_with([3, 3, 1], rate_link=1000.0)
    sim.run(1)
    assert sim.series.co_ordinated_places.values.tolist() == [2]
    assert sim.series.links.values.tolist() == [2]
    assert sim.series.instances.values.tolist() == [[3, 3, 1]]
    assert sim.series.practices.values.tolist() == [1]
