"""Civil violence on a lattice: Epstein's Model I, in the variants of NetLogo's Rebellion and of Mesa's example.

People whose position is state force are cops, all others citizens. Each stands on a cell of a torus. In random order,
anew every day, each acts on what it sees at that moment::

    G = hardship (1 - L)                      grievance; hardship and risk aversion are uniform on (0, 1) and stay
    P = 1 - exp(-k round(C / A))              perceived probability of arrest, from cops C and active citizens A in vision
    active if and only if G - risk aversion P > T

A cop arrests one active citizen in vision, at random, for a uniform number of days.

=====================  ==========================================  ====================================================
rule                   ``variant = "netlogo"``                     ``variant = "mesa"``
=====================  ==========================================  ====================================================
order of a turn        move, then decide or arrest                 decide or arrest, then move
own cell               in vision: an active citizen counts twice   not in vision: every citizen counts himself once
sentence               0 to J - 1; 0 is no day held                0 to J; 0 is held until his next turn
                       one day less for all at the end of the day  one day less at his turn; at 0 he decides at the next
the arrested           leave the cell free                         block the cell
a cop who arrests      goes to the cell of the arrested            moves at random like all
without movement       cops still move                             nobody moves
=====================  ==========================================  ====================================================

In NetLogo's own program a released citizen may stand on a cell with others. Here at most one person who is not held
stands on a cell: a released citizen whose cell is taken goes to a random free one. That an active citizen counts
himself twice is what NetLogo's program does (``1 + count (agents-on neighborhood) with [active?]``).

References
----------
Epstein (2002), Modeling civil violence: an agent-based computational approach. https://doi.org/10.1073/pnas.092080199
Wilensky (2004), NetLogo Rebellion model. https://ccl.northwestern.edu/netlogo/models/Rebellion
Mesa 3.3.1, mesa.examples.advanced.epstein_civil_violence. https://github.com/mesa/mesa
"""

import math
from typing import Literal

import numpy as np

from communize.declare.errors import InputError
from communize.declare.parameters import parameter
from communize.declare.registry import HELD, IN_MEASURE, IN_STRUGGLE, POSITIONS, ROUTINE, Column, Output
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State

STATE_FORCE = POSITIONS.index("state_force")
ROUNDINGS = ("none", "floor", "round")
NONE, FLOOR, ROUND = range(len(ROUNDINGS))
TRIES = 4  # blocks of four draws for a free cell, before the free cells are counted

EPSTEIN = "https://doi.org/10.1073/pnas.092080199"
NETLOGO = "https://ccl.northwestern.edu/netlogo/models/Rebellion"
MESA = "https://github.com/mesa/mesa"


@kernel
def arrest_risk(arrest_constant, cops, actives, rounding):
    """Perceived probability of arrest from `cops` and `actives`, the citizen himself among these; round is half to even."""
    ratio = cops / actives
    if rounding != NONE:
        whole = cops // actives
        twice = 2 * (cops - whole * actives)
        if rounding == ROUND and (twice > actives or (twice == actives and whole % 2 == 1)):
            whole += 1
        ratio = float(whole)
    return 1.0 - math.exp(-arrest_constant * ratio)


@kernel
def rebels(hardship, risk_aversion, risk, legitimacy, threshold):
    """Whether a citizen is active."""
    return hardship * (1.0 - legitimacy) - risk_aversion * risk > threshold


@kernel
def shuffle(out, key, day, decision):
    """Fill `out` with 0 .. n - 1 in random order (Fisher-Yates)."""
    for i in range(out.size):
        out[i] = i
    for quad in range((out.size - 1) >> 2, -1, -1):
        words = d.shared_block(key, quad, day, decision, 0)
        for lane in range(3, -1, -1):
            i = (quad << 2) + lane
            if 0 < i < out.size:
                j = np.int64((words[lane] * np.uint64(i + 1)) >> np.uint64(32))
                out[i], out[j] = out[j], out[i]


