"""The figures and tables of docs/limit_cases.md: published theory as lines, runs of communize as points.

``python docs/limit_cases_figures.py`` (needs the docs extra) draws the figures in docs/img, writes the tables between the
marks of docs/limit_cases.md and prints them. ``--quick`` takes few seeds and small societies, puts the figures into ``--out``
and leaves the page alone; names of cases after it draw these alone.
"""

import argparse
import math
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from limit_cases_drawing import AMBER, BLUE, COLOURS, DASHES, GREY, MARKS, mean, points, sheet, table, text, title
from limit_cases_economy import draw_wright, wright
from matplotlib.figure import Figure
from numpy.polynomial.polynomial import polyval
from scipy.optimize import brentq
from scipy.special import bdtrc
from scipy.stats import norm, poisson

import communize as cz

DOCS = Path(__file__).parent
QUICK = False  # set by main


# Runs.


def sized(full: int, quick: int) -> int:
    """A number of seeds, people or days."""
    return quick if QUICK else full


def run(case: str, changes: dict[str, Any], seed: int, days: int) -> cz.Run:
    """A public run."""
    return cz.run(cz.load(case).replace(changes), days=days, seed=seed, threads=1)


def share(result: cz.Run) -> np.ndarray:
    """Share of people in struggle, day by day."""
    return result.series["active"].sum("place").to_numpy() / result.info["people"]


def settled(case: str, changes: dict[str, Any], seed: int, days: int) -> np.ndarray:
    """Share of people in struggle, day by day, of a run without exit, long enough that nobody joined on its last day."""
    while True:
        found = share(run(case, changes, seed, days))
        if found[-1] == found[-2]:
            return found
        days *= 2


# Granovetter 1978: normal thresholds, everybody sees everybody.

MU = 0.25


def granovetter_fixed_point(sigma: float) -> float:
    """The fixed point of x = Phi((x - mu) / sigma) that is reached from 0."""
    x, before = 0.0, -1.0
    while abs(x - before) > 1e-12:
        x, before = float(norm.cdf((x - MU) / sigma)), x
    return x


def granovetter_jump() -> tuple[float, float]:
    """Spread at which the lower fixed point vanishes, and the share there: Phi(u) - mu = u phi(u), sigma = phi(u), x = Phi(u)."""
    u = brentq(lambda u: norm.cdf(u) - MU - u * norm.pdf(u), -3.0, -0.5)
    return float(norm.pdf(u)), float(norm.cdf(u))


def granovetter_exact(n: int, sigma: float) -> np.ndarray:
    """Probability of each final number of n people with thresholds drawn from the normal law.

    The number N(k) of people with thresholds up to k is a Markov chain in k, and the final number is the first k with N(k) = k.
    """
    law = norm.cdf((np.arange(n + 1) / n - MU) / sigma)
    chance, final, numbers = np.zeros(n + 1), np.zeros(n + 1), np.arange(n + 1)
    first = norm.cdf(-MU / sigma)
    step = np.exp(n * np.log1p(-first))
    for k in numbers:  # the law of N(0): binomial
        chance[k] = step
        step *= (n - k) / (k + 1) * first / (1 - first)
    for k in range(n + 1):
        final[k], chance[k] = chance[k], 0.0
        if k == n or chance.sum() < 1e-12:
            break
        hazard = (law[k + 1] - law[k]) / (1 - law[k])
        weight, moved = chance * (1 - hazard) ** (n - numbers), np.zeros(n + 1)
        for j in range(n + 1):
            if weight.max() < 1e-18:
                break
            moved[j:] += weight[: n + 1 - j]
            weight = weight * np.maximum(0, n - numbers - j) / (j + 1) * hazard / (1 - hazard)
        chance = moved
    return final


def granovetter() -> dict[str, Any]:
    spreads = (0.08, 0.1, 0.11, 0.115, 0.12, 0.1222, 0.125, 0.13, 0.135, 0.14, 0.15, 0.2, 0.3, 0.5)
    found: dict[str, Any] = {"few": {}, "many": {}}
    for name, people, seeds in (("few", 1000, sized(100, 20)), ("many", sized(100_000, 10_000), sized(8, 3))):
        for sigma in spreads:
            changes = {"society.people": people, "struggle.nerves": [], "struggle.nerve": MU * people, "struggle.nerve_sd_person": sigma * people}
            found[name][sigma] = [settled("granovetter-1978", changes, seed, 60)[-1] for seed in range(1, seeds + 1)]
    found["people"] = people
    exact = {name: round(100 * settled("granovetter-1978", changes, 1, 110)[-1]) for name, changes in (("as it is", {}), ("2", {"struggle.nerves[1]": 2}))}
    found["exact"] = exact
    sets = ((0, 20, 20, 30, 40, 50, 60, 70, 80, 100), (0, 10, 20, 30, 40, 50, 60, 70, 80, 100), (0, *range(20, 101, 10)), tuple(range(0, 91, 10)),
            (10, *range(10, 91, 10)))  # fmt: skip
    found["kuran"] = {nerves: round(100 * share(run("kuran-1991", {"struggle.nerves": [x / 100 for x in nerves], "society.people": len(nerves)}, 1, 15))[-1])
                      for nerves in sets}  # fmt: skip
    return found


