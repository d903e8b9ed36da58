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


def day_of_production(rule, A, rating, target, restock_days, final, capacity, base, S, demand, sold=None):
    """Orders, capacity, output, rationing, inventories: new (S, demand), output, supply, orders."""
    n = len(base)
    orders = [[max(0.0, A[i][j] * demand[j] + (target[i][j] - S[i][j]) / restock_days) for j in range(n)] for i in range(n)]
    sold = sold or [0.0] * n
    asked = [max(0.0, sum(orders[i]) + final[i]) for i in range(n)]
    wanted = [max(0.0, asked[i] - sold[i]) for i in range(n)]
    output = [min(capacity[j], limit_of_inputs(rule, A, rating, S, base, j), wanted[j]) for j in range(n)]
    supply = [min(1.0, (output[i] + sold[i]) / asked[i]) if asked[i] > 0 else 1.0 for i in range(n)]
    after = [[max(0.0, S[i][j] + supply[i] * orders[i][j] - A[i][j] * output[j]) for j in range(n)] for i in range(n)]
    return after, wanted, output, supply, orders


def kept(stock, days, per_worker, members, mode, active, eligible):
    """Stock of a site after a day: it refills in the commodity mode, slower where people are in struggle."""
    full = days * per_worker * members
    if per_worker <= 0 or mode not in (COMMODITY, CONTESTED) or stock >= full:
        return stock
    return min(full, stock + full * (1 - active / max(1, eligible)) / (2 * days))


def labour_of(sites, n_places, per_worker, mobility):
    """Plant, own, moving and home labour by place and sector, (people, sum of openness, sum of claims) by place; by site what of its plant is shut
    to others, and what a participant may claim.

    `sites` are (place, sector or -1, participants, those of them who care for others, members, needs, reassignable, left to carers, left by fronts,
    openness, by hours, freed). Who works a day claims a day; by hours, who works less claims so much less.
    """
    n = len(per_worker)
    plant, own, moving, home = ([[0.0] * n for _ in range(n_places)] for _ in range(4))
    drawers = [[0.0, 0.0, 0.0] for _ in range(n_places)]
    shut, claims = [], []
    for place, sector, participants, carers, members, needs, reassignable, carers_have, fronts_leave, openness, by_hours, freed in sites:
        hours = (participants - carers) * fronts_leave + carers * carers_have * fronts_leave
        of_a_day = hours / participants if participants else 1.0
        claims.append((1 - by_hours) * 1.0 + by_hours * of_a_day)
        for column, value in enumerate((1.0, openness, claims[-1])):
            drawers[place][column] += participants * value
        produces = sector >= 0 and per_worker[sector] > 0
        could = members * per_worker[sector] if produces else 0.0
        shut.append(could - could * freed)
        if produces:
            plant[place][sector] += could
        for need in needs:
            part = hours / len(needs)
            if not produces:
                home[place][need] += part
            elif need == sector:
                own[place][sector] += part
            else:
                moving[place][need] += part * mobility * reassignable
                own[place][sector] += part * (1 - mobility * reassignable)
    return plant, own, moving, home, drawers, shut, claims