def vision_rows(height: int, vision: float, neighbourhood: str) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a neighbourhood on a torus: (how many rows up, cells to either side), int64, each row once."""
    up, side = [], []
    for row in range(height):
        away = min(row, height - row)
        if away <= vision:
            up.append(row)
            side.append(math.floor(math.sqrt(vision * vision - away * away) if neighbourhood == "euclidean" else vision - away))
    return np.array(up, np.int64), np.array(side, np.int64)


def vision_cells(width: int, rows: tuple[np.ndarray, np.ndarray], own: bool) -> tuple[np.ndarray, np.ndarray]:
    """The cells of a neighbourhood as (steps to the right, rows up), int64, each cell once and none of them negative."""
    cells = []
    for up, side in zip(*rows):
        steps = range(width) if 2 * side + 1 >= width else [step % width for step in range(-side, side + 1)]
        cells += [(step, up) for step in steps if own or step != 0 or up != 0]
    found = np.array(cells, np.int64).reshape(-1, 2)
    return found[:, 0].copy(), found[:, 1].copy()


@kernel
def add_around(count, at, step, view, width, height):
    """Add `step` to `count` in the cells that see the cell `at`; `view` is (rows up, cells to either side, own cell or not)."""
    up, side, own = view
    x, y = at % width, at // width
    for k in range(up.size):
        row = ((y + up[k]) % height) * width
        first, last = x - side[k], x + side[k] + 1
        if last - first >= width:
            first, last = 0, width
        for c in range(row + max(0, first), row + min(width, last)):
            count[c] += step
        for c in range(row + width + first, row + width):
            count[c] += step
        for c in range(row, row + last - width):
            count[c] += step
    if not own:
        count[at] -= step


@kernel
def cell_of(k, at, cells, width, height):
    """The cell `k` of the neighbourhood of `at`."""
    x, y = at % width + cells[0][k], at // width + cells[1][k]
    return (y - height if y >= height else y) * width + (x - width if x >= width else x)


@kernel
def free_cell_near(occupant, at, cells, width, height, key, person, day):
    """A cell in vision on which nobody stands, uniformly; -1 if there is none."""
    n = cells[0].size
    for attempt in range(TRIES if n > 0 else 0):
        words = d.own_block(key, person, day, decisions.CIVIL_MOVE, attempt)
        for word in words:
            c = cell_of(np.int64((word * np.uint64(n)) >> np.uint64(32)), at, cells, width, height)
            if occupant[c] < 0:
                return c
    free = 0
    for k in range(n):
        free += occupant[cell_of(k, at, cells, width, height)] < 0
    left = d.below(key, person, day, decisions.CIVIL_MOVE, TRIES, free)
    for k in range(n):
        c = cell_of(k, at, cells, width, height)
        if occupant[c] < 0:
            if left == 0:
                return c
            left -= 1
    return -1


@kernel
def free_cell_anywhere(occupant, key, person, day):
    """A cell of the lattice on which nobody stands, uniformly; -1 if there is none."""
    for attempt in range(TRIES):
        words = d.own_block(key, person, day, decisions.CIVIL_RELEASE, attempt)
        for word in words:
            c = np.int64((word * np.uint64(occupant.size)) >> np.uint64(32))
            if occupant[c] < 0:
                return c
    left = d.below(key, person, day, decisions.CIVIL_RELEASE, TRIES, (occupant < 0).sum())
    for c in range(occupant.size):
        if occupant[c] < 0:
            if left == 0:
                return c
            left -= 1
    return -1


@kernel
def suspect_near(active, at, occupant, cop, activity, cells, width, height, key, by, day):
    """One of the `active` citizens in vision, uniformly; -1 if fewer are found."""
    left = d.below(key, by, day, decisions.CIVIL_SUSPECT, 0, active)
    for k in range(cells[0].size):
        other = occupant[cell_of(k, at, cells, width, height)]
        if other >= 0 and activity[other] == IN_STRUGGLE and not cop[other]:
            if left == 0:
                return other
            left -= 1
    return -1


@kernel
def stand(person, to, cell, occupant):
    """Put a person on the cell `to`."""
    occupant[cell[person]] = -1
    occupant[to] = person
    cell[person] = to


@kernel
def stand_seen(person, to, cell, occupant, near, view, width, height):
    """Put a person on the cell `to` who is counted in `near`, by those who see a cell."""
    add_around(near, cell[person], -1, view, width, height)
    stand(person, to, cell, occupant)
    add_around(near, to, 1, view, width, height)


@kernel
def release(person, cell, sentence, activity, occupant, key, day):
    """Let a person go, to a random free cell if somebody stands on his."""
    sentence[person], activity[person] = 0, ROUTINE
    if occupant[cell[person]] >= 0:
        cell[person] = free_cell_anywhere(occupant, key, person, day)
    occupant[cell[person]] = person


@kernel
def serve(cop, activity, cell, sentence, occupant, key, day):
    """NetLogo's end of the day: one day less for all who are held; returns how many are released."""
    released = 0
    for i in range(cell.size):
        if activity[i] == HELD and not cop[i]:
            sentence[i] -= 1
            if sentence[i] <= 0:
                release(i, cell, sentence, activity, occupant, key, day)
                released += 1
    return released


