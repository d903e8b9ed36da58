"""The free mode: stocks held in common in each place, what measures produce, and who draws (`model.md` section 4.2).

Quantities are in days of consumption, as in `commodity`; all arrays by place and sector are float64 (places, sectors).
"""

import numpy as np

from communize.declare.registry import COMMODITY, CONTESTED, MAX_NEEDS
from communize.kernels.draws import kernel

SEIZED, PRODUCED, USED, DRAWN, MOVED, SOLD, APART, SERVED, SOLD_APART, INHERITED = range(10)  # what is counted of a day, by sector
N_TALLIES = 10
REASSIGNED, NOT_CARING, NOT_DRAINED, OPENNESS, BY_HOURS, FREED = range(6)  # shares at a site with a measure


@kernel
def mixed(stock, inherited, amount, share):
    """Inherited share of a stock, of which the share `inherited` was, after an `amount` came in of which `share` is."""
    total = stock + amount
    return min(1.0, (stock * inherited + amount * share) / total) if total > 0.0 else inherited


@kernel
def keep_stocks(sites, per_worker, inventory_days, full_at_start):
    """What sites hold of their own product: it refills in the commodity mode, slower where people are in struggle. What it holds then is what a
    measure would inherit.

    Parameters
    ----------
    sites
        (sector, mode, members, active, eligible, stock, inherited): the last two are changed.
    per_worker
        Output of a worker of each sector in a day.
    inventory_days
        Days of output that a site holds.
    full_at_start
        Whether stocks are set to what they are when full.
    """
    sector, mode, members, active, eligible, stock, inherited = sites
    for s in range(sector.size):
        k = sector[s]
        if k < 0 or per_worker[k] <= 0.0:
            continue
        full = inventory_days[k] * per_worker[k] * members[s]
        if full_at_start:
            stock[s] = full
        elif mode[s] == COMMODITY or mode[s] == CONTESTED:
            inherited[s] = 1.0
            share = min(1.0, active[s] / max(1, eligible[s]))  # who becomes an owner while in struggle cannot take part and still does
            if stock[s] < full:
                stock[s] = min(full, stock[s] + full * (1.0 - share) / (2.0 * inventory_days[k]))


@kernel
def seize(taken, sites, instances, seizable, free, inherited, tally):
    """Sites in measures add the share of their stock that their content property frees, once.

    Parameters
    ----------
    taken
        Rows of the sites with a measure in force.
    sites
        (place, sector, instance, stock, inherited, seized): stock is reduced; `seized` is the instance that has done so.
    instances
        Share in which the relation property is suspended, by instance.
    seizable
        Whether the stocks of a sector can be taken.
    free, inherited
        Common stock, and what share of it measures found, changed.
    """
    place, sector, instance, stock, found, seized = sites
    for s in taken:
        k = sector[s]
        if seized[s] == instance[s]:
            continue
        seized[s] = instance[s]
        if k >= 0 and seizable[k]:
            amount = stock[s] * instances[instance[s]]
            stock[s] -= np.float32(amount)
            p = place[s]
            inherited[p, k] = mixed(free[p, k], inherited[p, k], amount, found[s])
            free[p, k] += amount
            tally[SEIZED, k] += amount


@kernel
def list_participants(start, stop, block, measure, out):
    """List those of [start, stop) who have joined a measure, in ``out[start:]``; returns how many."""
    n = start
    for i in range(start, stop):
        if measure[i] >= 0:
            out[n] = i
            n += 1
    return n - start


@kernel
def count_participants(participants, people, carries, site_place, instance, joined, carers, dwelling):
    """`participants` by the site whose measure they joined, each once, added to `joined` (sites,), and to `carers` those whose group carries unpaid
    care; by the place where it lies, those of them who live in a taken neighbourhood, added to `dwelling` (places,).

    `people` = (home, measure, group).
    """
    home, measure, group = people
    for i in participants:
        joined[measure[i]] += 1
        carers[measure[i]] += carries[group[i]]
        if instance[home[i]] >= 0:
            dwelling[site_place[measure[i]]] += 1.0


