"""The kinds of results a test of a correlation can have, and how probable each of them is."""

from collections.abc import Sequence

import numpy as np

from ...distributions import ndtr
from ..n_ranges import gauss_sizes
from ..report import Report, interval_at, n_range

#: In the order of all arrays over kinds.
CLASSES = ("significant positive", "not significant", "significant negative")
POSITIVE, NOT, NEGATIVE = range(3)


def insignificant(report: Report, n) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of what the report's own test calls not significant, at sample size(s) n.

    Infinite on the side that a one-tailed test does not look at. A number from a one-tailed test
    without a sign was tested in its own direction.
    """
    sign = report.sign
    if report.tails == 1 and not sign:
        sign = 1 if report.z >= 0 else -1
    test = Report("null", report.n, sign=sign, alpha=report.alpha, tails=report.tails)
    return interval_at(test, n)


def kind_of(z, low, high) -> np.ndarray:
    """Place in ``CLASSES`` of observed values, given the bounds of ``insignificant``."""
    return np.where(z >= high, POSITIVE, np.where(z <= low, NEGATIVE, NOT))


def observed_class(report: Report) -> int:
    """Place in ``CLASSES`` of what a report says; -1 where it says a direction alone.

    A number with a range of n is of the kind that most of the sizes make it.
    """
    if report.form == "sign":
        return -1
    if report.form == "null":
        return NOT
    if report.form == "significant":
        return POSITIVE if report.sign == 1 else NEGATIVE
    n, share = gauss_sizes(*n_range(report))
    kinds = kind_of(report.z, *insignificant(report, n))
    return int(np.bincount(kinds, weights=share, minlength=3).argmax())


def probabilities(low, high, v, mean, t) -> np.ndarray:
    """Probability of each kind, (3, ...), for arrays of bounds, variances, means and t."""
    s = np.sqrt(v + t)
    a, b = (low - mean) / s, (high - mean) / s
    # taken in the lower tail, where small differences keep their digits
    between = np.where(a > 0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
    return np.stack([ndtr(-b), between, ndtr(a)])


def class_probability(reports: Sequence[Report], mean: float, t: float) -> np.ndarray:
    """Probability of each kind of result for every report, shape (k, 3), at mean and t = tau**2."""
    out = np.empty((len(reports), 3))
    for i, report in enumerate(reports):
        n, share = gauss_sizes(*n_range(report))
        out[i] = probabilities(*insignificant(report, n), 1 / (n - 3), mean, t) @ share
    return out


def place_in_kind(z, low, high, v, mean, t) -> np.ndarray:
    """Probability of a value nearer to 0 (significant) or lower (not) among values of one kind.

    Uniform between 0 and 1 under the model; arrays of one shape.
    """
    s = np.sqrt(v + t)
    at, a, b = (z - mean) / s, (low - mean) / s, (high - mean) / s
    with np.errstate(divide="ignore", invalid="ignore"):
        above = 1 - ndtr(-np.maximum(at, b)) / ndtr(-b)
        below = 1 - ndtr(np.minimum(at, a)) / ndtr(a)
        between = (ndtr(np.clip(at, a, b)) - ndtr(a)) / (ndtr(b) - ndtr(a))
    return np.choose(kind_of(z, low, high), [above, between, below])


def count_distribution(probability) -> np.ndarray:
    """Distribution of the number of independent events of unequal probability, (k + 1,)."""
    share = np.ones(1)
    for p in probability:
        share = np.append(share * (1 - p), 0.0) + np.append(0.0, share * p)
    return share


def count_p(observed: int, probability) -> float:
    """Two-sided exact p value of a count: all counts that are no more probable, together."""
    share = count_distribution(probability)
    return float(min(1.0, share[share <= share[observed] * (1 + 1e-9)].sum()))
