"""The pages of a sensitivity analysis and of a calibration."""

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from communize.report import drawing
from communize.report.plain import Section, Table, write_plain
from communize.report.text import counted, listed, number, percent

if TYPE_CHECKING:
    from communize.experiment.posterior import Posterior
    from communize.experiment.sensitivity import Sensitivity

MOST_PAIRS = 5  # parameters that are drawn in pairs: those the data say most about


def write_sensitivity(result: "Sensitivity", path: Path) -> Path:
    """Write the page of a sensitivity analysis."""
    info = result.info
    morris = info["method"] == "morris"
    words = [
        f"{counted(info['points'], 'point')} of the prior, {counted(info['seeds'], 'run')} each, by the method {info['method']}. "
        + (f"{counted(info['failed'], 'run')} failed." if info["failed"] else ""),
        "μ* is the mean size of the change of a figure when one parameter moves by two thirds of its range, σ how much that change itself varies: with "
        "other parameters, or along the range." if morris else
        "S1 is the share of a figure's variance that a parameter explains alone, ST with all its interactions; ST less S1 is interaction.",
        "The shaded part is what another set of seeds reaches with the same parameters: the noise. A parameter whose interval does not lie above it has "
        "not been shown to do anything." if "emulator" not in info["method"] else
        "The indices are those of an emulator, trained on these points; Q2 is the share of the variance that it predicts for points left out.",
    ]  # fmt: skip
    sections = []
    for about in result.figures.to_dict("records"):
        rows = result.table[result.table["figure"] == about["figure"]]
        sections.append(_figure(about, rows.to_dict("records"), morris))
    return write_plain(path, f"What {info['what']} depends on", "Sensitivity", words, sections)


def _figure(about: dict[str, Any], rows: list[dict[str, Any]], morris: bool) -> Section:
    from communize.experiment.sensitivity import SEED

    told = []
    if _known(about["mean"]):
        told.append(f"Mean over the points {number(about['mean'])}, standard deviation {number(about['sd'])}.")
    if _known(about.get("seed_share")):
        told.append(f"The seed makes {percent(about['seed_share'])} of the variance of single runs.")
    if _known(about.get("q2")):
        told.append(f"Q2 = {about['q2']:.3f}.")
    told.append(about["note"])
    words = [" ".join(filter(None, told))]
    if not rows:
        return Section(about["figure"], words)
    main = "mu_star" if morris else "ST"
    ordered = sorted(rows, key=lambda row: -row[main])
    if morris:
        marks = [{"name": r["parameter"], "marks": [(r["mu_star"], r["mu_star_conf"], "a" if r["above_noise"] else "b", not r["above_noise"])]} for r in ordered]
        head, columns = ("parameter", "μ*", "± (95 %)", "σ", "μ", "above the noise"), ("mu_star", "mu_star_conf", "sigma", "mu")
    else:
        marks = [{"name": r["parameter"], "marks": [(r["ST"], r["ST_conf"], "a", not r["above_noise"]), (r["S1"], r["S1_conf"], "b", not r["above_noise"])]} for r in ordered]
        head, columns = ("parameter", "S1", "± (95 %)", "ST", "± (95 %)", "interaction", "above the noise"), ("S1", "S1_conf", "ST", "ST_conf", "interaction")
    floor = next((r[main] + r[f"{main}_conf"] for r in rows if r["parameter"] == SEED), None)
    words.append("Filled: above the noise. " + ("" if morris else "Upper mark ST, lower mark S1."))
    spoken = "; ".join(f"{r['parameter']} {number(r[main], 3)}" for r in ordered)
    table = Table(head, [(r["parameter"], *(number(r[c], 3) for c in columns), "yes" if r["above_noise"] else "no") for r in ordered])
    return Section(about["figure"], words, [drawing.intervals(marks, "μ*" if morris else "share of variance", floor, spoken)], tables=[table])


