"""Makes the built-in figures again from the files that they were added up from.

``python -m communize.production.remake FOLDER TARGET`` reads ``FOLDER/io-wiod`` and ``FOLDER/io-critical-inputs`` and writes the files
of `production/data` to TARGET. The national tables of WIOD are read rounded to a million USD.
"""

import sys
from dataclasses import replace
from pathlib import Path

from communize.production.aggregation import TEN_SECTORS, WIOD56_TO_TEN
from communize.production.criticality import read_criticality, read_inventory_days
from communize.production.readers import WIOD, read_flows
from communize.production.tables import quoted, rows_text, toml_text

PICHLER = "https://doi.org/10.1016/j.jedc.2022.104527"
COUNTRIES = {
    "FRA": ("France", 2005, ""),
    "GRC": ("Greece", 2008, ""),
    "USA": (
        "United States",
        2007,
        "investment in energy_water holds a gross fixed capital formation of -72,074 in industry E37-E39, as WIOD has it",
    ),
    "BRA": ("Brazil", 2001, "stand-in for Argentina in 2001, which WIOD does not have"),
}
LICENCE = "Figures of WIOD, release of 2016, CC BY 4.0, added up from 56 industries to ten sectors (production/aggregation.py)."
CITATION = "Timmer, Dietzenbacher, Los, Stehrer and de Vries (2015), Review of International Economics 23(3), " + WIOD


def table_text(folder: Path, country: str) -> str:
    """The ten-sector table of a country as TOML."""
    title, year, note = COUNTRIES[country]
    flows = read_flows(folder / "io-wiod" / f"niot_{country}_2000_2014.csv.gz", year)
    table = flows.aggregate(WIOD56_TO_TEN, TEN_SECTORS, name=f"{title} {year}")
    return toml_text(replace(table, note=note), f"{LICENCE}\n{CITATION}")


def criticality_text(folder: Path) -> str:
    """Mean ratings of the ten sectors as TOML."""
    flows = read_flows(folder / "io-wiod" / "niot_FRA_2000_2014.csv.gz", 2005)
    given = read_criticality(
        folder / "io-critical-inputs" / "ihs_critical_inputs_wiod55.csv", flows, WIOD56_TO_TEN, TEN_SECTORS
    )
    lines = [
        "# Mean ratings by analysts of IHS Markit (UK, 2020) of rows as inputs of columns: 1 production stops without, 0 it does not.",
        f"# Weights: flows of France 2005, WIOD, {WIOD}", f"source = {quoted(PICHLER)}", 'unit = "1"',
        f"sectors = [{', '.join(map(quoted, given.sectors))}]", "", "[means]", *rows_text(given.sectors, given.means.round(4))]  # fmt: skip
    return "\n".join(lines) + "\n"


def inventories_text(folder: Path) -> str:
    """Days of stock of the ten sectors as TOML."""
    flows = read_flows(folder / "io-wiod" / "niot_FRA_2000_2014.csv.gz", 2005)
    days = read_inventory_days(
        folder / "io-critical-inputs" / "inventory_ratio_wiod56.csv", flows, WIOD56_TO_TEN, TEN_SECTORS
    )
    lines = [
        "# Stocks of inputs (UK, Office for National Statistics) in days of output: 30 times their ratio to monthly output.",
        f"# Weights: output of France 2005, WIOD, {WIOD}", f"source = {quoted(PICHLER)}", 'unit = "day"', "", "[days]",
        *(f"{sector} = {round(value, 1)}" for sector, value in days.items())]  # fmt: skip
    return "\n".join(lines) + "\n"


def remake(folder: Path, target: Path) -> None:
    """Write all files of `production/data` to `target`."""
    for country, (_, year, _) in COUNTRIES.items():
        (target / f"{country}-{year}.toml").write_text(table_text(folder, country))
    (target / "criticality.toml").write_text(criticality_text(folder))
    (target / "inventories.toml").write_text(inventories_text(folder))


if __name__ == "__main__":
    remake(Path(sys.argv[1]), Path(sys.argv[2]))
