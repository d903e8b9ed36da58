"""What is observed of a month: classes, firms and the distribution of incomes (`model.md` section 8)."""

import numpy as np

from communize.declare.registry import DECILES, FARM, SIZE_CLASSES, WORKPLACE
from communize.kernels.draws import kernel
from communize.mechanisms.economy.core import FARMER, MANAGER, OWNER, PRECARIOUS, STABLE, UNEMPLOYED

LABOUR_FORCE = (STABLE, PRECARIOUS, UNEMPLOYED, MANAGER, OWNER, FARMER)
SORTED_AT_MOST = 1 << 17  # people whose incomes are sorted; above, evenly spaced ones stand for all



@kernel
def staff_of_firms(work, position, kind, owner, staff):
    """Employees of each workplace and farm that has an owner, counted into `staff`."""
    for i in range(work.size):
        s, pos = work[i], position[i]
        if s >= 0 and pos in (STABLE, PRECARIOUS, MANAGER):
            if (kind[s] == WORKPLACE or kind[s] == FARM) and owner[s] >= 0:
                staff[s] += 1


@kernel
def count_positions(home, position, site_place, count):
    """People by place of residence and position, counted into `count` (places, positions)."""
    for i in range(home.size):
        count[site_place[home[i]], position[i]] += 1


@kernel
def afford(start, stop, block, money, spent, basket, affordability):
    """Affordability: the share of the basket that what somebody spent in the month and still holds pays for; all where it costs nothing."""
    for i in range(start, stop):
        affordability[i] = np.float32(min(1.0, (spent[i] + money[i]) / basket)) if basket > 0.0 else np.float32(1.0)


def by_size(staff: np.ndarray) -> np.ndarray:
    """Firms by size class (see `SIZE_CLASSES`), int64: 1, 2, 3, 4-7, 8-15, ... employees."""
    sizes = staff[staff > 0]
    number = np.where(sizes < 4, sizes - 1, np.log2(np.maximum(sizes, 1)).astype(np.int64) + 1)
    return np.bincount(np.minimum(number, len(SIZE_CLASSES) - 1), minlength=len(SIZE_CLASSES))


def gini(values: np.ndarray) -> float:
    """Gini coefficient of non-negative values, not a number where there is nothing to share: sum_i (2 i - n - 1) x_i / (n sum x), x ascending."""
    n, total = values.size, float(values.sum())
    if not total > 0:
        return float("nan")
    return float(((2 * np.arange(1, n + 1) - n - 1) * np.sort(values)).sum() / (n * total))


def evenly(values: np.ndarray) -> np.ndarray:
    """All values, or at most `SORTED_AT_MOST` evenly spaced ones, as float64."""
    step = -(-values.size // SORTED_AT_MOST)
    return values[::step].astype(np.float64)


def bounds_of_deciles(values: np.ndarray) -> np.ndarray:
    """Upper bounds of the lower nine tenths of the values, float64 (9,)."""
    if not values.size:
        return np.zeros(len(DECILES) - 1)
    return np.quantile(evenly(values), np.arange(1, len(DECILES)) / len(DECILES))


def means_of_deciles(values: np.ndarray) -> np.ndarray:
    """Mean of each tenth of the values, the lowest first, float64 (10,); not a number where there are fewer than ten."""
    if values.size < len(DECILES):
        return np.full(len(DECILES), np.nan)
    return np.array([part.mean() for part in np.array_split(np.sort(values), len(DECILES))])
