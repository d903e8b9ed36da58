"""In which order runs are made, and when enough have been made of a point.

Runs are made in rounds. Without a rule there is one round: every seed at every point, all points of the first seed first. With a
rule a round is the next `BATCH` seeds of every point that has not stopped yet, and a point is judged only when all of a round is
in, so that neither the number of workers nor their speed has a part in it.
"""

import dataclasses
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.experiment.figures import NUMBERS, REDUCTIONS
from communize.experiment.plan import Plan
from communize.experiment.workers import Job

BATCH = 10  # seeds of a point between two looks at the interval; also the fewest runs of a point
CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Rule:
    """Enough is when half the width of a figure's 95 % interval is below `width`, of the mean if `relative`."""

    figure: str
    width: float
    relative: bool = False

    def enough(self, values: Sequence[float]) -> bool:
        """Whether these values of a point suffice."""
        known = np.array([value for value in values if value is not None and math.isfinite(value)])
        if known.size < 2:
            return False
        limit = self.width * abs(float(known.mean())) if self.relative else self.width
        return half_width(known) <= limit

    def __str__(self) -> str:
        return f"{self.figure}<{100 * self.width:g}%" if self.relative else f"{self.figure}<{self.width:g}"


def parse_rule(text: str | None) -> Rule | None:
    """``active:max<500`` or ``active:max<5%`` as a rule.

    Raises
    ------
    InputError
        Not of this form, or no figure that a run has.
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*([^<\s]+)\s*<\s*([0-9.eE+-]+)\s*(%?)\s*", text)
    allowed = "FIGURE<NUMBER for half the width of the interval, or FIGURE<NUMBER%, such as active:max<5%"
    try:
        width = float(found[2]) if found else math.nan
    except ValueError:
        width = math.nan
    if found is None or not (math.isfinite(width) and width > 0):
        raise InputError("--until", text, allowed)
    if ":" not in found[1] and found[1] not in NUMBERS:
        raise InputError("--until", found[1], f"a figure of a run ({', '.join(NUMBERS)}), or variable:reduction ({', '.join(REDUCTIONS)})", nearest_name(found[1], NUMBERS))
    return Rule(found[1], width / 100 if found[3] else width, bool(found[3]))


def half_width(values: np.ndarray, confidence: float = CONFIDENCE) -> float:
    """Half the width of Student's interval of the mean of at least two values, float64 (runs,)."""
    from scipy.special import stdtrit

    n = len(values)
    return float(stdtrit(n - 1, 0.5 + confidence / 2) * np.std(values, ddof=1) / math.sqrt(n))


class Rounds:
    """Gives the jobs of a plan one after the other, leaving out what is finished.

    Parameters
    ----------
    plan
        What to run.
    finished
        By address of what has been run already, the value of the rule's figure (None: failed, or no rule).
    rule
        When a point has enough runs; None for all seeds.
    """

    def __init__(self, plan: Plan, finished: dict[str, float | None], rule: Rule | None = None):
        self.plan, self.rule, self.values = plan, rule, dict(finished)
        self.going = list(plan.distinct)
        self.n_seeds = 0  # seeds of the rounds so far
        self.stopped: dict[int, int] = {}  # runs by point that the rule stopped
        self._underway: set[str] = set()
        self._round: Iterator[Job] = iter(())
        self._begin()

    def __call__(self) -> Job | None:
        """The next job; None if there is none at present."""
        while True:
            for job in self._round:
                self._underway.add(job.address)
                return job
            if self._underway or not self._begin():
                return None

    def record(self, address: str, row: dict[str, Any]) -> None:
        """Note what came of a job."""
        self._underway.discard(address)
        value = row.get(self.rule.figure) if self.rule is not None and row["status"] == "done" else None
        self.values[address] = value

    def _begin(self) -> bool:
        """Judge the round that is over and begin the next; False if there is none."""
        plan, rule = self.plan, self.rule
        if rule is not None and self.n_seeds:
            for point in list(self.going):
                values = [self.values[plan.address(point, seed)] for seed in plan.seeds[: self.n_seeds]]
                if rule.enough([value for value in values if value is not None]):
                    self.going.remove(point)
                    self.stopped[point] = self.n_seeds
        seeds = plan.seeds[self.n_seeds : None if rule is None else self.n_seeds + BATCH]
        if not seeds or not self.going:
            return False
        self.n_seeds += len(seeds)
        points = tuple(self.going)
        self._round = (
            plan.job(point, seed) for seed in seeds for point in points if plan.address(point, seed) not in self.values
        )  # fmt: skip
        return True
