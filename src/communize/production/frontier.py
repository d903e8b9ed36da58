"""What would have to join next: by how much lambda would rise if a site, a sector or a place that is not taken joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.production.reproduction import Reproduction
from communize.production.reproduction_alone import TIE, bounds_alone, labour_bounds, plant_bounds
from communize.production.reproduction_inputs import Economy, read_economy
from communize.production.reproduction_table import by_sector, dimensions, numbers

ROWS_AT_ONCE = 4096  # keeps what is held for a moment small
COLUMNS = ("capacity", "sector", "own_labour", "movable_labour", "people", "place", "name")


@dataclass(frozen=True)
class Step:
    """One candidate that joins, after those before it.

    Parameters
    ----------
    name, row
        Which: its name (or row), and its row among the candidates.
    gain, ratio
        Rise of pooled lambda by this step, and pooled lambda after it. A gain of 0 is one step of several that raise it together.
    binding
        What binds after it: sectors whose plant is full, and "labour".
    estimate
        First-order rise of resolved lambda if this candidate alone joined; None without `resolved`.
    """

    name: Any
    row: int
    gain: float
    ratio: float
    binding: tuple[str, ...]
    estimate: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Frontier:
    """What `frontier` found.

    Parameters
    ----------
    ratio
        Pooled lambda before anyone joins.
    binding
        What binds it.
    steps
        Up to k candidates in the order in which they join; fewer where no more of them helps.
    gains
        (N,), exact rise of pooled lambda if one candidate alone joined; below 0 where those who come need more than they bring.
    estimates
        (N,), first-order rise of resolved lambda; None without `resolved`.
    """

    ratio: float
    binding: tuple[str, ...]
    steps: list[Step]
    gains: np.ndarray
    estimates: np.ndarray | None

    def __repr__(self) -> str:
        lines = [f"lambda {self.ratio:.4g} (pooled), binding: {', '.join(self.binding)}"]
        lines += [
            f"+ {step.name}: {step.ratio:.4g} ({step.gain:+.3g}), binding: {', '.join(step.binding)}"
            for step in self.steps
        ]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class _Joining:
    """Candidates in one form: what each adds."""

    capacity: np.ndarray  # (N, K), or (N,) with `sector`
    own: np.ndarray
    sector: np.ndarray | None
    movable: np.ndarray  # (N,)
    gross: np.ndarray | None  # (N, K): gross output for the needs of those who come, at lambda = 1
    wants: np.ndarray | None

    def wide(self, values: np.ndarray, rows: slice, n_sectors: int) -> np.ndarray:
        """(rows, K)."""
        if self.sector is None:
            return values[rows]
        out = np.zeros((len(values[rows]), n_sectors))
        out[np.arange(len(out)), self.sector[rows]] = values[rows]
        return out


def frontier(
    A: Any,
    capacity: Any,
    need: Any,
    people: Any,
    candidates: Any,
    *,
    k: int = 1,
    labour: Any = None,
    own_labour: Any = None,
    movable_labour: Any = None,
    imports: Any = None,
    sectors: Any = None,
    places: Any = None,
    resolved: Reproduction | None = None,
) -> Frontier:
    """Which k of the candidates, if they joined, would raise lambda most.

    Gains are exact, by the closed form of pooled lambda, for each candidate alone. For k > 1 the best joins, and all are tried again
    (greedy: not always the best set of k). Where several constraints bind at once no candidate alone may raise lambda; then the one that
    loosens most of what binds joins, measured in what lambda = 1 takes.

    Parameters
    ----------
    A, capacity, need, people, labour, own_labour, movable_labour, imports, sectors, places
        What is taken, as for `reproduction_ratio`; places are pooled, and what is made without inputs is left out.
    candidates
        Mapping (or data frame) of columns with one row each: `capacity` (N, K) and, if labour binds, `own_labour` (N, K); or both (N,)
        with `sector` (N,), names or rows, for sites that make one thing; and, if wanted, `movable_labour` (N,), `people` (N,) who come to
        draw with it, `place` (N,), names or rows, and `name` (N,).
    k
        How many join, at least 1.
    resolved
        What `reproduction_ratio` found for the same: its duals give the first-order estimate of the rise of resolved lambda.

    Raises
    ------
    InputError
        As `reproduction_ratio`; columns that are unknown, missing or of different lengths.

    Examples
    --------
    >>> import communize as cz
    >>> sites = {"sector": ["grain", "tools", "tools"], "capacity": [30, 4, 10], "name": ["estate", "forge", "works"]}
    >>> print(cz.frontier([[0.2, 0.3], [0.4, 0.1]], [25, 20], [0.1, 0.2], 100, sites, k=2, sectors=["grain", "tools"]))
    lambda 0.6 (pooled), binding: tools
    + works: 0.9 (+0.3), binding: tools
    + forge: 1 (+0.1), binding: grain
    """
    base = read_economy(
        A, capacity, need, people, labour, own_labour, movable_labour, sectors=sectors, places=places, imports=imports
    )
    heap = base.merged(np.zeros(base.shape[0], dtype=np.int64))
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise InputError("k", k, "a whole number of at least 1")
    joining, names, place = _read_candidates(candidates, base, heap, need)
    n_sectors = base.shape[1]

    now = heap
    gross = heap.table.totals(heap.wants)
    ratio, first = float(bounds_alone(heap)[0]), None
    if not np.isfinite(ratio):
        raise InputError(
            "capacity",
            ratio,
            "something that limits lambda: plant or labour is without end in every sector that is needed",
        )
    estimates = None if resolved is None else _estimates(joining, resolved, place, n_sectors)
    start, steps, free = ratio, [], np.ones(len(names), dtype=bool)
    bind = _what_binds(now, gross, ratio)
    before = _named(bind, base)
    for _ in range(min(k, len(names))):
        after, relief = _tried(now, gross, joining, bind)
        gains = after - ratio
        first = gains if first is None else first
        gains = np.where(free, gains, -np.inf)
        best = gains >= gains.max() - TIE * max(ratio, float(after.max()))
        row = int(np.argmax(np.where(best & free, relief, -1.0)))
        if gains[row] <= TIE * ratio and relief[row] <= 0:
            break
        one = slice(row, row + 1)
        now = Economy(**{
            **vars(now), "capacity": now.capacity + joining.wide(joining.capacity, one, n_sectors),
            "own": now.own + joining.wide(joining.own, one, n_sectors), "movable": now.movable + joining.movable[one],
        })  # fmt: skip
        gross = gross if joining.gross is None else gross + joining.gross[one]
        free[row] = False
        bind = _what_binds(now, gross, float(after[row]))
        estimate = None if estimates is None else float(estimates[row])
        steps.append(Step(names[row], row, float(after[row]) - ratio, float(after[row]), _named(bind, base), estimate))
        ratio = float(after[row])
    if first is None:
        first = np.zeros(0)
    return Frontier(start, before, steps, first, estimates)


def _tried(
    now: Economy, gross: np.ndarray, joining: _Joining, bind: tuple[np.ndarray, bool]
) -> tuple[np.ndarray, np.ndarray]:
    """Pooled lambda if each candidate alone joined, (N,), and which part of what binds it would loosen, (N,)."""
    n, n_sectors = joining.movable.size, now.shape[1]
    after, relief = np.empty(n), np.empty(n)
    sectors, labour_binds = bind
    for begin in range(0, n, ROWS_AT_ONCE):
        rows = slice(begin, min(begin + ROWS_AT_ONCE, n))
        plant = joining.wide(joining.capacity, rows, n_sectors)
        takes = gross if joining.gross is None else gross + joining.gross[rows]
        bounds = plant_bounds(now.capacity + plant, takes).min(axis=1)
        eased = np.minimum(plant[:, sectors] / gross[:, sectors], 1.0).sum(axis=1)
        own = joining.wide(joining.own, rows, n_sectors)
        work = np.broadcast_to(now.labour * takes, plant.shape)
        bounds = np.minimum(bounds, labour_bounds(work, now.own + own, now.movable + joining.movable[rows]))
        if labour_binds:
            needed = (now.labour * gross)[0]
            useful = np.minimum(own, needed).sum(axis=1) + joining.movable[rows]
            eased = eased + np.minimum(useful / needed.sum(), 1.0)
        after[rows], relief[rows] = bounds, eased
    return after, relief


def _what_binds(now: Economy, gross: np.ndarray, ratio: float) -> tuple[np.ndarray, bool]:
    """Rows of sectors whose plant binds, and whether labour does."""
    sectors = np.flatnonzero(plant_bounds(now.capacity, gross)[0] <= ratio * (1 + TIE))
    return sectors, bool(labour_bounds(now.labour * gross, now.own, now.movable)[0] <= ratio * (1 + TIE))


def _named(bind: tuple[np.ndarray, bool], base: Economy) -> tuple[str, ...]:
    return (*(str(base.sectors[sector]) for sector in bind[0]), *(("labour",) if bind[1] else ()))


def _estimates(joining: _Joining, resolved: Reproduction, place: np.ndarray | None, n_sectors: int) -> np.ndarray:
    duals = resolved.duals
    plant, labour, goods = (np.reshape(values, (-1, n_sectors)) for values in (duals.plant, duals.labour, duals.goods))
    n_places = len(plant)
    if place is None and n_places > 1:
        raise InputError("candidates.place", None, "the place of every candidate, since resolved has several")
    at = np.zeros(joining.movable.size, dtype=np.int64) if place is None else place
    if at.size and at.max() >= n_places:
        raise InputError("resolved", f"{n_places} places", "what reproduction_ratio found for the same places")
    if joining.sector is None:
        rise = (joining.capacity * plant[at]).sum(axis=1) + (joining.own * labour[at]).sum(axis=1)
    else:
        rise = joining.capacity * plant[at, joining.sector] + joining.own * labour[at, joining.sector]
    rise = rise + joining.movable * duals.movable[at]
    if joining.wants is not None:
        rise = rise - resolved.ratio * (joining.wants * goods[at]).sum(axis=1)
    return rise


def _read_candidates(
    candidates: Any, base: Economy, heap: Economy, need: Any
) -> tuple[_Joining, Sequence[Any], np.ndarray | None]:
    if not (isinstance(candidates, Mapping) or hasattr(candidates, "columns")):
        raise InputError("candidates", candidates, f"a mapping or data frame of columns: {', '.join(COLUMNS)}")
    column = dict(candidates.items())
    for name in column:
        if name not in COLUMNS:
            raise InputError(f"candidates.{name}", name, ", ".join(COLUMNS), nearest_name(name, COLUMNS))
    if column.get("capacity") is None:
        raise InputError("candidates.capacity", None, "output that each candidate's plant allows")
    n_sectors = base.shape[1]
    if dimensions(column["capacity"]) not in (1, 2):
        raise InputError("candidates.capacity", column["capacity"], "numbers of shape (N, K), or (N,) with sector")
    n = len(column["capacity"])
    rows = range(n)

    def amounts(name: str, shape: tuple[int, ...]) -> np.ndarray:
        value = column.get(name)
        return (
            np.zeros(shape)
            if value is None
            else numbers(f"candidates.{name}", value, shape, (rows, base.sectors)[: len(shape)])
        )

    def rows_of(name: str, known: Sequence[Any]) -> np.ndarray | None:
        value = column.get(name)
        if value is None:
            return None
        number, given = {one: i for i, one in enumerate(known)}, np.asarray(value, dtype=object)
        if given.shape != (n,):
            raise InputError(f"candidates.{name}", f"a shape of {given.shape}", f"({n},)")
        for i, one in enumerate(given):
            if one not in number:
                raise InputError(
                    f"candidates.{name}[{i}]", one, f"one of the {len(known)} {name}s", nearest_name(one, known)
                )
        return np.array([number[one] for one in given], dtype=np.int64)

    for name in ("own_labour", "movable_labour"):
        if not base.labour.any() and column.get(name) is not None:
            raise InputError(
                "labour", None, f"labour per unit of output of each sector, since candidates.{name} is given"
            )
    sector = rows_of("sector", base.sectors)
    shape = (n,) if sector is not None else (n, n_sectors)
    place = rows_of("place", base.places)
    coming = amounts("people", (n,))
    wants = gross = None
    if coming.any():
        per_person = np.asarray(by_sector("need", need, base.sectors), dtype=np.float64)
        if per_person.ndim == 2:
            if place is None:
                raise InputError(
                    "candidates.place", None, "the place of every candidate, since needs differ between places"
                )
            per_person = per_person[place]
        wants = coming[:, None] * per_person
        gross = heap.table.totals(wants)
    given = column.get("name")
    if given is not None and np.shape(given) != (n,):
        raise InputError("candidates.name", f"a shape of {np.shape(given)}", f"({n},)")
    names = list(rows) if given is None else list(given)
    return (
        _Joining(
            amounts("capacity", shape),
            amounts("own_labour", shape),
            sector,
            amounts("movable_labour", (n,)),
            gross,
            wants,
        ),
        names,
        place,
    )
