"""Estimators of tau squared, the variance of the true effects.

Everything works on columns: ``y`` and ``v`` have shape (k, 1) or (k, B), ``member`` (k, B) says
with 1 and 0 which effects belong to which of B sets, and the answer has shape (B,). One meta-
analysis is the case B = 1. Effects absent from a set get weight 0.

Sources: DerSimonian & Laird (1986) for DL; Hedges & Olkin (1985) for HE; Hunter & Schmidt (1990)
for HS; Sidik & Jonkman (2005) for SJ; Paule & Mandel (1982) for PM; Morris (1983) for EB;
Viechtbauer (2005) for the comparison of all of these and for the ML and REML score functions.
"""

from typing import NamedTuple

import numpy as np

from .roots import bracketed_newton

METHODS = ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")

GRID_POINTS = 40


class Fit(NamedTuple):
    """Sums at a given tau squared: weights (k, B); the rest (B,)."""

    w: np.ndarray
    total: np.ndarray  # sum of weights
    mean: np.ndarray
    residual: np.ndarray  # (k, B)
    q: np.ndarray  # generalised Q: weighted sum of squared residuals


def fit_mean(y, v, member, tau2) -> Fit:
    """Weighted mean at the given tau squared, shape (B,), by inverse-variance weights."""
    w = member / (v + tau2)
    total = w.sum(axis=0)
    mean = (w * y).sum(axis=0) / total
    residual = y - mean
    return Fit(w, total, mean, residual, (w * residual * residual).sum(axis=0))


def tau_squared(y, v, member, method: str) -> np.ndarray:
    """Estimate tau squared by the named method for every set; zero where a set has one effect."""
    size = member.sum(axis=0)
    zero = np.zeros(size.shape)
    if method == "FE":
        return zero
    with np.errstate(divide="ignore", invalid="ignore"):
        if method in ("ML", "REML"):
            value = _likelihood_maximum(y, v, member, restricted=method == "REML")
        elif method in ("PM", "EB"):
            # the empirical Bayes estimate solves the same equation, so it has the same value
            value = generalised_q_root(y, v, member, size - 1)
        else:
            value = _closed_form(y, v, member, method)
    return np.where(size > 1, np.maximum(value, 0.0), zero)


def _closed_form(y, v, member, method):
    size = member.sum(axis=0)
    fixed = fit_mean(y, v, member, 0.0)
    if method == "DL":
        return (fixed.q - (size - 1)) / (fixed.total - (fixed.w**2).sum(axis=0) / fixed.total)
    if method == "HS":
        return (fixed.q - size) / fixed.total
    centred = member * (y - (member * y).sum(axis=0) / size)
    squares = (centred**2).sum(axis=0)
    if method == "HE":
        return squares / (size - 1) - (member * v).sum(axis=0) / size
    start = squares / size  # SJ: a first guess that is never zero unless all effects are equal
    weight = member * (start / (start + v))
    mean = (weight * y).sum(axis=0) / weight.sum(axis=0)
    value = (weight * (y - mean) ** 2).sum(axis=0) / (size - 1)
    return np.where(start > 0, value, 0.0)


def upper_limit(y, v, member):
    """A tau squared above which neither likelihood can rise, shape (B,).

    With every weight between 1/(t + max v) and 1/t and every residual at most the range R of the
    effects, the ML and REML scores are negative for all t above max(max v, 4 R**2).
    """
    present = member > 0
    spread = np.where(present, y, -np.inf).max(axis=0) - np.where(present, y, np.inf).min(axis=0)
    return np.maximum(np.where(present, v, 0.0).max(axis=0), 4 * spread**2)


def log_likelihood(y, v, member, tau2, *, restricted: bool):
    """Profile log-likelihood of tau squared, shape (B,), the mean at its best value.

    Normal constants included; the restricted form leaves out 0.5 log k (the design's own term).
    """
    fit = fit_mean(y, v, member, tau2)
    size = member.sum(axis=0)
    logs = np.log(np.where(member > 0, v + tau2, 1.0)).sum(axis=0)
    value = -0.5 * (logs + fit.q + size * np.log(2 * np.pi))
    if restricted:
        value = value - 0.5 * (np.log(fit.total) - np.log(2 * np.pi))
    return value


