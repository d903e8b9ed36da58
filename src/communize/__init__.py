"""communize: how struggles can produce measures that suspend the relations of a class society, simulated.

Everything is imported when it is first used, so that importing the package costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

_WHERE = {
    "load": "scenario.scenario",
    "Scenario": "scenario.scenario",
    "case_names": "scenario.scenario",
    "run": "store.running",
    "resume": "store.running",
    "Run": "store.run",
    "read_run": "store.run",
    "Outcome": "store.outcome",
    "Simulation": "simulation.simulation",
    "Society": "society.society",
    "SocietyParameters": "society.parameters",
    "Mechanism": "mechanisms.base",
    "State": "mechanisms.base",
    "Column": "declare.registry",
    "Output": "declare.registry",
    "Draws": "kernels.vector",
    "kernel": "kernels.draws",
    "parameter": "declare.parameters",
    "reproduction_ratio": "production.reproduction",
    "frontier": "production.frontier",
    "ensemble": "experiment.ensemble",
    "sweep": "experiment.ensemble",
    "read_ensemble": "experiment.results",
    "compare": "experiment.compare",
    "sensitivity": "experiment.sensitivity",
    "calibrate": "experiment.calibration",
    "calibration_check": "experiment.calibration_check",
    "read_posterior": "experiment.posterior",
    "InputError": "declare.errors",
    "CommunizeError": "declare.errors",
    "InvariantViolation": "declare.errors",
}

if TYPE_CHECKING:
    from communize.declare.errors import CommunizeError, InputError, InvariantViolation
    from communize.declare.parameters import parameter
    from communize.declare.registry import Column, Output
    from communize.experiment.calibration import calibrate
    from communize.experiment.calibration_check import calibration_check
    from communize.experiment.compare import compare
    from communize.experiment.ensemble import ensemble, sweep
    from communize.experiment.posterior import read_posterior
    from communize.experiment.results import read_ensemble
    from communize.experiment.sensitivity import sensitivity
    from communize.kernels.draws import kernel
    from communize.kernels.vector import Draws
    from communize.mechanisms.base import Mechanism, State
    from communize.mechanisms.base import MechanismParameters as Parameters
    from communize.production.frontier import frontier
    from communize.production.reproduction import reproduction_ratio
    from communize.scenario.scenario import Scenario, case_names, load
    from communize.simulation.simulation import Simulation
    from communize.society.parameters import SocietyParameters
    from communize.society.society import Society
    from communize.store.outcome import Outcome
    from communize.store.run import Run, read_run
    from communize.store.running import resume, run

__all__ = [
    "Column", "CommunizeError", "Draws", "InputError", "InvariantViolation", "Mechanism", "Outcome", "Output",
    "Parameters", "Run", "Scenario", "Simulation", "Society", "SocietyParameters", "State", "calibrate",
    "calibration_check", "case_names", "compare", "ensemble", "frontier", "kernel", "load", "parameter",
    "read_ensemble", "read_posterior", "read_run", "reproduction_ratio", "resume", "run", "sensitivity", "sweep",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("communize")
    if name == "Parameters":
        return importlib.import_module("communize.mechanisms.base").MechanismParameters
    if name in _WHERE:
        value = getattr(importlib.import_module(f"communize.{_WHERE[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'communize' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
