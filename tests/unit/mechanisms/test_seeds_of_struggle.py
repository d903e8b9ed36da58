"""Seeds of struggle, nerves given one by one, and leaving for good."""

import datetime

import numpy as np
import pytest
from alone import struggle_alone
from worlds import lively

import communize as cz
from communize.declare.registry import IN_STRUGGLE


def in_struggle(sim):
    return np.flatnonzero(sim.people.activity == IN_STRUGGLE)


def seeded(*seeds, people=100, **changes):
    changes = {"struggle__response": "contacts", "struggle__rate_contact": 0.0} | changes
    return cz.Simulation(struggle_alone(people=people, struggle__seed=list(seeds), **changes), seed=1)


def test_a_share_a_number_and_rows():
    assert in_struggle(seeded({"share": 0.13}).run(1)).size == 13
    assert in_struggle(seeded({"people": 7}).run(1)).size == 7
    assert in_struggle(seeded({"rows": [3, 90]}).run(1)).tolist() == [3, 90]
    assert in_struggle(seeded({"share": 0.0}, {"people": 0}).run(1)).size == 0


def test_who_begins_is_drawn_evenly():
    chosen = np.concatenate([in_struggle(cz.Simulation(struggle_alone(
        people=50, struggle__response="contacts", struggle__seed=[{"people": 5}]), seed=seed).run(1)) for seed in range(400)])  # fmt: skip
    counts = np.bincount(chosen, minlength=50)
    assert ((counts - 40) ** 2 / 36).sum() < 50 + 4 * 10  # each is hypergeometric with variance 36


def test_seeds_have_days_and_places():
    sim = cz.Simulation(lively(**{
        "scenario.only": ["struggle"], "struggle.response": "contacts", "struggle.rate_contact": 0.0, "struggle.rate_leaving": 0.0, "struggle.rate_leaving_alone": 0.0,
        "struggle.seed": [{"day": 2, "place": "place-2", "share": 0.5}, {"date": datetime.date(2005, 1, 5), "people": 9}]}), seed=1)  # fmt: skip
    sizes = []
    for _ in range(6):
        sim.step()
        sizes.append(in_struggle(sim).size)
    place = sim.society.place_list.require("place-2", "")
    assert sizes[:2] == [0, 0]
    assert sizes[2] == round(0.5 * sim.places.eligible[place])
    assert sizes[4] == sizes[3] + 9
    assert int(sim.state.days.joined[0]) == 0
    assert sim.series["joined"].to_numpy().tolist() == [0, 0, sizes[2], 0, 9, 0]


def test_ties_begin_with_them():
    sim = seeded({"rows": [10], "with_ties": True}, society__ties__form="ring", society__ties__mean_degree=4.0)
    assert in_struggle(sim.run(1)).tolist() == [8, 9, 10, 11, 12]


def test_only_those_who_could_join_begin_and_the_run_says_so():
    sim = cz.Simulation(lively(**{
        "society.taking_part": ["women"], "scenario.only": ["struggle"], "struggle.response": "contacts", "struggle.rate_leaving": 0.0, "struggle.rate_leaving_alone": 0.0,
            "struggle.seed": [{"people": 1999}]}))  # fmt: skip
    able = sim.society.takes_part[sim.people.position, sim.people.group]
    sim.step()
    np.testing.assert_array_equal(in_struggle(sim), np.flatnonzero(able))
    assert f"struggle.seed[0]: {able.sum()} of 1999 agents began, as no more could join" in sim.notes()


def test_seeds_work_with_the_logistic_response_too():
    assert in_struggle(seeded({"people": 7}, struggle__response="logistic", struggle__nerve=40.0).run(1)).size == 7


def test_a_seed_after_the_end_is_noted():
    assert any("lies after the end" in note for note in seeded({"day": 50, "people": 1}).run(3).notes())


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ({"people": 1, "place": "Nowhere"}, "struggle.seed[0].place"),
        ({"rows": [100]}, "struggle.seed[0].rows"),
        ({"people": 1, "date": datetime.date(1999, 1, 1)}, "struggle.seed[0].date"),
        ({}, "one of share, people and rows"),
        ({"share": 0.1, "people": 3}, "one of share, people and rows"),
        ({"share": 1.1}, "struggle.seed[0].share"),
        ({"rows": [1, 1]}, "different rows"),
        ({"rows": [1], "place": "place-1"}, "rows or a place"),
        ({"people": 1, "day": 1, "date": datetime.date(2005, 1, 2)}, "a date or a day"),
        ({"peopel": 1}, "did you mean people?"),
    ],
)
def test_seeds_that_cannot_be_are_named(seed, words):
    with pytest.raises(cz.InputError) as caught:
        seeded(seed)
    assert words in str(caught.value)


def test_nerves_are_given_one_by_one_and_repeat():
    sim = seeded(people=5, struggle__nerves=[1.0, 2.0])
    assert sim.people.nerve.tolist() == [1.0, 2.0, 1.0, 2.0, 1.0]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_those_who_leave_never_joins_again(share):
    sim = cz.Simulation(struggle_alone(
        "place", people=20_000, struggle__response="contacts", struggle__rate_contact=1.0, struggle__rate_leaving=0.7,
        struggle__leaving_for_good=share, struggle__seed=[{"share": 1.0}]), seed=2)  # fmt: skip
    sim.run(1)
    left = int(sim.state.days.left[0])
    removed = int(sim.people.removed.sum())
    assert removed == pytest.approx(share * left, abs=4 * np.sqrt(left * 0.25) if 0 < share < 1 else 0)
    gone = np.flatnonzero(sim.people.removed)
    sim.run(5)
    assert not np.any(sim.people.activity[gone] == IN_STRUGGLE)
    assert int(sim.series["removed"][-1]) == int(sim.people.removed.sum())


@pytest.mark.parametrize("source", ["neighbourhood", "ties"])
@pytest.mark.parametrize("on", ["share", "count"])
def test_nobody_is_held_by_being_in_struggle_oneself(source, on):
    """Of two people who see each other one is in struggle: nobody else is there to hold that one."""
    scenario = struggle_alone(
        source, struggle__response="threshold", struggle__threshold_on=on, struggle__nerve=9.0, struggle__holding=0.5, struggle__rate_leaving=10.0,
        struggle__seed=[{"rows": [0]}])  # fmt: skip
    society = cz.Society.from_graph((2, [0], [1]))
    assert in_struggle(cz.Simulation(scenario, seed=1, society=society).run(8)).size == 0
    both = scenario.replace({"struggle.seed": [{"rows": [0, 1]}]})
    assert in_struggle(cz.Simulation(both, seed=1, society=society).run(8)).size == 2


@pytest.mark.parametrize("source", ["neighbourhood", "place"])
def test_numbers_of_contacts_are_people_whatever_the_scale(source):
    """20,000 people as 20,000 agents or as 2,000: the same epidemic, up to noise."""
    sizes = []
    for scale in (1.0, 10.0):
        scenario = struggle_alone(
            source, people=20_000, days=120, society__scale=scale, society__neighbourhood_size=1e6, struggle__response="contacts",
            struggle__rate_contact=0.4 / 20_000, struggle__rate_leaving=0.2231, struggle__leaving_for_good=1.0, struggle__seed=[{"share": 0.05}])  # fmt: skip
        run = cz.run(scenario, seed=1)
        sizes.append(float(run.series["removed"][-1] + run.series["active"][-1].sum()) / 20_000)
    assert sizes[0] == pytest.approx(sizes[1], abs=0.05)
    assert sizes[0] > 0.7
