"""Which parameters a figure depends on: Morris screening and Sobol indices over the prior, with the noise of the seed beside them.

The design has one parameter more than the prior: `SEED`. It changes nothing of the scenario, only the set of seeds that a point is
run with, so that its index is what chance alone reaches: the noise floor. All other comparisons are made with common random numbers.

References
----------
Morris 1991, doi 10.1080/00401706.1991.10484804 (elementary effects); Campolongo et al. 2007, doi 10.1016/j.envsoft.2006.10.004 (mu*).
Saltelli et al. 2010, doi 10.1016/j.cpc.2009.09.018 (first and total order); computed by SALib.
"""

import contextlib
import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import CommunizeError, InputError, nearest_name
from communize.experiment.priors import Prior, prior_of
from communize.scenario.scenario import Scenario, load

METHODS = ("morris", "sobol")
FIGURES = (
    "generalisation_number", "reproduction_ratio", "commodity_reproduction", "participants:max", "active:max", "unmet:last",
)  # fmt: skip
SEED = "(seed)"
SETS = 4  # sets of seeds that the noise floor is measured between; as many as Morris has levels
FEWEST = {"morris": 4, "sobol": 8}
GRID = 1024  # points of the Sobol design on an emulator
FOLDS = 8  # parts of the training points that are left out in turn, for the spread of an emulator's indices
MISSING = "SALib is not installed; it comes with: pip install 'communize[experiment]'"
Model = Callable[[dict[str, float], int], Any]


class Sensitivity:
    """What a sensitivity analysis found.

    Attributes
    ----------
    table
        Data frame, one row a (figure, parameter). Morris: `mu`, `mu_star`, `mu_star_conf`, `sigma`; Sobol: `S1`, `S1_conf`, `ST`,
        `ST_conf`, `interaction` (ST less S1). Each `_conf` is the half width of a 95 % interval. `above_noise`: whether the
        interval of `mu_star` or `ST` lies above that of the parameter `(seed)`.
    figures
        Data frame, one row a figure: `mean` and `sd` over points, `used` (share of the design with a number), `seed_share` (share of the variance of
        single runs that is due to the seed; needs 2 seeds a point), `q2` (of an emulator) and `note`.
    runs
        Data frame, one row a run, or a point of a callable.
    info
        Method, samples, seeds, prior, versions.
    """

    def __init__(self, table: Any, figures: Any, runs: Any, info: dict[str, Any]):
        self.table, self.figures, self.runs, self.info = table, figures, runs, info

    def __repr__(self) -> str:
        return f"<Sensitivity {self.info['method']}: {self.info['runs']} runs, figures {', '.join(self.figures['figure'])}>"

    def save(self, folder: str | Path) -> Path:
        """Write ``sensitivity.parquet``, ``sensitivity.json`` and ``sensitivity.html``."""
        from communize.experiment.fitting_page import write_sensitivity

        target = _folder(folder)
        self.table.to_parquet(target / "sensitivity.parquet", index=False)
        figures = json.loads(self.figures.to_json(orient="records"))
        (target / "sensitivity.json").write_text(json.dumps({**self.info, "figures": figures}, indent=2) + "\n", encoding="utf-8")
        return write_sensitivity(self, target / "sensitivity.html")


