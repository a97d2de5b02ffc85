"""Log-likelihood of several reports of one sample, with exact first and second derivatives.

The observed Fisher z of report i of sample j is mu + u_j + w_ij + e_ij with var(u) = tau2_between,
var(w) = tau2_within and var(e) = v_ij = 1/(n_ij - 3); the sampling errors of one sample correlate
by rho. So the reports of a sample are normal with the covariance

    V = tau2_between 11' + tau2_within I + (1 - rho) diag(v) + rho ss',   s = sqrt(v).

Numbers contribute the density, intervals the probability of their common box. With only numbers,
or a single report, that is a formula. Otherwise a factor x is found such that the reports are
independent given x, and the rest is an integral over x (see ``integral``):

- where rho is 0 or all variances agree, x has the variance tau2_between + rho v;
- two reports of any covariance c have one with loadings in proportion to their standard deviations;
- three and more with different variances need a second factor, beside the first and nearly
  constant; a sum over its values is another mean, as that over unknown sizes.

The derivatives of a normal probability in its covariance are half its second derivatives in the
mean (Plackett 1954), so that all of them follow from derivatives in the mean.
"""

import numpy as np

from ..climbs import Points
from .cases import Data
from .integral import Moments, integrals
from .rows import LOG_ROOT_2PI, Rows, kinds, ratios

#: Derivatives of L over L, in the order mu, between, within, then pairs of these.
_FACTORS = np.array([1.0, 1.0, 0.5, 0.5, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25])[:, None, None]
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def evaluate(data: Data, theta: np.ndarray, *, rough: bool = False) -> Points:
    """The log-likelihood and its derivatives at the rows of ``theta``, shape (B, 3).

    ``rough``: to some three digits, and of the second derivatives only that in mu (others 0).
    """
    mu, between, within = (part[:, None] for part in theta.T)
    parts = []
    if data.singles.v.size:
        parts.append(_singles(data, mu, between, within))
    parts += [_numbers(data, group, mu, between, within) for group in data.numbers]
    if data.mixed.starts.size:
        parts.append(_mixed(data, mu, between, within, rough))
    cases = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)
    value, *moments = _mean_over_cases(data, cases)
    score = np.stack([part.sum(axis=1) for part in moments[:3]], axis=1)
    bend = np.empty((mu.size, 3, 3))
    for (i, j), part in zip(_PAIRS, moments[3:], strict=True):
        bend[:, i, j] = bend[:, j, i] = (part - moments[i] * moments[j]).sum(axis=1)
    if rough:
        bend[:, 1:] = bend[:, :, 1:] = 0.0
    return Points(value.sum(axis=1), score, bend)


def _mean_over_cases(data, cases):
    """From cases (10, B, C) to samples (10, B, m): the mean of L and of its derivatives."""
    cases = cases[:, :, data.order]
    if data.first.size == data.order.size:
        return cases
    logs = cases[0] + data.log_share
    top = np.maximum.reduceat(logs, data.first, axis=1)
    counts = np.diff(np.append(data.first, data.order.size))
    share = np.exp(logs - np.repeat(top, counts, axis=1))
    mass = np.add.reduceat(share, data.first, axis=1)
    means = np.add.reduceat(share * cases[1:], data.first, axis=2) / mass
    return np.concatenate([(top + np.log(mass))[None], means])


def _singles(data, mu, between, within):
    """Cases of one report, whose variance is all that counts."""
    low, high, v = data.singles
    sd = np.sqrt(v + between + within)
    shape, ones = sd.shape, np.ones(sd.size)
    low, high = (np.broadcast_to(a, shape).ravel() for a in (low, high))
    rows = Rows(low, high, ones, sd.ravel(), ones, ones)
    means = np.repeat(mu, v.size)[:, None]
    value, d, dd, ddd, dddd = ratios(kinds(rows), means, 4)[:, :, 0]
    moments = Moments(value, d, dd, dd, ddd, ddd, dddd, dddd, dddd)
    return _arranged(moments, shape)


