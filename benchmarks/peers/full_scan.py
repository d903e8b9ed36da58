"""Plain full-scan loops in Numba: what one would write by hand for one model, and what our ratio is measured against.

Both look at every person in every step, keep states as int8 in two arrays (all people change at once), and read contacts
from adjacency rows. A draw is made only where the outcome is open.
"""

from numba import njit

SUSCEPTIBLE, INFECTED, RECOVERED = 0, 1, 2


@njit(cache=True)
def sir(offsets, neighbours, state, p_infection, gamma, steps, rng):
    """Do `steps` steps of an SIR model; returns the states after them.

    Parameters
    ----------
    offsets, neighbours
        Adjacency rows: int64 (n + 1) and int32.
    state
        int8 (n): 0 susceptible, 1 infected, 2 recovered. Overwritten.
    p_infection
        Probability of infection by number of infected contacts, 1 - (1 - beta)**k.
    gamma
        Probability of recovery.
    rng
        `numpy.random.Generator`.
    """
    new = state.copy()
    for _ in range(steps):
        for i in range(state.size):
            if state[i] == SUSCEPTIBLE:
                infected = 0
                for j in range(offsets[i], offsets[i + 1]):
                    infected += state[neighbours[j]] == INFECTED
                if infected > 0 and rng.random() < p_infection[infected]:
                    new[i] = INFECTED
            elif state[i] == INFECTED and rng.random() < gamma:
                new[i] = RECOVERED
        state[:] = new
    return state


@njit(cache=True)
def threshold(offsets, neighbours, active, phi):
    """Let people adopt where at least `phi` of their contacts have, until nothing changes; returns the rounds.

    `active` is int8 (n), 1 for who has adopted. Overwritten.
    """
    new = active.copy()
    rounds, changed = 0, True
    while changed:
        changed = False
        for i in range(active.size):
            degree = offsets[i + 1] - offsets[i]
            if active[i] == 1 or degree == 0:
                continue
            count = 0
            for j in range(offsets[i], offsets[i + 1]):
                count += active[neighbours[j]]
            if count >= phi * degree:
                new[i] = 1
                changed = True
        active[:] = new
        rounds += 1
    return rounds
