"""A state that is saved and read is the state that was, on any day, and goes on as it would have."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import ECONOMY, MANY_MEASURES, lively

import communize as cz


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**64 - 1), day=st.integers(0, 25), more=st.integers(0, 8), people=st.integers(200, 1_500), economy=st.booleans(), measures=st.booleans(),
    response=st.sampled_from(["logistic", "threshold", "contacts"]), threads=st.integers(1, 3),
)  # fmt: skip
def test_a_saved_state_is_the_state_and_goes_on(tmp_path, seed, day, more, people, economy, measures, response, threads):
    changes = {"society.people": people, "struggle.response": response, **(ECONOMY if economy else {}), **(MANY_MEASURES if measures else {})}
    whole = cz.Simulation(lively(**changes), seed=seed, threads=1).run(day)
    cut = cz.Simulation.from_checkpoint(whole.save_checkpoint(tmp_path / "day.ckpt"), threads=threads)
    assert cut.state_hash() == whole.state_hash()
    assert cut.series.identical(whole.series)
    again = cut.save_checkpoint(tmp_path / "again.ckpt")
    assert again.read_bytes() == (tmp_path / "day.ckpt").read_bytes()
    assert cut.run(more).state_hash() == whole.run(more).state_hash()
    assert cut.series.identical(whole.series)
