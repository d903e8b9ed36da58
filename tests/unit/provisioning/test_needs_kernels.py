"""What people lack and what is missing in places, against plain Python."""

import numpy as np
import provision_by_hand as by_hand
import pytest

from communize.declare.registry import HELD, IN_MEASURE, IN_STRUGGLE, ROUTINE
from communize.mechanisms.provisioning import needs

N_PLACES, N_SITES, N = 4, 15, 400


def world(seed, n_sectors=3):
    """Random people, sites and what is bought and free."""
    rng = np.random.default_rng(seed)
    activity = rng.choice([ROUTINE, IN_STRUGGLE, IN_MEASURE, HELD], N, p=[0.4, 0.2, 0.35, 0.05]).astype(np.int8)
    found = {
        "home": rng.integers(0, N_SITES, N).astype(np.int32), "activity": activity,
        "measure": np.where(activity == IN_MEASURE, rng.integers(0, N_SITES, N), -1).astype(np.int32),
        "affordability": rng.random(N).astype(np.float32), "site_place": rng.integers(0, N_PLACES, N_SITES).astype(np.int32),
        "weights": rng.dirichlet(np.ones(n_sectors)), "supply": rng.choice([0.0, 0.4, 1.0], n_sectors),
        "free": rng.choice([0.0, 0.3, 1.0], (N_PLACES, n_sectors)), "open": np.array([0.0, 0.3, 1.0, 0.0]),
        "propensity": rng.choice([0.0, 0.5, 1.0], N_SITES), "fall": float(rng.choice([0.0, 0.5])),
    }  # fmt: skip
    return rng, found


@pytest.mark.parametrize("seed", range(6))
def test_people_notice_what_they_lack(seed):
    _, w = world(seed)
    unmet = np.full(N, 0.125, np.float32)
    first, last = 50, 350
    needs.notice(
        first, last, (w["home"], w["activity"], w["measure"], w["affordability"], unmet), w["site_place"], w["weights"], w["supply"], w["free"], w["open"],
        w["propensity"], w["fall"])  # fmt: skip
    assert (unmet[:first] == 0.125).all()
    assert (unmet[last:] == 0.125).all()
    for i in range(first, last):
        pays = float(w["affordability"][i]) * (1 - w["fall"])
        if w["activity"][i] == IN_MEASURE:
            p, buys = w["site_place"][w["measure"][i]], w["propensity"][w["measure"][i]]
            wanted = by_hand.unmet_of(w["weights"], w["supply"], pays, w["free"][p], inside=True, buys=buys)
        else:
            p = w["site_place"][w["home"][i]]
            wanted = by_hand.unmet_of(w["weights"], w["supply"], pays, w["free"][p], inside=False, openness=w["open"][p])
        assert unmet[i] == pytest.approx(wanted, abs=1e-6)


def test_nothing_lacks_to_whom_nothing_is_needed():
    _, w = world(0)
    unmet = np.full(N, 0.5, np.float32)
    needs.notice(
        0, N, (w["home"], w["activity"], w["measure"], w["affordability"], unmet), w["site_place"], np.zeros(3), w["supply"], w["free"], w["open"],
        w["propensity"], 0.0)  # fmt: skip
    assert not unmet.any()


@pytest.mark.parametrize("seed", range(4))
def test_participants_are_counted_where_their_measure_is(seed):
    _, w = world(seed)
    sums = np.zeros((N_PLACES, 3), np.int64)
    needs.pay_of_participants(np.flatnonzero(w["measure"] >= 0), w["activity"], w["measure"], w["affordability"], w["site_place"], w["propensity"], w["fall"], sums)
    for p in range(N_PLACES):
        inside = [i for i in range(N) if w["activity"][i] == IN_MEASURE and w["site_place"][w["measure"][i]] == p]
        pays = [float(w["affordability"][i]) * (1 - w["fall"]) for i in inside]
        spends = [share * w["propensity"][w["measure"][i]] for share, i in zip(pays, inside)]
        assert sums[p, 0] == len(inside)
        np.testing.assert_allclose(sums[p, 1:] / needs.FIXED_POINT, (sum(pays), sum(spends)), atol=N / needs.FIXED_POINT)


def test_pay_of_places_adds_up_residents():
    _, w = world(3)
    total = np.zeros(N_PLACES, np.int64)
    needs.pay_of_places(w["home"], w["site_place"], w["affordability"], total)
    wanted = [sum(float(w["affordability"][i]) for i in range(N) if w["site_place"][w["home"][i]] == p) for p in range(N_PLACES)]
    np.testing.assert_allclose(total / needs.FIXED_POINT, wanted, atol=N / needs.FIXED_POINT)


@pytest.mark.parametrize("seed", range(8))
def test_places_are_covered_as_in_plain_python(seed):
    rng, w = world(seed)
    n = w["weights"].size
    residents = np.array([50, 40, 30, 0])
    participants = np.array([10, 0, 30, 0])
    essential = rng.random(n) < 0.6
    sums = np.zeros((N_PLACES, 3), np.int64)
    sums[[0, 2], 0] = participants[[0, 2]]
    sums[:, 1] = sums[:, 0] * 0.8 * needs.FIXED_POINT
    sums[:, 2] = sums[:, 0] * 0.3 * needs.FIXED_POINT
    pay = rng.random(N_PLACES)
    shortage, coverage, common, bought = np.full((N_PLACES, n), 9.0), np.full(N_PLACES, 9.0), np.full(N_PLACES, 9.0), np.full(N_PLACES, 9.0)
    needs.cover_places(
        participants, residents, pay, sums, w["weights"], essential, w["supply"], w["fall"], w["free"], w["open"], shortage, coverage, common, bought)  # fmt: skip
    for p in range(N_PLACES):
        pays = pay[p] * (1 - w["fall"])
        spends = 0.3 if sums[p, 0] else 0.5 * pays
        free, supply = w["free"][p], w["supply"]
        got = [(1 - f) * spends * s for f, s in zip(free, supply)]
        inside = participants[p] / residents[p] if residents[p] else 0
        without = [(1 - pays * s) * (1 - w["open"][p] * f) for f, s in zip(free, supply)]
        np.testing.assert_allclose(shortage[p], [inside * (1 - f - g) + (1 - inside) * o for f, g, o in zip(free, got, without)], atol=1e-6)
        assert coverage[p] == pytest.approx(min([f + g for f, g, e in zip(free, got, essential) if e], default=1.0), abs=1e-6)
        assert common[p] == pytest.approx((w["weights"] * free).sum())
        paid = (w["weights"] * got).sum()
        assert bought[p] == pytest.approx(paid / (paid + common[p]) if sums[p, 0] and paid + common[p] else 0.0, abs=1e-6)
