"""Wright's social architecture of capitalism for docs/limit_cases.md: run, figure and tables; `limit_cases_figures.py` calls it."""

import math
from typing import Any

import numpy as np
from limit_cases_drawing import AMBER, BLACK, BLUE, GREY, PINK, mean, points, sheet, table, text, title
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import minimize_scalar
from scipy.special import zeta

import communize as cz
from communize.declare.registry import POSITIONS

STABLE, OWNER = POSITIONS.index("stable"), POSITIONS.index("owner")
YEAR, MONTH_DAYS, BURN_IN = 12, 30, 10
PAPER = {"worker": 0.712, "employer": 0.123, "unemployed": 0.166}
WHITE_NOISE = [3 * (r**2 + 3 * r + 1) / math.factorial(r + 3) for r in range(1, 7)]
ROWS = (  # the paper's run; mean of an independent program and standard deviation of its runs of 100 years; digits
    ("workers, share of people", "0.712", "0.7091 ± 0.0070", 4),
    ("employers, share of people", "0.123", "0.1213 ± 0.0032", 4),
    ("unemployed, share of people", "0.166", "0.1696 ± 0.0053", 4),
    ("wage share, mean of years", "0.55", "0.5390 ± 0.0051", 4),
    ("firms", "123", "121.4 ± 2.0", 1),
    ("firms that end, a month", "18", "17.92 ± 0.19", 2),
    ("employees of a firm", "", "5.845 ± 0.12", 3),
    ("share of firms with 1, of all", "", "0.4167 ± 0.0038", 4),
    ("share of firms above 100", "", "0.0060 ± 0.0005", 4),
    ("exponent of firm sizes from 2, likelihood", "", "0.929 ± 0.006", 3),
    ("the same, line through doubling bins, 15 years", "1.038", "1.042 ± 0.066", 3),
    ("the same, line through unit bins, 15 years", "", "0.50 ± 0.14", 3),
    ("rate of workers' money, 50 to 300", "0.017", "0.01699 ± 0.0002", 5),
    ("exponent of employers' money, 1,000 to 10,000", "1.3", "1.261 ± 0.054", 3),
    ("exponent of receipts of a year, 3,000 to 60,000", "1.3", "1.265 ± 0.031", 3),
    ("the same of net incomes", "", "", 3),
    ("Gini coefficient of money", "", "0.703 ± 0.006", 3),
    ("product of a year against 6 (M - V)", "", "1, exactly", 4),
    ("standard deviation of log growth of product", "", "0.084 ± 0.012", 3),
    ("mean length of recessions, years", "", "1.518 ± 0.095", 3),
)


# Runs.


def observed(seed: int, years: int) -> dict[str, Any]:
    """A public run of the case, month by month after the burn-in; class shares from the first month on."""
    simulation, n = cz.Simulation(cz.load("wright-2005"), seed, threads=1), 1000
    shares, sizes, receipts, net = [], [], np.zeros((years, n)), np.zeros((years, n))
    held: dict[str, Any] = {"workers": [], "employers": [], "gini": [], "pool": []}
    for month in range((BURN_IN + years) * YEAR):
        simulation.run(MONTH_DAYS)
        people, sites = simulation.people, simulation.sites
        works, owns = people.position == STABLE, people.position == OWNER
        shares.append((works.mean(), owns.mean(), 1 - works.mean() - owns.mean()))
        year = month // YEAR - BURN_IN
        if year < 0:
            continue
        employer = sites.owner[people.work[works]]
        staff = np.bincount(employer, minlength=n)
        sizes.append(staff[staff > 0])
        net[year] += people.income
        receipts[year] += people.income + np.bincount(employer, weights=people.income[works], minlength=n)
        held["pool"].append(int(simulation.state.demand.value.sum()))
        if month % YEAR == YEAR - 1:
            held["workers"].append(people.money[works].copy())
            held["employers"].append(people.money[owns].copy())
            held["gini"].append(gini(people.money))
    series = simulation.series.isel(day=slice((BURN_IN * YEAR + 1) * MONTH_DAYS - 1, None, MONTH_DAYS))
    flows = {name: series[name].to_numpy().astype(float) for name in ("gdp", "wages", "demises")}
    return {
        "shares": np.array(shares), "sizes": np.concatenate(sizes), "first_sizes": np.concatenate(sizes[: 15 * YEAR]), "months": len(sizes), "receipts": receipts.ravel(), "net": net.ravel(), **flows,
        **{name: np.concatenate(values) if name in ("workers", "employers") else np.array(values) for name, values in held.items()},
    }  # fmt: skip


