"""The commands for many runs: sweep, query, compare."""

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
from communize.declare.errors import CommunizeError, InputError


def sweep(
    scenario: ScenarioArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the sweep; what it holds already is not run again.")],
    vary: Annotated[list[str] | None, typer.Option("--vary", metavar="PATH=VALUES", help="path=a:b:n or path=a,b,c; repeatable, all combinations. Without it: an ensemble of the scenario.")] = None,
    seeds: Annotated[int, typer.Option(metavar="K", help="Seeds of every point, the same at all.")] = 1,
    people: PeopleOption = None,
    days: DaysOption = None,
    assignments: SetOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    figures: Annotated[str | None, typer.Option(metavar="FIGURES", help="More columns, with commas: variable:reduction such as active:max, or module:function.")] = None,
    series: Annotated[str | None, typer.Option(metavar="NAMES", help="Variables whose daily series are kept, with commas.")] = None,
    until: Annotated[str | None, typer.Option(metavar="RULE", help="Stop a point when half the 95 % interval is narrow enough: active:max<500 or active:max<5%.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run again what failed before.")] = False,
    copy_to: Annotated[str | None, typer.Option(metavar="URL", help="Write runs.parquet and dataset.zarr there as well: any address that fsspec knows.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Run every combination of values with every seed, on all cores or on a cluster; go on where it was stopped."""
    from communize.cli.progress import Runs
    from communize.cli.show_experiments import print_results
    from communize.experiment.ensemble import perform
    from communize.experiment.vary import grid, parse_vary

    loaded = load_scenario(scenario, people, days, assignments=assignments)
    points = grid(parse_vary(vary or []))
    try:
        with Runs(loaded.name, quiet=as_json) as shown:
            results = perform(
                loaded, points, seeds=seeds, out=out, scheduler=scheduler, workers=workers, figures=names(figures), series=names(series),
                until=until, retry_failed=retry_failed, progress=shown.update, say=shown.say)  # fmt: skip
    except InputError as error:
        raise as_option(error, figures="--figures", series="--series") from None
    except KeyboardInterrupt:
        say(f"communize: interrupted; {shown.done:,} of {shown.total:,} runs are kept: the same command goes on with the others")
        raise typer.Exit(130) from None
    if copy_to is not None:
        _copy(results, copy_to)
    reasons = {str(reason): int(n) for reason, n in results.failed["reason"].value_counts().items()}
    if as_json:
        found = {"folder": str(out), "points": len(points), "runs": len(results.table), "done": len(results.done), "failed": len(results.failed)}
        print(json.dumps({**found, "made_now": shown.made, "reasons": reasons, "stopped": results.stopped}))
    else:
        print_results(results, out, shown.made, reasons)
    if len(results.failed):
        raise typer.Exit(1)


def query(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a sweep.")],
    sql: Annotated[str, typer.Argument(metavar="SQL", help='Such as: select outcome, count(*) from runs group by all')],
    as_json: JsonOption = False,
) -> None:
    """Ask the runs of a sweep in SQL; the table is `runs`."""
    from communize.cli.show_experiments import print_frame
    from communize.experiment.query import query as ask

    frame = ask(folder, sql)
    if as_json:
        print(json.dumps({"columns": list(frame.columns), "rows": json.loads(frame.to_json(orient="values", date_format="iso", double_precision=15))}))
    else:
        print_frame(frame)


def compare(
    a: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run or sweep.")],
    b: Annotated[Path, typer.Argument(metavar="DIR", help="Another of the same kind.")],
    figures: Annotated[str | None, typer.Option(metavar="FIGURES", help="Columns of sweeps to compare, with commas.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Set two run folders side by side, or compare two sweeps by pairs of equal seed."""
    from communize.cli.show_experiments import print_comparison, print_side_by_side
    from communize.experiment.compare import compare as paired
    from communize.experiment.compare import side_by_side
    from communize.experiment.folder import PLAN
    from communize.experiment.results import read_ensemble
    from communize.store.run import read_run

    sweeps = [(folder / PLAN).is_file() for folder in (a, b)]
    if sweeps[0] != sweeps[1]:
        raise InputError("DIR", f"{a} and {b}", "two folders of runs, or two of sweeps")
    if not sweeps[0]:
        rows = side_by_side(read_run(a), read_run(b))
        if as_json:
            print(json.dumps({"a": str(a), "b": str(b), "figures": rows}, default=str))
        else:
            print_side_by_side(rows, a, b)
        return
    found = paired(read_ensemble(a), read_ensemble(b), names(figures) or None)
    if as_json:
        print(json.dumps({"a": str(a), "b": str(b), "rows": json.loads(found.table.to_json(orient="records")), "notes": list(found.notes)}))
    else:
        print_comparison(found, a, b)


def names(text: str | None) -> list[str]:
    """What stands between commas."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _copy(results: Any, url: str) -> None:
    try:
        results.to_parquet(f"{url.rstrip('/')}/runs.parquet")
        results.to_zarr(f"{url.rstrip('/')}/dataset.zarr")
    except (OSError, ValueError, ImportError) as error:
        raise CommunizeError(f"--copy-to {url}: cannot be written ({type(error).__name__}: {error}); the folder itself is whole") from None
