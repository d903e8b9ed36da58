"""Who founds what: exposure, hazards, thinning, and what new practices answer.

Oracles are written from `rules.md` section 5; frequencies are compared with the probabilities that it states.
"""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import oracles
import pytest
from measure_labs import close, contest, in_motion, lab, practice, put, set_shortage, sites_of, step, take, tallied
from scipy import stats

from communize.declare.registry import (
    ADAPTATION,
    ADOPTION,
    BROADCAST,
    CONTENTS,
    GRAFTING,
    IN_MEASURE,
    IN_STRUGGLE,
    REINVENTION,
    TAKEN,
)  # fmt: skip
from communize.kernels import decisions
from communize.mechanisms.measures import channels, founding, taking_part

ALL = dict.fromkeys(CONTENTS, 1.0)
HIERARCHY, THIN = CONTENTS.index("hierarchy"), channels.thin
# Adoption alone, of everything that is seen, at the hazard alpha * g(E) * fit
ONLY_ADOPTION = {
    "critical_mass": 1.0, "refusal_gain": 0.0, "need_gain": 0.0, "horizon_gain": 0.0, "fit_floor": 0.0, "reinvention": {"enabled": False},
    "adaptation": {"enabled": False}, "grafting": {"enabled": False}, "coordination": {"enabled": False},
}  # fmt: skip


def spied(sim, monkeypatch, day=0):
    """What `thin` was given on a day, by name, and the events that it returned."""
    seen = SimpleNamespace()

    def spy(found, sites, parts, hazards, openness, tied, *rest):
        seen.rows, seen.numbers, seen.parts, seen.hazards, seen.openness, seen.tied = (
            found[0].copy(), found[1].copy(), parts.copy(), hazards.copy(), openness.copy(), tied.copy())  # fmt: skip
        n = THIN(found, sites, parts, hazards, openness, tied, *rest)
        seen.events = rest[-1][:n].copy()
        return n

    monkeypatch.setattr(founding.channels, "thin", spy)
    step(sim, "measures", day)
    return seen


# --- exposure and hazards, against plain Python ---


def mixed(seed, **measures):
    """Five places with contested, taken and quiet sites, ties, links and memories."""
    rng = np.random.default_rng(seed)
    kinds = (["neighbourhood"] * 3 + ["workplace"] * 3) * 5
    place_of = [place for place in range(5) for _ in range(6)]
    n = 220
    homes, works = (np.flatnonzero(np.array(kinds) == kind) for kind in ("neighbourhood", "workplace"))
    people = [(int(rng.choice(homes)), int(rng.choice(works)) if rng.random() < 0.6 else -1) for _ in range(n)]
    law = {
        "reinvention": {"rate": 40.0}, "adoption": {"rate": 60.0, "exponent": 1.7, "half_exposure": 0.8}, "grafting": {"rate": 50.0},
        "broadcast": {"enabled": True, "rate": 30.0}, "critical_mass": 4.0, "coordination": {"enabled": False}, "fit_floor": 0.15,
        "refusal_gain": 0.4, "need_gain": 0.7, "horizon_gain": 0.9,
        "exposure": {"place": 0.5, "contact": 2.0, "links": 0.7, "ties": 3.0, "memory": 1.5, "memory_contact": 1.1, "memory_half_life_days": 40.0},
        **measures,
    }  # fmt: skip
    sim = lab(people, kinds, place_of=place_of, km=[0, 7, 30, 45, 100], ties=rng.integers(0, n, (500, 2)), measures=law)
    taken, rest = np.split(rng.permutation(30), [8])
    which = [practice(sim, needs=("food", "transport")[: 1 + k % 2], mass=2 + k % 3, **ALL) for k in range(3)]
    take(sim, taken, which=rng.choice(which, 8))
    sim.people.activity[:] = np.where(rng.random(n) < 0.4, IN_STRUGGLE, 0)
    inside = rng.permutation(n)[:40]
    sim.people.activity[inside], sim.people.measure[inside] = IN_MEASURE, rng.choice(taken, 40)
    put(sim, [], 0)
    for number, site in enumerate(rest[:14]):
        contest(sim, [site], number % 3)
    sim.struggles.refusals[:] = [0, 2, 5]
    sim.places.horizon[:] = rng.random(5)
    set_shortage(sim, rng.random(len(sim.society.sectors)))
    linked = sim.state.contacts.linked
    linked[:] = rng.random(linked.size) < 0.4
    ended = sim.instances.grow(3)
    sim.instances.ended[ended:], sim.instances.practice[ended:] = [60, 90, 20], which
    sim.places.remembered[[0, 2, 3]] = range(ended, ended + 3)
    return sim


