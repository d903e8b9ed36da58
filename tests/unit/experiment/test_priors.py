"""Ranges of parameters: what is read, refused, and drawn."""

import numpy as np
import pytest

import communize as cz
from communize.experiment.priors import Prior, Range, prior_of


def test_a_range_in_logarithms_is_even_in_them():
    one = Range("a", 0.01, 100.0, log=True)
    assert one.value(np.array([0.0, 0.25, 0.5, 1.0])) == pytest.approx([0.01, 0.1, 1.0, 100.0])
    assert one.unit(one.value(np.array([0.3, 0.7]))) == pytest.approx([0.3, 0.7])


def test_whole_numbers_are_whole():
    prior = prior_of(cz.load("restructured"), ["force.deployment_delay=1:9", "force.move=0.1:0.5"])
    points = prior.points(prior.draws(50, seed=1))
    assert {type(point["force.deployment_delay"]) for point in points} == {int}
    assert {point["force.deployment_delay"] for point in points} <= set(range(1, 10))
    assert {type(point["force.move"]) for point in points} == {float}


def test_points_fill_the_prior_and_are_repeated():
    prior = Prior([("a", 0.0, 1.0), ("b", 10.0, 20.0)])
    points = prior.values(prior.sobol(64, seed=1))
    assert points.min(axis=0) == pytest.approx([0, 10], abs=0.5)
    assert points.max(axis=0) == pytest.approx([1, 20], abs=0.5)
    assert np.array_equal(points, prior.values(prior.sobol(64, seed=1)))
    assert prior.units(points) == pytest.approx(prior.sobol(64, seed=1))


def test_the_scenario_declares_a_range_in_logarithms():
    scenario = cz.load("sir").replace({"prior": {"struggle.rate_contact": [0.01, 1, "log"]}})
    assert prior_of(scenario).ranges == (Range("struggle.rate_contact", 0.01, 1.0, True, False),)
    assert prior_of(scenario).to_dict() == {"struggle.rate_contact": [0.01, 1.0, "log"]}


@pytest.mark.parametrize("entry", [[1.0], [2.0, 1.0], [1.0, 1.0], [0.0, 1.0, "log"], [0.1, 1.0, "lin"], ["a", 2.0], [0.1, float("inf")], [0.1, 0.2, "log", 1]])
def test_a_wrong_range_is_refused_when_the_scenario_is_read(entry):
    with pytest.raises(cz.InputError, match=r"prior\.struggle\.rate_contact.*lowest"):
        cz.load("sir").replace({"prior": {"struggle.rate_contact": entry}})


@pytest.mark.parametrize(("text", "message"), [
    ("struggle.rate_contat=0.1:0.2", "did you mean rate_contact"),
    ("struggle.rate_contact=0.2:0.1", "two numbers in order"),
    ("struggle.rate_contact=0.1", "path=low:high"),
    ("struggle.rate_contact", "path=low:high"),
    ("struggle.rate_contact=-1:0.1", "found -1"),
    ("struggle.rate_contact=0:0.1:log", "above 0"),
    ("struggle.rate_contact=0.1:0.2:lg", "did you mean log"),
    ("society.people=10:20", "society is made once"),
])  # fmt: skip
def test_wrong_ranges_of_ones_own(text, message):
    with pytest.raises(cz.InputError, match=message):
        prior_of(cz.load("sir"), [text], society_fixed=True)


def test_no_prior():
    with pytest.raises(cz.InputError, match="sir: prior: found 'nothing'"):
        prior_of(cz.load("sir"))