def _mixed(data, mu, between, within, rough):
    rows, rho = data.mixed, data.rho
    s, v = rows.s, rows.s**2
    common = between + rho * rows.middle**2
    root = np.sqrt(common)
    apart = s - rows.middle
    with np.errstate(divide="ignore", invalid="ignore"):
        loading = np.where(common > 0, root + rho * rows.middle * apart / root, 0.0)
        second = np.where(common > 0, np.sqrt(rho * between / common) * apart, 0.0)
    variance = within + (1 - rho) * v
    if rows.pair.any():
        # of two reports: correlation c / sqrt(V V'); 1 less that, without a difference
        other, cross = rows.other, between + rho * s * rows.other
        own, its = between + within + v, between + within + other**2
        both = np.sqrt(own * its)
        left = between * (2 * within + (s - other) ** 2 + 2 * (1 - rho) * s * other)
        left = left + within * (within + v + other**2) + (1 - rho * rho) * v * other**2
        loading = np.where(rows.pair, np.sqrt(cross / both * own), loading)
        variance = np.where(rows.pair, own * left / (both * (both + cross)), variance)
    shape = variance.shape
    low, high, times = (np.broadcast_to(a, shape).ravel()
                        for a in (rows.low, rows.high, rows.times))  # fmt: skip
    mean = (mu + second * rows.second).ravel()
    flat = Rows(low, high, mean, np.sqrt(variance).ravel(), loading.ravel(), times)
    starts = (np.arange(shape[0])[:, None] * shape[1] + rows.starts).ravel()
    return _arranged(integrals(flat, starts, rough=rough), (shape[0], rows.starts.size))


def _arranged(moments: Moments, shape) -> np.ndarray:
    """log L and its derivatives over L in (mu, between, within), (10, B, C)."""
    value, d, dd, e, ddd, de, dddd, dde, ee = (part.reshape(shape) for part in moments)
    return _FACTORS * np.stack([value, d, dd, e, dd, ddd, de, dddd, dde, ee])


def _numbers(data, group, mu, between, within):
    """Cases of numbers alone: the normal density and its derivatives."""
    z, v = group
    count, s = z.shape[1], np.sqrt(v)
    fixed = data.rho * s[:, :, None] * s[:, None] + np.eye(count) * ((1 - data.rho) * v)[:, None]
    unit = np.eye(count)
    cover = fixed + between[:, :, None, None] + within[:, :, None, None] * unit
    inverse = np.linalg.inv(cover)
    apart = z - mu[:, :, None]
    w = np.linalg.solve(cover, apart[..., None])[..., 0]
    value = -0.5 * (np.linalg.slogdet(cover)[1] + (apart * w).sum(axis=-1)) - count * LOG_ROOT_2PI
    # derivatives of V: 11' and I; of the mean: 1
    ones, square = inverse.sum(axis=-1), inverse @ inverse
    trace, trace2 = np.trace(inverse, axis1=-2, axis2=-1), np.trace(square, axis1=-2, axis2=-1)
    all_, all2 = ones.sum(axis=-1), (ones * ones).sum(axis=-1)
    d, ww = w.sum(axis=-1), (w * w).sum(axis=-1)
    own, wones = np.einsum("bci,bcij,bcj->bc", w, inverse, w), (w * ones).sum(axis=-1)
    first = [d, 0.5 * (d * d - all_), 0.5 * (ww - trace)]
    seconds = [
        -all_, -d * all_, -wones,
        0.5 * all_ * all_ - d * d * all_, 0.5 * all2 - d * wones, 0.5 * trace2 - own,
    ]  # fmt: skip
    raw = [h + first[i] * first[j] for h, (i, j) in zip(seconds, _PAIRS, strict=True)]
    return np.stack([value, *first, *raw])
