"""The society: people, sites, places and ties, made from a scenario or from the user's tables."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from communize.declare.errors import InputError
from communize.declare.registry import (
    CAMPUS,
    COMMODITY,
    FARM,
    LOCI,
    NEIGHBOURHOOD,
    POSITIONS,
    STATE_SITE,
    WORKPLACE,
    Table,
    hash_arrays,
)  # fmt: skip
from communize.kernels import decisions, synthesis
from communize.kernels.blocks import Pool
from communize.society.columns import PEOPLE, PLACES, SITES
from communize.society.parameters import MAX_GROUPS, SocietyParameters
from communize.society.places import Contact, PlaceList, agents_of_places, contact_between, list_places
from communize.society.ties import Ties, generate_ties, rewired

KIND_OF_SECTOR = {"workplace": WORKPLACE, "farm": FARM, "state_site": STATE_SITE}
FARMER, STUDENT, STATE_FORCE, OWNER = (POSITIONS.index(n) for n in ("farmer", "student", "state_force", "owner"))
LEAST_BYTES_PER_AGENT = 60  # people's own columns; sites and ties come on top
NO_WORK = tuple(POSITIONS.index(n) for n in ("unemployed", "excluded"))


@dataclass
class Society:
    """People, sites and places as structs of arrays, ties and contact as sparse rows.

    Attributes
    ----------
    people, sites, places
        Tables whose columns are declared in `society.columns`.
    ties
        Undirected graph between people.
    contact
        Gravity contact W between places.
    place_list
        Names, ids and regions of the places, in the order of the table `places`.
    sectors, loci
        Names of the sectors, and the locus (index into LOCI) of each.
    parameters
        The `[society]` table it was made from.
    given
        Columns of people that the user's own table gave.
    """

    people: Table
    sites: Table
    places: Table
    ties: Ties
    contact: Contact
    place_list: PlaceList
    parameters: SocietyParameters
    given: frozenset[str] = frozenset()

    @property
    def scale(self) -> float:
        return self.parameters.scale

    @property
    def sectors(self) -> tuple[str, ...]:
        return tuple(self.parameters.sectors)

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(self.parameters.groups)

    @property
    def takes_part(self) -> np.ndarray:
        """Whether people of a position and a group can take part in struggles, bool (positions, MAX_GROUPS)."""
        return who_takes_part(self.parameters)

    @property
    def carries(self) -> np.ndarray:
        """Whether people of a group carry unpaid care, bool (MAX_GROUPS,)."""
        named = [name in self.parameters.carers for name in self.parameters.groups]
        return np.array(named + [False] * (MAX_GROUPS - len(named)))

    def site_locus(self) -> np.ndarray:
        """Locus of each site, int8: its sector's, reproduction for neighbourhoods and campuses."""
        of_sector = np.array([LOCI.index(s.locus) for s in self.parameters.sectors.values()], np.int8)
        locus = of_sector[np.maximum(self.sites.sector, 0)]
        locus[np.isin(self.sites.kind, (NEIGHBOURHOOD, CAMPUS))] = LOCI.index("reproduction")
        return locus

    @property
    def nbytes(self) -> int:
        """Bytes held by people, sites, places and ties."""
        return self.people.nbytes + self.sites.nbytes + self.places.nbytes + self.ties.nbytes

    def hash(self) -> str:
        """Hash over people, sites, places and ties: 32 hexadecimal digits."""
        columns = [(column.path, values) for table in (self.people, self.sites, self.places) for column, values in table.columns()]
        return hash_arrays([*columns, ("ties.offsets", self.ties.offsets), ("ties.neighbours", self.ties.neighbours)])

    def copy(self) -> "Society":
        """A copy whose columns are independent; ties, contact and names, which never change, are shared."""
        return Society(
            self.people.copy(), self.sites.copy(), self.places.copy(), self.ties, self.contact, self.place_list,
            self.parameters, self.given)  # fmt: skip

    @classmethod
    def synthesise(cls, parameters: SocietyParameters | None = None, *, seed: int = 0, threads: int = 1) -> "Society":
        """Make a society from the `[society]` table of a scenario.

        Parameters
        ----------
        parameters
            The table; its defaults if omitted.
        seed
            Seed of all draws (0 .. 2**64 - 1).
        threads
            Threads to use; the result does not depend on them.

        Raises
        ------
        InputError
            Places, tables or edge lists that cannot be read or contradict one another.
        """
        if not 0 <= seed < 2**64:
            raise InputError("seed", seed, "0 to 2**64 - 1")
        parameters = parameters or SocietyParameters()
        pool, key = Pool(threads), np.uint64(seed)
        place_list = list_places(parameters.places, key)
        agents = agents_of_places(place_list.population, parameters.people, parameters.scale)
        _check_memory(int(agents.sum()), len(place_list), parameters.contact.neighbours)
        if parameters.places.source == "synthetic":
            place_list.population = np.round(agents * parameters.scale).astype(np.int64)
        contact = contact_between(place_list, parameters.contact, pool)
        people, sites = _make_people_and_sites(parameters, agents, contact, key, pool)
        ties = _make_ties(parameters, people, sites, contact, key, pool)
        pool.close()
        return cls._assemble(parameters, people, sites, ties, contact, place_list)

    @classmethod
    def from_tables(
        cls, *, people: Any, sites: Any, places: Any = None, ties: Any = None,
        parameters: SocietyParameters | None = None, seed: int = 0,
    ) -> "Society":  # fmt: skip
        """Make a society from tables of real people, sites, places and ties (see `society.tables`)."""
        from communize.society.tables import column_names, read_society

        parameters = parameters or SocietyParameters()
        people_table, sites_table, place_list, tie_list = read_society(people, sites, places, ties, len(parameters.sectors))
        pool, key = Pool(1), np.uint64(seed)
        contact = contact_between(place_list, parameters.contact, pool)
        if tie_list is not None:
            tie_list = rewired(tie_list, parameters.ties.rewired, key)
        else:
            tie_list = _make_ties(parameters, people_table, sites_table, contact, key, pool)
        given = frozenset(people if isinstance(people, dict) else column_names(people))
        if "money" not in given:
            people_table.money[:] = parameters.money
        society = cls._assemble(parameters, people_table, sites_table, tie_list, contact, place_list)
        society.given = given
        return society

    @classmethod
    def from_graph(cls, graph: Any, *, parameters: SocietyParameters | None = None) -> "Society":
        """Make a society of one place and one neighbourhood whose ties are a graph.

        Parameters
        ----------
        graph
            An undirected NetworkX graph, whose nodes are people in their order (attributes of nodes named nerve, belonging,
            unmet, horizon, position or group become columns of people); a symmetric SciPy sparse matrix; or ``(n, a, b)``, a
            number of people and the two ends of each tie as integer arrays. Loops and repeats are dropped.
        parameters
            The `[society]` table; its defaults if omitted.

        Raises
        ------
        InputError
            A directed graph, or ends that are no person.
        """
        from communize.society.tables import edges_of_graph

        n, a, b, columns = edges_of_graph(graph)
        people = {"home": np.zeros(n, np.int64), **columns}
        return cls.from_tables(people=people, sites={"kind": ["neighbourhood"]}, ties={"a": a, "b": b}, parameters=parameters)

    @classmethod
    def _assemble(cls, parameters, people, sites, ties, contact, place_list) -> "Society":
        sites.members[:] = 0
        synthesis.count_members(
            people.home, people.work, who_takes_part(parameters), people.position, people.group, sites.members,
            sites.eligible)  # fmt: skip
        places = Table("places", len(place_list), PLACES)
        places.latitude[:], places.longitude[:] = place_list.latitude, place_list.longitude
        places.population[:] = place_list.population
        society = cls(people, sites, places, ties, contact, place_list, parameters)
        places.residents[:] = society.by_place(sites.members)
        places.eligible[:] = society.by_place(sites.eligible)
        total = np.bincount(sites.place[people.home], weights=people.horizon, minlength=len(places))
        places.horizon[:] = np.where(places.residents > 0, total / np.maximum(1, places.residents), parameters.horizon)
        return society

    def by_place(self, site_counts: np.ndarray) -> np.ndarray:
        """Sum of an integer count over the neighbourhoods of each place, int32 (places,)."""
        total = np.zeros(len(self.places), np.int32)
        synthesis.sum_by_place(self.sites.kind, self.sites.place, NEIGHBOURHOOD, site_counts, total)
        return total