def production(A, critical, per_worker, home_productivity, wanted, share_apart, wanted_apart, plant, own, moving, home, stock, found):
    """A place's day: (stock after, what of it was found, output of plants, what of it for members only, made in all, used).

    The share `share_apart` of each sector's plants works for their members alone, as much as they want; the rest for the stock. Inputs come out of the
    stock of the morning, of what was found (`found`, amounts) and what was made alike; nothing that is made was found.
    """
    n, stock = len(per_worker), list(stock)
    can = [min(plant[k], (own[k] + moving[k]) * per_worker[k]) for k in range(n)]
    own_use = [A[k][k] if critical[k][k] else 0.0 for k in range(n)]  # what members make for themselves pays for its own product first
    apart = [min(wanted_apart[k] / (1 - own_use[k]), can[k] * share_apart[k]) for k in range(n)]
    for_all = [max(0.0, min(wanted[k], can[k] - can[k] * share_apart[k])) for k in range(n)]
    needs = [[A[i][k] if critical[i][k] else 0.0 for k in range(n)] for i in range(n)]
    required = [sum(needs[i][k] * (for_all[k] + apart[k] * (i != k)) for k in range(n)) for i in range(n)]
    ration = [1.0 if required[i] <= stock[i] else stock[i] / required[i] for i in range(n)]
    least = [min([ration[i] for i in range(n) if needs[i][k] > 0], default=1.0) for k in range(n)]
    for_all, apart = ([part * share for part, share in zip(parts, least)] for parts in (for_all, apart))
    output = [a + b for a, b in zip(for_all, apart)]
    used = [sum(needs[i][k] * output[k] for k in range(n)) for i in range(n)]
    made, morning = [], list(stock)
    for k in range(n):
        moved_in = output[k] / per_worker[k] - own[k] if per_worker[k] > 0 else 0.0
        idle = moving[k] - max(0.0, moved_in)
        garden = max(0.0, min((home[k] + max(0.0, idle)) * per_worker[k] * home_productivity, wanted[k] - for_all[k]))
        made.append(output[k] + garden)
        stock[k] += for_all[k] + garden - used[k] + own_use[k] * apart[k]
    left = [gone_out(morning[k], found[k], used[k] - own_use[k] * apart[k])[0] for k in range(n)]
    return stock, left, output, [part * (1 - own_use[k]) for k, part in enumerate(apart)], made, used


def gone_out(stock, found, amount):
    """Of a stock some was found: (what of it is left, what of it goes) when an amount goes out, of everything alike."""
    goes = found * amount / stock if stock > 0 else 0.0
    return found - goes, goes


def taken_over(sites, freed, seizable, stock, found):
    """Measures take over what they free of the stocks of their sites, once each: by site what is left there, and in common (stock, what of it was found).

    `sites` are (place, sector or -1, measure, stock, what of it was found, measure that last took it), `freed` shares by measure.
    """
    left, stock, found = [], [list(row) for row in stock], [list(row) for row in found]
    for place, sector, measure, there, of_it, last in sites:
        goes = there * freed[measure] if sector >= 0 and seizable[sector] and measure != last else 0.0
        left.append(there - goes)
        if goes > 0:
            stock[place][sector] += goes
            found[place][sector] += gone_out(there, of_it, goes)[1]
    return left, stock, found


def wanted_in_place(drawing, restock, A, critical, plant, own, moving, per_worker):
    """What a place tries to hold before anything is drawn: drawing, a stock for some days, and what its own plants could use."""
    n = len(drawing)
    could = [max(0.0, min(plant[k], (own[k] + moving[k]) * per_worker[k])) for k in range(n)]
    return [drawing[i] * (1 + restock) + sum(A[i][k] * could[k] for k in range(n) if critical[i][k]) for i in range(n)]


def moved(order, pairs, want, carrying, per_link, stock, found):
    """Stocks, and what of them was found, after goods went between linked places; `pairs` are the linked neighbours of each place in their order."""
    stock, found, left, total = [list(row) for row in stock], [list(row) for row in found], list(carrying), [0.0] * len(want[0])
    for p in order:
        for q in pairs[p]:
            for k in range(len(want[0])):
                if left[p] > 0 and want[p][k] > 0 and want[q][k] > 0:
                    cover = (stock[p][k] + stock[q][k]) / (want[p][k] + want[q][k])
                    amount = min(per_link * (stock[p][k] - cover * want[p][k]), left[p])
                    if amount > 0:
                        found[p][k], goes = gone_out(stock[p][k], found[p][k], amount)
                        found[q][k] += goes
                        stock[p][k] -= amount
                        stock[q][k] += amount
                        left[p] -= amount
                        total[k] += amount
    return stock, found, left, total


def drawn(need, inside, people, openness, strangers, dwelling, dwell_sector, stock):
    """A place's (stock after, coverage, drawn); `inside` is what participants, `people` of them, would draw."""
    stock, coverage, taken = list(stock), [], []
    for k in range(len(need)):
        theirs = inside[k] - (need[k] * dwelling if k == dwell_sector else 0)
        wanted = max(0.0, theirs) + openness * strangers[k]
        taken.append(min(wanted, stock[k]))
        stock[k] -= taken[k]
        share = taken[k] / wanted if wanted > 0 else float(people > 0)
        if k == dwell_sector and need[k] * people > 0:
            share = (min(people, dwelling) + max(0.0, people - dwelling) * share) / people
        coverage.append(share)
    return stock, coverage, taken


