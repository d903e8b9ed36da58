"""Are there business cycles? Annual product of the economy alone against the law of white noise (decision 27).

If annual product is white noise, falls still come in runs: the number r of years in a row that it falls has
P(r) = 3 (r^2 + 3 r + 1) / (r + 3)!, mean 1.5. Whoever sees "recessions" of one to four years has seen nothing yet.

``python -m communize.experiment.cycles`` runs `restructured` without struggles: its core, with accumulation, and with credit as well.
"""

import argparse
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from communize.experiment.processes import in_processes
from communize.experiment.stopping import half_width

MONTH, MONTHS = 30, 12
ALONE = {"scenario.only": ["economy", "provisioning"], "provisioning.free.enabled": False, "shock": []}
WITHOUT = {"economy.accumulation.enabled": False, "economy.credit.enabled": False}
ARMS: dict[str, dict[str, Any]] = {
    "core": WITHOUT,
    "accumulation": WITHOUT | {"economy.accumulation.enabled": True},
    "accumulation and credit": WITHOUT | {"economy.accumulation.enabled": True, "economy.credit.enabled": True},
}


@dataclass(frozen=True)
class Cycles:
    """What several series of annual product say together.

    Parameters
    ----------
    years
        In all.
    autocorrelation, low, high
        At a lag of one year, mean over series about their trends, and its 95 % interval.
    expected
        What white noise of that length has, -1 / years of a series.
    mean_fall
        Mean number of years in a row that product falls.
    falls
        How many runs of falls lasted 1, 2, 3, and 4 years or more.
    p_falls
        Probability of falls so far from the law, by chi-square with the law's own variances.
    periodic
        Share of series with one period that stands out (Fisher's g, p below 0.01).
    """

    years: int
    autocorrelation: float
    low: float
    high: float
    expected: float
    mean_fall: float
    falls: tuple[int, ...]
    p_falls: float
    periodic: float

    @property
    def verdict(self) -> str:
        """By the rule of decision 27."""
        if self.periodic > 0.5:
            return "cycles"
        away = not self.low <= self.expected <= self.high
        return "memory, no period" if away and self.p_falls < 0.01 else "undecided" if away or self.p_falls < 0.01 else "white noise"


def law_of_falls(longest: int = 4) -> np.ndarray:
    """P(r) of white noise for r = 1 .. longest - 1, and longest or more."""
    single = [3 * (r * r + 3 * r + 1) / math.factorial(r + 3) for r in range(1, longest)]
    return np.array([*single, 1 - sum(single)])


def runs_of_falls(product: np.ndarray) -> np.ndarray:
    """Lengths of the runs of years in which product fell; a run that the series cuts off at either end is left out."""
    fell = np.diff(product) < 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], fell.astype(np.int8), [0]])))
    starts, stops = edges[::2], edges[1::2]
    whole = (starts > 0) & (stops < fell.size)
    return (stops - starts)[whole]


def about_trend(product: np.ndarray) -> np.ndarray:
    """Logarithm of product less its straight line."""
    years, logs = np.arange(product.size), np.log(product)
    return logs - np.polyval(np.polyfit(years, logs, 1), years)


def lag_one(values: np.ndarray) -> float:
    """Autocorrelation at a lag of one."""
    centred = values - values.mean()
    return float((centred[1:] * centred[:-1]).sum() / (centred**2).sum())


def period_stands_out(values: np.ndarray, level: float = 0.01) -> bool:
    """Whether one ordinate of the periodogram is too large for white noise (Fisher 1929, https://doi.org/10.1098/rspa.1929.0151)."""
    power = np.abs(np.fft.rfft(values - values.mean())[1 : (values.size - 1) // 2 + 1]) ** 2
    g, m = float(power.max() / power.sum()), power.size
    terms = [(-1) ** (k - 1) * math.comb(m, k) * (1 - k * g) ** (m - 1) for k in range(1, int(1 / g) + 1)]
    return min(1.0, max(0.0, sum(terms))) < level


def judge(series: list[np.ndarray], draws: int = 4000) -> Cycles:
    """Compare series of annual product, each at least 20 years long and of one length, with white noise."""
    values = [about_trend(product) for product in series]
    lags = np.array([lag_one(one) for one in values])
    half = half_width(lags)
    found = counts_of(values)
    # Runs of one series hang together a little: the distance is compared with that of white noise of the same lengths.
    noise = np.random.default_rng(27)
    usual = np.array([distance(counts_of([noise.standard_normal(one.size) for one in values])) for _ in range(draws)])
    lengths = np.concatenate([runs_of_falls(one) for one in values])
    years = len(values[0])
    return Cycles(
        sum(one.size for one in values), float(lags.mean()), float(lags.mean() - half), float(lags.mean() + half), -1 / years,
        float(lengths.mean()), tuple(int(n) for n in found), float((usual >= distance(found)).mean()),
        float(np.mean([period_stands_out(one) for one in values])))  # fmt: skip


def counts_of(series: list[np.ndarray]) -> np.ndarray:
    """Runs of falls of all series by length: 1, 2, 3, 4 or more."""
    return sum((np.bincount(np.minimum(runs_of_falls(one), 4), minlength=5)[1:] for one in series), np.zeros(4, int))


def distance(counts: np.ndarray) -> float:
    """Chi-square of counts by length against the law."""
    wanted = law_of_falls() * max(1, counts.sum())
    return float(((counts - wanted) ** 2 / wanted).sum())


def annual_product(scenario: Any, seed: int, years: int, skipped: int) -> np.ndarray:
    """Product of each year, coins, float64 (years,), after `skipped` years."""
    from communize.simulation.simulation import Simulation

    sim = Simulation(scenario, seed=seed, threads=1)
    months = np.empty((skipped + years) * MONTHS)
    for month in range(months.size):
        sim.run(MONTH)
        months[month] = sim.state.economy.revenue[0]
    return months.reshape(-1, MONTHS).sum(axis=1)[skipped:]


def _one(arm: str, seed: int, people: int, years: int, skipped: int) -> np.ndarray:
    from communize.scenario.scenario import load

    return annual_product(load("restructured").replace({"society.people": people} | ALONE | ARMS[arm]), seed, years, skipped)


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--years", type=int, default=60)
    parser.add_argument("--skipped", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=8)
    options = parser.parse_args()
    for arm in ARMS:
        jobs = [(arm, seed, options.people, options.years, options.skipped) for seed in range(1, options.seeds + 1)]
        found = judge(in_processes(_one, jobs))
        print(f"{arm}: {found.verdict}", *(f"  {name}: {value}" for name, value in asdict(found).items()), sep="\n", flush=True)


if __name__ == "__main__":
    main()
