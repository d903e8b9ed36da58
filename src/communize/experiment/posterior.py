"""A posterior: weighted draws of parameters, as a calibration leaves them in a folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError
from communize.experiment.priors import Prior, Range

TABLE, PREDICTIVE, ABOUT = "posterior.parquet", "predictive.parquet", "calibration.json"
SILENT = 0.1  # shrinkage below which the data say next to nothing about a parameter
CHANCE = 0.447  # relative standard error of the standard deviation of one even draw, over the square root of their number
EDGE, PRESSED = 0.05, 0.25  # a parameter presses against an end if this share of the weight lies in the outermost 5 % of its range
OWN = ("weight", "distance", "seed", "population")


class Posterior:
    """Weighted draws of the parameters of a scenario.

    Attributes
    ----------
    draws
        Data frame, one row a draw: the parameters by path, `weight` (they add up to 1), `distance`, `seed`, `population`.
    prior
        The ranges before.
    info
        What `calibration.json` holds.
    predictive
        Data frame, one row a series of the data and day: `q05`, `median`, `q95` over runs with draws of the posterior, `data`,
        `fitted`; None if none were made.
    """

    def __init__(self, draws: Any, prior: Prior, info: dict[str, Any], predictive: Any = None):
        self.draws, self.prior, self.info, self.predictive = draws, prior, info, predictive

    def __repr__(self) -> str:
        return f"<Posterior of {self.info.get('scenario', '?')}: {len(self.draws)} draws of {', '.join(self.prior.paths)}>"

    @property
    def values(self) -> np.ndarray:
        """Values of the parameters, float64 (draws, parameters)."""
        return self.draws[self.prior.paths].to_numpy(dtype=float)

    @property
    def weights(self) -> np.ndarray:
        return self.draws["weight"].to_numpy(dtype=float)

    @property
    def effective(self) -> float:
        """Effective number of draws: 1 over the sum of squared weights."""
        return float(1.0 / np.sum(self.weights**2))

    def sample(self, n: int, seed: int = 1) -> list[dict[str, Any]]:
        """`n` draws as points, with replacement, for `communize.experiment.ensemble.perform` or `Scenario.replace`."""
        rows = np.random.default_rng(seed).choice(len(self.draws), n, p=self.weights)
        whole = [r.whole for r in self.prior.ranges]
        return [{path: int(x) if w else float(x) for path, x, w in zip(self.prior.paths, self.values[row], whole)} for row in rows]

    def summary(self) -> Any:
        """One row a parameter: `mean`, `median`, `q05`, `q95`, `shrinkage`, `informed`, `pressed`, the range before.

        `shrinkage` is 1 less the standard deviation in the unit cube of the prior, over that of the prior: 0 if the data say
        nothing, 1 if they leave one value; `informed` if it is at least 0.1 and twice what chance gives with so many effective draws.
        `pressed`: much of the weight lies at one end of the range, so that the range decides, not
        the data alone.
        """
        import pandas as pd

        units, weights = self.prior.units(self.values), self.weights
        rows = []
        for k, one in enumerate(self.prior.ranges):
            x = self.values[:, k]
            mean = weights @ units[:, k]
            sd = float(np.sqrt(weights @ (units[:, k] - mean) ** 2))
            shrinkage = 1.0 - sd * np.sqrt(12.0)
            q05, median, q95 = quantiles(x, weights, (0.05, 0.5, 0.95))
            rows.append({"parameter": one.path, "mean": float(weights @ x), "median": median, "q05": q05, "q95": q95,
                         "shrinkage": shrinkage, "informed": bool(shrinkage >= max(SILENT, 2 * CHANCE / np.sqrt(self.effective))),
                         "pressed": bool(max(weights @ (units[:, k] < EDGE), weights @ (units[:, k] > 1 - EDGE)) > PRESSED), "prior_low": one.low, "prior_high": one.high})  # fmt: skip
        return pd.DataFrame(rows)

    def correlations(self) -> Any:
        """Weighted correlations of the parameters, in the unit cube of the prior, as a square data frame."""
        import pandas as pd

        units = self.prior.units(self.values)
        centred = units - self.weights @ units
        covariance = (centred * self.weights[:, None]).T @ centred
        sd = np.sqrt(np.diag(covariance))
        outer = np.outer(sd, sd)
        return pd.DataFrame(np.divide(covariance, outer, out=np.eye(len(sd)), where=outer > 0), self.prior.paths, self.prior.paths)

    def save(self, folder: str | Path) -> Path:
        """Write ``posterior.parquet``, ``predictive.parquet`` and, last, ``calibration.json``."""
        from communize.experiment.folder import write_atomically

        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        for name, frame in ((TABLE, self.draws), (PREDICTIVE, self.predictive)):
            if frame is not None:
                frame.to_parquet(target / f"{name}.part", index=False)
                (target / f"{name}.part").replace(target / name)
        write_atomically(target / ABOUT, json.dumps(self.info, indent=2) + "\n")
        return target


def quantiles(x: np.ndarray, weights: np.ndarray, levels: tuple[float, ...]) -> list[float]:
    """Quantiles of weighted values: the smallest value that the share `level` of the weight does not exceed."""
    order = np.argsort(x, kind="stable")
    below = np.cumsum(weights[order])
    return [float(x[order][min(np.searchsorted(below, level * below[-1]), x.size - 1)]) for level in levels]


def read_posterior(folder: str | Path) -> Posterior:
    """Read the posterior that a calibration wrote.

    Raises
    ------
    InputError
        The folder holds none, or it is damaged.
    """
    import pandas as pd

    path = Path(folder)
    if not (path / ABOUT).is_file() or not (path / TABLE).is_file():
        raise InputError("", str(folder), f"the folder of a finished calibration (it holds {TABLE} and {ABOUT})")
    try:
        info = json.loads((path / ABOUT).read_text(encoding="utf-8"))
        draws = pd.read_parquet(path / TABLE)
        whole = set(info["whole"])
        prior = Prior([Range(name, entry[0], entry[1], len(entry) > 2, name in whole) for name, entry in info["prior"].items()])
        predictive = pd.read_parquet(path / PREDICTIVE) if (path / PREDICTIVE).is_file() else None
        missing = [name for name in (*prior.paths, *OWN) if name not in draws]
        if missing:
            raise ValueError(f"no column {missing[0]}")
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise InputError("", str(folder), f"a whole folder of a calibration ({type(error).__name__}: {error})") from None
    return Posterior(draws, prior, info, predictive)
