"""One pooled result worked out step by step with plain arithmetic, as on paper.

Nothing of ``synthesis`` is used here: only sums, products, quotients and square roots of ordinary
numbers, the natural logarithm, and one value from a table of Student's t. So it is a second way
to the same numbers, slow and open to a reader with a pocket calculator. Sources of the formulas:
Fisher (1921) for z; DerSimonian & Laird (1986) for the first tau squared; Viechtbauer (2005) for
the steps of restricted maximum likelihood; Hartung & Knapp (2001) for the interval.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Effect(NamedTuple):
    """One study: from r and n to Fisher z, its variance and the sums of the common-effect model."""

    label: str
    n: int
    r: float
    z: float
    v: float
    w: float
    wz: float
    wzz: float
    ww: float


class Step(NamedTuple):
    """One step of Fisher scoring: tau squared before it, the sums it needs, tau squared after."""

    tau2: float
    mean: float
    a: float
    b: float
    c: float
    new: float


class Share(NamedTuple):
    """One study in the random-effects model at the final tau squared."""

    label: str
    w: float
    percent: float
    residual: float
    squared: float


class ByHand(NamedTuple):
    """All steps and results; everything on the scale of Fisher z unless it is named r."""

    effects: list[Effect]
    sums: dict[str, float]  # of w, wz, wzz, ww
    q: float
    dl: float
    steps: list[Step]
    tau2: float
    shares: list[Share]
    mean: float
    se_plain: float
    factor: float
    se: float
    t: float
    ci_low: float
    ci_high: float
    prediction_low: float
    prediction_high: float
    typical: float
    i2: float
    r: float
    r_low: float
    r_high: float


def z_of(r: float) -> float:
    """Fisher's z = 1/2 ln((1 + r)/(1 - r)), for r between -1 and 1."""
    return 0.5 * math.log((1 + r) / (1 - r))


def r_of(z: float) -> float:
    """The way back: r = (e**(2z) - 1)/(e**(2z) + 1)."""
    e = math.exp(2 * z)
    return (e - 1) / (e + 1)


def work(
    labels: Sequence[str], n: Sequence[int], r: Sequence[float], t: float, *, digits: int = 9
) -> ByHand:
    """Work out the random-effects mean of correlations, its interval and its heterogeneity.

    Parameters
    ----------
    labels, n, r : sequence
        Studies: name, sample size (at least 4), correlation.
    t : float
        The value that Student's t with k - 1 degrees of freedom exceeds with 2.5 % probability.
    digits : int
        The steps end when tau squared no longer changes at this decimal.

    Raises
    ------
    ValueError
        Fewer than two studies, lists of different length, n below 4, r not between -1 and 1, or
        steps that do not come to rest.
    """
    k = len(labels)
    if k < 2 or len(n) != k or len(r) != k:
        raise ValueError("at least two studies, each with n and r, are needed")
    if min(n) < 4 or max(map(abs, r)) >= 1:
        raise ValueError("n must be at least 4 and r between -1 and 1")
    effects = []
    for label, size, value in zip(labels, n, r, strict=True):
        z, v = z_of(value), 1 / (size - 3)
        w = 1 / v
        effects.append(Effect(label, size, value, z, v, w, w * z, w * z * z, w * w))
    sums = {name: sum(getattr(e, name) for e in effects) for name in ("w", "wz", "wzz", "ww")}
    q = sums["wzz"] - sums["wz"] ** 2 / sums["w"]
    dl = max(0.0, (q - (k - 1)) / (sums["w"] - sums["ww"] / sums["w"]))
    steps = scoring(effects, dl, digits)
    tau2 = steps[-1].new
    return _results(effects, sums, q, dl, steps, tau2, t)


def scoring(effects: Sequence[Effect], tau2: float, digits: int) -> list[Step]:
    """Fisher scoring for restricted maximum likelihood: tau2 + (a - b)/c until it stands still.

    With weights u = 1/(v + tau2): a = sum u**2 (z - mean)**2 is what the residuals show,
    b = sum u - sum u**2 / sum u what tau2 leads one to expect, and
    c = sum u**2 - 2 sum u**3 / sum u + (sum u**2 / sum u)**2 how fast b falls.
    """
    steps: list[Step] = []
    for _ in range(500):
        u = [1 / (e.v + tau2) for e in effects]
        s1, s2, s3 = (sum(x**power for x in u) for power in (1, 2, 3))
        mean = sum(x * e.z for x, e in zip(u, effects, strict=True)) / s1
        a = sum((x * (e.z - mean)) ** 2 for x, e in zip(u, effects, strict=True))
        b, c = s1 - s2 / s1, s2 - 2 * s3 / s1 + (s2 / s1) ** 2
        new = max(0.0, tau2 + (a - b) / c)
        steps.append(Step(tau2, mean, a, b, c, new))
        if abs(new - tau2) < 0.5 * 10**-digits:
            return steps
        tau2 = new
    raise ValueError("tau squared does not come to rest within 500 steps")


def _results(effects, sums, q, dl, steps, tau2, t) -> ByHand:
    k = len(effects)
    u = [1 / (e.v + tau2) for e in effects]
    total = sum(u)
    mean = sum(x * e.z for x, e in zip(u, effects, strict=True)) / total
    shares = [
        Share(e.label, x, 100 * x / total, e.z - mean, x * (e.z - mean) ** 2)
        for x, e in zip(u, effects, strict=True)
    ]
    factor = sum(s.squared for s in shares) / (k - 1)
    se_plain = math.sqrt(1 / total)
    se = math.sqrt(factor) * se_plain
    typical = (k - 1) / (sums["w"] - sums["ww"] / sums["w"])
    spread = t * math.sqrt(tau2 + se * se)
    low, high = mean - t * se, mean + t * se
    return ByHand(
        effects=effects, sums=sums, q=q, dl=dl, steps=steps, tau2=tau2, shares=shares, mean=mean,
        se_plain=se_plain, factor=factor, se=se, t=t, ci_low=low, ci_high=high,
        prediction_low=mean - spread, prediction_high=mean + spread,
        typical=typical, i2=100 * tau2 / (tau2 + typical),
        r=r_of(mean), r_low=r_of(low), r_high=r_of(high),
    )  # fmt: skip
