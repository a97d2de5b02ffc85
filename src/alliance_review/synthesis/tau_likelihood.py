"""The likelihood of tau squared and its slope, full (ML) or restricted (REML).

Shapes as in ``sums``. Sources: Viechtbauer (2005) for the ML and REML score functions; Harville
(1977) for the restricted likelihood.
"""

import math

import numpy as np

from .sums import dot, fit_mean, total, weights


def log_likelihood(y, v, member, tau2, *, restricted: bool):
    """Profile log-likelihood of tau squared, shape (B,), the mean at its best value.

    Normal constants included; the restricted form leaves out 0.5 log k (the design's own term).
    """
    fit = fit_mean(y, v, member, tau2)
    if member is None:
        size, logs = y.shape[0], total(np.log(v + tau2))
    else:
        size, logs = total(member), total(np.log(np.where(member > 0, v + tau2, 1.0)))
    value = -0.5 * (logs + fit.q + size * math.log(2 * math.pi))
    if restricted:
        value = value - 0.5 * (np.log(fit.total) - math.log(2 * math.pi))
    return value


def score(y, v, member, tau2, *, restricted: bool):
    """Twice the derivative of ``log_likelihood`` in tau squared, and its own derivative."""
    w = weights(v, member, tau2)
    s0 = total(w)
    u = w * (y - dot(w, y) / s0)
    wu, w2 = w * u, w * w
    s2 = total(w2)
    slope = -2 * (dot(wu, u) - total(wu) ** 2 / s0)
    if not restricted:
        return dot(u, u) - s0, slope + s2
    h = s2 / s0
    return dot(u, u) - (s0 - h), slope + s2 - 2 * dot(w2, w) / s0 + h * h


def score_from(s0, s2, sy, s2y, s2yy, restricted):
    """The score from the sums of w, w**2, w y, w**2 y and w**2 y**2."""
    mean = sy / s0
    value = s2yy - mean * (2 * s2y - mean * s2) - s0
    return value + s2 / s0 if restricted else value