def draw_granovetter(found: dict[str, Any]) -> tuple[Figure, dict[str, str]]:
    figure, ((final, above),) = sheet(1, 2, (11, 4))
    jump, below = granovetter_jump()
    line = np.concatenate([np.linspace(0.05, jump - 1e-6, 200), np.linspace(jump + 1e-5, 0.55, 200)])
    final.plot(line, [granovetter_fixed_point(sigma) for sigma in line], color=GREY, lw=1.4, label="theory, infinitely many people")
    near = np.concatenate([np.linspace(0.08, 0.11, 4), np.linspace(0.112, 0.15, 20), np.linspace(0.17, 0.55, 8)])
    exact = [granovetter_exact(1000, sigma) for sigma in near]
    final.plot(near, [law @ np.arange(1001) / 1000 for law in exact], color=AMBER, lw=1.2, ls="--", label="exact mean, 1,000 people")
    points(final, found["few"], AMBER, "s", f"runs, 1,000 people, {len(found['few'][0.12])} seeds", hollow=True)
    points(final, found["many"], BLUE, "o", f"runs, {found['people']:,} people, {len(found['many'][0.12])} seeds")
    final.axvline(jump, color=GREY, lw=0.8, ls=":")
    final.annotate(f"σ = {jump:.4f}", (jump, 0.62), (0.2, 0.62), color=GREY, fontsize=9, arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.6})
    final.set(xlabel="spread of thresholds σ (share of people)", ylabel="final share in struggle", ylim=(-0.02, 1.04), xlim=(0.05, 0.53))
    title(final, "Granovetter: final size, mean threshold 0.25")
    above.plot(near, [law[501:].sum() for law in exact], color=AMBER, lw=1.2, ls="--", label="exact, 1,000 people")
    for name, colour, mark, people in (("few", AMBER, "s", 1000), ("many", BLUE, "o", found["people"])):
        half = {sigma: [value > 0.5 for value in values] for sigma, values in found[name].items()}
        points(above, half, colour, mark, f"runs, {people:,} people", hollow=name == "few")
    above.axvline(jump, color=GREY, lw=0.8, ls=":")
    above.text(0.1219, 0.75, "jump of infinitely\nmany people", color=GREY, fontsize=8, ha="right")
    above.set(xlabel="spread of thresholds σ (share of people)", ylabel="share of runs that end above half", ylim=(-0.02, 1.04), xlim=(0.098, 0.152))
    title(above, "The jump at finite size")
    final.legend(frameon=False, fontsize=8, loc="lower right")
    above.legend(frameon=False, fontsize=8, loc="lower right")
    rows = []
    for sigma in found["few"]:
        law = granovetter_exact(1000, sigma)
        rows.append([f"{sigma:g}", f"{granovetter_fixed_point(sigma):.4f}", text(found["many"][sigma]), f"{law[501:].sum():.3f}",
                     text(np.array(found["few"][sigma]) > 0.5, 3)])  # fmt: skip
    heads = ["σ", "final share, theory", f"{found['people']:,} people, s.e.", "P(above half), 1,000 people, exact", "found, s.e."]
    words = [f"Thresholds 0, 1, ..., 99: {found['exact']['as it is']} of 100; the second one 2: {found['exact']['2']} of 100."]
    words += [f"Kuran, {', '.join(map(str, nerves))} %: {n} %." for nerves, n in found["kuran"].items()]
    return figure, {"granovetter-jump": f"With μ = {MU:g} it jumps from {below:.4f} to {granovetter_fixed_point(jump + 1e-4):.4f} at σ = {jump:.7f}.", "granovetter": table(heads, rows), "exact": "\n".join(f"- {line}" for line in words)}


# Watts 2002; Gleeson and Cahalane 2007: thresholds of a share of ties, random graph.

PHI = 0.18
WINDOW = tuple(brentq(lambda z: z * poisson.cdf(math.floor(1 / PHI) - 2, z) - 1, *ends) for ends in ((0.5, 3.0), (3.0, 9.0)))  # one tie moves those of up to 5
DEGREES = np.arange(90)
LEAST = np.maximum(1, np.ceil(PHI * DEGREES - 1e-9))


def watts_final(z: float, rho: float) -> float:
    """Gleeson and Cahalane's mean final size: q by iteration, then rho."""
    law, q, before = poisson.pmf(DEGREES, z), rho, -1.0
    above = np.where(DEGREES > 0, LEAST, np.inf)[1:]
    while abs(q - before) > 1e-10:  # k p_k / z = p_(k-1)
        q, before = rho + (1 - rho) * float(law[:-1] @ tail(above, DEGREES[1:] - 1, q)), q
    return rho + (1 - rho) * float(law[1:] @ tail(above, DEGREES[1:], q))


def tail(least: np.ndarray, trials: np.ndarray, p: float) -> np.ndarray:
    """P(Bin(trials, p) >= least)."""
    return np.where(least > trials, 0.0, bdtrc(np.minimum(least, trials) - 1, np.maximum(trials, 1), p))


def watts_jump(rho: float) -> float:
    """Mean number of ties at which the final size falls."""
    low, high = 5.0, 12.0
    while high - low > 1e-5:
        middle = (low + high) / 2
        low, high = (middle, high) if watts_final(middle, rho) > 0.5 else (low, middle)
    return low


def watts_trigger(z: float) -> float:
    """Probability that one person drawn sets off a cascade: it belongs to, or touches, the giant cluster of the vulnerable."""
    law = poisson.pmf(DEGREES, z)
    vulnerable = np.where((DEGREES >= 1) & (LEAST <= 1), DEGREES * law / z, 0.0)
    u = 0.0
    for _ in range(20_000):
        u, before = 1 - vulnerable.sum() + float(vulnerable[1:] @ u ** (DEGREES[1:] - 1)), u
        if abs(u - before) < 1e-13:
            break
    return 1 - float(law @ u**DEGREES)


