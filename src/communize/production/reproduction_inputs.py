"""What is given to the reproduction ratio, checked and brought into one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.production.leontief import spectral_radius

LARGEST_MULTIPLIER = 1e12  # gross output for one unit of everything: beyond, I - A is singular but for rounding


@dataclass(frozen=True, eq=False)
class Table:
    """Input coefficients of K sectors: one table for all places, or one for each of P, none negative, each productive.

    Parameters
    ----------
    matrix
        (K, K), array or CSR, or block-diagonal CSR (P K, P K).
    inverse
        (I - A)^-1 of an array.
    """

    matrix: Any
    n_sectors: int
    inverse: np.ndarray | None = None

    @property
    def common(self) -> bool:
        """Whether all places have the same table."""
        return self.matrix.shape[0] == self.n_sectors

    @property
    def pattern(self) -> Any:
        """Where there are inputs: CSR of 1.0 in the shape of the matrix."""
        from scipy.sparse import csr_array

        return csr_array(self.matrix > 0, dtype=np.float64)

    def of(self, places: np.ndarray) -> Table:
        """The table of some places."""
        if self.common:
            return self
        cells = (places[:, None] * self.n_sectors + np.arange(self.n_sectors)).ravel()
        return Table(self.matrix[cells][:, cells], self.n_sectors)

    def least(self) -> Table:
        """The smallest coefficient that any place has: no mixture of the tables needs less of anything."""
        if self.common:
            return self
        from scipy.sparse import coo_array

        n, blocks = self.n_sectors, coo_array(self.matrix)
        cell, which = np.unique((blocks.row % n) * n + blocks.col % n, return_inverse=True)
        smallest = np.full(cell.size, np.inf)
        np.minimum.at(smallest, which, blocks.data)
        smallest[np.bincount(which, minlength=cell.size) < self.matrix.shape[0] // n] = 0.0
        dense = np.zeros((n, n))
        dense.flat[cell] = smallest
        return Table(dense, n, np.linalg.inv(np.eye(n) - dense))

    def totals(self, final: np.ndarray) -> np.ndarray:
        """Gross output of each place for its final demand, all made there, (P, K); exactly 0 of what it does not need."""
        needed = self.needed(final)
        return np.where(needed, np.maximum(self._solve(final), final), 0.0)

    def values(self, weights: np.ndarray) -> np.ndarray:
        """What a unit of each good takes up, where a unit made in sector k takes up weights[k], (P, K): v with v - A'v = weights."""
        return np.maximum(self._solve(weights, transposed=True), 0.0)

    def added(self, prices: np.ndarray) -> np.ndarray:
        """What is left of the price of each good after its inputs, prices - A'prices, (P, K)."""
        if self.common:
            return prices - (self.matrix.T @ prices.T).T
        return prices - (self.matrix.T @ prices.ravel()).reshape(prices.shape)

    def needed(self, final: np.ndarray) -> np.ndarray:
        """Which sectors a place needs, directly or not, bool (P, K). Of the pattern alone, so that rounding makes no need."""
        pattern, known = self.pattern, final > 0
        while True:
            used = pattern @ known.T if self.common else (pattern @ known.ravel()).reshape(known.shape).T
            wider = known | (used.T > 0)
            if (wider == known).all():
                return known
            known = wider

    def _solve(self, right: np.ndarray, transposed: bool = False) -> np.ndarray:
        if self.inverse is not None:
            return right @ (self.inverse if transposed else self.inverse.T)
        flat = right.T if self.common else right.ravel()
        return _factors(self.matrix).solve(flat, "T" if transposed else "N").T.reshape(right.shape)