@kernel
def look_around(cop, activity, cell, jailed_block, grid, view, width, height):
    """Fill `grid`, (who stands on a cell, cops seen from it, active citizens seen from it), from where people are."""
    occupant, cops_near, active_near = grid
    occupant[:], cops_near[:], active_near[:] = -1, 0, 0
    for i in range(cell.size):
        if jailed_block or activity[i] != HELD:
            occupant[cell[i]] = i
        if cop[i]:
            add_around(cops_near, cell[i], 1, view, width, height)
        elif activity[i] == IN_STRUGGLE:
            add_around(active_near, cell[i], 1, view, width, height)


@kernel
def day_on_lattice(people, grid, view, cells, size, rule, law, key, day, order):
    """One day of everybody; returns (people arrested, people released).

    Parameters
    ----------
    people
        (cop, activity, cell, sentence, hardship, risk aversion) by person.
    grid
        Room for `look_around`, three of int32 (cells,).
    view, cells
        The neighbourhood, as `add_around` and as `cell_of` take it.
    size
        (width, height).
    rule
        (NetLogo's variant or Mesa's, whether people move, code of the rounding).
    law
        (legitimacy, threshold, arrest constant, fixed probability of arrest or -1, jail days).
    order
        People in the order of their turns.
    """
    cop, activity, cell, sentence, hardship, aversion = people
    occupant, cops_near, active_near = grid
    width, height = size
    netlogo, movement, rounding = rule
    legitimacy, threshold, arrest_constant, fixed, jail_days = law
    arrested, released = 0, 0
    look_around(cop, activity, cell, not netlogo, grid, view, width, height)
    for i in order:
        if activity[i] == IN_MEASURE or (activity[i] == HELD and (netlogo or cop[i])):
            continue
        if activity[i] == HELD and sentence[i] > 0:
            sentence[i] -= 1
            continue
        for moving in (netlogo, not netlogo):
            at = cell[i]
            if moving:
                to = free_cell_near(occupant, at, cells, width, height, key, i, day) if movement or (netlogo and cop[i]) else -1
                if to >= 0 and (cop[i] or activity[i] == IN_STRUGGLE):
                    stand_seen(i, to, cell, occupant, cops_near if cop[i] else active_near, view, width, height)
                elif to >= 0:
                    stand(i, to, cell, occupant)
            elif cop[i]:
                if active_near[at] == 0:
                    continue
                j = suspect_near(active_near[at], at, occupant, cop, activity, cells, width, height, key, i, day)
                if j < 0:  # only where another mechanism has let people go who stand on one cell
                    continue
                arrested += 1
                activity[j] = HELD
                add_around(active_near, cell[j], -1, view, width, height)
                sentence[j] = d.below(key, i, day, decisions.CIVIL_SENTENCE, 0, jail_days if netlogo else jail_days + 1)
                if netlogo:
                    stand_seen(i, cell[j], cell, occupant, cops_near, view, width, height)
                    if sentence[j] == 0:
                        release(j, cell, sentence, activity, occupant, key, day)
                        released += 1
            else:
                risk = fixed if fixed >= 0.0 else arrest_risk(arrest_constant, cops_near[at], 1 + active_near[at], rounding)
                was, now = activity[i], ROUTINE
                if rebels(hardship[i], aversion[i], risk, legitimacy, threshold):
                    now = IN_STRUGGLE
                released += was == HELD
                activity[i] = now
                if (was == IN_STRUGGLE) != (now == IN_STRUGGLE):
                    add_around(active_near, at, 1 if now == IN_STRUGGLE else -1, view, width, height)
    if netlogo:
        released += serve(cop, activity, cell, sentence, occupant, key, day)
    return arrested, released


