"""Provisioning in plain Python, from the equations and rules in words, on lists: twins of the compiled kernels.

A[i][j] is the input of i for one unit of j; S[i][j] what j holds of i. They import nothing of communize.
"""

COMMODITY, CONTESTED, TAKEN = 0, 1, 2


def limit_of_inputs(rule, A, rating, S, base, j):
    """Largest output of `j` that its inventories allow (`validation.md` section 8)."""
    used = [i for i in range(len(base)) if A[i][j] > 0]
    days = {i: S[i][j] / A[i][j] for i in used}
    if rule == "leontief":
        limits = list(days.values())
    elif rule == "weakly_critical":
        limits = [days[i] for i in used if rating[i][j] == 1]
    elif rule == "half_critical":
        limits = [days[i] if rating[i][j] == 1 else 0.5 * (days[i] + base[j]) for i in used if rating[i][j] > 0]
    else:
        limits = [sum(S[i][j] for i in used) / sum(A[i][j] for i in used)] if used else []
    return min(limits, default=float("inf"))


def day_of_production(rule, A, rating, target, restock_days, final, capacity, base, S, demand):
    """Orders, capacity, output, rationing, inventories: new (S, demand), output, supply, orders."""
    n = len(base)
    orders = [[max(0.0, A[i][j] * demand[j] + (target[i][j] - S[i][j]) / restock_days) for j in range(n)] for i in range(n)]
    wanted = [max(0.0, sum(orders[i]) + final[i]) for i in range(n)]
    output = [min(capacity[j], limit_of_inputs(rule, A, rating, S, base, j), wanted[j]) for j in range(n)]
    supply = [output[i] / wanted[i] if wanted[i] > 0 else 1.0 for i in range(n)]
    after = [[max(0.0, S[i][j] + supply[i] * orders[i][j] - A[i][j] * output[j]) for j in range(n)] for i in range(n)]
    return after, wanted, output, supply, orders


def kept(stock, days, per_worker, members, mode, active, eligible):
    """Stock of a site after a day: it refills in the commodity mode, slower where people are in struggle."""
    full = days * per_worker * members
    if per_worker <= 0 or mode not in (COMMODITY, CONTESTED) or stock >= full:
        return stock
    return min(full, stock + full * (1 - active / max(1, eligible)) / (2 * days))


def labour_of(sites, n_places, per_worker, mobility):
    """Plant, own, moving and home labour by place and sector, and (people, sum of openness) by place.

    `sites` are (place, sector or -1, participants, members, needs, reassignable, left by care, openness).
    """
    n = len(per_worker)
    plant, own, moving, home = ([[0.0] * n for _ in range(n_places)] for _ in range(4))
    drawers = [[0.0, 0.0] for _ in range(n_places)]
    for place, sector, participants, members, needs, reassignable, left, openness in sites:
        drawers[place][0] += participants
        drawers[place][1] += participants * openness
        produces = sector >= 0 and per_worker[sector] > 0
        if produces:
            plant[place][sector] += members * per_worker[sector]
        for need in needs:
            part = participants * left / len(needs)
            if not produces:
                home[place][need] += part
            elif need == sector:
                own[place][sector] += part
            else:
                moving[place][need] += part * mobility * reassignable
                own[place][sector] += part * (1 - mobility * reassignable)
    return plant, own, moving, home, drawers


def production(A, critical, per_worker, home_productivity, wanted, plant, own, moving, home, stock):
    """A place's day: (stock after, output of plants, made in all, used)."""
    n, stock = len(per_worker), list(stock)
    output = [max(0.0, min(wanted[k], plant[k], (own[k] + moving[k]) * per_worker[k])) for k in range(n)]
    needs = [[A[i][k] if critical[i][k] else 0.0 for k in range(n)] for i in range(n)]
    required = [sum(needs[i][k] * output[k] for k in range(n)) for i in range(n)]
    ration = [1.0 if required[i] <= stock[i] else stock[i] / required[i] for i in range(n)]
    output = [output[k] * min([ration[i] for i in range(n) if needs[i][k] > 0], default=1.0) for k in range(n)]
    used = [sum(needs[i][k] * output[k] for k in range(n)) for i in range(n)]
    made = []
    for k in range(n):
        moved_in = output[k] / per_worker[k] - own[k] if per_worker[k] > 0 else 0.0
        idle = moving[k] - max(0.0, moved_in)
        made.append(output[k] + max(0.0, min((home[k] + max(0.0, idle)) * per_worker[k] * home_productivity, wanted[k] - output[k])))
        stock[k] += made[k] - used[k]
    return stock, output, made, used


def wanted_in_place(need, people, openness, strangers, restock, stock, A, critical, plant, own, moving, per_worker):
    """What a place tries to make: drawing and stock for some days, and what its own plants could use."""
    n = len(need)
    wanted = [(need[k] * people + openness * strangers[k]) * (1 + restock) - stock[k] for k in range(n)]
    could = [max(0.0, min(plant[k], (own[k] + moving[k]) * per_worker[k])) for k in range(n)]
    return [wanted[i] + sum(A[i][k] * could[k] for k in range(n) if critical[i][k]) for i in range(n)]


def moved(order, pairs, want, carrying, per_link, stock):
    """Stocks after goods went between linked places; `pairs` are the linked neighbours of each place in their order."""
    stock, left, total = [list(row) for row in stock], list(carrying), [0.0] * len(want[0])
    for p in order:
        for q in pairs[p]:
            for k in range(len(want[0])):
                if left[p] > 0 and want[p][k] > 0 and want[q][k] > 0:
                    cover = (stock[p][k] + stock[q][k]) / (want[p][k] + want[q][k])
                    amount = min(per_link * (stock[p][k] - cover * want[p][k]), left[p])
                    if amount > 0:
                        stock[p][k] -= amount
                        stock[q][k] += amount
                        left[p] -= amount
                        total[k] += amount
    return stock, left, total


def drawn(need, people, openness, strangers, dwelling, dwell_sector, stock):
    """A place's (stock after, coverage, drawn)."""
    stock, coverage, taken = list(stock), [], []
    for k in range(len(need)):
        inside = need[k] * (people - (dwelling if k == dwell_sector else 0))
        wanted = max(0.0, inside) + openness * strangers[k]
        taken.append(min(wanted, stock[k]))
        stock[k] -= taken[k]
        share = taken[k] / wanted if wanted > 0 else float(people > 0)
        if k == dwell_sector and need[k] * people > 0:
            share = (min(people, dwelling) + max(0.0, people - dwelling) * share) / people
        coverage.append(share)
    return stock, coverage, taken


def unmet_of(weights, supply, pays, free, *, inside, buys=0.0, openness=0.0):
    """What a person lacks: participants draw first and buy `buys` of what is missing; others buy first and draw as far as they may."""
    missing = 0.0
    for weight, delivered, share in zip(weights, supply, free):
        if inside:
            missing += weight * (1 - share - (1 - share) * pays * buys * delivered)
        else:
            missing += weight * (1 - pays * delivered) * (1 - openness * share)
    return min(1.0, max(0.0, missing))


def groups_of(inside, pairs):
    """Sets of places `inside` that linked pairs join, in the order of their first place."""
    groups, seen = [], set()
    for start in range(len(inside)):
        if not inside[start] or start in seen:
            continue
        group, waiting = set(), [start]
        while waiting:
            p = waiting.pop()
            if p not in group and inside[p]:
                group.add(p)
                waiting += [q for a, q in pairs if a == p] + [a for a, q in pairs if q == p]
        groups.append(group)
        seen |= group
    return groups
