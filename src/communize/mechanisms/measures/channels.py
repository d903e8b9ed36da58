"""Who founds what: the competing channels at each site, by thinning (`rules.md` section 5).

A site meets candidates at the sum of its channels' highest hazards, a Poisson number a day. A candidate picks its channel in
proportion, then its source instance in proportion to that instance's part of the exposure, and is taken up with the
probability fit * suspended(hierarchy). The first that is taken up founds. Adoption then has exactly the hazard alpha * g(E) *
sum_m (E_m / E) fit_m, a practice is drawn in proportion to E_m fit_m, and labels never enter, so that splitting a practice
into two changes no total.
"""

import numpy as np

from communize.declare.registry import (
    ADOPTION,
    BROADCAST,
    COMMODITY,
    CONTESTED,
    GRAFTING,
    IN_MEASURE,
    REINVENTION,
    ROUTINE,
)  # fmt: skip
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.mechanisms.measures import rules
from communize.mechanisms.measures.taking_part import bring_near
from communize.mechanisms.struggle.attribution import draw_contact_place

OWN_PLACE, CONTACT_PLACES, LINKS, TIES, MEMORY, MEMORY_ELSEWHERE = range(6)  # parts of the exposure
RE, AD, GR, BR = range(4)  # channels that compete at a site
N_PARTS, N_CHANNELS = 6, 4


@kernel
def part_sizes(s, p, seen, weights, site_ties, ties_of_site, parts):
    """Write the parts of the exposure of site `s` in place `p`; returns their sum."""
    count, near, linked, memory, memory_near = seen
    parts[OWN_PLACE] = weights[OWN_PLACE] * count[p]
    parts[CONTACT_PLACES] = weights[CONTACT_PLACES] * near[p]
    parts[LINKS] = weights[LINKS] * linked[p]
    parts[TIES] = weights[TIES] * site_ties[s] / ties_of_site[s] if ties_of_site[s] > 0 else 0.0
    parts[MEMORY] = weights[MEMORY] * memory[p]
    parts[MEMORY_ELSEWHERE] = weights[MEMORY_ELSEWHERE] * memory_near[p]
    return parts.sum()


@kernel
def find_candidates(sites, places, seen, society, rates, law, gains, required, key, day, rows, numbers, hazards, parts, openness):
    """Sites that meet at least one candidate today; returns how many.

    Parameters
    ----------
    sites
        (place, mode, instance, decided, collective, active, eligible, members, struggle, ties into measures, ties of members,
        solidarity).
    places
        (shortage (places, sectors), horizon).
    seen
        (instances, near, linked, memory, memory of contact places) by place.
    society
        (need weights, struggle need weights, refusals of each struggle).
    rates
        (reinvention, adoption, grafting, broadcast), 1/day.
    law
        (exponent, half exposure, floor of fit, lowest critical mass, critical mass of a new practice, weights of the parts).
    required
        Whether a site must be contested.
    rows, numbers, hazards, parts, openness
        Written for each site found: its row, number of candidates, hazards by channel, parts of the exposure, open needs
        and in the last column their sum.
    """
    place, mode, instance, decided, collective_of, active, eligible, members, struggle, site_ties, ties_of_site, solidarity = sites
    shortage, horizon = places
    weight, struggle_weight, refusals = society
    exponent, half, floor, lowest, own_mass, weights = law
    n_sectors = weight.size
    found = 0
    for s in range(place.size):
        if instance[s] >= 0 or decided[s] >= 0:
            continue
        if mode[s] != CONTESTED and (required or mode[s] != COMMODITY):
            continue
        p = place[s]
        collective = collective_of[s]
        if collective < rules.critical_mass(lowest, members[s], seen[0][p]):
            continue
        exposure = part_sizes(s, p, seen, weights, site_ties, ties_of_site, parts[found])
        share = active[s] / eligible[s] if eligible[s] > 0 else 0.0
        whole, missing, total = 0.0, 0.0, 0.0
        for k in range(n_sectors):
            w = weight[k] + struggle_weight[k] * share
            openness[found, k] = rules.open_need(weight[k], struggle_weight[k], share, shortage[p, k], floor)
            total += openness[found, k]
            missing += w * shortage[p, k]
            whole += w
        openness[found, n_sectors] = total
        need = total / whole if whole > 0.0 else 0.0
        lack = missing / whole if whole > 0.0 else 0.0
        refused = refusals[struggle[s]] if struggle[s] >= 0 else 0.0
        ready = rules.readiness(refused, lack, horizon[p], gains)
        hazards[found, RE] = 0.0
        if collective >= rules.critical_mass(own_mass, members[s], seen[0][p]):
            hazards[found, RE] = rates[RE] * need * ready
        hazards[found, AD] = rates[AD] * rules.hill(exposure, half, exponent) * ready
        hazards[found, GR] = rates[GR] * solidarity[s] * ready if exposure > 0.0 else 0.0
        hazards[found, BR] = rates[BR]
        number = d.poisson(hazards[found].sum(), key, s, day, decisions.MEASURE_CANDIDATES, 0)
        if number > 0:
            rows[found], numbers[found] = s, number
            found += 1
    return found