def sensitivity(
    scenario: str | Path | Scenario | Model, method: str = "morris", samples: int = 16, *, figures: Sequence[str] | None = None,
    seeds: int = 1, prior: Prior | Sequence[str] | dict[str, Any] | None = None, days: int | None = None, out: str | Path | None = None,
    emulate: bool = False, workers: int | None = None, scheduler: str | None = None, design_seed: int = 1,
    progress: Callable[[int, int, int], None] | None = None,
) -> Sensitivity:  # fmt: skip
    """Which parameters the figures of a scenario depend on.

    Parameters
    ----------
    scenario
        A scenario; or a callable of (values by path, seed) that gives a number, or numbers by name.
    method
        ``morris``: screening, `samples` trajectories of (parameters + 2) points. ``sobol``: shares of variance,
        `samples` x (parameters + 3) points, `samples` a power of two. A point is `seeds` runs.
    figures
        ``variable:reduction``, or a figure of an ensemble's table; `FIGURES` if omitted, those that vary.
    prior
        As `prior_of` takes it; the scenario's `[prior]` if omitted.
    out
        Folder for the results and the runs. Runs that stand there are not repeated.
    emulate
        Run only `samples` points that fill the prior, train a Gaussian process on them and give its Sobol indices.
    design_seed
        Seed of the design, not of the runs.

    Raises
    ------
    InputError
        No prior, an unknown method or figure, or too few samples.
    """
    _check(method, samples, seeds, emulate)
    chosen = _prior(scenario, prior)
    design = chosen.sobol(samples, design_seed) if emulate else _design(method, len(chosen) + 1, samples, design_seed)
    sets = np.zeros(len(design), int) if emulate else np.minimum((design[:, -1] * SETS).astype(int), SETS - 1)
    points = chosen.points(design[:, : len(chosen)])
    if isinstance(scenario, (str, Path, Scenario)):
        loaded = load(scenario)
        with _one_cluster(workers, scheduler, len(points) * seeds) as where:
            names, values, runs = _simulated(loaded, points, sets, figures, seeds, days, out, where, progress)
        first = loaded.name
    else:
        names, values, runs = _called(scenario, points, sets, seeds)
        first = getattr(scenario, "__name__", "a function")
    indices = _emulated if emulate else _indices
    rows, about = [], []
    for k, name in enumerate(names):
        found = values[:, :, k]
        noise = _noise(found)
        table, note, extra = indices(method, chosen, design, found.mean(axis=1), design_seed)
        rows += [{"figure": name, **row} for row in table]
        about.append({"figure": name, **noise, **extra, "note": note})
    import pandas as pd

    if not rows:
        raise CommunizeError("no figure has an index: " + "; ".join(f"{row['figure']}: {row['note']}" for row in about))
    info = {
        "what": first, "method": f"sobol of an emulator, {samples} points" if emulate else method, "samples": samples, "seeds": seeds,
        "points": len(points), "runs": len(runs), "failed": int((runs["status"] != "done").sum()) if "status" in runs else 0,
        "prior": chosen.to_dict(), "design_seed": design_seed, "versions": _versions(),
    }  # fmt: skip
    result = Sensitivity(pd.DataFrame(rows), pd.DataFrame(about), runs, info)
    if out is not None:
        result.save(out)
    return result


def _check(method: str, samples: int, seeds: int, emulate: bool) -> None:
    if method not in METHODS:
        raise InputError("--method", method, ", ".join(METHODS), nearest_name(method, METHODS))
    if emulate and method != "sobol":
        raise InputError("--emulate", method, "--method sobol, whose indices the emulator gives")
    fewest = 16 if emulate else FEWEST[method]
    if samples < fewest:
        raise InputError("--samples", samples, f"{fewest} or more, or the indices mean nothing")
    if method == "sobol" and not emulate and samples & (samples - 1):
        raise InputError("--samples", samples, f"a power of two, such as {1 << (samples - 1).bit_length()}")
    if seeds < 1:
        raise InputError("--seeds", seeds, "1 or more")


def _prior(scenario: Any, prior: Any) -> Prior:
    if isinstance(prior, Prior):
        return prior
    if isinstance(scenario, (str, Path, Scenario)):
        return prior_of(load(scenario), prior)
    if not isinstance(prior, dict):
        raise InputError("prior", prior, "a Prior, or {name: [lowest, highest]}, as a function has none of its own")
    return Prior([(path, float(low), float(high)) for path, (low, high) in prior.items()])


def _problem(n: int) -> dict[str, Any]:
    return {"num_vars": n, "names": [f"x{k}" for k in range(n)], "bounds": [[0.0, 1.0]] * n}


def _design(method: str, n: int, samples: int, seed: int) -> np.ndarray:
    sampler, _ = _salib(method)
    with _quietly():
        if method == "morris":
            return sampler(_problem(n), samples, num_levels=4, seed=seed)
        return sampler(_problem(n), samples, calc_second_order=False, seed=seed)


def _salib(method: str) -> tuple[Any, Any]:
    try:
        import importlib

        return importlib.import_module(f"SALib.sample.{method}").sample, importlib.import_module(f"SALib.analyze.{method}").analyze
    except ImportError:
        raise CommunizeError(MISSING) from None


