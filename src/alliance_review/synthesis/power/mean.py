"""Power of the pooled effect: of planned or finished reviews, and what they could have found.

All on the scale of the effects (in this review Fisher z, where a study of n people has the
sampling variance ``1/(n - 3)``). Power is that of the test as planned, with tau squared taken as
known. One study is the case k = 1; sample sizes of single new studies and trials are planned in
``interpretation.planning``, heterogeneity and moderators in ``power.heterogeneity``.

Source: Hedges LV, Pigott TD (2001). The power of statistical tests in meta-analysis.
Psychological Methods 6, 203-217.
"""

from __future__ import annotations

import math

from .. import checks
from .kernel import (
    finite,
    fraction,
    least_integer,
    needed_shift,
    not_negative,
    of_shift,
    plain,
    sides_of,
    variances,
)

TESTS = ("z", "hksj")


def power_of_mean(effect, v, *, tau2=0.0, alpha=0.05, sides=2, test="z"):
    """Power of the test that the pooled effect is 0.

    The standard error is ``1 / sqrt(sum 1/(v_i + tau2))``. For "z" the power is that of a normal
    test whose statistic is centred at effect / se (both tails counted). For "hksj" the
    statistic is taken as noncentral t with k - 1 degrees of freedom: exact where all v are equal
    and tau squared is not bounded at 0, close otherwise.

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
        Variances that are not positive, tau2 below 0, alpha, sides or test out of range.
    """
    v = variances(v, 2 if test == "hksj" else 1)
    effect = finite("the effect", effect)
    se = 1 / math.sqrt((1 / (v + not_negative("tau2", tau2))).sum())
    return plain(of_shift(effect / se, fraction("alpha", alpha), sides, _df(test, v.size)))


def smallest_effect(v, *, tau2=0.0, power=0.8, alpha=0.05, sides=2, test="z") -> float:
    """Smallest true mean that the test finds with the stated power; inverse of ``power_of_mean``.

    Parameters as there; ``power`` above alpha and below 1.
    """
    v = variances(v, 2 if test == "hksj" else 1)
    se = 1 / math.sqrt((1 / (v + not_negative("tau2", tau2))).sum())
    return se * needed_shift(power, alpha, sides, _df(test, v.size))


def required_studies(
    effect: float, v: float, *, tau2=0.0, power=0.8, alpha=0.05, sides=2, test="z"
) -> int:
    """Smallest number of studies, each with sampling variance ``v``, that gives the power.

    Parameters
    ----------
    effect : float
        True mean effect, not 0; one-sided, above 0.
    v : float
        Sampling variance of a typical study; 1/(n - 3) for Fisher z.
    tau2, power, alpha, sides, test
        As in :func:`power_of_mean`.
    """
    size, v = _sought(effect, sides), float(variances([v], 1)[0])
    per_study = v + not_negative("tau2", tau2)
    if test == "z":
        # the shift grows as the root of k; the division may round across a whole number
        k = (needed_shift(power, alpha, sides, math.inf) / size) ** 2 * per_study
        return max(1, math.ceil(k * (1 - 1e-12)))
    needed_shift(power, alpha, sides, math.inf)  # refuses a power or level out of range

    def enough(k: int) -> bool:
        shift = size / math.sqrt(per_study / k)
        return float(of_shift(shift, alpha, sides, _df(test, k))) >= power

    return least_integer(enough, 2)


def required_variance(effect: float, k: int, *, tau2=0.0, power=0.8, alpha=0.05, sides=2) -> float:
    """Largest sampling variance at which k equal studies have the power, by the normal test.

    ``k effect^2 / shift^2 - tau2``, where ``shift`` is the effect in standard errors that the
    power asks for.

    Raises
    ------
    ValueError
        Also where no precision is enough: with tau2 above 0 the mean of k studies stays
        uncertain even if each is endless. The message names the number of studies needed.
    """
    size, k = _sought(effect, sides), _count("k", k)
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


def required_n_per_study(effect: float, k: int, **options) -> int:
    """Smallest sample size of each of k studies of a correlation; at least 4.

    ``1/v + 3`` of :func:`required_variance`, rounded up; ``effect`` is a Fisher z.
    """
    return max(4, math.ceil((1 / required_variance(effect, k, **options) + 3) * (1 - 1e-12)))


def _df(test: str, k: int) -> float:
    return math.inf if checks.choice("test", test, TESTS) == "z" else k - 1


def _count(name: str, value) -> int:
    if value != int(value) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1, not {value!r}")
    return int(value)


def _sought(effect, sides: int) -> float:
    size = float(finite("the effect", effect))
    if size == 0 or (sides_of(sides) == 1 and size < 0):
        raise ValueError(
            f"the effect must {'not be 0' if sides == 2 else 'be above 0'}, not {effect!r}"
        )
    return abs(size)
