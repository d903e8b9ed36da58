"""Struggle over days: fatigue, contested sites, and struggles as objects that spread, keep their number and end."""

import numpy as np
import pytest
from scipy import stats
from worlds import NO_MEASURES

import communize as cz
from communize.declare.registry import ABANDONED, COMMODITY, CONTESTED, HELD, IN_STRUGGLE, ROUTINE, STRUGGLE_ENDS, TAKEN
from communize.kernels import decisions
from communize.kernels.vector import Draws
from communize.mechanisms.measures import taking_part
from communize.society.parameters import ContactParameters, SocietyParameters
from communize.society.ties import TieParameters

ONLY_STRUGGLE = {name: {"enabled": False} for name in ("economy", "force", "incidents", "acts", "belonging")} | NO_MEASURES
# Nobody joins or leaves of themselves: tests say who is in struggle.
STILL = {
    "coupling": 2.0, "nerve": 1.0, "nerve_sd_site": 0.0, "nerve_sd_place": 0.0, "nerve_sd_person": 0.0, "temperature": 0.1,
    "rate_joining": 0.0, "spontaneous": 1.0, "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "weight_work": 0.25, "weight_neighbourhood": 0.25,
    "weight_place": 0.25, "away_share": 0.5, "uniform_share": 0.05, "weight_ties": 0.25, "weight_need": 1.0,
    "weight_coercion": 0.0, "weight_constraint": 0.0, "weight_risk": 0.0, "deterrence": 1.0, "fatigue_weight": 1.0,
    "fatigue_gain": 0.06, "fatigue_half_life_days": 60.0, "contested_share": 0.2, "contested_end": 0.5, "contested_people": 2.0,
    "repressed_share": 0.5,
}  # fmt: skip


def lab(people, kinds, places=None, *, place_of=None, seed=1, ties=None, tables=None, scale=1.0, **struggle):
    """A simulation with struggle alone at work: `people` are (home, work) pairs, `kinds` the kinds of sites."""
    homes, works = zip(*people)
    sites = {"kind": kinds, "place": place_of or [0] * len(kinds), "sector": [-1 if k == "neighbourhood" else 1 for k in kinds]}
    n_places = max(sites["place"]) + 1
    places = places or {
        "name": [f"p{i}" for i in range(n_places)], "latitude": np.linspace(46, 46.1, n_places), "longitude": [2.0] * n_places}  # fmt: skip
    given = SocietyParameters(
        scale=scale, ties=TieParameters(degree_distribution="none"), contact=ContactParameters(cutoff_km=500.0, neighbours=1000))
    society = cz.Society.from_tables(
        people={"home": homes, "work": works, "position": ["stable"] * len(homes)}, sites=sites, places=places,
        ties=ties or {"a": np.zeros(0, int), "b": np.zeros(0, int)}, parameters=given)  # fmt: skip
    values = {"scenario": {"name": "lab"}, **ONLY_STRUGGLE, **(tables or {}), "struggle": {**STILL, **struggle}}
    return cz.Simulation(cz.Scenario(values), seed=seed, threads=1, society=society)


def put(sim, persons, activity):
    """Give people an activity and keep the counts."""
    people, sites, places = sim.people, sim.sites, sim.places
    for person in persons:
        old = people.activity[person]
        for code, column in ((IN_STRUGGLE, "active"), (HELD, "held")):
            step = int(activity == code) - int(old == code)
            for site in {people.home[person], people.work[person]} - {-1}:
                getattr(sites, column)[site] += step
            getattr(places, column)[sites.place[people.home[person]]] += step
        people.activity[person] = activity


def one_neighbourhood(n=20, **struggle):
    return lab([(0, -1)] * n, ["neighbourhood"], **struggle)


# --- who takes part, and when ---


