"""How long measures last, where some are still in force: Kaplan and Meier's estimate on whole days.

References
----------
Kaplan, E. L. and Meier, P. (1958), "Nonparametric estimation from incomplete observations", doi 10.1080/01621459.1958.10501452.
"""

import numpy as np


def survival(days: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Share of measures that last at least t days, for t = 0, 1, ... up to the longest duration, and beyond it.

    Parameters
    ----------
    days
        Days from the beginning to the end, or to the end of the run (n,), whole numbers >= 0.
    over
        Whether it ended (n,). What did not is known to last at least its days; whether it would have ended on the next is
        not, so it does not count among those that could have ended with that duration.

    Returns
    -------
    numpy.ndarray
        Shares from 1 down (longest + 2,).
    """
    days = np.asarray(days, np.int64)
    over = np.asarray(over, np.bool_)
    if not days.size:
        return np.ones(2)
    longest = int(days.max())
    ended, censored = (np.bincount(days[which], minlength=longest + 1) for which in (over, ~over))
    at_risk = np.cumsum((ended + censored)[::-1])[::-1] - censored
    hazard = np.divide(ended, at_risk, out=np.zeros(longest + 1), where=at_risk > 0)
    return np.concatenate([np.ones(1), np.cumprod(1.0 - hazard)])


def quantile(shares: np.ndarray, part: float) -> int | None:
    """The duration that a `part` of measures does not exceed, by the shares of `survival`; None if too many are still in force."""
    reached = np.flatnonzero(shares[1:] <= 1.0 - part + 1e-12)
    return int(reached[0]) if reached.size else None