@kernel
def find_tied(start, stop, block, home, work, tied, wanted, found):
    """People of [start, stop) with ties into measures and a site that is `wanted` (a number, else -1), written to ``found[start:]``; returns how
    many. The last entry of `wanted` is that of no site.
    """
    count = 0
    for i in range(start, stop):  # without a branch: whose sites are wanted is hard to predict
        found[start + count] = i
        count += (tied[i] > 0) & ((wanted[home[i]] >= 0) | (wanted[work[i]] >= 0))
    return count


@kernel
def draw_tied_instances(start, stop, block, rows, people, offsets, neighbours, wanted, instance, key, day, lowest, chosen):
    """For each site marked in `wanted` (its number, else -1): the instance at the end of one of its members' ties into measures,
    drawn uniformly among the ties of the people ``rows[start:stop]`` of `find_tied`: the lowest draw wins, written to ``lowest[block]``, and its
    instance to ``chosen[block]``.
    """
    home, work, activity, measure = people
    for k in range(start, stop):
        bring_near(rows, k, home, work, measure, offsets, neighbours)
        i = rows[k]
        for side in range(2):
            s = home[i] if side == 0 else work[i]
            if s < 0 or (side == 1 and s == home[i]) or wanted[s] < 0:
                continue
            for j in range(offsets[i], offsets[i + 1]):
                other = neighbours[j]
                if activity[other] != IN_MEASURE or measure[other] == s or home[other] == s or work[other] == s:
                    continue
                u = d.uniform(key, i, day, decisions.MEASURE_TIE, 2 * (j - offsets[i]) + side)
                if u < lowest[block, wanted[s]]:
                    lowest[block, wanted[s]] = u
                    chosen[block, wanted[s]] = instance[measure[other]]


@kernel
def draw_instance_of_place(p, u, sites, by_place, instance):
    """An instance in force in place `p`, drawn uniformly."""
    n = by_place[p + 1] - by_place[p]
    return instance[sites[by_place[p] + min(n - 1, np.int64(u * n))]]


@kernel
def draw_linked_place(p, u, contact, count, linked):
    """A place that `p` is linked to, drawn in proportion to its instances; -1 if there is nothing to draw."""
    offsets, neighbours, _ = contact
    first, last = offsets[p], offsets[p + 1]
    parts = np.empty(last - first)
    for j in range(first, last):
        parts[j - first] = count[neighbours[j]] if linked[j] else 0.0
    drawn = d.categorical(parts, u)
    return neighbours[first + drawn] if drawn >= 0 else -1


