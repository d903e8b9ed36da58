"""What must hold at the end of every day, always checked: people, counts, ranges, coins.

What is checked when
--------------------
every day
    Nobody is lost; everybody's activity is one that exists; all people in struggle, in measures and held against what places count.
every day, or every `OFTEN` days while more than `FEW_BUSY` people are in another activity than routine
    The counts of people in struggle, in measures and held, of every site and every place, against people (by fingerprint:
    sums of 64-bit weights, so that no recount is needed while they agree); who is in a measure has joined one, and nobody else
    has; sites with the mode taken are those with an instance.
every day
    Columns in units of a probability or of a hazard, whole, and columns of few rows.
every day a part
    Each column of every table against its range, finite where it holds floats, and inside the table whose rows it holds; each
    row at least every `kernels.ranges.BLOCKS` days.
every `recount_days` days, on the first day, and at the end of `Simulation.run`
    All columns whole; people by position; coins; members of sites and places; people's ties into measures; instances.
"""

from collections.abc import Iterable

import numpy as np

from communize.declare.errors import InvariantViolation
from communize.declare.registry import (
    ACTIVITIES,
    HELD,
    IN_MEASURE,
    IN_STRUGGLE,
    NEIGHBOURHOOD,
    POSITIONS,
    TAKEN,
)  # fmt: skip
from communize.kernels import checks
from communize.kernels.blocks import BLOCK as PART
from communize.kernels.synthesis import count_members
from communize.mechanisms.base import Mechanism, State
from communize.mechanisms.ranges import Ranges, Reports

BLOCK = 1 << 20  # people whom one thread counts; a multiple of 32
COUNTED = ((IN_STRUGGLE, "active"), (IN_MEASURE, "participants"), (HELD, "held"))
WHOLE_DAYS, OFTEN, FEW_BUSY = 30, 20, 4096


