"""Every switch of measures switches off what it says, through the public run; and the run is the same whatever the way."""

import numpy as np
import pytest
import xarray as xr
from worlds import MANY_MEASURES, MEASURES, lively

import communize as cz
from communize.declare.registry import CHANNELS, IN_MEASURE

DAYS = 22
BUSY = {**MANY_MEASURES, "pincers.days": 5, "measures.broadcast.enabled": True, "measures.broadcast.rate": 0.2, "neutral.enabled": True}


def simulation(days=DAYS, seed=2, **changes):
    return cz.Simulation(lively(**{**BUSY, **changes}), seed=seed, threads=1).run(days)


def total(sim, name, **label):
    return float(np.nansum(sim.series[name].sel(**label).values))


def founded(sim, channel):
    return total(sim, "foundings", channel=channel)


def ended(sim, cause):
    return total(sim, "endings", cause=cause)


@pytest.fixture(scope="module")
def busy():
    """Everything at work."""
    return simulation()


COUNTERS = {
    "reinvention off": ({"measures.reinvention.enabled": False}, lambda s: founded(s, "reinvention")),
    "reinvention at rate 0": ({"measures.reinvention.rate": 0.0}, lambda s: founded(s, "reinvention")),
    "adoption off": ({"measures.adoption.enabled": False, "neutral.enabled": False}, lambda s: founded(s, "adoption") + founded(s, "adaptation")),
    "adoption at rate 0": ({"measures.adoption.rate": 0.0, "neutral.enabled": False}, lambda s: founded(s, "adoption") + founded(s, "adaptation")),
    "adaptation off": ({"measures.adaptation.enabled": False, "neutral.enabled": False}, lambda s: founded(s, "adaptation")),
    "adaptation of no share": ({"measures.adaptation.share": 0.0, "neutral.enabled": False}, lambda s: founded(s, "adaptation")),
    "grafting off": ({"measures.grafting.enabled": False}, lambda s: founded(s, "grafting")),
    "grafting at rate 0": ({"measures.grafting.rate": 0.0}, lambda s: founded(s, "grafting")),
    "broadcast off": ({"measures.broadcast.enabled": False}, lambda s: founded(s, "broadcast")),
    "broadcast at rate 0": ({"measures.broadcast.rate": 0.0}, lambda s: founded(s, "broadcast")),
    "no seeds": ({"measures.seed": []}, lambda s: founded(s, "seeded")),
    "coordination off": ({"measures.coordination.enabled": False}, lambda s: total(s, "links") + total(s, "co_ordinated_places")),
    "no links": ({"measures.coordination.rate_link": 0.0}, lambda s: total(s, "links")),
    "people do not rally": ({"rallying.people": False}, lambda s: total(s, "rallied")),
    "people rally at rate 0": ({"rallying.rate": 0.0}, lambda s: total(s, "rallied")),
    "nobody leaves": ({"rallying.rate_leaving": 0.0, "rallying.rate_leaving_need": 0.0}, lambda s: total(s, "left_measures")),
    "sites do not rally": ({"rallying.sites": False}, lambda s: founded(s, "rallying")),
    "rallying off": ({"rallying.enabled": False}, lambda s: founded(s, "rallying")),
    "never spent": ({"dissolution.spent": 0.0}, lambda s: ended(s, "spent")),
    "isolation does not end": ({"dissolution.isolation": 0.0}, lambda s: ended(s, "isolation")),
    "need does not end": ({"dissolution.need": 0.0}, lambda s: ended(s, "need")),
    "no ebb": ({"dissolution.ebb": 0.0}, lambda s: ended(s, "ebb")),
    "no eviction": ({"force.rate_eviction": 0.0}, lambda s: ended(s, "eviction")),
    "no force, no eviction": ({"force.enabled": False}, lambda s: ended(s, "eviction")),
    "measures do not end one another": ({"dissolution.other_measure": 0.0}, lambda s: ended(s, "other_measure")),
    "no replacement": ({"neutral.enabled": False}, lambda s: ended(s, "replaced")),
    "dissolution off": ({"dissolution.enabled": False, "neutral.enabled": False, "pincers.enabled": False}, lambda s: total(s, "endings")),
    "witnesses learn nothing": ({"horizon.gain": 0.0}, lambda s: float(np.abs(s.series.horizon.values - s.series.horizon.values[0]).max() > 1e-4)),
}  # fmt: skip


@pytest.mark.parametrize("case", COUNTERS, ids=str)
def test_what_is_switched_off_does_not_happen(case, busy):
    changes, count = COUNTERS[case]
    quiet = {name for name in ("neutral.enabled",) if name in changes and len(changes) > 1}
    with_all = simulation(**dict.fromkeys(quiet, False)) if quiet else busy
    assert count(with_all) > 0, "the counter counts nothing even with everything at work"
    assert count(simulation(**changes)) == 0


def test_without_measures_nobody_takes_part_and_nothing_is_recorded():
    sim = simulation(**{"measures.enabled": False})
    assert len(sim.instances) == len(sim.practices) == 0
    assert not (sim.people.activity == IN_MEASURE).any()
    assert "instances" not in sim.series
    assert total(sim, "foundings") == total(sim, "endings") == total(sim, "rallied") == 0
    assert np.isnan(sim.series.generalisation_number).all()