@kernel
def draw_source(p, parts, u_part, u_place, u_instance, tied, remembered, surroundings, contact, linked, instance):
    """An instance drawn in proportion to its part of the exposure of a site in place `p`; -1 if there is none.

    `remembered` = (the instance that each place remembers, -1 for none, and how well).
    """
    sites, by_place, count = surroundings
    last, memory = remembered
    part = d.categorical(parts, u_part)
    if part == TIES:
        return tied
    if part == MEMORY:
        return last[p]
    if part == MEMORY_ELSEWHERE:
        where = draw_contact_place(p, u_place, contact, memory)
        return last[where] if where >= 0 else -1
    source = p
    if part == CONTACT_PLACES:
        source = draw_contact_place(p, u_place, contact, count)
    elif part == LINKS:
        source = draw_linked_place(p, u_place, contact, count, linked)
    if part < 0 or source < 0 or count[source] == 0:
        return -1
    return draw_instance_of_place(source, u_instance, sites, by_place, instance)


@kernel
def thin(found, sites, parts, hazards, openness, tied, remembered, surroundings, contact, linked, instances, practices, law,
         key, day, events):
    """Let each site's candidates be taken up or not; returns the number of events.

    Parameters
    ----------
    found
        (rows, numbers) of the sites that meet candidates.
    sites
        (place, instance, collective, members).
    instances, practices
        (practice, content) and (needs, mass).
    law
        (whether fit counts, how far labour divides among needs, index of the content hierarchy, broadcast practice).
    events
        Written for each event: site, channel, source instance, practice (-1 for a new one), number among `found`.
    """
    rows, numbers = found
    place, instance, collective_of, members = sites
    practice_of, content = instances
    needs, mass = practices
    with_fit, division, hierarchy, broadcast = law
    n_events = 0
    n_sectors = openness.shape[1] - 1
    for f in range(rows.size):
        s = rows[f]
        p = place[s]
        collective = collective_of[s]
        for c in range(numbers[f]):
            base = 5 * c
            channel = d.categorical(hazards[f], d.uniform(key, s, day, decisions.MEASURE_CANDIDATE, base))
            source, practice = -1, -1
            if channel == BR:
                practice = broadcast
            elif channel != RE:
                source = draw_source(
                    p, parts[f], d.uniform(key, s, day, decisions.MEASURE_CANDIDATE, base + 1),
                    d.uniform(key, s, day, decisions.MEASURE_CANDIDATE, base + 2),
                    d.uniform(key, s, day, decisions.MEASURE_CANDIDATE, base + 3), tied[f], remembered, surroundings, contact,
                    linked, instance)  # fmt: skip
                if source < 0:
                    continue
                practice = practice_of[source]
            if practice >= 0 and collective < rules.critical_mass(mass[practice], members[s], surroundings[2][p]):
                continue
            if channel == AD:
                accepted = rules.fit(needs[practice], openness[f], openness[f, n_sectors], division) if with_fit else 1.0
                accepted *= rules.suspended(content[source, hierarchy])
                if d.uniform(key, s, day, decisions.MEASURE_CANDIDATE, base + 4) >= accepted:
                    continue
            events[n_events, 0], events[n_events, 2], events[n_events, 3], events[n_events, 4] = s, source, practice, f
            if channel == RE:
                events[n_events, 1] = REINVENTION
            elif channel == AD:
                events[n_events, 1] = ADOPTION
            elif channel == GR:
                events[n_events, 1] = GRAFTING
            else:
                events[n_events, 1] = BROADCAST
            n_events += 1
            break
    return n_events


@kernel
def draw_needs(openness, rows, breadth, key, day, entities, needs):
    """Up to `breadth` needs for each row, without replacement, in proportion to the open needs; how many is uniform."""
    n_sectors = openness.shape[1] - 1
    for k in range(rows.size):
        left = openness[rows[k], :n_sectors].copy()
        number = 1 + d.below(key, entities[k], day, decisions.PRACTICE_NEEDS, 0, breadth)
        for slot in range(number):
            drawn = d.categorical(left, d.uniform(key, entities[k], day, decisions.PRACTICE_NEEDS, 1 + slot))
            if drawn < 0:
                break
            needs[k, slot] = drawn
            left[drawn] = 0.0


