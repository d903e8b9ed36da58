"""What is measured: models, packages, sizes and parameters. Standard library only."""

import math

# SIR on a random graph. A step: every infected person passes it to each susceptible contact with probability BETA, then
# recovers with probability GAMMA; who was infected in a step neither passes it on nor recovers before the next.
SIR_STEPS, SIR_MEAN_DEGREE, BETA, GAMMA = 100, 10.0, 0.02, 0.05
HAZARD_CONTACT, HAZARD_RECOVERY = -math.log1p(-BETA), -math.log1p(-GAMMA)

# Watts (2002): adopt where the share of one's contacts that have is at least PHI; all at once until nothing changes.
THRESHOLD_MEAN_DEGREE, PHI = 5.0, 0.18

SEED_SHARE = 0.01  # of the people: infected or active at the start, the same rows in every package
GRAPH_SEED = 20_240_229

# Epstein (2002), model I, as Mesa's own example has it. About CELL_SHARE of the cells of the torus hold somebody.
CITIZEN_DENSITY, COP_DENSITY = 0.7, 0.074
EPSTEIN_SIDES = {1_000: 40, 10_000: 114, 100_000: 368, 1_000_000: 1_137}
EPSTEIN_STEPS = {1_000: 300, 10_000: 20, 100_000: 20, 1_000_000: 20}
# Standard deviations between runs of the mean shares of citizens, times the root of people, by steps: what agreement is
# judged by (measured with communize over 12 to 200 seeds; the first many steps fill the jails, and more so in some runs).
EPSTEIN_SPREAD = {20: {"active": 0.045, "jailed": 0.4}, 40: {"active": 0.025, "jailed": 0.6}, 300: {"active": 0.008, "jailed": 1.8}}

MODELS = {
    "sir": "SIR on a random graph",
    "threshold": "threshold model on a random graph",
    "epstein": "civil violence on a torus",
}
PACKAGES = {
    "communize": "communize", "numba": "plain Numba, full scan", "scipy": "SciPy sparse matrix", "starsim": "Starsim", "mesa": "Mesa",
    "ndlib": "NDlib", "eon": "EoN",
}  # fmt: skip
DISTRIBUTIONS = {
    "communize": "communize", "numba": "numba", "scipy": "scipy", "starsim": "starsim", "mesa": "Mesa", "ndlib": "ndlib", "eon": "EoN",
}  # fmt: skip
COMPILED = ("communize", "numba", "starsim")  # compile their loops when they are first used
SIZES = {"sir": (100_000, 1_000_000), "threshold": (100_000, 1_000_000), "epstein": (1_000, 100_000)}
QUICK_SIZES = {"sir": (10_000,), "threshold": (10_000,), "epstein": (1_000,)}
WARM_UP = {"sir": 2_000, "threshold": 2_000, "epstein": 1_000}  # people in the run before, which compiles what is compiled
QUICK_EPSTEIN_STEPS = 40

CANNOT = {
    ("threshold", "starsim"): "has no model in which one contact is not enough",
    ("epstein", "numba"): "left out, as it would be our own kernel again",
    ("epstein", "scipy"): "people move: no fixed matrix",
    ("epstein", "starsim"): "no grid on which people move",
    ("epstein", "ndlib"): "spreading on a graph only",
    ("epstein", "eon"): "spreading on a graph only",
}


def cells(models, packages, sizes):
    """All (model, people, package) that can be measured, the fastest packages first."""
    return [
        (model, people, package)
        for model in models
        for people in sizes[model]
        for package in packages
        if (model, package) not in CANNOT
    ]
