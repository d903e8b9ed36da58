"""Epstein's Model I of civil violence, through the public run.

Epstein (2002), https://doi.org/10.1073/pnas.092080199; NetLogo Rebellion, https://ccl.northwestern.edu/netlogo/models/Rebellion; the
example of Mesa 3.3.1, https://github.com/mesa/mesa. The paper states no numbers for a whole run; those of the variants were
computed by an independent program that follows the two sources (`validation.md` section 5): means and standard deviations
between 8 runs of 2,000 days, of which the first 300 are left out. Mesa's own program was run for the others. The shares of active citizens
without cops and at a fixed risk are exact.
"""

import math

import numpy as np
import pytest

import communize as cz
from communize.declare.registry import IN_STRUGGLE, ROUTINE

MESA = {"variant": "mesa", "neighbourhood": "von_neumann"}
NETLOGO = {"variant": "netlogo", "neighbourhood": "euclidean"}
SIZE = {"width": 40, "height": 40}
PEOPLE = 20_000  # where there are no cops
# parameters, cops; then (mean, standard deviation between runs) of active, held and quiet citizens, the share of days with more than 50
# active (no deviation given), days between outbursts (upward crossings of 50), and active at the peak of an outburst
VARIANTS = {
    "mesa, its defaults": (MESA | {"rounding": "round", "legitimacy": 0.8, "jail_days": 1000}, 118,
                           (0.064, 0.009), (93, 11), (1027, 11), (0.0, None), None, None),
    "mesa, round": (MESA | {"rounding": "round"}, 64, (15.2, 1.2), (204, 13), (901, 14), (0.056, None), (50.5, 9.7), (70, 3)),
    "mesa, floor": (MESA | {"rounding": "floor"}, 64, (23.2, 1.6), (279, 12), (818, 13), (0.136, None), (25.8, 1.9), (95, 8)),
    "mesa, none": (MESA | {"rounding": "none"}, 64, (2.2, 0.2), (62, 6), (1056, 6), (0.0, None), None, None),
    "netlogo, its defaults": (NETLOGO | {"rounding": "floor"}, 64, (42.0, 2.5), (241, 13), (837, 15), (0.226, None), (28.8, 0.8), (252, 9)),
    "netlogo, none": (NETLOGO | {"rounding": "none"}, 64, (0.45, 0.06), (24, 5), (1096, 5), (0.0, None), None, None),
    "netlogo, round": (NETLOGO | {"rounding": "round"}, 64, (16.6, 2.7), (126, 13), (977, 16), (0.108, None), (47.9, 5.1), (163, 21)),
}  # fmt: skip
RUNS_OF_TABLE = 8
# Mesa 3.3.1 itself with legitimacy 0.82, max_jail_term 30, cop_density 0.04, one run of 1,500 steps for each of the seeds 1 to 6, the first
# 300 left out: citizens, cops; mean active and arrested, share of steps with more than 50 active
MESA_ITSELF = (
    (1106, 69, 10.355, 171.98, 0.0283), (1111, 76, 8.435, 142.00, 0.0267), (1115, 67, 9.904, 160.71, 0.0292),
    (1125, 65, 15.395, 221.33, 0.0425), (1139, 70, 9.969, 163.62, 0.0275), (1091, 56, 21.454, 273.60, 0.0883),
)  # fmt: skip


def scenario(**changes):
    """The case of the library; `changes` are of the table civil_violence."""
    return cz.load("epstein-2002").replace({f"civil_violence.{name}": value for name, value in changes.items()})


def society(citizens, cops):
    """A place with exactly so many."""
    return cz.Society.from_tables(
        people={"home": np.zeros(citizens + cops, int), "position": ["stable"] * citizens + ["state_force"] * cops},
        sites={"kind": ["neighbourhood"], "place": [0]},
        places={"name": ["place"], "latitude": [0.0], "longitude": [0.0], "population": [citizens + cops]},
        ties={"a": np.zeros(0, int), "b": np.zeros(0, int)}, parameters=scenario().society)  # fmt: skip


