"""Whoever enters, leaves or moves on, every count equals a recount."""

import numpy as np
import pytest
from measure_labs import assert_counted, lab, put, take

from communize.declare.registry import HELD, IN_MEASURE, IN_STRUGGLE, ROUTINE, TAKEN
from communize.mechanisms.measures import taking_part


def world(seed):
    """Three places with neighbourhoods and workplaces, many ties, some people in struggle, five measures and nobody in them."""
    rng = np.random.default_rng(seed)
    kinds = ["neighbourhood"] * 6 + ["workplace"] * 5
    n = 70
    people = [(int(rng.integers(0, 6)), int(rng.integers(6, 11)) if rng.random() < 0.7 else -1) for _ in range(n)]
    sim = lab(people, kinds, place_of=[0, 0, 1, 1, 2, 2, 0, 1, 2, 0, 1], ties=rng.integers(0, n, (160, 2)))
    put(sim, np.flatnonzero(rng.random(n) < 0.3), IN_STRUGGLE)
    take(sim, rng.choice(11, 5, replace=False))
    return sim, rng


def in_measures(sim):
    return np.flatnonzero(sim.people.activity == IN_MEASURE).astype(np.int32)


@pytest.mark.parametrize("seed", range(4))
def test_counts_equal_recounts_after_any_sequence(seed):
    sim, rng = world(seed)
    done = dict.fromkeys(("entered", "left", "moved", "struggle"), 0)
    for _ in range(50):
        taken = np.flatnonzero(sim.sites.mode == TAKEN)
        if rng.random() < 0.5:
            free = np.flatnonzero(np.isin(sim.people.activity, (ROUTINE, IN_STRUGGLE)))
            rows = rng.permutation(free)[: rng.integers(0, 6)].astype(np.int32)
            done["struggle"] += int((sim.people.activity[rows] == IN_STRUGGLE).sum())
            at = rng.choice(taken, rows.size).astype(np.int32)
            taking_part.enter(sim.state, rows, at)
            assert (sim.people.activity[rows] == IN_MEASURE).all()
            assert sim.people.measure[rows].tolist() == at.tolist()
            done["entered"] += rows.size
        elif rng.random() < 0.7:
            rows = rng.permutation(in_measures(sim))[: rng.integers(0, 4)]
            to = ROUTINE if rng.random() < 0.7 else HELD
            taking_part.leave(sim.state, rows, to)
            if to == HELD:  # whoever holds them counts them; here they go home at once
                sim.people.activity[rows] = ROUTINE
            assert (sim.people.measure[rows] == -1).all()
            done["left"] += rows.size
        else:
            over = np.zeros(11, bool)
            over[rng.choice(taken, 2)] = True
            before = sim.people.measure.copy()
            left = taking_part.end_at(sim.state, over)
            done["moved"] += int(((sim.people.measure != before) & (before >= 0)).sum())
            taking_part.leave(sim.state, left, ROUTINE)
        assert_counted(sim)
    assert min(done.values()) > 5, done


@pytest.mark.parametrize("seed", range(4))
def test_who_goes_on_where_after_an_ending(seed):
    """At a site of their own that is in force, the neighbourhood first; everybody else is handed back."""
    sim, rng = world(seed)
    taken = np.flatnonzero(sim.sites.mode == TAKEN)
    everybody = np.arange(len(sim.people), dtype=np.int32)
    taking_part.enter(sim.state, everybody, rng.choice(taken, everybody.size).astype(np.int32))
    over = np.zeros(11, bool)
    over[rng.choice(taken, 3, replace=False)] = True
    before = sim.people.measure.tolist()
    wanted, back = [], []
    for person, at in enumerate(before):
        home, work = int(sim.people.home[person]), int(sim.people.work[person])
        own = [site for site in (home, work) if site >= 0 and sim.sites.mode[site] == TAKEN and not over[site]]
        if not over[at]:
            wanted.append(at)
        elif own:
            wanted.append(own[0])
        else:
            wanted.append(at)
            back.append(person)
    left = taking_part.end_at(sim.state, over)
    assert left.tolist() == back
    assert sim.people.measure.tolist() == wanted
    assert wanted != before
    assert_counted(sim)


def test_entering_takes_people_out_of_their_struggle():
    sim = lab([(0, 2), (0, 2), (1, -1)], ["neighbourhood", "neighbourhood", "workplace"], place_of=[0, 1, 1])
    put(sim, [0, 2], IN_STRUGGLE)
    assert sim.sites.active.tolist() == [1, 1, 1]
    take(sim, 2)
    taking_part.enter(sim.state, np.array([0], np.int32), np.array([2], np.int32))
    assert sim.sites.active.tolist() == [0, 1, 0]
    assert sim.places.active.tolist() == [0, 1]
    assert sim.sites.participants.tolist() == [1, 0, 1]  # home and site, each once
    assert sim.places.participants.tolist() == [1, 0]  # where the person lives


def test_somebody_who_joins_elsewhere_counts_at_home_at_work_and_there():
    sim = lab([(0, 2), (1, -1)], ["neighbourhood", "neighbourhood", "workplace"])
    take(sim, 1)
    taking_part.enter(sim.state, np.array([0], np.int32), np.array([1], np.int32))
    assert sim.sites.participants.tolist() == [1, 1, 1]
    assert_counted(sim)


def test_ties_of_a_site_into_measures_leave_out_its_own_members_and_those_who_joined_it():
    """Person 0 (home 0) is tied to 1 (home 0), 2 (home 1) and 3 (home 2, joined at 0); all three take part."""
    sim = lab([(0, -1), (0, -1), (1, -1), (2, -1)], ["neighbourhood"] * 3, ties=[(0, 1), (0, 2), (0, 3)])
    take(sim, [0, 1])
    taking_part.enter(sim.state, np.array([1, 2, 3], np.int32), np.array([1, 1, 0], np.int32))
    assert sim.people.ties_in_measures.tolist() == [3, 0, 0, 0]
    assert sim.sites.ties_in_measures.tolist() == [1, 0, 0]  # that to person 2 alone
    assert_counted(sim)


def test_nobody_enters_or_leaves_and_nothing_changes():
    sim, _ = world(1)
    before = sim.state_hash()
    none = np.empty(0, np.int32)
    taking_part.enter(sim.state, none, none)
    taking_part.leave(sim.state, none, ROUTINE)
    assert taking_part.end_at(sim.state, np.ones(11, bool)).size == 0
    assert sim.state_hash() == before
