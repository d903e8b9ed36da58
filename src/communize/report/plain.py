"""A page of words, small figures and tables: one HTML file without scripts, which opens with no network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from communize.declare.errors import InputError


@dataclass(frozen=True)
class Table:
    """A table: what stands in the first column names the row."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page. `figures` and the second of each in `small` are SVG of `communize.report.drawing`."""

    title: str
    words: Sequence[str] = ()
    figures: Sequence[str] = ()
    small: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = field(default_factory=tuple)


def write_plain(path: Path, title: str, kicker: str, words: Sequence[str], sections: Sequence[Section]) -> Path:
    """Write the page; it appears whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    from communize.simulation.snapshot import version

    text = _render({"title": title, "kicker": kicker, "words": words, "sections": sections, "version": version(), "foot": f"communize {version()}"})
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise InputError("", str(path), f"a file that can be written ({error.strerror})") from None
    return path


def _render(contents: dict[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    from communize.report.drawing import STYLE
    from communize.report.page import assets

    environment = Environment(loader=PackageLoader("communize.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    sections = [
        {**vars(s), "figures": [Markup(f) for f in s.figures], "small": [(name, Markup(f)) for name, f in s.small]} for s in contents["sections"]
    ]
    return environment.get_template("plain.html").render({**contents, "sections": sections, "style": Markup(f"{assets()['style']}{STYLE}")})