def exposure(sim, site, day):
    """The six parts of the exposure of a site, from the definition."""
    p = next(m for m in sim.mechanisms if m.name == "measures").parameters.exposure
    people, sites, contact, ties = sim.people, sim.sites, sim.society.contact, sim.society.ties
    here = int(sites.place[site])
    count = [sum(sites.mode[s] == TAKEN and sites.place[s] == q for s in range(len(sites))) for q in range(len(sim.places))]
    row = range(contact.offsets[here], contact.offsets[here + 1])
    near = sum(contact.weights[j] * count[contact.neighbours[j]] for j in row)
    linked = sum(count[contact.neighbours[j]] for j in row if sim.state.contacts.linked[j])
    ends = [
        int(other) for person in range(len(people)) if site in sites_of(sim, person)
        for other in ties.neighbours[ties.offsets[person] : ties.offsets[person + 1]]
    ]  # fmt: skip
    into = sum(people.activity[other] == IN_MEASURE and site not in sites_of(sim, other) for other in ends)
    memory = [2 ** -((day - sim.instances.ended[gone]) / p.memory_half_life_days) if gone >= 0 else 0.0 for gone in sim.places.remembered.tolist()]
    elsewhere = sum(contact.weights[j] * memory[contact.neighbours[j]] for j in row)
    return [p.place * count[here], p.contact * near, p.links * linked, p.ties * into / len(ends) if ends else 0.0, p.memory * memory[here], p.memory_contact * elsewhere]


@pytest.mark.parametrize("seed", range(3))
def test_exposure_and_hazards_are_those_of_the_text(seed, monkeypatch):
    sim, day = mixed(seed), 100
    p = next(m for m in sim.mechanisms if m.name == "measures").parameters
    parts = {site: exposure(sim, site, day) for site in np.flatnonzero(sim.sites.mode == 1).tolist()}
    state = SimpleNamespace(**{name: getattr(sim.sites, name).tolist() for name in ("active", "eligible", "members", "struggle", "place")})
    horizon, sectors = sim.places.horizon.tolist(), sim.society.parameters.sectors.values()
    shortage = sim.state.provision.shortage[: len(sectors)].tolist()
    instances = np.bincount(sim.sites.place[sim.sites.mode == TAKEN], minlength=5)
    ties, people = sim.society.ties, sim.people

    def solidarity(site):
        ends = [(i, int(j)) for i in range(len(people)) if site in sites_of(sim, i) for j in ties.neighbours[ties.offsets[i] : ties.offsets[i + 1]]]
        return sum(site in sites_of(sim, j) for _, j in ends) / len(ends) if ends else 0.0

    def mass_of(site, mass):
        return mass if not instances[state.place[site]] else max(2, min(mass, math.ceil(state.members[site] / 2)))

    seen = spied(sim, monkeypatch, day)
    can = [site for site in parts if state.active[site] >= mass_of(site, 2)]  # the lowest mass of a practice in force is 2
    assert seen.rows.tolist() == can
    assert len(can) > 5
    for k, site in enumerate(can):
        assert seen.parts[k].tolist() == pytest.approx(parts[site])
        share = state.active[site] / state.eligible[site]
        weights = [sector.need + sector.struggle_need * share for sector in sectors]
        openness = [w * max(p.fit_floor, lack) for w, lack in zip(weights, shortage)]
        assert seen.openness[k].tolist() == pytest.approx([*openness, sum(openness)], rel=1e-6)
        lack = sum(w * lack for w, lack in zip(weights, shortage)) / sum(weights)
        ready = 1 + 0.4 * [0, 2, 5][state.struggle[site]] + 0.7 * lack + 0.9 * horizon[state.place[site]]
        e = sum(parts[site])
        wanted = [
            40.0 * sum(openness) / sum(weights) * ready if state.active[site] >= mass_of(site, 4) else 0.0,
            60.0 * (e / 0.8) ** 1.7 / (1 + (e / 0.8) ** 1.7) * ready if e > 0 else 0.0,
            50.0 * solidarity(site) * ready if e > 0 else 0.0,
            30.0,
        ]
        assert seen.hazards[k].tolist() == pytest.approx(wanted, rel=1e-6)