def citizens_alone(people=PEOPLE, days=1, seed=1, **changes):
    """Shares of active citizens by day where there are no cops."""
    given = scenario(**changes).replace({
        "society.people": people, "society.positions.stable.share": 1.0, "society.positions.state_force.share": 0.0})  # fmt: skip
    return cz.run(given, days, seed).series.active.sum("place").values / people


def close(share, expected, people):
    """Whether a share is within five binomial standard errors."""
    return abs(share - expected) <= 5 * math.sqrt(expected * (1 - expected) / people) + 1e-12


# --- exact shares ---


@pytest.mark.parametrize("rules", [MESA, NETLOGO])
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.25])
def test_without_cops_the_active_share_is_that_of_grievance(rules, threshold):
    """1 - T / (1 - L), and nobody where 1 - L <= T: .5000, .4444, .3333, .0909 and 0 at T = 0.1 and L = .8, .82, .85, .89, .9."""
    for legitimacy in (0.0, 0.2, 0.5, 0.7, 0.8, 0.82, 0.85, 0.89, 0.9, 0.97):
        expected = max(0.0, 1 - threshold / (1 - legitimacy))
        share = citizens_alone(legitimacy=legitimacy, threshold=threshold, vision=1.0, **rules)
        assert close(share[0], expected, PEOPLE), (legitimacy, share, expected)


def test_without_cops_nobody_changes_his_mind():
    share = citizens_alone(people=2000, days=20)
    assert share[0] > 0.3
    assert np.all(share == share[0])


def share_at_risk(legitimacy, threshold, risk):
    """P(H (1 - L) - R P > T) for H and R uniform: the area above a line in the unit square."""
    resentful = 1 - legitimacy
    if resentful <= threshold:
        return 0.0
    if risk >= resentful - threshold:
        return (resentful - threshold) ** 2 / (2 * resentful * risk)
    return 1 - threshold / resentful - risk / (2 * resentful)


def test_the_formula_of_a_common_risk():
    for legitimacy, expected in ((0.8, (0.1, 0.05, 0.02779, 0.025)), (0.82, (0.07111, 0.03556, 0.01976, 0.01778))):
        for risk, share in zip((0.25, 0.5, 0.8997, 1.0), expected):
            assert share_at_risk(legitimacy, 0.1, risk) == pytest.approx(share, abs=5e-6)


@pytest.mark.parametrize("rules", [MESA, NETLOGO])
@pytest.mark.parametrize("legitimacy", [0.3, 0.8, 0.82, 0.9])
def test_at_a_common_risk_the_active_share_follows(rules, legitimacy):
    for risk in (0.0, 0.05, 0.25, 0.5, 0.8997, 1.0):
        share = citizens_alone(legitimacy=legitimacy, fixed_risk=risk, vision=1.0, **rules)
        expected = share_at_risk(legitimacy, 0.1, risk)
        assert close(share[0], expected, PEOPLE), (risk, share, expected)


@pytest.mark.parametrize("rules", [MESA, NETLOGO])
def test_one_cop_is_perceived_as_a_risk_of_0_899741(rules):
    """A quiet citizen who sees one cop: his hardship at which he turns active, found by bisection, says what risk he perceives."""
    start = cz.Simulation(scenario(width=3, height=3, legitimacy=0.0, jail_days=9, movement=False, **rules), society=society(1, 1), threads=1)
    low, high = 0.0, 1.0
    for _ in range(18):
        branch, middle = start.branch(), (low + high) / 2
        branch.state.lattice.hardship[0], branch.state.lattice.risk_aversion[0] = middle, 1.0
        branch.step()
        activities = {branch.people.activity[0]} | ({IN_STRUGGLE} if branch.series.arrests.values[-1] else set())
        low, high = (middle, high) if activities == {ROUTINE} else (low, middle)
    assert (low + high) / 2 - 0.1 == pytest.approx(0.899741, abs=1e-5)


# --- variants ---


