"""Plain-Python twins of the compiled draws, written from the papers with Python's unlimited integers.

They import nothing of communize. Each takes the seed as a Python integer of 64 bits.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from scipy.special import ndtri

WORD = 2**32
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)


def _round_keys(key: Sequence[int]) -> list[tuple[int, int]]:
    return [((key[0] + i * WEYL[0]) % WORD, (key[1] + i * WEYL[1]) % WORD) for i in range(10)]


def philox4x32(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """Philox4x32-10: Salmon et al. (2011), https://doi.org/10.1145/2063384.2063405, section 4.2."""
    a, b, c, d = counter
    for first, second in _round_keys(key):
        high_a, low_a = divmod(MULTIPLIERS[0] * a, WORD)
        high_c, low_c = divmod(MULTIPLIERS[1] * c, WORD)
        a, b, c, d = high_c ^ b ^ first, low_c, high_a ^ d ^ second, low_a
    return a, b, c, d


def philox4x32_counter(words: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """The counter for which Philox4x32-10 gives `words`: the ten rounds undone."""
    a, b, c, d = words
    for first, second in reversed(_round_keys(key)):
        old_a = d * pow(MULTIPLIERS[0], -1, WORD) % WORD
        old_c = b * pow(MULTIPLIERS[1], -1, WORD) % WORD
        old_b = a ^ (MULTIPLIERS[1] * old_c // WORD) ^ first
        old_d = c ^ (MULTIPLIERS[0] * old_a // WORD) ^ second
        a, b, c, d = old_a, old_b, old_c, old_d
    return a, b, c, d


def shared_address_of(words: Sequence[int]) -> tuple[int, int, int, int, int]:
    """Seed, first of four entities, day, decision and draw whose shared block is `words`."""
    for seed in range(100):
        block, day, decision, draw = philox4x32_counter(words, (seed, 0))
        if draw < 2**31:  # the upper half is of own blocks
            return seed, 4 * block, day, decision, draw
    raise AssertionError("no shared block has these words")


def word(seed: int, entity: int, day: int, decision: int, draw: int) -> int:
    """Word ``entity % 4`` of the block that four neighbours share."""
    block, lane = divmod(entity, 4)
    return philox4x32((block % WORD, day, decision, draw), (seed % WORD, seed // WORD))[lane]


def uniform(seed: int, entity: int, day: int, decision: int, draw: int) -> float:
    """Midpoint of the word's cell among 2**32 equal cells of (0, 1)."""
    return float(Fraction(2 * word(seed, entity, day, decision, draw) + 1, 2 * WORD))


def uniform_pair(seed: int, entity: int, day: int, decision: int, draw: int) -> tuple[float, float]:
    """Two numbers from the entity's own block, each from all 64 bits of two words, rounded to a float."""
    a, b, c, d = philox4x32((entity, day, decision, draw + 2**31), (seed % WORD, seed // WORD))
    return float(Fraction(2 * (a * WORD + b) + 1, 2**65)), float(Fraction(2 * (c * WORD + d) + 1, 2**65))


def categorical(weights: Sequence[float], u: float) -> int:
    """The first index whose running share exceeds `u`, in exact arithmetic; -1 if all weights are zero."""
    total = sum(map(Fraction, weights), Fraction(0))
    if total == 0:
        return -1
    shares = [sum(map(Fraction, weights[: i + 1]), Fraction(0)) / total for i in range(len(weights))]
    return next(i for i, share in enumerate(shares) if share > u)


def normal_quantile(p: float) -> float:
    """SciPy's (Cephes): rational approximations other than those of AS 241."""
    return float(ndtri(p))


def _least_with_mass(masses: Sequence[float], u: float) -> int:
    return next((k for k in range(len(masses)) if math.fsum(masses[: k + 1]) >= u), len(masses))


def poisson(mean: float, seed: int, entity: int, day: int, decision: int) -> int:
    """Below 10 the quantile of one draw; above, PTRS: https://doi.org/10.1016/0167-6687(93)90997-4."""
    if mean <= 0:
        return 0
    if mean < 10:
        masses = [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(80)]
        return _least_with_mass(masses, uniform_pair(seed, entity, day, decision, 0)[0])
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = 0.02483 * b - 0.059
    for draw in range(1000):
        first, v = uniform_pair(seed, entity, day, decision, draw)
        u = first - 0.5
        gap = 0.5 - abs(u)
        k = math.floor((2 * a / gap + b) * u + mean + 0.43)
        if gap >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2):
            return k
        if k >= 0 and not (gap < 0.013 and v > gap):
            log_mass = k * math.log(mean) - mean - math.lgamma(k + 1)
            if v * (1.1239 + 1.1328 / (b - 3.4)) / (a / gap**2 + b) <= math.exp(log_mass):
                return k
    raise AssertionError("a thousand rejections")


def binomial(n: int, p: float, seed: int, entity: int, day: int, decision: int) -> int:
    """Below n p = 10 the quantile of one draw; above, BTRS: https://doi.org/10.1080/00949659308811496."""
    if n <= 0 or p <= 0 or p >= 1:
        return max(n, 0) if p >= 1 else 0
    if p > 0.5:
        return n - binomial(n, 1 - p, seed, entity, day, decision)
    if n * p < 10:
        masses = [
            math.exp(math.log(math.comb(n, k)) + k * math.log(p) + (n - k) * math.log1p(-p))
            for k in range(min(n, 80) + 1)
        ]
        return min(_least_with_mass(masses, uniform_pair(seed, entity, day, decision, 0)[0]), n)
    deviation = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = 0.0248 * b + 0.01 * p - 0.0873
    mode = math.floor((n + 1) * p)

    def log_mass(k: int) -> float:  # up to a constant
        return k * math.log(p / (1 - p)) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    for draw in range(1000):
        first, v = uniform_pair(seed, entity, day, decision, draw)
        u = first - 0.5
        gap = 0.5 - abs(u)
        k = math.floor((2 * a / gap + b) * u + n * p + 0.5)
        if gap >= 0.07 and v <= 0.92 - 4.2 / b:
            return k
        if 0 <= k <= n:
            ratio = v * (2.83 + 5.1 / b) * deviation / (a / gap**2 + b)
            if ratio <= math.exp(log_mass(k) - log_mass(mode)):
                return k
    raise AssertionError("a thousand rejections")
