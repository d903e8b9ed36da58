"""Places by day for the map, packed small.

Each variable is rounded to whole steps, written as differences from day to day, and these as a stream of variable-length
integers in which a run of zeros takes two: most differences are 0 or fit one byte.
"""

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from communize.report.text import plain

if TYPE_CHECKING:
    from communize.store.run import Run

MAX_VALUES = 1_000_000  # place-days of one variable; longer runs show every k-th day
LEVELS = 1000  # steps between 0 and the largest value, at least, of a variable that is not a count
VARIABLES = ("active", "participants", "instances", "contested_sites", "force")
OF_MEASURES = ("participants", "instances")
COUNTS = ("instances", "contested_sites")


def map_data(run: "Run") -> dict[str, Any] | None:
    """Everything the map needs; None if no variable by place was recorded."""
    names = [name for name in VARIABLES if name in run.series and (name not in OF_MEASURES or len(run.instances))]
    if not names or not run.days:
        return None
    places, peak = run.places, peak_day(run)
    stride = max(1, -(-run.days * len(places) // MAX_VALUES))
    days = np.arange(peak % stride, run.days, stride)
    variables = {}
    for name in names:
        values = run.series[name].transpose("day", "place").to_numpy()[days]
        step = step_of(values, run.info["scale"] if name in ("active", "participants") else 1.0 if name in COUNTS else None)
        variables[name] = {"step": step, "data": pack(values, step), "most": float(np.nanmax(values, initial=0.0))}
    return {
        "days": None if stride == 1 else days.tolist(),
        "start": int(np.flatnonzero(days == peak)[0]),
        "stride": stride,
        "names": places["name"].astype(str).tolist(),
        "regions": places["region"].astype(str).tolist(),
        "latitude": np.round(places["latitude"].to_numpy(float), 4).tolist(),
        "longitude": np.round(places["longitude"].to_numpy(float), 4).tolist(),
        "population": plain(np.round(places["population"].to_numpy(float))),
        "residents": plain(np.round(places["residents"].to_numpy(float))),
        "begun": plain(places["instances_begun"]) if len(run.instances) else None,
        "variables": variables,
    }


def peak_day(run: "Run") -> int:
    """The day with most people in struggle, or in measures without the mechanism of struggle; the first of several or none."""
    from communize.store.targets import total_of

    name = next((name for name in ("active", "participants") if name in run.series), None)
    return int(np.argmax(total_of(run.series, name))) if name and run.days else 0


def step_of(values: np.ndarray, exact: float | None) -> float:
    """The step that values are rounded to: `exact`, or a power of ten that leaves `LEVELS` steps."""
    if exact:
        return float(exact)
    most = float(np.nanmax(values, initial=0.0))
    return float(10.0 ** np.floor(np.log10(most / LEVELS))) if most > 0 else 1.0


def pack(values: np.ndarray, step: float) -> str:
    """Pack an array (days, places) of numbers >= 0 place by place; base64 text.

    Tokens: the zigzag code of a difference that is not 0, or 0 followed by the length of the run of zeros, less 1.
    """
    whole = np.rint(np.nan_to_num(values.astype(np.float64)) / step).astype(np.int64).T
    differences = np.diff(whole, axis=1, prepend=0).reshape(-1)
    zigzag = np.where(differences < 0, -2 * differences - 1, 2 * differences).astype(np.uint64)
    zero = zigzag == 0
    first = zero & ~np.concatenate(([False], zero[:-1]))  # where a run of zeros begins
    last = zero & ~np.concatenate((zero[1:], [False]))
    kept = np.flatnonzero(~zero | first)
    begins = first[kept]
    repeats = np.where(begins, 2, 1)
    tokens = np.repeat(zigzag[kept], repeats)
    tokens[np.cumsum(repeats)[begins] - 1] = (np.flatnonzero(last) - np.flatnonzero(first)).astype(np.uint64)
    return base64.b64encode(varints(tokens).tobytes()).decode("ascii")


def varints(tokens: np.ndarray) -> np.ndarray:
    """Little-endian base-128 integers: seven bits a byte, the high bit set where more follow."""
    if not tokens.size:
        return np.zeros(0, np.uint8)
    n_bytes = np.ones(tokens.shape, np.int64)
    for bits in range(7, 64, 7):
        n_bytes += tokens >= np.uint64(1 << bits)
    ends = np.cumsum(n_bytes)
    out = np.zeros(int(ends[-1]), np.uint8)
    for k in range(int(n_bytes.max())):
        rows = np.flatnonzero(n_bytes > k)
        piece = (tokens[rows] >> np.uint64(7 * k)) & np.uint64(0x7F)
        more = np.where(n_bytes[rows] > k + 1, 0x80, 0)
        out[ends[rows] - n_bytes[rows] + k] = piece.astype(np.uint8) | more.astype(np.uint8)
    return out