def test_everybody_eligible_joins_under_great_pressure_and_nobody_else():
    sim = one_neighbourhood(nerve=-50.0, rate_joining=10.0)
    put(sim, [3, 4], HELD)
    sim.people.position[5] = 7  # an owner
    sim.sites.eligible[0] = sim.places.eligible[0] = 19
    sim.step()
    assert sim.people.activity.tolist() == [IN_STRUGGLE] * 3 + [HELD, HELD, ROUTINE] + [IN_STRUGGLE] * 14
    assert sim.series.joined.values.tolist() == [17]


@pytest.mark.parametrize("neighbours", [0, 6, 12, 19])
def test_joining_rises_with_the_active_share_around(neighbours):
    """Frequency over 500 days of one person, against the logistic of coupling times share (all sources agree)."""
    sim = one_neighbourhood(nerve=1.0, coupling=2.0, temperature=0.3, rate_joining=0.5, away_share=0.0)
    put(sim, range(1, 1 + neighbours), IN_STRUGGLE)
    sim.people.nerve[1 + neighbours :] = 1e6  # nothing moves them
    joined = 0
    for day in range(500):
        sim.state.day = day
        sim.step()
        joined += int(sim.people.activity[0] == IN_STRUGGLE)
        put(sim, [0], ROUTINE)
        sim.sites.fatigue[:] = 0.0
    social = (0.25 * neighbours / 19 + 0.25 * neighbours / 20) / 0.5
    p = 1 - np.exp(-0.5 / (1 + np.exp(-(2 * social - 1) / 0.3)))
    assert abs(joined - 500 * p) < 4 * np.sqrt(500 * p * (1 - p))


def test_leaving_takes_the_mean_time_of_its_rate():
    sim = one_neighbourhood(400, rate_leaving=0.2, rate_leaving_alone=5.0)
    put(sim, range(400), IN_STRUGGLE)
    left = []
    for _ in range(10):
        sim.step()
        left.append(int(sim.places.active[0]))
    wanted = 400 * np.exp(-0.2 * np.arange(1, 11))
    assert np.all(np.abs(left - wanted) < 4 * np.sqrt(wanted * (1 - wanted / 400)))


def test_somebody_alone_leaves_faster():
    gone = {}
    for alone in (0.0, 9.0):
        sim = lab([(i, -1) for i in range(200)], ["neighbourhood"] * 200, rate_leaving=0.1, rate_leaving_alone=alone)
        put(sim, range(200), IN_STRUGGLE)
        sim.step()
        gone[alone] = 200 - int(sim.places.active[0])
    assert gone[9.0] >= 199
    assert abs(gone[0.0] - 200 * 0.0952) < 4 * np.sqrt(200 * 0.0952 * 0.9048)


