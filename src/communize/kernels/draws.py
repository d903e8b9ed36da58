"""Counter-based random draws.

Every draw is a pure function of (seed, entity, day, decision, draw): no draw depends on the order of
execution, on the number of threads, or on what another mechanism drew. Two runs that differ in one
parameter therefore share every other draw (common random numbers).

Notation
--------
key
    the seed, an unsigned 64-bit integer: its low and high halves are the two key words of Philox.
counter
    four 32-bit words. Shared blocks: (entity // 4, day, decision, draw), so that one Philox call serves
    four neighbouring entities, each taking the word ``entity % 4``. Own blocks, for samplers that need
    several words an entity: (entity, day, decision, draw + 2**31).

References
----------
Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
https://doi.org/10.1145/2063384.2063405 (Philox4x32-10, section 4.2).
"""

import math

import numpy as np
from numba import njit

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_OWN_BLOCK = 1 << 31
_TWO_POW_MINUS_32 = 2.0**-32
_TWO_POW_MINUS_52 = 2.0**-52
_TWO_POW_MINUS_54 = 2.0**-54

# Kernels release the interpreter lock, so that `blocks.for_blocks` can run them on several threads.
kernel = njit(nogil=True, cache=True)


def typed_kernel(signature: str):
    """A kernel of one signature: callers with other integer types or literals convert instead of compiling anew."""
    return njit(signature, nogil=True, cache=True)


_ADDRESS = "uint64, int64, int64, int64, int64"  # key, entity, day, decision, draw


