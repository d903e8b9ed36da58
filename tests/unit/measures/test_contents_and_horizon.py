"""What changes while a measure is in force: its contents, and what people who live or witness it think possible."""

import numpy as np
import pytest
from measure_labs import lab, put, step, take

from communize.declare.registry import CONTENTS, IN_MEASURE, ROUTINE

N = len(CONTENTS)
HIERARCHY = CONTENTS.index("hierarchy")


# --- contents ---


def drifting(content, participants=1, members=4, resonance=0.0, **law):
    """Measures at sites of four people, in one place; each row of `content` is one of them."""
    n = len(content)
    sim = lab([(s, -1) for s in range(n) for _ in range(members)], ["neighbourhood"] * n, on=("contents",), contents=law)
    rows = take(sim, range(n), people=[range(s * members, s * members + participants) for s in range(n)])
    sim.instances.content[rows], sim.instances.resonance[rows] = np.array(content, np.float32), resonance
    return sim


def test_relations_left_in_force_pull_the_others_down():
    """Each content falls by the coupling times its distance to the mean of the others, where that is lower, and never rises."""
    rng = np.random.default_rng(1)
    content = rng.uniform(-1, 1, (30, N)).astype(np.float32)
    sim = drifting(content, coupling=0.2)
    wanted = []
    for row in content.astype(float).tolist():
        means = [(sum(row) - c) / (N - 1) for c in row]
        wanted.append([c - 0.2 * max(0.0, c - mean) for c, mean in zip(row, means)])
    step(sim, "contents")
    np.testing.assert_allclose(sim.instances.content, wanted, atol=1e-6)
    assert (sim.instances.content <= content + 1e-7).all()


def test_a_measure_against_one_relation_alone_erodes():
    content = np.full((1, N), -1.0)
    content[0, 2] = 1.0
    sim = drifting(content, coupling=0.05)
    for day in range(200):
        step(sim, "contents", day)
    np.testing.assert_allclose(sim.instances.content, -1.0, atol=1e-3)


def test_a_measure_against_all_relations_alike_does_not_erode():
    sim = drifting(np.full((1, N), 0.7), coupling=1.0)
    for day in range(20):
        step(sim, "contents", day)
    np.testing.assert_allclose(sim.instances.content, 0.7, rtol=1e-6)


@pytest.mark.parametrize("participants", [1, 3, 4])
def test_resonant_activity_draws_all_contents_up(participants):
    """By psi+ * resonance * share of members who take part * (1 - c)."""
    sim = drifting(np.full((3, N), -0.5), participants=participants, coupling=0.0, back=0.1, resonance=[0.0, 0.4, 1.0])
    step(sim, "contents")
    rise = 0.1 * np.array([0.0, 0.4, 1.0]) * participants / 4
    np.testing.assert_allclose(sim.instances.content, np.tile((-0.5 + rise * 1.5)[:, None], N), rtol=1e-6)


def test_alone_nothing_draws_contents_up():
    sim = drifting(np.full((1, N), -0.5), coupling=0.0, back=1.0)
    step(sim, "contents")
    np.testing.assert_array_equal(sim.instances.content, np.full((1, N), np.float32(-0.5)))


def test_contents_stay_in_their_range():
    sim = drifting(np.array([[1.0] * 4 + [-1.0] * 4] * 6), participants=4, coupling=1.0, back=1.0, resonance=1.0)
    for day in range(5):
        step(sim, "contents", day)
        assert np.abs(sim.instances.content).max() <= 1


def test_only_measures_in_force_drift():
    sim = drifting(np.array([[1.0] * 4 + [-1.0] * 4] * 2), coupling=0.5)
    sim.sites.mode[0], sim.sites.instance[0], sim.instances.ended[0] = 0, -1, 3
    put(sim, range(4), ROUTINE)
    before = sim.instances.content.copy()
    practices = sim.practices.content.copy()
    step(sim, "contents")
    np.testing.assert_array_equal(sim.instances.content[0], before[0])
    assert (sim.instances.content[1] != before[1]).any()
    np.testing.assert_array_equal(sim.practices.content, practices)  # the practice stays what it was


def test_mean_content_by_relation_is_reported():
    sim = drifting([[0.5] * N, [-0.3] * N], coupling=0.0)
    sim.run(1)
    np.testing.assert_allclose(sim.series.content.isel(day=0), 0.1, rtol=1e-6)
    assert np.isnan(lab([(0, -1)], ["neighbourhood"], on=("contents",)).run(1).series.content).all()


# --- horizon ---

START = 0.1