def test_nerve_varies_between_places_sites_and_people_as_asked():
    homes = [f for f in range(300) for _ in range(2)]
    sim = lab(
        [(home, -1) for home in homes], ["neighbourhood"] * 300, place_of=[s // 3 for s in range(300)], nerve=1.5,
        nerve_sd_place=0.4, nerve_sd_site=0.2, nerve_sd_person=0.1)  # fmt: skip
    nerve = sim.people.nerve.astype(float).reshape(100, 3, 2)
    within = nerve.var(axis=2, ddof=1).mean()
    sites = nerve.mean(axis=2)
    between_sites = sites.var(axis=1, ddof=1).mean() - within / 2
    between_places = sites.mean(axis=1).var(ddof=1) - sites.var(axis=1, ddof=1).mean() / 3
    assert np.sqrt(within) == pytest.approx(0.1, rel=4 / np.sqrt(2 * 300))
    assert np.sqrt(between_sites) == pytest.approx(0.2, rel=4 / np.sqrt(2 * 200))
    assert np.sqrt(between_places) == pytest.approx(0.4, rel=4 / np.sqrt(2 * 99))
    assert nerve.mean() == pytest.approx(1.5, abs=4 * np.sqrt(0.4**2 / 100 + 0.2**2 / 300 + 0.1**2 / 600))


def test_nerve_of_those_with_two_sites_varies_as_much_between_sites():
    n = 1500
    sim = lab(
        [(i, n + i) for i in range(n)] + [(i, -1) for i in range(n)], ["neighbourhood"] * n + ["workplace"] * n, nerve_sd_site=0.3)
    two, one = sim.people.nerve[:n].std(), sim.people.nerve[n:].std()
    for found in (two, one):
        assert found == pytest.approx(0.3, rel=4 / np.sqrt(2 * n))
    assert np.corrcoef(sim.people.nerve[:n], sim.people.nerve[n:])[0, 1] == pytest.approx(np.sqrt(0.5), abs=0.08)


def moved(shock=0.0, incident=0.0, active=0, **options):
    """People who join in 30 days beside somebody active, under a shock or an incident."""
    sim = one_neighbourhood(nerve=0.2, temperature=0.3, rate_joining=0.5, rate_leaving=0.2, contested_share=1.0, fatigue_weight=0.0,
                            fatigue_gain=0.0, tables={"shock": [{"day": 0, "magnitude": shock, "half_life_days": 1000.0}]}, **options)  # fmt: skip
    put(sim, range(active), IN_STRUGGLE)
    joined = 0
    for _ in range(30):
        sim.sites.incident[:] = incident
        sim.step()
        joined += int(sim.state.days.joined[0])
    return joined


def test_without_spontaneous_joining_nothing_comes_of_nothing():
    assert moved(spontaneous=0.0) == 0
    assert moved(spontaneous=1.0) > 50
    assert moved(spontaneous=0.0, shock=0.5) > 20
    assert moved(spontaneous=0.0, incident=0.5) > 20
    assert moved(spontaneous=0.0, active=10) > 20


# --- fatigue ---


def test_fatigue_approaches_its_limit_and_halves_in_its_half_life():
    sim = one_neighbourhood(fatigue_gain=0.1, fatigue_half_life_days=5.0)
    put(sim, range(10), IN_STRUGGLE)
    sim.run(200)
    decay = 2 ** (-1 / 5)
    assert sim.sites.fatigue[0] == pytest.approx(0.5 * 0.1 / (1 - decay), rel=1e-4)
    put(sim, range(10), ROUTINE)
    high = float(sim.sites.fatigue[0])
    sim.run(5)
    assert sim.sites.fatigue[0] == pytest.approx(high / 2, rel=1e-5)


@pytest.mark.parametrize(("weight", "joins"), [(0.0, 20), (20.0, 0)])
def test_fatigue_holds_people_back(weight, joins):
    sim = one_neighbourhood(nerve=-1.0, rate_joining=10.0, fatigue_weight=weight)
    sim.sites.fatigue[:] = 0.2
    sim.step()
    assert sim.places.active[0] == joins


# --- contested sites ---


def modes(sim, numbers_active):
    """Mode of the only site on days with so many people in struggle."""
    found = []
    for active in numbers_active:
        put(sim, range(20), ROUTINE)
        put(sim, range(active), IN_STRUGGLE)
        sim.step()
        found.append(int(sim.sites.mode[0]))
    return found


def test_a_site_is_contested_from_one_level_and_until_a_lower_one():
    sim = one_neighbourhood(contested_share=0.2, contested_end=0.5)
    #            below, at the level, between, at the end, below, between, above
    numbers = [3, 4, 3, 2, 1, 3, 9]
    wanted = [COMMODITY, CONTESTED, CONTESTED, CONTESTED, COMMODITY, COMMODITY, CONTESTED]
    assert modes(sim, numbers) == wanted
    assert sim.sites.began[0] == 6
    assert sim.series.contested_sites.values[:, 0].tolist() == [int(mode == CONTESTED) for mode in wanted]
    assert sim.series.newly_contested.values.tolist() == [0, 1, 0, 0, 0, 0, 1]


def test_a_contested_site_needs_a_number_of_people_in_people():
    assert modes(one_neighbourhood(contested_share=0.0, contested_people=6.0), [5, 6, 1, 0]) == [0, 1, 1, 0]


def test_that_number_is_divided_by_the_scale():
    """Seven agents stand for 70 people; 25 people are two agents or three, by a draw of the seed."""
    assert modes(one_neighbourhood(contested_share=0.0, contested_people=70.0, scale=10.0), [6, 7]) == [0, 1]
    found = [one_neighbourhood(2, seed=seed, scale=10.0).state.agents(25.0) for seed in range(60)]
    assert set(found) == {2, 3}
    assert abs(np.mean(found) - 2.5) < 4 * 0.5 / np.sqrt(60)
    assert one_neighbourhood(2, scale=10.0).state.agents(0.5) == 1


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_risk_is_of_people_whatever_the_scale(scale):
    sim = one_neighbourhood(40, scale=scale, deterrence=0.5)
    put(sim, range(9), IN_STRUGGLE)
    sim.places.force[0] = 3.0
    sim.step()
    assert sim.places.risk[0] == pytest.approx(1 - np.exp(-0.5 * 3 * scale / (1 + 9 * scale)), rel=1e-6)
    assert sim.series.risk.values[0] == pytest.approx(float(sim.places.risk[0]), rel=1e-6)


def take(sim, site):
    """Put a measure in force at a site."""
    sim.state.practices.grow(1)
    sim.sites.mode[site], sim.sites.instance[site] = TAKEN, sim.instances.grow(1)
    sim.instances.site[-1], sim.instances.place[-1] = site, sim.sites.place[site]


def test_sites_held_by_a_measure_are_not_contested():
    sim = one_neighbourhood()
    take(sim, 0)
    assert modes(sim, [9]) == [TAKEN]
    assert len(sim.struggles) == 0


def test_a_struggle_goes_on_in_the_measures_that_it_carries():
    sim = lab([(0, 1)] * 10, ["neighbourhood", "workplace"])
    put(sim, range(10), IN_STRUGGLE)
    sim.step()
    assert sim.sites.struggle.tolist() == [0, 0]
    take(sim, 1)
    taking_part.enter(sim.state, np.arange(4, dtype=np.int32), np.full(4, 1, np.int32))
    sim.step()
    assert [sim.struggles.active[0], sim.struggles.participants[0]] == [6, 4]
    assert [sim.struggles.sites[0], sim.struggles.members[0]] == [2, 20]
    put(sim, range(4, 10), ROUTINE)
    sim.run(3)
    assert sim.sites.struggle.tolist() == [-1, 0]
    assert sim.struggles.ended.tolist() == [-1]
    assert sim.struggles.members.tolist() == [10]
    assert sim.struggles.person_days.tolist() == [10 + 10 + 3 * 4]
    assert sim.struggles.peak.tolist() == [10]


# --- struggles as objects ---


def test_no_site_no_struggle():
    sim = one_neighbourhood(contested_share=0.5)
    put(sim, range(9), IN_STRUGGLE)
    sim.run(5)
    assert len(sim.struggles) == 0
    assert sim.sites.struggle.tolist() == [-1]
    assert sim.series.active.values.ravel().tolist() == [9.0] * 5
    assert sim.series.struggle_size.values.tolist() == [0.0] * 5


def test_a_struggle_is_recorded_from_its_first_to_its_last_site():
    sim = lab([(0, 1)] * 10, ["neighbourhood", "workplace"])
    for active in (0, 0, 3, 5, 4, 0, 0, 0):
        put(sim, range(10), ROUTINE)
        put(sim, range(active), IN_STRUGGLE)
        sim.step()
    s = sim.struggles
    assert len(s) == 1  # home and work become contested on one day by the same people
    assert sim.struggles.sites_ever.tolist() == [2]
    assert s.began.tolist() == [2]
    assert s.ended.tolist() == [5]
    assert s.peak.tolist() == [5]
    assert s.person_days.tolist() == [12]
    assert sim.series.struggles_live.values.tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    assert sim.series.struggles_begun.values.tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    assert sim.series.struggle_size.values.tolist() == [0, 0, 3, 5, 4, 0, 0, 0]


def chain(n_places=6):
    """A neighbourhood a place; people of place p work in place p + 1, so that a struggle can pass from hand to hand."""
    kinds = ["neighbourhood"] * n_places + ["workplace"] * n_places
    people = [(place, n_places + (place + 1) % n_places) for place in range(n_places) for _ in range(10)]
    return lab(people, kinds, place_of=[*range(n_places), *range(n_places)], weight_place=0.0, weight_work=1.0)


def test_a_struggle_that_spreads_keeps_its_number_across_sites_and_places():
    sim = chain()
    sim.sites.incident[0] = 0.3  # it begins in the neighbourhood of place 0 ...
    put(sim, range(10), IN_STRUGGLE)
    sim.sites.mode[7] = ABANDONED  # ... while the workplace is out of reach on the first day
    sim.step()
    assert sim.sites.struggle.tolist() == [0] + [-1] * 11
    sim.sites.mode[7] = COMMODITY
    sim.step()  # its people carry it to where they work, in place 1
    assert np.flatnonzero(sim.sites.struggle == 0).tolist() == [0, 7]
    assert sim.struggles.sites_ever.tolist() == [2]
    assert sim.struggles.sites.tolist() == [2]
    assert sim.places.active.tolist() == [10, 0, 0, 0, 0, 0]
    assert sim.struggles.active.tolist() == [10]
    assert sim.series.spread.values.tolist() == [0, 1]


def test_a_struggle_carries_on_when_the_site_where_it_began_falls_silent():
    sim = lab([(0, 1)] * 10 + [(2, 1)] * 10, ["neighbourhood", "workplace", "neighbourhood"], weight_place=0.0)
    sim.sites.mode[1] = ABANDONED
    put(sim, range(10), IN_STRUGGLE)
    sim.step()
    sim.sites.mode[1] = COMMODITY
    sim.step()
    assert sim.sites.struggle.tolist() == [0, 0, -1]
    put(sim, range(10, 20), IN_STRUGGLE)
    sim.step()
    assert sim.sites.struggle.tolist() == [0, 0, 0]
    put(sim, range(10), ROUTINE)
    sim.step()
    assert sim.sites.struggle.tolist() == [-1, 0, 0]
    assert sim.struggles.ended.tolist() == [-1]
    put(sim, range(10, 20), ROUTINE)
    sim.step()
    assert sim.struggles.ended.tolist() == [4]
    assert sim.struggles.sites_ever.tolist() == [3]
    assert sim.struggles.peak.tolist() == [20]
    put(sim, range(10), IN_STRUGGLE)
    sim.step()
    assert sim.sites.struggle.tolist() == [1, 1, -1]  # what begins anew has a new number


def test_a_site_that_joins_twice_is_one_site():
    sim = lab([(0, 1)] * 10 + [(2, 1)] * 10, ["neighbourhood", "workplace", "neighbourhood"], weight_place=0.0)
    put(sim, range(10), IN_STRUGGLE)
    sim.sites.mode[0] = sim.sites.mode[2] = ABANDONED
    sim.step()
    sim.sites.mode[2] = COMMODITY
    for persons, activity in ((range(10, 20), IN_STRUGGLE), (range(10, 20), ROUTINE), (range(10, 20), IN_STRUGGLE)):
        put(sim, persons, activity)
        sim.step()
    assert sim.sites.struggle.tolist() == [-1, 0, 0]
    assert sim.struggles.sites_ever.tolist() == [2]


@pytest.mark.parametrize(("arrested", "end"), [(0, "ebbed"), (4, "ebbed"), (5, "repressed"), (9, "repressed")])
def test_how_a_struggle_ended(arrested, end):
    sim = one_neighbourhood(repressed_share=0.5)
    put(sim, range(10), IN_STRUGGLE)
    sim.step()
    sim.struggles.arrested[0] = arrested
    assert STRUGGLE_ENDS[sim.struggles.end[0]] == "going_on"
    put(sim, range(10), ROUTINE)
    sim.step()
    assert STRUGGLE_ENDS[sim.struggles.end[0]] == end
    assert sim.struggles.ended[0] == 1


def test_locus_of_a_struggle_counts_the_days_of_its_sites():
    sim = lab([(0, 1)] * 10, ["neighbourhood", "workplace"], weight_place=0.0)
    sim.sites.mode[1] = ABANDONED
    put(sim, range(10), IN_STRUGGLE)
    sim.run(2)
    sim.sites.mode[1] = COMMODITY
    sim.run(3)
    assert sim.struggles.by_locus.tolist() == [[3, 0, 5]]
    assert sim.series.contested_by_locus.values[-1].tolist() == [1, 0, 1]


# --- what moved a site ---


N_SITES = 4000


def attributed(**struggle):
    """Many sites become contested on one day beside four struggles; how many are attributed to each, or to themselves.

    Place 0 holds the sites in question and a contested site of struggle 0 (20 people); places 1 and 2 are in contact and hold
    struggles 1 (30) and 2 (50); place 3 is far away and holds struggle 3 (100).
    """
    kinds = ["neighbourhood"] * (N_SITES + 4)
    old = list(range(N_SITES, N_SITES + 4))
    sizes = [20, 30, 50, 100]
    people = [(site, -1) for site in range(N_SITES) for _ in range(2)] + [(s, -1) for s, size in zip(old, sizes) for _ in range(size)]
    places = {
        "name": list("abcd"), "latitude": [46.0, 46.1, 46.2, 10.0], "longitude": [2.0] * 4,
        "population": [1000, 100, 400, 1000],
    }  # fmt: skip
    sim = lab(people, kinds, places, place_of=[0] * N_SITES + [0, 1, 2, 3], **struggle)
    sim.struggles.grow(4)
    sim.sites.mode[old], sim.sites.struggle[old] = CONTESTED, range(4)
    put(sim, range(2 * N_SITES, len(people)), IN_STRUGGLE)
    put(sim, range(2 * N_SITES), IN_STRUGGLE)
    sim.sites.incident[:N_SITES] = struggle_incident = 0.004
    sim.places.shock[0] = 0.003
    next(m for m in sim.mechanisms if m.name == "struggle").step(sim.state, 0, Draws(sim.state.key, 0, 0))
    assert (sim.sites.mode == CONTESTED).all()
    numbers = sim.sites.struggle[:N_SITES]
    of_shock = int(sim.places.shock_struggle[0])
    new = numbers[(numbers >= 4) & (numbers != of_shock)]
    assert new.size == len(set(new)) > 0  # own incidents begin struggles of their own
    found = [int((numbers == of_shock).sum()), new.size, *(int((numbers == n).sum()) for n in range(4))]
    p = {**STILL, **struggle}
    in_place = [20 / (2 * N_SITES + 20), 1.0, 1.0, 1.0]
    contact = dict(zip(sim.society.contact.neighbours[:2], sim.society.contact.weights[:2]))
    base = p["coupling"] * p["weight_place"]
    away, country = base * p["away_share"] * (1 - p["uniform_share"]), base * p["away_share"] * p["uniform_share"]
    eligible = 2 * N_SITES + 200
    wanted = [0.003, struggle_incident]
    for n, size in enumerate(sizes):
        weight = base * (1 - p["away_share"]) * in_place[0] if n == 0 else away * contact.get(n, 0.0) * in_place[n]
        wanted.append(weight + country * size / eligible)
    assert 3 not in contact
    return np.array(found), np.array(wanted) / sum(wanted) * N_SITES


@pytest.mark.parametrize(
    "law",
    [
        {"weight_place": 0.01, "away_share": 0.4, "uniform_share": 0.5},
        {"weight_place": 0.9, "away_share": 0.01, "uniform_share": 0.3},
        {"weight_place": 0.5, "away_share": 0.9, "uniform_share": 0.99},
    ],
)
def test_sites_are_attributed_in_proportion_to_what_moved_them(law):
    found, wanted = attributed(**law)
    assert wanted.min() > 5
    assert stats.chisquare(found, wanted).pvalue > 1e-3


def test_a_member_through_whom_a_site_joined_is_drawn_uniformly():
    """Each of 600 workplaces has three members at home in struggle 0 and one in struggle 1."""
    n = 600
    people = [(h, 2 + w) for w in range(n) for h in (0, 0, 0, 1)]
    sim = lab(people, ["neighbourhood"] * 2 + ["workplace"] * n, weight_place=0.0, weight_work=1.0)
    sim.struggles.grow(2)
    sim.sites.mode[:2], sim.sites.struggle[:2] = CONTESTED, (0, 1)
    put(sim, range(4 * n), IN_STRUGGLE)
    sim.step()
    found = [int((sim.sites.struggle[2:] == number).sum()) for number in (0, 1)]
    assert sum(found) == n
    assert stats.chisquare(found, [0.75 * n, 0.25 * n]).pvalue > 1e-3


def test_draws_of_attribution_belong_to_the_site():
    """Twice the same day: the same attribution; another day or seed: another."""
    results = []
    for seed, day in ((1, 0), (1, 0), (1, 3), (2, 0)):
        sim = lab([(h, 2 + w) for w in range(50) for h in (0, 1)], ["neighbourhood"] * 2 + ["workplace"] * 50, seed=seed, weight_place=0.0)
        sim.struggles.grow(2)
        sim.sites.mode[:2], sim.sites.struggle[:2] = CONTESTED, (0, 1)
        put(sim, range(100), IN_STRUGGLE)
        sim.state.day = day
        sim.step()
        results.append(sim.sites.struggle[2:].tolist())
    assert results[0] == results[1]
    assert results[0] != results[2]
    assert results[0] != results[3]


def test_influence_of_places_is_a_share_of_the_own_and_of_contact_places():
    sim = lab([(h, -1) for h in (0, 0, 1, 1, 1, 1, 2)], ["neighbourhood"] * 3, place_of=[0, 1, 2], away_share=0.4, uniform_share=0.25)
    put(sim, [0, 2, 3, 4], IN_STRUGGLE)
    struggle = next(m for m in sim.mechanisms if m.name == "struggle")
    share = np.array([0.5, 0.75, 0.0])
    contact = sim.society.contact.mean(share)
    wanted = 0.6 * share + 0.4 * (0.75 * contact + 0.25 * 4 / 7)
    np.testing.assert_allclose(struggle._law.around.of_places(sim.state), wanted, rtol=1e-12)


def test_join_draws_are_of_the_day_and_the_person():
    sim = one_neighbourhood(400, nerve=0.0, temperature=1.0, rate_joining=0.7, coupling=0.0, fatigue_weight=0.0)
    for day in range(3):
        free = sim.people.activity == ROUTINE
        sim.step()
        joined = free & (sim.people.activity == IN_STRUGGLE)
        u = Draws(sim.state.key, decisions.JOIN, day).uniform(400)
        np.testing.assert_array_equal(joined, free & (u < 1 - np.exp(-0.35)))


def test_all_sites_of_a_place_that_a_shock_moves_are_one_struggle():
    sim = lab([(h, -1) for h in range(8) for _ in range(6)], ["neighbourhood"] * 8, weight_place=0.0)
    sim.places.shock[0] = 1.0
    step = next(m for m in sim.mechanisms if m.name == "struggle").step
    for day, sites in enumerate((range(4), range(8))):
        put(sim, range(6 * len(sites)), IN_STRUGGLE)
        step(sim.state, day, Draws(sim.state.key, 0, day))
    assert sim.sites.struggle.tolist() == [0] * 8
    put(sim, range(48), ROUTINE)
    step(sim.state, 2, Draws(sim.state.key, 0, 2))
    assert sim.struggles.ended.tolist() == [2]
    put(sim, range(12), IN_STRUGGLE)
    step(sim.state, 3, Draws(sim.state.key, 0, 3))
    assert sim.sites.struggle.tolist() == [1, 1, -1, -1, -1, -1, -1, -1]