def score(y, v, member, tau2, *, restricted: bool):
    """Twice the derivative of ``log_likelihood`` in tau squared, and its own derivative."""
    fit = fit_mean(y, v, member, tau2)
    u = fit.w * fit.residual
    w2 = fit.w * fit.w
    s2 = w2.sum(axis=0)
    wu = fit.w * u
    slope = -2 * ((wu * u).sum(axis=0) - wu.sum(axis=0) ** 2 / fit.total)
    if not restricted:
        return (u * u).sum(axis=0) - fit.total, slope + s2
    h = s2 / fit.total
    s3 = (w2 * fit.w).sum(axis=0)
    return (u * u).sum(axis=0) - (fit.total - h), slope + s2 - 2 * s3 / fit.total + h * h


def grid(y, v, member, points: int = GRID_POINTS):
    """Values of tau squared from 0 to ``upper_limit``, dense on the log scale: (points, B).

    Below 3 % of the smallest variance the weights hardly move, so the grid may start there.
    """
    first = 0.03 * np.where(member > 0, v, np.inf).min(axis=0)
    return np.concatenate(
        [np.zeros((1, first.size)), np.geomspace(first, upper_limit(y, v, member), points - 1)]
    )


def _likelihood_maximum(y, v, member, *, restricted):
    """Global maximum of the likelihood over tau squared >= 0.

    The likelihood can have two modes, on real data too. A fall of the score from positive to
    negative between two grid points brackets a mode; zero is a mode where the score starts out
    negative. Every mode is found, and the highest wins.
    """
    tau2 = grid(y, v, member)
    if tau2.shape[1] == 1:  # a single set: the whole grid in one call
        scores = score(y, v, member, tau2[:, 0], restricted=restricted)[0][:, None]
    else:
        scores = np.stack([score(y, v, member, t, restricted=restricted)[0] for t in tau2])
    falls = (scores[:-1] > 0) & (scores[1:] <= 0)
    best = np.zeros(tau2.shape[1])
    best_value = log_likelihood(y, v, member, best, restricted=restricted)
    best_value = np.where(scores[0] <= 0, best_value, -np.inf)
    for order in range(int(falls.sum(axis=0).max(initial=0))):
        # the first mode of every set in one go, then the second of the few sets that have two
        columns = np.flatnonzero(falls.sum(axis=0) > order)
        row = (np.cumsum(falls[:, columns], axis=0) > order).argmax(axis=0)
        yc, vc, mc = (a if a.shape[1] == 1 else a[:, columns] for a in (y, v, member))
        low, high = tau2[row, columns], tau2[row + 1, columns]
        root = bracketed_newton(
            lambda t, yc=yc, vc=vc, mc=mc: score(yc, vc, mc, t, restricted=restricted),
            low,
            high,
            0.5 * (low + high),
        )
        value = log_likelihood(yc, vc, mc, root, restricted=restricted)
        better = value > best_value[columns]
        best[columns[better]], best_value[columns[better]] = root[better], value[better]
    return best


def generalised_q_root(y, v, member, target):
    """The tau squared at which the generalised Q equals ``target``; 0 where Q(0) is below it.

    Q falls steadily as tau squared grows (Viechtbauer 2007), so the root is unique.
    """
    target = np.broadcast_to(np.asarray(target, dtype=float), member.shape[1:])
    present = member > 0
    spread = np.where(present, y, -np.inf).max(axis=0) - np.where(present, y, np.inf).min(axis=0)
    # every residual is at most the spread, so Q(t) <= k spread**2 / t
    high = member.sum(axis=0) * spread**2 / np.where(target > 0, target, np.nan)

    def function(tau2):
        fit = fit_mean(y, v, member, tau2)
        return fit.q - target, -((fit.w * fit.residual) ** 2).sum(axis=0)

    positive = function(np.zeros(high.shape))[0] > 0
    high = np.where(positive & np.isfinite(high), high, 0.0)
    return bracketed_newton(function, np.zeros(high.shape), high, np.zeros(high.shape))