def watts() -> dict[str, Any]:
    people, seeds = sized(100_000, 10_000), sized(20, 3)
    found: dict[str, Any] = {"people": people, "seeds": seeds, "single_people": sized(20_000, 5_000), "single_seeds": sized(100, 20), 0.001: {}, 0.01: {}, "single": {}}
    for rho in (0.001, 0.01):
        for z in (0.5, 1, 1.5, 2, 3, 4, 5, 6, 6.2, 6.6, 7, 8, 9, 9.5, 10, 11):
            changes = {"society.people": people, "society.ties.mean_degree": z, "struggle.seed[0].share": rho}
            found[rho][z] = [settled("watts-2002", changes, seed, 60)[-1] for seed in range(1, seeds + 1)]
    for z in (0.5, 1, 1.5, 2, 3, 4, 5, 5.5, 6, 6.5, 7, 8):
        changes = {"society.people": found["single_people"], "society.ties.mean_degree": z, "struggle.seed": [{"people": 1.0}]}
        found["single"][z] = [settled("watts-2002", changes, seed, 60)[-1] for seed in range(1, found["single_seeds"] + 1)]
    changes = {"society.people": people, "society.ties.mean_degree": 6, "struggle.seed": [{"people": 1.0}]}  # outside the window, more people
    found["outside"] = [settled("watts-2002", changes, seed, 60)[-1] for seed in range(1, found["single_seeds"] + 1)]
    return found


def draw_watts(found: dict[str, Any]) -> tuple[Figure, dict[str, str]]:
    figure, ((seeded, single),) = sheet(1, 2, (11, 4))
    line = np.linspace(0.2, 11.5, 300)
    for rho, colour, mark, dash in ((0.001, BLUE, "o", "-"), (0.01, AMBER, "s", "--")):
        seeded.plot(line, [watts_final(z, rho) for z in line], color=colour, ls=dash, lw=1.3, label=f"theory, {rho:g} begin")
        points(seeded, found[rho], colour, mark, f"runs, {rho:g} begin", hollow=rho == 0.01)
    seeded.set(ylabel="final share in struggle")
    title(seeded, f"A share begins: {found['people']:,} people, {found['seeds']} seeds")
    sparse = np.linspace(*WINDOW, 200)
    single.plot([0, WINDOW[0], *sparse, WINDOW[1], 11.5], [0, 0, *[watts_trigger(z) for z in sparse], 0, 0], color=BLUE, lw=1.3,
                label="global cascades: theory")  # fmt: skip
    large = {z: [value for value in values if value > 0.1] for z, values in found["single"].items()}
    points(single, {z: [value > 0.1 for value in values] for z, values in found["single"].items()}, BLUE, "o", "runs that pass 0.1")
    single.plot(sparse, [watts_final(z, 1e-9) for z in sparse], color=AMBER, lw=1.3, ls="--", label="their final size: theory")
    points(single, {z: values for z, values in large.items() if len(values) > 1}, AMBER, "s", "final size in these runs", hollow=True)
    single.set(ylabel="share of runs; final share in struggle")
    title(single, f"One person begins: {found['single_people']:,} people, {found['single_seeds']} seeds")
    for axis in (seeded, single):
        axis.axvspan(*WINDOW, color="#eaeef2", lw=0, zorder=0)
        axis.set(xlabel="mean number of ties", ylim=(-0.02, 1.04), xlim=(0, 11.5))
    seeded.text(3.4, 0.04, f"window of single seeds,\n{WINDOW[0]:.4f} to {WINDOW[1]:.4f}", ha="center", fontsize=8, color=GREY)
    seeded.legend(frameon=False, fontsize=8, loc="center", bbox_to_anchor=(0.33, 0.4))
    single.legend(frameon=False, fontsize=8, loc="center right")
    rows = [[f"{z:g}", *(cell for rho in (0.001, 0.01) for cell in (f"{watts_final(z, rho):.4f}", text(found[rho][z])))] for z in found[0.001]]
    heads = ["mean ties", "0.001 begin: theory", "found, s.e.", "0.01 begin: theory", "found, s.e."]
    alone = []
    for z, values in found["single"].items():
        inside = WINDOW[0] < z < WINDOW[1]
        alone.append([f"{z:g}", f"{watts_trigger(z) if inside else 0:.3f}", text(np.array(values) > 0.1, 3), f"{watts_final(z, 1e-9):.4f}" if inside else "",
                      text(large[z]) if len(large[z]) > 1 else ""])  # fmt: skip
    jumps = [f"{watts_jump(rho):.4f} where {rho:g} begin" for rho in (0.001, 0.01)]
    window = f"The window of single seeds reaches from {WINDOW[0]:.4f} to {WINDOW[1]:.4f}; the final size falls at {', at '.join(jumps)}."
    near = [value > 0.1 for value in found["single"][6]]
    words = f"At a mean of 6, outside the window, {sum(near)} of {len(near)} single seeds move {found['single_people']:,} people"
    words += f", and {sum(value > 0.1 for value in found['outside'])} of {len(found['outside'])} move {found['people']:,}."
    return figure, {"watts-window": window, "watts": table(heads, rows), "watts-outside": words, "watts-single": table(["mean ties", "P(global): theory", "found, s.e.", "size: theory", "found, s.e."], alone)}


# Centola and Macy 2007: thresholds of a number of ties, lattice with rewired ties.

REWIRED = {"ring": (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0), "torus": (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0)}


def lattice(form: str, n: int) -> np.ndarray:
    """The eight neighbours of each of n people, (n, 8)."""
    people = np.arange(n)
    if form == "ring":
        return np.stack([(people + step) % n for step in (-4, -3, -2, -1, 1, 2, 3, 4)], axis=1)
    width = round(n**0.5)
    row, column = np.divmod(people, width)
    return np.stack([(row + y) % width * width + (column + x) % width for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y], axis=1)


