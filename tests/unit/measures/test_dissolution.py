"""Why measures end: each hazard alone, all in competition, and what becomes of people, sites, places and struggles."""

import math

import numpy as np
import pytest
from measure_labs import assert_counted, close, contest, lab, practice, put, step, take, tallied
from scipy import stats

from communize.declare.registry import (
    BELOW_MASS,
    CAUSES,
    COMMODITY,
    CONTENTS,
    EBB,
    EVICTION,
    IN_FORCE,
    IN_MEASURE,
    IN_STRUGGLE,
    ISOLATION,
    NEED,
    OTHER_MEASURE,
    ROUTINE,
    SPENT,
    TAKEN,
)  # fmt: skip
from communize.mechanisms.measures import dissolution

NOTHING = dict.fromkeys(("spent", "isolation", "need", "ebb", "other_measure"), 0.0)
ALL = dict.fromkeys(CONTENTS, 1.0)
N = 2400


def lonely(n=N, *, per_site=1, day=1, society=None, **law):
    """As many places out of contact, each with one measure in which all of its people take part."""
    km = np.linspace(0, 5000, n)
    sim = lab(
        [(s, -1) for s in range(n) for _ in range(per_site)], ["neighbourhood"] * n, place_of=list(range(n)), km=km,
        on=("dissolution",), dissolution={**NOTHING, **law}, society={"contact": {"neighbours": 0}, **(society or {})})  # fmt: skip
    take(sim, np.arange(n), people=[range(s * per_site, (s + 1) * per_site) for s in range(n)], **ALL)
    sim.state.day = day
    return sim


def causes_after(sim, day=1):
    step(sim, "dissolution", day)
    return np.bincount(sim.instances.cause, minlength=len(CAUSES))


# --- each hazard ---


def test_without_hazards_nothing_ends():
    assert causes_after(lonely()).tolist() == [N] + [0] * (len(CAUSES) - 1)


@pytest.mark.parametrize(("horizon", "coverage"), [(0.0, 0.5), (0.5, 0.0), (0.5, 0.8), (1.0, 1.0)])
def test_spent_falls_with_success(horizon, coverage):
    sim = lonely(spent=0.7)
    sim.places.horizon[:], sim.sites.coverage[:] = horizon, coverage
    found = causes_after(sim)
    assert close(found[SPENT], N, 1 - math.exp(-0.7 * (1 - horizon * coverage)))
    assert found[SPENT] + found[IN_FORCE] == N


@pytest.mark.parametrize("coverage", [0.0, 0.3, 1.0])
def test_need_ends_what_does_not_cover(coverage):
    sim = lonely(need=0.9)
    sim.sites.coverage[:] = coverage
    found = causes_after(sim)
    assert close(found[NEED], N, 1 - math.exp(-0.9 * (1 - coverage)))
    assert found[NEED] + found[IN_FORCE] == N


def test_isolation_is_full_where_nobody_is_near():
    found = causes_after(lonely(isolation=0.6))
    assert close(found[ISOLATION], N, 1 - math.exp(-0.6))
    assert found[ISOLATION] + found[IN_FORCE] == N


@pytest.mark.parametrize("resonance", [0.0, 0.3, 1.0])
def test_isolation_falls_with_resonance(resonance):
    sim = lonely(isolation=0.9)
    sim.instances.resonance[:] = resonance
    found = causes_after(sim)
    assert close(found[ISOLATION], N, 1 - math.exp(-0.9 * (1 - resonance)))
    assert found[ISOLATION] + found[IN_FORCE] == N


