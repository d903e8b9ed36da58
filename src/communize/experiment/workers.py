"""One run of an ensemble, in this process or on a worker of Dask; only a few runs are on their way at a time."""

import contextlib
import dataclasses
import logging
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from communize.declare.errors import CommunizeError, InputError
from communize.experiment.figures import Figure, daily, row_of
from communize.scenario.scenario import Scenario
from communize.simulation.snapshot import version
from communize.store.running import run

MISSING = "dask[distributed] is not installed; it comes with: pip install 'communize[experiment]' (or use workers=0, this process alone)"
DEATHS = 2  # workers of this machine that may die over a run, first among others and then once more with nothing beside it
WARM_PEOPLE, WARM_DAYS = 2_000, 31  # a month, for the economy's kernels


@dataclasses.dataclass(frozen=True)
class Job:
    """One run: the scenario with a point's changes, and a seed."""

    address: str
    seed: int
    scenario: Scenario
    changes: dict[str, Any]
    figures: tuple[Figure, ...] = ()
    series: tuple[str, ...] = ()
    version: str = ""


Done = dict[str, Any]  # address, row, and series: arrays by name
NextJob = Callable[[], Job | None]  # None: nothing at present, ask again after the next result


def perform_job(job: Job) -> Done:
    """Run one job; whatever goes wrong in it becomes its reason."""
    started = time.perf_counter()
    row: dict[str, Any] = {"seed": job.seed, "status": "done", "reason": None}
    series: dict[str, np.ndarray] = {}
    try:
        if version() != job.version:
            raise CommunizeError(f"this worker has communize {version()}, the sweep {job.version}")
        result = run(job.scenario.replace(job.changes), seed=job.seed, threads=1)
        row |= row_of(result, job.figures)
        series = {name: daily(result.series, name) for name in job.series if name in result.series}
        row |= {name: result.info[name] for name in ("state_hash", "scenario_hash")}
    except MemoryError:
        row |= {"status": "failed", "reason": "not enough memory"}
    except Exception as error:
        row |= {"status": "failed", "reason": reason_of(error)}
    row |= {"seconds": round(time.perf_counter() - started, 4), "version": job.version}
    return {"address": job.address, "row": row, "series": series}


def perform_packed(job: bytes) -> Done:
    """Run one job that travelled: as bytes, for the scheduler keeps what passes through it for a while."""
    import cloudpickle

    return perform_job(cloudpickle.loads(job))


def reason_of(error: BaseException) -> str:
    """An error in one line."""
    lines = str(error).strip().splitlines() or [""]
    return lines[0][:500] if isinstance(error, CommunizeError) else f"{type(error).__name__}: {lines[0]}"[:500]


def died(job: Job, why: str) -> Done:
    """What is recorded of a run whose workers died."""
    row = {"seed": job.seed, "status": "failed", "reason": why, "seconds": None, "version": job.version}
    return {"address": job.address, "row": row, "series": {}}


class Here:
    """Runs in this process, one after the other."""

    n_workers = 1

    def __enter__(self) -> "Here":
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def perform(self, next_job: NextJob, warm: Job | None = None) -> Iterator[Done]:
        """The results of jobs, in order."""
        while (job := next_job()) is not None:
            yield perform_job(job)


