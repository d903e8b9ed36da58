"""The State's budget: taxes pay public wages, force and benefits; what is left over buys goods (`model.md` section 3)."""

import numpy as np

from communize.declare.registry import POSITIONS, STATE_SITE, TAKEN
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.mechanisms.economy.core import MANAGER, PRECARIOUS, STABLE

STATE_FORCE = POSITIONS.index("state_force")


@kernel
def find_dues(start, stop, block, people, sites, law, key, day, due):
    """What the State owes each person this month, in coins, rounded by a draw; returns (all of it, wages and force alone).

    Parameters
    ----------
    people
        (home, work, position).
    sites
        (kind, mode, share of the month not stopped, wage level): the level of the home raises benefits, that of the site wages.
    law
        (mean wage, wage of each position against it, benefit of each position against it, most that one person is owed).
    due
        Written.
    """
    home, work, position = people
    kind, mode, site_open, level = sites
    mean_wage, factors, benefits, most = law
    total = wages = 0
    for i in range(start, stop):
        pos, s = position[i], work[i]
        x = 0.0
        wage = False
        if pos == STATE_FORCE:
            x, wage = mean_wage * factors[pos], True
        elif pos in (STABLE, PRECARIOUS, MANAGER):
            if s >= 0 and kind[s] == STATE_SITE and mode[s] != TAKEN:
                x, wage = mean_wage * factors[pos] * level[s] * site_open[s], True
        else:
            x = mean_wage * benefits[pos] * level[home[i]]
        x = min(x, most)
        due[i] = d.stochastic_round(x, d.uniform(key, i, day, decisions.ECONOMY_DUE, 0)) if x > 0.0 else 0
        total += due[i]
        wages += due[i] if wage else 0
    return total, wages


@kernel
def pay_dues(start, stop, block, due, part, money, income):
    """Pay everybody the share `part` of what is due, rounded down; returns the coins paid."""
    paid = 0
    for i in range(start, stop):
        coins = due[i] if part >= 1.0 else np.int64(due[i] * part)
        money[i] += coins
        income[i] += coins
        paid += coins
    return paid