@kernel
def gather_labour(taken, sites, needs, shares, law, plant, apart, own, moving, home, drawers, claims):
    """Where the labour of those in measures can go, by place and sector, and what they may draw; the last seven arrays are written.

    Parameters
    ----------
    taken
        Rows of the sites with a measure in force.
    sites
        (place, sector, people who joined there, those of them who carry unpaid care, members).
    needs
        Needs of the practice at each of `taken`, -1 for none, (sites, MAX_NEEDS).
    shares
        At each of `taken`: REASSIGNED, the share of labour that can go to other sectors; NOT_CARING, what care leaves of those who carry it;
        NOT_DRAINED, what fronts leave; OPENNESS to strangers; BY_HOURS, how far members draw by hours; FREED, the share of the plant that is
        free for all who come, (sites, 6).
    law
        (output per worker of each sector, mobility of labour).
    plant
        Output that plants allow.
    apart
        What of it at each of `taken` serves members only.
    own, moving, home
        Labour in the plants' own sector; labour that can go to any sector; labour in neighbourhoods.
    drawers
        People who draw: (participants, sum of openness times participants, sum of claims), (places, 3).
    claims
        By site, what a participant may claim of the needs of a day, mean: by hours as long as a day of work.
    """
    place, sector, participants, carers, members = sites
    per_worker, mobility = law
    plant[:], own[:], moving[:], home[:], drawers[:] = 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(taken.size):
        s = taken[t]
        p, k = place[s], sector[s]
        n = float(participants[s])
        labour = (n - carers[s] * (1.0 - shares[t, NOT_CARING])) * shares[t, NOT_DRAINED]
        claims[s] = 1.0 - shares[t, BY_HOURS] * (1.0 - labour / n) if n > 0.0 else 1.0
        drawers[p, 0] += n
        drawers[p, 1] += n * shares[t, OPENNESS]
        drawers[p, 2] += n * claims[s]
        number = 0
        for slot in range(MAX_NEEDS):
            number += needs[t, slot] >= 0
        produces = k >= 0 and per_worker[k] > 0.0
        apart[t] = 0.0
        if produces:
            plant[p, k] += members[s] * per_worker[k]
            apart[t] = members[s] * per_worker[k] * (1.0 - shares[t, FREED])
        if number == 0:
            continue
        part = labour / number
        for slot in range(MAX_NEEDS):
            j = needs[t, slot]
            if j < 0:
                continue
            if not produces:
                home[p, j] += part
            elif j == k:
                own[p, k] += part
            else:
                away = mobility * shares[t, REASSIGNED]
                moving[p, j] += part * away
                own[p, k] += part * (1.0 - away)


@kernel
def produce(p, coefficients, critical, per_worker, home_productivity, wanted, plant, shut, own, moving, home, free, inherited, output, apart, need, tally):
    """Output of the sectors in place `p` today, limited by plants, labour, inputs in common stock, and what is wanted.

    Plants work for all and for their members alone, `shut` = (the share of them that does, what their members want): `apart` is written, less
    what they need of their own product.
    Inputs are rationed alike among those who need them. In neighbourhoods people produce without plants and inputs, at a low productivity.
    What is made is not inherited, whatever its inputs were.
    """
    share_apart, wanted_apart = shut
    n = per_worker.size
    for k in range(n):
        made = 0.0
        if per_worker[k] > 0.0:
            made = min(plant[p, k], (own[p, k] + moving[p, k]) * per_worker[k])
        own_use = coefficients[k, k] if critical[k, k] else 0.0
        apart[k] = min(made * share_apart[p, k], wanted_apart[p, k] / (1.0 - own_use))
        output[k] = min(made * (1.0 - share_apart[p, k]), max(0.0, wanted[k])) + apart[k]
    for i in range(n):
        need[i] = 0.0
        for k in range(n):
            if critical[i, k]:
                need[i] += coefficients[i, k] * (output[k] - (apart[k] if i == k else 0.0))
    for k in range(n):
        share = 1.0
        for i in range(n):
            if critical[i, k] and coefficients[i, k] > 0.0 and need[i] > free[p, i]:
                share = min(share, free[p, i] / need[i])
        output[k] *= share
        apart[k] *= share
    for i in range(n):
        used = 0.0
        for k in range(n):
            if critical[i, k]:
                used += coefficients[i, k] * (output[k] - (apart[k] if i == k else 0.0))
        used = min(used, free[p, i])
        free[p, i] -= used
        tally[USED, i] += used
    for k in range(n):
        at_plants = output[k] / per_worker[k] if per_worker[k] > 0.0 else 0.0
        idle = max(0.0, moving[p, k] - max(0.0, at_plants - own[p, k]))
        garden = min((home[p, k] + idle) * per_worker[k] * home_productivity, max(0.0, wanted[k] - (output[k] - apart[k])))
        made = output[k] - apart[k] + garden
        inherited[p, k] = mixed(free[p, k], inherited[p, k], made, 0.0)
        free[p, k] += made
        tally[PRODUCED, k] += output[k] + garden
        own_use = coefficients[k, k] * apart[k] if critical[k, k] else 0.0
        apart[k] -= own_use
        tally[USED, k] += own_use
        tally[APART, k] += apart[k]