def test_each_weight_of_exposure_weighs_its_own_part_alone(monkeypatch):
    names = ("place", "contact", "links", "ties", "memory", "memory_contact")
    full = spied(mixed(1, exposure=dict.fromkeys(names, 1.0)), monkeypatch, 100)
    for number, name in enumerate(names):
        alone = spied(mixed(1, exposure={**dict.fromkeys(names, 0.0), name: 2.0}), monkeypatch, 100)
        here = dict(zip(alone.rows.tolist(), alone.parts))
        assert here
        for site, parts in zip(full.rows.tolist(), full.parts):
            if site in here:
                assert here[site][number] == pytest.approx(2 * parts[number])
                assert np.delete(here[site], number).tolist() == [0.0] * 5


# --- the probability of an adoption in a day ---

N_SITES = 4000


def adopters(alpha=0.9, **law):
    """One place of contested sites beside three measures of two practices: two of `a` (food), one of `b` (energy and transport)."""
    sim = lab(
        [(site, -1) for site in range(N_SITES + 3)], ["neighbourhood"] * (N_SITES + 3),
        measures={**ONLY_ADOPTION, "adoption": {"rate": alpha, "exponent": 1.5, "half_exposure": 2.0}, **law})  # fmt: skip
    a, b = practice(sim, needs=("food",), **ALL), practice(sim, needs=("energy_water", "transport"), **ALL)
    put(sim, np.arange(N_SITES), IN_STRUGGLE)
    contest(sim, np.arange(N_SITES))
    take(sim, range(N_SITES, N_SITES + 3), which=[a, a, b])
    set_shortage(sim, np.linspace(0.2, 1.0, len(sim.society.sectors)))
    return sim, a, b


def fit_of(sim, needs):
    """Share of the open needs of a site whose people are all in struggle."""
    sectors = sim.society.parameters.sectors
    open_needs = {name: (s.need + s.struggle_need) * lack for (name, s), lack in zip(sectors.items(), np.linspace(0.2, 1.0, len(sectors)))}
    return sum(open_needs[name] for name in needs) / sum(open_needs.values()) / len(needs)


@pytest.mark.parametrize("alpha", [0.9, 6.0])
def test_adoption_has_the_hazard_of_the_text(alpha):
    """Probability in a day 1 - exp(-alpha g(E) * sum over practices of (E_m / E) fit_m), each practice in proportion to E_m fit_m."""
    sim, a, b = adopters(alpha)
    step(sim, "measures")
    new = np.arange(3, len(sim.instances))
    g = (3 / 2) ** 1.5 / (1 + (3 / 2) ** 1.5)
    parts = {a: 2 / 3 * fit_of(sim, ["food"]), b: 1 / 3 * fit_of(sim, ["energy_water", "transport"])}
    assert close(new.size, N_SITES, 1 - math.exp(-alpha * g * sum(parts.values())))
    assert (sim.instances.channel[new] == ADOPTION).all()
    found = [(sim.instances.practice[new] == row).sum() for row in (a, b)]
    wanted = np.array(list(parts.values()))
    assert stats.chisquare(found, wanted / wanted.sum() * new.size).pvalue > 1e-3
    sources = [(sim.instances.parent[new] == row).sum() for row in range(3)]
    assert sum(sources) == new.size  # each has a source, and the two of practice a are alike
    assert stats.binomtest(int(sources[0]), int(sources[0] + sources[1])).pvalue > 1e-3
    assert len(sim.practices) == 2


def test_without_fit_exposure_alone_counts():
    sim, _a, b = adopters(0.5, adoption={"rate": 0.5, "exponent": 1.0, "half_exposure": 3.0, "with_fit": False})
    step(sim, "measures")
    new = np.arange(3, len(sim.instances))
    assert close(new.size, N_SITES, 1 - math.exp(-0.5 * 0.5))
    assert close((sim.instances.practice[new] == b).sum(), new.size, 1 / 3)


