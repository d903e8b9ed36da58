"""Lambda by other ways: the program as it is written in the model, given to an exact simplex method or to HiGHS; and random worlds."""

from fractions import Fraction

import numpy as np
from scipy import optimize


def world(seed, n_places=3, n_sectors=3, taken=0.8, labour=True, links=True, density=0.7, home=0.0):
    """A random world whose lambda is neither 0 nor without end, as arguments of `reproduction_ratio`."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(0, 1, (n_sectors, n_sectors)) * (rng.random((n_sectors, n_sectors)) < density)
    table *= rng.uniform(0.2, 0.8, n_sectors) / np.maximum(table.sum(axis=0), 0.5)
    need = rng.uniform(0.1, 2, n_sectors) * (rng.random(n_sectors) < 0.8)
    need[rng.integers(n_sectors)] = 1.0
    people = rng.integers(1, 9, n_places).astype(float)
    gross = np.linalg.solve(np.eye(n_sectors) - table, need)
    capacity = gross * people.sum() * rng.uniform(0, 1.5, (n_places, n_sectors)) * (rng.random((n_places, n_sectors)) < taken)
    given = {"A": table, "capacity": capacity, "need": need, "people": people}
    if labour:
        work = rng.uniform(0.2, 2, n_sectors)
        given |= {"labour": work, "own_labour": capacity * work * rng.uniform(0, 1.5, capacity.shape), "movable_labour": people * rng.uniform(0, 1, n_places)}
    if links and n_places > 1:
        order = rng.permutation(n_places)
        chain = np.column_stack([order[:-1], order[1:]])
        given |= {"links": chain, "transport": people * rng.uniform(0.1, 3, n_places), "transport_use": rng.uniform(0.1, 1, (len(chain), n_sectors))}
    if home:
        given["without_inputs"] = gross * people.sum() * rng.uniform(0, 0.6, capacity.shape) * (rng.random(capacity.shape) < home)
    return given


def program(A, capacity, need, people, labour=None, own_labour=None, movable_labour=None, links=(), transport=None, transport_use=None, without_inputs=0.0):
    """The program: maximise the last variable, G v <= h, v >= 0, with v = (x, z, f, lambda) and z >= l x - own what movable labour does.

    Rows in the order plant, own labour, movable labour, goods, transport.
    """
    table, capacity, people = np.asarray(A, float), np.asarray(capacity, float), np.asarray(people, float)
    n_places, n_sectors = capacity.shape
    n, arcs = capacity.size, [(int(p), int(q), e) for e, (p, q) in enumerate(links)] + [(int(q), int(p), e) for e, (p, q) in enumerate(links)]
    width = 2 * n + len(arcs) * n_sectors + 1
    work = np.zeros(n_sectors) if labour is None else np.asarray(labour, float)
    own = np.zeros_like(capacity) if own_labour is None else np.asarray(own_labour, float)
    movable = np.zeros(n_places) if movable_labour is None else np.asarray(movable_labour, float)
    use = np.zeros((len(links), n_sectors)) if transport_use is None else np.broadcast_to(transport_use, (len(links), n_sectors))
    wants = np.broadcast_to(np.asarray(need, float), capacity.shape) * people[:, None]
    plant, hired, staff = np.zeros((n, width)), np.zeros((n, width)), np.zeros((n_places, width))
    goods, sent = np.zeros((n, width)), np.zeros((n_places, width))
    for p in range(n_places):
        for k in range(n_sectors):
            cell = p * n_sectors + k
            plant[cell, cell] = 1
            hired[cell, cell], hired[cell, n + cell] = work[k], -1
            staff[p, n + cell] = 1
            goods[cell, cell] -= 1
            goods[cell, -1] = wants[p, k]
            for j in range(n_sectors):
                goods[cell, p * n_sectors + j] += table[k, j]
    for number, (p, q, e) in enumerate(arcs):
        for k in range(n_sectors):
            flow = 2 * n + number * n_sectors + k
            goods[p * n_sectors + k, flow] += 1
            goods[q * n_sectors + k, flow] -= 1
            sent[p, flow] += use[e, k]
    unlimited = transport is None
    matrix = np.vstack([plant, hired, staff, goods, sent[:0] if unlimited else sent])
    limits = np.concatenate([capacity.ravel(), own.ravel(), movable, np.zeros(n) + np.ravel(without_inputs), [] if unlimited else np.asarray(transport, float)])
    return matrix, limits


def by_highs(matrix, limits):
    """Lambda by HiGHS, on dense arrays."""
    objective = np.zeros(matrix.shape[1])
    objective[-1] = -1
    found = optimize.linprog(objective, A_ub=matrix, b_ub=limits, method="highs-ds")
    assert found.status == 0, found.message
    return -found.fun


def by_exact_simplex(matrix, limits):
    """Lambda without rounding: the simplex method on fractions, with Bland's rule, from the plan of doing nothing."""
    n_rows, n_columns = matrix.shape
    rows = [[Fraction(float(a)) for a in row] + [Fraction(int(i == r)) for i in range(n_rows)] + [Fraction(float(limits[r]))] for r, row in enumerate(matrix)]
    gain = [Fraction(int(j == n_columns - 1)) for j in range(n_columns + n_rows)] + [Fraction(0)]
    basis = list(range(n_columns, n_columns + n_rows))
    while True:
        enters = next((j for j, value in enumerate(gain[:-1]) if value > 0), None)
        if enters is None:
            return float(-gain[-1])
        ratios = [(row[-1] / row[enters], basis[r], r) for r, row in enumerate(rows) if row[enters] > 0]
        assert ratios, "no bound"
        leaves = min(ratios)[2]
        pivot = rows[leaves][enters]
        rows[leaves] = [value / pivot for value in rows[leaves]]
        for row in (*rows[:leaves], *rows[leaves + 1 :], gain):
            factor = row[enters]
            if factor:
                for j, value in enumerate(rows[leaves]):
                    if value:
                        row[j] -= factor * value
        basis[leaves] = enters


def shortfall(found, A, capacity, need, people, labour=None, own_labour=None, movable_labour=None, links=(), transport=None, transport_use=None, without_inputs=0.0):
    """By how much the plan of a `Reproduction` breaks a limit, relative to what there is of it; 0 for a plan that can be carried out."""
    table, capacity = np.asarray(A, float), np.asarray(capacity, float)
    wants = np.asarray(need) * np.asarray(people, float)[:, None]
    x, breaks = found.output, [-found.output.min(), ((found.output - capacity) / (1e-300 + capacity.max())).max()]
    net = x - x @ table.T - found.ratio * wants + without_inputs
    spent = np.zeros(len(capacity))
    for e, (p, q) in enumerate(links):
        net[p] -= found.flows[e]
        net[q] += found.flows[e]
        if transport is not None:
            use = np.broadcast_to(transport_use, (len(links), capacity.shape[1]))[e]
            spent[p] += np.where(found.flows[e] > 0, use * found.flows[e], 0).sum()
            spent[q] -= np.where(found.flows[e] < 0, use * found.flows[e], 0).sum()
    breaks.append((-net / (1e-300 + x.max() + np.max(without_inputs))).max())
    if transport is not None:
        breaks.append(((spent - transport) / (1e-300 + np.max(transport))).max())
    if labour is not None:
        hired = np.maximum(0, labour * x - own_labour).sum(axis=1)
        breaks.append(((hired - movable_labour) / (1e-300 + np.max(movable_labour) + np.max(own_labour))).max())
    return max(breaks)
