"""A synthesised society: how many, who, where they live and work, and what is counted of them."""

import numpy as np
import pytest
from scipy import stats

from communize.declare.errors import InputError
from communize.declare.registry import CAMPUS, FARM, NEIGHBOURHOOD, POSITIONS, STATE_SITE, WORKPLACE, hash_arrays
from communize.society.parameters import (
    ContactParameters,
    PlaceParameters,
    Position,
    Positions,
    Sector,
    SocietyParameters,
)  # fmt: skip
from communize.society.places import agents_of_places
from communize.society.society import Society
from communize.society.ties import TieParameters

NO_TIES = TieParameters(degree_distribution="none")
SHARES = {
    "stable": 0.3, "precarious": 0.15, "unemployed": 0.1, "excluded": 0.1, "student": 0.15, "farmer": 0.05,
    "manager": 0.08, "owner": 0.04, "state_force": 0.03,
}  # fmt: skip
MEAN_BELONGING = dict(zip(POSITIONS, (0.2, -0.3, -0.1, 0.0, 0.1, -0.2, 0.3, 0.4, 0.25)))
MEAN_UNMET = dict(zip(POSITIONS, (0.02, 0.05, 0.08, 0.1, 0.03, 0.04, 0.01, 0.0, 0.06)))
GROUPS = {"a": 0.5, "b": 0.3, "c": 0.2}
SECTORS = {
    "land": Sector(share=0.1, kind="farm", size_exponent=2.0, size_minimum=3.0, size_maximum=50.0),
    "making": Sector(share=0.4, size_exponent=1.5, size_minimum=4.0, size_maximum=500.0),
    "selling": Sector(share=0.3, locus="circulation", size_exponent=1.2, size_minimum=2.0, size_maximum=300.0),
    "state": Sector(share=0.2, kind="state_site", locus="reproduction", size_exponent=1.1, size_minimum=5.0, size_maximum=900.0),
}
PEOPLE, COMMUTING = 40_000, 0.35


def positions(shares=SHARES, cannot=("owner", "state_force")):
    return Positions(
        **{
            name: Position(
                share=shares.get(name, 0.0), belonging=MEAN_BELONGING[name], unmet=MEAN_UNMET[name], takes_part=name not in cannot
            )
            for name in POSITIONS
        }
    )


def one_position(name):
    return positions({name: 1.0})


def parameters(**changes):
    given = {
        "people": PEOPLE, "places": PlaceParameters(count=25, size_exponent=0.8, extent_km=200.0),
        "contact": ContactParameters(
            distance_exponent=1.5, population_exponent=1.0, offset_km=10.0, cutoff_km=1000.0, neighbours=6),
        "positions": positions(), "groups": GROUPS, "sectors": SECTORS, "neighbourhood_size": 120.0,
        "neighbourhood_spread": 0.4, "campus_size": 150.0, "commuting": COMMUTING, "money": 70, "horizon": 0.25,
        "belonging_spread": 0.1, "ties": NO_TIES,
    }  # fmt: skip
    return SocietyParameters(**(given | changes))


@pytest.fixture(scope="module")
def society():
    return Society.synthesise(parameters(), seed=5)


def within_standard_errors(count, n, share, errors=4.0):
    return abs(count - n * share) <= errors * np.sqrt(n * share * (1 - share))


def state_of(society):
    columns = [(c.path, v) for t in (society.people, society.sites, society.places) for c, v in t.columns()]
    return hash_arrays([*columns, ("offsets", society.ties.offsets), ("neighbours", society.ties.neighbours)])


# --- how many ---


@pytest.mark.parametrize(("people", "scale", "agents"), [(2, 1.0, 2), (1_001, 1.0, 1_001), (10_003, 10.0, 1_000), (999, 2.5, 400)])
def test_number_of_agents_is_people_over_scale(people, scale, agents):
    made = Society.synthesise(parameters(people=people, scale=scale), seed=1)
    assert len(made.people) == agents
    assert made.places.residents.sum() == agents
    assert made.scale == scale


def test_people_of_a_place_follow_its_population_by_largest_remainders(society):
    sizes = np.arange(1, 26, dtype=float) ** -0.8
    wanted = agents_of_places(np.round(1e7 * sizes / sizes.sum()).astype(np.int64), PEOPLE, 1.0)
    np.testing.assert_array_equal(society.places.residents, wanted)
    np.testing.assert_array_equal(society.places.population, wanted)


