"""Every loop of the mechanisms against plain Python: one day of one mechanism on small societies in random states.

The oracles read a snapshot of the state as lists and follow the model text; they share nothing with the loops but the
numbers of the decisions. Draws come from `oracles`.
"""

import math
from collections import Counter, defaultdict
from types import SimpleNamespace

import numpy as np
import pytest
from oracles import categorical, uniform

import communize as cz
from communize.declare.registry import NEIGHBOURHOOD, POSITIONS, STRUGGLE_ENDS
from communize.kernels import decisions
from communize.kernels.checks import count_busy
from communize.kernels.vector import Draws
from communize.mechanisms.invariants import Invariants
from communize.mechanisms.struggle import attribution as attributing
from communize.mechanisms.struggle import loops
from communize.society.parameters import ContactParameters, SocietyParameters
from communize.society.ties import TieParameters

ROUTINE, IN_STRUGGLE, IN_MEASURE, HELD = range(4)
COMMODITY, CONTESTED, TAKEN = range(3)
SEED, DAY, SEEDS = 2**40 + 17, 23, range(6)
CANNOT = ("owner", "state_force")

PARAMETERS = {
    "struggle": {
        "coupling": 2.0, "nerve": 0.9, "nerve_sd_site": 0.3, "nerve_sd_place": 0.2, "nerve_sd_person": 0.2, "temperature": 0.4,
        "rate_joining": 0.8, "spontaneous": 1.0, "rate_leaving": 0.25, "rate_leaving_alone": 0.9, "weight_work": 0.3, "weight_neighbourhood": 0.2,
        "weight_place": 0.4, "away_share": 0.6, "uniform_share": 0.3, "weight_ties": 0.35, "weight_need": 1.1,
        "weight_coercion": 0.5, "weight_constraint": 0.7, "weight_exploitation": 0.2, "weight_horizon": 0.6, "weight_risk": 0.4, "deterrence": 0.8, "fatigue_weight": 0.9,
        "fatigue_gain": 0.07, "fatigue_half_life_days": 40.0, "contested_share": 0.2, "contested_end": 0.6,
        "contested_people": 2.0, "repressed_share": 0.5,
    },
    "incidents": {"rate": 0.4, "size": 0.6, "exponent": 1.4, "decay_days": 5.0},
    "acts": {
        "rate": 4.0, "half_life_days": 9.0, "rate_concession": 0.9, "concession_cost": 0.1, "concession_width": 0.3,
        "rate_refusal": 1.3, "settlement_gain": 0.3, "refusal_loss": 0.25, "relief": 0.45, "relief_half_life_days": 12.0,
        "room_employers": 0.2, "room_state": -0.1, "regularised": 0.6,
    },
    "force": {
        "deployment_delay": 2, "move": 0.3, "reserve": 0.2, "speed_km": 100.0, "alert": 0.5, "rate_arrest": 0.6, "rate_eviction": 0.4,
        "held_days": 3.0,
        "arrest_loss": 0.3, "coercion_gain": 0.004, "coercion_half_life_days": 20.0, "exception_level": 0.9,
        "exception_factor": 2.0, "exception_coercion": 0.1,
    },
    "economy": {"regime": 0.4, "core": False},
    "belonging": {"rate": 0.05},
}  # fmt: skip
CONDITIONS = ("profit_rate", "tax_surplus")  # of the last month, where there was one


# --- a small society in a random state ---


def world(seed, changes=None, n_people=160, n_places=5, n_ties=500):
    """A simulation whose state has people in struggle, in measures and held, contested and taken sites, pressures and fatigue.

    In every other world an agent stands for four people; two agents make a site contested in all.
    """
    rng, scale = np.random.default_rng(seed), (1.0, 4.0)[seed % 2]
    kinds, site_place = [], []
    for place in range(n_places):
        kinds += ["neighbourhood"] * 2 + ["workplace"] * 2 + (["campus"] if place % 2 else ["state_site"])
        site_place += [place] * 5
    kind = np.array(kinds)
    homes, works = np.flatnonzero(kind == "neighbourhood"), np.flatnonzero(kind != "neighbourhood")
    people = {
        "home": rng.choice(homes, n_people), "work": np.where(rng.random(n_people) < 0.7, rng.choice(works, n_people), -1),
        "position": rng.choice(POSITIONS, n_people), "group": rng.integers(0, 3, n_people),
        "belonging": rng.uniform(-1, 1, n_people).astype(np.float32), "unmet": rng.random(n_people).astype(np.float32),
    }  # fmt: skip
    sites = {"kind": kind, "place": site_place, "sector": np.where(kind == "neighbourhood", -1, rng.integers(0, 10, kind.size))}
    places = {"name": [f"p{i}" for i in range(n_places)], "latitude": 46 + rng.random(n_places), "longitude": 2 + rng.random(n_places)}
    a, b = rng.integers(0, n_people, (2, n_ties))
    given = SocietyParameters(
        scale=scale, ties=TieParameters(degree_distribution="none"), groups={"x": 0.4, "y": 0.3, "z": 0.3}, taking_part=["x", "z"],
        contact=ContactParameters(cutoff_km=70.0, neighbours=3))  # fmt: skip
    society = cz.Society.from_tables(
        people=people, sites=sites, places=places, ties={"a": a[a != b], "b": b[a != b]}, parameters=given)  # fmt: skip
    values = {"scenario": {"name": "lab"}, **{name: {**table, **(changes or {}).get(name, {})} for name, table in PARAMETERS.items()}}
    values["struggle"]["contested_people"] *= scale
    sim = cz.Simulation(cz.Scenario(values), seed=SEED + seed, threads=1, society=society)
    stir(sim, rng)
    return sim