def had(coverage, claim=1.0, own=0.0, kept=-1, dwelling=-1, mine=1.0):
    """What a participant has free of each need: of the need for what the measure keeps, `own` first; of the rest that they may claim, what is there.

    Who claims `mine` times the mean of the measure has so much of all that is shared by claims; housing is by use.
    """
    found = []
    for k, share in enumerate(coverage):
        first = own if k == kept else 0.0
        rest = (1.0 if k == dwelling else claim) - first
        found.append((first + (rest * share if rest > 0 else 0.0)) * (1.0 if k == dwelling else mine))
    return found


def bought_of(pays, propensity, paid):
    """Share of what is missing that a participant buys: with money as far as they can pay, `paid` of the rest for goods."""
    return propensity * pays + propensity * (1 - pays) * paid


def weights_of(need, beside):
    """What each sector weighs among the needs of who is in struggle: what everybody needs and what a struggle needs beside it, all together 1."""
    both = [n + more for n, more in zip(need, beside)]
    return [weight / sum(both) for weight in both]


def needs_in_struggle(usual, need, beside):
    """What somebody in struggle needs of each sector: what goes to the needs of a struggle is taken from the `usual` alike, a whole of 1 stays 1."""
    if not sum(beside):
        return list(usual)
    goes = sum(beside) / (sum(need) + sum(beside))
    return [amount * (1 - goes) + goes * more / sum(beside) for amount, more in zip(usual, beside)]


def found_by_others(at_home, at_work, part, housing=-1):
    """Of what somebody outside measures lacks of each need, the share that they have free: they look for `part` of it where they work, the rest at home,
    and for housing at home alone.

    `at_home` and `at_work` are (openness, the share that is there of each need); no `at_work` for who works at home, in the same place or not at all.
    """
    (openness, free), (open_there, free_there) = at_home, at_work or at_home
    parts = [0.0 if k == housing else part for k in range(len(free))]
    return [(1 - away) * openness * here + away * open_there * there for away, here, there in zip(parts, free, free_there)]


def unmet_of(weights, supply, pays, free, *, inside, buys=0.0, openness=0.0):
    """What a person lacks: participants have `free` first and buy `buys` of what is missing; others buy first and draw as far as they may."""
    missing = 0.0
    for weight, delivered, share in zip(weights, supply, free):
        if inside:
            missing += weight * (1 - share - (1 - share) * buys * delivered)
        else:
            missing += weight * (1 - pays * delivered) * (1 - openness * share)
    return min(1.0, max(0.0, missing))


def outside_of(weights, supply, pays, free, essential, *, inside, buys=0.0, openness=0.0):
    """(What of a person's needs is met free, what is met at all, the least of what is essential); arguments as in `unmet_of`.

    Others buy first, and draw of what is then missing.
    """
    free_of = [share if inside else (1 - pays * delivered) * openness * share for delivered, share in zip(supply, free)]
    bought = [(1 - share) * buys * delivered if inside else pays * delivered for delivered, share in zip(supply, free)]
    met = [a + b for a, b in zip(free_of, bought)]
    total = [sum(weight * value for weight, value in zip(weights, values)) for values in (free_of, met)]
    return *total, min([value for value, needed in zip(met, essential) if needed], default=1.0)


# --- on what terms ---


