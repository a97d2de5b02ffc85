"""How large a study has to be, and which report would tell most if its number were known."""

import math

import numpy as np
from scipy.special import ndtr, ndtri


def _quantiles(power: float, alpha: float) -> float:
    """Sum of the normal quantiles of a two-sided test at ``alpha`` with ``power``."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    if not alpha / 2 < power < 1:
        raise ValueError(f"power must lie between alpha / 2 and 1, not {power}")
    return float(ndtri(1 - alpha / 2) + ndtri(power))


def required_n(r: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Smallest sample in which a two-sided test of a correlation has the stated power.

    ``n = ((z[1 - alpha/2] + z[power]) / atanh(r))**2 + 3``, rounded up: Fisher's z is near normal
    with variance ``1/(n - 3)`` [1]_. The chance of a significant result in the wrong direction is
    left out; it is below 1e-5 from a power of .5 on.

    Parameters
    ----------
    r : float
        Correlation to be detected, in (-1, 1) and not 0; its sign does not matter.
    power, alpha : float
        Power, above ``alpha / 2``, and two-sided level of the test.

    Returns
    -------
    int
        At least 4.

    Raises
    ------
    ValueError
        For a correlation of 0 or outside (-1, 1), or a power or level out of range.

    References
    ----------
    .. [1] Fisher (1921), On the "probable error" of a coefficient of correlation deduced from a
       small sample, Metron 1, 3-32.

    Examples
    --------
    >>> required_n(0.3), required_n(0.3, power=0.9)
    (85, 113)
    """
    if not -1 < r < 1 or r == 0:
        raise ValueError(f"the correlation must lie between -1 and 1 and not be 0, not {r}")
    return max(4, math.ceil((_quantiles(power, alpha) / math.atanh(r)) ** 2 + 3))


def power_of(r: float, n: int, *, alpha: float = 0.05) -> float:
    """Power of a two-sided test of a correlation in a sample of ``n`` (both tails counted).

    The inverse of :func:`required_n`; ``n`` at least 4.
    """
    if n < 4:
        raise ValueError(f"n must be at least 4, not {n}")
    if not -1 < r < 1:
        raise ValueError(f"the correlation must lie between -1 and 1, not {r}")
    limit, shift = ndtri(1 - alpha / 2), math.atanh(r) * math.sqrt(n - 3)
    return float(ndtr(shift - limit) + ndtr(-shift - limit))


def design_effect(cluster_size: float, icc: float) -> float:
    """Factor by which clustering raises the sample a trial needs: ``1 + (m - 1) icc`` [1]_.

    Parameters
    ----------
    cluster_size : float
        Patients per prescriber, at least 1.
    icc : float
        Share of the variance of the outcome that lies between prescribers, 0 to 1.

    References
    ----------
    .. [1] Donner, Birkett & Buck (1981), Randomization by cluster: sample size requirements and
       analysis, American Journal of Epidemiology 114, 906-914.
    """
    if cluster_size < 1:
        raise ValueError(f"a cluster holds at least one patient, not {cluster_size}")
    if not 0 <= icc <= 1:
        raise ValueError(f"the intraclass correlation must lie between 0 and 1, not {icc}")
    return 1 + (cluster_size - 1) * icc


def required_trial(
    d: float, *, power: float = 0.8, alpha: float = 0.05, inflation: float = 1.0
) -> int:
    """Patients in all for a trial of two equal arms to detect a standardised difference ``d``.

    ``2 * ceil(2 * ((z[1 - alpha/2] + z[power]) / d)**2 * inflation)``, the normal approximation;
    ``inflation`` is a design effect. In a two-by-two factorial the same number serves each main
    effect, and an interaction as large as ``d`` needs four times as many [1]_.

    References
    ----------
    .. [1] Brookes et al. (2004), Journal of Clinical Epidemiology 57, 229-236,
       doi:10.1016/j.jclinepi.2003.08.009
    """
    if d == 0 or not math.isfinite(d):
        raise ValueError(f"the difference must be finite and not 0, not {d}")
    if inflation < 1:
        raise ValueError(f"a design effect is at least 1, not {inflation}")
    return 2 * math.ceil(2 * (_quantiles(power, alpha) / d) ** 2 * inflation)


def information_gain(n: float, tau: float, weight: float, information: float) -> float:
    """What the number behind a worded report would add, as a share of what is known now.

    A number from ``n`` people carries information ``1 / (1/(n - 3) + tau**2)`` about the mean; the
    words carry ``weight * information``. The gain is their difference over ``information``, never
    below 0. All on Fisher z.

    Parameters
    ----------
    n : float
        Sample size, above 3 (the middle of a stated range where none was printed).
    tau : float
        Standard deviation of true effects, 0 or more.
    weight : float
        The report's present share of the information, 0 to 1.
    information : float
        Information of the whole pool: one over the squared standard error of the mean.
    """
    if n <= 3:
        raise ValueError(f"n must be above 3, not {n}")
    if information <= 0:
        raise ValueError(f"the information of the pool must be above 0, not {information}")
    number = 1 / (1 / (n - 3) + tau**2)
    return float(np.maximum(0.0, number - weight * information) / information)
