"""Estimators of tau squared in a meta-regression, for one regression or many at once.

Sources: DerSimonian & Laird (1986) and Raudenbush (2009) for DL with moderators; Hedges & Olkin
(1985) for HE; Hunter & Schmidt (1990) for HS; Sidik & Jonkman (2005) for SJ; Paule & Mandel (1982)
for PM; Morris (1983) for EB; Viechtbauer et al. (2015), who compare all of them with moderators.

The mean alone has its own, faster code in ``heterogeneity``; see ``projection`` for why.
"""

import numpy as np

from ..heterogeneity import METHODS, tau_squared
from ..roots import bracketed_newton
from ..sums import dot
from .likelihood import likelihood_maximum
from .projection import Columns, columns, project, weights

CHUNK = 1 << 16  # numbers per array: what a processor cache holds


def tau_squared_regression(y, v, design, method: str, *, member=None) -> np.ndarray:
    """Estimate tau squared of a meta-regression, for B regressions at once.

    Parameters
    ----------
    y, v : ndarray, shape (k,) or (k, B)
        Effects and their sampling variances.
    design : ndarray, shape (k, p) or (B, k, p)
        Moderators, the column of ones included.
    method : {"FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        ML and REML are the global maximum over tau2 >= 0.
    member : ndarray of 0 and 1, shape (k, B), optional
        Which effects belong to which regression; all of them where not given.

    Returns
    -------
    ndarray, shape (B,)
        Never negative; 0 where a regression has no more effects than coefficients; nan where
        its design is collinear.

    Raises
    ------
    ValueError
        An unknown method.

    Notes
    -----
    Nine digits are kept where the variances lie within a factor of 1e6 of one another: beside one
    far smaller, 1 - h of its leverage h and its residual are differences without digits. For
    the mean alone ``tau_squared_single`` avoids both.
    """
    if method not in METHODS:
        raise ValueError(f"tau2 must be one of {', '.join(METHODS)}, not {method!r}")
    return estimate_columns(columns(y, v, design, member), method)


def mean_alone(design) -> bool:
    """Whether the design (k, p) is a column of ones."""
    return design.shape[1] == 1 and bool((design == 1).all())


def tau_squared_single(y, v, design, method: str) -> float:
    """Tau squared of one regression; that of ``pool`` where the design is a column of ones."""
    if mean_alone(design):
        return float(tau_squared(y - y[0], v, None, method))
    return float(tau_squared_regression(y, v, design, method)[0])


def estimate_columns(data: Columns, method: str) -> np.ndarray:
    """``tau_squared_regression`` of columns made already, in chunks that fit a cache."""
    value = np.zeros(data.count)
    if method == "FE":
        return value
    step = max(1, CHUNK // data.y.shape[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, value.size, step):
            part = slice(start, start + step)
            value[part] = _estimate(data.take(part), method)
    return value


def _estimate(data: Columns, method):
    df = data.size - len(data.design)
    if method in ("ML", "REML"):
        value = likelihood_maximum(data, restricted=method == "REML")
    elif method in ("PM", "EB"):
        # the empirical Bayes estimate solves the same equation, so it has the same value
        value = generalised_q_root(data, df)
    else:
        value = _closed_form(data, df, method)
    return np.where(df > 0, np.where(value < 0, 0.0, value), 0.0)


def _closed_form(data, df, method):
    present = data.present
    if method == "HE":
        fit = project(data, present)
        return (fit.q - dot(data.v * present, 1 - fit.leverage)) / df
    if method == "SJ":  # a first guess that is never zero unless all effects are equal
        mean = (present * data.y).sum(axis=0) / present.sum(axis=0)
        first = (present * (data.y - mean) ** 2).sum(axis=0) / data.size
        return np.where(first > 0, project(data, present * first / (first + data.v)).q / df, 0.0)
    fit = project(data, weights(data, 0.0))
    if method == "HS":
        return (fit.q - data.size) / fit.w.sum(axis=0)
    return (fit.q - df) / (fit.w * (1 - fit.leverage)).sum(axis=0)


def generalised_q_root(data: Columns, target) -> np.ndarray:
    """The tau squared at which the weighted residual sum of squares equals ``target``, (B,).

    0 where it is smaller at tau squared 0 already; it falls steadily, so the root is unique.
    """
    target = np.broadcast_to(target, data.count)

    def narrow(left):
        part, wanted = data.take(left), target[left]

        def function(tau2):
            fit = project(part, weights(part, tau2))
            return fit.q - wanted, -dot(fit.w * fit.scaled, fit.scaled)

        return function

    every = narrow(np.arange(data.count))
    at_zero = every(np.zeros(data.count))[0]
    # the sum of squares is at most RSS / tau2 with RSS of the unweighted regression
    high = np.where(at_zero > 0, 1.01 * project(data, data.present).q / target, 0.0)
    root = bracketed_newton(every, 0 * high, high, 0 * high, narrow=narrow)
    return np.where(np.isnan(at_zero), np.nan, root)
