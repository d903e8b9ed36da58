"""Tables from files: national tables in one CSV, and tables of the whole world through pymrio.

``read_table("niot_FRA_2000_2014.csv.gz", WIOD56_TO_TEN, 2005, order=TEN_SECTORS)`` reads a national table of the layout that is
described at `read_national`. Tables of many regions (WIOD of 2013, EXIOBASE 3, OECD ICIO, or what pymrio has saved) need
``pip install communize[tables]``; they are reduced to one region, and what comes from all others becomes imports by supplying sector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.files import is_file
from communize.production.regions import flows_of_system, parse
from communize.production.tables import Flows, InputOutput

WIOD = "https://doi.org/10.1111/roie.12178"
SOURCES = {
    "national": WIOD,
    "wiod": WIOD,
    "exiobase3": "https://doi.org/10.1111/jiec.12715",
    "oecd": "https://www.oecd.org/sti/ind/inter-country-input-output-tables.htm",
    "pymrio": "",
}
LAYOUTS = tuple(SOURCES)


def read_table(
    file: str | Path, aggregation: Mapping[str, str] | None = None, year: int | None = None, *, region: str | None = None,
    layout: str | None = None, order: Iterable[str] | None = None, name: str | None = None, source: str | None = None,
    categories: Mapping[str, str] | None = None,
) -> InputOutput:  # fmt: skip
    """A table from a file, its industries added up to sectors.

    Parameters
    ----------
    file
        A CSV with one country, or a file or folder that pymrio can read.
    aggregation
        Sector of every code of the file; None keeps the codes. Nothing may be left out.
    year
        Which year, if the file holds several.
    region
        Which region of a table of many.
    layout
        "national", "wiod", "exiobase3", "oecd", or "pymrio" for what pymrio saved; told by the file's name if not given.
    order
        All sectors in their order; that in which they first occur if it is not given.
    name, source
        Name of the table, and a URL or DOI; the file's and the layout's own if not given.
    categories
        What columns of final demand stand for that are not in `regions.CATEGORIES`: "households", "government", "investment" or "exports".

    Raises
    ------
    InputError
        The file, a code, a cell or the whole table cannot be used; or pymrio is missing.
    """
    return read_flows(
        file, year, region=region, layout=layout, name=name, source=source, categories=categories
    ).aggregate(aggregation, order)


def read_flows(
    file: str | Path, year: int | None = None, *, region: str | None = None, layout: str | None = None, name: str | None = None,
    source: str | None = None, categories: Mapping[str, str] | None = None,
) -> Flows:  # fmt: skip
    """A table as the file gives it, industries without output included: see `read_table`."""
    path = str(file)
    layout = layout or _layout_of(path)
    if layout not in LAYOUTS:
        raise InputError("layout", layout, ", ".join(LAYOUTS), nearest_name(layout, LAYOUTS), path)
    source = SOURCES[layout] if source is None else source
    if layout == "national":
        if region is not None:
            raise InputError("region", region, "none: the file holds one country", None, path)
        return read_national(path, year, name=name, source=source)
    system = parse(path, layout, year)
    year = year or _year_of(path)
    return flows_of_system(system, region, name=name, year=year, source=source, categories=categories, file=path)


def _layout_of(file: str) -> str:
    name = Path(file).name
    if re.match(r"ICIO\d{4}_", name):
        return "oecd"
    if name.lower().startswith("wiot"):
        return "wiod"
    if re.match(r"IOT_\d{4}_(ixi|pxp)|exiobase", name, re.IGNORECASE):
        return "exiobase3"
    if name.lower().endswith((".csv", ".csv.gz")):
        return "national"
    if not Path(file).exists():
        raise InputError("", file, "a file that exists")
    raise InputError("layout", "nothing", f"one of {', '.join(LAYOUTS)}, as the file's name does not tell", None, file)


def _year_of(file: str) -> int | None:
    years = re.findall(r"(?:19|20)\d\d", Path(file).name)
    return int(years[-1]) if years else None


# --- one country in a CSV ---


def read_national(file: str, year: int | None = None, *, name: str | None = None, source: str = WIOD) -> Flows:
    """A national table: the industries of one country, what they use from home and from abroad, by supplying industry.

    The file is a CSV with the columns `year`, `code`, `origin`, one column an industry, then `CONS_h`, `CONS_np`, `CONS_g`, `GFCF`,
    `INVEN`, `EXP` and `GO`. For each year it has one row an industry with the origin `Domestic`, one with `Imports`, and rows with the
    origin `TOT`: `VA`, and any of `TXSP`, `EXP_adj`, `PURR`, `PURNR` and `IntTTM`, which add up to `taxes`. This is the layout of the
    national tables of WIOD, release of 2016, with years below each other. Unit: millions of US dollars.
    """
    frame = read_csv(file)
    at_year, year = _one_year(frame, year, file)
    rows = {origin: at_year[at_year["origin"] == origin] for origin in ("Domestic", "Imports", "TOT")}
    for origin in at_year["origin"].unique():
        if origin not in rows:
            raise InputError("origin", origin, ", ".join(rows), nearest_name(origin, rows), file)
    codes = [str(code) for code in rows["Domestic"]["code"]]
    if not codes:
        raise InputError("origin", "no row of origin Domestic", "one row an industry", None, file)
    for origin, part in rows.items():
        twice = part["code"][part["code"].duplicated()]
        if len(twice):
            raise InputError(
                f"{twice.iloc[0]} ({origin})", "more than one row", f"one row in the year {year}", None, file
            )
    abroad = [str(code) for code in rows["Imports"]["code"]]
    for code in (*abroad, *codes):
        if code not in codes or code not in abroad:
            where = "Imports" if code in codes else "Domestic"
            raise InputError(
                f"{code} ({where})",
                "no such row",
                "the same industries at home and abroad",
                nearest_name(code, abroad if code in codes else codes),
                file,
            )
    finals = ("CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN", "EXP")
    for column in (*codes, *finals, "GO"):
        if column not in frame:
            raise InputError(
                "columns",
                f"no column {column!r}",
                "a column for every industry, final demand and GO",
                nearest_name(column, frame.columns),
                file,
            )

    home = {column: _numbers(rows["Domestic"], column, year, file) for column in (*codes, *finals, "GO")}
    imports = rows["Imports"].set_index("code").reindex(codes).reset_index()
    foreign = {column: _numbers(imports, column, year, file) for column in (*codes, "CONS_h", "CONS_np")}
    for part, origin in ((home, "Domestic"), (foreign, "Imports")):
        for column in codes:
            if (part[column] < 0).any():
                row = int(np.argmax(part[column] < 0))
                raise InputError(
                    _cell(codes[row], origin, column, year), float(part[column][row]), "at least 0", None, file
                )

    below = rows["TOT"].set_index("code", drop=False)
    if "VA" not in below.index:
        raise InputError(
            "VA (TOT)", "no such row", "value added of every industry", nearest_name("VA", below.index), file
        )
    totals = {code: np.concatenate([_numbers(below.loc[[code]], column, year, file) for column in codes])
              for code in ("VA", "TXSP", "EXP_adj", "PURR", "PURNR", "IntTTM") if code in below.index}  # fmt: skip
    return Flows(
        name=name or f"{Path(file).name.split('.')[0]} {year}", sectors=tuple(codes),
        domestic=np.column_stack([home[column] for column in codes]), imported=np.column_stack([foreign[column] for column in codes]),
        households=home["CONS_h"] + home["CONS_np"], households_imported=foreign["CONS_h"] + foreign["CONS_np"],
        government=home["CONS_g"], investment=home["GFCF"] + home["INVEN"], exports=home["EXP"], output=home["GO"],
        value_added=totals.pop("VA"), taxes=sum(totals.values(), np.zeros(len(codes))),
        unit="million US dollars, current basic prices", year=year, source=source, file=file)  # fmt: skip


def read_csv(file: str, missing: tuple[str, ...] = ("",)) -> Any:
    """A CSV as a data frame, codes as text; `InputError` if it cannot be read."""
    import pandas as pd

    if not is_file(file):
        raise InputError("", file, "a CSV file that exists")
    try:
        texts: Any = {"code": str, "origin": str, "wiod_code": str}
        return pd.read_csv(file, keep_default_na=False, na_values=list(missing), low_memory=False, dtype=texts)
    except Exception as error:
        raise InputError("", file, f"a readable CSV file ({type(error).__name__})") from None


def _one_year(frame: Any, year: int | None, file: str) -> tuple[Any, int]:
    for column in ("year", "code", "origin"):
        if column not in frame:
            raise InputError(
                "columns",
                list(map(str, frame.columns[:8])),
                f"a table with the column {column!r}",
                nearest_name(column, frame.columns),
                file,
            )
        if frame[column].isna().any():
            raise InputError(
                column, f"an empty cell in row {int(np.argmax(frame[column].isna())) + 1}", "no empty cells", None, file
            )
    years = sorted(frame["year"].unique().tolist())
    if not all(isinstance(entry, int) for entry in years) or not years:
        raise InputError("year", years[0] if years else "no rows", "whole numbers", None, file)
    if year is None and len(years) == 1:
        year = years[0]
    if year is None or year not in years:
        raise InputError("year", year, f"one of the years {years[0]} to {years[-1]}", None, file)
    return frame[frame["year"] == year], year


def _cell(row: str, origin: str, column: str, year: int) -> str:
    return f"{row} ({origin}), column {column}, year {year}"


def _numbers(frame: Any, column: str, year: int, file: str) -> np.ndarray:
    """A column as float64, or an `InputError` that names the first cell that is no finite number."""
    import pandas as pd

    values = numbers_of(frame[column])
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        row = frame.iloc[wrong[0]]
        found = "nothing" if pd.isna(row[column]) else row[column]
        raise InputError(_cell(row["code"], row["origin"], column, year), found, "a finite number", None, file)
    return values


def numbers_of(column: Any) -> np.ndarray:
    """A column of a data frame as float64, NaN for what is no number."""
    import pandas as pd

    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
