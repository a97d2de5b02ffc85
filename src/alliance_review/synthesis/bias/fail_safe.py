"""How many unpublished null results it would take to undo a pooled effect."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks
from ..distributions import ndtr, ndtri
from ..results import Result

KINDS = ("rosenthal", "orwin", "rosenberg")


@dataclass(frozen=True, repr=False, eq=False)
class FailSafeN(Result):
    """A fail-safe number.

    Attributes
    ----------
    number : int
        Studies with no effect that would be needed; 0 where the result is already undone.
    unrounded : float
        The same before rounding up; below 0 where the result is already undone.
    kind : str
    p_value : float
        Of the pooled test before any study is added; ``nan`` for Orwin's number.
    mean : float
        The mean effect that is undone, on the scale of the effects; ``nan`` for Rosenthal's.
    target : float
        Orwin's smallest effect worth having; ``nan`` otherwise.
    alpha : float
        Level of the test that is undone; ``nan`` for Orwin's number.
    k : int
        Number of effects.
    weighted : bool
        Whether the mean is weighted by precision.
    """

    number: int
    unrounded: float
    kind: str
    p_value: float
    mean: float
    target: float
    alpha: float
    k: int
    weighted: bool

    _shown: ClassVar = ("number", "kind", "p_value", "mean", "target", "k")


def fail_safe_n(
    y, v, kind="rosenthal", *, alpha=0.05, target=None, weighted=None
) -> FailSafeN:  # fmt: skip
    """Fail-safe number.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, k >= 2.
    kind : {"rosenthal", "orwin", "rosenberg"}
        "rosenthal" (1979): studies with a z value of 0 that raise Stouffer's combined one-sided
        p value, in the direction of the effects, to ``alpha``: (sum z)**2 / z_alpha**2 - k with
        z = y / sqrt(v). "orwin" (1983): studies with an effect of 0 that reduce the mean effect m
        to ``target`` t: k (m - t) / t. "rosenberg" (2005): studies with an effect of 0 and the
        average weight that raise the two-sided p value of the common-effect mean to ``alpha``:
        k (z / z_(alpha/2))**2 - k.
    alpha : float
        For "rosenthal" (one-sided) and "rosenberg" (two-sided).
    target : float, optional
        For "orwin", on the scale of the effects and with the sign of the mean; half the mean
        where not given, which makes the number k.
    weighted : bool, optional
        For "orwin": the mean weighted by 1 / v, and added studies of the average weight. Not
        given means the plain mean, as Orwin wrote it.

    Raises
    ------
    ValueError
        As ``pool``; an unknown kind, ``target`` or ``weighted`` where they do not apply, a target
        that is 0 or has the other sign than the mean (no number of null studies reaches it).
    """
    y, v = checks.effects(y, v)
    checks.choice("kind", kind, KINDS)
    if kind != "orwin" and not (target is None and weighted is None):
        raise ValueError(f"target and weighted are for the number of orwin, not of {kind}")
    alpha = _alpha(alpha)
    k, w = y.size, 1 / v
    if kind == "orwin":
        weighted = bool(weighted)
        mean = float(w @ y / w.sum() if weighted else y.mean())
        target = _target(target, mean)
        number = k * (mean - target) / target
        p, alpha = math.nan, math.nan
    elif kind == "rosenthal":
        z = (y / np.sqrt(v)).sum() / math.sqrt(k)
        p, mean, target, weighted = float(ndtr(-abs(z))), math.nan, math.nan, False
        number = k * (z / float(ndtri(alpha))) ** 2 - k
    else:
        mean, target, weighted = float(w @ y / w.sum()), math.nan, True
        z = mean * math.sqrt(w.sum())
        p = float(2 * ndtr(-abs(z)))
        number = k * (z / float(ndtri(alpha / 2))) ** 2 - k
    # a whole number that rounding lifted by some digits of the last place stays what it is
    whole = max(0, math.ceil(number - 1e-12 * (k + abs(number))))
    return FailSafeN(whole, float(number), kind, p, mean, target, alpha, k, weighted)


def _alpha(value) -> float:
    value = checks.level(value)
    if value >= 0.5:
        raise ValueError(f"alpha must lie below 0.5, not {value!r}")
    return value


def _target(target, mean: float) -> float:
    if mean == 0:
        raise ValueError("the mean effect is 0: there is nothing to reduce")
    if target is None:
        return mean / 2
    if not isinstance(target, (int, float, np.number)) or not math.isfinite(target):
        raise ValueError(f"the target must be a number, not {target!r}")
    if target * mean <= 0:
        raise ValueError(
            f"the target {target:g} cannot be reached: it must have the sign of the mean {mean:g}"
        )
    return float(target)
