"""The behavioural rules of struggle as functions of numbers: values by hand, bounds, and which way they slope."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communize.mechanisms.force import arrest_probability
from communize.mechanisms.struggle import rules

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)

E = math.e
share = st.floats(0, 1)
belonging = st.floats(-1, 1)
people = st.floats(0, 1e7)
weight = st.floats(0, 20)
rate = st.floats(0, 10)
drive = st.floats(-60, 60)
temperature = st.floats(0.01, 10)
room = st.floats(-2, 2)

# (rule, arguments, value worked out by hand)
POINTS = [
    (rules.risk, (1.0, 0.0, 7.0), 0.0),
    (rules.risk, (0.0, 50.0, 7.0), 0.0),
    (rules.risk, (1.0, 1.0, 0.0), 1 - 1 / E),
    (rules.risk, (0.5, 8.0, 3.0), 1 - 1 / E),  # 0.5 * 8 / (1 + 3) = 1
    (rules.risk, (2.0, 3.0, 2.0), 1 - E**-2),
    (rules.joining_probability, (0.0, -1.0, 0.15, 0.4, 1.0), 1 - math.exp(-0.2)),  # half of the rate where the drive is 0
    (rules.joining_probability, (0.0, -1.0, 3.0, 2.0, 1.0), 1 - 1 / E),
    (rules.joining_probability, (0.3 * math.log(3), -1.0, 0.3, 4.0, 1.0), 1 - E**-3),  # logistic(ln 3) = 3/4
    (rules.joining_probability, (-0.3 * math.log(3), -1.0, 0.3, 4.0, 1.0), 1 - 1 / E),
    (rules.joining_probability, (0.3 * math.log(3), 0.0, 0.3, 4.0, 0.0), 1 - 1 / E),  # 4 * (3/4 - 1/2)
    (rules.joining_probability, (0.3 * math.log(3), 0.0, 0.3, 4.0, 0.5), 1 - E**-2),  # half of the quiet hazard stays
    (rules.joining_probability, (0.2, 0.2, 0.3, 4.0, 0.0), 0.0),  # no more than quiet: nobody joins
    (rules.joining_probability, (0.1, 0.2, 0.3, 4.0, 0.0), 0.0),  # less than quiet, as after a settlement: nobody either
    (rules.joining_probability, (1e3, -1.0, 0.5, 0.7, 1.0), 1 - math.exp(-0.7)),
    (rules.joining_probability, (-1e5, -1.0, 0.5, 0.7, 1.0), 0.0),
    (rules.leaving_probability, (0.5, 0.5, 0), 1 - 1 / E),
    (rules.leaving_probability, (0.5, 0.5, 3), 1 - math.exp(-0.5)),
    (rules.leaving_probability, (0.0, 0.0, 0), 0.0),
    (rules.share_of_others, (3, 7), 0.5),
    (rules.share_of_others, (0, 2), 0.0),
    (rules.share_of_others, (1, 2), 1.0),
    (rules.share_of_others, (0, 1), -1.0),
    (rules.share_of_others, (0, 0), -1.0),
    (rules.fatigue_after, (0.5, 0.25, 0.5, 0.4), 0.35),
    (rules.fatigue_after, (2.0, 0.0, 0.25, 0.4), 0.5),
    (rules.incident_probability, (0.01, 50.0, 0.0), 0.01),
    (rules.incident_probability, (0.01, 200.0, 0.5), 0.04),  # sqrt(4) * (1 + 1)
    (rules.incident_probability, (0.5, 5000.0, 0.0), 1.0),
    (rules.act_probability, (0.5, 0.0), 0.0),
    (rules.act_probability, (2.0, 0.5), 1 - 1 / E),
    (rules.act_weights, (0.0, 0.8, 0, 0.0), (0.4, 0.5)),
    (rules.act_weights, (1.0, 0.8, 0, 0.0), (0.8, 0.0)),
    (rules.act_weights, (-1.0, 0.8, 0, 0.0), (0.0, 1.0)),
    (rules.act_weights, (0.5, 1.0, 3, 0.0), (0.75, 0.85)),
    (rules.act_weights, (0.0, 0.8, 1, 1.5), (1.0, 0.7)),
    (rules.concedable, (0.1, 0.1, 0.2), 0.5),
    (rules.concedable, (0.1 + 0.2 * math.log(3), 0.1, 0.2), 0.75),
    (rules.concedable, (0.1 - 0.2 * math.log(4), 0.1, 0.2), 0.2),
    (rules.belonging_after_settlement, (0.0, 0.0, 0.1), 0.1),
    (rules.belonging_after_settlement, (-0.5, 0.5, 0.2), -0.35),  # 0.2 * 0.5 * 1.5
    (rules.belonging_after_settlement, (0.3, 1.0, 0.5), 0.3),
    (rules.belonging_after_refusal, (0.0, 0.1), -0.1),
    (rules.belonging_after_refusal, (0.5, 0.2), 0.2),
    (rules.belonging_after_refusal, (-1.0, 0.7), -1.0),
    (arrest_probability, (0.02, 50.0, 1.0), 1 - 1 / E),
    (arrest_probability, (0.5, 4.0, 8.0), 1 - math.exp(-0.25)),
    (arrest_probability, (0.5, 2.0, 0.0), 1 - 1 / E),  # nobody counts as one
    (arrest_probability, (0.5, 0.0, 8.0), 0.0),
]


@pytest.mark.parametrize(("rule", "arguments", "value"), POINTS, ids=lambda v: getattr(v, "__name__", str(v)))
def test_values_by_hand(rule, arguments, value):
    assert rule(*arguments) == pytest.approx(value, abs=1e-13)


@pytest.mark.parametrize(
    ("active", "eligible", "level", "least", "becomes"),
    [(5, 40, 0.125, 5, True), (4, 40, 0.125, 1, False), (4, 10, 0.125, 5, False), (5, 41, 0.125, 5, False), (1, 1, 1.0, 1, True), (0, 10, 0.0, 1, False)],
)
def test_a_site_becomes_contested_by_share_and_number(active, eligible, level, least, becomes):
    assert rules.becomes_contested(active, eligible, level, least) == becomes


@pytest.mark.parametrize(
    ("active", "eligible", "level", "stays"),
    [(5, 80, 0.0625, True), (4, 80, 0.0625, False), (1, 1000, 0.0, True), (0, 0, 0.0, False), (0, 10, 0.0, False)],
)
def test_a_contested_site_stays_so_by_share(active, eligible, level, stays):
    assert rules.stays_contested(active, eligible, level) == stays


@quick
@given(weight, people, people)
def test_risk_is_a_probability_and_zero_without_force(deterrence, force, active):
    assert 0 <= rules.risk(deterrence, force, active) <= 1
    assert rules.risk(deterrence, 0.0, active) == 0


@quick
@given(weight, people, people, people)
def test_risk_rises_with_force_and_falls_with_numbers(deterrence, force, active, more):
    assert rules.risk(deterrence, force + more, active) >= rules.risk(deterrence, force, active)
    assert rules.risk(deterrence + 1.0, force, active) >= rules.risk(deterrence, force, active)
    assert rules.risk(deterrence, force, active + more) <= rules.risk(deterrence, force, active)


@quick
@given(drive, drive, temperature, rate)
def test_joining_rises_with_the_drive_and_never_passes_the_rate(low, high, temperature, rate):
    low, high = sorted((low, high))
    one, other = (rules.joining_probability(x, -1.0, temperature, rate, 1.0) for x in (low, high))
    assert 0 <= one <= other <= 1 - math.exp(-rate) + 1e-15
    assert one <= rules.joining_probability(low, -1.0, temperature, rate + 1.0, 1.0)


@quick
@given(st.floats(0.001, 5), temperature, st.floats(0.1, 10))
def test_joining_is_steeper_when_cold(drive, temperature, rate):
    cold, warm = (rules.joining_probability(drive, -1.0, t, rate, 1.0) for t in (temperature, 2 * temperature))
    assert cold >= warm
    cold, warm = (rules.joining_probability(-drive, -1.0, t, rate, 1.0) for t in (temperature, 2 * temperature))
    assert cold <= warm


@quick
@given(drive, temperature, rate)
def test_joining_hazards_of_opposite_drives_add_up_to_the_rate(drive, temperature, rate):
    hazards = [-math.log1p(-p) for p in (rules.joining_probability(x, -1.0, temperature, rate, 1.0) for x in (drive, -drive))]
    assert sum(hazards) == pytest.approx(rate, abs=1e-9 + 1e-9 * math.exp(rate))


@quick
@given(drive, drive, temperature, rate, share, share)
def test_what_is_quiet_counts_as_far_as_joining_is_spontaneous(drive, quiet, temperature, rate, low, high):
    low, high = sorted((low, high))
    one, other = (rules.joining_probability(drive, quiet, temperature, rate, share) for share in (low, high))
    assert 0 <= one <= other <= rules.joining_probability(drive, 0.0, temperature, rate, 1.0)
    assert rules.joining_probability(min(drive, quiet), quiet, temperature, rate, 0.0) == 0
    assert rules.joining_probability(drive, quiet, temperature, rate, 1.0) == rules.joining_probability(drive, -quiet, temperature, rate, 1.0)
    assert rules.joining_probability(drive, quiet + 1.0, temperature, rate, low) <= one


@quick
@given(rate, rate, st.integers(0, 1000))
def test_leaving_is_a_probability_and_faster_alone(leaving, alone, others):
    p = rules.leaving_probability(leaving, alone, others)
    assert 0 <= p <= rules.leaving_probability(leaving, alone, 0) <= 1
    assert p <= rules.leaving_probability(leaving + 1.0, alone, others)
    assert p == rules.leaving_probability(leaving, alone if others == 0 else alone + 1.0, others)


@quick
@given(st.integers(2, 10**6), st.data())
def test_share_of_others_is_a_share(eligible, data):
    active = data.draw(st.integers(0, eligible - 1))
    found = rules.share_of_others(active, eligible)
    assert 0 <= found <= 1
    assert (found == 1) == (active == eligible - 1)


@quick
@given(st.integers(0, 500), st.integers(1, 500), share, st.integers(1, 50))
def test_who_becomes_contested_would_also_stay(active, eligible, level, least):
    if rules.becomes_contested(active, eligible, level, least):
        assert rules.stays_contested(active, eligible, level)
        assert rules.becomes_contested(active + 1, eligible, level, least)
        assert rules.becomes_contested(active, eligible, level / 2, least)


@quick
@given(st.floats(0, 100), share, st.floats(0.5, 1), share)
def test_fatigue_stays_below_its_limit(fatigue, active, decay, gain):
    after = rules.fatigue_after(fatigue, active, decay, gain)
    assert after >= 0
    assert after <= rules.fatigue_after(fatigue + 1.0, active, decay, gain)
    assert after <= rules.fatigue_after(fatigue, 1.0, decay, gain)
    if decay < 1:
        limit = gain / (1 - decay)
        assert rules.fatigue_after(limit * active, active, decay, gain) == pytest.approx(limit * active)


@quick
@given(share, people, people, share)
def test_incidents_rise_with_people_and_need(rate, n, more, unmet):
    p = rules.incident_probability(rate, n, unmet)
    assert 0 <= p <= 1
    assert p <= rules.incident_probability(rate, n + more, unmet)
    assert p <= rules.incident_probability(rate, n, 1.0)
    assert p <= rules.incident_probability(1.0, n, unmet)


@quick
@given(rate, share, share)
def test_acts_rise_with_the_active_share(rate, low, high):
    low, high = sorted((low, high))
    assert 0 <= rules.act_probability(rate, low) <= rules.act_probability(rate, high) <= 1


@quick
@given(belonging, belonging, share, st.integers(0, 100), st.floats(0, 10))
def test_belonging_room_and_mediation_favour_demands_refusals_favour_rift(low, high, concedable, refusals, mediation):
    low, high = sorted((low, high))
    (demand, rift), (more_demand, less_rift) = (rules.act_weights(b, concedable, refusals, mediation) for b in (low, high))
    assert 0 <= demand <= more_demand
    assert rift >= less_rift >= 0
    assert demand <= rules.act_weights(low, 1.0, refusals, mediation)[0]
    unmediated = rules.act_weights(low, concedable, refusals, 0.0)
    assert (demand, rift) == (pytest.approx(unmediated[0] * (1 + mediation)), unmediated[1])
    after_refusal = rules.act_weights(low, concedable, refusals + 1, mediation)
    assert after_refusal[0] == demand
    assert after_refusal[1] == pytest.approx(rift + 0.2)


@quick
@given(room, room, room, st.floats(0.01, 10))
def test_what_can_be_conceded_rises_with_room_and_falls_with_cost(low, high, cost, width):
    low, high = sorted((low, high))
    one, other = (rules.concedable(r, cost, width) for r in (low, high))
    assert 0 <= one <= other <= 1
    assert rules.concedable(low, cost + 1.0, width) <= one
    assert one + rules.concedable(cost, low, width) == pytest.approx(1.0)


@quick
@given(belonging, share, share, share)
def test_a_settlement_never_lowers_belonging_and_regime_one_leaves_it(b, regime, other_regime, gain):
    after = rules.belonging_after_settlement(b, regime, gain)
    assert b <= after <= 1
    assert rules.belonging_after_settlement(b, 1.0, gain) == b
    low, high = sorted((regime, other_regime))
    assert rules.belonging_after_settlement(b, low, gain) >= rules.belonging_after_settlement(b, high, gain)


@quick
@given(belonging, share, share)
def test_a_refusal_never_raises_belonging(b, loss, other_loss):
    low, high = sorted((loss, other_loss))
    assert -1 <= rules.belonging_after_refusal(b, high) <= rules.belonging_after_refusal(b, low) <= b


@quick
@given(rate, people, people, people)
def test_arrests_rise_with_force_and_thin_out_in_a_crowd(rate, force, active, more):
    p = arrest_probability(rate, force, active)
    assert 0 <= p <= 1
    assert arrest_probability(rate, force + more, active) >= p >= arrest_probability(rate, force, active + more)
    assert p * max(1.0, active) <= rate * force * (1 + 1e-9) + active * 1e-15 + 1e-15  # no agent arrests more than its rate
