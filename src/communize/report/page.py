"""The page of a run: one HTML file that opens with no network.

Imports of anything heavy stand inside functions, so that the command line can ask for a summary cheaply.
"""

import contextlib
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from communize.report.words import summary_in_words

if TYPE_CHECKING:
    from communize.store.run import Run

SCRIPTS = ("base.js", "dates.js", "charts.js", "curves.js", "columns.js", "scale.js", "map.js", "places.js", "tree.js", "start.js")
STYLES = ("uplot/uPlot.min.css", "report.css")


def write_report(run: "Run", path: str | Path) -> Path:
    """Write the page of a run; the file appears whole or not at all.

    Parameters
    ----------
    run
        A finished run.
    path
        The file, or a folder, in which it is then ``report.html``.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    from communize.declare.errors import InputError

    target = Path(path)
    if target.is_dir():
        target = target / "report.html"
    text = render(run)
    part = target.with_name(f"{target.name}.part-{uuid.uuid4().hex[:8]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, target)
    except OSError as error:
        raise InputError("", str(target), f"a file that can be written ({error.strerror})") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return target


def render(run: "Run") -> str:
    """The page of a run as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from communize.report import text

    environment = Environment(
        loader=PackageLoader("communize.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    environment.filters |= {"number": text.number, "with_links": text.with_links}
    return environment.get_template("page.html").render(contents(run))


def contents(run: "Run") -> dict[str, Any]:
    """All that the templates show."""
    from communize.report import (
        economy,
        figures,
        measures,
        opponents,
        places,
        provisioning,
        struggles,
        text,
        values,
        words,
    )

    start = run.scenario.start
    charts, further = figures.day_charts(run), figures.further_charts(run)
    observed, place_data, struggle = figures.observed_chart(run), places.map_data(run), struggles.struggle_data(run)
    measure, peak = measures.measure_data(run), places.peak_day(run)
    economic = economy.economy_data(run)
    provided = provisioning.provisioning_data(run)
    provided_charts = [*provided["charts"], *provided["folded"]] if provided else []
    economic_charts = [*economic["charts"], *economic["folded"]] if economic else []
    opposing = opponents.opponents_data(run)
    opposing_charts = [*opposing["charts"], *opposing["folded"]] if opposing else []
    measure_charts = [*measure["charts"], *measure["folded"]] if measure else []
    curves = [*(struggle["distributions"] if struggle else []), *(measure["distributions"] if measure else [])]
    return {
        "run": run,
        "head": run.scenario.tables.scenario,
        "first_date": text.long_date(start),
        "last_date": text.long_date(text.date_of(start, max(0, run.days - 1))),
        "outcome_name": run.outcome.name.replace("_", " "),
        "outcome_date": words.outcome_date(run),
        "numbers": words.three_numbers(run),
        "meanings": {symbol: meaning for symbol, _, meaning in words.NUMBERS.values()},
        "summary": summary_in_words(run),
        "comparisons": figures.compared(run),
        "observed": observed,
        "observed_source": run.scenario.tables.observed.source,
        "charts": charts,
        "further": further,
        "shocks": figures.shocks(run),
        "exception": figures.exception_days(run),
        "map": place_data,
        "peak_date": text.dated(start, peak),
        "struggles": struggle,
        "measures": measure,
        "opponents": opposing,
        "provisioning": provided,
        "economy": economic,
        "about_r": words.about_generalisation(run),
        "date_of_r": words.generalisation_date(run),
        "values": values.value_tables(run.scenario),
        "data": {
            "start": start.isoformat(),
            "days": run.days,
            "day": peak if place_data else max(0, run.days - 1),
            "charts": [*([observed] if observed else []), *charts, *measure_charts, *opposing_charts, *provided_charts, *economic_charts, *further],
            "shocks": figures.shocks(run),
            "distributions": curves,
            "columns": economic["bars"] if economic else [],
            "map": place_data,
            "tree": measure["tree"] if measure else None,
        },
        **assets(),
    }


def assets() -> dict[str, Any]:
    """Scripts and styles to stand in the page, with the hash that the page's content policy allows them by."""
    import base64
    import hashlib
    from importlib.resources import files

    from markupsafe import Markup

    folder = files("communize.report") / "assets"

    def read(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")

    library = f"/*!\n{read('uplot/LICENSE').strip()}\n*/\n{read('uplot/uPlot.iife.min.js')}"
    scripts = [library, "\n".join(read(name) for name in SCRIPTS)]
    hashes = [base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii") for script in scripts]
    return {
        "scripts": [Markup(script) for script in scripts],
        "style": Markup("\n".join(read(name) for name in STYLES)),
        "policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src "
        + " ".join(f"'sha256-{digest}'" for digest in hashes),
    }


__all__ = ["render", "summary_in_words", "write_report"]
