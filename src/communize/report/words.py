"""A run in plain sentences, for the head of the page and for the terminal."""

from typing import TYPE_CHECKING

from communize.report.text import CAUSES, CHANNELS, ENDS, counted, date_of, dated, listed, long_date, number, percent

if TYPE_CHECKING:
    from communize.store.run import Run

# Symbol, name and what it says, by attribute of the outcome.
NUMBERS = {
    "generalisation_number": ("R", "generalisation", "how many further measures one measure leads to, on the last day whose 180-day window holds a measure"),
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
    """Plain sentences: what was run, its outcome, participation, struggles, measures, force, the economy, the three numbers."""
    return [
        what_was_run(run),
        outcome(run),
        participation(run),
        *struggles(run),
        *measures(run),
        *force(run),
        *economy(run),
        *comparisons(run),
        not_computed(run),
    ]


def what_was_run(run: "Run") -> str:
    """Scenario, length, seed, people, places, agents."""
    start, info = run.scenario.start, run.info
    title = f"“{run.scenario.title}” ({run.scenario.name})" if run.scenario.title else f"“{run.scenario.name}”"
    until = (
        f", {long_date(start)}"
        if run.days <= 1
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
    return f"Outcome: {found.name.replace('_', ' ')}, {outcome_date(run)}. The rule that decided: {found.why}."


def outcome_date(run: "Run") -> str:
    """The day of the outcome, in words."""
    return dated(run.scenario.start, run.outcome.day) if run.days else "for the run has no day"


def participation(run: "Run") -> str:
    """The peak of participation."""
    from communize.store.targets import total_of

    if "active" not in run.series:
        return "People in struggle were not recorded: the mechanism of struggle is switched off."
    total = total_of(run.series, "active")
    if not total.any():
        return "Nobody was in struggle on any day."
    day = int(total.argmax())
    last = f"; on the last day it was {number(total[-1])}" if run.days > 1 else ""
    return (
        f"Participation was highest on {dated(run.scenario.start, day)}, with {counted(total[day], 'person', 'people')} "
        f"in struggle, {percent(total[day] / run.info['people'])} of all{last}."
    )


def struggles(run: "Run") -> list[str]:
    """Number, sizes, durations and endings of struggles."""
    if "struggles_begun" not in run.series:
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


def measures(run: "Run") -> list[str]:
    """Measures: how many began and how, in force, people in them, lifetimes, endings, origins, and the aim of struggles."""
    if "instances" not in run.series and not len(run.instances):
        return ["Measures are switched off."]
    frame = run.instances
    if not len(frame):
        return ["No measure began."]
    channels = [f"{number(n)} by {CHANNELS.get(str(name), str(name))}" for name, n in frame["channel"].value_counts().items() if n]
    practices = run.practices[run.practices["instances"] > 0]
    origins = practices["origin"].nunique()
    began = (
        f"{counted(len(frame), 'measure')} began: {listed(channels)}. They put {counted(len(practices), 'practice')} into force, "
        f"from {counted(origins, 'independent origin')}."
    )
    return [began, *_in_force(run), *_lifetimes(run), _endings(run), aim(run)]


def _in_force(run: "Run") -> list[str]:
    """Measures in force and people in them: at most, and on the last day."""
    from communize.store.targets import total_of

    sentences = []
    for name, one, many, where in (("instances", "measure", "measures", "in force"), ("participants", "person", "people", "in measures")):
        if name not in run.series:
            continue
        total = total_of(run.series, name)
        day = int(total.argmax()) if total.size else 0
        if not total.any():
            sentences.append(f"At the end of no day was a {one} {where}.")
            continue
        share = f", {percent(total[day] / run.info['people'])} of all" if name == "participants" else ""
        was = "was" if total[day] == 1 else "were"
        last = ", the last day" if day == run.days - 1 else f", and {number(total[-1])} on the last day"
        sentences.append(f"At most {counted(total[day], one, many)} {was} {where}{share}, on {dated(run.scenario.start, day)}{last}.")
    return [" ".join(sentences)] if sentences else []


def _lifetimes(run: "Run") -> list[str]:
    """Median and 90th percentile of lifetimes, by Kaplan and Meier."""
    from communize.report.lifetimes import quantile, survival

    frame = run.instances
    shares = survival(frame["duration_days"].to_numpy(), (frame["ended"] >= 0).to_numpy())
    half, most = quantile(shares, 0.5), quantile(shares, 0.9)
    if half is None:
        return ["More than half of the measures outlast what was seen of them, so that there is no median lifetime."]
    tail = f"90th percentile {number(most)}" if most is not None else "more than 1 in 10 outlast what was seen of them"
    return [f"The median measure lasted {counted(half, 'day')} ({tail}), where those still in force count only as long as they were seen."]


def _endings(run: "Run") -> str:
    ends = run.outcome.endings_of_measures
    causes = sorted(((n, cause) for cause, n in ends.items() if n and cause in CAUSES), key=lambda pair: -pair[0])
    parts = [f"{CAUSES[cause]} ({number(n)})" for n, cause in causes]
    ended = f"Why measures ended: {listed(parts)}" if parts else "No measure ended"
    still = ends.get("in_force", 0)
    return f"{ended}; {number(still)} {'was' if still == 1 else 'were'} in force at the end of the run."


def aim(run: "Run") -> str:
    """t_objective: from when on most struggles had changed their aim."""
    day = run.outcome.objective_day
    where = "demands in more than half of all struggles, by size"
    if day is None:
        return f"t_objective was not reached: never on 14 days on end did rift and measures outweigh {where}."
    return (
        f"t_objective was reached on {dated(run.scenario.start, day)}: for 14 days from then on, rift and measures outweighed {where}."
    )


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


def economy(run: "Run") -> list[str]:
    """Unemployment, wage share and profit rate at the end."""
    from communize.report.economy import in_words

    return in_words(run)[:2]


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
            about = "; ".join([f" on {generalisation_date(run)}", *about_generalisation(run)]) if symbol == "R" else ""
            known.append(f"{symbol}, {name}, is {value}{about}")
    sentences = [f"{'; '.join(known)}."] if known else []
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


def generalisation_date(run: "Run") -> str:
    """The day that R is of, in words."""
    day = run.outcome.generalisation_day
    return "" if day is None else dated(run.scenario.start, day)


def about_generalisation(run: "Run") -> list[str]:
    """What belongs to R: R_total and the peak; nothing where R is not computed."""
    found = run.outcome
    if found.generalisation_number is None or found.generalisation_number_total is None:
        return []
    total = f"R_total, with reinventions beside others, {number(found.generalisation_number_total, 3)}"
    if found.generalisation_number_of_foundings is not None:
        total += f"; of foundings alone, with sites that join counted to what they join, {number(found.generalisation_number_of_foundings, 3)}"
    peak = found.peak_generalisation_number
    if peak is None:
        return [total, "no peak, for no 180 days hold 30 measures"]
    days = (abs(run.series["generalisation_number"].to_numpy() - peak) <= 1e-6 * abs(peak)).nonzero()[0]
    return [total, f"peak {number(peak, 3)}" + (f" on {dated(run.scenario.start, int(days[0]))}" if len(days) else "")]
