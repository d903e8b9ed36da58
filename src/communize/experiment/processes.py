"""Several runs at once, each in a process that was spawned."""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any


def in_processes(function: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], workers: int = 2) -> list[Any]:
    """``function(*job)`` for each job, in the order of jobs; all must be picklable."""
    jobs = list(jobs)
    if not jobs:
        return []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(function, *zip(*jobs)))  # the first that fails ends the others that wait
