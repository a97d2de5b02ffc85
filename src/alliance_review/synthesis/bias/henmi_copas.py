"""An interval around the common-effect mean that allows for heterogeneity and small-study bias."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammainc, gammaln

from .. import checks, heterogeneity
from ..distributions import ndtri
from ..results import Result
from ..roots import bracketed_newton
from ..sums import fit_mean, unshared

NODES = 12  # per panel of the quadrature over the standardised error of the mean
RANGE = 10.0  # the normal density beyond the start of the integral plus this is below 1e-21


@dataclass(frozen=True, repr=False, eq=False)
class HenmiCopas(Result):
    """The common-effect mean with the interval of Henmi and Copas, on the scale of the effects.

    Attributes
    ----------
    estimate, se : float
        The common-effect mean, and its standard error under heterogeneity ``tau2``.
    ci_low, ci_high : float
        The interval: ``estimate`` plus and minus ``quantile`` times ``se``.
    quantile : float
        The factor t, from the distribution of the pivot; near the normal one for large k.
    tau2 : float
        DerSimonian and Laird's estimate of the variance of true effects.
    k : int
    level : float
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    quantile: float
    tau2: float
    k: int
    level: float

    _shown: ClassVar = ("estimate", "se", ("ci_low", "ci_high"), "tau2", "k", "level")


def henmi_copas(y, v, level=0.95) -> HenmiCopas:
    """Interval for the mean effect of Henmi and Copas (2010).

    Under selective publication the small studies are the ones that mislead, so the mean is
    weighted by 1 / v alone, T = sum(w y) / sum(w), and heterogeneity enters its variance only:
    V(tau2) = (sum(w) + tau2 sum(w**2)) / sum(w)**2 with DerSimonian and Laird's tau2. The
    interval is T plus and minus t sqrt(V), where t is the quantile of the pivot
    (T - mean) / sqrt(V(estimated tau2)). Its distribution follows from the joint one of T
    (normal) and Cochran's Q, which given T is taken as gamma with its exact mean and variance.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, k >= 2.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    ValueError
        As ``pool``.

    Notes
    -----
    The integral is a Gauss-Legendre quadrature; the quantile is right to about 1e-10.
    """
    y, v = checks.effects(y, v)
    level = checks.level(level)
    w = 1 / v
    member = np.ones((y.size, 1))
    origin = y[0]
    columns = (y - origin)[:, None], v[:, None], member
    mean = float(fit_mean(*columns, 0.0).mean[0] + origin)
    tau2 = float(heterogeneity.tau_squared(*columns, "DL")[0])
    total, squares = w.sum(), (w**2).sum()
    se = float(np.sqrt(total + tau2 * squares) / total)
    factor = _quantile(w, tau2, level)
    return HenmiCopas(
        estimate=mean,
        se=se,
        ci_low=mean - factor * se,
        ci_high=mean + factor * se,
        quantile=factor,
        tau2=tau2,
        k=y.size,
        level=level,
    )


def _moments_of_q(w: np.ndarray, tau2: float) -> tuple[float, float, float, float]:
    """Mean a + b r**2 and variance c + d r**2 of Q, given the standardised error r of the mean.

    With errors e of variance D = v + tau2, Q = e'Ae for A = diag(w) - ww'/sum(w), and r = g'e /
    sqrt(V) for g = w / sum(w): given r, e is normal with mean r c and variance D - cc', where
    c = Dg / sqrt(V). Mean and variance of a quadratic form in normal variables do the rest.

    Beside a study far more precise than all others A nearly vanishes in its direction, and plain
    sums would cancel. So its share of the weight is taken from the others, and c is measured from
    its place: A times a constant is 0, so A c is the same from any origin.
    """
    total, d, largest = w.sum(), 1 / w + tau2, int(np.argmax(w))
    rest = total - w
    rest[largest] = np.delete(w, largest).sum()
    wd = w * w * d
    c = w * d / np.sqrt(wd.sum())
    from_largest = c - c[largest]
    a = w * (from_largest - w @ from_largest / total)  # A c
    ac, ada = a @ from_largest, a @ (d * a)
    own = w * d * rest / total  # the diagonal of AD
    pairs = (wd[1:] * np.cumsum(wd)[:-1]).sum() / total**2
    trace2 = own @ own + 2 * pairs
    return own.sum() - ac, ac, 2 * (trace2 - 2 * ada + ac**2), 4 * (ada - ac**2)


def _quantile(w: np.ndarray, tau2: float, level: float) -> float:
    """The t that the pivot exceeds with probability (1 - level) / 2.

    The pivot exceeds t where the error r of the mean is positive and the estimated variance of
    the mean is below (r / t)**2 of the true one, that is where Q is below a quadratic in r / t.
    """
    total, squares = w.sum(), (w**2).sum()
    mean0, mean2, var0, var2 = _moments_of_q(w, tau2)
    ratio = 1 + tau2 * squares / total  # variance of the mean, over that without heterogeneity
    slope = unshared(w, total, squares) * total / squares  # of Q in the ratio estimated from it
    df = w.size - 1
    tail = (1 - level) / 2

    def excess(t):
        """P(pivot > t) minus the wanted tail, and its derivative in t."""
        t = float(t[0])
        start = t / np.sqrt(ratio)
        r, weight = _nodes(start, t, w.size)
        mean, var = mean0 + mean2 * r**2, var0 + var2 * r**2
        shape, scale = mean**2 / var, var / mean
        x = (df + slope * (ratio * (r / t) ** 2 - 1)) / scale
        probability = gammainc(shape, x)
        density = np.exp((shape - 1) * np.log(x) - x - gammaln(shape)) / scale
        change = -2 * slope * ratio * r**2 / t**3
        # where the integral starts the pivot jumps: tau2 is estimated as 0 with some probability
        mean, var = mean0 + mean2 * start**2, var0 + var2 * start**2
        lost = gammainc(mean**2 / var, df * mean / var) / np.sqrt(ratio)
        lost *= np.exp(-0.5 * start**2) / np.sqrt(2 * np.pi)
        value, slope_t = weight @ probability - tail, weight @ (density * change) - lost
        return np.array([value]), np.array([slope_t])

    high = np.array([2 * float(ndtri(1 - tail)) + 1.0])
    while excess(high)[0][0] > 0:
        high *= 2
    return float(bracketed_newton(excess, np.full(1, 1e-9), high, high / 2)[0])


def _nodes(start: float, t: float, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Points from ``start`` upwards, with weights that hold the normal density.

    The share of pivots beyond t rises from 0 to 1 around r = t, over a width of about
    t / sqrt(2 k): panels must be narrow there and may be wide further out.
    """
    bend = min(4 * t, RANGE)
    edges = np.concatenate(
        [
            np.linspace(0, bend, max(16, int(np.ceil(2 * np.sqrt(2 * k)))), endpoint=False),
            np.linspace(bend, RANGE, 16) if bend < RANGE else [RANGE],
        ]
    )
    node, weight = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges) / 2
    r = start + ((edges[1:] + edges[:-1])[:, None] / 2 + half[:, None] * node).ravel()
    return r, (half[:, None] * weight).ravel() * np.exp(-0.5 * r**2) / np.sqrt(2 * np.pi)
