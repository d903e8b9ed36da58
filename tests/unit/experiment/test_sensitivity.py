"""Morris and Sobol: the Ishigami function's exact indices, parameters that do nothing, and the noise of the seed."""

import hashlib

import numpy as np
import pandas as pd
import pytest

import communize as cz
from communize.experiment.sensitivity import SEED, sensitivity

pytest.importorskip("SALib", reason="SALib comes with the extra experiment")
PI = [-np.pi, np.pi]
ISHIGAMI = {"a": PI, "b": PI, "c": PI}
# First and total indices of sin a + 7 sin^2 b + 0.1 c^4 sin a over [-pi, pi]^3: Ishigami and Homma 1990, doi 10.1109/ISUMA.1990.151285.
EXACT = {"a": (0.313905, 0.557589), "b": (0.442411, 0.442411), "c": (0.0, 0.243684)}
SIR = ["struggle.rate_contact=0.05:0.2", "struggle.rate_leaving=0.05:0.2", "belonging.rate=0.001:0.1"]


def ishigami(p, seed):
    return np.sin(p["a"]) + 7 * np.sin(p["b"]) ** 2 + 0.1 * p["c"] ** 4 * np.sin(p["a"])


def noise(p, seed):
    """A standard normal number, another one for every point and seed."""
    digest = hashlib.blake2b(repr((sorted(p.items()), seed)).encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest, "little")).standard_normal()


def by_parameter(found, figure="value"):
    table = found.table[found.table["figure"] == figure]
    return {row["parameter"]: row for row in table.to_dict("records")}


def small():
    return cz.load("sir").replace({"society.people": 2000, "run.days": 30, "struggle.seed": [{"share": 0.01}]})


@pytest.mark.parametrize(("samples", "emulate", "tolerance"), [(2048, False, 0.03), (160, True, 0.04)])
def test_sobol_gives_the_exact_indices_of_ishigami(samples, emulate, tolerance):
    found = sensitivity(ishigami, "sobol", samples, prior=ISHIGAMI, emulate=emulate)
    rows = by_parameter(found)
    for name, (first, total) in EXACT.items():
        assert rows[name]["S1"] == pytest.approx(first, abs=tolerance), name
        assert rows[name]["ST"] == pytest.approx(total, abs=tolerance), name
        assert rows[name]["above_noise"]
        assert rows[name]["interaction"] == pytest.approx(total - first, abs=2 * tolerance)


def test_the_intervals_hold_what_is_true_about_as_often_as_they_say():
    inside = []
    for seed in range(12):
        rows = by_parameter(sensitivity(ishigami, "sobol", 256, prior=ISHIGAMI, design_seed=seed))
        for name, (first, total) in EXACT.items():
            inside += [abs(rows[name]["S1"] - first) <= rows[name]["S1_conf"], abs(rows[name]["ST"] - total) <= rows[name]["ST_conf"]]
    assert np.mean(inside) > 0.85


def test_a_parameter_that_does_nothing_has_an_interval_around_0():
    def model(p, seed):
        return ishigami(p, seed) + 1.5 * noise(p, seed)  # noise that changes with it, too

    found = sensitivity(model, "sobol", 1024, seeds=2, prior={**ISHIGAMI, "nothing": [0.0, 1.0]})
    rows = by_parameter(found)
    assert abs(rows["nothing"]["S1"]) <= rows["nothing"]["S1_conf"] + 0.02
    assert not rows["nothing"]["above_noise"]
    assert rows["b"]["above_noise"]
    exact = 13.8446
    assert found.figures["seed_share"][0] == pytest.approx(2.25 / (2.25 + exact), abs=0.03)
    assert rows[SEED]["ST"] == pytest.approx(1.125 / (1.125 + exact), abs=0.02)  # of the mean of two runs


def test_common_random_numbers_take_the_noise_out_of_the_comparison():
    def model(p, seed):
        return p["a"] + 3 * np.random.default_rng(seed).standard_normal()  # the same noise at every point

    rows = by_parameter(sensitivity(model, "morris", 20, prior={"a": [0.0, 1.0], "b": [0.0, 1.0]}))
    assert rows["a"]["mu_star"] == pytest.approx(1.0)
    assert rows["b"]["mu_star"] == 0.0
    assert rows[SEED]["mu_star"] > 1.0
    assert not rows["a"]["above_noise"]


