"""Which struggle a newly contested site belongs to: drawn in proportion to what moved it (`rules.md` 1.9)."""

import numpy as np

from communize.declare.registry import CONTESTED, IN_STRUGGLE
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.stretches import STRETCH, list_coded

INCIDENT, PEOPLE, OWN_PLACE, CONTACT_PLACES, COUNTRY, SHOCK = range(6)


@kernel
def link_through_people(home, work, activity, mode, struggle, key, day, links, chosen, lowest):
    """For each newly contested site: its active members whose other site is in a struggle, and one of these sites.

    `links` counts them, `chosen` is the other site of one drawn uniformly (the lowest draw wins). A neighbourhood also
    sees work sites that became contested on the same day: they are attributed before it.
    """
    rows = np.empty(STRETCH, np.uint32)
    for first in range(0, home.size, STRETCH):
        for i in rows[: list_coded(activity[first : first + STRETCH], 1 << IN_STRUGGLE, first, rows)]:
            h, w = home[i], work[i]
            if w < 0:
                continue
            for this, other in ((h, w), (w, h)):
                if mode[this] != CONTESTED or struggle[this] >= 0:
                    continue
                if struggle[other] >= 0 or (this == h and mode[w] == CONTESTED):
                    links[this] += 1
                    u = d.uniform(key, i, day, decisions.ATTRIBUTION_LINK, 0)
                    if u < lowest[this]:
                        lowest[this] = u
                        chosen[this] = other


@kernel
def draw_contact_place(place, u, contact, share):
    """A contact place of `place`, drawn in proportion to contact times share; -1 if there is nothing to draw."""
    offsets, neighbours, weights = contact
    first, last = offsets[place], offsets[place + 1]
    parts = np.empty(last - first)
    for j in range(first, last):
        parts[j - first] = weights[j] * share[neighbours[j]]
    drawn = d.categorical(parts, u)
    return neighbours[first + drawn] if drawn >= 0 else -1


@kernel
def draw_site_of_place(place, u, offsets, order, active, total):
    """A contested site of a place, drawn in proportion to its active members."""
    target = u * total
    running = 0.0
    site = -1
    for j in range(offsets[place], offsets[place + 1]):
        site = order[j]
        running += active[site]
        if target < running:
            break
    return site


@kernel
def weigh_causes(site, place, sites, links, shock, share, near, country, influence, weight):
    """Weights of what can have moved a site, by cause; `share` is active in contested sites by place."""
    active_share, incident, eligible = share[place], sites[4][site], sites[3][site]
    c_people, c_own, c_contact, c_country = influence
    weight[INCIDENT] = max(0.0, incident)
    weight[PEOPLE] = c_people * links[site] / max(1, eligible)
    weight[OWN_PLACE] = c_own * active_share
    weight[CONTACT_PLACES] = c_contact * near
    weight[COUNTRY] = c_country * country
    weight[SHOCK] = max(0.0, shock[place])


@kernel
def attribute(new, sites, places, contact, near, links, chosen, influence, ended, fresh, key, day):
    """Give each newly contested site its struggle.

    Causes: its own incident (a struggle of its own: number `fresh`, counted up); members already in struggle
    elsewhere; contested sites of the same place; of contact places; of the whole country; the shock of its place (one
    struggle for all sites of the place that it moves, new if the last of these is over).

    Parameters
    ----------
    new
        Rows of the sites, those of work before neighbourhoods.
    sites
        (place, struggle, active, eligible, incident).
    places
        (shock, struggle that it began, active in contested sites, eligible, offsets and order of contested sites by
        place, places in the order of their identities).
    contact
        (offsets, neighbours, weights).
    near
        Mean over each place's contacts of the share active in contested sites.
    links, chosen
        What `link_through_people` found.
    influence
        coupling times (work and neighbourhood, own place, contact places, whole country).
    ended
        Day on which each struggle so far ended, -1 while it goes on.

    Returns
    -------
    int
        `fresh` after the new struggles.
    """
    site_place, struggle, active = sites[0], sites[1], sites[2]
    shock, shock_struggle, place_active, place_eligible, by_place, order, in_order = places
    known = fresh
    share = place_active / np.maximum(1, place_eligible)
    country = place_active.sum() / max(1.0, float(place_eligible.sum()))
    in_order_active = place_active[in_order]
    weight = np.empty(6)
    for s in new:
        p = site_place[s]
        weigh_causes(s, p, sites, links, shock, share, near[p], country, influence, weight)
        cause = d.categorical(weight, d.uniform(key, s, day, decisions.ATTRIBUTION, 0))
        u_place = d.uniform(key, s, day, decisions.ATTRIBUTION, 1)
        source = -1
        if cause == OWN_PLACE:
            source = p
        elif cause == CONTACT_PLACES:
            source = draw_contact_place(p, u_place, contact, share)
        elif cause == COUNTRY:
            source = d.categorical(in_order_active, u_place)
            source = in_order[source] if source >= 0 else -1
        if source >= 0:
            u_site = d.uniform(key, s, day, decisions.ATTRIBUTION, 2)
            struggle[s] = struggle[draw_site_of_place(source, u_site, by_place, order, active, place_active[source])]
        elif cause == PEOPLE:
            struggle[s] = struggle[chosen[s]]
        elif cause == SHOCK and not (shock_struggle[p] < 0 or (shock_struggle[p] < known and ended[shock_struggle[p]] >= 0)):
            struggle[s] = shock_struggle[p]
        else:
            if cause == SHOCK:
                shock_struggle[p] = fresh
            struggle[s] = fresh
            fresh += 1
    return fresh