@typed_kernel("UniTuple(uint64, 4)(uint64, uint64, uint64, uint64, uint64, uint64)")
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Ten rounds of Philox4x32 on a counter of four and a key of two 32-bit words.

    Returns
    -------
    tuple of four uint64, each below 2**32.
    """
    x0, x1 = np.uint64(c0) & _LOW, np.uint64(c1) & _LOW
    x2, x3 = np.uint64(c2) & _LOW, np.uint64(c3) & _LOW
    a, b = np.uint64(k0) & _LOW, np.uint64(k1) & _LOW
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * x0
        product_1 = _MULTIPLIER_1 * x2
        x0, x1, x2, x3 = (
            (product_1 >> _SHIFT) ^ x1 ^ a,
            product_1 & _LOW,
            (product_0 >> _SHIFT) ^ x3 ^ b,
            product_0 & _LOW,
        )
        a = (a + _WEYL_0) & _LOW
        b = (b + _WEYL_1) & _LOW
    return x0, x1, x2, x3


@typed_kernel(f"UniTuple(uint64, 4)({_ADDRESS})")
def shared_block(key, block, day, decision, draw):
    """Four words for the entities ``4 * block`` to ``4 * block + 3``."""
    return philox4x32(block, day, decision, draw, key & _LOW, key >> _SHIFT)


@kernel
def five_rounds(x0, x1, x2, x3, a, b):
    """Half of the ten rounds, from key words `a` and `b`; all words below 2**32."""
    for _ in range(5):
        product_0, product_1 = _MULTIPLIER_0 * x0, _MULTIPLIER_1 * x2
        x0, x1, x2, x3 = (product_1 >> _SHIFT) ^ x1 ^ a, product_1 & _LOW, (product_0 >> _SHIFT) ^ x3 ^ b, product_0 & _LOW
        a, b = (a + _WEYL_0) & _LOW, (b + _WEYL_1) & _LOW
    return x0, x1, x2, x3


@kernel
def shared_blocks(key, first, day, decision, draw, words, room):
    """The words of the shared blocks `first` and the following, many at once: several times faster than one by one.

    Five rounds at a time keep the words in registers, and compilers then treat several blocks at once.

    Parameters
    ----------
    words
        Filled with them, uint32 (4 * n,) for n blocks.
    room
        uint64 (4, n), overwritten; a whole array: in a part of one compilers do not see that rows are without gaps.
    """
    x0, x1, x2, x3 = room[0], room[1], room[2], room[3]
    c1, c2, c3 = np.uint64(day) & _LOW, np.uint64(decision) & _LOW, np.uint64(draw) & _LOW
    k0, k1 = key & _LOW, key >> _SHIFT
    for b in range(x0.size):
        x0[b], x1[b], x2[b], x3[b] = five_rounds(np.uint64(first + b) & _LOW, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + np.uint64(5) * _WEYL_0) & _LOW, (k1 + np.uint64(5) * _WEYL_1) & _LOW
    for b in range(x0.size):
        words[4 * b], words[4 * b + 1], words[4 * b + 2], words[4 * b + 3] = five_rounds(x0[b], x1[b], x2[b], x3[b], k0, k1)


@typed_kernel(f"UniTuple(uint64, 4)({_ADDRESS})")
def own_block(key, entity, day, decision, draw):
    """Four words for one entity."""
    return philox4x32(entity, day, decision, draw + _OWN_BLOCK, key & _LOW, key >> _SHIFT)


@typed_kernel("float64(uint64)")
def to_unit(word):
    """A 32-bit word as a uniform number in the open interval (0, 1)."""
    return (np.float64(word) + 0.5) * _TWO_POW_MINUS_32


@typed_kernel(f"uint64({_ADDRESS})")
def word(key, entity, day, decision, draw):
    """The 32-bit word of one entity in its shared block."""
    w0, w1, w2, w3 = shared_block(key, entity >> 2, day, decision, draw)
    lane = entity & 3
    if lane == 0:
        return w0
    if lane == 1:
        return w1
    if lane == 2:
        return w2
    return w3


@typed_kernel(f"float64({_ADDRESS})")
def uniform(key, entity, day, decision, draw):
    """Uniform number in (0, 1), resolution 2**-32."""
    return to_unit(word(key, entity, day, decision, draw))


@typed_kernel(f"UniTuple(float64, 2)({_ADDRESS})")
def uniform_pair(key, entity, day, decision, draw):
    """Two uniform numbers in (0, 1), resolution 2**-52 (with 53 bits the largest would round to 1), from one own block."""
    w0, w1, w2, w3 = own_block(key, entity, day, decision, draw)
    first = ((w0 << np.uint64(20)) ^ (w1 >> np.uint64(12))) & np.uint64(0xFFFFFFFFFFFFF)
    second = ((w2 << np.uint64(20)) ^ (w3 >> np.uint64(12))) & np.uint64(0xFFFFFFFFFFFFF)
    return (
        (np.float64(first) + 0.5) * _TWO_POW_MINUS_52,
        (np.float64(second) + 0.5) * _TWO_POW_MINUS_52,
    )


@typed_kernel(f"int64({_ADDRESS}, int64)")
def below(key, entity, day, decision, draw, n):
    """Uniform integer in 0 .. n - 1 (n up to 2**32; bias below n / 2**32)."""
    return np.int64((np.uint64(word(key, entity, day, decision, draw)) * np.uint64(n)) >> _SHIFT)


@kernel
def first_above(cumulative, first, last, target):
    """Smallest index from `first` to `last` whose cumulative value is above `target`, else `last` (bisection)."""
    while first < last:
        middle = (first + last) >> 1
        if target < cumulative[middle]:
            last = middle
        else:
            first = middle + 1
    return first


@kernel
def bernoulli(p, u):
    """Whether an event of probability `p` happens, given the uniform draw `u`."""
    return u < p


@typed_kernel("int64(float64, float64)")
def stochastic_round(x, u):
    """`x` rounded up with the probability of its fractional part, else down; its mean is `x`."""
    whole = math.floor(x)
    return np.int64(whole) + (1 if u < x - whole else 0)


@kernel
def categorical(weights, u):
    """Index drawn in proportion to `weights` (1-D, non-negative); -1 if all are zero."""
    total = 0.0
    for weight in weights:
        total += weight
    if total <= 0.0:
        return -1
    target = u * total
    running = 0.0
    last = -1
    for index in range(weights.size):
        if weights[index] > 0.0:
            running += weights[index]
            last = index
            if target < running:
                return index
    return last


@typed_kernel("float64(float64)")
def normal_quantile(p):
    """Standard normal quantile of `p` in (0, 1), absolute error below 1e-15 of the argument.

    References
    ----------
    Wichura (1988), Algorithm AS 241, PPND16. https://doi.org/10.2307/2347330
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = 2509.0809287301226727
        for c in (
            33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
            1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
        ):
            top = top * r + c
        bottom = 5226.495278852545925
        for c in (
            28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
            687.1870074920579083, 42.313330701600911252, 1.0,
        ):
            bottom = bottom * r + c
        return q * top / bottom
    r = math.sqrt(-math.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = 7.7454501427834140764e-4
        for c in (
            0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
            3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
        ):
            top = top * r + c
        bottom = 1.05075007164441684324e-9
        for c in (
            5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
            0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0,
        ):
            bottom = bottom * r + c
    else:
        r -= 5.0
        top = 2.01033439929228813265e-7
        for c in (
            2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
            0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
        ):
            top = top * r + c
        bottom = 2.04426310338993978564e-15
        for c in (
            1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
            0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0,
        ):
            bottom = bottom * r + c
    return -top / bottom if q < 0.0 else top / bottom


@typed_kernel("float64(float64, float64, float64)")
def pareto(u, minimum, exponent):
    """Pareto number of at least `minimum` with P(X > x) = (minimum / x) ** exponent."""
    return minimum * u ** (-1.0 / exponent)


@kernel
def poisson(mean, key, entity, day, decision, draw=0):
    """Poisson number of the given mean (below 1e15): inversion below 10, transformed rejection (PTRS) above.

    -1 if the mean is not a number or too large. `draw` (below 2**15) tells several numbers of one entity apart.

    References
    ----------
    Hoermann (1993), The transformed rejection method for generating Poisson random variables.
    https://doi.org/10.1016/0167-6687(93)90997-4
    """
    if not mean < 1e15:
        return -1
    if mean <= 0.0:
        return 0
    attempt = draw << 16
    if mean < 10.0:
        u, _ = uniform_pair(key, entity, day, decision, attempt)
        p = math.exp(-mean)
        k = 0
        while u > p and (k < mean or p > _TWO_POW_MINUS_54):  # beyond, only round-off is left of u
            u -= p
            k += 1
            p *= mean / k
        return k
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2.0)
    while True:
        u, v = uniform_pair(key, entity, day, decision, attempt)
        attempt += 1
        u -= 0.5
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + mean + 0.43)
        if us >= 0.07 and v <= v_r:
            return np.int64(k)
        if k < 0.0 or (us < 0.013 and v > us):
            continue
        accept = math.log(v * inverse_alpha / (a / (us * us) + b))
        if accept <= -mean + k * math.log(mean) - math.lgamma(k + 1.0):
            return np.int64(k)


