"""Profile-likelihood intervals of the two variances of a three-level model."""

import numpy as np

from .. import checks
from ..distributions import chi2_upper
from ..roots import bracketed_newton
from .maximum import profile
from .model import Model, fitted
from .result import VarianceIntervals


def variance_intervals(
    y, v, cluster, *, X=None, intercept=True, rho=0.0, method="REML", level=0.95
) -> VarianceIntervals:
    """Profile-likelihood intervals of the variances between and within clusters.

    An interval holds every value of the variance at which the likelihood, highest over the other
    variance, falls short of the maximum by no more than half the chi-square quantile with 1
    degree of freedom; where those values are in two pieces, it spans both. A lower limit of 0
    means that the variance may be 0.

    Parameters
    ----------
    y, v, cluster, X, intercept, rho, method
        As in ``three_level``.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    ValueError
        What ``three_level`` refuses.

    Notes
    -----
    Sources: Hardy & Thompson (1996) and Viechtbauer (2007) for the profile likelihood in meta-
    analysis.
    """
    level = checks.level(level)
    model = fitted(y, v, cluster, X, None, intercept, rho, method)
    floor = float(model.best.points.value[0]) - 0.5 * chi2_upper(1 - level, 1)
    between, inside = model.best.tau2[0].tolist()
    return VarianceIntervals(between, *_limits(model, 0, floor), inside, *_limits(model, 1, floor),
                             level, method)  # fmt: skip


def _limits(model: Model, which: int, floor: float) -> tuple[float, float]:
    """Lowest and highest value of one variance whose profile reaches ``floor``."""

    def excess(values):
        value, slope = profile(model.data, model.view, which, values)
        return value - floor, slope

    best = float(model.best.tau2[0, which])
    values = np.append(model.view.within if which else model.view.between, best)
    height = excess(values)[0]
    height[-1] = np.inf  # the maximum itself, whatever the rounding
    while height[values.argmax()] >= 0:
        values = np.append(values, 4 * values.max())
        height = np.append(height, excess(values[-1:])[0])
    order = np.argsort(values, kind="stable")
    values, inside = values[order], np.flatnonzero(height[order] >= 0)
    first, last = int(inside[0]), int(inside[-1])
    # the lower end is read from high to low, so that both fall through zero outwards
    sign = np.array([1.0] if first == 0 else [1.0, -1.0])
    near, far = values[[last, first]][: sign.size], values[[last + 1, first - 1]][: sign.size]

    def outwards(x):
        value, slope = excess(sign * x)
        return value, sign * slope

    ends = (sign * near, sign * far)
    root = sign * bracketed_newton(outwards, *ends, 0.5 * (ends[0] + ends[1]), relative=1e-10)
    return (0.0 if first == 0 else float(root[1])), float(root[0])
