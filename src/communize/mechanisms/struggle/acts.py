"""What struggles do: demands and rift counted from acts, concessions and refusals (`rules.md` section 5)."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import COMMODITY, CONTESTED, IN_STRUGGLE, LOCI, ROUTINE, Column, Output
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.conditions import CONDITIONS, MOST_PAY
from communize.mechanisms.opponents.mediation import MEDIATION
from communize.mechanisms.struggle import loops, rules
from communize.mechanisms.struggle.participation import SETTLED, tally

REPRODUCTION = LOCI.index("reproduction")


@kernel
def day_of_struggles(rows, counts, measures, by_locus, room, law, key, day, settled, refused, parted):
    """Acts, concession and refusal of the live struggles `rows`.

    Parameters
    ----------
    counts
        (active, members, demands, rifts, refusals) by struggle; the last three are counted up.
    measures
        (belonging, demand, rift, mediation) by struggle; demand and rift fade and grow.
    room
        Room for concessions of the employers of each struggle, and of the State.
    law
        (rate of acts, daily decay, rate of concession, cost, width, rate of refusal, probability that a demand to employers parts those whom it
        cannot serve).
    settled, refused, parted
        Set to True for the struggles conceded to, refused, or parted by a demand on this day.
    """
    active, members, demands, rifts, refusals = counts
    belonging, demand, rift, mediation = measures
    rate_acts, decay, rate_concession, cost, width, rate_refusal, split = law
    for n in rows:
        demand[n] *= decay
        rift[n] *= decay
        reproduction = 2 * by_locus[n, REPRODUCTION] > by_locus[n].sum()
        can_concede = rules.concedable(room[1] if reproduction else room[0][n], cost, width)
        share = active[n] / max(1, members[n])
        if d.uniform(key, n, day, decisions.ACT, 0) < rules.act_probability(rate_acts, share):
            for_demand, for_rift = rules.act_weights(belonging[n], can_concede, refusals[n], mediation[n])
            if d.uniform(key, n, day, decisions.ACT, 1) * (for_demand + for_rift) < for_demand:
                demand[n] += 1.0
                demands[n] += 1
                parted[n] = split > 0.0 and not reproduction and d.uniform(key, n, day, decisions.ACT, 2) < split
            else:
                rift[n] += 1.0
                rifts[n] += 1
        if demands[n] > 0 and demand[n] >= 0.5:
            if d.uniform(key, n, day, decisions.CONCESSION, 0) < 1.0 - np.exp(-rate_concession * (1.0 + mediation[n]) * can_concede):
                settled[n] = True
            elif d.uniform(key, n, day, decisions.REFUSAL, 0) < 1.0 - np.exp(-rate_refusal * (1.0 - can_concede)):
                refused[n] = True
                refusals[n] += 1


class Acts(Mechanism):
    """Struggles act; employers and the State concede or refuse; a struggle is settled as a whole."""

    name = "acts"
    phase = "struggle"
    reads = (
        "economy.regime", "economy.profit_rate", "economy.tax_surplus", "sites.revenue", "sites.payroll", "struggles.active", "struggles.members",
        "struggles.belonging", "struggles.by_locus", "struggles.ended", "sites.kind", "sites.sector", "sites.place", "sites.struggle", "sites.eligible",
        "people.home", "people.work", "people.measure", "places.mediation",
    )  # fmt: skip
    writes = (
        "struggles.demand", "struggles.rift", "struggles.demands", "struggles.rifts", "struggles.refusals",
        "struggles.end", "struggles.ended", "struggles.active", "struggles.participants", "struggles.sites", "struggles.members", "sites.mode",
        "sites.struggle", "sites.began", "sites.relief", "sites.pay", "sites.regularised", "sites.active", "places.active", "people.activity", "people.belonging",
        "days.settlements", "days.refusals", "days.splits", "struggles.split_from", "struggles.began", "struggles.place", "struggles.sites_ever",
        "struggles.belonging", "sites.last_struggle",
    )  # fmt: skip
    columns = (
        *CONDITIONS, MEDIATION[0],
        Column("sites", "relief", "float32", "pressure", "pressure taken off by a settlement", (0, None)),
        Column("struggles", "demand", "float32", "1", "demands made, fading", (0, None)),
        Column("struggles", "rift", "float32", "1", "acts of rift, fading", (0, None)),
        Column("struggles", "demands", "int32", "act", "demands made so far", (0, None)),
        Column("struggles", "rifts", "int32", "act", "acts of rift so far", (0, None)),
        Column("struggles", "refusals", "int32", "act", "demands refused so far", (0, None)),
        Column("days", "settlements", "int64", "struggle", "struggles settled on the day", (0, None)),
        Column("days", "refusals", "int64", "struggle", "struggles refused on the day", (0, None)),
        Column("days", "splits", "int64", "struggle", "struggles split by a demand on the day", (0, None)),
        Column("struggles", "split_from", "int32", "struggle row", "struggle from which a demand parted it, -1 for none", (-1, None), -1),
    )
    outputs = (
        Output("demand", "1", "demands made, fading, summed over struggles going on"),
        Output("rift", "1", "acts of rift, fading, summed over struggles going on"),
        Output("settlements", "struggle", "struggles settled on the day"),
        Output("refusals", "struggle", "struggles refused on the day"),
        Output("splits", "struggle", "struggles split on the day by a demand that cannot serve all of them"),
    )

    class Parameters(MechanismParameters):
        """Acts, and what the other side does."""

        rate: float = parameter(0.2, unit="1/day", range=(0, 10), plausible=(0.05, 0.5), meaning="acts of a struggle in which all are active")
        half_life_days: float = parameter(14.0, unit="day", range=(0.1, 10_000), plausible=(7, 30), meaning="half-life of the counts of demand and rift")
        rate_concession: float = parameter(0.02, unit="1/day", range=(0, 10), plausible=(0.005, 0.1), meaning="hazard of a concession where all can be conceded")
        concession_cost: float = parameter(0.1, unit="share of payroll", range=(-10, 10), plausible=(0.02, 0.3), meaning="what conceding costs")
        concession_width: float = parameter(0.2, unit="share", range=(0.001, 10), plausible=(0.05, 0.5), meaning="width of the response to room less cost")
        rate_refusal: float = parameter(0.05, unit="1/day", range=(0, 10), plausible=(0.01, 0.2), meaning="hazard of a refusal where nothing can be conceded")
        settlement_gain: float = parameter(0.1, unit="1", range=(0, 1), plausible=(0.02, 0.3), meaning="rise of belonging by a settlement, at regime 0")
        refusal_loss: float = parameter(0.1, unit="1", range=(0, 1), plausible=(0.02, 0.3), meaning="fall of belonging by a refusal")
        relief: float = parameter(0.5, unit="pressure", range=(0, 20), plausible=(0.1, 1), meaning="pressure taken off by a settlement")
        regularised: float = parameter(0.5, unit="share", range=(0, 1), plausible=(0, 1), meaning="precarious workers of a settled site who get stable contracts, at the next month of the economy")
        room_employers: float = parameter(0.12, unit="share of payroll", range=(-1, 10), plausible=(0.0, 1.0), meaning="what employers could concede where no economy is at work, and in its first month")
        room_state: float = parameter(-0.03, unit="share of dues", range=(-1, 10), plausible=(-0.1, 0.05), meaning="what the State could concede where no economy is at work, and in its first month")
        split: float = parameter(0.0, unit="probability", range=(0, 1), plausible=(0, 0.5), meaning="probability that a demand to employers parts a struggle from its neighbourhoods and campuses, whom it cannot serve")
        relief_half_life_days: float = parameter(30.0, unit="day", range=(0.1, 10_000), plausible=(10, 120), meaning="half-life of that relief")

    parameters: "Acts.Parameters"

    def setup(self, state: State) -> None:
        self._locus = state.society.site_locus()

    def regroup(self, state: State) -> None:
        self._locus = state.society.site_locus()

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, struggles, sites = self.parameters, state.struggles, state.sites
        sites.relief *= np.float32(2.0 ** (-1.0 / p.relief_half_life_days))
        state.days.settlements[0] = state.days.refusals[0] = state.days.splits[0] = 0
        live = np.flatnonzero(struggles.ended < 0)
        if not live.size:
            return
        settled, refused, parted = (np.zeros(len(struggles), np.bool_) for _ in range(3))
        day_of_struggles(
            live, (struggles.active, struggles.members, struggles.demands, struggles.rifts, struggles.refusals),
            (struggles.belonging, struggles.demand, struggles.rift, self._mediation(state)), struggles.by_locus,
            self._room(state),
            (p.rate, 2.0 ** (-1.0 / p.half_life_days), p.rate_concession, p.concession_cost, p.concession_width, p.rate_refusal, p.split),
            draws.key, day, settled, refused, parted)  # fmt: skip
        state.days.settlements[0], state.days.refusals[0] = int(settled.sum()), int(refused.sum())
        if settled.any() or refused.any():
            self._meet(state, settled, refused)
        if (parted & ~settled).any():
            self._part(state, np.flatnonzero(parted & ~settled), day)

    def _part(self, state: State, rows: np.ndarray, day: int) -> None:
        """The sites that a demand to employers cannot serve go on as a struggle of their own, if there are both kinds."""
        sites = state.sites
        for n in rows:
            of = np.flatnonzero(sites.struggle == n)
            away = of[self._locus[of] == REPRODUCTION]
            if not 0 < away.size < of.size:
                continue
            new = len(state.struggles)
            state.struggles.grow(1)
            sites.struggle[away] = sites.last_struggle[away] = new
            state.struggles.began[new], state.struggles.place[new], state.struggles.split_from[new] = day, sites.place[away[0]], n
            state.struggles.sites_ever[new] = away.size
            state.days.splits[0] += 1
        if state.days.splits[0]:
            tally(state, self._locus)

    def _mediation(self, state: State) -> np.ndarray:
        """Mediation at the sites of each struggle, mean, float64 (struggles,)."""
        sites, places, n = state.sites, state.places, len(state.struggles)
        if not places.mediation.any():
            return np.zeros(n)
        inside = np.flatnonzero(sites.struggle >= 0)
        of = sites.struggle[inside]
        count = np.bincount(of, minlength=n)
        return np.bincount(of, weights=places.mediation[sites.place[inside]], minlength=n) / np.maximum(1, count)

    def _room(self, state: State) -> tuple[np.ndarray, float]:
        """What can be conceded, in shares of what is paid: by the employers of each struggle, from their own profit, and by the State."""
        p, sites, economy = self.parameters, state.sites, state.economy
        employers, government = p.room_employers, p.room_state
        employers = employers if np.isnan(economy.profit_rate[0]) else float(economy.profit_rate[0])
        government = government if np.isnan(economy.tax_surplus[0]) else float(economy.tax_surplus[0])
        inside = np.flatnonzero((sites.struggle >= 0) & (sites.payroll > 0))
        of, n = sites.struggle[inside], len(state.struggles)
        paid, sold = (np.bincount(of, weights=column[inside], minlength=n) for column in (sites.payroll, sites.revenue))
        return np.where(paid > 0, (sold - paid) / np.maximum(paid, 1e-9), employers), government

    def _meet(self, state: State, settled: np.ndarray, refused: np.ndarray) -> None:
        p, people, sites, struggles = self.parameters, state.people, state.sites, state.struggles
        left = np.empty(int(np.count_nonzero(people.activity == IN_STRUGGLE)), np.int32)
        n_left = loops.meet_outcome(
            people.home, people.work, people.activity, people.belonging, sites.struggle, settled, refused,
            float(state.economy.regime[0]), p.settlement_gain, p.refusal_loss, left)  # fmt: skip
        loops.change_activity(left[:n_left], ROUTINE, people.home, people.work, people.activity, sites.active, -1)
        state.places.active[:] = state.society.by_place(sites.active)
        of_settled = (sites.struggle >= 0) & settled[np.maximum(sites.struggle, 0)]
        sites.relief[of_settled] += np.float32(p.relief)
        sites.pay[of_settled] = np.clip(sites.pay[of_settled] * np.float32(1.0 + p.concession_cost), 0.0, MOST_PAY)
        sites.regularised[of_settled] = p.regularised
        sites.struggle[of_settled] = -1  # a measure that it carried loses it and stays in force
        back = of_settled & (sites.mode == CONTESTED)
        sites.mode[back], sites.began[back] = COMMODITY, state.day
        struggles.end[settled], struggles.ended[settled] = SETTLED, state.day + 1
        struggles.active[settled] = struggles.participants[settled] = struggles.sites[settled] = struggles.members[settled] = 0

    def observe(self, state: State) -> dict:
        struggles, live = state.struggles, state.struggles.ended < 0
        return {
            "demand": float(struggles.demand[live].sum(dtype=np.float64)),
            "rift": float(struggles.rift[live].sum(dtype=np.float64)),
            "settlements": state.days.settlements[0],
            "refusals": state.days.refusals[0], "splits": state.days.splits[0],
        }
