"""Figures that the documentation states about the economy: job turnover, wages that fall short, and what goes with them.

`python docs/economy_figures.py --seeds 3` prints a table, one row a setting: means over months 4 to 12 of `restructured`, and of the
years 11 to 20 of `wright-2005`.
"""

import argparse

import numpy as np

import communize as cz
from communize.declare.registry import FARM, POSITIONS, WORKPLACE

WAGE_WORKERS = [POSITIONS.index(name) for name in ("stable", "precarious", "manager")]
SETTINGS = {
    "default": ("restructured", {}),
    "`hiring_staff` 0, `firing` 1 (Wright's)": ("restructured", {"economy.hiring_staff": 0.0, "economy.firing": 1.0}),
    "`hiring_staff` 0": ("restructured", {"economy.hiring_staff": 0.0}),
    "`firing` 1": ("restructured", {"economy.firing": 1.0}),
    "`firing` 0.25": ("restructured", {"economy.firing": 0.25}),
    "no notice, no events": ("restructured", {"economy.dismissals.enabled": False}),
    "`wright-2005`": ("wright-2005", {}),
}
SERIES = ("dismissed", "short_payments", "unemployment", "wage_share", "exploitation", "demises")


def employees(simulation: cz.Simulation) -> int:
    """People whom firms employ."""
    people, sites = simulation.people, simulation.sites
    at = np.maximum(people.work, 0)
    firm = np.isin(sites.kind[at], (WORKPLACE, FARM)) & (sites.owner[at] >= 0)
    return int((np.isin(people.position, WAGE_WORKERS) & (people.work >= 0) & firm).sum())


def months(case: str, changes: dict, seed: int, people: int) -> dict[str, np.ndarray]:
    """Figures of each month of a run."""
    wright = case == "wright-2005"
    scenario = cz.load(case).replace({**changes, **({} if wright else {"society.people": people})})
    simulation, n_months = cz.Simulation(scenario, seed=seed), 240 if wright else 12
    staff, firms = [], []
    for _ in range(n_months):
        before = employees(simulation)
        simulation.run(30)
        staff.append(0.5 * (before + employees(simulation)))
        firms.append(int(simulation.state.economy.firms[0].sum()))
    found = {name: simulation.series[name].to_numpy()[29::30].astype(float) for name in SERIES}
    later = slice(120, None) if wright else slice(3, None)
    found = {name: values[later] for name, values in found.items()} | {"staff": np.array(staff)[later], "firms": np.array(firms, float)[later]}
    return {
        "dismissed, % of employees a month": 100 * found["dismissed"] / found["staff"],
        "payments that fall short, %": 100 * found["short_payments"],
        "firms that end, % a month": 100 * found["demises"] / found["firms"],
        "unemployment, %": 100 * found["unemployment"],
        "wage share, %": 100 * found["wage_share"],
        "exploitation": found["exploitation"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--people", type=int, default=100_000)
    given = parser.parse_args()
    heads = None
    for name, (case, changes) in SETTINGS.items():
        runs = [months(case, changes, seed, given.people) for seed in range(1, given.seeds + 1)]
        if heads is None:
            heads = list(runs[0])
            print("| setting | " + " | ".join(heads) + " |\n|" + "---|" * (len(heads) + 1))
        means = {head: np.array([run[head].mean() for run in runs]) for head in heads}
        print(f"| {name} | " + " | ".join(f"{means[head].mean():.3g} ± {means[head].std(ddof=1) if len(runs) > 1 else 0:.2g}" for head in heads) + " |", flush=True)


if __name__ == "__main__":
    main()