def _check_memory(n_people: int, n_places: int, neighbours: int) -> None:
    """Raise a `MemoryError` at once for what cannot fit, where the system would end the process without a word."""
    least = n_people * LEAST_BYTES_PER_AGENT + n_places * min(neighbours, n_places) * 12
    if least > memory_bytes():
        raise MemoryError(f"{least / 1e9:.0f} GB for {n_people:,} agents and the contacts of {n_places:,} places")


def memory_bytes() -> int:
    """Memory of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _make_people_and_sites(parameters, agents, contact, key, pool) -> tuple[Table, Table]:
    n = int(agents.sum())
    people = Table("people", n, PEOPLE)
    mean_size = max(1.0, parameters.neighbourhood_size / parameters.scale)
    home_place, home_size = np.empty(n, np.int32), np.empty(n, np.int32)
    n_homes = synthesis.cut_neighbourhoods(agents, mean_size, parameters.neighbourhood_spread, key, home_place, home_size)
    synthesis.fill_homes(home_size[:n_homes], people.home)
    home_place = home_place[:n_homes].copy()

    described = [getattr(parameters.positions, name) for name in POSITIONS]
    positions, groups = _cumulative(position.share for position in described), _cumulative(parameters.groups.values())
    pool.for_blocks(synthesis.draw_codes, n, positions, key, decisions.POSITION, people.position)
    pool.for_blocks(synthesis.draw_codes, n, groups, key, decisions.GROUP, people.group)
    pool.for_blocks(
        synthesis.individual_starts, n, people.position, np.array([p.belonging for p in described]),
        parameters.belonging_spread, np.array([p.unmet for p in described]), key, people.belonging, people.unmet)  # fmt: skip
    people.money[:], people.horizon[:] = parameters.money, parameters.horizon

    work_place, work_branch = _assign_work(parameters, people, home_place, contact, len(agents), key, pool)
    sectors = list(parameters.sectors.values())
    kinds = np.array([KIND_OF_SECTOR[s.kind] for s in sectors] + [CAMPUS], np.int8)
    campus_sector = next((k for k, s in enumerate(sectors) if s.kind == "state_site"), 0)
    sites = Table("sites", n_homes + work_place.size, SITES)
    sites.kind[:n_homes], sites.kind[n_homes:] = NEIGHBOURHOOD, kinds[work_branch]
    sites.place[:n_homes], sites.place[n_homes:] = home_place, work_place
    sites.sector[n_homes:] = np.where(work_branch < len(sectors), work_branch, campus_sector)
    sites.mode[:] = COMMODITY
    sites.began[:] = -1
    synthesis.first_owner(people.work, people.position, OWNER, sites.owner)
    return people, sites


def _cumulative(shares: Iterable[float]) -> np.ndarray:
    """Cumulative shares that end at exactly 1, so that what rounding leaves falls to nobody of share 0."""
    running = np.cumsum(list(shares))
    return running / running[-1]


def _assign_work(parameters, people, home_place, contact, n_places, key, pool) -> tuple[np.ndarray, np.ndarray]:
    """Give each worker and student a site; returns place and branch of the sites (branch: sector, then campus)."""
    n, sectors = len(people), list(parameters.sectors.values())
    n_branches = len(sectors) + 1
    branch_of_position = np.full(len(POSITIONS), -2, np.int64)
    branch_of_position[list(NO_WORK)] = -1
    branch_of_position[STUDENT] = len(sectors)
    for position, kind in ((FARMER, "farm"), (STATE_FORCE, "state_site")):
        branch_of_position[position] = next((k for k, s in enumerate(sectors) if s.kind == kind), -2)
    commuting = np.full(len(POSITIONS), parameters.commuting)
    commuting[FARMER] = 0.0
    cumulative = _cumulative(s.share for s in sectors)

    bucket = np.empty(n, np.int32)
    pool.for_blocks(
        synthesis.draw_work, n, people.home, home_place, people.position, branch_of_position, cumulative, commuting,
        (contact.offsets, contact.neighbours), contact.weights, key, bucket)  # fmt: skip
    offsets = np.empty(n_places * n_branches + 1, np.int64)
    order = np.empty(int((bucket >= 0).sum()), np.int32)
    synthesis.counting_sort(bucket, offsets.size - 1, offsets, order)
    del bucket
    synthesis.shuffle_buckets(offsets, order, key, decisions.WORK_SHUFFLE)
    law = np.array([[s.size_exponent, s.size_minimum, s.size_maximum, 0.0] for s in sectors] + [[1.0, parameters.campus_size, 0.0, 0.5]])
    place, branch = np.empty(order.size, np.int32), np.empty(order.size, np.int8)
    first = int(people.home[-1]) + 1
    count = synthesis.cut_work_sites(offsets, order, n_branches, law, parameters.scale, key, first, place, branch, people.work)
    return place[:count].copy(), branch[:count].astype(np.int64)


def _make_ties(parameters, people, sites, contact, key, pool) -> Ties:
    home_place = sites.place[people.home]
    drawn = parameters.ties.form == "drawn" and parameters.ties.file is None
    if drawn and (np.any(np.diff(people.home) < 0) or np.any(np.diff(home_place) < 0)):
        raise InputError("ties", None, "a table of ties, or people sorted by place and neighbourhood so that ties can be drawn")
    return generate_ties(
        parameters.ties, people.home, home_place, people.position, people.group, contact.offsets, contact.neighbours,
        contact.weights, key, pool)  # fmt: skip


def who_takes_part(parameters: SocietyParameters) -> np.ndarray:
    """Whether people of a position and a group can take part in struggles, bool (positions, MAX_GROUPS)."""
    positions = np.array([getattr(parameters.positions, name).takes_part for name in POSITIONS])
    named = [not parameters.taking_part or name in parameters.taking_part for name in parameters.groups]
    return np.outer(positions, np.array(named + [True] * (MAX_GROUPS - len(named))))