@kernel
def count_changes(before, activity, home, work, active, held):
    """Bring the counts of sites in step with the activities."""
    for i in range(activity.size):
        if before[i] != activity[i]:
            a = (activity[i] == IN_STRUGGLE) - (before[i] == IN_STRUGGLE)
            h = (activity[i] == HELD) - (before[i] == HELD)
            active[home[i]] += a
            held[home[i]] += h
            if work[i] >= 0:
                active[work[i]] += a
                held[work[i]] += h


class CivilViolence(Mechanism):
    """Epstein's Model I of civil violence: citizens and cops on a lattice."""

    name = "civil_violence"
    phase = "struggle"
    reads = ("people.position", "people.home", "people.work", "lattice.hardship", "lattice.risk_aversion")
    writes = (
        "lattice.cell", "lattice.sentence", "people.activity", "sites.active", "sites.held", "places.active", "places.held",
        "days.arrests", "days.releases",
    )  # fmt: skip
    columns = (
        Column("lattice", "cell", "int32", "cell", "cell that the person of the same row stands on, -1 before it is placed", (-1, None), -1),
        Column("lattice", "sentence", "int32", "day", "days still to be held", (0, None)),
        Column("lattice", "hardship", "float32", "share", "perceived hardship", (0, 1)),
        Column("lattice", "risk_aversion", "float32", "share", "risk aversion", (0, 1)),
        Column("days", "arrests", "int64", "agent", "people arrested on the day", (0, None)),
        Column("days", "releases", "int64", "agent", "people released on the day", (0, None)),
    )
    outputs = (
        Output("active", "person", "people in struggle", ("place",), "float32"),
        Output("arrests", "person", "people arrested on the day"),
        Output("releases", "person", "people released on the day"),
    )

    class Parameters(MechanismParameters):
        """The lattice, the rule of rebellion, and which of the known programs is followed where they differ."""

        enabled: bool = parameter(False, unit="yes/no", source="definition", meaning="whether the mechanism is at work")
        variant: Literal["netlogo", "mesa"] = parameter("netlogo", unit="name", source="definition", meaning="program followed in the order of a turn, own cell, sentences, cells of the arrested, and cops' steps")
        neighbourhood: Literal["euclidean", "von_neumann"] = parameter("euclidean", unit="name", source="definition", meaning="distance of vision: straight (NetLogo) or in steps along rows and columns (Mesa)")
        rounding: Literal["none", "floor", "round"] = parameter("floor", unit="name", source="definition", meaning="of C / A: none (Epstein's text), floor (NetLogo), round half to even (Mesa)")
        width: int = parameter(0, unit="cell", range=(0, 10_000), source="definition", meaning="width of the torus; 0 takes it from the density (40 by 40 in all programs)")
        height: int = parameter(0, unit="cell", range=(0, 10_000), source="definition", meaning="height of the torus; 0 takes it from the density, the smallest square if both are 0")
        density: float = parameter(0.74, unit="share of cells", range=(0.000001, 1), source=NETLOGO, meaning="cells with people on them, not exceeded where width or height is 0")
        vision: float = parameter(7.0, unit="cell", range=(0, 10_000), source=NETLOGO, meaning="radius of vision of citizens and cops (v)")
        legitimacy: float = parameter(0.82, unit="share", range=(0, 1), source=NETLOGO, meaning="legitimacy of the government (L)")
        threshold: float = parameter(0.1, unit="1", range=(-1, 1), source=EPSTEIN, meaning="grievance less risk above which a citizen is active (T)")
        arrest_constant: float = parameter(2.3, unit="1", range=(0, 1000), source=EPSTEIN, meaning="k: at C / A = 1 arrest is perceived as 0.9 probable")
        jail_days: int = parameter(30, unit="day", range=(0, 1_000_000), source=NETLOGO, meaning="J: sentences are uniform on 0 to J - 1 (netlogo) or 0 to J (mesa)")
        movement: bool = parameter(True, unit="yes/no", source=EPSTEIN, meaning="whether people move")
        fixed_risk: float | None = parameter(None, unit="probability", range=(0, 1), source="definition", meaning="perceived probability of arrest, the same for all, instead of the one from C / A")

    parameters: "CivilViolence.Parameters"

    def setup(self, state: State) -> None:
        p, people, lattice, n = self.parameters, state.people, state.tables["lattice"], len(state.people)
        self._size = width, height = self._width_and_height(state)
        if not len(lattice):
            lattice.grow(n)
            cells = np.empty(width * height, np.int32)
            shuffle(cells, state.key, 0, decisions.CIVIL_CELL)
            lattice.cell[:] = cells[:n]
            lattice.hardship[:] = Draws(state.key, decisions.CIVIL_HARDSHIP, 0).uniform(n)
            lattice.risk_aversion[:] = Draws(state.key, decisions.CIVIL_RISK_AVERSION, 0).uniform(n)
        for name in ("width", "height", "density"):
            if state.changed is not None and f"civil_violence.{name}" in state.changed:
                raise InputError(f"civil_violence.{name}", getattr(p, name), "what it was: the lattice is settled when a run starts")
        self._cop = people.position == STATE_FORCE
        rows, own = vision_rows(height, p.vision, p.neighbourhood), p.variant == "netlogo"
        self._view, self._cells = (*rows, own), vision_cells(width, rows, own)
        self._grid = tuple(np.empty(width * height, np.int32) for _ in range(3))
        self._order = np.empty(n, np.int32)

    def _width_and_height(self, state: State) -> tuple[int, int]:
        p, n = self.parameters, max(len(state.people), int(state.places.residents.sum()))  # no people are made for a check
        needed = max(1, n) / p.density * (1.0 - 1e-12)  # 1184 / 0.74 is 1600 and must not round up
        if p.width == p.height == 0:
            width = height = math.ceil(math.sqrt(needed))
        else:
            width, height = p.width or math.ceil(needed / p.height), p.height or math.ceil(needed / p.width)
        if n > width * height:
            allowed = f"at most {width * height} agents, the cells of {width} by {height}, unless civil_violence.width and height are larger"
            raise InputError("society.people", n, allowed)
        return width, height

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, people, lattice, sites, places = self.parameters, state.people, state.lattice, state.sites, state.places
        shuffle(self._order, draws.key, day, decisions.CIVIL_ORDER)
        before = people.activity.copy()
        arrested, released = day_on_lattice(
            (self._cop, people.activity, lattice.cell, lattice.sentence, lattice.hardship, lattice.risk_aversion),
            self._grid, self._view, self._cells, self._size,
            (p.variant == "netlogo", p.movement, ROUNDINGS.index(p.rounding)),
            (p.legitimacy, p.threshold, p.arrest_constant, -1.0 if p.fixed_risk is None else p.fixed_risk, p.jail_days),
            draws.key, day, self._order)  # fmt: skip
        count_changes(before, people.activity, people.home, people.work, sites.active, sites.held)
        places.active[:] = state.society.by_place(sites.active)
        places.held[:] = state.society.by_place(sites.held)
        state.days.arrests[0], state.days.releases[0] = arrested, released

    def notes(self, state: State) -> list[str]:
        n, cops = len(state.people), int((state.people.position == STATE_FORCE).sum())
        return [f"{cops:,} cops and {n - cops:,} citizens stand on a lattice of {self._size[0]:,} by {self._size[1]:,} cells"] if n else []

    def observe(self, state: State) -> dict:
        scale, days = state.scale, state.days
        return {"active": state.places.active * np.float32(scale), "arrests": days.arrests[0] * scale, "releases": days.releases[0] * scale}