def swapped(near: np.ndarray, p: float, rng: np.random.Generator) -> np.ndarray:
    """The graph with a share p of its ties swapped in pairs, all degrees kept."""
    rows, left = near.tolist(), round(p * near.size / 4)
    while left:
        a, i, c, j = rng.integers(len(rows)), rng.integers(8), rng.integers(len(rows)), rng.integers(8)
        b, d = rows[a][i], rows[c][j]
        if len({a, b, c, d}) == 4 and d not in rows[a] and b not in rows[c]:
            rows[a][i], rows[c][j], rows[b][rows[b].index(a)], rows[d][rows[d].index(c)] = d, b, c, a
            left -= 1
    return np.array(rows)


def plain(near: np.ndarray, threshold: int, start: int) -> np.ndarray:
    """The rule by itself, without communize: share of people reached after each day."""
    n = len(near)
    active, count, new, reached = np.zeros(n, bool), np.zeros(n, int), np.append(near[start], start), []
    while new.size:
        active[new] = True
        reached.append(active.mean())
        touched = near[new].ravel()
        np.add.at(count, touched, 1)
        new = np.unique(touched[(count[touched] >= threshold) & ~active[touched]])
    return np.array(reached)


def ring_of_simple_contagion(n: int, p: float) -> int:
    """Days until 99 % where one tie is enough: nucleation and growth in one dimension.

    Both fronts of each reached stretch move four people a day. The two long ties of a swap join the same two stretches, so that
    a newly reached person opens 4 p new ones the day after, anywhere.
    """
    reached, opened, day, before = 9 / n, [], 0, 0.0
    while reached < 0.99:
        day += 1
        opened.append(4 * p * (reached - before))
        covered = float(np.dot(opened, 8 * (day - np.arange(1, day + 1)) + 1))
        before, reached = reached, 1 - max(0.0, 1 - (9 + 8 * day) / n) * np.exp(-covered)
    return day


def days_to(reached: np.ndarray, first: int) -> float:
    """Days until 99 % of people, NaN if never; the first entry is the share after day `first`."""
    return first + float(np.argmax(reached >= 0.99)) if reached[-1] >= 0.99 else np.nan


def centola() -> dict[str, Any]:
    n, seeds, graphs = sized(10_000, 2_500), sized(12, 3), sized(60, 3)
    found: dict[str, Any] = {"people": n, "seeds": seeds, "graphs": graphs}
    for form, shares in REWIRED.items():
        for threshold in (1, 2, 3, 4):
            for p in shares:
                rng = np.random.default_rng([threshold, round(1000 * p)])
                alone = [plain(swapped(lattice(form, n), p, rng), threshold, int(rng.integers(n))) for _ in range(graphs if p else 1)]
                changes = {"society.people": n, "society.ties.form": form, "society.ties.mean_degree": 8.0, "society.ties.rewired": p,
                           "struggle.nerve": float(threshold)}  # fmt: skip
                longest = 10 + int(1.2 * max(map(len, alone)))
                runs = [settled("centola-macy-2007", changes, seed, longest) for seed in range(1, 1 + (seeds if p else min(seeds, 2)))]
                for who, paths, first in (("plain", alone, 0), ("runs", runs, 1)):
                    found[form, threshold, p, who] = ([path[-1] > 0.5 for path in paths], [days_to(path, first) for path in paths])
    return found


def draw_centola(found: dict[str, Any]) -> tuple[Figure, dict[str, str]]:
    figure, axes = sheet(2, 2, (11, 7), sharex=True)
    rows = []
    for (form, shares), (days, spread) in zip(REWIRED.items(), axes.T):
        at = dict(zip(shares, [3e-4, *shares[1:]]))  # 0 stands left of a logarithmic axis
        for threshold, colour, mark, dash in zip((1, 2, 3, 4), COLOURS, MARKS, DASHES):
            both = {who: {at[p]: found[form, threshold, p, who] for p in shares} for who in ("plain", "runs")}
            long = {x: np.nanmean(times) for x, (_, times) in both["plain"].items() if np.isfinite(times).any()}
            days.plot(list(long)[1:], list(long.values())[1:], color=colour, ls=dash, lw=1.2)
            days.plot(list(long)[:2], list(long.values())[:2], color=colour, ls=dash, lw=0.5)
            points(days, {x: np.array(times)[np.isfinite(times)] for x, (_, times) in both["runs"].items()}, colour, mark, hollow=threshold % 2 == 0)
            spread.plot(at.values(), [np.mean(both["plain"][x][0]) for x in at.values()], color=colour, ls=dash, lw=1.2)
            shift = 1.06 ** (threshold - 2.5)  # so that marks of one height can be told apart
            points(spread, {x * shift: done for x, (done, _) in both["runs"].items()}, colour, mark, hollow=threshold % 2 == 0)
            days.plot([], [], color=colour, ls=dash, marker=mark, ms=5, mfc="white" if threshold % 2 == 0 else colour, label=f"{threshold} of 8 ties")
            rows.append([f"{form}, {threshold}", *(cell_of(found, form, threshold, p) for p in (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0))])
        if form == "ring":
            line = np.geomspace(0.001, 1, 60)
            days.plot(line, [ring_of_simple_contagion(found["people"], p) for p in line], color=GREY, lw=4, alpha=0.3, zorder=0, label="theory, 1 of 8 ties")
        days.set(yscale="log", xscale="log", ylabel="days to 99 % of people")
        ticks = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if form == "ring" else (5, 10, 20, 50, 100, 200)
        days.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
        days.minorticks_off()
        spread.set(ylabel="share of runs that reach half", xlabel="share of ties rewired", ylim=(-0.03, 1.05), xlim=(2.3e-4, 1.3))
        spread.set_xticks([3e-4, 1e-3, 1e-2, 1e-1, 1], ["0", "0.001", "0.01", "0.1", "1"])
        spread.minorticks_off()
        side = round(found["people"] ** 0.5)
        title(days, f"Ring of {found['people']:,}, 8 ties each" if form == "ring" else f"Torus of {side} by {side}, 8 ties each")
    axes[0][0].legend(frameon=False, fontsize=8, loc="lower left")
    heads = ["ties needed", *("rewired 0" if p == 0 else f"{p:g}" for p in (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0))]
    return figure, {"centola": table(heads, rows)}


