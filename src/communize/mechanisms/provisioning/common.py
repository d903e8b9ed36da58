"""What measures hold in common in each place, who draws, and what is made of it in a day (`model.md` section 4.2)."""

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.registry import CONTENTS, NEIGHBOURHOOD, Column
from communize.kernels.blocks import gather
from communize.mechanisms.base import State
from communize.mechanisms.measures import rules
from communize.mechanisms.provisioning import commodity, free
from communize.mechanisms.provisioning.industry import Industry
from communize.mechanisms.provisioning.needs import by_place_and_sector
from communize.mechanisms.provisioning.settings import Free, ProvisioningParameters

EXCHANGE, PROPERTY, DIVISION, GENDER, STRANGERS = (CONTENTS.index(name) for name in ("exchange", "property", "division_of_labour", "gender", "strangers"))
TALLIES = ("seized", "produced", "used", "drawn", "moved")

COLUMNS = (
    Column("sites", "stock", "float32", "day of consumption", "own product that a site of work holds", (0, None)),
    Column("sites", "seized", "int32", "instance row", "measure that last took the stock, -1 for none", (-1, None), -1),
    Column("provision", "stock", "float64", "day of consumption", "common stock, by place and sector", (0, None)),
    Column("provision", "coverage", "float64", "share", "of what is drawn, the share that is there, by place and sector", (0, 1)),
    Column("places", "open_to_others", "float64", "share", "how far people outside measures may draw", (0, 1)),
    *(Column("common", name, "float64", "day of consumption", f"{name} so far, by sector", (0, None)) for name in TALLIES),
)


def sector_rows(state: State, names: list[str], path: str) -> np.ndarray:
    """Whether each sector is named, bool (sectors,)."""
    sectors = state.society.sectors
    for name in names:
        if name not in sectors:
            raise InputError(path, name, f"sectors of the society: {', '.join(sectors)}", nearest_name(name, sectors))
    return np.isin(np.array(sectors, object), names)


def known_sectors(state: State, names: list[str], default: list[str], path: str) -> np.ndarray:
    """`sector_rows`, but of the default those that the society lacks are left out."""
    return sector_rows(state, [name for name in names if name in state.society.sectors] if names == default else names, path)


def known_sector(state: State, name: str, default: str, path: str) -> int:
    """Row of a sector, -1 for none: an empty name, or the default where the society lacks it."""
    if not name or (name == default and name not in state.society.sectors):
        return -1
    return int(np.flatnonzero(sector_rows(state, [name], path))[0])


