"""A month of the labour markets: the rules of Wright's "social architecture of capitalism", one actor after the other.

One application of the rules (`validation.md` 1.1, names S1 to W1 as there), as many in a month as a market has people:

S1  an actor is drawn;
H1  a job seeker meets an employer or another seeker, in proportion to their money, and is hired if that money is enough;
E1  another person spends some of what they have on the goods of one sector: it goes into the sector's pool of demand;
M1  who works, employs or farms draws revenue from the pool of the own sector, for the employer or for themselves;
F1  an employer dismisses those whose wages cannot be paid; a firm without employees ends;
W1  an employer pays wages.

Extensions change numbers, not rules: with one sector, no State, contracts alike and nothing contested, this is Wright's model.
Everything that happens in a market happens to its own people, firms and pools, with draws of its own, so markets can be
computed in any order.

References
----------
Wright (2005), The social architecture of capitalism, Physica A 346. https://arxiv.org/abs/cond-mat/0401053
"""

import numpy as np

from communize.declare.registry import HELD, IN_MEASURE, POSITIONS, ROUTINE, STATE_SITE, TAKEN
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel

STABLE, PRECARIOUS, UNEMPLOYED, MANAGER, OWNER, FARMER = (
    POSITIONS.index(name) for name in ("stable", "precarious", "unemployed", "manager", "owner", "farmer")
)  # fmt: skip

# What somebody does in the market of this month. A consumer only spends; a lone producer farms without employees.
CONSUMER, SEEKER, EMPLOYEE, HOLDER, LONE = range(5)

# What a market counts in a month.
REVENUE, TAXES, WAGES, PAYMENTS, SHORT_PAYMENTS, HIRED, DISMISSED, FOUNDED, DEMISES, SPENT, PURCHASES, OUTWARD, OUTSOURCED, DISPLACED = range(14)
N_COUNTS = 14

BATCH = 1024  # applications whose draws are made at once
_BITS_52 = np.uint64(0xFFFFFFFFFFFFF)


@kernel
def up_to(most, high, low):
    """A uniform integer from 0 to `most` (below 2**52) from two 32-bit words."""
    bits = ((np.uint64(high) << np.uint64(20)) ^ (np.uint64(low) >> np.uint64(12))) & _BITS_52
    return min(most, np.int64((np.float64(bits) + 0.5) * (2.0**-52) * (most + 1)))


@kernel
def share_up_to(most, power, high, low):
    """As `up_to`, but drawn from most * u ** (1 / power): with power 1 uniform, with power n the largest of n uniform draws."""
    if power == 1.0:
        return up_to(most, high, low)
    bits = ((np.uint64(high) << np.uint64(20)) ^ (np.uint64(low) >> np.uint64(12))) & _BITS_52
    u = ((np.float64(bits) + 0.5) * (2.0**-52)) ** (1.0 / power)
    return min(most, np.int64(u * (most + 1)))


@kernel
def add_weight(tree, row, change):
    """Change the weight of a row of a Fenwick tree (size a power of two; entry 0 unused)."""
    k = row + 1
    while k < tree.size:
        tree[k] += change
        k += k & -k


@kernel
def row_of(tree, target):
    """The row in which the running sum of weights passes `target`, 0 to total - 1 (bisection of a Fenwick tree)."""
    k, step = 0, tree.size >> 1
    while step > 0:
        if k + step < tree.size and tree[k + step] <= target:
            k += step
            target -= tree[k]
        step >>= 1
    return k


@kernel
def choose_sector(cumulative, word):
    """Index drawn from cumulative shares."""
    u = d.to_unit(np.uint64(word))
    k = 0
    while k < cumulative.size - 1 and u >= cumulative[k]:
        k += 1
    return k