def cell_of(found: dict[str, Any], form: str, threshold: int, p: float) -> str:
    """Days and share that spreads: expected, then found."""
    cells = []
    for who in ("plain", "runs"):
        done, times = found[form, threshold, p, who]
        known = [days for days in times if np.isfinite(days)]
        part = f" in {np.mean(done):.2f}" if 0 < np.mean(done) < 1 else ""
        centre, error = mean(known) if known else (0.0, 0.0)
        cells.append(f"{centre:,.0f}{f' ± {error:.0f}' if error >= 0.5 else ''}{part}" if known else "stops" if not np.any(done) else f"half in {np.mean(done):.2f}")
    return "; ".join(cells)


# SIR on networks: contacts, exit for ever.

LEAVES = 0.1111111111
NETWORKS = {
    "Poisson": {"society.ties.degree_distribution": "poisson"},
    "4 each": {"society.ties.degree_distribution": "fixed"},
    "geometric": {"society.ties.degree_distribution": "negative_binomial", "society.ties.degree_dispersion": 1.0},
    "power law": {"society.ties.degree_distribution": "power_law", "society.ties.degree_exponent": 2.5},
}
BEGIN = 0.001


def daily(transmission: float) -> float:
    """Daily probability b of a tie that makes the transmissibility T = b / (1 - (1 - b) (1 - g))."""
    return transmission * LEAVES / (1 - transmission * (1 - LEAVES))


def sir_changes(kind: str, people: int, transmission: float) -> dict[str, Any]:
    """A network with a transmissibility."""
    b = daily(transmission)
    return {"society.people": people, **NETWORKS[kind], "struggle.rate_contact": float(-np.log1p(-b)), "struggle.rate_leaving": float(-np.log1p(-LEAVES))}


def sir_law(kind: str, people: int, seeds: int) -> np.ndarray:
    """Probabilities of 0, 1, 2, ... ties; for the power law, which ends where the number of people lets it, the numbers in the networks of the runs."""
    k = np.arange(200)
    if kind == "power law":
        scenario = cz.load("sir").replace(sir_changes(kind, people, 0.5))
        ties = [np.diff(cz.Simulation(scenario, seed=seed).society.ties.offsets) for seed in range(1, seeds + 1)]
        return np.bincount(np.concatenate(ties)) / (people * seeds)
    return {"Poisson": poisson.pmf(k, 4), "4 each": (k == 4) * 1.0, "geometric": 0.2 * 0.8**k}[kind]


NEAR = 0.05  # transmissibility close above the threshold of the power law


def sir_theory(law: np.ndarray, transmission: float, rho: float = BEGIN) -> float:
    """Final size where a share rho begins; with rho near 0 the size of a large outbreak."""
    excess = (law * np.arange(law.size))[1:] / (law @ np.arange(law.size))
    u = brentq(lambda u: 1 - transmission + transmission * (1 - rho) * polyval(u, excess) - u, 0, 1, xtol=1e-14)
    return 1 - (1 - rho) * float(polyval(u, law))


def sir_critical(law: np.ndarray) -> float:
    """Transmissibility from which large outbreaks are possible: E[k] / E[k (k - 1)]."""
    k = np.arange(law.size)
    return float(law @ k / (law @ (k * (k - 1))))


def sir_outbreak(law: np.ndarray, transmission: float) -> float:
    """Probability that one person sets off a large outbreak, where durations are geometric."""
    if transmission <= sir_critical(law):
        return 0.0
    days, b = np.arange(1, 400), daily(transmission)
    lasts, reach = LEAVES * (1 - LEAVES) ** (days - 1), 1 - (1 - b) ** days
    excess = (law * np.arange(law.size))[1:] / (law @ np.arange(law.size))
    h = brentq(lambda h: lasts @ polyval(1 - reach + reach * h, excess) - h, 0, 1 - 1e-9)
    return 1 - float(lasts @ polyval(1 - reach + reach * h, law))


def sir() -> dict[str, Any]:
    people, seeds, small, many = sized(100_000, 10_000), sized(12, 3), 10_000, sized(200, 30)
    found: dict[str, Any] = {"people": people, "seeds": seeds, "single_people": small, "single_seeds": many, "law": {kind: sir_law(kind, people, seeds) for kind in NETWORKS}}

    def final(changes: dict[str, Any], seed: int) -> float:
        days = 250
        while True:
            result = run("sir", changes, seed, days)
            if share(result)[-1] == 0:
                return float(result.series["removed"][-1]) / result.info["people"]
            days *= 2

    for kind in NETWORKS:
        found[kind] = {t: [final(sir_changes(kind, people, t), seed) for seed in range(1, seeds + 1)] for t in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8)}
    found["large"] = [final(sir_changes("power law", 10 * people, NEAR), seed) for seed in range(1, seeds + 1)]
    found["large law"] = sir_law("power law", 10 * people, seeds)
    for kind in ("Poisson", "4 each"):
        one = {"struggle.seed": [{"people": 1.0}]}
        found[kind, "single"] = {t: [final({**sir_changes(kind, small, t), **one}, seed) for seed in range(1, many + 1)] for t in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8)}
    return found


