"""Sectors, and how the industries of a table are added up to them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from communize.declare.errors import InputError, nearest_name

# The sectors of the society as it is given (`society.sectors`), in its order.
TEN_SECTORS = (
    "agriculture", "energy_water", "food", "textiles", "manufacturing", "construction", "trade", "transport", "finance_business",
    "public_social",
)  # fmt: skip

# The 56 industries (ISIC Rev. 4) of WIOD, 2016 release, https://doi.org/10.1111/roie.12178. Mining and refineries go with energy,
# waste with water, hotels and restaurants with trade, post with transport, media and telecommunications with business services.
_WIOD56 = {
    "agriculture": "A01 A02 A03",
    "energy_water": "B C19 D35 E36 E37-E39",
    "food": "C10-C12",
    "textiles": "C13-C15",
    "manufacturing": "C16 C17 C18 C20 C21 C22 C23 C24 C25 C26 C27 C28 C29 C30 C31_C32 C33",
    "construction": "F",
    "trade": "G45 G46 G47 I",
    "transport": "H49 H50 H51 H52 H53",
    "finance_business": "J58 J59_J60 J61 J62_J63 K64 K65 K66 L68 M69_M70 M71 M72 M73 M74_M75 N",
    "public_social": "O84 P85 Q R_S T U",
}
WIOD56_TO_TEN: dict[str, str] = {code: sector for sector, codes in _WIOD56.items() for code in codes.split()}


def target_sectors(
    codes: Sequence[str], aggregation: Mapping[str, str] | None, order: Iterable[str] | None, file: str | None = None
) -> tuple[str, ...]:
    """The sectors that `codes` are added up to: `order` if it is given, else in the order in which they first occur.

    Raises
    ------
    InputError
        A code of `aggregation` that `codes` lacks, one of `codes` left out, a sector that `order` lacks, or one of `order`
        to which nothing goes.
    """
    if aggregation is None:
        aggregation = {code: code for code in codes}
    there = set(codes)
    for code in aggregation:
        if code not in there:
            raise InputError(
                f"aggregation.{code}",
                code,
                f"one of the {len(codes)} codes of the table",
                nearest_name(code, codes),
                file,
            )
    for code in codes:
        if code not in aggregation:
            raise InputError(
                "aggregation",
                f"nothing for {code!r}",
                "a sector for every code of the table",
                nearest_name(code, aggregation),
                file,
            )
    for code, sector in aggregation.items():
        if not isinstance(sector, str) or not sector:
            raise InputError(f"aggregation.{code}", sector, "the name of a sector", None, file)
    used = tuple(dict.fromkeys(aggregation[code] for code in codes))
    if order is None:
        return used
    sectors = tuple(order)
    for code, sector in aggregation.items():
        if sector not in sectors:
            raise InputError(f"aggregation.{code}", sector, ", ".join(sectors), nearest_name(sector, sectors), file)
    for sector in sectors:
        if sector not in used:
            raise InputError(
                "aggregation", f"nothing that goes to {sector!r}", "at least one code for every sector", None, file
            )
    return sectors


def aggregation_matrix(
    codes: Sequence[str],
    aggregation: Mapping[str, str] | None,
    order: Iterable[str] | None = None,
    file: str | None = None,
) -> tuple[tuple[str, ...], np.ndarray]:
    """The sectors, and G, float64 (sectors, codes): 1 where a code goes to a sector. Flows Z become G Z G', vectors G v."""
    sectors = target_sectors(codes, aggregation, order, file)
    row = {sector: number for number, sector in enumerate(sectors)}
    matrix = np.zeros((len(sectors), len(codes)))
    for column, code in enumerate(codes):
        matrix[row[aggregation[code] if aggregation else code], column] = 1.0
    return sectors, matrix
