"""Joining and leaving, contested sites, and struggles as objects across sites (`model.md` section 5)."""

from typing import Literal

import numpy as np
from pydantic import field_validator

from communize.declare.errors import InputError
from communize.declare.parameters import parameter
from communize.declare.registry import (
    CONTESTED,
    IN_STRUGGLE,
    LOCI,
    NEIGHBOURHOOD,
    ROUTINE,
    STRUGGLE_ENDS,
    Column,
    Output,
)  # fmt: skip
from communize.kernels import decisions
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.conditions import CONDITIONS
from communize.mechanisms.provisioning import PROVISION
from communize.mechanisms.struggle import attribution, loops, seeds
from communize.mechanisms.struggle.laws import LAWS, Surroundings, risk_of_places

GOING_ON, SETTLED, EBBED, REPRESSED = range(len(STRUGGLE_ENDS))

STRUGGLES = (
    Column("struggles", "place", "int32", "place row", "place where it began", (0, None)),
    Column("struggles", "began", "int32", "day", "day on which its first site became contested", (0, None)),
    Column("struggles", "ended", "int32", "day", "day after its last contested site or measure, -1 while it goes on", (-1, None), -1),
    Column("struggles", "end", "int8", "code", "how it ended, index into STRUGGLE_ENDS", (0, 3)),
    Column("struggles", "active", "int32", "agent", "people in it today", (0, None)),
    Column("struggles", "participants", "int32", "agent", "people in the measures that it carries today", (0, None)),
    Column("struggles", "members", "int32", "agent", "members of its contested sites today", (0, None)),
    Column("struggles", "sites", "int32", "site", "contested sites and sites with measures that it carries, today", (0, None)),
    Column("struggles", "sites_ever", "int32", "site", "sites that joined it; one that was in another struggle in between counts again", (0, None)),
    Column("struggles", "peak", "int32", "agent", "most people in it on a day, those in its measures included", (0, None)),
    Column("struggles", "person_days", "int64", "agent day", "people in it and in its measures, summed over days", (0, None)),
    Column("struggles", "belonging", "float32", "1", "mean belonging of the people in it today", (-1, 1)),
    Column("struggles", "by_locus", "int32", "site day", "contested sites and sites with measures summed over days, by locus", (0, None), dims=(len(LOCI),)),
    Column("struggles", "arrested", "int32", "agent", "people arrested out of it", (0, None)),
)


def tally(state: State, locus: np.ndarray) -> np.ndarray:
    """Count people, sites and members of every struggle, and their mean belonging, as they are now; returns their sites by locus, int32 (struggles, loci)."""
    struggles, people, sites, n = state.struggles, state.people, state.sites, len(state.struggles)
    active, participants, belonging = state.pool.sum_of_parts(
        loops.tally_people, len(people), (3, n), people.home, people.work, people.activity, people.measure, people.belonging, sites.struggle)  # fmt: skip
    n_sites, members, by_locus = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros((n, len(LOCI)), np.int32)
    loops.tally_sites(sites.mode, sites.struggle, sites.eligible, locus, n_sites, members, by_locus)
    struggles.active[:], struggles.participants[:], struggles.sites[:], struggles.members[:] = active, participants, n_sites, members
    struggles.belonging[:] = belonging / np.maximum(1, active) / loops.FIXED_POINT
    return by_locus


