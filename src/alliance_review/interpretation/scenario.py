"""A policy scenario: what an association could be worth, if part of it were causal."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri


@dataclass(frozen=True)
class Scenario:
    """Inputs of the scenario.

    Parameters
    ----------
    r : float
        Correlation of the relationship with outcome.
    base_rate : float
        Share of people who improve without the change, in (0, 1).
    shift : float
        How far the change moves the relationship, in standard deviations of the relationship.
    causal_share : float
        Part of the association that is an effect of the relationship, 0 (none) to 1 (all).
    extra_minutes : float
        Extra clinician minutes per person and year.
    wage : float
        Cost of a clinician hour, in any one currency.
    """

    r: float
    base_rate: float
    shift: float
    causal_share: float
    extra_minutes: float = 0.0
    wage: float = 0.0


def extra_improved(s: Scenario, per: int = 1000) -> float:
    """Extra people improved per ``per`` treated.

    Improvement is a threshold on a normal outcome: moving the relationship by ``shift`` standard
    deviations moves the outcome by ``causal_share * r * shift`` standard deviations, and the share
    above the threshold from ``base_rate`` to ``Phi(Phi^-1(base_rate) + move)``. Zero when the
    causal share is zero.

    Raises
    ------
    ValueError
        For a rate outside (0, 1), a correlation outside (-1, 1) or a share outside 0 to 1.
    """
    if not 0 < s.base_rate < 1:
        raise ValueError(f"the base rate must lie between 0 and 1, not {s.base_rate}")
    if not -1 < s.r < 1:
        raise ValueError(f"the correlation must lie between -1 and 1, not {s.r}")
    if not 0 <= s.causal_share <= 1:
        raise ValueError(f"the causal share must lie between 0 and 1, not {s.causal_share}")
    move = s.causal_share * s.r * s.shift
    return float(per * (ndtr(ndtri(s.base_rate) + move) - s.base_rate))


def cost_per_extra_improved(s: Scenario) -> float:
    """Clinician cost of one more person improved; infinite when nobody more improves."""
    gained = extra_improved(s, per=1)
    cost = s.extra_minutes / 60 * s.wage
    return float("inf") if gained <= 0 else cost / gained


def break_even_share(s: Scenario, worth: float) -> float:
    """Causal share at which the cost equals ``worth`` per extra person improved.

    May exceed 1 (returned as infinity): then no causal share pays for the time.
    """
    needed = s.extra_minutes / 60 * s.wage / worth
    if s.base_rate + needed >= 1 or s.r * s.shift <= 0:
        return float("inf")
    share = (ndtri(s.base_rate + needed) - ndtri(s.base_rate)) / (s.r * s.shift)
    return float(share) if share <= 1 else float("inf")


def median_split(r: float) -> tuple[float, float]:
    """Shares improved below and above the median relationship, when half of all improve.

    For two normal variables with correlation r the share of the upper half of one that is in the
    upper half of the other is ``1/2 + asin(r) / pi`` (Sheppard's quadrant formula [1]_). The
    binomial effect size display, ``.5 + r / 2``, answers for two variables that are halves from
    the start and would overstate this one.

    References
    ----------
    .. [1] Sheppard (1899), Philosophical Transactions A 192, 101-167
    """
    if not -1 < r < 1:
        raise ValueError(f"the correlation must lie between -1 and 1, not {r}")
    half = float(np.arcsin(r) / np.pi)
    return 0.5 - half, 0.5 + half


def d_from_p(p: float, n: int) -> float:
    """Standardised mean difference of two equal groups implied by a two-sided p value.

    ``d = 2 z / sqrt(n)`` with z the normal quantile [1]_, which stands for t when n is large;
    ignores clustering, so it is an upper reading when people are nested in clinicians.

    Parameters
    ----------
    p : float
        Two-sided p value, in (0, 1).
    n : int
        People in both groups together, at least 4.

    References
    ----------
    .. [1] Lipsey & Wilson (2001), Practical Meta-Analysis, appendix B.
    """
    if not 0 < p < 1:
        raise ValueError(f"p must lie between 0 and 1, not {p}")
    if n < 4:
        raise ValueError(f"n must be at least 4, not {n}")
    return float(2 * ndtri(1 - p / 2) / np.sqrt(n))