@pytest.mark.parametrize(("others", "around"), [(0, 0), (3, 0), (0, 8), (5, 9), (10, 10)])
def test_ebb_ends_what_no_struggle_carries(others, around):
    """Half of what carries a measure is the share in motion of its place without itself, half that of contact places."""
    n, per_place = 700, 20
    homes = [2 * p for p in range(n)] + [2 * p + 1 for p in range(n) for _ in range(per_place - 1)]
    km = np.repeat(np.arange(n // 2), 2) * 3000.0 / n + np.tile([0, 0.5], n // 2)
    sim = lab([(home, -1) for home in homes], ["neighbourhood"] * (2 * n), place_of=[s // 2 for s in range(2 * n)], km=km, on=("dissolution",),
              dissolution={**NOTHING, "ebb": 0.8, "carrying_share": 0.6}, society={"contact": {"neighbours": 1, "cutoff_km": 1.0}})  # fmt: skip
    put(sim, [n + p * (per_place - 1) + k for p in range(n) for k in range(others if p % 2 == 0 else around)], IN_STRUGGLE)
    take(sim, 2 * np.arange(0, n, 2), people=[[p] for p in range(0, n, 2)], **ALL)  # in every other place
    found = causes_after(sim)
    carried = min(1.0, 0.5 * (others / per_place + around / per_place) / 0.6)
    assert close(found[EBB], n / 2, 1 - math.exp(-0.8 * (1 - carried)))


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_other_measures_carry_as_far_as_they_are_let(weight):
    """Places out of contact: the own place alone counts, without the measure's own people."""
    n, size = 900, 10
    homes = [2 * p for p in range(n) for _ in range(3)] + [2 * p + 1 for p in range(n) for _ in range(size - 3)]
    sim = lab([(home, -1) for home in homes], ["neighbourhood"] * (2 * n), place_of=[s // 2 for s in range(2 * n)], km=np.linspace(0, 5000, n),
              on=("dissolution",), dissolution={**NOTHING, "ebb": 0.7, "carrying_share": 0.6, "measures_carry": weight},
              society={"contact": {"neighbours": 0}})  # fmt: skip
    inside = [np.flatnonzero(np.array(homes) == 2 * p) for p in range(n)]
    elsewhere = 3 * n + np.arange(n) * (size - 3)  # one of each place takes part far away, one is in struggle
    take(sim, 2 * np.arange(n), people=inside, **ALL)
    put(sim, elsewhere, IN_MEASURE, 0)
    put(sim, elsewhere + 1, IN_STRUGGLE)
    step(sim, "dissolution", 1)
    carried = min(1.0, (1 + weight) / size / 0.6)
    others = sim.instances.cause[1:]  # the first site counts those who joined it from everywhere
    assert close((others == EBB).sum(), n - 1, 1 - math.exp(-0.7 * (1 - carried)))


def test_a_carrying_share_of_nothing_carries_always():
    assert causes_after(lonely(ebb=5.0, carrying_share=0.0))[EBB] == 0


@pytest.mark.parametrize(("hierarchy", "advantage"), [(0.0, 0.0), (-0.5, 0.0), (-0.5, 3.0), (0.8, 3.0)])
def test_eviction_has_the_hazard_of_the_place_and_command_may_resist(hierarchy, advantage):
    sim = lonely(command_advantage=advantage)
    sim.places.eviction[:] = 0.8
    sim.instances.content[:, CONTENTS.index("hierarchy")] = hierarchy
    found = causes_after(sim)
    assert close(found[EVICTION], N, 1 - math.exp(-0.8 / (1 + advantage * max(0.0, -hierarchy))))
    assert found[EVICTION] + found[IN_FORCE] == N


@pytest.mark.parametrize("loss", [0.0, 0.02, 0.5])
def test_eviction_lowers_the_belonging_of_participants_and_no_other_ending_does(loss):
    sim = lonely(n=600, per_site=2, spent=0.7, eviction_loss=loss)
    sim.places.horizon[:], sim.places.eviction[:] = 0.0, 0.7
    sim.people.belonging[:], sim.people.belonging[0] = 0.3, -0.9
    causes_after(sim)
    cause = np.repeat(sim.instances.cause, 2)
    assert {SPENT, EVICTION, IN_FORCE} <= set(cause.tolist())
    before = np.full(1200, 0.3)
    before[0] = -0.9
    np.testing.assert_allclose(sim.people.belonging, np.maximum(-1, before - loss * (cause == EVICTION)), atol=1e-6)


def test_causes_compete_in_proportion_to_their_hazards():
    sim = lonely(spent=0.1, isolation=0.3, need=0.4, ebb=0.15)
    sim.places.horizon[:], sim.sites.coverage[:], sim.places.eviction[:] = 0.5, 0.5, 0.25
    found = causes_after(sim)
    hazards = {SPENT: 0.1 * 0.75, ISOLATION: 0.3, NEED: 0.4 * 0.5, EBB: 0.15, EVICTION: 0.25}
    total = sum(hazards.values())
    ended = N - found[IN_FORCE]
    assert close(ended, N, 1 - math.exp(-total))
    assert stats.chisquare([found[cause] for cause in hazards], [h / total * ended for h in hazards.values()]).pvalue > 1e-3


def test_an_ending_in_two_days_is_two_draws():
    sim = lonely(spent=0.5)
    sim.places.horizon[:] = 0.0
    step(sim, "dissolution", 1)
    step(sim, "dissolution", 2)
    ended = sim.instances.ended
    assert close((ended == 1).sum(), N, 1 - math.exp(-0.5))
    assert close((ended == 2).sum(), (ended != 1).sum(), 1 - math.exp(-0.5))


# --- opposed measures ---


def opposition(measures):
    """How far each of (chi, participants) of one place meets others of the opposed sign."""
    found = []
    for chi, people in measures:
        others = [(other, n) for other, n in measures if other * chi < 0]
        whole = people + sum(n for _, n in others)
        found.append(sum(math.sqrt(-chi * other) * n for other, n in others) / whole if whole else 0.0)
    return found


def test_opposed_measures_of_a_place_end_one_another():
    """Three measures in each of many places; those of the same sign, and those of other places, do nothing."""
    n, sizes, chis = 900, (6, 3, 1), (0.8, -0.6, 0.4)
    km = np.linspace(0, 5000, n)
    homes = [3 * p + k for p in range(n) for k in range(3) for _ in range(sizes[k])]
    sim = lab([(home, -1) for home in homes], ["neighbourhood"] * (3 * n), place_of=[s // 3 for s in range(3 * n)], km=km,
              on=("dissolution",), dissolution={**NOTHING, "other_measure": 2.0}, society={"contact": {"neighbours": 0}})  # fmt: skip
    rows = take(sim, np.arange(3 * n), people=[np.flatnonzero(np.array(homes) == s) for s in range(3 * n)])
    sim.instances.character_met[rows] = np.tile(chis, n)
    step(sim, "dissolution", 1)
    wanted = opposition(list(zip(chis, sizes)))
    assert wanted == pytest.approx([0.48**0.5 * 3 / 9, (0.48**0.5 * 6 + 0.24**0.5) / 10, 0.24**0.5 * 3 / 4])
    for kind, hazard in enumerate(wanted):
        causes = sim.instances.cause[rows[kind::3]]
        assert set(causes) <= {IN_FORCE, OTHER_MEASURE}
        assert close((causes == OTHER_MEASURE).sum(), n, 1 - math.exp(-2.0 * hazard))


def test_measures_without_character_do_not_stand_between_opposed_ones():
    """A large measure whose chi is 0 is on neither side: the other two meet as if it were not there."""
    chi, people, out = np.array([0.8, -0.8, 0.0], np.float32), np.array([1, 1, 8], np.int32), np.empty(3)
    dissolution.opposition(np.array([0, 3]), np.arange(3), np.arange(3), people, chi, out)
    assert out == pytest.approx([0.4, 0.4, 0.0])


@pytest.mark.parametrize("chis", [(0.9, 0.5), (-0.9, -0.5), (0.0, 0.9), (0.0, 0.0)])
def test_measures_that_are_not_opposed_leave_one_another_alone(chis):
    sim = lab([(0, -1), (1, -1)], ["neighbourhood"] * 2, on=("dissolution",), dissolution={**NOTHING, "other_measure": 1e5})
    rows = take(sim, [0, 1], people=[[0], [1]])
    sim.instances.character_met[rows] = chis
    assert causes_after(sim).tolist() == [2] + [0] * (len(CAUSES) - 1)


def test_contents_alone_oppose_nothing():
    """What counts is chi: two measures of opposed contents without resonance leave one another alone, with it they do not."""
    for resonance, ended in ((0.0, 0), (1.0, 2)):
        sim = lab([(0, -1), (1, -1)], ["neighbourhood"] * 2, on=("measures", "dissolution", "character"), dissolution={**NOTHING, "other_measure": 1e5})
        rows = take(sim, [0, 1], people=[[0], [1]])
        sim.instances.content[rows] = np.array([0.9, -0.9])[:, None]
        sim.instances.resonance[rows] = resonance
        step(sim, "character", 0)
        step(sim, "dissolution", 1)
        assert (sim.instances.cause[rows] == OTHER_MEASURE).sum() == ended


# --- below the critical mass ---


@pytest.mark.parametrize(("others", "inside", "holds"), [(0, 5, True), (0, 4, False), (1, 4, True), (1, 3, False), (0, 0, False)])
def test_below_its_mass_a_measure_ends_at_once(others, inside, holds):
    """A site of eight members, a practice that needs five: where others are in force in the place, four."""
    sim = lab([(0, -1)] * 8 + [(1, -1)] * 9, ["neighbourhood"] * 2, place_of=[0, 0], on=("dissolution",), dissolution=NOTHING)
    which = practice(sim, mass=5, **ALL)
    take(sim, [0, 1][: 1 + others], which=which, people=[range(inside), range(8, 17)][: 1 + others])
    causes = causes_after(sim)
    assert causes[BELOW_MASS] == (not holds)
    assert causes[IN_FORCE] == holds + others


def test_members_who_take_part_elsewhere_count_for_their_own_site():
    sim = lab([(0, 1)] * 5 + [(0, -1)] * 5, ["neighbourhood", "workplace"], on=("dissolution",), dissolution=NOTHING)
    take(sim, [0, 1], which=practice(sim, mass=5, **ALL), people=[range(10), []])
    assert sim.sites.participants.tolist() == [10, 5]
    assert causes_after(sim)[IN_FORCE] == 2


def test_a_measure_of_today_does_not_end_yet():
    for began, ends in ((3, False), (2, True)):
        sim = lab([(0, -1)] * 4, ["neighbourhood"], on=("dissolution",), dissolution={**NOTHING, "spent": 1e5})
        take(sim, 0, which=practice(sim, mass=9, **ALL), people=[[0]], began=began)
        step(sim, "dissolution", 3)
        assert (sim.instances.ended[0] == 3) == ends


# --- what an ending leaves ---


def test_people_go_on_at_a_site_of_theirs_that_is_in_force_or_back_to_routine():
    """The workplace falls below its mass; one of its people lives where a measure is in force."""
    sim = lab([(0, 2), (1, 2), (1, -1)], ["neighbourhood", "neighbourhood", "workplace"], place_of=[0, 0, 1], on=("dissolution",), dissolution=NOTHING)
    few, many = practice(sim, mass=1, **ALL), practice(sim, mass=4, **ALL)
    take(sim, [0, 2], which=[few, many], people=[[], [0, 1, 2]])
    contest(sim, [1])
    sim.sites.struggle[2] = 0
    step(sim, "dissolution", 6)
    assert sim.people.measure.tolist() == [0, -1, -1]
    assert sim.people.activity.tolist() == [IN_MEASURE, ROUTINE, ROUTINE]
    assert sim.sites.mode.tolist() == [TAKEN, 1, COMMODITY]
    assert (sim.sites.instance[2], sim.sites.struggle[2], sim.sites.began[2]) == (-1, -1, 6)
    assert sim.instances.ended.tolist() == [-1, 6]
    assert CAUSES[sim.instances.cause[1]] == "below_mass"
    assert sim.state.tally.ended[0].tolist() == [int(cause == "below_mass") for cause in CAUSES]
    assert_counted(sim)


def test_the_place_remembers_the_last_that_ended():
    sim = lab([(s, -1) for s in range(5)], ["neighbourhood"] * 5, place_of=[0, 0, 0, 1, 1], on=("dissolution",), dissolution={**NOTHING, "spent": 1e5})
    rows = take(sim, [2, 0, 1, 3], people=[[2], [0], [1], [3]], **ALL)
    sim.instances.began[rows[1]] = 4  # still too young
    assert sim.places.remembered.tolist() == [-1, -1]
    step(sim, "dissolution", 4)
    assert sim.places.remembered.tolist() == [rows[2], rows[3]]  # of several of one day, the one that began last
    step(sim, "dissolution", 5)
    assert sim.places.remembered.tolist() == [rows[1], rows[3]]


def test_peak_and_person_days_are_kept_to_the_last_day():
    sim = lab([(0, -1)] * 10, ["neighbourhood"], on=("dissolution",), dissolution=NOTHING)
    take(sim, 0, which=practice(sim, mass=2, **ALL), people=[range(4)])
    for day, inside in enumerate((4, 7, 3, 1), 1):
        put(sim, range(10), ROUTINE)
        put(sim, range(inside), IN_MEASURE, 0)
        step(sim, "dissolution", day)
    assert sim.instances.peak.tolist() == [7]
    assert sim.instances.person_days.tolist() == [15]
    assert sim.instances.ended.tolist() == [4]


def test_an_ended_measure_leaves_its_struggle_to_end():
    """With dissolution and struggle at work: the struggle is over on the day after its last measure."""
    still = {"rate_joining": 0.0, "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "contested_people": 2.0, "contested_share": 0.2}
    sim = lab([(0, -1)] * 10, ["neighbourhood"], on=("dissolution", "struggle"), dissolution={**NOTHING, "spent": 1e5}, struggle=still)
    put(sim, range(10), IN_STRUGGLE)
    sim.step()
    assert sim.sites.struggle.tolist() == [0]
    put(sim, range(10), ROUTINE)
    take(sim, 0, people=[range(5)], began=1, struggle=0, **ALL)
    sim.step()  # it began today
    assert (sim.struggles.ended.tolist(), sim.struggles.participants.tolist()) == ([-1], [5])
    sim.step()
    assert sim.instances.ended.tolist() == [2]
    assert sim.struggles.ended.tolist() == [-1]
    sim.step()
    assert sim.struggles.ended.tolist() == [3]


def test_endings_are_counted_by_cause():
    sim = lonely(300, spent=0.4, need=0.4)
    found = causes_after(sim)
    assert sim.state.tally.ended[0].tolist() == [0, *found[1:]]
    assert tallied(sim.sites.mode) == {TAKEN: found[0], COMMODITY: 300 - found[0]}