def _simulated(
    scenario: Scenario, points: list[dict[str, Any]], sets: np.ndarray, figures: Sequence[str] | None, seeds: int, days: int | None,
    out: str | Path | None, where: dict[str, Any], progress: Any,
) -> tuple[list[str], np.ndarray, Any]:  # fmt: skip
    """Figures of every point, float64 (points, seeds, figures), and the table of runs."""
    import pandas as pd

    from communize.experiment.ensemble import perform
    from communize.experiment.figures import NUMBERS, variables_of

    wanted = list(figures or FIGURES)
    known = variables_of(scenario)
    further = [name for name in wanted if name not in NUMBERS]
    if figures is None:
        further = [name for name in further if name.partition(":")[0] in known]
    values = np.full((len(points), seeds, len(wanted)), np.nan)
    tables, done, total = [], 0, sum(len(set(map(_key, (points[i] for i in np.flatnonzero(sets == s))))) for s in np.unique(sets)) * seeds
    for number in np.unique(sets):
        rows = np.flatnonzero(sets == number)
        own = {_key(points[i]): points[i] for i in rows}  # a design repeats points
        chosen = [scenario.seed + int(number) * seeds + k for k in range(seeds)]
        tell = None if progress is None else (lambda n, failed, _, before=done: progress(before + n, failed, total))
        folder = None if out is None else Path(out) / f"seeds-{int(number)}"
        table = perform(scenario, list(own.values()), seeds=chosen, days=days, out=folder, figures=further, progress=tell, **where).table
        tables.append(table.assign(set=int(number)))
        done += len(own) * seeds
        present = [name for name in wanted if name in table]
        grid = dict(zip(zip(*(table[path].astype(float) for path in points[0]), table["seed"]), table[present].astype(float).to_numpy()))
        for i in rows:
            for k, seed in enumerate(chosen):
                values[i, k, [wanted.index(name) for name in present]] = grid[(*map(float, points[i].values()), seed)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of columns that are empty in one of the sets
        runs = pd.concat(tables, ignore_index=True)
    return wanted, values, runs


@contextlib.contextmanager
def _one_cluster(workers: int | None, scheduler: str | None, jobs: int):
    """Workers that serve all sets of seeds, as options of `perform`."""
    from communize.experiment.workers import Here, pool

    if scheduler is not None or workers == 0:
        yield {"workers": workers, "scheduler": scheduler}
        return
    with pool(workers, None, jobs) as found:
        yield {"workers": 0} if isinstance(found, Here) else {"scheduler": found.client.cluster.scheduler_address}


def _key(point: dict[str, Any]) -> str:
    return json.dumps(point, sort_keys=True)


def _called(model: Model, points: list[dict[str, Any]], sets: np.ndarray, seeds: int) -> tuple[list[str], np.ndarray, Any]:
    import pandas as pd

    rows = []
    for point, number in zip(points, sets.tolist()):
        for k in range(seeds):
            found = model(point, number * seeds + k)
            rows.append(found if isinstance(found, dict) else {"value": float(found)})
    names = list(rows[0])
    values = np.array([[row[name] for name in names] for row in rows], float).reshape(len(points), seeds, len(names))
    runs = pd.DataFrame([{**points[i // seeds], "seed": int(sets[i // seeds]) * seeds + i % seeds, **row} for i, row in enumerate(rows)])
    return names, values, runs


def _noise(found: np.ndarray) -> dict[str, Any]:
    """Mean and spread of a figure, and how much of the variance of single runs is due to the seed."""
    whole = found[np.isfinite(found).all(axis=1)]
    about: dict[str, Any] = {"mean": None, "sd": None, "used": len(whole) / len(found), "seed_share": None}
    if len(whole) > 1:
        means = whole.mean(axis=1)
        about |= {"mean": float(means.mean()), "sd": float(means.std(ddof=1))}
        if whole.shape[1] > 1:
            within = float(whole.var(axis=1, ddof=1).mean())
            between = max(0.0, float(means.var(ddof=1)) - within / whole.shape[1])
            about["seed_share"] = within / (within + between) if within + between > 0 else None
    return about


def _indices(method: str, prior: Prior, design: np.ndarray, y: np.ndarray, seed: int) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    """Indices of one figure; blocks of the design with a point that has no number are left out whole."""
    n = design.shape[1]
    size = n + 1 if method == "morris" else n + 2
    blocks = y.reshape(-1, size)
    good = np.isfinite(blocks).all(axis=1)
    left = blocks[good].ravel()
    note = "" if good.all() else f"{int((~good).sum())} of {good.size} blocks of the design left out, where the figure is not a number"
    if good.sum() < max(FEWEST[method] // 2, good.size / 2):
        return [], "not a number at too many points", {}
    if np.ptp(left) <= 1e-12 * max(1.0, float(np.abs(left).max())):
        return [], f"the same at every point: {left[0]:g}", {}
    _, analyse = _salib(method)
    with _quietly():
        if method == "morris":
            found = analyse(_problem(n), design.reshape(-1, size, n)[good].reshape(-1, n), left, num_levels=4, seed=seed)
        else:
            found = analyse(_problem(n), (left - left.mean()) / left.std(), calc_second_order=False, seed=seed)
    return _rows(method, [*prior.paths, SEED], found), note, {}


def _rows(method: str, names: list[str], found: Any) -> list[dict[str, Any]]:
    columns = ("mu", "mu_star", "mu_star_conf", "sigma") if method == "morris" else ("S1", "S1_conf", "ST", "ST_conf")
    rows: list[dict[str, Any]] = [{"parameter": name, **{c: float(found[c][k]) for c in columns}} for k, name in enumerate(names)]
    main = "mu_star" if method == "morris" else "ST"
    if method == "sobol":  # two points out of `SETS` sets have the same seeds in one case of `SETS`, where chance cannot show
        rows[-1] |= {c: rows[-1][c] * SETS / (SETS - 1) for c in columns}
    floor = rows[-1][main] + rows[-1][f"{main}_conf"]
    for row in rows:
        if method == "sobol":
            row["interaction"] = row["ST"] - row["S1"]
        row["above_noise"] = bool(row["parameter"] != SEED and row[main] - row[f"{main}_conf"] > floor)
    return rows


def _emulated(method: str, prior: Prior, design: np.ndarray, y: np.ndarray, seed: int) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    """Sobol indices of a Gaussian process; their spread is that of processes trained without an eighth of the points each."""
    from communize.experiment.emulator import POOR, USELESS, train

    good = np.isfinite(y)
    x, y = design[good], y[good]
    if good.sum() < max(16, good.size / 2):
        return [], "not a number at too many points", {"q2": None}
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return [], f"the same at every point: {y[0]:g}", {"q2": None}
    whole = train(x, y)
    if not whole.q2 >= USELESS:
        return [], f"no indices: the emulator predicts too little (Q2 = {whole.q2:.2f}, below {USELESS}); more points or seeds, or no emulator", {"q2": whole.q2}
    grid = _design("sobol", len(prior), GRID, seed)
    part = np.random.default_rng(seed).permutation(len(x)) % FOLDS
    found = []
    for emulator in [whole, *(train(x[part != k], y[part != k], like=whole) for k in range(FOLDS))]:
        predicted = emulator.predict(grid)
        with _quietly():
            found.append(_salib("sobol")[1](_problem(len(prior)), (predicted - predicted.mean()) / predicted.std(), calc_second_order=False, seed=seed))
    noise = whole.noise / (whole.noise + whole.signal)
    note = f"Q2 = {whole.q2:.2f}, below {POOR}: read the indices with care" if whole.q2 < POOR else ""
    rows = []
    for k, path in enumerate(prior.paths):
        row: dict[str, Any] = {"parameter": path}
        for index in ("S1", "ST"):
            parts = np.array([f[index][k] for f in found])
            jackknife = np.sqrt((FOLDS - 1) / FOLDS * np.sum((parts[1:] - parts[1:].mean()) ** 2))
            row |= {index: float(parts[0]), f"{index}_conf": float(np.hypot(1.96 * jackknife, found[0][f"{index}_conf"][k]))}
        rows.append({**row, "interaction": row["ST"] - row["S1"], "above_noise": bool(row["ST"] - row["ST_conf"] > 0.01)})
    return rows, note, {"q2": whole.q2, "emulator_noise": float(noise)}


@contextlib.contextmanager
def _quietly():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _folder(folder: str | Path) -> Path:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise InputError("--out", str(folder), f"a folder that can be written ({getattr(error, 'strerror', None) or error})") from None
    return Path(folder)


def _versions() -> dict[str, str]:
    from importlib import metadata

    return {name: metadata.version(name) for name in ("communize", "numpy", "scipy", "SALib")}
