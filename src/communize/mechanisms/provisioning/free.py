"""The free mode: stocks held in common in each place, what measures produce, and who draws (`model.md` section 4.2).

Quantities are in days of consumption, as in `commodity`; all arrays by place and sector are float64 (places, sectors).
"""

import numpy as np

from communize.declare.registry import COMMODITY, CONTESTED, MAX_NEEDS
from communize.kernels.draws import kernel

SEIZED, PRODUCED, USED, DRAWN, MOVED = range(5)  # what is counted of a day, by sector
N_TALLIES = 5


@kernel
def keep_stocks(sites, per_worker, inventory_days, full_at_start):
    """What sites hold of their own product: it refills in the commodity mode, slower where people are in struggle.

    Parameters
    ----------
    sites
        (sector, mode, members, active, eligible, stock): stock is changed.
    per_worker
        Output of a worker of each sector in a day.
    inventory_days
        Days of output that a site holds.
    full_at_start
        Whether stocks are set to what they are when full.
    """
    sector, mode, members, active, eligible, stock = sites
    for s in range(sector.size):
        k = sector[s]
        if k < 0 or per_worker[k] <= 0.0:
            continue
        full = inventory_days[k] * per_worker[k] * members[s]
        if full_at_start:
            stock[s] = full
        elif mode[s] == COMMODITY or mode[s] == CONTESTED:
            share = min(1.0, active[s] / max(1, eligible[s]))  # who becomes an owner while in struggle cannot take part and still does
            if stock[s] < full:
                stock[s] = min(full, stock[s] + full * (1.0 - share) / (2.0 * inventory_days[k]))


@kernel
def seize(taken, sites, instances, seizable, free, tally):
    """Sites in measures add the share of their stock that their content property frees, once.

    Parameters
    ----------
    taken
        Rows of the sites with a measure in force.
    sites
        (place, sector, instance, stock, seized): stock is reduced; `seized` is the instance that has done so.
    instances
        Share in which the relation property is suspended, by instance.
    seizable
        Whether the stocks of a sector can be taken.
    """
    place, sector, instance, stock, seized = sites
    for s in taken:
        k = sector[s]
        if seized[s] == instance[s]:
            continue
        seized[s] = instance[s]
        if k >= 0 and seizable[k]:
            amount = stock[s] * instances[instance[s]]
            stock[s] -= np.float32(amount)
            free[place[s], k] += amount
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
def count_participants(participants, home, measure, site_place, instance, joined, dwelling):
    """`participants` by the site whose measure they joined, each once, added to `joined` (sites,); by the place where it lies, those of
    them who live in a taken neighbourhood, added to `dwelling` (places,).
    """
    for i in participants:
        joined[measure[i]] += 1
        if instance[home[i]] >= 0:
            dwelling[site_place[measure[i]]] += 1.0


@kernel
def gather_labour(taken, sites, needs, shares, law, plant, own, moving, home, drawers):
    """Where the labour of those in measures can go, by place and sector; all five arrays are written.

    Parameters
    ----------
    taken
        Rows of the sites with a measure in force.
    sites
        (place, sector, people who joined there, members).
    needs
        Needs of the practice at each of `taken`, -1 for none, (sites, MAX_NEEDS).
    shares
        At each of `taken`: the share of labour that can be reassigned, the share of labour left by unpaid care, the openness to
        strangers, (sites, 3).
    law
        (output per worker of each sector, productivity of neighbourhoods, mobility of labour).
    plant, own, moving, home
        Output that plants allow; labour in the plants' own sector; labour that can go to any sector; labour in neighbourhoods.
    drawers
        People who draw: (participants, sum of openness times participants), (places, 2).
    """
    place, sector, participants, members = sites
    per_worker, mobility = law
    plant[:], own[:], moving[:], home[:], drawers[:] = 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(taken.size):
        s = taken[t]
        p, k = place[s], sector[s]
        n = float(participants[s])
        labour = n * shares[t, 1]
        drawers[p, 0] += n
        drawers[p, 1] += n * shares[t, 2]
        number = 0
        for slot in range(MAX_NEEDS):
            number += needs[t, slot] >= 0
        produces = k >= 0 and per_worker[k] > 0.0
        if produces:
            plant[p, k] += members[s] * per_worker[k]
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
                away = mobility * shares[t, 0]
                moving[p, j] += part * away
                own[p, k] += part * (1.0 - away)