@kernel
def move_idle_demand(value, weights):
    """Coins in pools of weight 0, where nobody produces, go to the market's other pools in proportion to their weights."""
    for m in range(value.shape[0]):
        idle, total, last = 0, 0.0, -1
        for k in range(value.shape[1]):
            if weights[m, k] > 0.0:
                total += weights[m, k]
                last = k
            else:
                idle += value[m, k]
                value[m, k] = 0
        given, running = 0, 0.0
        for k in range(value.shape[1]):
            if weights[m, k] > 0.0 and idle > 0:
                running += weights[m, k]
                share = idle if k == last else min(idle, np.int64(idle * (running / total)))
                value[m, k] += share - given
                given = share


@kernel
def sector_to_found(value, allowed, cumulative, word):
    """The sector in which a founder sees sales: in proportion to the pools of demand, else to budget shares."""
    total = 0.0
    for k in range(value.size):
        total += value[k] if allowed[k] else 0.0
    target = d.to_unit(np.uint64(word)) * total
    chosen = -1
    for k in range(value.size):
        if allowed[k] and value[k] > 0:
            chosen = k
            target -= value[k]
            if target < 0.0:
                return k
    if chosen >= 0:
        return chosen
    chosen = choose_sector(cumulative, word)
    if allowed[chosen]:
        return chosen
    for k in range(value.size):
        if allowed[k]:
            return k
    return 0


@kernel
def hire(seeker, employer, position, factor, book, pos, kind):
    """Put a seeker on an employer's list; `factor` is the wage of the contract against the mean wage."""
    boss, first, following, before, count, weight = book
    kind[seeker], pos[seeker] = EMPLOYEE, position
    boss[seeker] = employer
    following[seeker], before[seeker] = first[employer], -1
    if first[employer] >= 0:
        before[first[employer]] = seeker
    first[employer] = seeker
    count[employer] += 1
    weight[employer] += factor


@kernel
def dismiss(worker, employer, factor, book, pos, kind, position, doing):
    """Take a worker off the employer's list; who then is what `doing` and `position` say."""
    boss, first, following, before, count, weight = book
    if before[worker] >= 0:
        following[before[worker]] = following[worker]
    else:
        first[employer] = following[worker]
    if following[worker] >= 0:
        before[following[worker]] = before[worker]
    boss[worker] = -1
    kind[worker], pos[worker] = doing, position
    count[employer] -= 1
    weight[employer] -= factor


@kernel
def reduce_staff(a, n_keep, rows, present, factors, precarious_first, book, pos, kind, money, tree, key, day, step, activity):
    """F1: dismiss all present employees of `a` but `n_keep`, drawn uniformly, precarious ones first where the law says so.

    Returns how many were dismissed, and the money of those who now seek, which has been added to the tree.
    """
    first, following = book[1], book[2]
    n_present = n_first = 0
    j = first[a]
    while j >= 0:
        if present[j]:
            n_present += 1
            n_first += pos[j] == PRECARIOUS
        j = following[j]
    excess = max(0, n_present - n_keep)
    seeking = 0
    if excess == 0:
        return 0, seeking
    if not precarious_first:
        n_first = 0
    out_first, left_first = min(excess, n_first), n_first
    out_others, left_others = excess - out_first, n_present - n_first
    j = first[a]
    while j >= 0:
        after = following[j]
        if present[j]:
            early = precarious_first and pos[j] == PRECARIOUS
            out, left = (out_first, left_first) if early else (out_others, left_others)
            if out > 0:
                words = d.philox4x32(rows[j], day, decisions.ECONOMY_PAY, step, key & d._LOW, key >> d._SHIFT)
                if d.to_unit(words[3]) * left < out:
                    out -= 1
                    doing = SEEKER if activity[rows[j]] == ROUTINE else CONSUMER
                    dismiss(j, a, factors[pos[j]], book, pos, kind, UNEMPLOYED, doing)
                    if doing == SEEKER:
                        add_weight(tree, j, money[j])
                        seeking += money[j]
            left -= 1
            if early:
                out_first, left_first = out, left
            else:
                out_others, left_others = out, left
        j = after
    return excess, seeking


