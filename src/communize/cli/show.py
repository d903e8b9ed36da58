"""What the commands print for people."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from communize.scenario.write import resolved

# Beginnings of the sentences that say what the table above them says.
SAID = ("Outcome:", "R, generalisation,", "Not computed:", "Why measures ended", "No measure ended", "At most", "On the last day", "In the last month")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=False)


def print_run(run: Any, folder: Path, *, with_report: bool) -> None:
    """The summary of a run."""
    from communize.report.page import summary_in_words

    console = _console()
    console.print(f"[bold]{run.scenario.name}[/bold]  {escape(run.scenario.title)}")
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in run_rows(run):
        table.add_row(name, text)
    console.print(table)
    console.print()
    for sentence in summary_in_words(run):
        if not sentence.startswith(SAID):
            console.print(sentence, markup=False)
    if run.comparisons:
        console.print()
        _print_comparisons(console, run.comparisons)
    for note in run.info.get("notes", []):
        console.print(f"note: {note}", markup=False, style="yellow")
    console.print()
    console.print(f"folder  {folder}", markup=False, soft_wrap=True)
    if with_report:
        console.print(f"report  {folder / 'report.html'}", markup=False, soft_wrap=True)


def run_rows(run: Any) -> list[tuple[str, str]]:
    """The table of a run as (name, markup): outcome, the three numbers, people, measures, speed."""
    from communize.report.figures import at_work, months_of
    from communize.report.provisioning import WHOLE, after, fell_short
    from communize.report.text import number
    from communize.report.words import about_generalisation, generalisation_date, outcome_date, three_numbers

    outcome, timings = run.outcome, run.info["timings"]
    day = outcome_date(run)
    rows = [("outcome", f"[bold]{outcome.name.replace('_', ' ')}[/bold], {day}: {escape(outcome.why)}")]
    for symbol, name, value, why in three_numbers(run):
        text = f"not computed: {escape(why)}" if value is None else f"[bold]{value}[/bold]"
        if value is not None and symbol == "R":
            text += f" on {'; '.join([generalisation_date(run), *about_generalisation(run)])}"
        rows.append((f"{symbol}  {name}", text))
    most = [f"at most {number(total.max())} {where}" for where, total in _totals(run) if total.any()]
    rows.append(("people", "; ".join([f"{number(run.info['people'])} in {number(len(run.places))} places", *most])))
    if "unmet" in run.series and run.days:
        unmet = run.series["unmet"].mean([dim for dim in run.series["unmet"].dims if dim != "day"])
        changed = (at_work(run) and months_of(run)) or float(unmet.max()) > float(unmet.min())
        basis = "mean over people, on the last day" if changed else "given by position at the start"
        rows.append(("unmet need", f"{number(float(unmet[-1]), 3)}, {basis}"))
    short = fell_short(run)
    if short:
        rows.append(("provisioning", f"supply below {WHOLE:g}: {', '.join(f'{name} {after(days)}' for name, days in short)}"))
    rows += [*_economy_rows(run), *_measure_rows(run)]
    rows.append(("speed", f"{timings['agent_days_per_s'] / 1e6:.1f} million agent-days/s, {timings['running_s']:.1f} s, "
                          f"{run.info['threads']} thread{'s' if run.info['threads'] > 1 else ''}; society made in {timings['making_s']:.1f} s"))  # fmt: skip
    if run.info.get("resumed"):
        rows.append(("resumed", f"after interruptions, from day {', '.join(map(str, run.info['resumed']))}"))
    return [*rows, ("state hash", run.state_hash)]


def _totals(run: Any) -> list[tuple[str, Any]]:
    """People by day, in struggle and in measures."""
    return [(where, run.series[name].sum("place").to_numpy()) for name, where in (("active", "in struggle"), ("participants", "in measures")) if name in run.series]


def _economy_rows(run: Any) -> list[tuple[str, str]]:
    """Unemployment, wage share and profit rate on the last day; nothing where the economy was not at work."""
    from communize.report.text import number, percent

    end = run.at_the_end("unemployment", "wage_share", "profit_rate")
    parts = [f"unemployment {percent(end['unemployment'])}"] if "unemployment" in end else []
    if "wage_share" in end:
        parts.append(f"wage share {percent(end['wage_share'])}")
    if "profit_rate" in end:
        parts.append(f"profit rate {number(end['profit_rate'], 3)} a year")
    return [("economy", f"{', '.join(parts)}, at the end")] if parts else []


def _measure_rows(run: Any) -> list[tuple[str, str]]:
    """Measures begun and in force, and why they ended; nothing where none began."""
    from communize.report.text import CAUSES, number

    if not len(run.instances):
        return []
    ends = run.outcome.endings_of_measures
    begun = f"{number(len(run.instances))} begun, {number(ends.get('in_force', 0))} in force at the end"
    if "instances" in run.series:
        begun += f" ({number(run.series['instances'].sum('place').to_numpy().max())} at most)"
    causes = sorted(((n, name) for name, n in ends.items() if n and name in CAUSES), key=lambda pair: -pair[0])
    rows = [("measures", begun)]
    return [*rows, ("why they ended", ", ".join(f"{CAUSES[name]} {number(n)}" for n, name in causes))] if causes else rows


def _print_comparisons(console: Console, comparisons: list[Any]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), title="beside real figures", title_justify="left", title_style="bold")
    for column in ("figure", "run", "real", "allowed", ""):
        table.add_column(column, overflow="fold", justify="right" if column in ("run", "real") else "left")
    for c in comparisons:
        found = "not reached" if c.found is None else f"{c.found:,.0f}" if c.found >= 1000 else f"{c.found:.3g}"
        table.add_row(escape(c.name), found, f"{c.value:g}", c.allowed, "[green]hit[/green]" if c.hit else "[red]MISS[/red]")
    console.print(table)


def print_cases(scenarios: list[Any]) -> None:
    """The library."""
    console = _console()
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("case", "start", "days", "what"):
        table.add_column(column, no_wrap=column != "what", justify="right" if column == "days" else "left")
    for scenario in scenarios:
        table.add_row(scenario.name, str(scenario.start), str(scenario.days), escape(scenario.title))
    console.print(table)
    console.print("\nrun one with: communize run CASE", markup=False)


def print_scenario(scenario: Any) -> None:
    """A scenario with every value resolved."""
    console = _console()
    head = scenario.tables.scenario
    console.print(f"[bold]{scenario.name}[/bold]  {escape(scenario.title)}")
    if head.description:
        console.print(head.description.strip(), markup=False)
    console.print(f"start {scenario.start}, {scenario.days} days, hash {scenario.hash[:8]}", markup=False)
    rows = list(resolved(scenario))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("value", "", "unit", "source"):
        table.add_column(column, overflow="fold", no_wrap=column == "value")
    for row in rows:
        name = row["path"]
        value = row["value"]
        text = "none" if value is None or value == [] else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        shown = f"[bold]{escape(text)}[/bold]" if row["set"] else escape(text)
        table.add_row(name, shown, row["unit"] if row["unit"] not in ("name", "1", "text") else "", escape(str(row["source"])))
    console.print(table)
    assumed = sum(str(row["source"]).startswith("assumed") for row in rows)
    console.print(f"\n{len(rows)} values, {assumed} of them assumed; bold: set by the scenario", markup=False)


def print_bench(result: dict[str, Any]) -> None:
    """The table of `communize bench`."""
    console = _console()
    console.print(f"{result['machine']}; memory bandwidth {result['bandwidth_gb_s']:.1f} GB/s read (one thread)", markup=False)
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("people", "threads", "made, s", "day, ms", "M person-days/s", "bytes each", "peak, MB", "floor, ms"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in result["rows"]:
        table.add_row(
            f"{row['people']:,}", str(row["threads"]), f"{row['making_s']:.1f}", f"{row['ms_per_day']:.1f}",
            f"{row['person_days_per_s'] / 1e6:.1f}", f"{row['bytes_per_person']:.0f}", f"{row['peak_mb']:.0f}",
            f"{row['bandwidth_limit_ms']:.2f}")  # fmt: skip
    console.print(table)
    console.print(
        "made: time to make the society; bytes each: memory of people, sites, places and ties by person; peak: of the process;\n"
        "floor: time to read once, at the memory bandwidth, the columns that every day reads", markup=False, style="dim")  # fmt: skip