def stir(sim, rng):
    people, sites, places, struggles = sim.people, sim.sites, sim.places, sim.struggles
    n, joins = len(people), can_join(sim)
    activity = np.where(rng.random(n) < 0.3, IN_STRUGGLE, np.where(rng.random(n) < 0.1, HELD, ROUTINE))
    people.activity[:] = np.where(joins, activity, ROUTINE)
    struggles.grow(6)
    taken = np.flatnonzero(rng.random(len(sites)) < 0.08)
    inside = np.flatnonzero(joins & (rng.random(n) < 0.12)) if taken.size else np.zeros(0, int)
    people.activity[inside], people.measure[inside] = IN_MEASURE, rng.choice(taken, inside.size) if taken.size else -1
    recount(sim)
    sites.mode[:] = np.where((sites.active > 0) & (rng.random(len(sites)) < 0.6), CONTESTED, COMMODITY)
    sites.mode[taken], sites.instance[taken] = TAKEN, np.arange(taken.size)
    sim.state.practices.grow(1)
    sim.instances.grow(taken.size)
    sim.instances.site[:], sim.instances.place[:] = taken, sites.place[taken]
    sites.struggle[:] = np.where(sites.mode == CONTESTED, rng.integers(0, 5, len(sites)), -1)
    sites.struggle[taken] = rng.integers(-1, 5, taken.size)
    for name, high in (("fatigue", 0.6), ("incident", 0.5), ("relief", 0.2), ("exploitation", 1.0), ("pay", 2.0), ("regularised", 0.2), ("revenue", 90.0)):
        getattr(sites, name)[:] = rng.uniform(0, high, len(sites))
    sites.payroll[:] = np.where(rng.random(len(sites)) < 0.4, rng.uniform(1, 90, len(sites)), 0)
    for name, high in (("force", 5.0), ("coercion", 0.5), ("shock", 0.4), ("horizon", 1.0), ("free_coverage", 1.0)):
        getattr(places, name)[:] = rng.uniform(0, high, len(places))
    places.garrison[:] = places.force
    struggles.began[:] = DAY - 5
    struggles.ended[:] = np.where(np.isin(np.arange(6), [5, *sites.struggle]), -1, DAY - 1)  # number 5 ends today
    inside = Counter(number_of(sim, person) for person in np.flatnonzero(people.activity == IN_STRUGGLE))
    struggles.active[:], struggles.members[:] = [inside[n] for n in range(6)], rng.integers(5, 20, 6)
    struggles.peak[:], struggles.person_days[:] = rng.integers(1, 40, 6), rng.integers(1, 400, 6)
    struggles.belonging[:], struggles.by_locus[:] = rng.uniform(-1, 1, 6), rng.integers(0, 9, (6, 3))
    struggles.arrested[:], struggles.sites_ever[:] = rng.integers(0, 30, 6), 3
    struggles.demand[:], struggles.rift[:] = rng.uniform(0, 2, 6), rng.uniform(0, 2, 6)
    struggles.demands[:], struggles.rifts[:], struggles.refusals[:] = rng.integers(0, 3, (3, 6))
    places.shock_struggle[:] = rng.integers(-1, 6, len(places))
    sim.state.day = DAY


def can_join(sim):
    cannot = [POSITIONS.index(name) for name in CANNOT]
    return ~np.isin(sim.people.position, cannot) & (sim.people.group != 1)


def snapshot(sim):
    """Every column as lists: ``s.people.home[3]``."""
    tables = {
        name: SimpleNamespace(**{column.name: values.tolist() for column, values in table.columns()})
        for name, table in sim.state.tables.items()
    }
    return SimpleNamespace(seed=sim.seed, scale=sim.state.scale, **tables)


def one_day(sim, name):
    """Snapshots before and after one day of one mechanism."""
    mechanism = next(m for m in sim.mechanisms if m.name == name)
    before = snapshot(sim)
    mechanism.step(sim.state, DAY, Draws(sim.state.key, 0, DAY))
    return before, snapshot(sim)


def draw(s, entity, decision, number=0):
    return uniform(s.seed, int(entity), DAY, decision, number)


def in_measures(s, site):
    """Members of a site in measures anywhere, and others who joined there, one by one."""
    return sum(
        s.people.activity[person] == IN_MEASURE and site in {*places_of(s, person), s.people.measure[person]}
        for person in range(len(s.people.home)))  # fmt: skip


def places_of(before, person):
    """Home and, if any, site of work."""
    return [before.people.home[person]] + ([before.people.work[person]] if before.people.work[person] >= 0 else [])


def decay(half_life):
    return 2.0 ** (-1.0 / half_life)


def rounded(values):
    return np.asarray(values, np.float32).tolist()


# --- who joins and who leaves ---