@kernel
def binomial(n, p, key, entity, day, decision, draw=0):
    """Binomial number: inversion for small n p, transformed rejection (BTRS) above 10.

    -1 if p is not a number. `draw` (below 2**15) tells several numbers of one entity apart.

    References
    ----------
    Hoermann (1993), The generation of binomial random variates.
    https://doi.org/10.1080/00949659308811496
    """
    if not p <= 1.0:
        return n if p > 1.0 else -1
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    small = p if p <= 0.5 else 1.0 - p
    odds = small / (1.0 - small)
    k = 0.0
    attempt = draw << 16
    if n * small < 10.0:
        u, _ = uniform_pair(key, entity, day, decision, attempt)
        mass = math.exp(n * math.log1p(-small))
        while u > mass and k < n and (k < n * small or mass > _TWO_POW_MINUS_54):
            u -= mass
            k += 1.0
            mass *= odds * (n - k + 1.0) / k
    else:
        spread = math.sqrt(n * small * (1.0 - small))
        b = 1.15 + 2.53 * spread
        a = -0.0873 + 0.0248 * b + 0.01 * small
        c = n * small + 0.5
        v_r = 0.92 - 4.2 / b
        alpha = (2.83 + 5.1 / b) * spread
        mode = math.floor((n + 1) * small)
        top = math.lgamma(mode + 1.0) + math.lgamma(n - mode + 1.0)
        while True:
            u, v = uniform_pair(key, entity, day, decision, attempt)
            attempt += 1
            u -= 0.5
            us = 0.5 - abs(u)
            k = math.floor((2.0 * a / us + b) * u + c)
            if us >= 0.07 and v <= v_r:
                break
            if k < 0.0 or k > n:
                continue
            accept = math.log(v * alpha / (a / (us * us) + b))
            log_mass = top - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0) + (k - mode) * math.log(odds)
            if accept <= log_mass:
                break
    return np.int64(k) if p <= 0.5 else np.int64(n - k)