def test_everybody_has_one_home_and_homes_are_neighbourhoods(society):
    kinds, people = society.sites.kind, society.people
    assert np.all(kinds[people.home] == NEIGHBOURHOOD)
    assert np.all(np.diff(people.home) >= 0)
    assert np.all(np.diff(society.sites.place[people.home]) >= 0)
    homes = np.bincount(people.home, minlength=len(society.sites))
    assert np.all(homes[kinds == NEIGHBOURHOOD] > 0)


def test_neighbourhoods_have_the_mean_size_and_spread_asked_for():
    made = Society.synthesise(parameters(people=60_000, places=PlaceParameters(count=1), positions=one_position("excluded")), seed=2)
    sizes = np.bincount(made.people.home).astype(float)
    sizes = sizes[:-1]  # the last takes what is left
    assert abs(sizes.mean() - 120.0) < 4 * sizes.std() / np.sqrt(sizes.size)
    assert abs(np.log(sizes).std() - 0.4) < 4 * 0.4 / np.sqrt(2 * sizes.size)


def test_what_is_left_of_a_place_makes_no_tiny_neighbourhood():
    """The last is at least half the mean size, unless the one before it is smaller still."""
    many = PlaceParameters(count=400, size_exponent=0.3)
    made = Society.synthesise(parameters(people=60_000, places=many, positions=one_position("excluded")), seed=2)
    sizes, places = np.bincount(made.people.home), made.sites.place[: made.people.home[-1] + 1]
    lasts = [np.flatnonzero(places == place)[-2:] for place in range(400)]
    assert sum(rows.size == 2 for rows in lasts) > 100
    for rows in lasts:
        assert rows.size == 1 or sizes[rows[1]] >= min(60, sizes[rows[0]])


# --- who ---


@pytest.mark.parametrize("name", POSITIONS)
def test_shares_of_positions(society, name):
    count = int((society.people.position == POSITIONS.index(name)).sum())
    assert within_standard_errors(count, PEOPLE, SHARES[name])


def test_shares_of_groups_whatever_the_position(society):
    for code, share in enumerate(GROUPS.values()):
        mine = society.people.group == code
        assert within_standard_errors(mine.sum(), PEOPLE, share)
        stable = society.people.position == POSITIONS.index("stable")
        assert within_standard_errors((mine & stable).sum(), stable.sum(), share)


@pytest.mark.parametrize("name", POSITIONS)
def test_belonging_and_unmet_need_by_position(society, name):
    rows = society.people.position == POSITIONS.index(name)
    belonging, unmet = society.people.belonging[rows].astype(float), society.people.unmet[rows].astype(float)
    assert abs(belonging.mean() - MEAN_BELONGING[name]) < 4 * 0.1 / np.sqrt(rows.sum())
    assert abs(belonging.std() - 0.1) < 4 * 0.1 / np.sqrt(2 * rows.sum())
    # exponential: the standard deviation equals the mean; the clip at 1 takes less than 1e-4 of a mean of 0.1
    assert abs(unmet.mean() - MEAN_UNMET[name]) <= 4 * MEAN_UNMET[name] / np.sqrt(rows.sum())
    assert np.all((unmet >= 0) & (unmet <= 1))


def test_belonging_and_unmet_need_stay_in_range():
    extreme = Positions(
        **{name: Position(share=float(name == "stable"), belonging=0.95, unmet=0.7) for name in POSITIONS})
    made = Society.synthesise(parameters(people=2_000, positions=extreme, belonging_spread=0.5), seed=3)
    assert made.people.belonging.max() == 1.0
    assert made.people.unmet.max() == 1.0
    assert made.people.belonging.min() < 0.0


def test_money_and_horizon_are_given_to_all(society):
    assert np.all(society.people.money == 70)
    assert np.all(society.people.horizon == np.float32(0.25))


# --- where they work ---


def kind_of_work(society, name):
    works = society.people.work[society.people.position == POSITIONS.index(name)]
    return np.where(works >= 0, society.sites.kind[np.maximum(works, 0)], -1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("farmer", FARM), ("student", CAMPUS), ("state_force", STATE_SITE), ("unemployed", -1), ("excluded", -1)],
)
def test_positions_with_one_kind_of_site(society, name, kind):
    assert np.all(kind_of_work(society, name) == kind)


