"""Scenarios from the whole declared space of parameters: each runs with all that must hold, or is refused when it is made."""

import json
import random
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from inputs import run_checked, strict_json, well_said, within
from whole_space import scenarios

import communize as cz
from communize.declare.errors import InputError
from communize.simulation.day import MECHANISMS

# Series with days on which there is nothing to take a mean of: "not a number" on purpose.
OFTEN_MISSING = {output.name for mechanism in MECHANISMS for output in mechanism.outputs if output.may_lack}
few = settings(deadline=None, database=None, max_examples=45, derandomize=True, suppress_health_check=list(HealthCheck))
BATCH, BATCHES = 250, 8


def try_values(values):
    """Make, run and judge a scenario; whether it was not refused."""
    with within(), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            scenario = cz.Scenario(values)
            cz.Simulation(scenario, threads=1)
        except InputError as error:
            well_said(error)
            return False
        sim, run = run_checked(scenario, scenario.days), cz.run(scenario, threads=1)
        strict_json(json.dumps(run.summary(), default=str))
        for name, series in run.series.data_vars.items():
            known = series.to_numpy()
            if name in OFTEN_MISSING:
                known = known[~np.isnan(known)]
            assert np.isfinite(known).all(), name
        assert run.state_hash == sim.state_hash()
    return True


def test_the_whole_space():
    ran = []

    @few
    @given(scenarios())
    def each(values):
        ran.append(try_values(values))

    each()
    assert sum(ran) > 0.6 * len(ran), "most of what is drawn should be a scenario: see `put_right` for rules that bind several values"


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_whole_space_at_length(batch):
    number = random.SystemRandom().getrandbits(64)
    print(f"seed({number})")

    @seed(number)
    @settings(few, max_examples=BATCH, derandomize=False)
    @given(scenarios())
    def each(values):
        try_values(values)

    each()
