"""One region of a table of many, as pymrio holds them: what comes from all other regions becomes imports by supplying sector."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.production.tables import Flows, InputOutput

# Columns of final demand by name, in national tables of WIOD, EXIOBASE 3 and pymrio's test system, OECD ICIO and WIOD of 2013.
CATEGORIES = {
    "households": (
        "CONS_h", "CONS_np", "HFCE", "NPISH", "DPABR", "DIRP", "P33", "c37", "c38", "Final consumption expenditure by households",
        "Final consumption expenditure by non-profit organisations serving households (NPISH)",
    ),
    "government": ("CONS_g", "GGFC", "c39", "Final consumption expenditure by government"),
    "investment": (
        "GFCF", "INVEN", "INVNT", "DISC", "c41", "c42", "Gross fixed capital formation", "Changes in inventories",
        "Changes in valuables",
    ),
    "exports": ("EXP", "Export", "Exports: Total (fob)"),
}  # fmt: skip
VALUE_ADDED = re.compile(r"value added|^VA$|^VALU$", re.IGNORECASE)
INCOMES = re.compile(r"compensation of employees|operating surplus|other net taxes on production", re.IGNORECASE)
TAXES = re.compile(
    r"^taxes less subsidies|TLS$|TAXSUB$|transport margins|cif/ ?fob|direct purchases|purchases on the domestic",
    re.IGNORECASE,
)


def import_pymrio() -> Any:
    """The package pymrio, or an `InputError` that says how to get it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("pymrio")
    except ImportError:
        raise InputError(
            "layout", "no package pymrio", "pymrio for tables of many regions: pip install communize[tables]"
        ) from None


def parse(file: str, layout: str, year: int | None) -> Any:
    """The `pymrio.IOSystem` of a file or folder."""
    pymrio = import_pymrio()
    if not Path(file).exists():
        raise InputError("", file, "a file or folder that exists")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if layout == "wiod":
                return pymrio.parse_wiod(file, year=year)
            if layout == "oecd":
                return pymrio.parse_oecd(file, year=year)
            return pymrio.parse_exiobase3(file) if layout == "exiobase3" else pymrio.load_all(file)
    except Exception as error:
        raise InputError(
            "", file, f"a table that pymrio can read as {layout} ({type(error).__name__}: {error})"
        ) from None


def read_system(
    system: Any, region: str | None, aggregation: Mapping[str, str] | None = None, *, order: Iterable[str] | None = None,
    name: str | None = None, year: int | None = None, source: str = "", categories: Mapping[str, str] | None = None,
) -> InputOutput:  # fmt: skip
    """One region of a `pymrio.IOSystem`, its sectors added up: see `read_table`."""
    return flows_of_system(system, region, name=name, year=year, source=source, categories=categories).aggregate(
        aggregation, order
    )