@pytest.mark.parametrize("advantage", [0.0, 9.0])
def test_adoption_by_others_is_scaled_by_the_content_hierarchy(advantage):
    """(1 + c) / 2, whatever advantage command has in founding; the source's content as it is today."""
    sim, *_ = adopters(0.9, adoption={"rate": 0.9, "exponent": 1.0, "half_exposure": 3.0, "with_fit": False}, command_advantage=advantage)
    sim.instances.content[:3, HIERARCHY] = hierarchies = [0.4, -0.5, -1.0]
    step(sim, "measures")
    scales = np.array([(1 + c) / 2 for c in hierarchies])
    found = tallied(sim.instances.parent[3:])
    assert close(sum(found.values()), N_SITES, 1 - math.exp(-0.9 * 0.5 * scales.mean()))
    for row, scale in enumerate(scales):
        assert close(found[row], sum(found.values()), scale / scales.sum())


def test_readiness_multiplies_the_hazard():
    gains = {"refusal_gain": 0.5, "need_gain": 0.0, "horizon_gain": 2.0}
    sim, *_ = adopters(0.3, adoption={"rate": 0.3, "exponent": 1.0, "half_exposure": 3.0, "with_fit": False}, **gains)
    sim.struggles.refusals[0] = 4
    sim.places.horizon[0] = 0.25
    step(sim, "measures")
    assert close(len(sim.instances) - 3, N_SITES, 1 - math.exp(-0.3 * 0.5 * (1 + 0.5 * 4 + 2.0 * 0.25)))


def test_reinvention_has_the_hazard_of_the_open_needs():
    sim, *_ = adopters(0.9, adoption={"enabled": False}, reinvention={"rate": 0.6, "enabled": True}, fit_floor=0.3)
    step(sim, "measures")
    sectors, lacks = sim.society.parameters.sectors.values(), np.linspace(0.2, 1.0, 10)
    weights = [s.need + s.struggle_need for s in sectors]
    need = sum(w * max(0.3, lack) for w, lack in zip(weights, lacks)) / sum(weights)
    assert close(sum(by_channel(sim).values()), N_SITES, 1 - math.exp(-0.6 * need))
    assert set(by_channel(sim)) == {REINVENTION}
    assert (sim.instances.parent[sim.instances.channel == REINVENTION] == -1).all()


def by_channel(sim):
    """Foundings and decisions beyond the three measures at the start, by channel."""
    return tallied(sim.instances.channel[3:]) + tallied(sim.sites.decided_by[sim.sites.decided >= 0])


def test_channels_compete_in_proportion_to_their_hazards():
    law = {"reinvention": {"enabled": True, "rate": 1.5}, "broadcast": {"enabled": True, "rate": 0.4}, "fit_floor": 1.0}
    sim, *_ = adopters(0.8, adoption={"rate": 0.8, "exponent": 1.0, "half_exposure": 3.0, "with_fit": False}, **law)
    step(sim, "measures")
    hazards = np.array([1.5, 0.4, 0.4])
    found = np.array([by_channel(sim)[channel] for channel in (REINVENTION, ADOPTION, BROADCAST)])
    assert close(found.sum(), N_SITES, 1 - math.exp(-hazards.sum()))
    assert stats.chisquare(found, hazards / hazards.sum() * found.sum()).pvalue > 1e-3


def test_grafting_goes_with_the_ties_inside_and_takes_whatever_is_seen():
    """Pairs of neighbours, each person tied to the other and to one elsewhere: half of the ties are inside."""
    n = 1500
    people = [(site, -1) for site in range(n) for _ in range(2)] + [(n, -1)]
    ties = [(2 * s, 2 * s + 1) for s in range(n)] + [(2 * s + k, (2 * s + 2 + k) % (2 * n)) for s in range(0, n, 2) for k in (0, 1)]
    law = {**ONLY_ADOPTION, "adoption": {"enabled": False}, "grafting": {"enabled": True, "rate": 0.8}}
    sim = lab(people, ["neighbourhood"] * (n + 1), ties=ties, measures=law)
    put(sim, np.arange(2 * n), IN_STRUGGLE)
    contest(sim, np.arange(n))
    seen = take(sim, n, needs=("textiles",), mass=1, hierarchy=-1.0)  # answers nothing, and commands
    set_shortage(sim, 0.0)
    step(sim, "measures")
    grafted = np.flatnonzero(sim.instances.channel == GRAFTING)
    assert close(grafted.size, n, 1 - math.exp(-0.8 * 0.5))
    assert set(sim.instances.parent[grafted]) == set(seen.tolist())


def test_a_site_founds_at_most_once_a_day():
    sim, *_ = adopters(200.0)
    step(sim, "measures")
    assert len(sim.instances) == N_SITES + 3
    assert sorted(sim.instances.site) == list(range(N_SITES + 3))