class Struggle(Mechanism):
    """People join and leave; sites become contested; neighbouring contested sites form one struggle."""

    name = "struggle"
    phase = "struggle"
    reads = (
        "people.home", "people.work", "people.position", "people.group", "people.belonging", "people.nerve", "people.unmet", "people.debt", "people.income", "sites.exploitation", "economy.service",
        "sites.kind", "sites.place", "sites.eligible", "sites.incident", "sites.relief", "places.shock", "places.coercion",
        "places.force", "places.eligible", "places.participants", "places.horizon", "places.free_coverage", "sites.participants",
        "people.ties_in_measures", "people.measure", "struggles.arrested",
    )  # fmt: skip
    writes = (
        "people.activity", "people.nerve", "people.removed", "sites.active", "sites.mode", "sites.began", "sites.struggle", "sites.last_struggle",
        "sites.fatigue", "places.active", "places.risk", "places.shock_struggle", *(column.path for column in STRUGGLES),
        "days.joined", "days.left", "days.newly_contested", "days.spread", "tally.removed",
    )  # fmt: skip
    columns = (
        Column("people", "removed", "int8", "yes/no", "1 for those who left for good and join no struggle again", (0, 1)),
        Column("sites", "struggle", "int32", "struggle row", "struggle that the site belongs to, -1 for none", (-1, None), -1),
        Column("sites", "last_struggle", "int32", "struggle row", "struggle that the site was last in, -1 for none", (-1, None), -1),
        Column("sites", "fatigue", "float32", "1", "memory of past activity", (0, None)),
        Column("sites", "incident", "float32", "pressure", "pressure from the site's own incidents", (0, None)),
        Column("sites", "relief", "float32", "pressure", "pressure taken off by a settlement", (0, None)),
        Column("places", "shock_struggle", "int32", "struggle row", "struggle that the shocks of the place began last, -1 for none", (-1, None), -1),
        Column("places", "risk", "float32", "probability", "risk of taking part", (0, 1)),
        *STRUGGLES, *PROVISION, *CONDITIONS,
        Column("days", "joined", "int64", "agent", "people who joined on the day", (0, None)),
        Column("days", "left", "int64", "agent", "people who left on the day by fatigue", (0, None)),
        Column("tally", "removed", "int64", "agent", "people who left for good so far", (0, None)),
        Column("days", "newly_contested", "int64", "site", "sites that became contested on the day", (0, None)),
        Column("days", "spread", "int64", "site", "of these, taken into a struggle that existed", (0, None)),
    )
    outputs = (
        Output("active", "person", "people in struggle", ("place",), "float32"),
        Output("contested_sites", "site", "sites contested by struggles", ("place",), "int32"),
        Output("contested_by_locus", "site", "sites contested by struggles, by locus", ("locus",), "int32"),
        Output("risk", "probability", "risk of taking part, mean over people"),
        Output("joined", "person", "people who joined a struggle on the day"),
        Output("left", "person", "people who left a struggle on the day by fatigue"),
        Output("removed", "person", "people who left for good so far"),
        Output("struggles_live", "struggle", "struggles going on"),
        Output("struggles_begun", "struggle", "struggles begun so far"),
        Output("struggle_size", "person", "people in the largest struggle of the day"),
        Output("newly_contested", "site", "sites that became contested on the day"),
        Output("spread", "site", "of these, taken into a struggle that existed"),
    )

    class Parameters(MechanismParameters):
        """Pressure, influence, and the law of joining and leaving."""

        response: Literal["logistic", "threshold", "contacts"] = parameter(
            "logistic", unit="name", source="definition",
            meaning="law of joining: logistic in pressure and influence; threshold: where exposure to people in motion reaches nerve; contacts: at rate_contact times their number")
        threshold_on: Literal["share", "count"] = parameter("share", unit="name", source="definition", meaning="threshold: exposure is the weighted mean share of people in motion, or their weighted number")
        threshold_probability: float = parameter(1.0, unit="1/day", range=(0, 1), source="definition", meaning="threshold: probability of joining on a day on which exposure reaches nerve")
        rate_contact: float = parameter(0.02, unit="1/day per person in motion", range=(0, 1000), plausible=(0.001, 1), meaning="contacts: hazard of joining from each person in motion around, times the weight of the source")
        holding: float | None = parameter(None, unit="as exposure", range=(0, None), source="definition", meaning="threshold and contacts: exposure from which nobody leaves; none if left out")
        leaving_for_good: float = parameter(0.0, unit="share", range=(0, 1), source="definition", meaning="share of those who leave by fatigue who never join again (1: as in an SIR epidemic)")
        coupling: float = parameter(4.6, unit="pressure", range=(0, 100), plausible=(3.0, 6.0), meaning="pressure from everybody around being active (J)")
        nerve: float = parameter(1.3, unit="pressure", range=(-1e9, 1e9), plausible=(1.2, 1.4), meaning="mean threshold of joining (threshold: a share or a number)")
        nerves: list[float] = parameter([], unit="as nerve", source="definition", meaning="thresholds of the people one by one instead, again from the first where there are more people")
        nerve_sd_site: float = parameter(0.12, unit="pressure", range=(0, 1e9), plausible=(0, 0.3), meaning="its standard deviation between sites")
        nerve_sd_place: float = parameter(0.08, unit="pressure", range=(0, 1e9), plausible=(0, 0.3), meaning="its standard deviation between places")
        nerve_sd_person: float = parameter(0.0, unit="pressure", range=(0, 1e9), plausible=(0, 0.3), meaning="its standard deviation between people of one site")
        temperature: float = parameter(0.15, unit="pressure", range=(0.001, 10), plausible=(0.12, 0.18), meaning="width of the logistic")
        rate_joining: float = parameter(0.35, unit="1/day", range=(0, 10), plausible=(0.1, 1), meaning="highest hazard of joining")
        spontaneous: float = parameter(1.0, unit="share", range=(0, 1), source="definition", meaning="hazard that is left where there is no shock, incident or influence, against the logistic law")
        rate_leaving: float = parameter(0.11, unit="1/day", range=(0, 10), plausible=(0.08, 0.15), meaning="hazard of leaving by fatigue")
        rate_leaving_alone: float = parameter(0.3, unit="1/day", range=(0, 10), plausible=(0, 1), meaning="added to it when nobody else is in motion at one's sites")
        weight_work: float = parameter(0.25, unit="1", range=(0, 1), plausible=(0.05, 0.5), meaning="influence of the site of work")
        weight_neighbourhood: float = parameter(0.25, unit="1", range=(0, 1), plausible=(0.05, 0.5), meaning="influence of the neighbourhood")
        weight_place: float = parameter(0.25, unit="1", range=(0, 1), plausible=(0.05, 0.5), meaning="influence of the place and its contact places")
        away_share: float = parameter(0.5, unit="share", range=(0, 1), plausible=(0.2, 0.8), meaning="part of the influence of places that comes from contact places")
        uniform_share: float = parameter(0.05, unit="share", range=(0, 1), plausible=(0, 0.5), meaning="part of that which comes from the whole country whatever the distance (media)")
        weight_ties: float = parameter(0.25, unit="1", range=(0, 1), plausible=(0.05, 0.5), meaning="influence of ties")
        weight_need: float = parameter(1.2, unit="pressure", range=(0, 20), plausible=(0.5, 2), meaning="pressure of unmet need")
        weight_exploitation: float = parameter(0.1, unit="pressure", range=(0, 20), plausible=(0, 0.5), meaning="pressure on wage workers of a firm whose surplus equals its wages (a_exploit)")
        weight_debt: float = parameter(0.3, unit="pressure", range=(0, 20), plausible=(0, 1), meaning="pressure on people all of whose income goes to interest and repayment (a_debt)")
        weight_coercion: float = parameter(0.25, unit="pressure", range=(0, 20), plausible=(0, 1), meaning="pressure of coercion")
        weight_constraint: float = parameter(0.25, unit="pressure", range=(0, 20), plausible=(0, 1), meaning="pressure of class membership lived as a constraint")
        weight_horizon: float = parameter(0.3, unit="pressure", range=(0, 20), plausible=(0, 0.8), meaning="pressure where horizon and free coverage are 1: people extend what works (a_horizon)")
        weight_risk: float = parameter(0.3, unit="pressure", range=(0, 20), plausible=(0, 1), meaning="how risk holds people back")
        deterrence: float = parameter(1.0, unit="1", range=(0, 100), plausible=(0.2, 3), meaning="risk from one agent of force per person in motion")
        fatigue_weight: float = parameter(1.8, unit="pressure", range=(0, 1000), plausible=(1, 3), meaning="rise of nerve with fatigue")
        fatigue_gain: float = parameter(0.06, unit="1/day", range=(0, 1), plausible=(0.03, 0.1), meaning="fatigue from a day in which all are active")
        fatigue_half_life_days: float = parameter(60.0, unit="day", range=(0.1, 10_000), plausible=(30, 120), meaning="half-life of fatigue")
        contested_share: float = parameter(0.12, unit="share", range=(0, 1), plausible=(0.05, 0.25), meaning="active share at which a site is contested")
        contested_end: float = parameter(0.5, unit="share of that level", range=(0, 1), plausible=(0.3, 0.9), meaning="level at which it ceases to be")
        contested_people: float = parameter(5.0, unit="person", range=(0, 10_000), plausible=(2, 20), meaning="least number of active people of a contested site")
        repressed_share: float = parameter(0.5, unit="share", range=(0, 10), plausible=(0.2, 1), meaning="arrests against peak size at which an ending counts as repressed")
        seed: list[seeds.Seed] = parameter([], unit="table", source="see the scenario", meaning="people in struggle from a day on: [[struggle.seed]]")

        @field_validator("nerves")
        @classmethod
        def _within_range(cls, nerves: list[float]) -> list[float]:
            if any(abs(nerve) > 1e9 for nerve in nerves):
                raise ValueError("numbers from -1e+09 to 1e+09")
            return nerves

    parameters: "Struggle.Parameters"

    def setup(self, state: State) -> None:
        p, society = self.parameters, state.society
        self._least = state.agents(p.contested_people)
        self._takes_part, self._locus = society.takes_part, society.site_locus()
        self._places_in_order = np.argsort(society.place_list.identity, kind="stable")
        self._set_nerves(state)
        self._around = Surroundings(state, p)
        self._law = LAWS[p.response](state, p, self._around)
        self._seeds = [seeds.resolve(state, number, seed) for number, seed in enumerate(p.seed)]
        if state.changed is not None and state.is_changed("struggle.seed"):
            late = [(number, when) for number, (when, *_) in enumerate(self._seeds) if when < state.day]
            state.notes += [f"struggle.seed[{number}]: day {when} lies before the branch: it does not begin" for number, when in late]

    def regroup(self, state: State) -> None:
        self._locus = state.society.site_locus()
        if not self._around.who_changes:
            self._around.count_eligible(state)
        self._law.regroup(state)

    def _set_nerves(self, state: State) -> None:
        """Draw the nerves or take them as given; a branch keeps those there are unless it changes their law."""
        p, people, sites = self.parameters, state.people, state.sites
        if not state.is_changed("struggle.nerve"):
            return
        if "nerve" in state.society.given:
            if p.nerves:
                raise InputError("struggle.nerves", p.nerves, "none, as the table of people gives nerve")
            return
        if p.nerves:
            people.nerve[:] = np.resize(np.array(p.nerves, np.float32), len(people))
            return
        of_place = Draws(state.key, decisions.NERVE_OF_PLACE, 0).normal(state.society.place_list.identity)
        of_site = Draws(state.key, decisions.NERVE_OF_SITE, 0).normal(len(sites))
        home, work = people.home, people.work
        between_sites = np.where(work >= 0, (of_site[home] + of_site[work]) / np.sqrt(2.0), of_site[home])
        people.nerve[:] = p.nerve + p.nerve_sd_place * of_place[sites.place[home]] + p.nerve_sd_site * between_sites
        if p.nerve_sd_person > 0:
            people.nerve += (p.nerve_sd_person * Draws(state.key, decisions.NERVE_OF_PERSON, 0).normal(len(people))).astype(np.float32)

    def step(self, state: State, day: int, draws: Draws) -> None:
        people, sites, days = state.people, state.sites, state.days
        seeded = self._sow(state, day, draws.key)
        risk = risk_of_places(state, self.parameters)
        state.places.risk[:] = risk
        joined, left = self._law.movers(state, risk, day, draws.key)
        loops.change_activity(joined, IN_STRUGGLE, people.home, people.work, people.activity, sites.active, 1)
        loops.change_activity(left, ROUTINE, people.home, people.work, people.activity, sites.active, -1)
        self._around.moved(state, joined, left)
        self._remove(state, left, day, draws.key)
        state.places.active[:] = state.society.by_place(sites.active)
        days.joined[0], days.left[0] = joined.size + seeded, left.size
        self._contest(state, day, draws.key)
        self._tally(state, day)

    def _sow(self, state: State, day: int, key: np.uint64) -> int:
        """Put the people of today's seeds into struggle; returns how many."""
        people, sites, count = state.people, state.sites, 0
        for number, (when, place, seed) in enumerate(self._seeds):
            if when == day:
                rows = seeds.choose(state, number, place, seed, day, key)
                loops.change_activity(rows, IN_STRUGGLE, people.home, people.work, people.activity, sites.active, 1)
                state.places.active[:] = state.society.by_place(sites.active)
                count += rows.size
        return count

    def _remove(self, state: State, left: np.ndarray, day: int, key: np.uint64) -> None:
        """Some of those who left never join again."""
        share = self.parameters.leaving_for_good
        if share > 0 and left.size:
            gone = left if share == 1 else left[Draws(key, decisions.FOR_GOOD, day).uniform(left) < share]
            loops.set_rows(state.people.removed, gone, 1)
            state.tally.removed[0] += gone.size

    def notes(self, state: State) -> list[str]:
        return [
            f"struggle.seed[{number}]: day {when} lies after the end of the run: it does not begin"
            for number, (when, *_) in enumerate(self._seeds) if when >= state.day > 0
        ]  # fmt: skip

    def _contest(self, state: State, day: int, key: np.uint64) -> None:
        p, sites, people = self.parameters, state.sites, state.people
        rows = np.empty(len(sites), np.int64)
        law = (
            p.contested_share, p.contested_share * p.contested_end, float(self._least),
            2.0 ** (-1.0 / p.fatigue_half_life_days), p.fatigue_gain,
        )  # fmt: skip
        n_new = loops.update_contest(
            sites.active, sites.participants, sites.eligible, sites.mode, sites.struggle, sites.fatigue, sites.began, rows, law, day)  # fmt: skip
        state.days.newly_contested[0], state.days.spread[0] = n_new, 0
        if not n_new:
            return
        homes = sites.kind[rows[:n_new]] == NEIGHBOURHOOD
        new, n_sites = np.concatenate([rows[:n_new][~homes], rows[:n_new][homes]]), len(sites)
        links, chosen, lowest = np.zeros(n_sites, np.int32), np.full(n_sites, -1, np.int32), np.full(n_sites, 2.0)
        attribution.link_through_people(
            people.home, people.work, people.activity, sites.mode, sites.struggle, key, day, links, chosen, lowest)  # fmt: skip
        held = np.flatnonzero((sites.mode == CONTESTED) & (sites.struggle >= 0))
        order = held[np.argsort(sites.place[held], kind="stable")]
        n_places = len(state.places)
        by_place = np.searchsorted(sites.place[order], np.arange(n_places + 1))
        place_active = np.bincount(sites.place[held], weights=sites.active[held], minlength=n_places)
        contact = state.society.contact
        others = p.coupling * p.weight_place * p.away_share
        influence = (
            p.coupling * max(p.weight_work, p.weight_neighbourhood),
            p.coupling * p.weight_place * (1 - p.away_share),
            others * (1 - p.uniform_share), others * p.uniform_share,
        )  # fmt: skip
        before = len(state.struggles)
        after = attribution.attribute(
            new, (sites.place, sites.struggle, sites.active, sites.eligible, sites.incident),
            (state.places.shock, state.places.shock_struggle, place_active, state.places.eligible, by_place, order,
             self._places_in_order),
            (contact.offsets, contact.neighbours, contact.weights), contact.mean(place_active / np.maximum(1, state.places.eligible)),
            links, chosen, influence, state.struggles.ended, before, key, day)  # fmt: skip
        struggles = state.struggles
        struggles.grow(after - before)
        numbers = sites.struggle[new]
        np.add.at(struggles.sites_ever, numbers[sites.last_struggle[new] != numbers], 1)
        sites.last_struggle[new] = numbers
        own = numbers >= before
        struggles.place[numbers[own][::-1]] = sites.place[new[own]][::-1]  # the first site of each decides
        struggles.began[before:after] = day
        state.days.spread[0] = int((~own).sum())

    def _tally(self, state: State, day: int) -> None:
        struggles = state.struggles
        if not len(struggles):
            return
        struggles.by_locus += tally(state, self._locus)
        people = struggles.active.astype(np.int64) + struggles.participants
        struggles.person_days += people
        np.maximum(struggles.peak, people.astype(np.int32), out=struggles.peak)
        over = (struggles.sites == 0) & (struggles.ended < 0)
        struggles.ended[over] = day
        repressed = struggles.arrested >= self.parameters.repressed_share * np.maximum(1, struggles.peak)
        undecided = over & (struggles.end == GOING_ON)
        struggles.end[undecided] = np.where(repressed[undecided], REPRESSED, EBBED)

    def observe(self, state: State) -> dict:
        scale, sites, places, struggles, days = state.scale, state.sites, state.places, state.struggles, state.days
        (contested,) = (sites.mode == CONTESTED).nonzero()
        risk = (places.risk * places.residents).sum() / max(1, places.residents.sum()) if np.count_nonzero(places.force) else 0.0
        return {
            "active": places.active * np.float32(scale),
            "contested_sites": np.bincount(sites.place[contested], minlength=len(places)) if contested.size else 0,
            "contested_by_locus": np.bincount(self._locus[contested], minlength=len(LOCI)) if contested.size else 0,
            "risk": float(risk),
            "removed": state.tally.removed.item() * scale,
            "joined": days.joined.item() * scale,
            "left": days.left.item() * scale,
            "struggles_live": int((struggles.ended < 0).sum()) if len(struggles) else 0,
            "struggles_begun": len(struggles),
            "struggle_size": (struggles.active.max() if len(struggles) else 0) * scale,
            "newly_contested": days.newly_contested[0],
            "spread": days.spread[0],
        }
