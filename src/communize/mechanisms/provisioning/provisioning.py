"""Provisioning: what a society physically needs, and what the commodity mode and measures provide (`model.md` section 4)."""

from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.registry import SCOPES, Column, Output
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, State
from communize.mechanisms.conditions import CONDITIONS
from communize.mechanisms.opponents.fronts import DRAIN
from communize.mechanisms.provisioning import common, industry, needs, reproduction
from communize.mechanisms.provisioning.common import Common, known_sectors, sector_rows
from communize.mechanisms.provisioning.industry import Industry, commodity_reproduction
from communize.mechanisms.provisioning.needs import PROVISION, by_place_and_sector, mean_shortage
from communize.mechanisms.provisioning.settings import ProvisioningParameters

AT_REST = 1.0 - 1e-9
ENOUGH_PEOPLE = 10_000  # with fewer, small sectors are empty by chance


class Provisioning(Mechanism):
    """Produces and distributes for a day in both modes, and writes what people lack."""

    name = "provisioning"
    phase = "provisioning"
    reads = (
        "people.home", "people.work", "people.group", "people.activity", "people.measure", "sites.kind", "sites.sector", "sites.mode", "sites.place", "sites.members", "sites.active",
        "sites.eligible", "sites.participants", "sites.held", "sites.instance", "places.residents", "places.participants", "instances.content",
        "instances.practice", "practices.needs", "places.active", "contacts.linked", "places.drain", "places.scope", "economy.paid", "economy.wages", "economy.profit", "economy.public_wages", "economy.benefits", "economy.surplus", "economy.taxes", "economy.due", "economy.lent",
    )  # fmt: skip
    writes = (
        "people.unmet", "people.affordability", "people.outside", "provision.shortage", "sites.coverage", "places.coverage", "places.free_coverage", "places.met_inherited", "places.met_made", "places.met_dropped", "places.exchange_dependence",
        "places.means", "tally.fall", "tally.unrest_day", "tally.means_at_start", "tally.regrouped",
        *(column.path for column in (*industry.COLUMNS, *common.COLUMNS, *reproduction.COLUMNS)),
    )  # fmt: skip
    columns = (
        *PROVISION, *CONDITIONS, *DRAIN,
        Column("places", "scope", "int8", "code", "scope that is unlocked there, index into SCOPES", (0, len(SCOPES) - 1)), *industry.COLUMNS, *common.COLUMNS, *reproduction.COLUMNS,
        Column("people", "outside", "int8", "yes/no", "whether they live mainly outside exchange, as of when they last noticed what they lack", (0, 1)),
        Column("places", "means", "float64", "share", "what residents can pay of a month's basket, mean", (0, 1)),
        Column("places", "exchange_dependence", "float64", "share", "bought share of what participants of measures have", (0, 1)),
        Column("tally", "means_at_start", "float64", "share", "what people could pay at the start, mean", (0, 1), float("nan"), may_lack=True),
        Column("tally", "fall", "float64", "share", "fall of what people can pay by a crisis", (0, 1)),
        Column("tally", "regrouped", "int8", "yes/no", "whether people changed sites or positions since all noticed what they can pay", (0, 1)),
        Column("tally", "unrest_day", "int32", "day", "last day on which supply was not whole", (-1, None), -1),
    )
    outputs = (
        Output("shortage", "share", "what is missing of people's needs, mean over people and needs"),
        Output("shortage_of_place", "share", "what is missing of the needs of the people of each place, mean over needs", ("place",)),
        Output("shortage_of_sector", "share", "what is missing of the need for each sector's product, mean over people", ("sector",)),
        Output("unmet", "share", "unmet need, mean over people"),
        Output("coverage", "share", "essential coverage of participants of measures, mean over them; not a number where there are none", may_lack=True),
        Output("supply", "share", "share of what is ordered that each sector delivers", ("sector",)),
        Output("output", "share", "output of each sector against that of the start", ("sector",)),
        Output("common_stock", "day of consumption", "stock held in common, by sector, in days of consumption of one person", ("sector",)),
        Output("exchange_dependence", "share", "bought share of what participants of measures have, by place", ("place",)),
        Output("need_met", "share", "of all needs, met by wages and profits, benefits, credit, free access to what measures found and to what they make, what they sell; needs for what only serves value that fall away; unmet", ("source",)),
        Output("outside_exchange", "share", "people who live mainly outside exchange: more than half of what they have is free, and of nothing essential less than half is there"),
        Output("reproduction_ratio", "1", "lambda: share of the needs of all who draw that what measures hold can sustain, resolved by place; of the linked places with most participants"),
        Output("reproduction_ratio_pooled", "1", "the same as if goods and labour were in one place: an upper bound"),
        Output("reproduction_ratio_strict", "1", "the pooled ratio if production needed every input, not the critical ones alone"),
        Output("reproduction_ratio_imports", "1", "the pooled ratio if imported inputs were bought, and not made"),
        Output("reproduction_binding", "sector row", "sector that binds lambda most, -1 for none", dtype="int32"),
        Output("reproduction_binding_place", "place row", "place in which it binds, -1 for none, or where it is missing in all linked places", dtype="int32"),
        Output("commodity_reproduction", "1", "kappa: the smallest of labour, inputs, surplus and taxes against what renewing the commodity mode needs", may_lack=True),
        Output("commodity_binding", "code", "what binds it: 0 labour, 1 inputs, 2 surplus, 3 taxes, -1 none", dtype="int32"),
    )

    Parameters = ProvisioningParameters  # pyright: ignore[reportAssignmentType]
    parameters: ProvisioningParameters

    def setup(self, state: State) -> None:
        p, people = self.parameters, state.people
        by_place_and_sector(state, "shortage")
        self._essential = known_sectors(state, p.essential, type(p)().essential, "provisioning.essential")
        usual = needs.weights_of_needs(state)
        self._weights = np.stack([usual, usual + needs.shift_of_needs(state, usual)])
        self._industry = Industry(state, p)
        self._common = Common(state, p, self._industry)
        self._stops = [self._resolve_stop(state, number, stop) for number, stop in enumerate(p.stop)]
        self._counted = False
        self._crises = sorted((self._day(state, f"provisioning.crisis[{number}]", crisis), crisis.fall) for number, crisis in enumerate(p.crisis))
        self._fixed = self._resolve_levels(state)
        if np.isnan(state.tally.means_at_start[0]):
            people.affordability[:] = 1.0 - people.unmet
            self._count_means(state)
            state.tally.means_at_start[0] = self._mean_means(state)
        if not (p.free.enabled and p.ratio.enabled):
            reproduction.forget(state)

    def regroup(self, state: State) -> None:
        self._common.regroup(state)
        state.tally.regrouped[0] = 1

    def _day(self, state: State, path: str, event: Any) -> int:
        day = state.day_of_event(event)
        if day < 0:
            raise InputError(f"{path}.date", str(event.date), f"a date on or after the start, {state.start}")
        return day

    def _resolve_stop(self, state: State, number: int, stop: Any) -> tuple[int, int, np.ndarray]:
        path = f"provisioning.stop[{number}]"
        sectors = sector_rows(state, stop.sectors, f"{path}.sectors") if stop.sectors else np.ones(len(state.society.sectors), bool)
        places = np.ones(len(state.places), bool)
        if stop.places:
            places[:] = False
            places[[state.society.place_list.require(name, f"{path}.places") for name in stop.places]] = True
        first = self._day(state, path, stop)
        return first, first + stop.days, stop.share * np.outer(places, sectors)

    def _resolve_levels(self, state: State) -> tuple[np.ndarray, list[tuple[int, Any, Any]]]:
        fixed, sectors, places = self.parameters.fixed, state.society.sectors, state.society.place_list
        held = np.full(len(sectors), fixed.need)
        for name, value in fixed.need_of_sector.items():
            if name not in sectors:
                raise InputError("provisioning.fixed.need_of_sector", name, f"sectors of the society: {', '.join(sectors)}", nearest_name(name, sectors))
            if not 0 <= value <= 1:
                raise InputError(f"provisioning.fixed.need_of_sector.{name}", value, "0 to 1")
            held[sectors.index(name)] = value
        levels = []
        for number, level in enumerate(fixed.level):
            path = f"provisioning.fixed.level[{number}]"
            rows = slice(None) if level.place is None else np.array([places.require(level.place, f"{path}.place")])
            levels.append((self._day(state, path, level), rows, level))
        return held, sorted(levels, key=lambda entry: entry[0])

    # --- a day ---

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, places, tally = self.parameters, state.places, state.tally
        if tally.regrouped[0]:
            self._count_means(state)
        if p.free.enabled and (tally.regrouped[0] or not self._counted):
            self._common.presence.count(state)
            self._counted = True
        before = float(tally.fall[0])
        tally.fall[0] = next((fall for first, fall in reversed(self._crises) if first <= day), 0.0)
        stopped = np.zeros((len(places), len(state.society.sectors)))
        for first, last, share in self._stops:
            if first <= day < last:
                np.maximum(stopped, share, out=stopped)
        self._industry.day(state, day, stopped, *self._spending(state), state.common.bought_for_goods, state.common.sold_for_goods)
        supply = state.industry.supply
        wanted = np.outer(places.residents - places.participants, self._common.need) + np.outer(places.active, self._common.shift)
        lacking = wanted * (1.0 - np.minimum(1.0, np.outer(self._means(state), supply)))
        fall = float(tally.fall[0])
        held = self._common.day(state, lacking, fall) if p.free.enabled else self._common.idle(state, fall)
        if held or supply.min() < AT_REST or tally.fall[0] > 0 or before > 0:
            tally.unrest_day[0] = day
        self._notice(state, day)
        self._cover(state)
        if p.free.enabled and p.ratio.enabled and day % p.ratio.every_days == 0 and (held or tally.ratio_pooled[0] > 0):
            reproduction.solve(state, day, self._industry, self._common, p.ratio)
        if p.fixed.enabled:
            self._hold(state, day)

    def _means(self, state: State) -> np.ndarray:
        return state.places.means * (1.0 - state.tally.fall[0])

    def _mean_means(self, state: State) -> float:
        residents = state.places.residents
        return float((state.places.means * residents).sum() / max(1, residents.sum()))

    def _spending(self, state: State) -> tuple[float, float]:
        """What people spend, and what of it those in struggle do, against what all could at the start."""
        places, means, at_start = state.places, self._means(state), float(state.tally.means_at_start[0])
        spent = float((means * (places.residents - places.participants)).sum() + (places.spent * places.participants).sum())
        whole = (at_start if at_start > 0 else 1.0) * max(1, int(places.residents.sum()))
        return spent / whole, float((means * places.active).sum()) / whole

    def _count_means(self, state: State) -> None:
        total, residents = np.zeros(len(state.places), np.int64), state.places.residents
        needs.pay_of_places(state.people.home, state.sites.place, state.people.affordability, total)
        state.places.means[:] = np.minimum(1.0, total / needs.FIXED_POINT / np.maximum(1, residents))

    def _notice(self, state: State, day: int) -> None:
        """A part of the people notice what they lack today; all where what they can pay has just changed."""
        people, places, n, every = state.people, state.places, len(state.people), self.parameters.notice_days
        first, last = n * (day % every) // every, n * (day % every + 1) // every
        if state.tally.regrouped[0]:
            state.tally.regrouped[0] = 0
            first, last = 0, n
        if day - state.tally.unrest_day[0] > every and (first, last) != (0, n):
            return
        if day == 0 and state.tally.unrest_day[0] < 0:
            return  # at the start unmet need is what the scenario says
        needs.notice(
            first, last, (people.home, people.work, people.group, people.activity, people.measure, people.affordability, people.unmet, people.outside), self._common.carries, state.sites.place, self._weights, self._essential,
            state.industry.supply, by_place_and_sector(state, "coverage"), places.open_to_others, self.parameters.free.at_work, self._common.terms, self._common.kept,
            self._common.dwelling_sector, float(state.tally.fall[0]))  # fmt: skip

    def _cover(self, state: State) -> None:
        places, there_found = state.places, self._common.inherited_coverage(state)
        inside_free, inside_found, sums = self._common.inside(state, there_found)
        needs.cover_places(
            (places.participants, places.residents, places.active), places.means, sums, self._weights, self._common.is_needed, self._essential, state.industry.supply,
            float(state.tally.fall[0]), (inside_free, inside_found), self._common.for_others(state, there_found), by_place_and_sector(state, "shortage"),
            places.coverage, places.free_coverage, places.met_inherited, places.met_made, places.met_dropped, places.exchange_dependence, places.spent,
            places.met_by_goods)  # fmt: skip
        common, sites = self._common, state.sites
        sites.coverage[:] = places.coverage[sites.place]
        needs.cover_sites(
            common.taken, sites.place, common.kept, common.number, common.pays, common.terms, self._essential, state.industry.supply,
            by_place_and_sector(state, "coverage"), common.dwelling_sector, sites.coverage)  # fmt: skip

    def _hold(self, state: State, day: int) -> None:
        shortage, places = by_place_and_sector(state, "shortage"), state.places
        held, levels = self._fixed
        shortage[:], places.coverage[:] = held, self.parameters.fixed.coverage
        for first, rows, level in levels:
            if first <= day:
                if level.need is not None:
                    shortage[rows] = level.need
                if level.coverage is not None:
                    places.coverage[rows] = level.coverage
        state.sites.coverage[:] = places.coverage[state.sites.place]
        count = np.bincount(state.sites.place[state.sites.instance >= 0], minlength=len(places))
        places.free_coverage[:] = np.where(count > 0, places.coverage, 0.0)

    # --- what is reported ---

    def notes(self, state: State) -> list[str]:
        missing = self._industry.without_labour(state) if len(state.people) >= ENOUGH_PEOPLE else []
        return [f"provisioning: nobody works in {', '.join(missing)}; no lack of labour stops production there"] if missing else []

    def observe(self, state: State) -> dict[str, Any]:
        people, places, tally = state.people, state.places, state.tally
        residents = places.residents / max(1, places.residents.sum())
        unmet = float(people.unmet.sum()) / len(people) if len(people) else float("nan")  # pairwise in 32 bits: to a millionth, and quick
        missing = mean_shortage(state)
        kappa, binding = commodity_reproduction(state)
        shortage = by_place_and_sector(state, "shortage")
        base = np.maximum(self._industry.base, 1e-300)
        stock = by_place_and_sector(state, "stock").sum(axis=0)
        return {
            "unmet": unmet, "shortage": float((missing * residents).sum()), "shortage_of_place": missing, "shortage_of_sector": residents @ shortage,
            "coverage": needs.coverage_of_participants(state), "supply": state.industry.supply,
            "output": np.where(self._industry.base > 0, state.industry.output / base, 1.0), "common_stock": stock * state.scale,
            "exchange_dependence": places.exchange_dependence, "need_met": self._sources(state, unmet),
            "outside_exchange": needs.outside_exchange(state),
            "reproduction_ratio": tally.ratio[0], "reproduction_ratio_pooled": tally.ratio_pooled[0],
            "reproduction_ratio_strict": tally.ratio_strict[0], "reproduction_ratio_imports": tally.ratio_imports[0],
            "reproduction_binding": tally.ratio_binds[0], "reproduction_binding_place": tally.ratio_binds_place[0],
            "commodity_reproduction": kappa, "commodity_binding": binding,
        }  # fmt: skip

    @staticmethod
    def _sources(state: State, unmet: float) -> np.ndarray:
        """Share of all needs met by wages and profits, benefits, credit, free from what was found and what was made, for goods; fallen away; and unmet."""
        places, economy = state.places, state.economy
        whole = max(1, places.residents.sum())
        left, free = 1.0 - unmet, []
        for met in (places.met_inherited, places.met_made, places.met_by_goods * places.participants, places.met_dropped):
            free.append(min(float(met.sum() / whole), left))  # as people notice within some days
            left -= free[-1]
        means = np.array([economy.wages[0] + economy.profit[0] + economy.public_wages[0], economy.benefits[0], economy.lent[0]])
        shares = means / means.sum() if means.sum() > 0 else np.array([1.0, 0.0, 0.0])
        return np.array([*(left * shares), *free, unmet])