def test_morris_tells_a_straight_line_from_an_interaction():
    rows = by_parameter(sensitivity(lambda p, seed: 2 * p["a"] + p["b"] * p["c"], "morris", 40, prior={k: [0.0, 1.0] for k in "abcd"}))
    assert (rows["a"]["mu_star"], rows["a"]["sigma"]) == pytest.approx((2.0, 0.0), abs=1e-9)
    assert rows["b"]["sigma"] > 0.2
    assert rows["d"]["mu_star"] == rows[SEED]["mu_star"] == 0
    assert rows["b"]["above_noise"]


def test_an_emulator_that_predicts_nothing_gives_no_indices():
    with pytest.raises(cz.CommunizeError, match="the emulator predicts too little"):
        sensitivity(noise, "sobol", 64, prior=ISHIGAMI, emulate=True)


def test_figures_without_a_number_leave_their_blocks_out():
    def model(p, seed):
        return {"whole": p["a"], "some": float("nan") if p["a"] > 0.95 else p["a"], "none": float("nan"), "same": 4.0}

    found = sensitivity(model, "sobol", 64, prior={"a": [0.0, 1.0], "b": [0.0, 1.0]})
    notes = dict(zip(found.figures["figure"], found.figures["note"]))
    assert notes["whole"] == ""
    assert "blocks of the design left out" in notes["some"]
    assert notes["none"] == "not a number at too many points"
    assert notes["same"] == "the same at every point: 4"
    assert set(found.table["figure"]) == {"whole", "some"}
    assert by_parameter(found, "some")["a"]["ST"] == pytest.approx(1.0, abs=0.1)


def test_a_model_parameter_that_does_nothing_and_no_run_twice(tmp_path):
    figures = ["joined:sum"]
    first = cz.sensitivity(small(), "morris", 4, prior=SIR, figures=figures, seeds=2, out=tmp_path, workers=0)
    rows = by_parameter(first, "joined:sum")
    assert rows["struggle.rate_contact"]["mu_star"] > 100
    assert rows["belonging.rate"]["mu_star"] == 0  # the case runs nothing but struggle
    lines = sum(len(file.read_text().splitlines()) for file in tmp_path.glob("seeds-*/runs.jsonl"))
    again = cz.sensitivity(small(), "morris", 4, prior=SIR, figures=figures, seeds=2, out=tmp_path, workers=0)
    assert sum(len(file.read_text().splitlines()) for file in tmp_path.glob("seeds-*/runs.jsonl")) == lines
    pd.testing.assert_frame_equal(first.table, again.table)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "sensitivity.parquet"), first.table)
    page = (tmp_path / "sensitivity.html").read_text(encoding="utf-8")
    assert "struggle.rate_contact" in page
    assert "<script" not in page


def test_default_figures_are_those_that_vary():
    found = cz.sensitivity(small(), "morris", 4, prior=SIR, workers=0)
    assert set(found.table["figure"]) == {"active:max"}
    assert len(found.figures) > 1


@pytest.mark.parametrize(("options", "message"), [
    ({"method": "morriss"}, "did you mean morris"),
    ({"samples": 2}, "4 or more"),
    ({"method": "sobol", "samples": 48}, "a power of two, such as 64"),
    ({"method": "sobol", "samples": 8, "emulate": True}, "16 or more"),
    ({"method": "morris", "emulate": True}, "--method sobol"),
    ({"seeds": 0}, "1 or more"),
    ({"prior": None}, "sir: prior: found 'nothing'"),
    ({"figures": ["activ:max"]}, "did you mean active"),
])  # fmt: skip
def test_what_cannot_be_analysed_is_refused(options, message):
    with pytest.raises(cz.InputError, match=message):
        cz.sensitivity(small(), **{"method": "morris", "samples": 4, "prior": SIR, "workers": 0, **options})