@kernel
def move_needs(openness, rows, key, day, entities, needs):
    """Each row's needs move toward the site's own, by one of the moves that are possible, drawn uniformly.

    With `wanted` the most open need that is missing and `worst` the least open one that is there: `wanted` takes a free slot;
    it takes the slot of `worst`, if it is more open; `worst` is given up, if others are left.
    """
    n_sectors = openness.shape[1] - 1
    moves = np.empty(3, np.int64)
    for k in range(rows.size):
        wanted, worst, free, number = -1, -1, -1, 0
        for slot in range(needs.shape[1]):
            if needs[k, slot] < 0:
                free = slot if free < 0 else free
                continue
            number += 1
            if worst < 0 or openness[rows[k], needs[k, slot]] < openness[rows[k], needs[k, worst]]:
                worst = slot
        for sector in range(n_sectors):
            present = False
            for slot in range(needs.shape[1]):
                present = present or needs[k, slot] == sector
            if not present and openness[rows[k], sector] > 0.0 and (wanted < 0 or openness[rows[k], sector] > openness[rows[k], wanted]):
                wanted = sector
        possible = 0
        for move in range(3):
            adds = move == 0 and wanted >= 0 and free >= 0
            swaps = move == 1 and wanted >= 0 and worst >= 0 and openness[rows[k], wanted] > openness[rows[k], needs[k, worst]]
            drops = move == 2 and number > 1
            if adds or swaps or drops:
                moves[possible] = move
                possible += 1
        if possible == 0:
            continue
        move = moves[d.below(key, entities[k], day, decisions.PRACTICE_NEEDS, 8, possible)]
        if move == 0:
            needs[k, free] = wanted
        elif move == 1:
            needs[k, worst] = wanted
        else:
            needs[k, worst] = -1


@kernel
def founding_in_need(home, work, number_of_site, reached, wanted):
    """The founding at a person's site of work, else neighbourhood, that has not reached the number wanted; -1 for none."""
    if work >= 0 and number_of_site[work] >= 0 and reached[number_of_site[work]] < wanted[number_of_site[work]]:
        return number_of_site[work]
    if number_of_site[home] >= 0 and reached[number_of_site[home]] < wanted[number_of_site[home]]:
        return number_of_site[home]
    return np.int32(-1)


@kernel
def pick_founders(members, people, takes_part, number_of_site, size_share, wanted, quiet, key, day, rows, at):
    """People who found measures at sites with a number; returns how many.

    `members` of these sites who are in struggle take part with the probability `size_share` of the site's form; where they are fewer than `wanted`, more of
    them, and where `quiet` allows it people of routine, are taken in order until the number is reached.
    """
    home, work, position, group, activity = people
    reached = np.zeros(wanted.size, np.int64)
    count, n_waiting = 0, 0
    waiting = np.empty(rows.size, np.int32)
    for i in members:
        f = number_of_site[work[i]] if work[i] >= 0 else -1
        if f < 0:
            f = number_of_site[home[i]]
        if d.uniform(key, i, day, decisions.MEASURE_FOUNDERS, 0) < size_share[f]:
            rows[count], at[count] = i, f
            count += 1
            reached[f] += 1
        else:
            waiting[n_waiting] = i
            n_waiting += 1
    for k in range(n_waiting):
        i = waiting[k]
        f = founding_in_need(home[i], work[i], number_of_site, reached, wanted)
        if f >= 0:
            rows[count], at[count] = i, f
            count += 1
            reached[f] += 1
    missing = False
    for f in range(wanted.size):
        missing = missing or (quiet[f] and reached[f] < wanted[f])
    if missing:
        for i in range(home.size):
            if activity[i] == ROUTINE and takes_part[position[i], group[i]]:
                f = founding_in_need(home[i], work[i], number_of_site, reached, wanted)
                if f >= 0 and quiet[f]:
                    rows[count], at[count] = i, f
                    count += 1
                    reached[f] += 1
    return count
