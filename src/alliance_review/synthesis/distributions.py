"""Tail areas and quantiles from ``scipy.special`` (``scipy.stats`` is slow to import)."""

import numpy as np
from scipy.special import chdtrc, chdtri, log_ndtr, ndtr, ndtri, stdtr, stdtrit

__all__ = ["chi2_tail", "chi2_upper", "log_ndtr", "ndtr", "ndtri", "quantile", "two_sided_p"]


def quantile(level: float, df):
    """Half-width factor of a two-sided interval: Student's t, normal where ``df`` is infinite.

    ``nan`` where ``df`` is below 1.
    """
    upper = 0.5 + level / 2
    if np.ndim(df) == 0:
        return _one_quantile(upper, float(df))
    # the quantile of t is slow, and a thousand sets have only a few sizes
    sizes, which = np.unique(np.asarray(df, dtype=float), return_inverse=True)
    return np.array([_one_quantile(upper, size) for size in sizes])[which]


def _one_quantile(upper: float, df: float) -> float:
    if df == np.inf:
        return float(ndtri(upper))
    return float(stdtrit(df, upper)) if df >= 1 else np.nan


def two_sided_p(statistic, df):
    """Two-sided p value of a t statistic (normal where ``df`` is infinite); nan for df < 1."""
    if np.ndim(df) == 0:
        if df == np.inf:
            return 2 * ndtr(-np.abs(statistic))
        return 2 * stdtr(df, -np.abs(statistic)) if df >= 1 else np.full_like(statistic, np.nan)
    statistic, df = np.abs(np.asarray(statistic, dtype=float)), np.asarray(df, dtype=float)
    safe = np.where(np.isfinite(df) & (df >= 1), df, 1.0)
    value = 2 * np.where(np.isinf(df), ndtr(-statistic), stdtr(safe, -statistic))
    return np.where(df >= 1, value, np.nan)


def chi2_tail(value, df):
    """P(chi-square > value); 1 where there are no degrees of freedom."""
    if np.ndim(df) == 0:
        return chdtrc(df, value) if df > 0 else np.ones_like(value)
    df = np.asarray(df, dtype=float)
    return np.where(df > 0, chdtrc(np.where(df > 0, df, 1.0), value), 1.0)


def chi2_upper(probability: float, df: float) -> float:
    """The value that a chi-square variable exceeds with the given probability."""
    return float(chdtri(df, probability))
