"""Likelihoods of tau squared in a meta-regression, and their global maximum, for many at once.

Sources: Harville (1977) for the restricted likelihood with covariates; Raudenbush (2009) and
Viechtbauer (2005) for its use in meta-analysis. The derivatives are exact. The mean alone has
its own, faster code in ``modes``; see ``projection`` for why there are two. The grid is the same.
"""

import numpy as np

from ..modes import grid_steps
from ..roots import bracketed_newton
from ..sums import dot
from .projection import Columns, project, weights


def log_likelihood(data: Columns, tau2, *, restricted: bool):
    """Profile log-likelihood of tau squared, shape (B,), the coefficients at their best values.

    Normal constants included. The restricted form includes the design's own term,
    0.5 log det X'X, where the design is orthonormal (``projection.columns`` makes it so).
    """
    fit = project(data, weights(data, tau2))
    logs = np.log(np.where(fit.w > 0, fit.w, 1.0)).sum(axis=0)
    value = 0.5 * (logs - fit.q - data.size * np.log(2 * np.pi))
    if restricted:
        value = value - 0.5 * (fit.log_det - len(data.design) * np.log(2 * np.pi))
    return value


def score(data: Columns, tau2, *, restricted: bool, slope: bool = True):
    """Twice the derivative of ``log_likelihood`` in tau squared, and its own derivative.

    With P the residual-making matrix W - WX (X'WX)^-1 X'W these are y'PPy - tr P and
    -2 y'PPPy + tr PP; for ML, W stands in the traces. ``slope`` False leaves the second out.
    """
    fit = project(data, weights(data, tau2))
    w, basis, h = fit.w, fit.basis, fit.leverage
    weighted = w * fit.scaled
    trace = (w * (1 - h)).sum(axis=0) if restricted else w.sum(axis=0)
    value = dot(weighted, fit.scaled) - trace
    if not slope:
        return value, None
    change = -2 * dot(weighted, weighted)
    for q in basis:
        change = change + 2 * dot(q, weighted) ** 2
    w2 = w * w
    if not restricted:
        return value, change + w2.sum(axis=0)
    change = change + (w2 * (1 - 2 * h)).sum(axis=0)
    for i, q in enumerate(basis):
        wq = w * q
        change = change + dot(wq, q) ** 2
        for other in basis[:i]:
            change = change + 2 * dot(wq, other) ** 2
    return value, change


def grid(data: Columns):
    """Values of tau squared that part the modes of the likelihood, shape (points, B) or, where
    all regressions share their variances, (points, 1).

    Steps as in ``modes.grid``, from tau2 = 0 to a value beyond which neither score is positive.
    With s2 the mean squared residual of the unweighted regression, y'PPy <= max(w)**2 (k - p) s2
    while tr P >= (k - p) min(w): so the bound is that of ``modes.upper_limit``.
    """
    v = data.v if data.member is None else np.where(data.member > 0, data.v, np.nan)
    largest, smallest = np.nanmax(v, axis=0), np.nanmin(v, axis=0)
    s2 = project(data, data.present).q / np.maximum(data.size - len(data.design), 1)
    upper = 0.5 * (s2 + np.sqrt(s2 * s2 + 4 * s2 * largest))
    # a collinear design has no residuals, and no likelihood to search
    reach = float(np.fmax.reduce(upper / smallest, initial=0.0))
    return grid_steps(reach)[:, None] * smallest


def likelihood_maximum(data: Columns, *, restricted: bool) -> np.ndarray:
    """Global maximum of the likelihood over tau squared >= 0, shape (B,).

    A fall of the score from positive to negative between two grid points brackets a mode; zero
    is a mode where the score starts out negative. Every mode is found, and the highest wins.
    """
    tau2 = grid(data)
    tau2 = np.broadcast_to(tau2, (len(tau2), data.count))
    if data.count == 1:  # a single regression: the whole grid in one call
        scores = score(data, tau2[:, 0], restricted=restricted, slope=False)[0][:, None]
    else:
        rows = [score(data, t, restricted=restricted, slope=False)[0] for t in tau2]
        scores = np.stack(rows)
    falls = (scores[:-1] > 0) & (scores[1:] <= 0)
    count = falls.sum(axis=0)
    best = np.where(np.isnan(scores[0]), np.nan, np.zeros(data.count))
    best_value = np.full(data.count, -np.inf)
    # only where there are two modes, one of them perhaps at zero, must heights be compared
    rival = count + (scores[0] <= 0) > 1
    at_zero = np.flatnonzero(rival & (scores[0] <= 0))
    if at_zero.size:
        best_value[at_zero] = log_likelihood(data.take(at_zero), 0.0, restricted=restricted)
    for order in range(int(count.max(initial=0))):
        # the first mode of every regression in one go, then the second of the few that have two
        which = np.flatnonzero(count > order)
        row = (np.cumsum(falls[:, which], axis=0) > order).argmax(axis=0)
        root = _root(data.take(which), tau2, scores, row, which, restricted)
        best[which[~rival[which]]] = root[~rival[which]]
        which, root = which[rival[which]], root[rival[which]]
        if which.size:
            value = log_likelihood(data.take(which), root, restricted=restricted)
            better = value > best_value[which]
            best[which[better]], best_value[which[better]] = root[better], value[better]
    return best


def _root(data, tau2, scores, row, which, restricted):
    low, high = tau2[row, which], tau2[row + 1, which]
    at_low, at_high = scores[row, which], scores[row + 1, which]
    start = low + (high - low) * at_low / (at_low - at_high)  # where a straight line is zero

    def narrow(left):
        part = data.take(left)
        return lambda t: score(part, t, restricted=restricted)

    return bracketed_newton(narrow(np.arange(low.size)), low, high, start, narrow=narrow)
