"""The behavioural rules of struggle as scalar functions (`model.md` section 5, `rules.md` sections 1 and 5)."""

import math

from communize.kernels.draws import kernel


@kernel
def risk(deterrence, force, active):
    """Risk of taking part: 1 - exp(-deterrence * force / (1 + active)), `force` and `active` in people."""
    return 1.0 - math.exp(-deterrence * force / (1.0 + active))


@kernel
def logistic(x):
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + math.exp(-x))


@kernel
def joining_probability(drive, quiet, temperature, rate_joining, spontaneous):
    """Probability of joining in a day: 1 - exp(-h), h = rate * (S(drive) - (1 - spontaneous) * S(quiet)), at least 0.

    S(x) = logistic(x / temperature); `drive` = pressure + coupling * social - risk weight * risk - nerve - fatigue;
    `quiet` is the drive without shocks, incidents and influence. With `spontaneous` 1 this is the plain logistic
    response; with 0 nobody joins but through a shock, an incident or others.
    """
    hazard = logistic(drive / temperature)
    if spontaneous < 1.0:
        hazard -= (1.0 - spontaneous) * logistic(quiet / temperature)
    return 1.0 - math.exp(-rate_joining * max(0.0, hazard))


@kernel
def leaving_probability(rate_leaving, rate_alone, others_active):
    """Probability of leaving in a day by fatigue, and faster where nobody else is active at one's sites."""
    rate = rate_leaving if others_active > 0 else rate_leaving + rate_alone
    return 1.0 - math.exp(-rate)


@kernel
def share_of_others(active, eligible):
    """Active share among the others at a site for somebody not active; -1 if there is nobody else."""
    if eligible <= 1:
        return -1.0
    return active / (eligible - 1.0)


@kernel
def becomes_contested(active, eligible, level, least):
    """Whether a site's active share and count pass the level (`least` in agents)."""
    return active >= least and active >= level * eligible


@kernel
def stays_contested(active, eligible, level):
    """Whether a contested site stays so: the active share is not below `level`."""
    return active > 0 and active >= level * eligible


@kernel
def fatigue_after(fatigue, active_share, daily_decay, gain):
    """Memory of past activity: z * decay + gain * active share."""
    return fatigue * daily_decay + gain * active_share


@kernel
def incident_probability(rate, people, unmet):
    """Probability that a site has an incident in a day: rate * sqrt(n / 50) * (1 + 2 unmet), n in people."""
    return min(1.0, rate * math.sqrt(people / 50.0) * (1.0 + 2.0 * unmet))


@kernel
def act_probability(rate_acts, active_share):
    """Probability that a struggle makes an act in a day."""
    return 1.0 - math.exp(-rate_acts * active_share)


@kernel
def act_weights(belonging, concedable, refusals, mediation):
    """Weights of a demand and of a rift among a struggle's acts, both at least 0; mediation turns acts into demands."""
    demand = max(0.0, 0.5 + 0.5 * belonging) * concedable * (1.0 + mediation)
    rift = max(0.0, 0.5 - 0.5 * belonging) + 0.2 * refusals
    return demand, rift


@kernel
def concedable(room, cost, width):
    """How far the other side can concede: logistic((room - cost) / width), in (0, 1)."""
    return 1.0 / (1.0 + math.exp(-(room - cost) / width))


@kernel
def belonging_after_settlement(belonging, regime, gain):
    """A settlement confirms belonging in proportion to 1 - regime."""
    return min(1.0, belonging + gain * (1.0 - regime) * (1.0 - belonging))


@kernel
def belonging_after_refusal(belonging, loss):
    """A refused demand lowers belonging."""
    return max(-1.0, belonging - loss * (1.0 + belonging))