@pytest.mark.parametrize("name", ["stable", "precarious", "manager", "owner"])
def test_workers_spread_over_sectors(society, name):
    works = society.people.work[society.people.position == POSITIONS.index(name)]
    assert np.all(works >= 0)
    assert set(society.sites.kind[works]) == {WORKPLACE, FARM, STATE_SITE}
    for code, sector in enumerate(SECTORS.values()):
        at = society.sites.sector[works] == code
        assert within_standard_errors(at.sum(), works.size, sector.share)


def test_kind_of_a_site_is_that_of_its_sector(society):
    sites = society.sites
    wanted = {"land": FARM, "making": WORKPLACE, "selling": WORKPLACE, "state": STATE_SITE}
    for code, name in enumerate(SECTORS):
        elsewhere = (sites.sector == code) & ~np.isin(sites.kind, (NEIGHBOURHOOD, CAMPUS))
        assert elsewhere.any()
        assert np.all(sites.kind[elsewhere] == wanted[name])
    assert np.all(sites.sector[sites.kind == NEIGHBOURHOOD] == -1)


def test_locus_of_sites(society):
    loci = society.site_locus()
    of_kind = {(0, "making"): 0, (0, "selling"): 1, (1, "land"): 0, (4, "state"): 2}
    for (kind, sector), locus in of_kind.items():
        rows = (society.sites.kind == kind) & (society.sites.sector == list(SECTORS).index(sector))
        assert rows.any()
        assert np.all(loci[rows] == locus)
    for kind in (NEIGHBOURHOOD, CAMPUS):
        assert np.all(loci[society.sites.kind == kind] == 2)


def test_owner_of_a_site_is_the_first_owner_who_works_there(society):
    people, wanted = society.people, np.full(len(society.sites), -1)
    for person in np.flatnonzero(people.position == POSITIONS.index("owner"))[::-1]:
        wanted[people.work[person]] = person
    np.testing.assert_array_equal(society.sites.owner, wanted)
    assert (wanted >= 0).any()


def test_share_of_people_who_work_elsewhere(society):
    people, sites = society.people, society.sites
    employed = people.work >= 0
    away = sites.place[people.work] != sites.place[people.home]
    for name in POSITIONS:
        mine = employed & (people.position == POSITIONS.index(name))
        if name == "farmer":
            assert not away[mine].any()
        elif mine.any():
            assert within_standard_errors(away[mine].sum(), mine.sum(), COMMUTING)


def test_people_commute_to_contact_places_in_proportion_to_contact(society):
    people, sites, contact = society.people, society.sites, society.contact
    home, work = sites.place[people.home], sites.place[people.work]
    for place in (0, 1):
        first, last = contact.offsets[place : place + 2]
        targets = work[(people.work >= 0) & (home == place) & (work != place)]
        found = np.array([(targets == q).sum() for q in contact.neighbours[first:last]])
        assert found.sum() == targets.size > 1000
        assert stats.chisquare(found, contact.weights[first:last] * targets.size).pvalue > 1e-3


def test_nobody_leaves_a_place_without_contacts():
    near = ContactParameters(cutoff_km=0.0, neighbours=6)
    made = Society.synthesise(parameters(people=3_000, contact=near), seed=4)
    people = made.people
    assert made.contact.neighbours.size == 0
    works = people.work >= 0
    assert works.any()
    assert np.all(made.sites.place[people.work[works]] == made.sites.place[people.home[works]])


# --- sizes ---


def hill(sizes, least):
    above = np.log(sizes[sizes >= least] / least)
    return above.size / above.sum(), above.size


@pytest.mark.parametrize(("exponent", "scale"), [(1.1, 1.0), (1.6, 1.0), (2.4, 1.0), (1.6, 10.0)])
def test_sizes_of_sites_have_the_tail_asked_for(exponent, scale):
    least = 20.0 * scale
    sector = {"all": Sector(share=1.0, size_exponent=exponent, size_minimum=least, size_maximum=500 * least)}
    made = Society.synthesise(
        parameters(
            people=round(120_000 * scale), scale=scale, places=PlaceParameters(count=1), sectors=sector,
            positions=one_position("stable")),
        seed=6)  # fmt: skip
    sizes = made.sites.members[made.sites.kind == WORKPLACE][:-1] * scale  # the last takes what is left
    assert least <= sizes.min()
    assert sizes.max() <= 500 * least + scale
    found, n = hill(sizes, least)
    assert abs(found - exponent) < 4 * exponent / np.sqrt(n)
    assert n > 1000


