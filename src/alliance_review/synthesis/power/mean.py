"""Power of the pooled effect: of planned or finished reviews, and what they could have found.

All on the scale of the effects (in this review Fisher z, where a study of n people has the
sampling variance ``1/(n - 3)``). Power is that of the test as planned, with tau squared taken as
known. One study is the case k = 1. Heterogeneity is in ``power.heterogeneity``, moderators in
``power.moderators``.

Sources: Hedges LV, Pigott TD (2001). The power of statistical tests in meta-analysis.
Psychological Methods 6, 203-217. Hartung J, Knapp G (2001). On tests of the overall treatment
effect in meta-analysis with normally distributed responses. Statistics in Medicine 20, 1771-1782.
"""

from __future__ import annotations

import math

from .. import checks
from ..seeds import whole_number
from .kernel import (
    finite,
    fraction,
    least_integer,
    needed_shift,
    not_negative,
    of_shift,
    plain,
    scalar,
    sides_of,
    variances,
)

TESTS = ("z", "hksj")


def power_of_mean(effect, v, *, tau2=0.0, alpha=0.05, sides=2, test="z"):
    """Power of the test that the pooled effect is 0 (Hedges & Pigott 2001).

    With se = 1 / sqrt(sum 1 / (v_i + tau2)), delta = effect / se and c the upper alpha / sides
    point of the normal law, the power of "z" is

        P(Z > c - delta), and for two sides as well P(Z < -c - delta).

    For "hksj" (Hartung & Knapp 2001) the statistic is taken as noncentral t with k - 1 degrees of
    freedom and noncentrality delta, and c from the t law: exact where all v are equal and tau
    squared is not bounded at 0, close otherwise.

    Parameters
    ----------
    effect : float or array_like
        True mean effect; an array gives a power curve.
    v : array_like, shape (k,)
        Sampling variances of the studies; k >= 1, for "hksj" k >= 2.
    tau2 : float
        Variance of true effects, 0 or more: 0 is the common-effect model.
    alpha : float
        Significance level, between 0 and 1.
    sides : {1, 2}
        A one-sided test looks for a positive effect.
    test : {"z", "hksj"}

    Returns
    -------
    float, or ndarray of the shape of ``effect``

    Raises
    ------
    ValueError
        An effect that is not finite, variances that are not positive or too few, tau2 that is not
        one number from 0 on, alpha, sides or test out of range.
    """
    df, se = _df_and_se(v, tau2, test)
    effect = finite("the effect", effect)
    return plain(of_shift(effect / se, fraction("alpha", alpha), sides, df))


def smallest_effect(v, *, tau2=0.0, power=0.8, alpha=0.05, sides=2, test="z") -> float:
    """Smallest true mean that the test finds with the stated power (Hedges & Pigott 2001).

    The inverse of ``power_of_mean``: se times the delta at which the power is reached.

    Parameters
    ----------
    v : array_like, shape (k,)
        Sampling variances of the studies; k >= 1, for "hksj" k >= 2.
    power : float
        Above alpha and below 1.
    tau2, alpha, sides, test
        As for ``power_of_mean``.

    Returns
    -------
    float
        Above 0, on the scale of the effects; for two sides the same holds below 0.

    Raises
    ------
    ValueError
        As ``power_of_mean``; a power that does not lie between alpha and 1.
    """
    df, se = _df_and_se(v, tau2, test)
    return se * needed_shift(power, alpha, sides, df)


