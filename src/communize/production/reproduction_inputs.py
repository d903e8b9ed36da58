"""What is given to the reproduction ratio, checked and brought into one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from communize.declare.errors import InputError
from communize.production.reproduction_table import Table, by_sector, dimensions, numbers, read_table


@dataclass(frozen=True, eq=False)
class Economy:
    """P places with K sectors each, all of one form: see `reproduction_ratio` for what the entries mean."""

    table: Table
    capacity: np.ndarray  # (P, K)
    wants: np.ndarray  # (P, K): need times people
    labour: np.ndarray  # (K,): 0 where none is given
    own: np.ndarray  # (P, K)
    movable: np.ndarray  # (P,)
    without_inputs: np.ndarray  # (P, K): 0 where none is given
    links: np.ndarray  # (E, 2)
    use: np.ndarray  # (E, K)
    transport: np.ndarray  # (P,), or (1,) for all places together
    sectors: tuple[Any, ...]
    places: tuple[Any, ...]
    flat: bool  # whether one place was given without an axis for places

    @property
    def shape(self) -> tuple[int, int]:
        """Places, sectors."""
        return self.capacity.shape[0], self.capacity.shape[1]

    @property
    def reach(self) -> np.ndarray:
        """Output that the own labour of each sector suffices for, (P, K)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.labour > 0, self.own / self.labour, np.inf)

    def of(self, places: np.ndarray, links: np.ndarray) -> Economy:
        """Some places, and some of the links between them."""
        row = np.zeros(self.shape[0], dtype=np.int64)
        row[places] = np.arange(places.size)
        shared = self.transport.size == 1
        return replace(
            self, table=self.table.of(places), capacity=self.capacity[places], wants=self.wants[places], own=self.own[places],
            movable=self.movable[places], without_inputs=self.without_inputs[places], links=row[self.links[links]], use=self.use[links],
            transport=self.transport if shared else self.transport[places], places=tuple(self.places[p] for p in places),
        )  # fmt: skip

    def merged(self, group: np.ndarray) -> Economy:
        """Places of the same group (P,) as one place each: goods and labour move freely inside it, and nowhere else."""
        n = int(group.max()) + 1

        def total(values: np.ndarray) -> np.ndarray:
            out = np.zeros((n, *values.shape[1:]))
            np.add.at(out, group, values)
            return out

        return replace(
            self, table=self.table.least(), capacity=total(self.capacity), wants=total(self.wants), own=total(self.own),
            movable=total(self.movable), without_inputs=total(self.without_inputs), links=self.links[:0], use=self.use[:0], transport=np.zeros(n), places=tuple(range(n)),
        )  # fmt: skip

    def arcs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Both directions of each link: sender, receiver, transport labour per unit (2 E, K), and whether the good can go (2 E, K)."""
        sender, receiver = np.concatenate([self.links, self.links[:, ::-1]]).T
        use = np.concatenate([self.use, self.use])
        paid = self.transport[0] if self.transport.size == 1 else self.transport[sender][:, None]
        return sender, receiver, use, np.isfinite(use) & ((use == 0) | (paid > 0))


def read_economy(
    A: Any, capacity: Any, need: Any, people: Any, labour: Any = None, own_labour: Any = None, movable_labour: Any = None,
    links: Any = None, transport: Any = None, transport_use: Any = None, sectors: Any = None, places: Any = None, imports: Any = None,
    without_inputs: Any = None,
) -> Economy:  # fmt: skip
    """Check all that `reproduction_ratio` takes; `imports` are added to A.

    Raises
    ------
    InputError
        See there.
    """
    if hasattr(A, "columns") and sectors is None:
        sectors = list(A.columns)
    shape = _axes(capacity, sectors)
    flat, n_sectors, n_places = (
        len(shape) == 1,
        shape[-1] if sectors is None else len(sectors),
        shape[0] if len(shape) == 2 else 1,
    )
    sector_names, place_names = _names("sectors", sectors, n_sectors), _names("places", places, n_places)
    axes = (place_names, sector_names)

    def by_cell(name: str, value: Any, infinite: bool = False) -> np.ndarray:
        if flat:
            return numbers(name, by_sector(name, value, sector_names), (n_sectors,), axes[1:], infinite)[None, :]
        return numbers(name, value, (n_places, n_sectors), axes, infinite)

    def by_place(name: str, value: Any, infinite: bool = False) -> np.ndarray:
        if n_places == 1 and dimensions(value) == 0:
            value = [value]
        return numbers(name, value, (n_places,), axes[:1], infinite)

    table = read_table(A, n_places, n_sectors, axes, imports)
    plant = by_cell("capacity", capacity, infinite=True)
    per_person = by_sector("need", need, sector_names)
    if dimensions(per_person) == 1:
        per_person = numbers("need", per_person, (n_sectors,), axes[1:])
    else:
        per_person = by_cell("need", need)
    drawing = by_place("people", people)
    if not drawing.any():
        raise InputError("people", 0, "people in at least one place: where nobody draws, lambda has no bound")
    wants = per_person * drawing[:, None]
    if not wants.any():
        raise InputError(
            "need", 0, "a need above 0 for at least one sector: where nobody needs anything, lambda has no bound"
        )

    own, movable, coefficients = np.zeros((n_places, n_sectors)), np.zeros(n_places), np.zeros(n_sectors)
    if labour is not None:
        if own_labour is None and movable_labour is None:
            raise InputError("own_labour", None, "own_labour, movable_labour or both, since labour is given")
        coefficients = numbers(
            "labour", by_sector("labour", labour, sector_names, complete=True), (n_sectors,), axes[1:]
        )
        if own_labour is not None:
            own = by_cell("own_labour", own_labour, infinite=True)
        if movable_labour is not None:
            movable = by_place("movable_labour", movable_labour, infinite=True)
    elif own_labour is not None or movable_labour is not None:
        given = "own_labour" if own_labour is not None else "movable_labour"
        raise InputError("labour", None, f"labour per unit of output of each sector, since {given} is given")

    bare = np.zeros((n_places, n_sectors)) if without_inputs is None else by_cell("without_inputs", without_inputs)
    pairs, use, supply = _transport(links, transport, transport_use, n_places, n_sectors, axes)
    return Economy(table, plant, wants, coefficients, own, movable, bare, pairs, use, supply, sector_names, place_names, flat)


def _transport(
    links: Any, transport: Any, transport_use: Any, n_places: int, n_sectors: int, axes: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if links is None:
        for name, value in (("transport", transport), ("transport_use", transport_use)):
            if value is not None:
                raise InputError("links", None, f"pairs of places between which goods move, since {name} is given")
        links = np.zeros((0, 2), dtype=np.int64)
    pairs = np.asarray(links)
    if pairs.size == 0:
        pairs = np.zeros((0, 2), dtype=np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.issubdtype(pairs.dtype, np.integer):
        raise InputError(
            "links", f"{pairs.dtype} of shape {pairs.shape}", "rows of two places each: whole numbers of shape (E, 2)"
        )
    wrong = ((pairs < 0) | (pairs >= n_places)).any(axis=1) | (pairs[:, 0] == pairs[:, 1])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(f"links[{row}]", pairs[row].tolist(), f"two different places, each 0 to {n_places - 1}")
    pairs = pairs.astype(np.int64)
    if (transport is None) != (transport_use is None):
        missing, given = ("transport", "transport_use") if transport is None else ("transport_use", "transport")
        raise InputError(
            missing, None, f"both or neither: {given} is given, and without either goods move freely along links"
        )
    if transport is None:
        return pairs, np.zeros((len(pairs), n_sectors)), np.zeros(n_places)
    if dimensions(transport_use) == 2:
        use = numbers(
            "transport_use", transport_use, (len(pairs), n_sectors), (range(len(pairs)), axes[1]), infinite=True
        )
    else:
        use = numbers(
            "transport_use",
            by_sector("transport_use", transport_use, axes[1], complete=True),
            (n_sectors,),
            axes[1:],
            infinite=True,
        )
        use = np.broadcast_to(use, (len(pairs), n_sectors))
    if dimensions(transport) == 0:
        return pairs, use, numbers("transport", transport, (), (), infinite=True)[None]
    return pairs, use, numbers("transport", transport, (n_places,), axes[:1], infinite=True)


def _axes(capacity: Any, sectors: Any) -> tuple[int, ...]:
    """The shape of capacity: (K,) or (P, K)."""
    if isinstance(capacity, Mapping):
        if sectors is None:
            raise InputError(
                "sectors", None, "the names of the sectors in the order of A, since capacity is given by name"
            )
        return (len(sectors),)
    if dimensions(capacity) not in (1, 2) or not all(np.shape(capacity)):
        raise InputError(
            "capacity", capacity, "numbers of shape (K,) for one place, (P, K) for P places, of at least one sector"
        )
    return np.shape(capacity)


def _names(name: str, given: Sequence[Any] | None, n: int) -> tuple[Any, ...]:
    names = tuple(range(n)) if given is None else tuple(given)
    if len(names) != n:
        raise InputError(name, f"{len(names)} names", f"{n}, one for each")
    if len(set(names)) != n:
        raise InputError(name, next(one for one in names if names.count(one) > 1), "names that differ")
    return names


def joined_components(n: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The component of each of `n` places, of places that pairs `first`, `second` join, numbered by their first place, int64 (n,)."""
    if not len(first):
        return np.arange(n)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    return connected_components(coo_array((np.ones(len(first)), (first, second)), shape=(n, n)), directed=False)[
        1
    ].astype(np.int64)