def test_sizes_of_campuses():
    made = Society.synthesise(
        parameters(people=60_000, places=PlaceParameters(count=1), positions=one_position("student")), seed=7)
    sizes = made.sites.members[made.sites.kind == CAMPUS][:-1].astype(float)
    assert sizes.size > 300
    assert abs(sizes.mean() - 150.0) < 4 * sizes.std() / np.sqrt(sizes.size)


def test_sizes_are_in_people_whatever_the_scale():
    whole, tenth = (
        Society.synthesise(
            parameters(people=200_000, scale=scale, sectors={"all": Sector(share=1.0, size_minimum=50.0, size_exponent=2.5)}),
            seed=8)
        for scale in (1.0, 10.0))  # fmt: skip
    for kind in (NEIGHBOURHOOD, WORKPLACE, CAMPUS):
        mean = [made.sites.members[made.sites.kind == kind].mean() * made.scale for made in (whole, tenth)]
        spread = tenth.sites.members[tenth.sites.kind == kind].std() * 10.0
        n = (tenth.sites.kind == kind).sum()
        assert abs(mean[0] - mean[1]) < 4 * spread / np.sqrt(n) + 1.0


# --- counts ---


@pytest.mark.parametrize("taking_part", [[], ["a", "c"]])
def test_counts_equal_recounts(taking_part):
    made = Society.synthesise(parameters(people=5_000, taking_part=taking_part), seed=9)
    people, sites, places = made.people, made.sites, made.places
    members, eligible = np.zeros(len(sites), int), np.zeros(len(sites), int)
    residents, can = np.zeros(len(places), int), np.zeros(len(places), int)
    for person in range(len(people)):
        joins = POSITIONS[people.position[person]] not in ("owner", "state_force")
        joins &= not taking_part or list(GROUPS)[people.group[person]] in taking_part
        at = [people.home[person], *([people.work[person]] if people.work[person] >= 0 else [])]
        for site in at:
            members[site] += 1
            eligible[site] += joins
        residents[sites.place[at[0]]] += 1
        can[sites.place[at[0]]] += joins
    np.testing.assert_array_equal(sites.members, members)
    np.testing.assert_array_equal(sites.eligible, eligible)
    np.testing.assert_array_equal(places.residents, residents)
    np.testing.assert_array_equal(places.eligible, can)
    assert 0 < can.sum() < len(people)
    assert np.all(members > 0)


def test_by_place_sums_over_neighbourhoods_only(society):
    found = society.by_place(np.arange(len(society.sites)))
    wanted = [
        sum(s for s in range(len(society.sites)) if society.sites.place[s] == p and society.sites.kind[s] == NEIGHBOURHOOD)
        for p in range(len(society.places))
    ]
    assert found.tolist() == wanted


# --- as a whole ---


def test_a_society_is_a_function_of_its_seed_and_not_of_the_threads():
    given = parameters(people=140_000, ties=TieParameters(mean_degree=4.0, clustering=0.1))  # more than two blocks
    one = Society.synthesise(given, seed=10, threads=1)
    two = Society.synthesise(given, seed=10, threads=2)
    other = Society.synthesise(given, seed=11, threads=2)
    assert state_of(one) == state_of(two) != state_of(other)


def test_a_copy_shares_ties_and_nothing_that_changes(society):
    twin = society.copy()
    assert state_of(twin) == state_of(society)
    for name in ("people", "sites", "places"):
        for (column, old), (_, new) in zip(getattr(society, name).columns(), getattr(twin, name).columns()):
            assert not np.shares_memory(old, new), column.path
    assert twin.ties is society.ties


def test_a_hundred_thousand_people_take_less_than_120_bytes_each():
    made = Society.synthesise(SocietyParameters(people=100_000, ties=TieParameters(mean_degree=10.0)), seed=12)
    assert abs(made.ties.mean_degree - 10.0) < 0.1
    assert made.nbytes / len(made.people) < 120
    held = sum(v.nbytes for t in (made.people, made.sites, made.places) for _, v in t.columns())
    assert made.nbytes == held + made.ties.offsets.nbytes + made.ties.neighbours.nbytes


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_has_64_bits(seed):
    with pytest.raises(InputError, match="seed"):
        Society.synthesise(SocietyParameters(people=100), seed=seed)
