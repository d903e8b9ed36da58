"""Compiled loops that make people and sites: linear in the number of people."""

import math

import numpy as np

from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel


@kernel
def cut_neighbourhoods(agents, mean_size, spread, key, place_of, size_of):
    """Cut the residents of each place into neighbourhoods of log-normal size; returns how many.

    `mean_size` is in agents. Writes the place and the size of each neighbourhood, by place. What would be left of a
    place is joined to the last cut if it is under half the mean and smaller than that cut.
    """
    count = 0
    for place in range(agents.size):
        left = agents[place]
        while left > 0:
            u = d.uniform(key, count, 0, decisions.NEIGHBOURHOOD_SIZE, 0)
            drawn = mean_size * math.exp(spread * d.normal_quantile(u) - 0.5 * spread * spread)
            size = min(left, max(1, int(round(drawn))))
            if left - size < 0.5 * mean_size and left - size < size:
                size = left
            place_of[count] = place
            size_of[count] = size
            left -= size
            count += 1
    return count


@kernel
def fill_homes(sizes, home):
    """People of neighbourhood 0, then of neighbourhood 1, ..."""
    row = 0
    for site in range(sizes.size):
        for _ in range(sizes[site]):
            home[row] = site
            row += 1


@kernel
def draw_codes(start, stop, block, cumulative, key, decision, out):
    """A code for each person from the cumulative shares; `start` is a multiple of four."""
    last = cumulative.size - 1
    for group in range(start >> 2, (stop + 3) >> 2):
        words = d.shared_block(key, group, 0, decision, 0)
        for lane in range(4):
            row = (group << 2) + lane
            if row >= stop:
                break
            u = d.to_unit(words[lane])
            code = 0
            while code < last and u >= cumulative[code]:
                code += 1
            out[row] = code


@kernel
def draw_work(start, stop, block, home, site_place, position, bucket_of_position, sectors, commuting,
              contact, contact_weights, key, bucket):
    """The bucket (work place x branch) in which each person works or studies, -1 for none.

    `bucket_of_position` is a branch, -1 for no work, -2 for a branch drawn by the cumulative shares `sectors`.
    `contact` is the pair (offsets, neighbours).
    """
    offsets, neighbours = contact
    n_branches = sectors.size + 1
    for person in range(start, stop):
        branch = bucket_of_position[position[person]]
        bucket[person] = -1
        if branch == -1:
            continue
        if branch == -2:
            u = d.uniform(key, person, 0, decisions.SECTOR_OF_WORKER, 0)
            branch = 0
            while branch < sectors.size - 1 and u >= sectors[branch]:
                branch += 1
        place = site_place[home[person]]
        first, last = offsets[place], offsets[place + 1]
        if last > first and d.uniform(key, person, 0, decisions.COMMUTES, 0) < commuting[position[person]]:
            target = d.uniform(key, person, 0, decisions.WORK_PLACE, 0)
            running = 0.0
            for j in range(first, last):
                running += contact_weights[j]
                if target < running or j == last - 1:
                    place = neighbours[j]
                    break
        bucket[person] = place * n_branches + branch


@kernel
def counting_sort(keys, n_keys, offsets, order):
    """Stable order of the rows with key >= 0 by key; `offsets` has n_keys + 1 entries."""
    offsets[:] = 0
    for key in keys:
        if key >= 0:
            offsets[key + 1] += 1
    for k in range(n_keys):
        offsets[k + 1] += offsets[k]
    fill = offsets[:-1].copy()
    for row in range(keys.size):
        k = keys[row]
        if k >= 0:
            order[fill[k]] = row
            fill[k] += 1


@kernel
def shuffle_buckets(offsets, order, key, decision):
    """Fisher-Yates within each bucket; the draw of a slot is keyed by its position in `order`."""
    for b in range(offsets.size - 1):
        first, last = offsets[b], offsets[b + 1]
        for slot in range(last - 1, first, -1):
            other = first + d.below(key, slot, 0, decision, 0, slot - first + 1)
            order[slot], order[other] = order[other], order[slot]


@kernel
def cut_work_sites(offsets, order, n_branches, law, scale, key, first_site, site_place, site_branch, work):
    """Cut each bucket into sites of heavy-tailed size and assign its people; returns the number of sites.

    `law` has shape (branches, 4): exponent, smallest, largest size in people, and spread (0 for the Pareto law,
    above 0 for a log-normal law whose mean is the smallest size).
    """
    count = 0
    for b in range(offsets.size - 1):
        first, last = offsets[b], offsets[b + 1]
        branch = b % n_branches
        place = b // n_branches
        slot = first
        while slot < last:
            u = d.uniform(key, count, 0, decisions.SITE_SIZE, 0)
            if law[branch, 3] > 0.0:
                s = law[branch, 3]
                size = law[branch, 1] * math.exp(s * d.normal_quantile(u) - 0.5 * s * s)
            else:
                a, low, high = law[branch, 0], law[branch, 1], law[branch, 2]
                cut = 1.0 - (low / high) ** a if high > low else 0.0
                size = low * (1.0 - u * cut) ** (-1.0 / a)
            rounding = d.uniform(key, count, 0, decisions.SITE_SIZE, 1)
            n_members = min(last - slot, max(1, d.stochastic_round(size / scale, rounding)))
            site_place[count] = place
            site_branch[count] = branch
            for j in range(slot, slot + n_members):
                work[order[j]] = first_site + count
            slot += n_members
            count += 1
    return count


@kernel
def count_members(home, work, takes_part, position, group, members, eligible):
    """People and people who can take part, by site."""
    for person in range(home.size):
        joins = 1 if takes_part[position[person], group[person]] else 0
        members[home[person]] += 1
        eligible[home[person]] += joins
        if work[person] >= 0:
            members[work[person]] += 1
            eligible[work[person]] += joins


@kernel
def sum_by_place(kind, place, neighbourhood, counts, total):
    """Add the counts of neighbourhoods to `total` of their places; a place that does not exist is left to the invariants to find."""
    for site in range(kind.size):
        if kind[site] == neighbourhood and 0 <= place[site] < total.size:
            total[place[site]] += counts[site]


@kernel
def first_owner(work, position, owner_code, owner):
    """The first person with the position of owner at each site of work."""
    for person in range(work.size - 1, -1, -1):
        if work[person] >= 0 and position[person] == owner_code:
            owner[work[person]] = person


@kernel
def individual_starts(start, stop, block, position, belonging_mean, spread, unmet_mean, key, belonging, unmet):
    """Belonging (normal, clipped) and unmet need (exponential, clipped) of each person at the start."""
    for person in range(start, stop):
        z = d.normal_quantile(d.uniform(key, person, 0, decisions.BELONGING_AT_START, 0))
        b = belonging_mean[position[person]] + spread * z
        belonging[person] = np.float32(max(-1.0, min(1.0, b)))
        u = d.uniform(key, person, 0, decisions.UNMET_AT_START, 0)
        unmet[person] = np.float32(min(1.0, -unmet_mean[position[person]] * math.log(u)))
