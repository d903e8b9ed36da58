"""What measures hold in common in each place, who draws, and what is made of it in a day (`model.md` section 4.2)."""

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.registry import CONTENTS, NEIGHBOURHOOD, Column
from communize.kernels.blocks import gather
from communize.mechanisms.base import State
from communize.mechanisms.measures import rules
from communize.mechanisms.provisioning import commodity, free, terms
from communize.mechanisms.provisioning.industry import Industry
from communize.mechanisms.provisioning.needs import by_place_and_sector
from communize.mechanisms.provisioning.presence import Presence
from communize.mechanisms.provisioning.settings import Free, ProvisioningParameters

EXCHANGE, PROPERTY, WAGE_LABOUR, DIVISION, GENDER, STRANGERS = (
    CONTENTS.index(name) for name in ("exchange", "property", "wage_labour", "division_of_labour", "gender", "strangers"))  # fmt: skip
NEGLIGIBLE = 1e-12  # days of consumption
TALLIES = {
    "seized": "taken into common from sites", "produced": "made", "used": "used as inputs", "drawn": "drawn from what is common", "moved": "moved between places",
    "sold": "sold from what is common", "apart": "of what was made, kept for members alone", "served": "drawn by them of what is kept", "sold_apart": "sold of what is kept",
    "inherited": "of what was drawn, from stocks as measures found them",
}  # fmt: skip

