"""The commodity mode: national production by sector with inventories of inputs (`model.md` section 4.1).

A day, in this order: orders of inputs and final demand; what labour and inputs allow; output; what is delivered, all customers being
rationed alike; inventories. Quantities are in days of consumption: 1 is what one person consumes of everything in a day at the start.

References
----------
Pichler, Pangallo, del Rio-Chanona, Lafond and Farmer (2022), Forecasting the propagation of pandemic shocks with a dynamic
input-output model. https://doi.org/10.1016/j.jedc.2022.104527. The equations were taken from T. Alleman's open implementation (see
docs/validation.md); equation numbers cannot be given.
"""

import numpy as np

from communize.kernels.draws import kernel

LEONTIEF, HALF_CRITICAL, WEAKLY_CRITICAL, LINEAR = range(4)
RULES = ("leontief", "half_critical", "weakly_critical", "linear")
CRITICAL, IMPORTANT = 0.75, 0.25  # ratings above are critical, above the second important


@kernel
def allowed_by_inputs(rule, coefficients, critical, stock, base, limit):
    """Largest output of each sector that its inventories allow in a day, written to `limit`.

    Parameters
    ----------
    rule
        Index into `RULES`: all inputs are needed; critical ones, and important ones by half; critical ones alone; any for any other.
    coefficients
        Inputs (rows) per unit of output (columns).
    critical
        1 critical, 0.5 important, 0 not, like `coefficients`.
    stock
        Inventories of inputs (rows) held by sectors (columns).
    base
        Output of each sector at the start.
    """
    n = base.size
    for j in range(n):
        limit[j] = np.inf
        have = need = 0.0
        for i in range(n):
            a = coefficients[i, j]
            if a <= 0.0:
                continue
            have += stock[i, j]
            need += a
            if rule == LINEAR:
                continue
            possible = stock[i, j] / a
            if rule == LEONTIEF or critical[i, j] > CRITICAL:
                limit[j] = min(limit[j], possible)
            elif rule == HALF_CRITICAL and critical[i, j] > IMPORTANT:
                limit[j] = min(limit[j], 0.5 * (possible + base[j]))
        if rule == LINEAR and need > 0.0:
            limit[j] = have / need


@kernel
def day_of_production(rule, coefficients, critical, target, restock_days, final, sold, capacity, base, stock, demand, output, supply, limit, orders):
    """One day of all sectors.

    Parameters
    ----------
    target
        Inventories aimed at, like `stock`.
    restock_days
        Days in which a missing inventory is ordered again.
    final
        Final demand of each sector today.
    sold
        What others than these sectors sell of each product: it is delivered first.
    capacity
        Output that labour allows.
    stock, demand
        Inventories, and what is left of total demand for these sectors, of the day before, changed.
    output, supply
        Written: output of each sector, and the share of what is ordered that is delivered.
    limit, orders
        Room, overwritten: (sectors,) and (sectors, sectors).
    """
    n = base.size
    for i in range(n):
        for j in range(n):
            orders[i, j] = max(0.0, coefficients[i, j] * demand[j] + (target[i, j] - stock[i, j]) / restock_days)
    allowed_by_inputs(rule, coefficients, critical, stock, base, limit)
    for i in range(n):
        total = final[i]
        for j in range(n):
            total += orders[i, j]
        total = max(0.0, total)  # final demand is negative where stocks are run down
        demand[i] = max(0.0, total - sold[i])
        output[i] = min(min(capacity[i], limit[i]), demand[i])
        supply[i] = min(1.0, (output[i] + sold[i]) / total) if total > 0.0 else 1.0
    for i in range(n):
        for j in range(n):
            stock[i, j] = max(0.0, stock[i, j] + supply[i] * orders[i, j] - coefficients[i, j] * output[j])


@kernel
def gross_output(coefficients, final, base, tolerance, out):
    """Output that meets a final demand, (I - A)^-1 f, by the series f + A f + A A f + ... from the guess `base`."""
    n = base.size
    out[:] = base
    for _ in range(10_000):
        change = 0.0
        for i in range(n):
            new = final[i]
            for j in range(n):
                new += coefficients[i, j] * out[j]
            change = max(change, abs(new - out[i]))
            out[i] = new
        if change <= tolerance:
            return
