"""The rules of measures as scalar functions (`model.md` section 6, `rules.md` sections 1, 2 and 5)."""

import math

import numpy as np

from communize.declare.registry import CONTENTS, MAX_NEEDS
from communize.kernels.draws import kernel


@kernel
def hill(exposure, half, exponent):
    """Hill function of exposure: (E / half)^n / (1 + (E / half)^n), in [0, 1); n = 1 simple, above 1 complex contagion."""
    if exposure <= 0.0:
        return 0.0
    log_ratio = exponent * math.log(exposure / half)
    return 1.0 / (1.0 + math.exp(-log_ratio)) if log_ratio > -700.0 else 0.0


@kernel
def open_need(weight, struggle_weight, active_share, shortage, floor):
    """Weight of one need where a share of a site is in struggle: (w + w' * active share) * max(floor, shortage)."""
    return (weight + struggle_weight * active_share) * max(floor, shortage)


@kernel
def fit(needs, open_needs, total, division):
    """Share of the open needs that a practice answers: the sum over its n needs / the sum over all / n^division, in [0, 1].

    With `division` 1 labour divides among the needs, so that breadth has its price; with 0 it is free.
    """
    if total <= 0.0:
        return 0.0
    answered, number = 0.0, 0
    for slot in range(MAX_NEEDS):
        if needs[slot] >= 0:
            answered += open_needs[needs[slot]]
            number += 1
    return min(1.0, answered / total / number**division) if number > 0 else 0.0


@kernel
def suspended(content):
    """Share in which a relation is suspended: (1 + c) / 2."""
    return 0.5 * (1.0 + content)


@kernel
def bound_by_care(burden, gender):
    """Share of the labour and participation of those who carry unpaid care that it takes: burden * (1 - c) / 2, c the content gender."""
    return burden * suspended(-gender)


@kernel
def known(present, residents):
    """How far people of a group are no strangers to a measure: its share among the participants against that among residents, at most 1."""
    if present >= residents:
        return 1.0 if present > 0.0 else 0.0
    return present / residents


@kernel
def admitted(familiar, strangers):
    """Probability of being let in or served: strangers as far as the content has it, (1 + c) / 2, others always."""
    return familiar + (1.0 - familiar) * suspended(strangers)


@kernel
def mean_content(contents):
    """Mean of the eight contents of an instance, in 32 bits: pairs are added, then pairs of pairs."""
    first = (contents[0] + contents[1]) + (contents[2] + contents[3])
    second = (contents[4] + contents[5]) + (contents[6] + contents[7])
    return (first + second) / np.float32(len(CONTENTS))


@kernel
def resisting(command, advantage):
    """Divisor of the hazard of eviction: 1 + `advantage` * -c where the content hierarchy is negative, else 1."""
    return 1.0 + advantage * max(0.0, -command)


@kernel
def critical_mass(mass, members, others):
    """Participants that a measure needs, in agents: `mass` where the place has no other instance, else at most half of the
    members (rounded up), but never less than two where `mass` is two or more.
    """
    if others <= 0:
        return mass
    return max(min(2, mass), min(mass, (members + 1) // 2))


@kernel
def critical_masses(mass, members, others):
    """`critical_mass` of many sites, int64 (n,)."""
    out = np.empty(mass.size, np.int64)
    for k in range(mass.size):
        out[k] = critical_mass(mass[k], members[k], others[k])
    return out


@kernel
def readiness(refusals, shortage, horizon, gains):
    """Factor on the hazards of founding: 1 + gains of (refused demands, shortage, horizon); none of them is required."""
    return 1.0 + gains[0] * refusals + gains[1] * shortage + gains[2] * horizon


@kernel
def resonance(exposure, scale):
    """Resonance of an instance with others: 1 - exp(-E / r0)."""
    return 1.0 - np.exp(-exposure / scale)


@kernel
def attraction(lack, horizon):
    """How far measures draw a person, 1 - (1 - lack) * (1 - horizon): by what is missing, or by what seems possible."""
    return 1.0 - (1.0 - lack) * (1.0 - horizon)


@kernel
def leaving_hazard(base, by_need, coverage):
    """Hazard of leaving a measure: l0 + l1 * (1 - essential coverage)^2."""
    return base + by_need * (1.0 - coverage) ** 2


@kernel
def horizon_after(horizon, start, keep, gain, success):
    """Horizon of a person after a day: it fades toward its start, and rises by gain * success of what is lived or seen."""
    faded = start + (horizon - start) * keep
    risen = faded + gain * success * (1.0 - faded)
    return 1.0 if risen > 1.0 else risen  # what is not a number stays so, for the invariants to find


@kernel
def drift(content, others, coupling, back):
    """A content after a day: pulled down to the mean of the others where that is lower, drawn up by activity that resonates.

    `coupling` is psi_c; `back` is psi+ * resonance * current activity.
    """
    moved = content - coupling * max(0.0, content - others) + back * (1.0 - content)
    moved = 1.0 if moved > 1.0 else moved
    return -1.0 if moved < -1.0 else moved


@kernel
def carried(others, around, has_contacts, full):
    """How far struggle around carries a measure, in [0, 1]: mean of the shares in its own place and in contact places (the own
    alone where there are none) against the share `full` that carries it fully.
    """
    if full <= 0.0:
        return 1.0
    share = 0.5 * (others + around) if has_contacts else others
    return min(1.0, share / full)


@kernel
def eviction_hazard(rate, force, people):
    """Hazard of eviction of each instance of a place: every agent of force evicts `rate` participants a day."""
    return rate * force / np.maximum(1.0, people)


def family_code(needs: np.ndarray) -> np.ndarray:
    """Code of a set of needs, int32: practices with the same needs are one family, whatever their contents and descent."""
    ordered = np.sort(np.asarray(needs, np.int64), axis=-1) + 1  # -1, none, becomes 0
    return (ordered * np.array([101**slot for slot in range(MAX_NEEDS)])).sum(axis=-1).astype(np.int32)