def test_without_any_mechanism_of_measures_struggle_is_what_it_was_without_them():
    """With measures off the others among them do nothing: struggle, acts and force are the same to the bit.

    Provisioning is not one of them: what strikes keep from being made is missing whether there are measures or not.
    """
    off = {"measures.enabled": False, "neutral.enabled": False}
    one = simulation(**off)
    other = simulation(**off, **{f"{name}.enabled": False for name in MEASURES if name not in ("measures", "provisioning")})
    for name in ("active", "joined", "left", "arrests", "settlements", "contested_sites"):
        np.testing.assert_array_equal(one.series[name], other.series[name], name)
    for column in ("activity", "belonging", "horizon"):
        np.testing.assert_array_equal(getattr(one.people, column), getattr(other.people, column))


def test_requires_struggle_lets_quiet_sites_found_when_it_is_off():
    """Without struggle there are only quiet sites."""
    quiet = {"struggle.enabled": False, "acts.enabled": False, "measures.seed": []}
    assert total(simulation(**quiet), "foundings") == 0
    assert total(simulation(**quiet, **{"measures.requires_struggle": False}), "foundings") > 50


def test_a_practice_that_is_broadcast_reaches_every_contested_site_alike():
    sim = simulation(**{
        "measures.broadcast.rate": 1000.0, "measures.reinvention.rate": 0.0, "measures.adoption.rate": 0.0, "measures.grafting.rate": 0.0,
        "measures.seed": [], "rallying.sites": False, "neutral.enabled": False,
    })  # fmt: skip
    assert founded(sim, "broadcast") == total(sim, "foundings") > 10
    assert len(sim.practices) == 1


# --- the same bits ---


def assert_same(one, other):
    assert one.state_hash() == other.state_hash()
    xr.testing.assert_identical(one.series, other.series)


@pytest.mark.parametrize("day", [0, 4, 11])
def test_a_branch_is_the_run_that_was_not_interrupted(day, busy):
    start = simulation(day)
    before = start.state_hash()
    assert_same(start.branch().run(DAYS - day), busy)
    assert start.state_hash() == before


@pytest.mark.parametrize(
    "changes",
    [{"measures.adoption.rate": 0.0}, {"dissolution.enabled": False}, {"rallying.people": False}, {"measures.founding": False}, {"horizon.gain": 1.0}],
    ids=str,
)
def test_a_branch_with_other_measures_differs_from_its_day_on(changes, busy):
    branch = simulation(12).branch(changes).run(6)
    xr.testing.assert_identical(branch.series.isel(day=slice(0, 12)), busy.series.isel(day=slice(0, 12)))
    assert branch.state_hash() != simulation(18).state_hash()


def test_what_happens_with_all_channels_and_causes_at_work(busy):
    """What the tests here compare must be lively, else it proves nothing."""
    assert (busy.series.foundings.sum("day") > 0).all()
    causes = busy.series.endings.sum("day")
    assert set(causes.cause.values[causes.values == 0].tolist()) == {"in_force", "removed"}


def test_an_audit_finds_nothing_undeclared():
    audited = cz.Simulation(lively(**BUSY), seed=2, threads=1, audit=True).run(DAYS)
    assert audited.state_hash() == simulation().state_hash()


def test_the_measures_of_a_seed_are_those_of_that_seed():
    one, again, other = simulation(seed=5), simulation(seed=5), simulation(seed=6)
    assert_same(one, again)
    assert len(one.instances) > 50
    assert one.instances.site.tolist() != other.instances.site.tolist()


def test_measures_in_force_cannot_be_switched_off_in_a_branch():
    """Their resonance and links would stand still; `measures.founding` ends founding, and what is in force goes on."""
    sim = simulation(12, **{"neutral.enabled": False})
    assert (sim.sites.instance >= 0).any()
    with pytest.raises(cz.InputError, match=r"measures\.founding = false ends all founding"):
        sim.branch({"measures.enabled": False})
    begun = len(sim.instances)
    calm = sim.branch({"measures.founding": False}).run(6)
    channels = set(calm.instances.channel[begun:].tolist())
    assert channels <= {CHANNELS.index("rallying"), CHANNELS.index("seeded")}
    assert (sim.branch().run(6).instances.channel[begun:] == CHANNELS.index("adoption")).any()


def test_links_are_gone_when_co_ordination_is_switched_off_in_a_branch():
    sim = simulation(25)
    assert sim.places.scope.any()
    apart = sim.branch({"measures.coordination.enabled": False}).run(1)
    assert not apart.places.scope.any()
    assert not apart.state.contacts.linked.any()


def test_generalisation_switched_on_again_counts_what_it_missed():
    sim = simulation(10)
    blind = sim.branch({"generalisation.enabled": False}).run(8)
    seeing = blind.branch({"generalisation.enabled": True}).run(4)
    whole = sim.branch().run(12)
    for name in ("generalisation_number", "generalisation_number_total", "generalisation_number_of_foundings", "births_per_ending"):
        np.testing.assert_allclose(seeing.series[name][-4:], whole.series[name][-4:], err_msg=name)
    for name in ("foundings", "endings"):
        np.testing.assert_array_equal(seeing.series[name][-4:], whole.series[name][-4:], name)