def joining_probability(sim, s, person, law):
    """Rules 1 and 5, for one person, from the model text."""
    p, sites, places = SimpleNamespace(**law), s.sites, s.places
    joins, at = can_join(sim), places_of(s, person)
    here = sites.place[at[0]]
    moving = [a + m for a, m in zip(places.active, places.participants)]
    risk = 1 - math.exp(-p.deterrence * places.force[here] * s.scale / (1 + moving[here] * s.scale))
    incidents = sum(sites.incident[site] - sites.relief[site] for site in at)
    employed = POSITIONS[s.people.position[person]] in ("stable", "precarious") and len(at) == 2
    pressure = (
        p.weight_exploitation * (sites.exploitation[at[1]] if employed else 0.0) + p.weight_need * s.people.unmet[person] + p.weight_constraint * max(0.0, -s.people.belonging[person]) + incidents
        + p.weight_coercion * places.coercion[here] + places.shock[here] - p.weight_risk * risk
        + p.weight_horizon * places.horizon[here] * places.free_coverage[here]
    )  # fmt: skip
    fatigue = p.fatigue_weight * sum(sites.fatigue[site] for site in at) / len(at)

    def share(q):
        return moving[q] / places.eligible[q] if places.eligible[q] else 0.0

    contact = sim.society.contact
    others = sum(
        contact.weights[j] * share(contact.neighbours[j]) for j in range(contact.offsets[here], contact.offsets[here + 1]))
    country = sum(moving) / sum(places.eligible)
    others = (1 - p.uniform_share) * others + p.uniform_share * country
    sources = [(p.weight_place, (1 - p.away_share) * share(here) + p.away_share * others)]
    for weight, site in zip((p.weight_neighbourhood, p.weight_work), at):
        if sites.eligible[site] > 1:
            sources.append((weight, min(1.0, (sites.active[site] + in_measures(s, site)) / (sites.eligible[site] - 1))))
    ties = sim.society.ties
    known = [k for k in ties.neighbours[ties.offsets[person] : ties.offsets[person + 1]] if joins[k]]
    if known:
        sources.append((p.weight_ties, sum(s.people.activity[k] in (IN_STRUGGLE, IN_MEASURE) for k in known) / len(known)))
    whole = sum(weight for weight, _ in sources)
    social = sum(weight * part for weight, part in sources) / whole if whole else 0.0
    x = (pressure + p.coupling * social - s.people.nerve[person] - fatigue) / p.temperature
    more = p.coupling * social + incidents + places.shock[here] + p.weight_horizon * places.horizon[here] * places.free_coverage[here]
    quiet = x - more / p.temperature
    hazard = 1 / (1 + math.exp(-x)) - (1 - p.spontaneous) / (1 + math.exp(-quiet))
    return 1 - math.exp(-p.rate_joining * max(0.0, hazard))