@dataclass(frozen=True, eq=False)
class Economy:
    """P places with K sectors each, all of one form: see `reproduction_ratio` for what the entries mean."""

    table: Table
    capacity: np.ndarray  # (P, K)
    wants: np.ndarray  # (P, K): need times people
    labour: np.ndarray  # (K,): 0 where none is given
    own: np.ndarray  # (P, K)
    movable: np.ndarray  # (P,)
    links: np.ndarray  # (E, 2)
    use: np.ndarray  # (E, K)
    transport: np.ndarray  # (P,), or (1,) for all places together
    sectors: tuple[Any, ...]
    places: tuple[Any, ...]
    flat: bool  # whether one place was given without an axis for places

    @property
    def shape(self) -> tuple[int, int]:
        """Places, sectors."""
        return self.capacity.shape  # type: ignore

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
            movable=self.movable[places], links=row[self.links[links]], use=self.use[links],
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
            movable=total(self.movable), links=self.links[:0], use=self.use[:0], transport=np.zeros(n), places=tuple(range(n)),
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
) -> Economy:  # fmt: skip
    """Check all that `reproduction_ratio` takes; `imports` are added to A.

    Raises
    ------
    InputError
        See there.
    """
    if hasattr(A, "columns") and sectors is None:
        sectors = list(A.columns)
    flat = isinstance(capacity, Mapping) or np.ndim(capacity) == 1
    _check_axes(capacity, sectors)
    n_sectors = len(sectors) if sectors is not None else np.shape(capacity)[-1]
    n_places = 1 if flat else len(capacity)
    sector_names, place_names = _names("sectors", sectors, n_sectors), _names("places", places, n_places)
    axes = (place_names, sector_names)

    def by_cell(name: str, value: Any, infinite: bool = False) -> np.ndarray:
        if flat:
            return numbers(name, by_sector(name, value, sector_names), (n_sectors,), axes[1:], infinite)[None, :]
        return numbers(name, value, (n_places, n_sectors), axes, infinite)

    def by_place(name: str, value: Any, infinite: bool = False) -> np.ndarray:
        if n_places == 1 and np.ndim(value) == 0:
            value = [value]
        return numbers(name, value, (n_places,), axes[:1], infinite)

    table = _table(A, n_places, n_sectors, axes, imports)
    plant = by_cell("capacity", capacity, infinite=True)
    per_person = by_sector("need", need, sector_names)
    if np.ndim(per_person) == 1:
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
        own = (
            np.zeros((n_places, n_sectors)) if own_labour is None else by_cell("own_labour", own_labour, infinite=True)
        )
        movable = (
            np.zeros(n_places) if movable_labour is None else by_place("movable_labour", movable_labour, infinite=True)
        )
    elif own_labour is not None or movable_labour is not None:
        given = "own_labour" if own_labour is not None else "movable_labour"
        raise InputError("labour", None, f"labour per unit of output of each sector, since {given} is given")

    pairs, use, supply = _transport(links, transport, transport_use, n_places, n_sectors, axes)
    return Economy(table, plant, wants, coefficients, own, movable, pairs, use, supply, sector_names, place_names, flat)


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
    if np.ndim(transport_use) == 2:
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
    if np.ndim(transport) == 0:
        return pairs, use, numbers("transport", transport, (), (), infinite=True)[None]
    return pairs, use, numbers("transport", transport, (n_places,), axes[:1], infinite=True)


def _table(A: Any, n_places: int, n_sectors: int, axes: Any, imports: Any) -> Table:
    from scipy.sparse import csr_array, issparse

    def read(name: str, value: Any) -> Any:
        if hasattr(value, "columns") and hasattr(value, "index"):
            for label, there in ((name + " columns", value.columns), (name + " rows", value.index)):
                if list(there) != list(axes[1]):
                    odd = next((one for one in there if one not in axes[1]), list(there))
                    raise InputError(label, odd, "the sectors, in their order", nearest_name(odd, axes[1]))
        shape = np.shape(value)
        blocks = n_places * n_sectors
        if shape not in ((n_sectors, n_sectors), (blocks, blocks)):
            raise InputError(
                name,
                f"a shape of {shape}",
                f"({n_sectors}, {n_sectors}), or block-diagonal ({blocks}, {blocks})"
                if n_places > 1
                else f"({n_sectors}, {n_sectors})",
            )
        if not issparse(value):
            matrix = np.asarray(value)
            if shape[0] == n_sectors:
                return numbers(name, matrix, (n_sectors, n_sectors), (axes[1], axes[1]))
            value = matrix.astype(np.float64)
        matrix = csr_array(value, dtype=np.float64, copy=True)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        row, column = np.repeat(np.arange(shape[0]), np.diff(matrix.indptr)), matrix.indices
        for wrong, allowed in (
            (~(np.isfinite(matrix.data) & (matrix.data >= 0)), "a finite number of at least 0"),
            (
                row // n_sectors != column // n_sectors,
                "0: A is block-diagonal, goods move between places along links alone",
            ),
        ):
            if wrong.any():
                cell = int(np.flatnonzero(wrong)[0])
                raise InputError(
                    f"{name}[{_cell(row[cell], n_sectors, axes)}, {_cell(column[cell], n_sectors, axes)}]",
                    float(matrix.data[cell]),
                    allowed,
                )
        return matrix

    matrix = read("A", A)
    if imports is not None:
        bought = read("imports", imports)
        if bought.shape != matrix.shape:
            raise InputError("imports", f"a shape of {bought.shape}", f"that of A, {matrix.shape}")
        matrix = matrix + bought
        matrix = csr_array(matrix) if issparse(matrix) else np.asarray(matrix)
    ones, inverse = np.ones((matrix.shape[0], 1)), None
    try:
        if isinstance(matrix, np.ndarray):
            inverse = np.linalg.inv(np.eye(n_sectors) - matrix)
            gross = inverse @ ones
        else:
            gross = _factors(matrix).solve(ones)
    except (np.linalg.LinAlgError, RuntimeError):  # singular
        gross = -ones
    # A is productive if and only if some gross output, here that for one unit of everything, leaves something of everything.
    if not ((gross > 0.5) & (gross < LARGEST_MULTIPLIER)).all():
        raise InputError(
            "A",
            spectral_radius(matrix),
            "a table whose spectral radius is below 1: this one uses up at least as much as it makes",
        )
    return Table(matrix, n_sectors, inverse)


