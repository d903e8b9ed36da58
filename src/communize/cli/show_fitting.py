"""What sensitivity and calibrate print for people."""

import math
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

COLUMNS = {"mu_star": "μ*", "mu_star_conf": "±", "sigma": "σ", "S1": "S1", "S1_conf": "±", "ST": "ST", "ST_conf": "±", "interaction": "ST - S1"}


def print_sensitivity(found: Any, folder: Path) -> None:
    """Indices of every figure, and what is noise."""
    console, info = _console(), found.info
    console.print(f"[bold]{escape(info['what'])}[/bold]  {info['method']}, {info['points']:,} points, {info['runs']:,} runs, {info['failed']:,} failed", highlight=False)
    columns = [name for name in COLUMNS if name in found.table]
    for about in found.figures.to_dict("records"):
        console.print()
        told = [f"{name} {_short(about[key])}" for key, name in (("mean", "mean"), ("sd", "sd"), ("q2", "Q2")) if _known(about.get(key))]
        if _known(about.get("seed_share")):
            told.append(f"{about['seed_share']:.0%} of the variance of single runs is the seed")
        console.print(f"[bold]{escape(about['figure'])}[/bold]  {', '.join(told)}")
        if about["note"]:
            console.print(about["note"], markup=False, style="yellow")
        rows = found.table[found.table["figure"] == about["figure"]]
        if not len(rows):
            continue
        main = "mu_star" if "mu_star" in columns else "ST"
        table = _table("parameter", *(COLUMNS[name] for name in columns), "")
        for row in rows.sort_values(main, ascending=False).to_dict("records"):
            table.add_row(escape(row["parameter"]), *(_short(row[name]) for name in columns), "above the noise" if row["above_noise"] else "")
        console.print(table)
    console.print("± is half of a 95 % interval; (seed): other seeds at the same parameters", style="dim")
    console.print(f"folder  {folder}\npage    {folder / 'sensitivity.html'}", markup=False, soft_wrap=True)


def print_posterior(posterior: Any, folder: Path) -> None:
    """What the data say about each parameter, and what they do not."""
    console, info = _console(), posterior.info
    last = info["populations"][-1]
    console.print(f"[bold]{escape(info['scenario'])}[/bold]  {info['method']}: {len(posterior.draws):,} draws worth {posterior.effective:.0f}, distance below {_short(last['epsilon'])}")
    table = _table("parameter", "prior", "mean", "median", "5 %", "95 %", "shrinkage")
    summary = posterior.summary()
    for row in summary.to_dict("records"):
        numbers = [_short(row[name]) for name in ("mean", "median", "q05", "q95")]
        table.add_row(escape(row["parameter"]), f"{_short(row['prior_low'])} to {_short(row['prior_high'])}", *numbers, f"{row['shrinkage']:.2f}")
    console.print(table)
    for flag, words in ((~summary["informed"], "the data say next to nothing about"), (summary["pressed"], "at an end of its range, which decides there:")):
        if flag.any():
            console.print(f"{words} {', '.join(summary.loc[flag, 'parameter'])}", markup=False, style="yellow")
    for name, found in info["coverage"].items():
        told = ", ".join(f"{x['inside']:.0%} of {x['days']} {word} days" for word, x in found.items())
        console.print(f"{name}: {told} inside the 90 % band of the posterior", markup=False)
    console.print(f"{info['runs_made']:,} runs made now, {info['runs_failed']:,} failed")
    for text in (info["note"], info["a_failure"] and f"a failure: {info['a_failure']}"):
        if text:
            console.print(text, markup=False, style="yellow")
    console.print(f"folder  {folder}\npage    {folder / 'calibration.html'}", markup=False, soft_wrap=True)


def print_check(check: Any, folder: Path) -> None:
    """Whether the ranks are even."""
    console = _console()
    table = _table("parameter", "mean rank", "spread", "p, chi-square", "p, Kolmogorov-Smirnov")
    for row in check.table.to_dict("records"):
        table.add_row(escape(row["parameter"]), f"{row['mean_rank']:.2f}", f"{row['spread']:.2f}", f"{row['chi2_p']:.3g}", f"{row['ks_p']:.3g}")
    console.print(table)
    console.print("in the middle: mean rank 0.5, spread 1; a spread above 1 says too narrow, below 1 too wide", style="dim")
    words = "even ranks are not refused" if check.passed else "even ranks are refused: this posterior is not to be trusted"
    console.print(f"{check.info['data_sets']} data sets: {words}")
    console.print(f"folder  {folder}", markup=False, soft_wrap=True)


def _console() -> Console:
    return Console(highlight=False)


def _table(*names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number == 0 or not name else "right", overflow="fold")
    return table


def _known(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _short(value: float) -> str:
    return "-" if not _known(value) else f"{value:.3g}" if abs(value) < 1e5 else f"{value:,.0f}"
