"""Do the packages agree, with theory and with one another? Standard library only."""

import math
from statistics import mean

import settings
from settings import BETA, GAMMA, HAZARD_CONTACT, HAZARD_RECOVERY, PHI, SIR_STEPS

SIR_SPREAD = 0.42  # standard deviation of the number infected between runs on one graph, over sqrt(people); measured with `numba`
STANDARD_ERRORS = 4


class Epidemic:
    """An SIR epidemic on a graph that is random but for its degrees, in the limit of many people.

    Follows theta, the probability that a given contact of somebody not yet infected has not passed the infection on.

    References
    ----------
    Miller, Slim and Volz (2012), Edge-based compartmental modelling for infectious disease spread.
    https://doi.org/10.1098/rsif.2011.0403 (in continuous time; the step-by-step form follows in the same way)
    """

    def __init__(self, degrees):
        self.others, self.seeds = degrees["others"], degrees["seeds"]
        self.people = sum(self.others) + sum(self.seeds)
        self.ends = sum(k * (a + b) for k, (a, b) in enumerate(zip(self.others, self.seeds)))

    def infected(self, theta):
        """People ever infected."""
        return self.people - sum(count * theta**k for k, count in enumerate(self.others))

    def susceptible_contacts(self, theta):
        """Probability that a contact is susceptible."""
        return sum(k * count * theta ** (k - 1) for k, count in enumerate(self.others) if k) / self.ends

    def in_steps(self, steps=SIR_STEPS):
        """People ever infected after so many steps (with very many: the final size of the configuration model)."""
        theta, passing = 1.0, sum(k * count for k, count in enumerate(self.seeds)) / self.ends
        for _ in range(steps):
            before = self.susceptible_contacts(theta)
            theta -= BETA * passing
            passing = (1 - BETA) * (1 - GAMMA) * passing + before - self.susceptible_contacts(theta)
        return self.infected(theta)

    def in_continuous_time(self, duration=SIR_STEPS, step=0.05):
        """The same with the hazards of `settings`, by Runge and Kutta's method."""

        def slope(theta):
            return -HAZARD_CONTACT * (theta - self.susceptible_contacts(theta)) + HAZARD_RECOVERY * (1 - theta)

        theta = 1.0
        for _ in range(round(duration / step)):
            a = slope(theta)
            b = slope(theta + step * a / 2)
            c = slope(theta + step * b / 2)
            theta += step * (a + 2 * b + 2 * c + slope(theta + step * c)) / 6
        return self.infected(theta)


def expected_infected(cell):
    """Prediction for a cell of the SIR: EoN's process is in continuous time, all others go in steps."""
    epidemic = Epidemic(cell["degrees"])
    return epidemic.in_continuous_time() if cell["package"] == "eon" else epidemic.in_steps()


def expected_active(mean_degree=settings.THRESHOLD_MEAN_DEGREE, share=settings.SEED_SHARE):
    """Final share of adopters on a random graph of many people (Gleeson and Cahalane 2007, https://doi.org/10.1103/PhysRevE.75.056103)."""
    poisson = [math.exp(-mean_degree) * mean_degree**k / math.factorial(k) for k in range(80)]

    def moved(k, n, q):
        least = max(1, math.ceil(PHI * k))
        return sum(math.comb(n, m) * q**m * (1 - q) ** (n - m) for m in range(least, n + 1))

    q = share
    for _ in range(500):
        q = share + (1 - share) * sum(k * poisson[k] / mean_degree * moved(k, k - 1, q) for k in range(1, 80))
    return share + (1 - share) * sum(poisson[k] * moved(k, k, q) for k in range(1, 80))


def problems(cells):
    """What does not agree: sentences that name the package; empty if all do."""
    found = []
    groups = {}
    for cell in cells:
        if cell["runs"]:
            groups.setdefault((cell["model"], cell["people"]), []).append(cell)
    for (model, people), group in groups.items():
        found += {"sir": _sir, "threshold": _threshold, "epstein": _epstein}[model](people, group)
    return found


def sir_tolerance(people, runs):
    """How far the mean of so many runs may lie from the prediction."""
    return STANDARD_ERRORS * SIR_SPREAD * math.sqrt(people / runs) + 0.0005 * people


def _sir(people, group):
    found = []
    for cell in group:
        infected, expected = mean(run["infected"] for run in cell["runs"]), expected_infected(cell)
        allowed = sir_tolerance(people, len(cell["runs"]))
        if abs(infected - expected) > allowed:
            found.append(
                f"{cell['package']}: SIR with {people:,} people infected {infected:,.0f}, theory {expected:,.0f}, allowed ± {allowed:,.0f}"
            )
    return found


def _threshold(people, group):
    found, sets = [], {}
    allowed = 0.002 if people >= 100_000 else 0.005
    for cell in group:
        for run in cell["runs"]:
            sets.setdefault((run["active"], run["set"]), set()).add(cell["package"])
    if len(sets) > 1:
        usual = max(sets, key=lambda key: len(sets[key]))
        for key, packages in sets.items():
            if key != usual:
                found.append(f"{', '.join(sorted(packages))}: threshold model with {people:,} people ends with {key[0]:,} active, others with {usual[0]:,}")
    for active, _ in sets:
        if abs(active / people - expected_active()) > allowed:
            found.append(f"{', '.join(sorted(sets[active, _]))}: {active:,} of {people:,} active, theory {expected_active():.4f} ± {allowed}")
    return found


def epstein_tolerance(share, group):
    """How far the means of two packages may lie from each other."""
    spread = settings.EPSTEIN_SPREAD[group[0]["steps"]][share]
    return STANDARD_ERRORS * spread * math.sqrt(sum(1 / (cell["runs"][0]["agents"] * len(cell["runs"])) for cell in group))


def _epstein(people, group):
    found = []
    for share in ("active", "jailed"):
        means = {cell["package"]: mean(run[share] for run in cell["runs"]) for cell in group}
        allowed = epstein_tolerance(share, group)
        if len(means) == 2 and abs(means["communize"] - means["mesa"]) > allowed:
            found.append(f"communize: {means['communize']:.5f} of citizens {share}, mesa: {means['mesa']:.5f}, allowed ± {allowed:.5f} ({people:,} people)")
    return found