def flows_of_system(
    system: Any, region: str | None, *, name: str | None = None, year: int | None = None, source: str = "",
    categories: Mapping[str, str] | None = None, file: str | None = None,
) -> Flows:  # fmt: skip
    """One region of a `pymrio.IOSystem`: what it takes from all others becomes imports, what it sends them exports.

    Exports hold what others use as inputs and in final demand, and the table's own column of exports if it has one. Output is
    what the table says, or the sum of the row. Value added is taken from the factor inputs; a table without any gets
    what is left of output after all inputs, and says so in its note.
    """
    flows, demand = system.Z, system.Y
    if flows is None or demand is None:
        raise InputError(
            "Z" if flows is None else "Y", "nothing", "a system with flows Z and final demand Y", None, file
        )
    regions = [str(entry) for entry in flows.index.get_level_values(0).unique()]
    if region not in regions:
        raise InputError(
            "region", region, f"one of {', '.join(regions)}", nearest_name(region, regions) if region else None, file
        )
    supplier = flows.index.get_level_values(0).to_numpy().astype(str)
    product = flows.index.get_level_values(1).to_numpy().astype(str)
    own = supplier == region
    sectors = tuple(product[own].tolist())
    unknown = sorted(set(product[~own]) - set(sectors))
    if unknown:
        raise InputError(
            "sectors", unknown[0], f"the sectors of {region}, as everywhere", nearest_name(unknown[0], sectors), file
        )
    to_sector = np.array([[one == other for other in product[~own]] for one in sectors], dtype=np.float64).reshape(
        len(sectors), -1
    )

    columns = flows.columns.get_level_values(0).to_numpy().astype(str) == region
    values = flows.to_numpy(dtype=np.float64)
    users = tuple(flows.columns.get_level_values(1).to_numpy().astype(str)[columns].tolist())
    if users != sectors:
        raise InputError(
            "sectors",
            "other columns than rows",
            f"the sectors of {region} in rows and columns, in one order",
            None,
            file,
        )
    final, kind = demand.to_numpy(dtype=np.float64), _kinds(demand, categories, file)
    takers = demand.columns.get_level_values(0).to_numpy().astype(str)
    ours = (takers == region) | (takers == "ALL")  # so pymrio calls the region of OECD's statistical discrepancy
    of_row = {group: final[:, ours & (kind == group)].sum(axis=1) for group in CATEGORIES}

    output = values[own].sum(axis=1) + final[own].sum(axis=1)
    if system.x is not None:
        output = np.asarray(system.x, dtype=np.float64).reshape(-1)[own]
    used = values[:, columns]
    domestic, imported = used[own], to_sector @ used[~own]
    added, taxes = _factor_inputs(system, columns)
    note = ""
    if added is None:
        added = output - domestic.sum(axis=0) - imported.sum(axis=0) - taxes
        note = "value added is what is left of output after all inputs: the table has none of its own"
    return Flows(
        name=name or " ".join(map(str, filter(None, (region, year)))), sectors=sectors, domestic=domestic, imported=imported,
        households=of_row["households"][own], households_imported=to_sector @ of_row["households"][~own],
        government=of_row["government"][own], investment=of_row["investment"][own],
        exports=of_row["exports"][own] + values[own][:, ~columns].sum(axis=1) + final[own][:, ~ours].sum(axis=1),
        value_added=added, taxes=taxes, output=output, unit=_unit(system), year=year, source=source, note=note, file=file)  # fmt: skip


def _kinds(demand: Any, categories: Mapping[str, str] | None, file: str | None) -> np.ndarray:
    """What each column of final demand stands for."""
    known = {name.casefold(): group for group, names in CATEGORIES.items() for name in names}
    for name, group in (categories or {}).items():
        if group not in CATEGORIES:
            raise InputError(f"categories.{name}", group, ", ".join(CATEGORIES), nearest_name(group, CATEGORIES), file)
        known[name.casefold()] = group
    found = [str(entry[1] if isinstance(entry, tuple) else entry) for entry in demand.columns]
    for name in found:
        if name.strip().casefold() not in known:
            allowed = (
                f"a column of final demand that is known, or named in `categories` as one of {', '.join(CATEGORIES)}"
            )
            raise InputError(f"final demand, column {name}", name, allowed, nearest_name(name, known), file)
    return np.array([known[name.strip().casefold()] for name in found])


def _factor_inputs(system: Any, columns: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Value added of the region's sectors if the table tells it, and taxes on products with margins."""
    for extension in ("factor_inputs", "satellite"):
        table = getattr(getattr(system, extension, None), "F", None)
        if table is None:
            continue
        names = [str(entry[0] if isinstance(entry, tuple) else entry) for entry in table.index]
        values = table.to_numpy(dtype=np.float64)[:, columns]
        added = [row for row, name in enumerate(names) if VALUE_ADDED.search(name)]
        added = added or [row for row, name in enumerate(names) if INCOMES.search(name)]
        if added:
            taxes = [row for row, name in enumerate(names) if TAXES.search(name) and row not in added]
            return values[added].sum(axis=0), values[taxes].sum(axis=0)
    return None, np.zeros(int(columns.sum()))


def _unit(system: Any) -> str:
    units = [] if getattr(system, "unit", None) is None else sorted(set(system.unit.iloc[:, 0].astype(str)))
    return units[0] if len(units) == 1 else ", ".join(units) or "not given"
