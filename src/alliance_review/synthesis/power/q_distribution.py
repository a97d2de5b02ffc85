"""Exact distribution of Cochran's Q where true effects vary, by a Laplace transform inverted.

Q is a sum of squared normals with weights that are eigenvalues of a k x k matrix; neither they nor
a series are needed, because the transform is known in closed form (see ``q_tail``).
"""

from __future__ import annotations

import math

import numpy as np

from .kernel import finite, plain, scalar, variances

NODES_PER_WIDTH = 6  # error of the trapezoidal rule: exp(-2 pi 6) = 4e-17
NEGLIGIBLE = -40.0  # log of what is left out at the ends


def q_tail(value: float, v, tau2=0.0):
    """P(Q > value) for Cochran's Q of effects whose true values have the variance ``tau2``.

    The Laplace transform of Q is ``prod (1 + 2 s d_i)^(-1/2) (sum p_i / (1 + 2 s d_i))^(-1/2)``
    with ``d_i = 1 + tau2 / v_i`` and ``p_i`` the shares of the weights 1/v_i. It is inverted by
    the trapezoidal rule on a parabola through the saddle point, bent as the path of steepest
    descent is, so that a dozen widths hold all of the integral.

    Parameters
    ----------
    value : float
        Above 0; Q has no scale.
    v : array_like, shape (k,)
        Sampling variances, k >= 2.
    tau2 : float or array_like
        Variance of true effects on the scale of ``v``, 0 or more.

    Returns
    -------
    float, or ndarray of the shape of ``tau2``
        Exact to about 1e-13; a small upper tail keeps its digits.

    Raises
    ------
    ValueError
        A value that is not one number above 0, variances that are not positive or fewer than
        two, tau2 that is not finite or below 0.

    References
    ----------
    Biggerstaff BJ, Jackson D (2008). The exact distribution of Cochran's heterogeneity statistic
    in one-way random effects meta-analysis. Statistics in Medicine 27, 6093-6110.
    """
    v, value, tau2 = variances(v, 2), scalar("the value", value), finite("tau2", tau2)
    if not value > 0:
        raise ValueError(f"the value must be above 0, not {value!r}")
    if (tau2 < 0).any():
        raise ValueError(f"tau2 must be 0 or more, not {tau2.tolist()!r}")
    share = (1 / v) / (1 / v).sum()
    tails = [_tail(value, 1 + t / v, share) for t in tau2.ravel()]
    return plain(np.reshape(tails, tau2.shape))


def _tail(value: float, d: np.ndarray, share: np.ndarray) -> float:
    edge = -0.5 / _largest_eigenvalue(d, share)  # first singularity left of 0
    saddle = _saddle(value, d, share, edge)
    width = 1 / math.sqrt(_derivatives(value, d, share, saddle)[1])
    # left of the pole at 0 the integral is the upper tail, right of it the lower one
    upper = saddle < -width
    start = saddle if upper else max(saddle, width)
    _, second, third = _derivatives(value, d, share, start)
    width, bend = 1 / math.sqrt(second), max(-third / (6 * second), 0.0)
    step = min(width, start - edge, abs(start)) / NODES_PER_WIDTH

    def path(u):
        return start + 1j * u - bend * u * u

    height = _exponent(value, d, share, np.array([start + 0j]))[0].real
    reach = 8.0
    while _exponent(value, d, share, path(np.array([reach * width])))[0].real - height > NEGLIGIBLE:
        reach *= 1.25
    u = np.arange(0.5 * step, reach * width, step)
    s = path(u)
    terms = np.exp(_exponent(value, d, share, s) - height) / s * (1j - 2 * bend * u)
    integral = terms.imag.sum() * step / math.pi * math.exp(height)
    return float(np.clip(-integral if upper else 1 - integral, 0.0, 1.0))


def _exponent(value, d, share, s):
    """Log of exp(s value) times the transform, at complex s of shape (N,)."""
    terms = 1 + 2 * s[:, None] * d
    return s * value - 0.5 * (np.log(terms).sum(axis=1) + np.log((share / terms).sum(axis=1)))


def _derivatives(value, d, share, s: float) -> tuple[float, float, float]:
    """First three derivatives of ``_exponent`` at a real s."""
    rate = 2 * d / (1 + 2 * s * d)
    part = share / (1 + 2 * s * d)
    total = part.sum()
    one, two, three = ((part * rate**m).sum() / total for m in (1, 2, 3))
    first = value - 0.5 * (rate.sum() - one)
    second = 0.5 * ((rate**2).sum() - 2 * two + one**2)
    third = -0.5 * (2 * (rate**3).sum() - 6 * three + 6 * one * two - 2 * one**3)
    return first, second, third


def _saddle(value, d, share, edge: float) -> float:
    """Where the first derivative is 0, to a few digits (any contour gives the same integral)."""
    # the distance from the edge on a log scale: the saddle may lie very near to it
    high = 0.5 * (d.size - 1) / value - edge
    low = high
    while _derivatives(value, d, share, edge + low)[0] > 0 and low > -1e-12 * edge:
        low *= 0.1
    for _ in range(40):
        middle = math.sqrt(low * high)
        if _derivatives(value, d, share, edge + middle)[0] > 0:
            high = middle
        else:
            low = middle
        if high < 1.001 * low:
            break
    return edge + high


def _largest_eigenvalue(d, share) -> float:
    """Of ``diag(d) - x x'`` with ``x_i^2 = p_i d_i``: between the two largest d."""
    low, high = np.sort(d)[-2:]
    for _ in range(60):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        # sum p_i / (middle - d_i) falls from +inf to -inf between two neighbours
        low, high = (middle, high) if (share / (middle - d)).sum() > 0 else (low, middle)
    return float(high)