def wright(seeds: int, years: int) -> dict[str, Any]:
    """Runs of the case and their figures."""
    runs = [observed(seed, years) for seed in range(1, seeds + 1)]
    return {"runs": runs, "years": years, "figures": np.array([figures(run) for run in runs])}


# Figures of a run.


def gini(values: np.ndarray) -> float:
    """Gini coefficient."""
    ranks = np.arange(1, values.size + 1)
    return float(((2 * ranks - values.size - 1) * np.sort(values)).sum() / (values.size * values.sum()))


def survival(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values and the share of all that are at least as high."""
    distinct, count = np.unique(values, return_counts=True)
    return distinct, count[::-1].cumsum()[::-1] / values.size


def slope(values: np.ndarray, low: float, high: float, both: bool) -> float:
    """Minus the slope of ln P(X >= x) against x, or with `both` against ln x, over the distinct values between two bounds."""
    x, above = survival(np.rint(values))
    inside = (x >= low) & (x <= high)
    return -float(np.polyfit(np.log(x[inside]) if both else x[inside], np.log(above[inside]), 1)[0])


def exponent(sizes: np.ndarray) -> float:
    """Maximum-likelihood alpha of P(s) ~ s ** -(alpha + 1) for s of 2 and more."""
    centre = float(np.log(sizes[sizes > 1]).mean())
    found = minimize_scalar(
        lambda alpha: (alpha + 1) * centre + math.log(zeta(alpha + 1, 2)),
        bounds=(0.05, 5),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x)


def exponent_of_line(sizes: np.ndarray, doubling: bool) -> float:
    """The alpha of the line through the logarithms of the frequency of each size that occurs, or of the density in bins 1, 2-3, 4-7, ..."""
    edges = 2 ** np.arange(int(sizes.max()).bit_length() + 1) if doubling else np.arange(1, sizes.max() + 2)
    density = np.histogram(sizes, edges)[0] / np.diff(edges)
    middle, kept = np.sqrt(edges[:-1] * (edges[1:] - 1.0)), density > 0
    return -float(np.polyfit(np.log(middle[kept]), np.log(density[kept]), 1)[0]) - 1


def recessions(product: np.ndarray) -> np.ndarray:
    """Lengths in years of the runs of falls that begin and end inside the series."""
    lengths = np.diff(np.flatnonzero(np.diff(product) >= 0)) - 1
    return lengths[lengths > 0]


def by_year(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, YEAR).sum(axis=1)


def figures(run: dict[str, Any]) -> list[float]:
    """In the order of `ROWS`."""
    later, sizes, product, wages = (
        run["shares"][BURN_IN * YEAR :],
        run["sizes"],
        by_year(run["gdp"]),
        by_year(run["wages"]),
    )
    return [
        *later.mean(axis=0), (wages / product).mean(), sizes.size / run["months"], run["demises"].mean(), sizes.mean(), (sizes == 1).mean(),
        (sizes > 100).mean(), exponent(sizes), exponent_of_line(run["first_sizes"], True), exponent_of_line(run["first_sizes"], False), slope(run["workers"], 50, 300, False), slope(run["employers"], 1000, 10_000, True),
        slope(run["receipts"], 3000, 60_000, True), slope(run["net"], 3000, 60_000, True), run["gini"].mean(),
        product.mean() / (6 * (100_000 - run["pool"].mean())), np.diff(np.log(product)).std(ddof=1), recessions(product).mean(),
    ]  # fmt: skip


# Drawing.


def draw_classes(axis: Axes, found: dict[str, Any]) -> None:
    shares = found["runs"][0]["shares"][: 40 * YEAR]
    for number, (name, colour) in enumerate(zip(PAPER, (BLUE, AMBER, PINK))):
        axis.plot(
            np.arange(1, len(shares) + 1) / YEAR,
            shares[:, number],
            color=colour,
            lw=0.6,
            label=f"{name}s" if number < 2 else name,
        )
        axis.axhline(PAPER[name], color=BLACK, lw=0.9, ls="--", label="the paper's run" if number == 2 else None)
    axis.axvspan(0, BURN_IN, color="#eaeef2", lw=0, zorder=0)
    axis.set(
        xlabel="year",
        ylabel="share of people",
        ylim=(0, 1.2),
        xlim=(0, len(shares) / YEAR),
        yticks=(0, 0.2, 0.4, 0.6, 0.8, 1),
    )
    axis.legend(
        frameon=False, fontsize=7.5, loc="upper left", ncols=4, columnspacing=0.8, handlelength=1.2, borderaxespad=0
    )
    title(axis, "Classes, one run, month by month")


def draw_sizes(axis: Axes, found: dict[str, Any]) -> None:
    edges = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512])
    middle = np.where(np.diff(edges) == 1, edges[:-1], np.sqrt(edges[:-1] * (edges[1:] - 1.0)))
    density = np.array(
        [np.histogram(run["sizes"], edges)[0] / np.diff(edges) / run["sizes"].size for run in found["runs"]]
    )
    points(
        axis, {x: values for x, values in zip(middle, density.T) if (values > 0).all()}, BLUE, "o", "runs, s.e.", size=4
    )
    alpha, above = found["figures"][:, 9].mean(), 1 - found["figures"][:, 7].mean()
    line = np.geomspace(2, 500, 50)
    axis.plot(
        line,
        above * line ** -(alpha + 1) / zeta(alpha + 1, 2),
        color=GREY,
        lw=1.3,
        label=f"s^-(α + 1) from 2 on, α = {alpha:.3f}",
    )
    axis.plot(line, above * line**-2.038 / zeta(2.038, 2), color=BLACK, lw=0.9, ls="--", label="the paper's α = 1.038")
    axis.set(xscale="log", yscale="log", xlabel="employees s", ylabel="share of firms of s")
    axis.legend(frameon=False, fontsize=7.5, loc="lower left")
    title(axis, "Sizes of firms")


def draw_survival(
    axis: Axes, values: np.ndarray, grid: np.ndarray, colour: str, mark: str, label: str, hollow: bool = False
) -> None:
    ordered = np.sort(values)
    above = 1 - np.searchsorted(ordered, grid) / ordered.size
    axis.plot(
        grid[above > 0],
        above[above > 0],
        color=colour,
        marker=mark,
        ls="none",
        ms=3.5,
        mfc="white" if hollow else colour,
        label=label,
    )


def line_through(axis: Axes, x: np.ndarray, values: np.ndarray, law: np.ndarray, words: str) -> None:
    """A law as a line that meets the values at the first x."""
    axis.plot(x, law / law[0] * (values >= x[0]).mean(), color=BLACK, lw=1, ls="--", label=words)


def draw_money(axis: Axes, found: dict[str, Any], name: str) -> None:
    values = np.concatenate([run[name] for run in found["runs"]])
    if name == "workers":
        draw_survival(axis, values, np.arange(0, 460, 15), BLUE, "o", "runs")
        x = np.linspace(50, 300)
        line_through(axis, x, values, np.exp(-0.017 * x), "the paper's rate 0.017, 50 to 300")
        axis.set(yscale="log", xlabel="coins x", ylabel="share that holds x or more", ylim=(3e-4, 1.5))
    else:
        draw_survival(axis, values, np.geomspace(50, values.max(), 40), AMBER, "s", "runs", hollow=True)
        x = np.geomspace(1000, 10_000)
        line_through(axis, x, values, x**-1.3, "the paper's x^-1.3, 1,000 to 10,000")
        axis.set(xscale="log", yscale="log", xlabel="coins x", ylabel="share that holds x or more")
    axis.legend(frameon=False, fontsize=7.5, loc="lower left")
    title(axis, f"Money of {name}")


def draw_incomes(axis: Axes, found: dict[str, Any]) -> None:
    grid = np.geomspace(50, 200_000, 40)
    for name, colour, mark, words in (
        ("receipts", BLUE, "o", "receipts: before wages paid"),
        ("net", PINK, "^", "net of wages paid"),
    ):
        draw_survival(
            axis, np.concatenate([run[name] for run in found["runs"]]), grid, colour, mark, words, hollow=name == "net"
        )
    x = np.geomspace(3000, 60_000)
    line_through(
        axis,
        x,
        np.concatenate([run["receipts"] for run in found["runs"]]),
        x**-1.3,
        "the paper's x^-1.3, 3,000 to 60,000",
    )
    axis.set(xscale="log", yscale="log", xlabel="coins x in a year", ylabel="share of people with x or more")
    axis.legend(frameon=False, fontsize=7.5, loc="lower left")
    title(axis, "Incomes of a year")


def draw_recessions(axis: Axes, shares: dict[int, list[float]]) -> None:
    lengths = np.arange(1, 5)
    axis.plot(lengths, WHITE_NOISE[:4], color=GREY, lw=1.3, label="white noise: 3 (r² + 3r + 1) / (r + 3)!")
    paper = np.exp(-1.22 * lengths)
    axis.plot(lengths, paper / paper.sum(), color=BLACK, lw=1, ls="--", label="the paper's slope, exp(-1.22 r)")
    points(axis, {r: shares[r] for r in (1, 2, 3, 4)}, BLUE, "o", "runs, s.e.")
    axis.set(
        yscale="log", xlabel="years of falling product r", ylabel="share of recessions", xticks=lengths, ylim=(0.006, 1)
    )
    axis.set_yticks([0.01, 0.03, 0.1, 0.3, 1], ["0.01", "0.03", "0.1", "0.3", "1"], minor=False)
    axis.minorticks_off()
    axis.legend(frameon=False, fontsize=7.5, loc="lower left")
    title(axis, "Recessions")


def draw_wright(found: dict[str, Any]) -> tuple[Figure, dict[str, str]]:
    """Six panels and two tables."""
    figure, ((classes, sizes, fall), (workers, employers, incomes)) = sheet(2, 3, (13, 7))
    lengths = [recessions(by_year(run["gdp"])) for run in found["runs"]]
    shares = {r: [float((length == r).mean()) for length in lengths] for r in (1, 2, 3, 4, 5)}
    draw_classes(classes, found)
    draw_sizes(sizes, found)
    draw_recessions(fall, shares)
    draw_money(workers, found, "workers")
    draw_money(employers, found, "employers")
    draw_incomes(incomes, found)
    rows = [
        [name, paper, listed, text(values, digits)]
        for (name, paper, listed, digits), values in zip(ROWS, found["figures"].T)
    ]
    falls = [
        [r, f"{WHITE_NOISE[r - 1]:.4f}", text(shares[r], 3), sum(int((length == r).sum()) for length in lengths)]
        for r in shares
    ]
    centre, error = mean(found["figures"][:, 0])
    print(f"{len(found['runs'])} runs of {found['years']} years; workers {centre:.4f}, s.e. {error:.4f}")
    return figure, {
        "wright": table(["figure", "the paper's run", "independent program, s.d. of a run", "found, s.e."], rows),
        "wright-recessions": table(["years", "white noise", "share found, s.e.", "number found"], falls),
    }  # fmt: skip
