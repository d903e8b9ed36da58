"""Numbers, dates and sources as people read them."""

import datetime
import math
import re
from collections.abc import Iterable
from typing import Any

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
ENDS = {"going_on": "still going on", "settled": "settled", "ebbed": "ebbed", "repressed": "repressed"}
# Through what a measure began or a practice arose.
CHANNELS = {
    "reinvention": "reinvention", "adoption": "adoption", "adaptation": "adaptation", "grafting": "grafting",
    "rallying": "rallying", "seeded": "seeding", "broadcast": "broadcast",
}  # fmt: skip
# Why a measure ended, in the words of the page; what is in force at the end of the run stands apart.
CAUSES = {
    "spent": "spent", "isolation": "isolation", "need": "needs not met", "ebb": "ebb of the struggle around",
    "eviction": "eviction", "below_mass": "too few people", "other_measure": "an opposed measure", "replaced": "replaced",
    "recuperated": "a firm again", "removed": "taken out by hand",
}  # fmt: skip
# Who holds money, and what meets needs.
ACCOUNTS = {"households": "households", "firms": "firms (their owners)", "bank": "the bank", "state": "the State", "markets": "spent, not yet received"}
PROVIDED = {"wage": "wages and profits", "benefit": "benefits", "credit": "credit", "inherited": "free, from what was taken", "made": "free, from what is made", "goods": "what measures sell", "dropped": "needs that fall away", "unmet": "unmet"}
MODES = {"contested": "contested", "taken": "taken", "abandoned": "abandoned", "destroyed": "destroyed"}
SCOPES = {"site": "one site", "place": "one place", "between_places": "between places"}
UNITS = {
    "person": "people", "site": "sites", "struggle": "struggles", "incident": "incidents", "place": "places",
    "instance": "measures", "practice": "practices", "family": "families", "link": "links", "1": "no unit", "yes/no": "1 yes, 0 no",
}  # fmt: skip
ADDRESS = re.compile(r"https?://[^\s<>\"']+|\b10\.\d{4,9}/[^\s<>\"']+")


def number(value: float | None, digits: int = 4) -> str:
    """A number with separators; whole ones in full, others with `digits` significant digits."""
    if value is None or not math.isfinite(value):
        return "not a number"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    if abs(value) < 1e-4:
        return f"{value:.{digits - 1}g}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """A share as a percentage with two or three significant digits."""
    return f"{number(100.0 * share, 3)}%"


def counted(n: float, one: str, many: str | None = None) -> str:
    """``1 place``, ``2 places``."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def spaced(name: str) -> str:
    """A name of the registry as words: ``wage labour`` for ``wage_labour``."""
    return name.replace("_", " ")


def needs_of(names: str) -> str:
    """Needs of a practice, as the table of practices gives them: ``food and energy-water`` for ``food energy_water``."""
    return listed(name.replace("_", "-") for name in names.split()) or "no need"


def sector_name(name: str) -> str:
    """A sector as its names: ``energy-water`` for ``energy_water``."""
    return name.replace("_", "-")


def date_of(start: datetime.date, day: int) -> datetime.date:
    """Date of a day of the run."""
    return start + datetime.timedelta(days=int(day))


def long_date(date: datetime.date) -> str:
    """``3 March 2005``, whatever the locale."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def dated(start: datetime.date, day: int) -> str:
    """``3 March 2005 (day 61)``; day 0 is the first."""
    return f"{long_date(date_of(start, day))} (day {day})"


def unit(name: str | None) -> str:
    """A unit of the registry in the words of an axis."""
    return UNITS.get(name or "", name or "")


def with_links(text: str | None) -> list[tuple[str, str | None]]:
    """Split a source into (text, address or None); only http and https addresses and bare DOIs become links."""
    text = text or ""
    parts: list[tuple[str, str | None]] = []
    last = 0
    for match in ADDRESS.finditer(text):
        shown = match.group().rstrip(".,;:")
        while shown.endswith(")") and shown.count(")") > shown.count("("):
            shown = shown[:-1].rstrip(".,;:")
        if match.start() > last:
            parts.append((text[last : match.start()], None))
        parts.append((shown, shown if shown.startswith("http") else f"https://doi.org/{shown}"))
        last = match.start() + len(shown)
    if last < len(text):
        parts.append((text[last:], None))
    return parts


def listed(words: Iterable[str]) -> str:
    """``a, b and c``."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def plain(values: Any) -> list[float | int | None]:
    """An array as JSON numbers: six significant digits, whole numbers as integers, None where not finite."""
    return [_plain(float(value)) for value in values]


def _plain(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    if value.is_integer() and abs(value) < 2**53:
        return int(value)
    return float(f"{value:.6g}")