# --- where it was seen ---


def test_the_source_is_drawn_in_proportion_to_its_part_of_the_exposure():
    """Place 0 adopts; it holds one measure, remembers another, as place 3 does, and sees those of places 1 to 3, of which 2 is linked."""
    n = 3000
    taken = {0: [n], 1: [n + 1, n + 2], 2: [n + 3, n + 4, n + 5], 3: [n + 6]}
    place_of = [0] * n + [place for place, sites in taken.items() for _ in sites]
    people = [(site, -1) for site in range(n + 7)]
    law = {
        **ONLY_ADOPTION, "adoption": {"rate": 1.0, "with_fit": False},
        "exposure": {"place": 0.8, "contact": 1.2, "links": 0.3, "ties": 0.0, "memory": 1.5, "memory_contact": 0.9, "memory_half_life_days": 10.0},
    }  # fmt: skip
    sim = lab(people, ["neighbourhood"] * (n + 7), place_of=place_of, km=[0, 5, 20, 60], measures=law)
    rows = take(sim, range(n, n + 7), **ALL)
    gone = sim.instances.grow(2)
    sim.instances.ended[gone:], sim.instances.content[gone:] = [5, 8], 1.0
    sim.places.remembered[[0, 3]] = gone, gone + 1
    put(sim, np.arange(n), IN_STRUGGLE)
    contest(sim, np.arange(n))
    set_shortage(sim, 1.0)
    contact = sim.society.contact
    weight = dict(zip(contact.neighbours[: contact.offsets[1]].tolist(), contact.weights[: contact.offsets[1]].tolist()))
    sim.state.contacts.linked[list(weight).index(2)] = 1
    step(sim, "measures", 10)
    wanted = np.zeros(9)
    for place, sites in taken.items():
        for site in sites:
            wanted[rows[site - n]] = 0.8 if place == 0 else 1.2 * weight[place] + 0.3 * (place == 2)
    wanted[gone] = 1.5 * 2 ** (-(10 - 5) / 10)
    wanted[gone + 1] = 0.9 * weight[3] * 2 ** (-(10 - 8) / 10)
    new = sim.instances.parent[9:]
    e = wanted.sum()
    assert close(new.size, n, 1 - math.exp(-(e**1.5 / (1 + e**1.5))))
    found = np.bincount(new, minlength=9)
    assert stats.chisquare(found, wanted / e * new.size).pvalue > 1e-3


def test_a_tie_into_measures_is_drawn_uniformly():
    """Each of 1,500 sites has a member with ties to four people: two in measure 0, one in measure 1, one in none."""
    n = 1500
    outside = [2 * n, 2 * n + 1, 2 * n + 2, 2 * n + 3]
    people = [(site, -1) for site in range(n) for _ in range(2)] + [(n + k, -1) for k in range(4)]
    ties = [(2 * site, other) for site in range(n) for other in outside]
    law = {**ONLY_ADOPTION, "adoption": {"rate": 1000.0, "exponent": 1.0, "with_fit": False}, "exposure": {"place": 0.0, "contact": 0.0, "memory": 0.0}}
    sim = lab(people, ["neighbourhood"] * (n + 4), ties=ties, measures=law)
    put(sim, np.arange(2 * n), IN_STRUGGLE)
    contest(sim, np.arange(n))
    take(sim, [n, n + 1], people=[outside[:2], outside[2:3]], **ALL)
    step(sim, "measures")
    found = np.bincount(sim.instances.parent[2:], minlength=2)
    assert found.sum() == n
    assert stats.chisquare(found, [n * 2 / 3, n / 3]).pvalue > 1e-3


def test_members_of_a_site_are_no_examples_to_it():
    """Somebody of a contested site takes part in a measure elsewhere: a tie between members shows nothing that is seen outside."""
    sim = lab([(0, 1), (0, 1), (2, -1)], ["neighbourhood", "workplace", "neighbourhood"], ties=[(0, 1)], measures=ONLY_ADOPTION)
    put(sim, [0], IN_STRUGGLE)
    contest(sim, [0, 1])
    take(sim, 2, people=[[1]], **ALL)
    assert sim.people.ties_in_measures.tolist() == [1, 0, 0]
    assert sim.sites.ties_in_measures.tolist() == [0, 0, 0]


# --- a founding needs a collective of the critical mass ---