class Common:
    """The free mode of a society.

    Attributes
    ----------
    A
        Inputs (rows) per unit of output that nobody can do without: critical ones, imported ones included, without value-only sectors;
        `A_strict` has all inputs of the others.
    plant, own, moving, home, drawers
        As `free.gather_labour` writes them today.
    carrying
        What taken transport can move from each place today.
    propensity
        At each site: share of what is missing that its measure lets participants buy.
    participants
        Rows of the people who have joined a measure, today.
    """

    def __init__(self, state: State, p: ProvisioningParameters, industry: Industry):
        self.p, self.industry = p.free, industry
        n_places, n = len(state.places), len(industry.names)
        default = Free()
        value_only = known_sectors(state, p.free.value_only, default.value_only, "provisioning.free.value_only")
        self.critical = (industry.critical > commodity.CRITICAL) & ~value_only[:, None] & ~value_only[None, :]
        self.A = np.where(self.critical, industry.all_inputs, 0.0)
        self.A_strict = np.where(~value_only[:, None] & ~value_only[None, :], industry.all_inputs, 0.0)
        self.need = np.where(value_only, 0.0, industry.need)
        self.per_worker = np.where(value_only, 0.0, industry.per_worker)
        self.seizable = sector_rows(state, p.free.seizable, "provisioning.free.seizable") if p.free.seizable else np.ones(n, np.bool_)
        self.dwelling_sector = known_sector(state, p.free.dwelling, default.dwelling, "provisioning.free.dwelling")
        self.transport_sector = known_sector(state, p.free.transport, default.transport, "provisioning.free.transport")
        self.stock_days = np.full(n, p.stock_days)
        self._may_change = bool({"sites.sector", "sites.kind"} & state.unannounced)
        self.plant, self.own, self.moving, self.home = (np.zeros((n_places, n)) for _ in range(4))
        self.drawers, self.carrying, self.dwelling = np.zeros((n_places, 2)), np.zeros(n_places), np.zeros(n_places)
        self.output = np.zeros((n_places, n))
        self._in_order = np.argsort(state.society.place_list.identity, kind="stable")
        self.propensity = np.zeros(0)
        self.participants, self._listed = np.zeros(0, np.int32), np.zeros(len(state.people), np.int32)
        self.regroup(state)
        if not len(state.common):
            state.common.grow(n)
            by_place_and_sector(state, "stock")
            self._keep_stocks(state, at_start=True)

    def _keep_stocks(self, state: State, at_start: bool = False) -> None:
        sites = state.sites
        free.keep_stocks((self._works, sites.mode, sites.members, sites.active, sites.eligible, sites.stock), self.per_worker, self.stock_days, at_start)

    def regroup(self, state: State) -> None:
        """Take notice of new sites, and of what they make."""
        sites = state.sites
        if self.propensity.size != len(sites):
            self.propensity = np.zeros(len(sites))
        self._works = np.where(sites.kind != NEIGHBOURHOOD, sites.sector, -1).astype(np.int8)

    def _list_participants(self, state: State) -> None:
        people = state.people
        counts = state.pool.for_blocks(free.list_participants, len(people), people.measure, self._listed)
        self.participants = gather(self._listed, counts, len(people)) if counts else self._listed

    def day(self, state: State, lacking: np.ndarray) -> bool:
        """Seize, produce, move and draw for a day; whether there is anything in common.

        `lacking` is what people outside measures lack, in days of consumption, by place and sector.
        """
        people, sites, places, instances = state.people, state.sites, state.places, state.instances
        if self._may_change:
            self.regroup(state)
        self._keep_stocks(state)
        taken = np.flatnonzero(sites.instance >= 0).astype(np.int32)
        stock, coverage = by_place_and_sector(state, "stock"), by_place_and_sector(state, "coverage")
        if not taken.size and not stock.any():
            return self.idle(state, taken)
        tally = np.zeros((free.N_TALLIES, len(self.need)))
        rows = sites.instance[taken]
        content = instances.content[rows] if taken.size else np.zeros((0, len(CONTENTS)), np.float32)
        freed = np.zeros(max(1, len(instances)))
        freed[rows] = rules.suspended(content[:, PROPERTY])
        free.seize(taken, (sites.place, sites.sector, sites.instance, sites.stock, sites.seized), freed, self.seizable & (self.need > 0), stock, tally)
        shares = np.column_stack([
            rules.suspended(content[:, DIVISION]), 1.0 - self.p.care_burden * rules.suspended(-content[:, GENDER]), rules.suspended(content[:, STRANGERS]),
        ]).astype(np.float64)  # fmt: skip
        shares[:, 0] *= places.scope[sites.place[taken]] > 0 if self.p.needs_co_ordination else 1.0
        shares[:, 1] *= 1.0 - places.drain[sites.place[taken]]
        needs = state.practices.needs[instances.practice[rows]] if taken.size else np.zeros((0, 3), np.int8)
        joined = np.zeros(len(sites), np.int64)
        self.dwelling[:] = 0.0
        self._list_participants(state)
        free.count_participants(self.participants, people.home, people.measure, sites.place, sites.instance, joined, self.dwelling)
        free.gather_labour(
            taken, (sites.place, self._works, joined, sites.members), needs, shares, (self.per_worker, self.p.mobility),
            self.plant, self.own, self.moving, self.home, self.drawers)  # fmt: skip
        self._buying(state, taken)
        self.carrying[:] = self.own[:, self.transport_sector] * self.p.carried if self.transport_sector >= 0 else 0.0
        live = np.flatnonzero((self.drawers[:, 0] > 0) | stock.any(axis=1)).astype(np.int32)
        free.produce_in_places(
            live, self.A, self.critical, self.per_worker, self.p.home_productivity, self.p.restock_days, self.need, self.drawers, lacking,
            (self.plant, self.own, self.moving, self.home), stock, self.output, tally)  # fmt: skip
        if state.contacts.linked.any() and self.carrying.any():
            contact, left = state.society.contact, self.carrying.copy()
            wanted = self.need * self.drawers[:, :1] + (self.drawers[:, 1:] / np.maximum(self.drawers[:, :1], 1e-9)) * lacking
            free.move_goods(self._in_order, contact.offsets, contact.neighbours, state.contacts.linked, wanted, left, self.p.per_link, stock, tally)
        coverage[:], places.open_to_others[:] = 0.0, 0.0
        free.draw_from_stock(
            live, self.need, self.drawers, lacking, self.dwelling, self.dwelling_sector, stock, coverage, places.open_to_others, tally)  # fmt: skip
        for number, name in enumerate(TALLIES):
            getattr(state.common, name)[:] += tally[number]
        self._lacking = lacking
        return True

    def _buying(self, state: State, taken: np.ndarray) -> None:
        self.propensity[:] = 0.0
        self.propensity[taken] = rules.suspended(-state.instances.content[state.sites.instance[taken], EXCHANGE])

    def idle(self, state: State, taken: np.ndarray | None = None) -> bool:
        """Nothing is held in common, whatever sites are `taken`; False."""
        self._list_participants(state)
        places, coverage = state.places, by_place_and_sector(state, "coverage")
        self._buying(state, np.flatnonzero(state.sites.instance >= 0) if taken is None else taken)
        if self.drawers.any() or places.open_to_others.any() or coverage.any():
            coverage[:], places.open_to_others[:], self.drawers[:] = 0.0, 0.0, 0.0
        return False

    def who_draws(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """People who draw in each of the places `rows`, others counted by what they lack, and what each of them needs a day."""
        inside, openness = self.drawers[rows, 0], self.drawers[rows, 1] / np.maximum(self.drawers[rows, 0], 1e-9)
        others = openness * self._lacking[rows].sum(axis=1) / max(1e-12, self.need.sum())
        people = inside + others
        need = np.tile(self.need, (rows.size, 1))
        if self.dwelling_sector >= 0:
            need[:, self.dwelling_sector] *= 1.0 - self.dwelling[rows] / np.maximum(people, 1e-9)
        return people, need