def write_calibration(posterior: "Posterior", path: Path) -> Path:
    """Write the page of a calibration."""
    info, summary = posterior.info, posterior.summary()
    silent = summary.loc[~summary["informed"], "parameter"].tolist()
    last = info["populations"][-1]
    words = [
        f"Fitted to {info['data']} by {info['method']}: {counted(len(posterior.draws), 'draw')} of the posterior, worth {posterior.effective:.0f} independent ones; "
        f"distances up to {number(last['epsilon'], 3)}. {info['note']}",
        "The posterior holds the parameters of the prior whose runs come near the data in the distance chosen. It says nothing about whether the model is right.",
        f"The data say next to nothing about {listed(silent)}." if silent else "The data narrow every parameter.",
    ]  # fmt: skip
    pressed = summary.loc[summary["pressed"], "parameter"].tolist()
    if pressed:
        words.append(f"At an end of its range lies much of the posterior of {listed(pressed)}: there the range decides, not the data alone.")
    if info["runs_failed"]:
        words.append(f"{counted(info['runs_failed'], 'run')} of {number(info['runs_made'])} failed, such as: {info['a_failure']}")
    sections = [_parameters(posterior, summary)]
    if len(posterior.prior) > 1:
        sections.append(_pairs(posterior, summary))
    if posterior.predictive is not None:
        sections.append(_predictive(posterior))
    rows = [(str(p["population"] + 1), number(p["epsilon"]), number(p["runs"]), number(p["accepted"]), percent(p["accepted"] / p["runs"])) for p in info["populations"]]
    scales = [(name, number(scale)) for name, scale in info["scales"].items()]
    sections.append(Section("How it was fitted", [f"Distance: {info['distance']}."], tables=[
        Table(("population", "distance below", "proposals", "accepted", "rate"), rows, "Populations"),
        Table(("series", "median absolute deviation in the prior"), scales, "Scale of each series, on the scale of square roots"),
    ]))  # fmt: skip
    return write_plain(path, f"{info['scenario']}, fitted to data", "Calibration", words, sections)


def _parameters(posterior: "Posterior", summary: Any) -> Section:
    small = [
        (r.path, drawing.histogram(posterior.values[:, k], posterior.weights, r.low, r.high, r.log)) for k, r in enumerate(posterior.prior.ranges)
    ]
    head = ("parameter", "prior", "mean", "median", "5 %", "95 %", "shrinkage")
    rows = [
        (r["parameter"], f"{number(r['prior_low'])} to {number(r['prior_high'])}", *(number(r[c], 3) for c in ("mean", "median", "q05", "q95")), f"{r['shrinkage']:.2f}")
        for r in summary.to_dict("records")
    ]
    words = ["Dashed: the prior, even over the range (in logarithms where it is so declared). Shrinkage is 0 where the posterior is as wide as the prior, and 1 where one value is left."]
    return Section("Parameters", words, small=small, tables=[Table(head, rows)])


def _pairs(posterior: "Posterior", summary: Any) -> Section:
    units, weights = posterior.prior.units(posterior.values), posterior.weights
    chosen = sorted(np.argsort(-summary["shrinkage"].to_numpy(), kind="stable")[:MOST_PAIRS].tolist())
    correlations = posterior.correlations()
    paths = posterior.prior.paths
    rows = np.random.default_rng(0).choice(len(units), min(300, len(units)), replace=False)
    small = []
    for a, b in itertools.combinations(chosen, 2):
        name = f"{paths[b]} against {paths[a]}: {correlations.iloc[a, b]:+.2f}"
        small.append((name, drawing.scatter(units[rows, a], units[rows, b], weights[rows], name)))
    table = Table(("", *paths), [(path, *(f"{x:+.2f}" for x in correlations.loc[path])) for path in paths], "Correlations")
    return Section("Pairs of parameters", ["Each square is the range of the prior; the area of a dot is its weight; the number is the correlation."], small=small, tables=[table])


def _predictive(posterior: "Posterior") -> Section:
    figures, words = [], ["Runs with draws of the posterior and new seeds: median and 90 % band. Dots are the data; hollow ones were not fitted."]
    for name, part in posterior.predictive.groupby("series", sort=False):
        inside = posterior.info["coverage"].get(name, {})
        told = f"{name}: " + ", ".join(f"{percent(x['inside'])} of {counted(x['days'], f'{word} day')} inside the band" for word, x in inside.items())
        words.append(told)
        columns = [part[c].to_numpy() for c in ("day", "q05", "median", "q95", "data", "fitted")]
        figures.append(f"<h3>{_escaped(name)}</h3>" + drawing.band(*columns, spoken=told))
    return Section("What the posterior predicts", words, figures)


def _escaped(text: Any) -> str:
    from html import escape

    return escape(str(text))


def _known(value: Any) -> bool:
    return value is not None and math.isfinite(value)