@pytest.mark.parametrize(("mass", "members", "beside", "enough"), [(5, 20, False, 5), (5, 20, True, 5), (5, 6, True, 3), (5, 6, False, 5), (4, 1, True, 2)])
def test_only_a_collective_of_the_critical_mass_founds(mass, members, beside, enough):
    """A neighbourhood of so many, of whom more and more are in struggle; a measure elsewhere in the place, or in the next."""
    for active in range(1, members + 1):
        law = {**ONLY_ADOPTION, "critical_mass": mass, "adoption": {"rate": 1000.0, "with_fit": False}}
        sim = lab([(0, -1)] * members + [(1, -1)] * 9, ["neighbourhood"] * 2, place_of=[0, 0 if beside else 1], measures=law)
        take(sim, 1, which=practice(sim, mass=mass, **ALL))
        put(sim, np.arange(active), IN_STRUGGLE)
        contest(sim, [0])
        step(sim, "measures")
        assert (sim.sites.mode[0] == TAKEN) == (active >= enough), active


@pytest.mark.parametrize("how", ["memory", "broadcast"])
def test_a_practice_that_needs_fewer_is_taken_up_by_fewer_though_none_is_in_force(how):
    """The mass is the practice's own, also where it is only remembered or told from a centre."""
    law = {**ONLY_ADOPTION, "critical_mass": 10.0, "adoption": {"rate": 1000.0, "with_fit": False}}
    if how == "broadcast":
        law |= {"broadcast": {"enabled": True, "rate": 1000.0, "practice": {"needs": ["food"], "critical_mass": 3.0}}}
    sim = in_motion(1, 4, measures=law)
    if how == "memory":
        which, gone = practice(sim, mass=3, **ALL), sim.instances.grow(1)
        sim.instances.practice[gone], sim.instances.ended[gone], sim.instances.content[gone] = which, 0, 1.0
        sim.places.remembered[0] = gone
    step(sim, "measures", 1)
    assert sim.sites.mode.tolist() == [TAKEN]


# --- what a new practice answers ---


def test_needs_are_drawn_in_proportion_without_replacement():
    """Against every ordered choice, enumerated."""
    openness, n = np.array([[3.0, 0.0, 1.0, 2.0, 4.0, 10.0]]), 9000  # five sectors and their sum
    needs = np.full((n, 3), -1, np.int8)
    channels.draw_needs(openness, np.zeros(n, np.int64), 3, np.uint64(5), 7, np.arange(n), needs)
    weights = openness[0, :5]
    expected = {}
    for size in (1, 2, 3):
        for order in itertools.permutations((0, 2, 3, 4), size):
            p, left = 1 / 3, 10.0
            for sector in order:
                p, left = p * weights[sector] / left, left - weights[sector]
            expected[order] = n * p
    found = dict.fromkeys(expected, 0)
    for row in needs.tolist():
        found[tuple(k for k in row if k >= 0)] += 1
    assert min(expected.values()) > 5
    assert stats.chisquare(list(found.values()), list(expected.values())).pvalue > 1e-3


def test_no_more_needs_than_are_open():
    openness = np.array([[0.0, 2.0, 0.0, 2.0]])
    needs = np.full((50, 3), -1, np.int8)
    channels.draw_needs(openness, np.zeros(50, np.int64), 3, np.uint64(5), 7, np.arange(50), needs)
    assert {tuple(row) for row in needs.tolist()} == {(1, -1, -1)}


def test_an_adaptation_moves_the_needs_toward_the_sites_own():
    rng = np.random.default_rng(4)
    openness = np.where(rng.random((60, 7)) < 0.3, 0.0, rng.random((60, 7)))
    needs = np.full((60, 3), -1, np.int8)
    for row in needs:
        size = rng.integers(1, 4)
        row[:size] = rng.choice(6, size, replace=False)
    wanted, kinds = [], set()
    for row, (slots, values) in enumerate(zip(needs.tolist(), openness.tolist())):
        has = [k for k in slots if k >= 0]
        missing = [k for k in range(6) if k not in has and values[k] > 0]
        most = max(missing, key=lambda k: values[k]) if missing else None
        least = min(has, key=lambda k: values[k])
        moves = {}
        if most is not None and len(has) < 3:
            moves["add"] = {*has, most}
        if most is not None and values[most] > values[least]:
            moves["swap"] = {*has, most} - {least}
        if len(has) > 1:
            moves["drop"] = {*has} - {least}
        drawn = oracles.word(1, row, 0, decisions.PRACTICE_NEEDS, 8) * len(moves) >> 32 if moves else None
        wanted.append(list(moves.values())[drawn] if moves else set(has))
        kinds |= {list(moves)[drawn]} if moves else set()
    assert kinds == {"add", "swap", "drop"}
    channels.move_needs(openness, np.arange(60), np.uint64(1), 0, np.arange(60), needs)
    assert [{k for k in row if k >= 0} for row in needs.tolist()] == wanted