def draw_sir(found: dict[str, Any]) -> tuple[Figure, dict[str, str]]:
    figure, ((size, chance),) = sheet(1, 2, (11, 4.2))
    line, critical = np.linspace(0.005, 0.9, 180), []
    rows = [[f"{t:g}", *(f"{sir_theory(found['law'][kind], t):.4f}; {text(found[kind][t])}" for kind in NETWORKS)] for t in found["Poisson"]]
    for place, (kind, colour, mark, dash) in enumerate(zip(NETWORKS, COLOURS, MARKS, DASHES)):
        law = found["law"][kind]
        threshold = sir_critical(law)
        critical.append(f"{kind} {threshold:.4f}")
        size.plot(line, [sir_theory(law, t) for t in line], color=colour, ls=dash, lw=1.2)
        size.plot([threshold] * 2, [-0.055, -0.022], color=colour, lw=2, clip_on=False, solid_capstyle="butt")
        points(size, found[kind], colour, mark, hollow=place % 2 == 1)
        size.plot([], [], color=colour, ls=dash, marker=mark, ms=5, mfc="white" if place % 2 else colour, label=f"{kind}, mean 4" if kind != "4 each" else "4 ties each")
    size.set(xlabel="transmissibility of a tie T", ylabel="final share reached", ylim=(-0.02, 1.02), xlim=(0, 0.85))
    title(size, f"Final size: 1 in 1,000 of {found['people']:,} begin, {found['seeds']} seeds")
    size.text(0.36, 0.045, "short bars below: critical T", fontsize=8, color=GREY)
    size.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 0.08))
    alone = []
    for place, (kind, colour, mark) in enumerate(zip(("Poisson", "4 each"), COLOURS, MARKS)):
        law, name = found["law"][kind], "Poisson" if kind == "Poisson" else "4 ties each"
        chance.plot(line, [sir_outbreak(law, t) for t in line], color=colour, lw=1.3, ls=DASHES[place], label=f"theory, {name}, geometric durations")
        chance.plot(line, [sir_theory(law, t, 1e-9) for t in line], color=colour, lw=0.9, ls=":", label=f"theory, {name}, fixed durations")
        points(chance, {t: np.array(values) > 0.02 for t, values in found[kind, "single"].items()}, colour, mark, f"runs, {name}", hollow=place == 1)
        alone += [[kind, f"{t:g}", f"{sir_outbreak(law, t):.3f}", f"{sir_theory(law, t, 1e-9):.3f}", text(np.array(values) > 0.02, 3)] for t, values in found[kind, "single"].items()]
    chance.set(xlabel="transmissibility of a tie T", ylabel="share of runs with an outbreak", ylim=(-0.02, 1.02), xlim=(0, 0.85))
    title(chance, f"One person begins: {found['single_people']:,} people, {found['single_seeds']} seeds")
    chance.legend(frameon=False, fontsize=8, loc="upper left")
    law, more = found["law"]["power law"], found["large law"]
    words = f"With the power law and T = {NEAR:g}, {text(found['power law'][NEAR])} of {found['people']:,} people are reached, where theory says {sir_theory(law, NEAR):.4f}: "
    words += f"somebody who begins sets off an outbreak with probability {sir_outbreak(law, NEAR):.4f}, so that all {round(BEGIN * found['people'])} who begin fail with "
    words += f"probability {(1 - sir_outbreak(law, NEAR)) ** (BEGIN * found['people']):.2f}. Of {10 * found['people']:,} people, {text(found['large'])} are reached; theory: {sir_theory(more, NEAR):.4f}."
    return figure, {
        "sir-near": words, "sir": table(["T", *NETWORKS], rows), "sir-critical": "Critical T: " + ", ".join(critical) + ".",
        "sir-single": table(["ties", "T", "P(outbreak), geometric durations", "fixed durations", "found, s.e."], alone)}  # fmt: skip


# Lang and De Sterck 2014: visibility against policing.

LANG = {  # c1, c2 (a day), alpha, beta, initial shares
    "β below 1 − α": (0.1, 0.1, 0.2, 0.4, (0.2, 0.35, 0.5, 0.65, 0.9)),
    "c* below 1 − α": (0.1, 0.1, 0.4, 0.9, (0.3, 0.5, 0.7, 0.85, 0.95)),
    "c* between": (0.1, 0.1, 0.6, 0.8, (0.2, 0.35, 0.45, 0.7, 0.85)),
    "c* above β": (0.2, 0.05, 0.7, 0.6, (0.1, 0.25, 0.35, 0.5, 0.7)),
}


def lang_path(c1: float, c2: float, alpha: float, beta: float, r: float, days: int) -> np.ndarray:
    """The equation in steps of a day: r <- r + c1 v (1 - r) - c2 p r."""
    path = [r]
    for _ in range(days):
        r = r + c1 * (r >= 1 - alpha) * (1 - r) - c2 * (r < beta) * r
        path.append(r)
    return np.array(path)


def lang_limit(c1: float, c2: float, alpha: float, beta: float, r: float) -> float:
    """Where the equation ends, by cases."""
    settles = c1 / (c1 + c2)
    if beta <= 1 - alpha:
        return 0.0 if r < beta else 1.0 if r > 1 - alpha else r
    if settles <= 1 - alpha:
        return 0.0 if r < beta else 1.0
    if settles < beta:
        return 0.0 if r < 1 - alpha else 1.0 if r >= beta else settles
    return 0.0 if r < 1 - alpha else 1.0