LAWS = {
    "all": {},
    "without ties": {"weight_ties": 0.0},
    "ties alone": {"weight_work": 0.0, "weight_neighbourhood": 0.0, "weight_place": 0.0},
    "neighbourhoods alone": {"weight_work": 0.0, "weight_ties": 0.0, "weight_place": 0.0},
    "nobody near": {"weight_work": 0.0, "weight_neighbourhood": 0.0, "weight_place": 0.0, "weight_ties": 0.0},
    "cold": {"temperature": 0.05},
    "fast": {"rate_joining": 5.0, "nerve": 1.5},
    "rare": {"nerve": 2.6, "temperature": 0.3},
    "never": {"rate_joining": 0.0},
    "nothing spontaneous": {"spontaneous": 0.0, "nerve": 1.0},
    "half spontaneous": {"spontaneous": 0.5, "nerve": 1.0},
    "strongly coupled": {"coupling": 8.0, "nerve": 3.0},
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_those_join_whose_draw_is_below_their_probability(law):
    expected_in_all = 0.0
    for seed in SEEDS:
        sim = world(seed, {"struggle": law})
        joins = can_join(sim)
        before, after = one_day(sim, "struggle")
        wanted = []
        for person in range(len(sim.people)):
            if joins[person] and before.people.activity[person] == ROUTINE:
                p = joining_probability(sim, before, person, PARAMETERS["struggle"] | law)
                expected_in_all += p
                if draw(before, person, decisions.JOIN) < p:
                    wanted.append(person)
        found = [
            person for person in range(len(sim.people))
            if (before.people.activity[person], after.people.activity[person]) == (ROUTINE, IN_STRUGGLE)
        ]  # fmt: skip
        assert found == wanted
        assert after.days.joined == [len(wanted)]
    assert (expected_in_all > 5) == (law != LAWS["never"])  # else nothing was tested


def test_rare_joiners_of_a_large_society_are_found_one_by_one():
    """Low draws are sorted out by a table of logarithms: here 40,000 people of whom about one in 500 joins a day."""
    rng, n = np.random.default_rng(1), 40_000
    given = SocietyParameters(ties=TieParameters(degree_distribution="none"))
    people = {
        "home": np.sort(rng.integers(0, 20, n)), "position": np.full(n, "stable"),
        "unmet": rng.exponential(0.1, n).clip(0, 1).astype(np.float32),
    }  # fmt: skip
    society = cz.Society.from_tables(people=people, sites={"kind": ["neighbourhood"] * 20}, parameters=given)
    law = {
        **PARAMETERS["struggle"], "nerve": 1.6, "nerve_sd_site": 0.0, "nerve_sd_place": 0.0, "nerve_sd_person": 0.0,
        "temperature": 0.25, "rate_joining": 0.35, "weight_risk": 0.0,
    }  # fmt: skip
    sim = cz.Simulation(cz.Scenario({"scenario": {"name": "lab"}, "struggle": law}), seed=4, threads=1, society=society)
    struggle = next(m for m in sim.mechanisms if m.name == "struggle")
    least, total = 1.0, 0
    for day in range(5):
        drive = law["weight_need"] * sim.people.unmet.astype(float) - np.float32(1.6)
        p = 1 - np.exp(-0.35 / (1 + np.exp(-drive / 0.25)))
        u = Draws(sim.state.key, decisions.JOIN, day).uniform(n)
        struggle.step(sim.state, day, Draws(sim.state.key, 0, day))
        found = np.flatnonzero(sim.people.activity == IN_STRUGGLE)
        np.testing.assert_array_equal(found, np.flatnonzero(u < p))
        least, total = min(least, u[found].min()), total + found.size
        sim.people.activity[:] = ROUTINE
        for table in (sim.sites, sim.places):
            table.active[:] = 0
        sim.sites.mode[:], sim.sites.struggle[:], sim.sites.fatigue[:] = COMMODITY, -1, 0.0
    assert total > 200
    assert least < 2.0**-12  # the first entry of the table was used


def test_the_table_of_logarithms_is_a_lower_bound():
    table = loops.log_table()
    for cell in (0, 1, 2, 1000, 4095):
        lowest = (cell * 2**20 + 0.5) / 2**32
        assert table[cell] <= math.log(lowest) * (1 - 1e-14)  # up to the rounding of two logarithms


@pytest.mark.parametrize("law", [{}, {"rate_leaving": 0.0}, {"rate_leaving_alone": 0.0, "rate_leaving": 1.5}])
def test_those_leave_whose_draw_is_below_their_probability(law):
    p, lonely, gone = SimpleNamespace(**PARAMETERS["struggle"] | law), 0, 0
    for seed in SEEDS:
        sim = world(seed, {"struggle": law})
        if seed == 0:  # one who is alone at home and at work
            person = next(i for i in range(160) if sim.people.activity[i] == IN_STRUGGLE)
            for other in range(160):
                if other != person and {*places_of(sim, other)} & {*places_of(sim, person)}:
                    sim.people.activity[other] = ROUTINE
            recount(sim)
        before, after = one_day(sim, "struggle")
        wanted = []
        for person in range(len(sim.people)):
            if before.people.activity[person] == IN_STRUGGLE:
                others = sum(
                    before.people.activity[other] in (IN_STRUGGLE, IN_MEASURE) and other != person
                    and bool({*places_of(before, other), before.people.measure[other]} & {*places_of(before, person)})
                    for other in range(len(sim.people)))  # fmt: skip
                lonely += not others
                if draw(before, person, decisions.LEAVE) < 1 - math.exp(-p.rate_leaving - (0 if others else p.rate_leaving_alone)):
                    wanted.append(person)
        found = [
            person for person in range(len(sim.people))
            if (before.people.activity[person], after.people.activity[person]) == (IN_STRUGGLE, ROUTINE)
        ]  # fmt: skip
        assert found == wanted
        assert after.days.left == [len(wanted)]
        gone += len(wanted)
    assert lonely
    assert gone


def recount(sim):
    people, ties = sim.people, sim.society.ties
    for code, column in ((IN_STRUGGLE, "active"), (IN_MEASURE, "participants"), (HELD, "held")):
        sites, places = getattr(sim.sites, column), getattr(sim.places, column)
        sites[:], places[:] = 0, 0
        for person in np.flatnonzero(people.activity == code):
            joined = [int(people.measure[person])] if code == IN_MEASURE else []
            for site in {*places_of(sim, person), *joined}:
                sites[site] += 1
            places[sim.sites.place[people.home[person]]] += 1
    people.ties_in_measures[:], sim.sites.ties_in_measures[:] = 0, 0
    for person in range(len(people)):
        for other in ties.neighbours[ties.offsets[person] : ties.offsets[person + 1]]:
            if people.activity[other] == IN_MEASURE:
                people.ties_in_measures[person] += 1
                for site in {*places_of(sim, person)} - {*places_of(sim, other), int(people.measure[other])}:
                    sim.sites.ties_in_measures[site] += 1


def assert_counts_are_recounts(sim):
    twin = sim.branch()
    recount(twin)
    for table in ("sites", "places"):
        for column in ("active", "participants", "held"):
            np.testing.assert_array_equal(getattr(getattr(sim, table), column), getattr(getattr(twin, table), column))
    for table in ("people", "sites"):
        np.testing.assert_array_equal(getattr(sim, table).ties_in_measures, getattr(twin, table).ties_in_measures)


@pytest.mark.parametrize("name", ["struggle", "acts", "force"])
def test_counts_follow_those_who_come_and_go(name):
    moved = 0
    for seed in SEEDS:
        sim = world(seed)
        before, after = one_day(sim, name)
        moved += sum(a != b for a, b in zip(before.people.activity, after.people.activity))
        assert_counts_are_recounts(sim)
    assert moved > 10


# --- contested sites and the struggles that they belong to ---


def contest(s, law):
    """New mode, struggle (None where to be attributed), began and fatigue of each site; `s` after people have moved."""
    p, found = SimpleNamespace(**law), []
    for site in range(len(s.sites.mode)):
        active, eligible, mode = s.sites.active[site], s.sites.eligible[site], s.sites.mode[site]
        share = active / eligible if eligible else 0.0
        in_motion = min(1.0, (active + in_measures(s, site)) / eligible) if eligible else 0.0
        fatigue = s.sites.fatigue[site] * decay(p.fatigue_half_life_days) + p.fatigue_gain * in_motion
        struggle, began = s.sites.struggle[site], s.sites.began[site]
        if mode == CONTESTED and (not active or share < p.contested_share * p.contested_end):
            mode, struggle, began = COMMODITY, -1, DAY
        elif mode == COMMODITY and active >= p.contested_people and share >= p.contested_share:
            mode, struggle, began = CONTESTED, None, DAY
        found.append((mode, struggle, began, fatigue))
    return found


def attribution(sim, s, sites, law, tally):
    """Struggle of each newly contested site, drawn in proportion to what moved it; and the number of new ones."""
    p, fresh, result = SimpleNamespace(**law), len(s.struggles.began), {}
    struggle, of_shock = [number for _, number, _, _ in sites], list(s.of_shock)
    active, eligible = s.sites.active, s.sites.eligible
    contested = defaultdict(list)
    for site, (mode, number, _, _) in enumerate(sites):
        if mode == CONTESTED and number is not None:
            contested[s.sites.place[site]].append(site)

    def share(q):
        return sum(active[site] for site in contested[q]) / max(1, s.places.eligible[q])

    new = [site for site, number in enumerate(struggle) if number is None]
    new.sort(key=lambda site: s.sites.kind[site] == NEIGHBOURHOOD)  # neighbourhoods see what sites of work joined that day
    for site in new:
        place = s.sites.place[site]
        links = {}
        for person in range(len(s.people.home)):
            at = places_of(s, person)
            if s.people.activity[person] == IN_STRUGGLE and site in at and len(at) == 2:
                there = at[0] if at[1] == site else at[1]
                if there in result and s.sites.kind[site] == NEIGHBOURHOOD:
                    links[person] = result[there]
                elif struggle[there] is not None and struggle[there] >= 0:
                    links[person] = struggle[there]
        contact = sim.society.contact
        near = {
            int(contact.neighbours[j]): contact.weights[j] * share(contact.neighbours[j])
            for j in range(contact.offsets[place], contact.offsets[place + 1])
        }
        country = {q: sum(active[other] for other in contested[q]) for q in np.argsort(sim.society.place_list.identity, kind="stable").tolist()}
        places = p.coupling * p.weight_place
        weights = [
            max(0.0, s.sites.incident[site]),
            p.coupling * max(p.weight_work, p.weight_neighbourhood) * len(links) / max(1, eligible[site]),
            places * (1 - p.away_share) * share(place),
            places * p.away_share * (1 - p.uniform_share) * sum(near.values()),
            places * p.away_share * p.uniform_share * sum(country.values()) / sum(s.places.eligible),
            max(0.0, s.places.shock[place]),
        ]
        cause = categorical(weights, draw(s, site, decisions.ATTRIBUTION))
        tally[cause] += 1
        if cause <= 0:
            result[site], fresh = fresh, fresh + 1
            continue
        if cause == 5:  # one struggle for all that the shocks of a place move, until it is over
            begun = of_shock[place]
            if begun < 0 or (begun < len(s.struggles.began) and s.struggles.ended[begun] >= 0):
                of_shock[place], fresh = fresh, fresh + 1
            result[site] = of_shock[place]
            continue
        if cause == 1:
            result[site] = links[min(links, key=lambda person: draw(s, person, decisions.ATTRIBUTION_LINK))]
            continue
        rooms = {2: {place: 1.0}, 3: near, 4: country}[cause]
        source = list(rooms)[categorical(list(rooms.values()), draw(s, site, decisions.ATTRIBUTION, 1))]
        members = contested[source]
        result[site] = struggle[members[categorical([active[m] for m in members], draw(s, site, decisions.ATTRIBUTION, 2))]]
    return result, fresh


def number_of(s, person):
    """The struggle that a person is in: that of the work site, else that of the neighbourhood."""
    for site in reversed(places_of(s, person)):
        if s.sites.struggle[site] >= 0:
            return s.sites.struggle[site]
    return -1


def test_fatigue_and_contested_sites():
    begun = ended = 0
    for seed in range(18):
        sim = world(seed)
        before, after = one_day(sim, "struggle")
        moved = SimpleNamespace(**vars(before))
        moved.sites = SimpleNamespace(**{**vars(before.sites), "active": after.sites.active})
        wanted = contest(moved, PARAMETERS["struggle"])
        assert after.sites.mode == [mode for mode, *_ in wanted]
        assert after.sites.began == [began for _, _, began, _ in wanted]
        assert after.sites.fatigue == pytest.approx([fatigue for *_, fatigue in wanted], rel=1e-6)
        new = sum(number is None for _, number, _, _ in wanted)
        assert after.days.newly_contested == [new]
        begun += new
        ended += sum(b == CONTESTED and a == COMMODITY for b, a in zip(before.sites.mode, after.sites.mode))
        for site, (_, number, _, _) in enumerate(wanted):
            if number is not None:
                assert after.sites.struggle[site] == number
    assert begun > 10
    assert ended > 5


ATTRIBUTIONS = {
    "own": ({}, {0, 1, 5}), "people": ({"weight_work": 1.0, "weight_place": 0.0}, {0, 1, 5}),
    "place": ({"weight_place": 1.0, "away_share": 0.0}, {0, 1, 2, 5}),
    "contact": ({"weight_place": 1.0, "away_share": 1.0, "uniform_share": 0.0, "weight_work": 0.1, "weight_neighbourhood": 0.0}, {0, 1, 3, 5}),
    "country": ({"weight_place": 1.0, "away_share": 1.0, "uniform_share": 1.0, "weight_work": 0.0, "weight_neighbourhood": 0.1}, {0, 1, 4, 5}),
    "mixed": ({"weight_place": 0.8, "uniform_share": 0.5}, {0, 1, 2, 3, 4, 5}),
}  # fmt: skip


@pytest.mark.parametrize(("law", "causes"), ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_new_contested_sites_are_attributed_to_what_moved_them(law, causes):
    alone, law, tally = not law, {"coupling": 3.0, "rate_joining": 2.0, **law}, Counter()
    for seed in range(16):
        sim = world(seed, {"struggle": law})
        if not alone:
            sim.sites.incident[:] *= 0.1
            sim.places.shock[:] *= 0.1
        else:
            sim.sites.mode[:], sim.sites.struggle[:] = COMMODITY, -1
        before, after = one_day(sim, "struggle")
        merged = SimpleNamespace(seed=sim.seed, people=after.people, places=after.places, struggles=before.struggles, of_shock=before.places.shock_struggle)
        merged.sites = SimpleNamespace(**{**vars(before.sites), "active": after.sites.active})
        wanted, fresh = attribution(sim, merged, contest(merged, PARAMETERS["struggle"] | law), PARAMETERS["struggle"] | law, tally)
        assert {site: after.sites.struggle[site] for site in wanted} == wanted
        assert len(after.struggles.began) == fresh
        n_old = len(before.struggles.began)
        assert after.days.spread == [sum(number < n_old for number in wanted.values())]
        founders = {}
        for site, number in wanted.items():  # in the order of attribution: the first site of a struggle says where it began
            founders.setdefault(number, site)
        for number, site in founders.items():
            if number >= n_old:
                assert after.struggles.began[number] == DAY
                assert after.struggles.place[number] == before.sites.place[site]
        for number in range(fresh):
            gained = sum(n == number for n in wanted.values())
            assert after.struggles.sites_ever[number] == (before.struggles.sites_ever[number] if number < n_old else 0) + gained
    assert set(tally) <= causes
    assert max(causes - {5}) in tally
    assert tally.total() > 40


def test_a_site_of_a_place_is_drawn_in_proportion_to_its_active_members():
    active, order = np.array([9, 2, 0, 3, 5]), np.array([0, 3, 1, 4])
    offsets = np.array([0, 1, 3, 4])  # place 1 holds the sites 3 and 1
    for u, site in ((0.0, 3), (0.59999, 3), (0.60001, 1), (0.99999, 1)):
        assert attributing.draw_site_of_place(1, u, offsets, order, active, 5.0) == site
    assert attributing.draw_site_of_place(2, 0.5, offsets, order, active, 5.0) == 4


def test_struggles_are_tallied_from_their_people_and_sites():
    over = Counter()
    for seed in SEEDS:
        sim = world(seed)
        locus = sim.society.site_locus().tolist()
        before, after = one_day(sim, "struggle")
        s, old, n = after.struggles, before.struggles, len(after.struggles.began)
        n_old = len(old.began)
        inside, carried = defaultdict(list), Counter()
        for person, activity in enumerate(after.people.activity):
            if activity == IN_STRUGGLE and number_of(after, person) >= 0:
                inside[number_of(after, person)].append(after.people.belonging[person])
            if activity == IN_MEASURE:
                carried[after.sites.struggle[after.people.measure[person]]] += 1
        over["carried"] += sum(count for number, count in carried.items() if number >= 0)
        for number in range(n):
            sites = [site for site, of in enumerate(after.sites.struggle) if of == number]
            was = SimpleNamespace(**{name: values[number] if number < n_old else 0 for name, values in vars(old).items()})
            assert s.active[number] == len(inside[number])
            assert s.participants[number] == carried[number]
            assert s.sites[number] == len(sites)
            assert s.members[number] == sum(after.sites.eligible[site] for site in sites)
            assert s.belonging[number] == pytest.approx(sum(inside[number]) / max(1, len(inside[number])), abs=2e-6)
            assert s.peak[number] == max(was.peak, len(inside[number]) + carried[number])
            assert s.person_days[number] == was.person_days + len(inside[number]) + carried[number]
            at = Counter(locus[site] for site in sites)
            assert s.by_locus[number] == [(was.by_locus[k] if number < n_old else 0) + at[k] for k in range(3)]
            if number < n_old and was.ended >= 0:
                assert s.ended[number] == was.ended
            elif sites:
                assert s.ended[number] == -1
            else:
                assert s.ended[number] == DAY
                repressed = was.arrested >= 0.5 * max(1, s.peak[number])
                assert STRUGGLE_ENDS[s.end[number]] == ("repressed" if repressed else "ebbed")
                over[STRUGGLE_ENDS[s.end[number]]] += 1
    assert min(over[name] for name in ("repressed", "ebbed", "carried")) > 0


# --- incidents, acts, outcomes ---


def test_incidents_fade_and_arise_site_by_site():
    p, arisen = SimpleNamespace(**PARAMETERS["incidents"]), 0
    for seed in SEEDS:
        sim = world(seed)
        before, after = one_day(sim, "incidents")
        unmet = sum(before.people.unmet) / len(before.people.unmet)
        count = 0
        for site, old in enumerate(before.sites.incident):
            wanted = old * math.exp(-1 / p.decay_days)
            members = before.sites.members[site]
            if before.sites.mode[site] == COMMODITY and members:
                probability = min(1.0, p.rate * math.sqrt(members * before.scale / 50) * (1 + 2 * unmet))
                if draw(before, site, decisions.INCIDENT) < probability:
                    wanted += p.size * (draw(before, site, decisions.INCIDENT_SIZE) ** (-1 / p.exponent) - 1)
                    count += 1
            assert after.sites.incident[site] == pytest.approx(wanted, rel=1e-6)
        assert after.days.incidents == [count]
        arisen += count
    assert arisen > 5


def room_of(s, n, law, economy):
    """What can be conceded to a struggle: by the State where it is about reproduction, else by its employers, of what they earn."""
    loci = s.struggles.by_locus[n]
    if loci[2] > sum(loci) / 2:
        return law["room_state"] if math.isnan(economy["tax_surplus"]) else economy["tax_surplus"]
    paying = [site for site, number in enumerate(s.sites.struggle) if number == n and s.sites.payroll[site] > 0]
    if paying:
        return sum(s.sites.revenue[site] for site in paying) / sum(s.sites.payroll[site] for site in paying) - 1
    return law["room_employers"] if math.isnan(economy["profit_rate"]) else economy["profit_rate"]


def acts_of(s, law, economy):
    """Demand, rift, counts, and settled and refused struggles, after one day of acts."""
    p, settled, refused = SimpleNamespace(**law), set(), set()
    t = {name: list(getattr(s.struggles, name)) for name in ("demand", "rift", "demands", "rifts", "refusals")}
    for n, ended in enumerate(s.struggles.ended):
        if ended >= 0:
            continue
        demand, rift = (t[name][n] * decay(p.half_life_days) for name in ("demand", "rift"))
        can = 1 / (1 + math.exp(-(room_of(s, n, law, economy) - p.concession_cost) / p.concession_width))
        share = s.struggles.active[n] / max(1, s.struggles.members[n])
        if draw(s, n, decisions.ACT) < 1 - math.exp(-p.rate * share):
            for_demand = max(0.0, 0.5 + s.struggles.belonging[n] / 2) * can
            for_rift = max(0.0, 0.5 - s.struggles.belonging[n] / 2) + 0.2 * t["refusals"][n]
            if draw(s, n, decisions.ACT, 1) < for_demand / (for_demand + for_rift):
                demand, t["demands"][n] = demand + 1, t["demands"][n] + 1
            else:
                rift, t["rifts"][n] = rift + 1, t["rifts"][n] + 1
        t["demand"][n], t["rift"][n] = demand, rift
        if t["demands"][n] and demand >= 0.5:
            if draw(s, n, decisions.CONCESSION) < 1 - math.exp(-p.rate_concession * can):
                settled.add(n)
            elif draw(s, n, decisions.REFUSAL) < 1 - math.exp(-p.rate_refusal * (1 - can)):
                refused.add(n)
                t["refusals"][n] += 1
    return t, settled, refused


def test_acts_concessions_and_refusals():
    seen = Counter()
    for seed in range(32):
        sim = world(seed)
        next(m for m in sim.mechanisms if m.name == "economy").step(sim.state, DAY, None)
        economy = dict.fromkeys(CONDITIONS, float("nan"))
        if seed % 3:  # else no month has been computed
            economy = {"profit_rate": 0.25, "tax_surplus": -0.05}
            for name, value in economy.items():
                getattr(sim.state.economy, name)[0] = value
        before, after = one_day(sim, "acts")
        wanted, settled, refused = acts_of(before, PARAMETERS["acts"], economy)
        for name, values in wanted.items():
            assert getattr(after.struggles, name) == pytest.approx(values, rel=1e-6), name
        assert after.days.settlements == [len(settled)]
        assert after.days.refusals == [len(refused)]
        seen.update(demand=sum(wanted["demands"]) - sum(before.struggles.demands), settled=len(settled), refused=len(refused))
        seen.update(rift=sum(wanted["rifts"]) - sum(before.struggles.rifts))
        for n, end in enumerate(before.struggles.end):
            assert STRUGGLE_ENDS[after.struggles.end[n]] == ("settled" if n in settled else STRUGGLE_ENDS[end])
        p, regime = SimpleNamespace(**PARAMETERS["acts"]), PARAMETERS["economy"]["regime"]
        for person, activity in enumerate(before.people.activity):
            b, left = before.people.belonging[person], False
            number = number_of(before, person) if activity == IN_STRUGGLE else -1
            if number in settled:
                b, left = min(1.0, b + p.settlement_gain * (1 - regime) * (1 - b)), True
            elif number in refused:
                b = max(-1.0, b - p.refusal_loss * (1 + b))
            assert after.people.activity[person] == (ROUTINE if left else activity)
            assert after.people.belonging[person] == pytest.approx(b, rel=1e-6, abs=1e-7)
        for site, relief in enumerate(before.sites.relief):
            mode, over = before.sites.mode[site], before.sites.struggle[site] in settled
            more = p.relief if over else 0.0
            assert after.sites.relief[site] == pytest.approx(relief * decay(p.relief_half_life_days) + more, rel=1e-6)
            assert after.sites.mode[site] == (COMMODITY if over and mode == CONTESTED else mode)
            assert after.sites.struggle[site] == (-1 if over else before.sites.struggle[site])
            assert after.sites.instance[site] == before.sites.instance[site]  # a measure stays in force
            assert after.sites.pay[site] == pytest.approx(before.sites.pay[site] * (1 + p.concession_cost if over else 1), rel=1e-6)
            assert after.sites.regularised[site] == pytest.approx(p.regularised if over else before.sites.regularised[site])
            seen["kept"] += over and mode == TAKEN
    assert min(seen[name] for name in ("demand", "rift", "settled", "refused", "kept")) > 5


# --- force ---


def test_arrests_and_releases_person_by_person():
    seen, p = Counter(), SimpleNamespace(**PARAMETERS["force"])
    for seed in SEEDS:
        sim = world(seed)
        before, after = one_day(sim, "force")
        hurt = Counter()
        numbers = list(before.struggles.arrested)
        for person, activity in enumerate(before.people.activity):
            place = before.sites.place[before.people.home[person]]
            wanted, belonging = activity, before.people.belonging[person]
            if activity in (IN_STRUGGLE, IN_MEASURE):
                hazard = p.rate_arrest * after.places.force[place] / max(1, before.places.active[place] + before.places.participants[place])
                if draw(before, person, decisions.ARREST) < 1 - math.exp(-hazard):
                    wanted, belonging = HELD, max(-1.0, belonging - p.arrest_loss)
                    hurt[place] += 1
                    inside = activity == IN_MEASURE
                    number = before.sites.struggle[before.people.measure[person]] if inside else number_of(before, person)
                    if number >= 0:
                        numbers[number] += 1
                    seen["from measures"] += inside
                    assert after.people.measure[person] == -1
            elif activity == HELD and draw(before, person, decisions.RELEASE) < 1 - math.exp(-1 / p.held_days):
                wanted = ROUTINE
                seen["released"] += 1
            assert after.people.activity[person] == wanted
            assert after.people.belonging[person] == pytest.approx(belonging, abs=1e-6)
        assert after.struggles.arrested == numbers
        assert after.days.arrests == [hurt.total()]
        seen["arrested"] += hurt.total()
        for place, old in enumerate(before.places.coercion):
            coercion = old * decay(p.coercion_half_life_days)
            per_thousand = 1000 * hurt[place] / before.places.residents[place]
            coercion += (1 - coercion) * (1 - math.exp(-p.coercion_gain * per_thousand))
            floor = p.exception_coercion * after.force.exception[0]
            assert after.places.coercion[place] == pytest.approx(min(1.0, max(coercion, floor)), rel=1e-5)
            factor = p.exception_factor if after.force.exception[0] else 1.0
            people = before.places.active[place] + before.places.participants[place]
            eviction = p.rate_eviction * factor * after.places.force[place] / max(1, people)
            assert after.places.eviction[place] == pytest.approx(eviction, rel=1e-6)
    assert seen["arrested"] > 20
    assert seen["from measures"] > 5
    assert seen["released"] > 10


# --- the end of the day ---


def test_belonging_drifts_by_position():
    rates = dict.fromkeys(("precarious", "unemployed", "excluded"), -0.05) | {"stable": 0.05 * (1 - 0.4)}
    for seed in SEEDS:
        sim = world(seed)
        next(m for m in sim.mechanisms if m.name == "economy").step(sim.state, DAY, None)
        before, after = one_day(sim, "belonging")
        wanted = [
            min(1.0, max(-1.0, b + rates.get(POSITIONS[position], 0.0)))
            for b, position in zip(before.people.belonging, before.people.position)
        ]
        assert after.people.belonging == pytest.approx(wanted, abs=1e-6)
        observed = next(m for m in sim.mechanisms if m.name == "belonging").observe(sim.state)
        assert observed["belonging"] == pytest.approx(sum(wanted) / len(wanted), abs=2e-6)
        active = [b for b, activity in zip(wanted, before.people.activity) if activity == IN_STRUGGLE]
        assert observed["belonging_active"] == pytest.approx(sum(active) / len(active), abs=2e-6)


def test_people_are_counted_by_activity_and_position():
    for seed in SEEDS:
        sim = world(seed)
        _, after = one_day(sim, "reckoning")
        found = next(m for m in sim.mechanisms if m.name == "reckoning").observe(sim.state)["people"]
        wanted = Counter(zip(after.people.activity, after.people.position))
        found = found / sim.state.scale
        assert found.shape == (4, 9)
        assert {(a, p): found[a, p] for a in range(4) for p in range(9) if found[a, p]} == wanted


def test_each_block_counts_its_own_people_in_its_own_slot():
    table, prints, wrong = np.zeros((3, 5, 10), np.int64), np.zeros((3, 4), np.uint64), np.zeros(3, np.int64)
    activity, position = np.array([1, 0, 1, 3, 1, 7], np.int8), np.array([1, 8, 2, 2, 99, 3], np.int8)
    none, words = np.full(6, -1, np.int32), activity[:0].view(np.uint64)
    count_busy(1, 6, 1, words, activity, position, np.zeros(6, np.int32), none, none, np.zeros(1, np.int32), table, prints, wrong)
    assert {tuple(at.tolist()): table[tuple(at)] for at in np.argwhere(table)} == {(1, 1, 2): 1, (1, 3, 2): 1, (1, 1, 9): 1, (1, 4, 3): 1}


def tampered(change):
    sim = world(1)
    invariants = Invariants(sim.state, sim.mechanisms)
    sim.state.day = 30  # a day of recounts
    change(sim)
    invariants.check(sim.state, 30)


def add(column, step=1):
    def change(sim):
        table, name = column.split(".")
        getattr(getattr(sim, table), name)[3] += step

    return change


COUNTED = [f"{table}.{column}" for table in ("sites", "places") for column in ("active", "participants", "held")]


@pytest.mark.parametrize("column", [*COUNTED, "people.money"])
def test_wrong_counts_and_lost_coins_are_violations(column):
    tampered(lambda sim: None)
    with pytest.raises(cz.InvariantViolation, match=r"\d"):
        tampered(add(column))