@kernel
def produce(p, coefficients, critical, per_worker, home_productivity, wanted, plant, own, moving, home, free, output, need, tally):
    """Output of the sectors in place `p` today, limited by plants, labour, inputs in common stock, and what is wanted.

    Inputs are rationed alike among those who need them. In neighbourhoods people produce without plants and inputs, at a low productivity.
    """
    n = per_worker.size
    for k in range(n):
        made = 0.0
        if per_worker[k] > 0.0:
            made = min(plant[p, k], (own[p, k] + moving[p, k]) * per_worker[k])
        output[k] = min(made, max(0.0, wanted[k]))
    for i in range(n):
        need[i] = 0.0
        for k in range(n):
            if critical[i, k]:
                need[i] += coefficients[i, k] * output[k]
    for k in range(n):
        share = 1.0
        for i in range(n):
            if critical[i, k] and coefficients[i, k] > 0.0 and need[i] > free[p, i]:
                share = min(share, free[p, i] / need[i])
        output[k] *= share
    for i in range(n):
        used = 0.0
        for k in range(n):
            if critical[i, k]:
                used += coefficients[i, k] * output[k]
        used = min(used, free[p, i])
        free[p, i] -= used
        tally[USED, i] += used
    for k in range(n):
        at_plants = output[k] / per_worker[k] if per_worker[k] > 0.0 else 0.0
        idle = max(0.0, moving[p, k] - max(0.0, at_plants - own[p, k]))
        garden = min((home[p, k] + idle) * per_worker[k] * home_productivity, max(0.0, wanted[k] - output[k]))
        free[p, k] += output[k] + garden
        tally[PRODUCED, k] += output[k] + garden


@kernel
def move_goods(places, offsets, neighbours, linked, want, carrying, per_link, free, tally):
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
                    free[p, k] -= amount
                    free[q, k] += amount
                    carrying[p] -= amount
                    tally[MOVED, k] += amount


@kernel
def produce_in_places(live, coefficients, critical, per_worker, home_productivity, restock, need, drawers, strangers, labour, free, output, tally):
    """Production in the places `live`.

    Parameters
    ----------
    restock
        Days of drawing that a place tries to hold.
    need
        What one person needs of each sector in a day.
    drawers
        (participants, openness times participants) by place.
    strangers
        What others of the place lack and would draw where they may, in days of consumption, (places, sectors).
    labour
        (plant, own, moving, home) as `gather_labour` writes them.
    free
        Common stock, changed.
    output
        What was made, written.
    """
    plant, own, moving, home = labour
    n = need.size
    wanted, inputs, made = np.empty(n), np.empty(n), np.empty(n)
    for p in live:
        openness = drawers[p, 1] / drawers[p, 0] if drawers[p, 0] > 0.0 else 0.0
        for k in range(n):
            draw = need[k] * drawers[p, 0] + openness * strangers[p, k]
            wanted[k] = draw * (1.0 + restock) - free[p, k]
        for i in range(n):  # what the others need as inputs is wanted too
            for k in range(n):
                if critical[i, k]:
                    wanted[i] += coefficients[i, k] * max(0.0, min(plant[p, k], (own[p, k] + moving[p, k]) * per_worker[k]))
        produce(p, coefficients, critical, per_worker, home_productivity, wanted, plant, own, moving, home, free, made, inputs, tally)
        for k in range(n):
            output[p, k] = made[k]


@kernel
def draw_from_stock(live, need, drawers, strangers, dwelling, dwell_sector, free, coverage, open_to_others, tally):
    """Everybody who may draws what they lack; coverage is the share of it that is there, the same for all of a place.

    `dwelling` are the participants who live in taken neighbourhoods; their need of the sector `dwell_sector` is met by use. `strangers`
    is what others of the place lack, `open_to_others` the mean openness to them, written.
    """
    n = need.size
    for p in live:
        openness = drawers[p, 1] / drawers[p, 0] if drawers[p, 0] > 0.0 else 0.0
        open_to_others[p] = openness
        for k in range(n):
            inside = need[k] * drawers[p, 0]
            if k == dwell_sector:
                inside = max(0.0, inside - need[k] * dwelling[p])
            wanted = inside + openness * strangers[p, k]
            taken = min(wanted, free[p, k])
            free[p, k] -= taken
            tally[DRAWN, k] += taken
            share = taken / wanted if wanted > 0.0 else (1.0 if drawers[p, 0] > 0.0 else 0.0)
            if k == dwell_sector and need[k] * drawers[p, 0] > 0.0:  # those who live in what was taken have it, the others as much as is there
                used = min(1.0, dwelling[p] / drawers[p, 0])
                share = used + (1.0 - used) * share
            coverage[p, k] = share