@kernel
def pay_wages(a, rows, present, law, level, worked, book, pos, money, income, key, day, step, counts):
    """W1: pay each present employee of `a` a uniform wage, or what is left; returns the sum."""
    low, high, factors = law[0], law[1], law[6]
    following = book[2]
    total = 0
    j = book[1][a]
    while j >= 0:
        if present[j]:
            words = d.philox4x32(rows[j], day, decisions.ECONOMY_PAY, step, key & d._LOW, key >> d._SHIFT)
            wage = low + np.int64((words[0] * np.uint64(high - low + 1)) >> np.uint64(32))
            share = level * factors[pos[j]] * worked
            if share != 1.0:
                wage = d.stochastic_round(wage * share, d.to_unit(words[2]))
            counts[PAYMENTS] += 1
            if wage > money[a]:
                counts[SHORT_PAYMENTS] += 1
                wage = up_to(money[a], words[1], words[2])
            money[a] -= wage
            money[j] += wage
            income[j] += wage
            total += wage
        j = following[j]
    return total


@kernel
def months(start, stop, block, markets, people, sites, value, shares, purchases, may_found, law, key, day, employer, sector_of, counts):
    """A month of the markets `start` to `stop`.

    Parameters
    ----------
    markets
        (offsets, people by market, identity of each market: its own draws).
    people
        (work, position, activity, money, spent, income, slot): position and money are changed; spent and income of the month are
        added to; `slot` is where a person stands among the people by market.
    sites
        (owner, kind, mode, sector, share of the month not stopped, wage level, power of machines to sell (1 without), money that the
        equipment of one more worker needs in mean wages, employees to be displaced, revenue, payroll, dismissed): the last three, in coins
        and people of this month, are written, and those displaced counted down.
    value
        Pools of demand, int64 (markets, sectors).
    shares
        Cumulative budget shares, float64 (markets, sectors).
    purchases
        Coins that the State, the bank, investors and other markets spend in each market this month.
    may_found
        Sectors in which firms can be founded.
    law
        (lowest wage, highest wage, money to hire one in mean wages, share of the present staff's wages needed on top, money to keep one in
        mean wages, tax rate, wage of each position against the mean wage, share of managers and of precarious contracts among the hired,
        whether the precarious go first, share of spending that goes to other markets, staff from which an employer gives new work to
        others and the probability of that, share of what is ordered that each sector delivers).
    employer
        Written for everybody: row of the employer, -1 for none, -2 for those who have nothing to do with firms of the market.
    sector_of
        Written for employers whose firm has no site: the sector they found it in; -1 for all others.
    counts
        What each market counts, int64 (markets, N_COUNTS).
    """
    offsets, order, identity = markets
    work, position, activity, money_of, spent_of, income_of, slot = people
    owner, site_kind, mode, site_sector, site_open, wage_level, power, equipment, displaced, revenue, payroll, dismissed = sites
    low, high, to_hire, covered, to_keep, tax, factors, managers, precarious, precarious_first, outward, core_size, outsourcing, supply = law
    mean_wage = 0.5 * (low + high)
    n_sectors = value.shape[1]
    k0, k1 = key & d._LOW, key >> d._SHIFT
    steps, sales = np.empty(4 * BATCH, np.uint32), np.empty(4 * BATCH, np.uint32)
    room = np.empty((4, BATCH), np.uint64)
    for m in range(start, stop):
        rows = order[offsets[m] : offsets[m + 1]]
        n = rows.size
        if n == 0:
            continue
        pool, cumulative, count_of = value[m], shares[m], counts[m]
        size = 1
        while size < n + 1:
            size *= 2
        tree = np.zeros(size, np.int64)
        money, income = np.empty(n, np.int64), np.zeros(n, np.int64)
        spent = np.zeros(n, np.int64)
        kind, pos, present = np.zeros(n, np.int8), np.empty(n, np.int8), np.ones(n, np.bool_)
        boss, first = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
        following, before = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
        staff, weight = np.zeros(n, np.int32), np.zeros(n, np.float64)
        firm_site, sector = np.full(n, -1, np.int32), np.zeros(n, np.int16)
        earned, paid = np.zeros(n, np.int64), np.zeros(n, np.int64)
        book = (boss, first, following, before, staff, weight)
        # who is what
        for i in range(n):
            row = rows[i]
            money[i], pos[i] = money_of[row], position[row]
            present[i] = activity[row] != HELD and activity[row] != IN_MEASURE
            s = work[row]
            if pos[i] == UNEMPLOYED:
                kind[i] = SEEKER if activity[row] == ROUTINE else CONSUMER
            elif s >= 0 and owner[s] >= 0 and mode[s] != TAKEN and site_kind[s] != STATE_SITE:
                if owner[s] == row:
                    kind[i], firm_site[i], sector[i] = HOLDER, s, site_sector[s]
                elif pos[i] == STABLE or pos[i] == PRECARIOUS or pos[i] == MANAGER:
                    kind[i] = EMPLOYEE
                    boss[i] = slot[owner[s]] - offsets[m]
                elif pos[i] == FARMER:
                    kind[i], firm_site[i], sector[i] = LONE, s, site_sector[s]
            elif s >= 0 and pos[i] == FARMER and mode[s] != TAKEN:
                kind[i], firm_site[i], sector[i] = LONE, s, site_sector[s]
            employer[row], sector_of[row] = -2, -1
        for i in range(n - 1, -1, -1):  # so that each list is in the order of rows
            if kind[i] == EMPLOYEE:
                hire(i, boss[i], pos[i], factors[pos[i]], book, pos, kind)
        for k in range(1, size):  # the tree of the money of those who may hire
            if k - 1 < n and (kind[k - 1] == SEEKER or kind[k - 1] == HOLDER):
                tree[k] += money[k - 1]
            up = k + (k & -k)
            if up < size:
                tree[up] += tree[k]
        total = 0
        for i in range(n):
            if kind[i] == SEEKER or kind[i] == HOLDER:
                total += money[i]
        state_buys, state_more = purchases[m] // n, purchases[m] % n

        for step in range(n):
            slot_of_step = step % BATCH
            if slot_of_step == 0:
                d.shared_blocks(key, step, day, decisions.ECONOMY_STEP, identity[m], steps, room)  # of whole arrays, else several times slower
                d.shared_blocks(key, step, day, decisions.ECONOMY_SALES, identity[m], sales, room)
            w = 4 * slot_of_step
            # S1
            a = np.int64((np.uint64(steps[w]) * np.uint64(n)) >> np.uint64(32))
            # H1
            if kind[a] == SEEKER and total > money[a]:
                words = d.philox4x32(step, day, decisions.ECONOMY_HIRE, identity[m], k0, k1)
                add_weight(tree, a, -money[a])
                c = row_of(tree, up_to(total - money[a] - 1, words[0], words[1]))
                level, price = (wage_level[firm_site[c]], 1.0 + equipment[firm_site[c]]) if firm_site[c] >= 0 else (1.0, 1.0)
                given_away = outsourcing > 0.0 and staff[c] >= core_size and d.to_unit(words[2]) < outsourcing
                count_of[OUTSOURCED] += given_away
                if not given_away and money[c] > to_hire * mean_wage * level * (price + covered * staff[c]):
                    total -= money[a]
                    if kind[c] == SEEKER:
                        kind[c], pos[c] = HOLDER, OWNER
                        sector[c] = sector_to_found(pool, may_found, cumulative, words[2])
                        count_of[FOUNDED] += 1
                    u = d.to_unit(words[3])
                    contract = MANAGER if u < managers else PRECARIOUS if u < managers + precarious else STABLE
                    hire(a, c, contract, factors[contract], book, pos, kind)
                    count_of[HIRED] += 1
                else:
                    add_weight(tree, a, money[a])
            # E1
            if n > 1:
                b = np.int64((np.uint64(steps[w + 1]) * np.uint64(n - 1)) >> np.uint64(32))
                b += b >= a
                spend = up_to(money[b], steps[w + 2], steps[w + 3])
                k = choose_sector(cumulative, sales[w + 2]) if n_sectors > 1 else 0
                if supply[k] < 1.0:
                    spend = np.int64(spend * supply[k])
                money[b] -= spend
                spent[b] += spend
                count_of[SPENT] += spend
                if kind[b] == SEEKER or kind[b] == HOLDER:
                    add_weight(tree, b, -spend)
                    total -= spend
                if outward > 0.0 and d.to_unit(d.philox4x32(step, day, decisions.ECONOMY_TRADE, identity[m], k0, k1)[0]) < outward:
                    count_of[OUTWARD] += spend
                else:
                    pool[k] += spend
                if state_buys > 0 or step < state_more:
                    bought = state_buys + (step < state_more)
                    pool[k] += bought
                    count_of[PURCHASES] += bought
            # M1
            e = boss[a] if kind[a] == EMPLOYEE else a
            if (kind[a] == EMPLOYEE or kind[a] == HOLDER or kind[a] == LONE) and present[a]:
                s = firm_site[e]
                r = share_up_to(pool[sector[e]], power[s] if s >= 0 else 1.0, sales[w], sales[w + 1])
                if s >= 0 and site_open[s] < 1.0:
                    r = np.int64(r * site_open[s])
                pool[sector[e]] -= r
                duty = d.stochastic_round(r * tax, d.to_unit(np.uint64(sales[w + 3]))) if tax > 0.0 else 0
                net = r - duty
                money[e] += net
                count_of[REVENUE] += r
                count_of[TAXES] += duty
                earned[e] += net
                if kind[a] == LONE:
                    income[a] += net
                elif net != 0:
                    add_weight(tree, e, net)
                    total += net
            if kind[a] == HOLDER and staff[a] > 0:
                s = firm_site[a]
                level = wage_level[s] if s >= 0 else 1.0
                # F1
                price = mean_wage * level * (weight[a] / staff[a]) * to_keep
                n_keep = np.int64(min(money[a] / price, 2.0**31)) if price > 0.0 else staff[a]
                if s >= 0 and displaced[s] > 0:
                    gone = min(displaced[s], staff[a] - 1)
                    n_keep = min(n_keep, staff[a] - gone)
                    count_of[DISPLACED] += gone
                    displaced[s] = 0
                if staff[a] > n_keep:
                    gone, seeking = reduce_staff(
                        a, n_keep, rows, present, factors, precarious_first, book, pos, kind, money, tree, key, day, step, activity)
                    total += seeking
                    count_of[DISMISSED] += gone
                    if s >= 0:
                        dismissed[s] += gone
                if staff[a] == 0 and pos[a] != FARMER:
                    kind[a], pos[a] = SEEKER, UNEMPLOYED
                    if activity[rows[a]] != ROUTINE:
                        kind[a] = CONSUMER
                        add_weight(tree, a, -money[a])
                        total -= money[a]
                    if firm_site[a] >= 0:
                        revenue[firm_site[a]], payroll[firm_site[a]] = earned[a], paid[a]
                        income[a] += earned[a] - paid[a]
                        earned[a] = paid[a] = 0
                    firm_site[a] = -1
                    count_of[DEMISES] += 1
                # W1
                elif staff[a] > 0:
                    wages = pay_wages(a, rows, present, law, level, 1.0 if s < 0 else site_open[s], book, pos, money, income, key, day, step, count_of)
                    if wages > 0:
                        add_weight(tree, a, -wages)
                        total -= wages
                        paid[a] += wages
                        count_of[WAGES] += wages
        # what the month leaves
        for i in range(n):
            row = rows[i]
            money_of[row], position[row] = money[i], pos[i]
            if kind[i] == HOLDER and firm_site[i] >= 0:
                revenue[firm_site[i]], payroll[firm_site[i]] = earned[i], paid[i]
            spent_of[row] += spent[i]
            income_of[row] += income[i] + earned[i] - paid[i] if kind[i] != LONE else income[i]
            if kind[i] == EMPLOYEE:
                employer[row] = rows[boss[i]]
            elif kind[i] == HOLDER:
                employer[row] = row
                if firm_site[i] < 0:
                    sector_of[row] = sector[i]
            elif pos[i] == UNEMPLOYED:
                employer[row] = -1
