"""Results as text: a line for each cell, and the Markdown that the documentation includes. Standard library only."""

from statistics import mean, median

import checks
import settings

INTRODUCTIONS = {
    "sir": (
        f"SIR on a random graph of mean degree {settings.SIR_MEAN_DEGREE:g}, {settings.SIR_STEPS} steps; a step: every infected person passes "
        f"it to each susceptible contact with probability {settings.BETA}, then recovers with probability {settings.GAMMA}; "
        f"{settings.SEED_SHARE:.0%} infected at first. All packages get the same edges and the same infected people."
    ),
    "threshold": (
        f"Threshold model (Watts 2002) on a random graph of mean degree {settings.THRESHOLD_MEAN_DEGREE:g}: adopt where the share of contacts "
        f"that have is at least {settings.PHI}; {settings.SEED_SHARE:.0%} active at first, until nothing changes. Same edges, same people."
    ),
    "epstein": "Civil violence (Epstein 2002, model I) as Mesa's example has it, with its defaults, on a square torus.",
}


BUSY = 1.1  # time over processor time, from which the tables say that the machine did other work


def seconds(value):
    """Three digits."""
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def run_time(cell):
    """Median time of a run, or why there is none."""
    if cell["runs"]:
        return seconds(median(run["run_s"] for run in cell["runs"]))
    if cell.get("failed") == "time":
        return f"over {cell['limit_s'] / 60:g} min" if cell["limit_s"] >= 60 else f"over {cell['limit_s']:g} s"
    if cell.get("failed") == "memory":
        return f"over {cell['memory_gib']:g} GiB"
    return "failed"


def outcome(cell):
    """What the model came to, as a mean over runs."""
    runs, people = cell["runs"], cell["people"]
    if not runs:
        return ""
    if cell["model"] == "sir":
        return f"{mean(run['infected'] for run in runs) / people:.4f}"
    if cell["model"] == "threshold":
        return f"{runs[0]['active']:,}"
    return f"{mean(run['active'] for run in runs):.5f}, {mean(run['jailed'] for run in runs):.4f}"


def in_a_line(cell):
    """A cell as a line of progress."""
    if not cell["runs"]:
        return run_time(cell)
    peak = cell["runs"][0]["peak_bytes"] / 2**20
    return f"{run_time(cell)} s, median of {len(cell['runs'])}; {peak:,.0f} MiB; {outcome(cell)}"


def rows(results, model):
    """Cells of the table of a model, as text: one row a size and package."""
    ours = {(cell["model"], cell["people"]): median(run["run_s"] for run in cell["runs"]) for cell in results["cells"] if cell["package"] == "communize" and cell["runs"]}
    cells = [cell for cell in results["cells"] if cell["model"] == model]
    for cell in sorted(cells, key=lambda cell: (cell["people"], list(settings.PACKAGES).index(cell["package"]))):
        runs, our = cell["runs"], ours.get((model, cell["people"]))
        times = [run["run_s"] for run in runs]
        yield (
            f"{runs[0].get('agents', cell['people']) if runs else cell['people']:,}",
            f"{settings.PACKAGES[cell['package']]} {cell.get('version', '')}".strip(),
            run_time(cell),
            f"{seconds(min(times))} – {seconds(max(times))}" if len(times) > 1 else "",
            seconds(median(times) / our) if times and our else "",
            seconds(cell["made_s"] + runs[0]["start_s"]) if runs else "",
            f"{runs[0]['peak_bytes'] / 2**20:,.0f}" if runs else "",
            str(len(runs)) if runs else "",
            outcome(cell),
        )


def header(model):
    """Names of the columns."""
    result = {"sir": "ever infected", "threshold": "active at the end", "epstein": "active, jailed"}[model]
    return ("people", "package", "run, s", "from – to", "times ours", "set-up, s", "memory, MiB", "runs", result)


def busy(cells):
    """How much longer the runs took than their processor time; much more than 1 where the machine did other work."""
    ratios = [run["run_s"] / run["cpu_s"] for cell in cells for run in cell["runs"] if run["run_s"] > 0.05 and run.get("cpu_s")]
    return median(ratios) if ratios else 1.0


def remarks(results, model):
    """What theory expects, hashes, and who cannot."""
    cells = [cell for cell in results["cells"] if cell["model"] == model and cell["runs"]]
    for people in sorted({cell["people"] for cell in cells}):
        group = [cell for cell in cells if cell["people"] == people]
        if model == "sir":
            epidemic = checks.Epidemic(group[0]["degrees"])
            allowed = checks.sir_tolerance(people, len(group[0]["runs"])) / people
            yield (
                f"{people:,} people: theory expects {epidemic.in_steps() / people:.4f} (EoN, whose time is continuous: "
                f"{epidemic.in_continuous_time() / people:.4f}), allowed ± {allowed:.4f} with {len(group[0]['runs'])} run(s); without an end "
                f"{epidemic.in_steps(5_000) / people:.4f}, the configuration model's final size."
            )
        if model == "threshold":
            sets = {run["set"] for cell in group for run in cell["runs"]}
            same = "all packages end with the very same people" if len(sets) == 1 else "NOT all packages end with the same people"
            yield f"{people:,} people: theory expects {checks.expected_active():.4f} active; {same}."
        if model == "epstein":
            active, jailed = (checks.epstein_tolerance(share, group) for share in ("active", "jailed"))
            yield (
                f"{people:,} people: means over {group[0]['steps']} steps, as shares of citizens; allowed differences {active:.5f} and "
                f"{jailed:.4f}. The number of agents is drawn in Mesa."
            )
        for cell in group:
            if cell["package"] == "communize":
                yield f"{people:,} people: our state hash at seed 1 is `{cell['runs'][0]['hash']}`."
    if busy(cells) > BUSY:
        yield f"The machine was busy: runs took {busy(cells):.2f} times their processor time, so that these times mean little."
    missing = [f"{settings.PACKAGES[package]}: {why}" for (of, package), why in settings.CANNOT.items() if of == model]
    if missing:
        yield f"Not there: {'; '.join(missing)}."


def markdown(results):
    """All tables, to be included in a page."""
    machine = results["machine"]
    parts = [
        f"Measured on {results['date']}: {machine['processor']}, {machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}; "
        "one thread, every row in a process of its own. Median of the runs stated; graph, agents and compilation are excluded (set-up). "
        "Memory is the largest resident size of the process up to the end of its first run: interpreter, packages, graph and model."
    ]
    for model in settings.MODELS:
        lines = list(rows(results, model))
        if lines:
            columns = header(model)
            parts.append(f"### {settings.MODELS[model][0].upper()}{settings.MODELS[model][1:]}\n\n{INTRODUCTIONS[model]}")
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *lines)))
            parts.append("\n".join(f"- {remark}" for remark in remarks(results, model)))
    return "\n\n".join(parts) + "\n"


def plain(results):
    """The same for a terminal."""
    parts = []
    for model in settings.MODELS:
        lines = list(rows(results, model))
        if lines:
            grid = [header(model), *lines]
            widths = [max(len(line[column]) for line in grid) for column in range(len(grid[0]))]
            parts += ["", settings.MODELS[model], *("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in grid)]
            parts += [f"  {remark}" for remark in remarks(results, model)]
    return "\n".join(parts)
