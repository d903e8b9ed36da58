"""The commands that vary parameters over their prior: sensitivity, calibrate."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from communize.cli.common import (
    DaysOption,
    JsonOption,
    PeopleOption,
    ScenarioArgument,
    SchedulerOption,
    SetOption,
    WorkersOption,
    as_option,
    load_scenario,
    say,
)
from communize.declare.errors import InputError

FigureOption = Annotated[list[str] | None, typer.Option("--figure", metavar="NAME", help="variable:reduction such as active:max, or a column of a sweep; repeatable.")]
PriorOption = Annotated[list[str] | None, typer.Option("--prior", metavar="PATH=LOW:HIGH", help="Vary this instead of the scenario's [prior]; path=low:high:log for a range in logarithms; repeatable.")]
OutOption = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the results and runs; what it holds already is not run again.")]


def sensitivity(
    scenario: ScenarioArgument,
    out: OutOption,
    method: Annotated[str, typer.Option(help="morris (screening) or sobol (shares of variance).")] = "morris",
    samples: Annotated[int, typer.Option(metavar="N", help="Trajectories of morris, N x (parameters + 2) points; of sobol a power of two, N x (parameters + 3) points.")] = 16,
    figures: FigureOption = None,
    seeds: Annotated[int, typer.Option(metavar="K", help="Runs of every point; 2 or more say how much is due to the seed.")] = 1,
    prior: PriorOption = None,
    emulate: Annotated[bool, typer.Option("--emulate", help="Run N points alone, and take Sobol indices from a Gaussian process trained on them.")] = False,
    people: PeopleOption = None,
    days: DaysOption = None,
    assignments: SetOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which parameters of the prior decide a figure, and how much is the seed."""
    from communize.cli.progress import Runs
    from communize.cli.show_fitting import print_sensitivity
    from communize.experiment.sensitivity import sensitivity as analyse

    loaded = load_scenario(scenario, people, days, assignments=assignments)
    shown = Runs(loaded.name, quiet=as_json)
    try:
        with shown:
            found = analyse(
                loaded, method, samples, figures=figures, seeds=seeds, prior=prior, out=out, emulate=emulate, workers=workers,
                scheduler=scheduler, progress=shown.update)  # fmt: skip
    except InputError as error:
        raise as_option(error, figures="--figure") from None
    except KeyboardInterrupt:
        _interrupted()
    if as_json:
        print(json.dumps({**found.info, "folder": str(out), "figures": _rows(found.figures), "indices": _rows(found.table)}))
    else:
        print_sensitivity(found, out)


def calibrate(
    scenario: ScenarioArgument,
    out: OutOption,
    data: Annotated[Path | None, typer.Option(metavar="FILE", help="CSV or Parquet: a column date or day, columns named after variables, place if they are of places. Without it: the scenario's [observed].")] = None,
    figures: Annotated[list[str] | None, typer.Option("--figure", metavar="NAME", help="Column of the data to fit, all if left out; repeatable.")] = None,
    method: Annotated[str, typer.Option(help="abc-smc (pyABC), regression, or rejection.")] = "abc-smc",
    populations: Annotated[int, typer.Option(metavar="P", help="Populations of abc-smc.")] = 5,
    particles: Annotated[int, typer.Option(metavar="N", help="Draws of the posterior.")] = 200,
    samples: Annotated[int | None, typer.Option(metavar="N", help="Runs at draws of the prior: 10 x particles of regression and rejection, particles of abc-smc if left out.")] = None,
    prior: PriorOption = None,
    one_society: Annotated[bool, typer.Option("--one-society", help="Make the society once and use it for every run.")] = False,
    check: Annotated[int, typer.Option(metavar="N", help="Fit nothing: check the method on N sets of simulated data.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the calibration, not of one run.", min=0)] = 1,
    people: PeopleOption = None,
    days: DaysOption = None,
    assignments: SetOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit parameters of the prior to data: a posterior, not only a point."""
    from communize.cli.progress import Runs
    from communize.cli.show_fitting import print_check, print_posterior
    from communize.experiment.calibration import calibrate as fit
    from communize.experiment.calibration_check import calibration_check

    loaded = load_scenario(scenario, people, days, assignments=assignments)
    shown = Runs(loaded.name, quiet=as_json)
    options: dict[str, Any] = {
        "figures": figures, "populations": populations, "particles": particles, "samples": samples, "prior": prior, "seed": seed, "out": out,
        "society_fixed": one_society, "workers": workers, "scheduler": scheduler,
    }  # fmt: skip
    total = samples or 10 * particles
    try:
        with shown:
            if check or method != "abc-smc":
                shown.update(0, 0, check or total)
            if check:
                tested = calibration_check(loaded, check, data, method, progress=lambda done, n: shown.update(done, 0, n), **options)
            else:
                tell = None if method == "abc-smc" else (lambda made, failed: shown.update(made, failed, max(total, made)))
                posterior = fit(loaded, data, method, progress=tell, say=shown.say, **options)
    except InputError as error:
        raise as_option(error, figures="--figure") from None
    except KeyboardInterrupt:
        _interrupted()
    if check:
        if as_json:
            print(json.dumps({"passed": tested.passed, **tested.info, "folder": str(out), "parameters": _rows(tested.table)}))
        else:
            print_check(tested, out)
        if not tested.passed:
            raise typer.Exit(1)
    elif as_json:
        print(json.dumps({**posterior.info, "folder": str(out), "parameters": _rows(posterior.summary())}))
    else:
        print_posterior(posterior, out)


def _rows(frame: Any) -> list[dict[str, Any]]:
    return json.loads(frame.to_json(orient="records"))


def _interrupted() -> None:
    say("communize: interrupted; finished runs are kept: the same command goes on with the others")
    raise typer.Exit(130) from None