@kernel
def move_goods(places, offsets, neighbours, linked, want, carrying, per_link, free, inherited, tally):
    """Goods go between linked places from higher to lower coverage, as much as evens it out, limited by transport labour.

    Parameters
    ----------
    places
        Places in the order in which they send.
    linked
        Whether each pair of contact places is linked.
    want
        What is drawn in a day, by place and sector.
    carrying
        Amount that each place can still carry today; changed.
    per_link
        Share of the difference that moves in a day.
    """
    n = want.shape[1]
    for p in places:
        for j in range(offsets[p], offsets[p + 1]):
            if not linked[j] or carrying[p] <= 0.0:
                continue
            q = neighbours[j]
            for k in range(n):
                if want[p, k] <= 0.0 or want[q, k] <= 0.0:
                    continue
                even = (free[p, k] + free[q, k]) / (want[p, k] + want[q, k])
                amount = min(per_link * (free[p, k] - even * want[p, k]), carrying[p])
                if amount > 0.0:
                    inherited[q, k] = mixed(free[q, k], inherited[q, k], amount, inherited[p, k])
                    free[p, k] -= amount
                    free[q, k] += amount
                    carrying[p] -= amount
                    tally[MOVED, k] += amount


@kernel
def produce_in_places(live, coefficients, critical, per_worker, home_productivity, restock, drawing, sale, shut, labour, free, inherited, output, apart, hold, tally):
    """Production in the places `live`.

    Parameters
    ----------
    restock
        Days of drawing that a place tries to hold.
    drawing
        What all who may would draw from the common stock today, (places, sectors).
    sale
        By place, what is to be made for sale, against the output of all its plants.
    shut
        (Share of plants that serves members only, what is wanted for them), both (places, sectors).
    labour
        (plant, own, moving, home) as `gather_labour` writes them.
    free, inherited
        Common stock, and what share of it measures found, changed.
    output, apart, hold
        Written, (places, sectors): what plants made; what of it for members only; what the place tries to hold before anything is drawn.
    """
    plant, own, moving, home = labour
    n = drawing.shape[1]
    wanted, inputs, made, made_apart = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for p in live:
        for k in range(n):
            hold[p, k] = drawing[p, k] * (1.0 + restock)
        for i in range(n):  # what the others need as inputs is wanted too
            for k in range(n):
                if critical[i, k]:
                    hold[p, i] += coefficients[i, k] * max(0.0, min(plant[p, k], (own[p, k] + moving[p, k]) * per_worker[k]))
        for k in range(n):
            wanted[k] = hold[p, k] - free[p, k] + sale[p] * plant[p, k] * (1.0 - shut[0][p, k])
        produce(
            p, coefficients, critical, per_worker, home_productivity, wanted, plant, shut, own, moving, home, free, inherited, made, made_apart, inputs, tally)  # fmt: skip
        for k in range(n):
            output[p, k], apart[p, k] = made[k], made_apart[k]


@kernel
def draw_from_stock(live, inside, openness, strangers, people, dwelling, need, dwell_sector, free, inherited, coverage, open_to_others, tally):
    """Everybody who may draws what they lack; coverage is the share of it that is there, the same for all of a place.

    Parameters
    ----------
    inside
        What participants draw, (places, sectors), `people` of them by place.
    openness, strangers
        How far others of the place may draw, and what they lack; `open_to_others` is written.
    dwelling
        Participants who live in taken neighbourhoods; their need of the sector `dwell_sector` (what a person needs: `need`) is met by use.
    inherited
        What share of the common stock `free` measures found.
    """
    n = need.size
    for p in live:
        open_to_others[p] = openness[p]
        for k in range(n):
            wanted = inside[p, k]
            if k == dwell_sector:
                wanted = max(0.0, wanted - need[k] * dwelling[p])
            wanted += openness[p] * strangers[p, k]
            taken = min(wanted, free[p, k])
            free[p, k] -= taken
            tally[DRAWN, k] += taken
            tally[INHERITED, k] += taken * inherited[p, k]
            share = taken / wanted if wanted > 0.0 else (1.0 if people[p] > 0.0 else 0.0)
            if k == dwell_sector and need[k] * people[p] > 0.0:  # those who live in what was taken have it, the others as much as is there
                used = min(1.0, dwelling[p] / people[p])
                share = used + (1.0 - used) * share
            coverage[p, k] = share