def figures(name, seed, days, burn):
    """Active, held, quiet; share of days above 50; days between outbursts; active at their peaks."""
    parameters, cops, *_ = VARIANTS[name]
    series = cz.Simulation(scenario(**SIZE, **parameters), seed, threads=1, society=society(1120, cops)).run(days).series
    active, held = (series[name].sum("place").values[burn:].astype(float) for name in ("active", "held"))
    begins = np.flatnonzero((active[1:] > 50) & (active[:-1] <= 50)) + 1
    peaks = [active[at : at + int(np.argmin(np.append(active[at:], 0) > 50))].max() for at in begins]
    between = np.diff(begins).mean() if begins.size > 1 else np.nan
    return active.mean(), held.mean(), 1120 - active.mean() - held.mean(), (active > 50).mean(), between, np.mean(peaks) if peaks else np.nan


def compare(name, runs, days, burn=300):
    """Each mean within three standard errors of the difference, a deviation being the larger of the table's and ours."""
    found = np.array([figures(name, seed, days, burn) for seed in range(1, runs + 1)])
    for ours, expected in zip(found.T, VARIANTS[name][2:]):
        if expected is None:
            assert np.isnan(ours).all()
            continue
        mean, deviation = expected
        spread = max(ours.std(ddof=1), deviation or 0.0)
        error = spread * math.sqrt(1 / runs + 1 / RUNS_OF_TABLE)
        assert abs(ours.mean() - mean) <= 3 * error, (name, ours, expected)


@pytest.mark.parametrize("name", VARIANTS)
def test_stationary_figures_in_short(name):
    compare(name, runs=4, days=1200)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_stationary_figures(name):
    compare(name, runs=8, days=2000)


def test_outbursts_exist_if_and_only_if_the_ratio_is_rounded():
    for name, (parameters, *_) in VARIANTS.items():
        if "defaults" in name and parameters["variant"] == "mesa":
            continue
        above = np.mean([figures(name, seed, 600, 0)[3] for seed in (21, 22)])
        assert (above > 0.01) == (parameters["rounding"] != "none"), (name, above)


@pytest.mark.slow
def test_mesa_itself():
    """Mesa's runs among ours with as many citizens and cops: in standard deviations, neither far off nor to one side."""
    distance = []
    for citizens, cops, *figures_of_mesa in MESA_ITSELF:
        found = []
        for seed in range(1, 13):
            simulation = cz.Simulation(scenario(rounding="round", **SIZE, **MESA), seed, threads=1, society=society(citizens, cops)).run(1500)
            number, held = (simulation.series[name].sum("place").values[300:] for name in ("active", "held"))
            found.append((number.mean(), held.mean(), (number > 50).mean()))
        distance.append((figures_of_mesa - np.mean(found, axis=0)) / np.std(found, axis=0, ddof=1))
    assert np.abs(distance).max() < 5  # a deviation of 12 runs is itself uncertain
    assert np.all(np.abs(np.mean(distance, axis=0)) < 3 / math.sqrt(len(MESA_ITSELF)))


# --- the case as it ships ---


def test_the_case_has_outbursts():
    run = cz.run("epstein-2002")
    active = run.series.active.sum("place").values
    assert 150 < active.max() < 500
    assert 0.1 < (active > 50).mean() < 0.4
    assert np.median(active) < 5
    assert run.info["notes"][0].endswith("citizens stand on a lattice of 40 by 40 cells")


def test_the_same_bits_with_one_thread_and_two_and_after_a_branch():
    one, two = (cz.Simulation(scenario(), 3, threads=threads).run(60) for threads in (1, 2))
    assert one.state_hash() == two.state_hash()
    assert one.branch().run(40).state_hash() == two.run(40).state_hash() != one.state_hash()


@pytest.mark.parametrize("rules", [MESA, NETLOGO])
def test_only_what_is_declared_is_written_and_counts_hold(rules):
    series = cz.Simulation(scenario(**rules).replace({"reckoning.recount_days": 1}), 5, threads=1, audit=True).run(120).series
    assert series.arrests.values.sum() > 100
    assert series.releases.values.sum() > 50
