"""Estimators of tau squared, the variance of the true effects.

Shapes as in ``sums``: the answer is a number for one set of effects, (B,) for many.

Sources: DerSimonian & Laird (1986) for DL; Hedges & Olkin (1985) for HE; Hunter & Schmidt (1990)
for HS; Sidik & Jonkman (2005) for SJ; Paule & Mandel (1982) for PM; Morris (1983) for EB;
Viechtbauer (2005) for the comparison of all of these. ML and REML: see ``modes``.
"""

from typing import NamedTuple

import numpy as np

from .modes import likelihood_maximum
from .roots import bracketed_newton, bracketed_newton_single
from .sums import dot, fit_mean, total, unshared

METHODS = ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")


def tau_squared(y, v, member, method: str, *, sums=None):
    """Estimate tau squared by the named method for every set; zero where a set has one effect.

    ``y`` and ``v`` are (k,), or (k, 1) or (k, B); ``member`` is (k, B) or None. ``sums`` are those
    of ``common_effect_sums``, where they are at hand.
    """
    if y.ndim == 1:
        if method in ("ML", "REML"):
            return likelihood_maximum(y, v, None, restricted=method == "REML")
        if method in ("PM", "EB"):
            return _single_q_root(y, v, y.size - 1)
        return float(tau_squared(y[:, None], v[:, None], None, method)[0])
    columns = max(a.shape[1] for a in (y, v, member) if a is not None)
    if method == "FE":
        return np.zeros(columns)
    if sums is None and method in ("DL", "HS"):
        sums = common_effect_sums(y, v, member)
    size = sums.size if sums is not None else set_sizes(y, member, columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method in ("ML", "REML"):
            value = likelihood_maximum(y, v, member, restricted=method == "REML")
        elif method in ("PM", "EB"):
            # the empirical Bayes estimate solves the same equation, so it has the same value
            value = generalised_q_root(y, v, member, size - 1)
        else:
            value = _closed_form(y, v, member, size, method, sums)
    if member is None and y.shape[0] > 1:
        return np.maximum(value, 0.0)
    return np.where(size > 1, np.maximum(value, 0.0), 0.0)


def _closed_form(y, v, member, size, method, sums):
    if method == "DL":
        return (sums.q - (size - 1)) / sums.unshared
    if method == "HS":
        return (sums.q - size) / sums.total
    present = np.ones((y.shape[0], 1)) if member is None else member
    centred = present * (y - total(present * y) / size)
    squares = dot(centred, centred)
    if method == "HE":
        return squares / (size - 1) - total(present * v) / size
    start = squares / size  # SJ: a first guess that is never zero unless all effects are equal
    weight = present * (start / (start + v))
    mean = dot(weight, y) / total(weight)
    value = dot(weight * (y - mean), y - mean) / (size - 1)
    return np.where(start > 0, value, 0.0)


class CommonSums(NamedTuple):
    """Sums at tau squared 0, each (B,): Q, the weights, ``sums.unshared`` and effects per set."""

    q: np.ndarray
    total: np.ndarray
    unshared: np.ndarray
    size: np.ndarray


def set_sizes(y, member, columns: int):
    """Effects per set, (B,)."""
    return np.full(columns, y.shape[0]) if member is None else total(member)


def common_effect_sums(y, v, member) -> CommonSums:
    """The sums of the common-effect model for every set."""
    if y.shape[1] > 1 or v.shape[1] > 1 or member is None:
        fit = fit_mean(y, v, member, 0.0)
        c = unshared(fit.w, fit.total, dot(fit.w, fit.w))
        return CommonSums(fit.q, fit.total, c, set_sizes(y, member, fit.q.size))
    # one product gives the sums of every set
    w, z = 1 / v[:, 0], y[:, 0]
    size, s0, s2, sy, syy = np.stack([np.ones(z.size), w, w * w, w * z, w * z * z]) @ member
    several = size > 1
    with np.errstate(divide="ignore", invalid="ignore"):
        q = np.where(several, np.maximum(syy - sy * sy / s0, 0.0), 0.0)
    # where the difference has lost digits Q is summed from the residuals
    lost = np.flatnonzero((q < 1e-4 * syy) & several)
    if lost.size:
        q[lost] = fit_mean(y, v, member[:, lost], 0.0).q
    c = s0 - s2 / s0
    lost = np.flatnonzero((s2 > 0.999 * s0 * s0) & several)
    if lost.size:
        c[lost] = unshared(w[:, None] * member[:, lost], s0[lost], s2[lost])
    return CommonSums(q, s0, c, size)


def _q_and_slope(y, v, member, tau2, target):
    """The generalised Q less the target, and its derivative in tau squared."""
    fit = fit_mean(y, v, member, tau2)
    u = fit.w * fit.residual
    return fit.q - target, -dot(u, u)


def _single_q_root(y, v, target: float) -> float:
    centred = y - total(y) / y.size
    high = dot(centred, centred) / target
    if _q_and_slope(y, v, None, 0.0, target)[0] <= 0:
        return 0.0
    return bracketed_newton_single(
        lambda t: _q_and_slope(y, v, None, t, target), 0.0, float(high), 0.0
    )


def generalised_q_root(y, v, member, target):
    """The tau squared at which the generalised Q equals ``target``; 0 where Q(0) is below it.

    Q falls steadily as tau squared grows (Viechtbauer 2007), so the root is unique.
    """
    start = fit_mean(y, v, member, 0.0)
    target = np.broadcast_to(np.asarray(target, dtype=float), start.q.shape)
    root = np.zeros(target.shape)
    columns = np.flatnonzero((start.q > target) & (target > 0))
    if not columns.size:
        return root
    # Q(t) <= sum of squares / t, the squares taken about the unweighted mean
    present = np.ones((y.shape[0], 1)) if member is None else member
    centred = present * (y - total(present * y) / total(present))
    squares = np.broadcast_to(dot(centred, centred), target.shape)

    def narrow(left):
        inner = columns[left]
        yc, vc, mc = (
            a if a is None or a.shape[1] == 1 else a[:, inner] for a in (y, v, member)
        )
        goal = target[inner]

        return lambda t: _q_and_slope(yc, vc, mc, t, goal)

    high = squares[columns] / target[columns]
    zero = np.zeros(columns.size)
    root[columns] = bracketed_newton(
        narrow(np.arange(columns.size)), zero, high, zero, narrow=narrow
    )
    return root
