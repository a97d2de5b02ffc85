"""Weighted sums over effects, for one set of effects or many at once.

Shapes, here and in all that builds on this: one set is (k,); many sets are columns, (k, B), or
(k, 1) for what all sets share. ``member`` says with 1 and 0 which effects belong to which set,
(k, B); ``None`` where every effect belongs to every set. An effect that is absent has weight 0.
"""

from typing import NamedTuple

import numpy as np


class Fit(NamedTuple):
    """Sums at a given tau squared: weights (k, B); the rest (B,)."""

    w: np.ndarray
    total: np.ndarray  # sum of weights
    mean: np.ndarray
    residual: np.ndarray  # (k, B)
    q: np.ndarray  # generalised Q: weighted sum of squared residuals


_ONES = np.ones(64)
_ONES.flags.writeable = False


def total(a: np.ndarray):
    """Sum over effects."""
    if a.ndim == 1 and a.size <= _ONES.size:  # for a few numbers a product with ones is faster
        return a @ _ONES[: a.size]
    return np.add.reduce(a, axis=0)


def dot(a: np.ndarray, b: np.ndarray):
    """Sum over effects of a * b."""
    if a.ndim == 1:
        return a @ b
    if b.shape[1] == 1:
        return b[:, 0] @ a
    return np.einsum("ij,ij->j", a, b)


def weights(v, member, tau2):
    """Inverse-variance weights 1/(v + tau2); 0 for an effect that is absent."""
    return (1.0 if member is None else member) / (v + tau2)


def unshared(w, s0, s2):
    """Sum of weights less the share of their squares, s0 - s2/s0, from the weights and both sums.

    It is what Q can be expected to rise by per unit of tau squared. Where one weight is nearly
    all of the sum, the difference would lose its digits; it is then twice the sum of the products
    of all pairs over s0, in which nothing is subtracted.
    """
    heavy = s2 > 0.999 * s0 * s0
    if not (heavy if isinstance(s0, float) else heavy.any()):
        return s0 - s2 / s0
    before = np.cumsum(w, axis=0)
    pairs = np.add.reduce(w[1:] * before[:-1], axis=0)
    return 2 * pairs / s0


def fit_mean(y, v, member, tau2) -> Fit:
    """Weighted mean at the given tau squared by inverse-variance weights."""
    w = weights(v, member, tau2)
    s0 = total(w)
    mean = dot(w, y) / s0
    residual = y - mean
    return Fit(w, s0, mean, residual, dot(w * residual, residual))
