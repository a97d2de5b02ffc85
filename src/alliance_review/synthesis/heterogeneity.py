"""Estimators of tau squared, the variance of the true effects.

Shapes as in ``sums``: the answer is a number for one set of effects, (B,) for many.

Sources: DerSimonian & Laird (1986) for DL; Hedges & Olkin (1985) for HE; Hunter & Schmidt (1990)
for HS; Sidik & Jonkman (2005) for SJ; Paule & Mandel (1982) for PM; Morris (1983) for EB;
Viechtbauer (2005) for the comparison of all of these. ML and REML: see ``modes``.
"""

import numpy as np

from .modes import likelihood_maximum
from .roots import bracketed_newton, bracketed_newton_single
from .sums import dot, fit_mean, total

METHODS = ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")


def tau_squared(y, v, member, method: str):
    """Estimate tau squared by the named method for every set; zero where a set has one effect.

    ``y`` and ``v`` are (k,), or (k, 1) or (k, B); ``member`` is (k, B) or None.
    """
    if y.ndim == 1:
        if method in ("ML", "REML"):
            return likelihood_maximum(y, v, None, restricted=method == "REML")
        if method in ("PM", "EB"):
            return _single_q_root(y, v, y.size - 1)
        return float(tau_squared(y[:, None], v[:, None], None, method)[0])
    columns = max(a.shape[1] for a in (y, v, member) if a is not None)
    size = np.full(columns, y.shape[0]) if member is None else total(member)
    if method == "FE":
        return np.zeros(columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method in ("ML", "REML"):
            value = likelihood_maximum(y, v, member, restricted=method == "REML")
        elif method in ("PM", "EB"):
            # the empirical Bayes estimate solves the same equation, so it has the same value
            value = generalised_q_root(y, v, member, size - 1)
        else:
            value = _closed_form(y, v, member, size, method)
    if member is None and y.shape[0] > 1:
        return np.maximum(value, 0.0)
    return np.where(size > 1, np.maximum(value, 0.0), 0.0)


def _closed_form(y, v, member, size, method):
    if method in ("DL", "HS"):
        q, s0, s2 = common_effect_sums(y, v, member)
        return (q - (size - 1)) / (s0 - s2 / s0) if method == "DL" else (q - size) / s0
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


def common_effect_sums(y, v, member):
    """Q, the sum of weights and the sum of squared weights at tau squared 0, each (B,)."""
    if y.shape[1] == v.shape[1] == 1 and member is not None:
        # one product gives the sums of every set; Q is small beside none of its terms, because
        # the effects are measured from one of them
        w, z = 1 / v[:, 0], y[:, 0]
        s0, s2, sy, syy = np.stack([w, w * w, w * z, w * z * z]) @ member
        q = np.where(np.add.reduce(member, axis=0) > 1, np.maximum(syy - sy * sy / s0, 0.0), 0.0)
        return q, s0, s2
    fit = fit_mean(y, v, member, 0.0)
    return fit.q, fit.total, dot(fit.w, fit.w)


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
