"""Data frames of a simulation: one row a struggle, an instance, a practice, a place, an agent; sizes in people."""

from typing import Any

import numpy as np

from communize.declare.registry import (
    ACTIVITIES,
    CAUSES,
    CHANNELS,
    CONTENTS,
    FORMS,
    KINDS,
    LOCI,
    POSITIONS,
    SCOPES,
    STRUGGLE_ENDS,
)  # fmt: skip
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
            "split_from": table.split_from,
            "arrested_people": table.arrested * scale,
            "locus": np.array(LOCI)[table.by_locus.argmax(axis=1)] if len(table) else np.array([], dtype=str),
        }
    )
    return frame


def instances_frame(simulation: Simulation) -> Any:
    """One row an instance of a measure, sizes in people; -1 where there is no parent, ending or struggle."""
    import pandas as pd

    table, state = simulation.state.instances, simulation.state
    named, until = simulation.society.place_list, np.where(table.ended >= 0, table.ended, simulation.day)
    return pd.DataFrame(
        {
            "instance": np.arange(len(table)), "practice": table.practice, "parent": table.parent, "beside": table.beside,
            "channel": np.array(CHANNELS)[table.channel], "place": named.name[table.place], "region": named.region[table.place],
            "place_row": table.place, "site": table.site, "kind": np.array(KINDS)[state.sites.kind[table.site]],
            "struggle": table.struggle, "began": table.began, "ended": table.ended, "cause": np.array(CAUSES)[table.cause],
            "duration_days": until - table.began, "scope": np.array(SCOPES)[table.scope],
            "founders_people": table.founders * state.scale, "peak_people": table.peak * state.scale,
            "person_days": table.person_days * state.scale, "births": table.births,
            "character": table.character, "contribution": table.contribution, "contribution_measured": table.measured > 0, "legal": table.shelter > 0,
            **{f"content_{name}": table.content[:, number] for number, name in enumerate(CONTENTS)},
        }
    )  # fmt: skip


def practices_frame(simulation: Simulation) -> Any:
    """One row a practice that ever arose, with its descent; -1 where there is no parent or place."""
    import pandas as pd

    table, sectors = simulation.state.practices, np.array([*simulation.society.sectors, ""])
    instances = np.bincount(simulation.state.instances.practice, minlength=len(table))
    needs = sectors[table.needs]
    return pd.DataFrame(
        {
            "practice": np.arange(len(table)), "parent": table.parent, "origin": table.origin,
            "channel": np.array(CHANNELS)[table.channel], "day": table.day, "place_row": table.place, "family": table.family,
            "needs": [" ".join(name for name in row if name) for row in needs],
            "scope": np.array(SCOPES)[table.scope], "form": np.array(FORMS)[table.form],
            "critical_mass_people": table.mass * simulation.state.scale, "instances": instances,
            **{f"content_{name}": table.content[:, number] for number, name in enumerate(CONTENTS)},
        }
    )  # fmt: skip


def places_frame(simulation: Simulation) -> Any:
    """One row a place."""
    import pandas as pd

    places, named = simulation.places, simulation.society.place_list
    return pd.DataFrame(
        {
            "name": named.name, "place_id": named.place_id, "region": named.region, "latitude": places.latitude,
            "longitude": places.longitude, "population": places.population,
            "residents": places.residents * simulation.state.scale,
            "instances_begun": np.bincount(simulation.state.instances.place, minlength=len(places)),
            "generalisation_number": places.generalisation,
        }
    )  # fmt: skip


def people_frame(simulation: Simulation) -> Any:
    """One row an agent at the end of the run."""
    import pandas as pd

    frame = pd.DataFrame({column.name: values for column, values in simulation.people.columns() if not column.dims})
    groups = list(simulation.society.groups)  # a table of people may use codes beyond those that are named
    groups += [f"group-{code}" for code in range(len(groups), int(simulation.people.group.max(initial=0)) + 1)]
    for name, labels in (("position", POSITIONS), ("activity", ACTIVITIES), ("group", groups)):
        frame[name] = pd.Categorical.from_codes(frame[name], list(labels))
    frame["kind_of_work"] = pd.Categorical.from_codes(
        np.where(frame["work"] >= 0, simulation.sites.kind[np.maximum(frame["work"], 0)], -1), list(KINDS))  # fmt: skip
    return frame
