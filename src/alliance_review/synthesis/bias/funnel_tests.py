"""Do small studies show larger effects? Tests of funnel asymmetry."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks
from ..distributions import ndtr
from ..results import Result
from .line import LIMIT_AT_ZERO, fit_line, measure

EXACT_UP_TO = 500  # effects; beyond, the exact p value takes long and equals the normal one


@dataclass(frozen=True, repr=False, eq=False)
class EggerTest(Result):
    """A regression of effects on a measure of how small a study is.

    Attributes
    ----------
    bias, se : float
        Coefficient of the predictor, in units of the effects per unit of the predictor, and its
        standard error. With the standard error as predictor: the intercept of Egger's regression
        of y / sqrt(v) on 1 / sqrt(v).
    statistic, df, p_value : float
        Test of no asymmetry; ``df`` is k - 2, or ``inf`` for the normal test.
    slope, slope_se, slope_low, slope_high : float
        The limit estimate: the effect of a study without sampling error, on the scale of the
        effects, with its interval (the slope of Egger's regression); ``nan`` for the predictors
        "ni" and "sqrtni", which have no such limit.
    k : int
        Number of effects.
    predictor, model, test : str
        What was asked for; ``test`` is "t" for weighted least squares.
    tau2 : float
        Variance of true effects left over; ``nan`` for weighted least squares.
    level : float
        Of both intervals.
    bias_low, bias_high : float
        Interval of ``bias``.
    """

    bias: float
    se: float
    statistic: float
    df: float
    p_value: float
    slope: float
    slope_se: float
    slope_low: float
    slope_high: float
    k: int
    predictor: str = "sei"
    model: str = "lm"
    test: str = "t"
    tau2: float = float("nan")
    level: float = 0.95
    bias_low: float = float("nan")
    bias_high: float = float("nan")

    _shown: ClassVar = (
        *("bias", "se", ("bias_low", "bias_high"), "statistic", "df", "p_value"),
        *("slope", ("slope_low", "slope_high"), "k", "predictor", "model"),
    )


def egger_test(
    y, v, *, predictor="sei", model="lm", test=None, n=None, level=0.95
) -> EggerTest:  # fmt: skip
    """Regression test of funnel asymmetry, by default Egger's (Egger et al. 1997).

    Fits y = slope + bias * predictor with weights 1 / v, or 1 / (v + tau2) for a mixed model,
    and tests bias = 0.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, k >= 3.
    predictor : {"sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"}
        Standard error (Egger et al. 1997), variance, sample size (Macaskill, Walter & Irwig
        2001), its inverse (Peters et al. 2006), and the square roots of both.
    model : {"lm"} or a tau2 method of ``pool``
        "lm": weighted least squares, variances known up to one factor (multiplicative
        heterogeneity). Otherwise a mixed-effects meta-regression with additive heterogeneity
        (Thompson & Sharp 1999; Sterne & Egger 2005).
    test : {"z", "hksj", "hksj_adhoc"}, optional
        For the mixed models, "hksj" where not given; "lm" has its t test on k - 2.
    n : array_like, shape (k,), optional
        Sample sizes, for the four predictors made from them.
    level : float
        Of the intervals of the coefficient and of the limit estimate.

    Raises
    ------
    ValueError
        k < 3, variances or sample sizes that are all equal, missing or bad sample sizes, sample
        sizes for a predictor that is not made from them, an unknown predictor, model or test.

    Notes
    -----
    Effects that do not differ at all leave a coefficient of 0 with a standard error of 0: that is
    no evidence, with a statistic of 0 and p = 1.
    """
    y, v = checks.effects(y, v, minimum=3)
    level = checks.level(level)
    line = fit_line(y, v, measure(predictor, v, n), model, test, level)
    limit = (line.estimate[0], line.se[0], line.ci_low[0], line.ci_high[0])
    if predictor not in LIMIT_AT_ZERO:
        limit = (np.nan,) * 4
    return EggerTest(
        *(float(part[1]) for part in (line.estimate, line.se, line.statistic)),
        line.df,
        float(line.p_value[1]),
        *map(float, limit),
        k=y.size,
        predictor=predictor,
        model=model,
        test=line.test,
        tau2=float(line.tau2),
        level=level,
        bias_low=float(line.ci_low[1]),
        bias_high=float(line.ci_high[1]),
    )


@dataclass(frozen=True, repr=False, eq=False)
class RankTest(Result):
    """Begg and Mazumdar's test.

    Attributes
    ----------
    tau : float
        Kendall's tau b of standardised effects and variances, between -1 and 1.
    p_value : float
        Two-sided.
    exact : bool
        Whether the p value is from the exact distribution.
    k : int
        Number of effects.
    """

    tau: float
    p_value: float
    exact: bool
    k: int

    _shown: ClassVar = ("tau", "p_value", "exact", "k")


def rank_test(y, v) -> RankTest:
    """Rank correlation of standardised effects with their variances (Begg & Mazumdar 1994).

    The effects are standardised as (y - m) / sqrt(v - 1 / sum(1 / v)) with m the common-effect
    mean. With C concordant and D discordant pairs of standardised effects and variances, n0 pairs
    in all, n1 of them tied in the one and n2 in the other,

        tau b = (C - D) / sqrt((n0 - n1) (n0 - n2))

    The p value is exact without ties (and up to 500 effects), otherwise normal with the variance
    of C - D corrected for ties and no continuity correction (Kendall 1970).

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, one scale, k >= 3.

    Raises
    ------
    ValueError
        k < 3, variances or standardised effects that are all equal, and as ``pool`` for values
        that are not finite or not positive.
    """
    y, v = checks.effects(y, v, minimum=3)
    k = y.size
    deviate = _standardised(y, 1 / v)
    upper = np.triu_indices(k, 1)
    dx, dy = (np.sign(a[:, None] - a[None, :])[upper] for a in (deviate, v))
    pairs, s = k * (k - 1) / 2, float(dx @ dy)
    tx, ty = (np.unique(a, return_counts=True)[1].astype(float) for a in (deviate, v))
    tied_x, tied_y = ((t * (t - 1)).sum() / 2 for t in (tx, ty))
    if tied_x == pairs or tied_y == pairs:
        raise ValueError("all variances or all standardised effects are equal: nothing to rank")
    tau = s / np.sqrt((pairs - tied_x) * (pairs - tied_y))
    exact = tied_x == tied_y == 0 and k <= EXACT_UP_TO
    p = _exact_kendall_p(k, s) if exact else _normal_kendall_p(k, s, tx, ty)
    return RankTest(tau=float(tau), p_value=float(p), exact=bool(exact), k=k)


def _standardised(y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Distances from the weighted mean, in units of their own standard errors.

    The variance v_i - 1 / sum(w) is v_i r_i / sum(w) with r_i the weight of the others. Where one
    effect has more than half of all weight, the mean is all but that effect itself, and its
    distance and the weight of the others are taken from the others, without cancellation.
    """
    total = w.sum()
    rest, gap = total - w, y - w @ y / total
    first = int(np.argmax(w))
    if w[first] > 0.5 * total:
        others = np.arange(w.size) != first
        rest[first] = w[others].sum()
        mean = w[others] @ y[others] / rest[first]
        gap[first] = (y[first] - mean) * (rest[first] / total)
    return gap / np.sqrt(rest / (w * total))


def _exact_kendall_p(k: int, s: float) -> float:
    """Two-sided p from the distribution of the number of discordant pairs of k! orders.

    The distribution is symmetric, so its lower half up to the smaller of the counts of
    concordant and discordant pairs is enough. Adding the m-th item adds 0 to m - 1 discordant
    pairs, each equally likely: a moving mean, taken as a difference of cumulated sums.
    """
    pairs = k * (k - 1) // 2
    discordant = round((pairs - s) / 2)
    fewer = min(discordant, pairs - discordant)
    share = np.zeros(fewer + 1)
    share[0] = 1.0
    for size in range(2, k + 1):
        total = np.cumsum(share)
        total[size:] -= total[:-size].copy()
        share = total / size
    return min(1.0, 2 * float(share.sum()))


def _normal_kendall_p(k: int, s: float, tx: np.ndarray, ty: np.ndarray) -> float:
    """Two-sided p from the normal law, with the variance of ``s`` corrected for ties.

    ``tx`` and ``ty`` are the sizes of the groups of equal values in either order (a value that
    is alone is a group of 1).
    """

    def total(power):
        return [float(power(t).sum()) for t in (tx, ty)]

    five = total(lambda t: t * (t - 1) * (2 * t + 5))
    three = total(lambda t: t * (t - 1) * (t - 2))
    two = total(lambda t: t * (t - 1))
    variance = (k * (k - 1) * (2 * k + 5) - sum(five)) / 18
    variance += three[0] * three[1] / (9 * k * (k - 1) * (k - 2))
    variance += two[0] * two[1] / (2 * k * (k - 1))
    return 2 * float(ndtr(-abs(s) / np.sqrt(variance)))
