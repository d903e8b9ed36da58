"""Each scalar rule of measures against the formula of `rules.md`, sections 1, 2 and 5."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communize.declare.registry import MAX_NEEDS
from communize.mechanisms.measures import rules

quick = settings(max_examples=200, deadline=None, derandomize=True, database=None)
share = st.floats(0, 1, allow_subnormal=False)
content = st.floats(-1, 1, allow_subnormal=False)


@quick
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(0.1, 20))
def test_hill(exposure, half, exponent):
    ratio = (exposure / half) ** exponent
    assert rules.hill(exposure, half, exponent) == pytest.approx(ratio / (1 + ratio) if math.isfinite(ratio) else 1.0, rel=1e-9)
    assert rules.hill(half, half, exponent) == pytest.approx(0.5)


@pytest.mark.parametrize("exponent", [1.0, 1.5, 500.0])
def test_hill_at_its_ends(exponent):
    assert rules.hill(0.0, 1.0, exponent) == 0.0
    assert rules.hill(-1.0, 1.0, exponent) == 0.0
    assert rules.hill(1e-9, 1e9, exponent) == pytest.approx(0.0, abs=1e-12)
    assert rules.hill(1e12, 1e-6, exponent) == pytest.approx(1.0)


def test_hill_of_exponent_one_is_simple_contagion_and_above_one_complex():
    """At little exposure a second example more than doubles the response only in complex contagion."""
    for exponent, more in ((1.0, False), (1.5, True), (3.0, True)):
        one, two = (rules.hill(exposure, 1.0, exponent) for exposure in (0.01, 0.02))
        assert (two > 2.01 * one) == more


@quick
@given(st.floats(0, 9), st.floats(0, 9), share, share, share)
def test_open_need_keeps_a_floor(weight, struggle_weight, active_share, shortage, floor):
    found = rules.open_need(weight, struggle_weight, active_share, shortage, floor)
    assert found == pytest.approx((weight + struggle_weight * active_share) * max(floor, shortage))
    if weight > 1e-6 and floor > 1e-6:
        assert found > 0  # provision does not end its own cause


@quick
@given(st.lists(st.floats(0, 5, allow_subnormal=False), min_size=4, max_size=4), st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True))
def test_fit_is_the_answered_part_of_the_open_needs(openness, needs):
    """Labour divides among the needs, wholly (1), in part, or not at all (0)."""
    slots = np.array(needs + [-1] * (MAX_NEEDS - len(needs)), np.int8)
    total = sum(openness)
    wanted = sum(openness[k] for k in needs) / total if total > 0 else 0.0
    for division in (0.0, 0.4, 1.0):
        found = rules.fit(slots, np.array(openness), total, division)
        assert found == pytest.approx(min(1.0, wanted / len(needs) ** division), abs=1e-12)


@quick
@given(content)
def test_the_suspended_share_goes_from_nothing_to_all(c):
    assert rules.suspended(c) == pytest.approx((1 + c) / 2)
    assert 0 <= rules.suspended(c) <= 1


@pytest.mark.parametrize(
    ("mass", "members", "others", "wanted"),
    [
        (6, 100, 0, 6), (6, 4, 0, 6),  # alone in its place: the whole mass, however small the site
        (6, 100, 1, 6), (6, 12, 1, 6), (6, 11, 1, 6), (6, 10, 1, 5), (6, 7, 2, 4), (6, 4, 9, 2),
        (6, 3, 1, 2), (6, 1, 1, 2), (6, 0, 1, 2), (2, 1, 1, 2),  # half of the members, but never less than two
        (1, 1, 1, 1), (1, 50, 1, 1), (1, 50, 0, 1), (3, 5, 1, 3), (30, 41, 5, 21),
    ],
)  # fmt: skip
def test_critical_mass(mass, members, others, wanted):
    assert rules.critical_mass(mass, members, others) == wanted


@quick
@given(st.integers(1, 50), st.integers(0, 200), st.integers(0, 5))
def test_company_never_raises_the_critical_mass(mass, members, others):
    found = rules.critical_mass(mass, members, others)
    assert 1 <= found <= mass
    assert found >= min(mass, members / 2)
    assert (found == mass) or others > 0


@quick
@given(st.integers(0, 9), share, share, st.lists(st.floats(0, 5), min_size=3, max_size=3))
def test_readiness_rises_with_what_none_of_is_required(refusals, lack, horizon, gains):
    found = rules.readiness(refusals, lack, horizon, np.array(gains))
    assert found == pytest.approx(1 + gains[0] * refusals + gains[1] * lack + gains[2] * horizon)
    assert found >= rules.readiness(0, 0.0, 0.0, np.array(gains)) == 1.0


@quick
@given(st.floats(0, 100), st.floats(0.01, 50))
def test_resonance(exposure, scale):
    assert rules.resonance(exposure, scale) == pytest.approx(1 - math.exp(-exposure / scale))
    assert rules.resonance(0.0, scale) == 0.0
    assert rules.resonance(np.array([0.0, exposure]), scale)[1] == rules.resonance(exposure, scale)


@quick
@given(share, share, st.booleans(), share)
def test_how_far_struggle_carries(others, around, has_contacts, full):
    """The mean of the own place and of contact places, or the own place alone, against the share that carries fully."""
    found = rules.carried(others, around, has_contacts, full)
    around = around if has_contacts else others
    assert found == (pytest.approx(min(1.0, (others + around) / 2 / full)) if full > 0 else 1.0)


@quick
@given(share, share)
def test_attraction_is_by_lack_or_by_horizon(lack, horizon):
    found = rules.attraction(lack, horizon)
    assert found == pytest.approx(lack + horizon - lack * horizon, abs=1e-12)
    assert max(lack, horizon) - 1e-12 <= found <= 1
    assert rules.attraction(1.0, horizon) == rules.attraction(lack, 1.0) == 1.0


@quick
@given(st.floats(0, 1), st.floats(0, 1), share)
def test_leaving_hazard_grows_with_the_square_of_what_is_missing(base, by_need, coverage):
    assert rules.leaving_hazard(base, by_need, coverage) == pytest.approx(base + by_need * (1 - coverage) ** 2)


@quick
@given(share, share, share, share, share)
def test_horizon_after_a_day(horizon, start, keep, gain, success):
    found = rules.horizon_after(horizon, start, keep, gain, success)
    faded = keep * horizon + (1 - keep) * start
    assert found == pytest.approx(min(1.0, faded + gain * success * (1 - faded)), abs=1e-12)
    assert 0 <= found <= 1


def test_horizon_halves_above_its_start_in_its_half_life():
    horizon, keep = 0.9, 2 ** (-1 / 50)
    for _ in range(50):
        horizon = rules.horizon_after(horizon, 0.1, keep, 0.05, 0.0)
    assert horizon == pytest.approx(0.1 + 0.8 / 2)


@quick
@given(content, content, share, share)
def test_drift_of_a_content(c, others, coupling, back):
    found = rules.drift(c, others, coupling, back)
    wanted = c - (coupling * (c - others) if others < c else 0.0) + back * (1 - c)
    assert found == pytest.approx(max(-1.0, min(1.0, wanted)), abs=1e-12)
    assert rules.drift(c, others, coupling, 0.0) <= c + 1e-12  # improvement is never a gift


@quick
@given(st.floats(0, 5), st.floats(0, 500), st.floats(0, 5000))
def test_hazard_of_eviction(rate, force, people):
    assert rules.eviction_hazard(rate, force, people) == pytest.approx(rate * force / max(1, people))
    both = rules.eviction_hazard(rate, np.array([force, 0.0]), np.array([people, 3.0]))
    assert both.tolist() == pytest.approx([rate * force / max(1, people), 0.0])


def test_a_family_is_a_set_of_needs():
    codes = {}
    for size in (1, 2, 3):
        for needs in itertools.combinations(range(0, 100, 9), size):
            slots = list(needs) + [-1] * (MAX_NEEDS - size)
            found = {int(rules.family_code(np.array(order))) for order in itertools.permutations(slots)}
            assert len(found) == 1  # whatever the order
            codes[needs] = found.pop()
    assert len(set(codes.values())) == len(codes)
    table = np.array([[3, 1, -1], [1, 3, -1], [99, 98, 97]], np.int8)
    found = rules.family_code(table)
    assert found.dtype == np.int32
    assert found[0] == found[1] != found[2] > 0
