"""Data frames of a simulation: one row a struggle, a place, an agent; sizes in people."""

from typing import Any

import numpy as np

from communize.declare.registry import ACTIVITIES, KINDS, LOCI, POSITIONS, STRUGGLE_ENDS
from communize.simulation.simulation import Simulation


def struggles_frame(simulation: Simulation) -> Any:
    """One row a struggle, sizes in people."""
    import pandas as pd

    table, scale, society = simulation.struggles, simulation.state.scale, simulation.society
    until = np.where(table.ended >= 0, table.ended, simulation.day)
    frame = pd.DataFrame(
        {
            "struggle": np.arange(len(table)),
            "place": society.place_list.name[table.place],
            "region": society.place_list.region[table.place],
            "began": table.began,
            "ended": table.ended,
            "end": np.array(STRUGGLE_ENDS)[table.end],
            "duration_days": until - table.began,
            "peak_people": table.peak * scale,
            "person_days": table.person_days * scale,
            "sites": table.sites_ever,
            "demands": table.demands,
            "rifts": table.rifts,
            "refusals": table.refusals,
            "arrested_people": table.arrested * scale,
            "locus": np.array(LOCI)[table.by_locus.argmax(axis=1)] if len(table) else np.array([], dtype=str),
        }
    )
    return frame


def places_frame(simulation: Simulation) -> Any:
    """One row a place."""
    import pandas as pd

    places, named = simulation.places, simulation.society.place_list
    return pd.DataFrame(
        {
            "name": named.name, "place_id": named.place_id, "region": named.region, "latitude": places.latitude,
            "longitude": places.longitude, "population": places.population,
            "residents": places.residents * simulation.state.scale,
        }
    )  # fmt: skip


def people_frame(simulation: Simulation) -> Any:
    """One row an agent at the end of the run."""
    import pandas as pd

    frame = pd.DataFrame({column.name: values for column, values in simulation.people.columns() if not column.dims})
    groups = simulation.society.groups
    for name, labels in (("position", POSITIONS), ("activity", ACTIVITIES), ("group", groups)):
        frame[name] = pd.Categorical.from_codes(frame[name], list(labels))
    frame["kind_of_work"] = pd.Categorical.from_codes(
        np.where(frame["work"] >= 0, simulation.sites.kind[np.maximum(frame["work"], 0)], -1), list(KINDS))  # fmt: skip
    return frame