def _factors(matrix: Any) -> Any:
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    return splu(csc_array(eye_array(matrix.shape[0]) - matrix))


def _cell(row: int, n_sectors: int, axes: Any) -> str:
    return (
        str(axes[1][row % n_sectors])
        if row < n_sectors and len(axes[0]) == 1
        else f"{axes[0][row // n_sectors]}/{axes[1][row % n_sectors]}"
    )


def _check_axes(capacity: Any, sectors: Any) -> None:
    if isinstance(capacity, Mapping):
        if sectors is None:
            raise InputError("sectors", None, "the names of the sectors in the order of A, since capacity is given by name")
        return
    shape = np.shape(capacity)
    if len(shape) not in (1, 2) or not all(shape):
        raise InputError("capacity", f"a shape of {shape}", "(K,) for one place, (P, K) for P places, of at least one sector")


def _names(name: str, given: Sequence[Any] | None, n: int) -> tuple[Any, ...]:
    names = tuple(range(n)) if given is None else tuple(given)
    if len(names) != n:
        raise InputError(name, f"{len(names)} names", f"{n}, one for each")
    if len(set(names)) != n:
        raise InputError(name, next(one for one in names if names.count(one) > 1), "names that differ")
    return names


def by_sector(name: str, value: Any, sectors: Sequence[Any], complete: bool = False) -> Any:
    """Entries given by name (a mapping or a pandas Series) in the order of the sectors; what is not named is 0. Others unchanged."""
    if not isinstance(value, Mapping):
        if not (hasattr(value, "to_dict") and np.ndim(value) == 1):
            return value
        value = value.to_dict()
    known = set(sectors)
    for sector in value:
        if sector not in known:
            raise InputError(f"{name}[{sector}]", sector, "a sector of A", nearest_name(sector, sectors))
    for sector in sectors:
        if complete and sector not in value:
            raise InputError(f"{name}[{sector}]", None, "a number for every sector of A")
    return [value.get(sector, 0.0) for sector in sectors]


def numbers(
    name: str, value: Any, shape: tuple[int, ...], axes: Sequence[Sequence[Any]], infinite: bool = False
) -> np.ndarray:
    """Numbers of at least 0 and of one shape, float64; the first wrong cell is named by its axes."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(name, value, f"numbers of shape {shape}") from None
    if np.shape(array) != shape:
        raise InputError(name, f"a shape of {array.shape}", f"{shape}" if shape else "one number")
    wrong = ~(array >= 0) if infinite else ~((array >= 0) & np.isfinite(array))
    if wrong.any():
        cell = np.argwhere(wrong)[0]
        where = ", ".join(str(axis[i]) for axis, i in zip(axes, cell, strict=True))
        raise InputError(
            f"{name}[{where}]" if shape else name,
            float(array[tuple(cell)]),
            "a number of at least 0" if infinite else "a finite number of at least 0",
        )
    return array