def lang() -> dict[str, Any]:
    people, seeds = sized(10_000, 2_000), sized(5, 3)
    found: dict[str, Any] = {"people": people, "seeds": seeds}
    for name, (c1, c2, alpha, beta, starts) in LANG.items():
        for start in starts:
            changes = {"society.people": people, "struggle.threshold_probability": c1, "struggle.rate_leaving": float(-np.log1p(-c2)), "struggle.nerve": 1 - alpha,
                       "struggle.holding": beta, "struggle.seed[0].share": start}  # fmt: skip
            found[name, start] = np.array([share(run("lang-de-sterck-2014", changes, seed, 150)) for seed in range(1, seeds + 1)])
    return found


def draw_lang(found: dict[str, Any]) -> tuple[Figure, dict[str, str]]:
    figure, axes = sheet(1, 4, (11, 3.8), sharey=True)
    days, rows = np.arange(0, 61), []
    shown = np.array([1, *range(4, 61, 4)])
    for number, (axis, (name, (c1, c2, alpha, beta, starts))) in enumerate(zip(axes[0], LANG.items())):
        ends = [f"({'i' * (number + 1) if number < 3 else 'iv'}) {name}", f"{c1:g}, {c2:g}, {alpha:g}, {beta:g}"]
        marks = [(1 - alpha, "1 − α"), (beta, "β")] + ([(c1 / (c1 + c2), "c*")] if number == 2 else [])
        for height, what in marks:
            axis.axhline(height, color=AMBER, lw=0.9, ls="--" if what != "c*" else ":")
            axis.text(60.5, height, what, color=AMBER, fontsize=9, va="center")
        for start in starts:
            axis.plot(days, lang_path(c1, c2, alpha, beta, start, 60), color=GREY, lw=1.2, label="theory" if start == starts[0] else "")
            runs = found[name, start]
            points(axis, {day: runs[:, day - 1] for day in shown}, BLUE, "o", "runs" if start == starts[0] else "", size=3)
            ends.append(f"{start:g}: {lang_limit(c1, c2, alpha, beta, start):g}; {text(runs[:, -1])}".removesuffix(" ± 0.0000"))
        axis.set(xlabel="day", ylim=(-0.02, 1.02), xlim=(0, 60), xticks=(0, 20, 40, 60))
        title(axis, ends[0])
        rows.append(ends)
    axes[0][0].set_ylabel("share in struggle r")
    axes[0][-1].legend(frameon=False, fontsize=8, loc="center right", bbox_to_anchor=(1, 0.45))
    return figure, {"lang": table(["case", "c1, c2, α, β", *["begins at: ends at; found"] * 5], rows)}


# Epstein 2002: civil violence on a lattice.

MESA = {"civil_violence.variant": "mesa", "civil_violence.neighbourhood": "von_neumann"}
EPSTEIN = {  # of 8 runs of an earlier independent program, mean and standard deviation of a run: active, share of days above 50, days between
    # outbursts, peak of an outburst
    ("netlogo", "floor"): ((42.0, 2.5), (0.226,), (28.8, 0.8), (252, 9)),
    ("netlogo", "round"): ((16.6, 2.7), (0.108,), (47.9, 5.1), (163, 21)),
    ("netlogo", "none"): ((0.45, 0.06), (0.0,), None, None),
    ("mesa", "floor"): ((23.2, 1.6), (0.136,), (25.8, 1.9), (95, 8)),
    ("mesa", "round"): ((15.2, 1.2), (0.056,), (50.5, 9.7), (70, 3)),
    ("mesa", "none"): ((2.2, 0.2), (0.0,), None, None),
}
CITIZENS, COPS, OUTBURST, BURN_IN = 1120, 64, 50, 300


def epstein_share(legitimacy: float, risk: float, threshold: float = 0.1) -> float:
    """Active share with the same perceived risk for all; 0 is a society without cops."""
    top = 1 - legitimacy
    if top <= threshold:
        return 0.0
    if risk == 0:
        return 1 - threshold / top
    whole = max(0.0, top - threshold - risk)  # hardship above which even those of risk aversion 1 are active
    return ((top - threshold) ** 2 - whole**2) / (2 * top * risk)


def epstein() -> dict[str, Any]:
    seeds, days, people = sized(24, 2), sized(2000, 700), sized(10_000, 2_000)
    found: dict[str, Any] = {"seeds": seeds, "days": days, "exact": {}}
    society = cz.Society.from_tables(  # as many cops in every run as in the simulation to compare with; the case draws them
        people={"home": np.zeros(CITIZENS + COPS, int), "position": ["stable"] * CITIZENS + ["state_force"] * COPS},
        sites={"kind": ["neighbourhood"], "place": [0]}, ties={"a": np.zeros(0, int), "b": np.zeros(0, int)}, parameters=cz.load("epstein-2002").society)  # fmt: skip
    for variant, rounding in EPSTEIN:
        changes = {"civil_violence.rounding": rounding, **(MESA if variant == "mesa" else {})}
        scenario = cz.load("epstein-2002").replace(changes)
        found[variant, rounding] = [cz.run(scenario, days=days, seed=seed, threads=1, society=society).series["active"].sum("place").to_numpy()
                                    for seed in range(1, seeds + 1)]  # fmt: skip
    alone = {"society.people": people, "society.positions.stable.share": 1.0, "society.positions.state_force.share": 0.0, "civil_violence.vision": 1.0}
    for risk in (0.0, 0.25, 0.5, 0.9):
        for legitimacy in (0.5, 0.6, 0.7, 0.8, 0.85, 0.89, 0.92):
            changes = {**alone, "civil_violence.legitimacy": legitimacy, **({"civil_violence.fixed_risk": risk} if risk else {})}
            found["exact"][risk, legitimacy] = [share(run("epstein-2002", changes, seed, 1))[-1] for seed in range(1, seeds + 1)]
    return found


