"""The figures by which decision 29 judges `argentina-2001`: ``python tests/judged_argentina.py --seeds 20``."""

import argparse

import numpy as np
from judged_cases import day_of, targets, within

import communize as cz


def figures(run: cz.Run) -> list[tuple[str, float, bool | None]]:
    """Every figure of the decision: what, found, whether it is hit."""
    people = run.info["people"]
    instances, inside = run.series["instances"].sum("place").to_numpy(), run.series["participants"].sum("place").to_numpy()
    frame = run.instances
    long = frame[frame["kind"].isin(["workplace", "farm", "state_site"]) & (frame["duration_days"] >= 60)]
    bought = (long["cause"] == "recuperated") | long["legal"] | (long["ended"] < 0)
    return [
        *targets(run),
        within("mean unemployment", float(np.nanmean(run.series["unemployment"])), 0.192 / 1.5, 0.192 * 1.5),
        within("measures in force on 15 March 2002", instances[day_of(run, "2002-03-15")], 20, np.inf),
        within("share of people in measures on the last day", inside[-1] / people, 0, 0.05),
        within("lasting measures at workplaces that are firms, legal or in force", float(bought.mean()) if len(long) else float("nan"), 0.5, 1.0),
        ("lasting measures at workplaces", float(len(long)), None),
    ]


def main() -> None:
    """Command line of this module."""
    import pandas as pd

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    rows = [figure for seed in range(1, options.seeds + 1) for figure in figures(cz.run("argentina-2001", seed=seed, threads=1))]
    frame = pd.DataFrame(rows, columns=["figure", "found", "hit"])
    print(frame.groupby("figure", sort=False).agg(mean=("found", "mean"), low=("found", "min"), high=("found", "max"), hits=("hit", "sum")).to_string())


if __name__ == "__main__":
    main()
