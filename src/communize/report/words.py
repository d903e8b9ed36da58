"""A run in plain sentences, for the head of the page and for the terminal."""

from typing import TYPE_CHECKING

from communize.report.text import ENDS, counted, date_of, dated, listed, long_date, number, percent

if TYPE_CHECKING:
    from communize.store.run import Run

# Symbol, name and what it says, by attribute of the outcome.
NUMBERS = {
    "generalisation_number": ("R", "generalisation", "how many further measures one measure leads to"),
    "reproduction_ratio": (
        "λ",
        "reproduction",
        "the share of its own needs that taken production can sustain without exchange",
    ),
    "commodity_reproduction": (
        "κ",
        "commodity reproduction",
        "whether what is left of commodity production can still renew itself",
    ),
}


def summary_in_words(run: "Run") -> list[str]:
    """Plain sentences: what was run, its outcome, participation, struggles, force, and what is not computed."""
    return [
        what_was_run(run),
        outcome(run),
        participation(run),
        *struggles(run),
        *force(run),
        *comparisons(run),
        not_computed(run),
    ]


def what_was_run(run: "Run") -> str:
    """Scenario, length, seed, people, places, agents."""
    start, info = run.scenario.start, run.info
    title = f"“{run.scenario.title}” ({run.scenario.name})" if run.scenario.title else f"“{run.scenario.name}”"
    until = (
        f", {long_date(start)}"
        if run.days == 1
        else f", from {long_date(start)} to {long_date(date_of(start, run.days - 1))}"
    )
    scale = info["scale"]
    agents = "one agent stands for one person" if scale == 1 else (
        f"{counted(info['agents'], 'agent')}, each standing for {counted(scale, 'person', 'people')}")  # fmt: skip
    return (
        f"{title} was run for {counted(run.days, 'day')}{until}, with seed {run.seed}: "
        f"{counted(info['people'], 'person', 'people')} in {counted(len(run.places), 'place')} ({agents})."
    )


def outcome(run: "Run") -> str:
    """The outcome, its day and the rule."""
    found = run.outcome
    return f"Outcome: {found.name.replace('_', ' ')}, {dated(run.scenario.start, found.day)}. The rule that decided: {found.why}."


def participation(run: "Run") -> str:
    """The peak of participation."""
    from communize.store.targets import total_of

    if "active" not in run.series:
        return "People in struggle were not recorded: the mechanism of struggle is switched off."
    total = total_of(run.series, "active")
    day = int(total.argmax())
    if not total[day] > 0:
        return "Nobody was in struggle on any day."
    last = f"; on the last day it was {number(total[-1])}" if run.days > 1 else ""
    return (
        f"Participation was highest on {dated(run.scenario.start, day)}, with {counted(total[day], 'person', 'people')} "
        f"in struggle, {percent(total[day] / run.info['people'])} of all{last}."
    )


def struggles(run: "Run") -> list[str]:
    """Number, sizes, durations and endings of struggles."""
    if "active" not in run.series:
        return []
    frame = run.struggles
    if not len(frame):
        return ["No struggle began."]
    if len(frame) == 1:
        row = frame.iloc[0]
        sizes = f"One struggle began: at its peak it had {counted(row['peak_people'], 'person', 'people')}, and it lasted {counted(row['duration_days'], 'day')}."
    else:
        size, days = frame["peak_people"].quantile([0.5, 0.9]), frame["duration_days"].quantile([0.5, 0.9])
        sizes = (
            f"{number(len(frame))} struggles began. The median one had {number(size[0.5])} people at its peak "
            f"(90th percentile {number(size[0.9])}) and lasted {counted(days[0.5], 'day')} (90th percentile {number(days[0.9])})."
        )
    ends = run.outcome.endings
    parts = [f"{number(n)} {ENDS.get(end, end)}" for end, n in ends.items() if n and end != "going_on"]
    if ends.get("going_on"):
        parts.append(f"{number(ends['going_on'])} still going on at the end of the run")
    return [sizes, f"How they ended: {listed(parts)}."]


def force(run: "Run") -> list[str]:
    """Arrests and days of the state of exception."""
    from communize.store.targets import total_of

    series = run.series
    if "arrests" not in series:
        return ["The mechanism of State force is switched off."]
    arrests = float(total_of(series, "arrests").sum())
    sentence = f"State force: {counted(arrests, 'arrest')} in all" if arrests > 0 else "State force made no arrest"
    if "held" in series and arrests > 0:
        sentence += f", at most {counted(float(total_of(series, 'held').max()), 'person', 'people')} held on one day"
    if "exception" in series:
        days = int((series["exception"].to_numpy() > 0).sum())
        sentence += (
            f"; a state of exception on {number(days)} of {counted(run.days, 'day')}"
            if days
            else "; no state of exception"
        )
    return [sentence + "."]


def comparisons(run: "Run") -> list[str]:
    """How many real figures are met."""
    if not run.comparisons:
        return []
    hits = sum(comparison.hit for comparison in run.comparisons)
    missed = listed(comparison.name for comparison in run.comparisons if not comparison.hit)
    of = counted(len(run.comparisons), "real figure")
    return [
        f"Of {of}, the run meets {number(hits)} within what the scenario allows."
        + (f" Missed: {missed}." if missed else "")
    ]


def not_computed(run: "Run") -> str:
    """R, lambda and kappa: values, or why there are none."""
    known, unknown = [], []
    for symbol, name, value, why in three_numbers(run):
        if value is None:
            unknown.append(f"{symbol}, {name} ({why})")
        else:
            known.append(f"{symbol}, {name}, is {value}")
    sentences = [f"{listed(known)}."] if known else []
    sentences += [f"Not computed: {'; '.join(unknown)}."] if unknown else []
    return " ".join(sentences)


def three_numbers(run: "Run") -> list[tuple[str, str, str | None, str]]:
    """(symbol, name, value or None, meaning or why there is no value) of R, lambda and kappa."""
    rows: list[tuple[str, str, str | None, str]] = []
    for attribute, (symbol, name, meaning) in NUMBERS.items():
        value = getattr(run.outcome, attribute)
        if value is None:
            rows.append((symbol, name, None, run.outcome.not_computed.get(attribute, "no reason recorded")))
        else:
            rows.append((symbol, name, number(value, 3), meaning))
    return rows