def outbursts(active: np.ndarray) -> tuple[float, float, float, float]:
    """Mean active, share of days above the level, mean wait from one rise above it to the next, mean peak of an outburst."""
    later = active[BURN_IN:]
    rises = np.flatnonzero((later[1:] > OUTBURST) & (later[:-1] <= OUTBURST)) + 1
    peaks = [later[day : day + int(np.argmin(np.append(later[day:], 0) > OUTBURST))].max() for day in rises]
    return float(later.mean()), float((later > OUTBURST).mean()), float(np.diff(rises).mean()) if rises.size > 1 else np.nan, np.mean(peaks) if peaks else np.nan


def draw_epstein(found: dict[str, Any]) -> tuple[Figure, dict[str, str]]:
    figure = plt.figure(figsize=(11, 5), layout="constrained")
    grid = figure.add_gridspec(3, 2, width_ratios=(1.7, 1))
    last, names = min(1000, found["days"]), {"floor": "C / A rounded down", "round": "rounded to the nearest", "none": "not rounded"}
    for row, (rounding, name) in enumerate(names.items()):
        axis = figure.add_subplot(grid[row, 0])
        axis.plot(np.arange(BURN_IN, last), found["netlogo", rounding][0][BURN_IN:last], color=BLUE, lw=0.9)
        axis.axhline(OUTBURST, color=AMBER, lw=0.9, ls="--")
        axis.set(xlim=(BURN_IN, last), ylim=(0, 420), ylabel="active citizens")
        title(axis, f"{name}: one run" if row == 0 else name)
        if row < 2:
            axis.set_xticklabels([])
        else:
            axis.set_xlabel("day")
            axis.text(last, OUTBURST + 14, "more than 50: an outburst", color=AMBER, fontsize=8, ha="right")
    exact = figure.add_subplot(grid[:, 1])
    line = np.linspace(0.45, 0.95, 100)
    for risk, colour, mark, dash in zip((0.0, 0.25, 0.5, 0.9), COLOURS, MARKS, DASHES):
        exact.plot(line, [epstein_share(x, risk) for x in line], color=colour, ls=dash, lw=1.2)
        points(exact, {x: values for (p, x), values in found["exact"].items() if p == risk}, colour, mark, hollow=mark in "s^")
        exact.plot([], [], color=colour, ls=dash, marker=mark, ms=5, mfc="white" if mark in "s^" else colour, label=f"{risk:g}" if risk else "0 (no cops)")
    exact.set(xlabel="legitimacy L", ylabel="active share", ylim=(-0.02, 0.9), xlim=(0.45, 0.95))
    exact.legend(frameon=False, fontsize=8, title="the same risk for all:", title_fontsize=8)
    title(exact, "Without cops: theory and runs")
    for axis in figure.axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#d0d7de", lw=0.5)
        axis.set_axisbelow(True)
    rows = []
    for (variant, rounding), expected in EPSTEIN.items():
        cells = [f"{'NetLogo' if variant == 'netlogo' else 'Mesa'}, {rounding}"]
        for digits, listed, values in zip((2, 3, 1, 0), expected, np.array([outbursts(active) for active in found[variant, rounding]]).T):
            known = values[np.isfinite(values)]
            before = "none" if listed is None else f"{listed[0]:g}" + "".join(f" ± {spread / 8**0.5:.{digits}f}" for spread in listed[1:])
            cells.append(f"{before}; {text(known, digits)}")
        rows.append(cells)
    heads = ["rules, rounding", "mean active", "share of days above 50", "days between outbursts", "peak of an outburst"]
    level = [[f"{legitimacy:g}", *(cell for risk in (0.0, 0.5) for cell in (f"{epstein_share(legitimacy, risk):.4f}", text(found["exact"][risk, legitimacy])))]
             for legitimacy in (0.5, 0.7, 0.8, 0.89, 0.92)]  # fmt: skip
    return figure, {"epstein": table(heads, rows), "epstein-exact": table(["L", "no cops: theory", "found, s.e.", "risk 0.5 for all: theory", "found, s.e."], level)}


FIGURES = {
    "granovetter": (granovetter, draw_granovetter), "watts": (watts, draw_watts), "centola": (centola, draw_centola),
    "sir": (sir, draw_sir), "lang": (lang, draw_lang), "epstein": (epstein, draw_epstein),
    "wright": (lambda: wright(sized(24, 3), sized(100, 20)), draw_wright),
}  # fmt: skip


def write_tables(page: Path, tables: dict[str, str]) -> None:
    """Put each table between its marks in the page."""
    words = page.read_text(encoding="utf-8")
    for name, lines in tables.items():
        words = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda found, lines=lines: f"{found[1]}\n{lines}\n\n{found[2]}", words, flags=re.DOTALL)
    page.write_text(words, encoding="utf-8")


def main() -> None:
    """Command line of this module."""
    global QUICK
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"which of {', '.join(FIGURES)}; all if left out")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="folder of the figures (docs/img; with --quick a new folder)")
    options = parser.parse_args()
    QUICK = options.quick
    folder = options.out or (Path(tempfile.mkdtemp(prefix="limit-cases-")) if QUICK else DOCS / "img")
    folder.mkdir(parents=True, exist_ok=True)
    for name in options.cases or FIGURES:
        began, worked = time.perf_counter(), time.process_time()
        compute, draw = FIGURES[name]
        figure, tables = draw(compute())
        file = folder / f"limit_cases_{name}.png"
        figure.savefig(file, dpi=110)
        plt.close(figure)
        if not QUICK:
            write_tables(DOCS / "limit_cases.md", tables)
        for mark, lines in tables.items():
            print(f"\n{mark}\n\n{lines}")
        print(f"\n{file}: {time.perf_counter() - began:.0f} s, {time.process_time() - worked:.0f} s of them at work", flush=True)


if __name__ == "__main__":
    main()