def served_apart(sites, sale, need, restock, n_places):
    """Members have what is theirs first: by site (stock after, share of the need met, what is to be made, what was drawn of what was found), and by
    place and sector what was drawn and what is to be made, for tomorrow and some days more.

    `sites` are (place, sector or -1, stock, what of it was found, people, claim, output of the plant that is theirs alone). They aim at what they draw tomorrow and on `restock`
    days more, and at what they are to sell (`sale`, by site).
    """
    found, served, wanted = [], [[0.0] * len(need) for _ in range(n_places)], [[0.0] * len(need) for _ in range(n_places)]
    for (place, sector, stock, of_it, people, claim, plant), to_sell in zip(sites, sale):
        if sector < 0:
            found.append((stock, 0.0, 0.0, 0.0))
            continue
        a_day = people * claim * need[sector]
        drew = min(a_day, stock)
        left = stock - drew
        make = max(0.0, a_day + restock * a_day + to_sell - left) if plant > 0 else 0.0
        served[place][sector] += drew
        wanted[place][sector] += make
        found.append((left, claim * drew / a_day if a_day > 0 else 0.0, make, gone_out(stock, of_it, drew)[1]))
    return found, served, wanted


def shared_out(sites, made):
    """Stocks of sites after what was made for members alone, by place and sector, is shared in proportion to what each lacks.

    `sites` are (place, sector, stock, lacks).
    """
    total = {}
    for place, sector, _, lacks in sites:
        total[place, sector] = total.get((place, sector), 0.0) + lacks
    return [stock + (made[place][sector] * lacks / total[place, sector] if lacks > 0 else 0.0) for place, sector, stock, lacks in sites]


def traded_for(sites, surplus, need, supply, restock, coverage, dwelling, stock):
    """Surplus for what is missing: by site (stock after, share of what they cannot pay for that is paid in goods), the common stock after, the surplus
    by site that would do for all that is wanted, (sold of what was in common, sold of what was kept, bought) by sector.

    `sites` are (place, sector or -1, stock, people who joined, those at it, the sum of what these can pay, propensity to buy, claim, own). Each offers
    `propensity` of its surplus: what it keeps above tomorrow's drawing and that of some days more, and its part, by people, of the surplus of the place.
    """
    n, n_places = len(need), len(surplus)
    people = [sum(site[3] for site in sites if site[0] == p) for p in range(n_places)]
    after, unpaid = [], []
    sold, sold_apart, bought = ([0.0] * n for _ in range(3))
    stock = [list(row) for row in stock]
    for place, sector, reserve, joined, at_it, pays, propensity, claim, own in sites:
        has = had(coverage[place], claim, own, sector, dwelling)
        claims = [1.0 if j == dwelling else claim for j in range(n)]
        basket = [propensity * (at_it - pays) * need[j] * (claims[j] - has[j]) * supply[j] for j in range(n)]
        want, lack = sum(basket), sum(propensity * (at_it - pays) * need[j] * (1 - has[j]) * supply[j] for j in range(n))
        if at_it - pays <= 0 or propensity <= 0:  # they buy nothing, or can pay for all
            after.append((reserve, 0.0))
            unpaid.append(0.0)
            continue
        over = max(0.0, reserve - (1 + restock) * joined * claim * need[sector]) if sector >= 0 else 0.0
        theirs = [joined / people[place] * amount for amount in surplus[place]]
        offer = propensity * (over + sum(theirs))
        value = min(offer, want)
        unpaid.append(want / propensity)
        if value <= 0:
            after.append((reserve, 0.0))
            continue
        part = propensity * value / offer  # of all their surplus
        if over > 0:
            sold_apart[sector] += part * over
        for j in range(n):
            sold[j] += part * theirs[j]
            stock[place][j] -= part * theirs[j]
            bought[j] += basket[j] * value / want
        after.append((reserve - part * over, value / lack))
    return after, stock, unpaid, sold, sold_apart, bought


def summed(sites, n_places, n):
    """(People, claims, spending, what of it in money) by place, and the people's needs met from what members keep, by place and sector, in all and
    from what was found.

    `sites` are (place, sector or -1, people, the sum of what they can pay, propensity, claim, own, paid, share of what is kept that was found).
    """
    sums, own_of, found_of = ([[0.0] * columns for _ in range(n_places)] for columns in (4, n, n))
    for place, sector, people, money, propensity, claim, own, paid, found in sites:
        in_goods = propensity * paid * (people - money)
        for column, value in enumerate((people, people * claim, propensity * money + in_goods, propensity * money)):
            sums[place][column] += value
        if sector >= 0:
            own_of[place][sector] += own * people
            found_of[place][sector] += own * people * found
    return sums, own_of, found_of


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