def required_studies(
    effect: float, v: float, *, tau2=0.0, power=0.8, alpha=0.05, sides=2, test="z"
) -> int:
    """Smallest number of studies of one size that gives the power (Hedges & Pigott 2001).

    For "z" it is delta^2 (v + tau2) / effect^2, rounded up, with the delta that the power asks
    for; for "hksj", where delta depends on k, it is searched.

    Parameters
    ----------
    effect : float
        True mean effect, not 0; one-sided, above 0.
    v : float
        Sampling variance of each study; 1/(n - 3) for Fisher z.
    power : float
        Above alpha and below 1.
    tau2, alpha, sides, test
        As for ``power_of_mean``.

    Returns
    -------
    int
        From 1 on, for "hksj" from 2 on.

    Raises
    ------
    ValueError
        As ``power_of_mean``; an effect of 0 or, one-sided, below 0; a power that does not lie
        between alpha and 1; for "hksj" more than a thousand million studies.
    """
    checks.choice("test", test, TESTS)
    size, v = _sought(effect, sides), float(variances([v], 1)[0])
    per_study = v + not_negative("tau2", tau2)
    # for hksj this only refuses a power or level out of range
    shift = needed_shift(power, alpha, sides, math.inf)
    if test == "z":
        # the shift grows as the root of k; the division may round across a whole number
        return max(1, math.ceil((shift / size) ** 2 * per_study * (1 - 1e-12)))

    def enough(k: int) -> bool:
        return float(of_shift(size / math.sqrt(per_study / k), alpha, sides, k - 1)) >= power

    return least_integer(enough, 2)


def required_variance(effect: float, k: int, *, tau2=0.0, power=0.8, alpha=0.05, sides=2) -> float:
    """Largest sampling variance at which k equal studies have the power, by the normal test.

    ``k effect^2 / delta^2 - tau2``, with the delta that the power asks for: the formula of
    ``required_studies`` solved for v (Hedges & Pigott 2001).

    Parameters
    ----------
    effect : float
        True mean effect, not 0; one-sided, above 0.
    k : int
        Number of studies, 1 or more.
    power : float
        Above alpha and below 1.
    tau2, alpha, sides
        As for ``power_of_mean``.

    Returns
    -------
    float
        On the squared scale of the effect.

    Raises
    ------
    ValueError
        As ``required_studies``; k that is no whole number from 1 on. Also where no precision is
        enough: with tau2 above 0 the mean of k studies stays uncertain even if each is endless.
        The message names the number of studies needed.
    """
    size, k = _sought(effect, sides), whole_number("k", k)
    shift = needed_shift(power, alpha, sides, math.inf)
    tau2 = not_negative("tau2", tau2)
    value = k * size**2 / shift**2 - tau2
    if not value > 0:
        least = math.floor(tau2 * shift**2 / size**2) + 1
        raise ValueError(
            f"{k} studies do not reach a power of {power:g} however large they are: with tau2 = "
            f"{tau2:g} at least {least} are needed"
        )
    return value


def required_n_per_study(
    effect: float, k: int, *, tau2=0.0, power=0.8, alpha=0.05, sides=2
) -> int:  # fmt: skip
    """Smallest sample size of each of k studies of a correlation.

    ``1 / v + 3`` with the v of ``required_variance``, rounded up, because Fisher's z has the
    variance 1 / (n - 3) (Fisher 1921).

    Parameters
    ----------
    effect : float
        True mean correlation as Fisher z, not 0; one-sided, above 0.
    k, tau2, power, alpha, sides
        As for ``required_variance``.

    Returns
    -------
    int
        At least 4.

    Raises
    ------
    ValueError
        As ``required_variance``.
    """
    v = required_variance(effect, k, tau2=tau2, power=power, alpha=alpha, sides=sides)
    return max(4, math.ceil((1 / v + 3) * (1 - 1e-12)))


def _df_and_se(v, tau2, test: str) -> tuple[float, float]:
    """Degrees of freedom of the test and standard error of the mean."""
    normal = checks.choice("test", test, TESTS) == "z"
    v = variances(v, 1 if normal else 2)
    df = math.inf if normal else v.size - 1
    return df, 1 / math.sqrt((1 / (v + not_negative("tau2", tau2))).sum())


def _sought(effect, sides: int) -> float:
    size = scalar("the effect", effect)
    if size == 0 or (sides_of(sides) == 1 and size < 0):
        raise ValueError(
            f"the effect must {'not be 0' if sides == 2 else 'be above 0'}, not {effect!r}"
        )
    return abs(size)
