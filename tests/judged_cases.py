"""The figures by which decision 22 judges the cases of the economy.

`python tests/judged_cases.py CASE --seeds 20` runs a case (or `arms`: `fordist-1968` and `restructured`, each in both regimes) and prints
each figure, what it was compared with, and in how many seeds it was hit.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import communize as cz
from communize.declare.registry import IN_STRUGGLE, POSITIONS, STRUGGLE_ENDS
from communize.simulation.simulation import Simulation

WITHOUT_RATIO = {"provisioning.ratio.enabled": False, "mediation.enabled": False, "upkeep.enabled": False}  # no figure needs the first; the others did not exist when this was judged
PEOPLE = {"pensions-2010": 200_000, "guadeloupe-2009": 310_000, "subprime-2007": 200_000}
ADULTS_FOR_ONE = 49.9e6 / 200_000  # people of 15 and over for one person of `pensions-2010`
ARMS = {"F0": ("fordist-1968", 0.0), "F1": ("fordist-1968", 1.0), "R0": ("restructured", 0.0), "R1": ("restructured", 1.0)}
AFTER = 30  # days after a settlement
SETTLED = STRUGGLE_ENDS.index("settled")

Figure = tuple[str, float, bool | None]  # what, found, whether it is hit (None where a single run does not say)


def shipped(case: str, **changes: Any) -> cz.Scenario:
    """A case as it ships, without the reproduction ratio."""
    return cz.load(case).replace(WITHOUT_RATIO | changes)


def targets(run: cz.Run) -> list[Figure]:
    """The `[[target]]` figures of a run."""
    return [(c.name, float("nan") if c.found is None else c.found, c.hit) for c in run.comparisons]


def within(what: str, found: float, low: float, high: float) -> Figure:
    """A figure that is hit between two bounds."""
    return what, float(found), bool(low <= found <= high)


def months_of(run: cz.Run, name: str) -> np.ndarray:
    """A variable on the last day of each month of the economy, float64 (months, ...)."""
    return run.series[name].to_numpy().astype(float)[29::30]


def day_of(run: cz.Run, date: str) -> int:
    """Day of the run of a date."""
    return int((np.datetime64(date) - np.datetime64(run.scenario.start)) // np.timedelta64(1, "D"))


def largest_struggle(run: cz.Run) -> Any:
    """Row of the struggle with most person-days, None where there is none."""
    return run.struggles.nlargest(1, "person_days").iloc[0] if len(run.struggles) else None


def pensions(run: cz.Run) -> list[Figure]:
    """Figures of `pensions-2010`."""
    energy = list(run.series["sector"].to_numpy()).index("energy_water")
    short = run.series["shortage_of_sector"].to_numpy()[:, energy]
    over = np.flatnonzero(short > 0.01)
    first = float(over[0]) if over.size else float("inf")
    largest = largest_struggle(run)
    kept = largest is None or str(largest["end"]) != "settled"
    strike = day_of(run, "2010-10-12")
    return [
        *targets(run),
        ("the largest struggle is not settled", float(kept), kept),
        within("highest shortage of energy, 12 to 29 October", short[strike : strike + 18].max(), 0.06, 0.24),
        within("first day short of energy (15 October is 38)", first, 35, 41),
        within("short of energy on 26 October", short[day_of(run, "2010-10-26")], 0.03, 1.0),
        within("wage share", np.nanmean(months_of(run, "wage_share")), 0.521, 0.721),
    ]


def guadeloupe(run: cz.Run) -> list[Figure]:
    """Figures of `guadeloupe-2009`."""
    active = run.series["active"].sum("place").to_numpy()
    largest = largest_struggle(run)
    won = largest is not None and str(largest["end"]) == "settled" and day_of(run, "2009-02-18") < largest["ended"] <= day_of(run, "2009-03-18") + 1
    call, march = active[day_of(run, "2009-01-20")], active[day_of(run, "2009-01-30")]
    return [
        *targets(run),
        within("20 January against 30 January", call / max(march, 1e-9), 0.06, 0.36),
        within("last day of at least half the peak (4 March is 45)", np.flatnonzero(active >= 0.5 * active.max())[-1] + 1, 31, 59),
        ("the largest struggle is settled in time", float(won), won),
        within("people in struggle at the peak", active.max(), 12_000, 50_000),
        within("unemployment on the first day", run.series["unemployment"].to_numpy()[0], 0.205, 0.25),
    ]


def subprime(run: cz.Run) -> list[Figure]:
    """Figures of `subprime-2007`; that without credit and the interval of the correlation need several runs."""
    daily = run.series["unemployment"].to_numpy().astype(float)
    rate, default = months_of(run, "unemployment"), months_of(run, "defaults")
    income = months_of(run, "income").mean(axis=1) * PEOPLE["subprime-2007"]
    service = (months_of(run, "interest") + months_of(run, "repaid")) / income
    who = months_of(run, "defaults_by_decile")[np.flatnonzero(default > 0)[:24]]
    poorest = who[:, :3].sum() / who.sum() if who.sum() else float("nan")
    known = np.std(default[:-3]) > 0
    return [
        *targets(run),
        within("unemployment on the last day", daily[-1], 0.08, 0.12),
        within("its rise", daily[-90:].mean() - daily[:91].mean(), 0.026, 0.104),
        within("wage share", np.nanmean(months_of(run, "wage_share")[1:8]), 0.504, 0.704),
        within("service of debts in income", service[-12:].mean(), 0.085, 0.165),
        within("defaults in the three lowest tenths", poorest, 0.4, 1.0),
        ("correlation of defaults with later unemployment", float(np.corrcoef(default[:-3], rate[3:] - rate[:-3])[0, 1]) if known else float("nan"), None),
    ]


FIGURES: dict[str, Callable[[cz.Run], list[Figure]]] = {"pensions-2010": pensions, "guadeloupe-2009": guadeloupe, "subprime-2007": subprime}


def arm(name: str, seed: int, people: int = 50_000, days: int = 365) -> dict[str, float]:
    """A run of one arm of `fordist-1968` against `restructured`: settlements, acts, and belonging after a settlement."""
    case, regime = ARMS[name]
    sim = Simulation(shipped(case, **{"society.people": people, "economy.regime": regime}), seed=seed)
    state, waiting, gain, settled_people = sim.state, [], 0.0, 0
    for day in range(days):
        people_, sites = state.people, state.sites
        inside = people_.activity == IN_STRUGGLE
        number = np.where(people_.work >= 0, sites.struggle[np.maximum(people_.work, 0)], -1)
        number = np.where(number < 0, sites.struggle[people_.home], number)
        belonging, position = people_.belonging.copy(), people_.position.copy()
        sim.run(1)
        ended = np.flatnonzero((state.struggles.end == SETTLED) & (state.struggles.ended == day + 1))
        of_settled = inside & np.isin(number, ended)
        if of_settled.any():
            waiting.append((day + AFTER, of_settled, ~inside, belonging, position))
        while waiting and waiting[0][0] == day:
            _, rows, others, before, was = waiting.pop(0)
            change = state.people.belonging - before
            usual = np.array([change[others & (was == k)].mean() if np.any(others & (was == k)) else np.nan for k in range(len(POSITIONS))])
            gain += float(np.nansum(change[rows] - usual[was[rows]]))
            settled_people += int(rows.sum())
    struggles, recorded = state.struggles, sim.recorder
    begun, demands, rifts = max(1, len(struggles)), int(struggles.demands.sum()), int(struggles.rifts.sum())
    return {
        "settlements_per_100": 100 * float((struggles.end == SETTLED).sum()) / begun,
        "belonging_after": gain / settled_people if settled_people else float("nan"),
        "demand_share": demands / max(1, demands + rifts),
        "rifts_per_100": 100 * rifts / begun,
        "belonging": float(recorded["belonging"][-1]),
        "unemployment": float(np.nanmean(recorded["unemployment"])),
        "wage_share": float(np.nanmean(recorded["wage_share"][59:])),
    }


def interval(differences: Any) -> tuple[float, float, float]:
    """Mean and 95 % interval of differences over seeds."""
    from scipy import stats

    found = np.asarray(differences, float)
    half = stats.t.ppf(0.975, found.size - 1) * found.std(ddof=1) / np.sqrt(found.size)
    return float(found.mean()), float(found.mean() - half), float(found.mean() + half)


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=[*FIGURES, "arms"])
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    import pandas as pd

    seeds = range(1, options.seeds + 1)
    if options.case == "arms":
        frame = pd.DataFrame([{"arm": name, "seed": seed} | arm(name, seed) for seed in seeds for name in ARMS])
        print(frame.groupby("arm").mean().drop(columns="seed").T.to_string())
        for what in ("settlements_per_100", "belonging_after", "demand_share", "rifts_per_100"):
            one = frame.pivot(index="seed", columns="arm", values=what)
            mean, low, high = interval(one["F0"] - one["R1"])
            print(f"{what} F0 - R1: {mean:.3f} ({low:.3f} to {high:.3f})")
        return
    rows = [figure for seed in seeds for figure in FIGURES[options.case](cz.run(shipped(options.case), seed=seed, threads=1))]
    frame = pd.DataFrame(rows, columns=["figure", "found", "hit"])
    print(frame.groupby("figure", sort=False).agg(mean=("found", "mean"), low=("found", "min"), high=("found", "max"), hits=("hit", "sum")).to_string())


if __name__ == "__main__":
    main()