def living(km=(0.0, 10.0), coverage=0.5, hierarchy=1.0, inside=5, start=START, society=None, **law):
    """Two places of ten people; in the first a neighbourhood's measure in which so many of its people take part."""
    sim = lab([(0, -1)] * 10 + [(1, -1)] * 10, ["neighbourhood"] * 2, place_of=[0, 1], km=km, on=("horizon",), horizon=law,
              society={"horizon": start, **(society or {})})  # fmt: skip
    take(sim, 0, people=[range(inside)], hierarchy=hierarchy)
    sim.sites.coverage[:] = coverage
    return sim


@pytest.mark.parametrize(("coverage", "hierarchy"), [(0.5, 1.0), (1.0, 0.0), (0.8, -1.0), (0.0, 1.0)])
def test_participants_and_witnesses_learn_from_success(coverage, hierarchy):
    """Success = coverage * suspended hierarchy; witnesses see it as far as people around take part, and that less."""
    sim = living(coverage=coverage, hierarchy=hierarchy, gain=0.2, witness=0.6, contact_share=0.25)
    step(sim, "horizon")
    success = coverage * (1 + hierarchy) / 2
    here, there = success * 5 / 10, 0.0
    seen = [0.6 * (0.75 * here + 0.25 * there), 0.6 * (0.75 * there + 0.25 * here)]
    wanted = [START + 0.2 * s * (1 - START) for s in [success] * 5 + [seen[0]] * 5 + [seen[1]] * 10]
    np.testing.assert_allclose(sim.people.horizon, wanted, rtol=1e-5)
    np.testing.assert_allclose(sim.places.horizon, [np.mean(wanted[:10]), np.mean(wanted[10:])], rtol=1e-5)


def test_without_recognition_only_participants_learn():
    sim = living(gain=0.2, witness=0.0, contact_share=0.5)
    for day in range(10):
        step(sim, "horizon", day)
    assert (sim.people.horizon[:5] > START + 0.3).all()
    np.testing.assert_array_equal(sim.people.horizon[5:], np.float32(START))


def test_a_place_without_contacts_witnesses_its_own():
    sim = living(km=[0.0, 4000.0], gain=0.2, witness=0.5, contact_share=0.9)
    step(sim, "horizon")
    np.testing.assert_allclose(sim.people.horizon[5:10], START + 0.2 * 0.5 * (0.5 * 5 / 10) * (1 - START), rtol=1e-5)
    np.testing.assert_allclose(sim.people.horizon[10:], START)


def test_horizons_halve_above_their_start_in_their_half_life():
    sim = living(gain=0.5, witness=1.0, half_life_days=15.0)
    for day in range(10):
        step(sim, "horizon", day)
    sim.sites.mode[0], sim.sites.instance[0] = 0, -1
    put(sim, range(20), ROUTINE)
    high = sim.people.horizon.astype(float)
    assert high[0] > 0.4
    for day in range(15):
        step(sim, "horizon", day)
    np.testing.assert_allclose(sim.people.horizon, START + (high - START) / 2, rtol=1e-4)
    for day in range(400):
        step(sim, "horizon", day)
    np.testing.assert_allclose(sim.people.horizon, START, atol=1e-4)


def test_the_horizon_never_passes_one():
    sim = living(coverage=1.0, gain=1.0, witness=1.0)
    for day in range(5):
        step(sim, "horizon", day)
    np.testing.assert_allclose(sim.people.horizon[:5], 1.0)
    assert sim.people.horizon.max() <= 1


def test_it_counts_where_the_measure_is_and_what_is_seen_where_one_lives():
    """People of the second place take part in the first; those who stay see that their neighbours do, but no measure there."""
    sim = living(inside=0, gain=0.2, witness=1.0, contact_share=0.0)
    sim.sites.coverage[:] = [0.8, 0.1]
    put(sim, range(10, 14), IN_MEASURE, 0)
    step(sim, "horizon")
    np.testing.assert_allclose(sim.people.horizon[10:14], START + 0.2 * 0.8 * (1 - START), rtol=1e-5)
    np.testing.assert_allclose(sim.people.horizon[14:], START, rtol=1e-6)
    np.testing.assert_allclose(sim.people.horizon[:10], START, rtol=1e-6)  # nobody who lives here takes part


def test_outputs_are_means_over_people_and_over_participants():
    sim = living(gain=0.3, inside=4)
    sim.run(2)
    last = sim.series.isel(day=-1)
    assert float(last.horizon) == pytest.approx(float(sim.people.horizon.mean(dtype=float)), rel=1e-5)
    assert float(last.horizon_participants) == pytest.approx(float(sim.people.horizon[:4].mean(dtype=float)), rel=1e-5)
    quiet = lab([(0, -1)] * 3, ["neighbourhood"], on=("horizon",), society={"horizon": 0.3}).run(2)
    assert quiet.series.horizon.values.tolist() == pytest.approx([0.3, 0.3])
    assert np.isnan(quiet.series.horizon_participants).all()
