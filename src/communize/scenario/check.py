"""Validating a scenario beyond its values: places, dates and mechanisms, without making its people."""

import datetime
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.registry import Table
from communize.mechanisms.base import State
from communize.scenario.scenario import Scenario
from communize.simulation.day import MECHANISMS
from communize.society.columns import PEOPLE, PLACES, SITES
from communize.society.lattices import check_lattice
from communize.society.places import Contact, agents_of_places, list_places
from communize.society.society import Society
from communize.society.ties import ties_from_edges


def check_scenario(scenario: Scenario) -> dict[str, Any]:
    """Resolve places and events as a run would.

    Returns
    -------
    dict
        ``people``, ``agents``, ``places`` and ``warnings``.

    Raises
    ------
    InputError
        What a run would refuse.
    """
    try:
        return _check(scenario)
    except InputError as error:
        raise error.in_file(scenario.file) from None


def _check(scenario: Scenario) -> dict[str, Any]:
    parameters = scenario.society
    check_length(scenario)
    check_comparisons(scenario)
    places = list_places(parameters.places, np.uint64(scenario.seed))
    agents = agents_of_places(places.population, parameters.people, parameters.scale)
    if parameters.ties.form != "drawn" and parameters.ties.file is None:
        check_lattice(parameters.ties, int(agents.sum()))
    empty = np.zeros(0, np.int32)
    contact = Contact(np.zeros(len(places) + 1, np.int64), empty, np.zeros(0), np.zeros((len(places), 3)))
    society = Society(
        Table("people", 0, PEOPLE), Table("sites", 0, SITES), Table("places", len(places), PLACES),
        ties_from_edges(empty, empty, 0), contact, places, parameters)  # fmt: skip
    society.places.residents[:] = agents
    state = State(society, np.uint64(scenario.seed), scenario.start)
    mechanisms = scenario.mechanisms()
    for mechanism in mechanisms:
        state.ensure(mechanism.columns)
        mechanism.setup(state)
    warnings = []
    at_work = [mechanism.name for mechanism in mechanisms if mechanism.name != "economy" or mechanism.parameters.core]
    strikes = "provisioning" in at_work and bool(scenario.tables.provisioning.stop or scenario.tables.provisioning.crisis)
    if not {"struggle", "civil_violence", "economy"} & set(at_work) and not strikes:
        warnings.append("struggle is switched off: nothing will happen")
    state.day = scenario.days  # events after the end are noted
    measures = scenario.tables.measures
    if measures.seed and not measures.enabled:
        warnings.append("measures.seed: none begins, as measures are switched off")
    if scenario.tables.struggle.seed and not scenario.tables.struggle.enabled:
        warnings.append("struggle.seed: none begins, as struggle is switched off")
    warnings += [note for mechanism in mechanisms for note in mechanism.notes(state)]
    for number, target in enumerate(scenario.tables.target):
        if target.region is not None and target.region not in places.region:
            warnings.append(f"target[{number}].region: no place lies in {target.region!r}")
    return {
        "people": round(float(agents.sum()) * parameters.scale), "agents": int(agents.sum()), "places": len(places),
        "warnings": warnings,
    }  # fmt: skip


def check_length(scenario: Scenario) -> None:
    """Raise an `InputError` for a run beyond the last date that there is."""
    longest = (datetime.date.max - scenario.start).days
    if scenario.days > longest:
        path = "scenario.days" if scenario.tables.run.days is None else "run.days"
        raise InputError(path, scenario.days, f"0 to {longest} days from {scenario.start}, as dates end with the year 9999", None, scenario.file)


def check_comparisons(scenario: Scenario) -> None:
    """Raise an `InputError` for targets and observed series that name no variable, or one without what they need."""
    outputs = {output.name: output for mechanism in (*MECHANISMS, *scenario.own_mechanisms()) for output in mechanism.outputs}
    named = [(f"target[{number}]", target) for number, target in enumerate(scenario.tables.target)]
    for path, table in [*named, ("observed", scenario.tables.observed)]:
        if table.variable not in outputs:
            raise InputError(
                f"{path}.variable", table.variable, "a variable of the series", nearest_name(table.variable, outputs), scenario.file)
    for path, target in named:
        if target.statistic in ("share_in_region", "places_hit") and "place" not in outputs[target.variable].dims:
            places = [name for name, output in outputs.items() if output.dims == ("place",)]
            raise InputError(f"{path}.variable", target.variable, f"a variable by place: {', '.join(places)}", None, scenario.file)
        if target.statistic == "share_in_region" and target.region is None:
            raise InputError(f"{path}.region", None, "the region of the share", None, scenario.file)
        if target.statistic == "first_share" and target.day is None:
            raise InputError(f"{path}.day", None, "the number of first days", None, scenario.file)