# --- who founds ---


def founders(people, active, quiet_people=(), size=1.0, wanted=1, quiet=False, cannot=(), n_sites=3, numbered=(0, 1), key=3):
    """Site of each person who takes part in a founding at the sites `numbered`, by person."""
    homes, works = np.array([p[0] for p in people], np.int32), np.array([p[1] for p in people], np.int32)
    n = len(people)
    activity = np.full(n, 3, np.int8)
    activity[list(quiet_people)], activity[list(active)] = 0, 1
    number = np.full(n_sites, -1, np.int32)
    number[list(numbered)] = np.arange(len(numbered))
    position = np.zeros(n, np.int8)
    position[list(cannot)] = 1
    takes_part = np.array([[True], [False]])
    rows, at = np.empty(n, np.int32), np.empty(n, np.int32)
    sizes = np.broadcast_to(np.asarray(size, float), len(numbered)).copy()
    masses = np.broadcast_to(np.asarray(wanted, np.int64), len(numbered)).copy()
    found = np.empty(n, np.int32)
    members = found[: taking_part.find_members(0, n, 0, homes, works, activity, 1, np.append(number, np.int32(-1)), found)]
    count = channels.pick_founders(
        members, (homes, works, position, np.zeros(n, np.int8), activity), takes_part, number, sizes, masses, np.full(len(numbered), quiet),
        np.uint64(key), 5, rows, at)  # fmt: skip
    assert len(set(rows[:count].tolist())) == count  # nobody twice
    return {int(person): numbered[place] for person, place in zip(rows[:count], at[:count])}


def test_all_in_struggle_found_where_the_form_takes_all_at_work_first():
    people = [(0, 1), (0, -1), (2, 1), (0, 2), (2, -1)]
    assert founders(people, range(5)) == {0: 1, 1: 0, 2: 1, 3: 0}


def test_a_share_of_those_in_struggle_founds():
    people = [(0, -1)] * 3000
    assert close(len(founders(people, range(3000), size=0.6)), 3000, 0.6)


def test_where_fewer_come_more_of_them_are_taken_until_the_mass_is_reached():
    people = [(0, -1)] * 30 + [(1, -1)] * 30
    found = founders(people, range(60), size=[0.0, 1.0], wanted=[7, 40])
    assert [person for person, site in found.items() if site == 0] == list(range(7))
    assert sum(site == 1 for site in found.values()) == 30


def test_people_of_routine_found_only_where_that_is_allowed_and_if_they_can():
    people = [(0, -1)] * 10
    assert founders(people, [3], quiet_people=[0, 1, 5, 7], wanted=4) == {3: 0}
    assert founders(people, [3], quiet_people=[0, 1, 5, 7], wanted=4, quiet=True) == {3: 0, 0: 0, 1: 0, 5: 0}
    assert founders(people, [3], quiet_people=[0, 1, 5, 7], wanted=4, quiet=True, cannot=[0, 5]) == {3: 0, 1: 0, 7: 0}
    assert founders(people, [], quiet_people=[0, 1], wanted=4, quiet=True) == {0: 0, 1: 0}


def test_somebody_whose_work_has_enough_helps_the_neighbourhood():
    """Five people of one neighbourhood and one workplace; each site wants two, and nobody comes at once."""
    found = founders([(0, 1)] * 5, range(5), size=0.0, wanted=2)
    assert sorted(found.values()) == [0, 0, 1, 1]


def test_adaptations_are_a_share_of_adoptions():
    sim, *_ = adopters(5.0, adaptation={"enabled": True, "share": 0.3})
    step(sim, "measures")
    channel = sim.instances.channel[3:]
    assert close((channel == ADAPTATION).sum(), channel.size, 0.3)
    assert set(channel) == {ADOPTION, ADAPTATION}
    assert len(sim.practices) == 2 + (channel == ADAPTATION).sum()