def count_all(state: State) -> tuple[np.ndarray, np.ndarray]:
    """People by position, int64 (positions + 1,), the last being codes that do not exist; and, modulo 2**64, the sum of their
    coins, the fingerprints of members and of eligible members of sites, and people whose measure and activity disagree, uint64 (4,).
    """
    people, n = state.people, len(state.people)
    blocks = max(1, -(-n // PART))
    positions, sums = np.zeros((blocks, len(POSITIONS) + 1), np.int64), np.zeros((blocks, 4), np.uint64)
    state.pool.for_blocks(
        checks.count_all, n, people.home, people.work, people.position, people.group, people.money, people.activity, people.measure,
        state.society.takes_part, positions, sums)  # fmt: skip
    return positions.sum(axis=0), sums.sum(axis=0)


def count_people(state: State) -> np.ndarray:
    """People by activity and position, int64 (activities, positions)."""
    people, n = state.people, len(state.people)
    words = np.ascontiguousarray(people.activity[: n // 8 * 8]).view(np.uint64)
    counts = np.zeros((1, 5, 10), np.int64)
    checks.count_busy(
        0, n, 0, words, people.activity, people.position, people.home, people.work, people.measure, state.sites.place, counts, np.zeros((1, 4), np.uint64),
        np.zeros(1, np.int64))  # fmt: skip
    table = np.empty((len(ACTIVITIES), len(POSITIONS)), np.int64)
    checks.people_by_activity(counts, count_all(state)[0], table)
    return table


def coins_of_tables(state: State) -> int:
    """Coins of all columns that are money, less those that are owed, people's money apart."""
    tables = [(table, column) for table in state.tables.values() if len(table) for column in table.declarations() if column.money]
    return sum(column.money * int(getattr(table, column.name).sum()) for table, column in tables if column.path != "people.money")


class Invariants:
    """Checks of one simulation; holds no state that a run depends on.

    Parameters
    ----------
    state
        The state before the first day.
    mechanisms
        Those at work, for the columns that they write.
    recount_days
        Days between checks of everything.
    """

    def __init__(self, state: State, mechanisms: Iterable[Mechanism], recount_days: int = WHOLE_DAYS):
        self.recount_days = recount_days
        self._reports = Reports(mechanisms)
        self._n, self._whole_day = len(state.people), state.day - 1
        self._positions, self._sums = count_all(state)
        self._coins, self._regrouped = coins_of_tables(state), state.regrouped
        self._positions_vary = "people.position" in state.unannounced
        blocks = max(1, -(-self._n // BLOCK))
        self._counts, self._prints = np.zeros((blocks, 5, 10), np.int64), np.zeros((blocks, 4), np.uint64)
        self._wrong, self._busy = np.zeros(blocks, np.int64), 0
        self._activity = self._words = np.zeros(0, np.uint64)
        self._ranges = Ranges(state, self._reports)

    def check(self, state: State, day: int, everything: bool | None = None) -> None:
        """Check what is due at the end of `day`, or everything.

        Raises
        ------
        InvariantViolation
            The first that does not hold.
        """
        everything = day % self.recount_days == 0 if everything is None else everything
        self._count(state, day, everything)
        if everything:
            self._ranges.refresh(state, day)
        self._ranges.check(state, day, everything, self._whole_day)
        if everything:
            self._recount(state, day)
            self._whole_day = day

    # --- people and counts, every day ---

    def _count(self, state: State, day: int, everything: bool) -> None:
        people, sites, places = state.people, state.sites, state.places
        n = len(people)
        if n != self._n:
            raise self._reports.violation("people", f"{n} people live here", day, "people", found=n, expected=f"{self._n}, as at the start")
        activity = people.activity
        if activity is not self._activity or not activity.flags.c_contiguous:
            self._activity, self._words = activity, np.ascontiguousarray(activity[: n // 8 * 8]).view(np.uint64)
        counts, prints, wrong = self._counts, self._prints, self._wrong
        counts[:], prints[:], wrong[:] = 0, 0, 0
        of_places = (places.active, places.participants, places.held)
        of_people, few, whole = (people.home, people.work, people.measure, sites.place), self._busy <= FEW_BUSY, everything or day % OFTEN == 0
        if few:
            state.pool.for_blocks(checks.count_busy, n, self._words, activity, people.position, *of_people, counts, prints, wrong, block=BLOCK)
        else:
            state.pool.for_blocks(checks.count_codes, n, activity, people.position, counts, block=BLOCK)
        if whole and not few:
            state.pool.for_blocks(checks.print_busy, n, activity, *of_people, prints, wrong, block=BLOCK)
        if few or whole:
            found = checks.compare_counts(
                counts, prints, wrong, sites.kind, sites.place, (sites.active, sites.participants, sites.held), (sites.mode, sites.instance),
                of_places, NEIGHBOURHOOD, TAKEN)  # fmt: skip
        else:
            found = checks.compare_totals(counts, of_places)
        if found:
            if not found & checks.CODES_EXIST:  # a home or a place that does not exist says more than counts that disagree, and none is safe to count
                self._ranges.refresh(state, day)
                self._ranges.check(state, day, True, self._whole_day)
            raise self._explain(state, day, found)
        if self._positions_vary or state.regrouped != self._regrouped:
            self._positions, self._regrouped = count_all(state)[0], state.regrouped
        by_activity = np.empty((len(ACTIVITIES), len(POSITIONS)), np.int64)
        self._busy = checks.people_by_activity(counts, self._positions, by_activity)
        state.counted = (day, by_activity)

    def _explain(self, state: State, day: int, found: int) -> InvariantViolation:
        """The violation behind what `compare_counts` found, from a recount row by row."""
        people, sites, places = state.people, state.sites, state.places
        if found & checks.CODES_EXIST:
            rows = np.flatnonzero((people.activity < 0) | (people.activity >= len(ACTIVITIES)))
            return self._reports.at("codes", "a person is in no activity that exists", state, day, "people.activity", rows, f"0 to {len(ACTIVITIES) - 1}")
        if found & checks.PEOPLE_AGREE:
            rows = np.flatnonzero((people.measure >= 0) != (people.activity == IN_MEASURE))
            inside = people.activity[rows[0]] == IN_MEASURE
            message = f"a person whose activity is {ACTIVITIES[people.activity[rows[0]]]} has {'not ' if inside else ''}joined a measure"
            return self._reports.at("measures", message, state, day, "people.measure", rows, "a site" if inside else -1)
        if found & checks.SITES_COUNT:
            for code, name in COUNTED:
                recount = self._recount_sites(state, code)
                rows = np.flatnonzero(recount != getattr(sites, name))
                if rows.size:
                    message = f"a site counts people in the activity {ACTIVITIES[code]} otherwise than they are"
                    return self._reports.at("counts", message, state, day, f"sites.{name}", rows, f"{recount[rows[0]]}, a recount")
        if found & checks.PLACES_COUNT:
            for code, name in COUNTED:
                homes = people.home[people.activity == code]
                recount = np.bincount(sites.place[homes[(homes >= 0) & (homes < len(sites))]], minlength=len(places))
                rows = np.flatnonzero(recount != getattr(places, name))
                if rows.size:
                    message = f"a place counts its people in the activity {ACTIVITIES[code]} otherwise than they are"
                    return self._reports.at("counts", message, state, day, f"places.{name}", rows, f"{recount[rows[0]]}, a recount")
        rows = np.flatnonzero((sites.mode == TAKEN) != (sites.instance >= 0))
        message = "a site has the mode taken without a measure in force, or a measure without that mode"
        return self._reports.at("measures", message, state, day, "sites.instance", rows, "-1 unless the mode is taken (2)")

    @staticmethod
    def _recount_sites(state: State, code: int) -> np.ndarray:
        """People of an activity by site, int64, one by one; rows that do not exist are left out."""
        people, n = state.people, len(state.sites)
        rows = np.flatnonzero(people.activity == code)
        home, work, at = (getattr(people, name)[rows].astype(np.int64) for name in ("home", "work", "measure"))
        if code == IN_MEASURE:
            work = np.where(work == home, -1, work)
            at = np.where((at == home) | (at == work), -1, at)
        else:
            at = np.full(rows.size, -1)
        there = np.concatenate([home, work, at])
        return np.bincount(there[(there >= 0) & (there < n)], minlength=n)

    # --- everything ---

    def _recount(self, state: State, day: int) -> None:
        people, sites, places, society = state.people, state.sites, state.places, state.society
        positions, sums = count_all(state)
        if np.any(positions != self._positions):
            changed = {POSITIONS[p]: f"{positions[p]}, not {self._positions[p]}" for p in np.flatnonzero(positions != self._positions)[:9]}
            raise self._reports.violation("people", "people of a position are more or fewer than before, and no mechanism says that it changed them", day,
                                  "people", "position", found=changed, expected="the numbers counted last")  # fmt: skip
        more = int((sums[:1] - self._sums[:1]).view(np.int64)[0]) + coins_of_tables(state) - self._coins
        if more:
            coins = int(people.money.sum()) + coins_of_tables(state)
            raise self._reports.violation("coins", f"there are {more:+d} coins more than at the start", day, "people", "money", found=coins,
                                  expected=f"{coins - more}, as at the start", last_good=self._whole_day if self._whole_day >= 0 else None)  # fmt: skip
        if sums[3]:
            raise self._explain(state, day, checks.PEOPLE_AGREE)
        for name, found in (("members", sums[1]), ("eligible", sums[2])):
            if found != checks.fingerprint(getattr(sites, name)):
                raise self._wrong_members(state, day, "sites", name)
        for name, counts in (("residents", sites.members), ("eligible", sites.eligible)):
            if np.any(society.by_place(counts) != getattr(places, name)):
                raise self._wrong_members(state, day, "places", name)
        self._recount_measures(state, day)

    def _wrong_members(self, state: State, day: int, table: str, name: str) -> InvariantViolation:
        people, society = state.people, state.society
        members, eligible = np.zeros(len(state.sites), np.int32), np.zeros(len(state.sites), np.int32)
        count_members(people.home, people.work, society.takes_part, people.position, people.group, members, eligible)
        recount = eligible if name == "eligible" else members
        recount = recount if table == "sites" else society.by_place(recount)
        rows = np.flatnonzero(recount != getattr(state.tables[table], name))
        message = "people who live, work or study there are not those counted"
        return self._reports.at("counts", message, state, day, f"{table}.{name}", rows, f"{recount[rows[0]]}, a recount")

    def _recount_measures(self, state: State, day: int) -> None:
        people, sites, instances = state.people, state.sites, state.instances
        if checks.no_measures(sites.instance, people.activity, people.ties_in_measures, sites.ties_in_measures):
            return
        taken = np.flatnonzero(sites.instance >= 0)
        held = sites.instance[taken]
        rows = taken[(instances.ended[held] >= 0) | (instances.site[held] != taken)]
        if rows.size:
            raise self._reports.at("measures", "a site holds a measure that has ended or lies elsewhere", state, day, "sites.instance", rows, "an instance in force at the site")
        inside = np.flatnonzero(people.activity == IN_MEASURE)
        rows = inside[sites.instance[people.measure[inside]] < 0]
        if rows.size:
            raise self._reports.at("measures", "a person takes part in a measure that is not in force", state, day, "people.measure", rows, "a site with a measure in force")
        ties = state.society.ties
        tied, site_ties = np.zeros(len(people), np.uint16), np.zeros(len(sites), np.int32)
        checks.count_ties_of(inside, people.home, people.work, people.measure, ties.offsets, ties.neighbours, tied, site_ties)
        for name, recount in (("people", tied), ("sites", site_ties)):
            table = state.tables[name]
            rows = np.flatnonzero(recount != table.ties_in_measures)
            if rows.size:
                raise self._reports.at("counts", "ties into measures are counted otherwise than they are", state, day, f"{name}.ties_in_measures", rows, f"{recount[rows[0]]}, a recount")
