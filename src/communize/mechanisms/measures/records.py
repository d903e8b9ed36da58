"""The tables of practices and instances, and the beginning and ending of an instance."""

import numpy as np

from communize.declare.registry import (
    CAUSES,
    CHANNELS,
    COMMODITY,
    CONTENTS,
    FORMS,
    MAX_NEEDS,
    SCOPES,
    TAKEN,
    Column,
)  # fmt: skip
from communize.kernels import decisions
from communize.kernels.vector import Draws
from communize.mechanisms.base import State
from communize.mechanisms.measures import rules

PRACTICES = (
    Column("practices", "needs", "int8", "sector", "sectors that it provides for, -1 for none", (-1, None), -1, (MAX_NEEDS,)),
    Column("practices", "family", "int32", "code", "code of that set of needs", (0, None)),
    Column("practices", "content", "float32", "1", "what it suspends (+1) or reproduces (-1) when it arises, by relation",
           (-1, 1), dims=(len(CONTENTS),)),
    Column("practices", "scope", "int8", "code", "scope that was unlocked where it arose, index into SCOPES", (0, len(SCOPES) - 1)),
    Column("practices", "form", "int8", "code", "form of decision, index into FORMS", (0, len(FORMS) - 1)),
    Column("practices", "mass", "int32", "agent", "critical mass", (1, None), 1),
    Column("practices", "parent", "int32", "practice row", "practice that it was changed from, -1 for none", (-1, None), -1),
    Column("practices", "origin", "int32", "practice row", "first practice of its descent", (0, None)),
    Column("practices", "channel", "int8", "code", "how it arose, index into CHANNELS", (0, len(CHANNELS) - 1)),
    Column("practices", "place", "int32", "place row", "place where it arose, -1 for none", (-1, None), -1),
    Column("practices", "day", "int32", "day", "day on which it arose", (0, None)),
)  # fmt: skip
INSTANCES = (
    Column("instances", "site", "int32", "site row", "site that it took", (0, None)),
    Column("instances", "place", "int32", "place row", "place of that site", (0, None)),
    Column("instances", "practice", "int32", "practice row", "practice in force", (0, None)),
    Column("instances", "channel", "int8", "code", "channel through which it came, index into CHANNELS", (0, len(CHANNELS) - 1)),
    Column("instances", "parent", "int32", "instance row", "instance from which it descends, -1 for none", (-1, None), -1),
    Column("instances", "beside", "int32", "instance row",
           "for a reinvention: an instance then in force in its place or a contact place, drawn; -1 for none", (-1, None), -1),
    Column("instances", "struggle", "int32", "struggle row", "struggle in which it began, -1 for none", (-1, None), -1),
    Column("instances", "began", "int32", "day", "day on which it began, -1 before the first", (-1, None)),
    Column("instances", "ended", "int32", "day", "day on which it ended, -1 while it is in force", (-1, None), -1),
    Column("instances", "cause", "int8", "code", "why it ended, index into CAUSES", (0, len(CAUSES) - 1)),
    Column("instances", "scope", "int8", "code", "scope that was unlocked in its place when it began, index into SCOPES", (0, len(SCOPES) - 1)),
    Column("instances", "founders", "int32", "agent", "participants on its first day", (0, None)),
    Column("instances", "peak", "int32", "agent", "most participants on a day", (0, None)),
    Column("instances", "person_days", "int64", "agent day", "participants summed over days", (0, None)),
    Column("instances", "resonance", "float32", "share", "resonance with other measures, at the beginning of the day", (0, 1)),
    Column("instances", "births", "int32", "instance", "instances that descend from it directly", (0, None)),
    Column("instances", "content", "float32", "1", "what it suspends (+1) or reproduces (-1), today or when it ended",
           (-1, 1), dims=(len(CONTENTS),)),
)  # fmt: skip
TALLY = (
    Column("tally", "begun", "int64", "instance", "instances begun so far, by channel", (0, None), dims=(len(CHANNELS),)),
    Column("tally", "ended", "int64", "instance", "instances ended so far, by cause", (0, None), dims=(len(CAUSES),)),
)
MEMORY = (
    Column("places", "remembered", "int32", "instance row", "instance that ended there last, -1 for none", (-1, None), -1),
)
COLUMNS = (*PRACTICES, *INSTANCES, *TALLY, *MEMORY)
WRITES_OF_BEGINNING = (
    *(column.path for column in (*PRACTICES, *INSTANCES)), "sites.mode", "sites.began", "sites.instance", "tally.begun",
)  # fmt: skip
WRITES_OF_ENDING = (
    "instances.ended", "instances.cause", "sites.mode", "sites.began", "sites.instance", "sites.struggle", "tally.ended",
    "places.remembered",
)  # fmt: skip


def add_practices(
    state: State, day: int, needs: np.ndarray, content: np.ndarray, *, scope: np.ndarray | int, form: np.ndarray | int,
    mass_people: np.ndarray | float, parent: np.ndarray, channel: np.ndarray | int, place: np.ndarray | int, sites: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Enter new practices, one a row of `needs` (n, 3) and `content` (n, contents); returns their rows.

    The critical mass, in people, becomes a number of agents by a draw (`rules.md` section 5, scale), which is that of the site
    where the practice arises, so that it does not depend on how many practices there are.
    """
    table, n = state.practices, len(needs)
    rows = np.arange(table.grow(n), len(table))
    table.needs[rows], table.content[rows], table.family[rows] = needs, content, rules.family_code(needs)
    table.scope[rows], table.form[rows], table.parent[rows], table.channel[rows] = scope, form, parent, channel
    table.place[rows], table.day[rows] = place, day
    table.origin[rows] = np.where(parent >= 0, table.origin[np.maximum(parent, 0)], rows)
    u = Draws(state.key, decisions.CRITICAL_MASS, day).uniform(rows if sites is None else sites)
    agents = np.asarray(mass_people) / state.scale
    table.mass[rows] = np.maximum(1, np.floor(agents) + (u < agents % 1.0))
    return rows


def begin(
    state: State, day: int, sites: np.ndarray, practice: np.ndarray, content: np.ndarray, channel: np.ndarray | int,
    parent: np.ndarray, beside: np.ndarray, scope: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Begin instances at `sites`; the people are let in afterwards. Returns the rows of the instances."""
    table, n = state.instances, len(sites)
    rows = np.arange(table.grow(n), len(table))
    table.site[rows], table.place[rows], table.practice[rows] = sites, state.sites.place[sites], practice
    table.content[rows], table.channel[rows], table.parent[rows], table.beside[rows] = content, channel, parent, beside
    table.scope[rows], table.began[rows], table.struggle[rows] = scope, day, state.sites.struggle[sites]
    state.sites.mode[sites], state.sites.began[sites], state.sites.instance[sites] = TAKEN, day, rows
    state.tally.begun[0] += np.bincount(table.channel[rows], minlength=len(CHANNELS))
    return rows


def end(state: State, day: int, sites: np.ndarray, cause: np.ndarray) -> None:
    """End the instances in force at `sites` for the given causes; the people are let go by the caller."""
    rows = state.sites.instance[sites]
    table = state.instances
    table.ended[rows], table.cause[rows] = day, cause
    state.sites.mode[sites], state.sites.began[sites] = COMMODITY, day
    state.sites.instance[sites], state.sites.struggle[sites] = -1, -1
    state.places.remembered[state.sites.place[sites]] = rows  # of several of one day, the last row
    state.tally.ended[0] += np.bincount(cause, minlength=len(CAUSES))