COLUMNS = (
    Column("sites", "stock", "float32", "day of consumption", "own product that a site of work holds", (0, None)),
    Column("sites", "inherited", "float32", "share", "of that stock, what a measure did not make", (0, 1), 1.0),
    Column("sites", "seized", "int32", "instance row", "measure that last took the stock, -1 for none", (-1, None), -1),
    Column("provision", "stock", "float64", "day of consumption", "common stock, by place and sector", (0, None)),
    Column("provision", "inherited", "float64", "share", "of that stock, what measures found and did not make", (0, 1)),
    Column("provision", "coverage", "float64", "share", "of what is drawn, the share that is there, by place and sector", (0, 1)),
    Column("places", "open_to_others", "float64", "share", "how far people outside measures may draw", (0, 1)),
    Column("sites", "unpaid", "float32", "day of consumption", "surplus that would do for what participants there would buy and cannot pay for", (0, None)),
    Column("places", "spent", "float64", "share", "money that participants of measures spend, against the worth of their needs", (0, 1)),
    Column("places", "met_by_goods", "float64", "share", "of the needs of participants, met by what is bought for surplus", (0, 1)),
    *(Column("common", name, "float64", "day of consumption", f"{what} so far, by sector", (0, None)) for name, what in TALLIES.items()),
    Column("common", "bought_for_goods", "float64", "day of consumption", "what measures bought for what they sold on the day, by sector", (0, None)),
    Column("common", "sold_for_goods", "float64", "day of consumption", "what they sold, by sector", (0, None)),
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
        `A_strict` has all inputs of the others, `A_domestic` those of `A` that are not imported.
    need, shift, is_needed
        What a person needs of each sector in a day, and what being in struggle adds to it (`needs.shift_of_needs`); whether anybody needs it.
    plant, own, moving, home, drawers
        As `free.gather_labour` writes them today.
    carrying
        What taken transport can move from each place today.
    terms
        At each site with a measure, on what terms participants have what is held (columns of `terms`), float64 (sites, 7).
    participants
        Rows of the people who have joined a measure, today.
    kept
        Sector of what each site keeps for its members alone, int8 (sites,), -1 for none.
    carries
        Whether people of a group carry unpaid care.
    presence
        Where people outside measures look for what they lack.
    number, pays
        By site, those of them whose activity it is, and what they can pay (`terms.count_pay`).
    """

    def __init__(self, state: State, p: ProvisioningParameters, industry: Industry):
        self.p, self.industry = p.free, industry
        n_places, n = len(state.places), len(industry.names)
        default = Free()
        value_only = known_sectors(state, p.free.value_only, default.value_only, "provisioning.free.value_only")
        self.critical = (industry.critical > commodity.CRITICAL) & ~value_only[:, None] & ~value_only[None, :]
        self.A = np.where(self.critical, industry.all_inputs, 0.0)
        self.A_domestic = np.where(self.critical, industry.coefficients, 0.0)
        self.A_strict = np.where(~value_only[:, None] & ~value_only[None, :], industry.all_inputs, 0.0)
        self.need, self.shift = np.where(value_only, 0.0, industry.need), np.where(value_only, 0.0, industry.shift)
        self.is_needed = (self.need > 0) | (self.shift > 0)
        self.per_worker = np.where(value_only, 0.0, industry.per_worker)
        self.seizable = sector_rows(state, p.free.seizable, "provisioning.free.seizable") if p.free.seizable else np.ones(n, np.bool_)
        self.dwelling_sector = known_sector(state, p.free.dwelling, default.dwelling, "provisioning.free.dwelling")
        self.transport_sector = known_sector(state, p.free.transport, default.transport, "provisioning.free.transport")
        self.stock_days = np.full(n, p.stock_days)
        self._may_change = bool({"sites.sector", "sites.kind"} & state.unannounced)
        self.carries = state.society.carries
        self.plant, self.own, self.moving, self.home = (np.zeros((n_places, n)) for _ in range(4))
        self.drawers, self.carrying, self.dwelling = np.zeros((n_places, 3)), np.zeros(n_places), np.zeros(n_places)
        self.output, self._apart, self._hold = (np.zeros((n_places, n)) for _ in range(3))
        self._in_order = np.argsort(state.society.place_list.identity, kind="stable")
        self.participants, self._listed = np.zeros(0, np.int32), np.zeros(len(state.people), np.int32)
        self.terms = np.zeros((0, terms.N_TERMS))
        self.presence = Presence(p.free.at_work, self.dwelling_sector)
        self.regroup(state)
        if not len(state.common):
            state.common.grow(n)
            by_place_and_sector(state, "stock")
            self._keep_stocks(state, at_start=True)

    def _keep_stocks(self, state: State, at_start: bool = False) -> None:
        sites = state.sites
        free.keep_stocks((self._works, sites.mode, sites.members, sites.active, sites.eligible, sites.stock, sites.inherited), self.per_worker, self.stock_days, at_start)

    def regroup(self, state: State) -> None:
        """Take notice of new sites, and of what they make."""
        sites, n = state.sites, len(state.sites)
        if self.terms.shape[0] != n:
            self.terms, self.taken = np.zeros((n, terms.N_TERMS)), np.zeros(0, np.int32)
            self.joined, self.carers, self.number, self.pays = (np.zeros(n, np.int64) for _ in range(4))
        self._works = np.where(sites.kind != NEIGHBOURHOOD, sites.sector, -1).astype(np.int8)
        can_be_kept = np.append(self.seizable & (self.need > 0), False)  # and housing is by use, whoever keeps it
        if self.dwelling_sector >= 0:
            can_be_kept[self.dwelling_sector] = False
        self.kept = np.where(can_be_kept[self._works], self._works, -1).astype(np.int8)

    def _list_participants(self, state: State) -> None:
        people = state.people
        counts = state.pool.for_blocks(free.list_participants, len(people), people.measure, self._listed)
        self.participants = gather(self._listed, counts, len(people)) if counts else self._listed

    def _look(self, state: State, fall: float) -> np.ndarray:
        """Who takes part where, and what they can pay and buy; contents of the measures in force, float32 (taken, contents)."""
        people, sites = state.people, state.sites
        for column in (self.terms, self.joined, self.carers, self.number, self.pays):
            column[self.taken] = 0
        self.taken = np.flatnonzero(sites.instance >= 0).astype(np.int32)
        content = state.instances.content[sites.instance[self.taken]]
        self.terms[self.taken, terms.BUYS] = rules.suspended(-content[:, EXCHANGE])
        self.terms[self.taken[:, None], [terms.CLAIM, terms.OF_CARERS, terms.OF_OTHERS]] = 1.0
        self._list_participants(state)
        terms.count_pay(self.participants, people.activity, people.measure, people.affordability, fall, self.number, self.pays)
        return content

    def day(self, state: State, lacking: np.ndarray, fall: float) -> bool:
        """Seize, produce, move, draw and sell for a day; whether there is anything in common.

        `lacking` is what people outside measures lack, in days of consumption, by place where they live and sector; `fall` that of what people
        can pay.
        """
        sites, places = state.sites, state.places
        if self._may_change:
            self.regroup(state)
        self._keep_stocks(state)
        stock, coverage, inherited = (by_place_and_sector(state, name) for name in ("stock", "coverage", "inherited"))
        if not np.any(sites.instance >= 0) and not stock.any():
            return self.idle(state, fall)
        tally, (apart, share_freed) = np.zeros((free.N_TALLIES, len(self.need))), self._gather(state, self._look(state, fall))
        freed = np.zeros(max(1, len(state.instances)))
        freed[sites.instance[self.taken]] = share_freed
        free.seize(
            self.taken, (sites.place, sites.sector, sites.instance, sites.stock, sites.inherited, sites.seized), freed, self.seizable & (self.need > 0),
            stock, inherited, tally)  # fmt: skip

        reserves = (sites.place, self.kept, sites.stock, sites.inherited)
        place = sites.place[self.taken]
        for_sale = sites.unpaid[self.taken].astype(float) * self.p.selling
        by_members = np.minimum(for_sale, apart)
        shut = np.zeros(self.plant.shape)
        np.add.at(shut, (place, self.kept[self.taken]), apart)  # where nothing is kept nothing is apart
        by_all = np.bincount(place, weights=for_sale - by_members, minlength=len(places))
        sale = np.divide(by_all, (self.plant - shut).sum(axis=1), out=np.zeros(len(places)), where=(self.plant - shut).sum(axis=1) > 0)
        shut = np.divide(shut, self.plant, out=shut, where=self.plant > 0)
        self.presence.today(state, self.participants)
        lacking, outside, in_struggle = (self.presence.looked_for(of) for of in (lacking, places.residents - places.participants, places.active))
        served, wanted_apart, lacks = np.zeros(self.plant.shape), np.zeros(self.plant.shape), np.empty(self.taken.size)
        terms.serve_members(self.taken, reserves, self.joined, apart, by_members, self.need, self.p.restock_days, self.terms, served, lacks, wanted_apart, tally)
        claims = np.where(np.arange(len(self.need)) == self.dwelling_sector, self.drawers[:, :1], self.drawers[:, 2:])
        inside = self.need * claims - served
        inside[inside < NEGLIGIBLE] = 0.0
        openness = self.drawers[:, 1] / np.maximum(self.drawers[:, 0], 1e-300)
        drawing = inside + openness[:, None] * lacking
        live = np.flatnonzero((self.drawers[:, 0] > 0) | stock.any(axis=1)).astype(np.int32)
        self._apart[:] = self._hold[:] = 0.0
        free.produce_in_places(
            live, self.A, self.critical, self.per_worker, self.p.home_productivity, self.p.restock_days, drawing, sale, (shut, wanted_apart),
            (self.plant, self.own, self.moving, self.home), stock, inherited, self.output, self._apart, self._hold, tally)  # fmt: skip
        terms.keep_for_members(self.taken, reserves, lacks, wanted_apart, self._apart)
        if state.contacts.linked.any() and self.carrying.any():
            contact, left = state.society.contact, self.carrying.copy()
            free.move_goods(self._in_order, contact.offsets, contact.neighbours, state.contacts.linked, drawing, left, self.p.per_link, stock, inherited, tally)
        surplus = np.maximum(0.0, stock - self._hold)
        coverage[:], places.open_to_others[:] = 0.0, 0.0
        free.draw_from_stock(
            live, inside, openness, lacking, self.drawers[:, 0].copy(), self.dwelling, self.need, self.dwelling_sector, stock, inherited, coverage, places.open_to_others, tally)  # fmt: skip
        if self.p.selling:
            terms.sell(
                self.taken, reserves, self.joined, self.number, self.pays, self.drawers[:, 0].copy(), self.need, state.industry.supply, self.p.restock_days,
                coverage, self.dwelling_sector, self.terms, surplus, stock, sites.unpaid, state.common.bought_for_goods, state.common.sold_for_goods, tally)  # fmt: skip
        else:
            self._sell_nothing(state)
        for number, name in enumerate(TALLIES):
            getattr(state.common, name)[:] += tally[number]
        self._lacking, self._in_struggle = lacking, np.divide(in_struggle, outside, out=np.zeros(len(places)), where=outside > 0)
        return True

    def _gather(self, state: State, content: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labour, plants and claims of the measures in force; what of the plant of each serves its members only, and the share of its stock and
        plant that is free for all who come, both float64 (taken,).
        """
        people, sites, places, taken = state.people, state.sites, state.places, self.taken
        shares = np.empty((taken.size, 6))
        shares[:, free.REASSIGNED] = rules.suspended(content[:, DIVISION])
        if self.p.needs_co_ordination:
            shares[:, free.REASSIGNED] *= places.scope[sites.place[taken]] > 0
        shares[:, free.NOT_CARING] = 1.0 - rules.bound_by_care(state.society.parameters.care_burden, content[:, GENDER])
        shares[:, free.NOT_DRAINED] = 1.0 - places.drain[sites.place[taken]]
        shares[:, free.OPENNESS] = rules.suspended(content[:, STRANGERS])
        shares[:, free.BY_HOURS] = np.maximum(0.0, -content[:, WAGE_LABOUR])
        shares[:, free.FREED] = np.where(self.kept[taken] >= 0, rules.suspended(content[:, PROPERTY]), 1.0)
        needs = state.practices.needs[state.instances.practice[sites.instance[taken]]]
        apart, claims = np.empty(taken.size), np.zeros(len(sites))
        self.dwelling[:] = 0.0
        free.count_participants(
            self.participants, (people.home, people.measure, people.group), self.carries, sites.place, sites.instance, self.joined, self.carers, self.dwelling)  # fmt: skip
        free.gather_labour(
            taken, (sites.place, self._works, self.joined, self.carers, sites.members), needs, shares, (self.per_worker, self.p.mobility),
            self.plant, apart, self.own, self.moving, self.home, self.drawers, claims)  # fmt: skip
        self.terms[taken, terms.CLAIM] = claims[taken]
        day, mean = shares[:, free.NOT_DRAINED], np.maximum(claims[taken], 1e-300)
        for column, hours in ((terms.OF_CARERS, day * shares[:, free.NOT_CARING]), (terms.OF_OTHERS, day)):
            self.terms[taken, column] = np.where(claims[taken] > 0, (1.0 - shares[:, free.BY_HOURS] * (1.0 - hours)) / mean, 1.0)
        self.carrying[:] = self.own[:, self.transport_sector] * self.p.carried if self.transport_sector >= 0 else 0.0
        return apart, shares[:, free.FREED]

    def idle(self, state: State, fall: float) -> bool:
        """Nothing is held in common, whatever sites are taken; False."""
        self._look(state, fall)
        places, coverage = state.places, by_place_and_sector(state, "coverage")
        if self.drawers.any() or places.open_to_others.any() or coverage.any():
            coverage[:], places.open_to_others[:], self.drawers[:] = 0.0, 0.0, 0.0
        self._sell_nothing(state)
        return False

    @staticmethod
    def _sell_nothing(state: State) -> None:
        if state.common.sold_for_goods.any() or state.sites.unpaid.any():
            state.sites.unpaid[:] = state.common.bought_for_goods[:] = state.common.sold_for_goods[:] = 0.0

    def inside(self, state: State, there_found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What participants have free, mean by place and sector; what of it is inherited, housing that is used included; and (participants,
        claims, spending, spending in money) summed by place; `there_found` is the `inherited_coverage`.
        """
        coverage = by_place_and_sector(state, "coverage")
        sums, own, found = np.zeros((len(state.places), 4)), np.zeros(coverage.shape), np.zeros(coverage.shape)
        terms.by_place(self.taken, state.sites.place, self.kept, self.number, self.pays, self.terms, sums, own, found)
        people = np.maximum(1.0, sums[:, :1])
        claims = np.where((np.arange(len(self.need)) == self.dwelling_sector) | (sums[:, :1] == 0), 1.0, sums[:, 1:2] / people)
        own /= people
        rest = np.maximum(0.0, claims - own)
        return own + rest * coverage, found / people + rest * there_found, sums

    def for_others(self, state: State, there_found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of what people outside measures of each place lack, the share that they have free, and what of it is inherited, by sector; as in `inside`."""
        open_to = state.places.open_to_others[:, None]
        return self.presence.found(by_place_and_sector(state, "coverage") * open_to), self.presence.found(there_found * open_to)

    def inherited_coverage(self, state: State) -> np.ndarray:
        """Of what is drawn, the share that is there and inherited, by place and sector: from stocks that were found, or housing that is used."""
        coverage = by_place_and_sector(state, "coverage")
        found = coverage * by_place_and_sector(state, "inherited")
        if (k := self.dwelling_sector) >= 0:
            used = np.minimum(coverage[:, k], self.dwelling / np.maximum(1e-300, self.drawers[:, 0]))
            found[:, k] += used * (1.0 - by_place_and_sector(state, "inherited")[:, k])
        return found

    def who_draws(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """People who draw in each of the places `rows`, others counted by what they lack, and what each of them needs a day."""
        inside, openness = self.drawers[rows, 0], self.drawers[rows, 1] / np.maximum(self.drawers[rows, 0], 1e-9)
        of_others = self.need + self._in_struggle[rows, None] * self.shift
        others = openness * self._lacking[rows].sum(axis=1) / np.maximum(1e-12, of_others.sum(axis=1))
        people = inside + others
        need = self.need + (others / np.maximum(people, 1e-9))[:, None] * (of_others - self.need)
        if self.dwelling_sector >= 0:
            need[:, self.dwelling_sector] *= 1.0 - self.dwelling[rows] / np.maximum(people, 1e-9)
        return people, need