class Cluster:
    """Runs on workers of Dask: processes of this machine, or those of a scheduler that is there already.

    Parameters
    ----------
    workers
        Processes of this machine.
    scheduler
        Address of a scheduler, such as ``tcp://host:8786``; then `workers` is not used.
    say
        Called with what is going on.
    """

    def __init__(self, workers: int, scheduler: str | None = None, say: Callable[[str], None] | None = None):
        self.workers, self.scheduler, self.say = workers, scheduler, say or (lambda text: None)
        self._close = contextlib.ExitStack()

    def __enter__(self) -> "Cluster":
        try:
            import distributed
            from dask import config
        except ImportError:
            raise CommunizeError(MISSING) from None
        try:
            if self.scheduler is None:
                settings = {
                    "distributed.scheduler.allowed-failures": DEATHS - 1, "distributed.admin.tick.limit": "1h",
                    "distributed.admin.log-length": 100, "distributed.admin.low-level-log-length": 100,
                    "distributed.diagnostics.computations.max-history": 1,
                }  # fmt: skip
                self._close.enter_context(config.set(settings))
                self._close.enter_context(_no_main())
                cluster: Any = self._close.enter_context(distributed.LocalCluster(
                    n_workers=self.workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", memory_limit=0,
                    silence_logs=logging.CRITICAL))  # fmt: skip
            else:
                cluster = self.scheduler
                self._close.enter_context(_quiet())
            self.client: Any = self._close.enter_context(distributed.Client(cluster, set_as_default=False))
        except (OSError, ValueError, TypeError) as error:
            self._close.close()
            if self.scheduler is None:
                raise
            raise InputError("--scheduler", self.scheduler, f"the address of a Dask scheduler that answers, such as tcp://host:8786 ({error})") from None
        return self

    def __exit__(self, *error: Any) -> None:
        self._close.__exit__(*error)

    @property
    def n_workers(self) -> int:
        """Runs that can be under way at once."""
        return max(1, sum(self.client.nthreads().values()))

    def perform(self, next_job: NextJob, warm: Job | None = None) -> Iterator[Done]:
        """The results of jobs as they come; only a few more are submitted than there are workers.

        Parameters
        ----------
        next_job
            Gives the next job.
        warm
            A job whose scenario is run small and short on one worker of each machine first, so that kernels are compiled once.
        """
        from distributed.comm.core import CommClosedError

        try:
            yield from self._perform(next_job, warm)
        except CommClosedError:
            raise self._gone() from None

    def _perform(self, next_job: NextJob, warm: Job | None) -> Iterator[Done]:
        import cloudpickle
        import distributed

        coming = distributed.as_completed(loop=self.client.loop)
        jobs: dict[Any, Job] = {}
        if not self.client.nthreads():
            self.say(f"{self.scheduler} has no workers yet: waiting for the first")
            self.client.wait_for_workers(1)
        if warm is not None:
            self._warm_up(warm)
        suspects: list[Job] = []  # their workers died; others that were on the same worker are among them

        def submit(job: Job) -> None:
            key = ("communize-run", uuid.uuid4().hex)  # one name for all: the scheduler keeps statistics by name for ever
            future = self.client.submit(perform_packed, cloudpickle.dumps(job), key=key)
            jobs[future.key] = job
            coming.add(future)

        while True:
            while len(jobs) < 2 * self.n_workers + 1 and (job := next_job()) is not None:
                submit(job)
            alone = not jobs
            if alone and not suspects:
                return
            if alone:
                submit(suspects.pop())
            future = next(coming)
            job = jobs.pop(future.key)
            result = self._result(future, job)
            if result is not None:
                yield result
            elif alone:
                yield died(job, "its worker died over it again and again, also with nothing else running (out of memory?)")
            else:
                suspects.append(job)

    def _warm_up(self, job: Job) -> None:
        import cloudpickle

        by_machine = {address.rpartition(":")[0]: address for address in self.client.nthreads()}
        small = dataclasses.replace(job, changes={**job.changes, "society.people": WARM_PEOPLE, "run.days": WARM_DAYS}, figures=(), series=())
        self.say("one short run first, so that kernels are compiled once")
        futures = [self.client.submit(perform_packed, cloudpickle.dumps(small), workers=[address], allow_other_workers=True, pure=False) for address in by_machine.values()]
        for future in futures:
            future.exception()  # whatever it is, the runs themselves will say it

    def _gone(self) -> CommunizeError:
        return CommunizeError(f"the scheduler {self.scheduler or ''} is gone; all runs finished before are kept: start the same command again")

    def _result(self, future: Any, job: Job) -> Done | None:
        """What came of a job; None if its workers died."""
        import distributed

        if future.status == "finished":
            return future.result()
        if future.status in ("cancelled", "lost"):
            raise self._gone()
        error = future.exception()
        return None if isinstance(error, distributed.scheduler.KilledWorker) else died(job, reason_of(error))


def pool(workers: int | None, scheduler: str | None, jobs: int, say: Callable[[str], None] | None = None) -> Here | Cluster:
    """Where `jobs` runs are made: the scheduler's workers, `workers` processes (0: this process), or one a core."""
    if scheduler is not None:
        return Cluster(0, scheduler, say)
    if workers is not None and workers < 0:
        raise InputError("--workers", workers, "0 (this process alone) or more")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    wanted = min(cores if workers is None else workers, jobs)
    return Here() if wanted == 0 or (workers is None and jobs < 2) else Cluster(wanted, None, say)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from printing what it thinks of a lost connection: what matters is said in one message."""
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if name.split(".")[0] == "distributed"]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """Keep spawned processes from running the caller's script again: they need nothing of it."""
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    main.__spec__ = None
    if "__file__" in kept:
        del main.__file__
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)
