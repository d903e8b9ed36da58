"""Compiled loops over places: gravity contact, and means over it."""

import math

import numpy as np

from communize.kernels.draws import kernel

EARTH_RADIUS_KM = 6371.0088


@kernel
def unit_vectors(latitude, longitude, out):
    """Places as points on the unit sphere, shape (n, 3)."""
    for row in range(latitude.size):
        phi, theta = math.radians(latitude[row]), math.radians(longitude[row])
        out[row, 0] = math.cos(phi) * math.cos(theta)
        out[row, 1] = math.cos(phi) * math.sin(theta)
        out[row, 2] = math.sin(phi)


@kernel
def distance_km(points, p, q):
    """Great-circle distance between two points of the unit sphere."""
    dx = points[p, 0] - points[q, 0]
    dy = points[p, 1] - points[q, 1]
    dz = points[p, 2] - points[q, 2]
    half_chord = 0.5 * math.sqrt(dx * dx + dy * dy + dz * dz)
    return 2.0 * EARTH_RADIUS_KM * math.asin(min(1.0, half_chord))


@kernel
def gravity_rows(start, stop, block, points, mass, exponent, offset_km, cutoff_km, kept, columns, weights):
    """The `kept` strongest contacts of each place in [start, stop): weight = mass / (distance + offset) ** exponent.

    `columns` and `weights` have shape (n, kept); the caller fills them with -1 and 0, which unused slots keep. Rows are normalised to one.
    """
    n = mass.size
    strength = np.empty(n)
    for p in range(start, stop):
        found = 0
        for q in range(n):
            strength[q] = -1.0
            if q != p and mass[q] > 0.0:
                distance = distance_km(points, p, q)
                if distance <= cutoff_km:
                    strength[q] = mass[q] / (distance + offset_km) ** exponent
                    found += 1
        found = min(found, kept)
        order = np.argsort(-strength, kind="mergesort")
        total = 0.0
        for j in range(found):
            total += strength[order[j]]
        for j in range(found):
            columns[p, j] = order[j]
            weights[p, j] = strength[order[j]] / total


@kernel
def mean_over_contacts(offsets, neighbours, weights, values, out):
    """Weighted mean of `values` over each place's contacts; 0 where a place has none."""
    for p in range(out.size):
        total = 0.0
        for j in range(offsets[p], offsets[p + 1]):
            total += weights[j] * values[neighbours[j]]
        out[p] = total
